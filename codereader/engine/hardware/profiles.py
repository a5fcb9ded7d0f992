"""Cards and machines known by name: what their makers state, kept in ``profiles.toml`` beside this module.

Sizes are bytes, rates bytes or operations a second. A name is compared without case, spaces, signs and the words of
makers, so that what a person types and what a driver says both find it. What a person types may leave out the line that
a card belongs to as well: ``4090``, ``7900 XTX``.
"""

from __future__ import annotations

import difflib
import functools
import re
import tomllib
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from codereader.engine.hardware.pcie import link_named

_TABLE = Path(__file__).with_name("profiles.toml")

_DECIMAL_GB = 10**9
_GIB = 1 << 30
_NEAR_NAMES = 4

ECC_SHARE = 16
"""Error-correcting codes in a card's own memory take one part of this many: 15,360 MiB are left of a T4's 16 GiB."""

SIZE_SLACK = 8
"""What a driver shows of a card's memory differs from what it is sold with by at most one part of this many."""

SMALL_MAC = 36 * _GIB
"""Macs with less memory let the GPU take two thirds of it, the others three quarters.

What Metal's recommendedMaxWorkingSetSize says as delivered; ``sysctl iogpu.wired_limit_mb`` raises it.
"""

_ASIDE = re.compile(
    r"\((?!\s*\d+\s*g(?:i?b)?\s*\))[^()]*\)|\b(?:macbook(?: pro| air)?|mac (?:studio|mini|pro)|imac)\b", re.I
)
"""What stands beside the name of a card or chip: in parentheses, or the computer that Apple builds it into."""

_WORD = re.compile(r"[a-z0-9]+")
_MAKERS = frozenset("nvidia geforce quadro tesla amd radeon instinct intel apple graphics gpu generation".split())
_OTHER_WORDS = {"mobile": "laptop", "notebook": "laptop"}
_LINE = re.compile(r"(?:rtx|gtx|rx|arc)(?=pro)|(?:rtx|gtx|rx)(?=\d)")
"""What begins the key of a card and may be left out by a person: the line that it belongs to."""

_LEAST_SHORT = 4
"""Characters of a key without its line, at least."""

_LEAST_HELD = 3
"""Characters that names must share for one to hold the other."""

_TRAILING_SIZE = re.compile(r"^(.*\S)[\s,_-]+\(?\s*(\d{1,4})\s*(?:GB|GiB|G)\s*\)?$", re.I)


@dataclass(frozen=True, slots=True)
class Profile:
    """One card or machine as its maker states it; rates are 0 where none are stated.

    `memory` is what it is sold with; `usable` what of it a GPU may hold before any driver takes its part. `cores` are
    the fast ones of the processor that it comes with, 0 for a card.
    """

    name: str
    label: str
    """`name`, with the memory where several sizes are sold."""
    memory: int
    usable: int
    bandwidth: float
    operations: float
    link: float
    backend: str
    shares_memory: bool
    cores: int
    source: str
    also: tuple[str, ...] = ()
    """Other names of it, those that drivers use among them."""


def named(text: str, memory: int = 0) -> Profile | None:
    """Return the profile that a person calls *text*, None where there is none or several sizes are sold, none is said.

    A size behind the name (``M4 Max 128GB``) or else *memory* in bytes picks among several; a size that is not for sale
    takes the rates of the one nearest to it.
    """
    found, said = _with_size(text, _typed)
    memory = said or memory
    if not found or (not memory and len(found) > 1):
        return None
    return _sized(found, memory or found[0].memory)


def matching(description: str, memory: int) -> Profile | None:
    """Return the profile of a device that a driver describes so; *memory* in bytes picks among several sizes.

    A card whose memory is another than any that is known under its name is another card: None.
    """
    found, _ = _with_size(description, _exactly)
    apt = [card for card in found if card.shares_memory or abs(card.memory - memory) * SIZE_SLACK <= card.memory]
    return min(apt, key=lambda card: (abs(card.memory - memory), card.memory), default=None)


def sizes_of(text: str) -> tuple[Profile, ...]:
    """Return the profiles that a person calls *text*, one for each size of memory that is sold, the smallest first."""
    return _with_size(text, _typed)[0]


def labels() -> tuple[str, ...]:
    """Return the names of all profiles, in the table's order."""
    return tuple(profile.label for profile in profiles())


def name_alone(text: str) -> str:
    """Return *text* without the size of memory behind it."""
    match = _TRAILING_SIZE.match(text.strip())
    return match[1] if match else text


def near(text: str) -> tuple[str, ...]:
    """Return the names most like *text*, the nearest first: those that hold it or that it holds, then alike ones."""
    wanted = _key(name_alone(text))
    by_key = {_key(profile.name): profile.name for profile in reversed(profiles())}
    held = [key for key in by_key if min(len(wanted), len(key)) >= _LEAST_HELD and (wanted in key or key in wanted)]
    held.sort(key=lambda key: (abs(len(key) - len(wanted)), key))
    alike = difflib.get_close_matches(wanted, sorted(by_key), n=_NEAR_NAMES, cutoff=0.7)
    return tuple(by_key[key] for key in dict.fromkeys([*held, *alike]))[:_NEAR_NAMES]


@functools.cache
def profiles() -> tuple[Profile, ...]:
    """Return every profile of the table, in its order."""
    families = tomllib.loads(_TABLE.read_text(encoding="utf-8"))["family"]
    return tuple(made for family in families for card in family["cards"] for made in _expand(family, card))


def _sized(found: tuple[Profile, ...], memory: int) -> Profile:
    """Return the profile of *found* that is sold with *memory*, or the nearest one with its size replaced."""
    nearest = min(found, key=lambda profile: (abs(profile.memory - memory), profile.memory))
    if nearest.memory in (memory, memory // _GIB * _DECIMAL_GB):
        return nearest
    usable = nearest.usable * memory // nearest.memory
    return replace(nearest, label=nearest.name, memory=memory, usable=usable)


def _with_size(text: str, find: Callable[[str], tuple[Profile, ...]]) -> tuple[tuple[Profile, ...], int]:
    """Return what *find* knows by *text*, or by what stands before a size of memory, and that size in bytes."""
    found = find(text)
    if not found and (match := _TRAILING_SIZE.match(text.strip())):
        return find(match[1]), int(match[2]) * _GIB
    return found, 0


def _exactly(text: str) -> tuple[Profile, ...]:
    return _by_key().get(_key(text), ())


def _typed(text: str) -> tuple[Profile, ...]:
    key = _key(text)
    return _by_key().get(key) or _by_short_key().get(key, ())


@functools.cache
def _by_key() -> dict[str, tuple[Profile, ...]]:
    """Return the profiles of each name, the smallest memory first."""
    found: dict[str, list[Profile]] = {}
    for profile in sorted(profiles(), key=lambda profile: profile.memory):
        for key in dict.fromkeys(map(_key, (profile.name, *profile.also))):
            found.setdefault(key, []).append(profile)
    return {key: tuple(made) for key, made in found.items()}


@functools.cache
def _by_short_key() -> dict[str, tuple[Profile, ...]]:
    """Return the profiles of each name without its line, of those that are one card's alone."""
    found: dict[str, set[str]] = {}
    for key in _by_key():
        short = _LINE.sub("", key, count=1)
        if key != short and len(short) >= _LEAST_SHORT and short not in _by_key():
            found.setdefault(short, set()).add(key)
    return {short: _by_key()[next(iter(keys))] for short, keys in found.items() if len(keys) == 1}


def _key(text: str) -> str:
    """Return *text* as names are compared: no asides, no makers, only letters and digits."""
    plain = _ASIDE.sub(" ", unicodedata.normalize("NFKC", text).lower())
    return "".join(_OTHER_WORDS.get(word, word) for word in _WORD.findall(plain) if word not in _MAKERS)


def _expand(family: dict[str, Any], card: dict[str, Any]) -> list[Profile]:
    """Return a profile for each size of memory that a row of the table names."""
    row = family | card
    several = sum(len(other["memory"]) for other in family["cards"] if other["name"] == card["name"]) > 1
    return [_profile(row, gigabytes, several) for gigabytes in card["memory"]]


def _profile(row: dict[str, Any], gigabytes: int, several: bool) -> Profile:
    shared = row.get("shared", False)
    memory = gigabytes * (_DECIMAL_GB if row.get("decimal") else _GIB)
    return Profile(
        name=row["name"],
        label=f"{row['name']} {gigabytes}GB" if several else row["name"],
        memory=memory,
        usable=_usable(row, memory),
        bandwidth=row.get("bandwidth", 0) * 1e9,
        operations=row.get("tflops", 0) * 1e12,
        link=(link_named(row["link"]) or 0.0) if "link" in row else 0.0,
        backend=row["backend"],
        shares_memory=shared,
        cores=row.get("cores", 0),
        source=row["source"],
        also=tuple(row.get("also", ())),
    )


def _usable(row: dict[str, Any], memory: int) -> int:
    """Return the bytes of *memory* that the GPU may take."""
    if row.get("ecc"):
        return memory - memory // ECC_SHARE
    if row["backend"] == "Metal":
        return memory * 2 // 3 if memory < SMALL_MAC else memory * 3 // 4
    return int(memory * row.get("gpu_share", 1))
