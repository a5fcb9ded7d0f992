"""The engine in a process of its own: the same answers, and a person who is served whatever happens to it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Timer

import psutil
import pytest

from codereader.cancel import Cancelled, CancelToken
from codereader.engine.embedded.llama import LlamaEngine
from codereader.engine.process import standby as standby_module
from codereader.engine.process.child import LOOK_SECONDS, Child
from codereader.engine.process.remote import RemoteEngine
from codereader.engine.process.standby import Standby
from codereader.engine.protocol import EngineEvent, Finished, Piece, Prefill, Prompt, Sampling
from codereader.engine.state.store import StateStore
from codereader.errors import (
    BudgetTooSmall,
    EngineEnded,
    ModelNotFound,
    ModelTooLarge,
    ModelUnreadable,
)

posix_only = pytest.mark.skipif(os.name == "nt", reason="Windows has no signals for other processes")


@pytest.fixture(scope="module")
def remote(tiny) -> Iterator[RemoteEngine]:
    """One engine in a process, for a module. It recalls what earlier tests asked."""
    engine = RemoteEngine(tiny.plan(), tiny.path)
    engine.load(CancelToken())
    yield engine
    engine.close()


def ended(process_id: int | None, seconds: float = 30) -> bool:
    """Whether a process ends within *seconds*. One that nobody has waited for yet has ended too."""
    try:
        psutil.Process(process_id).wait(seconds)
    except psutil.NoSuchProcess:
        return True
    except psutil.TimeoutExpired:
        return psutil.Process(process_id).status() == psutil.STATUS_ZOMBIE
    return True


def at_each(kind: type[EngineEvent], events: Iterator[EngineEvent], act: Callable[[], object]) -> None:
    """Do *act* whenever an event of *kind* comes."""
    for event in events:
        if isinstance(event, kind):
            act()


def last(events: list[EngineEvent]) -> Finished:
    assert isinstance(events[-1], Finished)
    return events[-1]


class TestAnswers:
    """What is said is what the engine says in this process."""

    def test_the_answer_and_its_counts_are_the_same(self, tiny, engine, remote):
        """Greedy and with a seed: the same pieces, the same reason, the same numbers of tokens."""
        prompt = Prompt(tiny.source[:200], tiny.question("What does field_3 return?"))
        for sampling in ({"max_tokens": 24}, {"max_tokens": 16, "temperature": 0.8, "seed": 7}):
            here, there = tiny.run(engine, prompt, **sampling), tiny.run(remote, prompt, **sampling)

            assert [e for e in here if isinstance(e, Piece)] == [e for e in there if isinstance(e, Piece)]
            assert last(here).reason == last(there).reason
            for count in ("prompt_tokens", "completion_tokens", "context_used", "context_size", "processor"):
                assert getattr(last(here).usage, count) == getattr(last(there).usage, count)

    def test_an_answer_that_is_enough_ends_after_the_same_piece(self, tiny, engine, remote):
        """The process runs ahead of who listens; what it said meanwhile is neither shown nor counted."""
        prompt = Prompt(tiny.source[:100], tiny.question("Count to one hundred."))

        def heard(one: LlamaEngine | RemoteEngine) -> tuple[str, str, int, int]:
            enough, text = CancelToken(), ""
            for event in one.generate(prompt, Sampling(max_tokens=60), CancelToken(), enough):
                if isinstance(event, Piece):
                    text += event.text
                    time.sleep(0.05)
                    if len(text) > 12:
                        enough.cancel()
                if isinstance(event, Finished):
                    return text, event.reason, event.usage.completion_tokens, event.usage.context_used
            raise AssertionError("it did not end")

        assert heard(engine) == heard(remote)

    def test_the_base_is_recalled_by_the_next_question(self, tiny, remote):
        """One load serves many questions, and a base that was evaluated is not evaluated again."""
        base = tiny.source[:192]
        tiny.run(remote, Prompt(base, tiny.question("One?")), max_tokens=2)
        process = remote.process_id

        again = tiny.run(remote, Prompt(base, tiny.question("Two?")), max_tokens=2)

        assert 192 == last(again).usage.reused_tokens
        assert process == remote.process_id

    def test_saved_state_serves_the_next_process(self, tiny, tmp_path):
        """A second process reads what the first evaluated, and says what it would have said."""
        prompt = Prompt(tiny.source[:320], tiny.question("What is this?"))
        said = []
        for _ in range(2):
            one = RemoteEngine(tiny.plan(), tiny.path, tmp_path / "state")
            one.load(CancelToken())
            said.append(tiny.run(one, prompt, max_tokens=8))
            one.close()
        here = tiny.load(StateStore(tmp_path / "state"))
        said.append(tiny.run(here, prompt, max_tokens=8))
        here.close()

        assert [0, 320, 320] == [last(events).usage.reused_tokens for events in said]
        assert [0, 320, 320] == [last(events).usage.disk_tokens for events in said]
        assert 1 == len({tiny.text(events) for events in said})

    def test_paths_may_be_relative_and_hold_any_bytes(self, tiny, tmp_path, monkeypatch):
        """The process works in another folder and is told names as they are."""
        name = "modèle\udcff.gguf" if os.name == "posix" and sys.platform != "darwin" else "modèle.gguf"
        (tmp_path / name).symlink_to(tiny.path)
        monkeypatch.chdir(tmp_path)
        one = RemoteEngine(tiny.plan(), Path(name), Path("state"))

        one.load(CancelToken())
        tiny.run(one, Prompt(tiny.source[:256], (5,)), max_tokens=1)
        one.close()

        assert 4 == len(list((tmp_path / "state").glob("*.block")))

    def test_the_load_tells_how_far_it_is_and_what_it_took(self, tiny):
        """Shares rise to one; sizes by device come across."""
        shares: list[float] = []
        one = RemoteEngine(tiny.plan(), tiny.path)
        here = tiny.load()

        one.load(CancelToken(), shares.append)

        assert sorted(shares) == shares
        assert 1.0 == shares[-1]
        assert here.buffers == one.buffers
        one.close()
        here.close()

    def test_it_needs_no_llama_here(self, tiny):
        """The process that serves the person never loads the library."""
        code = (
            "import json, sys; from pathlib import Path\n"
            "from codereader.cancel import CancelToken\n"
            "from codereader.engine.process.standby import Standby\n"
            "from codereader.engine.process.remote import RemoteEngine\n"
            "from codereader.engine.plan import Need\n"
            "from codereader.engine.planning.planner import plan\n"
            "from codereader.engine.protocol import Prompt, Sampling\n"
            "from codereader.model.gguf import read_header\n"
            "path = Path(sys.argv[1]); standby = Standby()\n"
            "made = plan(read_header(path), standby.machine(), Need(64, 8, device='cpu'))\n"
            "engine = RemoteEngine(made, path, None, standby.take); engine.load(CancelToken())\n"
            "events = list(engine.generate(Prompt((1,), (2,)), Sampling(2), CancelToken())); engine.close()\n"
            "json.dump([type(events[-1]).__name__, 'llama_cpp' in sys.modules], sys.stdout)\n"
        )

        done = subprocess.run([sys.executable, "-c", code, tiny.path], capture_output=True, text=True, check=True)

        assert ('["Finished", false]', "") == (done.stdout, done.stderr)


class TestErrors:
    """Errors come across as what they are."""

    def test_what_cannot_be_asked_is_refused_as_here(self, tiny, remote):
        """Prompts without tokens, with foreign ones or beyond the context; the engine can be asked again after that."""
        for prompt, error, words in (
            (Prompt((), ()), ValueError, "the prompt is empty"),
            (Prompt((), (1 << 30,)), ValueError, "not among the model's"),
            (Prompt((), (1,) * 1024), BudgetTooSmall, "the context window 1,024"),
        ):
            with pytest.raises(error, match=words):
                tiny.run(remote, prompt)

        assert last(tiny.run(remote, Prompt((), (1,)), max_tokens=1)).usage.completion_tokens == 1

    def test_an_engine_that_is_not_loaded_says_so(self, tiny):
        """Before a load and after a close."""
        one = RemoteEngine(tiny.plan(), tiny.path)
        with pytest.raises(ValueError, match="not loaded"):
            tiny.run(one, Prompt((1,), (2,)))
        one.load(CancelToken())
        one.close()
        one.close()

        with pytest.raises(ValueError, match="not loaded"):
            tiny.run(one, Prompt((1,), (2,)))

    def test_a_model_that_is_not_there_is_not_found(self, tiny, tmp_path):
        """The message, and the hint, are those of the engine."""
        with pytest.raises(ModelNotFound, match=r"no model file at .*missing\.gguf") as caught:
            RemoteEngine(tiny.plan(), tmp_path / "missing.gguf").load(CancelToken())

        assert ModelNotFound.hint == caught.value.hint

    def test_a_model_that_ends_llama_is_an_error(self, tiny, tmp_path):
        """A vocabulary that lists a token twice trips an assertion, which the person reads."""
        five = (5).to_bytes(8, "little")
        path = tmp_path / "twice.gguf"
        path.write_bytes(tiny.path.read_bytes().replace(five + b"array", five + b"field", 1))

        with pytest.raises(ModelUnreadable) as caught:
            RemoteEngine(tiny.plan(), path).load(CancelToken())

        message = str(caught.value)
        assert message.startswith(f"cannot load {path}: the engine ended: ")
        assert "llama-vocab.cpp" in message
        assert "GGML_ASSERT" in message
        assert message.isprintable()

    def test_memory_that_is_not_there_is_a_model_too_large(self, tiny):
        """A context that nothing can hold is told as such; the next load works."""
        with pytest.raises(ModelTooLarge, match="context of 300,000,000 tokens"):
            RemoteEngine(tiny.plan(context=300_000_000), tiny.path).load(CancelToken())

    @pytest.mark.parametrize(
        ("body", "words"),
        [
            ("os.write(1, b'nonsense\\n')", "cannot be understood"),
            ("os.write(1, b'[1, 2]\\n')", "cannot be understood"),
            ('os.write(1, b\'{"event": "hello"}\\n\')', "no greeting"),
            ("os.write(1, b'x' * (1 << 20))", "too long"),
            ('os.write(1, b\'{"event": "hello", "version": "v"}\\n{"event": "loading", "share": NaN}\\n\')', "NaN"),
            ('os.write(1, b\'{"event": "hello", "version": "v"}\\n{"event": "loading", "share": 2}\\n\')', "share"),
            ('os.write(1, b\'{"event": "hello", "version": "v"}\\n{"event": "loaded", "buffers": {}}\\n\')', "lacks"),
            ('os.write(1, b\'{"event": "error"}\\n\')', "no error"),
            ("os.write(2, b'\\x1b[31mfatal: boo\\n'); os._exit(3)", r"exit code 3: \\x1b\[31mfatal: boo"),
        ],
    )
    def test_nonsense_from_the_process_is_an_error(self, tiny, tmp_path, monkeypatch, body, words):
        """Whatever a process says that has read a hostile file: one printable sentence, and the process is ended."""
        started: list[Child] = []
        one = RemoteEngine(tiny.plan(), tiny.path, None, pretend(tmp_path, monkeypatch, body, started))

        with pytest.raises(EngineEnded, match=words) as caught:
            one.load(CancelToken())

        assert str(caught.value).isprintable()
        assert ended(started[0].process_id)

    def test_an_unknown_error_is_a_bug_with_its_trace(self, tiny, tmp_path, monkeypatch):
        """No class is looked up by a name that the process says; where it came from is kept for the log."""
        body = (
            'os.write(1, b\'{"event": "error", "error": "SystemExit", "message": "bad", "hint": "", '
            '"trace": "line 1"}\\n\')'
        )
        one = RemoteEngine(tiny.plan(), tiny.path, None, pretend(tmp_path, monkeypatch, body, []))

        with pytest.raises(RuntimeError, match="SystemExit: bad") as caught:
            one.load(CancelToken())

        assert ["line 1"] == caught.value.__notes__


def pretend(tmp_path: Path, monkeypatch, body: str, started: list[Child]) -> Callable[[], Child]:
    """Return what starts a process that does *body* instead of serving, and then waits until its input ends."""
    code = f"import os, sys, time\n\ndef serve():\n    {body}\n    sys.stdin.buffer.read()\n"
    (tmp_path / "pretended.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)

    def start() -> Child:
        started.append(Child("pretended"))
        return started[-1]

    return start


@posix_only
class TestCrashes:
    """The process dies; this one lives on and starts another."""

    @pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGABRT, signal.SIGSEGV])
    def test_while_it_answers(self, tiny, number):
        """What was said stands, the error names the signal, and the next question is answered by a new process."""
        one = RemoteEngine(tiny.plan(), tiny.path)
        one.load(CancelToken())
        first = one.process_id
        answer = one.generate(
            Prompt((), tiny.question("Count to one thousand.")), Sampling(max_tokens=900), CancelToken()
        )
        with pytest.raises(EngineEnded, match=f"signal {int(number)}"):
            at_each(Piece, answer, lambda: os.kill(first or 0, number))

        assert last(tiny.run(one, Prompt((1,), (2,)), max_tokens=2)).usage.completion_tokens > 0
        assert first != one.process_id
        one.close()

    def test_while_it_reads(self, tiny):
        """Inside the evaluation of a prompt."""
        one = RemoteEngine(tiny.plan(), tiny.path)
        one.load(CancelToken())

        answer = one.generate(Prompt(tiny.source[:900], (5,)), Sampling(), CancelToken())

        with pytest.raises(EngineEnded, match="signal 9"):
            at_each(Prefill, answer, lambda: os.kill(one.process_id or 0, signal.SIGKILL))

        one.close()

    def test_while_it_loads(self, tiny):
        """A process that the system ends while it takes memory most likely had not enough."""
        one = RemoteEngine(tiny.plan(), tiny.path)

        with pytest.raises(ModelTooLarge, match=r"signal 9 .* ran out of memory"):
            one.load(CancelToken(), lambda _: os.kill(one.process_id or 0, signal.SIGKILL))

        assert one.process_id is None

    def test_between_two_questions(self, tiny):
        """Nobody notices."""
        one = RemoteEngine(tiny.plan(), tiny.path)
        one.load(CancelToken())
        os.kill(one.process_id or 0, signal.SIGKILL)
        assert ended(one.process_id)

        assert last(tiny.run(one, Prompt((1,), (2,)), max_tokens=2)).usage.completion_tokens > 0
        one.close()

    def test_a_process_that_is_stopped_goes_on(self, tiny, remote):
        """Whoever stopped it, its owner is not left waiting for ever, and the answer is the same."""
        prompt = Prompt((), tiny.question("Count to ten."))
        undisturbed = tiny.text(tiny.run(remote, prompt, max_tokens=8))
        said: list[EngineEvent] = []

        for event in remote.generate(prompt, Sampling(max_tokens=8), CancelToken()):
            said.append(event)
            if sum(isinstance(one, Piece) for one in said) == 2:
                os.kill(remote.process_id or 0, signal.SIGSTOP)

        assert undisturbed == tiny.text(said)

    def test_it_does_not_outlive_its_owner(self, tiny):
        """An owner that is ended without a word leaves no process behind, also while that evaluates."""
        code = (
            "import sys; from pathlib import Path\n"
            "from codereader.cancel import CancelToken\n"
            "from codereader.engine.process.plain import from_plain\n"
            "from codereader.engine.process.remote import RemoteEngine\n"
            "from codereader.engine.plan import Plan\n"
            "from codereader.engine.protocol import Prompt, Sampling\n"
            "import json; engine = RemoteEngine(from_plain(Plan, json.loads(sys.argv[2])), Path(sys.argv[1]))\n"
            "engine.load(CancelToken())\n"
            "for _ in engine.generate(Prompt((1,) * 900, (2,)), Sampling(100), CancelToken()):\n"
            "    print(engine.process_id, flush=True)\n"
        )
        plain = plan_as_json(tiny.plan())
        with subprocess.Popen([sys.executable, "-c", code, tiny.path, plain], stdout=subprocess.PIPE) as owner:
            assert owner.stdout is not None
            process_id = int(owner.stdout.readline())
            assert psutil.pid_exists(process_id)
            owner.kill()

        assert ended(process_id)

    @posix_only
    def test_what_it_evaluated_outlives_its_owner(self, tiny, tmp_path):
        """A killed run loses at most the slice that it was at, however slow its disk is compared with its memory."""
        code = (
            "import sys; from pathlib import Path\n"
            "from codereader.cancel import CancelToken\n"
            "from codereader.engine.process.plain import from_plain\n"
            "from codereader.engine.process.remote import RemoteEngine\n"
            "from codereader.engine.plan import Plan\n"
            "from codereader.engine.protocol import Prompt, Sampling\n"
            "import json, os; plan = from_plain(Plan, json.loads(sys.argv[2]))\n"
            "engine = RemoteEngine(plan, Path(sys.argv[1]), Path(sys.argv[3]))\n"
            "engine.load(CancelToken())\n"
            "print(engine.process_id, flush=True)\n"
            "for event in engine.generate(Prompt((1,) * 1024, (2,)), Sampling(100), CancelToken()):\n"
            "    if event.done:\n"
            "        os.kill(os.getpid(), 9)\n"
        )
        plan, state = tiny.plan(micro_batch=512, context=2048), tmp_path / "state"
        done = subprocess.run(
            [sys.executable, "-c", code, tiny.path, plan_as_json(plan), state],
            stdout=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip

        assert -signal.SIGKILL == done.returncode
        assert ended(int(done.stdout))
        again = RemoteEngine(plan, tiny.path, state)
        again.load(CancelToken())
        assert 512 <= last(tiny.run(again, Prompt((1,) * 1024, (2,)), max_tokens=1)).usage.disk_tokens
        again.close()


def plan_as_json(plan) -> str:
    import json

    from codereader.engine.process.plain import to_plain

    return json.dumps(to_plain(plan))


class TestStopping:
    """Stops are obeyed at once, by the process or by its end."""

    def test_what_was_evaluated_is_not_lost(self, tiny, tmp_path):
        """A person who stops a prompt and leaves at once finds each finished slice again."""
        base, plan = tiny.source[:1024], tiny.plan(micro_batch=512, context=2048)
        cancel = CancelToken()
        one = RemoteEngine(plan, tiny.path, tmp_path / "state")
        one.load(cancel)
        process, reached = one.process_id, [0]

        def stop_at(events: Iterator[EngineEvent]) -> None:
            for event in events:
                assert isinstance(event, Prefill)
                reached.append(event.done)
                if event.done:
                    cancel.cancel()

        with pytest.raises(Cancelled):
            stop_at(one.generate(Prompt(base, (1, 2)), Sampling(max_tokens=1), cancel))
        one.close()

        assert ended(process)
        assert 512 <= max(reached)
        again = RemoteEngine(plan, tiny.path, tmp_path / "state")
        again.load(CancelToken())
        assert max(reached) <= last(tiny.run(again, Prompt(base, (1, 2)), max_tokens=1)).usage.disk_tokens
        again.close()

    def test_before_it_begins(self, tiny):
        """Nothing is started for who has gone."""
        cancel = CancelToken()
        cancel.cancel()
        one = RemoteEngine(tiny.plan(), tiny.path)

        with pytest.raises(Cancelled):
            one.load(cancel)

        assert one.process_id is None

    def test_while_it_loads(self, tiny):
        """The engine can be loaded again."""
        cancel = CancelToken()
        one = RemoteEngine(tiny.plan(), tiny.path)
        with pytest.raises(Cancelled):
            one.load(cancel, lambda _: cancel.cancel())

        one.load(CancelToken())
        assert last(tiny.run(one, Prompt((1,), (2,)), max_tokens=1))
        one.close()

    @pytest.mark.parametrize("kind", [Prefill, Piece])
    def test_while_it_reads_or_answers(self, tiny, remote, kind):
        """After that the next question is answered as if there had been none before."""
        prompt = Prompt(tiny.source[:500], tiny.question("Count to one thousand."))
        expected = tiny.text(tiny.run(remote, prompt, max_tokens=6))
        cancel = CancelToken()

        answer = remote.generate(Prompt(tiny.source[:400], prompt.tail), Sampling(max_tokens=500), cancel)
        with pytest.raises(Cancelled):
            at_each(kind, answer, cancel.cancel)

        assert expected == tiny.text(tiny.run(remote, prompt, max_tokens=6))

    def test_an_answer_that_is_left_early_stops(self, tiny, remote):
        """Who closes the generator need not wait for the rest."""
        events = remote.generate(
            Prompt((), tiny.question("Count to one thousand.")), Sampling(max_tokens=900), CancelToken()
        )
        next(events)
        events.close()

        assert last(tiny.run(remote, Prompt((1,), (2,)), max_tokens=1)).usage.completion_tokens == 1

    def test_a_process_that_does_not_obey_is_ended(self, tiny, tmp_path, monkeypatch):
        """Deep inside one long step, say: the person does not wait for its end."""
        started: list[Child] = []
        body = 'os.write(1, b\'{"event": "hello", "version": "v"}\\n{"event": "loading", "share": 0.5}\\n\')'
        cancel = CancelToken()
        one = RemoteEngine(tiny.plan(), tiny.path, None, pretend(tmp_path, monkeypatch, body, started))

        with pytest.raises(Cancelled):
            one.load(cancel, lambda _: cancel.cancel())

        assert one.process_id is None
        assert ended(started[0].process_id)

    @posix_only
    def test_a_signal_while_nothing_comes(self, tiny, tmp_path, monkeypatch):
        """However long its handler takes, and though the process says nothing more."""
        body = 'os.write(1, b\'{"event": "hello", "version": "v"}\\n\')'
        started: list[Child] = []
        cancel = CancelToken()
        one = RemoteEngine(tiny.plan(), tiny.path, None, pretend(tmp_path, monkeypatch, body, started))

        def stop(*_: object) -> None:
            cancel.cancel()
            time.sleep(3 * LOOK_SECONDS)

        before = signal.signal(signal.SIGALRM, stop)
        too_late = Timer(30, lambda: started[0].kill())
        too_late.start()
        signal.setitimer(signal.ITIMER_REAL, 2)
        try:
            with pytest.raises(Cancelled):
                one.load(cancel)
        finally:
            signal.signal(signal.SIGALRM, before)
            too_late.cancel()

    def test_an_error_of_the_listener_comes_out(self, tiny):
        """What a progress callback raises is raised, and no process stays."""
        one = RemoteEngine(tiny.plan(), tiny.path)

        with pytest.raises(ZeroDivisionError):
            one.load(CancelToken(), lambda _: 1 / 0)  # type: ignore[arg-type,return-value]

        assert one.process_id is None


class TestStandby:
    """A process that waits."""

    def test_it_knows_the_machine_and_the_library(self):
        """As they are seen from here, but for the memory that changes all the time."""
        from codereader.engine.embedded.version import version
        from codereader.engine.hardware.devices import inventory

        standby, here = Standby(), inventory()

        there = standby.machine()

        assert version() == standby.version()
        assert [device.name for device in here.devices] == [device.name for device in there.devices]
        assert (here.physical_cores, here.memory_total, here.build) == (
            there.physical_cores,
            there.memory_total,
            there.build,
        )

    def test_drivers_that_crash_leave_a_machine_without_cards(self, tmp_path, monkeypatch):
        """The person hears why, and asks on the CPU."""
        monkeypatch.setattr(standby_module, "Child", pretend(tmp_path, monkeypatch, "os.abort()", []))
        standby = Standby()

        there = standby.machine()

        assert "the engine ended" in there.trouble
        assert ["cpu"] == [device.kind for device in there.devices]

    def test_waiting_for_it_ends_with_the_token(self, tmp_path, monkeypatch):
        """A driver that hangs does not hold who has pressed Ctrl-C."""
        cancel = CancelToken()
        monkeypatch.setattr(standby_module, "Child", pretend(tmp_path, monkeypatch, "pass", []))
        standby = Standby(cancel)
        cancel.cancel()

        with pytest.raises(Cancelled):
            standby.machine()

    def test_it_is_taken_once(self):
        """The second engine gets a process of its own."""
        standby = Standby()

        first, second = standby.take(), standby.take()

        assert first.process_id != second.process_id
        first.close()
        second.close()

    def test_it_ends_when_nobody_wants_it(self):
        """With the object that holds it."""
        standby = Standby()
        child = standby.take()
        child.close()
        standby = Standby()
        standby.machine()
        process_id = standby._waiting[0].process_id

        del standby

        assert ended(process_id)
