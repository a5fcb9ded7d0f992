"""What a Python expression may stand for: classes, objects, functions, modules of the scope, or something outside.

Works out the words of `codereader.index.python.held` in the file that they come from. Nothing is run; what is not
known is `UNKNOWN`, what is known to lie outside the scope `FOREIGN`.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from weakref import WeakKeyDictionary

from codereader.index.parsed import Definition
from codereader.index.python.files import Meaning, Module, PythonFiles, python_files
from codereader.index.python.values import FOREIGN, UNKNOWN, Key, Place, Value
from codereader.index.python.words import Words, words_of
from codereader.index.view import At, IndexView

DEEPEST = 20
"""So many steps from words to words are followed."""

MOST = 8
"""An expression that may stand for more than this is not known."""

LONGEST_LINE = 30
"""So many generations of classes are followed."""

_MAPPINGS = frozenset({"dict", "Mapping", "MutableMapping", "defaultdict", "OrderedDict", "WeakKeyDictionary",
                       "WeakValueDictionary", "Dict", "DefaultDict", "ChainMap", "MappingProxyType"})  # fmt: skip
_HANDING_ON = frozenset({"getattr", "next", "min", "max", "copy", "deepcopy", "replace", "partial", "closing", "cast",
                         "reduce", "proxy", "contextmanager", "wraps", "cache", "lru_cache", "vars", "globals",
                         "import_module", "__import__", "sorted", "list", "tuple", "set", "iter", "reversed", "dict",
                         "map", "filter", "zip", "enumerate", "type", "singledispatch", "nullcontext",
                         "enter_context", "get", "pop", "submit", "result"})  # fmt: skip
"""Functions from outside that may give back an object of the scope."""

_WRAPPING = frozenset({"Annotated", "ClassVar", "Final", "Required", "NotRequired", "ReadOnly", "InitVar", "Unpack",
                       "Awaitable", "TypeGuard"})  # fmt: skip
_LAST = frozenset({"Callable", "Coroutine"})
_ANY = frozenset({"Any", "object", "TypeVar", "Self", "ParamSpec"})
_NEXT = ("__next__", "__anext__")
_TUPLES = frozenset({"tuple", "Tuple"})
_ITEM_METHODS = frozenset({"get", "pop", "setdefault", "__getitem__"})
_BUILTINS = frozenset(dir(builtins))
_RETURNS = re.compile(r"\)\s*->\s*(.+)\Z", re.DOTALL)
_ALIAS = re.compile(r"(?:type )?\w+(?:\[[^=]*\])?(?:: ?[\w.]+)? = (.+)\Z", re.DOTALL)
_BOUND = re.compile(r"(?:[\w.]*\.)?TypeVar\(.*\bbound=([\w.\"']+)")
_NEW_TYPE = re.compile(r"(?:[\w.]*\.)?NewType\([^,]+,\s*([\w.\[\]]+)\)")


class PythonTypes:
    """Answers for one view; what was asked is kept while it is open."""

    def __init__(self, view: IndexView) -> None:
        self.files: PythonFiles = python_files(view)
        self._known: dict[tuple[str, Place], tuple[Value, ...]] = {}
        self._lines: dict[Key, tuple[tuple[Key, ...], bool]] = {}
        self._returned: dict[tuple[At[Definition], Key | None], tuple[Value, ...]] = {}
        self._open: set[Key] = set()
        self._busy: set[object] = set()

    # -- words ------------------------------------------------------------------------------------------------------

    def of(self, words: str, place: Place) -> tuple[Value, ...]:
        """Return what *words* at *place* may stand for."""
        key = (words, place)
        if key not in self._known:
            self._known[key] = self._of(words_of(words), place, 0)
        return self._known[key]

    def member(self, value: Value, name: str) -> tuple[Value, ...]:
        """Return what the attribute *name* of *value* may stand for."""
        return self._attribute(value, name, 0)

    def _of(self, words: Words, place: Place, depth: int) -> tuple[Value, ...]:
        if depth > DEEPEST:
            return (UNKNOWN,)
        if words.form == "union":
            return _distinct(value for part in words.parts for value in self._of(part, place, depth + 1))
        if words.form == "name":
            return self._annotated(words, place, depth)
        if words.form == "value":
            found = self._start(words, place, depth)
            for step in words.steps:
                found = _distinct(value for one in found for value in self._step(one, step, depth))
            return found
        return {"builtin": (FOREIGN,), "none": (FOREIGN,)}.get(words.form, (UNKNOWN,))

    def _start(self, words: Words, place: Place, depth: int) -> tuple[Value, ...]:
        if words.parts:
            return self._of(words.parts[0], place, depth + 1)
        kind, brace, inner = words.text.partition("{")
        if not brace:
            return self.named(words.text, place, depth)
        key = (place.path, inner.removesuffix("}"))
        if kind == "self":
            return (Value("object", key),)
        return (Value("class", key) if kind == "cls" else Value("super", key),)

    def named(self, name: str, place: Place, depth: int = 0) -> tuple[Value, ...]:
        """Return what the bare *name* at *place* may stand for."""
        meanings = self.files.visible(place.path, place.scope, name)
        if meanings is None:
            return (Value("foreign", name=name) if name in _BUILTINS else UNKNOWN,)
        return _distinct(value for one in meanings for value in self._meant(one, name, depth))

    def _meant(self, meaning: Meaning, name: str, depth: int) -> Iterator[Value]:
        if meaning is None:
            yield Value("foreign", name=name)
        elif isinstance(meaning, Module):
            yield Value("module", module=meaning)
        elif meaning.fact.kind == "class":
            yield Value("class", (meaning.path, dotted(meaning.fact)), exact=True)
        elif meaning.fact.kind in ("variable", "typedef"):
            yield from self._variable(meaning, depth)
        else:
            yield Value("function", at=meaning)

    def _variable(self, at: At[Definition], depth: int) -> tuple[Value, ...]:
        held = self.files.file(at.path).held.get("module", {}).get(at.fact.name)
        if held is None or at in self._busy:
            return (UNKNOWN,)
        self._busy.add(at)
        try:
            return self._of(words_of(held), Place(at.path), depth + 1)
        finally:
            self._busy.discard(at)

    # -- annotations ------------------------------------------------------------------------------------------------

    def _annotated(self, words: Words, place: Place, depth: int) -> tuple[Value, ...]:
        """Return what an object of the annotated type may be."""
        name = words.text.rpartition(".")[2]
        if name == "Self" and place.own is not None:
            return (Value("object", place.own),)
        if name in ("Optional", "Union"):
            return _distinct(value for part in words.parts for value in self._of(part, place, depth + 1))
        if name in _WRAPPING and words.parts:
            return self._of(words.parts[0], place, depth + 1)
        if name in ("type", "Type") and words.parts:
            objects = self._of(words.parts[0], place, depth + 1)
            return tuple(replace(one, kind="class") if one.kind == "object" else UNKNOWN for one in objects)
        first, *rest = words.text.split(".")
        found = self._type_names(first, place, depth)
        for step in rest:
            found = _distinct(value for one in found for value in self._step(one, f".{step}", depth))
        return _distinct(value for one in found for value in self._instance(one, name, words, place))

    def _type_names(self, name: str, place: Place, depth: int) -> tuple[Value, ...]:
        """Return what *name* means in an annotation: like `named`, but of a variable the type that it abbreviates."""
        meanings = self.files.visible(place.path, place.scope, name)
        if meanings is None:
            return (Value("foreign", name=name) if name in _BUILTINS else UNKNOWN,)
        found: list[Value] = []
        for one in meanings:
            if isinstance(one, At) and one.fact.kind in ("variable", "typedef"):
                found.extend(self._alias(one, depth))
            else:
                found.extend(self._meant(one, name, depth))
        return _distinct(found)

    def _alias(self, at: At[Definition], depth: int) -> tuple[Value, ...]:
        match = _ALIAS.match(at.fact.signature)
        if match is None or at in self._busy:
            return (UNKNOWN,)
        text = match[1]
        if "TypeVar(" in text or "NewType(" in text:
            bound = _BOUND.match(text) or _NEW_TYPE.match(text)
            if bound is None:
                return (UNKNOWN,)
            text = bound[1]
        self._busy.add(at)
        try:
            return self._of(words_of(text), Place(at.path), depth + 1)
        finally:
            self._busy.discard(at)

    def _instance(self, one: Value, name: str, words: Words, place: Place) -> Iterator[Value]:
        if one.kind == "class":
            yield Value("object", one.cls)
        elif one.kind in ("object", "items"):  # an alias stands for its objects
            yield one
        elif one.kind == "foreign":
            parts = words.parts[-1:] if name in _LAST else words.parts
            if parts:
                yield Value("items", name=name, parts=tuple((place, part) for part in parts))
            else:
                yield UNKNOWN if name in _ANY else FOREIGN
        else:
            yield UNKNOWN

    # -- steps ------------------------------------------------------------------------------------------------------

    def _step(self, value: Value, step: str, depth: int) -> tuple[Value, ...]:
        if depth > DEEPEST:
            return (UNKNOWN,)
        if step.startswith("."):
            return self._attribute(value, step[1:], depth + 1)
        if step == "()":
            return self._result(value, depth + 1)
        if step in ("[*]", "[with]"):
            return self._taken(value, step, depth + 1)
        return self._item(value, step.strip("[]"), depth + 1)

    def _attribute(self, value: Value, name: str, depth: int) -> tuple[Value, ...]:
        if value.kind == "module" and value.module is not None:
            found = self.files.within(value.module, name)
            return _distinct(made for one in found for made in self._meant(one, name, depth)) or (UNKNOWN,)
        if value.kind in ("object", "class", "super") and value.cls is not None:
            return self._member(value, value.cls, name, depth)
        if value.kind == "items":
            return self._method_of_items(value, name)
        return (Value("foreign", name=name),) if value.kind == "foreign" else (UNKNOWN,)

    def _member(self, value: Value, cls: Key, name: str, depth: int) -> tuple[Value, ...]:
        line, is_whole = self.line(cls)
        for key in line[1:] if value.kind == "super" else line:
            found = self.files.file(key[0]).definitions(key[1], name)
            if found:
                return _distinct(one for at in found for one in self._found(value, at, cls, depth))
            held = self.files.file(key[0]).held.get(f"class {key[1]}", {}).get(name)
            if held is not None:
                return self._kept(held, key, cls, depth)
        return (UNKNOWN,) if is_whole else (FOREIGN,)

    def _found(self, value: Value, at: At[Definition], cls: Key, depth: int) -> Iterator[Value]:
        if at.fact.kind == "class":
            yield Value("class", (at.path, dotted(at.fact)), exact=True)
        elif at.fact.kind == "property" and value.kind != "class":
            yield from self.returned(at, cls, depth)
        else:
            yield Value("function", cls, at=at)

    def _kept(self, words: str, key: Key, cls: Key, depth: int) -> tuple[Value, ...]:
        busy = (key, words)
        if busy in self._busy:
            return (UNKNOWN,)
        self._busy.add(busy)
        try:
            return self._of(words_of(words), Place(key[0], key[1], cls), depth + 1)
        finally:
            self._busy.discard(busy)

    def _result(self, value: Value, depth: int) -> tuple[Value, ...]:
        """Return what calling *value* gives."""
        if depth > DEEPEST:
            return (UNKNOWN,)
        if value.kind == "class":
            return (replace(value, kind="object"),)
        if value.kind == "function" and value.at is not None:
            return self.returned(value.at, value.cls, depth)
        if value.kind == "object" and value.cls is not None:
            made = self._member(value, value.cls, "__call__", depth)
            return _distinct(one for call in made if call.kind == "function" for one in self._result(call, depth + 1))
        if value.kind == "items":
            return self._any(value.parts[-1:] if value.name in _LAST else (), depth)
        return (FOREIGN,) if value.kind == "foreign" and value.name not in _HANDING_ON else (UNKNOWN,)

    def returned(self, at: At[Definition], cls: Key | None = None, depth: int = 0) -> tuple[Value, ...]:
        """Return what the function *at* gives back when it is called on an object of *cls*."""
        key = (at, cls)
        if key not in self._returned:
            if key in self._busy:
                return (UNKNOWN,)
            self._busy.add(key)
            try:
                found = self._returned_words(at, cls, depth)
            finally:
                self._busy.discard(key)
            if self._busy:
                return found
            self._returned[key] = found
        return self._returned[key]

    def _returned_words(self, at: At[Definition], cls: Key | None, depth: int) -> tuple[Value, ...]:
        match = _RETURNS.search(at.fact.signature)
        owner = at.fact.owner or ""
        own = cls or ((at.path, owner) if owner in self.files.file(at.path).classes else None)
        if match:
            return self._of(words_of(match[1]), Place(at.path, owner, own), depth + 1)
        held = self.files.file(at.path).held.get(f"def {dotted(at.fact)}", {}).get("return")
        return self._of(words_of(held), Place(at.path, dotted(at.fact), own), depth + 1) if held else (UNKNOWN,)

    def _item(self, value: Value, index: str, depth: int) -> tuple[Value, ...]:
        """Return what *value* has at *index*, the empty text for one that is not a number."""
        if depth > DEEPEST:
            return (UNKNOWN,)
        if value.kind == "class":
            return (value,)
        if value.kind == "object" and value.cls is not None:
            made = self._member(value, value.cls, "__getitem__", depth)
            return _distinct(one for call in made if call.kind == "function" for one in self._result(call, depth + 1))
        if value.kind == "items":
            parts: Sequence[tuple[Place, Words]] = value.parts[-1:] if value.name in _MAPPINGS else value.parts[:1]
            if value.name in _TUPLES and index and value.parts[-1][1].text != "...":
                parts = value.parts[int(index) :][:1] if len(index) < 3 else ()
            return self._any(parts, depth)
        return (FOREIGN,) if value.kind == "foreign" else (UNKNOWN,)

    def _taken(self, value: Value, step: str, depth: int) -> tuple[Value, ...]:
        """Return what iterating over *value* gives (``[*]``), or what a with statement gets from it."""
        if depth > DEEPEST:
            return (UNKNOWN,)
        if value.kind == "items":
            parts = [part for part in value.parts if part[1].text != "..."]
            return self._any(parts if value.name in _TUPLES else parts[:1], depth)
        if value.kind == "class":
            return (replace(value, kind="object"),)
        if value.kind != "object" or value.cls is None:
            return (FOREIGN,) if value.kind == "foreign" and value.name not in _HANDING_ON else (UNKNOWN,)
        for name in ("__enter__", "__aenter__") if step == "[with]" else ("__iter__", "__aiter__", *_NEXT):
            made = [one for one in self._member(value, value.cls, name, depth) if one.kind == "function"]
            if not made:
                continue
            found = _distinct(one for call in made for one in self._result(replace(call, cls=value.cls), depth + 1))
            if step == "[with]":
                is_own = all(one.cls == value.cls or one.kind == "unknown" for one in found)
                return (value,) if is_own else found
            if name in _NEXT:
                return found
            if any(one.kind == "object" and one.cls == value.cls for one in found):  # its own iterator
                continue
            return _distinct(one for iterator in found for one in self._taken(iterator, step, depth + 1))
        return (value,) if step == "[with]" else (UNKNOWN,)

    def _any(self, parts: Sequence[tuple[Place, Words]], depth: int) -> tuple[Value, ...]:
        return _distinct(one for place, part in parts for one in self._of(part, place, depth + 1)) or (UNKNOWN,)

    def _method_of_items(self, value: Value, name: str) -> tuple[Value, ...]:
        """Return a container's method as something to call."""
        place, last = value.parts[-1]
        if value.name in _MAPPINGS and len(value.parts) == 2:
            pair = Words("name", "tuple", (value.parts[0][1], last))
            made = {"items": pair, "values": last, "keys": value.parts[0][1]}.get(name)
            given = Words("name", "list", (made,)) if made is not None else last if name in _ITEM_METHODS else None
        else:
            given = value.parts[0][1] if name in ("pop", "popleft", "send", "__next__") else None
        return (Value("items", name="Callable", parts=((place, given),)),) if given is not None else (FOREIGN,)

    # -- classes ----------------------------------------------------------------------------------------------------

    def line(self, cls: Key, depth: int = 0) -> tuple[tuple[Key, ...], bool]:
        """Return *cls* and the classes above it in the order in which members are looked for, left to right, and
        whether all of them lie in the scope. A class that is its own ancestor counts once.
        """
        if cls in self._lines:
            return self._lines[cls]
        if cls in self._open or depth > LONGEST_LINE:
            return (), True
        self._open.add(cls)
        parents, is_whole = self.parents(cls)
        above: list[Key] = []
        for parent in parents:
            line, whole = self.line(parent, depth + 1)
            above.extend(line)
            is_whole = is_whole and whole
        self._open.discard(cls)
        last = dict.fromkeys(reversed(above))  # a class that two parents share comes after both
        found = (cls, *(key for key in reversed(last) if key != cls)), is_whole
        if not self._open:
            self._lines[cls] = found
        return found

    def parents(self, cls: Key) -> tuple[list[Key], bool]:
        """Return the classes of the scope that *cls* names as its bases, in order, and whether these are all."""
        at = self.files.file(cls[0]).classes.get(cls[1])
        found: list[Key] = []
        is_whole = at is not None
        for base in at.fact.fields if at is not None else ():
            if re.match(r"\w+=", base) or base.split("[")[0].rpartition(".")[2] in (
                "Generic",
                "Protocol",
                "ABC",
                "object",
            ):
                continue
            values = self._of(words_of(base), Place(cls[0], at.fact.owner or "" if at else ""), 1)
            keys = [one.cls for one in values if one.kind == "object" and one.cls is not None]
            found.extend(keys[:1])
            is_whole = is_whole and bool(keys)
        return found, is_whole


def dotted(one: Definition) -> str:
    """Return the name of a definition with those of the definitions around it."""
    return f"{one.owner}.{one.name}" if one.owner else one.name


def _distinct(found: Iterable[Value]) -> tuple[Value, ...]:
    kept = tuple(dict.fromkeys(found))
    return kept if len(kept) <= MOST else (UNKNOWN,)


_TYPES: WeakKeyDictionary[IndexView, PythonTypes] = WeakKeyDictionary()


def python_types(view: IndexView) -> PythonTypes:
    """Return what is known of the types of *view*, worked out once."""
    found = _TYPES.get(view)
    if found is None:
        found = _TYPES[view] = PythonTypes(view)
    return found
