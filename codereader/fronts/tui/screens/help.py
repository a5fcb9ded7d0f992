"""What a pane shows and which keys it knows, over the panes.

A pane tells what it shows in `HELP`: paragraphs, a heading behind ``###``, rows of signs between bars.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import ActiveBinding, Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from codereader.fronts.tui.palette import MOTIONS

if TYPE_CHECKING:
    from textual.app import App

SIDEWAYS = ("scroll_", "page_left", "page_right", "screen.")
"""Actions that Textual binds and nobody looks for here."""

OURS = {"app.focus_next": "Next pane", "app.focus_previous": "Pane before"}
"""What actions are called here that Textual binds."""

WIDE = 90
"""Columns of the screen from which keys stand in two columns."""

KEYS = 14
"""Cells of the column of keys."""


@dataclass(frozen=True, slots=True)
class Key:
    """The keys of one action, and what it does."""

    keys: str
    does: str


@dataclass(frozen=True, slots=True)
class Told:
    """What is to be said: of the pane, of its keys, of those that work everywhere."""

    text: str
    here: tuple[Key, ...]
    everywhere: tuple[Key, ...]


def told(app: App[Any]) -> Told:
    """Return what is to be said of the pane that has the keys now."""
    active = list(app.screen.active_bindings.values())
    text = next((str(node.HELP) for node in app.focused.ancestors_with_self if node.HELP), "") if app.focused else ""
    here = [one for one in active if one.node is not app]
    return Told(text or str(app.screen.HELP or ""), _keys(app, here), _keys(app, [o for o in active if o.node is app]))


def _keys(app: App[Any], active: Iterable[ActiveBinding]) -> tuple[Key, ...]:
    found: dict[tuple[str, str], list[Binding]] = {}
    for _, binding, _enabled, _tip in active:
        if binding.description and not binding.action.startswith(SIDEWAYS):
            found.setdefault((binding.action, binding.description), []).append(binding)
    named = sorted(found, key=lambda one: one[0].startswith((*MOTIONS, *OURS)))  # what moves a cursor comes last
    shown = {one: " ".join(dict.fromkeys(map(app.get_key_display, found[one]))) for one in named}
    return tuple(Key(keys, OURS.get(action, description)) for (action, description), keys in shown.items())


def paragraphs(text: str) -> Iterator[Content]:
    """Yield what `HELP` says, in lines that wrap where the screen ends."""
    lines = (line.strip() for line in text.replace("`", "").strip().splitlines())
    for kind, group in groupby(lines, key=lambda line: "#|".find(line[:1]) if line else None):
        some = list(group)
        if kind is None:
            yield Content("")
        elif kind == 0:
            yield from (Content.styled(line.lstrip("# "), "bold") for line in some)
        elif kind == 1:
            yield from _signs(some)
        else:
            yield Content(" ".join(some))


def _signs(rows: Sequence[str]) -> Iterator[Content]:
    cells = [tuple(cell.strip() for cell in row.strip("|").split("|", 1)) for row in rows[2:]]  # behind the head
    width = max((cell_len(sign) for sign, _ in cells), default=0)
    for sign, meaning in cells:
        yield Content.styled(f"  {sign}", "$text-accent") + Content(f"{'':{width - cell_len(sign) + 2}}{meaning}")


def columns(keys: Sequence[Key], count: int, width: int) -> Iterator[Content]:
    """Yield *keys* in *count* columns of *width* cells, each read from the top."""
    rows = -(-len(keys) // count)
    for at in range(rows):
        line = Content("")
        for one in keys[at::rows]:
            cell = Content.styled(f"{one.keys:>{KEYS}}", "$text-accent") + Content(f"  {one.does}")
            line += cell.truncate(width, ellipsis=True, pad=True)
        yield line


class HelpScreen(ModalScreen[None]):
    """The help."""

    DEFAULT_CSS = """
    HelpScreen { align: center middle; background: $background 60%; }
    HelpScreen > Vertical { width: 110; max-width: 96%; height: auto; max-height: 96%; padding: 1 2 0 2;
        background: $surface; border-left: thick $primary; }
    HelpScreen VerticalScroll { height: auto; max-height: 100%; scrollbar-size-vertical: 1; }
    HelpScreen .keys { margin: 1 0 0 0; }
    HelpScreen .aside { color: $text-muted; height: 1; dock: bottom; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,f1,q,enter", "dismiss(None)", "Back", priority=True),
        Binding("j", "scroll(1)", "Down", show=False),
        Binding("k", "scroll(-1)", "Up", show=False),
    ]

    def __init__(self, told: Told) -> None:
        super().__init__()
        self._told = told

    def compose(self) -> ComposeResult:
        """Say what the pane shows, then the keys."""
        width = min(110, self.app.size.width * 96 // 100) - 7
        count = 2 if self.app.size.width >= WIDE else 1
        with Vertical():
            with VerticalScroll():
                yield Static(Content("\n").join(paragraphs(self._told.text)), markup=False)
                for title, keys in (("Keys here", self._told.here), ("Keys everywhere", self._told.everywhere)):
                    lines = [Content.styled(title, "bold"), *columns(keys, count, width // count)]
                    if keys:
                        yield Static(Content("\n").join(lines), markup=False, classes="keys")
            yield Static("esc closes · ↑ ↓ scroll · ctrl+p searches every action", markup=False, classes="aside")

    def action_scroll(self, step: int) -> None:
        """Scroll down or up."""
        self.query_one(VerticalScroll).scroll_relative(y=step, animate=False)
