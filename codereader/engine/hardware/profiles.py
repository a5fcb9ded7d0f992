"""Cards and machines known by name: what their makers state, kept in ``profiles.toml`` beside this module.

Sizes are bytes, rates bytes or operations a second. A name is compared without case, spaces, signs and the words of
makers, so that what a person types and what a driver says both find it.
"""

from __future__ import annotations

import difflib
import functools
import re
import tomllib
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

_ASIDE = re.compile(r"\([^()]*\)|\b(?:macbook(?: pro| air)?|mac (?:studio|mini|pro)|imac)\b", re.I)
"""What stands beside the name of a card or chip: in parentheses, or the computer that Apple builds it into."""

_WORD = re.compile(r"[a-z0-9]+")
_MAKERS = frozenset("nvidia geforce quadro tesla amd radeon instinct intel apple graphics gpu generation".split())
_TRAILING_SIZE = re.compile(r"^(.*\S)[\s,]+(\d{1,4})\s*(?:GB|GiB|G)$", re.I)


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
    """Return the profile called *text*, None where there is none or several sizes are sold and none is said.

    A size behind the name (``M4 Max 128GB``) or *memory* in bytes picks among several; a size that is not for sale
    takes the rates of the one nearest to it.
    """
    found = sizes_of(text)
    if not found and (match := _TRAILING_SIZE.match(text.strip())):
        found, memory = sizes_of(match[1]), memory or int(match[2]) * _GIB
    if not found or (not memory and len(found) > 1):
        return None
    return _sized(found, memory or found[0].memory)


def matching(description: str, memory: int) -> Profile | None:
    """Return the profile of a device that a driver describes so; *memory* in bytes picks among several sizes.

    A card whose memory is another than any that is known under its name is another card: None.
    """
    found = sizes_of(description)
    if not found and (match := _TRAILING_SIZE.match(description.strip())):
        found = sizes_of(match[1])
    apt = [card for card in found if card.shares_memory or abs(card.memory - memory) * SIZE_SLACK <= card.memory]
    return min(apt, key=lambda card: (abs(card.memory - memory), card.memory), default=None)


def sizes_of(text: str) -> tuple[Profile, ...]:
    """Return the profiles called *text*, one for each size of memory that is sold, the smallest first."""
    return _by_key().get(_key(text), ())


def labels() -> tuple[str, ...]:
    """Return the names of all profiles, in the table's order."""
    return tuple(profile.label for profile in profiles())


def near(text: str) -> tuple[str, ...]:
    """Return the names most like *text*, the nearest first: those that hold it or that it holds, then alike ones."""
    wanted = _key(text)
    by_key = {_key(profile.label): profile.label for profile in reversed(profiles())}
    held = [key for key in by_key if wanted and (wanted in key or (key in wanted and len(key) > 3))]
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


@functools.cache
def _by_key() -> dict[str, tuple[Profile, ...]]:
    """Return the profiles of each name, the smallest memory first."""
    found: dict[str, list[Profile]] = {}
    for profile in sorted(profiles(), key=lambda profile: profile.memory):
        for name in (profile.name, *profile.also):
            found.setdefault(_key(name), []).append(profile)
    return {key: tuple(made) for key, made in found.items()}


def _key(text: str) -> str:
    """Return *text* as names are compared: no asides, no makers, only letters and digits."""
    return "".join(word for word in _WORD.findall(_ASIDE.sub(" ", text.lower())) if word not in _MAKERS)


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
