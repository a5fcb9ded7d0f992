"""Questions and the thread they are answered on: a reader of its own, the model, one question at a time.

The thread only posts messages; what happened lies in the question's queue until the screen takes it, so that many
tokens a second are one message a frame. Every question has a cancel token of its own.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any, TypeVar

from textual.message import Message

from codereader.cancel import Cancelled, CancelToken
from codereader.errors import CodereaderError
from codereader.fronts.tui.ask.cost import Cost, Pin
from codereader.fronts.tui.messages import Stated, Working

if TYPE_CHECKING:
    from codereader.answer.known import Wish
    from codereader.answer.outlook import Outlook
    from codereader.answer.prepare import Prepared
    from codereader.answer.speaker import Speaker
    from codereader.engine.protocol import Sampling
    from codereader.fronts.inquiry import Gathered, Request
    from codereader.fronts.tui.ask.kept_model import KeptModel
    from codereader.reader import Reader

CLOSE_SECONDS = 0.5
"""How long leaving waits for the model's process to be ended."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Choice:
    """Which model is asked, and how: None means by default, as on the command line. `has_model` False: none is."""

    model: str | None = None
    has_model: bool = True
    budget: int | None = None
    ctx: int | None = None
    pins: tuple[str, ...] = ()
    only_verified: bool | None = None

    @property
    def which(self) -> tuple[str | None, bool]:
        """What decides which model is opened."""
        return self.model, self.has_model


@dataclass(frozen=True, slots=True)
class Sent:
    """What is about to be sent: `rate` is the predicted one, tokens of prompt a second."""

    prompt_tokens: int
    rate: float
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stage:
    """What is being done that cannot be counted, in words."""

    text: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The question was not answered: one sentence, and what to do next."""

    text: str
    hint: str


@dataclass(frozen=True, slots=True)
class Stopped:
    """The person stopped it."""


@dataclass(eq=False)
class Turn:
    """One question. `items` is filled by the thread and emptied by the screen: events, `Stage`, `Sent`, and at the end
    `Done`, `Failed` or `Stopped`. `is_told`: a message about them is under way.
    """

    question: str
    choice: Choice
    token: CancelToken = field(default_factory=CancelToken)
    items: deque[Any] = field(default_factory=deque)
    is_told: bool = False
    is_over: bool = False


@dataclass
class Heard(Message):
    """Something lies in the queue of *turn*."""

    turn: Turn


class Turns(CancelToken):
    """The token of a reader that outlives its questions: it is set when that of the one being worked on is."""

    __slots__ = ("current",)

    def __init__(self) -> None:
        super().__init__()
        self.current = CancelToken()

    @property
    def cancelled(self) -> bool:
        """Whether the current work, or all, is to stop."""
        return self._set or self.current.cancelled


class Asking:
    """Answers questions on a thread of its own. *post* is called from there with messages for the screen."""

    def __init__(self, make: Callable[[CancelToken], Reader], cache: Path, post: Callable[[Message], object]) -> None:
        self._make = make
        self._cache = cache
        self._post = post
        self._turns = Turns()
        self._reader: Reader | None = None
        self._which: tuple[str | None, bool] | None = None
        self._kept: KeptModel | None = None
        self._candidate: tuple[tuple[str | None, bool], Speaker] | None = None
        self._why = ""
        self._outlook: tuple[Choice, Outlook] | None = None
        self._jobs: SimpleQueue[tuple[Callable[[], object], CancelToken, Future[Any]] | None] = SimpleQueue()
        self._thread: Thread | None = None
        self._turn: Turn | None = None

    # What the screen calls

    @property
    def is_busy(self) -> bool:
        """Whether a question is being answered."""
        return self._turn is not None and not self._turn.is_over

    @property
    def model_name(self) -> str:
        """The name of the model in use, "" where there is none."""
        return self._kept.speaker.name if self._kept else ""

    def ask(self, question: str, choice: Choice) -> Turn:
        """Begin to answer; what happens is told by `Heard`. What was being answered is stopped."""
        self.stop()
        turn = self._turn = Turn(question, choice)
        self._submit(lambda: self._answer(turn), turn.token)
        return turn

    def stop(self) -> bool:
        """Stop the answer; say whether there was one."""
        turn = self._turn
        if turn is None or turn.is_over:
            return False
        turn.token.cancel()
        turn.is_over = True
        turn.items.append(Stopped())
        self._tell(turn)
        return True

    async def weigh(self, question: str, choice: Choice) -> Cost | None:
        """Return what *question* would cost, None without a model. Raises: CodereaderError, Cancelled."""
        return await asyncio.wrap_future(self._submit(lambda: self._cost(question, choice), CancelToken()))

    async def plan(self, question: str, choice: Choice) -> tuple[str, Prepared | None]:
        """Return the name of the model and what it would be sent. Raises: CodereaderError, Cancelled."""
        return await asyncio.wrap_future(self._submit(lambda: self._planned(question, choice), CancelToken()))

    async def open(self, choice: Choice) -> str:
        """Open index and model before they are needed; return why there is no model, "" where there is one.

        Raises: CodereaderError, Cancelled.
        """
        return await asyncio.wrap_future(self._submit(lambda: self._opened(choice), CancelToken()))

    def rest(self) -> None:
        """Free the model until the next question, unless one is being answered."""
        if not self.is_busy:
            self._submit(self._end_model, CancelToken())

    def forget(self) -> None:
        """Look at the disk anew before the next question."""
        self._submit(self._close_reader, CancelToken())

    def close(self) -> None:
        """Stop all work and end the model's process; wait no longer than `CLOSE_SECONDS`."""
        self.stop()
        self._turns.cancel()
        thread, self._thread = self._thread, None
        self._jobs.put(None)
        if thread is not None:
            thread.join(CLOSE_SECONDS)
        kept = self._kept
        if kept is not None:
            kept.end()

    # The thread

    def _submit(self, work: Callable[[], T], token: CancelToken) -> Future[T]:
        done: Future[T] = Future()
        if self._turns._set:  # noqa: SLF001 - closed for good
            done.cancel()
            return done
        if self._thread is None:
            self._thread = Thread(target=self._work, name="asking", daemon=True)
            self._thread.start()
        self._jobs.put((work, token, done))
        return done

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            work, token, done = job
            if not done.set_running_or_notify_cancel():
                continue
            self._turns.current = token
            try:
                self._turns.check()
                done.set_result(work())
            except BaseException as error:  # noqa: BLE001 - handed to who waits for it
                done.set_exception(error)
        if self._kept is not None:
            self._kept.end()
        self._close_reader()

    def _close_reader(self) -> None:
        reader, self._reader, self._outlook = self._reader, None, None
        if reader is not None:
            reader.close()

    def _end_model(self) -> None:
        if self._kept is not None:
            self._kept.end()

    def _open_reader(self) -> Reader:
        if self._reader is None:
            reader = self._make(self._turns)

            def step(stage: str, done: int, total: int) -> None:
                self._post(Working(stage, done, total, "files"))

            reader.open(step)
            self._post(Working("", 0, 0))
            self._reader = reader
        return self._reader

    def _opened(self, choice: Choice) -> str:
        self._open_reader()
        speaker = self._speaker(choice)
        return "" if speaker else self._why

    def _speaker(self, choice: Choice) -> Speaker | None:
        """Return the model of *choice*, opened once. Raises: ModelError, Cancelled."""
        from codereader.fronts.tui.ask.kept_model import KeptModel

        if self._which != choice.which:
            self._which = None
            self._outlook = None
            if self._kept is not None:
                self._kept.end()
                self._kept = None
            self._why = "no model is asked, so the facts are the answer"
            if choice.has_model:
                speaker, self._why = self._chosen(choice)
                self._kept = KeptModel(speaker) if speaker else None
            self._which = choice.which
            self._post(Stated(model=self._kept.speaker.name if self._kept else "no model", placement="", used=0))
        return self._kept.speaker if self._kept else None

    def _chosen(self, choice: Choice) -> tuple[Speaker | None, str]:
        """Return the model of *choice*: the one that was just planned for, if that is it."""
        from codereader.fronts.inquiry import choose_speaker

        if self._candidate is not None and self._candidate[0] == choice.which:
            speaker, self._candidate = self._candidate[1], None
            return speaker, ""
        return choose_speaker(choice.model, self._cache, self._turns)

    def _answer(self, turn: Turn) -> None:
        try:
            self._carry(turn)
        except Cancelled:
            self._put(turn, Stopped())
        except CodereaderError as error:
            self._put(turn, Failed(str(error), error.hint))
        except Exception as error:  # noqa: BLE001 - a bug is one sentence too, never a traceback over the screen
            self._put(turn, Failed(f"a bug: {type(error).__name__}: {error}", "Please report it, with what you asked."))
        finally:
            turn.is_over = True
            self._tell(turn)
            self._post(Working("", 0, 0))

    def _carry(self, turn: Turn) -> None:
        from codereader.answer.event import Done, Note
        from codereader.answer.told import tell
        from codereader.fronts import inquiry

        self._put(turn, Stage("opening the index" if self._reader is None else "looking up"))
        reader = self._open_reader()
        if self._which != turn.choice.which:
            self._put(turn, Stage("opening the model"))
        speaker = self._speaker(turn.choice)
        request = _request(turn.question, turn.choice, speaker)
        self._put(turn, Stage("searching"))
        gathered = inquiry.gather(reader, request, speaker)
        for event in tell(bounded_facts(gathered)):
            self._put(turn, event)
        if speaker is None:
            self._put(turn, Note(self._why))
            self._put(turn, Done(reader.answer(gathered.shown)))
            return
        self._put(turn, Stage("packing"))
        ready = reader.prepare(gathered.sent, speaker, request.wish)
        self._put(turn, Sent(len(ready.composed.prompt), ready.plan.prefill_rate, tuple(inquiry.planned(ready))))
        self._state(ready)
        for event in inquiry.speak(reader, request, speaker, gathered, ready):
            self._put(turn, event)

    def _state(self, ready: Prepared) -> None:
        used, window = len(ready.composed.prompt), ready.plan.context
        self._post(Stated(placement=ready.plan.processor, used=used, window=window))

    def _planned(self, question: str, choice: Choice) -> tuple[str, Prepared | None]:
        from codereader.fronts import inquiry

        reader = self._open_reader()
        speaker = self._speaker(choice) if choice.which == self._which else self._tried(choice)
        if speaker is None:
            return "", None
        request = _request(question, choice, speaker)
        return speaker.name, reader.prepare(inquiry.gather(reader, request, speaker).sent, speaker, request.wish)

    def _tried(self, choice: Choice) -> Speaker | None:
        """Return the model of *choice* beside the one in use, which stays until the person accepts the plan."""
        speaker, _ = self._chosen(choice) if choice.has_model else (None, "")
        self._candidate = (choice.which, speaker) if speaker else None
        return speaker

    def _cost(self, question: str, choice: Choice) -> Cost | None:
        from codereader.answer.outlook import outlook
        from codereader.answer.prepare import window_of

        reader = self._open_reader()
        speaker = self._speaker(choice)
        if speaker is None:
            return None
        wish, _ = _wish(choice, speaker)
        if self._outlook is None or self._outlook[0] != choice:
            found = outlook(reader.view, reader.brief(), lambda: reader.worth, speaker, wish, reader.cancel)
            self._outlook = (choice, found)
            self._mark(found)
        found = self._outlook[1]
        asked = found.frame + len(speaker.vocabulary.encode(question))
        pins = tuple(Pin(path, tokens) for path, tokens in found.pins)
        room = window_of(speaker, wish)
        return Cost(found.start.tokens, pins, asked, wish.said_tokens, room, found.rate)

    # What the screen is told

    def _mark(self, found: Outlook) -> None:
        """Tell the tree how the model is shown each path by every question."""
        from codereader.answer.packing import NO_FOCUS, Packed
        from codereader.fronts.tui.messages import Marked
        from codereader.fronts.tui.screens.pack_seen import levels_of, tokens_of

        packed = Packed(found.start.base, NO_FOCUS)
        self._post(Marked(levels_of(packed), tokens_of(packed)))

    def _put(self, turn: Turn, item: object) -> None:
        turn.items.append(item)
        self._tell(turn)

    def _tell(self, turn: Turn) -> None:
        if not turn.is_told:
            turn.is_told = True
            self._post(Heard(turn))


def bounded_facts(gathered: Gathered) -> Any:
    """Return the facts as people are shown them: what the record holds is never cut."""
    from codereader.answer.bounded import DEFAULT_LINES, bounded

    return replace(gathered.shown, reply=bounded(gathered.shown.reply, DEFAULT_LINES))


def _wish(choice: Choice, speaker: Speaker | None) -> tuple[Wish, Sampling]:
    from codereader.answer.known import Wish
    from codereader.engine.protocol import Sampling
    from codereader.fronts import inquiry

    most = inquiry.most_tokens(speaker, only_verified=choice.only_verified)
    wish = Wish(choice.budget, choice.ctx, most, pins=choice.pins)
    return inquiry.with_reasoning(speaker, wish, Sampling(most))


def _request(question: str, choice: Choice, speaker: Speaker | None) -> Request:
    from codereader.fronts.inquiry import Request

    return Request(question, *_wish(choice, speaker), only_verified=choice.only_verified, is_whole=True)
