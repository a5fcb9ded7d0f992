"""Headers of models that are known by name: what `read_header` would say of the file, without the file.

Names are taken as people write them, in any case: ``llama-4-scout``, ``llama-4-scout:Q8_0``,
``Llama-4-Scout-17B-16E-Instruct-Q4_K_M.gguf``. Sizes are bytes; the vocabulary, some MB of a file, is not in them.
"""

from __future__ import annotations

import difflib
import functools
import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path

from codereader.errors import ModelNotFound
from codereader.model.container import TENSOR_TYPES, Scan, Tensor, Value
from codereader.model.gguf import FILE_TYPES, ModelHeader, header_of
from codereader.model.known.geometry import Geometry, KnownModel, geometry, known_models
from codereader.model.known.mix import MIXES, Shaped, Traits, tensor_types

USUAL_MIX = "Q4_K_M"
"""The mix that is meant where a name says none and the model is published in many."""

ALIKE = 0.6
MAX_GUESSES = 3
ALIGNMENT = 32

_BLOCKS = {name: (length, size) for name, length, size in TENSOR_TYPES.values()}
_PART = re.compile(r"-\d{5}-of-\d{5}$")
_SHORT = {
    "Q8": "Q8_0", "Q6": "Q6_K", "Q5": "Q5_K_M", "Q5_K": "Q5_K_M", "Q4": "Q4_K_M", "Q4_K": "Q4_K_M", "Q3": "Q3_K_M",
    "Q3_K": "Q3_K_M", "Q2": "Q2_K",
}  # fmt: skip
"""Mixes as people shorten them."""

_QUANTIZATION = re.compile(
    r"(?:[-.]i1)?[-.:_\s](?P<mix>(?:ud-)?(?:i?q\d\w*|tq\d\w*|mxfp4\w*|nvfp4|b?f16|f32))$", re.IGNORECASE
)
_DRESS = re.compile(r"-(?:instruct|chat|it|qat|gguf)(?=-|$)")
_TRAINED_MIX = {"qat": "Q4_0"}
"""What a name says of a model that was trained to be quantized, and the mix that was meant."""


def known_names() -> tuple[str, ...]:
    """Return the usual name of every known model, sorted."""
    return tuple(sorted(model.names[0] for model in known_models()))


def known_model(name: str) -> KnownModel | None:
    """Return the model that *name* means, in whatever quantization; None where no known model has that name."""
    return _found(_split(name)[0])


def is_same(name: str, other: str) -> bool:
    """Whether both names mean one known model, and not two quantizations of it."""
    (bare, mix), (other_bare, other_mix) = _split(name), _split(other)
    model = _found(bare)
    return model is not None and model is _found(other_bare) and (mix == other_mix or not (mix and other_mix))


def known_header(name: str) -> ModelHeader | None:
    """Return the header of the model that *name* means, None where no known model has that name.

    Raises: ModelNotFound for a known model in a quantization that it is not published in or whose sizes are not known.
    """
    bare, mix = _split(name)
    model = _found(bare)
    if model is None:
        return None
    mixes = model.mixes or tuple(MIXES)
    mix = mix or (USUAL_MIX if USUAL_MIX in mixes else mixes[0])
    if mix not in mixes:
        raise ModelNotFound(
            f"{model.title} is known, but not how large its {mix} is",
            hint=f"Known are {', '.join(mixes)}; {model.names[0]}:{_nearest(mix, mixes)} comes nearest.",
        )
    return _header(model.title, geometry(model), mix)


def near_names(name: str) -> tuple[str, ...]:
    """Return the names of known models that *name* may mean, at most three: those that begin so, then the likest."""
    keys, wanted = _by_key(), _key(_split(name)[0])
    begin = [key for key in keys if wanted and key.startswith(wanted)]
    near = difflib.get_close_matches(wanted, keys, n=3 * MAX_GUESSES, cutoff=ALIKE)
    return tuple(dict.fromkeys(keys[key].names[0] for key in (*begin, *near)))[:MAX_GUESSES]


@functools.cache
def _by_key() -> dict[str, KnownModel]:
    """Return every known model by what its names and its title have in common with others' way of writing, sorted."""
    keys = {_key(one): model for model in known_models() for one in (*model.names, model.title)}
    return dict(sorted(keys.items()))


def _nearest(mix: str, mixes: tuple[str, ...]) -> str:
    """Return which of *mixes* has as many bits as *mix*, the usual one first; else the usual one, else the first."""
    preferred = [one for one in (USUAL_MIX, *mixes) if one in mixes]
    bits = re.search(r"Q\d", mix)
    return next((one for one in preferred if bits and bits[0] in one), preferred[0])


def _split(name: str) -> tuple[str, str]:
    """Return a name without owner, ending, part and quantization, and the quantization in capitals or empty."""
    bare = re.sub(r"\.gguf$", "", name.strip().rpartition("/")[2], flags=re.IGNORECASE)
    bare = _PART.sub("", bare)
    found = _QUANTIZATION.search(bare)
    if found is None:
        words = re.split(r"[-_:\s]", bare.casefold())
        return bare, next((mix for word, mix in _TRAINED_MIX.items() if word in words), "")
    mix = found["mix"].upper()
    return bare[: found.start()], "MXFP4" if mix.startswith("MXFP4") else _SHORT.get(mix, mix)


def _key(name: str) -> str:
    """Return what names that mean the same have in common: ``Llama 3.1 8B Instruct`` and ``llama3.1:8b``."""
    plain = _DRESS.sub("", re.sub(r"[\s_:]+", "-", name.casefold()))
    return re.sub(r"(?<=[a-z])-(?=\d)", "", plain)


def _found(name: str) -> KnownModel | None:
    """Return the model that *name* means; its maker may stand before it: ``google_gemma-3-27b-it``."""
    return _named(_key(name)) or _named(_key(name.partition("_")[2]))


def _named(wanted: str) -> KnownModel | None:
    """Return the model one of whose names *wanted* is, or the only one whose names begin with it."""
    keys = _by_key()
    begins = {model.title: model for key, model in keys.items() if wanted and _begins(key, wanted)}
    return keys.get(wanted) or (next(iter(begins.values())) if len(begins) == 1 else None)


def _begins(key: str, wanted: str) -> bool:
    """Whether *wanted* is the first words of *key*."""
    after = key.removeprefix(wanted)[:1]
    return key.startswith(wanted) and (after == "-" or (after.isdigit() and wanted[-1].isalpha()))


def _header(title: str, model: Geometry, mix: str) -> ModelHeader:
    """Make the header of *model* in *mix*, with the tensors where llama.cpp's quantizer puts them."""
    types = tensor_types(model.tensors, mix, _traits(model))
    shapes = {tensor.name: tensor for tensor in model.tensors}
    tensors: list[Tensor] = []
    end = 0
    for name, kind in types.items():
        tensors.append(_tensor(shapes[name], kind, end))
        end = -(-(end + tensors[-1].bytes) // ALIGNMENT) * ALIGNMENT
    metadata: dict[str, Value] = {
        "general.architecture": model.architecture,
        "general.name": title,
        "general.file_type": next(number for number, word in FILE_TYPES.items() if word == mix),
        **model.metadata,
    }
    path = Path(f"{title.replace(' ', '-')}-{mix}")
    scan = Scan(path, end, metadata, {}, tuple(tensors), _digest(metadata, types))
    return header_of(scan, (path,), tuple(tensors), end)


def _tensor(tensor: Shaped, kind: str, offset: int) -> Tensor:
    length, size = _BLOCKS[kind]
    placed = Tensor(tensor.name, tensor.shape, kind, offset, 0)
    return Tensor(tensor.name, tensor.shape, kind, offset, placed.elements // length * size)


def _traits(model: Geometry) -> Traits:
    def number(key: str) -> int:
        value = model.metadata.get(f"{model.architecture}.{key}", 0)
        first = value[0] if isinstance(value, tuple) else value
        return first if isinstance(first, int) else 0

    shared = number("attention.head_count_kv")
    sharing = number("attention.head_count") // shared if shared else 0
    return Traits(model.architecture, number("block_count"), number("expert_count"), sharing)


def _digest(metadata: Mapping[str, Value], types: Mapping[str, str]) -> str:
    """Return a SHA-256 (hex) that no file has, the same for the same model in the same mix."""
    said = json.dumps([sorted(metadata.items()), list(types.items())])
    return hashlib.sha256(said.encode()).hexdigest()
