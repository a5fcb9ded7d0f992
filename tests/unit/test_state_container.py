"""The file of a block: what goes in comes out, and nothing else ever does."""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codereader.engine.state import container
from codereader.engine.state.chain import links
from codereader.engine.state.container import (
    LARGEST_PAYLOAD,
    Block,
    Damaged,
    Kind,
    difference,
    file_bytes,
    read_head,
    read_payload,
    verify_payload,
)
from tests.state_blocks import ENVIRONMENT, blocks, payload

BLOCK = blocks(range(8))[1]


class Raw(io.BytesIO):
    """A file in memory that gives and takes a few bytes at a time, as a disk may."""

    def readinto(self, view):
        return super().readinto(memoryview(view)[:1000])

    def write(self, data):
        return super().write(memoryview(data)[:1000])

    def fileno(self):
        return -1


@pytest.fixture(autouse=True)
def no_disk(monkeypatch):
    monkeypatch.setattr(container.os, "fsync", lambda _: None)


def written(block=BLOCK, data=None):
    file = Raw()
    container.write(file, block, payload(block) if data is None else data)
    return file.getvalue()


def read(raw, most=LARGEST_PAYLOAD):
    file = Raw(raw)
    head = read_head(file, len(raw))
    return head, bytes(read_payload(file, head, most, bytearray()))


def forged(raw, at, value):
    """Return *raw* with *value* in its head, and a head's checksum that agrees."""
    end = len(raw) - len(payload(BLOCK)) - 64
    head = raw[:at] + value + raw[at + len(value) : end]
    return head + hashlib.sha256(head).digest() + raw[end + 32 :]


@given(
    st.binary(max_size=5000),
    st.sampled_from(Kind),
    st.binary(max_size=100),
    st.text(max_size=30),
    st.lists(st.integers(0, 1 << 30), min_size=1, max_size=30),
)
def test_a_block_comes_back_as_it_was_written(data, kind, dimensions, label, tokens):
    """Whatever is in it, and however the disk gives it."""
    link = links(ENVIRONMENT, tokens, 8)[-1]
    block = Block(ENVIRONMENT, link, kind, tuple(tokens[link.start : link.end]), dimensions, label)

    raw = written(block, data)
    head, found = read(raw)

    assert (data, "") == (found, difference(block, head.block))
    assert len(raw) == file_bytes(block, len(data))
    assert head.block.label == label.encode("utf-8", "replace").decode()


@given(st.data())
def test_no_changed_bit_goes_unnoticed(data):
    """Any one byte that is another than it was makes the file damaged."""
    raw = bytearray(written())
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= data.draw(st.integers(1, 255))

    with pytest.raises(Damaged):
        read(bytes(raw))


@given(st.integers(0, 2500))
def test_no_other_length_goes_unnoticed(length):
    """A file that was cut short, or went on, is damaged."""
    raw = written()
    other = (raw + bytes(100))[:length]

    if len(other) == len(raw):
        assert payload(BLOCK) == read(other)[1]
    else:
        with pytest.raises(Damaged):
            read(other)


@given(st.binary(max_size=400))
def test_what_another_program_wrote_is_damaged(raw):
    """Any bytes at all are told from a block."""
    with pytest.raises(Damaged):
        read(raw)


@pytest.mark.parametrize(
    ("at", "value", "why"),
    [
        (0, b"GGUF", "no block"),
        (8, b"\x04", "version 4"),
        (10, b"\x09", "not possible"),
        (12, b"\x01", "version"),
        (80, bytes(32), "key names"),
        (112, b"\xff" * 8, "not possible"),
        (120, b"\xff" * 8, "not possible"),
        (128, b"\xff" * 4, "not possible"),
        (132, b"\xff" * 4, "not possible"),
        (136, b"\xff" * 8, "bytes"),
        (136, (1 << 33).to_bytes(8, "little"), "longer or shorter"),
        (159, b"\x07", "key names"),
    ],
)
def test_a_head_that_was_made_to_agree_is_still_not_believed(at, value, why):
    """Gigantic lengths, other versions and other tokens are refused before anything of that size is touched."""
    raw = forged(written(), at, value)

    with pytest.raises(Damaged, match=why):
        read(raw)


def test_a_head_of_another_environment_does_not_go_with_this_payload():
    """Even with a head's checksum that agrees, the payload says whose it is."""
    raw = forged(written(), 16, bytes(32))

    assert difference(BLOCK, read_head(Raw(raw), len(raw)).block)
    with pytest.raises(Damaged, match="payload"):
        read(raw)


def test_a_payload_that_cannot_be_so_long_is_not_read():
    """The reader knows how much may come."""
    with pytest.raises(Damaged, match="more than the 1,999"):
        read(written(), 1999)


def test_memory_that_is_large_enough_is_used_again():
    """A payload lands in the buffer that is given, another one is only made where that is small."""
    buffer = bytearray(5000)
    file = Raw(written())

    view = read_payload(file, read_head(file, len(file.getvalue())), 5000, buffer)

    assert view.obj is buffer
    assert payload(BLOCK) == bytes(view) == bytes(buffer[:2000])


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"environment": bytes(32)}, "it was made by another model, or under other settings"),
        ({"kind": Kind.WINDOW}, "it is another block than its name says"),
        ({"link": blocks(range(8))[0].link}, "it is another block than its name says"),
        ({"dimensions": b"other"}, "its dimensions are others"),
        ({"label": "Other"}, ""),
    ],
)
def test_a_block_is_not_taken_for_another(other, why):
    """Whatever differs is told; only the label may."""
    assert why == difference(BLOCK, replace(BLOCK, **other))


def test_a_check_reads_all_and_keeps_nothing():
    """Checking a file finds what reading it would."""
    whole, broken = written(), bytearray(written())
    broken[-40] ^= 1

    for raw, is_whole in ((whole, True), (bytes(broken), False), (whole[:-1] + b"x", False)):
        file = Raw(raw)
        head = read_head(file, len(raw))
        if is_whole:
            verify_payload(file, head)
        else:
            with pytest.raises(Damaged, match="payload"):
                verify_payload(file, head)


@pytest.mark.parametrize("wrong", [{"tokens": (1, 2)}, {"environment": b"short"}, {"dimensions": bytes(1 << 17)}])
def test_what_does_not_go_together_is_not_written(wrong):
    """A programmer's mistake is told before a file is made."""
    with pytest.raises(ValueError, match="go together"):
        written(replace(BLOCK, **wrong))
