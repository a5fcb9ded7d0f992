"""What a symbol has to do with others, as a tree: definitions, callers, callees, implementors, mentions, paths.

Branches are asked for when they are opened, on the desk's thread, and only rows on the screen are drawn. A symbol that
stands above itself is shown and not opened again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType

from codereader.cancel import Cancelled, CancelToken
from codereader.errors import CodereaderError
from codereader.fronts.text import counted, safe_line
from codereader.fronts.tui.cells import Part
from codereader.fronts.tui.find.branches import (
    Branch,
    beginning,
    child_of,
    children_of,
    drawn,
    indent,
    is_asked_for,
    visible,
)
from codereader.fronts.tui.find.relating import Looked, Related, Relative, look, relate
from codereader.fronts.tui.find.sides import two_ends
from codereader.fronts.tui.messages import Go, Look, Place, Problem, Way
from codereader.fronts.tui.row_view import RowView


@dataclass(slots=True)
class Shown:
    """A symbol that is, or was, looked at: its tree and where the cursor stood."""

    look: Look
    looked: Looked | None = None
    rows: list[Branch] = field(default_factory=list)
    cursor: int = 0


class Relations(RowView):
    """The tree of one symbol; `look` shows another, backspace the one before."""

    HELP = """\
### Relations

Where a symbol is defined, who calls it, what it calls, what implements it, where it is named: hop by hop, right opens.
Muted words behind a row say how sure that is, and under which condition it is compiled. backspace shows the symbol
before; esc gives the room back.

| sign | meaning |
|------|---------|
| ▸ | closed, ▾ open |
| ƒ | function or method |
| S | struct, U union, E enum, e enumerator |
"""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "go", "Go there"),
        Binding("right,l", "open", "Open"),
        Binding("left,h", "close", "Close", show=False),
        Binding("space", "fold", "Open or close", show=False),
        Binding("x", "switch", "Callers / callees"),
        Binding("r", "root", "Look at this one"),
        Binding("p", "paths", "Paths to"),
        Binding("backspace", "before", "Symbol before"),
        Binding("y", "copy", "Copy path:line", show=False),
    ]
    DEFAULT_CSS = """
    Relations {
        background: $surface;
        border-top: solid $border-blurred;
        &:focus { border-top: solid $border; }
        &:ansi { background: $background; }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - as in Textual
        super().__init__(id=id)
        self._shown: Shown | None = None
        self._before: list[Shown] = []
        self._stale = CancelToken()
        self._waiting = ""

    # What is shown

    async def look(self, wanted: Look) -> None:
        """Show what *wanted* asks for; the symbol that is shown now stays behind backspace."""
        shown = self._shown
        if shown is not None and shown.looked is not None and shown.look.name == wanted.name:
            self._unfold(wanted)
            return
        if shown is not None:
            shown.cursor = self.cursor
            self._before.append(shown)
        self._begin(wanted)

    def _begin(self, wanted: Look) -> None:
        self._turn_away()
        self._shown, self.cursor = Shown(wanted), 0
        self.changed()
        self._ask(self._shown)

    def _turn_away(self) -> None:
        """Let what is still being asked for the symbol end at its next look."""
        self._stale.cancel()
        self._stale = CancelToken()

    @work(exclusive=True, group="relations", exit_on_error=False)
    async def _ask(self, shown: Shown) -> None:
        """Have the symbol looked up, then what was asked of it."""
        name, desk = shown.look.name, self.app.desk  # type: ignore[attr-defined]
        try:
            if not desk.has("linked"):
                self._show_written(shown, await desk.run(lambda reader: look(reader, name, is_linked=False)))
            looked = await desk.run(lambda reader: look(reader, name), after=("linked",), tell=self._wait)
        except CodereaderError as error:
            self.post_message(Problem(str(error), error.hint))
            return
        except Cancelled:
            return
        if looked != shown.looked:
            self._begin_with(shown, looked)
        if looked.ways:
            self._unfold(shown.look)

    def _show_written(self, shown: Shown, looked: Looked) -> None:
        """Show the definitions that need no links; whatever else there is may come with them."""
        if looked.definitions:
            self._begin_with(shown, looked)

    def _begin_with(self, shown: Shown, looked: Looked) -> None:
        shown.looked, shown.rows = looked, list(beginning(looked))
        self.cursor = 1 if looked.near else 0
        self.changed()

    def _wait(self, text: str) -> None:
        """Say what is being made first; "" when it is there."""
        self._waiting = text
        self.refresh()

    def _unfold(self, wanted: Look) -> None:
        """Open the title that *wanted* asks for, and put the cursor there."""
        shown = self._shown
        if shown is None or shown.looked is None:
            return
        at = next((at for at, one in enumerate(shown.rows) if is_asked_for(one, wanted)), None)
        if at is None and wanted.way == "paths-to":
            title = Relative(wanted.other or "")
            shown.rows.append(Branch(title, "paths-to", 0, is_title=True, other=wanted.other))
            at = len(shown.rows) - 1
        if at is not None:
            self.changed()
            self.go(at)
            self.open_branch(shown.rows[at])

    def clear(self) -> None:
        """Forget every answer: the index has changed. What is shown is asked for again."""
        self._before.clear()
        if self._shown is not None:
            self._begin(self._shown.look)

    # Opening and closing

    def open_branch(self, branch: Branch) -> None:
        """Show what is below a row, asking for it first where that was not done."""
        if branch.is_open or not branch.can_open:
            return
        branch.is_open = True
        if branch.branches is None and branch.relative.children:
            branch.branches = [child_of(branch, one) for one in branch.relative.children]
        if branch.branches is not None:
            self._insert(branch)
        elif self._shown is not None:
            branch.is_asked = True
            self.refresh()
            self._relate(self._shown, branch)

    @work(exit_on_error=False)
    async def _relate(self, shown: Shown, branch: Branch) -> None:
        text = shown.look.name if branch.is_title else branch.relative.symbol or ""
        stale = self._stale
        try:
            found = await self.app.desk.run(  # type: ignore[attr-defined]
                lambda reader: relate(reader, text, branch.way, _either(reader.cancel, stale), branch.other),
                after=("linked",),
                tell=self._wait,
            )
        except CodereaderError as error:
            self.post_message(Problem(str(error), error.hint))
            found = Related((), (str(error),))
        except Cancelled:
            branch.is_asked = branch.is_open = False
            return
        branch.is_asked = False
        branch.total = len(found.relatives)
        branch.branches = list(children_of(branch, found))
        if branch.is_open and shown is self._shown:
            self._insert(branch)

    def _insert(self, branch: Branch) -> None:
        """Put what is below an open row, and what is open there, behind it."""
        shown = self._shown
        if shown is None or branch not in shown.rows:
            return
        at = shown.rows.index(branch)
        new = list(visible(branch))
        shown.rows[at + 1 : at + 1] = new
        if self.cursor > at:
            self.cursor += len(new)
        self.changed()
        self.see_whole(at, at + min(len(new), max(0, self._room() - 2)))

    def close_branch(self, branch: Branch) -> None:
        """Hide what is below a row."""
        shown = self._shown
        if shown is None or not branch.is_open:
            return
        branch.is_open = False
        at = shown.rows.index(branch)
        end = at + 1
        while end < len(shown.rows) and shown.rows[end].depth > branch.depth:
            end += 1
        del shown.rows[at + 1 : end]
        if at < self.cursor:
            self.cursor = at if self.cursor < end else self.cursor - (end - at - 1)
        self.changed()

    # What the person does

    @property
    def branch(self) -> Branch | None:
        """The row under the cursor."""
        rows = self._shown.rows if self._shown else []
        return rows[self.cursor] if self.cursor < len(rows) else None

    def action_go(self) -> None:
        """Show the place in the source; open a title; look at a near name."""
        branch = self.branch
        if branch is None:
            return
        if branch.relative.place is not None:
            self.post_message(Go(branch.relative.place))
        elif branch.is_note and branch.relative.symbol:
            self.post_message(Look(branch.relative.symbol, self._shown.look.way if self._shown else "callers"))
        else:
            self.action_fold()

    def action_open(self) -> None:
        """Open the row, or go into it where it is open."""
        branch = self.branch
        if branch is not None and branch.is_open and branch.branches:
            self.go(self.cursor + 1)
        elif branch is not None:
            self.open_branch(branch)

    def action_close(self) -> None:
        """Close the row, or go to the one that it is below."""
        branch, rows = self.branch, self._shown.rows if self._shown else []
        if branch is not None and branch.is_open:
            self.close_branch(branch)
        elif branch is not None:
            above = (at for at in range(self.cursor, -1, -1) if rows[at].depth < branch.depth)
            self.go(next(above, self.cursor))

    def action_fold(self) -> None:
        """Open or close the row."""
        branch = self.branch
        if branch is not None and branch.is_open:
            self.close_branch(branch)
        elif branch is not None:
            self.open_branch(branch)

    def action_switch(self) -> None:
        """Look the other way: from callers to callees, and back."""
        branch, rows = self.branch, self._shown.rows if self._shown else []
        if branch is None:
            return
        wanted: Way = "callees" if branch.way == "callers" else "callers"
        for one in [row for row in rows if row.is_title and row.way == branch.way and row.way != "definitions"]:
            self.close_branch(one)
        self._unfold(Look(self._shown.look.name if self._shown else "", wanted))

    def action_root(self) -> None:
        """Look at the symbol under the cursor."""
        branch = self.branch
        if branch is not None and branch.relative.symbol:
            way: Way = branch.way if branch.way in ("callers", "callees") else "callers"
            self.post_message(Look(branch.relative.symbol, way))

    def action_paths(self) -> None:
        """Ask for another symbol, and show the ways there."""
        from codereader.fronts.tui.find.finder import Finder

        shown, finder = self._shown, Finder(self.app.shelf, "@", "Paths to")  # type: ignore[attr-defined]

        def look_for(place: Place | None) -> None:
            if place is not None and finder.taken is not None and shown is not None:
                self.post_message(Look(shown.look.name, "paths-to", f"{place.path}:{finder.taken.name}"))

        if shown is not None and shown.looked is not None and shown.looked.definitions:
            self.app.push_screen(finder, look_for)

    def action_before(self) -> None:
        """Show the symbol that was shown before."""
        if self._before:
            self._turn_away()
            self._shown = self._before.pop()
            self.cursor = self._shown.cursor
            self.changed()
            self.see(self.cursor)
            if self._shown.looked is None:
                self._ask(self._shown)

    def action_copy(self) -> None:
        """Copy where the row stands."""
        place = self.branch.relative.place if self.branch else None
        if place is not None:
            self.app.copy_to_clipboard(f"{place.path}:{place.line}")
            self.notify(f"Copied {safe_line(place.path)}:{place.line}", markup=False)

    def chosen(self, at: int, column: int) -> None:  # noqa: ARG002
        """Open or close at a click on the sign in front, else go there."""
        branch = self.branch
        if branch is not None and (column <= indent(branch) + 1 or branch.is_title) and branch.can_open:
            self.action_fold()
        else:
            self.action_go()

    # Drawing

    def count(self) -> int:
        """Return how many rows there are."""
        return len(self._shown.rows) if self._shown else 0

    def above(self, width: int) -> Sequence[Iterable[Part]]:
        """Return the symbol's name, and how many stand behind it."""
        shown = self._shown
        if shown is None:
            return ([(" relations of the symbol under the cursor are shown here", "muted")],)
        found = shown.looked
        back = [(f"backspace: {safe_line(self._before[-1].look.name)} ", "muted")] if self._before else []
        state = f"  {self._waiting}" if self._waiting else "  looking …" if found is None else ""
        many = f"  {counted(len(found.definitions), 'definition')}" if found and len(found.definitions) > 1 else ""
        return (two_ends([(f" {safe_line(shown.look.name)}", "head"), (many + state, "muted")], back, width),)

    def parts(self, at: int, width: int) -> Iterator[Part]:
        """Yield one row: how deep it is, whether it opens, its name; at its end how it came about, and its place."""
        branch = self._shown.rows[at] if self._shown else None
        if branch is None:
            return
        yield from drawn(branch, width)


def _either(one: CancelToken, other: CancelToken) -> Callable[[], None]:
    """Return what raises `Cancelled` where one of both is set."""

    def check() -> None:
        one.check()
        other.check()

    return check
