"""A real model in this process: streaming, limits, stopping, and recalling what was evaluated before."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from codereader.cancel import Cancelled, CancelToken
from codereader.engine.embedded import cells as cells_module
from codereader.engine.embedded import memory as memory_module
from codereader.engine.embedded.llama import LlamaEngine
from codereader.engine.embedded.voice import bytes_of
from codereader.engine.protocol import Finished, Piece, Prefill, Prompt, Sampling
from codereader.engine.state.container import Kind
from codereader.engine.state.store import StateStore
from codereader.errors import BudgetTooSmall, ModelError


@pytest.fixture
def prompt(tiny):
    """A base of 150 tokens (2 batches and a rest) and a question."""
    return Prompt(tiny.source[:150], tiny.question("What does it return?"))


def prefills(events):
    return [event for event in events if isinstance(event, Prefill)]


def reused(events):
    return events[-1].usage.reused_tokens


def test_an_answer_comes_as_progress_then_text_then_its_end(tiny, engine, prompt):
    """Progress goes up to the whole prompt, the text follows, one end closes it."""
    events = tiny.run(engine, prompt, max_tokens=5)

    kinds = [type(event) for event in events]
    assert sorted(kinds, key=[Prefill, Piece, Finished].index) == kinds
    assert 1 == kinds.count(Finished)
    assert prefills(events)[-1].done == prefills(events)[-1].total == len(prompt)


def test_progress_is_told_after_each_batch(tiny, engine, prompt):
    """A base is cut at multiples of the batch, its rest and the tail are batches of their own."""
    tiny.run(engine, Prompt((), (5,)), max_tokens=1)

    events = tiny.run(engine, prompt, max_tokens=1)

    assert [0, 64, 128, 150, len(prompt)] == [event.done for event in prefills(events)]


def test_usage_adds_up(tiny, engine, prompt):
    """The figures of the footer fit each other."""
    usage = tiny.run(engine, prompt, max_tokens=7)[-1].usage

    assert (len(prompt), 7, len(prompt) + 6, 1024) == (
        usage.prompt_tokens,
        usage.completion_tokens,
        usage.context_used,
        usage.context_size,
    )
    assert 0 < usage.prompt_seconds <= usage.first_token_seconds < usage.total_seconds
    assert "100% CPU" == usage.processor


def test_greedy_answers_repeat(tiny, engine, prompt):
    """The same question gives the same text, from the same engine and from a new one."""
    first, second = (tiny.text(tiny.run(engine, prompt, max_tokens=12)) for _ in range(2))
    other = tiny.load()
    third = tiny.text(tiny.run(other, prompt, max_tokens=12))
    other.close()

    assert first
    assert first == second == third


def test_a_seed_makes_sampling_repeat(tiny, engine, prompt):
    """With a temperature the seed decides: equal seeds agree, others differ."""
    texts = [tiny.text(tiny.run(engine, prompt, max_tokens=16, temperature=1.5, seed=seed)) for seed in (1, 1, 2, -1)]

    assert texts[0] == texts[1]
    assert 3 == len(set(texts))


def test_the_model_ends_its_answer(tiny, engine):
    """An end-of-turn token stops the run and is not shown."""
    events = tiny.run(engine, Prompt((), tiny.question("What is 2+2?")), max_tokens=60)

    assert ("The answer is: 4", "stop", 6) == (tiny.text(events), events[-1].reason, events[-1].usage.completion_tokens)


def test_the_answer_ends_at_its_limit(tiny, engine, prompt):
    """Never more tokens than asked for."""
    end = tiny.run(engine, prompt, max_tokens=3)[-1]

    assert ("max tokens", 3) == (end.reason, end.usage.completion_tokens)


def test_the_answer_ends_when_the_context_is_full(tiny):
    """The last token that fits is shown, and the reason says why no more come."""
    engine = tiny.load(plan=tiny.plan(256))
    prompt = Prompt((), (tiny.tokens("a b c d e f g h ") * 40)[:250])

    end = tiny.run(engine, prompt, max_tokens=50)[-1]
    engine.close()

    assert ("context full", 256, 7) == (end.reason, end.usage.context_used, end.usage.completion_tokens)


def test_characters_arrive_whole(tiny, engine):
    """Characters made of several tokens are held back until they are complete."""
    events = tiny.run(engine, Prompt((), tiny.question("Repeat after me: " + "🦀日本語" * 4)), max_tokens=40)

    pieces = [event.text for event in events if isinstance(event, Piece)]
    assert "🦀日本語🦀日本語" in "".join(pieces)
    assert not any("\ufffd" in piece for piece in pieces[:-1])
    assert len(pieces) < events[-1].usage.completion_tokens


def test_a_character_cut_off_by_the_limit_is_marked(tiny, engine):
    """A limit inside a character leaves the mark of a missing one, not a broken byte."""
    question = Prompt((), tiny.question("Repeat after me: " + "🦀日本語" * 4))

    text = tiny.text(tiny.run(engine, question, max_tokens=1))

    assert "\ufffd" == text


def test_control_tokens_write_nothing(tiny, engine):
    """<|im_start|> in an answer would be invisible."""
    import llama_cpp

    vocabulary = llama_cpp.llama_model_get_vocab(engine._model)

    assert [b"", b"{"] == [bytes_of(vocabulary, token) for token in tiny.tokens("<|im_start|>{")]


@pytest.mark.parametrize(
    ("base", "tail", "limit", "error", "words"),
    [
        ((), (), 1, ValueError, "prompt is empty"),
        ((5,), (), 0, ValueError, "max_tokens is 0"),
        ((5,), (49_152,), 1, ValueError, "not among the model's 49,152"),
        ((-1,), (5,), 1, ValueError, "not among"),
        ((5,) * 1020, (5,) * 4, 1, BudgetTooSmall, "1,024 tokens and the context window 1,024"),
    ],
)
def test_an_impossible_request_is_refused(tiny, engine, base, tail, limit, error, words):
    """What cannot work is said before anything is evaluated."""
    with pytest.raises(error, match=words):
        tiny.run(engine, Prompt(base, tail), max_tokens=limit)


def test_a_prompt_may_have_no_tail(tiny, engine):
    """A base alone is answered too, again when it is recalled whole."""
    prompt = Prompt(tiny.source[:100], ())

    texts = [tiny.text(tiny.run(engine, prompt, max_tokens=4)) for _ in range(2)]

    assert texts[0]
    assert texts[0] == texts[1]


def test_an_engine_can_be_closed_twice_and_not_used_after(tiny, prompt):
    """Closing is harmless; asking a closed engine is a mistake of the program; loading again works."""
    engine = tiny.load()
    engine.load(CancelToken())
    engine.close()
    engine.close()

    with pytest.raises(ValueError, match="not loaded"):
        tiny.run(engine, prompt)
    engine.load(CancelToken())
    assert tiny.run(engine, prompt, max_tokens=1)
    engine.close()


def test_an_answer_that_nobody_reads_to_its_end_frees_its_parts(tiny, engine, prompt):
    """Leaving the loop early leaves the engine fit for the next question."""
    for event in engine.generate(prompt, Sampling(), CancelToken()):
        if isinstance(event, Piece):
            break

    assert tiny.text(tiny.run(engine, prompt, max_tokens=4))


class TestRecall:
    """What was evaluated before is not evaluated again, and no bit of the answer tells."""

    def test_a_second_question_evaluates_only_itself(self, tiny, engine, prompt):
        """The base stays in the context; the logits are bit for bit those of a cold run."""
        cold_engine = tiny.load()
        second = Prompt(prompt.base, tiny.question("Name the struct."))
        cold = tiny.first_logits(cold_engine, second)
        cold_engine.close()
        tiny.run(engine, prompt, max_tokens=9)

        events = tiny.run(engine, second, max_tokens=1)

        assert [150, len(second)] == [event.done for event in prefills(events)]
        assert cold == tiny.first_logits(engine, second)

    def test_a_new_process_takes_the_base_from_disk(self, tiny, tmp_path, prompt):
        """A fresh engine with the same store evaluates no token of the base; logits and text are the same bits."""
        store = StateStore(tmp_path)
        miss = tiny.load(store)
        logits, text = tiny.first_logits(miss, prompt), tiny.text(tiny.run(miss, prompt, max_tokens=24))
        miss.close()
        hit = tiny.load(store)

        events = tiny.run(hit, prompt, max_tokens=24)

        assert 150 == reused(events)
        assert text == tiny.text(events)
        assert logits == tiny.first_logits(hit, prompt)
        hit.close()

    def test_a_changed_base_keeps_its_unchanged_batches(self, tiny, tmp_path, prompt):
        """An edit after 100 tokens leaves one batch of 64; the rest is evaluated, with a cold run's bits."""
        changed = Prompt((*prompt.base[:100], 5, *prompt.base[101:]), prompt.tail)
        cold_engine = tiny.load()
        cold = tiny.first_logits(cold_engine, changed)
        cold_engine.close()
        store = StateStore(tmp_path)
        before = tiny.load(store)
        tiny.run(before, prompt, max_tokens=1)
        before.close()
        engine = tiny.load(store)

        events = tiny.run(engine, changed, max_tokens=1)

        assert 64 == reused(events)
        assert cold == tiny.first_logits(engine, changed)
        engine.close()

    def test_a_longer_base_goes_on_where_the_shorter_ended_a_batch(self, tiny, tmp_path, prompt):
        """A base that grew reuses all whole batches of the one before, in the context and from disk alike."""
        longer = Prompt(tiny.source[:220], prompt.tail)
        store = StateStore(tmp_path)
        engine = tiny.load(store)
        tiny.run(engine, prompt, max_tokens=1)
        engine.close()
        here = tiny.load()
        tiny.run(here, prompt, max_tokens=1)
        engine = tiny.load(store)

        events = [tiny.run(one, longer, max_tokens=1) for one in (here, engine)]

        assert [128, 128] == [reused(one) for one in events]
        assert [0, 128] == [one[-1].usage.disk_tokens for one in events]
        assert tiny.first_logits(here, longer) == tiny.first_logits(engine, longer)
        here.close()
        engine.close()

    def test_no_more_is_read_than_the_context_could_hold(self, tiny, tmp_path, prompt):
        """A file of any size that is forged in a block's place makes no memory be taken."""
        store = StateStore(tmp_path)
        engine = tiny.load(store)
        tiny.run(engine, prompt, max_tokens=1)
        engine.close()
        first = max(tmp_path.glob("*.block"), key=lambda path: path.stat().st_size)
        size = first.stat().st_size

        engine = tiny.load(store)
        kept = engine._memory._kept
        most = kept._most(engine._memory._chain(prompt.base), Kind.ROWS)
        engine.close()

        assert size < most < 2 * size + (1 << 20)

    def test_other_settings_do_not_share_state(self, tiny, tmp_path, prompt):
        """Another batch size or number of threads may round differently, so its state is not used."""
        store = StateStore(tmp_path)
        engine = tiny.load(store)
        tiny.run(engine, prompt, max_tokens=1)
        engine.close()

        counts = []
        for plan in (tiny.plan(1024, threads=2), tiny.plan(2048)):
            engine = tiny.load(store, plan)
            counts.append(reused(tiny.run(engine, prompt, max_tokens=1)))
            engine.close()

        assert [0, 150] == counts

    def test_what_cannot_be_gone_on_from_costs_one_evaluation(self, tiny, tmp_path, prompt, monkeypatch):
        """Where llama.cpp fails right behind a state from disk, that is deleted, and the answer is a cold run's."""
        store = StateStore(tmp_path)
        engine = tiny.load(store)
        cold = tiny.first_logits(engine, prompt)
        engine.close()
        engine = tiny.load(store)
        decode = memory_module.llama_cpp.llama_decode
        results = iter([-1])
        monkeypatch.setattr(
            memory_module.llama_cpp, "llama_decode", lambda *given: next(results, None) or decode(*given)
        )

        events = tiny.run(engine, prompt, max_tokens=1)

        assert (0, 0) == (reused(events[-3:]), events[-1].usage.disk_tokens)
        assert [150, 0, 64, 128, 150] == [event.done for event in prefills(events)][:5]
        assert cold == tiny.first_logits(engine, prompt)
        engine.close()

    def test_a_failure_without_a_state_is_told(self, tiny, prompt, monkeypatch):
        """Where nothing came from disk, llama.cpp's failure is the answer."""
        engine = tiny.load()
        monkeypatch.setattr(memory_module.llama_cpp, "llama_decode", lambda *_given: -1)

        with pytest.raises(ModelError):
            tiny.run(engine, prompt, max_tokens=1)
        engine.close()

    def test_where_nothing_may_be_kept_nothing_is_cut_out(self, tiny, tmp_path, prompt, monkeypatch):
        """A store without a budget, and memory that is short, leave the answer as it is."""
        plain = tiny.load()
        cold = tiny.first_logits(plain, prompt)
        plain.close()
        none, short = StateStore(tmp_path / "a", budget=0), StateStore(tmp_path / "b")
        cut = []

        def no_memory(_cells, start, end):
            cut.append((start, end))
            raise MemoryError

        monkeypatch.setattr(cells_module.Cells, "cut", no_memory)
        logits = []
        for store in (none, short):
            engine = tiny.load(store)
            logits.append(tiny.first_logits(engine, prompt))
            engine.close()

        assert [cold, cold] == logits
        assert [(0, 64), (64, 128), (128, 150)] == cut
        assert not list(tmp_path.glob("*/*.block"))

    def test_a_store_that_cannot_be_written_changes_nothing(self, tiny, tmp_path, prompt):
        """Without a place for state the answer is the same."""
        (tmp_path / "file").write_text("")
        engine = tiny.load(StateStore(tmp_path / "file"))

        assert tiny.text(tiny.run(engine, prompt, max_tokens=4))
        engine.close()


class TestCancel:
    """A stop takes effect inside a batch, between batches, and between tokens."""

    def test_before_anything(self, engine, prompt):
        """A token that is set already stops the run at once."""
        cancel = CancelToken()
        cancel.cancel()

        with pytest.raises(Cancelled):
            next(engine.generate(prompt, Sampling(), cancel))

    def test_between_batches(self, tiny, engine, prompt):
        """What was evaluated until then is kept: the next run goes on from there, to the same bits."""
        fresh = tiny.load()
        cold = tiny.first_logits(fresh, prompt)
        fresh.close()
        tiny.run(engine, Prompt((), (5,)), max_tokens=1)
        cancel = CancelToken()
        events = engine.generate(prompt, Sampling(), cancel)
        next(event for event in events if event.done == 64)
        cancel.cancel()
        with pytest.raises(Cancelled):
            next(events)

        events = tiny.run(engine, prompt, max_tokens=1)

        assert 64 == reused(events)
        assert cold == tiny.first_logits(engine, prompt)

    def test_inside_a_batch(self, tiny, monkeypatch):
        """llama.cpp gives up in the middle of one batch; no later event comes, and the engine stays usable."""
        engine = tiny.load(plan=tiny.plan(1024, micro_batch=512))
        prompt = Prompt(tiny.source[:600], (5,))
        cancel = CancelToken()
        decode = memory_module.llama_cpp.llama_decode
        results = []

        def slow_down(*arguments):
            threading.Timer(0.05, cancel.cancel).start()
            results.append(decode(*arguments))
            return results[-1]

        monkeypatch.setattr(memory_module.llama_cpp, "llama_decode", slow_down)
        seen = []
        with pytest.raises(Cancelled):
            seen.extend(engine.generate(prompt, Sampling(), cancel))
        monkeypatch.undo()

        assert ([2], [0]) == (results, [event.done for event in prefills(seen)])
        assert tiny.text(tiny.run(engine, prompt, max_tokens=3))
        engine.close()

    def test_between_tokens(self, engine, prompt):
        """An answer stops after the token that is being shown."""
        cancel = CancelToken()
        events = engine.generate(prompt, Sampling(max_tokens=50), cancel)
        next(event for event in events if isinstance(event, Piece))
        cancel.cancel()

        with pytest.raises(Cancelled):
            next(events)


class TestLoad:
    """Loading tells how far it is, and can be stopped."""

    def test_progress_rises_to_one(self, tiny):
        """The share of loaded weights never falls and ends at 1."""
        shares = []
        engine = LlamaEngine(tiny.plan(), tiny.path)
        engine.load(CancelToken(), shares.append)
        engine.close()

        assert sorted(shares) == shares
        assert 1.0 == shares[-1]

    def test_a_load_can_be_cancelled(self, tiny):
        """A token set while loading stops it, and the engine can be loaded again."""
        cancel = CancelToken()
        engine = LlamaEngine(tiny.plan(), tiny.path)
        with pytest.raises(Cancelled):
            engine.load(cancel, lambda _share: cancel.cancel())

        engine.load(CancelToken())
        engine.close()

    def test_an_error_in_the_callback_comes_out(self, tiny):
        """What a progress callback raises is raised by load, not printed by ctypes."""
        engine = LlamaEngine(tiny.plan(), tiny.path)

        def fail(_share):
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            engine.load(CancelToken(), fail)


CHILD = """
import signal, sys
from dataclasses import replace
from pathlib import Path
from codereader.cancel import Cancelled, CancelToken
from codereader.engine.hardware.devices import inventory
from codereader.engine.embedded.llama import LlamaEngine
from codereader.engine.plan import Need
from codereader.engine.planning.planner import plan
from codereader.engine.protocol import Prefill, Prompt, Sampling
from codereader.model.gguf import read_header

path, tokens = Path(sys.argv[1]), int(sys.argv[2])
cancel = CancelToken()
signal.signal(signal.SIGINT, lambda *_: cancel.cancel())
made = plan(read_header(path), inventory(), Need(tokens, 8, device="cpu"))
engine = LlamaEngine(replace(made, micro_batch=512), path)
engine.load(cancel)
prompt = Prompt(tuple(range(1000, 1000 + tokens - 1)), (5,))
try:
    for event in engine.generate(prompt, Sampling(max_tokens=4), cancel):
        if isinstance(event, Prefill):
            sys.stdout.write(f"{event.done}\\n")
            sys.stdout.flush()
except Cancelled:
    sys.stdout.write("cancelled\\n")
engine.close()
"""


WRITER = """
import sys
from pathlib import Path
from codereader.cancel import CancelToken
from codereader.engine.protocol import Prompt, Sampling
from codereader.engine.state.store import StateStore
from tests.engine.conftest import Tiny

tiny = Tiny()
engine = tiny.load(StateStore(Path(sys.argv[1])))
for event in engine.generate(Prompt(tiny.source[:640], (5,)), Sampling(max_tokens=1), CancelToken()):
    sys.stdout.write(f"{event.done}\\n" if hasattr(event, "done") else "end\\n")
    sys.stdout.flush()
"""


def test_a_killed_prefill_loses_a_batch_at_most(tiny, tmp_path):
    """After a kill -9 in the middle, the next process takes up what was evaluated, to the bits of a cold run."""
    child = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2], text=True
    )
    for line in child.stdout:
        if int(line) >= 320:
            break
    child.kill()
    child.communicate()
    prompt = Prompt(tiny.source[:640], (5,))
    plain = tiny.load()
    cold = tiny.first_logits(plain, prompt)
    plain.close()
    engine = tiny.load(StateStore(tmp_path))

    events = tiny.run(engine, prompt, max_tokens=1)

    assert 320 - 64 <= reused(events) < 640
    assert reused(events) == events[-1].usage.disk_tokens
    assert cold == tiny.first_logits(engine, prompt)
    engine.close()


def test_llama_writes_nothing_to_the_terminal(tiny):
    """Loading and answering leave both streams to the program: two lines of ours, none of llama.cpp's."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(tiny.path), "2"], capture_output=True, text=True, timeout=120, check=True
    )

    assert ("0\n1\n2\n", "") == (done.stdout, done.stderr)


@pytest.mark.skipif(sys.platform == "win32", reason="a process cannot be sent an interrupt alone on Windows")
def test_ctrl_c_stops_a_prefill_in_the_middle_of_a_batch(tiny):
    """A real SIGINT during the first of six batches ends the run before that batch does."""
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(tiny.path), "3000"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert "0\n" == child.stdout.readline()
    time.sleep(0.2)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=120)

    assert ("cancelled\n", "", 0) == (out, err, child.returncode)
