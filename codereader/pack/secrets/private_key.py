"""Private keys in text: from the line that opens one to the line that closes it, however they are quoted.

A key may stand in a file of its own, in a string of a program, in JSON with its line breaks escaped, or be cut short.
Code that only names the two lines holds no key. Positions are bytes.
"""

from __future__ import annotations

import base64
import binascii
import itertools
import re
from collections.abc import Iterator

KIND = "private key"

_MOST = 64 << 10
"""Longest key, in bytes."""

_LEAST = 60
"""Fewest bytes of base64 in a key; one of Ed25519 has 64."""

_OPEN = re.compile(rb"-{4,5} ?BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)? ?-{4,5}")
_CLOSE = re.compile(rb"-{4,5} ?END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)? ?-{4,5}")
_RUN = re.compile(rb"[A-Za-z0-9+/=]{20,}+")
_NEXT_RUN = re.compile(rb"(?:[\s\"'+,;#*>|]|\\[nr]){0,200}+[A-Za-z0-9+/=]{20,}+")
_LAST_RUN = re.compile(rb"(?:[\s\"'+,;#*>|]|\\[nr]){0,200}+[A-Za-z0-9+/]{1,19}={0,2}(?![A-Za-z0-9+/=_(])")
_QUOTES = re.compile(rb"[\s\"'+,;#*>|\\]+")
_PUTTY = re.compile(rb"Private-Lines: \d{1,4}\r?\n(?P<secret>(?:[A-Za-z0-9+/=]{4,80}\r?\n?){1,400}+)")
_PACKED = re.compile(rb"LS0tLS1CRUdJTi[A-Za-z0-9+/]{60,30000}+={0,2}")

ANCHORS = ("PRIVATE KEY", "Private-Lines:", "LS0tLS1CRUdJTi")


def private_keys(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield where each private key begins and ends in *data*."""
    marks = sorted((match.span(), pattern is _CLOSE) for pattern in (_OPEN, _CLOSE) for match in pattern.finditer(data))
    for ((start, opened), closes), following in itertools.zip_longest(marks, marks[1:]):
        if closes:
            continue
        end = None
        if following is not None and following[1]:
            end = _closed(data, opened, *following[0])
        end = end or _cut_short(data, opened, following[0][0] if following else len(data))
        if end:
            yield start, end
    for match in _PUTTY.finditer(data):
        yield match.span("secret")
    for match in _PACKED.finditer(data):
        if b"PRIVATE KEY" in _decoded(match[0][:80]):
            yield match.span()


def _closed(data: bytes, start: int, closing: int, end: int) -> int | None:
    """Return *end*, of the line that closes a key at *closing*, if a key stands between *start* and that."""
    if closing - start > _MOST:
        return None
    body = data[start:closing]
    keyed = sum(len(run) for run in _RUN.findall(body))
    written = len(_QUOTES.sub(b"", body))
    return end if keyed >= _LEAST and keyed * 10 >= written * 6 else None


def _cut_short(data: bytes, start: int, stop: int) -> int | None:
    """Return where the base64 ends that follows *start*, before *stop*."""
    at, stop = start, min(stop, start + _MOST)
    while run := _NEXT_RUN.match(data, at, stop):
        at = run.end()
    if at - start < _LEAST:
        return None
    last = _LAST_RUN.match(data, at, stop)
    return last.end() if last else at


def _decoded(text: bytes) -> bytes:
    try:
        return base64.b64decode(text[: len(text) // 4 * 4])
    except (binascii.Error, ValueError):
        return b""
