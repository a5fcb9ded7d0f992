"""The tree-sitter grammars of this process: loaded when first needed, and how far a parse may go.

Owns nothing of what a query says. Content in, trees out: knows no path.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import import_module
from math import inf
from time import thread_time
from typing import TYPE_CHECKING

from codereader.source.languages import Language

if TYPE_CHECKING:
    from tree_sitter import Language as Grammar
    from tree_sitter import Node, Parser
    from tree_sitter import Query as Pattern

Match = tuple[int, Mapping[str, Sequence["Node"]]]
"""One place where a pattern of a query fits: the pattern's number in the file, its nodes by capture name."""

DEEPEST_START = 500
"""Patterns of tags fit no deeper in the tree than this; a query's time grows with the square of the depth."""

LOOKS = 5000
LOOKS_PER_BYTE = 0.06
"""So often a parser may report to us, beside what it may for each byte, before the text counts as none of its language.
Source takes a third of that; broken text can take time that grows with the square of its length.
"""

READS = 2000
READS_PER_PIECE = 32
"""So often a parser may ask for pieces of the text, beside what it may for each of them; source asks about twice."""

SECONDS = 5.0
"""Of processor time, that one text may take; source of the largest size that is read takes a tenth of that.

The last resort: counts alone cannot tell how long a parser looks for a way out of an error.
"""

MOST_RUBBLE = 10_000
"""Tokens side by side that fit nothing; a query's time grows with the square of their number."""

_PIECE = 1 << 12
_BLANK = bytes(byte if byte in b"\r\n\t" else 32 for byte in range(256))
_ASCII = bytes(byte if 0 < byte < 128 else 32 if byte == 0 else 63 for byte in range(256))


class UnusableError(Exception):
    """A language cannot be parsed; the message says why, for a person."""


@cache
def grammar_of(language: Language) -> Grammar:
    """Return the grammar of *language*. Raises: UnusableError."""
    from tree_sitter import Language as Grammar

    try:
        return Grammar(getattr(import_module(language.wheel), language.function)())
    except (ImportError, AttributeError, TypeError, ValueError, RuntimeError) as error:
        raise UnusableError(
            f"{language.name} is carried as text: its parser {language.wheel} cannot be used: {error}"
        ) from None


def pattern_of(language: Language) -> Pattern:
    """Return the query of *language*, compiled from its ``tags.scm``. Raises: UnusableError."""
    from tree_sitter import Query as Pattern
    from tree_sitter import QueryError

    grammar = grammar_of(language)
    try:
        return Pattern(grammar, "\n".join(path.read_text("utf-8") for path in language.queries))
    except (OSError, ValueError, QueryError) as error:
        own = language.queries[-1]
        raise UnusableError(f"{language.name} is carried as text: {own} cannot be used: {error}") from None


def query_of(language: Language, file: str) -> Pattern | None:
    """Return the query in the *file* of the language's folder and of those it builds on; None where there is none.

    Raises: UnusableError.
    """
    from tree_sitter import Query as Pattern
    from tree_sitter import QueryError

    folders = (*(language.folder.parent / one for one in language.tags), language.folder)
    paths = [folder / file for folder in folders if (folder / file).is_file()]
    if not paths:
        return None
    try:
        return Pattern(grammar_of(language), "\n".join(path.read_text("utf-8") for path in paths))
    except (OSError, ValueError, QueryError) as error:
        raise UnusableError(f"{paths[-1]} cannot be used: {error}") from None


def root_of(data: bytes, language: Language) -> Node | None:
    """Return the root of the tree of *data*, None for text that the grammar is lost in. Raises: UnusableError.

    What a grammar could die of is not shown to it. Offsets are those of *data*.
    """
    from tree_sitter import Parser

    from codereader.index.c.text import shallow

    text = clean(data)
    for expression in language.blank:
        text = re.sub(expression.encode(), lambda match: match[0].translate(_BLANK), text)
    return Patience(text if language.prose else shallow(text)).root(Parser(grammar_of(language)))


def matcher_of(language: Language, pattern: Pattern) -> Callable[[bytes], Sequence[Match] | None]:
    """Return a function that parses a text and returns where *pattern* fits, None for text the grammar is lost in.

    Raises: UnusableError.
    """
    from tree_sitter import Parser, QueryCursor

    parser = Parser(grammar_of(language))

    def matches(data: bytes) -> Sequence[Match] | None:
        root = Patience(clean(data)).root(parser)
        if root is None:
            return None
        cursor = QueryCursor(pattern)
        cursor.set_max_start_depth(DEEPEST_START)
        return cursor.matches(root)

    return matches


class Patience:
    """How long a parser may look at one text. It can be interrupted all the while."""

    __slots__ = ("_data", "_ends", "_is_lost", "_looks", "_reads")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._looks = LOOKS + len(data) * LOOKS_PER_BYTE
        self._reads: float = READS + len(data) // _PIECE * READS_PER_PIECE
        self._ends = thread_time() + SECONDS
        self._is_lost = False

    def root(self, parser: Parser) -> Node | None:
        """Return the root of the tree of the text, None for text that the grammar is lost in.

        Its nodes ask for their text piece by piece, which is slow.
        """
        try:
            tree = parser.parse(self._read, progress_callback=self._is_over)
        except BaseException as error:
            parser.reset()
            if isinstance(error, ValueError):
                return None
            raise
        self._reads = inf
        root = tree.root_node
        is_rubble = root.has_error and any(map(_is_rubble, (root, *root.children)))
        return None if self._is_lost or is_rubble else root

    def _is_over(self, _: int, __: bool) -> bool:
        self._looks -= 1
        self._is_lost = self._is_lost or self._looks < 0 or thread_time() > self._ends
        return self._is_lost

    def _read(self, at: int, _: object) -> bytes:
        self._reads -= 1
        self._is_lost = self._is_lost or self._reads < 0
        return b"" if self._is_lost else self._data[at : at + _PIECE]


def _is_rubble(node: Node) -> bool:
    return node.is_error and node.child_count > MOST_RUBBLE


def clean(data: bytes) -> bytes:
    """Return *data* as grammars can bear it, byte for byte: no NUL, and no bytes that are not UTF-8."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return data.translate(_ASCII)
    return data.replace(b"\0", b" ") if b"\0" in data else data
