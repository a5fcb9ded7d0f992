"""Bytes of one file to plain facts: one parse and one query over the tree.

Owns the tree-sitter parsers of this process. A grammar is loaded when a file first needs it.
Content in, content out: knows no path and no store.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING

from codereader.source.languages import Language, known_languages
from codereader.source.languages import language as find_language

if TYPE_CHECKING:
    from tree_sitter import Language as Grammar
    from tree_sitter import Node
    from tree_sitter import Query as Pattern

    from codereader.index.parsed import ParsedFile
    from codereader.index.tagged.reading import Match
    from codereader.index.tagged.tags import Matcher

Query = Callable[[bytes], Mapping[str, Sequence["Node"]]]
"""Parses a text and returns its captures by name."""

EXTRACTOR = "28"
"""Raised whenever the same bytes give other facts than before, so that stores parse them again."""

_DATA = re.compile(r"^[\[{<]|\s=\s|;$|^[\w.-]+:\s")
"""What begins a file of settings or markup, not prose."""

_START = attrgetter("start_byte")

DEEPEST_START = 500
"""Patterns of tags fit no deeper in the tree than this; a query's time grows with the square of the depth."""

LOOKS = 5000
LOOKS_PER_BYTE = 0.2
"""So often a parser may report to us, beside what it may for each byte, before the text counts as none of its language.
Source takes a tenth of that; broken text can take time that grows with the square of its length.
"""

_PIECE = 1 << 16
_ASCII = bytes(byte if 0 < byte < 128 else 32 if byte == 0 else 63 for byte in range(256))


def parse(data: bytes, language: str) -> ParsedFile:
    """Return the facts of *data* written in *language* (a folder name under ``grammars/``, else carried as text).

    Broken code gives the facts that could be read and a count of the parser's errors. Never raises for content.
    """
    extract = _extractor(language)
    if extract is not None:
        return extract(data, _query(language))
    return _tagged(data, language) or _text(data)


@cache
def _extractor(language: str) -> Callable[[bytes, Query], ParsedFile] | None:
    """Return what reads *language*, where it is more than tags. It is loaded when a file first needs it."""
    if language == "c":
        from codereader.index.c import extract as c

        return c.extract
    if language == "python":
        from codereader.index.python import extract as python

        return python.extract
    from codereader.index import kbuild

    return {"make": kbuild.extract_make, "kconfig": kbuild.extract_kconfig}.get(language)


def stamp(language: str) -> str:
    """Return what the facts of *language* depend on beside the bytes: extractor, query and grammar, as a short hash."""
    return _stamp(language)


@cache
def _stamp(language: str) -> str:
    parts = [EXTRACTOR]
    known = find_language(language)
    if known is not None:
        parts.extend(path.read_text("utf-8") if path.is_file() else "no query" for path in known.queries)
        parts.append(repr(replace(known, folder=Path())))
        parts.append(_version(known.wheel))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def _version(wheel: str) -> str:
    """Return the version of the wheel that holds the module *wheel*, told by the folder that pip leaves beside it."""
    found = find_spec(wheel)
    if found is None or found.origin is None:
        return "unknown"
    prefix, suffix = f"{wheel}-", ".dist-info"
    names = (name for name in _beside(Path(found.origin).parent.parent) if name.startswith(prefix))
    return next((name[len(prefix) : -len(suffix)] for name in names if name.endswith(suffix)), "unknown")


@cache
def _beside(folder: Path) -> tuple[str, ...]:
    try:
        return tuple(sorted(one.name for one in folder.iterdir()))
    except OSError:
        return ()


def problems(languages: Iterable[str]) -> tuple[str, ...]:
    """Return a sentence for each language, of those given and of the user's folder, that cannot be used."""
    known = known_languages()
    found = list(known.problems)
    for key in sorted(languages):
        one = known.by_key.get(key)
        try:
            if key in known.own and one is not None:
                _matcher(one)
            elif one is not None and find_spec(one.wheel) is None:
                raise _UnusableError(f"{one.name} is carried as text: its parser {one.wheel} is not installed")
        except _UnusableError as error:
            found.append(str(error))
    return tuple(found)


class _UnusableError(Exception):
    """A language cannot be parsed; the message says why, for a person."""


def _grammar(language: Language) -> tuple[Grammar, Pattern]:
    """Return the grammar of *language* and its query. Raises: _UnusableError."""
    from tree_sitter import Language as Grammar
    from tree_sitter import Query as Pattern
    from tree_sitter import QueryError

    try:
        grammar = Grammar(getattr(import_module(language.wheel), language.function)())
    except (ImportError, AttributeError, TypeError, ValueError, RuntimeError) as error:
        raise _UnusableError(
            f"{language.name} is carried as text: its parser {language.wheel} cannot be used: {error}"
        ) from None
    try:
        return grammar, Pattern(grammar, "\n".join(path.read_text("utf-8") for path in language.queries))
    except (OSError, ValueError, QueryError) as error:
        own = language.queries[-1]
        raise _UnusableError(f"{language.name} is carried as text: {own} cannot be used: {error}") from None


@cache
def _query(language: str) -> Query:
    from tree_sitter import Parser, QueryCursor

    known = find_language(language)
    if known is None:
        raise _UnusableError(f"there is no language {language}")
    grammar, pattern = _grammar(known)
    parser = Parser(grammar)

    def query(data: bytes) -> Mapping[str, Sequence[Node]]:
        captures = QueryCursor(pattern).captures(parser.parse(data).root_node)
        return {name: sorted(nodes, key=_START) for name, nodes in captures.items()}

    return query


@cache
def _matcher(language: Language) -> Matcher:
    """Return a function that parses a text and returns where the patterns of *language* fit. Raises: _UnusableError."""
    from tree_sitter import Parser, QueryCursor

    grammar, pattern = _grammar(language)
    parser = Parser(grammar)

    def matches(data: bytes) -> Sequence[Match] | None:
        data = _clean(data)
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


def _clean(data: bytes) -> bytes:
    """Return *data* as grammars can bear it, byte for byte: no NUL, and no bytes that are not UTF-8."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return data.translate(_ASCII)
    return data.replace(b"\0", b" ") if b"\0" in data else data


def _tagged(data: bytes, language: str) -> ParsedFile | None:
    """Return the facts of a language that its tags alone describe, None where they cannot be used."""
    known = find_language(language)
    if known is None:
        return None
    try:
        matches = _matcher(known)
    except _UnusableError:
        return None
    from codereader.index import packaging
    from codereader.index.tagged import tags

    made = tags.extract(data, known, matches)
    return made and replace(made, entries=(*made.entries, *packaging.entries(data)))


def _text(data: bytes) -> ParsedFile:
    """Carry *data* as text: its lines, its first paragraph, and the entry points that a packaging file declares."""
    from codereader.index import packaging
    from codereader.index.parsed import ParsedFile
    from codereader.index.prose import summary_of_lines

    lines = data.count(b"\n") + (bool(data) and not data.endswith(b"\n"))
    head = data[:4096].decode("utf-8", "replace").splitlines()
    summary = summary_of_lines([line.lstrip("#= ") for line in head])
    if summary and _DATA.search(summary):
        summary = None
    made = ParsedFile(language="text", lines=lines, summary=summary)
    return replace(made, entries=packaging.entries(data))
