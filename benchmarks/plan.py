"""Predicted bytes against llama.cpp's own dry run: ``python benchmarks/plan.py [--all] [NAME ...]``.

For models known by name (those of the issue, or NAMEs) a hollow file is written: the true header, no weights. llama.cpp
then sizes every buffer of each context and micro-batch without allocating one. Prints weights, cache and scratch buffer
as the formulas have them, the dry run's, and the errors in per cent; the worst of each kind at the end. ``--all`` adds
a quantized cache and every micro-batch. Needs the memory of a header, not that of a model.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from itertools import product
from pathlib import Path

from codereader.engine.footprint.cache import cache_bytes, supported
from codereader.engine.footprint.compute import compute_bytes
from codereader.engine.footprint.weights import weights
from codereader.engine.plan import HOST, Plan, Share, size
from codereader.engine.trial.measured import Measured
from codereader.engine.trial.run import dry_runs
from codereader.model.gguf import ModelHeader
from codereader.model.hollow import write_hollow
from codereader.model.known import known_header, near_names

NAMES = (
    "llama-4-scout", "qwen3-coder-30b-a3b", "gpt-oss-20b", "gemma-3-270m", "gemma-3-4b", "gemma-3-12b", "gemma-3-27b",
    "deepseek-v2-lite", "granite-4.0-h-tiny", "smollm2-135m",
)  # fmt: skip
CONTEXTS = (8_192, 131_072, 1_048_576, 10_485_760)
MICRO_BATCHES = (128, 512, 2048)
KINDS = ("weights", "cache", "compute")


def cases(every: bool) -> list[tuple[int, int, str]]:
    """Return context, micro-batch and type of the cache of each row."""
    batches = (64, 128, 256, 512, 1024, 2048, 4096) if every else MICRO_BATCHES
    return list(product(CONTEXTS, batches, ("f16", "q8_0") if every else ("f16",)))


def rows(header: ModelHeader, every: bool) -> Iterator[tuple[str, tuple[int, ...], tuple[int, ...]]]:
    """Yield for each case its words, what is predicted and what the dry run says."""
    asked = cases(every)
    plans = [
        Plan(context, 0, kind, kind, batch, 1, True, (Share(HOST, 0, 0, 0, 0, header.block_count + 1),))
        for context, batch, kind in asked
    ]
    with tempfile.TemporaryDirectory() as folder:
        found = dry_runs(write_hollow(Path(folder), header), plans)
    for (context, batch, kind), result in zip(asked, found, strict=True):
        words = f"{context:>10,} {batch:>6,} {kind:>5}"
        if not isinstance(result, Measured):
            print(f"{words}  {result}")
            continue
        cache = cache_bytes(header, context, batch, kind, kind)
        compute = compute_bytes(header, context, batch, type_k=kind, type_v=kind)
        yield (
            words,
            (weights(header).total, cache, compute),
            (result.host.weights, result.host.cache, result.host.compute),
        )


def error(predicted: int, real: int) -> float:
    """Return by how many per cent *predicted* is off."""
    return 100 * (predicted / real - 1) if real else 100.0 * bool(predicted)


def main() -> None:
    names = [one for one in sys.argv[1:] if not one.startswith("--")] or NAMES
    worst = dict.fromkeys(KINDS, 0.0)
    for name in names:
        header = known_header(name)
        if header is None:
            sys.exit(f"no model is known by the name {name}; near: {', '.join(near_names(name)) or 'none'}")
        print(f"\n{name} {header.quantization} {supported(header)}")
        print(
            f"{'context':>10} {'batch':>6} {'type':>5}"
            + "".join(f" {kind:>12} {'dry run':>12} {'%':>6}" for kind in KINDS)
        )
        for words, predicted, real in rows(header, "--all" in sys.argv):
            errors = [error(*pair) for pair in zip(predicted, real, strict=True)]
            print(words + "".join(
                f" {size(one):>12} {size(other):>12} {off:>6.2f}"
                for one, other, off in zip(predicted, real, errors, strict=True)
            ))  # fmt: skip
            worst = {kind: max(worst[kind], off, -off) for kind, off in zip(KINDS, errors, strict=True)}
    print("\nworst error in per cent: " + ", ".join(f"{kind} {off:.2f}" for kind, off in worst.items()))


if __name__ == "__main__":
    main()
