"""Briefs of small real trees: the right facts, in order, within the lines asked for, the same every time."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from codereader.cancel import CancelToken
from codereader.facts.brief.lines import MINIMUM_LINES
from codereader.facts.brief.page import brief
from codereader.facts.fact import Brief, Fact, Section, plain
from codereader.index.build import build
from codereader.index.view import IndexView, open_index
from codereader.source.walk import open_scope, walk

TESTS = Path(__file__).parent.parent
EVERYTHING = 10_000


@pytest.fixture
def indexed(tmp_path):
    """Index a folder, or a copy of a tree under tests/data, and open it."""
    views: list[IndexView] = []

    def index(tree: str | Path) -> IndexView:
        folder = tmp_path / str(tree) if isinstance(tree, str) else tree
        if isinstance(tree, str):
            shutil.copytree(TESTS / "data" / tree, folder, ignore=shutil.ignore_patterns("__pycache__"))
        walked = walk(open_scope(folder), CancelToken(), None)
        build(walked, tmp_path / "cache", CancelToken())
        views.append(open_index(walked, tmp_path / "cache"))
        return views[-1]

    yield index
    for view in views:
        view.close()


def written(folder: Path, **files: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("_dot_", ".")).write_text(text)
    return folder


def facts(made: Brief, title: str) -> list[Fact]:
    return [fact for section in made.sections if section.title == title for fact in section.facts]


@pytest.mark.parametrize("tree", ["ramdisk", "pypkg"])
def test_the_brief_of_a_small_tree_is_as_kept(indexed, tree):
    """The whole text, to the byte."""
    text = plain(brief(indexed(tree), EVERYTHING))

    assert text.encode() == (TESTS / "golden" / f"brief_{tree}.txt").read_bytes().replace(b"\r\n", b"\n")


def test_a_kernel_tree_says_what_a_kernel_developer_asks_first(indexed):
    """Build choice, initcall, registration, tables, types, exports: each with its place."""
    made = brief(indexed("ramdisk"), EVERYTHING)

    built = {fact.subject: (fact.condition, fact.path, fact.line) for fact in facts(made, "Build and configuration")}
    assert built["map-mmu.c"] == ("CONFIG_RAMDISK && CONFIG_MMU", "Makefile", 9)
    assert built["map-nommu.c"] == ("CONFIG_RAMDISK && !CONFIG_MMU", "Makefile", 8)
    assert ("ramdisk_init", "initcall", "core.c", 143) in [
        (fact.subject, fact.relation, fact.path, fact.line) for fact in facts(made, "Entry points")
    ]
    assert [(fact.subject, fact.object) for fact in facts(made, "Registers")] == [
        ("ramdisk_operations", "register_chrdev"),
        ("ramdisk_type", "register_filesystem"),
    ]
    tables = {fact.subject: fact.object for fact in facts(made, "Tables of functions")}
    assert ".open=ramdisk_open" in tables["ramdisk_operations"]
    assert ".compat_ioctl=compat_ptr_ioctl [defined(CONFIG_COMPAT)]" in tables["ramdisk_operations"]
    assert facts(made, "Main types")[0].subject == "ramdisk"
    assert [fact.subject for fact in facts(made, "Exports")] == ["ramdisk_find", "ramdisk_rle"]


def test_the_outline_follows_tables_and_both_branches_of_an_ifdef(indexed):
    """From the initcall through the registered table to the function in its field, twins with their conditions."""
    steps = facts(brief(indexed("ramdisk"), EVERYTHING), "Call outline")

    assert ("ramdisk_init", "names", "ramdisk_operations") in [(f.subject, f.relation, f.object) for f in steps]
    assert ("ramdisk_operations", ".open", "ramdisk_open") in [(f.subject, f.relation, f.object) for f in steps]
    assert [f.condition for f in steps if f.subject == "ramdisk_read"] == [
        "defined(CONFIG_RAMDISK_STATS)", "!defined(CONFIG_RAMDISK_STATS)",
    ]  # fmt: skip


def test_a_python_package_says_its_layers_entry_points_and_classes(indexed):
    """Console script, cycle, classes, packages to install."""
    made = brief(indexed("pypkg"), EVERYTHING)

    assert facts(made, "Entry points")[0].text == "command shelf runs shelf.cli:main"
    assert "shelf.library <-> shelf.reminders" in [fact.subject for fact in facts(made, "Layers of modules")]
    assert facts(made, "Main types")[0].subject == "Library"
    assert [fact.object for fact in facts(made, "Build and configuration")][-1] == "click"
    assert facts(made, "Entry points")[1].object == "Library (from library); Book, Loan (from model)"


@pytest.mark.parametrize("tree", ["ramdisk", "pypkg"])
def test_no_number_of_lines_is_exceeded_or_hides_a_count(indexed, tree):
    """From 0 to 60 lines and beyond, what is shown and what is counted add up."""
    view = indexed(tree)
    whole = brief(view, EVERYTHING)
    every = sum(len(section.facts) for section in whole.sections)

    for lines in [*range(61), whole.lines_needed - 1, whole.lines_needed]:
        made = brief(view, lines)
        rendered = plain(made).count("\n")
        assert rendered <= max(lines, MINIMUM_LINES)
        assert sum(len(section.facts) for section in made.sections) + made.dropped == every
    assert brief(view, whole.lines_needed) == whole


def test_five_lines_still_say_what_the_tree_is(indexed):
    """The shortest useful brief names the tree and the sections it leaves out."""
    made = brief(indexed("ramdisk"), 5)

    assert made.sections[0].facts[0].subject == "ramdisk"
    assert made.sections[-1].title.startswith("Not shown: Files, Entry points")


def test_one_file_is_a_scope_too(indexed, tmp_path):
    """Asking about a file tells that file's facts alone."""
    written(tmp_path / "one", a_dot_c="int one(void) { return 1; }\n", b_dot_c="int two(void) { return 2; }\n")

    text = plain(brief(indexed(tmp_path / "one" / "a.c")))

    assert "one" in text
    assert "two" not in text


def large(folder: Path) -> Path:
    """Write a kernel-shaped tree of 45 files in two sub-folders."""
    folder.mkdir()
    (folder / "Makefile").write_text("obj-y += core/\nobj-$(CONFIG_RADIO) += radio/\n")
    (folder / "Kconfig").write_text('config RADIO\n\tbool "Talk over the air"\n')
    for name, count in (("core", 30), ("radio", 15)):
        (folder / name).mkdir()
        (folder / name / "Makefile").write_text("".join(f"obj-y += {name}{n}.o\n" for n in range(count)))
        for n in range(count):
            text = f"void {name}_{n}(void) {{ {name}_{(n + 1) % count}(); open(); }}\nmodule_init({name}_{n});\n"
            (folder / name / f"{name}{n}.c").write_text(text)
    return folder


def test_a_large_tree_is_told_by_folder(indexed, tmp_path):
    """Folders come first, with the words of the option that decides them and the condition they are built under."""
    made = brief(indexed(large(tmp_path / "big")))

    told = [fact.text.strip() for fact in facts(made, "Parts")]
    assert any(text.startswith("radio/  Talk over the air; 16 files") for text in told)
    built = facts(made, "Build and configuration")
    assert ("radio/", "CONFIG_RADIO") in [(fact.subject, fact.condition) for fact in built]
    assert facts(made, "Entry points")[0].text == "45 initcalls"


def test_a_brief_that_looked_at_some_files_only_says_so(indexed, tmp_path, monkeypatch):
    """Beyond the bytes that are looked at, counts are totals and the brief names its blind spot."""
    monkeypatch.setattr("codereader.facts.brief.uses.WHOLE_BYTES", 200)

    made = brief(indexed(large(tmp_path / "big")), EVERYTHING)

    assert any("most important of 49 files" in fact.text for fact in facts(made, "Not followed"))
    assert "open" in [fact.subject for fact in facts(made, "Uses from outside")]


def test_functions_called_beyond_the_list_are_counted(indexed, tmp_path):
    """One fact names them in short, a hundred names get their own, the others one together: nothing is cut unsaid."""
    text = "".join(f"int f{n}(void) {{ return 0; }}\n" for n in range(130))
    calls = "".join(f"f{n}(); f{n}(); " for n in range(130))
    made = brief(indexed(written(tmp_path / "many", a_dot_c=f"{text}int all(void) {{ {calls} }}\n")), EVERYTHING)

    called = facts(made, "Most called inside")
    assert len(called) == 102
    assert called[-1].text.startswith("and 30 more names, 60 calls: ")


def test_one_file_in_a_sub_folder_does_not_speak_for_the_folder(indexed, tmp_path):
    """A file's sentence titles the scope it lies in, not the folders above."""
    (tmp_path / "up").mkdir()
    written(tmp_path / "up" / "inner", a_dot_c="/* Resizable simple ram disk. */\nint a(void) { return 0; }\n")

    above = facts(brief(indexed(tmp_path / "up")), "What it is")[0].text
    inside = facts(brief(indexed(tmp_path / "up" / "inner")), "What it is")[0].text
    alone = facts(brief(indexed(tmp_path / "up" / "inner" / "a.c")), "What it is")[0].text

    assert above == "up: inner/a.c: Resizable simple ram disk."
    assert inside == "inner: Resizable simple ram disk."
    assert alone == "a.c: Resizable simple ram disk."


@pytest.mark.parametrize("shown", ["whole", "cut"])
def test_a_brief_of_default_length_is_whole_where_that_costs_few_lines(indexed, monkeypatch, shown):
    """Nobody said how many lines: a little more than two screens is shown whole, anything longer is cut to two."""
    view = indexed("ramdisk")
    needed = brief(view, EVERYTHING).lines_needed
    monkeypatch.setattr("codereader.facts.brief.page.WHOLE_LINES", needed if shown == "whole" else needed - 1)
    monkeypatch.setattr("codereader.facts.brief.page.DEFAULT_LINES", needed // 2)

    made = brief(view)

    rendered = plain(made).count("\n")
    assert rendered == needed if shown == "whole" else rendered <= needed // 2
    assert (made.dropped == 0) == (shown == "whole")


def test_sections_that_speak_of_tests_alone_come_last(indexed, tmp_path):
    """A program that only the tests have is told after what the source offers."""
    (tmp_path / "tree").mkdir()
    written(tmp_path / "tree", a_dot_c="int b(void) { return size(); }\nint a(void) { return b(); }\n")
    written(tmp_path / "tree" / "tests", test_a_dot_c="int main(void) { return a(); }\n")
    made = brief(indexed(tmp_path / "tree"), EVERYTHING)

    titles = [section.title for section in made.sections]
    assert {"tests/test_a.c"} == {fact.path for fact in facts(made, "Entry points")}
    assert titles.index("Entry points") > titles.index("Not followed")


def test_text_alone_gives_files_and_their_roles(indexed, tmp_path):
    """A folder of notes is told by file."""
    made = brief(indexed(written(tmp_path / "notes", README_dot_md="# Notes\n\nWhat we found.\n", b_dot_txt="Later\n")))

    assert facts(made, "What it is")[0].text == "notes: What we found."
    assert [fact.subject for fact in facts(made, "Files")] == ["README.md", "b.txt"]


def test_mixed_trees_show_both_languages(indexed, tmp_path):
    """A C extension with its Python package has tables and layers."""
    tree = written(
        tmp_path / "both",
        m_dot_c="static int f(void) { return 0; }\nstatic struct ops t = { .f = f };\nint main(void) { return f(); }\n",
        m_dot_py='"""Wrap it."""\nimport ctypes\n\n\nclass Wrapper:\n    """Holds it."""\n',
        n_dot_py="import m\n",
    )

    titles = [section.title for section in brief(indexed(tree), EVERYTHING).sections]

    assert {"Tables of functions", "Layers of modules", "Main types"} <= set(titles)


def test_an_index_without_files_has_an_empty_brief(indexed, tmp_path):
    """Files that vanished between walk and question leave nothing to say, and nothing breaks."""
    (tmp_path / "empty").mkdir()

    made = brief(indexed(tmp_path / "empty"))

    assert [section.title for section in made.sections] == ["What it is"]
    assert made.sections[0].facts[0].text.startswith("0 files, 0 lines")


def test_a_fact_is_one_line_whatever_names_hold():
    """Line breaks in names do not break lines; fronts see to other control characters."""
    fact = Fact("a\nb", "is", "x", "a\nb\u2028c", "p\nq.c", 3, "A")

    assert plain(Brief((Section("T\n", (fact,), 2),), 2)) == "T  (2 more)\n  a\\nb\\nc  (p\\nq.c:3) [A]\n"


def test_the_same_tree_gives_the_same_bytes_under_any_hash_seed(tmp_path):
    """Two processes with different hash seeds print the same brief."""
    program = (
        "import sys; from pathlib import Path; from codereader.cancel import CancelToken as C;"
        "from codereader.source.walk import open_scope, walk; from codereader.index.build import build;"
        "from codereader.index.view import open_index; from codereader.facts.brief.page import brief;"
        "from codereader.facts.fact import plain;"
        "w = walk(open_scope(Path(sys.argv[1])), C(), None); build(w, Path(sys.argv[2]), C());"
        "v = open_index(w, Path(sys.argv[2]));"
        "sys.stdout.buffer.write(''.join(plain(brief(v, n)) for n in (7, 40, 9999)).encode()); v.close()"
    )

    def told(seed: str, tree: str) -> bytes:
        command = [sys.executable, "-c", program, str(TESTS / "data" / tree), str(tmp_path / seed)]
        return subprocess.run(
            command, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout

    for tree in ("ramdisk", "pypkg"):
        first = told("1", tree)
        assert first == told("2", tree)
        assert first
