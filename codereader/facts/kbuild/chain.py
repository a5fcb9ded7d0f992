"""When each source file of a scope is built: makefiles from the root down, joined to the Kconfig chain.

`codereader.facts.kbuild.system` reads the makefiles of the scope alone; here those on the way from the root count too
(``net/Makefile`` decides about ``net/ipv4``), and what the configuration symbols need.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from codereader.facts.kbuild.kconfig_chain import Kconfig, OptionChain
from codereader.facts.kbuild.system import Assignment, BuildMap, Built, assignments, assignments_of, map_rules
from codereader.index.above import build_files_above
from codereader.index.view import IndexView
from codereader.source.scope import from_root, from_scope

_SYMBOL = re.compile(r"\bCONFIG_\w+")


@dataclass(frozen=True, slots=True)
class BuildFact:
    """One source file. `symbol` is the configuration symbol of the rules of its own folder that lead to it, None where
    they name it in any case.

    `objects` are the composite objects that it becomes part of, inner first, else its own object. `condition` is what
    all makefiles from the root down ask for, None: it is always built. `path` and `rule_path` are relative to the
    scope; the rule at `rule_path`:`line` (1-based) names the file. `chains` are what the symbols of `condition` need in
    turn, in the order in which they stand there, those whose option no Kconfig file at hand defines left out.
    """

    path: str
    symbol: str | None
    objects: tuple[str, ...]
    condition: str | None
    rule_path: str
    line: int
    chains: tuple[OptionChain, ...]


class BuildFacts:
    """The build facts of one open view, each worked out when it is asked for."""

    def __init__(self, view: IndexView) -> None:
        above = build_files_above(view.scope)
        self.map = _joined(view, [rule for path, one in above.items() for rule in assignments_of(path, one.builds)])
        self.kconfig = Kconfig(view, above)
        self._built = {one.path: one for one in self.map.built}

    def of(self, path: str) -> BuildFact | None:
        """Return when the source file *path* is built, None where no rule at hand names it."""
        one = self._built.get(path)
        return self._fact(one) if one else None

    def all(self) -> tuple[BuildFact, ...]:
        """Return the facts of all files that rules name, by path."""
        return tuple(self._fact(one) for one in self.map.built)

    def _fact(self, one: Built) -> BuildFact:
        names = dict.fromkeys(_SYMBOL.findall(one.condition or ""))
        chains = tuple(chain for name in names if (chain := self.kconfig.chain(name)) is not None)
        return BuildFact(one.path, one.symbol, one.objects, one.condition, one.rule_path, one.line, chains)


def _joined(view: IndexView, above: list[Assignment]) -> BuildMap:
    """Join the rules of a scope and those above it, in paths from the root, and return them as seen from the scope."""
    scope = view.scope
    own = [replace(rule, path=from_root(scope, rule.path)) for rule in assignments(view)]
    made = map_rules([*above, *own], (from_root(scope, file.path) for file in view.files()))
    outside = {rule.path for rule in above}
    return BuildMap(
        built=tuple(
            replace(one, path=from_scope(scope, one.path), rule_path=from_scope(scope, one.rule_path))
            for one in made.built
        ),
        folders=tuple(
            replace(one, path=from_scope(scope, one.path), rule_path=from_scope(scope, one.rule_path))
            for one in made.folders
            if one.rule_path not in outside
        ),
        missing=tuple(
            replace(one, rule_path=from_scope(scope, one.rule_path))
            for one in made.missing
            if one.rule_path not in outside
        ),
        not_built=tuple(from_scope(scope, path) for path in made.not_built),
    )
