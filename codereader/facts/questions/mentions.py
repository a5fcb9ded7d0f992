"""What of a question looks like a name: quoted, spelled like code, a path, a configuration symbol.

Found by shape alone; `codereader.facts.questions.subjects` holds it against the index.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

MentionKind = Literal["symbol", "path", "option", "string"]


@dataclass(frozen=True, slots=True)
class Mention:
    """A part of a question, characters `start` to `end` of the plain text, that is written like a name.

    `text` is the name without quotes and parentheses. A mention that is not `sure` is one only if the tree knows it.
    `record` is the keyword before it (``struct``), if any.
    """

    text: str
    kind: MentionKind
    start: int
    end: int
    sure: bool = True
    record: str | None = None


_QUOTED = re.compile(
    r"`+([^`\n]+)`+|\"([^\"\n]+)\"|「([^」\n]+)」|『([^』\n]+)』|“([^”\n]+)”|‘([^’\n]+)’|(?<!\w)'([^'\n]+)'(?!\w)"
)
_OPTION = re.compile(r"(?<![A-Za-z0-9_])CONFIG_[A-Za-z0-9_]+")
_RECORD = re.compile(
    r"(?<![A-Za-z0-9_])(struct|union|enum|class|typedef)\s+([A-Za-z_][A-Za-z0-9_]*(?:(?:->|\.|::)[A-Za-z_][A-Za-z0-9_]*)*)"
)
_ENDINGS = "[ch]|cc|cpp|cxx|hh|hpp|py|pyi|go|rs|java|js|jsx|mjs|ts|tsx|md|rst|txt|toml|yaml|yml|json|sh|S|s|mk|cfg|ini"
_PATH = re.compile(
    r"(?<![A-Za-z0-9_./-])(?:\.{0,2}/)?[A-Za-z0-9_.+-]+(?:/[A-Za-z0-9_.+-]+)+/?(?::[A-Za-z0-9_.]+)?"
    r"|(?<![A-Za-z0-9_./-])[A-Za-z0-9_+-]+/(?![A-Za-z0-9_])"
    rf"|(?<![A-Za-z0-9_./>-])[A-Za-z0-9_+-]+\.(?:{_ENDINGS})(?::[A-Za-z0-9_.]+)?(?![A-Za-z0-9_(])"
)
_NAMED_FILE = re.compile(r"(?<![A-Za-z0-9_])(?:Makefile|README|LICENSE|MAINTAINERS)(?:\.\w+)?(?![A-Za-z0-9_])")
_CHAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:(?:->|::|\.)[A-Za-z_][A-Za-z0-9_]*)+(?:\s*\(\s*\))?")
_CODE = re.compile(r"(?<![A-Za-z0-9_])[A-Za-z_][A-Za-z0-9_]*(?:\(\s*\))?(?![A-Za-z0-9_])")
_SPELLED = re.compile(r"\w_\w|^_+\w|[a-z][A-Z]|^[A-Z]\w*[a-z]\w*[A-Z]|\)$")
_ENDING = re.compile(r"[.,;:!?]+$")
_NAME = re.compile(r"(?:(?:struct|union|enum|class|typedef)\s+)?[A-Za-z_~][\w.>:~/-]*(?:\(\s*\))?")


def plain(text: str) -> str:
    """Return *text* in the letters that names are written with: full-width ones become ordinary ones."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def mentions(text: str) -> tuple[Mention, ...]:
    """Return what of *text* (see `plain`) looks like a name, in its order; none overlap."""
    found: list[Mention] = []
    for match in _QUOTED.finditer(text):
        _add(found, _quoted(next(part for part in match.groups() if part), match.start(), match.end()))
    for match in _OPTION.finditer(text):
        _add(found, Mention(match[0], "option", match.start(), match.end()))
    for match in _RECORD.finditer(text):
        is_sure = bool(_SPELLED.search(match[2])) or match[1] != "class"
        _add(found, Mention(_dotted(match[2]), "symbol", match.start(2), match.end(), is_sure, match[1]))
    for pattern in (_PATH, _NAMED_FILE):
        for match in pattern.finditer(text):
            _add(found, _path(_ENDING.sub("", match[0]), match.start()))
    for match in _CHAIN.finditer(text):
        _add(found, _chain(match[0], match.start(), match.end()))
    for match in _CODE.finditer(text):
        if _SPELLED.search(match[0]) or any(sign.isdigit() for sign in match[0]):
            is_sure = bool(_SPELLED.search(match[0]))
            _add(found, Mention(_bare(match[0]), "symbol", match.start(), match.end(), is_sure))
    return tuple(sorted(found, key=lambda one: one.start))


def _add(found: list[Mention], one: Mention) -> None:
    if not any(one.start < other.end and other.start < one.end for other in found):
        found.append(one)


def _quoted(text: str, start: int, end: int) -> Mention:
    """Return what stands in quotes: a name if it is written like one, else a text."""
    inner = text.strip()
    if not _NAME.fullmatch(inner):
        return Mention(inner, "string", start, end)
    first = mentions(inner) if not inner.startswith(("`", '"')) else ()
    if len(first) == 1 and first[0].end == len(inner):
        return Mention(first[0].text, first[0].kind, start, end, record=first[0].record)
    return Mention(_dotted(_bare(inner)), "symbol", start, end)


def _path(text: str, start: int) -> Mention:
    return Mention(text.removeprefix("./"), "path", start, start + len(text))


def _chain(text: str, start: int, end: int) -> Mention:
    return Mention(_dotted(_bare(text)), "symbol", start, end)


def _dotted(text: str) -> str:
    return text.replace("->", ".").replace("::", ".")


def _bare(text: str) -> str:
    return text.partition("(")[0].strip()
