"""From a C name as it is used to its definitions.

A name is looked for in the file itself, then in what the file includes, then in the whole scope; a ``static``
definition is seen only in its own file or, in a header, by the files that include it. A header often holds a stub
under an ``#if`` beside a prototype: then the function that the prototype means comes first.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Sequence

from codereader.index.candidate import BY_INCLUDE, ONLY_ONE, SAME_FILE, Candidate, worded
from codereader.index.includes import include_map
from codereader.index.parsed import Definition
from codereader.index.view import At, IndexView

_STATIC = re.compile(r"\bstatic\b")
_TAGS = ("struct", "union", "enum")


def c_names(view: IndexView, path: str, name: str) -> tuple[Candidate, ...]:
    """Return what *name* may mean in the C file *path*, as far as its scope tells; best first, then by place."""
    reached = include_map(view).reached
    return c_candidates(path, view.definitions(name=name), (), lambda here, there: there in reached(here))


def c_candidates(
    path: str,
    own: Sequence[At[Definition]],
    outside: Sequence[At[Definition]],
    sees: Callable[[str, str], bool],
) -> tuple[Candidate, ...]:
    """Return which of the definitions of a name a use in *path* may mean; best first, then by place.

    *own* are those of the scope, *outside* those in headers beyond it; *sees* tells whether a file includes another.
    """
    found = _one_kind([at for at in (*own, *outside) if at.fact.kind != "option"])
    here = [at for at in found if at.path == path]
    if here:
        return tuple(Candidate(at, SAME_FILE) for at in here)
    seen = [at for at in found if sees(path, at.path)]
    public = [at for at in found if not _is_private(at) and at not in seen]
    if seen and not (public and all(_is_stub(at) for at in seen)):
        return worded(_near(path, seen), BY_INCLUDE)
    return worded([*_near(path, public), *seen], ONLY_ONE)


def _one_kind(found: Sequence[At[Definition]]) -> Sequence[At[Definition]]:
    """Return the functions, variables and macros among *found*, where there are any: tags have names of their own."""
    plain = [at for at in found if at.fact.kind not in _TAGS]
    return plain or found


def _near(path: str, found: Sequence[At[Definition]]) -> Sequence[At[Definition]]:
    """Return *found*, those first whose folder shares most with that of *path*."""
    folder = posixpath.dirname(path)
    return sorted(found, key=lambda at: -len(posixpath.commonprefix([folder + "/", at.path])))


def _is_stub(at: At[Definition]) -> bool:
    """Whether a definition in a header stands under a condition, so that another one may count."""
    return at.fact.condition is not None and at.path.endswith(".h")


def _is_private(at: At[Definition]) -> bool:
    """Whether a definition is seen by its own file, or its includers, alone."""
    if at.fact.kind in ("macro", "struct", "union", "enum", "typedef"):
        return not at.path.endswith(".h")
    return bool(_STATIC.search(at.fact.signature))
