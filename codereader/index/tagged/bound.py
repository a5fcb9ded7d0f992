"""What the imports of a file bind to a name, in the languages that are read through tags, through re-exports.

Holds besides what was worked out for one view: definitions by name, where targets lead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from weakref import WeakKeyDictionary

from codereader.index.candidate import Candidate
from codereader.index.includes import include_map
from codereader.index.parsed import Definition, Include
from codereader.index.tagged.imports import Place, Places, places
from codereader.index.view import At, IndexView
from codereader.source.languages import Language

DEPTH = 5
"""How many re-exports are followed."""

_DEFAULT = re.compile(r"^export default\b")
_VERSION = re.compile(r"v\d+$")

Found = list[At[Definition]]


def known_of(view: IndexView) -> Known:
    """Return what was worked out for *view*, for as long as that is open."""
    found = _KNOWN.get(view)
    if found is None:
        found = _KNOWN[view] = Known()
    return found


class Known:
    """What was worked out for one view, so that it is worked out once."""

    def __init__(self) -> None:
        self.answers: dict[tuple[str, str, str | None, str | None, str | None], tuple[Candidate, ...]] = {}
        self.named: dict[tuple[str, str], Found] = {}
        self.is_whole = False
        self.languages: dict[str, Language | None] = {}
        self.imported: dict[str, frozenset[str]] = {}
        self.targets: dict[tuple[str, str], Place | None] = {}


_KNOWN: WeakKeyDictionary[IndexView, Known] = WeakKeyDictionary()


class Imports:
    """What the imports of one file bind, followed to where it is defined."""

    def __init__(self, view: IndexView, path: str, language: Language, known: Known) -> None:
        self._view = view
        self._path = path
        self._language = language
        self._known = known
        self._style = language.imports
        self._places: Places = places(view)
        self._asked: set[tuple[str, str]] = set()

    def target(self, path: str, target: str) -> Place | None:
        """Return where *target*, imported in *path*, leads; None for outside the scope."""
        if (path, target) not in self._known.targets:
            self._known.targets[path, target] = self._places.find(self._language, path, target)
        return self._known.targets[path, target]

    def imported(self, path: str, name: str, depth: int) -> Found:
        """Return the definitions that an import in *path* binds to *name*, through re-exports."""
        is_again = (path, name) in self._asked or (depth < DEPTH and self._style not in ("file", "crate"))
        if depth == 0 or is_again:
            return []
        self._asked.add((path, name))
        for include in include_map(self._view).includes(path):
            for original in self._originals(include, name):
                place = self.target(path, include.target)
                found = self._item(place, original, depth - 1) if place else []
                if found:
                    return found
        return []

    def _originals(self, include: Include, name: str) -> Iterator[str]:
        """Yield what the target calls the thing that *include* binds to *name*: ``""`` for the target itself."""
        if not include.names and self._style in ("package", "crate") and last_name(include.target) == name:
            yield ""
        if not include.names and self._style == "file" and self._language.family != "javascript":
            yield name
        for one in include.names:
            original, _, alias = one.partition(" as ")
            if one == "*":
                yield name
            elif (alias or original) == name:
                yield "" if original == "*" else original

    def _item(self, place: Place, original: str, depth: int) -> Found:
        """Return what is called *original* at *place*, or what the place itself names."""
        if original == "default":
            return self._default(place)
        if original:
            return self.offered(place, original, depth)
        if place.inside:
            return self.offered(Place(place.files, place.inside[:-1]), place.inside[-1], depth)
        if self._style == "package":
            return [at for path in place.files for at in self._view.definitions(name=_stem(path), path=path)]
        return self._default(place) if self._style == "file" else []

    def offered(self, place: Place, name: str, depth: int) -> Found:
        """Return the definitions called *name* that stand directly in *place*, or that it imports under that name."""
        owner = ".".join(place.inside)
        named = self._view.definitions(name=name)
        own = [at for at in named if at.path in place.files and (at.fact.owner or "") == owner]
        if not own and self._style == "package":
            own = [at for at in named if at.path in place.files and at.fact.owner]
        if own or place.inside:
            return own
        return next((found for path in place.files if (found := self.imported(path, name, depth))), [])

    def _default(self, place: Place) -> Found:
        """Return what a module offers by default: what says so, else the only thing that it exports."""
        top = [at for path in place.files for at in self._view.definitions(path=path) if at.fact.exported]
        top = [at for at in top if at.fact.owner is None]
        said = [at for at in top if _DEFAULT.match(at.fact.signature)]
        return said or (top if len(top) == 1 else [] if top else self._passed_on(place))

    def _passed_on(self, place: Place) -> Found:
        """Return the default of the one module that a module without offers of its own hands on whole."""
        whole = [(path, one) for path in place.files for one in include_map(self._view).includes(path)]
        if len(whole) != 1 or whole[0][1].names != ("*",):
            return []
        path, include = whole[0]
        further = self.target(path, include.target)
        if further is None or (path, "default") in self._asked:
            return []
        self._asked.add((path, "default"))
        return self._default(further)

    def _files(self, include: Include) -> Sequence[str]:
        place = self.target(self._path, include.target)
        return place.files if place else ()

    def files(self) -> frozenset[str]:
        """Return the files that the imports lead to."""
        if self._path not in self._known.imported:
            files = (file for one in include_map(self._view).includes(self._path) for file in self._files(one))
            self._known.imported[self._path] = frozenset(files)
        return self._known.imported[self._path]


@lru_cache(maxsize=4096)
def last_name(target: str) -> str:
    """Return the name by which a whole target goes: its last part, without a version behind it."""
    parts = re.split(r"::|[./]", target)
    while len(parts) > 1 and _VERSION.match(parts[-1]):
        parts.pop()
    return parts[-1]


def _stem(path: str) -> str:
    return path.rpartition("/")[2].partition(".")[0]
