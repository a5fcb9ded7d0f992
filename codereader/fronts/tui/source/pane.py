"""The source of one file, read from the index: shown at once, coloured when that is ready, folded to its skeleton.

What is under the cursor is spelled as the index knows it, and told to the app, which shows who calls it or jumps there.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, TypeVar, cast

from textual import events, work
from textual.binding import Binding, BindingType

from codereader.cancel import Cancelled
from codereader.errors import CodereaderError
from codereader.fronts.tui.messages import AskAbout, Go, Look, Place, Problem, Way
from codereader.fronts.tui.source.canvas import HEAD
from codereader.fronts.tui.source.contents import read_contents
from codereader.fronts.tui.source.editor import open_in_editor
from codereader.fronts.tui.source.folding import skeleton_edits
from codereader.fronts.tui.source.highlight import painter
from codereader.fronts.tui.source.meaning import Word, included_file, spelled_by_index
from codereader.fronts.tui.source.page import CHUNK, Page
from codereader.fronts.tui.source.viewer import Viewer

if TYPE_CHECKING:
    from codereader.fronts.tui.app import CodereaderApp
    from codereader.reader import Reader

T = TypeVar("T")

FOLDABLE = 1 << 20
"""Bytes of the largest file that is folded; a parser may hold up the screen for larger ones."""


class SourceView(Viewer):
    """The file that is read. `open` shows a place in one."""

    HELP = """\
### Source

The file as it was indexed. Names are asked about where the cursor stands: enter goes to what is defined or included,
c shows who calls it. A double click does what enter does.

| sign | meaning |
|------|---------|
| ▌ | a line that was gone to, cited or selected |
| ▸ | stands for lines that are folded: enter opens them |
"""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "follow", "Follow"),
        Binding("d", "look('definitions')", "Definition", show=False),
        Binding("c", "look('callers')", "Callers"),
        Binding("C", "look('callees')", "Callees", show=False),
        Binding("i", "look('implementors')", "Implementors", show=False),
        Binding("r", "look('refs')", "References", show=False),
        Binding("f", "fold", "Fold"),
        Binding("a", "ask_about", "Ask about it"),
        Binding("y", "copy_place", "Copy place", show=False),
        Binding("e", "edit", "Edit", show=False),
    ]

    def __init__(self, *, id: str | None = "source") -> None:  # noqa: A002  # Textual's name for it
        super().__init__(id=id)
        self.message = "Choose a file in the tree: enter shows it here."
        self._opening = 0
        self._wanted: Place | None = None

    # What is shown

    async def open(self, place: Place) -> None:
        """Show *place* with its lines lit. Returns when the text is there; colours follow."""
        self._opening += 1
        self._wanted = place
        if self.shown is not None and self.shown.contents.path == place.path:
            self.stand_at(place)
            return
        page = await self._page(place.path)
        if page is not None:
            self.show_page(page)
            self.stand_at(place)
            self._prepare(page)

    async def refresh_file(self) -> None:
        """Read the shown file anew; the cursor stays on its line. One that could not be shown is tried again."""
        old, row, column = self.shown, self._row, self._column
        if old is None:
            if self._wanted is not None:
                await self.open(self._wanted)
            return
        self._wanted = self.place
        self._opening += 1
        page = await self._page(old.contents.path)
        if page is not None and page.contents.data != old.contents.data:
            self.show_page(page)
            self.move(row, column)
            self._prepare(page)
            if old.is_folded:
                self.action_fold()

    async def _page(self, path: str) -> Page | None:
        """Return the page of a file, None where a sentence is shown instead or another file was asked for since."""
        opening = self._opening
        try:
            page = await self._app.desk.run(lambda reader: Page(read_contents(reader, path)))
        except Cancelled:
            return None
        except CodereaderError as error:
            if opening == self._opening:
                self.message = f"{error}. {error.hint}".rstrip()
                self.show_page(None)
            return None
        return page if opening == self._opening else None

    @work(exclusive=True, group="source", exit_on_error=False)
    async def _prepare(self, page: Page) -> None:
        """Find out how wide the rows are, and what they are made of; then colour what is seen."""
        page.measure(await asyncio.to_thread(page.document.widths))
        if page is self.shown:
            self.resize()
            page.brush = await asyncio.to_thread(painter, page.contents.data, page.contents.parsed.language)
            await self._paint(page)

    # Colours

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Colour what comes into view."""
        super().watch_scroll_y(old_value, new_value)
        self.paint_seen()

    def resize(self) -> None:
        """Take note of another size, and colour what comes into view."""
        super().resize()
        self.paint_seen()

    def paint_seen(self) -> None:
        """Colour what is seen and has no colours yet."""
        page = self.shown
        if page is not None and page.brush is not None and not page.is_painting and page.unpainted(self._seen(page)):
            self._paint_more(page)

    @work(exclusive=True, group="paint", exit_on_error=False)
    async def _paint_more(self, page: Page) -> None:
        await self._paint(page)

    async def _paint(self, page: Page) -> None:
        """Colour what is seen, then what is around: of a file of usual size, all."""
        if page.brush is None or page.is_painting:
            return
        page.is_painting = True
        try:
            while page is self.shown:
                seen = page.unpainted(self._seen(page))
                ahead = page.unpainted_near(page.byte(self._row, 0))
                if not seen and ahead is None:
                    break
                for chunk in seen or [ahead or 0]:
                    start, end = chunk * CHUNK, min((chunk + 1) * CHUNK, len(page.contents.data))
                    page.take_paint(chunk, await asyncio.to_thread(page.brush.paint, start, end))
                if seen:
                    self.redraw()
        finally:
            page.is_painting = False

    def _seen(self, page: Page) -> range:
        """Return the lines of the view that are on the screen."""
        top, count = self.scroll_offset.y, page.layout.count
        first, last = page.layout.at(top)[0], page.layout.at(top + max(0, self.room.height - HEAD))[0]
        return range(min(first, count), min(last + 1, count))

    # The symbol under the cursor

    def symbol(self) -> Word | None:
        """Return the identifier under the cursor, None where there is none."""
        page = self.shown
        found = page.word(self._row, self._column) if page else None
        if page is None or found is None:
            return None
        name, column = found
        before = page.document.text(self._row)[:column].rstrip()
        stem = before[:-2] if before.endswith("->") else before[:-1] if before.endswith(".") else ""
        return Word(page.contents.path, name, self._row, column, stem.strip() or None)

    async def _asked(self, work_: Callable[[Reader], T]) -> T | None:
        """Return what *work_* makes of the index; a failure is told to the app."""
        try:
            return await self._app.desk.run(work_)
        except Cancelled:
            return None
        except CodereaderError as error:
            self.post_message(Problem(str(error), error.hint))
            return None

    @work(exclusive=True, group="look", exit_on_error=False)
    async def action_look(self, way: Way) -> None:
        """Have the app show what the index tells of the symbol under the cursor."""
        word = self.symbol()
        if word is None:
            self.notify("No name stands under the cursor: . and , go from name to name", markup=False)
            return
        is_linked = self._app.desk.has("linked")
        name = await self._asked(lambda reader: spelled_by_index(reader, word, is_linked=is_linked))
        if name is not None:
            self.post_message(Look(name, way))

    @work(exclusive=True, group="look", exit_on_error=False)
    async def action_follow(self) -> None:
        """Open what is folded, go to what is included, or to where the symbol under the cursor is defined."""
        page = self.shown
        if page is None:
            return
        if page.open_fold(page.layout.line(self._row)):
            self.resize()
            return
        path, row, word = page.contents.path, self._row, self.symbol()
        is_linked = self._app.desk.has("linked")
        if any(one.row == row for one in page.contents.parsed.includes):
            target = await self._asked(lambda reader: included_file(reader, path, row, is_linked=is_linked))
            if target is not None:
                self.post_message(Go(Place(target)))
                return
        if word is not None:
            name = await self._asked(lambda reader: spelled_by_index(reader, word, is_linked=is_linked))
            if name is not None:
                self.post_message(Look(name, "definitions"))

    def on_click(self, event: events.Click) -> None:
        """Put the cursor there; twice, or with ctrl, follow what is there."""
        if event.chain > 1:
            event.prevent_default()  # Textual would select the whole text
        at = self.at_mouse(event)
        if at is None:
            return
        self.move(*at)
        page = self.shown
        is_fold = page is not None and page.layout.folded(page.layout.line(at[0])) is not None
        if event.ctrl or event.chain == 2 or is_fold:
            self.action_follow()

    def action_ask_about(self) -> None:
        """Put a question about the selected lines, or the symbol under the cursor, into the question box."""
        page, place, word = self.shown, self.place, self.symbol()
        if page is None or place is None:
            return
        if place.end_line is not None or word is None:
            self.post_message(AskAbout(f"Explain {_told(place)}"))
        else:
            self.post_message(AskAbout(f"What does {word.name} do ({_told(place)})?"))

    # Other things to do with a place

    @work(exclusive=True, group="fold", exit_on_error=False)
    async def action_fold(self) -> None:
        """Show the skeleton of the file, or all of it again."""
        page = self.shown
        if page is None:
            return
        if page.is_folded:
            page.unfold()
        elif len(page.contents.data) > FOLDABLE:
            self.notify("This file is too large to be folded", markup=False)
            return
        else:
            page.fold(await asyncio.to_thread(skeleton_edits, page.document.lines, page.contents.parsed))
        if page is self.shown:
            self.resize()
            self.move(page.layout.row(page.layout.line(self._row)), self._column, is_jump=True)

    def action_copy_place(self) -> None:
        """Copy the path and line, or the lines that are selected."""
        place = self.place
        if place is not None:
            self.app.copy_to_clipboard(_told(place))
            self.notify(f"Copied {_told(place)}", markup=False)

    def action_edit(self) -> None:
        """Open the file in the person's editor at the line of the cursor."""
        place = self.place
        if place is None:
            return
        path = os.path.normpath(os.path.join(self._app.root, place.path))  # noqa: PTH118  # keeps every byte of a name
        try:
            open_in_editor(self.app, path, place.line)
        except CodereaderError as error:
            self.post_message(Problem(str(error), error.hint))

    @property
    def _app(self) -> CodereaderApp:
        return cast("CodereaderApp", self.app)


def _told(place: Place) -> str:
    end = f"-{place.end_line}" if place.end_line is not None and place.end_line != place.line else ""
    return f"{place.path}:{place.line}{end}"
