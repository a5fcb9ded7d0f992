"""The calls that macros make inside the functions of one file, with what the arguments of each use decide.

What a macro makes is worked out once (`codereader.index.linking.macro_calls`); here it is bound to the places that use
it. Rows are 0-based.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from codereader.index.c.preprocessor import joined
from codereader.index.linking.expansion import is_name, tokens
from codereader.index.linking.macro_calls import MacroCalls, Made, bound, bound_tokens, member_of
from codereader.index.parsed import Definition, Reference


@dataclass(frozen=True, slots=True)
class Calls:
    """The calls that macros make inside the functions of one file.

    `fixed` are those that a macro makes wherever this file uses it and which another file may see differently,
    `bound` those that depend on the arguments.
    """

    fixed: Mapping[str, tuple[Made, ...]]
    bound: tuple[Reference, ...]


def made_calls(
    path: str, uses: Sequence[Reference], calls: MacroCalls, lines: Sequence[str], locals_of: Mapping[str, Definition]
) -> Calls:
    """Return the calls that the macro *uses* of a file make. *lines* is its text, blanked of its preprocessor.

    *locals_of* holds the functions of the file by name.
    """
    fixed: dict[str, tuple[Made, ...]] = {}
    made: list[Reference | None] = []
    seen: dict[tuple[int, str], int] = {}
    moving_of: dict[str, list[Made]] = {}
    for use in uses:
        if use.name not in moving_of:
            items, is_local = calls.of(use.name, path)
            moving_of[use.name] = [one for one in items if not one.is_fixed]
            if is_local:
                fixed[use.name] = tuple(one for one in items if one.is_fixed)
        moving = moving_of[use.name]
        if not moving:
            continue
        nth = seen[use.row, use.name] = seen.get((use.row, use.name), 0) + 1
        given = _given(lines, use.row, use.name, nth)
        if given is not None:
            made.extend(_bound(use, one, given, lines, locals_of) for one in moving)
    return Calls(fixed, tuple(dict.fromkeys(one for one in made if one is not None)))


def reference(use: Reference, one: Made) -> Reference:
    """Return the call that *use* of a macro makes, where no argument has a part in it."""
    receiver = None if one.receiver is None else written([str(piece) for piece in one.receiver])
    return replace(
        use,
        name="".join(str(piece) for piece in one.name),
        receiver=receiver,
        base=one.base,
        made=use.name,
        condition=both(use.condition, one.condition),
    )


def written(parts: Sequence[str]) -> str:
    """Return the tokens of a receiver as a person would write them."""
    return "".join(
        f" {part}" if at and is_name(part) and is_name(parts[at - 1]) else part for at, part in enumerate(parts)
    )


def both(outer: str | None, inner: str | None) -> str | None:
    """Return the condition of something that stands under *inner* in what stands under *outer*."""
    return joined([part for part in (outer, inner) if part])


def _bound(
    use: Reference,
    one: Made,
    given: Sequence[Sequence[str]],
    lines: Sequence[str],
    functions: Mapping[str, Definition],
) -> Reference | None:
    """Return the call that *one* means with the arguments *given*, None where they tell no name."""
    first = one.name[0]
    if one.receiver is None and len(one.name) == 1 and isinstance(first, int) and first < len(given):
        member = member_of(given[first])
        if member is not None:
            one = replace(one, name=(member[1],), receiver=tuple(member[0]))
    name = bound(one.name, given)
    receiver = bound_tokens(one.receiver, given) if one.receiver is not None else None
    if name is None or (one.receiver is not None and receiver is None):
        return None
    if receiver is None and not is_name(str(name[0])):
        return None
    base = one.base
    if receiver and base is None:
        base = local_type(lines, functions.get(use.caller or ""), str(next(filter(is_name, map(str, receiver)), "")))
    return reference(use, replace(one, name=name, receiver=receiver, base=base))


def local_type(lines: Sequence[str], function: Definition | None, name: str) -> str | None:
    """Return the type with which *function* declares *name*, a star for each pointer, None if it does not."""
    if function is None or not name:
        return None
    text = _squeezed(lines, function)
    at = text.find(name)
    while at >= 0:
        end = at + len(name)
        if (
            not (text[at - 1 : at] + text[end : end + 1]).strip(" *();,=[").strip()
            and text[end : end + 2].strip()[:1] in _AFTER
        ):
            found = _TYPE_BEFORE.search(text, max(0, at - 120), at)
            if found is not None:
                return f"{found[1]} {'*' * found[2].count('*')}".strip()
        at = text.find(name, end)
    return None


_AFTER = ("=", ";", ",", ")", "[", ":")
_TYPE_BEFORE = re.compile(r"\b((?:struct|union) \w+|[a-z]\w*_t)((?: const| __\w+| ?\*)* ?)\Z")


def _squeezed(lines: Sequence[str], function: Definition) -> str:
    """Return the text of a function on one line."""
    return " ".join(" ".join(lines[function.span.first_row : function.span.last_row + 1]).split())


def _given(lines: Sequence[str], row: int, name: str, nth: int) -> list[list[str]] | None:
    """Return the arguments of the *nth* use of the macro *name* on *row*, None where the text is not so."""
    if row >= len(lines):
        return None
    at = -1
    for match in re.finditer(rf"\b{re.escape(name)}\b", lines[row]):
        at = match.end()
        nth -= 1
        if nth == 0:
            break
    if at < 0 or nth > 0:
        return None
    args: list[list[str]] = [[]]
    depth = 0
    text = lines[row][at:]
    for number in range(row, min(row + 200, len(lines))):
        for lexeme in tokens(lines[number] if number > row else text):
            if not depth and lexeme != "(":
                return None
            depth += (lexeme in "([{") - (lexeme in ")]}")
            if depth == 0:
                return args
            if lexeme == "," and depth == 1:
                args.append([])
            elif depth > 1 or lexeme != "(":
                args[-1].append(lexeme)
    return None
