"""What the model would see of a scope: the pack of a budget, made as ``codereader pack`` makes it.

Sizes are tokens of the vocabulary that counts. Runs where the reader lives, never on the thread of the screen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from codereader.errors import ModelNotFound
from codereader.pack.budget import MAX_BUDGET

if TYPE_CHECKING:
    from codereader.answer.packing import Packed
    from codereader.answer.prepare import Prepared
    from codereader.model.counter import TokenCounter
    from codereader.reader import Reader

SERVER = ("http://", "https://")


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be packed. `budget` None: as much as helps. `model` is a file or name, None for the default."""

    question: str | None = None
    budget: int | None = None
    model: str | None = None


@dataclass(frozen=True, slots=True)
class Beside:
    """A text that stands beside the files and counts in no budget; `text` is "" where it is not shown."""

    name: str
    tokens: int
    text: str


@dataclass(frozen=True, slots=True)
class Seen:
    """The pack that was wished for of the scope *name*, of *files* files. `secrets` counts what was replaced."""

    wish: Wish
    name: str
    files: int
    packed: Packed
    secrets: int = 0
    beside: tuple[Beside, ...] = ()

    @property
    def budget(self) -> int:
        """The tokens that files could take; where all were wanted, those that they took."""
        return self.packed.tokens if self.packed.budget == MAX_BUDGET else self.packed.budget

    @property
    def vocabulary(self) -> str:
        """What counted, in words for a person."""
        base = self.packed.base
        return base.vocabulary.partition(" (")[0] if base.exact else base.vocabulary


def see(reader: Reader, wish: Wish) -> Seen:
    """Return the pack of *wish*, its secrets replaced. Raises: BudgetTooSmall, ModelError, StoreError, Cancelled."""
    from codereader.fronts.cli.packing import Ground, Request, carried
    from codereader.pack.piece import PLAIN

    scope = reader.walked.scope
    redactor = reader.redactor()
    request = Request(scope.path, wish.question, wish.budget, "pack", PLAIN)
    packed = carried(request, Ground(reader, counter(reader, wish.model), redactor, None))
    shown = {segment.path for segment in (*packed.base.segments, *packed.focus.segments)}
    secrets = sum(1 for find in redactor.finds if find.path in shown)
    told = {"brief": packed.brief, "facts": packed.facts, "question": packed.question}
    beside = tuple(Beside(name, one.tokens, one.text) for name, one in told.items() if one.text)
    return Seen(wish, scope.name, len(reader.walked.paths), packed, secrets, beside)


def sent(ready: Prepared, wish: Wish, name: str, files: int) -> Seen:
    """Return what `ask` is about to send, as `see` does: *ready* was prepared for *wish* in the scope *name*."""
    from codereader.answer.packing import Packed

    packed = Packed(ready.pack, ready.focus, notes=ready.notes, budget=ready.budget)
    rest = len(ready.composed.prompt) - packed.tokens
    return Seen(wish, name, files, packed, beside=(Beside("system text, facts, question", rest, ready.composed.facts),))


def counter(reader: Reader, model: str | None) -> TokenCounter:
    """Return what counts as *model* does; an estimate, which says so, where there is none or its file is not here.

    Raises: ModelError for a model that is here and cannot be read.
    """
    from codereader.model.catalogue import resolve_model
    from codereader.model.estimate import Estimate

    if model == "echo" or (model or "").startswith(SERVER):
        return Estimate()
    try:
        found = resolve_model(model, reader.cache)
    except ModelNotFound:
        return Estimate()
    return reader.counter(found.path) if found else Estimate()


def levels_of(packed: Packed) -> dict[str, str]:
    """Return how each path that is sent is shown, in the words of `scope_listing.LEVELS`; folders end in a slash.

    A file in parts is shown at the least level of its parts.
    """
    from codereader.pack.segment import LEVELS

    levels = dict.fromkeys((segment.path for segment in packed.focus.segments), "part")
    order = {level: at for at, level in enumerate(LEVELS)}
    shown: dict[str, int] = {}
    for segment in packed.base.segments:
        shown[segment.path] = max(shown.get(segment.path, 0), order[segment.level])
    named = {path for path, at in shown.items() if LEVELS[at] == "name"}
    return {path: LEVELS[at] for path, at in shown.items()} | {
        path: level for path, level in levels.items() if path in named or path not in shown
    }


def tokens_of(packed: Packed) -> Mapping[str, int]:
    """Return the tokens of each file's whole text, counted where it is sent whole, else as the pack estimates them."""
    tokens: dict[str, int] = {}
    for segment in packed.base.segments:
        if not segment.path.endswith("/"):
            tokens[segment.path] = tokens.get(segment.path, 0) + segment.tokens
    return tokens | {row.path: row.tokens for row in packed.base.left_out if row.tokens}
