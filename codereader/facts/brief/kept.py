"""A brief that is kept in the index until something that it follows from changes.

It follows from the contents of the scope, from what is asked, from the modules that make it, and from a little that
stands outside of the scope. What is kept is taken for a stranger's: anything else than a brief is made anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass, fields, is_dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

import codereader
from codereader.facts.brief.outside import Outside, surroundings
from codereader.facts.fact import Brief, Section
from codereader.facts.outcome import packed, unpacked
from codereader.index.parse import stamp
from codereader.index.view import IndexView

ROOM = Path(__file__).parents[1]
_OUTER = ("c", "kconfig", "make")
"""The languages of what is read outside of a scope."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked of a brief: as the arguments of `codereader.facts.brief.page.brief`."""

    lines: int | None = None
    sections: tuple[str, ...] = ()
    depth: int | None = None


def kept_brief(view: IndexView, wish: Wish) -> Brief:
    """Return the brief of *view*, made only where it is not kept. Raises: UsageError for a section there is not."""
    name = _name(view, wish)
    outside = Outside(view.scope)
    kept = view.kept(name)
    found = _unpacked(kept, outside) if kept else None
    if found is not None:
        return found
    from codereader.facts.brief.page import brief

    outside = Outside(view.scope)
    made = brief(view, wish.lines, sections=wish.sections, depth=wish.depth, outside=outside)
    raw = None if view.has_missed else packed([outside.seen, *astuple(made)])
    if raw is not None:
        view.keep(name, raw)
    return made


def is_kept(view: IndexView, wish: Wish) -> bool:
    """Whether `kept_brief` has nothing to make."""
    kept = view.kept(_name(view, wish))
    return kept is not None and _unpacked(kept, Outside(view.scope)) is not None


def _name(view: IndexView, wish: Wish) -> str:
    """Return what tells a brief of these contents from every other."""
    skipped = [(one.path, one.reason) for one in view.skipped]
    told = repr((wish, view.scope, skipped)).encode("utf-8", "surrogatepass")
    return f"brief {sha256(told + surroundings(view.scope) + _deciding()).hexdigest()}"


@cache
def _deciding() -> bytes:
    """Return a digest of all that decides what is said of given contents."""
    stamps = (stamp(language) for language in _OUTER)
    digest = sha256("\0".join([codereader.__version__, *stamps]).encode())
    for place in sorted(ROOM.rglob("*.py")):
        digest.update(place.read_bytes())
    return digest.digest()


def _unpacked(raw: bytes, outside: Outside) -> Brief | None:
    """Return the brief that was kept, None for anything else, or if what it read *outside* is no longer so."""
    from codereader.facts.brief.parts.parts import Parts

    try:
        seen, sections, needed, parts = _listed(unpacked(raw), 4)
        if not outside.is_still(_made(Mapping[str, str | None], seen)):
            return None
        return Brief(_made(tuple[Section, ...], sections), _made(int, needed), _made(Parts | None, parts))
    except (ValueError, RecursionError):
        return None


def _made(kind: Any, value: object) -> Any:
    """Return *value*, read from JSON, as what the type *kind* tells. Raises: ValueError where it is something else."""
    inside = get_args(kind)
    if is_dataclass(kind) and isinstance(kind, type):
        return kind(*map(_made, _kinds(kind), _listed(value, len(fields(kind)))))
    if get_origin(kind) is UnionType:
        return None if value is None else _made(next(one for one in inside if one is not NoneType), value)
    if get_origin(kind) is tuple and inside[-1] is Ellipsis:
        return tuple(_made(inside[0], one) for one in _listed(value))
    if get_origin(kind) is tuple:
        return tuple(map(_made, inside, _listed(value, len(inside))))
    if get_origin(kind) is Mapping and isinstance(value, dict):
        return {name: _made(inside[1], one) for name, one in value.items()}
    if type(value) is not kind:
        raise ValueError(f"{kind} was expected")
    return value


def _listed(value: object, length: int | None = None) -> list[object]:
    if not isinstance(value, list) or length not in (None, len(value)):
        raise ValueError("a list was expected")
    return value


@cache
def _kinds(kind: type) -> tuple[Any, ...]:
    """Return the types of the fields of a data class, in order."""
    hints = get_type_hints(kind)
    return tuple(hints[field.name] for field in fields(kind))
