"""Names of a scope: what a person may type, and what comes first."""

from __future__ import annotations

import pytest

from codereader.fronts.tui.find.names import Names, Query, Symbols, lit, read_names, read_query
from codereader.reader import Reader

FILES = ["core/dev.c", "core/dev.h", "ipv4/tcp.c", "ipv4/tcp_ipv4.c", "rds/tcp.c"]
ROWS = [
    ("dev_open", "function", 0, 10, 40),
    ("init", "function", 0, 20, 0),
    ("dev", "struct", 1, 3, 2),
    ("tcp", "struct", 2, 5, 0),
    ("tcp_rcv", "function", 2, 9, 1),
    ("tcp_v4_rcv", "function", 3, 100, 0),
    ("TCP_MAX", "macro", 3, 7, 0),
    ("init", "function", 4, 30, 0),
]


@pytest.fixture
def names():
    columns = list(zip(*ROWS, strict=True))
    return Names(FILES, Symbols(*columns))


def told(names, text):
    """Return what fits, best first, as words."""
    return [
        f"{fit.entry.path}:{fit.entry.line}" if fit.entry.kind == "file" else fit.entry.name
        for fit in names.find(text).best
    ]


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("", Query()),
        ("tcp rcv", Query(words=("tcp", "rcv"))),
        ("@tcp", Query("symbols", ("tcp",))),
        ("/tcp", Query("files", ("tcp",))),
        ("tcp.c:12", Query("files", paths=("tcp.c",), line=12)),
        ("/tcp.c:", Query("files", paths=("tcp.c",), line=1)),
        ("tcp.c:rcv", Query("symbols", paths=("tcp.c",), names=("rcv",))),
        ("Box::open", Query(words=("Box", "open"))),
        ("struct:so", Query("symbols", ("so",), kinds=("struct",))),
        (":12", Query("symbols", names=("12",))),
        ("a:" + "9" * 40, Query("files", paths=("a",), line=999999999)),
    ],
)
def test_what_is_typed_is_read_as_people_write_it(text, query):
    """Marks in front, a line, a file and a kind are told from names."""
    assert query == read_query(text)


def test_a_name_that_is_typed_out_comes_first(names):
    """`tcp` is the struct of that name, then files called so, then what begins with it."""
    assert ["tcp", "ipv4/tcp.c:1", "rds/tcp.c:1"] == told(names, "tcp")[:3]


def test_every_word_has_to_fit_and_may_fit_the_path(names):
    """Words come in any order; one of them may be a folder."""
    assert ["tcp_rcv", "tcp_v4_rcv"] == sorted(told(names, "rcv ipv4"))
    assert told(names, "ipv4 rcv") == told(names, "rcv ipv4")
    assert [] == told(names, "rcv core")


def test_a_folder_alone_lists_no_symbols(names):
    """Words that fit only paths find files, not all that is defined there."""
    assert ["core/dev.c:1", "core/dev.h:1"] == told(names, "core/dev")
    assert ["rds/tcp.c:1"] == told(names, "rds tcp.c")


def test_marks_choose_files_symbols_kinds_and_lines(names):
    """@, /, a kind and a line each leave out the others."""
    assert ["dev", "dev_open"] == told(names, "@dev")
    assert ["core/dev.c:1", "core/dev.h:1"] == told(names, "/dev")
    assert ["dev", "tcp"] == sorted(told(names, "struct:"))
    assert ["core/dev.c:42"] == told(names, "dev.c:42")
    assert ["init"] == told(names, "rds/tcp.c:init")


def test_before_anything_is_typed_the_files_are_listed(names):
    """The list begins with the files, by path."""
    assert [f"{path}:1" for path in FILES] == told(names, "")


def test_limits_count_what_they_leave_out(names):
    """At most so many are told, and all are counted."""
    few = names.find("tcp", limit=2)

    assert (2, 7) == (len(few.best), few.total)


def test_what_was_typed_before_changes_no_answer(names):
    """Narrowing remembers survivors; an answer is the same with and without."""
    fresh = Names(FILES, Symbols(*zip(*ROWS, strict=True)))
    for text in ("t", "tc", "tcp", "tcp_", "T", "TC", "tcp_v", "tcp"):
        names.find(text)

    assert fresh.find("tcp_v4").best == names.find("tcp_v4").best


def test_letters_typed_are_lit_in_name_and_path(names):
    """What fits the name is lit there, the rest in the path."""
    fits = names.find("ipv4 tcprcv")
    in_name, in_path = lit(fits.best[0].entry, fits.query)

    assert ("tcp_rcv", frozenset({0, 1, 2, 4, 5, 6})) == (fits.best[0].entry.name, in_name)
    assert frozenset({0, 1, 2, 3}) == in_path


def test_names_of_a_scope_are_those_of_its_index(tmp_path):
    """Files and definitions come with their places; hostile names are names like others."""
    (tmp_path / "a.c").write_text("int one;\n\nint two(void)\n{\n\treturn one;\n}\n")
    (tmp_path / "b\x1b[31m.c").write_text("int two(void);\nint three(void)\n{\n\treturn two();\n}\n")
    with Reader(tmp_path, cache=tmp_path.parent / "cache") as reader:
        reader.open()
        found = read_names(reader).find("@t")

    assert [("two", "a.c", 3), ("three", "b\x1b[31m.c", 2)] == [
        (fit.entry.name, fit.entry.path, fit.entry.line) for fit in found.best
    ]


def test_a_scope_without_definitions_has_its_files(tmp_path):
    """Nothing is defined: files can still be gone to."""
    (tmp_path / "notes.txt").write_text("words\n")
    with Reader(tmp_path, cache=tmp_path.parent / "cache") as reader:
        reader.open()
        found = read_names(reader).find("not")

    assert ["notes.txt"] == [fit.entry.name for fit in found.best]
