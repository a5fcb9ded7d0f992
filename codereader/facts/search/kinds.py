"""What kind of file a path names, and what is left of a score for it: reports are about source as a rule."""

from __future__ import annotations

import re
from collections.abc import Mapping

from codereader.facts.rank import is_minor

KINDS: Mapping[str, float] = {"header": 0.7, "prose": 0.5, "data": 0.4, "minor": 0.5}
"""What is left of the score of a file that is not source; ``minor``: a test, tool or example."""

_HEADER = re.compile(r"\.(?:h|hh|hpp|hxx|inc|dtsi|pyi)$|\.d\.ts$")
_PROSE = re.compile(r"(?:^|/)[Dd]oc(?:s|umentation)?/|\.(?:md|rst|txt)$")
_DATA = re.compile(r"(?:^|/)(?:configs/|Kconfig|Makefile|CMakeLists)|\.(?:json|ya?ml|toml|cfg|ini|dts|lock)$")
_TOOLS = re.compile(r"^(?:tools|scripts)/")


def share_of(path: str) -> float:
    """Return what is left of the score of the file *path* for what kind of file it is."""
    share = KINDS["minor"] if is_minor(path) or _TOOLS.search(path) else 1.0
    for kind, pattern in (("prose", _PROSE), ("data", _DATA), ("header", _HEADER)):
        if pattern.search(path):
            return share * KINDS[kind]
    return share
