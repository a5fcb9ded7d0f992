"""The lines around a place, read only."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from textual import work
from textual.strip import Strip
from textual.widget import Widget

from codereader.errors import NothingReadable
from codereader.fronts.text import safe_line
from codereader.fronts.tui.messages import Place
from codereader.fronts.tui.source.document import Document, shown

if TYPE_CHECKING:
    from codereader.reader import Reader

KEPT = 16
"""So many files are remembered while one looks around."""

ABOVE = 0.3
"""Part of the height that lies above the line."""


class Preview(Widget):
    """Lines of a file as they were indexed. A file that has changed since shows none."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"preview--number", "preview--line", "preview--path"}
    DEFAULT_CSS = """
    Preview {
        & > .preview--number { color: $text-muted; }
        & > .preview--path { color: $text-muted; text-style: italic; }
        & > .preview--line { background: $block-cursor-blurred-background; text-style: bold; }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - as in Textual
        super().__init__(id=id)
        self._place: Place | None = None
        self._known: dict[str, Document | None] = {}

    def show(self, place: Place) -> None:
        """Show the lines around *place* as soon as they are read."""
        self._place = place
        self.refresh()
        if place.path not in self._known:
            self._read(place.path)

    @work(exclusive=True, group="preview", exit_on_error=False)
    async def _read(self, path: str) -> None:
        document = await self.app.desk.run(lambda reader: _document(reader, path))  # type: ignore[attr-defined]
        while len(self._known) >= KEPT:
            self._known.pop(next(iter(self._known)))
        self._known[path] = document
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw the path, then lines."""
        width, place = self.size.width, self._place
        if place is None:
            return Strip.blank(width, self.rich_style)
        if y == 0:
            style = self.get_component_rich_style("preview--path")
            return Strip([Segment(f" {safe_line(place.path)}", style)]).adjust_cell_length(width, self.rich_style)
        document = self._known.get(place.path)
        return self._line(document, place, y - 1, width) if document else Strip.blank(width, self.rich_style)

    def _line(self, document: Document, place: Place, y: int, width: int) -> Strip:
        height = max(1, self.size.height - 1)
        first = max(0, min(place.line - 1 - int(height * ABOVE), document.count - height))
        row = first + y
        if row >= document.count:
            return Strip.blank(width, self.rich_style)
        is_here = row == place.line - 1
        ground = self.get_component_rich_style("preview--line") if is_here else self.rich_style
        digits = len(f"{min(document.count, first + height):d}")
        number = Segment(
            f"{'▌' if is_here else ' '}{row + 1:>{digits}} ", self.get_component_rich_style("preview--number")
        )
        text = Segment(shown(document.raw(row), document.tab).text, ground)
        return Strip([number, text]).crop(0, width).adjust_cell_length(width, ground)


def _document(reader: Reader, path: str) -> Document | None:
    """Return the lines of a file of the index, None where it is not as it was."""
    try:
        return Document(reader.view.text(path))
    except NothingReadable:
        return None
