"""How a process ended is one sentence, of the kind that says what to do next."""

from __future__ import annotations

import subprocess

import pytest

from codereader import interpreter
from codereader.engine.process import child
from codereader.engine.process.child import Child, ended
from codereader.errors import EngineEnded, EngineUnusable, ModelTooLarge

BUILT = "/tmp/build-x1/vendor/llama.cpp/ggml/src/"


@pytest.mark.parametrize(
    ("code", "errors", "kind", "said"),
    [
        (-9, "", EngineEnded, "signal 9 (SIGKILL), most likely because the system ran out of memory"),
        (-4, "", EngineEnded, "signal 4 (SIGILL), most likely because llama.cpp was built for another processor"),
        (-11, "a note\n\n", EngineEnded, "signal 11 (SIGSEGV): a note"),
        (-200, "", EngineEnded, "signal 200"),
        (0, "", EngineEnded, "exit code 0"),
        (0xC0000409, "", EngineEnded, "exit code 0xc0000409"),
        (None, "", EngineEnded, "it closed its output"),
        (
            -6,
            f"{BUILT}ggml.c:12: GGML_ASSERT(a == b) failed\nbye\n",
            EngineEnded,
            "signal 6 (SIGABRT): ggml.c:12: GGML_ASSERT(a == b) failed",
        ),
        (
            -6,
            f"ggml_cuda: cudaMalloc failed: out of memory\n{BUILT}cuda.cu:90: CUDA error\n",
            ModelTooLarge,
            "signal 6 (SIGABRT): cuda.cu:90: CUDA error",
        ),
        (
            -6,
            f"{BUILT}x.c:1: GGML_ASSERT(ctx->mem_buffer != NULL) failed\n",
            ModelTooLarge,
            "signal 6 (SIGABRT): x.c:1: ",
        ),
        (-6, "terminate called after throwing 'std::bad_alloc'\n", ModelTooLarge, "signal 6 (SIGABRT): terminate"),
        (1, "out of memory\n" + "later\n" * 20, EngineEnded, "exit code 1: later"),
        (1, "\x1b[2Jerror: \u202eevil\n", EngineEnded, r"exit code 1: \x1b[2Jerror: \x202eevil"),
        (1, "error " + "x" * 10_000, EngineEnded, "exit code 1: error xxx"),
    ],
)
def test_how_it_ended(code, errors, kind, said) -> None:
    """The signal's name, the telling line without the folder of the build, no control characters, no end of text."""
    error = ended(code, errors)

    assert kind is type(error)
    assert str(error).startswith(f"the engine ended: {said}")
    assert str(error).isprintable()
    assert len(str(error)) < 400


def test_a_process_whose_threads_cannot_start_is_ended(monkeypatch) -> None:
    """Where the system gives no threads, as under `ulimit`, that is an error of one sentence, and nothing is left."""
    started: list[subprocess.Popen[bytes]] = []
    start = interpreter.start

    def noted(*what):
        started.append(start(*what))
        return started[0]

    class NoThread(child.Thread):
        def start(self) -> None:
            raise RuntimeError("can't start new thread")

    monkeypatch.setattr(interpreter, "start", noted)
    monkeypatch.setattr(child, "Thread", NoThread)

    with pytest.raises(EngineUnusable, match="cannot start the threads"):
        Child()
    assert started[0].poll() is not None


def test_a_process_that_cannot_be_started_is_an_error(monkeypatch) -> None:
    """A system that is full of processes says so."""

    def full(*_):
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(interpreter, "start", full)

    with pytest.raises(EngineUnusable, match="cannot start a process for the model: Resource temporarily"):
        Child()
