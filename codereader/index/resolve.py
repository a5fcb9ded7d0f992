"""From a name as it is used to the definitions it may mean: each language has its own rules."""

from __future__ import annotations

from codereader.index.candidate import Candidate
from codereader.index.linking.c_names import c_names
from codereader.index.python.names import python_names
from codereader.index.tagged.names import tag_names
from codereader.index.view import IndexView

_C = frozenset({"c", "make", "kconfig", "text"})
"""Languages whose names are those of C."""


def resolve(
    view: IndexView, path: str, name: str, receiver: str | None = None, caller: str | None = None,
    base: str | None = None,
) -> tuple[Candidate, ...]:  # fmt: skip
    """Return what *name*, used in the file *path* (after *receiver*, if any), may mean; best first, then by place.

    *caller* and *base* are those of the `Reference`; languages with classes find more with them.

    Empty where nothing in the scope fits, which callers show as ``not found``.
    """
    file = view.file(path)
    if file is None:
        return ()
    if file.language == "python":
        return python_names(view, path, name, receiver, caller, base)
    if file.language not in _C:
        return tag_names(view, path, name, receiver, caller, base)
    if receiver is not None:
        return ()
    return c_names(view, path, name)
