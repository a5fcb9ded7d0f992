"""What a question asks and what it names: the text against the patterns of each language and the index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from codereader.facts.questions.mentions import Mention, mentions, plain
from codereader.facts.questions.patterns import Language, Reading, languages_of, mark, marked, unmarked, without_marks
from codereader.facts.questions.question import Missing, Question
from codereader.facts.questions.subjects import Met, is_called, knows, meet, meet_word
from codereader.facts.questions.tree import Tree

SEARCH = "search"
"""The intent of a question that no pattern fits."""

LONGEST = 600
"""A text with more characters is a report to search for, no question about structure."""

MOST_WORDS = 50
"""A text with more words is none either; it bounds what patterns cost, which grows with the cube of the words."""

MOST_NAMES = 12
"""A text with more names is a list to search for; no more than these are looked up."""

FEW_WORDS = 2
"""A name with no more words around it asks what the name is."""


@dataclass(frozen=True, slots=True)
class Read:
    """A question as it was read, the names of it that the tree does not hold, and what to tell of the reading."""

    question: Question
    missing: tuple[Missing, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Named:
    """A mention of a question and what became of it."""

    mention: Mention
    met: Met


def read(tree: Tree, text: str) -> Read:
    """Return what *text* asks of *tree*."""
    written = without_marks(plain(text))
    if len(written) > LONGEST or written.count(" ") > MOST_WORDS:
        return Read(Question(text, SEARCH, (), languages_of(written[:LONGEST])[0].name))
    named = _named(tree, written)
    if len(named) > MOST_NAMES:
        return _read(tree, text, languages_of(written)[0], Reading(SEARCH, ()), named[:MOST_NAMES])
    masked = _masked(written, named)
    tried = languages_of(written)
    for change in (_as_it_is, _mended, _with_it):
        for language in tried:
            prepared = change(language, language.prepared(masked))
            for reading in language.readings(prepared):
                if all(marked(word) is not None or _is_name(tree, language, word, reading) for word in reading.slots):
                    return _read(tree, text, language, reading, named)
    words = [word for word in tried[0].prepared(masked).split() if marked(word) is None]
    about = [one for one in named if one.mention.kind != "string"]
    intent = "describe" if about and len(words) <= FEW_WORDS and tried[0].spaces else SEARCH
    return _read(tree, text, tried[0], Reading(intent, ()), named)


def _as_it_is(_: Language, prepared: str) -> str:
    return prepared


def _mended(language: Language, prepared: str) -> str:
    return language.mended(prepared)


def _with_it(_: Language, prepared: str) -> str:
    """Return a text that names one thing with that name in place of ``it``."""
    marks = [word for word in prepared.split() if marked(word) is not None]
    return (
        " ".join(marks[0] if word.lower() == "it" else word for word in prepared.split())
        if len(marks) == 1
        else prepared
    )


def _is_name(tree: Tree, language: Language, word: str, reading: Reading) -> bool:
    if word in language.never or word.lower() in language.never:
        return False
    return knows(tree, word) or (reading.intent in _OF_CALLED and is_called(tree, word))


_OF_CALLED = ("callers", "used")
"""Intents for which a plain word may be a name that the tree calls and defines nowhere."""


def _named(tree: Tree, written: str) -> list[_Named]:
    """Return the mentions of a question, those left out that are not sure and that the tree does not know."""
    found = (_Named(one, meet(tree, one)) for one in mentions(written)[: MOST_NAMES + 1])
    return [one for one in found if one.met.subject or one.mention.sure]


def _masked(written: str, named: Sequence[_Named]) -> str:
    """Return *written* with a mark in place of each name."""
    parts, last = [], 0
    for number, one in enumerate(named):
        kind = one.met.subject.kind if one.met.subject and one.mention.kind != "option" else one.mention.kind
        parts += [written[last : one.mention.start], f" {mark(number, kind)} "]
        last = one.mention.end
    return "".join([*parts, written[last:]])


def _read(tree: Tree, text: str, language: Language, reading: Reading, named: Sequence[_Named]) -> Read:
    """Put the names of a question in order: those in the pattern's slots, then the others."""
    order: list[int] = []
    words: list[tuple[str, Met]] = []
    for slot in reading.slots:
        number = marked(slot)
        if number is None:
            words.append((slot, meet_word(tree, slot)))
        else:
            order.append(number)
    order += [number for number in range(len(named)) if number not in order]
    inner = [(named[number].mention.text, named[number].met) for number in order]
    if words and reading.slots and marked(reading.slots[0]) is None:
        met = [*words, *inner]
    else:
        met = [*inner[:1], *words, *inner[1:]]
    subjects = tuple(dict.fromkeys(one.subject for _, one in met if one.subject))
    missing = tuple(Missing(name, one.near) for name, one in met if one.subject is None)
    notes = tuple(dict.fromkeys(one.note for _, one in met if one.note))
    question = Question(text, reading.intent, subjects, language.name, _topic(text, language, reading, named))
    return Read(_settled(question), missing, notes)


def _topic(text: str, language: Language, reading: Reading, named: Sequence[_Named]) -> str:
    """Return what a search for the question should look for; empty for its text as it is."""
    if reading.intent != SEARCH:
        return ""
    topic = unmarked(reading.topic, [one.mention.text for one in named])
    return language.in_english(topic or plain(text)) if language.terms else topic


_OF_PATHS = {
    "describe": "contents", "table": "contents", "fields": "contents", "overview": "contents", "defined": "contents",
    "callers": "depends", "callees": "depends", "used": "includes",
}  # fmt: skip
"""What is asked of a file or a folder with words that ask something else of a symbol."""


def _settled(question: Question) -> Question:
    """Return a question whose intent fits the kind of what it names."""
    first = question.subjects[0] if question.subjects else None
    if first is None:
        return question
    intent = question.intent
    if first.kind == "path":
        intent = _OF_PATHS.get(intent, intent)
        intent = "depends" if intent == "includes" and question.intent == "used" and not first.places else intent
        if first.found == "." and intent == "contents":
            return replace(question, intent="overview", subjects=())
    elif first.kind == "symbol" and first.found.startswith("CONFIG_"):
        intent = "option"
    elif intent == "overview":
        intent = "describe"
    return replace(question, intent=intent)
