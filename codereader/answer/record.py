"""Everything that the bytes of an answer depend on: enough to ask again, and to say what differs if it is not the same.

Hashes are of content alone: where a tree or a model lies, and when it was written, change nothing.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from codereader.index.view import IndexView


@dataclass(frozen=True, slots=True)
class Source:
    """What was read. `path` is as it was given, `max_file_size` in bytes; `commit` is None outside of git.

    `tree_hash` is SHA-256 (hex) over the path and the git blob id of every file that was read, in order of path.
    """

    path: str
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    max_file_size: int
    commit: str | None
    tree_hash: str


@dataclass(frozen=True, slots=True)
class Spoken:
    """How the model was asked. Sizes are tokens; `budget` is what base and focus could take, also where nobody said.

    `model_hash` is `codereader.model.identity`'s; `engine` says which program ran it, in its versions and processor
    features. `context`, `threads` and `micro_batch` are the plan's. `prompt_hash` is over all token ids. `think` are
    the tokens of reasoning that were asked for: None as the model is used to, 0 none; `grammar` is what the answer had
    to follow; `pins` were in the prompt whatever was asked.
    """

    model: str
    model_hash: str
    engine: str
    seed: int
    temperature: float
    top_k: int
    top_p: float
    min_p: float
    max_tokens: int
    budget: int
    ctx: int | None
    gpu_layers: int | Literal["auto"]
    device: str
    only_verified: bool
    context: int
    threads: int
    micro_batch: int
    prompt_hash: str
    think: int | None = None
    grammar: str | None = None
    pins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """What made an answer. `codereader` is this program's version, `lines` the bound of its facts.

    `spoken` is None where no model spoke.
    """

    codereader: str
    source: Source
    lines: int | None
    spoken: Spoken | None = None


def tree_hash(view: IndexView) -> str:
    """Return the `Source.tree_hash` of a scope."""
    digest = hashlib.sha256()
    for file in view.files():
        digest.update(f"{file.path}\0{file.blob}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()
