"""What a scope holds, registers and needs from outside, with places and conditions."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from codereader.cancel import CancelToken
from codereader.facts.brief.flow import Flow, node_of
from codereader.facts.brief.uses import count_uses
from codereader.facts.graph.relations import is_registering, tables, used_from_outside
from codereader.facts.outline import outline
from codereader.index.build import build
from codereader.index.view import open_index
from codereader.source.walk import open_scope, walk

RAMDISK = Path(__file__).parent.parent / "data" / "ramdisk"


@pytest.fixture
def opened(tmp_path):
    """Index a folder and open it."""
    views = []

    def index(folder: Path):
        walked = walk(open_scope(folder), CancelToken(), None)
        build(walked, tmp_path / "cache", CancelToken())
        views.append(open_index(walked, tmp_path / "cache"))
        return views[-1]

    yield index
    for view in views:
        view.close()


@pytest.fixture
def ramdisk(opened, tmp_path):
    """The memory disk's index."""
    return opened(Path(shutil.copytree(RAMDISK, tmp_path / "ramdisk")))


def test_tables_stand_where_their_variable_is_defined(ramdisk):
    """The line is the definition's, not an announcement's further up."""
    found = {(one.path, one.variable): (one.struct, one.line, len(one.entries)) for one in tables(ramdisk)}

    assert found[("core.c", "ramdisk_operations")] == ("file_operations", 92, 7)


def test_registrations_name_the_object_that_is_handed_over(ramdisk):
    """register_x(&y) is told, unregister_x(&y) is not."""
    flow = Flow(ramdisk, ramdisk.definitions(), tables(ramdisk))

    assert [(one.function, one.object, one.struct, one.line) for one in flow.registrations(["core.c"])] == [
        ("register_chrdev", "ramdisk_operations", "file_operations", 140),
        ("register_filesystem", "ramdisk_type", "file_system_type", 141),
    ]


def test_outside_names_leave_the_language_and_the_scope_out(ramdisk):
    """sizeof and own functions are nobody's news; a helper that only a table names is."""
    uses = count_uses(ramdisk, ramdisk.files(), {})
    found = {use.name: use.count for use in used_from_outside(uses, (at.fact.name for at in ramdisk.definitions()))}

    assert found["kfree"] == 2
    assert found["generic_file_mmap"] == 1
    assert not {"sizeof", "ramdisk_find", "EXPORT_SYMBOL_GPL", "fs_initcall"} & set(found)


def test_recursion_is_cut_and_marked(ramdisk):
    """A function that calls itself is shown once more, marked as a cycle."""
    flow = Flow(ramdisk, ramdisk.definitions(), tables(ramdisk))
    (run,) = ramdisk.definitions(name="run")

    assert [(step.node.name, step.mark) for step in outline([node_of(run)], flow.follow)] == [
        ("run", ""), ("run", "cycle"),
    ]  # fmt: skip


def test_names_in_comments_are_no_edges(opened, tmp_path):
    """A table that only a comment mentions is not reached."""
    (tmp_path / "c").mkdir()
    text = (
        "static int f(void) { return 0; }\nstatic struct o t = { .f = f };\nint g(void) { /* t */ return 0; // t\n}\n"
    )
    (tmp_path / "c" / "a.c").write_text(text)
    view = opened(tmp_path / "c")
    flow = Flow(view, view.definitions(), tables(view))

    assert flow.follow(node_of(view.definitions(name="g")[0])) == ()
    assert [edge.node.name for edge in flow.follow(node_of(view.definitions(name="t")[0]))] == ["f"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("register_filesystem", True), ("sock_register", True), ("inet_add_protocol", True), ("dev_add_pack", True),
        ("unregister_filesystem", False), ("sock_unregister", False), ("registered", False), ("deregister_x", False),
    ],
)  # fmt: skip
def test_registering_functions_are_known_by_their_name(name, expected):
    """Words decide, not letters: unregister does not register."""
    assert is_registering(name) is expected


def test_a_table_with_nested_initialisers_has_the_struct_of_its_declaration(opened, tmp_path):
    """An inner initialiser belongs to another struct, the table to the one that its declaration names."""
    folder = tmp_path / "nested"
    folder.mkdir()
    text = (
        "static int stop(void) { return 0; }\nstatic struct device dev = {\n\t.pm = {\n\t\t.suspend = stop,\n\t},\n};\n"
    )
    (folder / "a.c").write_text(text)

    assert [("dev", "device")] == [(one.variable, one.struct) for one in tables(opened(folder))]
