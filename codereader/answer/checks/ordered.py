"""Whether a sentence puts names in the order, and with the words, in which the code has them.

Two things go wrong where each name is right: what comes first is said to come last, and two names change places
(``frees with take_lock, locks with free_node``). Neither is ever proof of a falsehood: loops and branches turn orders
around. Knows bodies of code through `Tree`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import combinations, pairwise

from codereader.answer.checks.phrase import Entity, Phrase
from codereader.answer.checks.support import DEEDS
from codereader.answer.checks.tree import Tree
from codereader.index.parsed import Definition
from codereader.index.view import At

_MARK = re.compile(r"<(\d+)>")
_SOONER = re.compile(r" (?:before|prior to|then|afterwards?|subsequently|followed by|finally|next|lastly) ")
_LATER = re.compile(r" (?:after|once|following) ")
_OPENS_SOONER = re.compile(r" (?:[-*] )?(?:after|once|first) ")
_OPENS_LATER = re.compile(r" (?:[-*] )?(?:before|prior to) ")
_WORD = re.compile(r"(?<![<\w])[a-z]{3,}(?![\w>])")
_MEANS = re.compile(
    r" (?:(?:obtained|got|taken|created|comes) from|with|using|via|through|by|by calling|by means of|by invoking"
    r"|calling) \Z"
)
_PURPOSE = re.compile(r" to ([a-z][^,;.<]*)")
_PARTS = re.compile(r" (?:,|;|and|then|before|after|while) (?=[a-z])")
_JOINED = re.compile(
    r" (?:sets?|overrides?|assigns?|replaces?|initiali[sz]es|fills?|points|maps|and|,) (<\d+>) (?:with|to|as|=) (<\d+>)"
)
"""Two names that the words put together, as in ``sets <1> to <2> and <3> to <4>``."""
_ROLE = re.compile(r" ([a-z]{4,}) (?:is|as|=|:) (<\d+>)")
"""A word that may be a member, and its value: ``constructor is <1>``."""
_COMMON = frozenset("the and with for its via from into using calls call uses use then that which when this".split())


def is_out_of_order(tree: Tree, phrase: Phrase, subject: Entity | None) -> bool:
    """Return whether the code of *subject* has two names only the other way round than *phrase* says."""
    wanted = list(_said_orders(phrase))
    for at in tree.functions(subject) if subject is not None else ():
        if not at.path.endswith((".c", ".h", ".cc", ".cpp", ".go", ".rs", ".java", ".js", ".ts", ".py")):
            continue
        for one, other in wanted:
            first, last = _ends(tree, at, one.last), _ends(tree, at, other.last)
            if first is not None and last is not None and first[0] > last[1]:
                return True
    return False


def _said_orders(phrase: Phrase) -> list[tuple[Entity, Entity]]:
    """Return the pairs of names of which the phrase says that the first comes sooner."""
    found = []
    for match, behind in pairwise(_MARK.finditer(phrase.full)):
        one, other = phrase.at(match[0]), phrase.at(behind[0])
        if one.kind != "name" or other.kind != "name":
            continue
        between = phrase.full[match.end() : behind.start()]
        opening = phrase.full[: match.start()] if not _MARK.search(phrase.full[: match.start()]) else ""
        if _SOONER.search(between) or (_OPENS_SOONER.match(opening) and "," in between):
            found.append((one, other))
        elif _LATER.search(between) or (_OPENS_LATER.match(opening) and "," in between):
            found.append((other, one))
    return found


def _ends(tree: Tree, at: At[Definition], name: str) -> tuple[int, int] | None:
    """Return where *name* stands first and last in the body of *at*, as offsets."""
    places = [match.start() for match in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", tree.body(at))]
    return (places[0], places[-1]) if places else None


def is_crossed(tree: Tree, phrase: Phrase, names: Sequence[Entity]) -> bool:
    """Return whether something is said to be done with a name whose words are those of another, or of none."""
    words = {one: said for one, said in _done_with(phrase).items() if one in names}
    for one, said in words.items():
        for stem, deed in DEEDS.items():
            if any(word.startswith(stem) for word in said) and not _does(tree, one, deed):
                return True
    for one, other in combinations(words, 2):
        own, its = _parts(one), _parts(other)
        swapped = _fits(words[one], its - own) or _fits(words[other], own - its)
        if swapped and not (_fits(words[one], own - its) or _fits(words[other], its - own)):
            return True
    return False


def _done_with(phrase: Phrase) -> dict[Entity, set[str]]:
    """Return the words of what is done with each name: ``frees page with <2>``, ``calls <2> to free page``."""
    found: dict[Entity, set[str]] = {}
    marks = list(_MARK.finditer(phrase.shape))
    for number, match in enumerate(marks):
        one = phrase.at(match[0])
        before = phrase.shape[marks[number - 1].end() if number else 0 : match.start()]
        behind = phrase.shape[match.end() : marks[number + 1].start() if number + 1 < len(marks) else None]
        said = None
        if _MEANS.search(before):
            said = before
        elif purpose := _PURPOSE.match(behind):
            said = purpose[1]
        if one.kind == "name" and said is not None:
            last = _PARTS.split(said.rstrip())[-1] if said is before else said
            found[one] = set(_WORD.findall(last)) - _COMMON
    return found


def _does(tree: Tree, one: Entity, deed: str) -> bool:
    """Return whether a name, or the code that it stands for, may do a deed."""
    texts = [one.last, *(tree.source(at) for at in tree.definitions(one)[:3])]
    return any(re.search(deed, text, re.IGNORECASE) for text in texts)


def is_apart(tree: Tree, phrase: Phrase, subject: Entity) -> bool:
    """Return whether two names that the words join, ``sets <1> to <2>``, never stand in one statement of the code."""
    pairs = [(phrase.at(match[1]), phrase.at(match[2])) for match in _JOINED.finditer(phrase.shape)]
    joined = [(one.last, other.last) for one, other in pairs if {one.kind, other.kind} <= {"name", "member"}]
    joined += [(match[1], phrase.at(match[2]).last) for match in _ROLE.finditer(phrase.shape)]
    return any(
        _never_together(tree, at, pair) for pair in joined if subject.last not in pair for at in tree.functions(subject)
    )


def _never_together(tree: Tree, at: At[Definition], names: tuple[str, str]) -> bool:
    patterns = [re.compile(rf"(?<!\w){re.escape(name)}(?!\w)") for name in names]
    found = [[one.search(part) is not None for one in patterns] for part in tree.body(at).split(";")]
    return any(both[0] for both in found) and any(both[1] for both in found) and not any(map(all, found))


def _parts(one: Entity) -> set[str]:
    return {part.lower() for part in re.findall(r"[A-Za-z]{3,}", one.last.replace("_", " "))}


def _fits(words: set[str], parts: set[str]) -> bool:
    """Return whether one of *words* is one of *parts* of a name, in full or cut short."""
    return any(
        word.startswith(part[: max(4, len(part) - 2)]) or (word[:5] in part if len(word) > 4 else part.startswith(word))
        for word in words
        for part in parts
    )
