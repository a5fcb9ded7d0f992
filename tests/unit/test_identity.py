"""A model is told apart by its content, not by its name, place or time."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from codereader.errors import ModelUnreadable
from codereader.model.gguf import read_header
from codereader.model.identity import identity
from tests.gguf_files import llama_metadata, write_gguf


def model(path: Path) -> Path:
    """A small model with weights."""
    return write_gguf(path, llama_metadata(llama__block_count=1), [("blk.0.attn_q.weight", (64, 64), "F32")])


def test_a_copy_is_the_same_model(tmp_path: Path) -> None:
    """Another name and another time of writing change nothing."""
    first = model(tmp_path / "a.gguf")
    copy = tmp_path / "b.gguf"
    shutil.copy(first, copy)
    os.utime(copy, (1, 1))

    assert identity(read_header(first)) == identity(read_header(copy))


def test_other_weights_are_another_model(tmp_path: Path) -> None:
    """One byte of a weight tells two models of the same shape apart."""
    first = model(tmp_path / "a.gguf")
    other = tmp_path / "b.gguf"
    data = bytearray(first.read_bytes())
    data[-1] ^= 1
    other.write_bytes(data)

    assert identity(read_header(first)) != identity(read_header(other))


def test_a_model_that_goes_away_is_said_to_be_unreadable(tmp_path: Path) -> None:
    """No traceback when the file vanishes between two looks."""
    path = model(tmp_path / "a.gguf")
    header = read_header(path)
    path.unlink()

    with pytest.raises(ModelUnreadable, match="which model it is"):
        identity(header)
