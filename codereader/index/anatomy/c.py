"""The parts of a C file, from the lexer alone: no grammar is needed, so no macro hides the rest of a file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from codereader.index.anatomy.parts import Anatomy, Directive, Function, Range, Stretch
from codereader.index.c.blocks import blocks
from codereader.index.c.preprocessor import Plain, plain

_CHANGE = {"if": 1, "ifdef": 1, "ifndef": 1, "else": 0, "elif": 0, "elifdef": 0, "elifndef": 0, "endif": -1}

_IN_DIRECTIVE = re.compile(
    rb"/\*.*?(?:\*/|\Z)|//(?:[^\n\\]|\\(?:\r\n|.))*"
    rb'|"(?:[^"\\\n]|\\(?:\r\n|.))*"'
    rb"|'(?:[^'\\\n]|\\.)*'|(?<=include)\s*<[^>\n]*>",
    re.DOTALL,
)


def c_anatomy(data: bytes) -> Anatomy:
    """Return the parts of the C text *data*."""
    split = plain(data)
    parts = blocks(split.bare)
    stretches = [Stretch(start, end, "value") for start, end in parts.filled.items()]
    stretches += preprocessed(data, split)
    return Anatomy(
        comments=outside(data, split),
        functions=tuple(Function(one.name, one.head, one.body, one.end) for one in parts.functions),
        stretches=tuple(sorted(stretches, key=lambda one: (one.start, -one.end))),
        directives=conditions(data, split),
    )


def preprocessed(data: bytes, split: Plain) -> Iterator[Stretch]:
    """Yield macros of several lines, and branches that were not read."""
    for one in split.directives:
        if one.word == "define" and data.find(b"\n", one.start, one.end) >= 0:
            yield Stretch(one.start, one.end, "macro")
    for start, end in split.hidden:
        yield Stretch(start, end, "unread")


def conditions(data: bytes, split: Plain) -> tuple[Directive, ...]:
    """Return the lines that open, divide or close a condition, without the blanks before them."""
    found = []
    for one in split.directives:
        change = _CHANGE.get(one.word)
        if change is not None:
            start = one.end - len(data[one.start : one.end].lstrip())
            found.append(Directive(start, one.end, change))
    return tuple(found)


def outside(data: bytes, split: Plain) -> tuple[Range, ...]:
    """Return the comments of a text, those inside directives too."""
    inside = [
        match.span()
        for one in split.directives
        if data.find(b"/", one.start, one.end) >= 0
        for match in _IN_DIRECTIVE.finditer(data, one.start, one.end)
        if match[0][:1] == b"/"
    ]
    return tuple(sorted((*split.comments, *inside)))
