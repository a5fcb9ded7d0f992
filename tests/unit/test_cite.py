"""Claims of the prose are found as it streams, looked up, and marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from codereader.answer.cite import Citer, MarkedStream
from codereader.answer.event import Citation, Mark, Token
from codereader.index.parsed import BuildRule, Definition, Include, Reference, TableEntry
from codereader.index.view import At, IndexedFile
from codereader.source.spans import Span


@dataclass
class Tree:
    """An index of one C file and one Makefile, by hand."""

    extra: Sequence[At[Definition]] = field(default=())

    def files(self) -> list[IndexedFile]:
        return [
            IndexedFile("fs/inode.c", "c", 100, 299, "b", 0),
            IndexedFile("Makefile", "make", 10, 9, "b", 0),
        ]

    def definitions(self, *, name: str | None = None, kinds: Sequence[str] = (), **_: Any) -> list[At[Definition]]:
        known = [
            Definition("get_inode", "function", Span(0, 9, 53, 80), 53, "struct inode *get_inode(void)"),
            Definition("mount_opts", "struct", Span(0, 9, 34, 36), 34, "struct mount_opts", fields=("umode_t mode",)),
        ]
        rows = [At("fs/inode.c", d) for d in known]
        return [r for r in rows if name in (None, r.fact.name) and (not kinds or r.fact.kind in kinds)]

    def references(self, *, name: str, **_: Any) -> list[At[Reference]]:
        return [At("fs/inode.c", Reference("simple_lookup", "call", 60))] if name == "simple_lookup" else []

    def tables(self, **_: Any) -> list[At[TableEntry]]:
        return [At("fs/inode.c", TableEntry("dir_ops", "inode_operations", "mkdir", "do_mkdir", 190))]

    def includes(self, **_: Any) -> list[At[Include]]:
        return [At("fs/inode.c", Include("linux/pagemap.h", 3))]

    def builds(self, **_: Any) -> list[At[BuildRule]]:
        return [At("Makefile", BuildRule("obj", "CONFIG_MMU", ("inode.o",), 7))]


def marks(text: str, chunk: int = 3) -> list[Citation]:
    """Feed *text* in chunks and return the marks."""
    stream = MarkedStream(Citer(Tree()))  # type: ignore[arg-type]
    events = [e for i in range(0, len(text), chunk) for e in stream.feed(text[i : i + chunk])]
    return [e.citation for e in [*events, *stream.flush()] if isinstance(e, Mark)]


def verdicts(text: str) -> list[tuple[str, str]]:
    return [(c.text, c.verdict) for c in marks(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see fs/inode.c:54.", [("fs/inode.c:54", "verified")]),
        ("see inode.c:54-80 now", [("inode.c:54-80", "verified")]),
        ("see inode.c:300 now", [("inode.c:300", "not found")]),
        ("see inode.c:0 now", [("inode.c:0", "not found")]),
        ("see inode.c:80-54 now", [("inode.c:80-54", "not found")]),
        ("see nowhere.c:1 now", [("nowhere.c:1", "not found")]),
        ("in `inode.c` and `Makefile`", [("inode.c", "verified"), ("Makefile", "verified")]),
        ("in (mm/page.c)", [("mm/page.c", "not found")]),
        ("includes <linux/pagemap.h>,", [("linux/pagemap.h", "verified")]),
        ("calls `get_inode()`.", [("get_inode()", "verified")]),
        ("calls get_inode(), then", [("get_inode()", "verified")]),
        ("calls set_inode(), then", [("set_inode()", "not found")]),
        ("the `struct fs_type` here", [("struct fs_type", "not found")]),
        ("the struct fs_type here", [("struct fs_type", "not found")]),
        ("the struct mount_opts here", [("struct mount_opts", "verified")]),
        ("its `mode` and `dir_ops.mkdir`", [("mode", "verified"), ("dir_ops.mkdir", "verified")]),
        ("under `CONFIG_MMU`", [("CONFIG_MMU", "verified")]),
        ("uses simple_lookup outside", [("simple_lookup", "verified")]),
        ("`return` an `int` or NULL", []),
        ("plain words, e.g. in 3.5 seconds; either/or", []),
        ("a `git log --all` command", []),
    ],
)
def test_claims_are_judged(text: str, expected: list[tuple[str, str]]) -> None:
    """Places, files and symbols are looked up; words that claim nothing are let be."""
    assert expected == verdicts(text)


@pytest.mark.parametrize("chunk", [1, 2, 7, 1000])
def test_the_text_survives_marking_whole(chunk: int) -> None:
    """Tokens joined are the prose, however the model split it, and marks do not depend on the split."""
    text = (
        "The `struct fs_type` of inode.c:54 is\n\n```c\nint do_it(void)\n{\n\treturn get_inode();\n}\n```\nDone `open"
    )
    stream = MarkedStream(Citer(Tree()))  # type: ignore[arg-type]

    events = [e for i in range(0, len(text), chunk) for e in stream.feed(text[i : i + chunk])]
    events += stream.flush()

    assert text == "".join(e.text for e in events if isinstance(e, Token))
    assert [c.text for c in marks(text, 1000)] == [e.citation.text for e in events if isinstance(e, Mark)]


def test_a_mark_stands_right_behind_its_claim() -> None:
    """The token before a mark ends with the claim."""
    stream = MarkedStream(Citer(Tree()))  # type: ignore[arg-type]

    events = [*stream.feed("The set_inode() call "), *stream.flush()]

    at = next(i for i, e in enumerate(events) if isinstance(e, Mark))
    before = events[at - 1]
    assert isinstance(before, Token)
    assert before.text.endswith("set_inode()")


def test_an_open_backtick_does_not_hold_the_prose_back() -> None:
    """A model that never closes a backtick still streams."""
    stream = MarkedStream(Citer(Tree()))  # type: ignore[arg-type]

    events = list(stream.feed("`" + "word " * 100))

    assert any(isinstance(e, Token) for e in events)


def test_a_verdict_tells_where_the_symbol_is() -> None:
    """A verified symbol carries its place, 1-based."""
    (found,) = marks("see `get_inode` here")

    assert ("fs/inode.c", 54, "get_inode", "defined here") == (
        found.path, found.start_line, found.symbol, found.why,
    )  # fmt: skip
