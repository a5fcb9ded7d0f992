"""What a scope hands to others by calls such as ``register_filesystem(&x)``, and under which number or name.

The index tells which object is handed to which function; the number (``IPPROTO_TCP``) and the name (``"ramfs"``) are
read from the call's arguments and from the object's initialiser.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from math import log2

from codereader.facts.brief.c.operations import MAIN_FIELDS
from codereader.facts.brief.flow import Registration
from codereader.facts.brief.lines import Draft
from codereader.facts.brief.material import Material, spelled, spelled_lines
from codereader.facts.fact import Fact
from codereader.facts.graph.relations import is_registering
from codereader.facts.rank import is_minor

ONE_BY_ONE = 12
"""With more registrations than this, those by the same function share a fact."""

LINES_OF_ONE = 2
"""Most facts that what the weightiest function takes is spread over; the others have one each."""

NOTES = 3
"""Most numbers and names that are told of one object."""

HOUSEKEEPING_SHARE = 0.3
"""What is left of the weight of registrations that every part of a kernel makes."""

DIRECT_SHARE = 1.3
"""What more a registration weighs that an initcall makes itself."""

OFTEN = 3
"""A registering call that is named less often is not counted out."""

FEW_FIELDS = 3
"""The first function of a table that holds no more than this many stands for it."""

_HOUSEKEEPING = re.compile(r"pernet|notifier|sysctl|_net_|trace|debug|shrinker|cpuhp|btf|kfunc|xfrm_mode")
_CONSTANT = re.compile(r"[A-Z][A-Z0-9_]{2,}")
_NOT_TELLING = re.compile(r"NULL|\w*_FLAGS?_\w+|THIS_MODULE|GFP_\w+|S_I[RWX]\w+|SLAB_\w+|KBUILD_MODNAME")
_NAMING = re.compile(
    r"\.(?:name|kind|id|procname|family|protocol|proto|type|hooknum|pf|af|nfproto|subsys|minor|attach_type|subsys_id)"
    r"\s*=\s*(\"(?:[^\"\\]|\\.)*\"|[^,}\n]+)"
)


def registrations_section(material: Material) -> Draft:
    """Return what the scope registers, the weightiest first; where there is much, by the function that takes it."""
    every = material.flow.registrations(material.read or material.uses.looked)
    found = [one for one in every if not _is_passed_on(one) and not is_minor(one.path)] or list(every)
    if len(found) <= ONE_BY_ONE:
        ordered = sorted(found, key=lambda one: (-_weight(material, one), one.path, one.line, one.object))
        facts = tuple(_alone(material, one) for one in ordered)
    else:
        facts = tuple(
            fact
            for number, group in enumerate(_groups(material, found))
            for fact in _together(material, group, LINES_OF_ONE if number == 0 else 1)
        )
    return Draft("Registers", (*_in_all_files(material), *facts), weight=6, first=5)


def _in_all_files(material: Material) -> Iterator[Fact]:
    """Yield how often the calls that register something are named in all files, where only some were looked into."""
    if material.partly:
        named = [one for one in material.uses.mentions.items() if one[1] >= OFTEN and is_telling(one[0])]
        named.sort(key=lambda one: (-one[1], one[0]))
        told = [f"{name} ({count:,})" for name, count in named]
        if told:
            text = spelled("named in all files: ", told, material.room(None))
            yield Fact(material.view.scope.name, "registers by", ", ".join(told), text)


def is_telling(function: str) -> bool:
    """Tell whether a call registers something that not every part of a kernel registers."""
    return is_registering(function) and not _HOUSEKEEPING.search(function)


def _is_passed_on(one: Registration) -> bool:
    """Tell whether a function that itself registers puts what it was given on a list: the object is that list."""
    return bool(one.caller and is_registering(one.caller) and not one.struct)


def _weight(material: Material, one: Registration) -> float:
    share = HOUSEKEEPING_SHARE if _HOUSEKEEPING.search(one.function) else 1.0
    if one.caller in {at.fact.name for at in material.view.entries(path=one.path)}:
        share *= DIRECT_SHARE
    return round(share * material.scores.get(one.path, 0.0), 6)


def _groups(material: Material, found: Sequence[Registration]) -> list[list[Registration]]:
    """Return the registrations by the function that takes them, the weightiest function first."""
    groups: dict[str, list[Registration]] = {}
    for one in sorted(found, key=lambda one: (-material.scores.get(one.path, 0.0), one.path, one.line, one.object)):
        groups.setdefault(one.function, []).append(one)

    def place(function: str) -> tuple[float, str]:
        best = max(_weight(material, one) for one in groups[function])
        return -round(best * (1 + log2(len(groups[function])) / 12), 6), function

    return [groups[function] for function in sorted(groups, key=place)]


def _alone(material: Material, one: Registration) -> Fact:
    notes = _notes(material, one)
    told = f" {' '.join(notes)}" if notes else ""
    kind = f" (struct {one.struct}{told})" if one.struct else told
    where = f" in {one.caller}" if one.caller else ""
    head = f"{one.function}: {one.object}{kind}{where}"
    held = _held(material, one)
    width = material.room(one.path, one.line, one.condition)
    text = spelled(f"{head}: ", held, width, " ") if held and len(head) + 30 < width else head
    return Fact(one.object, "registered by", one.function, text, one.path, one.line, one.condition)


def _held(material: Material, one: Registration) -> list[str]:
    """Return what the table that is registered holds, field by field."""
    table = material.table(one.path, one.object)
    entries = [entry for entry in table.entries if entry.field] if table else []
    entries.sort(key=lambda entry: not MAIN_FIELDS.search(entry.field))
    return [f".{entry.field}={entry.function}" for entry in entries]


def _together(material: Material, group: Sequence[Registration], lines: int) -> Iterator[Fact]:
    """Yield up to *lines* facts on what one function takes."""
    if len(group) == 1:
        yield _alone(material, group[0])
        return
    first = group[0]
    structs = {one.struct for one in group}
    kind = f" (struct {first.struct})" if len(structs) == 1 and first.struct else ""
    notes = [_notes(material, one) for one in group]
    shared = [note for note in notes[0] if all(note in some for some in notes)]
    objects = list(
        dict.fromkeys(
            " ".join([one.object, *(note for note in some if note not in shared), *_stands_for(material, one)])
            for one, some in zip(group, notes, strict=True)
        )
    )
    head = f"{first.function}{kind}{''.join(f' {note}' for note in shared)}: "
    width = material.room(first.path, first.line)
    many = 1 if _HOUSEKEEPING.search(first.function) else lines
    for text, count in spelled_lines(head, objects, width, many):
        names = ", ".join(one.partition(" ")[0] for one in objects[:count])
        yield Fact(names, "registered by", first.function, text, first.path, first.line)
        objects = objects[count:]


def _stands_for(material: Material, one: Registration) -> list[str]:
    """Return the first function of a small table: the handler that is registered with it."""
    held = _held(material, one)
    return [held[0].partition("=")[2]] if 0 < len(held) <= FEW_FIELDS else []


def _notes(material: Material, one: Registration) -> tuple[str, ...]:
    """Return the names and numbers under which an object is registered, those of the call first."""
    found = list(_of_call(material.texts.call(one.path, one.line, one.function)))
    at = material.variable(one.path, one.object)
    if at:
        found += _of_object(material.texts.of(at))
    return tuple(dict.fromkeys(found))[:NOTES]


def _of_call(arguments: Sequence[str]) -> Iterator[str]:
    for argument in arguments:
        if argument.startswith('"') or (_CONSTANT.fullmatch(argument) and not _NOT_TELLING.fullmatch(argument)):
            yield argument


def _of_object(text: str) -> Iterator[str]:
    """Yield what the initialiser of one object (no array: its elements have names of their own) calls it."""
    if "[]" in text.partition("=")[0]:
        return
    for match in _NAMING.finditer(text):
        words = match[1].strip()
        yield from ([words] if words.startswith('"') else _CONSTANT.findall(words)[:1])
