"""From a C name as it is used to its definitions.

A name is looked for in the file itself, then in what the file includes, then in the whole scope; a ``static``
definition is seen only in its own file or, in a header, by the files that include it.
"""

from __future__ import annotations

import re

from codereader.index.candidate import BY_INCLUDE, ONLY_ONE, SAME_FILE, Candidate, worded
from codereader.index.includes import include_map
from codereader.index.parsed import Definition
from codereader.index.view import At, IndexView

_STATIC = re.compile(r"\bstatic\b")


def c_names(view: IndexView, path: str, name: str) -> tuple[Candidate, ...]:
    """Return what *name* may mean in the C file *path*; best first, then by place."""
    found = [at for at in view.definitions(name=name) if at.fact.kind != "option" and _is_seen(view, at.path)]
    here = [at for at in found if at.path == path]
    if here:
        return tuple(Candidate(at, SAME_FILE) for at in here)
    included = include_map(view).reached(path)
    seen = [at for at in found if at.path in included]
    if seen:
        return worded(seen, BY_INCLUDE)
    return worded([at for at in found if not _is_private(at)], ONLY_ONE)


def _is_seen(view: IndexView, path: str) -> bool:
    """Whether C code can mean what stands in the file *path*."""
    file = view.file(path)
    return file is not None and file.language in ("c", "cpp")


def _is_private(at: At[Definition]) -> bool:
    """Whether a definition is seen by its own file, or its includers, alone."""
    if at.fact.kind in ("macro", "struct", "union", "enum", "typedef"):
        return not at.path.endswith(".h")
    return bool(_STATIC.search(at.fact.signature))
