"""What a question or a bug report says that can be looked up: words, names, frames of a trace, lines of a log, paths.

Knows the forms of kernel logs (`codereader.facts.search.logs`), not the tree. Line one is the title.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from codereader.facts.search.logs import DEVICE, FAULT, FAULTING, FRAME, NOISE, STAMP, SUFFIX, is_generic
from codereader.index.terms.words import WORD, pairs_of, parts_of, plain_words, stem, terms_of

TITLE_WEIGHT = 3.0
"""What a word of the title counts, against one of the text below."""

FAULT_WEIGHT = 2.0
"""What a word of a log line counts that says that something failed, against one of another line."""

REPEATED = 2.0
"""How much more than once a word may count that comes again and again."""

PARTS = ("title", "text", "log")
MOST_TERMS = {"title": 60, "text": 250, "log": 250}
MOST_PAIRS = 400
MOST_LINES = 3000
"""Of a longer text the first and the last half as many are read: what failed stands at the end of a log."""

_PATH = re.compile(
    r"(?<![\w/.-])((?:[\w.+-]+/)+[\w.+-]+\.(?:[chSs]|cc|cpp|hpp|py|go|rs|java|tsx?|jsx?|sh))\b|\b([\w-]+\.[chS])\b"
)
_NUMBER = re.compile(r"(?:0[xX])?[0-9a-fA-F]*[0-9][0-9a-fA-F]*[uUlL]*")
_IDS = re.compile(r"\b([0-9a-fA-F]{4}):([0-9a-fA-F]{4})\b")


@dataclass(slots=True)
class Read:
    """What a text was read to say. Weights are relative, within one of the mappings."""

    terms: dict[str, dict[str, float]] = field(default_factory=lambda: {part: {} for part in PARTS})
    """Terms of the title, the text below, and the lines of logs."""
    pairs: dict[str, float] = field(default_factory=dict)
    frames: dict[str, float] = field(default_factory=dict)
    """Functions of a trace, lower-case; those nearest to the fault weigh most."""
    modules: dict[str, float] = field(default_factory=dict)
    paths: dict[str, float] = field(default_factory=dict)
    names: dict[str, float] = field(default_factory=dict)
    """Words that look like identifiers, lower-case."""
    spelled: dict[str, str] = field(default_factory=dict)
    """Terms and names as the text has them."""

    def all_terms(self) -> dict[str, float]:
        """Return every term once, with its greatest weight; those of the title count more."""
        found: dict[str, float] = {}
        for part in PARTS:
            for term, weight in self.terms[part].items():
                found[term] = max(found.get(term, 0.0), weight * (TITLE_WEIGHT if part == "title" else 1.0))
        return found


def read_question(text: str) -> Read:
    """Return what *text* says."""
    found = Read()
    lines = text.replace("\r", "").split("\n")
    if len(lines) > MOST_LINES:
        lines = lines[: MOST_LINES // 2] + lines[-MOST_LINES // 2 :]
    title = next((at for at, line in enumerate(lines) if line.strip()), None)
    depth = 0
    for at, line in enumerate(lines):
        bare = STAMP.sub("", line)
        part = "title" if at == title else "log" if bare != line or DEVICE.match(bare) else "text"
        for match in _PATH.finditer(bare):
            found.paths[match[1] or match[2]] = TITLE_WEIGHT if at == title else 1.0
        frames = FRAME.findall(bare)
        if frames:
            depth = _frames(found, bare, frames, depth)
            if part != "title":
                continue
            bare = FRAME.sub(" ", bare)
        if NOISE.search(bare):
            continue
        depth = 0 if not bare.strip() else depth
        _words(found, bare, part)
        if part == "title":
            _words(found, bare, "text")
    for part, most in MOST_TERMS.items():
        terms = found.terms[part]
        top = sorted(terms, key=lambda term: (-terms[term], term))[:most]
        found.terms[part] = {term: terms[term] for term in top}
    return found


def _frames(found: Read, line: str, frames: Iterable[tuple[str, str, str]], depth: int) -> int:
    """Take the frames of a *line*; the nearer to the fault, the more each counts."""
    for doubtful, name, module in frames:
        name = SUFFIX.sub("", name).lstrip(".")
        if module and len(module) > 2:
            found.modules.setdefault(module.lower().replace("-", "_"), 1.0)
        if is_generic(name):
            continue
        weight = 1.0 / (1 + 0.15 * depth) * (0.4 if doubtful else 1.0) * (1.5 if FAULTING.search(line) else 1.0)
        low = name.strip("_").lower()
        found.frames[low] = max(found.frames.get(low, 0.0), weight)
        found.spelled.setdefault(low, name)
        depth += 1
    return depth


def _words(found: Read, line: str, part: str) -> None:
    counts = found.terms[part]
    weight = FAULT_WEIGHT if part == "log" and FAULT.search(line) else 1.0
    ids = {word.lower() for pair in _IDS.findall(line) for word in pair}
    for word in WORD.findall(line):
        if _NUMBER.fullmatch(word) and part != "title" and word.lower() not in ids:
            continue
        terms = terms_of(word)
        for place, term in enumerate(terms):
            if term in STOP or len(term) < 2:
                continue
            counts[term] = min(counts.get(term, 0.0) + weight, weight + REPEATED)
            if place == 0:
                found.spelled.setdefault(term, word)
                if len(terms) > 1:
                    found.names[term] = max(found.names.get(term, 0.0), TITLE_WEIGHT if part == "title" else 1.0)
                    for piece in parts_of(word):
                        found.spelled.setdefault(stem(piece), piece)
    if len(found.pairs) < MOST_PAIRS:
        raw = [word.strip("_").lower() for word in WORD.findall(line) if word.strip("_")]
        stems = plain_words(line)
        for at, ((one, other), pair) in enumerate(zip(pairwise(stems), pairs_of(stems), strict=True)):
            told = 0.0 if one in STOP and other in STOP else weight
            found.pairs[pair] = max(found.pairs.get(pair, 0.0), told)
            found.spelled.setdefault(pair, f"{raw[at]} {raw[at + 1]}")


STOP = frozenset(
    stem(word)
    for word in """
    a about above after again against all also am an and any are as at be because been before being below between both
    but by came can cannot could did do does doing don done down during each else even ever every few for from further
    get gets getting give given go goes going good got had has have having he hello help her here hi him his how however
    i if in into is issue it its itself just kind know let like linux look make many may maybe me might more most much
    must my need no nor not now of off ok on once one only or other our out over own pc please problem report same say
    see seem seems she should since so some something still such sure take tell than thank thanks that the their them
    then there these they thing this those though through to too try trying under until up upon us use used using very
    via want was way we well were what when where which while who why will with within without work working works would
    yes yet you your bug kernel regression attached attach version bugzilla comment description created
    subject wrote sent email www http https com org net html
    """.split()
)
