"""brief prints the structure of a tree: as text, Markdown with a drawing, JSON, Graphviz; whole or by section."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from codereader.errors import ExitCode

TREE = {
    "app/__init__.py": '"""An application that keeps notes."""\n',
    "app/cli.py": "from app.store.disk import Disk, Tape\n\n\ndef main():\n    Disk().save(Tape())\n",
    "app/store/__init__.py": '"""Keeps things."""\n',
    "app/store/disk.py": (
        "from app.text.cut import cut\n\n\nclass Tape:\n    pass\n\n\n"
        "class Disk:\n    def save(self, it):\n        cut(it)\n"
    ),
    "app/text/__init__.py": '"""Cuts text."""\n',
    "app/text/cut.py": "def cut(it):\n    return it\n",
    "app/web/__init__.py": '"""Shows things."""\n',
    "app/web/page.py": "from app.store.disk import Disk\n\n\ndef show():\n    return Disk()\n",
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    for name, text in TREE.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def flowchart(text: str) -> str:
    found = re.search(r"^```mermaid\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


def test_markdown_has_a_drawing_of_the_parts_that_mermaid_reads(run, tree, parse_mermaid):
    """Four parts, and who uses whom, after the list of them."""
    result = run("brief", tree, "--format", "markdown")

    said = parse_mermaid(flowchart(result.stdout))
    names = {node: text.partition("<br")[0] for node, text, _ in said["nodes"]}
    assert ExitCode.OK == result.code
    assert {("store/", "text/"), ("web/", "store/"), ("./*", "store/")} == {
        (names[start], names[end]) for start, end, _, _ in said["edges"]
    }
    assert result.stdout.index("### Parts") < result.stdout.index("```mermaid") < result.stdout.rindex("###")


def test_markdown_of_a_kernel_tree_is_read_by_mermaid(run, linux, parse_mermaid):
    """The network code of Linux: sixteen boxes, arrows between them, what is left out is counted."""
    result = run("brief", linux / "net", "--format", "markdown", "--section", "parts")

    said = parse_mermaid(flowchart(result.stdout))
    assert 16 == len(said["nodes"])
    assert 10 <= len(said["edges"]) <= 40
    assert re.search(r"^_\d+ lesser uses.*--format dot draws all\._$", result.stdout, re.MULTILINE)


def test_the_graph_for_graphviz_draws_all_uses(run, tree):
    """--format dot: the parts alone, the same bytes every time."""
    first, second = (run("brief", tree, "--format", "dot") for _ in range(2))

    assert ExitCode.OK == first.code
    assert first.stdout == second.stdout
    assert first.stdout.startswith("digraph parts {\n")
    assert first.stdout.endswith("}\n")
    assert 3 == first.stdout.count(" -> ")


def test_json_tells_the_parts_with_evidence(run, tree):
    """Each part with its purpose and its place, each use with names, and where the first of them stands."""
    parts = json.loads(run("brief", tree, "--format", "json").stdout)["parts"]

    assert "app/" == parts["prefix"]
    store = next(part for part in parts["parts"] if part["name"] == "app/store/")
    assert ("Keeps things", "app/store/__init__.py", 1) == (store["purpose"], store["path"], store["line"])
    used = {(use["user"], use["used"]): use for use in parts["uses"]}
    assert {
        "user": "app/*", "used": "app/store/", "names": 2, "examples": ["Disk", "Tape"], "path": "app/cli.py",
        "line": 1, "is_upward": False, "is_run": True,
    } == used["app/*", "app/store/"]  # fmt: skip
    assert [["app/*", "app/web/"], ["app/store/"], ["app/text/"]] == parts["strata"]
    assert [] == parts["cycles"]


def test_json_lines_end_with_the_parts(run, tree):
    """One section a line, then the parts."""
    rows = [json.loads(line) for line in run("brief", tree, "--format", "jsonl").stdout.splitlines()]

    assert ["facts"] * (len(rows) - 1) + ["parts"] == [row["event"] for row in rows]


def test_a_section_is_shown_alone_and_whole(run, tree):
    """--section takes the beginning of a title in any case, more than once; nothing of it is cut."""
    whole = json.loads(run("brief", tree, "--lines", "9999", "--format", "json").stdout)["sections"]

    picked = json.loads(run("brief", tree, "--section", "PART", "--section", "what it", "--format", "json").stdout)[
        "sections"
    ]

    assert [row for row in whole if row["title"] in ("What it is", "Parts")] == picked
    assert all(row["dropped"] == 0 for row in picked)


def test_a_section_stays_within_the_lines_asked_for(run, tree):
    """--lines holds for what --section picks, and what is left out is counted."""
    result = run("brief", tree, "--section", "parts", "--lines", "3")

    assert 3 == result.stdout.count("\n")
    assert "left out; --lines" in result.stderr


def test_an_unknown_section_names_those_that_there_are(run, tree):
    """Exit 2, and the titles."""
    result = run("brief", tree, "--section", "nonsense")

    assert (ExitCode.USAGE, "") == (result.code, result.stdout)
    assert "nonsense" in result.stderr
    assert "What it is, Parts" in result.stderr


def test_depth_tells_parts_inside_of_parts(run, tmp_path, parse_mermaid):
    """--depth 2 goes one level of folders further, in text, JSON and drawing."""
    for outer in "abc":
        for inner in "xy":
            path = tmp_path / "tree" / outer / inner / "m.py"
            path.parent.mkdir(parents=True)
            path.write_text("thing = 1\n" if inner == "y" else f"from {outer}.y.m import thing\n")
    tree = tmp_path / "tree"

    one, two = (json.loads(run("brief", tree, "--depth", n, "--format", "json").stdout)["parts"] for n in (1, 2))

    assert [[], [], []] == [part["parts"] for part in one["parts"]]
    assert [["a/x/", "a/y/"]] == [
        sorted(p["name"] for p in part["parts"]) for part in two["parts"] if part["name"] == "a/"
    ]
    assert "\n    x/  " in run("brief", tree, "--depth", "2", "--section", "parts").stdout
    said = parse_mermaid(flowchart(run("brief", tree, "--depth", "2", "--format", "markdown").stdout))
    assert 3 == len(said["groups"])


def test_the_brief_goes_into_a_file_as_the_same_bytes(run, tree, tmp_path):
    """-o FILE."""
    for style in ("text", "markdown", "dot"):
        printed = run("brief", tree, "--format", style).stdout
        run("brief", tree, "--format", style, "-o", tmp_path / style)

        assert printed == (tmp_path / style).read_bytes().decode()


def test_the_same_bytes_under_any_hash_seed(run, tree):
    """No order comes from a set."""
    for style in ("markdown", "json", "dot"):
        outputs = {run("brief", tree, "--format", style, PYTHONHASHSEED=seed).stdout for seed in ("1", "4242")}

        assert 1 == len(outputs), style


def test_hostile_names_stay_letters_in_every_drawing(run, tmp_path, parse_mermaid):
    """Folders called like syntax: quotes, brackets, keywords."""
    for name in ('a"b', "end", "x]y", "%%{init}%%", "`c`", "<img src=x>"):
        path = tmp_path / "tree" / name.replace("/", "_") / "m.py"
        path.parent.mkdir(parents=True)
        path.write_text("def f(): pass\n")

    said = parse_mermaid(flowchart(run("brief", tmp_path / "tree", "--format", "markdown").stdout))
    graph = run("brief", tmp_path / "tree", "--format", "dot").stdout

    assert 6 == len(said["nodes"])
    assert '[label="a\\"b/' in graph
