"""A brief that is kept says what one that is made says, and no longer once anything that it tells of changes."""

from __future__ import annotations

import json
import shutil
import sqlite3
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from codereader.cancel import CancelToken
from codereader.errors import UsageError
from codereader.facts import outcome
from codereader.facts.brief import page
from codereader.facts.brief.kept import Wish, kept_brief
from codereader.facts.fact import Brief, plain
from codereader.index.build import build
from codereader.index.database import FILE_NAME
from codereader.index.store import open_to_read
from codereader.index.view import IndexView, open_index
from codereader.source.walk import open_scope, walk

DATA = Path(__file__).parent.parent / "data"
AS_IS = Wish()


def told(folder: Path, cache: Path, wish: Wish = AS_IS) -> Brief:
    """Brief as a command of its own would: the index is brought up to date and opened."""
    walked = walk(open_scope(folder), CancelToken(), None)
    build(walked, cache, CancelToken())
    with open_index(walked, cache) as view:
        return kept_brief(view, wish)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Brief]:
    """What was made instead of looked up."""
    found: list[Brief] = []

    def noted(*given: object, **named: object) -> Brief:
        found.append(real(*given, **named))  # type: ignore[arg-type]
        return found[-1]

    real = page.brief
    monkeypatch.setattr(page, "brief", noted)
    return found


@pytest.fixture
def driver(tmp_path: Path) -> Path:
    """Write a folder of a kernel with what stands around it, and return it."""
    tree = tmp_path / "kernel"
    texts = {
        "drivers/Kconfig": 'config WIDGET\n\ttristate "Widgets of all kinds"\n',
        "drivers/Makefile": "obj-$(CONFIG_WIDGET) += widget/\n",
        "drivers/widget/Makefile": "obj-y += core.o\n",
        "drivers/widget/core.c": "#include <linux/widget.h>\n"
        "int widget_open(struct widget *w)\n{\n\tw->users++;\n\treturn w->open(w);\n}\nEXPORT_SYMBOL(widget_open);\n"
        + "".join(f"void widget_{n}(struct widget *w)\n{{\n\tw->users = {n};\n}}\n" for n in range(9)),
        "include/linux/widget.h": "struct widget {\n\tint users;\n\tint (*open)(struct widget *w);\n};\n"
        "int widget_open(struct widget *w);\n",
        "Documentation/widget.rst": "Widgets\n",
    }
    for name, text in texts.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text)
    (tree / ".git").mkdir()
    (tree / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (tree / ".git" / "objects").mkdir()
    (tree / ".git" / "refs").mkdir()
    return tree / "drivers" / "widget"


@pytest.mark.parametrize("wish", [Wish(), Wish(9), Wish(9_999), Wish(sections=("What",)), Wish(depth=2)])
@pytest.mark.parametrize("tree", ["ramdisk", "pypkg"])
def test_what_is_kept_says_the_same(tree: str, wish: Wish, tmp_path: Path, made: list[Brief]) -> None:
    """All of it, the parts too; a second time nothing is made."""
    shutil.copytree(DATA / tree, tmp_path / tree, ignore=shutil.ignore_patterns("__pycache__"))
    first = told(tmp_path / tree, tmp_path / "cache", wish)
    second = told(tmp_path / tree, tmp_path / "cache", wish)

    assert first == second
    assert plain(first) == plain(second)
    assert made == [first]
    assert first.parts is not None


def test_other_lines_are_another_brief(driver: Path, tmp_path: Path, made: list[Brief]) -> None:
    """What was cut to ten lines answers nobody who asks for twelve."""
    short = told(driver, tmp_path / "cache", Wish(10))
    longer = told(driver, tmp_path / "cache", Wish(12))

    assert [short, longer] == made
    assert len(plain(short).splitlines()) < len(plain(longer).splitlines())


def edit(name: str, text: str) -> Callable[[Path], object]:
    return lambda root: (root / name).write_text(text)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (edit("drivers/widget/core.c", "int widget_close(void)\n{\n\treturn 0;\n}\n"), "widget_close"),
        (edit("drivers/Kconfig", 'config WIDGET\n\ttristate "Gadgets instead"\n'), "Gadgets instead"),
        (edit("drivers/Makefile", "obj-$(CONFIG_GADGET) += widget/\n"), "CONFIG_GADGET"),
        (edit("Documentation/widget-two.rst", "More\n"), "widget-two.rst"),
        (edit("include/linux/widget.h", "\n\n\nstruct widget {\n\tint users;\n};\n"), "linux/widget.h:4)"),
    ],
    ids=["a file", "option above", "rule above", "document", "header"],
)
def test_what_changes_in_or_around_a_scope_is_told(
    change: Callable[[Path], object], says: str, driver: Path, tmp_path: Path
) -> None:
    """A brief follows from its scope, the build files above, what is called like it, and a few headers."""
    before = plain(told(driver, tmp_path / "cache"))
    change(driver.parents[1])
    after = plain(told(driver, tmp_path / "cache"))

    assert says not in before
    assert says in after
    assert plain(told(driver, tmp_path / "fresh")) == after


def test_a_header_that_goes_is_no_longer_told(driver: Path, tmp_path: Path) -> None:
    """What was read outside of the scope is looked at each time."""
    before = plain(told(driver, tmp_path / "cache"))
    (driver.parents[1] / "include" / "linux" / "widget.h").unlink()

    assert "widget.h" in before
    assert plain(told(driver, tmp_path / "cache")) == plain(told(driver, tmp_path / "fresh"))


def test_headers_are_never_read_above_the_root(driver: Path, tmp_path: Path, made: list[Brief]) -> None:
    """An include that climbs out of the tree is nothing that the scope owns."""
    (tmp_path / "widget.h").write_text("struct widget_secret {\n\tint (*open)(struct widget *w);\n};\n")
    core = driver / "core.c"
    core.write_text("#include <../../widget.h>\n" + core.read_text())

    assert "widget_secret" not in plain(told(driver, tmp_path / "cache"))


DAMAGE = {
    "empty": b"",
    "not packed": b"junk",
    "not JSON": zlib.compress(b"{"),
    "other JSON": zlib.compress(b"[1, 2]"),
    "no names": zlib.compress(b"[[], [], 1, null]"),
    "no lines": zlib.compress(b'[{}, [], "7", null]'),
    "a short fact": zlib.compress(b'[{}, [["T", [["a", "b"]], 0]], 1, null]'),
    "a number for a title": zlib.compress(b"[{}, [[1, [], 0]], 1, null]"),
    "parts of nothing": zlib.compress(b"[{}, [], 1, [1]]"),
    "deep": zlib.compress(b"[" * 100_000),
    "huge": zlib.compress(b"[" + b" " * (64 << 20)),
    "outside": zlib.compress(json.dumps([{"/etc/passwd": "0"}, [], 1, None]).encode()),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_what_is_no_brief_is_made_anew(damage: bytes, driver: Path, tmp_path: Path, made: list[Brief]) -> None:
    """Whatever stands in the place of a brief: it is told what a fresh index tells."""
    expected = told(driver, tmp_path / "cache")
    with closing(sqlite3.connect(tmp_path / "cache" / FILE_NAME)) as index, index:
        index.execute("UPDATE outcomes SET made = ?", (damage,))

    assert expected == told(driver, tmp_path / "cache")
    assert [expected, expected] == made
    assert expected == told(driver, tmp_path / "cache")
    assert 2 == len(made)


def test_an_index_that_cannot_be_written_tells_all_the_same(driver: Path, tmp_path: Path, made: list[Brief]) -> None:
    """It is made each time."""
    walked = walk(open_scope(driver), CancelToken(), None)
    build(walked, tmp_path / "cache", CancelToken())

    for _ in range(2):
        with closing(open_to_read(tmp_path / "cache")) as index:
            kept_brief(IndexView(walked, index), Wish())
    assert 2 == len(made)
    assert made[0] == made[1]


def test_a_brief_that_missed_a_file_is_not_kept(driver: Path, tmp_path: Path, made: list[Brief]) -> None:
    """A file that changes while it is told of leaves no trace behind."""
    core = driver / "core.c"
    text = core.read_text()
    walked = walk(open_scope(driver), CancelToken(), None)
    build(walked, tmp_path / "cache", CancelToken())
    with open_index(walked, tmp_path / "cache") as view:
        core.write_text("int other;\n")
        kept_brief(view, Wish())
    core.write_text(text)

    assert told(driver, tmp_path / "fresh") == told(driver, tmp_path / "cache")
    assert 3 == len(made)


def test_a_brief_that_is_too_long_is_not_kept(
    driver: Path, tmp_path: Path, made: list[Brief], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is kept of one tree leaves room for others."""
    monkeypatch.setattr(outcome, "MOST_BYTES", 10)

    assert told(driver, tmp_path / "cache") == told(driver, tmp_path / "cache")
    assert 2 == len(made)


def test_a_section_that_there_is_not_is_said_each_time(driver: Path, tmp_path: Path) -> None:
    """An error is kept from nobody."""
    for _ in range(2):
        with pytest.raises(UsageError, match="no section 'Nonsense'"):
            told(driver, tmp_path / "cache", Wish(sections=("Nonsense",)))
