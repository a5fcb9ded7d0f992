"""The index against what any reader of a tree has to pay, and against its peers, in one run on the same files.

    python benchmarks/index.py [TREE] [--runs N] [--whole] [--no-codegraph]

TREE is a folder in a git repository; without it, the net/ folder of the test corpus (tests/corpora/linux.sh). It is
copied to a temporary folder first, without its history, and made a repository there; each run has a cache of its own.
--whole takes the whole kernel instead (tests/corpora/linux.sh --all) and measures `codereader index` alone, once.

Rows, the best of --runs rounds in turn (3 unless given), as seconds, CPU seconds of all processes, and ratios to the
parse:

    parse          bare tree-sitter parse of the C files and headers, one core, nothing done with the trees
    read           reading the bytes of every file
    ctags -R       Universal Ctags, if it is installed
    codegraph      `codegraph init` of the npm package below, if npm can install it; its telemetry is off
    cold           `codereader index` with an empty cache
    unchanged      the same again
    one changed    after a line was added to one file
    branch         after `git checkout` of a branch on which every 20th file differs; `back` is the way back

Memory is the highest sum over all processes of resident pages, shared ones counted once each (proportional set size)
where the system tells, looked at every 50 ms. Compare ratios, not machines.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
import tree_sitter_c
from tree_sitter import Language, Parser

CODEGRAPH = "@colbymchenry/codegraph@1.6.1"
EVERY = 20
LOOK_SECONDS = 0.05
QUIET = {"CODEGRAPH_TELEMETRY": "0", "DO_NOT_TRACK": "1"}


@dataclass(frozen=True)
class Run:
    """What one command took. `peak` in bytes over all its processes; `stdout` as it was printed."""

    seconds: float
    cpu: float
    peak: int
    stdout: str


def resident(process: psutil.Process) -> int:
    """Return the bytes of *process*, shared pages divided among those that share them where the system tells."""
    try:
        full = process.memory_full_info()
        return int(getattr(full, "pss", full.uss))
    except psutil.Error:
        return 0


def watched(command: Sequence[str], where: Path, more: Mapping[str, str]) -> Run:
    """Run *command* in the folder *where* with *more* environment and watch it with its children."""
    before = os.times()
    start = time.perf_counter()
    with (
        tempfile.TemporaryFile() as output,
        subprocess.Popen(command, cwd=where, env={**os.environ, **more}, stdout=output) as process,
    ):
        done = threading.Event()
        peaks = [0]
        watcher = threading.Thread(target=watch, args=(process.pid, done, peaks))
        watcher.start()
        code = process.wait()
        seconds = time.perf_counter() - start
        done.set()
        watcher.join()
        output.seek(0)
        stdout = output.read().decode("utf-8", "replace")
    if code:
        sys.exit(f"{command[0]} ended with {code}")
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Run(seconds, cpu, peaks[0], stdout)


def watch(pid: int, done: threading.Event, peaks: list[int]) -> None:
    """Keep the highest sum of memory of the process *pid* and its children in *peaks*."""
    try:
        top = psutil.Process(pid)
        while not done.wait(LOOK_SECONDS):
            peaks[0] = max(peaks[0], sum(map(resident, (top, *top.children(recursive=True)))))
    except psutil.NoSuchProcess:
        return


def measured(work: Callable[[], object]) -> Run:
    """Do *work* in this process."""
    start, cpu = time.perf_counter(), time.process_time()
    work()
    return Run(time.perf_counter() - start, time.process_time() - cpu, 0, "")


def parse_all(texts: Sequence[bytes]) -> None:
    """Parse *texts* as C."""
    parser = Parser(Language(tree_sitter_c.language()))
    for text in texts:
        parser.parse(text)


def files_below(tree: Path) -> list[Path]:
    """Return the regular files below *tree* outside .git, by path."""
    return sorted(
        path for path in tree.rglob("*") if ".git" not in path.parts and path.is_file() and not path.is_symlink()
    )


def git(tree: Path, *arguments: str) -> None:
    """Run git in *tree* without anybody's configuration."""
    quiet = {**os.environ, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    who = ["-c", "user.name=benchmark", "-c", "user.email=benchmark@localhost", "-c", "gc.auto=0"]
    subprocess.run(["git", *who, *arguments], cwd=tree, env=quiet, check=True, stdout=subprocess.DEVNULL)


def laid_out(source: Path, folder: Path) -> Path:
    """Copy *source* into *folder* as a repository with the branches ``here`` and ``there``; return it."""
    tree = folder / "tree"
    shutil.copytree(source, tree, symlinks=True, ignore=shutil.ignore_patterns(".git", ".codegraph"))
    git(tree, "init", "-q", "-b", "here")
    git(tree, "add", "-A", "-f")
    git(tree, "commit", "-q", "-m", "here")
    git(tree, "checkout", "-q", "-b", "there")
    for path in c_files(tree)[::EVERY]:
        path.write_bytes(path.read_bytes() + b"\nint there;\n")
    git(tree, "commit", "-q", "-a", "-m", "there")
    git(tree, "checkout", "-q", "here")
    return tree


def c_files(tree: Path) -> list[Path]:
    """Return the C files and headers below *tree*, by path."""
    return [path for path in files_below(tree) if path.suffix in (".c", ".h")]


def command() -> str:
    """Return the installed console script of this interpreter."""
    script = Path(sysconfig.get_path("scripts")) / "codereader"
    return str(script) if script.exists() else shutil.which("codereader") or sys.exit("install codereader first")


def index(tree: Path, cache: Path) -> Run:
    """Run `codereader index`."""
    return watched([command(), "index", str(tree), "--format", "json"], tree, {"CODEREADER_CACHE_DIR": str(cache)})


def ours(tree: Path, cache: Path) -> dict[str, Run]:
    """Index *tree* from nothing, again, after an edit, and on another branch and back."""
    runs = {"cold": index(tree, cache), "unchanged": index(tree, cache)}
    edited = c_files(tree)[1]
    text = edited.read_bytes()
    edited.write_bytes(text + b"\nint edited_%d;\n" % time.time_ns())
    runs["one changed"] = index(tree, cache)
    edited.write_bytes(text)
    for row, branch in (("branch", "there"), ("back", "here")):
        git(tree, "checkout", "-q", branch)
        runs[row] = index(tree, cache)
    return runs


def codegraph_in(folder: Path) -> str | None:
    """Install codegraph into *folder* and return its command, or None where that is not possible."""
    npm = shutil.which("npm")
    if npm is None:
        return None
    made = subprocess.run(
        [npm, "install", "--prefix", str(folder), "--no-audit", "--no-fund", CODEGRAPH],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **QUIET},
    )
    script = folder / "node_modules" / ".bin" / ("codegraph.cmd" if os.name == "nt" else "codegraph")
    return str(script) if made.returncode == 0 and script.exists() else None


def peers(tree: Path, folder: Path, codegraph: str | None) -> dict[str, Run]:
    """Run what else is installed on *tree*."""
    runs: dict[str, Run] = {}
    if ctags := shutil.which("ctags"):
        runs["ctags -R"] = watched([ctags, "-R", "-f", str(folder / "tags"), str(tree)], folder, {})
    if codegraph:
        shutil.rmtree(tree / ".codegraph", ignore_errors=True)
        home = folder / "home"
        home.mkdir(exist_ok=True)
        runs["codegraph"] = watched([codegraph, "init", str(tree)], tree, {**QUIET, "HOME": str(home)})
    return runs


def size_of(folder: Path) -> int:
    """Return the bytes of all files below *folder*."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def facts_of_machine() -> str:
    """Return one line on what this runs on."""
    memory = psutil.virtual_memory().total / 2**30
    load = ", ".join(f"{one:.1f}" for one in psutil.getloadavg())
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{os.cpu_count()} cores, {memory:.0f} GiB, load {load}; {platform.system()}, {python}"


def better(kept: dict[str, Run], new: Mapping[str, Run]) -> None:
    """Keep the faster run of each row, with the highest memory."""
    for row, run in new.items():
        old = kept.get(row, run)
        best = min(old, run, key=lambda one: one.seconds)
        kept[row] = Run(best.seconds, best.cpu, max(old.peak, run.peak), best.stdout)


def show(runs: Mapping[str, Run]) -> None:
    """Print the rows."""
    floor = runs["parse"]
    for row, run in runs.items():
        memory = f"{run.peak / 1e6:8.0f} MB" if run.peak else " " * 11
        print(
            f"{row:<14} {run.seconds:8.2f} s {run.cpu:8.2f} s CPU {memory} {run.seconds / floor.seconds:8.3f} x parse"
        )
    for row in ("cold", "unchanged", "one changed", "branch", "back"):
        print(f"{row:<14} {json.loads(runs[row].stdout)['parsed']:8,} contents parsed")
    if "codegraph" in runs:
        print(f"codegraph / cold {runs['codegraph'].seconds / runs['cold'].seconds:.1f}")


def compare(source: Path, rounds: int, wants_codegraph: bool) -> None:
    """Measure on a copy of *source*."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as made:
        folder = Path(made)
        codegraph = codegraph_in(folder / "npm") if wants_codegraph else None
        if codegraph is None:
            print("codegraph is left out" + (": npm could not install it" if wants_codegraph else ""))
        tree = laid_out(source, folder)
        texts = [path.read_bytes() for path in c_files(tree)]
        print(f"{source}: {len(files_below(tree)):,} files, {len(texts):,} in C, {sum(map(len, texts)) / 1e6:.1f} MB")
        runs: dict[str, Run] = {}
        for number in range(rounds):
            floor = {
                "parse": measured(lambda: parse_all(texts)),
                "read": measured(lambda: [path.read_bytes() for path in files_below(tree)]),
            }
            better(runs, {**floor, **peers(tree, folder, codegraph)})
            sizes = {"codegraph": size_of(tree / ".codegraph")} if codegraph else {}
            shutil.rmtree(tree / ".codegraph", ignore_errors=True)
            better(runs, ours(tree, folder / f"cache{number}"))
        show(runs)
        sizes["codereader"] = size_of(folder / "cache0")
        print("on disk        " + ", ".join(f"{name} {size / 1e6:.1f} MB" for name, size in sizes.items()))


def whole(tree: Path) -> None:
    """Index *tree* once from nothing and once again."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as made:
        for row in ("cold", "unchanged"):
            run = index(tree, Path(made))
            told = json.loads(run.stdout)
            print(f"{row:<10} {run.seconds:7.1f} s {run.cpu:7.1f} s CPU {run.peak / 1e6:6.0f} MB", end="")
            print(f"   {told['files']:,} files, {told['parsed']:,} contents parsed, {told['skipped']:,} skipped")
        print(f"on disk    {size_of(Path(made)) / 1e6:.0f} MB")


def corpus(*flags: str) -> Path:
    """Return the test corpus."""
    script = Path(__file__).parents[1] / "tests" / "corpora" / "linux.sh"
    done = subprocess.run(["bash", str(script), *flags], check=True, capture_output=True, text=True)
    return Path(done.stdout.strip())


def main() -> None:
    reader = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    reader.add_argument("tree", nargs="?", type=Path, help="a folder of C source; default: net/ of the test corpus")
    reader.add_argument("--runs", type=int, default=3, help="rounds; the best of each row counts")
    reader.add_argument("--whole", action="store_true", help="the whole kernel, codereader alone, once")
    reader.add_argument("--no-codegraph", action="store_true", help="do not install and run codegraph")
    wish = reader.parse_args()
    print(facts_of_machine())
    if wish.whole:
        whole(wish.tree or corpus("--all"))
    else:
        compare(wish.tree or corpus() / "net", max(wish.runs, 1), not wish.no_codegraph)


if __name__ == "__main__":
    main()
