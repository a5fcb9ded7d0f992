"""What a C file says with macros: those it defines, and those it uses like declarations.

Reads directives and the statements at file level as text. What a macro's expansion makes is for whoever sees the
other files too; here nothing is expanded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from codereader.index.c.blocks import Blocks
from codereader.index.c.preprocessor import Directive
from codereader.index.c.reading import MACRO, Reading
from codereader.index.parsed import Definition, Macro, MacroUse
from codereader.source.spans import Span

MACRO_VALUE = 80
"""Longest value, in characters, that a macro's signature shows."""

_ALIAS = re.compile(r"[(&\s]*[A-Za-z_]\w*[)\s]*\Z")
"""A body that is one name."""

_MAKES = re.compile(r"[{};=]|\b[A-Za-z_]\w* ?\(|->|\.[A-Za-z_]")
"""What stands in a body that may call, fill or declare something."""

_LOWER = re.compile(r"(?<![\w\"'])_*[a-z][A-Za-z_]*[^\W\d]")
"""A name that is no constant: functions and objects are written in lower case."""


def macro_definitions(reading: Reading) -> Iterator[Definition]:
    """Yield the ``#define`` lines as definitions, without the one that guards the file."""
    data, condition = reading.data, reading.plain.condition
    for directive, match in _defines(reading):
        start, row = directive.start, directive.row
        value = "" if match[2] or len(match[3]) > MACRO_VALUE else f" {match[3]}"
        yield Definition(
            name=match[1],
            kind="macro",
            span=Span(start, directive.end, row, row + data.count(b"\n", start, directive.end)),
            row=row,
            signature=f"#define {match[1]}{match[2] or ''}{value}".rstrip(),
            condition=condition(row),
            doc=reading.doc(start),
        )


def macros(reading: Reading) -> Iterator[Macro]:
    """Yield the macros whose expansion may make something, in the file's order."""
    condition = reading.plain.condition
    for directive, match in _defines(reading):
        parameters, body = match[2], match[3]
        if parameters is not None:
            names = tuple(name.strip() for name in parameters[1:-1].split(",") if name.strip())
            yield Macro(match[1], names, body, directive.row, condition(directive.row))
        elif _ALIAS.match(body) or (_MAKES.search(body) and _LOWER.search(body)):
            yield Macro(match[1], None, body, directive.row, condition(directive.row))


def _defines(reading: Reading) -> Iterator[tuple[Directive, re.Match[str]]]:
    guard = reading.plain.guard
    for directive in reading.plain.directives:
        if directive.word == "define":
            match = MACRO.match(directive.rest)
            if match is not None and (match[1] != guard or match[3]):
                yield directive, match


def macro_uses(reading: Reading, parts: Blocks) -> list[MacroUse]:
    """Return the macros that stand at file level like a declaration or make a function's head, in the file's order."""
    condition = reading.plain.condition
    found = []
    for one in parts.statements:
        row = reading.row(one.start)
        arguments = reading.clean[slice(*one.arguments)].decode("utf-8", "replace")
        found.append(MacroUse(one.macro, " ".join(arguments.split()), row, condition(row)))
    for made in parts.functions:
        if made.macro:
            row = reading.row(made.at)
            found.append(MacroUse(made.macro, " ".join(made.arguments.split()), row, condition(row), has_body=True))
    return sorted(found, key=lambda use: (use.row, use.macro))
