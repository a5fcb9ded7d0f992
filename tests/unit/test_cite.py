"""Claims of the prose are looked up in a real index: what stands in the tree is verified, nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from codereader.answer.checks import words
from codereader.answer.checks.cite import Citer
from codereader.answer.event import Citation, Mark
from codereader.answer.prose.marked import MarkedStream
from codereader.cancel import CancelToken
from codereader.index.build import build
from codereader.index.view import IndexView, open_index
from codereader.source.walk import open_scope, walk

DATA = Path(__file__).parent.parent / "data"


@pytest.fixture(scope="module")
def views(tmp_path_factory):
    """Index copies of the small trees under tests/data once, and open them by name."""
    opened: dict[str, IndexView] = {}
    for tree in ("ramdisk", "pypkg"):
        home = tmp_path_factory.mktemp(tree)
        folder = home / "drivers" / tree
        shutil.copytree(DATA / tree, folder, ignore=shutil.ignore_patterns("__pycache__"))
        walked = walk(open_scope(folder), CancelToken(), None)
        build(walked, home / "cache", CancelToken())
        opened[tree] = open_index(walked, home / "cache")
    yield opened
    for view in opened.values():
        view.close()


def marks(view: IndexView, text: str) -> list[Citation]:
    stream = MarkedStream(Citer(view))
    return [event.citation for event in [*stream.feed(text), *stream.flush()] if isinstance(event, Mark)]


def verdicts(view: IndexView, text: str) -> list[tuple[str, str]]:
    return [(found.text, found.verdict) for found in marks(view, text)]


TRUE = {
    "ramdisk": [
        "The driver is split over `core.c`, `ioctl.c` and, as the Makefile says, `map-mmu.c` or `map-nommu.c`.",
        "The struct contains five fields; each struct that is created goes through ramdisk_create() at core.c:28.",
        "`ramdisk_open` stores the disk in `file->private_data` and returns `-ENOENT` if there is none.",
        "On failure it returns ENOMEM (`ENOMEM`), and `is_write` tells `ramdisk_account()` which counter to bump.",
        "`disk->stats->writes++` is done in [stats.c](stats.c:11), under `CONFIG_RAMDISK_STATS`.",
        "The `struct ramdisk_codec` of ramdisk.h:31–34 has `pack` and `unpack`; `ramdisk_rle.pack` is `rle_pack`.",
        "Enum values such as `COMMAND_CLEAR` belong to enum ramdisk_command; enum values are plain numbers.",
        "It works on x86_64 and arm64, is GPL-2.0/MIT licensed, uses UTF_8, needs v6.1-rc1 or 3.5, is O(n), `O(1)`.",
        "`register_filesystem(&ramdisk_type)` is called by `static int __init ramdisk_init(void)` with NULL checks.",
        "See <linux/slab.h>, drivers/ramdisk/core.c:19, `codec/rle.c` and the `codec/` folder; `rle.o` is built.",
        "The `ramdisk_operations.open` entry points to `ramdisk_open`; `struct inode` comes from outside.",
        "命令由`ramdisk_ioctl`处理，定义在ioctl.c:24，它调用ramdisk_blocks()。",
        "The struct ramdisk *disk argument is passed to ramdisk_find(name), e.g. by either/or paths (see file(s)).",
    ],
    "pypkg": [
        "Class hierarchy: `NotOnShelfError` derives from `ShelfError`, and each class that is raised says why.",
        "`Library.lend()` calls `self.store.add(loan)` and `remind`, defined in shelf/reminders.py:4.",
        "`Store.path` is a `Path`; `open_store(path)` at `shelf/store.py:33` returns a `Store`.",
        "`len`, `print()`, `__main__` and `str` belong to Python, unlike Node.js; `if __name__` runs it.",
        "`Book.title` and `Loan.to` are fields; the class Library holds the store; `json.dumps` writes.",
        "`from .model import Book, Loan` stands in `library.py`; run it with `python -m shelf` or `git log --all`.",
        "`ShelfError.args` comes from `Exception`; see https://example.com/shelf/none.py and a@b.py.",
        "The `shelf` package has `shelf/cli.py` with `main(title)`, and describe(loan) there returns a dict.",
    ],
}  # fmt: skip
"""Sentences that say nothing untrue about the trees."""


@pytest.mark.parametrize(("tree", "text"), [(tree, text) for tree, texts in TRUE.items() for text in texts])
def test_true_prose_is_not_blamed(views, tree, text):
    """A sentence that holds has no claim that is not found."""
    found = marks(views[tree], text)

    assert [] == [(c.text, c.why) for c in found if c.verdict == "not found"]


@pytest.mark.parametrize(
    ("tree", "text", "expected"),
    [
        ("ramdisk", TRUE["ramdisk"][1], ["ramdisk_create()", "core.c:28"]),
        ("ramdisk", TRUE["ramdisk"][7], []),
        ("ramdisk", TRUE["ramdisk"][11], ["ramdisk_ioctl", "ioctl.c:24", "ramdisk_blocks()"]),
        ("ramdisk", TRUE["ramdisk"][12], ["struct ramdisk", "ramdisk_find(name)"]),
        ("pypkg", TRUE["pypkg"][0], ["NotOnShelfError", "ShelfError"]),
        ("pypkg", TRUE["pypkg"][1], ["Library.lend()", "self.store.add(loan)", "remind", "shelf/reminders.py:4"]),
        ("pypkg", TRUE["pypkg"][3], []),
    ],
)
def test_true_claims_are_verified(views, tree, text, expected):
    """What the sentence names is marked, in order, and its plain words are not."""
    assert [(claim, "verified") for claim in expected] == verdicts(views[tree], text)


@pytest.mark.parametrize(
    ("tree", "text", "expected"),
    [
        ("ramdisk", "It calls `ramdisk_flush()` and ramdisk_sync.", ["ramdisk_flush()", "ramdisk_sync"]),
        ("ramdisk", "The `bogus`'s list, `x1`/`y1` and `x2`—which", ["bogus", "x1", "y1", "x2"]),
        ("ramdisk", "[core.c](core.c:999) and [`f1`](no.c:3)", ["core.c:999", "f1", "no.c:3"]),
        ("ramdisk", "core.c:500–600, core.c:540:10, core.c#L900", ["core.c:500–600", "core.c:540:10", "core.c#L900"]),
        (
            "ramdisk",
            "bogus_fn(disk, b) and `&bogus_ops` and `arr[0]` and `*ptr`",
            ["bogus_fn(disk, b)", "bogus_ops", "arr", "ptr"],
        ),
        ("ramdisk", "`int frob(void)` and “bogus_fn()”", ["frob", "bogus_fn()"]),
        ("ramdisk", "struct ramdisk_find, the struct fs_type", ["struct ramdisk_find", "struct fs_type"]),
        ("ramdisk", "a `struct ramdisk_open`", ["struct ramdisk_open"]),
        ("ramdisk", "bogus_thing->name, `a1::b1::ramdisk_find()`", ["bogus_thing->name", "a1::b1::ramdisk_find()"]),
        ("ramdisk", "`ramdisk_operations.fsync` and `ramdisk.reads`", ["ramdisk_operations.fsync", "ramdisk.reads"]),
        ("ramdisk", "drivers/net/Makefile:3 and mm/page.c", ["drivers/net/Makefile:3", "mm/page.c"]),
        ("ramdisk", "core.c:0 and core.c:30-20", ["core.c:0", "core.c:30-20"]),
        ("ramdisk", "函数`get_inode`在inode.c:54处，调用iget()。", ["get_inode", "inode.c:54", "iget()"]),
        ("ramdisk", "It uses malloc() and NULL, `len` is none of its names.", ["malloc()", "len"]),
        ("ramdisk", "line 900 of core.c, lines 1 to 3 of `ioctl.c`, line 2 of no.c", ["core.c:900", "no.c:2"]),
        ("ramdisk", "core.c line 900, `core.c` (lines 10-12) and core.c, at line 12", ["core.c:900"]),
        ("ramdisk", "core.c, lines 10 to 999, has 54 lines", ["core.c:10-999"]),
        ("ramdisk", "the FileStore of JavaScript", []),
        ("pypkg", "The FileStore class and NotOnShelfError and JavaScript", ["FileStore"]),
        ("pypkg", "`Library.bogus` and Library.find", ["Library.bogus"]),
        ("pypkg", "class LoanBook and class `remind`", ["class LoanBook", "class remind"]),
        ("pypkg", "`ShelfError.frobnicate`, `shelf/web.py`", ["ShelfError.frobnicate", "shelf/web.py"]),
        ("pypkg", "```python\nnew_name = invented_call(new_name)\n```", ["invented_call"]),
    ],
)
def test_invented_claims_are_not_found(views, tree, text, expected):
    """What is not in the tree is named, and nothing else."""
    assert expected == [found.text for found in marks(views[tree], text) if found.verdict == "not found"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("`ramdisk_find`", "defined here"),
        ("`is_write`", "stands in stats.c:9"),
        ("`struct ramdisk_find`", "it is a function at core.c:17, not a struct"),
        ("`ramdisk.reads`", "ramdisk at ramdisk.h:13 has no reads"),
        ("`nobody->name`", "nobody is neither defined nor used in the scope"),
        ("core.c:999", "the file has 150 lines"),
    ],
)
def test_a_verdict_says_why(views, text, why):
    """The reason names the place, or the part that is missing."""
    (found,) = marks(views["ramdisk"], text)

    assert why == found.why


def test_a_symbol_carries_its_place(views):
    """A verified symbol has path and 1-based line."""
    (found,) = marks(views["ramdisk"], "see `ramdisk_find` here")

    assert ("core.c", 17, "ramdisk_find") == (found.path, found.start_line, found.symbol)


def test_a_scope_over_the_bound_says_that_it_was_not_searched_whole(views, monkeypatch):
    """Text beyond the bound is not read, unless the prose cites its file, and the verdict says so."""
    monkeypatch.setattr(words, "SEARCHED_BYTES", 0)

    before, member, _, after = marks(views["ramdisk"], "`is_write` and `writes` then core.c:20 `ENOMEM`")

    assert ("not found", True) == (before.verdict, "not all of its text was searched" in before.why)
    assert ("verified", "verified") == (member.verdict, after.verdict)


def test_a_file_that_changed_is_no_crash(views, tmp_path):
    """A file edited after it was indexed is not searched; the verdict owns up to it."""
    folder = tmp_path / "tree"
    folder.mkdir()
    (folder / "a.c").write_text("int f(int some_local)\n{\n\treturn some_local;\n}\n")
    walked = walk(open_scope(folder), CancelToken(), None)
    build(walked, tmp_path / "cache", CancelToken())
    with open_index(walked, tmp_path / "cache") as view:
        (folder / "a.c").write_text("int g;\n")

        (found,) = marks(view, "`other_local`")

    assert "not all of its text was searched" in found.why


def test_what_a_header_outside_the_scope_declares_is_no_invention(tmp_path):
    """A scope in a repository may name what the headers declare that it includes, though it does not use it."""
    for folder in (".git/objects", ".git/refs", "include/linux", "fs/small"):
        (tmp_path / "tree" / folder).mkdir(parents=True)
    (tmp_path / "tree" / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (tmp_path / "tree" / "include" / "linux" / "far.h").write_text("#include <linux/farther.h>\n")
    (tmp_path / "tree" / "include" / "linux" / "farther.h").write_text("\nvoid far_away(int some_count);\n")
    (tmp_path / "tree" / "fs" / "small" / "a.c").write_text("#include <linux/far.h>\nint f(void) { return 0; }\n")
    walked = walk(open_scope(tmp_path / "tree" / "fs" / "small"), CancelToken(), None)
    build(walked, tmp_path / "cache", CancelToken())
    with open_index(walked, tmp_path / "cache") as view:
        far, parameter, invented = marks(view, "`far_away` and `some_count` and `far_off`")

    assert ("verified", "../../include/linux/farther.h", 2) == (far.verdict, far.path, far.start_line)
    assert ("not found", "not found") == (parameter.verdict, invented.verdict)


def test_what_the_index_knows_elsewhere_in_the_root_is_no_invention(tmp_path):
    """A scope may name what another folder of its root defines, and its files, once that folder was indexed."""
    for folder in (".git/objects", ".git/refs", "fs/small", "net"):
        (tmp_path / "tree" / folder).mkdir(parents=True)
    (tmp_path / "tree" / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (tmp_path / "tree" / "net" / "core.c").write_text("\nint far_away(void)\n{\n\treturn 1;\n}\n")
    (tmp_path / "tree" / "fs" / "small" / "a.c").write_text("int f(void) { return 0; }\n")
    text = "`far_away` and net/core.c and `far_off` and net/edge.c"
    walks = [walk(open_scope(tmp_path / "tree" / folder), CancelToken(), None) for folder in ("fs/small", "net")]
    build(walks[0], tmp_path / "cache", CancelToken())
    with open_index(walks[0], tmp_path / "cache") as view:
        before = verdicts(view, text)

    build(walks[1], tmp_path / "cache", CancelToken())
    with open_index(walks[0], tmp_path / "cache") as view:
        after = marks(view, text)

    assert {"not found"} == {verdict for _, verdict in before}
    assert ["verified", "verified", "not found", "not found"] == [found.verdict for found in after]
    assert ("../../net/core.c", 2) == (after[0].path, after[0].start_line)
