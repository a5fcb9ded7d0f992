"""Sentences are held against real trees: true ones are never blamed, untrue ones never praised."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from codereader.answer.checks.statement import Checker
from codereader.answer.event import Judged, Statement
from codereader.answer.prose.checked import CheckedStream
from codereader.cancel import CancelToken
from codereader.index.build import build
from codereader.index.view import open_index
from codereader.reader import Reader
from codereader.source.walk import open_scope, walk

DATA = Path(__file__).parent.parent / "data"


@pytest.fixture(scope="module")
def checkers(tmp_path_factory):
    """The small trees under tests/data, indexed, each with a checker."""
    opened = {}
    for tree in ("ramdisk", "pypkg"):
        home = tmp_path_factory.mktemp(tree)
        shutil.copytree(DATA / tree, home / tree, ignore=shutil.ignore_patterns("__pycache__"))
        walked = walk(open_scope(home / tree), CancelToken(), None)
        build(walked, home / "cache", CancelToken())
        opened[tree] = Checker(open_index(walked, home / "cache"))
    yield opened
    for checker in opened.values():
        checker.tree.view.close()


def judge(checker: Checker, text: str) -> list[Statement]:
    stream = CheckedStream(checker.tree.view, checker=checker)
    return [event.statement for event in [*stream.feed(text), *stream.flush()] if isinstance(event, Judged)]


TRUE = [
    ("ramdisk", "`ramdisk_open` calls `ramdisk_find`, which walks the list of disks."),
    ("ramdisk", "`ramdisk_find` is called by `ramdisk_open` and is exported with `EXPORT_SYMBOL_GPL`."),
    ("ramdisk", "ramdisk_destroy() is a static function defined in core.c at line 42."),
    ("ramdisk", "The `ramdisk_operations` table sets `.open` to `ramdisk_open` and `.release` to `ramdisk_release`."),
    ("ramdisk", "`ramdisk_control` implements the `.unlocked_ioctl` operation of `ramdisk_operations`."),
    ("ramdisk", "`ramdisk_init` registers `ramdisk_type` with `register_filesystem`; it runs as an `fs_initcall`."),
    ("ramdisk", "The struct `ramdisk_stats` has two members, `reads` and `writes`."),
    ("ramdisk", "`stats.c` is built when `CONFIG_RAMDISK_STATS` is set."),
    ("ramdisk", "`map-nommu.c` is compiled if `CONFIG_MMU` is disabled."),
    ("ramdisk", "`RAMDISK_BLOCK` is a macro defined as 512, and core.c includes `ramdisk.h`."),
    ("ramdisk", "`ramdisk_read` does not call `ramdisk_find`."),
    ("ramdisk", "`ramdisk_account` takes two parameters and returns void."),
    ("ramdisk", "If the name is taken, `ramdisk_create` drops it using `kstrdup`."),
    (
        "ramdisk",
        "It is made in `ramdisk_init` by calling `ramdisk_create` and freed in `ramdisk_exit` using `ramdisk_destroy`.",
    ),
    ("ramdisk", "`simple_fill_super` is passed to `get_tree_nodev` by `ramdisk_get_tree`."),
    ("ramdisk", "The `.open` of `ramdisk_operations` is `ramdisk_open`, which finds the disk with `ramdisk_find`."),
    ("ramdisk", "`ramdisk_destroy` first calls `kfree` and then `vfree`."),
    ("ramdisk", "`ramdisk_find` is exported and takes a name (core.c:18)."),
    ("ramdisk", "Access is counted by `ramdisk_count`, which both `ramdisk_read` and `ramdisk_write` use."),
    (
        "ramdisk",
        "It is done by `ramdisk_open`, the `.open` callback of `ramdisk_operations`, which calls `ramdisk_find`.",
    ),
    ("ramdisk", "`struct ramdisk_operations` sets `.read` to `ramdisk_read`, a static function."),
    ("ramdisk", "The macro `RAMDISK_BLOCK` in ramdisk.h expands to 512."),
    ("ramdisk", "`ramdisk_context_operations` is installed by `ramdisk_init_context` into `context->ops`."),
    ("ramdisk", "`ramdisk_read`, `ramdisk_write` and `ramdisk_open` are all callbacks stored in `ramdisk_operations`."),
    ("ramdisk", "There are two definitions of `ramdisk_count` in core.c."),
    ("ramdisk", "`ramdisk_open`は`ramdisk_find`を呼び出します。"),
    ("pypkg", "`NotOnShelfError` inherits from `ShelfError`, which is defined in shelf/errors.py."),
    ("pypkg", "`Library.lend` calls `remind` and `Loan`."),
    ("pypkg", "The class `Store` has a method `titles`."),
    ("pypkg", "`shelf/library.py` imports `remind` from `reminders.py`."),
]

ALTERED = [
    ("ramdisk", "`ramdisk_find` calls `ramdisk_open` for each disk."),
    ("ramdisk", "`ramdisk_open` calls `ramdisk_destroy`."),
    ("ramdisk", "`ramdisk_find` is not exported."),
    ("ramdisk", "ramdisk_destroy() is defined in ioctl.c."),
    ("ramdisk", "ramdisk_destroy() is defined in core.c at line 90."),
    ("ramdisk", "The `ramdisk_operations` table sets `.open` to `ramdisk_release`."),
    ("ramdisk", "`ramdisk_control` implements the `.read` operation of `ramdisk_operations`."),
    ("ramdisk", "`ramdisk_exit` registers `ramdisk_type` with `register_chrdev`."),
    ("ramdisk", "The struct `ramdisk_stats` has a member `flushes`."),
    ("ramdisk", "The struct `ramdisk_stats` has seven members."),
    ("ramdisk", "`stats.c` is built when `CONFIG_MMU` is set."),
    ("ramdisk", "`map-nommu.c` is compiled if `CONFIG_MMU` is enabled."),
    ("ramdisk", "`RAMDISK_BLOCK` is a function."),
    ("ramdisk", "`RAMDISK_BLOCK` is defined as 4096."),
    ("ramdisk", "core.c does not include `ramdisk.h`."),
    ("ramdisk", "`ramdisk_open` never calls `ramdisk_find`."),
    ("ramdisk", "`ramdisk_account` takes three parameters."),
    ("ramdisk", "`ramdisk_account` is a global function with three parameters."),
    ("ramdisk", "`ramdisk_find` is static."),
    ("ramdisk", "`ramdisk_open` (core.c:150) calls `ramdisk_find`."),
    ("ramdisk", "`ramdisk_flush_cache` is called by `ramdisk_open`."),
    ("ramdisk", "Caching is done in `cache.c`."),
    ("ramdisk", "See line 4000 of core.c for `ramdisk_open`."),
    ("ramdisk", "`ramdisk_blocks` is only called by `ramdisk_open`."),
    ("ramdisk", "`ramdisk_find`は`ramdisk_open`を呼び出します。"),
    ("pypkg", "`ShelfError` inherits from `NotOnShelfError`."),
    ("pypkg", "`Library` is defined in shelf/store.py."),
]

UNTOLD = [
    ("ramdisk", "The driver is small and a pleasure to read for anybody who knows the kernel."),
    (
        "ramdisk",
        "`ramdisk_open` calls `ramdisk_find` and then compresses the network packets of another machine quickly.",
    ),
    ("ramdisk", "`ramdisk_find` frees the memory of `name`."),
    ("ramdisk", "`ramdisk_open` calls `ramdisk_find`, which encrypts passwords."),
    ("ramdisk", "`ramdisk_init` calls `register_filesystem` before `register_chrdev`."),
    ("ramdisk", "`ramdisk_create` allocates the disk with `kstrdup` and copies the name with `kzalloc`."),
    ("ramdisk", "The disk's blocks is `kstrdup` and its name is `vzalloc`, both taken in `ramdisk_create`."),
    ("ramdisk", "`ramdisk_create` sets `name` to `vzalloc` and `blocks` to `kstrdup`."),
    ("ramdisk", "`ramdisk_init` runs `register_filesystem(&ramdisk_operations)`."),
    ("ramdisk", "`ramdisk_init` calls `ramdisk_find` only through `ramdisk_create`, in four steps."),
]


@pytest.mark.parametrize(("tree", "text"), TRUE)
def test_a_true_sentence_is_verified(checkers, tree, text):
    """What the index says too is verified, and told why."""
    found = judge(checkers[tree], text)

    assert ["verified"] == [one.verdict for one in found], found
    assert found[0].why


@pytest.mark.parametrize(("tree", "text"), ALTERED)
def test_an_untrue_sentence_is_contradicted(checkers, tree, text):
    """What the index rules out is contradicted, and told why."""
    found = judge(checkers[tree], text)

    assert ["contradicted"] == [one.verdict for one in found], found
    assert found[0].why


@pytest.mark.parametrize(("tree", "text"), UNTOLD)
def test_what_cannot_be_compared_is_neither(checkers, tree, text):
    """Praise, deeds that the code does not show and tails that it has no words for are without evidence."""
    assert ["no evidence"] == [one.verdict for one in judge(checkers[tree], text)]


@pytest.mark.parametrize("text", ["# `ramdisk_open`", "The functions are:", "Here is an overview.", "```c\nx();\n```"])
def test_what_claims_nothing_is_not_judged(checkers, text):
    """Headings, introductions, connecting words and code get no verdict."""
    assert [] == judge(checkers["ramdisk"], text)


def test_a_file_that_is_named_decides_between_two_definitions(tmp_path):
    """Of two functions of one name, and of two tables, that of the file is meant which the sentence names."""
    for name in ("one", "two"):
        (tmp_path / f"{name}.c").write_text(
            f"int use_{name}(void);\nstatic int setup(void)\n{{\n\treturn use_{name}();\n}}\n"
            f"static struct ops table = {{\n\t.open = use_{name},\n}};\n"
        )
    text = (
        "`setup` in one.c calls `use_one`. `setup` in one.c calls `use_two`. "
        "one.c defines `table`, whose `.open` is `use_one`. one.c defines `table`, whose `.open` is `use_two`."
    )
    with Reader(tmp_path) as reader:
        reader.open()

        found = judge(Checker(reader.view), text)

    assert ["verified", "contradicted"] * 2 == [one.verdict for one in found]


def test_what_is_given_to_a_hook_is_called_and_a_row_is_read(tmp_path):
    """A function among the arguments of a macro that calls it is called, and a table's row says where its name is."""
    (tmp_path / "a.c").write_text(
        "static int after(int x)\n{\n\treturn x;\n}\n\nint before(int x)\n{\n\treturn NF_HOOK(1, x, after);\n}\n"
    )
    with Reader(tmp_path) as reader:
        reader.open()
        checker = Checker(reader.view)

        found = judge(
            checker, "`before` calls `after`.\n\n| first | `after` | a.c:1 |\n| second | `before` | a.c:2 |\n"
        )

    assert ["verified", "verified", "contradicted"] == [one.verdict for one in found]


def test_a_pronoun_means_the_subject_before_it(checkers):
    """A sentence that begins with a pronoun is held against what the sentence before was about."""
    found = judge(checkers["ramdisk"], "`ramdisk_open` calls `ramdisk_find`. It does not call `ramdisk_destroy`.")

    assert ["verified", "verified"] == [one.verdict for one in found]
