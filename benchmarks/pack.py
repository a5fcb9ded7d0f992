"""Packing a tree against the packer that most people use, in one run on the same files.

    python benchmarks/pack.py [TREE] [--repomix COMMAND] [--model FILE|NAME] [--runs N]

TREE is a folder in a git repository; without it, the net/ folder of the test corpus (tests/corpora/linux.sh). It is
copied to a temporary folder first, without its history, and made a repository there. COMMAND runs repomix
(https://github.com/yamadashy/repomix); without it, one on PATH or one that npx has at hand is taken, and where there is
none its rows are left out. MODEL is whose tokens are counted; by default the default model's.

Rows, the best of --runs rounds in turn (3 unless given), as seconds, CPU seconds and memory of all processes, process
start included:

    repomix             all files in full, counted in o200k_base, checked for secrets: its defaults
    repomix --compress  signatures only
    cold                `codereader pack --budget max` with an empty cache: index, vocabulary, counts and all
    max                 the same again; `json` with the text in JSON
    N                   a pack of N tokens from a warm index; `uncounted` with the vocabulary cached but no count
    N, one changed      after a line was added to one file
    --version           `codereader --version`

Memory is as in index.py. Compare ratios, not machines.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from index import Run, better, c_files, command, corpus, facts_of_machine, files_below, laid_out, watched

from codereader.config import cache_dir
from codereader.model.catalogue import resolve_model
from codereader.model.kept_numbers import FILE_NAME
from codereader.model.vocabulary import open_vocabulary

BUDGETS = (8_000, 128_000)
LIMIT = 400e6
"""Bytes of memory that no row of ours should pass."""


def repomix_at_hand() -> list[str] | None:
    """Return the command that runs an installed repomix, None where there is none. Nothing is downloaded."""
    if found := shutil.which("repomix"):
        return [found]
    npx = shutil.which("npx")
    if npx is None:
        return None
    tried = [npx, "--no-install", "repomix"]
    done = subprocess.run([*tried, "--version"], capture_output=True, stdin=subprocess.DEVNULL, check=False)
    return None if done.returncode else tried


def repomix(call: Sequence[str], tree: Path, folder: Path) -> dict[str, Run]:
    """Pack *tree* with the peer, in full and compressed."""
    rows = {"repomix": [], "repomix --compress": ["--compress"]}
    made = folder / "repomix.xml"
    return {
        row: watched([*call, str(tree), "-o", str(made), "--quiet", *flags], folder, {}) for row, flags in rows.items()
    }


def pack(tree: Path, cache: Path, out: Path, budget: str, *flags: str) -> Run:
    """Run `codereader pack` into the file *out*."""
    call = [command(), "pack", str(tree), "--budget", budget, "-o", str(out), "-q", *flags]
    return watched(call, tree, {"CODEREADER_CACHE_DIR": str(cache)})


def ours(tree: Path, folder: Path, flags: Sequence[str]) -> dict[str, Run]:
    """Pack *tree* from nothing, again in each way, and after an edit; *flags* go to each."""
    cache, out = folder / "cache", folder / "pack"
    shutil.rmtree(cache, ignore_errors=True)
    runs = {"cold": pack(tree, cache, out, "max", *flags), "max": pack(tree, cache, out, "max", *flags)}
    for budget in BUDGETS:
        pack(tree, cache, out, str(budget), *flags)
        runs[f"{budget:,}"] = pack(tree, cache, out, str(budget), *flags)
        (cache / FILE_NAME).unlink()
        runs[f"{budget:,}, uncounted"] = pack(tree, cache, out, str(budget), *flags)
    edited = c_files(tree)[1]
    text = edited.read_bytes()
    for budget in BUDGETS:
        edited.write_bytes(text + b"\nint edited_%d;\n" % time.time_ns())
        runs[f"{budget:,}, one changed"] = pack(tree, cache, out, str(budget), *flags)
    edited.write_bytes(text)
    pack(tree, cache, out, "max", *flags)
    runs["max, json"] = pack(tree, cache, folder / "pack.json", "max", "--format", "json", "--text", *flags)
    runs["--version"] = watched([command(), "--version"], tree, {})
    return runs


def recounted(made: Path, model: Path) -> tuple[int, int, int]:
    """Return how many segments the JSON pack *made* has, how many of them *model* counts alike, and all tokens."""
    segments = json.loads(made.read_bytes())["segments"]
    counts = open_vocabulary(model, None).count_many([one["text"] for one in segments])
    same = sum(count == one["tokens"] for count, one in zip(counts, segments, strict=True))
    return len(segments), same, sum(counts)


def show(runs: dict[str, Run]) -> None:
    """Print the rows and what they come to."""
    for row, run in runs.items():
        print(f"{row:<22} {run.seconds:7.2f} s {run.cpu:7.2f} s CPU {run.peak / 1e6:6.0f} MB")
    if "repomix" in runs:
        for row in ("max", "max, json"):
            print(f"repomix / {row:<12} {runs['repomix'].seconds / runs[row].seconds:6.2f}")
        print(f"cold / repomix --compress {runs['cold'].seconds / runs['repomix --compress'].seconds:.2f}")
    over = [row for row, run in runs.items() if run.peak > LIMIT and not row.startswith("repomix")]
    print(f"above {LIMIT / 1e6:.0f} MB: {', '.join(over) or 'none of ours'}")


def compare(source: Path, call: list[str] | None, model: Path, flags: Sequence[str], rounds: int) -> None:
    """Measure on a copy of *source*."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as made:
        folder = Path(made)
        tree = laid_out(source, folder)
        files = files_below(tree)
        size = sum(path.stat().st_size for path in files)
        print(f"{source}: {len(files):,} files, {size / 1e6:.1f} MB; {'repomix' if call else 'repomix is left out'}")
        runs: dict[str, Run] = {}
        for _ in range(rounds):
            better(runs, {**(repomix(call, tree, folder) if call else {}), **ours(tree, folder, flags)})
        show(runs)
        segments, same, tokens = recounted(folder / "pack.json", model)
        print(f"{tokens:,} tokens; counted alike without a cache: {same:,} of {segments:,} segments")
        sizes = (f"{name} {(folder / name).stat().st_size / 1e6:.1f} MB" for name in ("pack", "pack.json"))
        counts = (folder / "cache" / FILE_NAME).stat().st_size
        print(f"on disk: {', '.join(sizes)}, kept counts {counts / 1e6:.2f} MB")


def main() -> None:
    """Read the flags and measure."""
    reader = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    reader.add_argument("tree", nargs="?", type=Path, help="a folder; default: net/ of the test corpus")
    reader.add_argument("--repomix", metavar="COMMAND", help="what runs repomix; default: what is at hand")
    reader.add_argument("--model", metavar="FILE|NAME", help="whose tokens are counted; default: the default model's")
    reader.add_argument("--runs", type=int, default=3, help="rounds; the best of each row counts")
    wish = reader.parse_args()
    found = resolve_model(wish.model, cache_dir()) or sys.exit("no model was found")
    call = wish.repomix.split() if wish.repomix else repomix_at_hand()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    print(facts_of_machine())
    flags = ["--model", str(found.path)]
    compare(wish.tree or corpus() / "net", call, found.path, flags, max(wish.runs, 1))


if __name__ == "__main__":
    main()
