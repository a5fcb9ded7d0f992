"""Show text without the credentials in it, and remember what was replaced."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from codereader.pack.secrets.clean import Clean
    from codereader.pack.secrets.find import Secret

_KNOWN_BY = 12
"""So many first characters of a credential are taken for it wherever they stand."""

_CUT = 4
"""So many are taken for it where the mark of a cut follows."""

_CUT_OFF = re.compile(rf"(?P<left>[^\s…]{{{_CUT},{_KNOWN_BY - 1}}})…")

_LONGEST = 1 << 17
"""More characters than a credential has."""


@dataclass(frozen=True, slots=True, order=True)
class Find:
    """A credential that was replaced: the file, the 1-based line it begins on there, and its kind; never the text."""

    path: str
    line: int
    kind: str


@dataclass(frozen=True, slots=True, order=True)
class _Needle:
    """What is looked for of one credential: its text or a part of it. `least` characters of its beginning will do."""

    text: str
    least: int
    secret: Secret = field(compare=False)


@dataclass(frozen=True, slots=True)
class _Hidden:
    """What is looked for in the texts of one file, sorted, by its first characters, and a pattern of those.

    `ways` are those first characters, sorted.
    """

    beginnings: re.Pattern[str]
    needles: Mapping[str, Sequence[_Needle]]
    ways: Sequence[str]


class Redactor:
    """Replaces credentials in what is shown of files. Call it with a path and any text made of that file.

    *read* returns the whole text of a path (bytes as UTF-8), None where there is none; a file's credentials are worked
    out once, from that, and replaced in every text of it, also where a text holds only the beginning of one.
    Where there is no whole text (a diff, a log), or a text is a single line, that text itself is looked through.
    Paths that *clean* knows are not read; what is found to hold nothing is added to it.
    """

    def __init__(self, read: Callable[[str], str | bytes | None] = lambda _: None, clean: Clean | None = None) -> None:
        self._read = read
        self._clean = clean
        self._hidden: dict[str, _Hidden | None] = {}
        self._without: set[str] = set()
        self._finds: set[Find] = set()

    @property
    def finds(self) -> tuple[Find, ...]:
        """What was replaced so far, sorted."""
        return tuple(sorted(self._finds))

    def learn(self, path: str, whole: str | bytes) -> None:
        """Take *whole* for the text of *path*, so that it need not be read again."""
        self._hidden[path] = _hidden(_secrets(whole))

    def __call__(self, path: str, text: str) -> str:
        """Return *text*, which was made of the file *path*, with a marker in place of each credential.

        Lines stay where they are: a marker that stands for several is followed by as many line breaks.
        """
        hidden = self._of(path, text) if text else None
        if hidden is None:
            return text
        kept: list[str] = []
        at = searched = 0
        while beginning := hidden.beginnings.search(text, searched):
            start = beginning.start()
            needle, length = _longest(text, start, hidden.needles[beginning[0]])
            searched = start + max(length, 1)
            if needle is not None:
                kept += text[at:start], _shown(needle.secret, text[start:searched])
                at = searched
                self._finds.add(Find(path, needle.secret.line, needle.secret.kind))
        return self._without_cut_off(path, hidden, "".join([*kept, text[at:]]))

    def _without_cut_off(self, path: str, hidden: _Hidden, text: str) -> str:
        """Return *text* without the few characters of a credential that a cut left of it."""

        def shown(match: re.Match[str]) -> str:
            left = match["left"]
            for size in range(len(left), _CUT - 1, -1):
                here = bisect_left(hidden.ways, left[-size:])
                if here < len(hidden.ways) and hidden.ways[here].startswith(left[-size:]):
                    secret = hidden.needles[hidden.ways[here]][0].secret
                    self._finds.add(Find(path, secret.line, secret.kind))
                    return f"{left[:-size]}{_shown(secret, '')}…"
            return match[0]

        return _CUT_OFF.sub(shown, text) if "…" in text else text

    def _of(self, path: str, text: str) -> _Hidden | None:
        """Return what to hide in *text*."""
        if path not in self._hidden and path not in self._without and ("…" in text or text.count("\n", 0, -1)):
            self._look_through(path)
        return self._hidden[path] if path in self._hidden else _hidden(_secrets(text))

    def _look_through(self, path: str) -> None:
        """Work out the credentials of a file, unless it is known to have none."""
        if self._clean is not None and path in self._clean:
            self._hidden[path] = None
            return
        whole = self._read(path)
        if whole is None:
            self._without.add(path)
            return
        self.learn(path, whole)
        if self._clean is not None and self._hidden[path] is None:
            self._clean.add(path)


def _secrets(text: str | bytes) -> Sequence[Secret]:
    """Return the credentials in *text*. What finds them is loaded here: it is large, and most files are known."""
    from codereader.pack.secrets.find import find_secrets

    return find_secrets(text)


def marker(kind: str) -> str:
    """Return what stands in place of a credential of *kind*."""
    return f"[secret removed: {kind}]"


def _shown(secret: Secret, text: str) -> str:
    """Return what is shown in place of *text*, *secret* or a part of it."""
    return f"{secret.lead}{marker(secret.kind)}{secret.tail}" + "\n" * text.count("\n")


def _hidden(secrets: Sequence[Secret]) -> _Hidden | None:
    needles: dict[str, list[_Needle]] = {}
    for needle in sorted(needle for secret in secrets for needle in _needles(secret)):
        needles.setdefault(needle.text[:_KNOWN_BY], []).append(needle)
    if not needles:
        return None
    ways = sorted(needles, key=lambda beginning: (-len(beginning), beginning))
    return _Hidden(re.compile("|".join(map(re.escape, ways))), needles, sorted(needles))


def _needles(secret: Secret) -> Iterator[_Needle]:
    """Yield what to look for: the text, and of one in several lines the parts that are shown apart from each other."""
    header = _HEADER.match(secret.text)
    yield _Needle(secret.text, min(len(secret.text), header.end() + 8 if header else _KNOWN_BY), secret)
    if header or "\n" in secret.text:
        for part in sorted(set(_PART.findall(secret.text, header.end() if header else 0))):
            yield _Needle(part, min(len(part), _KNOWN_BY), secret)


_HEADER = re.compile(r"-+ ?BEGIN[^-]*-+")
_PART = re.compile(r"[A-Za-z0-9+/=]{16,}+|(?=[A-Za-z+/]*[0-9])[A-Za-z0-9+/]{6,}+={0,2}")
"""Lines of a key, and the shorter one at its end."""


def _longest(text: str, start: int, needles: Sequence[_Needle]) -> tuple[_Needle | None, int]:
    """Return the needle of which most stands in *text* at *start*, and how many characters of it.

    Of sorted texts those beside the place of a text share the most with it.
    """
    here = bisect_right(needles, text[start : start + _LONGEST], key=_text)
    best: tuple[_Needle | None, int] = None, 0
    for needle in needles[max(here - 1, 0) : here + 1]:
        shared = _shared(needle.text, text[start : start + len(needle.text)])
        if shared >= needle.least and shared > best[1]:
            best = needle, shared
    return best


def _text(needle: _Needle) -> str:
    return needle.text


def _shared(one: str, other: str) -> int:
    """Return how many first characters *one* and *other* share."""
    if one == other:
        return len(one)
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
