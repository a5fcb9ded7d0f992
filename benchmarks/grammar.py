"""What a grammar costs a token: ``python benchmarks/grammar.py [MODEL.gguf]``.

Three ways to choose each token of the same answer, in turns: without a grammar, with the grammar held against the token
that is chosen anyway (ours), and with the grammar held against the whole vocabulary first (as `llama_cpp.Llama` does).
Prints milliseconds a token that choosing takes, least and median over the rounds, and whether the texts are the same.
Read the ratios; the absolute figures belong to the machine and its load.
"""

from __future__ import annotations

import ctypes
import statistics
import sys
from dataclasses import replace
from pathlib import Path
from time import perf_counter

from decode import bundled_model

from codereader import native
from codereader.cancel import CancelToken
from codereader.engine.embedded.llama import LlamaEngine
from codereader.engine.embedded.sampler import Sampler
from codereader.engine.hardware.devices import inventory
from codereader.engine.plan import Need
from codereader.engine.planning.planner import plan
from codereader.engine.protocol import Piece, Prompt, Sampling
from codereader.model.gguf import read_header
from codereader.model.template import frame_of
from codereader.model.vocabulary import vocabulary_of

llama_cpp = native.llama()

ROUNDS = 5
ANSWER_TOKENS = 48
QUESTION = "List four functions of a file system as JSON, each with its name and why it is there."
GRAMMAR = r"""
root ::= "[" item ("," item)* "]"
item ::= "{\"name\": \"" [a-zA-Z0-9_ ]+ "\", \"why\": \"" [a-zA-Z0-9_ ,.']+ "\"}"
"""

chosen = Sampler.choose


def whole_vocabulary(self: Sampler, *, by_grammar: bool, free: int | None = None) -> int | None:
    """Choose as `llama_cpp.Llama` does: the grammar first, over all tokens."""
    grammar = self._grammar
    if grammar is None or not by_grammar:
        return chosen(self, by_grammar=by_grammar, free=free)
    row = grammar._filled(self._context)  # noqa: SLF001
    llama_cpp.llama_sampler_apply(grammar._sampler, ctypes.byref(row))  # noqa: SLF001
    llama_cpp.llama_sampler_apply(self._chain, ctypes.byref(row))
    token = int(row.data[row.selected].id)
    if self._is_end(token):
        return None
    grammar.accept(token)
    return token


def main() -> None:
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else bundled_model()
    header = read_header(path)
    frame, vocabulary = frame_of(header), vocabulary_of(header)
    head, asked, tail = (
        vocabulary.encode(text, special=text != QUESTION) for text in (frame.head, QUESTION, frame.tail)
    )
    prompt = Prompt((), (*head, *asked, *tail))
    made = plan(header, replace(inventory(), physical_cores=1), Need(len(prompt), ANSWER_TOKENS, device="cpu"))
    engine = LlamaEngine(made, path)
    engine.load(CancelToken())
    spent: list[float] = []

    def timed(choose: object) -> object:
        def wrapped(self: Sampler, *, by_grammar: bool, free: int | None = None) -> int | None:
            started = perf_counter()
            token = choose(self, by_grammar=by_grammar, free=free)  # type: ignore[operator]
            spent.append(1000 * (perf_counter() - started))
            return token  # type: ignore[no-any-return]

        return wrapped

    def run(choose: object, sampling: Sampling) -> str:
        spent.clear()
        Sampler.choose = timed(choose)  # type: ignore[method-assign, assignment]
        events = engine.generate(prompt, sampling, CancelToken())
        return "".join(event.text for event in events if isinstance(event, Piece))

    plain, bound = Sampling(ANSWER_TOKENS), Sampling(ANSWER_TOKENS, grammar=GRAMMAR)
    ways = {
        "none": (chosen, plain),
        "chosen token first": (chosen, bound),
        "whole vocabulary": (whole_vocabulary, bound),
    }
    costs: dict[str, list[float]] = {name: [] for name in ways}
    texts: dict[str, set[str]] = {name: set() for name in ways}
    for _ in range(ROUNDS):
        for name, (choose, sampling) in ways.items():
            texts[name].add(run(choose, sampling))
            costs[name].append(statistics.mean(spent))
    print(f"{header.name}, {header.vocab_size:,} tokens of vocabulary, {ANSWER_TOKENS} of answer, {ROUNDS} rounds")
    for name, values in costs.items():
        print(f"  {name:20} choosing takes {min(values):7.3f} ms a token, median {statistics.median(values):7.3f}")
    ours, theirs = (min(costs[name]) for name in ("chosen token first", "whole vocabulary"))
    print(f"  whole vocabulary / chosen token first: {theirs / ours:.1f}")
    print(f"  greedy: same text both ways: {texts['chosen token first'] == texts['whole vocabulary']}")
    seeded = replace(bound, temperature=0.7, seed=7)
    print(f"  seeded: same text twice: {run(chosen, seeded) == run(chosen, seeded)}")
    Sampler.choose = chosen  # type: ignore[method-assign]
    engine.close()


if __name__ == "__main__":
    main()
