"""Ask a model one question and hold its sentences against the index.

A generator of events, in order: notes, progress, tokens, marks and verdicts, and one `Done` at the end. The facts come
before, from `codereader.answer.told`. Knows nothing of terminals.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread

from codereader import __version__
from codereader.answer.event import (
    Answer,
    Citation,
    Done,
    Event,
    Judged,
    Mark,
    Note,
    Progress,
    Thought,
    Token,
)
from codereader.answer.known import Known, Wish
from codereader.answer.prefix import LastBases, Part, first_break
from codereader.answer.prepare import Prepared
from codereader.answer.prose.checked import DRIFT, CheckedStream
from codereader.answer.record import Record, Spoken
from codereader.answer.speaker import Speaker
from codereader.answer.told import Ground
from codereader.cancel import CancelToken
from codereader.engine import protocol
from codereader.engine.plan import Plan
from codereader.engine.protocol import (
    MIN_P,
    TOP_K,
    TOP_P,
    Engine,
    EngineEvent,
    Finished,
    Piece,
    Prefill,
    Sampling,
    Told,
)
from codereader.errors import ModelTooLarge

TOO_SMALL = (
    "{name} is too small to be trusted with prose: rely on the facts above, "
    "and ask a larger model with --model FILE.gguf"
)

ONLY_VERIFIED = (
    "{name} is too small to be trusted with prose: the facts are the answer, and of what it says only sentences that "
    "the tree bears out are shown (--all-prose shows all)"
)


SHORT_DRIFT = 3
"""So many sentences in a row without one that was verified end what a model says that is too small to be trusted."""

SPOKEN_STEP = 8
"""Progress is told every so many pieces of prose, while none of it is shown."""


@dataclass(frozen=True, slots=True)
class Asking:
    """How a model is asked. With `only_verified`, sentences that the index does not bear out are dropped.

    `drift` sentences in a row without one that was verified end the answer.
    """

    sampling: Sampling
    only_verified: bool
    lines: int | None = None
    drift: int = DRIFT


def speak(
    ground: Ground,
    known: Known,
    speaker: Speaker,
    ready: Prepared,
    asking: Asking,
    blind: tuple[str, ...],
    bases: LastBases,
    cancel: CancelToken,
) -> Iterator[Event]:
    """Yield the prose for *ready* and its checks, and `Done`. Raises: ModelError, Cancelled.

    Where the base is not the one of *bases*, the last one of this tree and model, a note says what has changed.
    A caller that stops early closes the generator; the engine is then stopped and freed.
    """
    for note in (*ready.notes, *((speaker.frame.note,) if speaker.frame.note else ())):
        yield Note(note)
    if not speaker.trusted:
        yield Note((ONLY_VERIFIED if asking.only_verified else TOO_SMALL).format(name=speaker.name))
    evidence = ready.composed.evidence
    stream = CheckedStream(ground.view, evidence, only_verified=asking.only_verified, drift=asking.drift)
    said = _Said(stream, CancelToken(), asking.sampling)
    with closing(speaker.start(ready.plan)) as engine:
        yield from _load(engine, cancel)
        tree = (ground.source.path, speaker.hash)
        said.before, said.now = bases.get(*tree), ready.composed.parts
        bases.put(*tree, ready.composed.parts)
        yield from said.follow(engine.generate(ready.composed.prompt, asking.sampling, cancel, said.enough))
        spoken = _spoken(speaker, ready, asking, engine.plan)
        if said.finished:
            speaker.learn(ready.plan, engine, said.finished.usage)
    done = Done(
        Answer(
            question=known.question,
            scope=ground.view.scope.name,
            brief=known.brief,
            reply=known.reply,
            text="".join(said.tokens),
            citations=tuple(said.citations.values()),
            statements=tuple(said.stream.tally.statements),
            left_out=ready.left_out,
            blind=blind,
            record=Record(__version__, ground.source, asking.lines, spoken),
            model=speaker.name,
            trusted=speaker.trusted,
            only_verified=asking.only_verified,
            dropped=said.stream.tally.dropped,
            facts_sent=len(evidence),
            reason=said.reason,
            usage=said.finished.usage if said.finished else None,
            seed=asking.sampling.seed,
            pack_hash=ready.pack.hash,
        )
    )
    try:
        yield done
    finally:  # who has the answer need not ask for what comes after it
        speaker.rest()


def _spoken(speaker: Speaker, ready: Prepared, asking: Asking, plan: Plan) -> Spoken:
    """Return how the model was asked, and how it really ran."""
    wish: Wish = ready.wish
    return Spoken(
        model=speaker.name,
        model_hash=speaker.hash,
        engine=speaker.engine(),
        seed=asking.sampling.seed,
        temperature=asking.sampling.temperature,
        top_k=TOP_K,
        top_p=TOP_P,
        min_p=MIN_P,
        max_tokens=asking.sampling.max_tokens,
        budget=ready.budget,
        ctx=wish.ctx,
        gpu_layers=wish.gpu_layers,
        device=wish.device,
        only_verified=asking.only_verified,
        context=plan.context,
        threads=plan.threads,
        micro_batch=plan.micro_batch,
        prompt_hash=ready.composed.hash,
        think=wish.think,
        grammar=asking.sampling.grammar,
        pins=wish.pins,
    )


class _Said:
    """What the engine has said so far, and what became of its claims. `enough` ends an answer that drifts."""

    def __init__(self, stream: CheckedStream, enough: CancelToken, sampling: Sampling) -> None:
        self.stream = stream
        self.enough = enough
        self._most = sampling.max_tokens
        self._most_thought = sampling.reasoning.budget if sampling.reasoning else 0
        self._pieces = self._thoughts = 0
        self.tokens: list[str] = []
        self.citations: dict[str, Citation] = {}
        self.finished: Finished | None = None
        self.before: tuple[Part, ...] = ()
        self.now: tuple[Part, ...] = ()

    @property
    def reason(self) -> str | None:
        """Why the answer ended."""
        if self.enough.cancelled:
            return "drift"
        return self.finished.reason if self.finished else None

    def follow(self, events: Iterator[EngineEvent | Told]) -> Iterator[Event]:
        """Yield what the fronts see of *events*."""
        for happened in events:
            match happened:
                case Prefill(done=done, total=total, reused=reused):
                    yield from self._broken(reused)
                    yield Progress("prefill", done, total, "tokens", reused)
                case Piece(text=text):
                    yield from self._kept(self.stream.feed(text))
                    yield from self._unheard()
                    if self.stream.drifts:
                        self.enough.cancel()
                case protocol.Thought(text=text):
                    yield from self._thinking()
                    yield Thought(text)
                case Told(text=text):
                    yield Note(text)
                    yield Progress("load", 0, 0, "%")
                case Finished():
                    self.finished = happened
        yield from self._kept(self.stream.flush())

    def _broken(self, reused: int) -> Iterator[Note]:
        """Yield, once, what makes tokens of the base be evaluated again that were there for the last question."""
        before, self.before = self.before, ()
        broken = first_break(before, self.now) if before else None
        again = sum(part.tokens for part in self.now) - reused
        if broken and again > 0:
            yield Note(f"{broken.why} since the last question: {again:,} tokens of the tree are evaluated again")

    def _thinking(self) -> Iterator[Event]:
        """Yield, every few pieces, that the model reasons."""
        self._thoughts += 1
        if self._thoughts % SPOKEN_STEP == 0:
            yield Progress("think", self._thoughts, self._most_thought, "tokens")

    def _unheard(self) -> Iterator[Event]:
        """Yield that the model speaks as long as nothing of it is shown."""
        self._pieces += 1
        if not self.tokens and self._pieces % SPOKEN_STEP == 0:
            yield Progress("speak", self._pieces, self._most, "tokens")

    def _kept(self, events: Iterator[Token | Mark | Judged]) -> Iterator[Event]:
        for event in events:
            match event:
                case Token(text=text):
                    self.tokens.append(text)
                case Mark(citation=citation):
                    self.citations.setdefault(citation.text, citation)
            yield event


def _load(engine: Engine, cancel: CancelToken) -> Iterator[Event]:
    """Load in a thread so that progress can be yielded while the weights are read.

    The thread has ended when this generator has, however it ends: nobody frees what it still reads.
    """
    events: SimpleQueue[float | str | BaseException | None] = SimpleQueue()
    stop = CancelToken(cancel)

    def work() -> None:
        try:
            engine.load(stop, events.put, events.put)
            events.put(None)
        except BaseException as error:  # noqa: BLE001 - handed to the waiting thread, which raises it
            events.put(error)

    thread = Thread(target=work, name="load", daemon=True)
    try:
        thread.start()
    except RuntimeError as error:
        raise ModelTooLarge(f"cannot start a thread to load the model: {error}") from error
    try:
        while (event := events.get()) is not None:
            if isinstance(event, BaseException):
                raise event
            yield Note(event) if isinstance(event, str) else Progress("load", round(event * 100), 100, "%")
    finally:
        stop.cancel()
        thread.join()
