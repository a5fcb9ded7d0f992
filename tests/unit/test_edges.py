"""Who reaches whom: by calls, by tables, by pointers, with places, conditions and words of confidence."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from codereader.facts.graph.edges import Edges, Member
from codereader.reader import Reader

RAMDISK = Path(__file__).parent.parent / "data" / "ramdisk"


@pytest.fixture
def edges(tmp_path):
    """Index a folder, or one file's text, and return its edges."""
    readers = []

    def index(source: Path | str) -> Edges:
        folder = source if isinstance(source, Path) else tmp_path / "tree"
        if isinstance(source, str):
            folder.mkdir()
            (folder / "a.c").write_text(source)
        readers.append(Reader(folder, cache=tmp_path / "cache"))
        readers[-1].open()
        return readers[-1].edges

    yield index
    for reader in readers:
        reader.close()


@pytest.fixture
def ramdisk(edges, tmp_path) -> Edges:
    """The memory disk's edges."""
    return edges(Path(shutil.copytree(RAMDISK, tmp_path / "ramdisk")))


def only(edges: Edges, name: str):
    """Return the one definition of a name."""
    (found,) = edges.linked.definitions(name=name)
    return found


def test_callers_count_the_tables_that_hold_a_function(ramdisk):
    """A function that is only in a table is not called by nobody."""
    found = ramdisk.callers(only(ramdisk, "ramdisk_open"))

    assert ("ramdisk_operations", "table", "file_operations.open", "core.c", 94) in [
        (one.caller, one.via, one.through, one.path, one.line) for one in found
    ]


def test_callers_in_both_branches_carry_their_condition(ramdisk):
    """A call under an #ifdef says so."""
    (found,) = ramdisk.callers(only(ramdisk, "ramdisk_account"))

    assert (found.caller, found.condition, found.confidence, found.target.path) == (
        "ramdisk_count", "defined(CONFIG_RAMDISK_STATS)", "only one", "stats.c",
    )  # fmt: skip


def test_callees_are_told_in_the_order_of_the_source(ramdisk):
    """Calls into the scope have a target, others are not found."""
    found = ramdisk.callees(only(ramdisk, "ramdisk_create"))

    assert [(one.callee, one.confidence, one.target) for one in found] == [
        ("kzalloc", "not found", None), ("kstrdup", "not found", None), ("vzalloc", "not found", None),
    ]  # fmt: skip


def test_twins_keep_their_calls_apart(ramdisk):
    """Two definitions of one name in two branches do not share their bodies."""
    with_stats, without = ramdisk.linked.definitions(name="ramdisk_count")

    assert [one.callee for one in ramdisk.callees(with_stats)] == ["ramdisk_account"]
    assert ramdisk.callees(without) == ()


def test_implementors_of_a_field_are_found_by_field_and_type(ramdisk):
    """Who implements .mmap: both twins; .open of another struct: nobody."""
    assert [one.callee for one in ramdisk.implementors("mmap", None)] == ["generic_file_mmap", "ramdisk_nommu_mmap"]
    assert ramdisk.implementors("open", "inode_operations") == ()


def test_what_is_not_to_be_seen_is_hidden_and_counted(ramdisk):
    """A filter takes facts and files away; each is counted once."""
    seen = Edges(ramdisk.linked, lambda path, condition: condition is None and path != "stats.c")
    (account,) = ramdisk.linked.definitions(name="ramdisk_account")

    assert not seen.sees(account)
    assert (seen.callers(account), seen.hidden) == ((), 1)
    assert (seen.callers(account), seen.hidden) == ((), 1)


POINTERS = """\
struct ops { int (*go)(int n); int (*stop)(int n); };
struct box { struct ops *ops; };
static int fast(int n) { return n; }
static int slow(int n) { return n; }
static struct ops quick = { .go = fast };
static struct ops calm = { .go = slow, .stop = slow };
int run(struct box *b) { return b->ops->go(1); }
int lost(void) { return unknown()->go(1); }
"""


def test_a_pointer_may_reach_all_that_tables_put_there(edges):
    """Each is one of N; the member is named."""
    made = edges(POINTERS)

    assert [(one.callee, one.via, one.through, one.confidence) for one in made.callees(only(made, "run"))] == [
        ("fast", "pointer", "ops.go", "one of 2"), ("slow", "pointer", "ops.go", "one of 2"),
    ]  # fmt: skip
    assert [(one.caller, one.via) for one in made.callers(only(made, "fast"))] == [
        ("quick", "table"),
        ("run", "pointer"),
    ]


def test_a_member_of_an_unknown_struct_reaches_nothing(edges):
    """No guess by the field's name; the place is known all the same."""
    made = edges(POINTERS)

    assert [(one.caller) for one in (at.fact for at in made.sites(Member(None, "go")))] == ["lost"]
    assert made.held(Member(None, "go")) == ()
    assert [one.callee for one in made.callees(only(made, "lost")) if one.target] == []


def test_a_struct_of_a_functions_name_is_not_called(edges):
    """C keeps the names of types and functions apart."""
    made = edges("struct stat { int n; };\nint f(void) { return stat(1); }\n")

    assert [one.confidence for one in made.callees(only(made, "f"))] == ["not found"]
