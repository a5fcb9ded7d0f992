"""The names of each Python file of a view: what it defines, imports and says of its variables, by namespace.

A namespace is the dotted name of a function or class of the file, ``""`` for the module. Each file is read once while
the view is open, when it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary, ref

from codereader.index.includes import include_map
from codereader.index.parsed import Definition, Include
from codereader.index.python.extract import MODULE_AS
from codereader.index.python.modules import Modules, child
from codereader.index.view import At, IndexView

DEEPEST = 8
"""So many re-exports are followed."""

_LESSER = ("@overload", "@typing.overload")


@dataclass(frozen=True, slots=True)
class Module:
    """A module as it is imported in the file `path`: `target` is its name, `file` its file in the scope, if any."""

    path: str
    target: str
    file: str | None


Meaning = At[Definition] | Module | None
"""What a name may stand for; None: something outside the scope."""


@dataclass(slots=True)
class PythonFile:
    """One file. `defined` has the definitions of each namespace by name, `imported` what imports bind there.

    An import is the module's name and the name in it, None for the module itself. `stars` are the modules all of
    whose names are imported. `held` are the words of records: ``class Box``, ``def open``, ``module``.
    """

    path: str
    defined: dict[str, dict[str, list[At[Definition]]]] = field(default_factory=dict)
    imported: dict[str, dict[str, list[tuple[str, str | None]]]] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)
    held: dict[str, dict[str, str]] = field(default_factory=dict)
    classes: dict[str, At[Definition]] = field(default_factory=dict)

    def definitions(self, owner: str, name: str) -> Sequence[At[Definition]]:
        """Return the definitions called *name* directly in *owner*, without overloads that another one serves."""
        return self.defined.get(owner, {}).get(name, ())


class PythonFiles:
    """The Python files of *view*."""

    def __init__(self, view: IndexView) -> None:
        self._view = ref(view)
        self._map = include_map(view)
        self.modules: Modules = self._map.modules
        self._files: dict[str, PythonFile] = {}
        self._offered: dict[tuple[str, str], list[Meaning]] = {}

    @property
    def view(self) -> IndexView:
        """The view, which must be open."""
        view = self._view()
        if view is None:
            msg = "the view has gone"
            raise RuntimeError(msg)
        return view

    def file(self, path: str) -> PythonFile:
        """Return the names of the file *path*."""
        found = self._files.get(path)
        if found is None:
            found = self._files[path] = self._read(path)
        return found

    def _read(self, path: str) -> PythonFile:
        made = PythonFile(path)
        definitions = self.view.definitions(path=path)
        for at in definitions:
            owner = at.fact.owner or ""
            made.defined.setdefault(owner, {}).setdefault(at.fact.name, []).append(at)
            if at.fact.kind == "class":
                made.classes.setdefault(f"{owner}.{at.fact.name}" if owner else at.fact.name, at)
        for names in made.defined.values():
            for name, some in names.items():
                if len(some) > 1:
                    names[name] = _served(some)
        for owner, include in _placed(definitions, self._map.includes(path)):
            self._import(made, owner, include)
        for record in self.view.records(path=path):
            made.held.setdefault(record.fact.name, {}).update((one.name, one.type) for one in record.fact.members)
        return made

    def _import(self, made: PythonFile, owner: str, include: Include) -> None:
        bound = made.imported.setdefault(owner, {})
        if "*" in include.names:
            made.stars.append(include.target)
        elif not include.names:  # import a.b.c binds a
            first = include.target.partition(".")[0]
            bound.setdefault(first, []).append((first, None))
        elif include.names[0].startswith(MODULE_AS):
            bound.setdefault(include.names[0].removeprefix(MODULE_AS), []).append((include.target, None))
        else:
            for one in include.names:
                original, _, alias = one.partition(" as ")
                bound.setdefault(alias or original, []).append((include.target, original))

    def visible(self, path: str, scope: str | None, name: str) -> Sequence[Meaning] | None:
        """Return what *name* means in the namespace *scope* of *path*, None where nothing binds it there or around."""
        made = self.file(path)
        here = scope or ""
        inner = here
        while here:
            if here == inner or here not in made.classes:
                found = self._in(made, here, name)
                if found:
                    return found
            here = here.rpartition(".")[0]
        return self.offered(path, name) or None

    def _in(self, made: PythonFile, owner: str, name: str, depth: int = DEEPEST) -> list[Meaning]:
        own: list[Meaning] = list(made.definitions(owner, name))
        found = [one for way in made.imported.get(owner, {}).get(name, ()) for one in self._through(made, way, depth)]
        if own:  # a definition in the place of an import that fails
            return own + [one for one in found if isinstance(one, At)]
        return list(dict.fromkeys(found)) if len(found) > 1 else found

    def _through(self, made: PythonFile, way: tuple[str, str | None], depth: int) -> list[Meaning]:
        target, original = way
        file = self.modules.find(made.path, target)
        if original is None:
            is_known = file is not None or self.modules.holds(made.path, target)
            return [Module(made.path, target, file) if is_known else None]
        if file is not None and (found := self._offers(file, original, depth - 1)):
            return found
        inner = child(target, original)
        below = self.modules.find(made.path, inner)
        if below is not None or self.modules.holds(made.path, inner):
            return [Module(made.path, inner, below)]
        return [None]

    def offered(self, path: str, name: str) -> list[Meaning]:
        """Return what the module at *path* offers under *name*: its own, else what it imports."""
        key = (path, name)
        if key not in self._offered:
            self._offered[key] = self._offers(path, name, DEEPEST)
        return self._offered[key]

    def _offers(self, path: str, name: str, depth: int) -> list[Meaning]:
        if depth <= 0:
            return []
        made = self.file(path)
        found = self._in(made, "", name, depth)
        if found:
            return found
        for target in made.stars:
            file = self.modules.find(path, target)
            inner = self._offers(file, name, depth - 1) if file else []
            inner = [one for one in inner if one is not None]
            if inner and not name.startswith("_"):
                return inner
        return []

    def within(self, module: Module, name: str) -> list[Meaning]:
        """Return what ``module.name`` means."""
        if module.file is not None and (found := self.offered(module.file, name)):
            return found
        inner = child(module.target, name)
        below = self.modules.find(module.path, inner)
        return [Module(module.path, inner, below)] if below or self.modules.holds(module.path, inner) else []


def _served(some: Sequence[At[Definition]]) -> list[At[Definition]]:
    """Leave out overloads, setters and deleters where there is what they belong to."""
    kept = [
        at
        for at in some
        if not any(mark in _LESSER or mark.endswith((".setter", ".deleter")) for mark in at.fact.fields)
    ]
    return kept or list(some)


def _placed(definitions: Sequence[At[Definition]], includes: Sequence[Include]) -> Iterator[tuple[str, Include]]:
    """Yield each import with the dotted name of the function around it, ``""`` for none."""
    functions = [at.fact for at in definitions if at.fact.kind in ("function", "method", "property")]
    functions.sort(key=lambda one: (one.span.first_row, -one.span.last_row))
    waiting: list[Definition] = []
    place = 0
    for include in sorted(includes, key=lambda one: one.row):
        while place < len(functions) and functions[place].span.first_row <= include.row:
            waiting.append(functions[place])
            place += 1
        while waiting and waiting[-1].span.last_row < include.row:
            waiting.pop()
        around = waiting[-1] if waiting else None
        yield (f"{around.owner}.{around.name}" if around.owner else around.name) if around else "", include


_FILES: WeakKeyDictionary[IndexView, PythonFiles] = WeakKeyDictionary()


def python_files(view: IndexView) -> PythonFiles:
    """Return the Python files of *view*, worked out once."""
    found = _FILES.get(view)
    if found is None:
        found = _FILES[view] = PythonFiles(view)
    return found
