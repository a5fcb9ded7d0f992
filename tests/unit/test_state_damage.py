"""A thousand files that are not what they should be: none is loaded, none stops anything, each costs one block."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import socket
import struct
import sys
import tracemalloc

import pytest

from codereader.engine.state import shelf
from codereader.engine.state.container import Kind
from codereader.engine.state.inventory import listed, verified
from codereader.engine.state.store import StateStore
from tests.state_blocks import PAYLOAD_BYTES, blocks, keep, payload

LENGTHS = (112, 120, 128, 132, 136)
"""Where lengths and positions stand in a head."""

HEAD_BYTES = 144 + 5 + 10 + 16 + 32
"""A whole head of the blocks of these tests, with its checksum."""

MOST = 4 * PAYLOAD_BYTES
MOST_MEMORY = 1 << 20


def flip(path, _, choice):
    raw = bytearray(path.read_bytes())
    raw[choice.randrange(len(raw))] ^= 1 << choice.randrange(8)
    path.write_bytes(raw)


def overwrite(path, _, choice):
    raw = bytearray(path.read_bytes())
    at, count = choice.randrange(len(raw)), choice.choice((64, 512, 4096))
    raw[at : at + count] = choice.choice((bytes(count), choice.randbytes(count)))[: len(raw) - at]
    path.write_bytes(raw)


def truncate(path, _, choice):
    os.truncate(path, choice.randrange(path.stat().st_size))


def lengthen(path, _, choice):
    with path.open("ab") as file:
        file.write(bytes(choice.randrange(1, 5000)))


def empty(path, _, __):
    path.write_bytes(b"")


def noise(path, _, choice):
    path.write_bytes(choice.randbytes(path.stat().st_size))


def other_block(path, others, choice):
    """Another block of the same prompt, or of the same tokens under other settings, under this one's name."""
    shutil.copyfile(choice.choice([other for other in others if other != path]), path)


def head_of_another(path, others, choice):
    raw, other = path.read_bytes(), choice.choice([other for other in others if other != path]).read_bytes()
    path.write_bytes(other[:HEAD_BYTES] + raw[HEAD_BYTES:])


def forge(path, at, value):
    """Put *value* into the head and make the head's checksum agree."""
    raw = path.read_bytes()
    head = raw[:at] + value + raw[at + len(value) : HEAD_BYTES - 32]
    path.write_bytes(head + hashlib.sha256(head).digest() + raw[HEAD_BYTES:])


def other_version(path, _, choice):
    forge(path, 8, struct.pack("<H", choice.choice((0, 1, 2, 65535))))


def other_kind(path, _, choice):
    forge(path, 10, struct.pack("<H", choice.choice((0, 3, 4, 65535))))


def gigantic(path, _, choice):
    at, size = choice.choice(LENGTHS), choice.choice((1 << 20, 1 << 31, 0xFFFFFFFF))
    forge(path, at, struct.pack("<Q" if at in (112, 120, 136) else "<I", size))


def gigantic_and_sparse(path, _, choice):
    """A file that is as long as its head says, without taking any room on the disk."""
    size = choice.choice((MOST + 1, 1 << 32, 1 << 38))
    forge(path, 136, struct.pack("<Q", size))
    os.truncate(path, HEAD_BYTES + size + 32)


OTHER_PROGRAMS = (b"GGUF" + bytes(500), b"CDRDRKV\n" + bytes(500), b"\x80\x04\x95", b"#!/bin/sh\nexit 1\n")


def other_program(path, _, choice):
    path.write_bytes(choice.choice(OTHER_PROGRAMS))


def link_to_another(path, others, choice):
    path.unlink()
    path.symlink_to(choice.choice([other for other in others if other != path]))


def link_to_itself(path, _, __):
    copy = path.with_name("moved")
    path.rename(copy)
    path.symlink_to(copy)


def link_in_circle(path, _, __):
    path.unlink()
    path.symlink_to(path)


def link_to_nothing(path, _, __):
    path.unlink()
    path.symlink_to(path.with_name("nothing"))


def link_to_endless(path, _, __):
    path.unlink()
    path.symlink_to("/dev/zero")


def pipe(path, _, __):
    path.unlink()
    os.mkfifo(path)


def listening(path, _, __):
    path.unlink()
    with socket.socket(socket.AF_UNIX) as one:
        before = os.open(".", os.O_RDONLY)
        os.chdir(path.parent)  # a socket's address is short
        try:
            one.bind(path.name)
        finally:
            os.fchdir(before)
            os.close(before)


def folder(path, _, __):
    path.unlink()
    path.mkdir()


def forbidden(path, _, __):
    """Nobody but the administrator may read it; its bytes are not right either."""
    os.truncate(path, 10)
    path.chmod(0)


def gone(path, _, __):
    path.unlink()


DAMAGES = [
    *(flip, overwrite, truncate, lengthen, empty, noise, other_block, head_of_another, other_version, other_kind),
    *(gigantic, other_program, folder, forbidden, gone),
]
if sys.platform != "win32":
    DAMAGES += [link_to_another, link_to_itself, link_in_circle, link_to_nothing, link_to_endless, pipe, listening]
    DAMAGES += [gigantic_and_sparse]


@pytest.fixture(autouse=True)
def quick_disk(monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture
def store(tmp_path):
    store = StateStore(tmp_path / "state", 1 << 30)
    yield store
    store.close()


def kept(store):
    """Fill *store* with two prompts of one beginning, one of them under two environments; return all blocks."""
    found = [
        *blocks(range(20)),
        *blocks([*range(8), 5, 5, 5, 5]),
        *blocks(range(20), environment=bytes(32)),
        *blocks(range(20), Kind.WINDOW),
    ]
    found = list({shelf.name_of(block.link, block.kind): block for block in found}.values())
    for environment in (bytes(32), found[0].environment):
        keep(store, [block for block in found if block.environment == environment])
    return found


def test_a_thousand_files_that_are_wrong(store):
    """Nothing crashes, hangs, is loaded or takes memory, and the block can be written again at once."""
    choice = random.Random(11)
    wanted = kept(store)
    paths = [store.folder / shelf.name_of(block.link, block.kind) for block in wanted]
    tracemalloc.start()
    wrong = []
    for number in range(1000):
        damage = DAMAGES[number % len(DAMAGES)]
        at = choice.randrange(len(wanted))
        damage(paths[at], paths, choice)
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]

        found = store.read(wanted[at], MOST)

        if tracemalloc.get_traced_memory()[1] - before > MOST_MEMORY:
            wrong.append((number, damage.__name__, "memory"))
        if found is not None and found != payload(wanted[at]):
            wrong.append((number, damage.__name__, "loaded"))
        if found is not None and damage not in (overwrite, head_of_another):
            wrong.append((number, damage.__name__, "was not noticed"))
        if found is None:
            assert store.save(wanted[at], payload(wanted[at])), damage.__name__
            store.flush()
        if store.read(wanted[at], MOST) != payload(wanted[at]):
            wrong.append((number, damage.__name__, "was not mended"))
    tracemalloc.stop()

    assert [] == wrong


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_check_removes_what_is_wrong_and_says_why(store, damage):
    """`state verify` finds the one file that is not right; `state list` tells the others."""
    choice = random.Random(5)
    wanted = kept(store)
    paths = [store.folder / shelf.name_of(block.link, block.kind) for block in wanted]
    damage(paths[3], paths, choice)

    before = listed(store.folder)
    found = verified(store.folder)

    assert len(wanted) - 1 == found.whole
    assert [] == [fault for fault in found.faults if not fault.removed]
    assert (damage is not gone) == ([paths[3].name] == [fault.name for fault in found.faults])
    assert len(wanted) - 1 <= sum(held.blocks for held in before.held) + before.damaged <= len(wanted)
    assert () == verified(store.folder).faults


def test_a_folder_that_is_not_empty_is_left_alone(store):
    """Nothing that may be someone's is deleted: the block is missing, the check says so."""
    block = kept(store)[0]
    path = store.folder / shelf.name_of(block.link, block.kind)
    path.unlink()
    path.mkdir()
    (path / "thesis.txt").write_text("mine")

    assert store.read(block) is None
    assert [(path.name, False)] == [(fault.name, fault.removed) for fault in verified(store.folder).faults]
    assert "mine" == (path / "thesis.txt").read_text()


def test_what_is_not_named_as_a_block_is_left_alone(store):
    """Another program's files in the folder stay, and count as nothing."""
    kept(store)
    others = ["notes.txt", "model.gguf", "0123.block", "x" * 32 + "-" + "0" * 32 + "-rows.block", ".block"]
    for name in others:
        (store.folder / name).write_text("other")

    found = verified(store.folder)

    assert () == found.faults
    assert set(others) <= {path.name for path in store.folder.iterdir()}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows files have no owner's number")
def test_a_file_of_someone_else_is_not_read(store, monkeypatch):
    """Whoever shares the disk cannot have his state loaded."""
    block = kept(store)[0]
    monkeypatch.setattr(os, "geteuid", lambda: 4711)
    path = store.folder / shelf.name_of(block.link, block.kind)
    real = os.fstat

    def of_another(handle):
        status = list(real(handle))
        status[4] = 4712
        return os.stat_result(status)

    monkeypatch.setattr(os, "fstat", of_another)

    assert store.read(block) is None
    assert not path.exists()
