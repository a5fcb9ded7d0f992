"""The app: the panes on the screen, and what happens when one of them says something.

It holds what panes share: the desk that asks the index, the scope, the trail of places. No pane knows another.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import App, ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.constants import DEFAULT_THEME
from textual.containers import Container, Horizontal, Vertical
from textual.reactive import Initialize, Reactive
from textual.screen import ModalScreen, Screen
from textual.theme import Theme
from textual.timer import Timer
from textual.widgets import Footer
from textual.worker import Worker, WorkerState

from codereader.cancel import Cancelled, CancelToken
from codereader.errors import CodereaderError, ExitCode
from codereader.fronts.text import counted, safe_line
from codereader.fronts.tui import settings
from codereader.fronts.tui.ask.conversation import Conversation
from codereader.fronts.tui.ask.question import QuestionArea, QuestionBox
from codereader.fronts.tui.desk import Desk
from codereader.fronts.tui.find.relations import Relations
from codereader.fronts.tui.find.shelf import Shelf
from codereader.fronts.tui.messages import (
    Answering,
    Ask,
    AskAbout,
    Drafted,
    Go,
    Look,
    Marked,
    Moved,
    Pin,
    Pinned,
    Place,
    Problem,
    Stated,
    Weighed,
    Working,
)
from codereader.fronts.tui.palette import commands
from codereader.fronts.tui.source.outline import Outline
from codereader.fronts.tui.source.pane import SourceView
from codereader.fronts.tui.status import Status
from codereader.fronts.tui.trail import Trail
from codereader.fronts.tui.tree.pane import ScopeTree
from codereader.fronts.tui.warming import Warming
from codereader.fronts.tui.wording import in_keys
from codereader.reader import PARTS, Reader

if TYPE_CHECKING:
    from codereader.fronts.tui.screens.pack_seen import Seen, Wish

LOOK_EVERY, LOOK_SELDOM = 2.0, 60.0
"""Seconds between looks at whether files changed, and between them where looking is dear or finds nothing."""

LOOK_IN_TROUBLE = 5.0
"""Seconds between them while what is looked at cannot be read."""

DEAR = 30
"""A look may take one part of so many of the time."""

TELL_EVERY = 0.1
"""Seconds between two words on how far the index is."""

PANES = ("tree", "source", "conversation")


@dataclass(frozen=True, slots=True)
class Launch:
    """What the person named: `make` opens a reader of `path`; `model` is a file or a name, None for the default."""

    path: Path
    make: Callable[[CancelToken], Reader]
    cache: Path
    model: str | None = None
    has_model: bool = True


@dataclass(frozen=True, slots=True)
class Opened:
    """What the index said when it was opened: `root` is the scope's folder; `is_new` says that it had to change."""

    name: str
    root: Path
    files: int
    notes: tuple[str, ...]
    is_new: bool


def _first_theme(app: CodereaderApp) -> str:
    """Return what the environment names, else what was kept, else the terminal's own palette."""
    if os.environ.get("TEXTUAL_THEME"):
        return DEFAULT_THEME
    kept = app.settings.theme
    return kept if kept in app.available_themes else settings.own_palette()


class CodereaderApp(App[int], inherit_bindings=False):
    """The screen. `failure` is what ended it without the person wanting that, None so far."""

    TITLE = "codereader"
    ENABLE_COMMAND_PALETTE = True
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-medium"), (140, "-wide")]  # noqa: RUF012 - as Textual has it
    CSS = """
    Screen { layout: vertical; scrollbar-size-vertical: 1; }
    #source, #tree, #outline, #relations { scrollbar-size-vertical: 1; }
    #body { height: 1fr; }
    #left { width: 34; }
    #tree { height: 1fr; }
    #outline { height: 40%; display: none; }
    #left.-with-outline #outline { display: block; }
    #work { width: 1fr; layout: vertical; border-left: vkey $border-blurred; }
    #centre { width: 1fr; height: 1fr; }
    #source { height: 1fr; }
    #relations { height: 40%; display: none; }
    #work.-with-relations #relations { display: block; }
    #conversation { width: 1fr; height: 1fr; }
    .-wide #work { layout: horizontal; }
    .-wide #centre { width: 3fr; }
    .-wide #conversation { width: 2fr; border-left: vkey $border-blurred; }
    .-medium #centre { height: 3fr; }
    .-medium #conversation { height: 2fr; border-top: hkey $border-blurred; }
    .-medium #work.-with-relations #conversation { display: none; }
    .-narrow #work { border: none; }
    .-narrow #left { display: none; width: 1fr; }
    .-narrow #work { display: none; }
    .-narrow #centre, .-narrow #conversation { display: none; }
    .-narrow.-on-tree #left { display: block; }
    .-narrow.-on-source #work, .-narrow.-on-source #centre { display: block; }
    .-narrow.-on-conversation #work, .-narrow.-on-conversation #conversation { display: block; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+l", "ask", "Ask", priority=True),
        Binding("ctrl+t", "find", "Go to", priority=True),
        Binding("ctrl+f", "search", "Search", priority=True),
        Binding("question_mark,f1", "help", "Help", key_display="?"),
        Binding("f2", "plan", "Plan", priority=True),
        Binding("f3", "graph", "Graph", priority=True),
        Binding("f4", "pack", "Pack", priority=True),
        Binding("ctrl+q", "quit", "Quit", priority=True),
        Binding("ctrl+c", "stop", "Stop, or copy the selection", show=False, priority=True),
        Binding("alt+left,ctrl+o", "back", "Back", show=False),
        Binding("alt+right", "forward", "Forward", show=False),
        Binding("1", "pane('tree')", "To the tree", show=False),
        Binding("2", "pane('source')", "To the source", show=False),
        Binding("3", "pane('conversation')", "To the answers", show=False),
        Binding("o", "outline", "Outline of the file", show=False),
        Binding("escape", "leave_relations", "Close relations", show=False),
        Binding("ctrl+p", "command_palette", "Commands", show=False, priority=True),
        Binding("ctrl+z", "suspend_process", "To the shell; fg comes back", show=False),
    ]

    theme: Reactive[str] = Reactive(Initialize(_first_theme))
    """The name of the theme, from the first frame on: one that is set later has every style worked out again."""

    def __init__(self, launch: Launch) -> None:
        self.settings = settings.load(launch.cache)  # Textual asks for the theme while it makes itself
        super().__init__(ansi_color=True if os.environ.get("NO_COLOR") else None)  # else it paints black on black
        self.scope_path = launch.path
        self.root = launch.path.absolute()
        self.desk = Desk(launch.make)
        self.warming = self.desk.warming = Warming(self.desk, self.post_message)
        self.launch = replace(launch, make=self.warming.waiting(launch.make))
        self.shelf = Shelf(self.desk)
        self.failure: BaseException | None = None
        self._opened: Opened | None = None
        self._told = 0.0
        self._trail = Trail()
        self._wait = LOOK_EVERY
        self._next_look: Timer | None = None
        self._before_question = "tree"
        self._trouble = ""

    def get_default_screen(self) -> Screen[object]:
        """Return the screen of the panes. Narrow ones show the tree first."""
        screen = super().get_default_screen()
        screen.set_class(True, f"-on-{PANES[0]}")
        return screen

    def compose(self) -> ComposeResult:
        """Put the panes on the screen, empty."""
        with Horizontal(id="body"):
            with Vertical(id="left"):
                yield ScopeTree(id="tree")
                yield Outline(id="outline")
            with Container(id="work"):
                with Vertical(id="centre"):
                    yield SourceView(id="source")
                    yield Relations(id="relations")
                yield Conversation(id="conversation")
        yield QuestionBox(id="question")
        yield Status(id="status")
        yield Footer()

    def on_mount(self) -> None:
        """Open the index while the first frame is shown."""
        self.theme_changed_signal.subscribe(self, self._keep_theme)
        self.app_resume_signal.subscribe(self, self._come_back)
        self.open_index()

    # The index

    @work(exclusive=True, group="open", exit_on_error=False)
    async def open_index(self) -> None:
        """Bring the index up to date and show the tree; then watch the files."""
        opened = await self.desk.run(lambda reader: _opened(reader, self._told_of_files))
        self.post_message(Working("open", 0, 0))
        self.root = opened.root
        self._tell_scope(opened)
        await self.query_one(ScopeTree).show(opened)
        self.warming.begin()
        is_first, self._opened = self._opened is None, opened
        if is_first:
            self.query_one(Conversation).greet()
            if self.focused is None:
                self.query_one(ScopeTree).focus()
        for note in opened.notes:
            self.notify(safe_line(note), severity="warning", markup=False)
        self._watch_again(LOOK_EVERY)

    def _tell_scope(self, opened: Opened) -> None:
        self.query_one(Status).hint = f"{safe_line(opened.name)} · {counted(opened.files, 'file')}"

    def _told_of_files(self, stage: str, done: int, total: int) -> None:
        """Tell the status line from the desk's thread, a few times a second."""
        now = monotonic()
        if now - self._told >= TELL_EVERY:
            self._told = now
            self.post_message(Working(stage, done, total, "files"))

    def _watch_again(self, wait: float) -> None:
        self._wait = min(max(wait, LOOK_EVERY), LOOK_SELDOM)
        if self._next_look is not None:
            self._next_look.stop()
        self._next_look = self.set_timer(self._wait, self.look_for_changes)

    def _come_back(self, _app: object) -> None:
        """Draw all of it again, behind an editor or the shell, and look at once for what changed there."""
        self.refresh(layout=True)
        if self._opened is not None:
            self.look_for_changes()

    @work(exclusive=True, group="watch", exit_on_error=False)
    async def look_for_changes(self) -> None:
        """Show what changed on disk since; looking takes little of the time."""
        began = monotonic()
        try:
            changed = await self.desk.run(lambda reader: reader.has_changed())
            took = monotonic() - began
            opened = await self.desk.run(lambda reader: _opened(reader, self._told_of_files)) if changed else None
        except CodereaderError as error:  # a folder may be away for a while, as a file system is
            if str(error) != self._trouble:
                self._trouble = str(error)
                self.post_message(Working("open", 0, 0))
                self.post_message(Problem(str(error), error.hint))
            self._watch_again(LOOK_IN_TROUBLE)
            return
        self._trouble = ""
        if opened is None:
            self._watch_again(took * DEAR)
            return
        self.post_message(Working("open", 0, 0))
        if opened.is_new:
            self._tell_scope(opened)
            self.warming.begin()
            await self.query_one(ScopeTree).show(opened)
            await self.query_one(SourceView).refresh_file()
            self.query_one(Outline).forget()
            self.query_one(Relations).clear()
            self.query_one(Conversation).forget()
            self.shelf.forget()
            self._watch_again(took * DEAR)
        else:
            self._watch_again(self._wait * 2)

    # What panes say

    @on(Working)
    def _show_work(self, work: Working) -> None:
        self.query_one(Status).working(work)

    @on(Stated)
    def _show_state(self, stated: Stated) -> None:
        self.query_one(Status).state(stated)

    @on(Problem)
    def _show_problem(self, problem: Problem) -> None:
        text, hint = safe_line(in_keys(problem.text)), safe_line(in_keys(problem.hint))
        self.notify(hint, title=text, severity="error", markup=False, timeout=10)

    @on(Go)
    def _go(self, go: Go) -> None:
        self._trail.stay(self.query_one(SourceView).place)
        self._trail.go(go.place)
        self._show_place(go.place)

    @work(exclusive=True, group="go", exit_on_error=False)
    async def _show_place(self, place: Place) -> None:
        """Show *place*; keys are heard also while its file is being read."""
        self.pop_to_main()
        self.query_one(ScopeTree).reveal(place.path)
        self.action_pane("source")
        await self.query_one(SourceView).open(place)

    @on(Moved)
    def _follow(self, moved: Moved) -> None:
        self.query_one(Outline).follow(moved.place)

    @on(Look)
    async def _look(self, look: Look) -> None:
        if isinstance(self.focused, QuestionArea):
            return  # the person went on to ask, before it was known what is to be looked at
        self.pop_to_main()
        self.query_one("#work").add_class("-with-relations")
        self._show_pane("source")
        relations = self.query_one(Relations)
        self.screen.set_focus(relations)
        await relations.look(look)

    @on(Pin)
    def _pin(self, pin: Pin) -> None:
        pins = self.query_one(QuestionBox).toggle_pin(pin.path)
        self.query_one(ScopeTree).mark_pins(pins)

    @on(Ask)
    def _ask(self, ask: Ask) -> None:
        self._show_pane("conversation")
        if self.screen.has_class("-medium"):
            self.action_leave_relations()  # they lie where the answer comes
        self.query_one(Conversation).ask(ask.text)

    @on(Drafted)
    def _weigh(self, drafted: Drafted) -> None:
        self.query_one(Conversation).weigh(drafted.text)

    @on(Weighed)
    def _show_cost(self, weighed: Weighed) -> None:
        self.query_one(QuestionBox).weigh(weighed.cost)

    @on(Pinned)
    def _send_pins(self, pinned: Pinned) -> None:
        self.query_one(Conversation).pin(pinned.paths, self.query_one(QuestionBox).text)

    @on(Answering)
    def _count_again(self, answering: Answering) -> None:
        if not answering.is_on:
            self.query_one(Conversation).weigh(self.query_one(QuestionBox).text)

    @on(Marked)
    def _mark(self, marked: Marked) -> None:
        self.query_one(ScopeTree).mark(marked.levels, marked.tokens)

    @on(AskAbout)
    def _ask_about(self, about: AskAbout) -> None:
        self.pop_to_main()
        self.query_one(QuestionBox).suggest(about.text)

    # What the person does

    def action_pane(self, name: str) -> None:
        """Show the pane and put the keys there."""
        self._show_pane(name)
        if name == "conversation" and self.screen.has_class("-medium"):
            self.action_leave_relations()
        self.screen.set_focus(self.query_one(f"#{name}"))

    def _show_pane(self, name: str) -> None:
        """Bring the pane to the front where the screen is too narrow for all."""
        screen = self.screen_stack[0]
        for pane in PANES:
            screen.set_class(pane == name, f"-on-{pane}")

    def pop_to_main(self) -> None:
        """Leave the screens that lie over the panes."""
        while len(self.screen_stack) > 1:
            self.pop_screen()

    async def action_back(self) -> None:
        """Show the place that was left last."""
        self._trail.stay(self.query_one(SourceView).place)
        self._step(self._trail.back(), "This is where you began.")

    def action_forward(self) -> None:
        """Show the place that `action_back` came from."""
        self._step(self._trail.forward(), "There is no place ahead.")

    def _step(self, place: Place | None, otherwise: str) -> None:
        if place is None:
            self.notify(otherwise)
        else:
            self._show_place(place)

    def action_stop(self) -> None:
        """Copy what is selected; else stop the answer; else say how to leave."""
        selected = self.screen.get_selected_text()
        if selected:
            self.copy_to_clipboard(selected)
            self.screen.clear_selection()
            self.notify("Copied.")
        elif not self.query_one(Conversation).stop():
            self.notify("Nothing is being worked on. ctrl+q leaves.")

    def action_ask(self) -> None:
        """Put the keys into the question box, at once: more may be waiting."""
        self.pop_to_main()
        if self.focused is not None and self.focused.id:
            self._before_question = self.focused.id
        self.screen.set_focus(self.query_one(QuestionArea))

    async def action_find(self) -> None:
        """Look for a file or a symbol by a few letters of its name."""
        from codereader.fronts.tui.find.finder import Finder

        await self.push_screen(Finder(self.shelf), self._go_if)

    async def action_search(self) -> None:
        """Look for words: files and symbols that a question or a line of a log may be about."""
        from codereader.fronts.tui.find.results import SearchResults

        await self.push_screen(SearchResults(), self._go_if)

    def _go_if(self, place: Place | None) -> None:
        if place is not None:
            self.post_message(Go(place))

    async def action_plan(self) -> None:
        """Show how the model runs, here or on another machine."""
        from codereader.fronts.tui.screens.plan import PlanScreen, WhatIf

        await self._put_over(lambda: PlanScreen(WhatIf(model=self.query_one(Conversation).choice.model or "")))

    async def action_graph(self) -> None:
        """Show the parts of the tree and what they need of each other."""
        from codereader.fronts.tui.screens.graph import GraphScreen

        await self._put_over(GraphScreen)

    async def action_pack(self) -> None:
        """Show what the model will see of the tree, for the question that is being typed."""
        from codereader.fronts.tui.screens.pack import PackScreen

        question = self.query_one(QuestionBox).text.strip()
        await self._put_over(lambda: PackScreen(question, self.launch.model, make=self._packed))

    async def _packed(self, wish: Wish) -> Seen:
        """Return what would be sent; without a model, or without a question, what `codereader pack` makes."""
        from codereader.fronts.tui.screens.pack_seen import see, sent

        ready = await self.query_one(Conversation).plan(wish.question, wish.budget) if wish.question else None
        if ready is None or self._opened is None:
            needed = PARTS if wish.question else PARTS[:1]
            return await self.desk.run(lambda reader: see(reader, wish), after=needed)
        return sent(ready, wish, self._opened.name, self._opened.files)

    async def _put_over(self, kind: Callable[[], Screen[None]]) -> None:
        """Show a screen over the panes, instead of one that lies there. Keys wait until it is there."""
        self.pop_to_main()
        await self.push_screen(kind())

    def action_leave_relations(self) -> None:
        """Give the room of the relations back to the panes beside them."""
        relations = self.query_one(Relations)
        had_keys = relations.has_focus
        self.query_one("#work").remove_class("-with-relations")
        if had_keys:
            self.screen.set_focus(self.query_one(SourceView))

    def action_leave_question(self) -> None:
        """Put the keys to the answers, or where nothing was asked yet, to where they were before."""
        before = self._before_question
        if self.query_one(Conversation).has_answers or before not in PANES:
            before = "conversation"
        self.action_pane(before)

    def action_outline(self) -> None:
        """Show or hide the definitions of the file."""
        left = self.query_one("#left")
        left.toggle_class("-with-outline")
        if left.has_class("-with-outline"):
            self._show_pane("tree")
            self.query_one(Outline).focus()

    async def action_help(self) -> None:
        """Tell what the pane that has the keys shows, and its keys."""
        from codereader.fronts.tui.screens.help import HelpScreen, told

        await self.push_screen(HelpScreen(told(self)))

    async def action_quit(self) -> None:
        """Leave: what is being worked on is stopped."""
        self._close()
        self.exit(ExitCode.OK)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Yield every action, for the palette."""
        ours = ("Quit", "Keys")  # `commands` names them with their keys
        yield from (one for one in super().get_system_commands(screen) if one.title not in ours)
        if screen is self.screen_stack[0]:
            yield from commands(self, [self.query_one(f"#{name}") for name in (*PANES, "outline", "relations")])

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Leave ctrl+p to a box that one types in: there it goes to the row before."""
        return not (action == "command_palette" and isinstance(self.screen, ModalScreen))

    def _keep_theme(self, theme: Theme) -> None:
        if theme.name != self.settings.theme:
            self.settings = replace(self.settings, theme=theme.name)
            settings.keep(self.launch.cache, self.settings)

    # What goes wrong

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Tell of work that failed in one sentence; a bug ends the screen and is told behind it."""
        if event.state is not WorkerState.ERROR:
            return
        error = event.worker.error
        if isinstance(error, CodereaderError):
            self.post_message(Working(event.worker.group, 0, 0))
            self.post_message(Problem(str(error), error.hint))
            if event.worker.group == "open" and self._opened is None:  # there is nothing to show
                self._fail(error)
        elif error is not None and not isinstance(error, Cancelled):
            self._fail(error)

    def _handle_exception(self, error: Exception) -> None:
        """Leave without a traceback on the screen: the command line tells of it."""
        self._return_code = 1
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        self._fail(error)

    def _fail(self, error: BaseException) -> None:
        if self.failure is None:
            self.failure = error
        self._close()
        self._close_messages_no_wait()

    def _close(self) -> None:
        """Stop what is being worked on, and end the processes and threads that do it."""
        self.query_one(Conversation).close()
        self.warming.close()
        self.shelf.close()
        self.desk.close()


def _opened(reader: Reader, step: Callable[[str, int, int], None]) -> Opened:
    built = reader.open(step)
    walk = reader.walked
    changed = built.parsed + built.added + built.changed + built.removed
    notes = (*walk.notes, *built.notes)
    return Opened(walk.scope.name, walk.scope.path, built.files, notes, is_new=bool(changed))
