"""Which functions of a C scope make and free the objects of a type, as far as their own text shows it.

A function makes a type where it puts memory from an allocator into a variable declared with it, or asks for the size of
it; it frees one where it hands such a variable to a function that frees memory. Where no text shows it, a function that
returns the type and is called like a maker, or takes it and is called like a destroyer, stands for it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from codereader.facts.brief.c.chains import words_of
from codereader.facts.brief.texts import Texts, arguments
from codereader.index.parsed import Definition
from codereader.index.view import At

_MAKES = re.compile(
    rb"\b(k[mzc]alloc(?:_array|_node)?|kv[mzc]alloc\w*|vz?alloc|kmem_cache_z?alloc\w*|kmemdup|devm_k[mzc]alloc"
    rb"|mempool_alloc|alloc_percpu\w*|malloc|calloc)\s*\("
)
_FREES = re.compile(
    rb"\b(kfree(?:_rcu(?:_mightsleep)?|_sensitive)?|kvfree(?:_rcu)?|vfree|kmem_cache_free|kzfree|mempool_free|free_percpu"
    rb"|call_rcu(?:_hurry)?|free(?=\s*\([^,()]*\)))\s*\("
)
_SIZE = re.compile(
    r"sizeof\s*\(\s*(?:struct\s+(\w+)|\*\s*(\w+))\s*\)|sizeof\s+\*(\w+)\b(?![-.\[])|struct_size\(\s*(\w+)\s*,"
)
_LEFT = re.compile(rb"(\w+)\s*=\s*(?:\([^()]*\)\s*)?$")
_OWNED = re.compile(r"^&?(\w+)(?:->(rcu\w*|\w*_rcu|rcu_head|head))?$")
_DECLARED = re.compile(r"\bstruct\s+(\w+)\s+([*\w\s,=]*?\*[^;(){}]*)[;)=,]")
_POINTER = re.compile(r"(?<!\*)\*\s*(?:const\s+|__\w+\s+)*(\w+)")
_PARAMETER = re.compile(r"\bstruct\s+(\w+)\s*\*\s*(?:const\s+|__\w+\s+)*(\w+)")
_RETURNED = re.compile(r"(?:^|\s)struct\s+(\w+)\s*\*\s*(?:__\w+\s+)*\w+\s*\(")
_MAKER = re.compile(r"(^|_)(alloc|create|new|clone|dup)(_|\d|$)")
_DESTROYER = frozenset({"free", "destroy", "release", "put", "kill", "drop", "delete", "rcu", "work"})
_STARTING = frozenset("alloc create new add init setup set make open start register probe newary newseg newque".split())
_RELEASING = frozenset({"destroy", "release", "put", "kill", "free"})

Reading = Callable[[str, bytes, Sequence[str]], str | None]
"""Takes a function's text, what stands before a call and its arguments; returns the struct that the call is about."""


@dataclass(slots=True)
class Life:
    """The functions that make, free and let go of one type, each once.

    `makers` are those whose text shows it, then those that return the type; `destroyers` free its memory, `releasers`
    are called as if they let go of it.
    """

    makers: dict[str, At[Definition]] = field(default_factory=dict)
    destroyers: dict[str, At[Definition]] = field(default_factory=dict)
    releasers: dict[str, At[Definition]] = field(default_factory=dict)


def lifetimes(texts: Texts, functions: Iterable[At[Definition]], paths: Iterable[str]) -> Mapping[str, Life]:
    """Return who makes and frees the structs that the *functions* in *paths* deal with, by the struct's name."""
    looked = set(paths)
    by_path: dict[str, list[At[Definition]]] = {}
    named: list[At[Definition]] = []
    for at in functions:
        if at.path in looked:
            by_path.setdefault(at.path, []).append(at)
        named.append(at)
    found: dict[str, Life] = {}
    for path in sorted(by_path):
        inside = sorted(by_path[path], key=lambda at: at.fact.span.start)
        for struct, at in _told(texts.whole(path), inside, _MAKES, _made):
            found.setdefault(struct, Life()).makers.setdefault(at.fact.name, at)
        for struct, at in _told(texts.whole(path), inside, _FREES, _freed):
            found.setdefault(struct, Life()).destroyers.setdefault(at.fact.name, at)
    for at in named:
        _by_name(at, found)
    for life in found.values():
        life.destroyers = {
            name: at
            for name, at in life.destroyers.items()
            if name not in life.makers and not words_of(name) & _STARTING
        }  # what makes also frees where it fails
        life.releasers = {name: at for name, at in life.releasers.items() if name not in life.destroyers}
    return found


def _told(
    data: bytes, inside: Sequence[At[Definition]], pattern: re.Pattern[bytes], read: Reading
) -> Iterator[tuple[str, At[Definition]]]:
    """Yield each struct that a call of *pattern* is about, and the function that it stands in."""
    starts = [at.fact.span.start for at in inside]
    for match in pattern.finditer(data):
        place = bisect_right(starts, match.start()) - 1
        if place < 0 or match.start() >= inside[place].fact.span.end:
            continue
        at = inside[place]
        body = data[at.fact.span.start : at.fact.span.end].decode("utf-8", "replace")
        given = arguments(data[match.end() : match.end() + 300].decode("utf-8", "replace"))
        before = data[max(at.fact.span.start, match.start() - 80) : match.start()]
        struct = read(body, before, given)
        if struct:
            yield struct, at


def _made(body: str, before: bytes, given: Sequence[str]) -> str | None:
    """Return the struct that an allocation is for: by the size asked for, else by the variable it goes to."""
    size = _SIZE.search(", ".join(given))
    if size and size[1]:
        return size[1]
    left = _LEFT.search(before)
    variable = (size[2] or size[3] or size[4]) if size else left[1].decode("ascii", "replace") if left else None
    return _declared(body).get(variable) if variable else None


def _freed(body: str, _: bytes, given: Sequence[str]) -> str | None:
    """Return the struct that the freed variable points to."""
    for one in reversed(given[:2]):
        owned = _OWNED.match(one)
        if owned and (struct := _declared(body).get(owned[1])):
            return struct
    return None


@lru_cache(maxsize=512)
def _declared(body: str) -> dict[str, str]:
    """Return the pointers to structs that a function declares, parameters included, by name."""
    found = {name: struct for struct, name in _PARAMETER.findall(body)}
    for struct, names in _DECLARED.findall(body):
        for part in names.split(","):
            if part.count("*") == 1:  # more: pointers to pointers
                for name in _POINTER.findall(part):
                    found.setdefault(name, struct)
    return found


def _by_name(at: At[Definition], found: dict[str, Life]) -> None:
    """Add a function that is called like a maker or destroyer of a type that it returns or takes."""
    name, signature = at.fact.name, at.fact.signature
    returned = _RETURNED.search(signature.partition("(")[0] + "(")
    if returned and _MAKER.search(name):
        found.setdefault(returned[1], Life()).makers.setdefault(name, at)
    elif words_of(name) & _RELEASING and signature.count(",") == 0:
        taken = _PARAMETER.findall(signature.partition("(")[2])
        if taken and _is_about(name, taken[0][0]):
            found.setdefault(taken[0][0], Life()).releasers.setdefault(name, at)


def _is_about(function: str, struct: str) -> bool:
    """Tell whether a function's name says no more than a struct's, but for what it does and one word in front."""
    words = [word for word in function.strip("_").split("_") if word not in _DESTROYER]
    left = [word for word in words if word not in words_of(struct)]
    return len(left) < len(words) and (not left or left == words[:1]) and "debug" not in left
