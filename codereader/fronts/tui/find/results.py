"""The files and symbols that a question or a bug report is about, each with the reasons: ``codereader search``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from textual import on, work
from textual.widgets import Input

from codereader.cancel import Cancelled
from codereader.errors import CodereaderError
from codereader.fronts.text import counted, safe_line
from codereader.fronts.tui.cells import Part
from codereader.fronts.tui.find.box import Box, Listed
from codereader.fronts.tui.find.sides import SIGNS, two_ends
from codereader.fronts.tui.messages import Place, Problem

if TYPE_CHECKING:
    from codereader.facts.search.ranked import Ranked, RankedFile, RankedSymbol

TOP = 40
"""So many files, and so many symbols, are listed."""

PAUSE = 0.15
"""Seconds without a keystroke after which the text is searched for."""


class Ranks(Listed):
    """Files, then symbols, best first; a title above each."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: Sequence[str | RankedFile | RankedSymbol] = ()
        self._best: dict[str, int] = {}
        self._told = ""

    def tell(self, text: str) -> None:
        """Say *text* where nothing is listed."""
        self._told = text
        self.changed()

    def empty(self) -> str:
        """Return what to say where there are no rows."""
        return self._told

    def show(self, ranked: Ranked) -> None:
        """Show an answer, the cursor on the best file. A file's place is that of its best symbol."""
        self._best = {one.path: one.line for one in reversed(ranked.symbols)}
        titles = (["files"] if ranked.files else [], ["symbols"] if ranked.symbols else [])
        self._rows = (*titles[0], *ranked.files, *titles[1], *ranked.symbols)
        self.cursor = 0
        self.changed()
        self.go(0)

    def place(self) -> Place | None:
        """Return where it stands."""
        one = self._rows[self.cursor] if self.cursor < len(self._rows) else ""
        return None if isinstance(one, str) else Place(one.path, getattr(one, "line", self._best.get(one.path, 1)))

    def count(self) -> int:
        """Return how many rows there are, the titles among them."""
        return len(self._rows)

    def can_stand(self, at: int) -> bool:
        """Tell whether the row is more than a title."""
        return not isinstance(self._rows[at], str)

    def parts(self, at: int, width: int) -> Iterable[Part]:
        """Yield what it is called, why it is here, and where it stands."""
        from codereader.facts.search.ranked import RankedSymbol

        one = self._rows[at]
        if isinstance(one, str):
            return [(f" {one}", "muted")]
        why = safe_line("; ".join(one.reasons)) or "near the others"
        if isinstance(one, RankedSymbol):
            left = [(f" {SIGNS.get(one.kind, '·')} ", "accent"), (safe_line(one.name), ""), (f"  {why}", "muted")]
            return two_ends(left, [(f"{safe_line(one.path)}:{one.line} ", "muted")], width)
        return two_ends([(f" {SIGNS['file']} ", "accent"), (safe_line(one.path), "")], [(f"{why} ", "muted")], width)


class SearchResults(Box):
    """The box that searches for words. It begins to look when typing rests."""

    HEAD = "Search"
    PROMPT = "words, a question, or a line of a log"

    def __init__(self, text: str = "") -> None:
        self.ranks = Ranks()
        super().__init__(self.ranks, text)
        self._searched: str | None = None

    def on_mount(self) -> None:
        """Search for what was given."""
        self._wish(self._text)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        text = event.value
        self.set_timer(PAUSE, lambda: self._wish(text) if text == self.text else None)

    def _wish(self, text: str) -> None:
        """Search for *text* unless that is done, or being done."""
        if text.strip() and text != self._searched:
            self._searched = text
            self._search(text)

    @work(exclusive=True, group="search", exit_on_error=False)
    async def _search(self, text: str) -> None:
        self.say("searching")
        self.ranks.tell("The words of all files are read before the first search.")
        try:
            ranked = await self.app.desk.run(  # type: ignore[attr-defined]
                lambda reader: reader.search(text, TOP), after=("terms",), tell=self._wait
            )
        except CodereaderError as error:
            self._searched = None
            self.say("")
            self.post_message(Problem(str(error), error.hint))
        except Cancelled:
            return
        else:
            self.ranks.tell("" if ranked.files else "No word of the text is in the scope.")
            self.ranks.show(ranked)
            self.say(_count(ranked))

    def _wait(self, text: str) -> None:
        self.say(text or "searching")

    def take(self) -> None:
        """Search at once for what was typed last; else end with the place under the cursor."""
        if self.text != self._searched:
            self._wish(self.text)
        else:
            super().take()


def _count(ranked: Ranked) -> str:
    if not ranked.files and not ranked.symbols:
        return "nothing found"
    return f"{counted(len(ranked.files), 'file')}, {counted(len(ranked.symbols), 'symbol')}"
