"""What of a scope one kernel configuration builds: files by their makefiles, facts by their conditions."""

from __future__ import annotations

from collections.abc import Callable

from codereader.facts.kbuild.chain import BuildFacts
from codereader.facts.kbuild.condition import Configuration, Dialect
from codereader.index.view import IndexView

_DIALECTS: dict[str, Dialect] = {"make": "make", "kconfig": "kconfig"}


def built_by(view: IndexView, configuration: Configuration) -> Callable[[str, str | None], bool]:
    """Return what tells of a fact, by its path and condition, whether *configuration* may build it.

    Only what is known to be left out is: a file without a rule and a condition that cannot be told count as built.
    """
    whens = {one.path: one.condition for one in BuildFacts(view).map.built}
    off = {path for path, when in whens.items() if configuration.holds(when, "make") is False}
    dialects = {file.path: _DIALECTS.get(file.language, "c") for file in view.files()}
    known: dict[tuple[str, str], bool] = {}

    def holds(path: str, condition: str | None) -> bool:
        if path in off:
            return False
        if condition is None:
            return True
        key = dialects.get(path, "c"), condition
        if key not in known:
            known[key] = configuration.holds(condition, key[0]) is not False
        return known[key]

    return holds
