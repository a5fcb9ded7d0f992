"""What llama.cpp keeps of the past for each layer of a model, by architecture: which cells, how wide, how many.

The rules are those of llama.cpp 0.5 (`llama_model::create_memory`, `load_hparams`, and each architecture's
`load_arch_hparams` in src/models/), for one sequence. Widths are numbers a cell, states bytes. What an architecture
does not share with the others stands in the tables below; one that is in none of them is not known. Knows nothing of
machines, contexts or cache types.
"""

from __future__ import annotations

from dataclasses import dataclass

from codereader.model.container import Scalar
from codereader.model.gguf import ModelHeader

F32 = 4
"""Bytes of one number of a recurrent layer's state: its type cannot be chosen."""


@dataclass(frozen=True, slots=True)
class Cells:
    """Cells that a layer keeps: `keys` and `values` numbers each, one cell every `every` tokens of context.

    Where `windowed`, only those of the last tokens.
    """

    keys: int
    values: int
    windowed: bool = False
    every: int = 1


@dataclass(frozen=True, slots=True)
class Layer:
    """What one layer keeps: `cells` grow with the context, `state` bytes do not."""

    cells: tuple[Cells, ...] = ()
    state: int = 0


@dataclass(frozen=True, slots=True)
class _Window:
    """Which layers see a window: all but every `period`-th where the file does not list them; 0 where it must.

    The layer that sees everything is the last of its period, or the `first`. `length` is taken where the file gives
    none, and against what it gives where `fixed`.
    """

    period: int = 0
    first: bool = False
    length: int = 0
    fixed: bool = False


_WINDOWS = {
    "afmoe": _Window(4), "cohere2": _Window(4), "cohere2moe": _Window(4, first=True), "deepseek4": _Window(),
    "dots3note": _Window(), "exaone-moe": _Window(4, length=128), "exaone4": _Window(4, length=4096),
    "gemma2": _Window(2, length=4096), "gemma3": _Window(6), "gemma3n": _Window(5), "gemma4": _Window(),
    "gpt-oss": _Window(2), "granite_swa": _Window(), "laguna": _Window(4, first=True), "lfm2": _Window(),
    "llama4": _Window(4, length=8192, fixed=True), "maple": _Window(), "mellum": _Window(4), "mimo2": _Window(),
    "muse-glimmer": _Window(4), "olmo2": _Window(4), "plamo3": _Window(8),
    "smallthinker": _Window(4, first=True, length=4096, fixed=True), "spark2_5": _Window(), "step35": _Window(),
}  # fmt: skip

_RECURRENT = frozenset({"arwkv7", "mamba", "mamba2", "rwkv6", "rwkv6qwen2", "rwkv7"})
"""No layer attends: each keeps a state alone."""

_HYBRID = frozenset({
    "bailingmoe3", "falcon-h1", "glm5-next", "granitehybrid", "jamba", "kimi-k3", "kimi-linear", "lfm2", "lfm2moe",
    "minimax-01", "nemotron_h", "nemotron_h_moe", "plamo2", "qwen35", "qwen35moe", "qwen3next", "qwen4exp",
})  # fmt: skip
"""Some layers keep a state, those without key/value heads unless the tables below say otherwise."""

_INTERVALS = {"minimax-01": 8, "qwen35": 4, "qwen35moe": 4, "qwen3next": 4, "qwen4exp": 4}
"""Hybrids of which every n-th layer attends where the file does not list them."""

_NEMOTRON = frozenset({"nemotron_h", "nemotron_h_moe"})
"""Hybrids that have layers which are feed-forward and nothing else."""

_DRAFTS_KEPT = _HYBRID - _INTERVALS.keys() - {"glm5-next"} | {"deepseek4", "hy_v4", "minimax-m3"}
"""Their layers that only draft get a cache too."""

_LATENT = frozenset({
    "bailingmoe3", "deepseek2", "deepseek32", "dots3note", "glm-dsa", "glm5-next", "hy_v4", "kimi-k3", "kimi-linear",
    "mistral4",
})  # fmt: skip
"""Latent attention where the file says so: the cache holds one row of keys, from which the values are unpacked."""

_INDEXED = frozenset({
    "deepseek32", "dots3note", "glm-dsa", "glm5-next", "hy_v4", "minimax-m3", "qwen4exp",
})  # fmt: skip
"""An indexer with keys of its own picks what a layer attends to."""

_PLAIN = frozenset({
    "apertus", "arcee", "arctic", "baichuan", "bailingmoe", "bailingmoe2", "bitnet", "bloom", "chameleon", "chatglm",
    "codeshell", "cogvlm", "command-r", "dbrx", "deci", "deepseek", "deepseek2-ocr", "dots1", "ernie4_5",
    "ernie4_5-moe", "exaone", "falcon", "gemma", "glm4", "glm4moe", "gpt2", "gptneox", "granite", "granitemoe",
    "graniteswitch", "grok", "grovemoe", "hrm_text", "hunyuan-dense", "hunyuan-moe", "hunyuan_vl", "hy_v3", "internlm2",
    "jais", "jais2", "llama", "maincoder", "minicpm", "minicpm3", "minimax-m2", "mistral3", "mpt", "nanbeige",
    "nemotron", "olmo", "olmoe", "openelm", "orion", "paddleocr", "pangu-embedded", "phi2", "phi3", "phimoe", "plamo",
    "plm", "qwen", "qwen2", "qwen2moe", "qwen2vl", "qwen3", "qwen3moe", "qwen3vl", "qwen3vlmoe", "refact", "seed_oss",
    "smollm3", "stablelm", "starcoder", "starcoder2", "t5", "talkie", "xverse",
})  # fmt: skip
"""Every layer keeps keys and values of the whole context."""

_NO_TEXT = {
    "clip": "an image encoder", "dflash": "a draft for another model", "eagle3": "a draft for another model",
    "gemma4-assistant": "a draft for another model", "pockettts": "a voice", "qwen3tts": "a voice",
    "wavtokenizer-dec": "a voice",
} | dict.fromkeys((
    "bert", "eurobert", "gemma-embedding", "jina-bert-v2", "jina-bert-v3", "llama-embed", "modern-bert", "neo-bert",
    "nomic-bert", "nomic-bert-moe", "t5encoder",
), "an encoder") | dict.fromkeys(("dream", "llada", "llada-moe", "rnd1"), "a diffusion model")  # fmt: skip
"""Architectures that llama.cpp loads and that write no text from left to right."""

_WKV = frozenset({"arwkv7", "rwkv6", "rwkv6qwen2", "rwkv7"})
_DELTA = frozenset({"bailingmoe3", "glm5-next", "kimi-k3", "kimi-linear"})
_CONVOLUTION = frozenset({"lfm2", "lfm2moe"})
_UNGROUPED = frozenset({"jamba", "mamba"})
"""Whose state is not that of Mamba 2, by what it is made of."""

_GEMMA3N_OWN = 20
"""Layers of Gemma 3n with a cache of their own; later ones use that of the last two of these."""

_GLM_SHARING = 1 << 20
_GLM_INDEXED = (1, 1, *(1, 0, 0, 0) * 25)
"""Layers of GLM 5.2 that have an indexer, where the file does not say; it is told by its context length."""

_CSA, _HCA = 4, 128
"""Tokens that DeepSeek 4 compresses into one cell, by the kind of layer (llama.cpp, src/llama-kv-cache-dsv4.cpp)."""


def supported(header: ModelHeader) -> str:
    """Return '' or, in one sentence, why the sizes of this model cannot be predicted by formula."""
    name = header.architecture
    if name in _NO_TEXT:
        return f"A model of the architecture {name} is {_NO_TEXT[name]}: it writes no text."
    if name == "nanbeige" and header.number("num_loops", 1) > 1:
        return f"This model evaluates its {header.block_count} layers several times over, each time with another cache."
    if name not in _PLAIN | _WINDOWS.keys() | _RECURRENT | _HYBRID | _LATENT | _INDEXED:
        return f"How llama.cpp keeps the context of the architecture {name!r} is not known."
    return ""


def layers(header: ModelHeader) -> tuple[Layer, ...]:
    """Return what each layer of a supported model keeps, the first layer first."""
    state = F32 * _recurrent_state(header)
    recurrent, attending = recurrent_layers(header), attending_layers(header)
    cells = _cells(header, attending)
    found = [
        Layer(cells[layer], (state if recurrent[layer] else 0) + F32 * _beside(header, layer))
        for layer in range(header.block_count)
    ]
    if header.architecture == "graniteswitch" and found:
        router = Cells(*_head(header, windowed=False))
        found[-1] = Layer((*found[-1].cells, router))
    return tuple(found)


def trunk_length(header: ModelHeader) -> int:
    """Return the number of layers that evaluate a token; later ones only draft several tokens at once (MTP)."""
    drafts = header.number("nextn_predict_layers")
    if header.architecture == "deepseek4" and drafts:
        probe = f"blk.{header.block_count - drafts}.nextn.eh_proj.weight"
        drafts *= any(tensor.name == probe for tensor in header.tensors)
    return max(header.block_count - drafts, 0)


def window_length(header: ModelHeader) -> int:
    """Return the tokens that windowed layers see, 0 where every layer sees everything."""
    window = _WINDOWS.get(header.architecture)
    written = header.metadata.get(f"{header.architecture}.attention.sliding_window")
    if window is None or (header.architecture == "exaone4" and trunk_length(header) != 64):
        return 0
    if written is None and not header.sliding_window:
        return 0 if header.architecture == "smallthinker" else window.length
    return window.length if window.fixed and header.sliding_window else header.sliding_window


def windowed_layers(header: ModelHeader) -> tuple[bool, ...]:
    """Return for each layer whether it sees a window only."""
    count, trunk = header.block_count, trunk_length(header)
    if not window_length(header):
        return (False,) * count
    if header.architecture == "deepseek4":
        return (True,) * count
    if header.architecture == "lfm2":
        return tuple(layer < trunk and not recurs for layer, recurs in enumerate(recurrent_layers(header)))
    window, key = _WINDOWS[header.architecture], "attention.sliding_window_pattern"
    listed = header.metadata.get(f"{header.architecture}.{key}")
    if isinstance(listed, tuple) or not window.period:
        return _flags(listed if isinstance(listed, tuple) else (), count)
    period = header.number(key, window.period)
    whole = 0 if window.first else period - 1
    return tuple(layer < trunk and (not period or layer % period != whole) for layer in range(count))


def recurrent_layers(header: ModelHeader) -> tuple[bool, ...]:
    """Return for each layer whether it keeps a state, of Falcon H1 beside cells, of the others instead."""
    name, count, trunk = header.architecture, header.block_count, trunk_length(header)
    if name in _RECURRENT or name == "falcon-h1":
        return tuple(layer < trunk for layer in range(count))
    if name in _INTERVALS:
        return _recurrent_by_interval(header)
    if name not in _HYBRID:
        return (False,) * count
    dense = _dense_layers(header) if name in _NEMOTRON else (False,) * count
    return tuple(layer < trunk and not _heads(header)[layer] and not dense[layer] for layer in range(count))


def is_latent(header: ModelHeader) -> bool:
    """Whether the cache holds latent keys and no values."""
    lengths = header.number("attention.key_length_mla"), header.number("attention.value_length_mla")
    return (header.architecture in _LATENT and all(lengths)) or header.architecture == "deepseek4"


def head_lengths(header: ModelHeader) -> tuple[tuple[int, int], ...]:
    """Return the numbers of one head's key and value in each layer, whether it attends or not."""
    lengths = _head(header, windowed=False), _head(header, windowed=True)
    return tuple(lengths[windowed] for windowed in windowed_layers(header))


def _head(header: ModelHeader, *, windowed: bool) -> tuple[int, int]:
    """Return a head's lengths. llama.cpp takes 0 where the first layer has no heads, whatever the file says."""
    headless = not any(header.head_counts[:1]) and header.architecture != "plamo2"
    keys, values = (0, 0) if headless else (header.key_length, header.value_length)
    if not windowed:
        return keys, values
    return header.number("attention.key_length_swa", keys), header.number("attention.value_length_swa", values)


def attending_layers(header: ModelHeader) -> tuple[bool, ...]:
    """Return for each layer whether it keeps cells of its own."""
    name, count, trunk = header.architecture, header.block_count, trunk_length(header)
    if name in _RECURRENT:
        return (False,) * count
    recurrent = (False,) * count if name == "falcon-h1" else recurrent_layers(header)
    dense = _dense_layers(header) if name in _NEMOTRON else (False,) * count
    end = count if name in _DRAFTS_KEPT or not trunk else trunk
    if name == "gemma3n":
        end = min(end, _GEMMA3N_OWN)
    if name == "gemma4":
        end = min(end, count - header.number("attention.shared_kv_layers"))
    return tuple(layer < end and not recurrent[layer] and not dense[layer] for layer in range(count))


def _cells(header: ModelHeader, attending: tuple[bool, ...]) -> list[tuple[Cells, ...]]:
    lengths, latent, windowed = head_lengths(header), is_latent(header), windowed_layers(header)
    counts, indexed = _heads(header), _indexed_layers(header)
    found: list[tuple[Cells, ...]] = []
    for layer, (keys, values) in enumerate(lengths):
        own = Cells(counts[layer] * keys, 0 if latent else counts[layer] * values, windowed[layer])
        beside = _compressed(header, layer) if header.architecture == "deepseek4" else ()
        index = (_indexer(header, values),) if indexed[layer] else ()
        found.append((own, *beside, *index) if attending[layer] else ())
    return found


def _indexer(header: ModelHeader, values: int) -> Cells:
    """Return the cells of a layer's indexer: one key a token; *values* are those of one head of the layer."""
    width = header.number("attention.indexer.key_length")
    if header.architecture == "glm5-next" and header.number("attention.indexer.kpool"):
        width *= 3
    return Cells(width, values if header.architecture == "minimax-m3" else 0)


def _indexed_layers(header: ModelHeader) -> tuple[bool, ...]:
    """Return for each layer whether it has an indexer with a cache."""
    name, count, trunk = header.architecture, header.block_count, trunk_length(header)
    if name == "minimax-m3":
        return tuple(layer >= header.number("leading_dense_block_count") for layer in range(count))
    if name not in _INDEXED or (name == "hy_v4" and not header.number("attention.indexer.top_k")):
        return (False,) * count
    if name in {"deepseek32", "qwen4exp"}:
        return tuple(layer < trunk for layer in range(count))
    written = header.metadata.get(f"{name}.attention.indexer.types", name in {"glm-dsa", "glm5-next"})
    if name == "glm-dsa" and written is True and header.context_length >= _GLM_SHARING:
        written = _GLM_INDEXED
    kinds = _flags(written if isinstance(written, tuple) else (written,) * count, count)
    return tuple(layer < trunk and kind for layer, kind in enumerate(kinds))


def _compressed(header: ModelHeader, layer: int) -> tuple[Cells, ...]:
    """Return the compressed cells of a layer of DeepSeek 4, and those of its indexer."""
    ratio = _compression(header, layer)
    if not ratio:
        return ()
    own = Cells(_heads(header)[layer] * header.key_length, 0, every=ratio)
    index = Cells(header.number("attention.indexer.key_length"), 0, every=ratio)
    return (own, index) if ratio == _CSA else (own,)


def _compression(header: ModelHeader, layer: int) -> int:
    """Return how many tokens a layer of DeepSeek 4 compresses into one cell, 0 for none."""
    ratios = header.metadata.get(f"{header.architecture}.attention.compress_ratios")
    ratio = ratios[layer] if isinstance(ratios, tuple) and layer < len(ratios) else 0
    return int(ratio) if ratio in (_CSA, _HCA) else 0


def _recurrent_state(header: ModelHeader) -> int:
    """Return the numbers of a recurrent layer's state (`n_embd_r` and `n_embd_s` of llama.cpp together)."""
    name, width, heads = header.architecture, header.embedding_length, sum(header.head_counts[:1])
    kernel = header.number("ssm.conv_kernel")
    if name in _WKV:
        return width * (header.number("token_shift_count", 2) + header.number("wkv.head_size"))
    if name in _CONVOLUTION:
        return width * max(header.number("shortconv.l_cache") - 1, 0)
    if name in _DELTA:
        head = header.number("kda.head_dim")
        return heads * head * (3 * (kernel - 1 if kernel else 3) + head)
    if name == "minimax-01":
        return heads * header.key_length**2
    inner, state = header.number("ssm.inner_size"), header.number("ssm.state_size")
    groups = 0 if name in _UNGROUPED else header.number("ssm.group_count")
    return max(kernel - 1, 0) * (inner + 2 * groups * state) + state * inner


def _beside(header: ModelHeader, layer: int) -> int:
    """Return further numbers that *layer* keeps whatever the context."""
    if header.architecture == "deepseek4":
        return _gathered(header, layer)
    listed = header.metadata.get(f"{header.architecture}.ple.layers")
    if header.architecture != "qwen4exp" or not isinstance(listed, tuple) or layer not in listed:
        return 0
    rows = max(header.number("ple.conv_kernel") - 1, 0) * header.number("ple.ngram_size")
    return rows * header.number("hyper_connection.count") * header.embedding_length


def _gathered(header: ModelHeader, layer: int) -> int:
    """Return the numbers in which a layer of DeepSeek 4 gathers the tokens that it has not compressed yet."""
    ratio = _compression(header, layer) if layer < trunk_length(header) else 0
    if ratio == _CSA:
        return 8 * ratio * (header.key_length + header.number("attention.indexer.key_length"))
    return 2 * ratio * header.key_length


def _recurrent_by_interval(header: ModelHeader) -> tuple[bool, ...]:
    count, trunk = header.block_count, trunk_length(header)
    written = header.metadata.get(f"{header.architecture}.attention.recurrent_layers")
    if isinstance(written, tuple):
        return tuple(layer < trunk and flag for layer, flag in enumerate(_flags(written, count)))
    interval = header.number("full_attention_interval", _INTERVALS[header.architecture]) or 1
    return tuple(layer < trunk and (layer + 1) % interval != 0 for layer in range(count))


def _dense_layers(header: ModelHeader) -> tuple[bool, ...]:
    """Return for each layer of a Nemotron whether it is a feed-forward one and nothing else."""
    written = header.metadata.get(f"{header.architecture}.feed_forward_length", 0)
    return _flags(written if isinstance(written, tuple) else (written,) * header.block_count, header.block_count)


def _heads(header: ModelHeader) -> tuple[int, ...]:
    return header.kv_head_counts or (0,) * header.block_count


def _flags(values: tuple[Scalar, ...], count: int) -> tuple[bool, ...]:
    """Return whether each of the first *count* of *values* is not 0; those that are missing are."""
    return (*map(bool, values[:count]), *(False,) * (count - len(values)))
