"""The index on disk: what survives, what is set aside, what is refused."""

from __future__ import annotations

import os
import sqlite3
import stat
import sys
from contextlib import closing
from pathlib import Path

import pytest

from codereader.errors import StoreError
from codereader.index.database import BROKEN, FILE_NAME
from codereader.index.parse import parse
from codereader.index.postings import CALLS, DEFINES, NAMES, TABLES
from codereader.index.rows import pack, unpack_definitions, unpack_names, unpack_others, unpack_references
from codereader.index.store import Seen, open_store

TEXT = (
    b"#include <a.h>\n/** f - does. */\nint f(void) { g(h); p->q(); }\nEXPORT_SYMBOL(f);\n"
    b"#ifdef A\nstruct ops o = { .f = f };\n#endif\nfs_initcall(f);\n"
)
BLOB = "11" * 20


def seen(path: str, parse_row: int) -> Seen:
    return Seen(path, 1, 2, 3, 4, parse_row, asked=False)


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
    assert {"g": 1, "h": 1, "q": 1} == {name: n for name, n in unpack_names(packed.names).items() if name in "fghq"}


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

    assert {} == store.find([BLOB])
    with store.batch():
        row, is_new = store.add(BLOB, "c", "s", packed)
    assert is_new
    assert [(row, DEFINES | NAMES | TABLES)] == store.mentions("f")
    assert [(row, CALLS)] == store.mentions("g")
    assert {name: store.mentions(name) for name in ("f", "g", "nobody")} == store.mentions_of(["f", "g", "nobody"])
    with store.batch():
        assert (row, False) == store.add(BLOB, "c", "s", packed)
    store.close()


@pytest.mark.parametrize("content", [b"no database at all" * 99, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_broken_index_is_set_aside(tmp_path: Path, content: bytes) -> None:
    """The broken file is kept beside, a new one is made, and a note says so."""
    (tmp_path / FILE_NAME).write_bytes(content)
    store = open_store(tmp_path)

    assert "moved to" in (store.note or "")
    assert content == (tmp_path / BROKEN).read_bytes()
    assert {} == store.files(tmp_path, "")
    store.close()


def test_another_programs_database_is_set_aside(tmp_path: Path) -> None:
    """A database that is no index is not touched but moved."""
    for number, statement in enumerate(("CREATE TABLE a (b)", "PRAGMA user_version = 99")):
        cache = tmp_path / str(number)
        cache.mkdir()
        with closing(sqlite3.connect(cache / FILE_NAME)) as connection, connection:
            connection.execute(statement)
        store = open_store(cache)
        note = store.note
        store.close()

        assert "moved to" in (note or "")
        assert (cache / BROKEN).exists()


@pytest.mark.parametrize("layout", [1, 2, 99])
def test_an_index_of_another_version_is_made_anew(tmp_path: Path, layout: int) -> None:
    """One sentence says so, nothing of it is left, and the next opening has nothing to say."""
    store = open_store(tmp_path)
    with store.batch():
        store.add(BLOB, "c", "s", pack(parse(TEXT, "c")))
    store.close()
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection, connection:
        connection.execute("CREATE TABLE names (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)")
        connection.execute(f"PRAGMA user_version = {layout}")
    renewed = open_store(tmp_path)
    found = renewed.find([BLOB])
    renewed.close()
    again = open_store(tmp_path)
    again.close()

    assert "another version of codereader" in (renewed.note or "")
    assert {} == found
    assert None is again.note
    assert [FILE_NAME] == [path.name for path in tmp_path.iterdir()]


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
        during = reader.find([BLOB])

    assert {} == during
    assert [(BLOB, "c", "s")] == list(reader.find([BLOB]))
    writer.close()
    reader.close()
