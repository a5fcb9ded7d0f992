"""What a brief is made from: the facts of one scope, loaded once, and how to put them into short words."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from codereader.facts.brief.flow import Flow
from codereader.facts.brief.outside import Outside
from codereader.facts.brief.texts import Texts
from codereader.facts.brief.uses import Uses, count_uses
from codereader.facts.fact import CONDITION_WIDTH, PAGE_WIDTH, taken
from codereader.facts.graph.relations import Table, grouped_tables
from codereader.facts.kbuild.kconfig import own_option
from codereader.facts.kbuild.system import BuildMap, build_map, without
from codereader.facts.rank import rank_files
from codereader.index.parsed import Definition, Entry, Export
from codereader.index.view import At, IndexedFile, IndexView

LARGE_FILES = 40
"""Scopes with more files than this are told by folder first."""

READ_BYTES = 4 << 20
"""So many bytes of C source are searched as text, the most important files first."""

LARGE_READ_BYTES = 1 << 20
"""The same where that leaves most of the scope unread anyway."""

TEXT_WIDTH = 110
"""Longest summary, in characters, that a fact quotes."""


@dataclass(frozen=True, slots=True)
class Material:
    """One scope's facts. `files` and `scores` are by importance, everything else by path and row.

    `read` are the C files, by path, whose text is searched for what the index does not hold, out of `c_files`. `depth`
    is how many levels of parts and calls were asked for, None: as many as fit.
    """

    view: IndexView
    files: tuple[IndexedFile, ...]
    scores: Mapping[str, float]
    definitions: Sequence[At[Definition]]
    entries: Sequence[At[Entry]]
    exports: Sequence[At[Export]]
    tables: tuple[Table, ...]
    named_tables: Mapping[str, Sequence[Table]]
    build: BuildMap
    built_when: Mapping[str, str | None]
    uses: Uses
    flow: Flow
    texts: Texts
    outside: Outside
    read: tuple[str, ...]
    c_files: int
    depth: int | None = None

    @property
    def is_large(self) -> bool:
        """Whether the scope is told by folder."""
        return len(self.files) > LARGE_FILES

    def table(self, path: str, variable: str) -> Table | None:
        """Return the table of functions called *variable*, the one in the file *path* first."""
        found = self.named_tables.get(variable, ())
        return next((one for one in found if one.path == path), found[0] if found else None)

    def variable(self, path: str, name: str) -> At[Definition] | None:
        """Return the file-level variable called *name*, the one in the file *path* first."""
        found = [at for at in self.view.definitions(name=name) if at.fact.kind == "variable" and at.fact.owner is None]
        return next((at for at in found if at.path == path), found[0] if found else None)

    def when(self, path: str | None, condition: str | None) -> str | None:
        """Return when a fact of the file *path* holds: in a small scope when the file is built counts, too."""
        built = None if self.is_large else self.built_when.get(path or "")
        if built is None or built == condition:
            return condition
        said = [f"defined({part})" for part in built.split(" && ")]
        left = " && ".join(part for part in (condition or "").split(" && ") if part and part not in said)
        return f"{built} && {left}" if left else built

    def room(self, path: str | None, line: int | None = None, condition: str | None = None) -> int:
        """Return how many characters a fact's text may have for its line to stay within the page."""
        return PAGE_WIDTH - 2 - taken(path, line, (self.when(path, condition) or "")[:CONDITION_WIDTH])

    @property
    def partly(self) -> str:
        """What to say of counts that hold for the files in `read` alone; nothing where these are all there are."""
        return f" (in {len(self.read):,} of {self.c_files:,} C files)" if len(self.read) < self.c_files else ""

    def language(self, path: str) -> str:
        """Return the language of one file of the scope."""
        file = self.view.file(path)
        return file.language if file else "text"


def gather(view: IndexView, depth: int | None = None, outside: Outside | None = None) -> Material:
    """Load the facts of *view* that every section needs; *depth* is as in `Material`, *outside* notes what is read."""
    definitions = view.definitions()
    totals = view.reference_counts()
    scores = rank_files(view)
    by_path = {file.path: file for file in view.files()}
    files = tuple(by_path[path] for path in scores)
    build = build_map(view)
    held = grouped_tables(view.tables(), definitions)
    named: dict[str, list[Table]] = {}
    for table in held:
        named.setdefault(table.variable, []).append(table)
    return Material(
        view=view,
        files=files,
        scores=scores,
        definitions=definitions,
        entries=view.entries(),
        exports=view.exports(),
        tables=held,
        named_tables=named,
        build=build,
        built_when=_built_when(view, definitions, build),
        uses=count_uses(view, files, totals),
        flow=Flow(view, definitions, held),
        texts=Texts(view),
        outside=outside or Outside(view.scope),
        read=_read(files),
        c_files=sum(file.language == "c" for file in files),
        depth=depth,
    )


def _read(files: Sequence[IndexedFile]) -> tuple[str, ...]:
    """Return the most important C files whose sizes stay within `READ_BYTES` together, by path."""
    source = [file for file in files if file.language == "c"]
    sizes = accumulate(file.size for file in source)
    most = READ_BYTES if sum(file.size for file in source) <= 2 * READ_BYTES else LARGE_READ_BYTES
    return tuple(sorted(file.path for file, size in zip(source, sizes, strict=True) if size <= most))


def _built_when(view: IndexView, definitions: Sequence[At[Definition]], build: BuildMap) -> dict[str, str | None]:
    """Return when each file is built, as far as the scope's own option does not say it already."""
    option = own_option(view.scope.name, definitions, build)
    own = f"CONFIG_{option.fact.name}" if option else ""
    return {one.path: without(one.condition, own) for one in build.built}


def one_line(text: str, width: int = TEXT_WIDTH) -> str:
    """Return *text* on one line of at most *width* characters, cut between words and marked with an ellipsis."""
    flat = " ".join(text.split())
    if len(flat) <= width:
        return flat
    head = flat[: width - 1]
    return f"{head[: head.rfind(' ')] if ' ' in head[width // 2 :] else head}…"


def spelled(head: str, names: Sequence[str], width: int, joint: str = ", ") -> str:
    """Return *head* and as many of *names*, most telling first, as fit into *width* characters; the rest is counted.

    At least one name is spelled out.
    """
    text = head + joint.join(names)
    if len(text) <= width:
        return text
    used, count = len(head), 0
    for name in names:
        used += len(name) + (len(joint) if count else 0)
        left = len(names) - count - 1
        if count and used + len(f"{joint}and {left:,} more") > width:
            break
        count += 1
    left = len(names) - count
    return f"{head}{joint.join(names[:count])}{f' and {left:,} more' if left else ''}"


def spelled_lines(head: str, names: Sequence[str], width: int, lines: int) -> list[tuple[str, int]]:
    """Return *names* in up to *lines* texts as `spelled` makes them, each with how many names it spells out.

    The first begins with *head*, the others are indented; the last one counts what is left.
    """
    made: list[tuple[str, int]] = []
    left = list(names)
    while left and len(made) < lines:
        begin = "    " if made else head
        count = 1
        while count < len(left) and len(begin) + len(", ".join(left[: count + 1])) <= width:
            count += 1
        if len(made) == lines - 1 and count < len(left):
            made.append((spelled(begin, left, width), len(left)))
            return made
        made.append((begin + ", ".join(left[:count]), count))
        left = left[count:]
    return made


def top_folder(path: str) -> str:
    """Return the first folder of *path*, ``""`` for a file at the top."""
    return path.partition("/")[0] if "/" in path else ""


def base(path: str) -> str:
    """Return the last part of *path*."""
    return posixpath.basename(path)


def tally(values: Iterable[str]) -> list[tuple[str, int]]:
    """Count equal values, most frequent first, then by value."""
    counts: dict[str, int] = {}
    for value in values:
        counts[value] = counts.get(value, 0) + 1
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
