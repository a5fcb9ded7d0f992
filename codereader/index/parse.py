"""Bytes of one file to plain facts: one parse and one query over the tree.

A grammar is loaded when a file first needs it.
Content in, content out: knows no path and no store.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib.util import find_spec
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING

from codereader.index.grammar import Patience, UnusableError, grammar_of, matcher_of, pattern_of
from codereader.source.languages import Language, known_languages
from codereader.source.languages import language as find_language

if TYPE_CHECKING:
    from tree_sitter import Node

    from codereader.index.parsed import ParsedFile
    from codereader.index.tagged.tags import Matcher

Query = Callable[[bytes], Mapping[str, Sequence["Node"]]]
"""Parses a text and returns its captures by name; of text that the grammar is lost in one error alone."""

EXTRACTOR = "31"
"""Raised whenever the same bytes give other facts than before, so that stores parse them again."""

_DATA = re.compile(r"^[\[{<]|\s=\s|;$|^[\w.-]+:\s")
"""What begins a file of settings or markup, not prose."""

_SMALL = 1 << 16
"""Texts so small are parsed in a second or two, whatever they are; others are tried out first, which few files need."""

_START = attrgetter("start_byte")


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
                raise UnusableError(f"{one.name} is carried as text: its parser {one.wheel} is not installed")
        except UnusableError as error:
            found.append(str(error))
    return tuple(found)


@cache
def _query(language: str) -> Query:
    from tree_sitter import Parser, QueryCursor

    known = find_language(language)
    if known is None:
        raise UnusableError(f"there is no language {language}")
    pattern = pattern_of(known)
    parser = Parser(grammar_of(known))
    lost = {"error": [parser.parse(b"").root_node]}

    def query(data: bytes) -> Mapping[str, Sequence[Node]]:
        if len(data) > _SMALL and Patience(data).root(parser) is None:
            return lost
        captures = QueryCursor(pattern).captures(parser.parse(data).root_node)
        return {name: sorted(nodes, key=_START) for name, nodes in captures.items()}

    return query


@cache
def _matcher(language: Language) -> Matcher:
    """Return a function that parses a text and returns where the patterns of *language* fit. Raises: UnusableError."""
    return matcher_of(language, pattern_of(language))


def _tagged(data: bytes, language: str) -> ParsedFile | None:
    """Return the facts of a language that its tags alone describe, None where they cannot be used."""
    known = find_language(language)
    if known is None:
        return None
    try:
        matches = _matcher(known)
    except UnusableError:
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
