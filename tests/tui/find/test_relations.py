"""The tree of what a symbol has to do with others."""

from __future__ import annotations

import threading

import pytest

from codereader.fronts.tui.messages import Look, Place
from tests.tui.driver import play, settle, shown
from tests.tui.looking import Looking, small_tree


@pytest.fixture
def app(tmp_path):
    return Looking(small_tree(tmp_path / "tree"), tmp_path / "cache")


def look(app, name, way="callers", other=None, keys=(), size=(100, 24)):
    """Return the screen after *name* was looked at and *keys* were pressed."""

    async def script(pilot):
        await app.relations.look(Look(name, way, other))
        await settle(pilot)
        for key in keys:
            await pilot.press(key)
            await settle(pilot)
        return shown(app)

    return play(app, script, size)


def rows(screen):
    """Return the rows of *screen* that say something, without runs of blanks."""
    return [" ".join(row.split()) for row in screen.splitlines() if row.strip(" ─━▔▁")]


def test_callers_are_shown_with_condition_and_place(app):
    """Both calls of one function are one row, at the first of them; the definition stands above."""
    screen = rows(look(app, "use"))

    assert "use" == screen[0]
    assert "ƒ int use(struct ops *o) start.c:5" in screen
    assert "▾ callers 1" in screen
    assert "▸ start 2 times, same file start.c:13" in screen


def test_a_caller_opens_to_its_own_callers_and_cycles_end(app):
    """Going on leads through callers of callers; who is above already is marked and not opened."""
    screen = rows(look(app, "use", keys=("down", "right", "down", "right")))

    assert "▾ start 2 times, same file start.c:13" in screen
    assert "▾ again same file start.c:21" in screen
    assert "↺ start shown above same file start.c:16" in screen
    assert "↺ again shown above same file start.c:21" in screen


def test_calls_through_tables_of_functions_are_found(app):
    """Who calls the member that a table fills may call the function."""
    screen = rows(look(app, "disk_open"))

    assert "disk_ops only one, holds it in ops.open disk.c:9" in [
        row.replace("same file", "only one") for row in screen
    ]
    assert any(row.startswith("▸ use") and "through ops.open" in row for row in screen)


def test_members_have_implementors(app):
    """A member of a struct is filled by functions."""
    screen = rows(look(app, "ops.open", "implementors"))

    assert "▾ implementors 1" in screen
    assert any("disk_open" in row and "disk_ops holds it in ops.open disk.c:9" in row for row in screen)


def test_what_cannot_be_followed_is_counted(app):
    """A callee without a definition is listed, and counted as not followed."""
    screen = rows(look(app, "use", "callees"))

    assert "missing not found start.c:7" in screen
    assert "1 place could not be followed" in screen


def test_paths_open_to_their_hops(app):
    """The way to another symbol shows each hop."""
    screen = rows(look(app, "start", "paths-to", "disk_open", keys=("down", "right")))

    assert "▾ paths to disk_open 1" in screen
    assert "▾ path 1 of 1, 2 hops" in screen
    assert any("start → use" in row for row in screen)
    assert any("use → disk_open" in row and "through ops.open" in row for row in screen)


def test_a_way_to_nowhere_says_so(app):
    """The other symbol may not exist."""
    screen = rows(look(app, "start", "paths-to", "disk_opem"))

    assert "nothing is called disk_opem" in screen
    assert any(row.startswith("near names: disk_open") for row in screen)


def test_a_name_that_is_nowhere_leads_to_near_ones(app):
    """Enter on a near name looks at that one."""
    screen = rows(look(app, "disk_opn", keys=("enter",)))

    assert "disk_open backspace: disk_opn" == screen[0]
    assert "▾ callers 2" in screen


def test_enter_goes_to_the_place(app):
    """A row leads into the source."""
    look(app, "use", keys=("down", "enter"))

    assert [Place("start.c", 13)] == app.told


def test_x_looks_the_other_way(app):
    """From callers to callees and back."""
    away = rows(look(app, "use", keys=("x",)))

    assert "▸ callers 1" in away
    assert any(row.startswith("▾ callees") for row in away)


def test_backspace_shows_the_symbol_before(app):
    """`r` looks at the one under the cursor, backspace comes back with the cursor where it was."""
    screen = rows(look(app, "use", keys=("down", "r", "backspace", "y")))

    assert "use" == screen[0]
    assert [Look("start.c:start", "callers")] == app.told
    assert "start.c:13" == app.clipboard


def test_closing_takes_away_what_is_below(app):
    """Left closes, and closed again goes to what is above."""
    screen = rows(look(app, "use", keys=("down", "right", "left", "left", "left")))

    assert "▸ callers 1" in screen
    assert not any("again" in row for row in screen)


def test_y_copies_the_place(app):
    """What is copied is `path:line`."""
    look(app, "use", keys=("down", "y"))

    assert "start.c:13" == app.clipboard


def test_a_small_pane_shows_names_and_places(app):
    """In 30 columns and 8 rows both ends of a row are still there."""
    screen = rows(look(app, "use", size=(30, 8)))

    assert any(row.startswith("▸ start") and row.endswith("start.c:13") for row in screen)


def test_thousands_of_callers_are_a_list_that_is_drawn_where_it_is_seen(tmp_path):
    """3,000 callers are counted, and the last one is reached at once."""
    calls = "".join(f"int f{n:04}(void)\n{{\n\treturn one();\n}}\n" for n in range(3000))
    folder = tmp_path / "many"
    folder.mkdir()
    (folder / "a.c").write_text(f"int one(void)\n{{\n\treturn 1;\n}}\n{calls}")
    app = Looking(folder, tmp_path / "cache")
    screen = rows(look(app, "one", keys=("end", "up", "up")))

    assert "▸ f2999 same file a.c:12003" in screen


def test_nothing_is_asked_of_the_index_on_the_thread_of_the_screen(app):
    """Everything goes through the desk."""
    look(app, "use", keys=("down", "right", "x", "end", "right"))

    assert {"desk_0"} == {name for reader in app.readers for name in reader.threads}


def test_keys_work_while_the_index_is_busy(app):
    """A long question leaves the tree usable: the cursor moves, the row says that it waits."""
    busy = threading.Event()

    async def script(pilot):
        await app.relations.look(Look("use", "callers"))
        await settle(pilot)
        waiting = app.run_worker(app.desk.run(lambda _: busy.wait()))
        await pilot.press("down", "right", "up")
        await pilot.pause()
        screen, cursor = rows(shown(app)), app.relations.cursor
        busy.set()
        await waiting.wait()
        await settle(pilot)
        return screen, cursor, rows(shown(app))

    before, cursor, after = play(app, script, (100, 24))

    assert "… start 2 times, same file start.c:13" in before
    assert 2 == cursor
    assert "▾ start 2 times, same file start.c:13" in after


def test_hostile_names_are_shown_as_escapes(tmp_path):
    """A file name with an escape sequence moves nothing on the screen."""
    folder = tmp_path / "odd"
    folder.mkdir()
    (folder / "a\x1b[2J.c").write_text("int one(void)\n{\n\treturn 1;\n}\n")
    screen = look(Looking(folder, tmp_path / "cache"), "one")

    assert "a\\x1b[2J.c:1" in screen
    assert "\x1b" not in screen
