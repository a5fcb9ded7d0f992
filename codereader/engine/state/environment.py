"""The key of everything but the tokens that a state depends on: under another key, nothing of it is ever used."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from codereader.model.identity import samples

_PART = re.compile(r"(?P<stem>.*)-\d{5}-of-(?P<count>\d{5})\.gguf", re.DOTALL)


def environment(model: Path, settings: Mapping[str, object]) -> bytes:
    """Return the 32-byte key of *model*, as `fingerprint` tells it, under *settings*.

    *settings* must name all that changes one bit of a result: cache types, batch, threads, engine version ...
    Raises: OSError when the model cannot be read.
    """
    digest = hashlib.blake2b(digest_size=32)
    digest.update(fingerprint(model))
    for name in sorted(settings):
        digest.update(f"\0{name}={settings[name]}".encode())
    return digest.digest()


def fingerprint(model: Path) -> bytes:
    """Return 32 bytes that tell model files apart without reading all of them.

    Of each part: size, time of last change, and 64 blocks of 64 KiB spread evenly from the first byte to the last.
    The header and most large tensors are sampled, so a fine-tune of the same shape differs; the time catches an edit
    between the samples. A copied or touched file is taken for another one. Raises: OSError.
    """
    digest = hashlib.blake2b(digest_size=32)
    for part in parts(model):
        status = part.stat()
        digest.update(f"{status.st_size} {status.st_mtime_ns}\0".encode())
        for block in samples(part, status.st_size):
            digest.update(block)
    return digest.digest()


def parts(model: Path) -> tuple[Path, ...]:
    """Return the files of a model: those beside it that share its name, where that says that it is split."""
    match = _PART.fullmatch(model.name)
    if match is None:
        return (model,)
    names = (f"{match['stem']}-{number:05}-of-{match['count']}.gguf" for number in range(1, int(match["count"]) + 1))
    return tuple(part for part in map(model.with_name, names) if part.exists())
