"""Packing a tree against the packer that most people use, in one run on the same files.

    python benchmarks/pack.py [TREE] [--repomix COMMAND] [--model FILE|NAME] [--runs N]

TREE is a folder in a git repository; without it, the net/ folder of the test corpus (tests/corpora/linux.sh). It is
copied to a temporary folder first, without its history, and made a repository there. COMMAND runs repomix
(https://github.com/yamadashy/repomix); without it, one on PATH or one that npx has at hand is taken, and where there is
none its rows are left out. MODEL is whose tokens are counted; by default the default model's.

What is printed is the table of RESULTS.md: of each row the best of --runs rounds in turn (3 unless given), as seconds,
CPU seconds and memory of all processes, process start included. repomix runs with its defaults (o200k_base, a check for
secrets) and with --compress (signatures only); ours begins with an empty cache, then everything is there. `nothing
counted` means that the vocabulary is cached but no count.

Memory is as in index.py. Compare ratios, not machines; where others keep the processors busy, it is said.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
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
QUESTION = "what happens when a packet arrives?"
PEER, COMPRESSED = "repomix, all files", "repomix `--compress`"
COLD, ALL, JSON = (
    "cold: no index, no vocabulary, no counts, `--budget max`",
    "`--budget max` again",
    "the same as JSON with text",
)
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
    rows = {PEER: [], COMPRESSED: ["--compress"]}
    made = folder / "repomix.xml"
    return {
        row: watched([*call, str(tree), "-o", str(made), "--quiet", *flags], folder, {}) for row, flags in rows.items()
    }


def ours(tree: Path, folder: Path, flags: Sequence[str]) -> dict[str, Run]:
    """Pack *tree* from nothing, again in each way, and after an edit; *flags* go to each."""
    cache, runs = folder / "cache", dict[str, Run]()
    shutil.rmtree(cache, ignore_errors=True)

    def call(*words: str) -> Run:
        environment = {"CODEREADER_CACHE_DIR": str(cache)}
        return watched([command(), words[0], str(tree), *words[1:], "-q"], tree, environment)

    def pack(budget: int | str, *more: str, out: str = "pack") -> Run:
        return call("pack", *more, "--budget", str(budget), "-o", str(folder / out), *flags)

    runs[COLD], runs[ALL] = pack("max"), pack("max")
    runs[JSON] = pack("max", "--format", "json", "--text", out="pack.json")
    for budget in BUDGETS:
        pack(budget)
        runs[f"{budget:,} tokens"] = pack(budget)
        (cache / FILE_NAME).unlink()
        runs[f"{budget:,}, nothing counted before"] = pack(budget)
    edited = c_files(tree)[1]
    text = edited.read_bytes()
    for budget in BUDGETS:
        edited.write_bytes(text + b"\nint edited_%d;\n" % time.time_ns())
        runs[f"{budget:,} after one file changed"] = pack(budget)
    edited.write_bytes(text)
    for row in ("for a question, first", "for a question"):
        runs[f"128,000 {row}"] = pack(BUDGETS[-1], QUESTION)
    runs["`codereader brief`"] = call("brief")
    runs["`--version`"] = watched([command(), "--version"], tree, {})
    return runs


def recounted(made: Path, model: Path) -> tuple[int, int, int]:
    """Return how many segments the JSON pack *made* has, how many of them *model* counts alike, and all tokens."""
    segments = json.loads(made.read_bytes())["segments"]
    counts = open_vocabulary(model, None).count_many([one["text"] for one in segments])
    same = sum(count == one["tokens"] for count, one in zip(counts, segments, strict=True))
    return len(segments), same, sum(counts)


def show(runs: dict[str, Run]) -> None:
    """Print the table, and what it comes to."""
    print("| row | wall | CPU | memory of all processes |\n|---|---|---|---|")
    for row, run in runs.items():
        print(f"| {row} | {run.seconds:.2f} s | {run.cpu:.2f} s | {run.peak / 1e6:.0f} MB |")
    print()
    if PEER in runs:
        for row in (ALL, JSON):
            wall, cpu = runs[PEER].seconds / runs[row].seconds, runs[PEER].cpu / runs[row].cpu
            print(f"repomix / {row}: {wall:.2f} (CPU {cpu:.2f})")
        cold, peer = runs[COLD], runs[COMPRESSED]
        print(f"cold / {COMPRESSED}: {cold.seconds / peer.seconds:.2f} (CPU {cold.cpu / peer.cpu:.2f})")
    over_limit = [row for row, run in runs.items() if run.peak > LIMIT and row not in (PEER, COMPRESSED)]
    print(f"above {LIMIT / 1e6:.0f} MB: {', '.join(over_limit) or 'none of ours'}")


def busy() -> str:
    """Return how busy the machine is beside us, where the system tells."""
    load, cores = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0, os.cpu_count() or 1
    return f"; load {load:.1f} on {cores} cores: read CPU times, not walls" if load > cores / 2 else ""


def compare(source: Path, call: list[str] | None, model: Path, flags: Sequence[str], rounds: int) -> None:
    """Measure on a copy of *source*."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as made:
        folder = Path(made)
        tree = laid_out(source, folder)
        files = files_below(tree)
        size = sum(path.stat().st_size for path in files)
        print(f"{source.name}: {len(files):,} files, {size / 1e6:.1f} MB{'' if call else '; no repomix'}{busy()}\n")
        runs: dict[str, Run] = {}
        for _ in range(rounds):
            better(runs, {**(repomix(call, tree, folder) if call else {}), **ours(tree, folder, flags)})
        show(runs)
        segments, same, tokens = recounted(folder / "pack.json", model)
        print(f"{tokens:,} tokens; counted alike without a cache: {same:,} of {segments:,} segments")
        sizes = (f"{name} {(folder / name).stat().st_size / 1e6:.1f} MB" for name in ("pack", "pack.json"))
        counts = (folder / "cache" / FILE_NAME).stat().st_size
        print(f"for a question: {QUESTION}")
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
    call = shlex.split(wish.repomix) if wish.repomix else repomix_at_hand()
    if call:
        call[0] = os.path.abspath(shutil.which(call[0]) or sys.exit(f"there is no {call[0]}"))  # noqa: PTH100  # a command
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    print(facts_of_machine())
    flags = ["--model", str(found.path)]
    compare(wish.tree or corpus() / "net", call, found.path, flags, max(wish.runs, 1))


if __name__ == "__main__":
    main()
