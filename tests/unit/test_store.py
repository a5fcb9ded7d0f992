"""The index on disk: what survives, what is set aside, what is refused."""

from __future__ import annotations

import os
import sqlite3
import stat
import sys
from pathlib import Path

import pytest

from codereader.errors import StoreError
from codereader.index.parse import parse
from codereader.index.rows import pack, unpack_definitions, unpack_others, unpack_references
from codereader.index.store import FILE_NAME, Seen, open_store

TEXT = (
    b"#include <a.h>\n/** f - does. */\nint f(void) { g(h); p->q(); }\nEXPORT_SYMBOL(f);\n"
    b"#ifdef A\nstruct ops o = { .f = f };\n#endif\nfs_initcall(f);\n"
)
BLOB = "11" * 20


def seen(path: str, parse_row: int) -> Seen:
    return Seen(path, 1, 2, 3, 4, parse_row)


def test_facts_come_back_as_they_were_stored() -> None:
    """Packing and unpacking changes nothing."""
    parsed = parse(TEXT, "c")
    packed = pack(parsed)
    others = unpack_others(packed.others)

    assert parsed.definitions == unpack_definitions(packed.definitions)
    assert parsed.references == unpack_references(packed.references)
    assert tuple(r for r in parsed.references if r.name == "h") == unpack_references(packed.references, "h")
    assert () == unpack_references(packed.references, "nobody")
    assert (parsed.tables, parsed.includes, parsed.exports, parsed.entries) == (
        others.tables, others.includes, others.exports, others.entries,
    )  # fmt: skip
    assert {"f": (1, 0, 3, 1), "g": (0, 1, 0, 0)} == {
        name: counts for name, *counts_ in packed.mentions if name in "fg" for counts in [tuple(counts_)]
    }


def test_a_section_that_was_damaged_is_told() -> None:
    """Bytes that were not packed here are a ValueError, not a crash."""
    with pytest.raises(ValueError, match="packed"):
        unpack_definitions(b"nothing of ours")


def test_names_with_odd_bytes_survive(tmp_path: Path) -> None:
    """Paths that are not UTF-8, and hold line breaks or escapes, come back byte for byte."""
    odd = os.fsdecode(b"a/\xff\n\x1b[31m.c") if sys.platform != "win32" else "a/\n.c"
    store = open_store(tmp_path)
    with store.batch():
        row, _ = store.add(BLOB, "c", "s", pack(parse(b"int \xff;\xed\xa0\x80", "c")))
        store.put(store.root(tmp_path), [seen(odd, row)])

    assert [odd] == list(store.files(tmp_path, ""))
    assert BLOB == store.files(tmp_path, "a")[odd].blob
    assert {} == store.files(tmp_path, "b")
    store.close()


def test_a_folder_does_not_hold_its_namesakes(tmp_path: Path) -> None:
    """The folder ``net`` holds neither ``net.c`` nor ``net2/a.c``."""
    store = open_store(tmp_path)
    with store.batch():
        row, _ = store.add(BLOB, "c", "s", pack(parse(TEXT, "c")))
        store.put(store.root(tmp_path), [seen(path, row) for path in ("net/a.c", "net.c", "net2/a.c", "net/b/c.c")])

    assert ["net/a.c", "net/b/c.c"] == sorted(store.files(tmp_path, "net"))
    store.close()


def test_work_cut_off_inside_a_batch_leaves_nothing_of_it(tmp_path: Path) -> None:
    """A batch is written whole or not at all, and the next one works."""
    store = open_store(tmp_path)
    packed = pack(parse(TEXT, "c"))

    def cut_off() -> None:
        with store.batch():
            store.add(BLOB, "c", "s", packed)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cut_off()

    assert store.find(BLOB, "c", "s") is None
    with store.batch():
        row, is_new = store.add(BLOB, "c", "s", packed)
    assert is_new
    assert [(row, 1, 0, 3, 1)] == store.mentions("f")
    with store.batch():
        assert (row, False) == store.add(BLOB, "c", "s", packed)
    store.close()


@pytest.mark.parametrize("content", [b"no database at all" * 99, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_broken_index_is_set_aside(tmp_path: Path, content: bytes) -> None:
    """The broken file is kept beside, a new one is made, and a note says so."""
    (tmp_path / FILE_NAME).write_bytes(content)
    store = open_store(tmp_path)

    assert "moved to" in (store.note or "")
    assert content == (tmp_path / f"{FILE_NAME}.broken").read_bytes()
    assert {} == store.files(tmp_path, "")
    store.close()


def test_another_programs_database_is_set_aside(tmp_path: Path) -> None:
    """A database that is no index, or of another layout, is not touched but moved."""
    for statement in ("CREATE TABLE a (b)", "PRAGMA user_version = 99"):
        connection = sqlite3.connect(tmp_path / FILE_NAME)
        connection.execute(statement)
        connection.commit()
        connection.close()
        store = open_store(tmp_path)
        note = store.note
        store.close()

        assert "moved to" in (note or "")


def test_an_index_that_breaks_later_is_told_in_one_sentence(tmp_path: Path) -> None:
    """A database that fails while it is read is a StoreError with a hint."""
    store = open_store(tmp_path)
    store.close()

    with pytest.raises(StoreError, match="cannot read the index") as told:
        store.mentions("f")
    assert "CODEREADER_CACHE_DIR" in told.value.hint


def test_a_cache_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """A file where the folder should be is a StoreError."""
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(StoreError, match="cannot make the cache directory"):
        open_store(tmp_path / "file" / "cache")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_the_cache_is_the_users_own(tmp_path: Path) -> None:
    """Nobody else may look into the folder."""
    open_store(tmp_path / "cache").close()

    assert 0o700 == stat.S_IMODE((tmp_path / "cache").stat().st_mode)


def test_several_may_read_while_one_writes(tmp_path: Path) -> None:
    """A reader sees the last written state, during a batch and after it."""
    writer, reader = open_store(tmp_path), open_store(tmp_path)
    with writer.batch():
        writer.add(BLOB, "c", "s", pack(parse(TEXT, "c")))
        during = reader.find(BLOB, "c", "s")

    assert during is None
    assert reader.find(BLOB, "c", "s") is not None
    writer.close()
    reader.close()
