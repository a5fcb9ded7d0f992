"""The line at the bottom: what is being worked on, and the model, its placement and its context."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size
from rich.text import Text
from textual.app import RenderResult
from textual.reactive import reactive
from textual.widget import Widget

from codereader.fronts.text import safe_line
from codereader.fronts.tui.messages import Stated, Working

FULL, EMPTY = "━", "─"
BAR_CELLS = 12

LEFT, NAME = 20, 12
"""Cells that the left part keeps while nothing is worked on; those with which a model's name still says something."""


def bar(done: int, total: int, cells: int = BAR_CELLS) -> tuple[str, str]:
    """Return the full and the empty part of a bar of so many *cells*."""
    full = 0 if total <= 0 else min(cells, round(cells * done / total))
    return FULL * full, EMPTY * (cells - full)


def worked(work: Working) -> str:
    """Return *work* in words: what, how far, how fast, how long it will take."""
    if work.total == 1:
        return f"{work.stage}…"  # one step: nothing to count
    parts = [f"{work.done:,}/{work.total:,}" if work.total else f"{work.done:,}" if work.done else ""]
    if work.unit:
        parts[0] = f"{parts[0]} {work.unit}".strip()
    if work.rate:
        parts.append(f"{work.rate:,.0f}/s" if work.rate >= 10 else f"{work.rate:.1f}/s")
    if work.left is not None:
        parts.append(f"{_clock(work.left)} left")
    told = " · ".join(part for part in parts if part)
    return f"{work.stage} {told}".strip()


def _clock(seconds: float) -> str:
    whole = max(0, round(seconds))
    return f"{whole} s" if whole < 100 else f"{whole // 60}:{whole % 60:02}"


class Status(Widget):
    """One line. Work shows while it lasts; the model's part stays."""

    DEFAULT_CSS = """
    Status { height: 1; padding: 0 1; color: $text-muted; }
    """

    work: reactive[Working | None] = reactive(None)
    model: reactive[str] = reactive("")
    placement: reactive[str] = reactive("")
    used: reactive[int] = reactive(0)
    window: reactive[int] = reactive(0)
    rate: reactive[float] = reactive(0.0)
    hint: reactive[str] = reactive("")

    def working(self, work: Working) -> None:
        """Show *work*, or that it ended."""
        self.work = None if work.done == work.total == 0 else work

    def state(self, stated: Stated) -> None:
        """Show what is known of the model by now."""
        for name in ("model", "placement", "used", "window", "rate"):
            value = getattr(stated, name)
            if value is not None:
                setattr(self, name, value)

    def render(self) -> RenderResult:
        """Return the line: work or the hint on the left, the model on the right."""
        left = Text(no_wrap=True, overflow="ellipsis")
        if self.work is not None:
            if self.work.total > 1:
                full, empty = bar(self.work.done, self.work.total)
                left.append(full, self.app.theme_variables.get("primary") and "bold")
                left.append(f"{empty} ", "dim")
            left.append(safe_line(worked(self.work)))
        else:
            left.append(self.hint)
        width = self.size.width - 2
        kept = left.cell_len if self.work is not None else min(LEFT, left.cell_len)
        right = self._right(width - kept - 2)
        if not right:
            return left
        panes = "  ·  1 tree  2 source  3 answers" if self.work is None and self.screen.has_class("-narrow") else ""
        if left.cell_len + len(panes) + cell_len(right) + 2 <= width:
            left.append(panes)
        left.truncate(width - cell_len(right) - 2, overflow="ellipsis", pad=True)
        left.append(f"  {right}")
        return left

    def _right(self, room: int) -> str:
        """Return as much of what is known of the model as there is room for, what changes first; "" for nothing."""
        model, *rest = self._model_parts() or [""]
        while rest and cell_len(" · ".join(rest)) > room:
            rest.pop(0)
        left = room - sum(cell_len(part) + 3 for part in rest)
        if left >= NAME and model:
            rest.insert(0, model if cell_len(model) <= left else f"{set_cell_size(model, left - 1).rstrip()}…")
        return " · ".join(rest)

    def _model_parts(self) -> list[str]:
        parts = [safe_line(self.model), safe_line(self.placement)]
        if self.window:
            parts.append(f"{self.used:,}/{self.window:,} tok")
        if self.rate:
            parts.append(f"{self.rate:.1f} tok/s")
        return [part for part in parts if part]
