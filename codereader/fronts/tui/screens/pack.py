"""The screen that shows what the model will see: files by level, what is left out, and the budget to change."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.screen import Screen
from textual.widgets import Footer, Input

from codereader.cancel import Cancelled
from codereader.errors import CodereaderError
from codereader.fronts.text import safe_line
from codereader.fronts.tui.messages import Go, Marked, Place, Problem
from codereader.fronts.tui.screens.pack_list import PackList, PackText
from codereader.fronts.tui.screens.pack_rows import Group, groups, next_budget
from codereader.fronts.tui.screens.pack_seen import Seen, Wish, levels_of, see, tokens_of
from codereader.pack.budget import MAX_BUDGET

if TYPE_CHECKING:
    from codereader.fronts.tui.desk import Desk

SETTLE = 0.15
"""Seconds that a budget stands before it is packed: keys that are held down make one pack, not twenty."""

WIDE_FROM = 110
"""From this width on the text stands beside the list."""


Make = Callable[[Wish], Awaitable[Seen]]
"""Makes what a wish is for. Raises: CodereaderError, Cancelled."""


class PackScreen(Screen[None]):
    """What the model sees for *question*, None for what does not depend on one, in the vocabulary of *model*.

    *make* makes it, as ``codereader pack`` does unless something else is given (`pack_seen.sent` turns what ``ask`` is
    about to send into it). Posts `Go` for a file, and `Marked` when a pack is made.
    """

    HELP = """\
### Pack

What the model is shown within the budget, by level, and what is left out. `+` and `-` change the budget, `a` makes it
as large as helps, `m` takes everything. `/` takes a question: what it needs is added. enter shows the text that is
sent, `o` opens the file.
"""
    CSS = """
    PackScreen { layout: vertical; }
    PackScreen Horizontal { height: 1fr; }
    PackScreen #pack-list { width: 1fr; }
    PackScreen #pack-text { width: 1fr; display: none; border-left: vkey $foreground 15%; }
    PackScreen.-wide #pack-text { display: block; }
    PackScreen.-reading #pack-text { display: block; border-left: none; }
    PackScreen.-wide.-reading #pack-text { border-left: vkey $foreground 15%; }
    PackScreen.-reading #pack-list { display: none; }
    PackScreen.-wide.-reading #pack-list { display: block; }
    PackScreen #pack-question { display: none; height: 1; border: none; padding: 0 1; background: $surface; }
    PackScreen.-asking #pack-question { display: block; }
    """
    HORIZONTAL_BREAKPOINTS = [(0, "-slim"), (WIDE_FROM, "-wide")]  # noqa: RUF012 - Textual declares it so
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back"),
        Binding("plus,equals_sign", "budget(1)", "More", key_display="+"),
        Binding("minus", "budget(-1)", "Less", key_display="-"),
        Binding("a", "auto", "As helps"),
        Binding("m", "all", "All", show=False),
        Binding("slash", "question", "Question"),
        Binding("o", "open", "Open file"),
    ]

    def __init__(
        self,
        question: str | None = None,
        model: str | None = None,
        budget: int | None = None,
        make: Make | None = None,
    ) -> None:
        super().__init__()
        self._maker = make or self._see
        self._wish = Wish(question or None, budget, model)

    def compose(self) -> ComposeResult:
        """Put list and text side by side."""
        with Horizontal():
            yield PackList()
            yield PackText()
        yield Input(
            self._wish.question or "", placeholder="a question; empty: none", id="pack-question", select_on_focus=False
        )
        yield Footer()

    def on_mount(self) -> None:
        """Make the first pack."""
        self.query_one(PackList).focus()
        self._make(self._wish, wait=False)

    def _make(self, wish: Wish, *, wait: bool = True) -> None:
        """Show the pack of *wish* when it is made; one that is wished for later replaces it."""
        self._wish = wish
        held = self.query_one(PackList)
        held.wish, held.trouble = wish, ""
        held.changed()
        self._pack(wish, SETTLE if wait else 0)

    @work(exclusive=True, group="pack", exit_on_error=False)
    async def _pack(self, wish: Wish, wait: float) -> None:
        await asyncio.sleep(wait)
        held = self.query_one(PackList)
        try:
            seen = await self._maker(wish)
            found, marked = await asyncio.to_thread(_told, seen)
        except Cancelled:
            return
        except CodereaderError as error:
            held.trouble = safe_line(str(error))
            held.changed()
            self.app.post_message(Problem(str(error), error.hint))
            return
        if wish == self._wish:
            held.tell(seen, found)
            self.app.post_message(marked)

    async def _see(self, wish: Wish) -> Seen:
        desk: Desk = self.app.desk  # type: ignore[attr-defined]
        return await desk.run(lambda reader: see(reader, wish))

    @on(PackList.Shown)
    def _show(self, shown: PackList.Shown) -> None:
        self.query_one(PackText).tell(shown.item)

    @on(PackList.Wanted)
    def _read(self, wanted: PackList.Wanted) -> None:
        self.query_one(PackText).tell(wanted.item)
        self.add_class("-reading")
        self.query_one(PackText).focus()

    def action_back(self) -> None:
        """Leave the question, the text, the screen: whichever comes first."""
        if self.has_class("-asking"):
            self.remove_class("-asking")
        elif self.has_class("-reading"):
            self.remove_class("-reading")
        else:
            self.dismiss()
            return
        self.query_one(PackList).focus()

    def action_budget(self, way: int) -> None:
        """Pack into the next budget below (-1) or above (1)."""
        seen = self.query_one(PackList).seen
        asked = self._wish.budget
        now = asked if asked is not None and asked != MAX_BUDGET else seen.budget if seen else 0
        if now and (step := next_budget(now, way)) != now:
            self._make(Wish(self._wish.question, step, self._wish.model))

    def action_auto(self) -> None:
        """Pack as much as helps."""
        self._make(Wish(self._wish.question, None, self._wish.model))

    def action_all(self) -> None:
        """Pack everything."""
        self._make(Wish(self._wish.question, MAX_BUDGET, self._wish.model))

    def action_question(self) -> None:
        """Take a question."""
        self.add_class("-asking")
        self.query_one(Input).focus()

    @on(Input.Submitted)
    def _ask(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_back()
        self._make(Wish(event.value.strip() or None, self._wish.budget, self._wish.model), wait=False)

    def action_open(self) -> None:
        """Open the file of the row."""
        item = self.query_one(PackList).item
        if item is not None and item.line:
            self.app.post_message(Go(Place(item.path, item.line)))


def _told(seen: Seen) -> tuple[tuple[Group, ...], Marked]:
    """Return the groups of *seen*, and what the tree is told of it."""
    return groups(seen), Marked(levels_of(seen.packed), tokens_of(seen.packed))
