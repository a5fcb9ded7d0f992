"""Answer one question: the brief from facts, then the model's prose with its claims looked up.

A generator of events, in order: fact sections, notes, progress, tokens and marks, and one `Done` at the end.
Knows nothing of terminals.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from queue import SimpleQueue
from threading import Thread

from codereader.answer.cite import Citer
from codereader.answer.event import Answer, Citation, Done, Event, FactSection, Mark, Note, Progress, Token
from codereader.answer.marked import MarkedStream
from codereader.answer.prepare import Prepared
from codereader.answer.speaker import Speaker
from codereader.cancel import CancelToken
from codereader.engine.protocol import Engine, EngineEvent, Finished, Piece, Prefill, Sampling
from codereader.facts.fact import Brief
from codereader.index.view import IndexView

TOO_SMALL = (
    "{name} is too small to be trusted with prose: rely on the facts above, "
    "and ask a larger model with --model FILE.gguf"
)


def tell(brief: Brief) -> Iterator[Event]:
    """Yield the brief's sections."""
    for section in brief.sections:
        yield FactSection(section)


def answer_from_facts(view: IndexView, brief: Brief, question: str) -> Answer:
    """Return the answer that the brief alone gives."""
    return Answer(question, view.scope.name, brief, "", (), ())


def speak(
    view: IndexView,
    brief: Brief,
    question: str,
    speaker: Speaker,
    ready: Prepared,
    sampling: Sampling,
    cancel: CancelToken,
) -> Iterator[Event]:
    """Yield the prose for *ready* and its checks, and `Done`. Raises: ModelError, Cancelled.

    A caller that stops early closes the generator; the engine is then stopped and freed.
    """
    for note in (*ready.notes, *((speaker.frame.note,) if speaker.frame.note else ())):
        yield Note(note)
    if not speaker.trusted:
        yield Note(TOO_SMALL.format(name=speaker.name))
    said = _Said(Citer(view))
    with closing(speaker.start(ready.plan)) as engine:
        yield from _load(engine, cancel)
        yield from said.follow(engine.generate(ready.composed.prompt, sampling, cancel))
    yield Done(
        Answer(
            question=question,
            scope=view.scope.name,
            brief=brief,
            text="".join(said.pieces),
            citations=tuple(said.citations.values()),
            left_out=ready.left_out,
            model=speaker.name,
            trusted=speaker.trusted,
            reason=said.finished.reason if said.finished else None,
            usage=said.finished.usage if said.finished else None,
            seed=sampling.seed,
            pack_hash=ready.pack.hash,
        )
    )


class _Said:
    """What the engine has said so far, and what became of its claims."""

    def __init__(self, citer: Citer) -> None:
        self.pieces: list[str] = []
        self.citations: dict[str, Citation] = {}
        self.finished: Finished | None = None
        self._stream = MarkedStream(citer)

    def follow(self, events: Iterator[EngineEvent]) -> Iterator[Event]:
        """Yield what the fronts see of *events*."""
        for happened in events:
            match happened:
                case Prefill(done=done, total=total, reused=reused):
                    yield Progress("prefill", done, total, "tokens", reused)
                case Piece(text=text):
                    self.pieces.append(text)
                    yield from self._kept(self._stream.feed(text))
                case Finished():
                    self.finished = happened
        yield from self._kept(self._stream.flush())

    def _kept(self, events: Iterator[Token | Mark]) -> Iterator[Event]:
        for event in events:
            if isinstance(event, Mark):
                self.citations.setdefault(event.citation.text, event.citation)
            yield event


def _load(engine: Engine, cancel: CancelToken) -> Iterator[Event]:
    """Load in a thread so that progress can be yielded while the weights are read.

    The thread has ended when this generator has, however it ends: nobody frees what it still reads.
    """
    events: SimpleQueue[float | BaseException | None] = SimpleQueue()
    stop = CancelToken(cancel)

    def work() -> None:
        try:
            engine.load(stop, events.put)
            events.put(None)
        except BaseException as error:  # noqa: BLE001 - handed to the waiting thread, which raises it
            events.put(error)

    thread = Thread(target=work, name="load", daemon=True)
    thread.start()
    try:
        while (event := events.get()) is not None:
            if isinstance(event, BaseException):
                raise event
            yield Progress("load", round(event * 100), 100, "%")
    finally:
        stop.cancel()
        thread.join()
