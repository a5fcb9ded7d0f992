"""The conversation: every question with the facts, the answer as it is said, and what became of its claims."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.geometry import Region, Spacing
from textual.timer import Timer
from textual.widgets import Static

from codereader.cancel import Cancelled
from codereader.errors import CodereaderError
from codereader.fronts.text import safe_line
from codereader.fronts.tui.ask.asking import Asking, Choice, Heard, Turn
from codereader.fronts.tui.messages import Answering, Go, Problem, Stated, Weighed, Working

if TYPE_CHECKING:
    from codereader.answer.prepare import Prepared
    from codereader.fronts.tui.ask.entry import Entry, Link

FRAME = 1 / 30
"""Seconds between two looks at what happened: many tokens a second are one change of the screen."""

ENTRY = "codereader.fronts.tui.ask.entry"
"""What shows a question: it takes long to import, and nobody sees it before one was asked."""

STRUCTURE = "explain structure"
"""The question that a plan is shown for before any was asked."""

REST_SECONDS = 300.0
"""Seconds after which a model that nobody asks is no longer kept loaded."""

GREETING = """\
ctrl+l  ask, for example
          explain structure
          who calls NAME
          how does NAME reach OTHER
ctrl+t  go to a file or symbol
?       help, and the keys of the pane

Facts come from the parser; what a model says is held against them."""


class Conversation(VerticalScroll, can_focus=True):
    """All questions of this session. Posts `Go`, `Working`, `Stated`, `Weighed`, `Answering`, `Problem`."""

    HELP = """\
### Answers

Each question with its facts, then what the model says. Facts come from the parser and stand on their own; what a model
says is held against them. Places are links: n and p light them, enter goes there.

| sign | the sentence before it |
|------|------------------------|
| ✓ | the tree bears it out |
| [no evidence] | nothing in the tree tells |
| [contradicted] | the tree tells otherwise |
| [not found] | what it names is not in the tree |
"""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n,tab", "link(1)", "Next place"),
        Binding("p,shift+tab", "link(-1)", "Previous place", show=False),
        Binding("enter", "go", "Go there"),
        Binding("f", "facts", "All facts", show=False),
        Binding("r", "reasoning", "Reasoning", show=False),
        Binding("v", "all_prose", "All prose", show=False),
        Binding("y", "copy", "Copy"),
        Binding("s", "save", "Save"),
        Binding("m", "model", "Model"),
        Binding("b", "budget", "Budget", show=False),
        Binding("j", "scroll_down", "Down", show=False),
        Binding("k", "scroll_up", "Up", show=False),
        Binding("g", "scroll_home", "Top", show=False),
        Binding("G", "scroll_end", "End", show=False),
    ]
    DEFAULT_CSS = """
    Conversation { scrollbar-size-vertical: 1; }
    Conversation > .talk { height: auto; min-height: 100%; padding: 1 0 0 0; }
    Conversation .greeting { color: $text-muted; padding: 0 1; height: auto; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - as Textual calls it
        super().__init__(id=id)
        self.choice = Choice()
        self.asking: Asking | None = None
        self._entries: dict[Turn, Entry] = {}
        self._link: Link | None = None
        self._idle: Timer | None = None

    def compose(self) -> ComposeResult:
        """Say what can be asked. What is anchored must fill its container, else Textual scrolls above its top."""
        with Vertical(classes="talk"):
            yield Static(Content(GREETING), markup=False, classes="greeting")

    # What the app calls

    def greet(self) -> None:
        """Open the model for the first question; the index of the tree is there."""
        self._ready()
        self._open()

    @property
    def has_answers(self) -> bool:
        """Whether something was asked."""
        return bool(self._entries)

    def ask(self, question: str) -> None:
        """Answer *question* below those before."""
        self._ready().stop()
        self._begin(question)

    def stop(self) -> bool:
        """Stop the answer; say whether there was one."""
        return self.asking is not None and self.asking.stop()

    def close(self) -> None:
        """End the model's process, for good."""
        if self.asking is not None:
            self.asking.close()

    def forget(self) -> None:
        """Read the tree anew for the next question: files changed."""
        if self.asking is not None:
            self.asking.forget()

    def pin(self, paths: Sequence[str], question: str = "") -> None:
        """Send *paths* with every question from now on; *question* is what is being typed."""
        self.choice = replace(self.choice, pins=tuple(paths))
        self.weigh(question)

    @work(exclusive=True, group="weigh", exit_on_error=False)
    async def weigh(self, question: str) -> None:
        """Tell by `Weighed` what *question* would cost."""
        if self._ready().is_busy:
            return
        try:
            self.post_message(Weighed(await self._ready().weigh(question, self.choice)))
        except Cancelled:
            return
        except CodereaderError as error:
            self.post_message(Problem(str(error), error.hint))

    async def plan(self, question: str, budget: int | None) -> Prepared | None:
        """Return what would be sent for *question*, None without a model. Raises: CodereaderError, Cancelled."""
        asking = self._ready()
        return (await asking.plan(question, replace(self.choice, budget=budget)))[1]

    # Questions

    def _ready(self) -> Asking:
        """Return what answers, made when it is first needed."""
        if self.asking is None:
            launch: Any = self.app.launch  # type: ignore[attr-defined]
            self.choice = replace(self.choice, model=launch.model, has_model=launch.has_model)
            self.asking = Asking(launch.make, launch.cache, self._hear)
        return self.asking

    def _hear(self, message: Any) -> None:
        """Take a message from the thread; none once the screen is left."""
        if self.is_running:
            self.post_message(message)

    @work(exclusive=True, group="open", exit_on_error=False)
    async def _open(self) -> None:
        try:
            why = await self._ready().open(self.choice)
        except Cancelled:
            return
        except CodereaderError as error:
            self.post_message(Problem(str(error), error.hint))
            return
        await asyncio.to_thread(import_module, ENTRY)  # the first question does not wait for it then
        if why:
            self.query_one(".greeting", Static).update(
                Content(f"{GREETING}\n\n{safe_line(why[:1].upper() + why[1:])}.")
            )
        self.weigh("")

    @work(group="begin", exit_on_error=False)
    async def _begin(self, question: str) -> None:
        self.query(".greeting").remove()
        from codereader.fronts.tui.ask.entry import Entry

        turn = self._ready().ask(question, self.choice)
        entry = self._entries[turn] = Entry(turn)
        self.post_message(Answering(is_on=True))
        await self.query_one(".talk").mount(entry)
        self.anchor()
        self._light(None)

    @on(Heard)
    def _heard(self, heard: Heard) -> None:
        heard.stop()
        self.set_timer(FRAME, partial(self._drain, heard.turn))

    async def _drain(self, turn: Turn) -> None:
        entry = self._entries.get(turn)
        if entry is None or not entry.is_mounted:
            self.set_timer(FRAME, partial(self._drain, turn))
            return
        turn.is_told = False
        items = []
        while turn.items:
            items.append(turn.items.popleft())
        was_over = entry.is_over
        for working in (await entry.show(items))[-1:]:
            self.post_message(working)
        if entry.is_over and not was_over:
            self._ended(entry)

    def _ended(self, entry: Entry) -> None:
        self.post_message(Working("", 0, 0))
        usage = entry.answer.usage if entry.answer else None
        if usage is not None:
            rate = usage.completion_tokens / usage.completion_seconds if usage.completion_seconds else None
            self.post_message(Stated(used=usage.context_used, window=usage.context_size, rate=rate))
        self.post_message(Answering(is_on=False))
        if self._idle is not None:
            self._idle.stop()
        self._idle = self.set_timer(REST_SECONDS, self._ready().rest)

    # Links

    def action_link(self, step: int) -> None:
        """Light the next place, or the one before; behind the last one the keys go on to the next pane."""
        links = [link for entry in self._all for link in entry.links]
        if self._link in links:
            at = links.index(self._link) + step
        else:
            last = len(self._all[-1].links) if self._all else 0
            at = len(links) - last if step > 0 else len(links) - 1
        if 0 <= at < len(links):
            self._light(links[at])
        elif step > 0:
            self.screen.focus_next()
        else:
            self.screen.focus_previous()

    def action_go(self) -> None:
        """Show the place that is lit."""
        place = self._link.place if self._link else None
        if place is not None:
            self.post_message(Go(place))

    def _light(self, link: Link | None) -> None:
        before, self._link = self._link, link
        if before is not None and (link is None or before.widget is not link.widget):
            before.widget.light(None)
        if link is None:
            return
        self.release_anchor()
        from codereader.fronts.tui.ask.facts import Facts

        if isinstance(link.widget, Facts):
            line = link.widget.light(link.number)
            region = link.widget.virtual_region_with_margin
            at = link.widget.region.translate(-self.content_region.offset).translate(self.scroll_offset)
            self.scroll_to_region(
                Region(at.x, at.y + line, region.width, 1), spacing=Spacing(1, 0, 1, 0), animate=False
            )
        else:
            block = link.widget.light(link.number)
            if block is not None:
                self.scroll_to_widget(block, animate=False)

    @property
    def _all(self) -> list[Entry]:
        return [entry for entry in self._entries.values() if entry.is_mounted]

    @property
    def _current(self) -> Entry | None:
        """The entry whose place is lit, else the last one."""
        entries = self._all
        held = [entry for entry in entries if self._link in entry.links] if self._link else []
        return next(reversed(held or entries), None)

    # One entry

    def action_facts(self) -> None:
        """Show all facts, or the first ones again."""
        from codereader.fronts.tui.ask.facts import Facts

        if self._current:
            facts = self._current.query_one(Facts)
            facts.fold(folded=not facts.is_folded)

    def action_reasoning(self) -> None:
        """Show the reasoning, or one line of it again."""
        from codereader.fronts.tui.ask.entry import Reasoning

        if self._current:
            self._current.query_one(Reasoning).toggle()

    def action_all_prose(self) -> None:
        """Ask again and show every sentence, with its verdict."""
        if self._current:
            self.choice = replace(self.choice, only_verified=False)
            self.ask(self._current.turn.question)

    def action_copy(self) -> None:
        """Copy the answer; without one, its facts."""
        entry = self._current
        if entry is None:
            return
        from codereader.facts.fact import Brief, plain

        answer = entry.answer
        text = answer.text if answer and answer.text else plain(Brief(answer.sections, 0)) if answer else ""
        if text:
            self.app.copy_to_clipboard(text)
            self.notify("Copied the answer.")

    @work(group="save", exit_on_error=False)
    async def action_save(self) -> None:
        """Write the answer into a file that the person names."""
        from codereader.fronts.tui.ask.dialogs import SavePrompt
        from codereader.fronts.tui.ask.saving import save

        entry = self._current
        if entry is None or entry.answer is None:
            self.notify("There is no whole answer to save.")
            return
        name = await self.app.push_screen_wait(SavePrompt(f"answer-{self._all.index(entry) + 1}.md"))
        if name is None:
            return
        try:
            style = save(Path(name), entry.answer, entry.events)
        except CodereaderError as error:
            self.post_message(Problem(str(error), error.hint))
        else:
            self.notify(f"Saved as {style}: {safe_line(name)}", markup=False)

    # Model and budget

    @work(exclusive=True, group="choose", exit_on_error=False)
    async def action_model(self) -> None:
        """Choose another model; how it would run is shown before it is taken."""
        from codereader.fronts.tui.ask.dialogs import ModelPicker
        from codereader.model.catalogue import find_models

        launch: Any = self.app.launch  # type: ignore[attr-defined]
        models = await asyncio.to_thread(find_models, launch.cache)
        name = await self.app.push_screen_wait(ModelPicker(models, self._ready().model_name))
        if name is not None:
            await self._propose(replace(self.choice, model=name or None, has_model=bool(name)))

    @work(exclusive=True, group="choose", exit_on_error=False)
    async def action_budget(self) -> None:
        """Choose how many tokens of files are sent and the window; how that would run is shown before it is taken."""
        from codereader.fronts.tui.ask.budget import read_budget, written_budget
        from codereader.fronts.tui.ask.dialogs import LinePrompt

        aside = "tokens of files, then of context window: auto, max or a number (16k), each · enter shows the plan"
        typed = await self.app.push_screen_wait(LinePrompt("Budget and window", written_budget(self.choice), aside))
        if typed is None:
            return
        try:
            changed = read_budget(typed, self.choice)
        except CodereaderError as error:
            self.post_message(Problem(str(error), error.hint))
        else:
            await self._propose(changed)

    async def _propose(self, choice: Choice) -> None:
        """Show how *choice* would run, and take it if the person wants that."""
        from codereader.fronts.tui.ask.budget import plan_lines
        from codereader.fronts.tui.ask.dialogs import PlanPrompt

        question = self._all[-1].turn.question if self._all else STRUCTURE
        try:
            name, ready = await self._ready().plan(question, choice) if choice.has_model else ("", None)
        except Cancelled:
            return
        except CodereaderError as error:
            self.post_message(Problem(str(error), error.hint))
            return
        if await self.app.push_screen_wait(PlanPrompt(*_proposal(name, question, ready, plan_lines))):
            self.choice = choice
            self._open()


def _proposal(name: str, question: str, ready: Prepared | None, lines: Any) -> tuple[str, Sequence[str]]:
    if ready is None:
        return "No model", ("The facts are the answer; nothing is loaded.",)
    return f'{name}, for "{question}"', lines(ready)
