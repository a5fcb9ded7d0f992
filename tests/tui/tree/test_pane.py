"""The tree of the scope, as a person uses it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from textual import on
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from codereader.fronts.tui.desk import Desk
from codereader.fronts.tui.messages import Go, Pin
from codereader.fronts.tui.tree.lines import short
from codereader.fronts.tui.tree.listing import list_paths
from codereader.fronts.tui.tree.pane import ScopeTree
from codereader.reader import Reader
from tests.tui.driver import play, settle, shown


class Browser(App[None]):
    """A tree alone, and what it said."""

    CSS = "#tree { width: 1fr; height: 1fr; }"

    def __init__(self, path: Path | None = None) -> None:
        super().__init__()
        self.said: list[str] = []
        self.copied: list[str] = []
        self.path = path

    def compose(self) -> ComposeResult:
        yield ScopeTree(id="tree")

    async def on_mount(self) -> None:
        self.query_one(ScopeTree).focus()
        if self.path is not None:
            path = self.path
            self.desk = Desk(lambda cancel: Reader(path, cancel=cancel))
            await self.desk.run(lambda reader: reader.open())
            await self.query_one(ScopeTree).show()

    def on_unmount(self) -> None:
        if self.path is not None:
            self.desk.close()

    def copy_to_clipboard(self, text: str) -> None:
        self.copied.append(text)

    @on(Go)
    def _go(self, go: Go) -> None:
        self.said.append(f"go {go.place.path}")

    @on(Pin)
    def _pin(self, pin: Pin) -> None:
        self.said.append(f"pin {pin.path}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small tree with a file that is not read."""
    for name in ("core/dev.c", "core/sock.c", "ipv4/tcp.c", "Makefile"):
        place = tmp_path / "net" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("int x;\n" * 100)
    (tmp_path / "net" / "core" / "logo.bin").write_bytes(b"\0" * 10)
    return tmp_path / "net"


def told(app: App[Any]) -> ScopeTree:
    """Return the tree."""
    return app.query_one(ScopeTree)


def test_the_tree_of_an_index_shows_sizes_and_what_is_skipped(folder: Path) -> None:
    """Names come from the index with bytes, skipped files muted with the reason; folders sum up."""

    async def script(pilot: Pilot[None]) -> str:
        await pilot.press("enter")
        return shown(pilot.app)

    lines = play(Browser(folder), script, (40, 12)).splitlines()

    assert "4 files, 1 skipped" in lines[0]
    assert lines[0].rstrip(" ▁▂▃▄▅▆▇█").endswith("bytes")
    assert ["▾ core/", "1.4K"] == [lines[1].split("  ")[0].strip(), lines[1].split()[2]]
    assert "logo.bin" in lines[3]
    assert "binary" in lines[3]


def test_enter_opens_a_file_and_unfolds_a_folder(folder: Path) -> None:
    """The keys that file managers have: enter, space, l and right go in, h and left go out."""

    async def script(pilot: Pilot[None]) -> list[str]:
        tree = told(pilot.app)
        seen = []
        for keys in ("enter", "j j", "enter", "h", "space", "right right right", "left left"):
            await pilot.press(*keys.split())
            seen.append(f"{tree.count()} {tree.selected}")
        return [*seen, *pilot.app.said]  # type: ignore[attr-defined]

    assert [
        "6 core",
        "6 core/logo.bin",
        "6 core/logo.bin",
        "6 core",
        "3 core",
        "6 core/dev.c",
        "3 core",
        "go core/dev.c",
    ] == play(Browser(folder), script)


def test_keys_reach_both_ends(folder: Path) -> None:
    """g, G, home, end and the page keys."""

    async def script(pilot: Pilot[None]) -> list[str]:
        seen = []
        for key in ("G", "g", "end", "home", "pagedown", "pageup"):
            await pilot.press(key)
            seen.append(told(pilot.app).selected)
        return seen

    assert ["Makefile", "core"] * 3 == play(Browser(folder), script)


def test_typing_filters_and_escape_brings_all_back(folder: Path) -> None:
    """Keys that have another meaning are letters while one types; enter opens what was found."""

    async def script(pilot: Pilot[None]) -> tuple[list[str], list[str], str]:
        tree = told(pilot.app)
        await pilot.press("slash", *"k.c")
        found = shown(pilot.app).splitlines()
        await pilot.press("enter", "escape")
        return found, pilot.app.said, f"{tree.count()} {tree.selected}"  # type: ignore[attr-defined]

    lines, said, after = play(Browser(folder), script, (40, 12))

    assert ["▾ core/", "sock.c"] == [lines[1].split("  ")[0].strip(), lines[2].split()[0]]
    assert "/k.c" in lines[-1]
    assert "1 of 5" in lines[-1]
    assert ["go core/sock.c"] == said
    assert "6 core/sock.c" == after


def test_a_filter_that_finds_nothing_says_so(folder: Path) -> None:
    """The way out stands there; backspace takes letters back, and one too many ends typing."""

    async def script(pilot: Pilot[None]) -> tuple[str, int]:
        await pilot.press("slash", *"zz")
        nothing = shown(pilot.app)
        await pilot.press(*["backspace"] * 3)
        return nothing, told(pilot.app).count()

    nothing, after = play(Browser(folder), script, (40, 12))

    assert "No path holds that. esc shows all." in nothing
    assert 3 == after


def test_a_pasted_name_is_looked_for(folder: Path) -> None:
    """Pasting into the filter types it; what stands behind a line break does not run anything."""
    from textual.events import Paste

    async def script(pilot: Pilot[None]) -> str:
        await pilot.press("slash")
        told(pilot.app).post_message(Paste("tcp.c\nmore"))
        await pilot.pause()
        return shown(pilot.app).splitlines()[-1]

    assert "1 of 5" in play(Browser(folder), script, (40, 12))


def test_escape_is_left_to_others_without_a_filter(folder: Path) -> None:
    """The key goes back from a screen unless there is a filter to clear."""

    async def script(pilot: Pilot[None]) -> list[bool]:
        tree = told(pilot.app)
        before = bool(tree.check_action("clear", ()))
        await pilot.press("slash", "c", "enter")
        during = bool(tree.check_action("clear", ()))
        await pilot.press("escape")
        return [before, during, bool(tree.check_action("clear", ()))]

    assert [False, True, False] == play(Browser(folder), script)


def test_what_is_not_read_is_neither_opened_nor_pinned(folder: Path) -> None:
    """The reason is told instead; hidden, the file is gone."""

    async def script(pilot: Pilot[None]) -> tuple[list[str], int, int]:
        tree = told(pilot.app)
        tree.reveal("core/logo.bin")
        await pilot.press("enter", "p")
        before = tree.count()
        await pilot.press("full_stop")
        return pilot.app.said, before, tree.count()  # type: ignore[attr-defined]

    assert ([], 6, 5) == play(Browser(folder), script)


def test_a_file_or_folder_can_be_pinned_and_shows_it(folder: Path) -> None:
    """p says what to pin; the sign stands where pins are, and is the same width everywhere."""

    async def script(pilot: Pilot[None]) -> tuple[list[str], list[str]]:
        await pilot.press("p", "enter", "j", "p")
        told(pilot.app).mark_pins(frozenset({"core/dev.c"}))
        await pilot.pause()
        return pilot.app.said, shown(pilot.app).splitlines()  # type: ignore[attr-defined]

    said, lines = play(Browser(folder), script, (40, 12))

    assert ["pin core", "pin core/dev.c"] == said
    assert [False, True, False] == ["◆" in line for line in lines[1:4]]
    assert lines[2].index("700") == lines[4].index("700")


def test_a_path_is_copied_as_it_is_shown() -> None:
    """What a shell or terminal obeys in a name is copied escaped."""

    async def script(pilot: Pilot[None]) -> list[str]:
        told(pilot.app).tell(list_paths("tree", ["a\nrm -rf b\x1b[2J.c"], ()))
        await pilot.press("y")
        return pilot.app.copied  # type: ignore[attr-defined]

    assert ["a\\nrm -rf b\\x1b[2J.c"] == play(Browser(), script)


def test_levels_and_tokens_arrive_later_and_keep_the_columns(folder: Path) -> None:
    """Names stay where they are when numbers change from bytes to tokens; folders sum up; signs have words."""

    async def script(pilot: Pilot[None]) -> tuple[list[str], list[str]]:
        await pilot.press("enter")
        before = shown(pilot.app).splitlines()
        told(pilot.app).mark({"core/dev.c": "full"}, {"core/dev.c": 1200, "core/sock.c": 34, "ipv4/tcp.c": 5})
        await pilot.pause()
        return before, shown(pilot.app).splitlines()

    before, after = play(Browser(folder), script, (38, 16))

    assert [line.index(".c") for line in before[2:3]] == [line.index(".c") for line in after[2:3]]
    assert "tokens" in after[0]
    assert "1.2k ●" in after[2]
    assert "1.2k ~" in after[1]
    assert "●full ◐skeleton ○outline ·name" in after[-2]
    assert ["3 files · 1.4 KiB", "3 files · 1.4 KiB · 1,234 tokens"] == [before[-1].strip(), after[-1].strip()]


def test_levels_are_words_where_there_is_room(folder: Path) -> None:
    """A wide tree needs no legend."""

    async def script(pilot: Pilot[None]) -> str:
        told(pilot.app).mark({"Makefile": "skeleton"}, {"Makefile": 7})
        await pilot.pause()
        return shown(pilot.app)

    text = play(Browser(folder), script, (80, 16))

    assert "◐ skeleton" in text
    assert "- not sent" in text
    assert "○" not in text


def test_hostile_and_wide_names_do_not_break_the_columns() -> None:
    """Names with escapes, wide and combining letters, or of any length: every row is as wide as the screen."""
    names = ["\x1b[31mred\x1b[0m", "你好世界" * 9, "e\u0301" * 30, "a" * 300, "bidi\u202e.c", "bad\udc80", "tab\tnl\n"]

    async def script(pilot: Pilot[None]) -> list[str]:
        tree = told(pilot.app)
        tree.tell(list_paths("na\x1bme", [*names, *(f"d/{name}/x" for name in names)], ()))
        await pilot.press("equals_sign")
        tree.mark({}, dict.fromkeys(names, 123456))
        await pilot.pause()
        return ["".join(s.text for s in tree.render_line(y)) for y in range(26)]

    for width in (30, 47, 200):
        lines = play(Browser(), script, (width, 26))

        assert {width - 1} == {cell_len(line) for line in lines}
        assert not any(letter in line for line in lines for letter in "\x1b\u202e\n\t\udc80")
        assert 7 == len([line for line in lines if "123k" in line])


def test_revealing_what_is_shown_elsewhere_moves_the_cursor_there(folder: Path) -> None:
    """The file in the centre is selected, its folder open."""

    async def script(pilot: Pilot[None]) -> str:
        told(pilot.app).reveal("ipv4/tcp.c")
        return f"{told(pilot.app).count()} {told(pilot.app).selected}"

    assert "4 ipv4/tcp.c" == play(Browser(folder), script)


def test_files_that_come_and_go_leave_cursor_and_folds(folder: Path) -> None:
    """A changed disk moves only what changed."""

    async def script(pilot: Pilot[None]) -> list[str]:
        tree = told(pilot.app)
        tree.reveal("core/sock.c")
        (folder / "core" / "a.c").write_text("int y;\n")
        (folder / "ipv4" / "tcp.c").unlink()
        await pilot.app.desk.run(lambda reader: reader.open())  # type: ignore[attr-defined]
        await tree.show()
        await settle(pilot)
        return [tree.selected, *shown(pilot.app).splitlines()[1:6]]

    selected, *lines = play(Browser(folder), script, (40, 12))

    assert "core/sock.c" == selected
    assert ["core/", "a.c", "dev.c", "logo.bin", "sock.c"] == [line.replace("▾", "").split()[0] for line in lines]


def test_a_click_opens_and_the_wheel_scrolls() -> None:
    """With the mouse alone: a folder unfolds, a file opens, the list moves."""

    async def script(pilot: Pilot[None]) -> tuple[int, list[str], int]:
        tree = told(pilot.app)
        tree.tell(list_paths("tree", [f"d/f{at:03}.c" for at in range(100)] + ["z.c"], ()))
        await pilot.click(tree, offset=(5, 1))
        unfolded = tree.count()
        await pilot.click(tree, offset=(5, 3))
        tree.action_move(0)
        from textual.events import MouseScrollDown

        tree.post_message(MouseScrollDown(tree, 5, 5, 0, 1, 0, False, False, False))
        await pilot.pause()
        return unfolded, pilot.app.said, tree.scroll_offset.y  # type: ignore[attr-defined]

    assert (102, ["go d/f001.c"], 3) == play(Browser(), script, (40, 12))


@pytest.mark.parametrize("theme", ["textual-dark", "ansi-dark"])
def test_the_cursor_is_seen_without_colours(folder: Path, monkeypatch: pytest.MonkeyPatch, theme: str) -> None:
    """Where colours are not wanted the row of the cursor is reversed, and underlined where the keys go elsewhere."""
    monkeypatch.setenv("NO_COLOR", "1")

    async def script(pilot: Pilot[None]) -> list[bool]:
        pilot.app.theme = theme
        await pilot.press("j")
        here = told(pilot.app).render_line(2)._segments[-1].style
        pilot.app.screen.set_focus(None)
        await pilot.pause()
        away = told(pilot.app).render_line(2)._segments[-1].style
        assert here
        assert away
        return [bool(here.reverse), bool(away.reverse), bool(away.underline)]

    assert [True, False, True] == play(Browser(folder), script)


def test_only_rows_on_the_screen_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many files a folder has, a frame makes as many rows as it shows."""
    from codereader.fronts.tui.tree.rows import ScopeRows

    made: list[int] = []
    whole = ScopeRows.row

    def counting(self: ScopeRows, at: int) -> Any:
        made.append(at)
        return whole(self, at)

    async def script(pilot: Pilot[None]) -> int:
        tree = told(pilot.app)
        tree.tell(list_paths("tree", [f"f{at:05}.c" for at in range(50_000)], ()))
        await pilot.pause()
        made.clear()
        await pilot.press("G")
        await pilot.pause()
        return tree.cursor

    monkeypatch.setattr(ScopeRows, "row", counting)

    assert 49_999 == play(Browser(), script, (40, 20))
    assert len(made) < 200
    assert min(made) >= 49_999 - 40


def test_numbers_are_short() -> None:
    """Never more than four letters."""
    numbers = (0, 7, 999, 1000, 1234, 9949, 9960, 12_345, 999_499, 999_600, 1_234_567, 10**9, 10**12)

    assert "0 7 999 1.0k 1.2k 9.9k 10k 12k 999k 1.0M 1.2M 1.0G 1.0T".split() == [
        short(n, " kMGT", 1000) for n in numbers
    ]
