"""What a part is made of: folders, groups of a flat folder, then single files, with the uses between them."""

from __future__ import annotations

import pytest

from codereader.facts.brief.parts.inside import FEW_FILES, MOST, inside
from codereader.facts.brief.parts.parts import Parts
from codereader.reader import Reader


@pytest.fixture
def told(tmp_path):
    """Return what files are made of, as the parts inside of them all or of some."""

    def of(files: dict[str, str], some: list[str] | None = None) -> Parts:
        for name, text in files.items():
            path = tmp_path / "tree" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        with Reader(tmp_path / "tree") as reader:
            reader.open()
            return inside(reader.view, some if some is not None else list(reader.walked.paths), reader.worth)

    return of


def test_a_folder_opens_into_its_folders(told):
    """Sub-folders are parts, with how many names they use of each other."""
    found = told({
        "net/core/a.c": "int core_a(void) { return 1; }\nint core_b(void) { return 2; }\n",
        "net/inet/b.c": "int inet_b(void) { return core_a() + core_b(); }\n",
    })  # fmt: skip

    assert {"net/core/a.c", "net/inet/b.c"} == {path for part in found.parts for path in part.files}
    assert [2] == [one.names for one in found.dependencies]
    assert "net/" == found.prefix


def test_few_files_of_one_folder_are_told_one_by_one(told):
    """No grouping by first words where there are few: a person knows files."""
    found = told({f"tcp_{at}.c": f"int tcp_{at}(void) {{ return {at}; }}\n" for at in range(4)})

    assert {f"tcp_{at}.c" for at in range(4)} == {part.name for part in found.parts}


def test_many_files_of_one_folder_are_grouped(told):
    """A flat folder of many files opens into groups by the first words of their names."""
    files = {
        f"{head}_{at}.c": f"int {head}_{at}(void) {{ return {at}; }}\n"
        for head in ("tcp", "udp")
        for at in range(FEW_FILES)
    }
    found = told(files)

    assert {"tcp*", "udp*"} == {part.name for part in found.parts}


def test_a_folder_that_outweighs_all_others_is_opened_with_them(told):
    """One step more than folders where that is still few: the files of the large one, the small one as a whole."""
    long = "int f{0}(void)\n{{\n\treturn {0};\n}}\n" * 5
    large = {f"large/{name}.c": long.format(name) for name in "abc"}
    found = told(large | {"small/x.c": "int x;\n", "small/y.c": "int y;\n"})

    assert {"large/a.c", "large/b.c", "large/c.c", "small/"} == {part.name for part in found.parts}


def test_the_weightiest_are_told_and_the_others_are_the_rest(told):
    """More than a person can look through: sixty parts, the others counted."""
    files = {
        f"{chr(97 + at % 26)}{chr(97 + at // 26)}x.c": f"int f{at}(void) {{ return {at}; }}\n"
        for at in range(MOST + 12)
    }
    found = told(files)

    assert MOST == len(found.parts)
    assert 12 == len(found.rest)


def test_tests_stand_beside_the_code(told):
    """Files of tests are no parts of the code."""
    found = told(
        {"src/a.py": "def f(): pass\n", "src/b.py": "def g(): pass\n", "tests/test_a.py": "def test_f(): pass\n"}
    )

    assert {"src/a.py", "src/b.py"} == {part.name for part in found.parts}


def test_one_file_is_one_part(told):
    """Nothing to open."""
    found = told({"a.c": "int a;\n", "b.c": "int b;\n"}, ["a.c"])

    assert ["a.c"] == [part.name for part in found.parts]
    assert () == found.dependencies
