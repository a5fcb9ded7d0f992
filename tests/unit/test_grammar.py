"""Parsers of grammars: how far they go in text that is none of theirs."""

from __future__ import annotations

import pytest
from tree_sitter import Parser

from codereader.index import grammar
from codereader.index.grammar import Patience, grammar_of
from codereader.index.parse import parse
from codereader.source.languages import language

RUBBLE = b"- " * 20_000
SOURCE = b"int answer(void)\n{\n\treturn 42;\n}\nint other;\n"


def _parser() -> Parser:
    known = language("c")
    assert known is not None
    return Parser(grammar_of(known))


def test_source_has_a_tree() -> None:
    """Plain source is parsed to its end."""
    root = Patience(SOURCE).root(_parser())

    assert root is not None
    assert (len(SOURCE), False) == (root.end_byte, root.has_error)


def test_rubble_has_no_tree() -> None:
    """Tokens that fit nothing, by the thousand, are not searched: a query would take a minute."""
    assert Patience(RUBBLE).root(_parser()) is None


@pytest.mark.parametrize("limit", ["LOOKS", "READS", "SECONDS"])
def test_patience_ends(limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of the limits ends a parse, and the next text is parsed from its beginning."""
    parser = _parser()
    monkeypatch.setattr(grammar, limit, 0)
    for name in ("LOOKS_PER_BYTE", "READS_PER_PIECE"):
        monkeypatch.setattr(grammar, name, 0)

    assert Patience(SOURCE * 200).root(parser) is None
    monkeypatch.undo()
    root = Patience(SOURCE).root(parser)
    assert root is not None
    assert len(SOURCE) == root.end_byte


def test_an_interrupt_stops_a_parse(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C ends a parse at once, and the parser can be used again."""
    parser = _parser()

    def interrupted(*_: object) -> bool:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Patience, "_is_over", interrupted)
        with pytest.raises(KeyboardInterrupt):
            Patience(SOURCE * 200).root(parser)
    root = Patience(SOURCE).root(parser)

    assert root is not None
    assert len(SOURCE) == root.end_byte


@pytest.mark.parametrize("key", ["c", "python", "make", "kconfig"])
def test_what_a_grammar_is_lost_in_is_told(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is not parsed has its lines counted and one error."""
    monkeypatch.setattr(Patience, "root", lambda *_: None)

    parsed = parse(b"a = 1\nb = 2\n" * 10_000, key)

    assert (key, 20_000, 1) == (parsed.language, parsed.lines, parsed.error_nodes)


def test_c_that_no_grammar_reads_keeps_what_its_lexer_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """Functions and macros of C need no grammar."""
    monkeypatch.setattr(Patience, "root", lambda *_: None)

    parsed = parse(b"#define ONE 1\nint answer(void)\n{\n\treturn ONE;\n}\n" + b"\nint x;" * 10_000, "c")

    assert ["ONE", "answer"] == [one.name for one in parsed.definitions]


def test_tags_that_no_grammar_finds_leave_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """A language that tags describe is carried as text where its grammar is lost."""
    monkeypatch.setattr(Patience, "root", lambda *_: None)

    assert "text" == parse(b"fn main() {}\n", "rust").language
