"""What a configuration symbol needs before it can be chosen: its own ``depends on`` and all that stands around it.

Conditions are as Kconfig writes them, without ``CONFIG_``. Those of the ``if`` and ``menu`` blocks around an option, of
the option, and of every ``source`` line on the way from the root count, each with its place (1-based lines). Paths are
relative to the root of the view, so that Kconfig files above the scope have names too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from codereader.index.parsed import Definition, Include, ParsedFile
from codereader.index.view import At, IndexView
from codereader.source.scope import from_root, from_scope
from codereader.source.spans import line_of

MOST_SELECTORS = 12
"""So many options that select a symbol are named."""

_DEPENDS = "depends on "
_SELECTS = ("select ", "imply ")


@dataclass(frozen=True, slots=True)
class Need:
    """A condition and the line that says so: ``INET`` at ``net/Kconfig:93``."""

    text: str
    path: str
    line: int


@dataclass(frozen=True, slots=True)
class OptionChain:
    """What the option `symbol` (without ``CONFIG_``) needs, outermost first, and which options select it regardless.

    Where the symbol is defined more than once, this is about its first definition by path and line.
    """

    symbol: str
    path: str
    line: int
    needs: tuple[Need, ...]
    selected_by: tuple[Need, ...]

    @property
    def condition(self) -> str | None:
        """All needs as one text, None where there are none."""
        texts = list(dict.fromkeys(part for need in self.needs for part in _parts(need.text)))
        if len(texts) <= 1:
            return texts[0] if texts else None
        return " && ".join(f"({text})" if "||" in text else text for text in texts)


class Kconfig:
    """The options of a view and of the Kconfig files *above* its scope, by symbol. Paths are relative to the scope."""

    def __init__(self, view: IndexView, above: Mapping[str, ParsedFile]) -> None:
        scope = view.scope
        self._options: dict[str, list[At[Definition]]] = {}
        self._sourced: dict[str, list[At[Include]]] = {}
        self._selectors: dict[str, list[Need]] = {}
        self._shown = {path: from_scope(scope, path) for path, one in above.items() if one.language == "kconfig"}
        for path in self._shown:
            self._add(path, above[path].definitions, above[path].includes)
        for file in view.files():
            if file.language == "kconfig":
                path = from_root(scope, file.path)
                self._shown[path] = file.path
                definitions = (at.fact for at in view.definitions(path=file.path))
                self._add(path, definitions, (at.fact for at in view.includes(path=file.path)))
        self._around: dict[str, tuple[Need, ...]] = {}

    def _add(self, path: str, definitions: Iterable[Definition], includes: Iterable[Include]) -> None:
        for one in definitions:
            self._options.setdefault(one.name, []).append(At(path, one))
            for field in one.fields:
                if field.startswith(_SELECTS):
                    symbol, _, when = field.partition(" ")[2].strip().partition(" if ")
                    text = f"{one.name} && {when.strip()}" if when else one.name
                    self._selectors.setdefault(symbol.strip(), []).append(
                        Need(text, self._shown[path], line_of(one.row))
                    )
        for include in includes:
            self._sourced.setdefault(include.target, []).append(At(path, include))

    def chain(self, symbol: str) -> OptionChain | None:
        """Return what *symbol*, with or without ``CONFIG_``, needs; None where no Kconfig file at hand defines it."""
        name = symbol.removeprefix("CONFIG_")
        found = self._options.get(name)
        if not found:
            return None
        at = found[0]
        shown, line = self._shown[at.path], line_of(at.fact.row)
        needs = list(self._of_file(at.path))
        if at.fact.condition:
            needs.append(Need(at.fact.condition, shown, line))
        own = (field.removeprefix(_DEPENDS).strip() for field in at.fact.fields if field.startswith(_DEPENDS))
        needs.extend(Need(text, shown, line) for text in own)
        selectors = tuple(self._selectors.get(name, ())[:MOST_SELECTORS])
        return OptionChain(name, shown, line, tuple(dict.fromkeys(needs)), selectors)

    def symbols(self) -> list[str]:
        """Return every option that the Kconfig files at hand define, without ``CONFIG_``, by name."""
        return sorted(self._options)

    def _of_file(self, path: str) -> tuple[Need, ...]:
        """Return the conditions under which a Kconfig file is read, from the root down."""
        if path not in self._around:
            self._around[path] = ()  # a file that sources itself adds nothing
            for at in self._sourced.get(path, ())[:1]:
                own = Need(at.fact.condition, self._shown[at.path], line_of(at.fact.row)) if at.fact.condition else None
                self._around[path] = (*self._of_file(at.path), *([own] if own else []))
        return self._around[path]


def _parts(text: str) -> list[str]:
    """Return what a plain conjunction joins, any other text whole."""
    return [text] if re.search(r"\|\||[()]", text) else [part.strip() for part in text.split("&&")]
