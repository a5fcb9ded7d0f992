"""How each language asks: the data files beside this module, made ready to match.

A file tells the letters that the language is written with, whether it puts spaces between words, what is rewritten
before anything is matched, and for each intent the patterns that mean it. Intents are tried in the order of the file,
the first that fits wins. A pattern is a regular expression with four words of its own: ``X`` and ``Y`` are names,
``C`` a configuration symbol, ``P`` a path; ``{call}`` is the entry ``call`` of the file's words. Names stand in a
prepared text as marks (see `mark`), so that what they are called cannot be taken for words; plain words that could be
names stand as they are.
Knows nothing of any tree.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from typing import Any

from codereader.facts.questions.needed import Needs, may_fit, needs

_CLASS = re.compile(r"\{([a-z]+)\}")
_SLOT = re.compile(r"(?:(?<![A-Za-z_\\])|(?<=\\b))(?<!\(\?)[XYCP](?![A-Za-z_])")
_SIGN = "\u0274"
_KINDS = {"option": "\u1d04", "path": "\u1d18"}
_OTHER = "\u1d0f"
_ENDS = "".join(_KINDS.values()) + _OTHER
_MARK = rf"{_SIGN}[0-9]+[{_ENDS}]"
_TOKENS = {"C": rf"{_SIGN}[0-9]+{_KINDS['option']}", "P": rf"{_SIGN}[0-9]+{_KINDS['path']}"}
_WORD = re.compile(r"[a-z]{3,}")

LEAST_TYPO = 4
"""A word with fewer letters is never taken for a mistyped one."""


def mark(number: int, kind: str) -> str:
    """Return what stands in a prepared text for the name of that *number* and *kind* (``option``, ``path``, others)."""
    return f"{_SIGN}{number}{_KINDS.get(kind, _OTHER)}"


def without_marks(text: str) -> str:
    """Return *text* without the sign that begins marks, so that none in it is taken for one of ours."""
    return text.replace(_SIGN, " ")


def marked(word: str) -> int | None:
    """Return the number of the name for which *word* stands, None for a plain word."""
    return int(word.strip(_SIGN + _ENDS)) if re.fullmatch(_MARK, word) else None


def unmarked(text: str, names: Sequence[str]) -> str:
    """Return a prepared text with the *names* in the places of their marks."""
    return re.sub(_MARK, lambda found: names[marked(found[0]) or 0], text)


@dataclass(frozen=True, slots=True)
class Reading:
    """A pattern that fits: the intent, and what stands in its slots, in the order of ``X``, ``Y``.

    `topic` is what its group ``t`` holds, if it has one: the words that a search should look for.
    """

    intent: str
    slots: tuple[str, ...]
    topic: str = ""


class Pattern:
    """A way to ask, with names that are marked alone or with words too. Nothing is compiled before a text needs it."""

    def __init__(self, text: str, words: Mapping[str, str], slots: tuple[str, str, str], *, spaces: bool) -> None:
        self.text = _CLASS.sub(lambda found: words[found[1]], text)
        self._slots = slots
        self._spaces = spaces
        self._compiled: dict[bool, re.Pattern[str]] = {}

    @cached_property
    def _needs(self) -> Needs:
        return needs(_SLOT.sub("\0", self.text.replace("(?P<t>", "(?:")))

    def search(self, prepared: str, folded: str, *, marked_alone: bool) -> re.Match[str] | None:
        """Return where *prepared* fits; *folded* is the same text without case."""
        return self.compiled(marked_alone=marked_alone).search(prepared) if may_fit(self._needs, folded) else None

    def compiled(self, *, marked_alone: bool) -> re.Pattern[str]:
        """Return the regular expression. Raises: re.error."""
        if marked_alone not in self._compiled:
            self._compiled[marked_alone] = re.compile(self.expression(marked_alone=marked_alone), re.IGNORECASE)
        return self._compiled[marked_alone]

    def expression(self, *, marked_alone: bool) -> str:
        """Return the regular expression as text."""
        slots = (_MARK, *self._slots[1:]) if marked_alone else self._slots
        return _spelled(self.text, slots, self._spaces)


@dataclass(frozen=True)
class Language:
    """One language's ways to ask. `intents` are in the order in which they are tried."""

    name: str
    letters: re.Pattern[str]
    spaces: bool
    never: frozenset[str]
    rewrites: tuple[tuple[re.Pattern[str], str], ...]
    intents: tuple[tuple[str, tuple[Pattern, ...]], ...]
    terms: tuple[tuple[str, str], ...] = ()
    """What the language calls things of programs, the longest first, and the English words for them."""

    def in_english(self, text: str) -> str:
        """Return the English words for the terms of *text* and what is written in Latin letters; empty for neither."""
        found: list[tuple[int, str]] = []
        for word, english in self.terms:
            at = text.find(word)
            if at >= 0:
                found.append((at, english))
                text = text.replace(word, " " * len(word))
        found += [(one.start(), one[0]) for one in re.finditer(r"[A-Za-z0-9_.]{2,}", text)]
        return " ".join(dict.fromkeys(words for _, words in sorted(found)))

    def prepared(self, text: str) -> str:
        """Return *text*, whose names are already replaced, without what says nothing: politeness, spaces, signs."""
        for what, by in self.rewrites:
            text = what.sub(by, text)
        words = re.sub(r"[^\w'-]+", " ", text) if self.spaces else re.sub(r"[^\w?]+", "", text)
        return " ".join(words.split())

    def readings(self, prepared: str) -> Iterator[Reading]:
        """Yield what *prepared* may ask, the best first; a name that is marked comes before a word that may be one."""
        if _SIGN in prepared:
            yield from self._readings(prepared, marked_alone=True)
        yield from self._readings(prepared, marked_alone=False)

    def _readings(self, prepared: str, *, marked_alone: bool) -> Iterator[Reading]:
        folded = prepared.casefold()
        for intent, patterns in self.intents:
            for pattern in patterns:
                if found := pattern.search(prepared, folded, marked_alone=marked_alone):
                    held = found.groupdict()
                    slots = tuple(word for key in ("x", "y") if (word := held.get(key)))
                    yield Reading(intent, slots, held.get("t") or "")

    def mended(self, prepared: str) -> str:
        """Return *prepared* with words that are nearly one of the patterns' own replaced by it."""
        if not self.spaces:
            return prepared
        return " ".join(self._mended(word) for word in prepared.split())

    def _mended(self, word: str) -> str:
        lower = word.lower()
        if len(word) < LEAST_TYPO or lower in self._vocabulary or not lower.isalpha():
            return word
        return next((known for known in self._by_letter.get(lower[0], ()) if _is_typo(lower, known)), word)

    @cached_property
    def _vocabulary(self) -> frozenset[str]:
        """The words that the patterns themselves hold."""
        texts = (one.expression(marked_alone=True) for _, patterns in self.intents for one in patterns)
        return frozenset(word for text in texts for word in _WORD.findall(_expanded(text)))

    @cached_property
    def _by_letter(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for word in sorted(self._vocabulary, key=lambda word: (-len(word), word)):
            if len(word) > LEAST_TYPO:
                found.setdefault(word[0], []).append(word)
        return {letter: tuple(words) for letter, words in found.items()}


def _expanded(text: str) -> str:
    """Return a pattern with its simplest endings written out, so that ``call(?:s|ed)?`` knows ``called``."""
    pattern = re.compile(r"([a-z]+)\(\?:([a-z|]+)\)\??")
    more = (f"{one[1]}{ending}" for one in pattern.finditer(text) for ending in ("", *one[2].split("|")))
    return f"{re.sub(r'[?]', '', text)} {' '.join(more)}"


def _is_typo(word: str, known: str) -> bool:
    """Tell whether one letter is missing, too many, wrong, or swapped with its neighbour."""
    if abs(len(word) - len(known)) > 1 or word == known:
        return word == known
    start = next((at for at, (one, other) in enumerate(zip(word, known, strict=False)) if one != other), None)
    if start is None:
        return True
    rest, other = word[start:], known[start:]
    swapped = rest[:2] == other[1::-1] if len(other) > 1 else False
    return rest[1:] == other[1:] or rest[1:] == other or rest == other[1:] or (swapped and rest[2:] == other[2:])


def languages() -> tuple[Language, ...]:
    """Return every language, by name of its file. Raises: ValueError for a file that cannot be used."""
    return _languages()


@cache
def _languages() -> tuple[Language, ...]:
    folder = resources.files("codereader.facts.questions") / "patterns"
    files = sorted((one for one in folder.iterdir() if one.name.endswith(".toml")), key=lambda one: one.name)
    return tuple(read_language(one.name, one.read_text(encoding="utf-8")) for one in files)


def languages_of(text: str) -> tuple[Language, ...]:
    """Return the languages in the order in which *text* should be tried: those with letters of their own in it first.

    A language without spaces is more telling than one with: a Japanese question is full of Latin names.
    """
    known = languages()
    return tuple(sorted(known, key=lambda one: (not one.letters.search(text), one.spaces, one.name)))


def read_language(file: str, text: str) -> Language:
    """Return the language that the data file *file* describes. Raises: ValueError."""
    try:
        table = tomllib.loads(text)
        return _language(table)
    except (tomllib.TOMLDecodeError, KeyError, TypeError, re.error) as error:
        raise ValueError(f"{file}: {error}") from error


def _language(table: Mapping[str, Any]) -> Language:
    spaces = bool(table["spaces"])
    words: Mapping[str, str] = table["words"]
    slots = _slots(spaces, table["around"])
    intents = tuple(
        (str(one["name"]), tuple(Pattern(text, words, slots, spaces=spaces) for text in one["patterns"]))
        for one in table["intent"]
    )
    rewrites = tuple((re.compile(what, re.IGNORECASE), by) for what, by in table["rewrite"])
    letters = re.compile(table["letters"])
    known: Mapping[str, str] = table.get("terms", {})
    terms = tuple(sorted(known.items(), key=lambda item: (-len(item[0]), item[0])))
    return Language(str(table["language"]), letters, spaces, frozenset(table["never"]), rewrites, intents, terms)


def _slots(spaces: bool, around: Sequence[str]) -> tuple[str, str, str]:
    """Return what a name looks like, and what may stand before and after it."""
    if not spaces:
        after = "|".join(re.escape(word) for word in sorted(around, key=lambda word: (-len(word), word)))
        return rf"{_MARK}|[A-Za-z_][A-Za-z0-9_]*", "", f"(?:{after})?"
    before = "|".join(re.escape(word) for word in around)
    return rf"{_MARK}|[A-Za-z_]\w*", f"(?:(?:{before}) )*", f"(?: (?:{before}))*?"


def _spelled(text: str, slots: tuple[str, str, str], spaces: bool) -> str:
    token, before, after = slots
    seen: set[str] = set()

    def slot(found: re.Match[str]) -> str:
        group = {"X": "x", "Y": "y"}.get(found[0], "x")
        again = group in seen
        seen.add(group)
        kind = _TOKENS.get(found[0], token)
        end = r"(?!\w)" if spaces else ""
        return f"(?P={group})" if again else f"{before}(?P<{group}>{kind}){end}{after}"

    return _SLOT.sub(slot, text)
