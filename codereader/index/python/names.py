"""From a Python name as it is used to its definitions.

A bare name is looked for in the namespaces around it, then where an import says. A receiver is followed through what
the files say of it: modules, classes, constructors, annotations, attributes. Where an object may be of a class below
the one that is known, every method that overrides the one that is found is named too, as ``one of N``. A method of an
object of which nothing is known is looked for by its name alone, unless that is a common one; it counts as one of
those that are found and of what lies outside.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from weakref import WeakKeyDictionary

from codereader.index.candidate import BY_INCLUDE, SAME_FILE, Candidate, among
from codereader.index.includes import include_map
from codereader.index.parsed import Definition
from codereader.index.python.classes import Overrides
from codereader.index.python.common import COMMON_METHODS
from codereader.index.python.files import Module
from codereader.index.python.held import UNKNOWN
from codereader.index.python.types import PythonTypes, dotted, python_types
from codereader.index.python.values import Place, Value
from codereader.index.view import At, IndexView

MOST_NAMESAKES = 20
"""A method of an unknown object with more possible definitions than this is not resolved."""


def python_names(
    view: IndexView, path: str, name: str, receiver: str | None, caller: str | None = None, base: str | None = None
) -> tuple[Candidate, ...]:
    """Return what *name*, used in the Python file *path* after *receiver*, may mean; best first, then by place.

    *caller* and *base* are those of the `Reference`; without them less is found.
    """
    known = _NAMES.get(view)
    if known is None:
        known = _NAMES[view] = PythonNames(python_types(view))
    return known.resolve(path, name, receiver, caller, base)


class PythonNames:
    """Answers for one view, each worked out once."""

    def __init__(self, types: PythonTypes) -> None:
        self._types = types
        self._overrides = Overrides(types)
        self._namesakes: dict[str, tuple[Candidate, ...]] = {}
        self._known: dict[tuple[str | None, ...], tuple[Candidate, ...]] = {}

    def resolve(
        self, path: str, name: str, receiver: str | None, caller: str | None, base: str | None
    ) -> tuple[Candidate, ...]:
        """Return what a name may mean, as `python_names` does."""
        key = (path, name, receiver, caller, base)
        if key not in self._known:
            if receiver is None:
                self._known[key] = self._bare(path, name, caller or "", base)
            else:
                self._known[key] = self._on(path, name, receiver, caller or "", base)
        return self._known[key]

    # -- bare names -------------------------------------------------------------------------------------------------

    def _bare(self, path: str, name: str, caller: str, base: str | None) -> tuple[Candidate, ...]:
        if base is not None:
            return self._values(path, self._types.of(base, Place(path, caller))) if base != UNKNOWN else ()
        found = self._types.files.visible(path, caller, name)
        if found is None:
            return self._nested(path, name) if not caller else ()
        definitions = [one for one in found if isinstance(one, At)]
        same = [one for at in definitions if (one := self._other_name(at)) is not None]
        return _worded(path, same or definitions)

    def _nested(self, path: str, name: str) -> tuple[Candidate, ...]:
        """Return functions inside others, for uses whose caller is not told."""
        named = (names.get(name, ()) for names in self._types.files.file(path).defined.values())
        return _worded(path, [at for some in named for at in some if at.fact.kind in ("function", "class")])

    def _other_name(self, at: At[Definition]) -> At[Definition] | None:
        """Return the function or class that a variable is only another name for."""
        if at.fact.kind != "variable":
            return None
        held = self._types.files.file(at.path).held.get("module", {}).get(at.fact.name, "")
        if not held.startswith("=") or not held[1:].replace(".", "").isidentifier():
            return None
        values = self._types.of(held, Place(at.path))
        found = self._definitions(values)
        return found[0] if len(found) == 1 else None

    def _values(self, path: str, values: Iterable[Value]) -> tuple[Candidate, ...]:
        """Return what calling a variable that holds *values* runs."""
        found: list[At[Definition]] = []
        others = 0
        for value in values:
            called = self._types.member(value, "__call__") if value.kind == "object" else (value,)
            some = self._definitions(called)
            found.extend(some)
            others += not some
        return _worded(path, list(dict.fromkeys(found)), others)

    def _definitions(self, values: Iterable[Value]) -> list[At[Definition]]:
        found: list[At[Definition]] = []
        for value in values:
            if value.kind == "function" and value.at is not None:
                found.append(value.at)
            elif value.kind == "class" and value.cls is not None:
                at = self._types.files.file(value.cls[0]).classes.get(value.cls[1])
                found.extend([at] if at is not None else [])
        return list(dict.fromkeys(found))

    # -- names after a dot ------------------------------------------------------------------------------------------

    def _on(self, path: str, name: str, receiver: str, caller: str, base: str | None) -> tuple[Candidate, ...]:
        values = self._receiver(path, receiver, caller, base)
        found: list[At[Definition]] = []
        is_open = not values
        others = 0
        for value in values:
            if value.kind == "unknown":
                is_open = True
            elif value.kind == "module" and value.module is not None:
                found.extend(self._in_module(value.module, name))
            else:
                some = self._found(value, name, self._types.member(value, name))
                found.extend(some)
                others += value.kind == "foreign" and name in COMMON_METHODS
        found = list(dict.fromkeys(found))
        if found:
            return _worded(path, found, others + is_open)
        return self._any_method(name) if is_open else ()

    def _receiver(self, path: str, receiver: str, caller: str, base: str | None) -> Sequence[Value]:
        if base is None and caller == "" and receiver in ("self", "cls"):
            classes = self._types.files.file(path).classes
            return [Value("object", (path, key)) for key in sorted(classes)]
        return self._types.of(base or f"={receiver}", Place(path, caller))

    def _in_module(self, module: Module, name: str) -> list[At[Definition]]:
        found = [one for one in self._types.files.within(module, name) if isinstance(one, At)]
        same = [one for at in found if (one := self._other_name(at)) is not None]
        return same or found

    def _found(self, value: Value, name: str, held: Iterable[Value]) -> list[At[Definition]]:
        """Return the definitions behind an attribute, with those that may take their place."""
        found: list[At[Definition]] = []
        for one in held:
            if one.kind == "object":  # an attribute that is called
                found.extend(self._definitions(self._types.member(one, "__call__")))
            else:
                found.extend(self._definitions([one]))
        if value.cls is not None and value.kind in ("object", "class"):
            found = (self._property(value, name) if value.kind == "object" else []) or found
            if found and not value.exact and found[0].fact.owner is not None:
                found.extend(self._overrides.below(value.cls, name))
        return found

    def _property(self, value: Value, name: str) -> list[At[Definition]]:
        for key in self._types.line(value.cls)[0] if value.cls is not None else ():
            found = self._types.files.file(key[0]).definitions(key[1], name)
            if found:
                return [at for at in found if at.fact.kind == "property"]
        return []

    def _any_method(self, name: str) -> tuple[Candidate, ...]:
        if name not in self._namesakes:
            view = self._types.files.view
            named = () if name in COMMON_METHODS else view.definitions(name=name, kinds=("method",))
            found = [at for at in named if _is_python(view, at.path)]
            first = {(at.path, dotted(at.fact)): at for at in reversed(found)}
            kept = among(tuple(reversed(first.values())))
            self._namesakes[name] = kept if len(kept) <= MOST_NAMESAKES else ()
        return self._namesakes[name]


def _is_python(view: IndexView, path: str) -> bool:
    file = view.file(path)
    return file is not None and file.language == "python"


def _worded(path: str, found: Sequence[At[Definition]], others: int = 0) -> tuple[Candidate, ...]:
    """Return *found* under one word; twins of one name in one file, as under an ``if``, count as one.

    There may be so many *others* that lie outside or are not known.
    """
    count = len({(at.path, dotted(at.fact)) for at in found}) + others
    word = SAME_FILE if found and found[0].path == path else BY_INCLUDE
    return tuple(Candidate(at, word if count == 1 else f"one of {count}") for at in found)


_NAMES: WeakKeyDictionary[IndexView, PythonNames] = WeakKeyDictionary()


def module_file(view: IndexView, path: str, target: str) -> str | None:
    """Return the file of the module *target*, imported in *path*; None where it lies outside the scope."""
    return include_map(view).modules.find(path, target)
