"""A name as people write it: with a file, with an owner, misspelt."""

from __future__ import annotations

import pytest

from codereader.facts.graph.symbol import Symbol, definitions_of, read_symbol, spelled
from codereader.reader import Reader


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("f", ("f", None, None)),
        ("a.c:f", ("f", None, "a.c")),
        ("./drivers/a.c:f", ("f", None, "drivers/a.c")),
        ("drivers\\a.c:f", ("f", None, "drivers/a.c")),
        ("Shelf.open", ("open", "Shelf", None)),
        ("lib.py:Shelf.open", ("open", "Shelf", "lib.py")),
        ("std::vector::size", ("size", "std.vector", None)),
        (" f ", ("f", None, None)),
        ("", ("", None, None)),
    ],
)
def test_names_are_read(text, expected):
    """A file before a colon, an owner before a dot or two colons."""
    assert read_symbol(text) == Symbol(text.strip(), *expected)


@pytest.fixture
def linked(tmp_path):
    """Files with one name over and over."""
    for folder in ("one", "two"):
        (tmp_path / "tree" / folder).mkdir(parents=True)
        (tmp_path / "tree" / folder / "a.c").write_text("static int f(void) { return 0; }\n")
    (tmp_path / "tree" / "b.py").write_text("class A:\n    def f(self):\n        pass\n\n\ndef g():\n    pass\n")
    with Reader(tmp_path / "tree", cache=tmp_path / "cache") as reader:
        reader.open()
        yield reader.linked


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("f", ["b.py", "one/a.c", "two/a.c"]),
        ("one/a.c:f", ["one/a.c"]),
        ("a.c:f", ["one/a.c", "two/a.c"]),
        ("ne/a.c:f", []),
        ("A.f", ["b.py"]),
        ("b.A.f", ["b.py"]),
        ("b.g", ["b.py"]),
        ("B.f", []),
    ],
)
def test_definitions_are_picked_by_file_and_owner(linked, text, expected):
    """The file is a path or its ending at a slash; the owner a class or module."""
    assert [at.path for at in definitions_of(linked, read_symbol(text))] == expected


def test_the_shortest_spelling_picks_one(linked):
    """A spelling that is shown can be typed."""
    found = definitions_of(linked, read_symbol("f"))
    spellings = [spelled(at, found) for at in found]

    assert spellings == ["A.f", "one/a.c:f", "two/a.c:f"]
    assert [definitions_of(linked, read_symbol(one)) for one in spellings] == [(at,) for at in found]
