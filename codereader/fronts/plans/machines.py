"""What a person writes for a machine to compare: ``2x RTX 4090 + RTX 3090, 128GiB, cache-type=q8_0``.

Parts stand between commas: devices as --device takes them, joined by ``+``; a size for the system's memory as --ram
takes it; settings as ``FLAG=VALUE``, where FLAG is one of the command's own. Splits words; knows no device.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from codereader.errors import UsageError

SETTINGS = ("ram", "model", "tokens", "prompt", "max-tokens", "cache-type", "micro-batch", "gpu-layers")
"""The flags that a machine of --compare may set for itself."""

SYNONYMS = {"ctx": "tokens"}

HERE = "this"
"""Stands for this machine."""

LONGEST = 200
"""Characters of the words for one device."""

EXAMPLE = '--compare "2x RTX 4090, 128GiB" --compare "M4 Max 128GB"'

_JOINED = re.compile(r"\+(?!\s*(?:pro\s*)?\d{3}\b)", re.IGNORECASE)
"""A ``+`` that joins devices; not the one of ``Ryzen AI Max+ 395``, whose number has three digits."""

_COMMA = re.compile(r":\s*\d+,\d")
"""A comma that may be meant to stand in a number: ``RTX 4070:16,5GiB``."""

_MEMORY = re.compile(r"\d+(?:\.\d+)?\s*[mgt](?:i?b)?(?::.*)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Entry:
    """One machine of a comparison: `devices` as --device takes them, `settings` by flag, `text` as it was written."""

    text: str
    devices: tuple[str, ...] = ()
    is_here: bool = False
    """Whether this machine is meant, with `devices` added to its own."""
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def has_machine(self) -> bool:
        """Whether it names a machine, not only settings."""
        return bool(self.devices) or self.is_here or "ram" in self.settings


def entry(text: str) -> Entry:
    """Return the machine that *text* writes. Raises: UsageError."""
    devices: list[str] = []
    settings: dict[str, str] = {}
    if _COMMA.search(text):
        raise UsageError(
            f"--compare {text!r}: a comma parts what is compared",
            "Write numbers with a point (16.5GiB), and a space behind a comma.",
        )
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        name, equals, value = part.partition("=")
        if equals:
            _set(settings, _setting(name.strip(), text), value.strip(), text)
        elif _MEMORY.fullmatch(part):
            _set(settings, "ram", part, text)
        else:
            devices += specs([part])
    others = tuple(spec for spec in devices if spec.casefold() != HERE)
    if not devices and not settings:
        raise UsageError(f"--compare {text!r} names no machine", f"Write one each: {EXAMPLE}.")
    return Entry(text.strip(), others, len(others) < len(devices), settings)


def specs(texts: Sequence[str]) -> tuple[str, ...]:
    """Return the devices of *texts*, apart where they are joined by ``+``.

    Raises: UsageError for one that is empty or has no end.
    """
    found = [piece.strip() for text in texts for piece in _JOINED.split(text)]
    if not all(found):
        raise UsageError("the name of a device is empty", 'Write one, or several: "2x RTX 4090 + RTX 3090".')
    if max(map(len, found), default=0) > LONGEST:
        raise UsageError(f"the name of a device has more than {LONGEST} characters", f"Write it as in {EXAMPLE}.")
    return tuple(found)


def _set(settings: dict[str, str], flag: str, value: str, text: str) -> None:
    if flag in settings:
        raise UsageError(f"--compare {text!r} says {flag} twice", "Write it once.")
    settings[flag] = value


def _setting(name: str, text: str) -> str:
    """Return the flag called *name*. Raises: UsageError, with a near name."""
    flag = SYNONYMS.get(name.lower().lstrip("-"), name.lower().lstrip("-"))
    if flag in SETTINGS:
        return flag
    near = difflib.get_close_matches(flag, SETTINGS, 1)
    guess = f"; did you mean {near[0]}?" if near else ""
    known = f"There are: {', '.join(SETTINGS)}."
    raise UsageError(f"--compare {text!r} sets {name!r}, which is no setting{guess}", known)
