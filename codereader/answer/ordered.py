"""Whether a sentence puts names in the order, and with the words, in which the code has them.

Two things go wrong where each name is right: what comes first is said to come last, and two names change places
(``frees with take_lock, locks with free_node``). Neither is ever proof of a falsehood: loops and branches turn orders
around. Knows bodies of code through `Tree`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import combinations, pairwise

from codereader.answer.phrase import Entity, Phrase
from codereader.answer.tree import Tree
from codereader.index.parsed import Definition
from codereader.index.view import At

_MARK = re.compile(r"<(\d+)>")
_SOONER = re.compile(r" (?:before|prior to|then|afterwards?|subsequently|followed by|finally|next|lastly) ")
_LATER = re.compile(r" (?:after|once|following) ")
_OPENS_SOONER = re.compile(r" (?:[-*] )?(?:after|once|first) ")
_OPENS_LATER = re.compile(r" (?:[-*] )?(?:before|prior to) ")
_WORD = re.compile(r"(?<![<\w])[a-z]{3,}(?![\w>])")
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


def is_crossed(phrase: Phrase, names: Sequence[Entity]) -> bool:
    """Return whether two names of *phrase* stand with words that belong to the other one, each of them."""
    words = _words_at(phrase)
    listed = [one for one in dict.fromkeys(names) if one in words]
    for one, other in combinations(listed, 2):
        own, its = _parts(one), _parts(other)
        if _fits(words[one], its - own) and _fits(words[other], own - its):
            fits = _fits(words[one], own - its) or _fits(words[other], its - own)
            if not fits:
                return True
    return False


def _words_at(phrase: Phrase) -> dict[Entity, set[str]]:
    """Return the words between each name and what stands before it."""
    found: dict[Entity, set[str]] = {}
    end = 0
    for match in _MARK.finditer(phrase.shape):
        one = phrase.at(match[0])
        between = phrase.shape[end : match.start()]
        if one.kind == "name":
            found.setdefault(one, set()).update(set(_WORD.findall(between)) - _COMMON)
        end = match.end()
    return found


def _parts(one: Entity) -> set[str]:
    return {part.lower() for part in re.findall(r"[A-Za-z]{3,}", one.last.replace("_", " "))}


def _fits(words: set[str], parts: set[str]) -> bool:
    """Return whether one of *words* is one of *parts* of a name, in full or cut short."""
    return any(
        word.startswith(part[: max(4, len(part) - 2)]) or part.startswith(word[:5]) for word in words for part in parts
    )
