"""Where in a file stands what can be left out of it: comments, bodies of functions, long values and texts.

Content in, byte ranges out, for any language: from the lexer that the index has for C, from a grammar and the
language's ``skeleton.scm`` (its ``tags.scm`` where it has none), or by lines. Decides nothing about what is left out.
"""

from __future__ import annotations

from codereader.index.anatomy.parts import Anatomy, Function, Range, Stretch
from codereader.source.languages import language as find_language

LARGEST = 4 << 20
"""Larger files, in bytes, are looked at by lines alone."""

__all__ = ["Anatomy", "Function", "Range", "Stretch", "anatomy", "comment_spans"]


def anatomy(data: bytes, language: str) -> Anatomy:
    """Return the parts of *data* written in *language*. Never raises for content."""
    from codereader.index.anatomy import by_lines

    if language == "c":
        from codereader.index.anatomy.c import c_anatomy

        return c_anatomy(data)
    if language in by_lines.READERS:
        return by_lines.READERS[language](data)
    known = find_language(language)
    if known is not None and len(data) <= LARGEST:
        from codereader.index.anatomy.tree import tree_anatomy

        made = tree_anatomy(data, known)
        if made is not None:
            return made
    return by_lines.text_anatomy(data)


def comment_spans(language: str, data: bytes) -> tuple[Range, ...]:
    """Return the byte ranges of the comments of *data*, in order; those of a line end before its line break."""
    return anatomy(data, language).comments
