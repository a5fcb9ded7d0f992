"""Bytes of one file to plain facts: one parse and one query over the tree.

Owns the tree-sitter parsers of this process. Content in, content out: knows no path and no store.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib import import_module, metadata
from operator import attrgetter
from typing import TYPE_CHECKING

from codereader.index import c, kbuild, packaging, python
from codereader.index.parsed import ParsedFile
from codereader.index.prose import summary_of_lines
from codereader.source.languages import grammar_folder, languages

if TYPE_CHECKING:
    from tree_sitter import Node

Query = Callable[[bytes], Mapping[str, Sequence["Node"]]]
"""Parses a text and returns its captures by name."""

EXTRACTOR = "10"
"""Raised whenever the same bytes give other facts than before, so that stores parse them again."""

_DATA = re.compile(r"^[\[{<]|\s=\s|;$|^[\w.-]+:\s")
"""What begins a file of settings or markup, not prose."""

_START = attrgetter("start_byte")

_EXTRACTORS: Mapping[str, Callable[[bytes, Query], ParsedFile]] = {
    "c": c.extract,
    "python": python.extract,
    "make": kbuild.extract_make,
    "kconfig": kbuild.extract_kconfig,
}


def parse(data: bytes, language: str) -> ParsedFile:
    """Return the facts of *data* written in *language* (a folder name under ``grammars/``, else carried as text).

    Broken code gives the facts that could be read and a count of the parser's errors. Never raises for content.
    """
    extract = _EXTRACTORS.get(language)
    if extract is None:
        return _text(data)
    return extract(data, _query(language))


def stamp(language: str) -> str:
    """Return what the facts of *language* depend on beside the bytes: extractor, query and grammar, as a short hash."""
    return _stamp(language)


@cache
def _stamp(language: str) -> str:
    parts = [EXTRACTOR]
    if language in _EXTRACTORS:
        folder = grammar_folder() / language
        parts.append((folder / "tags.scm").read_text("utf-8"))
        parts.append(_version(_wheel(language)[0]))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def _version(wheel: str) -> str:
    try:
        return metadata.version(wheel)
    except metadata.PackageNotFoundError:
        return "unknown"


def _wheel(language: str) -> tuple[str, str]:
    """Return the module that ships the grammar of *language*, and the function that hands it out."""
    known = next(one for one in languages() if one.key == language)
    return known.wheel, known.function


@cache
def _query(language: str) -> Query:
    from tree_sitter import Language, Parser, QueryCursor
    from tree_sitter import Query as Pattern

    wheel, function = _wheel(language)
    grammar = Language(getattr(import_module(wheel), function)())
    parser = Parser(grammar)
    pattern = Pattern(grammar, (grammar_folder() / language / "tags.scm").read_text("utf-8"))

    def query(data: bytes) -> Mapping[str, Sequence[Node]]:
        captures = QueryCursor(pattern).captures(parser.parse(data).root_node)
        return {name: sorted(nodes, key=_START) for name, nodes in captures.items()}

    return query


def _text(data: bytes) -> ParsedFile:
    """Carry *data* as text: its lines, its first paragraph, and the entry points that a packaging file declares."""
    lines = data.count(b"\n") + (bool(data) and not data.endswith(b"\n"))
    head = data[:4096].decode("utf-8", "replace").splitlines()
    summary = summary_of_lines([line.lstrip("#= ") for line in head])
    if summary and _DATA.search(summary):
        summary = None
    made = ParsedFile(language="text", lines=lines, summary=summary)
    return replace(made, entries=packaging.entries(data))
