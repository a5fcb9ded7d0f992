"""The next token of a reply: chosen by a chain of llama.cpp's own samplers, held against a grammar if there is one."""

from __future__ import annotations

from typing import Any

from codereader import native
from codereader.engine.embedded.grammar import Grammar
from codereader.engine.protocol import MIN_P, TOP_K, TOP_P, Sampling

llama_cpp = native.llama()

_RANDOM_SEED = 0xFFFFFFFF
"""The one seed that llama.cpp replaces by a random one."""


class Sampler:
    """Chooses tokens for one reply. The caller closes it."""

    def __init__(self, context: Any, sampling: Sampling) -> None:
        """Make the chain and parse the grammar. Raises: UsageError for a bad grammar."""
        self._context = context
        self._vocabulary = llama_cpp.llama_model_get_vocab(llama_cpp.llama_get_model(context))
        needed = 1 if sampling.temperature <= 0 else TOP_K
        self._grammar = None if sampling.grammar is None else Grammar(self._vocabulary, sampling.grammar, needed)
        self._chain = make_chain(sampling)

    def choose(self, *, by_grammar: bool, free: int | None = None) -> int | None:
        """Return the next token by the last logits, None where it ends the reply or the grammar allows none.

        Without *by_grammar* the grammar rests; the token *free* is no part of what follows it.
        """
        liked = int(llama_cpp.llama_sampler_sample(self._chain, self._context, -1))
        if self._grammar is None or not by_grammar or liked == free:
            return None if self._is_end(liked) else liked
        token = liked if self._grammar.allows(liked) else self._grammar.choose(self._chain, self._context)
        if token is None or self._is_end(token):
            return None
        self._grammar.accept(token)
        return token

    def _is_end(self, token: int) -> bool:
        return bool(llama_cpp.llama_vocab_is_eog(self._vocabulary, token))

    def close(self) -> None:
        """Free chain and grammar. Harmless when called twice."""
        chain, self._chain = self._chain, None
        if chain:
            llama_cpp.llama_sampler_free(chain)
        if self._grammar is not None:
            self._grammar.close()


def make_chain(sampling: Sampling) -> Any:
    """Return a new chain for *sampling*; the caller frees it with `llama_sampler_free`, which frees its parts."""
    parameters = llama_cpp.llama_sampler_chain_default_params()
    parameters.no_perf = True
    chain = llama_cpp.llama_sampler_chain_init(parameters)
    for part in _parts(sampling):
        llama_cpp.llama_sampler_chain_add(chain, part)
    return chain


def _parts(sampling: Sampling) -> tuple[Any, ...]:
    if sampling.temperature <= 0:
        return (llama_cpp.llama_sampler_init_greedy(),)
    return (
        llama_cpp.llama_sampler_init_top_k(TOP_K),
        llama_cpp.llama_sampler_init_top_p(TOP_P, 1),
        llama_cpp.llama_sampler_init_min_p(MIN_P, 1),
        llama_cpp.llama_sampler_init_temp(sampling.temperature),
        llama_cpp.llama_sampler_init_dist(sampling.seed % _RANDOM_SEED),
    )
