"""The main types of a project: what they build on, who builds on them, who makes them, what they hold and offer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import log2

from codereader.facts.brief.material import tally
from codereader.facts.brief.project.contracts import PROTOCOL, Contracts
from codereader.facts.brief.project.scene import TYPES, Scene, dotted, is_public, unique
from codereader.facts.outline import Node
from codereader.index.parsed import Definition
from codereader.index.view import At

MOST_INNER = 8
"""A type with more types inside is one whose end the parser did not see."""

MOST_USERS = 8
"""Files that count as users of a type; what everything uses is not more important than that."""

VALUE_SHARE = 0.7
"""What a type of short methods alone counts: it holds a value and decides little."""

FEW = 4
"""A type that keeps and does less than this needs no second line."""

_WORD = re.compile(r"[A-Za-z_]\w*")
_DULL_BASES = frozenset(
    "Debug Clone Copy PartialEq Eq Hash Default AsRef AsMut From Into TryFrom TryInto FromStr Display PartialOrd Ord "
    "Borrow Deref DerefMut Serialize Deserialize Send Sync object Serializable Cloneable Comparable FromIterator "
    "IntoIterator Extend Index IndexMut Not BitOr BitAnd ToString UnwindSafe RefUnwindSafe".split()
)
_OBJECT = re.compile(r"=(?:new |&)?(?:\w+(?:\.|::))*(\w+)(?:<[^()]*>)?(?:\(\)|\{\})$")
_FUNCTIONS = re.compile(r"func\(|function<|Fn|Callable\[")
_FILE = re.compile(r"/|\.(?:h|hh|hpp|hxx)$")
_LOCK = re.compile(r"(?i)mutex|rwlock|\block\b|semaphore|condvar")
_VIRTUAL = re.compile(r"\bvirtual\s[^;(){}~]*?\b([A-Za-z]\w*)\s*\(")
_CLASS = re.compile(r"\b(?:class|struct)\s+(?:[A-Z_]+\s+)?(\w+)[^;{}()]*\{")
_MAKES = re.compile(
    r"(?:[Nn]ew|[Oo]pen|[Cc]reate|[Mm]ake|[Ff]rom|[Dd]efault|[Pp]arse|[Cc]onnect)(?:[A-Z_0-9]|$)|[Bb]uild$"
)


@dataclass(frozen=True, slots=True)
class Kind:
    """One type of the project. `bases` are as written; `heirs` are the own types that build on it."""

    at: At[Definition]
    bases: tuple[str, ...]
    heirs: tuple[str, ...]
    methods: tuple[Definition, ...]
    keeps: tuple[str, ...]
    makers: tuple[str, ...]
    worth: float

    @property
    def name(self) -> str:
        """The name alone."""
        return self.at.fact.name


class Kinds:
    """The types of one project. *run* is what its main operations run; a type with much of it is a main one."""

    def __init__(self, scene: Scene, run: Iterable[Node] = ()) -> None:
        self._scene = scene
        self._run: dict[str, int] = {}
        for node in run:
            owner = node.name.rpartition(".")[0]
            self._run[owner] = self._run.get(owner, 0) + 1
        self._types = [at for at in scene.definitions if at.fact.kind in TYPES and self._is_told(at)]

    def _is_told(self, at: At[Definition]) -> bool:
        is_variant = re.search(rf"\b{re.escape(at.fact.name)}\s*<", at.fact.signature) is not None
        is_inner = at.fact.kind == "enum" and bool(at.fact.owner)
        is_special = is_variant and self._scene.material.language(at.path) == "cpp"
        return not is_inner and not is_special and not self._scene.spell(at.path, "").strip()

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of the own types."""
        return frozenset(at.fact.name for at in self._types)

    @cached_property
    def _written(self) -> Mapping[tuple[str, str], tuple[tuple[str, str], ...]]:
        """By path and type: the members as (name, type as written), a base with an empty name."""
        found: dict[tuple[str, str], tuple[tuple[str, str], ...]] = {}
        for path in sorted(self._scene.paths):
            for at in self._scene.view.records(path=path):
                head, _, name = at.fact.name.partition(" ")
                if head in ("type", "class") and name:
                    made = tuple((one.name, one.type) for one in at.fact.members)
                    found[(path, name)] = (*found.get((path, name), ()), *made)
        return found

    @cached_property
    def _anywhere(self) -> Mapping[tuple[str, str], tuple[str, ...]]:
        """By folder and type: the bases that any file of the folder gives it."""
        found: dict[tuple[str, str], tuple[str, ...]] = {}
        for (path, name), members in sorted(self._written.items()):
            key = (self._scene.family(path), name)
            bases = (kind for member, kind in members if not member)
            found[key] = tuple(unique((*found.get(key, ()), *bases)))
        return found

    def bases(self, at: At[Definition]) -> tuple[str, ...]:
        """Return what a type builds on, as written."""
        told = self._anywhere.get((self._scene.family(at.path), dotted(at.fact)), ())
        if self._namesakes.get(dotted(at.fact), 0) > 1:
            members = self._written.get((at.path, dotted(at.fact)), ())
            told = tuple(kind for member, kind in members if not member)
        own = at.fact.fields if at.fact.kind == "class" else ()
        plain = (_plain(one) for one in (*own, *told))
        return tuple(unique(one for one in plain if one and last_name(one) not in _DULL_BASES))

    @cached_property
    def _namesakes(self) -> Mapping[str, int]:
        """How many own types have a dotted name."""
        return dict(tally(dotted(at.fact) for at in self._types))

    @cached_property
    def heirs(self) -> Mapping[tuple[str, str], tuple[str, ...]]:
        """The names of the own types that build on a type, by its path and dotted name."""
        found: dict[tuple[str, str], list[str]] = {}
        for at in self._types:
            for base in self.bases(at):
                meant = self._meant(at, base)
                if meant and meant.fact.name != at.fact.name and not self._is_held(at, meant):
                    found.setdefault((meant.path, dotted(meant.fact)), []).append(at.fact.name)
        named = [at for at in self._scene.definitions if at.fact.kind == "typedef" and at.path.endswith(".go")]
        for interface, types in Contracts(self._scene, [*self._types, *named], self.bases, self._attributes).kept():
            found.setdefault((interface.path, dotted(interface.fact)), []).extend(types)
        return {key: tuple(unique(some)) for key, some in found.items()}

    def _is_held(self, at: At[Definition], meant: At[Definition]) -> bool:
        """Tell whether *at* implements nothing of what it builds on: it holds an interface of Go, or asks for more than
        another protocol.
        """
        is_go = meant.fact.kind == "interface" and self._scene.material.language(at.path) == "go"
        return is_go or all(any(PROTOCOL.search(base) for base in one.fact.fields) for one in (at, meant))

    def _meant(self, at: At[Definition], base: str) -> At[Definition] | None:
        """Return the own type that *base* of *at* most likely means: one that stands in no other type.

        Of several it is the one beside *at*, or the one whose file *at*'s includes by name.
        """
        words = re.split(r"::|\.", base)
        named = self._named.get(words[-1], ())
        ending = [one for one in named if f".{dotted(one.fact)}".endswith("." + ".".join(words))]
        outer = [one for one in ending if len(words) > 1 or (one.fact.owner or "") not in self._dotted]
        some = outer or ending
        if len(some) < 2:
            return some[0] if some else None
        near = [one for one in some if one.path == at.path] or [
            one for one in some if one.path.rpartition("/")[0] == at.path.rpartition("/")[0]
        ]
        near = near or [one for one in some if _stem(one.path) in self._included(at.path)]
        return near[0] if near else None

    @cached_property
    def _named(self) -> Mapping[str, Sequence[At[Definition]]]:
        """The own types by bare name, by dotted name and place."""
        found: dict[str, list[At[Definition]]] = {}
        for at in sorted(self._types, key=lambda at: (dotted(at.fact), at.path, at.fact.row)):
            found.setdefault(at.fact.name, []).append(at)
        return found

    def _included(self, path: str) -> frozenset[str]:
        """Return the last names of what a file includes."""
        targets = (at.fact.target for at in self._scene.view.includes(path=path))
        return frozenset(_stem(one) if _FILE.search(one) else re.split(r"[.:]+", one)[-1] for one in targets)

    @cached_property
    def _dotted(self) -> frozenset[str]:
        return frozenset(dotted(at.fact) for at in self._types)

    def _attributes(self, at: At[Definition]) -> list[str]:
        """Return the members of a type that are values."""
        return [name for name, _ in self._written.get((at.path, dotted(at.fact)), ()) if name]

    @cached_property
    def _makers(self) -> Mapping[str, tuple[tuple[str, str], ...]]:
        """By name of a type: functions that give it back or call its constructor, each with its folder."""
        found: dict[str, list[tuple[str, str]]] = {}
        for at in self._scene.definitions:
            if at.fact.kind in ("function", "method") and is_public(at.fact, self._scene.material.language(at.path)):
                for name in self._given(at):
                    spelled = self._scene.spell(at.path, dotted(at.fact))
                    found.setdefault(name, []).append((spelled, at.path.rpartition("/")[0]))
        for path in self._scene.material.uses.looked:
            if path in self._scene.paths and self._scene.material.language(path) not in ("go", "rust"):
                for one in self._scene.references(path):
                    if (
                        one.fact.kind == "call"
                        and one.fact.name in self.names
                        and one.fact.caller
                        and one.fact.receiver is None
                    ):
                        caller = self._scene.spell(path, one.fact.caller)
                        if re.split(r"::|\.", caller)[0] != one.fact.name:
                            found.setdefault(one.fact.name, []).append((caller, path.rpartition("/")[0]))
        return {name: tuple(dict.fromkeys(some)) for name, some in found.items()}

    def _given(self, at: At[Definition]) -> Iterator[str]:
        """Yield the own types that a function named like a maker gives back, as its signature says."""
        language = self._scene.material.language(at.path)
        if language not in ("go", "rust") or not _MAKES.match(at.fact.name):
            return
        signature = at.fact.signature
        result = signature.rpartition("->")[2] if language == "rust" else signature.rpartition(")")[2]
        if language == "go" and signature.endswith(")"):
            result = signature[signature.rfind("(") :]
        if language == "rust" and "->" not in signature:
            return
        for word in _WORD.findall(result):
            if word == "Self" and at.fact.owner:
                yield at.fact.owner.rpartition(".")[2]
            elif word in self.names:
                yield word

    @cached_property
    def ranked(self) -> tuple[Kind, ...]:
        """The types, the most important first."""
        made = [self._kind(at) for at in self._types]
        made.sort(key=lambda one: (-one.worth, one.at.path, one.at.fact.row, one.name))
        first: dict[str, Kind] = {}
        for one in made:
            first.setdefault(dotted(one.at.fact), one)
        return tuple(first.values())

    def _kind(self, at: At[Definition]) -> Kind:
        scene, language = self._scene, self._scene.material.language(at.path)
        inside = scene.owned.get((scene.family(at.path), dotted(at.fact)), ())
        if language == "python" or self._namesakes.get(dotted(at.fact), 0) > 1:
            inside = [one for one in inside if one.path == at.path]
        elif language == "go":
            folder = at.path.rpartition("/")[0]
            inside = [one for one in inside if one.path.rpartition("/")[0] == folder]
        methods = tuple(one.fact for one in inside if one.fact.kind in ("method", "function", "property"))
        heirs = self.heirs.get((at.path, dotted(at.fact)), ())
        folder = at.path.rpartition("/")[0]
        made = (one for one, where in self._makers.get(at.fact.name, ()) if language != "go" or where == folder)
        makers = tuple(one for one in unique(made) if one != f"{scene.spell(at.path, dotted(at.fact))}::new")
        rows = sum(one.span.last_row - one.span.first_row + 1 for one in methods)
        reached = self._run.get(dotted(at.fact), 0)
        worth = (
            log2(1 + min(scene.files_using(at.fact.name), MOST_USERS)) + log2(1 + len(methods)) + log2(1 + rows / 10)
        )
        worth += 1.2 * log2(1 + len(heirs)) + 0.4 * log2(1 + scene.outside_uses(at.fact.name)) + log2(1 + reached)
        worth += 2 if at.fact.name in scene.spoken else 0
        worth *= VALUE_SHARE if methods and rows / len(methods) < FEW and not heirs else 1.0
        worth *= 1.0 if is_public(at.fact, language) else 0.6
        worth *= 0.3 if re.search(r"(Error|Exception|Warning)$", at.fact.name) else 1.0
        worth *= 0.4 if at.fact.owner and at.fact.owner in scene.functions else 1.0
        worth *= 0.7 if not methods and not heirs else 1.0
        worth *= 0.2 if sum(one.fact.kind in TYPES for one in inside) > MOST_INNER else 1.0
        return Kind(at, self.bases(at), heirs, methods, tuple(unique(self._kept(at))), makers, round(worth, 6))

    def _kept(self, at: At[Definition]) -> list[str]:
        """Return the members of a type with the own types that they hold: locks first, then those used most."""
        found: list[tuple[bool, float, int, str]] = []
        for place, (member, kind) in enumerate(self._written.get((at.path, dotted(at.fact)), ())):
            if not member or member.startswith("__"):
                continue
            own = next((word for word in _type_words(kind) if word in self.names), "")
            spoken = member if not own or own.lower() in member.lower() else f"{member} {own}"
            uses = self._scene.files_using(member) + 2.0 * bool(own) - member.startswith("_")
            found.append((not _LOCK.search(f"{member} {kind}"), -uses, place, spoken))
        return [spoken for *_, spoken in sorted(found)]


def declared_virtual(scene: Scene, one: Kind) -> list[str]:
    """Return the virtual functions that a C++ class itself declares, in order."""
    body = scene.body(one.at)
    inner = [(match.start(), match[1]) for match in _CLASS.finditer(body)]
    found = []
    for match in _VIRTUAL.finditer(body):
        around = [name for start, name in inner if start < match.start()]
        if not around or around[-1] == one.name:
            found.append(match[1])
    return found


def _type_words(kind: str) -> list[str]:
    """Return the names in a type as written, that of the new object in a value, none of a function's type."""
    if kind[:1] in ("=", "@"):
        match = _OBJECT.match(kind)
        return [match[1]] if match else []
    return [] if _FUNCTIONS.search(kind) else _WORD.findall(kind)


def _plain(base: str) -> str:
    """Return a base without its arguments, pointers and qualifiers."""
    return re.sub(
        r"^[*&\s]+|\b(?:public|private|protected|virtual|dyn)\b\s*", "", re.sub(r"[<\[(].*", "", base)
    ).strip()


def last_name(base: str) -> str:
    """Return a name without what it stands in."""
    return re.split(r"::|\.", base)[-1]


def _stem(path: str) -> str:
    """Return the last name of a path without its ending."""
    return re.sub(r"\.\w+$", "", path.rpartition("/")[2])
