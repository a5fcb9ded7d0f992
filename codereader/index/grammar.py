"""The tree-sitter grammars of this process: loaded when first needed, and how far a parse may go.

Owns nothing of what a query says. Content in, trees out: knows no path.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from codereader.source.languages import Language

if TYPE_CHECKING:
    from tree_sitter import Language as Grammar
    from tree_sitter import Node
    from tree_sitter import Query as Pattern

Match = tuple[int, Mapping[str, Sequence["Node"]]]
"""One place where a pattern of a query fits: the pattern's number in the file, its nodes by capture name."""

DEEPEST_START = 500
"""Patterns of tags fit no deeper in the tree than this; a query's time grows with the square of the depth."""

LOOKS = 5000
LOOKS_PER_BYTE = 0.2
"""So often a parser may report to us, beside what it may for each byte, before the text counts as none of its language.
Source takes a tenth of that; broken text can take time that grows with the square of its length.
"""

_PIECE = 1 << 16
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


def matcher_of(language: Language, pattern: Pattern) -> Callable[[bytes], Sequence[Match] | None]:
    """Return a function that parses a text and returns where *pattern* fits, None for text the grammar is lost in.

    Raises: UnusableError.
    """
    from tree_sitter import Parser, QueryCursor

    parser = Parser(grammar_of(language))

    def matches(data: bytes) -> Sequence[Match] | None:
        data = clean(data)
        patience = LOOKS + len(data) * LOOKS_PER_BYTE

        def is_lost(_: int, __: bool) -> bool:
            nonlocal patience
            patience -= 1
            return patience < 0

        try:
            tree = parser.parse(lambda at, _: data[at : at + _PIECE], progress_callback=is_lost)
        except ValueError:
            parser.reset()
            return None
        cursor = QueryCursor(pattern)
        cursor.set_max_start_depth(DEEPEST_START)
        return cursor.matches(tree.root_node)

    return matches


def clean(data: bytes) -> bytes:
    """Return *data* as grammars can bear it, byte for byte: no NUL, and no bytes that are not UTF-8."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return data.translate(_ASCII)
    return data.replace(b"\0", b" ") if b"\0" in data else data
