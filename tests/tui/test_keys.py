"""docs/tui.md lists every key there is, and none that is not."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

DOCS = Path(__file__).parents[2] / "docs"
RENEW = "python docs/keys.py renews them"


@pytest.fixture
def keys() -> ModuleType:
    """The script that writes the tables."""
    spec = importlib.util.spec_from_file_location("docs_keys", DOCS / "keys.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_tables_are_those_of_the_panes(keys: ModuleType) -> None:
    """A key that was added, taken away or renamed shows here."""
    page = keys.PAGE.read_text(encoding="utf-8")

    assert keys.renewed(page) == page, RENEW


def test_every_pane_has_a_table(keys: ModuleType) -> None:
    """None is forgotten, none stands there twice, and each has keys."""
    page = keys.PAGE.read_text(encoding="utf-8")

    assert sorted(keys.panes()) == sorted(re.findall(r"<!-- keys of (\w+) -->", page))
    assert all("| `" in keys.table(name) for name in keys.panes())


def test_everything_that_binds_keys_has_a_table(keys: ModuleType) -> None:
    """Classes that only others inherit from, and boxes with nothing but esc, need none."""
    source = DOCS.parent / "codereader" / "fronts" / "tui"
    binding = {
        name
        for file in sorted(source.rglob("*.py"))
        for name, body in re.findall(r"^class (\w+)(.*?)(?=^\S|\Z)", file.read_text(encoding="utf-8"), re.M | re.S)
        if "BINDINGS: ClassVar" in body
    }
    listed = {base.__name__ for kinds in keys.panes().values() for kind in kinds for base in kind.__mro__}

    assert binding - listed == {"ModelPicker", "LinePrompt"}


@pytest.mark.parametrize("name", ["tui.json", "questions.json", "tui.log"])
def test_what_is_written_is_told(name: str) -> None:
    """The page names each file that the screen leaves in the cache."""
    source = DOCS.parent / "codereader" / "fronts" / "tui"

    assert f"`{name}`" in (DOCS / "tui.md").read_text(encoding="utf-8")
    assert any(f'"{name}"' in file.read_text(encoding="utf-8") for file in source.rglob("*.py"))


def test_pictures_are_there_and_name_nobody() -> None:
    """Each picture of the page is in docs/images, fetches nothing, and holds no path of who drew it."""
    named = set(re.findall(r"\]\((images/[\w.]+)\)", (DOCS / "tui.md").read_text(encoding="utf-8")))
    there = {f"images/{file.name}" for file in (DOCS / "images").iterdir()}

    assert named == there
    for name in sorted(named):
        text = (DOCS / name).read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://|url\((?!#)|/(?:home|root|Users|tmp)/", text), name
