"""All macros that the files of a scope can see, by name, and which of them a file means.

A file means the definition in itself, else those in the headers it includes, else one in a folder called ``include``.
Definitions of one name under different conditions are alternatives; equal ones count once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from codereader.index.parsed import Macro
from codereader.index.view import At

MOST_ALTERNATIVES = 4
"""So many different definitions of one name are followed for one file."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a name means as a macro: its alternatives.

    `is_own` tells that another file may mean something else by the name.
    """

    macros: tuple[Macro, ...]
    is_own: bool


class Macros:
    """The macros of many files. *sees* tells whether a file (first) includes another."""

    def __init__(self, found: Iterable[At[Macro]], sees: Callable[[str, str], bool]) -> None:
        self._sees = sees
        self._named: dict[str, dict[str, list[Macro]]] = {}
        for at in found:
            self._named.setdefault(at.fact.name, {}).setdefault(at.path, []).append(at.fact)
        self._shared: dict[str, Meaning | None] = {}
        self._own: dict[tuple[str, str], Meaning | None] = {}

    def __contains__(self, name: object) -> bool:
        return name in self._named

    def meaning(self, name: str, path: str) -> Meaning | None:
        """Return what *name* means in the file *path*, None where it is no macro there."""
        homes = self._named.get(name)
        if homes is None:
            return None
        if name not in self._shared:
            self._shared[name] = self._for_all(homes)
        shared = self._shared[name]
        if shared is not None:
            return shared
        key = (name, path)
        if key not in self._own:
            self._own[key] = self._for_one(homes, path)
        return self._own[key]

    def _for_all(self, homes: dict[str, list[Macro]]) -> Meaning | None:
        """Return what a name means wherever it is seen, None where that depends on the file."""
        if all(_is_common(path) for path in homes):
            made = _alternatives(one for path in sorted(homes) for one in homes[path])
            if len(homes) == 1 or len(made) == 1:
                return Meaning(made, is_own=False)
        return None

    def _for_one(self, homes: dict[str, list[Macro]], path: str) -> Meaning | None:
        if path in homes:
            return Meaning(_alternatives(homes[path]), is_own=True)
        seen = [home for home in sorted(homes) if self._sees(path, home)]
        if not seen:
            seen = [home for home in sorted(homes) if _is_common(home)][:1]
        if not seen:
            return None
        return Meaning(_alternatives(one for home in seen for one in homes[home]), is_own=True)


def _is_common(path: str) -> bool:
    """Whether a file is a header that any file of the tree may include."""
    return "/include/" in f"/{path}" and "/arch/" not in f"/{path}"


def _alternatives(found: Iterable[Macro]) -> tuple[Macro, ...]:
    """Return the different definitions among *found*; one without a condition where there are equal ones."""
    different: dict[tuple[tuple[str, ...] | None, str], Macro] = {}
    for one in found:
        key = (one.parameters, one.body)
        known = different.get(key)
        if known is None or (known.condition is not None and one.condition is None):
            different[key] = one
    return tuple(different.values())[:MOST_ALTERNATIVES]
