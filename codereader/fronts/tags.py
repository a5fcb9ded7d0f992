"""The definitions of a scope as a tags file (format 2, extended), for vim, readtags and others.

Lines are bytes, sorted as bytes. Each finds its definition by a pattern, so that an edited file still leads there, and
says its 1-based line. What the format cannot hold, a name or path with a control character, is left out and counted.
"""

from __future__ import annotations

import heapq
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack

from codereader import __version__
from codereader.errors import NothingReadable
from codereader.facts.graph.relations import dotted
from codereader.index.linking.linked import Linked
from codereader.index.parsed import Definition
from codereader.source.spans import line_of

LETTERS: Mapping[str, str] = {
    "class": "c", "constant": "C", "enum": "g", "enumerator": "e", "function": "f", "heading": "h", "interface": "i",
    "key": "k", "macro": "d", "method": "m", "module": "n", "option": "o", "property": "p", "struct": "s",
    "target": "t", "trait": "r", "typedef": "y", "union": "u", "variable": "v",
}  # fmt: skip
"""The letter of each kind, the one of universal-ctags where it has one."""

PATTERN_BYTES = 96
"""So much of a line a pattern quotes; a longer line is known by its beginning."""

RUN_LINES = 100_000
"""So many lines are sorted in memory at once; more are merged from temporary files."""

_UNFIT = re.compile(rb"[\x00-\x1f\x7f]|^!_TAG_|^ |^$")
_STATIC = re.compile(r"\bstatic\b")


def header() -> bytes:
    """Return the lines that say what kind of tags file this is, sorted like the others."""
    kinds = (f"!_TAG_KIND_DESCRIPTION\t{letter},{kind}\t//\n" for kind, letter in sorted(LETTERS.items()))
    lines = [
        '!_TAG_FILE_FORMAT\t2\t/extended format; --format=1 will not append ;" to lines/\n',
        "!_TAG_FILE_SORTED\t1\t/0=unsorted, 1=sorted, 2=foldcase/\n",
        "!_TAG_OUTPUT_EXCMD\tmixed\t/number, pattern, mixed, or combineV2/\n",
        "!_TAG_PROGRAM_NAME\tcodereader\t//\n",
        f"!_TAG_PROGRAM_VERSION\t{__version__}\t//\n",
        *kinds,
    ]
    return "".join(sorted(lines)).encode()


def tags(linked: Linked, path: str, shown: str) -> tuple[list[bytes], int]:
    """Return the tags of the file *path*, written as *shown*, and how many definitions the format cannot hold."""
    definitions = [at.fact for at in linked.definitions(path=path)]
    file = os.fsencode(shown)
    if not definitions or _UNFIT.search(file):
        return [], len(definitions)
    kinds = {dotted(one): one.kind for one in reversed(definitions)}
    rows = _rows(linked, path)
    named = [(one.name.encode("utf-8", "surrogateescape"), one) for one in definitions]
    fit = [(name, one) for name, one in named if not _UNFIT.search(name)]
    lines = [b"\t".join((name, file, _address(rows, one.row), *_fields(one, kinds))) + b"\n" for name, one in fit]
    return lines, len(definitions) - len(lines)


def _rows(linked: Linked, path: str) -> Sequence[bytes]:
    """Return the lines of a file; none where it changed since, so that line numbers serve as addresses."""
    try:
        return linked.view.text(path).split(b"\n")
    except NothingReadable:
        return ()


def _address(rows: Sequence[bytes], row: int) -> bytes:
    """Return the command that finds a definition, and the sign after which the extended fields begin."""
    if row >= len(rows):
        return b'%d;"' % line_of(row)
    text = rows[row].rstrip(b"\r")
    whole = len(text) <= PATTERN_BYTES
    kept = text if whole else text[:PATTERN_BYTES].decode("utf-8", "ignore").encode()
    escaped = kept.replace(b"\\", rb"\\").replace(b"/", rb"\/")
    if whole and escaped.endswith(b"$"):
        escaped = escaped[:-1] + rb"\$"
    return b"/^" + escaped + (b"$" if whole else b"") + b'/;"'


def _fields(one: Definition, kinds: Mapping[str, str]) -> Iterator[bytes]:
    yield LETTERS[one.kind].encode()
    yield b"line:%d" % line_of(one.row)
    if one.owner:
        owner = _UNFIT.sub(b"?", one.owner.encode("utf-8", "surrogateescape"))
        yield kinds.get(one.owner, "class").encode() + b":" + owner.replace(b"\\", rb"\\")
    if _STATIC.search(one.signature):
        yield b"file:"


def in_order(batches: Iterable[Sequence[bytes]], check: Callable[[], None]) -> Iterator[bytes]:
    """Yield the lines of *batches* sorted and once each, in bounded memory. *check* is called now and then."""
    with ExitStack() as stack:
        runs: list[Iterable[bytes]] = []
        waiting: list[bytes] = []
        for batch in batches:
            check()
            waiting.extend(batch)
            if len(waiting) >= RUN_LINES:
                run = stack.enter_context(tempfile.TemporaryFile())
                run.writelines(sorted(waiting))
                run.seek(0)
                runs.append(run)
                waiting = []
        last = None
        for line in heapq.merge(*runs, sorted(waiting)):
            if line != last:
                yield line
            last = line
