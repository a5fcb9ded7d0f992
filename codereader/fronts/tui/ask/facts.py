"""The facts that answer a question, a line each with its place as a link; only a few until all are wanted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.content import Content
from textual.geometry import Size
from textual.style import Style
from textual.widget import Widget

from codereader.fronts.text import counted, safe_line
from codereader.fronts.tui.messages import Go, Place

if TYPE_CHECKING:
    from codereader.facts.fact import Fact, Section

FOLDED = 14
"""Facts that are shown at first where a model answers too."""

LEAST = 20
"""Columns that text is wrapped at, however narrow the pane is."""


@dataclass(frozen=True, slots=True)
class _Row:
    """One line before it is wrapped; `place` is what its link leads to."""

    content: Content
    indent: int
    place: Place | None = None


class Facts(Widget):
    """Sections of facts and remarks. `lit` is the number of the link that is chosen."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"facts--title", "facts--place", "facts--aside"}
    DEFAULT_CSS = """
    Facts { height: auto; width: 1fr; }
    Facts > .facts--title { text-style: bold; color: $foreground; }
    Facts > .facts--place { color: $text-accent; text-style: underline; }
    Facts > .facts--aside { text-style: dim; }
    """

    auto_links = False

    def __init__(self) -> None:
        super().__init__()
        self._sections: list[Section] = []
        self._remarks: list[str] = []
        self._is_folded = False
        self._drawn: tuple[int, list[Content], list[int]] | None = None
        self.lit: int | None = None

    def add(self, section: Section) -> None:
        """Show one more section."""
        self._sections.append(section)
        self._changed()

    def remark(self, text: str) -> None:
        """Show what is to be known of the facts."""
        self._remarks.append(text)
        self._changed()

    @property
    def is_folded(self) -> bool:
        """Whether only the first facts are shown."""
        return self._is_folded and self._facts > FOLDED

    def fold(self, *, folded: bool) -> None:
        """Show the first facts only, or all."""
        self._is_folded = folded
        self._changed()

    @property
    def links(self) -> list[int]:
        """The numbers of the links that are shown, from the top."""
        return [number for number, row in enumerate(self._rows()) if row.place]

    def place(self, number: int) -> Place | None:
        """Return where a link leads."""
        rows = self._rows()
        return rows[number].place if number < len(rows) else None

    def light(self, number: int | None) -> int:
        """Light one link and no other; return the line that it begins on, from 0."""
        self.lit = number
        self._drawn = None
        self.refresh()
        starts = self._lines(max(1, self.size.width))[1]
        return starts[number] if number is not None and number < len(starts) else 0

    def action_go(self, number: int) -> None:
        """Show the place of a fact."""
        place = self.place(number)
        if place is not None:
            self.post_message(Go(place))

    def action_unfold(self) -> None:
        """Show all facts."""
        self.fold(folded=False)

    def render(self) -> Content:
        """Return the lines."""
        return Content("\n").join(self._lines(self.size.width)[0])

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 - as Textual calls it
        """Return the lines that they take at *width* columns."""
        return len(self._lines(width)[0])

    def notify_style_update(self) -> None:
        """Draw again in other colours."""
        self._drawn = None
        super().notify_style_update()

    def _changed(self) -> None:
        self._drawn = None
        self.refresh(layout=True)

    @property
    def _facts(self) -> int:
        return sum(len(section.facts) for section in self._sections)

    def _rows(self) -> list[_Row]:
        return list(self._all_rows())

    def _all_rows(self) -> Iterator[_Row]:
        left = FOLDED if self.is_folded else self._facts
        for section in self._sections:
            if left <= 0:
                break
            more = f"  {section.dropped:,} more" if section.dropped else ""
            title = Content.styled(safe_line(section.title), ".facts--title")
            yield _Row(title + Content.styled(more, ".facts--aside"), 0)
            for fact in section.facts[:left]:
                yield _row(fact)
            left -= len(section.facts)
        if self.is_folded:
            told = f"▸ {counted(self._facts - FOLDED, 'more fact')} (f shows all)"
            style = Style.from_meta({"@click": "unfold"})
            yield _Row(Content.styled(told, ".facts--aside").stylize(style), 0)
        for text in self._remarks:
            yield _Row(Content.styled(f"Note: {safe_line(text)}", ".facts--aside"), 0)

    def _lines(self, width: int) -> tuple[list[Content], list[int]]:
        """Return the wrapped lines, and on which of them each row begins."""
        if self._drawn is None or self._drawn[0] != width:
            lines: list[Content] = []
            starts = []
            for number, row in enumerate(self._rows()):
                starts.append(len(lines))
                lines += _wrapped(self._linked(row, number), row.indent, width)
            self._drawn = width, lines, starts
        return self._drawn[1], self._drawn[2]

    def _linked(self, row: _Row, number: int) -> Content:
        if row.place is None:
            return row.content
        where = Content.styled(_written(row.place), ".facts--place")
        where = where.stylize(Style.from_meta({"@click": f"go({number})"}))
        if number == self.lit:
            where = where.stylize(Style(reverse=True))
        return Content.assemble(row.content, "  ", where)


def _row(fact: Fact) -> _Row:
    text = fact.text.lstrip(" ")
    indent = 2 + len(fact.text) - len(text)
    sure = f", {fact.confidence}" if fact.confidence else ""
    content = Content(safe_line(f"{text}{sure}"))
    if fact.condition:
        content += Content.styled(f"  [{safe_line(fact.condition)}]", ".facts--aside")
    place = Place(fact.path, fact.line or 1) if fact.path is not None else None
    return _Row(content, indent, place)


def _written(place: Place) -> str:
    return f"{safe_line(place.path)}:{place.line}"


def _wrapped(content: Content, indent: int, width: int) -> Sequence[Content]:
    """Return *content* in lines of *width* columns, those behind the first two columns further in."""
    room = max(LEAST, width - indent - (2 if indent else 0))
    first = " " * indent
    further = " " * (indent + (2 if indent else 0))
    return [
        Content.assemble(further if number else first, line.rstrip()) for number, line in enumerate(content.wrap(room))
    ]
