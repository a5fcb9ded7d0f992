"""The link between a card and the host's memory: what PCI Express of a generation and a width carries.

Rates are bytes a second in one direction, before the overhead of packets. Of a card that is there, Linux tells what its
link can do; other systems do not.
"""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

from codereader.engine.hardware.sysfs import number, text

_BUS = Path("/sys/bus/pci/devices")

_TRANSFERS = {1: 2.5e9, 2: 5e9, 3: 8e9, 4: 16e9, 5: 32e9, 6: 64e9}
"""Bits a second and lane, by generation: PCI Express Base Specification."""

_CODED = {1: 8 / 10, 2: 8 / 10, 3: 128 / 130, 4: 128 / 130, 5: 128 / 130, 6: 242 / 256}
"""What of them is data: 8b/10b, 128b/130b, and flits from generation 6."""

_ADDRESS = re.compile(r"[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]")
_SPEED = re.compile(r"(\d{1,3}(?:\.\d)?) GT/s")
_MOST_LANES = 32
_NAMED = re.compile(r"pci-?e(?:xpress)?\s*(?:gen\s*)?([1-6])(?:\.0)?\s*x\s*(1|2|4|8|16|32)", re.I)


def link_rate(generation: int, lanes: int) -> float:
    """Return bytes a second of *lanes* lanes, 0 for a generation that is not known."""
    return _TRANSFERS.get(generation, 0.0) * _CODED.get(generation, 0.0) / 8 * lanes


def link_named(text: str) -> float | None:
    """Return bytes a second of a link written as ``PCIe 4 x16``, None where *text* is no such link."""
    match = _NAMED.fullmatch(text.strip())
    return link_rate(int(match[1]), int(match[2])) if match else None


def is_address(place: str) -> bool:
    """Whether *place* is written as Linux writes where a card sits: ``0000:01:00.0``."""
    return _ADDRESS.fullmatch(place) is not None


def link_of(place: str) -> float:
    """Return bytes a second between the card at *place* and the host's memory, 0 where the system does not tell.

    The slowest stretch on the way counts. Speed is what both ends can do, for cards lower it while they have nothing to
    do; width is what was agreed on, for a long card may sit in a short slot.
    """
    if not is_address(place):
        return 0.0
    try:
        card = (_BUS / place).resolve(strict=True)
    except OSError:
        return 0.0
    way = [folder for folder in (card, *card.parents) if is_address(folder.name)]
    return min((rate for end, port in pairwise(way) if (rate := _stretch(end, port))), default=0.0)


def _stretch(end: Path, port: Path) -> float:
    """Return bytes a second between a device and the port above it, 0 where either does not tell."""
    speeds = [_generation(text(folder / "max_link_speed")) for folder in (end, port)]
    lanes = number(end / "current_link_width") or min(number(folder / "max_link_width") or 0 for folder in (end, port))
    return link_rate(min(speeds), lanes) if 0 < lanes <= _MOST_LANES else 0.0


def _generation(speed: str) -> int:
    """Return the generation of a speed such as ``16.0 GT/s PCIe``, 0 where it is none."""
    match = _SPEED.match(speed)
    transfers = float(match[1]) * 1e9 if match else 0.0
    return next((generation for generation, rate in _TRANSFERS.items() if rate == transfers), 0)
