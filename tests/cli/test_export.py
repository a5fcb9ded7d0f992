"""export writes every fact: JSON lines by the contract, and tags files that editors read."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from codereader.errors import ExitCode

KEYS = {
    "definition": "file name kind line end_line signature exported condition owner made",
    "call": "file caller line callee callee_file via confidence condition",
    "table": "file variable struct field function line condition",
    "indirect": "file caller line struct field targets condition",
    "include": "file target target_file line condition",
    "export": "file name kind line condition",
    "entry": "file name kind line condition",
    "build": "file symbol objects condition rule_file line kconfig",
}

CORE = """\
#include "core.h"
static int helper(int n) { return n; }
int entry_point(struct thing *t)
{
#ifdef CONFIG_DEEP
	deep(t);
#endif
	t->ops->open(t);
	return helper(1);
}
EXPORT_SYMBOL(entry_point);
static const struct thing_ops core_ops = {
	.open = core_open,
};
module_init(core_init);
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small tree with one fact of each kind."""
    folder = tmp_path / "tree"
    folder.mkdir()
    (folder / "core.c").write_text(CORE)
    (folder / "core.h").write_text("struct thing_ops { int (*open)(struct thing *t); };\n#define SLASH 'a/b\\\\'\n")
    (folder / "Makefile").write_text("obj-$(CONFIG_CORE) += core.o\n")
    return folder


def rows(run, tree: Path) -> list[dict[str, object]]:
    """Return the exported facts of *tree*."""
    result = run("export", tree, "--format", "jsonl")

    assert (ExitCode.OK, "") == (result.code, result.stderr)
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_every_kind_of_fact_has_all_its_keys(run, tree: Path) -> None:
    """Keys are always present, null where unknown, and documented."""
    found = rows(run, tree)

    assert set(KEYS) == {row["fact"] for row in found}
    for row in found:
        assert ["fact", *KEYS[row["fact"]].split()] == list(row)


def test_the_json_documentation_names_every_key_of_a_line(run, tree: Path) -> None:
    """docs/json.md and what is printed agree."""
    text = (Path(__file__).parents[2] / "docs" / "json.md").read_text().split("## Lines of `export`")[1]

    for fact, keys in KEYS.items():
        assert re.search(rf"^    {fact} +{keys}\b", text, re.MULTILINE), fact


def test_calls_and_tables_say_where_and_under_which_condition(run, tree: Path) -> None:
    """Lines are 1-based, a callee that is not there is told so, a condition is the #if around it."""
    found = rows(run, tree)

    assert [
        ("entry_point", 6, "deep", None, "direct", "not found", "defined(CONFIG_DEEP)"),
        ("entry_point", 9, "helper", "core.c", "direct", "same file", None),
    ] == [
        tuple(row[key] for key in ("caller", "line", "callee", "callee_file", "via", "confidence", "condition"))
        for row in found
        if row["fact"] == "call" and row["caller"]
    ]
    assert [("core_ops", "thing_ops", "open", "core_open", 13)] == [
        tuple(row[key] for key in ("variable", "struct", "field", "function", "line"))
        for row in found
        if row["fact"] == "table"
    ]
    assert [("core.c", "CONFIG_CORE")] == [(row["file"], row["condition"]) for row in found if row["fact"] == "build"]


def test_a_call_through_a_member_is_no_call_by_name(run, tree: Path) -> None:
    """It is a fact of its own, with the field; a function called like the field is not meant."""
    (tree / "other.c").write_text("void open(void) { }\n")

    found = rows(run, tree)

    assert [("core.c", "entry_point", 8, "open")] == [
        (row["file"], row["caller"], row["line"], row["field"]) for row in found if row["fact"] == "indirect"
    ]
    assert [] == [row for row in found if row["fact"] == "call" and row["callee"] == "open"]


def test_the_same_tree_gives_the_same_bytes(run, tree: Path) -> None:
    """No hash seed and no earlier run shows."""
    for style in ("jsonl", "ctags"):
        first = run("export", tree, "--format", style, PYTHONHASHSEED="1")
        again = run("export", tree, "--format", style, PYTHONHASHSEED="2")

        assert first.stdout
        assert first == again


def test_a_file_gets_what_stdout_gets(run, tree: Path, tmp_path: Path) -> None:
    """-o writes the same bytes, whole."""
    printed = run("export", tree).stdout

    result = run("export", tree, "-o", tmp_path / "facts.jsonl")

    assert (ExitCode.OK, "", printed) == (result.code, result.stdout, (tmp_path / "facts.jsonl").read_text())


def test_nothing_is_written_where_nothing_can_be_read(run, tmp_path: Path) -> None:
    """No such folder: exit 3, one sentence, and no file."""
    result = run("export", tmp_path / "gone", "-o", tmp_path / "facts")

    assert (ExitCode.UNREADABLE, False) == (result.code, (tmp_path / "facts").exists())
    assert "gone" in result.stderr


TAG = re.compile(
    r"(?P<name>[^\t\n]+)\t(?P<file>[^\t\n]+)\t(?P<address>/\^(?:[^\\/\n]|\\.)*\$?/|\d+);\"\t(?P<kind>[A-Za-z])"
    r"\tline:(?P<line>\d+)(?P<fields>(?:\t[a-z]+:[^\t\n]*)*)\n"
)


def test_a_tags_file_is_well_formed_and_sorted(run, tree: Path) -> None:
    """Headers first, then one line a definition with an escaped pattern, a kind and a line, sorted by bytes."""
    result = run("export", tree, "--format", "ctags")

    lines = result.stdout.splitlines(keepends=True)
    tags = [line for line in lines if not line.startswith("!_TAG_")]
    assert "!_TAG_FILE_FORMAT\t2\t" in result.stdout
    assert "!_TAG_FILE_SORTED\t1\t" in result.stdout
    assert lines == sorted(lines, key=str.encode)
    assert [] == [line for line in tags if not TAG.fullmatch(line)]
    assert r"""SLASH	core.h	/^#define SLASH 'a\/b\\\\'$/;"	d	line:2""" + "\n" in tags
    assert 'helper\tcore.c\t/^static int helper(int n) { return n; }$/;"\tf\tline:2\tfile:\n' in tags


def test_names_inside_others_tell_where(run, tmp_path: Path) -> None:
    """A method says its class."""
    (tmp_path / "a.py").write_text("class Shelf:\n    def open(self):\n        pass\n")

    assert (
        'open\ta.py\t/^    def open(self):$/;"\tm\tline:2\tclass:Shelf\n'
        in run("export", tmp_path, "--format", "ctags").stdout
    )


def test_a_tags_file_leads_from_its_own_folder(run, tree: Path) -> None:
    """Paths are relative to where the file is written, as editors expect."""
    run("export", tree, "--format", "ctags", "-o", tree / "tags")
    run("export", tree, "--format", "ctags", "-o", tree.parent / "tags")

    assert "\nhelper\tcore.c\t" in (tree / "tags").read_text()
    assert "\nhelper\ttree/core.c\t" in (tree.parent / "tags").read_text()


def test_long_and_strange_lines_stay_findable(run, tmp_path: Path) -> None:
    """A long line is matched by its beginning, never inside a character; a final dollar is escaped."""
    (tmp_path / "a.py").write_text(f"def long(a='{'é' * 90}'): pass\ndef dollar(): pass  # $\n", encoding="utf-8")

    found = run("export", tmp_path, "--format", "ctags").stdout

    (long,) = [line for line in found.splitlines() if line.startswith("long\t")]
    assert long.split("\t")[2].startswith("/^def long(a='éé")
    assert long.split("\t")[2].endswith('é/;"')
    assert "/^def dollar(): pass  # \\$$/" in found


@pytest.mark.parametrize("program", ["readtags", "vim"])
def test_the_programs_that_read_tags_accept_ours(run, tree: Path, program: str) -> None:
    """readtags finds a name, vim jumps to it; where a program is missing, the format is looked at instead."""
    run("export", tree, "--format", "ctags", "-o", tree / "tags")
    commands = {
        "readtags": ["readtags", "-e", "-n", "-t", "tags", "helper"],
        "vim": ["vim", "-es", "-u", "NONE", "-i", "NONE", "-c", "tag helper", "-c", "redir! > seen", "-c",
                "echo expand('%') . ':' . line('.')", "-c", "redir END", "-c", "qa!"],
    }  # fmt: skip
    if shutil.which(program) is None:
        assert 'helper\tcore.c\t/^static int helper(int n) { return n; }$/;"\tf' in (tree / "tags").read_text()
        return

    done = subprocess.run(commands[program], cwd=tree, capture_output=True, text=True, check=True, timeout=60)

    seen = done.stdout if program == "readtags" else (tree / "seen").read_text()
    assert ("line:2" if program == "readtags" else "core.c:2") in seen
