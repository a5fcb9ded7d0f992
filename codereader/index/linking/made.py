"""What the macro uses of one file make outside of functions: functions, variables, table entries, ways in and out.

A use at file level or in the initialiser of a variable is expanded where it stands, and the ordinary extractor reads
the outcome: rows are those of the use. Rows are 0-based. What a use inside a function makes is told by
`codereader.index.linking.made_calls`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from operator import attrgetter
from typing import TypeVar

from codereader.index.c.preprocessor import Plain, joined, plain
from codereader.index.c.reading import KEYWORDS
from codereader.index.linking.expansion import MOST_TOKENS, Expansion, body_tokens, tokens
from codereader.index.linking.macros import Macros
from codereader.index.linking.made_calls import both
from codereader.index.linking.patterns import MOST_VARIANTS, Filled, MadeFacts, Patterns
from codereader.index.parse import parse
from codereader.index.parsed import Definition, Entry, Export, Macro, ParsedFile, Reference, TableEntry
from codereader.source.spans import Span

MOST_TEXT = 4 << 20
"""Bytes of expanded text that are read for one file."""

F = TypeVar("F", Definition, Reference, TableEntry, Export, Entry)

MOST_TRIAL = 100_000
"""Characters of an expansion that are tried."""

DEEPEST_MAKER = 24
"""So many macros inside each other are looked through for what they make."""

_WORD = re.compile(r"[A-Za-z_]\w*")
_CHECKS = frozenset({"__param_check"})
"""Macros that make functions for the compiler's type check alone; nothing ever calls them."""

_NEVER = frozenset(
    "EXPORT_SYMBOL EXPORT_SYMBOL_GPL MODULE_LICENSE MODULE_AUTHOR MODULE_DESCRIPTION MODULE_ALIAS MODULE_PARM_DESC"
    " module_param module_param_named module_param_array module_param_string MODULE_DEVICE_TABLE".split()
)
"""Macros of every module that make nothing which is told."""


class Makers:
    """Knows which macros make something at file level, and expands them there."""

    def __init__(self, macros: Macros) -> None:
        self._macros = macros
        self._making: dict[tuple[str, str], bool] = {}
        self._may: dict[tuple[str, str], bool] = {}
        self._patterns = Patterns(macros, lambda path, variant: _Choice(macros, path, variant), _told)

    def makes(self, name: str, path: str) -> bool:
        """Whether the macro *name*, used at file level or in an initialiser in *path*, makes functions or entries.

        Tried once, with arguments of our own.
        """
        meaning = self._macros.meaning(name, path) if name in self._macros else None
        if meaning is None or name in _NEVER:
            return False
        key = (name, path if meaning.is_own else "")
        if key not in self._making:
            self._making[key] = self._may_make(name, path, ()) and self._is_fertile(name, path, meaning.macros)
        return self._making[key]

    def _may_make(self, name: str, path: str, above: tuple[str, ...]) -> bool:
        """Whether the body of a macro, or of one that it mentions, has braces or names a member."""
        meaning = self._macros.meaning(name, path) if name in self._macros and name not in above else None
        if meaning is None or len(above) > DEEPEST_MAKER:
            return False
        key = (name, path if meaning.is_own else "")
        if key not in self._may:
            bodies = [body_tokens(macro) for macro in meaning.macros]
            found = any("{" in body or "##" in body or _names_member(body) for body in bodies) or any(
                self._may_make(word, path, (*above, name)) for body in bodies for word in dict.fromkeys(body)
            )
            if above:
                return found
            self._may[key] = found
        return self._may[key]

    def _is_fertile(self, name: str, path: str, macros: Sequence[Macro]) -> bool:
        parameters = macros[0].parameters
        given = "" if parameters is None else f"({', '.join(f'arg{at}z' for at in range(max(1, len(parameters))))})"
        use = tokens(f"{name}{given}")
        for variant in range(MOST_VARIANTS):
            choice = _Choice(self._macros, path, variant)
            made = " ".join(Expansion(choice).expand(use))
            if variant and not choice.differs:
                break
            if len(made) > MOST_TRIAL or ("{" not in made and "=" not in made):
                continue
            filled = f"static struct trial_z one_z = {{ {made} }};\nstatic struct trial_z two_z = {made};\n"
            if any(_tells(trial) for trial in (f"{made};\n{filled}", filled)):
                return True
        return False

    def facts(self, path: str, parsed: ParsedFile, data: bytes) -> MadeFacts:
        """Return what the macro uses of the C file *path* make at file level."""
        regions = list(self._regions(path, parsed, data))
        if not regions:
            return MadeFacts()
        own = _Own.of(parsed)
        starts = _line_starts(data)
        placed: list[MadeFacts] = []
        rest: list[_Region] = []
        for region in regions:
            use = tokens(region.text) if region.text is not None else []
            filled = self._patterns.of(use[:-1], path) if 1 < len(use) <= MOST_TOKENS else None
            if filled is None:
                rest.append(region)
                continue
            some = [_placed(one, region, own, starts) for one, _ in filled]
            placed.append(some[0] if len(some) == 1 else _united(some, [condition for _, condition in filled]))
        if rest:
            placed.append(self._expanded(path, rest, data, own))
        return placed[0] if len(placed) == 1 else _chained(placed)

    def _expanded(self, path: str, regions: Sequence[_Region], data: bytes, own: _Own) -> MadeFacts:
        """Return what *regions* make, expanded in one text as often as their macros have definitions."""
        split = plain(data)
        lines = split.text.decode("utf-8", "replace").split("\n")
        found: list[MadeFacts] = []
        conditions: list[str | None] = []
        heads = frozenset(region.macro for region in regions)
        for variant in range(MOST_VARIANTS):
            choice = _Choice(self._macros, path, variant)
            text, cut = _expanded(regions, lines, choice, lambda word: word in heads or self.makes(word, path))
            if variant and not choice.differs:
                break
            made = _kept(parse(text.encode("utf-8", "surrogateescape"), "c"), own, regions, split)
            found.append(replace(made, cut=cut))
            conditions.append(choice.condition)
        return found[0] if len(found) == 1 else _united(found, conditions)

    def _regions(self, path: str, parsed: ParsedFile, data: bytes) -> Iterator[_Region]:
        """Yield the rows of the file that are to be expanded, and the macro that is why."""
        heads = {use.row: use.macro for use in parsed.uses if not use.has_body and self._pastes(use.macro, path)}
        filled = {one.row for one in parsed.definitions if self._is_filled(one, heads.get(one.row))}
        for use in parsed.uses:
            if not use.has_body and use.row not in filled and self.makes(use.macro, path):
                text = use.macro if use.arguments is None else f"{use.macro}({use.arguments})"
                yield _Region(use.row, use.row, use.macro, text + ";", use.condition)
        for one in parsed.definitions:
            if one.kind != "variable" or one.span.end - one.span.start < 8:
                continue
            held = data[one.span.start : one.span.end]
            if b"{" not in held and b"=" not in held:
                continue
            words = dict.fromkeys(_WORD.findall(held.decode("utf-8", "replace")))
            macro = next((word for word in words if word in self._macros and self.makes(word, path)), None)
            macro = heads[one.row] if one.row in filled else macro
            if macro is not None:
                yield _Region(one.span.first_row, one.span.last_row, macro, None)

    def _pastes(self, name: str, path: str) -> bool:
        """Whether the macro *name* puts names together."""
        meaning = self._macros.meaning(name, path)
        return meaning is not None and any("##" in body_tokens(macro) for macro in meaning.macros)

    @staticmethod
    def _is_filled(one: Definition, macro: str | None) -> bool:
        """Whether a variable is declared by *macro* and filled on several rows: ``DEFINE_SCHED_CLASS(fair) = {``."""
        is_many = one.span.first_row < one.span.last_row
        return macro is not None and one.kind == "variable" and is_many and f"{macro}(" in one.signature


@dataclass(frozen=True, slots=True)
class _Region:
    """Rows *first* to *last* of a file that hold a macro use; *text* is what stands there, None for the rows.

    *condition* is that of a use whose text is told.
    """

    first: int
    last: int
    macro: str
    text: str | None
    condition: str | None = None


class _Choice:
    """Picks one definition of each macro: the first, second, ... where there are several.

    A macro called like a keyword (``if`` of a profiler, ``inline``) is left alone: it makes nothing that is told.
    """

    def __init__(self, macros: Macros, path: str, variant: int) -> None:
        self._macros = macros
        self._path = path
        self._variant = variant
        self._conditions: dict[str, None] = {}
        self.differs = False

    def __call__(self, name: str) -> Macro | None:
        if name in _CHECKS or name in KEYWORDS:
            return None
        meaning = self._macros.meaning(name, self._path)
        if meaning is None:
            return None
        some = meaning.macros
        if len(some) == 1:
            return some[0]
        one = some[min(self._variant, len(some) - 1)]
        self.differs = self.differs or self._variant < len(some)
        if one.condition:
            self._conditions[one.condition] = None
        return one

    @property
    def condition(self) -> str | None:
        """The conditions under which this choice holds."""
        return joined(list(self._conditions))


def _expanded(
    regions: Sequence[_Region], lines: Sequence[str], choice: _Choice, first: Callable[[str], bool]
) -> tuple[str, int]:
    """Return a text in which each region, expanded, stands on its rows, and nothing else; and how many were cut."""
    rows: dict[int, list[str]] = {}
    size = too_large = 0
    for region in regions:
        text = region.text if region.text is not None else "\n".join(lines[region.first : region.last + 1])
        cut = tokens(text)
        if len(cut) > MOST_TOKENS or size > MOST_TEXT:
            too_large += 1
            continue
        expansion = Expansion(choice, first)
        made = expansion.expand(cut)
        too_large += expansion.is_cut
        row = region.first
        for part in _lines(made):
            rows.setdefault(row, []).append(part)
            size += len(part)
            row += 1
    return "\n".join(" ".join(rows.get(row, ())) for row in range(max(rows, default=0) + 1)) + "\n", too_large


def _tells(text: str) -> bool:
    """Whether the C *text* has functions or tables."""
    parsed = parse(text.encode("utf-8", "surrogateescape"), "c")
    return bool(parsed.tables) or any(one.kind == "function" for one in parsed.definitions)


def _names_member(body: Sequence[str]) -> bool:
    return any(lexeme == "." and body[at + 2 : at + 3] == ("=",) for at, lexeme in enumerate(body))


def _lines(found: Iterable[str]) -> Iterator[str]:
    line: list[str] = []
    for lexeme in found:
        if lexeme == "\n":
            yield " ".join(line)
            line = []
        else:
            line.append(lexeme)
    yield " ".join(line)


@dataclass(frozen=True, slots=True)
class _Own:
    """What the file says without macros."""

    names: frozenset[tuple[str, str]]
    exports: frozenset[str]
    entries: frozenset[str]
    tables: frozenset[tuple[str, str, str, str]]

    @classmethod
    def of(cls, parsed: ParsedFile) -> _Own:
        return cls(
            frozenset((one.kind, one.name) for one in parsed.definitions),
            frozenset(one.name for one in parsed.exports),
            frozenset(one.name for one in parsed.entries),
            frozenset((one.variable, one.path, one.field, one.function) for one in parsed.tables),
        )


def _kept(made: ParsedFile, own: _Own, regions: Sequence[_Region], split: Plain) -> MadeFacts:
    """Return what the expanded text says beyond the file itself, with the conditions of the file's rows."""
    macros = {row: region.macro for region in regions for row in range(region.first, region.last + 1)}
    condition = split.condition
    starts = _line_starts(split.text)
    definitions = [
        replace(
            one,
            span=_row_span(one.span.first_row, one.span.last_row, starts),
            condition=condition(one.row),
            made=macros.get(one.row),
            doc=None,
            signature=" ".join(one.signature.split()),
        )
        for one in made.definitions
        if one.kind in ("function", "variable") and (one.kind, one.name) not in own.names
    ]
    functions = {one.name for one in definitions if one.kind == "function"}
    return MadeFacts(
        definitions=tuple(definitions),
        references=tuple(
            replace(one, condition=condition(one.row), made=macros.get(one.row))
            for one in made.references
            if one.kind == "call" and one.caller in functions
        ),
        tables=tuple(
            replace(one, condition=condition(one.row), made=macros.get(one.row))
            for one in made.tables
            if not one.assigned and (one.variable, one.path, one.field, one.function) not in own.tables
        ),
        exports=tuple(
            replace(one, condition=condition(one.row)) for one in made.exports if one.name not in own.exports
        ),
        entries=tuple(
            replace(one, condition=condition(one.row)) for one in made.entries if one.name not in own.entries
        ),
    )


def _told(text: str) -> MadeFacts:
    """Return what an expanded text says, on whatever rows and without conditions."""
    made = parse(text.encode("utf-8", "surrogateescape"), "c")
    found = _kept(made, _Own(frozenset(), frozenset(), frozenset(), frozenset()), (), plain(b""))
    definitions = tuple(replace(one, span=Span(0, 0, 0, 0)) for one in found.definitions)
    return replace(found, definitions=definitions, references=tuple(dict.fromkeys(found.references)))


def _placed(filled: Filled, region: _Region, own: _Own, starts: Sequence[int]) -> MadeFacts:
    """Return what a pattern says beyond the file itself where *region* uses it."""
    facts, text, optional = filled.facts, filled.text, filled.optional
    row, macro = region.first, region.macro
    span = _row_span(row, row, starts)

    def under(inner: str | None) -> str | None:
        return region.condition if inner is None else both(region.condition, inner)

    definitions = [
        Definition(
            name, one.kind, span, row, text(one.signature), optional(one.owner), one.exported, under(one.condition),
            tuple(text(line) for line in one.fields), None, macro,
        )
        for one in facts.definitions
        if (one.kind, name := text(one.name)) not in own.names
    ]  # fmt: skip
    functions = {one.name for one in definitions if one.kind == "function"}
    tables = [
        TableEntry(
            text(one.variable), optional(one.struct), text(one.field), text(one.function), row, under(one.condition),
            text(one.path), one.assigned, macro,
        )
        for one in facts.tables
    ]  # fmt: skip
    exports = [Export(text(one.name), text(one.kind), row, under(one.condition)) for one in facts.exports]
    entries = [Entry(text(one.name), one.kind, text(one.via), row, under(one.condition)) for one in facts.entries]
    return MadeFacts(
        definitions=tuple(definitions),
        references=tuple(
            Reference(
                text(one.name), one.kind, row, caller, optional(one.receiver), under(one.condition),
                optional(one.base), macro,
            )
            for one in facts.references
            if (caller := optional(one.caller)) in functions
        ),
        tables=tuple(one for one in tables if (one.variable, one.path, one.field, one.function) not in own.tables),
        exports=tuple(one for one in exports if one.name not in own.exports),
        entries=tuple(one for one in entries if one.name not in own.entries),
        cut=facts.cut,
    )  # fmt: skip


def _chained(found: Sequence[MadeFacts]) -> MadeFacts:
    """Return all that *found* says, by row."""
    return MadeFacts(
        definitions=tuple(sorted((each for one in found for each in one.definitions), key=_ROW)),
        references=tuple(sorted((each for one in found for each in one.references), key=_ROW)),
        tables=tuple(sorted((each for one in found for each in one.tables), key=_ROW)),
        exports=tuple(sorted((each for one in found for each in one.exports), key=_ROW)),
        entries=tuple(sorted((each for one in found for each in one.entries), key=_ROW)),
        cut=sum(one.cut for one in found),
    )


_ROW = attrgetter("row")


def _line_starts(text: bytes) -> list[int]:
    return [0, *(match.end() for match in re.finditer(rb"\n", text)), len(text)]


def _row_span(first: int, last: int, starts: Sequence[int]) -> Span:
    """Return rows as bytes of the file."""
    last = max(first, min(last, len(starts) - 2))
    return Span(starts[first], max(starts[first], starts[last + 1] - 1), first, last)


def _united(found: Sequence[MadeFacts], conditions: Sequence[str | None]) -> MadeFacts:
    """Return all that any variant makes; what not all make stands under the conditions of the first that does."""
    return MadeFacts(
        definitions=tuple(_joint([one.definitions for one in found], conditions)),
        references=tuple(_joint([one.references for one in found], conditions)),
        tables=tuple(_joint([one.tables for one in found], conditions)),
        exports=tuple(_joint([one.exports for one in found], conditions)),
        entries=tuple(_joint([one.entries for one in found], conditions)),
        cut=max(one.cut for one in found),
    )


def _joint(lists: Sequence[Sequence[F]], conditions: Sequence[str | None]) -> Iterator[F]:
    if not any(lists):
        return
    of = attrgetter(
        *(each.name for each in fields(next(some for some in lists if some)[0]) if each.name != "condition")
    )
    bare = [{of(one): one for one in some} for some in lists]
    seen: set[tuple[object, ...]] = set()
    for some, condition in zip(bare, conditions, strict=True):
        for key, one in some.items():
            if key in seen:
                continue
            seen.add(key)
            is_sure = all(key in other for other in bare)
            yield one if is_sure else replace(one, condition=both(one.condition, condition))
