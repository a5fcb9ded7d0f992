"""What only several C files together tell: made functions, calls through macros, structs of member calls."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from codereader.index import workers
from codereader.index.linking import link
from codereader.index.linking.linked import LeftOut, Linked
from codereader.reader import Reader

FILES = {
    "include/linux/core.h": (
        "#include <linux/ops.h>\n"
        "#define SHOW(name) static int name##_show(void) { return helper(); } "
        "static struct ops name##_ops = { .open = name##_show }\n"
        "#define PICK(f, f1, ...) (f == f1 ? f1(__VA_ARGS__) : f(__VA_ARGS__))\n"
        "#define twice(x) (helper() + helper())\n"
        "#define ENTRY(n, f) { .name = n, .open = f }\n"
        "#define sk_prot __common.prot\n"
        "static inline struct node *to_node(struct box *b) { return b->node; }\n"
    ),
    "include/linux/ops.h": (
        "struct ops { int (*open)(void); const char *name; };\n"
        "struct node { const struct ops *ops; };\n"
        "struct common { struct ops *prot; };\n"
        "struct box { struct node *node; struct common __common; };\n"
    ),
    "net/a.c": (
        "#include <linux/core.h>\n"
        "int helper(void) { return 1; }\n"
        "int slow(void) { return 2; }\n"
        "SHOW(stat);\n"
        "static struct ops table[] = {\n"
        '\tENTRY("x", slow),\n'
        "};\n"
        "static struct ops plain = { slow };\n"
        "int user(struct box *b, int (*f)(void)) {\n"
        "\ttwice(1);\n"
        "\tPICK(f, slow, 1);\n"
        "\tb->node->ops->open();\n"
        "\tto_node(b)->ops->open();\n"
        "\tb->sk_prot->open();\n"
        "\treturn 0;\n"
        "}\n"
    ),
    "net/b.c": "static int slow(void) { return 3; }\nint other(void) { return slow() + helper(); }\n",
    "out/secret.h": "struct ops { int secret; };\n",
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    return root


@pytest.fixture
def reader(tree: Path) -> Iterator[Reader]:
    with Reader(tree / "net") as opened:
        opened.open()
        yield opened


@pytest.fixture
def linked(reader: Reader) -> Linked:
    return reader.linked


def test_a_macro_of_a_header_outside_defines_a_function_where_it_is_used(linked: Linked) -> None:
    """A function that a macro makes is found under its name, at the row of the use."""
    found = [(at.path, at.fact.row, at.fact.made) for at in linked.definitions(name="stat_show")]

    assert [("a.c", 3, "SHOW")] == found


def test_tables_that_macros_write_hold_functions(linked: Linked) -> None:
    """Entries made by macros, by place and by name are told with struct and member."""
    found = {(at.fact.variable, at.fact.struct, at.fact.field, at.fact.function) for at in linked.tables(path="a.c")}

    wanted = {
        ("stat_ops", "ops", "open", "stat_show"),
        ("table", "ops", "open", "slow"),
        ("plain", "ops", "open", "slow"),
    }
    assert wanted == found


def test_tables_by_field_are_those_of_the_member_however_it_is_written(linked: Linked) -> None:
    """Entries by place count; asking for one member tells what asking for all does."""
    narrow = linked.tables(field="open")

    assert {"stat_ops", "table", "plain"} == {at.fact.variable for at in narrow}
    assert [at for at in linked.tables() if at.fact.field == "open"] == narrow == linked.tables(field="open")


def test_calls_that_macros_make_name_their_macro(linked: Linked) -> None:
    """A call in a macro's body and a call of its argument are calls of the function that uses it."""
    found = {(at.fact.name, at.fact.made) for at in linked.references(path="a.c", caller="user") if at.fact.made}

    assert {("helper", "twice"), ("slow", "PICK"), ("f", "PICK")} == found
    assert "user" in {at.fact.caller for at in linked.references(name="helper", kind="call")}


@pytest.mark.parametrize("row", [11, 12, 13])
def test_a_member_call_knows_the_struct_it_goes_through(linked: Linked, row: int) -> None:
    """Members, a function's result and a macro that stands for a path lead to the struct."""
    (call,) = [at.fact for at in linked.references(path="a.c", name="open", kind="call") if at.fact.row == row]

    assert "ops" == linked.struct_of("a.c", call)


def test_headers_outside_the_scope_are_read_and_not_listed(reader: Reader) -> None:
    """The files of the scope stay what they were; an include leads to the header outside."""
    (include,) = [at.fact for at in reader.view.includes(path="a.c")]

    assert ["../include/linux/core.h"] == list(reader.linked.included("a.c", include))
    assert ["a.c", "b.c"] == [file.path for file in reader.view.files()]


def test_a_static_function_hides_that_of_another_file(linked: Linked) -> None:
    """Each file means its own static function; a public one is found from everywhere."""
    here = [one.definition.path for one in linked.resolve("b.c", "slow")]

    assert ["b.c"] == here
    assert ["a.c"] == [one.definition.path for one in linked.resolve("b.c", "helper")]


def test_what_was_worked_out_is_found_again_and_follows_an_edit(tree: Path) -> None:
    """A second reader tells the same; after a macro changed it tells what follows now."""

    def made(name: str) -> list[str]:
        with Reader(tree / "net") as reader:
            reader.open()
            return [at.path for at in reader.linked.definitions(name=name)]

    before = (made("stat_show"), made("stat_show"))
    header = tree / "include/linux/core.h"
    header.write_text(header.read_text().replace("_show", "_print"))

    assert (["a.c"], ["a.c"]) == before
    assert [] == made("stat_show")
    assert ["a.c"] == made("stat_print")


def test_an_index_of_the_headers_forgets_none_of_them(tree: Path) -> None:
    """Headers read for another scope are shared with an index of their own folder."""
    with Reader(tree / "net") as reader:
        reader.open()
        _ = reader.linked
    with Reader(tree / "include") as reader:
        report = reader.open()

    assert (0, 2) == (report.parsed, report.files)


def test_a_link_out_of_the_tree_is_not_followed(
    tree: Path, tmp_path: Path, symlink: Callable[[Path, Path], None]
) -> None:
    """A header behind a symbolic link is no header of the tree."""
    (tmp_path / "away").mkdir()
    (tmp_path / "away/far.h").write_text("#define FAR(x) static int x(void) { return 0; }\n")
    symlink(tree / "include/away", tmp_path / "away")
    (tree / "net/c.c").write_text("#include <away/far.h>\nFAR(gone);\n")
    with Reader(tree / "net") as reader:
        reader.open()

        assert [] == list(reader.linked.definitions(name="gone"))


@pytest.fixture
def symlink() -> Callable[[Path, Path], None]:
    def make(link: Path, target: Path) -> None:
        try:
            link.symlink_to(target, target_is_directory=True)
        except OSError:
            pytest.skip("this system makes no symbolic links")

    return make


def _more(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root / "net"


def _held(folder: Path, path: str) -> list[tuple[str, str | None, str, str, str | None]]:
    with Reader(folder) as reader:
        reader.open()
        rows = [at.fact for at in reader.linked.tables(path=path)]
    return [(one.variable, one.struct, one.field, one.function, one.condition) for one in rows]


def test_a_variable_that_a_macro_declares_holds_what_it_is_filled_with(tree: Path) -> None:
    """DEFINE_CLASS(fair) = { ... } fills the variable of the name that the macro puts together."""
    text = (
        "#include <linux/core.h>\n"
        '#define DEFINE_CLASS(name) const struct ops name##_class __attribute__((__section__(".x" #name)))\n'
        "static int fair_open(void) { return 1; }\n"
        "DEFINE_CLASS(fair) = {\n"
        "\t.open = fair_open,\n"
        "};\n"
    )
    folder = _more(tree, {"net/class.c": text})

    found = _held(folder, "class.c")

    assert ("fair_class", "ops", "open", "fair_open", None) in found


def test_a_macro_in_a_table_stands_for_what_it_names(tree: Path) -> None:
    """An entry that is NULL is none, another name is told, and a function that NULL may replace has a condition."""
    text = (
        "#include <linux/core.h>\n"
        "#define no_open NULL\n"
        "#define any_open one_open\n"
        "static int one_open(void) { return 1; }\n"
        "#ifdef CONFIG_PM\n"
        "static int wake(void) { return 1; }\n"
        "#else\n"
        "#define wake NULL\n"
        "#endif\n"
        "static struct ops a = { .open = no_open };\n"
        "static struct ops b = { .open = any_open };\n"
        "static struct ops c = { .open = wake };\n"
    )
    folder = _more(tree, {"net/none.c": text})

    found = _held(folder, "none.c")

    expected = [
        ("b", "ops", "open", "one_open", None),
        ("c", "ops", "open", "wake", "defined(CONFIG_PM)"),
    ]
    assert expected == found


def test_a_macro_calls_a_function_that_another_macro_replaces_under_a_condition(tree: Path) -> None:
    """A header that turns a function into nothing where an option is off hides no call of it."""
    header = (
        "#ifdef CONFIG_PROC\n"
        "#define make_single(n) make_data(n, 0)\n"
        "int make_data(int n, int m);\n"
        "#else\n"
        "#define make_single(n) ({ 0; })\n"
        "#define make_data(n, m) ({ 0; })\n"
        "#endif\n"
    )
    text = (
        "#include <linux/proc.h>\n"
        "int make_data(int n, int m) { return n; }\n"
        "int user(void) { return make_single(1); }\n"
    )
    folder = _more(tree, {"include/linux/proc.h": header, "net/proc.c": text})

    with Reader(folder) as reader:
        reader.open()
        found = [
            (at.fact.name, at.fact.made, at.fact.condition)
            for at in reader.linked.references(path="proc.c", caller="user", kind="call")
        ]

    assert ("make_data", "make_single", "defined(CONFIG_PROC)") in found


def test_a_function_declared_with_a_type_of_functions_fills_a_table(tree: Path) -> None:
    """A header's `param_type is_bool, is_number;` declares functions; a macro may write one inside braces."""
    header = (
        "typedef int param_type(int value);\n"
        "param_type is_bool, is_number;\n"
        "union kind { param_type *check; };\n"
        "struct spec { const char *name; union kind kind; };\n"
        "#define SPEC(n, k) { .name = (n), .kind = k, }\n"
        "#define CHECKED(n, f) SPEC(n, { .check = f })\n"
    )
    text = '#include <linux/spec.h>\nstatic struct spec specs[] = {\n\tCHECKED("x", is_number),\n};\n'
    folder = _more(tree, {"include/linux/spec.h": header, "net/spec.c": text})

    found = _held(folder, "spec.c")

    assert [("specs", "kind", "check", "is_number", None)] == found


def test_a_prototype_that_null_may_replace_fills_a_table_under_a_condition(tree: Path) -> None:
    """A function known by its declaration alone is in the table where no macro makes it NULL."""
    header = (
        "#ifdef CONFIG_MIGRATION\nextern int migrate(void);\n#else\n#define migrate NULL\n#endif\n#define TOP MOST\n"
    )
    text = (
        "#include <linux/core.h>\n"
        "#include <linux/move.h>\n"
        "static struct ops a = { .open = migrate, .name = (char *)TOP };\n"
    )
    folder = _more(tree, {"include/linux/move.h": header, "net/move.c": text})

    found = _held(folder, "move.c")

    assert [("a", "ops", "open", "migrate", "defined(CONFIG_MIGRATION)")] == found


def test_what_of_macros_is_not_told_is_counted(tree: Path) -> None:
    """A call that one configuration alone makes, out of the scope, and a macro that grows without end are counted."""
    header = "#ifdef CONFIG_TRACE\n#define note(n) trace_far(n)\n#else\n#define note(n) ((void)(n))\n#endif\n"
    doubled = "".join(f"#define D{n}(x) D{n - 1}(x) D{n - 1}(x)\n" for n in range(1, 16))
    text = (
        "#include <linux/note.h>\n"
        "#define D0(x) static int x(void) { return 1; }\n"
        f"{doubled}"
        "D15(grown);\n"
        "int user(void) { note(1); note(2); return 0; }\n"
    )
    folder = _more(tree, {"include/linux/note.h": header, "net/note.c": text})

    with Reader(folder) as reader:
        reader.open()
        found = reader.linked.left_out

    assert LeftOut(calls=2, uses=1, files=0) == found


@pytest.mark.parametrize("given", ["zero", "NULL", "first(1)", "struct node *one, int two", "", "a b", "twice(1)"])
def test_a_macro_makes_the_same_whatever_its_other_argument_is(tree: Path, given: str) -> None:
    """Each use of a macro at file level has its own names, also after uses with other arguments."""
    text = (
        "#include <linux/core.h>\n"
        "#define LIST(...) __VA_ARGS__\n"
        "#define TWO(name, list) int name##_a(list) { return helper(); } "
        "int name##_b(void) { return name##_a(list); }\n"
        "TWO(early, LIST(int x, int y));\n"
        f"TWO(late, LIST({given}));\n"
        "TWO(last, LIST(int v, int w));\n"
    )
    folder = _more(tree, {"net/two.c": text})

    with Reader(folder) as reader:
        reader.open()
        names = [at.fact.name for at in reader.linked.definitions(path="two.c", kinds=("function",))]
        calls = [(at.fact.caller, at.fact.name) for at in reader.linked.references(path="two.c", kind="call")]

    assert ["early_a", "early_b", "last_a", "last_b", "late_a", "late_b"] == sorted(names)
    assert {("late_a", "helper"), ("late_b", "late_a"), ("last_b", "last_a")} <= set(calls)


RING = (
    "int get_task(void);\n"
    "#define current_info() ((struct info *)current_task + get_task())\n"
    "#define current_task reach_task()\n"
    "#define reach_task() (current_info()->task)\n"
)


def _made(folder: Path) -> set[tuple[str, str | None, str]]:
    with Reader(folder) as reader:
        reader.open()
        every = reader.linked.references(kind="call")
        return {(at.path[2:], at.fact.caller, at.fact.name) for at in every if at.fact.made}


def test_macros_that_lead_back_to_themselves_mean_the_same_in_any_order(tree: Path) -> None:
    """What a ring of macros makes does not depend on which of them was asked for first."""
    one = "#include <linux/ring.h>\nint first(void) { return current_info(); }\n"
    two = "#include <linux/ring.h>\nint second(void) { return current_task; }\nint third(void) { reach_task(); }\n"
    folder = _more(tree, {"include/linux/ring.h": RING, "net/1_ring.c": one, "net/2_ring.c": two})
    forth = _made(folder)
    (folder / "1_ring.c").rename(folder / "0_ring.c")
    (folder / "2_ring.c").rename(folder / "1_ring.c")
    (folder / "0_ring.c").rename(folder / "2_ring.c")
    back = _made(folder)

    assert ("ring.c", "first", "get_task") in forth
    assert {one for one in forth if one[0] == "ring.c"} == {one for one in back if one[0] == "ring.c"}


def test_workers_link_what_one_process_links(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same facts follow whoever works them out."""
    uses = {
        f"net/many_{n}.c": f"#include <linux/core.h>\nSHOW(s{n});\nint u{n}(void) {{ return twice({n}); }}\n"
        for n in range(12)
    }
    folder = _more(tree, uses)
    found = []
    for few in (1000, 4):
        monkeypatch.setattr(link, "FEW_FILES", few)
        monkeypatch.setattr(workers, "FEW_FILES", few)
        monkeypatch.setattr(workers.os, "cpu_count", lambda: 2)
        with Reader(folder, cache=tmp_path / f"cache-{few}") as reader:
            reader.open()
            for path in folder.iterdir():  # long enough ago for the walk to be kept, and not repeated
                os.utime(path, (0, 0))
            reader.open()
            reader.open()
            linked = reader.linked
            found.append((linked.definitions(), linked.references(), linked.tables(), linked.left_out))

    assert len(found[0][1]) > 24
    assert found[0] == found[1]
