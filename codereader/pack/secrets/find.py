"""Find credentials in the whole text of a file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from codereader.pack.secrets.detector import OWN, PRIVATE_KEY, Detector

_BEFORE, _AFTER = 1000, 8192
"""How many characters around an anchor are looked at, on its line."""

_ANCHOR = re.compile("|".join([detector.anchor for detector in OWN] + ["PRIVATE KEY"]))
_KEY_TEXT = re.compile(r"[A-Za-z0-9+/=]{40,}+")


@dataclass(frozen=True, slots=True)
class Secret:
    """A credential: its *kind* in words, the 1-based *line* it begins on, and the *text* that must not be shown."""

    kind: str
    line: int
    text: str


def find_secrets(text: str) -> tuple[Secret, ...]:
    """Return the credentials in *text* in the order they stand, none overlapping another."""
    found = sorted(_found(text), key=lambda match: (match[0], -match[1], match[2]))
    secrets: list[Secret] = []
    line, at, end = 1, 0, 0
    for start, stop, kind in found:
        if start < end:
            continue
        line += text.count("\n", at, start)
        at, end = start, stop
        secrets.append(Secret(kind, line, text[start:stop]))
    return tuple(secrets)


def _found(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield start, end and kind of what the detectors find."""
    seen = 0
    for anchor in _ANCHOR.finditer(text):
        if anchor.start() < seen:
            continue
        start, seen = _window(text, anchor.start())
        for detector in OWN:
            yield from _matches(detector, text, start, seen)
    if "PRIVATE KEY" in text:
        for match in PRIVATE_KEY.finditer(text):
            if _KEY_TEXT.search(match["body"]):
                yield match.start(), match.end(), "private key"


def _window(text: str, at: int) -> tuple[int, int]:
    first = text.rfind("\n", max(at - _BEFORE, 0), at) + 1 or max(at - _BEFORE, 0)
    last = text.find("\n", at, at + _AFTER)
    return first, last if last >= 0 else min(at + _AFTER, len(text))


def _matches(detector: Detector, text: str, start: int, end: int) -> Iterator[tuple[int, int, str]]:
    group = "secret" if "secret" in detector.pattern.groupindex else 0
    for match in detector.pattern.finditer(text, start, end):
        yield match.start(group), match.end(group), detector.kind
