"""The chain of samplers that picks the next token, built from llama.cpp's own."""

from __future__ import annotations

from typing import Any

from codereader import native
from codereader.engine.protocol import MIN_P, TOP_K, TOP_P, Sampling

llama_cpp = native.llama()

_RANDOM_SEED = 0xFFFFFFFF
"""The one seed that llama.cpp replaces by a random one."""


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
