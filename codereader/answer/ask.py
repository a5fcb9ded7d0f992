"""Answer one question: the brief from facts, then the model's prose with its claims looked up.

A generator of events, in order: fact sections, notes, progress, tokens and marks, and one `Done` at the end.
Knows nothing of terminals.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from queue import SimpleQueue
from threading import Thread

from codereader.answer.cite import Citer, MarkedStream
from codereader.answer.event import Answer, Citation, Done, Event, FactSection, Mark, Note, Progress, Token
from codereader.answer.prepare import Prepared
from codereader.answer.speaker import Speaker
from codereader.cancel import CancelToken
from codereader.engine.protocol import Engine, Finished, Piece, Prefill, Sampling
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
    """Yield the prose for *ready* and its checks, and `Done`. Raises: ModelError, Cancelled."""
    for note in (*ready.notes, *((speaker.frame.note,) if speaker.frame.note else ())):
        yield Note(note)
    if not speaker.trusted:
        yield Note(TOO_SMALL.format(name=speaker.name))
    said: list[str] = []
    citations: dict[str, Citation] = {}
    stream = MarkedStream(Citer(view))
    finished: Finished | None = None
    with closing(speaker.start(ready.plan)) as engine:
        yield from _load(engine, cancel)
        for happened in engine.generate(ready.composed.prompt, sampling, cancel):
            match happened:
                case Prefill(done=done, total=total, reused=reused):
                    yield Progress("prefill", done, total, "tokens", reused)
                case Piece(text=text):
                    said.append(text)
                    yield from _kept(stream.feed(text), citations)
                case Finished():
                    finished = happened
        yield from _kept(stream.flush(), citations)
    yield Done(
        Answer(
            question=question,
            scope=view.scope.name,
            brief=brief,
            text="".join(said),
            citations=tuple(citations.values()),
            left_out=ready.left_out,
            model=speaker.name,
            trusted=speaker.trusted,
            reason=finished.reason if finished else None,
            usage=finished.usage if finished else None,
            seed=sampling.seed,
            pack_hash=ready.pack.hash,
        )
    )


def _load(engine: Engine, cancel: CancelToken) -> Iterator[Event]:
    """Load in a thread so that progress can be yielded while the weights are read."""
    events: SimpleQueue[float | BaseException | None] = SimpleQueue()

    def work() -> None:
        try:
            engine.load(cancel, events.put)
            events.put(None)
        except BaseException as error:  # noqa: BLE001 - handed to the waiting thread, which raises it
            events.put(error)

    thread = Thread(target=work, name="load", daemon=True)
    thread.start()
    while True:
        event = events.get()
        if event is None:
            break
        if isinstance(event, BaseException):
            thread.join()
            raise event
        yield Progress("load", round(event * 100), 100, "%")
    thread.join()


def _kept(events: Iterator[Token | Mark], citations: dict[str, Citation]) -> Iterator[Event]:
    for event in events:
        if isinstance(event, Mark):
            citations.setdefault(event.citation.text, event.citation)
        yield event
