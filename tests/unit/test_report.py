"""stderr: statistics in local-model words, colour only where it is wanted, errors in one sentence."""

from __future__ import annotations

import io
import re
import time

import pytest

from codereader.engine.protocol import Usage
from codereader.errors import CodereaderError, ModelNotFound
from codereader.fronts import report
from codereader.fronts.report import Report, wants_colour


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


USAGE = Usage(
    load_seconds=0.12,
    prompt_tokens=4000,
    reused_tokens=3000,
    prompt_seconds=5.0,
    completion_tokens=200,
    completion_seconds=2.0,
    first_token_seconds=5.1,
    total_seconds=7.12,
    context_used=4200,
    context_size=4608,
    processor="14%/86% CPU/GPU",
)


def test_the_footer_speaks_the_words_of_local_models(capsys: pytest.CaptureFixture[str]) -> None:
    """Load, prompt eval, eval, saved state, processor split, context used of size."""
    Report().usage(USAGE, "tiny")

    assert [
        "",
        "model:                 tiny",
        "load duration:         120 ms",
        "prompt eval count:     4,000 tokens",
        "  from saved state:    3,000 tokens (75 %)",
        "prompt eval duration:  5.00 s",
        "prompt eval rate:      200.0 tokens/s",
        "eval count:            200 tokens",
        "eval duration:         2.00 s",
        "eval rate:             100.0 tokens/s",
        "total duration:        7.12 s",
        "processor:             14%/86% CPU/GPU",
        "context:               4,200 / 4,608 tokens",
    ] == capsys.readouterr().err.splitlines()


@pytest.mark.parametrize(
    ("choice", "environment", "expected"),
    [
        ("auto", {}, True),
        ("auto", {"NO_COLOR": "1"}, False),
        ("auto", {"NO_COLOR": ""}, True),
        ("auto", {"TERM": "dumb"}, False),
        ("always", {"NO_COLOR": "1"}, True),
        ("never", {"FORCE_COLOR": "1"}, False),
    ],
)
def test_colour_on_a_terminal(
    choice: str, environment: dict[str, str], expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--color wins, then NO_COLOR, then TERM."""
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert expected is wants_colour(Terminal(), choice)


def test_a_pipe_gets_no_colour_unless_forced(monkeypatch: pytest.MonkeyPatch) -> None:
    """FORCE_COLOR paints a pipe."""
    plain = wants_colour(io.StringIO())
    monkeypatch.setenv("FORCE_COLOR", "1")

    assert (False, True) == (plain, wants_colour(io.StringIO()))


def test_quiet_keeps_errors_only(capsys: pytest.CaptureFixture[str]) -> None:
    """Notes and statistics are silent, an error is not."""
    report = Report(quiet=True)
    report.note("a note")
    report.usage(USAGE, "tiny")
    report.error(ModelNotFound("no model is called \x1b[2Jx", "Try another."))

    assert "codereader: no model is called \\x1b[2Jx\n  Try another.\n" == capsys.readouterr().err


@pytest.mark.parametrize(("after", "says"), [(0.0, True), (3600.0, False)])
def test_a_bar_that_stands_still_says_so(monkeypatch: pytest.MonkeyPatch, after: float, says: bool) -> None:
    """Who waits for a card that hangs learns it from the bar, and how to stop."""
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setattr(report, "PROGRESS_AFTER", 0.0)
    monkeypatch.setattr(report, "STILL_AFTER", after)

    with Report() as told:
        told.progress("prefill", 512, 4096, "tokens")
        until = time.monotonic() + 30
        while "512/4096" not in terminal.getvalue() and time.monotonic() < until:
            time.sleep(0.01)

    assert "512/4096" in terminal.getvalue()
    assert says == ("no progress for 0 s; Ctrl-C stops" in terminal.getvalue())


def test_every_error_has_an_exit_code_and_the_tree_is_drawn() -> None:
    """Each class of the tree stands in the module's drawing with its code."""
    import codereader.errors as module

    drawn = (module.__doc__ or "").split("\n\n")[1]
    found = [CodereaderError]
    for kind in found:
        found += kind.__subclasses__()
    for kind in found[1:]:
        assert re.search(rf"\b{kind.__name__} +{int(kind.exit_code)}\b", drawn)
