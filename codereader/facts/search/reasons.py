"""Why a file is among the best, in a few words for a person."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from codereader.facts.search.question import Read
from codereader.index.terms.bag import MOST

SHOWN = 3
"""So many names, phrases or words are given for a reason."""

RARE = 0.3
"""A word of a path counts as a reason from this worth on; 1 is that of the rarest word."""

_WORD_IN_PATH = re.compile(r"[a-z0-9]+|[a-z0-9_]+(?=\.)")


def reasons(path: str, read: Read, count: Callable[[str], int], worth: Mapping[str, float]) -> tuple[str, ...]:
    """Return the reasons for *path*. *count* gives the counts of a term in it, *worth* how much each term tells."""
    said: list[str] = []
    spelled = read.spelled.get
    if any(f"/{path}".endswith(f"/{one}") for one in read.paths):
        said.append("named in the text")
    traced = [name for name in read.frames if count(name) & MOST]
    if traced:
        said.append(f"in the trace: {_listed([spelled(name, name) for name in traced])}")
    named = [name for name in read.names if name not in traced and count(name) & MOST]
    if named:
        said.append(f"defines {_listed([spelled(name, name) for name in named])}")
    if phrases := _phrases([pair for pair in read.pairs if count(pair)], read.spelled):
        said.append(f"strings: {_listed([_quoted(phrase) for phrase in phrases])}")
    terms = read.all_terms()
    parts = set(_WORD_IN_PATH.findall(path.lower()))
    places = sorted(
        (one for one in terms if one in parts and worth.get(one, 0) > RARE), key=lambda one: (-worth[one], one)
    )
    if places:
        said.append(f"path: {_listed(places)}")
    words = [one for one in terms if one not in read.names and one not in parts and count(one)]
    words.sort(key=lambda one: (-worth.get(one, 0.0) * terms[one], one))
    if words:
        said.append(f"words: {_listed([spelled(one, one).lower() for one in words])}")
    return tuple(said)


def _quoted(phrase: str) -> str:
    return f'"{phrase}"'


def _listed(words: Sequence[str]) -> str:
    return ", ".join(words[:SHOWN])


def _phrases(pairs: Sequence[str], spelled: Mapping[str, str]) -> list[str]:
    """Return the *pairs*, in the order of the text, with those that overlap joined; the longest first."""
    phrases: list[list[str]] = []
    last = ""
    for pair in pairs:
        one, other = spelled.get(pair, pair).split(" ")
        if phrases and last == pair.partition(" ")[0]:
            phrases[-1].append(other)
        else:
            phrases.append([one, other])
        last = pair.partition(" ")[2]
    phrases.sort(key=lambda words: (-len(words), words))
    return [" ".join(words) for words in phrases if len(words) > 2 or len(phrases) == 1]
