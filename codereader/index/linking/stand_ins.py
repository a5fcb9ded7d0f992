"""What a name in a table means where macros have it: ``#define no_llseek NULL``, ``#define full_lseek null_lseek``.

Drivers name a function and put NULL in its place where the configuration has no use for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from codereader.index.c.preprocessor import joined, negated
from codereader.index.linking.expansion import is_name
from codereader.index.parsed import Macro, TableEntry

DEEPEST = 4
"""So many macros that stand for each other are followed."""


def meant(
    entry: TableEntry, macros: Callable[[str], Sequence[Macro]], is_function: Callable[[str], bool], depth: int = 0
) -> tuple[TableEntry, ...]:
    """Return the entries that *entry* means, in the order of the macros: none where its name stands for no function.

    *macros* gives those of a name that the file sees, *is_function* tells whether a function has the name.
    """
    name = entry.function
    plain = [one for one in macros(name) if one.parameters is None and _value(one) != name]
    if not plain or depth > DEEPEST:
        return (entry,)
    found: list[TableEntry] = []
    is_stub = all(_value(one) == "NULL" for one in plain)
    if all(one.condition for one in plain) and (is_stub or is_function(name)):
        found.append(_under(entry, [negated(one.condition) for one in plain if one.condition]))
    is_one_of = bool(found) or len(plain) > 1
    for one in plain:
        value = _value(one)
        if is_name(value) and not value.isupper():
            made = replace(entry, function=value, made=name)
            made = _under(made, [one.condition] if is_one_of and one.condition else [])
            found.extend(meant(made, macros, is_function, depth + 1))
    return tuple(found)


def _value(macro: Macro) -> str:
    """Return what stands for a macro, without brackets and ``&`` around it."""
    return macro.body.strip("() \t&")


def _under(entry: TableEntry, tests: Sequence[str]) -> TableEntry:
    """Return *entry* under its own condition and *tests*."""
    own = entry.condition
    more = [test for test in dict.fromkeys(tests) if test != own and not (own or "").startswith(f"{test} &&")]
    return replace(entry, condition=joined([*([own] if own else []), *more]))
