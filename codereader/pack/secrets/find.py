"""Find the credentials that a text holds.

One pass looks for the few characters that every credential of a known format holds; only around those are formats
tried, so that a large tree without credentials costs little more than that pass.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from codereader.pack.secrets import password, private_key
from codereader.pack.secrets.anchor import Anchor, Anchors
from codereader.pack.secrets.formats import OWN, PROPOSED, Format

_SHORT = 8
"""A password shorter than this, or of letters alone, is replaced only where its URL says that it is one."""

_PASSWORDS = (
    ("password in a URL", password.URL_ANCHORS, password.URL, password.is_password),
    ("password in a URL", password.URL_ANCHORS, password.DATABASE, password.is_database),
    ("token in a URL", password.URL_ANCHORS, password.OWNER, None),
    ("password for a machine", password.NETRC_ANCHORS, password.NETRC, password.is_password),
    ("password in a connection string", password.SETTING_ANCHORS, password.SETTING, password.is_setting),
)


@dataclass(frozen=True, slots=True)
class Secret:
    """A credential: its *kind* in words and the 1-based *line* it begins on.

    `text` is what is looked for to be replaced. Where it is too common to be replaced wherever it stands, it has
    `lead` before it and `tail` after it, which are shown.
    """

    kind: str
    line: int
    text: str
    lead: str = ""
    tail: str = ""


def find_secrets(text: str | bytes) -> tuple[Secret, ...]:
    """Return the credentials in the whole *text* of a file, in the order they stand, none overlapping another.

    Bytes are taken as UTF-8; what is broken in them is replaced, as everywhere in a pack.
    """
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    anchors = _ANCHORS.found(data)
    if not anchors:
        return ()
    secrets: list[Secret] = []
    line = counted = 0
    for start, stop, kind in _apart(sorted(_spans(data, anchors), key=lambda span: (span[0], -span[1], span[2]))):
        line += data.count(b"\n", counted, start)
        counted = start
        secrets.append(_secret(data, start, stop, kind, line + 1))
    return tuple(secrets)


def _apart(spans: Sequence[tuple[int, int, str]]) -> Iterator[tuple[int, int, str]]:
    """Yield *spans*, sorted, with those that overlap made one of the first's kind."""
    last: tuple[int, int, str] | None = None
    for span in spans:
        if last is not None and span[0] < last[1]:
            last = last[0], max(last[1], span[1]), last[2]
            continue
        if last is not None:
            yield last
        last = span
    if last is not None:
        yield last


def _secret(data: bytes, start: int, stop: int, kind: str, line: int) -> Secret:
    text = data[start:stop].decode("utf-8", "replace")
    if kind == _PASSWORDS[0][0] and (len(text) < _SHORT or text.isalpha()):
        return Secret(kind, line, f":{text}@", ":", "@")
    return Secret(kind, line, text)


def _spans(data: bytes, anchors: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int, str]]:
    """Yield start, end and kind of all that is found around *anchors*; what two formats find may overlap."""
    with_keys = False
    ends: dict[Format, int] = {}
    for at, number in anchors:
        for wanted in _BY_ANCHOR[number]:
            if wanted is None:
                with_keys = True
            elif at >= ends.get(wanted, 0) and (match := wanted.match(data, at)) is not None:
                ends[wanted] = match.end()
                span = match.span("secret" if "secret" in wanted.pattern.groupindex else 0)
                if wanted.detector is None or _decided(wanted.detector, match, span):
                    yield *span, wanted.kind
    if with_keys:
        for start, stop in private_key.private_keys(data):
            yield start, stop, private_key.KIND


def _decided(detector: str, match: re.Match[bytes], span: tuple[int, int]) -> bool:
    from codereader.pack.secrets.library import decides

    first = max(match.start() - 1, 0)
    text = match.string[first : match.end() + 1].decode("latin-1")
    return decides(detector, text, span[0] - first, span[1] - first)


def _known() -> tuple[Anchors, list[list[Format | None]]]:
    """Return the anchors of all formats and, by their numbers, the formats; None stands for private keys."""
    by_anchor: dict[Anchor, list[Format | None]] = defaultdict(list)
    passwords = tuple(Format(kind, anchors, pattern, accept=accept) for kind, anchors, pattern, accept in _PASSWORDS)
    for wanted in (*PROPOSED, *OWN, *passwords):
        for anchor in wanted.anchors:
            by_anchor[anchor].append(wanted)
    for text in private_key.ANCHORS:
        by_anchor[Anchor(text)].append(None)
    return Anchors(list(by_anchor)), list(by_anchor.values())


_ANCHORS, _BY_ANCHOR = _known()
