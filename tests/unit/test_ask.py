"""An answer that is abandoned half way stops its engine before it is freed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event as Flag

import pytest

from codereader.answer.ask import SHORT_DRIFT, Asking
from codereader.answer.event import Done, Event, Note, Progress
from codereader.answer.known import Known, Wish
from codereader.answer.speaker import Speaker, echo
from codereader.cancel import CancelToken
from codereader.engine.echo import echo_plan
from codereader.engine.protocol import EngineEvent, LoadProgress, Piece, Prefill, Prompt, Sampling, Tell, Told
from codereader.errors import NothingReadable
from codereader.fronts.inquiry import most_tokens
from codereader.reader import Reader


class Slow:
    """An engine that loads until it is told to stop, tells one sentence, and notes when it was closed."""

    def __init__(self, *, loads: bool) -> None:
        self.loading = False
        self.closed_while_loading = False
        self.closed = Flag()
        self._loads = loads
        self.plan = echo_plan(4096)

    def load(self, cancel: CancelToken, progress: LoadProgress | None = None, tell: Tell | None = None) -> None:
        self.loading = True
        assert progress
        assert tell
        progress(0.5)
        tell("tried again in batches of 7")
        self.plan = replace(self.plan, context=2048, micro_batch=7, threads=3)
        while not self._loads and not cancel.cancelled:
            pass
        self.loading = False
        cancel.check()

    def generate(
        self, prompt: Prompt, sampling: Sampling, cancel: CancelToken, enough: CancelToken | None = None
    ) -> Iterator[EngineEvent]:
        yield Prefill(1, 1, 0, 0.0)
        yield Piece("one ")
        yield Piece("two ")

    def close(self) -> None:
        self.closed_while_loading = self.loading
        self.closed.set()


@contextmanager
def events(tmp_path: Path, engine: Slow) -> Iterator[Iterator[Event]]:
    (tmp_path / "a.c").write_text("int main(void) { return 0; }\n")
    with Reader(tmp_path) as reader:
        reader.open()
        yield asked(reader, replace(echo(), start=lambda _: engine))


def asked(reader: Reader, speaker: Speaker) -> Iterator[Event]:
    known = Known(reader.brief(), reader.reply("explain structure"))
    return reader.ask(known, speaker, reader.prepare(known, speaker, Wish()), Asking(Sampling(), False))


@pytest.mark.parametrize("loads", [False, True])
def test_leaving_early_stops_the_engine_first(tmp_path: Path, loads: bool) -> None:
    """The weights are freed only when nothing reads them, whether it was loading or speaking."""
    engine = Slow(loads=loads)
    with events(tmp_path, engine) as stream:
        for event in stream:
            if isinstance(event, Progress) and event.stage == ("prefill" if loads else "load"):
                break

        stream.close()  # type: ignore[attr-defined]

    assert engine.closed.is_set()
    assert not engine.closed_while_loading


def test_what_nobody_should_wait_for_is_done_when_the_answer_is_told(tmp_path: Path) -> None:
    """Also where nobody asks for more after it; not where the answer was given up before."""
    rested: list[str] = []
    (tmp_path / "a.c").write_text("int main(void) { return 0; }\n")
    with Reader(tmp_path) as reader:
        reader.open()
        speaker = replace(echo(), start=lambda _: Slow(loads=True), rest=lambda: rested.append("now"))
        stream = asked(reader, speaker)
        done = next(event for event in stream if isinstance(event, Done))
        before = list(rested)
        stream.close()  # type: ignore[attr-defined]
        abandoned = asked(reader, speaker)
        next(abandoned)
        abandoned.close()  # type: ignore[attr-defined]

    assert done
    assert ([], ["now"]) == (before, rested)


def test_what_a_load_had_to_change_is_told_and_recorded(tmp_path: Path) -> None:
    """The person hears at once that the model runs other than planned, and the answer's record says how it ran."""
    with events(tmp_path, Slow(loads=True)) as stream:
        seen = list(stream)

    told = [event for event in seen if isinstance(event, (Note, Progress))]
    done = seen[-1]
    assert told.index(Note("tried again in batches of 7")) < told.index(Progress("prefill", 1, 1, "tokens", 0))
    assert isinstance(done, Done)
    assert done.answer.record
    assert done.answer.record.spoken
    spoken = done.answer.record.spoken
    assert (2048, 7, 3) == (spoken.context, spoken.micro_batch, spoken.threads)


def test_what_a_prompt_had_to_change_is_told(tmp_path: Path) -> None:
    """Memory that ran out while the prompt was read is told at once, before the model is loaded again."""

    class Late(Slow):
        def generate(
            self, prompt: Prompt, sampling: Sampling, cancel: CancelToken, enough: CancelToken | None = None
        ) -> Iterator[EngineEvent | Told]:
            yield Prefill(1, 2, 0, 0.0)
            yield Told("begun again on the CPU alone")
            yield from super().generate(prompt, sampling, cancel, enough)

    with events(tmp_path, Late(loads=True)) as stream:
        seen = [event for event in stream if isinstance(event, (Note, Progress))]

    at = seen.index(Note("begun again on the CPU alone"))
    stages = [event.stage if isinstance(event, Progress) else "note" for event in seen[at - 1 :]]
    assert ["prefill", "note", "load", "prefill"] == stages


def test_a_plain_frame_is_said(tmp_path: Path) -> None:
    """A model without a chat template of its own is asked plainly, and the person is told."""
    from codereader.model.template import Frame

    engine = Slow(loads=True)
    (tmp_path / "a.c").write_text("int x;\n")
    speaker = replace(echo(), frame=Frame("", "", "the model has no chat template"), start=lambda _: engine)
    with Reader(tmp_path) as reader:
        reader.open()
        told = [event.text for event in asked(reader, speaker) if isinstance(event, Note)]

    assert "the model has no chat template" in told


def test_an_answer_that_drifts_is_stopped_and_its_cost_is_told(tmp_path: Path) -> None:
    """Eight sentences of which nothing holds end the answer in good order, long before the limit."""
    (tmp_path / "a.c").write_text("int main(void) { return 0; }\n")
    with Reader(tmp_path) as reader:
        reader.open()
        (done,) = [event for event in asked(reader, echo(DRIVEL)) if isinstance(event, Done)]

    assert "drift" == done.answer.reason
    assert done.answer.usage is not None
    assert 0 < done.answer.usage.completion_tokens < 100


DRIVEL = " ".join(f"The number {n} is a matter of taste." for n in range(100))


def test_while_nothing_is_shown_the_person_sees_that_the_model_speaks(tmp_path: Path) -> None:
    """Prose that is held back moves a counter; a shorter patience with drivel ends it after three sentences."""
    (tmp_path / "a.c").write_text("int main(void) { return 0; }\n")
    with Reader(tmp_path) as reader:
        reader.open()
        known = Known(reader.brief(), reader.reply("explain structure"))
        speaker = echo(DRIVEL)
        asking = Asking(Sampling(), only_verified=True, drift=SHORT_DRIFT)
        told = list(reader.ask(known, speaker, reader.prepare(known, speaker, Wish()), asking))

    spoken = [event.done for event in told if isinstance(event, Progress) and event.stage == "speak"]
    (done,) = [event.answer for event in told if isinstance(event, Done)]
    assert spoken == sorted(set(spoken))
    assert spoken
    assert ("drift", SHORT_DRIFT) == (done.reason, done.dropped)


@pytest.mark.parametrize(
    ("trusted", "only_verified", "tokens"),
    [(True, None, 512), (True, True, 512), (False, None, 128), (False, True, 128), (False, False, 512)],
)
def test_a_small_model_is_given_few_words(trusted: bool, only_verified: bool | None, tokens: int) -> None:
    """A model whose prose is hardly ever shown is not waited for, unless all of it is asked for."""
    assert tokens == most_tokens(replace(echo(), trusted=trusted), only_verified=only_verified)
    assert 512 == most_tokens(None, only_verified=only_verified)


def test_a_tree_that_vanishes_is_said_to_be_gone(tmp_path: Path) -> None:
    """Files removed while the facts are read are no matter of a budget."""
    (tmp_path / "a.c").write_text("int main(void) { return 0; }\n")
    with Reader(tmp_path) as reader:
        reader.open()
        known = Known(reader.brief(), reader.reply("explain structure"))
        (tmp_path / "a.c").unlink()

        with pytest.raises(NothingReadable, match=r"a\.c"):
            reader.prepare(known, echo(), Wish())
