"""The steps of layers that keep a state instead of a cache: Mamba, gated delta nets, short convolutions.

Written after src/models/mamba-base.cpp, delta-net-base.cpp, qwen3next.cpp and lfm2.cpp of llama.cpp.
Widths are 32-bit numbers a token.
"""

from __future__ import annotations

from functools import partial

from codereader.engine.footprint.parts import Finish, Layer


def mixed(layer: Layer, normed: int) -> Finish:
    """Add the steps of a layer with a convolution, up to the state that is scanned; return what ends them."""
    if layer.has("ssm_x"):
        return _mamba(layer, normed)
    if layer.has("ssm_beta_alpha") or layer.has("ssm_beta") or layer.has("ssm_ba"):
        return _delta_net(layer, normed)
    return _mamba2(layer, normed)


def short_convolution(layer: Layer, normed: int) -> Finish:
    """LFM2's: three projections, a convolution of one of them times another."""
    width = layer.length("shortconv.conv", 1)
    kernel = layer.length("shortconv.conv", 0)
    every = layer.new(3 * width, layer.graph.view(normed))
    product = layer.new(width, layer.graph.view(every), layer.graph.view(every))
    state = layer.graph.new(4 * (kernel - 1) * width)
    row = layer.graph.new(4 * (layer.tokens + kernel - 1) * width, state, layer.graph.view(product))
    layer.new(0, layer.graph.view(row))

    def end() -> int:
        result = layer.over(width, layer.graph.view(every), layer.new(width, row))
        return layer.times("shortconv.out_proj", layer.graph.view(result))

    return end


def _convolved(layer: Layer, channels: int, source: int) -> int:
    """Return a convolution of *source*, behind the state that earlier tokens left."""
    kernel = layer.length("ssm_conv1d", 0)
    state = layer.graph.new(4 * (kernel - 1) * channels)
    row = layer.graph.new(4 * (layer.tokens + kernel - 1) * channels, layer.graph.view(state), layer.graph.view(source))
    layer.new(0, layer.graph.view(row))
    return layer.new(channels, row)


def _mamba(layer: Layer, normed: int) -> Finish:
    inner = layer.facts.inner
    both = layer.new(2 * inner, layer.graph.view(normed))
    moved = _convolved(layer, inner, both)
    moved = layer.over(inner, layer.over(inner, moved))
    small = layer.out("ssm_x")
    narrow = layer.new(small, moved)
    step = layer.new(max(0, small - 2 * layer.facts.state), layer.graph.view(narrow))
    step = layer.over(inner, layer.new(inner, step))
    first, last = (layer.new(layer.facts.state, layer.graph.view(narrow)) for _ in range(2))
    scanned = _scanned(layer, layer.graph.view(moved), step, first, last)
    layer.new(0, layer.graph.view(scanned))
    return partial(_gated_output, layer, scanned, moved, both)


def _mamba2(layer: Layer, normed: int) -> Finish:
    inner, channels = layer.facts.inner, layer.facts.inner + 2 * layer.facts.groups * layer.facts.state
    both = layer.new(layer.out("ssm_in"), normed)
    moved = _convolved(layer, channels, both)
    moved = layer.over(channels, layer.over(channels, moved))
    heads = max(0, layer.out("ssm_in") - inner - channels)
    step = layer.over(heads, layer.new(heads, layer.graph.view(both)))
    scanned = _scanned(layer, layer.graph.view(moved), step)
    layer.new(0, layer.graph.view(scanned))
    return partial(_gated_output, layer, scanned, layer.graph.view(moved), both)


def _scanned(layer: Layer, *sources: int) -> int:
    """Return what a scan gives: its output, and the state behind it."""
    inner = layer.facts.inner
    return layer.graph.new(4 * inner * (layer.tokens + layer.facts.state), *sources)


def _gated_output(layer: Layer, scanned: int, moved: int, both: int) -> int:
    inner = layer.facts.inner
    gate = layer.new(inner, layer.graph.view(both))
    skipped = layer.new(inner, moved)
    result = layer.over(inner, layer.graph.view(scanned), skipped)
    result = layer.new(inner, gate, result)
    if layer.has("ssm_norm"):
        result = layer.normed(layer.graph.view(result), inner)
    return layer.times("ssm_out", layer.graph.view(result))


def _delta_net(layer: Layer, normed: int) -> Finish:
    """Gated delta net: Qwen3-Next and its followers."""
    inner, key = layer.facts.inner, layer.facts.groups * layer.facts.state
    channels = inner + 2 * key
    if layer.has("attn_qkv"):
        mixed = layer.graph.view(layer.new(channels, normed))
        gate = layer.new(inner, normed) if layer.has("attn_gate") else -1
    else:
        every = layer.graph.view(layer.new(layer.out("ssm_in"), normed))
        gate = layer.new(inner, every)
        pair = layer.new(2 * key, layer.new(key, every), layer.new(key, every))
        mixed = layer.graph.view(layer.new(channels, pair, layer.new(inner, every)))
    state = layer.graph.new(4 * inner * layer.facts.state)
    moved = _convolved(layer, channels, mixed)
    moved = layer.over(channels, moved)
    queries, keys = (_repeated(layer, layer.new(key, layer.graph.view(moved)), key) for _ in range(2))
    scanned = _scanned(layer, queries, keys, layer.graph.view(moved), layer.graph.view(state))
    layer.new(0, layer.graph.view(scanned))

    def end() -> int:
        result = layer.normed(layer.graph.view(scanned), inner)
        shut = layer.new(inner, layer.graph.view(gate)) if gate >= 0 else result
        return layer.times("ssm_out", layer.graph.view(layer.over(inner, result, shut)))

    return end


def _repeated(layer: Layer, source: int, key: int) -> int:
    """Repeat keys for each head of values that shares them."""
    if key == layer.facts.inner:
        return source
    return layer.graph.view(layer.new(layer.facts.inner, layer.graph.view(source)))
