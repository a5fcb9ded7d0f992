"""The link between a card and the host's memory: what PCI Express of a generation and a width carries.

Rates are bytes a second in one direction, before the overhead of packets.
"""

from __future__ import annotations

import re

_TRANSFERS = {1: 2.5e9, 2: 5e9, 3: 8e9, 4: 16e9, 5: 32e9, 6: 64e9}
"""Bits a second and lane, by generation: PCI Express Base Specification."""

_CODED = {1: 8 / 10, 2: 8 / 10, 3: 128 / 130, 4: 128 / 130, 5: 128 / 130, 6: 242 / 256}
"""What of them is data: 8b/10b, 128b/130b, and flits from generation 6."""

_NAMED = re.compile(r"pci-?e(?:xpress)?\s*(?:gen\s*)?([1-6])(?:\.0)?\s*x\s*(1|2|4|8|16|32)", re.I)


def link_rate(generation: int, lanes: int) -> float:
    """Return bytes a second of *lanes* lanes, 0 for a generation that is not known."""
    return _TRANSFERS.get(generation, 0.0) * _CODED.get(generation, 0.0) / 8 * lanes


def link_named(text: str) -> float | None:
    """Return bytes a second of a link written as ``PCIe 4 x16``, None where *text* is no such link."""
    match = _NAMED.fullmatch(text.strip())
    return link_rate(int(match[1]), int(match[2])) if match else None
