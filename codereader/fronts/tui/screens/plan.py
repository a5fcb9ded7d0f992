"""How a model runs on a machine: what lies where, how fast, what else there is, and what another machine would change.

All that may be varied stands in fields; each change plans anew beside the screen, and the newest wins.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import DataTable, Footer, Input, Label, OptionList, Static
from textual.widgets.option_list import Option
from textual.worker import get_current_worker

from codereader.errors import CodereaderError, UsageError
from codereader.fronts.plans.request import Request

if TYPE_CHECKING:
    from codereader.engine.hardware.machine import Machine
    from codereader.engine.plan import Plan
    from codereader.fronts.plans.planned import Planned

WAIT = 0.25
"""Seconds without a key after which what stands in the fields is planned for."""

_NUMBER = re.compile(r"\d[\d,_ ]*")
_FIELDS = (
    ("model", "Model", "the default model"),
    ("cards", "Cards", "this machine"),
    ("ram", "RAM", "as it is"),
    ("ctx", "Context", "as needed"),
    ("prompt", "Prompt", "as `ask` does"),
)


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What stands in the fields, as it was typed."""

    model: str = ""
    cards: str = ""
    ram: str = ""
    ctx: str = ""
    prompt: str = ""

    def request(self) -> Request:
        """Return what is asked. Raises: UsageError for a number that is none."""
        from codereader.fronts.plans.choices import card_specs

        return Request(
            model=self.model.strip() or None,
            devices=card_specs(self.cards),
            ram=self.ram.strip() or None,
            ctx=_number("context", self.ctx),
            prompt=_number("prompt", self.prompt),
        )


class PlanScreen(Screen[None]):
    """The plans of one model on one machine; *what_if* is what the fields hold at first, *here* gives this machine."""

    CSS = """
    PlanScreen {
        layout: vertical;
        & #plan-fields { height: auto; layout: grid; grid-size: 5; grid-rows: 2; grid-columns: 2fr 2fr 1fr 1fr 1fr;
            grid-gutter: 0 2; padding: 0 1; }
        & .plan-field { height: 2; }
        & .plan-field Label { color: $text-muted; }
        & .plan-field Input { height: 1; border: none; padding: 0; background: $surface; }
        & .plan-field Input:focus { background: $boost; }
        & #plan-choices { display: none; height: auto; max-height: 6; border: none; padding: 0 1; margin: 0 1;
            background: $surface; }
        &.-choosing #plan-choices { display: block; }
        & #plan-body { height: 1fr; padding: 0 1; scrollbar-size: 1 1; }
        & #plan-said { margin-top: 1; }
        & #plan-memory { margin-top: 1; }
        & #plan-table { height: auto; max-height: 9; margin-top: 1; background: transparent; scrollbar-size: 1 1; }
        & #plan-remarks { margin-top: 1; }
        &.-narrow #plan-fields { grid-size: 3; grid-columns: 1fr 1fr 1fr; }
    }
    """
    HELP = """Write other cards, memory, context or prompt into the fields: the plan follows. Rows are other ways to run
    the model there; the one with a star is taken. The bars show the row that is selected."""
    AUTO_FOCUS = "#plan-table"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back"),
        Binding("ctrl+r", "reset", "This machine"),
    ]

    def __init__(self, what_if: WhatIf | None = None, here: Callable[[], Machine] | None = None) -> None:
        super().__init__()
        self._first = what_if or WhatIf()
        self._here = cache(here or _here)
        self._planned: Planned | None = None
        self._waiting: Timer | None = None
        self._lists: dict[str, tuple[str, ...]] = {}
        self._offered: tuple[str, list[str]] = "", []

    def compose(self) -> ComposeResult:
        """Put fields, bars, the table and the remarks on the screen."""
        with Container(id="plan-fields"):
            for key, label, without in _FIELDS:
                with Vertical(classes="plan-field"):
                    yield Label(label)
                    yield Input(getattr(self._first, key), without, id=f"plan-{key}", select_on_focus=False)
        yield OptionList(id="plan-choices", markup=False)
        with VerticalScroll(id="plan-body", can_focus=False):
            yield Static("Looking at the machine ...", id="plan-said", markup=False)
            yield Static("", id="plan-memory", markup=False)
            yield DataTable(id="plan-table", cursor_type="row", zebra_stripes=False)
            yield Static("", id="plan-remarks", markup=False)
        yield Footer()

    def on_mount(self) -> None:
        """Plan for what stands in the fields."""
        self._list_names()
        self._replan()

    def on_resize(self, event: events.Resize) -> None:
        """Draw the bars as long as the screen lets them."""
        self.set_class(event.size.width < 100, "-narrow")
        self._show_memory()

    # The fields

    @property
    def what_if(self) -> WhatIf:
        """What stands in the fields."""
        return WhatIf(**{key: self.query_one(f"#plan-{key}", Input).value for key, _, _ in _FIELDS})

    @on(Input.Changed)
    def _changed(self) -> None:
        """Plan anew once nothing is typed any more."""
        self._offer()
        if self._waiting is not None:
            self._waiting.stop()
        self._waiting = self.set_timer(WAIT, self._replan)

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.remove_class("-choosing")
        self.query_one("#plan-table", DataTable).focus()
        self._replan()

    def on_descendant_focus(self) -> None:
        """Offer names for the field that is entered; hide them elsewhere."""
        self._offer()

    def _offer(self) -> None:
        """List the names that the text of the field with the focus may mean; while one is chosen, as they are."""
        from codereader.fronts.plans.choices import cards_like, models_like

        field = self.focused
        if field is not None and field.id == "plan-choices":
            return
        key = (field.id or "").removeprefix("plan-") if isinstance(field, Input) else ""
        like = {"model": models_like, "cards": cards_like}.get(key)
        found = like(field.value, self._lists.get(key, ())) if like and isinstance(field, Input) else []
        choices = self.query_one("#plan-choices", OptionList)
        choices.clear_options()
        choices.add_options([Option(_safe(name)) for name in found])
        self._offered = key, found
        self.set_class(bool(found), "-choosing")

    def on_key(self, event: events.Key) -> None:
        """Down leads from a field into what is offered for it, else to the table."""
        if event.key == "down" and isinstance(self.focused, Input):
            event.stop()
            into = "#plan-choices" if self.has_class("-choosing") else "#plan-table"
            self.query_one(into).focus()

    @on(OptionList.OptionSelected, "#plan-choices")
    def _choose(self, event: OptionList.OptionSelected) -> None:
        key, found = self._offered
        field = self.query_one(f"#plan-{key}", Input)
        field.value = found[event.option_index]
        field.focus()
        field.cursor_position = len(field.value)

    @work(thread=True, group="names", exclusive=True, exit_on_error=False)
    def _list_names(self) -> None:
        from codereader.fronts.plans.choices import card_names, model_names

        names = {"model": model_names(), "cards": card_names()}
        self.app.call_from_thread(self._take_names, names)

    def _take_names(self, names: dict[str, tuple[str, ...]]) -> None:
        self._lists = names
        self._offer()

    # Planning

    def _replan(self) -> None:
        """Plan for what stands in the fields."""
        try:
            request = self.what_if.request()
        except UsageError as error:
            self._say_problem(error)
            return
        self.plan(request)

    @work(thread=True, group="plan", exclusive=True, exit_on_error=False)
    def plan(self, request: Request) -> None:
        """Make the plans of *request* and show them, unless newer ones were asked for in the meantime."""
        from codereader.fronts.plans.making import planned_alone

        worker = get_current_worker()
        try:
            made = planned_alone(request, self._here)
        except CodereaderError as error:
            if not worker.is_cancelled:
                self.app.call_from_thread(self._say_problem, error)
            return
        if not worker.is_cancelled:
            self.app.call_from_thread(self.show, made)

    def show(self, planned: Planned) -> None:
        """Show the plans of one machine, the best one first and selected."""
        from codereader.fronts.plans.alternatives import HEADS, rows
        from codereader.fronts.tui.screens.plan_bars import cells_of

        if not self.is_attached:
            return
        self._planned = planned
        table = self.query_one("#plan-table", DataTable)
        table.clear(columns=True)
        table.add_columns(*HEADS)
        table.add_rows(cells_of(list(rows(planned)), self.size.width))
        self._show_plan()

    def _say_problem(self, error: CodereaderError) -> None:
        """Say in the place of the verdict why there is no plan, and what to do."""
        if self.is_attached:
            said = [(_safe(str(error)), "$error"), ("\n" + _safe(error.hint), "dim")]
            self.query_one("#plan-said", Static).update(Content.assemble(*said))

    @on(DataTable.RowHighlighted)
    def _show_plan(self) -> None:
        """Tell how the selected plan runs."""
        from codereader.fronts.plans import words
        from codereader.fronts.plans.page import UNSEEN
        from codereader.fronts.tui.screens.plan_bars import remarks_of

        planned, plan = self._planned, self._selected
        if planned is None or plan is None:
            return
        verdict = words.verdict(replace(planned, plans=(plan,)))
        how = f"{words.placement(plan)}; {words.settings(plan)}"
        need = words.need(planned.asked, plan.context)
        colour = "$success" if plan.fits and not plan.from_disk else "$warning" if plan.fits else "$error"
        said = Content.assemble((verdict, f"bold {colour}"), f"\n{how}\n", (need, "dim"))
        self.query_one("#plan-said", Static).update(said)
        remarks = [*words.remarks(plan), *([] if planned.file else [("note", UNSEEN)])]
        self.query_one("#plan-remarks", Static).update(remarks_of(remarks, max(40, self.size.width - 4)))
        self._show_memory()

    @property
    def _selected(self) -> Plan | None:
        if self._planned is None:
            return None
        at = self.query_one("#plan-table", DataTable).cursor_row
        return self._planned.plans[at] if 0 <= at < len(self._planned.plans) else self._planned.best

    def _show_memory(self) -> None:
        from codereader.fronts.plans.memory import memories
        from codereader.fronts.tui.screens.plan_bars import bars

        planned, plan = self._planned, self._selected
        if planned is not None and plan is not None:
            held = memories(planned.header, planned.machine, plan)
            self.query_one("#plan-memory", Static).update(bars(held, max(40, self.size.width - 4)))

    def action_reset(self) -> None:
        """Plan for this machine again, with nothing else said but the model."""
        for key, _, _ in _FIELDS[1:]:
            self.query_one(f"#plan-{key}", Input).value = ""

    def action_leave(self) -> None:
        """Leave what is offered, then the fields, then the screen."""
        if self.has_class("-choosing"):
            self.remove_class("-choosing")
            self.query_one("#plan-table", DataTable).focus()
        else:
            self.dismiss()


def _number(what: str, text: str) -> int | None:
    """Return the tokens that *text* says, None for no text. Raises: UsageError."""
    if not text.strip():
        return None
    if not _NUMBER.fullmatch(text.strip()) or not (found := int(re.sub(r"[,_ ]", "", text))) > 0:
        raise UsageError(f"{text.strip()!r} is no number of tokens for {what}", "Write one such as 32768 or 131,072.")
    return found


def _here() -> Machine:
    from codereader.fronts.plans.places import this_machine

    return this_machine()


def _safe(text: str) -> str:
    from codereader.fronts.text import safe_line

    return safe_line(text)
