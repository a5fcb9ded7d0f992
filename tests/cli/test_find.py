"""find answers about a name from the index: definitions, callers, callees, mentions, implementors, paths."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from codereader.errors import ExitCode

OPS = """\
struct thing;
struct thing_ops {
	int (*open)(struct thing *t);
	int (*close)(struct thing *t);
};
struct thing { const struct thing_ops *ops; };
int thing_open(struct thing *t);
"""

CORE = """\
#include "ops.h"
#include "log.h"

/* Open a thing. It must not be open. */
int thing_open(struct thing *t)
{
	note(1);
	return t->ops->open(t);
}

#ifdef CONFIG_DEEP
int thing_deep(struct thing *t)
{
	return thing_open(t);
}
#endif

static int start(struct thing *t)
{
	return thing_open(t) + outside(t);
}
"""

DISK = """\
#include "ops.h"

static int spin(struct thing *t) { return 0; }

static int start(struct thing *t)
{
	return spin(t);
}

static int disk_open(struct thing *t)
{
	return start(t);
}

static const struct thing_ops disk_ops = {
	.open = disk_open,
};
"""

LOG = "#define note(n) log_it(n)\nvoid log_it(int n);\n"
LOG_C = "void log_it(int n) { }\n"
MAKE = "obj-y += core.o log.o\nobj-$(CONFIG_DISK) += disk.o\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small driver with a table, a macro that calls, twins of one name, and a makefile."""
    folder = tmp_path / "tree"
    (folder / "drivers").mkdir(parents=True)
    files = {"ops.h": OPS, "core.c": CORE, "disk.c": DISK, "log.h": LOG, "log.c": LOG_C, "Makefile": MAKE}
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


def asked(run, *arguments) -> dict:
    """Return the JSON that find prints, which must be a success."""
    result = run("find", *arguments, "--format", "json")

    assert (ExitCode.OK, 1) == (result.code, len(result.stdout.splitlines())), result.stderr
    return json.loads(result.stdout)


def rows(answer: dict, *keys: str) -> list[tuple]:
    """Return some keys of each result."""
    return [tuple(row[key] for key in keys) for row in answer["results"]]


def test_a_definition_is_told_with_signature_and_doc(run, tree: Path) -> None:
    """The text reads like a compiler's message: a place, then what is there."""
    result = run("find", tree, "thing_open")

    assert (ExitCode.OK, "") == (result.code, result.stderr)
    assert "core.c:5: function int thing_open(struct thing *t)\n    Open a thing\n" == result.stdout


def test_json_has_the_keys_of_the_contract(run, tree: Path) -> None:
    """Each result has them all, null where unknown, and docs/json.md names them."""
    documented = (Path(__file__).parents[2] / "docs" / "json.md").read_text()
    for way in ([], ["--callers"], ["--callees"], ["--refs"], ["--paths-to", "log_it"]):
        answer = asked(run, tree, "thing_open", *way)

        assert {"schema", "results", "not_followed"} <= set(answer)
        for row in answer["results"]:
            assert {"name", "kind", "path", "line", "caller", "via", "confidence", "condition"} <= set(row)
            assert [] == [key for key in {**row, **answer} if not re.search(rf"\b{key}\b", documented)]


def test_callers_are_calls_with_their_conditions(run, tree: Path) -> None:
    """A call under an #ifdef says so."""
    assert [
        ("core.c", 14, "thing_deep", "direct", "same file", "defined(CONFIG_DEEP)"),
        ("core.c", 20, "start", "direct", "same file", None),
    ] == rows(asked(run, tree, "thing_open", "--callers"), "path", "line", "caller", "via", "confidence", "condition")


def test_callers_go_through_tables_and_pointers(run, tree: Path) -> None:
    """A function that only a table holds is called where that member is called."""
    assert [
        ("core.c", 8, "thing_open", "pointer", "thing_ops.open", "only one"),
        ("disk.c", 16, "disk_ops", "table", "thing_ops.open", "same file"),
    ] == rows(asked(run, tree, "disk_open", "--callers"), "path", "line", "caller", "via", "through", "confidence")


def test_callees_go_through_macros_and_pointers(run, tree: Path) -> None:
    """What a macro calls and what a member holds are reached too."""
    found = rows(asked(run, tree, "thing_open", "--callees"), "name", "via", "target_path", "target_line")

    assert ("disk_open", "pointer", "disk.c", 10) in found
    assert ("log_it", "macro", "log.c", 1) in found


def test_depth_climbs(run, tree: Path) -> None:
    """--depth 2 goes on from the callers."""
    found = rows(asked(run, tree, "disk_open", "--callers", "--depth", "2"), "depth", "caller", "name")

    assert {(1, "thing_open", "disk_open"), (2, "start", "thing_open"), (2, "thing_deep", "thing_open")} < set(found)


def test_names_without_a_definition_are_counted(run, tree: Path) -> None:
    """What could not be followed is said, in text and in JSON."""
    assert 1 == asked(run, tree, "core.c:start", "--callees")["not_followed"]

    assert "1 place could not be followed" in run("find", tree, "core.c:start", "--callees").stderr


def test_twins_are_told_apart_by_their_file(run, tree: Path) -> None:
    """All are shown, with the spelling that picks each; that spelling works."""
    both = run("find", tree, "start", "--callees")
    one = asked(run, tree, "disk.c:start", "--callees")

    assert "note: start is 2 definitions: core.c:start, disk.c:start\n" in both.stderr
    assert ["core.c:start", "disk.c:start"] == [row["spelled"] for row in asked(run, tree, "start")["results"]]
    assert [("spin",)] == rows(one, "name")


def test_implementors_fill_a_member(run, tree: Path) -> None:
    """Who implements thing_ops.open: with its struct, by the field alone, by the struct alone."""
    for name in ("thing_ops.open", "open", "thing_ops"):
        found = rows(asked(run, tree, name, "--implementors"), "name", "kind", "path", "line", "caller", "via")

        assert [("disk_open", "function", "disk.c", 16, "disk_ops", "table")] == found


def test_a_member_is_a_name_too(run, tree: Path) -> None:
    """STRUCT.FIELD is found, and who calls through it."""
    assert [("member", "ops.h", 2)] == rows(asked(run, tree, "thing_ops.open"), "kind", "path", "line")
    assert [("core.c", 8, "thing_open", "disk_open")] == rows(
        asked(run, tree, "thing_ops.open", "--callers"), "path", "line", "caller", "name"
    )


def test_refs_are_all_mentions(run, tree: Path) -> None:
    """Calls, values and entries of tables, in the order of the source."""
    found = rows(asked(run, tree, "disk_open", "--refs"), "path", "line", "via")

    assert ("disk.c", 16, "table") in found
    assert {"disk.c"} == {path for path, _, _ in found}


def test_a_path_leads_through_a_pointer(run, tree: Path) -> None:
    """Each hop has its place and how sure it is."""
    result = run("find", tree, "thing_deep", "--paths-to", "spin")

    assert ExitCode.OK == result.code
    assert [
        "path 1 of 1, 4 hops",
        "  core.c:14: thing_deep calls thing_open, same file  [defined(CONFIG_DEEP)]",
        "  core.c:8: thing_open may call disk_open through thing_ops.open, only one",
        "  disk.c:12: disk_open calls start, same file",
        "  disk.c:7: start calls spin, same file",
    ] == result.stdout.splitlines()


def test_a_path_that_is_too_long_says_so(run, tree: Path) -> None:
    """--depth bounds the search, and the note says which flag looks further."""
    result = run("find", tree, "thing_deep", "--paths-to", "spin", "--depth", "2")

    assert (ExitCode.NOTHING_FOUND, "") == (result.code, result.stdout)
    assert "--depth N" in result.stderr


def test_no_path_is_an_answer(run, tree: Path) -> None:
    """Exit 1, a sentence, and in JSON an object all the same."""
    text = run("find", tree, "spin", "--paths-to", "thing_deep")
    data = run("find", tree, "spin", "--paths-to", "thing_deep", "--format", "json")

    assert (ExitCode.NOTHING_FOUND, "") == (text.code, text.stdout)
    assert "no way is seen from spin to thing_deep" in text.stderr
    assert (ExitCode.NOTHING_FOUND, []) == (data.code, json.loads(data.stdout)["results"])


def test_vimgrep_lines_lead_there_from_the_current_folder(run, tree: Path) -> None:
    """path:line:col: text, relative to where the command ran."""
    result = run("find", tree, "spin", "--format", "vimgrep", cwd=tree.parent)

    assert "tree/disk.c:3:1: function static int spin(struct thing *t)\n" == result.stdout


def test_jsonl_ends_with_the_counts(run, tree: Path) -> None:
    """A result a line, then what is missing."""
    lines = [json.loads(line) for line in run("find", tree, "start", "--format", "jsonl").stdout.splitlines()]

    assert ["result", "result", "done"] == [line["event"] for line in lines]
    assert 0 == lines[-1]["not_followed"]


def test_a_limit_counts_what_it_drops(run, tree: Path) -> None:
    """Never cut silently."""
    result = run("find", tree, "start", "--limit", "1")

    assert 1 == len(result.stdout.splitlines())
    assert "1 result left out; --limit N shows more" in result.stderr


def test_a_configuration_hides_what_it_does_not_build(run, tree: Path, tmp_path: Path) -> None:
    """#if and makefiles count; what is hidden is counted."""
    config = tmp_path / ".config"
    config.write_text("CONFIG_OTHER=y\n# CONFIG_DEEP is not set\n")

    callers = run("find", tree, "thing_open", "--callers", "--kconfig", config)
    gone = run("find", tree, "disk_open", "--kconfig", config)
    config.write_text("CONFIG_DISK=m\nCONFIG_DEEP=y\n")
    back = run("find", tree, "disk_open", "--kconfig", config)

    assert ["core.c:20: start calls thing_open, same file"] == callers.stdout.splitlines()
    assert "1 fact that this configuration does not build" in callers.stderr
    assert (ExitCode.NOTHING_FOUND, "") == (gone.code, gone.stdout)
    assert "does not build" in gone.stderr
    assert ExitCode.OK == back.code


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["thing_opne"], ExitCode.NOTHING_FOUND, ["thing_opne", "thing_open"]),
        (["ThingOpen"], ExitCode.NOTHING_FOUND, ["thing_open"]),
        (["disk.c:spun"], ExitCode.NOTHING_FOUND, ["spin"]),
        (["core.c:spin"], ExitCode.NOTHING_FOUND, ["disk.c:spin"]),
        (["qqq_zzz_www"], ExitCode.NOTHING_FOUND, ["No name"]),
        (["thing_open", "--paths-to", "spni"], ExitCode.NOTHING_FOUND, ["spni", "spin"]),
        (["thing_open", "--paths-to", "thing_open"], ExitCode.USAGE, ["itself"]),
        (["thing_open", "--callers", "--refs"], ExitCode.USAGE, ["--callers", "--refs", "contradict"]),
        (["thing_open", "--callers", "--paths-to", "spin"], ExitCode.USAGE, ["--paths-to"]),
        (["thing_open", "--depth", "2"], ExitCode.USAGE, ["--depth", "--callers"]),
        (["thing_open", "--callers", "--depth", "0"], ExitCode.USAGE, ["0 is less than 1"]),
        (["", "--callers"], ExitCode.USAGE, ["not a name"]),
        (["thing_open", "--kconfig", "gone.config"], ExitCode.USAGE, ["gone.config", "No such file"]),
        (["thing_open", "--kconfig", "."], ExitCode.USAGE, ["configuration"]),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_is_one_sentence(run, tree: Path, arguments, code, words) -> None:
    """The exit code of its kind, a way out, nothing on stdout."""
    result = run("find", tree, *arguments)

    assert (code, "") == (result.code, result.stdout)
    assert result.stderr.startswith("codereader: ")
    assert len(result.stderr.strip().splitlines()) <= 2
    assert [] == [word for word in words if word not in result.stderr]


def test_a_file_that_is_no_configuration_is_refused(run, tree: Path) -> None:
    """The line that is none is named."""
    result = run("find", tree, "spin", "--kconfig", tree / "log.c")

    assert (ExitCode.USAGE, "") == (result.code, result.stdout)
    assert "line 1" in result.stderr


def test_a_missing_folder(run, tmp_path: Path) -> None:
    """Exit 3, as everywhere."""
    result = run("find", tmp_path / "gone", "main")

    assert (ExitCode.UNREADABLE, "") == (result.code, result.stdout)


def test_a_name_that_is_only_used_has_callers(run, tree: Path) -> None:
    """A function of another tree is not defined here; who calls it is still known."""
    missing = run("find", tree, "outside")

    assert [("core.c", 20, "start", "not found")] == rows(
        asked(run, tree, "outside", "--callers"), "path", "line", "caller", "confidence"
    )
    assert ExitCode.NOTHING_FOUND == missing.code
    assert "--callers" in missing.stderr


@pytest.fixture
def kernel(tmp_path: Path) -> Path:
    """A folder whose files call each other by way of functions in a header beside it."""
    files = {
        "include/linux/out.h": (
            "int slow_output(int);\n"
            "#define PICK(f, f1, ...) (f == f1 ? f1(__VA_ARGS__) : f(__VA_ARGS__))\n"
            "static inline int xmit(int a)\n{\n\treturn __xmit(a);\n}\n"
            "static inline int send(struct way *w)\n{\n\treturn PICK(w->output, slow_output, 1);\n}\n"
            "struct way { int (*output)(int); };\n"
        ),
        "net/top.c": "#include <linux/out.h>\nint top(struct way *w)\n{\n\treturn send(w);\n}\n",
        "net/dev.c": (
            "#include <linux/out.h>\nint __xmit(int a) { return lost(a); }\n"
            "static int finish(int a) { return xmit(a); }\n"
            "int slow_output(int a)\n{\n\treturn later(finish, a);\n}\n"
        ),
    }
    for name, text in files.items():
        place = tmp_path / "kernel" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    subprocess.run(["git", "init", "-q", str(tmp_path / "kernel")], check=True)
    return tmp_path / "kernel" / "net"


def test_a_header_beside_the_folder_is_told_as_outside(run, kernel: Path) -> None:
    """Its functions are found by name, with their place; what the folder defines comes alone."""
    outside, own = run("find", kernel, "xmit"), run("find", kernel, "__xmit")

    assert "../include/linux/out.h:3: function static inline int xmit(int a)  (outside PATH)\n" == outside.stdout
    assert "dev.c:2: function int __xmit(int a)\n" == own.stdout


def test_callers_and_callees_go_through_a_header(run, kernel: Path) -> None:
    """A function of a header calls and is called, also by a macro and with its arguments."""
    assert [("../include/linux/out.h", 5, "xmit", "direct")] == rows(
        asked(run, kernel, "__xmit", "--callers"), "path", "line", "caller", "via"
    )
    assert ("slow_output", "macro", "dev.c") in rows(
        asked(run, kernel, "send", "--callees"), "name", "via", "target_path"
    )
    assert [("../include/linux/out.h", 9, "send", "macro")] == rows(
        asked(run, kernel, "slow_output", "--callers"), "path", "line", "caller", "via"
    )
    assert [("dev.c", 3, "finish")] == rows(asked(run, kernel, "xmit", "--callers"), "path", "line", "caller")


def test_paths_go_through_a_header_and_a_function_handed_on(run, kernel: Path) -> None:
    """Where calls alone lead nowhere, a function that is named as a value is a hop, and says so."""
    result = run("find", kernel, "top", "--paths-to", "__xmit")

    assert [
        "path 1 of 1, 5 hops",
        "  top.c:4: top calls send, visible by include",
        "  ../include/linux/out.h:9: send calls slow_output by the macro PICK, only one",
        "  dev.c:6: slow_output names finish, same file",
        "  dev.c:3: finish calls xmit, visible by include",
        "  ../include/linux/out.h:5: xmit calls __xmit, only one",
    ] == result.stdout.splitlines()
    assert "could not be followed" in result.stderr


def test_what_lies_outside_is_listed_nowhere_else(run, kernel: Path) -> None:
    """Mentions and exports are those of the folder."""
    mentions = run("find", kernel, "xmit", "--refs")
    facts = [json.loads(line) for line in run("export", kernel).stdout.splitlines()]

    assert "dev.c:3: finish calls xmit, visible by include\n" == mentions.stdout
    assert {"dev.c", "top.c"} == {fact["file"] for fact in facts if fact["fact"] in ("definition", "call")}


def test_hostile_names_are_shown_not_sent(run, tmp_path: Path) -> None:
    """A file's name with an escape sequence reaches neither terminal nor quickfix list."""
    (tmp_path / "a\x1b[31mb.c").write_text("int odd_name(void) { return 0; }\n")

    for style in ("text", "vimgrep"):
        result = run("find", tmp_path, "odd_name", "--format", style)

        assert ExitCode.OK == result.code
        assert "\x1b" not in result.stdout
        assert "a\\x1b[31mb.c" in result.stdout


def test_python_methods_are_named_by_their_class(run, tmp_path: Path) -> None:
    """Class.method picks one of many."""
    (tmp_path / "a.py").write_text("class A:\n    def run(self): pass\n\nclass B:\n    def run(self): pass\n")

    assert [("a.py", 5, "B.run")] == rows(asked(run, tmp_path, "B.run"), "path", "line", "spelled")
