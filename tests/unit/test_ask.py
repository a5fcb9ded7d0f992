"""An answer that is abandoned half way stops its engine before it is freed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event as Flag

import pytest

from codereader.answer.event import Event, Note, Progress
from codereader.answer.prepare import Wish
from codereader.answer.speaker import echo
from codereader.cancel import CancelToken
from codereader.engine.protocol import EngineEvent, LoadProgress, Piece, Prefill, Prompt, Sampling
from codereader.reader import Reader


class Slow:
    """An engine that loads until it is told to stop, and notes when it was closed."""

    def __init__(self, *, loads: bool) -> None:
        self.loading = False
        self.closed_while_loading = False
        self.closed = Flag()
        self._loads = loads

    def load(self, cancel: CancelToken, progress: LoadProgress | None = None) -> None:
        self.loading = True
        assert progress
        progress(0.5)
        while not self._loads and not cancel.cancelled:
            pass
        self.loading = False
        cancel.check()

    def generate(self, prompt: Prompt, sampling: Sampling, cancel: CancelToken) -> Iterator[EngineEvent]:
        yield Prefill(1, 1, 0, 0.0)
        yield Piece("one ")
        yield Piece("two ")

    def close(self) -> None:
        self.closed_while_loading = self.loading
        self.closed.set()


@contextmanager
def events(tmp_path: Path, engine: Slow) -> Iterator[Iterator[Event]]:
    (tmp_path / "a.c").write_text("int main(void) { return 0; }\n")
    base = echo()
    speaker = type(base)(
        base.name, base.vocabulary, base.frame, base.trained_context, base.trusted, base.plan, lambda _: engine
    )
    with Reader(tmp_path) as reader:
        reader.open()
        brief = reader.brief()
        yield reader.ask("why", brief, speaker, reader.prepare("why", brief, speaker, Wish()), Sampling())


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


def test_a_plain_frame_is_said(tmp_path: Path) -> None:
    """A model without a chat template of its own is asked plainly, and the person is told."""
    from codereader.model.template import Frame

    engine = Slow(loads=True)
    (tmp_path / "a.c").write_text("int x;\n")
    base = echo()
    framed = Frame("", "", "the model has no chat template")
    speaker = type(base)(base.name, base.vocabulary, framed, 0, True, base.plan, lambda _: engine)
    with Reader(tmp_path) as reader:
        reader.open()
        brief = reader.brief()
        ready = reader.prepare("why", brief, speaker, Wish())
        told = [e.text for e in reader.ask("why", brief, speaker, ready, Sampling()) if isinstance(e, Note)]

    assert ["the model has no chat template"] == told
