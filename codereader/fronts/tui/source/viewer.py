"""The keys of a page: moving in it, finding words, selecting lines.

Rows of the file and lines of the view are 0-based.
"""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual import events, work
from textual.binding import Binding, BindingType

from codereader.fronts.text import safe_line
from codereader.fronts.tui.source.canvas import SourceCanvas
from codereader.fronts.tui.source.in_file import next_match
from codereader.fronts.tui.source.page import Page

AT_ONCE = 1 << 18
"""Bytes that are searched while the screen waits, which is for a few milliseconds."""


class Viewer(SourceCanvas):
    """A page that is read with keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "prompt('/')", "Find in file", key_display="/"),
        Binding("n", "hit(1)", "Next match", show=False),
        Binding("N", "hit(-1)", "Last match", show=False),
        Binding("colon,ctrl+g", "prompt(':')", "Go to line", show=False, key_display=":"),
        Binding("right_square_bracket", "definition(1)", "Next definition", show=False, key_display="]"),
        Binding("left_square_bracket", "definition(-1)", "Last definition", show=False, key_display="["),
        Binding("u", "outer", "Up to the definition around", show=False),
        Binding("v", "select", "Select lines", show=False),
        Binding("w", "wrap", "Wrap long lines", show=False),
        Binding("escape", "leave", "Drop selection and marks", show=False),
        Binding("down,j", "line(1)", "Down", show=False),
        Binding("up,k", "line(-1)", "Up", show=False),
        Binding("right,l", "character(1)", "Right", show=False),
        Binding("left,h", "character(-1)", "Left", show=False),
        Binding("ctrl+right,full_stop", "word(1)", "Next name", show=False),
        Binding("ctrl+left,comma", "word(-1)", "Last name", show=False),
        Binding("pagedown,space,ctrl+d", "page(1)", "Page down", show=False),
        Binding("pageup,b,ctrl+u", "page(-1)", "Page up", show=False),
        Binding("home,0", "edge(-1)", "Begin of the line", show=False),
        Binding("end,dollar_sign", "edge(1)", "End of the line", show=False),
        Binding("g,ctrl+home", "first", "First line", show=False),
        Binding("G,ctrl+end", "last", "Last line", show=False),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # Textual's name for it
        super().__init__(id=id)
        self._before = (0, 0)

    def check_consume_key(self, key: str, character: str | None) -> bool:  # noqa: ARG002  # Textual's signature
        """Tell that keys are typed while the prompt is open."""
        return self.prompt.is_open and character is not None and character.isprintable()

    def on_key(self, event: events.Key) -> None:
        """Type into the prompt."""
        if not self.prompt.is_open:
            return
        outcome = self.prompt.key(event.key, event.character)
        if outcome is None:
            return
        event.stop()
        event.prevent_default()
        if outcome == "typed":
            self._typed()
        else:
            self._end_prompt(outcome == "done")

    def on_paste(self, event: events.Paste) -> None:
        """Paste into the prompt."""
        if self.prompt.is_open:
            event.stop()
            self.prompt.paste(event.text)
            self._typed()

    def on_blur(self) -> None:
        """Leave the prompt with what was typed."""
        if self.prompt.is_open:
            self._end_prompt(True)

    def action_prompt(self, sign: str) -> None:
        """Ask for words to find, or for a line."""
        if self.shown is not None:
            self._before = (self._row, self._column)
            self.prompt.open(sign)
            self.resize()
            self._reveal()

    def _typed(self) -> None:
        page = self.shown
        if page is not None and self.prompt.sign == "/":
            self._search(page, self.prompt.text)
        elif page is not None and self.prompt.text:
            row = min(max(int(self.prompt.text[:9]), 1), page.document.count) - 1
            self._show_found(page, row, page.first_column(row))
        self.refresh()

    @work(exclusive=True, group="find", exit_on_error=False)
    async def _search(self, page: Page, words: str) -> None:
        """Look for *words*, and show the first from where the cursor stood."""
        look = page.look_for(words)
        hits = look() if len(page.contents.data) <= AT_ONCE else await asyncio.to_thread(look)
        if page is not self.shown:
            return
        page.take_hits(words, hits)
        row, column = self._before
        at = next_match(hits, page.byte(row, column) - 1, 1)
        self._show_found(page, *(page.place(hits[at]) if at is not None else self._before))

    def _show_found(self, page: Page, row: int, column: int) -> None:
        page.show_row(min(max(row, 0), page.document.count - 1))
        self.resize()
        self.move(row, column, is_jump=True)

    def _end_prompt(self, is_done: bool) -> None:
        page, sign = self.shown, self.prompt.sign
        self.prompt.close()
        if page is not None and not is_done:
            self._search(page, "")
        elif page is not None and sign == "/" and self.prompt.text and not page.hits:
            self.notify(f"{safe_line(self.prompt.text)} is not in this file", markup=False)
        self.resize()

    def action_hit(self, step: int) -> None:
        """Go to the next match, or the one before."""
        page = self.shown
        if page is None:
            return
        at = next_match(page.hits, page.byte(self._row, self._column), step)
        if at is None:
            self.notify("Nothing was looked for: press / to find words in this file", markup=False)
        else:
            self._show_found(page, *page.place(page.hits[at]))

    def action_line(self, step: int) -> None:
        """Go down or up."""
        if self.shown is not None:
            line = self.shown.layout.line(self._row) + step
            self.move(self.shown.layout.row(min(max(line, 0), self.shown.layout.count - 1)), self._column)

    def action_page(self, step: int) -> None:
        """Go down or up by what fits the screen."""
        self.action_line(step * max(1, self._rows - 1))

    def action_character(self, step: int) -> None:
        """Go right or left."""
        self.move(self._row, self._column + step)

    def action_word(self, step: int) -> None:
        """Go to the next name on the line, or on those that follow; or back."""
        page = self.shown
        if page is None:
            return
        row, column = self._row, self._column
        while 0 <= row < page.document.count:
            begins = [one.start() for one in page.document.words(row)]
            found = [at for at in begins if (at > column if step > 0 else at < column)]
            if found:
                self.move(row, found[0] if step > 0 else found[-1])
                return
            row, column = row + step, -1 if step > 0 else 1 << 30

    def action_edge(self, step: int) -> None:
        """Go to the begin of the text of a line, then of the line; or to its end."""
        if self.shown is not None:
            text = self.shown.document.text(self._row)
            indent = len(text) - len(text.lstrip())
            self.move(self._row, len(text) if step > 0 else 0 if self._column == indent else indent)

    def action_first(self) -> None:
        """Go to the first line."""
        self.move(0, 0, is_jump=True)

    def action_last(self) -> None:
        """Go to the last line."""
        if self.shown is not None:
            self.move(self.shown.layout.row(self.shown.layout.count - 1), 0, is_jump=True)

    def action_definition(self, step: int) -> None:
        """Go to the next definition, or the one before."""
        row = self.shown.definition_after(self._row, step) if self.shown else None
        if row is not None and self.shown is not None:
            self._show_found(self.shown, row, self.shown.first_column(row))

    def action_outer(self) -> None:
        """Go to the head of the definition around the cursor."""
        page = self.shown
        around = page.around(self._row) if page else None
        if page is not None and around is not None:
            if around.row == self._row:
                wider = [one for one in page.definitions if one.span.first_row < around.span.first_row]
                wider = [one for one in wider if one.span.last_row >= around.span.last_row]
                around = max(wider, key=lambda one: one.row, default=around)
            self._show_found(page, around.row, page.first_column(around.row))

    def action_select(self) -> None:
        """Begin to select lines, or end it."""
        if self.shown is not None:
            self._anchor = self._row if self._anchor is None else None
            self.refresh()

    def action_wrap(self) -> None:
        """Wrap long lines, or cut them at the edge."""
        self._is_wrapped = not self._is_wrapped
        if self._is_wrapped:
            self.scroll_to(x=0, animate=False)
        self.resize()
        self._reveal()

    def action_leave(self) -> None:
        """Drop the selection, then what was found, then what is lit."""
        if self._anchor is not None:
            self._anchor = None
        elif self.shown is not None and self.shown.pattern is not None:
            self.shown.take_hits("", ())
        else:
            self._lit = None
        self.redraw()
