"""What a macro makes at file level, worked out once for a macro and filled in for each of its uses.

A use is expanded and read with stand-ins for its arguments; what came out is a pattern for all uses whose arguments
are names, or lists of names that only lead to parameters. Whatever is not so simple gets no pattern.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from codereader.index.c.reading import KEYWORDS
from codereader.index.linking.expansion import Expansion, arguments, is_name
from codereader.index.linking.macros import Macros, Meaning
from codereader.index.parsed import Definition, Entry, Export, Macro, Reference, TableEntry

MOST_VARIANTS = 3
"""Macros with several definitions are expanded in so many ways; what only some of them make has a condition."""

_STAND_IN = re.compile(r"zq(\d+)qz(?: , zq\1qy)?")
_PLAIN = re.compile(r"[a-z]\w*\Z")
_TYPES = frozenset("int char long short unsigned signed void float double bool main init exit asmlinkage".split())
_LISTED = re.compile(r"[A-Za-z_]\w*\Z|\d+\Z|[,*\[\]]\Z|\.\.\.\Z")


@dataclass(frozen=True, slots=True)
class MadeFacts:
    """What macros make at file level. `cut` counts the uses that grew too large to be expanded to the end."""

    definitions: tuple[Definition, ...] = ()
    references: tuple[Reference, ...] = ()
    tables: tuple[TableEntry, ...] = ()
    exports: tuple[Export, ...] = ()
    entries: tuple[Entry, ...] = ()
    cut: int = 0


class Choice(Protocol):
    """Picks one definition of each macro; `differs` tells whether another choice would pick other ones."""

    differs: bool

    def __call__(self, name: str) -> Macro | None:
        """Return the definition of the macro *name*, None where there is none."""

    @property
    def condition(self) -> str | None:
        """The conditions under which this choice holds."""


@dataclass(frozen=True, slots=True)
class Filled:
    """A pattern and what its stand-ins mean in one use."""

    facts: MadeFacts
    values: Mapping[str, str]

    def text(self, text: str) -> str:
        """Return a text of the pattern as the use has it."""
        return _STAND_IN.sub(lambda match: self.values[match[1]], text) if "zq" in text else text

    def optional(self, text: str | None) -> str | None:
        """Return a text of the pattern as the use has it, None for None."""
        return None if text is None else self.text(text)


@dataclass(frozen=True, slots=True)
class _Pattern:
    """What came of one expansion. `met` is what each name meant that was looked for, `words` are the names that came
    out, `pasted` the tokens with a stand-in inside them, `used` the numbers of the arguments that count, `called` the
    names that calls go through, `told` the numbers of the arguments that facts name. `is_whole` tells
    that no list was torn apart.
    """

    met: Mapping[str, Meaning | None]
    words: frozenset[str]
    pasted: tuple[str, ...]
    used: frozenset[int]
    called: frozenset[str]
    told: frozenset[int]
    differs: bool
    condition: str | None
    is_whole: bool
    facts: MadeFacts


class Patterns:
    """Knows what macros make. *choose* gives the choice of a file and variant, *read* what a text says."""

    def __init__(
        self,
        macros: Macros,
        choose: Callable[[str, int], Choice],
        read: Callable[[str], MadeFacts],
    ) -> None:
        self._macros = macros
        self._choose = choose
        self._read = read
        self._known: dict[tuple[str | int, ...], list[_Pattern]] = {}
        self._fits: dict[tuple[int, str], bool] = {}

    def of(self, use: Sequence[str], path: str) -> list[tuple[Filled, str | None]] | None:
        """Return what the macro use with the tokens *use* makes in *path*, a choice of definitions after the other,
        with the condition of each; None where only expanding it where it stands can tell.
        """
        taken = arguments(use, 1) if len(use) > 1 else ([], 1)
        if taken is None or taken[1] != len(use):
            return None
        found: list[tuple[Filled, str | None]] = []
        for variant in range(MOST_VARIANTS):
            made = self._filled(use[0], taken[0], path, variant)
            if made is None:
                return None
            pattern, filled = made
            if variant and not pattern.differs:
                break
            found.append((filled, pattern.condition))
        return found

    def _filled(
        self, macro: str, given: Sequence[Sequence[str]], path: str, variant: int
    ) -> tuple[_Pattern, Filled] | None:
        bare = [macro, *_written([[f"zq{at}qz"] for at in range(len(given))])]
        used = self._pattern(bare, path, variant).used
        shown: list[list[str]] = []
        values: dict[str, str] = {}
        known: dict[str, list[str]] = {}
        for at, one in enumerate(given):
            stand_in, value = self._shown(at, one, path) if at in used else ([f"zq{at}qz"], "")
            stand_in = known.setdefault(value, stand_in) if value else stand_in
            shown.append(stand_in)
            values[str(at)] = value
        if any(not each for each in shown):
            return None
        pattern = self._pattern([macro, *_written(shown)], path, variant)
        if not pattern.is_whole or not self._is_fit(pattern, used, values):
            return None
        filled = Filled(pattern.facts, values)
        if any(filled.text(one) in self._macros for one in pattern.pasted):
            return None
        return pattern, filled

    def _shown(self, at: int, argument: Sequence[str], path: str) -> tuple[list[str], str]:
        """Return what stands for an argument, and what that means: the argument itself where nothing can."""
        if len(argument) == 1 and self._is_plain(argument[0]):
            return [f"zq{at}qz"], argument[0]
        if len(argument) < 2 or len(argument) > MOST_LISTED or argument[1] != "(":
            return list(argument), ""
        choice = self._choose(path, 0)
        made = Expansion(choice).expand(argument)
        if choice.differs or not made or any(one in self._macros or not _LISTED.match(one) for one in made):
            return list(argument), ""
        value = " ".join(made)
        if "," not in made:
            return [f"zq{at}qz"], value
        stand_in = [f"zq{at}qz", ",", f"zq{at}qy"]
        wrapped = [argument[0], "(", *stand_in, ")"]
        return (wrapped, value) if Expansion(choice).expand(wrapped) == stand_in else (list(argument), "")

    def _is_plain(self, lexeme: str) -> bool:
        return (
            _PLAIN.match(lexeme) is not None
            and lexeme not in KEYWORDS
            and lexeme not in _TYPES
            and lexeme not in self._macros
        )

    def _is_fit(self, pattern: _Pattern, used: frozenset[int], values: Mapping[str, str]) -> bool:
        """Whether the arguments may stand in the places of the pattern."""
        if not pattern.used <= used:
            return False
        for at, value in values.items():
            if not value or int(at) not in pattern.used:
                continue
            words = value.split()
            if len(words) == 1:
                if value in pattern.words:
                    return False
            elif pattern.called.intersection(words) or int(at) in pattern.told:
                return False
        return True

    def _pattern(self, use: list[str], path: str, variant: int) -> _Pattern:
        known = self._known.setdefault((variant, *use), [])
        for one in known:
            if self._holds(one, path):
                return one
        made = self._made(use, path, variant)
        known.append(made)
        return made

    def _holds(self, pattern: _Pattern, path: str) -> bool:
        """Whether the names that were met mean the same in the file *path*."""
        key = (id(pattern), path)
        found = self._fits.get(key)
        if found is None:
            meaning = self._macros.meaning
            found = all(_same(meaning(name, path), held) for name, held in pattern.met.items())
            self._fits[key] = found
        return found

    def _made(self, use: Sequence[str], path: str, variant: int) -> _Pattern:
        met: dict[str, None] = {}
        choice = self._choose(path, variant)

        def look(name: str) -> Macro | None:
            if name not in self._macros:
                return None
            met[name] = None
            return choice(name)

        expansion = Expansion(look)
        made = expansion.expand(use)
        every = dict.fromkeys(made)
        stand_ins = [lexeme for lexeme in every if "zq" in lexeme]
        facts = replace(self._read(" ".join(made) + " ;\n"), cut=int(expansion.is_cut))
        called = {word for one in facts.references for word in _NAME.findall(f"{one.name} {one.receiver or ''}")}
        lists = {lexeme[:-1] + "z" for lexeme in use if lexeme.startswith("zq") and lexeme.endswith("qy")}
        return _Pattern(
            met={name: self._macros.meaning(name, path) for name in met},
            words=frozenset(lexeme for lexeme in every if is_name(lexeme)),
            pasted=tuple(lexeme for lexeme in stand_ins if not _ALONE.match(lexeme)),
            used=frozenset(int(number) for lexeme in stand_ins for number in _NUMBER.findall(lexeme)),
            called=frozenset(called),
            told=_told(facts, stand_ins),
            differs=choice.differs,
            condition=choice.condition,
            is_whole=_is_whole(made, lists),
            facts=facts,
        )


MOST_LISTED = 400
"""Tokens of an argument that is a list."""

_NAME = re.compile(r"[A-Za-z_]\w*")
_NUMBER = re.compile(r"zq(\d+)q")
_ALONE = re.compile(r"zq\d+q[yz]\Z")


def _written(given: Sequence[Sequence[str]]) -> list[str]:
    """Return arguments in their brackets; nothing for none."""
    if not given:
        return []
    inside = [lexeme for number, one in enumerate(given) for lexeme in ([","] * bool(number) + list(one))]
    return ["(", *inside, ")"]


def _told(facts: MadeFacts, stand_ins: Sequence[str]) -> frozenset[int]:
    """Return the numbers of the stand-ins that are anywhere but among the parameters and arguments of functions."""
    texts = [lexeme for lexeme in stand_ins if not _ALONE.match(lexeme)]
    texts += [one.name if one.kind == "function" else f"{one.name} {one.signature}" for one in facts.definitions]
    texts += [f"{one.name} {one.receiver} {one.base}" for one in facts.references]
    texts += [f"{one.variable} {one.struct} {one.field} {one.function}" for one in facts.tables]
    return frozenset(int(number) for text in texts for number in _NUMBER.findall(text))


def _is_whole(made: Sequence[str], lists: Collection[str]) -> bool:
    """Whether the halves of the stand-ins for *lists* are side by side wherever they are."""
    for at, lexeme in enumerate(made):
        if lexeme in lists:
            if list(made[at + 1 : at + 3]) != [",", lexeme[:-1] + "y"]:
                return False
        elif lexeme.startswith("zq") and lexeme.endswith("qy") and (at < 2 or made[at - 2] not in lists):
            return False
    return True


def _same(one: Meaning | None, other: Meaning | None) -> bool:
    if one is None or other is None:
        return one is other
    return one is other or one.macros == other.macros
