"""The parts of the tree and what they use of each other, drawn; every part opens into what it is made of.

The boxes and arrows are those of the flowchart that the brief gives in Markdown; `a` draws all uses.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len, set_cell_size
from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.screen import Screen
from textual.widgets import Footer, OptionList, Static
from textual.widgets.option_list import Option
from textual.worker import get_current_worker

from codereader.cancel import Cancelled
from codereader.errors import CodereaderError
from codereader.fronts.text import counted, safe_line
from codereader.fronts.tui.messages import Go, Place, Problem
from codereader.fronts.tui.screens.graph_view import GraphView

if TYPE_CHECKING:
    from codereader.facts.brief.parts.parts import Dependency, Part, Parts
    from codereader.fronts.diagram_layout import Drawing
    from codereader.fronts.tui.desk import Desk
    from codereader.reader import Reader

WIDE = 110
"""Columns from which the uses of a part stand beside the diagram, not below it."""

SIDE, MOST_SIDE, SIDE_SHARE = 40, 64, 0.3
"""Columns of the uses beside the diagram: at least, at most, and their part of the screen."""

WHO = 24
"""Columns of who uses whom, below the diagram."""

LEAST_WIDTH = 60
"""Columns for which rows of boxes are made where the screen has fewer."""


@dataclass(frozen=True, slots=True)
class Level:
    """Parts that are shown: `title` is what they are parts of, `key` the one that is selected."""

    title: str
    found: Parts
    is_top: bool
    key: str = ""
    every: bool = False


class GraphScreen(Screen[None]):
    """The graph of the parts of the scope."""

    CSS = """
    GraphScreen {
        layout: vertical;
        & #graph-title { height: 1; padding: 0 1; }
        & #graph-body { height: 1fr; layout: vertical; }
        & #graph { height: 1fr; width: 1fr; padding: 0; }
        & #graph-side { height: 9; width: 100%; border-top: solid $surface-lighten-2; }
        & #graph-part { height: auto; max-height: 2; padding: 0 1; }
        & #uses { height: 1fr; border: none; padding: 0 1; background: transparent; scrollbar-size: 1 1; }
        &.-beside #graph-body { layout: horizontal; }
        &.-beside #graph-side { height: 1fr; border-top: none; border-left: solid $surface-lighten-2; }
        &.-beside #graph-part { max-height: 8; }
    }
    """
    AUTO_FOCUS = "#graph"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,backspace", "up", "Up"),
        Binding("a", "every", "All uses"),
        Binding("tab", "app.focus_next", "Uses"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._levels: list[Level] = []
        self._listed: list[Dependency] = []

    def compose(self) -> ComposeResult:
        """Put the title, the diagram and the list of uses on the screen."""
        yield Static("Reading the parts ...", id="graph-title", markup=False)
        with Container(id="graph-body"):
            yield GraphView(id="graph")
            with Container(id="graph-side"):
                yield Static("", id="graph-part", markup=False)
                yield OptionList(id="uses", markup=False)
        yield Footer()

    def on_mount(self) -> None:
        """Ask for the parts of the scope."""
        self._fit()
        self.load("", ())

    def on_resize(self) -> None:
        """Put the uses where there is room."""
        self._fit()
        if self._levels:
            self.call_after_refresh(self._draw)

    def _fit(self) -> None:
        is_beside = self.app.size.width >= WIDE
        self.set_class(is_beside, "-beside")
        self.query_one("#graph-side").styles.width = self._side if is_beside else "100%"

    @property
    def _side(self) -> int:
        return max(SIDE, min(MOST_SIDE, int(self.app.size.width * SIDE_SHARE)))

    @work(exclusive=True, group="graph", exit_on_error=False)
    async def load(self, title: str, files: tuple[str, ...]) -> None:
        """Show what *files* are made of, the whole scope where there are none."""
        desk: Desk = self.app.desk  # type: ignore[attr-defined]
        if title:
            self.query_one("#graph-title", Static).update(f"Reading what {title} is made of ...")
        try:
            level = await desk.run(lambda reader: _level(reader, title, files), after=("worth", "brief"))
        except CodereaderError as error:
            self.query_one("#graph-title", Static).update(safe_line(str(error)))
            self.app.post_message(Problem(str(error), error.hint))
            return
        except Cancelled:
            return
        if len(level.found.parts) < 2 and files:
            self.app.post_message(Go(Place(files[0])))
            return
        self._levels.append(level)
        self._draw()

    @property
    def _level(self) -> Level:
        return self._levels[-1]

    def _draw(self) -> None:
        """Lay the parts of the open level out beside the screen, then show them."""
        width = max(LEAST_WIDTH, self.query_one(GraphView).size.width - 2)
        self._lay_out(self._level, width)

    @work(thread=True, exclusive=True, group="draw", exit_on_error=False)
    def _lay_out(self, level: Level, width: int) -> None:
        from codereader.fronts.diagram_layout import ASCII, BOXES
        from codereader.fronts.diagram_text import diagram
        from codereader.fronts.plans.bars import is_utf8

        worker = get_current_worker()
        marks = BOXES if is_utf8(sys.__stdout__) else ASCII
        made = diagram(level.found, every=level.every or _is_bare(level), width=width, marks=marks)
        if not worker.is_cancelled:
            self.app.call_from_thread(self._show_drawing, level, made)

    def _show_drawing(self, level: Level, made: Drawing) -> None:
        if self.is_attached and level.found is self._level.found:
            self.query_one("#graph-title", Static).update(self._title())
            self.query_one(GraphView).show(made, self._level.key)

    def _title(self) -> Text:
        """Return where the person is, and what is drawn of how much."""
        from codereader.fronts.diagram_text import shown_uses

        level = self._level
        path = " > ".join(safe_line(one.title) for one in self._levels)
        found = level.found
        drawn = len(shown_uses(found, every=level.every or _is_bare(level)))
        missing = len(found.dependencies) + len(found.inner) - drawn
        told = [counted(len(found.parts), "part"), counted(drawn, "use")]
        told += [f"{missing:,} lesser not drawn (a: all)"] if missing else []
        told += [f"{counted(len(found.rest), 'more part')}"] if found.rest else []
        told += [f"{len(found.beside):,} beside (tests, documents)"] if found.beside else []
        return Text.assemble((path, "bold"), "   ", (" · ".join(told), "dim"), no_wrap=True, overflow="ellipsis")

    @on(GraphView.Chosen)
    def _tell(self, event: GraphView.Chosen) -> None:
        """List what the selected part uses, and who uses it."""
        self._levels[-1] = replace(self._level, key=event.key)
        found = self._level.found
        part = next((one for one in found.parts if one.name == event.key), None)
        if part is None:
            return
        self.query_one("#graph-part", Static).update(_about(found, part))
        self._listed = [*found.uses(part.name), *found.used_by(part.name)]
        uses = self.query_one("#uses", OptionList)
        uses.clear_options()
        is_tall = self.has_class("-beside")
        width = (self._side if is_tall else self.app.size.width) - 5
        uses.add_options([Option(_line(found, one, part.name, width, is_tall=is_tall)) for one in self._listed])

    @on(GraphView.Opened)
    def _open(self, event: GraphView.Opened) -> None:
        part = next(one for one in self._level.found.parts if one.name == event.key)
        if len(part.files) == 1:
            self.app.post_message(Go(Place(part.files[0])))
        else:
            self.load(_name(self._level.found, part.name), part.files)

    @on(OptionList.OptionSelected, "#uses")
    def _go(self, event: OptionList.OptionSelected) -> None:
        one = self._listed[event.option_index]
        self.app.post_message(Go(Place(one.path, one.line)))

    def action_every(self) -> None:
        """Draw all uses, or the weightiest alone."""
        if self._levels:
            self._levels[-1] = replace(self._level, every=not self._level.every)
            self._draw()

    def action_up(self) -> None:
        """Go back to the parts around these; from the outermost ones leave."""
        if len(self._levels) > 1:
            self._levels.pop()
            self._draw()
            self.query_one(GraphView).focus()
        else:
            self.dismiss()


def _level(reader: Reader, title: str, files: tuple[str, ...]) -> Level:
    """Return the parts of the scope, or those that *files* are made of. Raises: StoreError, Cancelled."""
    from codereader.facts.brief.parts.inside import inside

    if files:
        with reader.cancel.anywhere():
            return Level(title, inside(reader.view, files, reader.worth), is_top=False)
    found = reader.brief().parts
    name = reader.walked.scope.name
    if found is None or not found.parts:
        with reader.cancel.anywhere():
            found = inside(reader.view, [file.path for file in reader.view.files()], reader.worth)
    return Level(name, found, is_top=True)


def _is_bare(level: Level) -> bool:
    """Tell whether a drawing inside of a part would have no arrows, though there are uses."""
    from codereader.fronts.diagram import drawn

    return not level.is_top and not drawn(level.found)


def _name(found: Parts, name: str) -> str:
    from codereader.fronts.diagram import shown_name

    return safe_line(shown_name(found, name))


def _about(found: Parts, part: Part) -> Text:
    """Return what the selected part is."""
    lines = f"{counted(len(part.files), 'file')}, {counted(part.lines, 'line')}"
    used_by, uses = found.counts(part.name)
    text = Text.assemble(
        (_name(found, part.name), "bold"), "  ", (f"{lines}, uses {uses:,}, used by {used_by:,}", "dim")
    )
    if part.purpose:
        text.append(f"\n{safe_line(part.purpose.words)}")
    return text


def _line(found: Parts, one: Dependency, name: str, width: int, *, is_tall: bool) -> Text:
    """Return a use in lines of *width* cells: who and how many names, examples, the place of the first."""
    is_out = one.user == name
    who = f"{'uses' if is_out else 'used by'} {_name(found, one.used if is_out else one.user)}"
    upward = " upward" if one.is_upward else ""
    place = _end(f"{safe_line(one.path)}:{one.line}", width - 2 if is_tall else max(WHO, width // 3))
    examples = ", ".join(map(safe_line, one.examples)) + (", ..." if one.names > len(one.examples) else "")
    if is_tall:
        count = f"{upward}  {one.names:,}"
        head = set_cell_size(who, max(1, width - len(count)))
        below = f"\n  {place}\n  {_cut(examples, width - 2)}"
        return Text.assemble(head, (count + below, "dim"))
    head = set_cell_size(who, WHO)
    room = max(8, width - WHO - len(f"{one.names:>7,}{upward}") - len(place) - 4)
    return Text.assemble(
        head, (f"{one.names:>7,}{upward}", ""), ("  " + set_cell_size(_cut(examples, room), room), "dim"), f"  {place}"
    )


def _cut(text: str, width: int) -> str:
    """Return *text* in *width* cells at most."""
    return text if cell_len(text) <= width else set_cell_size(text, max(1, width - 1)).rstrip() + "…"


def _end(text: str, width: int) -> str:
    """Return the end of *text* in *width* cells at most."""
    while cell_len(text) > width:
        text = "…" + text[2:] if text.startswith("…") else "…" + text[1:]
    return text
