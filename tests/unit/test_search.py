"""A search puts the file that a question or a bug report is about first, and says why."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from codereader.facts.search import search as searching
from codereader.facts.search.logs import is_generic
from codereader.facts.search.question import read_question
from codereader.facts.search.ranked import Ranked
from codereader.reader import Reader

DRIVER = """\
#include <linux/netdevice.h>

/* Bring the link up after the cable was plugged in. */
static int fast_link_up(struct net_device *dev)
{
	netdev_warn(dev, "%s: link is not ready after %d ms\\n", dev->name, 10);
	return 0;
}

int fast_watchdog(struct net_device *dev)
{
	return fast_link_up(dev);
}
"""

OTHER = """\
/* Count what the cable carries. */
int slow_count(int n)
{
	return n + 1;
}
"""

REPORT = """\
Network stops after resume

[   12.345678] fastnet 0000:00:19.0 eth0: link is not ready after 10 ms
[   12.345700] BUG: kernel NULL pointer dereference, address: 0000000000000028
[   12.345701] RIP: 0010:fast_watchdog+0x1d/0x1f0 [fastnet]
[   12.345702] RAX: 0000000000000000 RBX: 0000000000342cca RCX: ffffea0043000000
[   12.345703] Call Trace:
[   12.345704]  worker_thread+0x4d/0x3e0
[   12.345705]  kthread+0x116/0x130
[   12.345706] Modules linked in: slow snd_hda_intel nouveau
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a tree with two drivers, a header and a document."""
    root = tmp_path / "tree"
    for path, text in {
        "drivers/net/fastnet/main.c": DRIVER,
        "drivers/net/slow/main.c": OTHER,
        "drivers/net/slow/slow.h": "int slow_count(int n);\nint fast_watchdog(struct net_device *dev);\n",
        "Documentation/network.txt": "The link is not ready. The network stops after resume. The cable.\n" * 5,
    }.items():
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    return root


def searched(tree: Path, text: str, top: int = 10) -> Ranked:
    """Return what *text* finds in *tree*."""
    with Reader(tree, cache=tree.parent / "cache") as reader:
        reader.open()
        return reader.search(text, top)


def test_a_report_finds_the_driver_that_its_trace_names(tree: Path) -> None:
    """The function at the fault, the message of the log and the module's folder lead to one file."""
    found = searched(tree, REPORT)

    first, symbol = found.files[0], found.symbols[0]
    assert ("drivers/net/fastnet/main.c", "in the trace: fast_watchdog") == (first.path, first.reasons[0])
    assert 'strings: "link is not ready after"' in first.reasons
    assert ("fast_watchdog", 10, "in the trace") == (symbol.name, symbol.line, symbol.reasons[0])


def test_a_log_line_is_found_whatever_stood_for_its_numbers(tree: Path) -> None:
    """Only the format string has these words in this order."""
    assert "drivers/net/fastnet/main.c" == searched(tree, "eth1: link is not ready after 350 ms").files[0].path


def test_a_question_is_answered_by_comments_and_names(tree: Path) -> None:
    """Words are enough: no identifier is spelled."""
    found = searched(tree, "where is the cable counted?")

    assert "drivers/net/slow/main.c" == found.files[0].path
    assert "slow_count" == found.symbols[0].name


def test_a_question_in_japanese_finds_the_identifier_in_it(tree: Path) -> None:
    """Letters of another script end an identifier."""
    assert "fast_link_up" == searched(tree, "fast_link_upはどこで呼ばれますか").symbols[0].name


def test_a_path_in_the_text_is_taken_for_what_it_is(tree: Path) -> None:
    """Only its folder tells one main.c from the other."""
    found = searched(tree, "warning at slow/main.c:3")

    assert ("drivers/net/slow/main.c", "named in the text") == (found.files[0].path, found.files[0].reasons[0])


def test_top_bounds_both_lists_and_scores_fall(tree: Path) -> None:
    """No more than asked for, the best first."""
    found = searched(tree, REPORT, 1)
    scores = [one.score for one in searched(tree, REPORT).files]

    assert (1, 1) == (len(found.files), len(found.symbols))
    assert sorted(scores, reverse=True) == scores


def test_copies_of_a_file_stand_beside_each_other(tree: Path) -> None:
    """A content that lies in two places is found in both."""
    (tree / "copy.c").write_text(DRIVER)
    paths = [one.path for one in searched(tree, REPORT).files]

    assert {"copy.c", "drivers/net/fastnet/main.c"} <= set(paths[:3])


@pytest.mark.parametrize("text", ["", "   \n\n", "zzzz qqqq", "%%% \x00 \x1b[31m", "0000000 ffff"])
def test_a_text_that_says_nothing_finds_nothing(tree: Path, text: str) -> None:
    """No file is better than a wrong one."""
    assert Ranked((), ()) == searched(tree, text)


def test_an_empty_file_and_one_file_can_be_searched(tmp_path: Path) -> None:
    """The smallest trees there are."""
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "a.c").write_text("")

    assert () == searched(tmp_path / "t", "anything").symbols


def test_a_report_is_read_for_what_can_be_looked_up() -> None:
    """Frames come without what compilers append and with their module; registers and module lists are passed over."""
    read = read_question(REPORT.replace("fast_watchdog+", "fast_watchdog.constprop.0+"))

    assert ["fast_watchdog"] == list(read.frames)
    assert ["fastnet"] == list(read.modules)
    assert {"network", "stop", "resum"} <= read.terms["title"].keys()
    assert not {"nouveau", "342cca", "rax"} & read.all_terms().keys()
    assert "not ready" in read.pairs


def test_frames_nearer_to_the_fault_weigh_more() -> None:
    """The first function of a trace is the likeliest; one that the unwinder doubts is less likely."""
    read = read_question("Oops\n a_one+0x1/0x2\n b_two+0x1/0x2\n ? c_three+0x1/0x2\n")

    assert read.frames["a_one"] > read.frames["b_two"] > read.frames["c_three"]


@pytest.mark.parametrize(
    ("function", "generic"),
    [("do_syscall_64", True), ("kthread", True), ("kthread_stop_x", False), ("ext4_sync", False)],
)
def test_frames_that_every_trace_has_say_nothing(function: str, generic: bool) -> None:
    """Entry code, interrupts and reports of the checkers are no suspects."""
    assert generic == is_generic(function)


def test_a_device_identifier_is_kept_and_other_numbers_are_not() -> None:
    """[8086:15b8] names a device, addresses and times name nothing."""
    read = read_question("No network\n\ncard [8086:15b8] at 00001234 since 2021")

    assert {"8086", "15b8"} <= read.terms["text"].keys()
    assert not {"00001234", "2021"} & read.terms["text"].keys()


@pytest.fixture
def settled(tree: Path) -> Path:
    """Return the tree as if it had been written long ago."""
    for path in tree.rglob("*"):
        if path.is_file():
            os.utime(path, (LONG_AGO, LONG_AGO))
    return tree


LONG_AGO = 1_600_000_000


def test_a_tree_that_is_as_it_was_is_searched_without_working_anything_out(
    settled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was made of the tree for the first search is taken for the second, which finds the same."""
    first = searched(settled, REPORT)

    monkeypatch.setattr(searching, "columns_of", None)
    monkeypatch.setattr(searching, "collect", None)

    assert first == searched(settled, REPORT)


def test_a_search_sees_what_was_written_since(settled: Path) -> None:
    """A new file is found, and what an old one no longer says is not."""
    searched(settled, REPORT)

    (settled / "drivers/net/slow/main.c").write_text("/* Nothing but a quagga. */\nint quagga;\n")

    assert ["drivers/net/slow/main.c"] == [one.path for one in searched(settled, "quagga").files]
    assert () == searched(settled, "carries").files


def test_what_another_tree_adds_changes_nothing_here(settled: Path, tmp_path: Path) -> None:
    """Trees share an index of terms; each finds its own files."""
    first = searched(settled, REPORT)
    other = tmp_path / "other"
    other.mkdir()
    (other / "more.c").write_text("/* The link is not ready. */\nint fast_watchdog;\n")
    searched(other, "link")

    assert first == searched(settled, REPORT)


def test_a_damaged_shelf_is_made_anew(settled: Path) -> None:
    """It follows from the sources."""
    first = searched(settled, REPORT)
    with sqlite3.connect(settled.parent / "cache" / "terms.sqlite") as connection:
        connection.execute("UPDATE shelves SET made = x'00'")
    connection.close()

    assert first == searched(settled, REPORT)


def test_of_a_long_log_both_ends_are_read(tree: Path) -> None:
    """What failed stands at the end of a log, after thousands of lines that say nothing."""
    log = "Network stops\n" + "nothing of note\n" * 20_000 + "eth1: link is not ready after 350 ms\n"

    assert "drivers/net/fastnet/main.c" == searched(tree, log).files[0].path


def test_words_are_shown_as_the_text_has_them(tree: Path) -> None:
    """A part of an identifier is told whole, not by the stem that it is known by."""
    reasons = [reason for one in searched(tree, "slow_cables").files for reason in one.reasons]

    assert "words: cables" in reasons
