"""What tells one model from another by its content, without reading all of it.

Knows nothing of where a model lies, what it is called or when it was written: a copy is the same model.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from codereader.errors import ModelUnreadable
from codereader.model.gguf import ModelHeader

SAMPLES = 64
SAMPLE_BYTES = 1 << 16
"""Of each file, so many blocks of so many bytes are read, spread evenly from the first byte to the last."""


def identity(header: ModelHeader) -> str:
    """Return 64 hex digits: SHA-256 over the whole header (metadata, vocabulary, tensor table), the size of each part
    and 4 MiB of samples of it.

    Two models that differ only in bytes between the samples have the same identity; a fine-tune or another quantisation
    never does, as those change all weights. Raises: ModelUnreadable when a file cannot be read.
    """
    digest = hashlib.sha256(header.digest.encode())
    for part in header.parts:
        try:
            size = part.stat().st_size
            digest.update(f"\0{size}\0".encode())
            for block in samples(part, size):
                digest.update(block)
        except OSError as error:
            raise ModelUnreadable(f"cannot read {part} to tell which model it is: {error.strerror or error}") from error
    return digest.hexdigest()


def samples(path: Path, size: int) -> Iterator[bytes]:
    """Yield the samples of a file of *size* bytes, in order. Raises: OSError."""
    last = max(0, size - SAMPLE_BYTES)
    with path.open("rb") as file:
        for number in range(SAMPLES):
            file.seek(last * number // (SAMPLES - 1))
            yield file.read(SAMPLE_BYTES)
