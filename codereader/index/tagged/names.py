"""From a name as it is used to its definitions, in the languages that are read through tags.

A name is looked for in its file, then where an import says, then in what the language shows without one: the folder,
what is included. A method on an object of unknown type may be any method of that name, or one outside the scope. What
comes from outside the scope is not found, rather than taken for something of the same name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from codereader.index.candidate import BY_INCLUDE, ONLY_ONE, SAME_FILE, Candidate, among, worded
from codereader.index.includes import include_map
from codereader.index.parsed import Definition, Include
from codereader.index.tagged.bound import DEPTH, Found, Imports, Known, known_of, last_name
from codereader.index.tagged.held import without_arguments
from codereader.index.tagged.imports import Place, Places, places
from codereader.index.tagged.types import OUTSIDE, TYPES, Typed, types
from codereader.index.view import At, IndexView
from codereader.source.languages import Language, known_languages

OUTLINES = frozenset({"heading", "key", "option", "target"})
"""Kinds that code does not refer to by name."""

MOST_BASES = 32
"""So many types that a class builds on are looked through."""

_SEPARATOR = re.compile(r"::|->|\.")
_ARGUMENTS = re.compile(r"<[^<>]*>|\[[^\[\]]*\]")
_HEAD = re.compile(r"(?:\*|&|mut )*(?:\(\*?)?([A-Za-z_$][\w$]*)\)?(?=\.|->|\?\.|!\.|\[|$)")
_CALLED = re.compile(r"(?:&|\*|new )*[A-Za-z_$][\w$.:]*(?:<[^()]*>)?\(")
_STATIC = re.compile(r"\bstatic\b")
_TYPES = frozenset({"class", "struct", "interface", "trait"})

_LITERAL = frozenset("\"'`[0123456789")
"""What begins a receiver that is a value of a builtin type."""


def tag_names(
    view: IndexView, path: str, name: str, receiver: str | None, caller: str | None, base: str | None = None
) -> tuple[Candidate, ...]:
    """Return what *name*, used in *path* by *caller* after *receiver*, may mean; best first, then by place.

    *base* is what the file says of the first name of the receiver (see `codereader.index.tagged.held`).
    """
    look = look_from(view, path, caller or "")
    if look is None:
        return ()
    key = (path, name, receiver, caller, base)
    answers = look.known.answers
    if key not in answers:
        answers[key] = look.bare(name) if receiver is None else look.member(name, receiver, base)
    return answers[key]


def look_from(view: IndexView, path: str, caller: str) -> Look | None:
    """Return the names of the scope as *caller* (dotted) in *path* sees them, None where no tags tell of the file."""
    known = known_of(view)
    if path not in known.languages:
        file = view.file(path)
        known.languages[path] = known_languages().by_key.get(file.language) if file else None
    language = known.languages[path]
    return Look(view, path, language, caller, known) if language else None


def know_all(view: IndexView, definitions: Sequence[At[Definition]]) -> None:
    """Take note of all *definitions* of *view* at once, for callers that have them and are about to ask of many."""
    known = known_of(view)
    if known.is_whole:
        return
    languages = known_languages().by_key
    families = {one.path: languages.get(one.language) for one in view.files()}
    known.named.clear()
    for at in definitions:
        language = families.get(at.path)
        if language is not None and at.fact.kind not in OUTLINES:
            known.named.setdefault((language.family or language.key, at.fact.name), []).append(at)
    known.is_whole = True


class Look:
    """One file's view of the scope, seen from one of its definitions."""

    def __init__(self, view: IndexView, path: str, language: Language, caller: str, known: Known) -> None:
        self._view = view
        self.known = known
        self._known = known
        self._imports = Imports(view, path, language, known)
        self._path = path
        self._language = language
        self._caller = caller
        self._places: Places = places(view)
        self._style = language.imports

    def named(self, name: str) -> Found:
        """Return the definitions called *name* in languages of the same family."""
        family = self._language.family or self._language.key
        if (family, name) in self._known.named:
            return self._known.named[family, name]
        if self._known.is_whole:
            return []
        known = known_languages().by_key
        found = self._known.named[family, name] = []
        for at in self._view.definitions(name=name):
            file = self._view.file(at.path)
            language = known.get(file.language) if file else None
            if language and (language.family or language.key) == family and at.fact.kind not in OUTLINES:
                found.append(at)
        return found

    # -- bare names ---------------------------------------------------------------------------------------------

    def bare(self, name: str) -> tuple[Candidate, ...]:
        """Return what *name* alone may mean."""
        return self._bare(name, self.named(name))

    def type_named(self, name: str, front: str) -> tuple[Candidate, ...]:
        """Return the types that *name* may mean, after *front* if that is not empty."""
        if front:
            found = self.member(name, front)
            return tuple(one for one in found if one.definition.fact.kind in TYPES)
        return self._bare(name, [at for at in self.named(name) if at.fact.kind in TYPES])

    def _bare(self, name: str, named: Found) -> tuple[Candidate, ...]:
        here = self._innermost([at for at in named if at.path == self._path])
        is_bound = all(at.fact.kind in ("variable", "constant") for at in here)
        if is_bound and (imported := self._imports.imported(self._path, name, DEPTH)):
            return worded(imported, BY_INCLUDE)
        if here:
            return tuple(Candidate(at, SAME_FILE) for at in here)
        if self._style in ("package", "folder"):
            beside = set(self._places.beside(self._path))
            return worded([at for at in named if at.path in beside and at.fact.owner is None], BY_INCLUDE)
        if self._style == "crate":
            return worded([at for at in named if at.fact.kind == "macro"], ONLY_ONE)
        if self._style == "include" and (inherited := self._inherited_bare(named)):
            return worded(inherited, BY_INCLUDE)
        return self._anywhere(named)

    def _inherited_bare(self, named: Found) -> Found:
        """Return those of *named* that are members of what the caller's own type builds on."""
        methods = [at for at in named if at.fact.kind == "method"]
        own = self._own_type() if methods else None
        return types(self._view).method(self._language, own, methods) if own else []

    def _anywhere(self, named: Found) -> tuple[Candidate, ...]:
        """Return what may be seen of *named* where imports do not say, which is everything for some languages."""
        if self._style == "file":
            return ()
        open_ = [at for at in named if self._is_open(at)]
        if self._style == "include":
            reached = include_map(self._view).reached(self._path)
            if seen := [at for at in open_ if at.path in reached]:
                return worded(seen, BY_INCLUDE)
            open_ = [at for at in open_ if not _STATIC.search(at.fact.signature) or at.path in reached]
        return worded(open_, ONLY_ONE)

    def _is_open(self, at: At[Definition]) -> bool:
        """Whether a bare name may mean *at*: no method, or one of the caller's own class."""
        if at.fact.kind not in ("method", "property"):
            return True
        owner = at.fact.owner or ""
        return self._style in ("package", "include") and f"{self._caller}.".startswith(f"{owner}.")

    def _innermost(self, here: Found) -> Found:
        """Return those of *here* that the caller sees, if some hide others the inner ones."""
        here = [at for at in here if self._is_open(at)]
        around = [at for at in here if not at.fact.owner or f"{self._caller}.".startswith(f"{at.fact.owner}.")]
        deepest = max((len(at.fact.owner or "") for at in around), default=0)
        return [at for at in around if len(at.fact.owner or "") == deepest] or here

    # -- members ------------------------------------------------------------------------------------------------

    def member(self, name: str, receiver: str, base: str | None = None) -> tuple[Candidate, ...]:
        """Return what *name* may mean after *receiver*, whose first name has the *base*."""
        typed = self.receiver_type(receiver, base)
        if typed is not None and (typed is not OUTSIDE or base is not None):
            return self._of_type(typed, name)
        if receiver in self._language.selves or receiver == self._own_name():
            found = self._own_member(name, skips_own=receiver == "super")
            if found or self._style != "crate" or "." in self._caller:
                return found or self._any_method(name, receiver)
        parts = _parts(receiver)
        if not parts:
            return self._any_method(name, receiver)
        bound, is_known = self._bound(parts, name)
        if told := bound or self._typed(name, parts):
            return worded(told, SAME_FILE if all(at.path == self._path for at in told) else BY_INCLUDE)
        is_known = is_known or parts[0] in self._language.outside
        is_path = "::" in receiver or (self._style == "crate" and len(parts) == 1 and parts[0][:1].isupper())
        return () if is_known or is_path else self._any_method(name, receiver)

    def receiver_type(self, receiver: str, base: str | None) -> Typed | None:
        """Return the type of *receiver* where the scope tells it."""
        known = types(self._view)
        if base is None and _CALLED.match(receiver):
            return known.start(self, self._language, f"={without_arguments(receiver)}")
        match = _HEAD.match(receiver)
        if match is None:
            return None
        rest = without_arguments(receiver[match.end() :])
        if base is not None:
            return known.of_base(self, self._language, base, rest)
        own = self._own_type() if rest or match[1] not in self._language.selves else None
        if own is None or (match[1] not in self._language.selves and not self._holds(own, match[1])):
            return None
        rest = rest if match[1] in self._language.selves else f".{match[1]}{rest}"
        return known.from_type(self._language, own, rest)

    def _holds(self, own: Typed, name: str) -> bool:
        """Tell whether a bare name may be a member of the caller's own type, and is."""
        if self._style not in ("package", "include") or own.definition is None:
            return False
        return any(one.name == name for one in types(self._view).members(own.definition.path, own.path))

    def _own_type(self) -> Typed | None:
        """Return the type that the caller belongs to."""
        owner = self._caller
        while owner := owner.rpartition(".")[0]:
            named = self.named(owner.rpartition(".")[2])
            found = [at for at in named if at.fact.kind in TYPES and _whole(at.fact) == owner]
            near = [at for at in found if at.path == self._path] or self._visible(found)
            if near:
                return Typed(near[0])
        return None

    def _of_type(self, typed: Typed, name: str) -> tuple[Candidate, ...]:
        """Return the members called *name* of a type: its own, inherited ones, else those of types that build on it."""
        if typed.definition is None:
            return ()
        known, named = types(self._view), [at for at in self.named(name) if at.fact.kind in ("method", "function")]
        if found := known.method(self._language, typed, named):
            return worded(found, SAME_FILE if all(at.path == self._path for at in found) else BY_INCLUDE)
        return among(list(known.overriding(self._language, typed, named)))

    def _own_name(self) -> str | None:
        """Return what the caller itself calls its object, where its signature says (``func (s *Server) Run``)."""
        if not self._language.self_signature or "." not in self._caller:
            return None
        owner, _, last = self._caller.rpartition(".")
        for at in self._view.definitions(name=last, path=self._path):
            match = re.search(self._language.self_signature, at.fact.signature)
            if at.fact.owner == owner and match:
                return match[1]
        return None

    def _own_member(self, name: str, *, skips_own: bool) -> tuple[Candidate, ...]:
        """Return the member called *name* of the innermost type around the caller, or of what that builds on."""
        named = self.named(name)
        owner = self._caller
        while owner := owner.rpartition(".")[0]:
            inside = [at for at in named if at.fact.owner == owner]
            if here := [at for at in inside if at.path == self._path and not skips_own]:
                return tuple(Candidate(at, SAME_FILE) for at in here)
            found = ([] if skips_own else self._visible(inside)) or self._inherited(self._path, owner, named)
            if found:
                return worded(found, BY_INCLUDE)
        return ()

    def _inherited(self, path: str, owner: str, named: Found) -> Found:
        """Return those of *named* that belong to the nearest type that the class *owner* of *path* builds on."""
        waiting, seen = [(path, owner)], {(path, owner)}
        while waiting and len(seen) <= MOST_BASES:
            for base in self._bases(*waiting.pop(0)):
                place = (base.path, _whole(base.fact))
                if place in seen:
                    continue
                inside = [at for at in named if (at.path, at.fact.owner) == place]
                if inside:
                    return inside
                seen.add(place)
                waiting.append(place)
        return []

    def _bases(self, path: str, owner: str) -> Iterator[At[Definition]]:
        """Yield the types that the class *owner* of *path* builds on, as far as they are in the scope."""
        look = Look(self._view, path, self._language, "", self._known)
        for at in self._view.definitions(name=owner.rpartition(".")[2], path=path, kinds=("class",)):
            for base in at.fact.fields if _whole(at.fact) == owner else ():
                found = look.bare((_parts(base) or [base])[-1])
                yield from (one.definition for one in found if one.definition.fact.kind in _TYPES)

    def _bound(self, parts: Sequence[str], name: str) -> tuple[Found, bool]:
        """Return what an import says of *name* after the dotted *parts*, and whether one binds the first of them."""
        is_known = False
        for include in include_map(self._view).includes(self._path):
            target = self._module_target(include, parts[0])
            if target is None:
                continue
            place = self._imports.target(self._path, target)
            if place is None:
                is_known = True
                continue
            inside = (*place.inside, *parts[1:])
            if found := self._in_place(Place(place.files, inside), name):
                return found, True
        if self._style == "crate":
            place = self._places.find(self._language, self._path, "::".join(parts))
            return (self._in_place(place, name) if place else []), is_known
        return [], is_known

    def _in_place(self, place: Place, name: str) -> Found:
        """Return the definitions called *name* of a place; if that is a type, wherever its members stand."""
        found = self._imports.offered(place, name, DEPTH - 1)
        if found or not place.inside:
            return found
        owner = ".".join(place.inside)
        return self._visible([at for at in self.named(name) if at.fact.owner == owner])

    def _module_target(self, include: Include, first: str) -> str | None:
        """Return the target that *include* makes known as *first*, None where it does not."""
        for one in include.names:
            original, _, alias = one.partition(" as ")
            if (alias or original) != first or one == "*":
                continue
            separator = self._language.separator
            return (
                include.target
                if original in ("*", "default") or self._style == "file"
                else (f"{include.target}{separator}{original}")
            )
        if include.names or self._style not in ("package", "crate", "folder"):
            return None
        last = last_name(include.target)
        return include.target if last == first else None

    def _typed(self, name: str, parts: Sequence[str]) -> Found:
        """Return the definitions called *name* that belong to a type or namespace written as *parts*."""
        owner = ".".join(parts)
        inside = [at for at in self.named(name) if f".{at.fact.owner or ''}".endswith(f".{owner}")]
        return [at for at in inside if at.path == self._path] or self._visible(inside)

    def _visible(self, found: Found) -> Found:
        """Return those of *found* that stand where this file may see them without an import."""
        if self._style in ("package", "folder"):
            imported, beside = self._imports.files(), self._places.beside(self._path)
            return [at for at in found if at.path in imported or at.path in beside]
        if self._style == "crate":
            crate = self._places.crate_of(self._path)
            return [at for at in found if self._places.crate_of(at.path) == crate]
        if self._style == "file":
            return [at for at in found if at.path in self._imports.files()]
        return found

    def _any_method(self, name: str, receiver: str) -> tuple[Candidate, ...]:
        if name in self._language.common or receiver[:1] in _LITERAL:
            return ()
        return among([at for at in self.named(name) if at.fact.kind == "method"])


def _whole(one: Definition) -> str:
    return f"{one.owner}.{one.name}" if one.owner else one.name


def _parts(receiver: str) -> list[str]:
    """Return the names of a dotted receiver, none for one that is no plain name."""
    words = _ARGUMENTS.sub("", _ARGUMENTS.sub("", receiver)).replace("()", "").lstrip("&*")
    parts = [part.strip() for part in _SEPARATOR.split(words)]
    return [part for part in parts if part] if all(part.isidentifier() or not part for part in parts) else []
