"""What a pack holds of the functions that a right answer must see, against other ways to fill the same budget.

    python benchmarks/held.py [dev|held|all] [--tree NAME]... [--only WORD] [--each] [--model M] [--cache FOLDER]

Forty questions about three trees (benchmarks/held/*.toml), each with the functions that a right answer must see in
full. They were written, and split in two halves, before any packer was run on them. The half ``dev`` may be looked at
while rules are made (``--each`` shows what became of each function); of the half ``held`` only the table is looked at.

The trees: net/ of the test corpus (tests/corpora/linux.sh), the folder codereader/ of this project at one commit, and
the installed package hypothesis. Every way counts with the same vocabulary, headings included, and never goes over the
budget; one that takes whole things skips what does not fit and goes on with the next.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import importlib.util
import io
import re
import shutil
import subprocess
import sys
import tarfile
import time
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TypeVar

from repomap import RepoMap

from codereader.config import cache_dir
from codereader.index.parsed import Definition
from codereader.index.view import At
from codereader.model.catalogue import resolve_model
from codereader.model.counter import TokenCounter
from codereader.model.vocabulary import open_vocabulary
from codereader.reader import Reader

BUDGETS = (8_000, 32_000, 128_000)
"""Tokens that a pack may take."""

COMMIT = "b69693e54810c0df388166303beb35be53b22ecc"
"""The commit of this project that its questions are about."""

HYPOTHESIS = "6.170.15"
"""The version that its questions were written with."""

FUNCTIONS = ("function", "method")
LEAST_LEFT = 48
"""Tokens under which no way looks for something that still fits."""

TOGETHER = 64
"""So many texts are counted at once."""

HOME = Path(__file__).resolve().parents[1]

T = TypeVar("T")

Range = tuple[str, int, int]
"""A path and two lines, 1-based and inclusive."""


@dataclass(frozen=True)
class Question:
    """What is asked, and the functions that a right answer must see: path and dotted name."""

    id: str
    half: str
    ask: str
    see: tuple[tuple[str, str], ...]


@dataclass
class Holding:
    """What a way shows: runs of lines in full, and the lines (of names) whose signature is shown."""

    full: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    named: set[tuple[str, int]] = field(default_factory=set)

    def add(self, path: str, first: int, last: int) -> None:
        """Take note of lines that are shown in full."""
        self.full.setdefault(path, []).append((first, last))

    def holds(self, path: str, first: int, last: int) -> bool:
        """Whether each line is shown in full."""
        for begin, end in sorted(self.full.get(path, ())):
            if begin <= first <= end:
                first = end + 1
        return first > last

    def state(self, path: str, one: Definition) -> str:
        """Return what is shown of a function: ``full``, its ``signature``, or ``none``."""
        if self.holds(path, *one.span.lines):
            return "full"
        line = one.row + 1
        return "signature" if (path, line) in self.named or self.holds(path, line, line) else "none"


class Remembering:
    """A counter that counts no text twice in one run."""

    exact = True

    def __init__(self, count: TokenCounter) -> None:
        self.name = count.name
        self._count = count
        self._known: dict[bytes, int] = {}

    def count_many(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text alone."""
        keys = [hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest() for text in texts]
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._known}
        self._known.update(zip(new, self._count.count_many(list(new.values())), strict=True))
        return [self._known[key] for key in keys]


class Tree:
    """One tree: its questions, and what every way to fill a budget needs, worked out once."""

    def __init__(self, name: str, reader: Reader, count: TokenCounter) -> None:
        self.name, self.reader, self.count = name, reader, count
        rows = tomllib.loads((HOME / "benchmarks" / "held" / f"{name}.toml").read_text("utf-8"))["question"]
        self.questions = [
            Question(row["id"], row["half"], row["ask"], tuple((s.split(" ")[0], s.split(" ")[1]) for s in row["see"]))
            for row in rows
        ]
        self.costs: dict[Range, int] = {}

    @cached_property
    def graph(self) -> RepoMap:
        """The graph of references."""
        return RepoMap(self.reader.view)

    @cached_property
    def defined(self) -> dict[str, list[Definition]]:
        """The functions of each file, in order of lines."""
        found: dict[str, list[Definition]] = {}
        for at in self.reader.view.definitions(kinds=FUNCTIONS):
            found.setdefault(at.path, []).append(at.fact)
        return found

    @lru_cache(maxsize=256)  # noqa: B019 - a tree lives as long as the run
    def lines(self, path: str) -> list[str]:
        """Return the lines of a file."""
        return self.reader.view.text(path).decode("utf-8", "replace").split("\n")

    def function(self, path: str, dotted: str) -> Definition:
        """Return a function that a question names."""
        owner, _, name = dotted.rpartition(".")
        found = [one for one in self.defined.get(path, ()) if one.name == name and (one.owner or "") == owner]
        if not found:
            written = f" The questions were written with hypothesis {HYPOTHESIS}." if self.name == "hypothesis" else ""
            sys.exit(f"{self.name}: {path} has no function {dotted} any more.{written}")
        return max(found, key=lambda one: one.span.end - one.span.start)

    def cost(self, ranges: Sequence[Range]) -> list[int]:
        """Return the tokens of each run of lines under a heading of its own."""
        new = [one for one in dict.fromkeys(ranges) if one not in self.costs]
        texts = [f"=== {p} (lines {a}-{b})\n" + "\n".join(self.lines(p)[a - 1 : b]) + "\n" for p, a, b in new]
        self.costs.update(zip(new, self.count.count_many(texts), strict=True))
        return [self.costs[one] for one in ranges]

    @lru_cache(maxsize=64)  # noqa: B019
    def searched(self, question: str) -> tuple[tuple[str, ...], tuple[tuple[str, int], ...]]:
        """Return all files and all symbols (path and line of the name) by search rank."""
        ranked = self.reader.search(question, len(self.reader.view.files()) * 100)
        return tuple(one.path for one in ranked.files), tuple((one.path, one.line) for one in ranked.symbols)


# Ways to fill a budget


def ours(tree: Tree, question: str, budget: int) -> Holding:
    """Fill with what this packer chooses."""
    packed = tree.reader.pack(budget, tree.count, question=question)
    if packed.tokens > budget:
        sys.exit(f"{packed.tokens:,} tokens in a budget of {budget:,}: {question}")
    holding, texts = Holding(), dict[str, list[str]]()
    for one in (*packed.base.segments, *packed.focus.segments):
        if one.level in ("full", "uncommented"):
            holding.add(one.path, one.start_line, one.end_line)
        else:
            texts.setdefault(one.path, []).append(one.text)
    for path, some in texts.items():
        words = set(re.findall(r"\w+", "\n".join(some)))
        holding.named |= {(path, one.row + 1) for one in tree.defined.get(path, ()) if one.name in words}
    return holding


def _lines_of(tree: Tree, path: str) -> int:
    file = tree.reader.view.file(path)
    return file.lines if file else 0


def by_search(tree: Tree, question: str, budget: int) -> Holding:
    """Fill with whole files by search rank."""
    return taken(tree, ((path, 1, _lines_of(tree, path)) for path in tree.searched(question)[0]), budget)


def by_path(tree: Tree, _: str, budget: int) -> Holding:
    """Fill with whole files in order of path."""
    return taken(tree, ((file.path, 1, file.lines) for file in tree.reader.view.files()), budget)


def functions_by_search(tree: Tree, question: str, budget: int) -> Holding:
    """Fill with whole functions by search rank, then with the others of the files by theirs."""
    files, symbols = tree.searched(question)
    at = {(path, one.row + 1): one for path, some in tree.defined.items() for one in some}
    named = ((path, at[path, line]) for path, line in symbols if (path, line) in at)
    others = ((path, one) for path in files for one in tree.defined.get(path, ()))
    return taken(tree, ((path, *one.span.lines) for some in (named, others) for path, one in some), budget)


def ranked_bodies(tree: Tree, question: str, budget: int) -> Holding:
    """Fill with whole functions by their rank over the graph of references."""
    return taken(tree, ((at.path, *at.fact.span.lines) for at in ranked(tree, question, FUNCTIONS)), budget)


def ranked_signatures(tree: Tree, question: str, budget: int) -> Holding:
    """Fill with one line a definition by rank over the graph of references, under a heading a file."""
    holding, left, headed = Holding(), budget, set[str]()
    for some in batches(ranked(tree, question, ())):
        heads = tree.count.count_many([f"{at.path}:\n" for at in some])
        costs = tree.count.count_many([at.fact.signature + "\n" for at in some])
        for at, head, cost in zip(some, heads, costs, strict=True):
            cost += 0 if at.path in headed else head
            if cost <= left:
                left -= cost
                headed.add(at.path)
                holding.named.add((at.path, at.fact.row + 1))
        if left < LEAST_LEFT:
            break
    return holding


def ranked(tree: Tree, question: str, kinds: Sequence[str]) -> Iterator[At[Definition]]:
    """Yield the definitions of the *kinds* (empty: all) by rank over the graph of references."""
    for path, name in tree.graph.rank(question):
        yield from (at for at in tree.reader.view.definitions(name=name, kinds=kinds) if at.path == path)


def taken(tree: Tree, ranges: Iterable[Range], budget: int) -> Holding:
    """Return the first of the *ranges* that fit, each once."""
    holding, left = Holding(), budget
    for some in batches(ranges):
        for (path, first, last), cost in zip(some, tree.cost(some), strict=True):
            if cost <= left and not holding.holds(path, first, last):
                left -= cost
                holding.add(path, first, last)
        if left < LEAST_LEFT:
            break
    return holding


def batches(things: Iterable[T]) -> Iterator[list[T]]:
    """Yield *things*, so many at a time."""
    batch: list[T] = []
    for one in things:
        batch.append(one)
        if len(batch) == TOGETHER:
            yield batch
            batch = []
    if batch:
        yield batch


WAYS: dict[str, Callable[[Tree, str, int], Holding]] = {
    "codereader": ours,
    "functions by search": functions_by_search,
    "files by search": by_search,
    "files by path": by_path,
    "bodies by graph": ranked_bodies,
    "signatures by graph": ranked_signatures,
}


# The trees


def linux(_: Path) -> Path:
    """Return net/ of the test corpus."""
    script = HOME / "tests" / "corpora" / "linux.sh"
    return Path(subprocess.run(["bash", script], check=True, capture_output=True, text=True).stdout.strip()) / "net"


def own(folder: Path) -> Path:
    """Return the folder codereader/ of this project as it was at `COMMIT`."""
    tree = folder / COMMIT[:12]
    if not tree.is_dir():
        command = ["git", "-C", str(HOME), "archive", COMMIT, "codereader"]
        packed = subprocess.run(command, check=False, capture_output=True)
        if packed.returncode:
            sys.exit(f"commit {COMMIT} is not here ({packed.stderr.decode().strip()}): fetch the whole history")
        with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
            archive.extractall(tree, filter="data")
    return tree / "codereader"


def hypothesis(folder: Path) -> Path:
    """Return a copy of the installed package hypothesis, out of reach of anybody's ignore rules."""
    found = importlib.util.find_spec("hypothesis")
    if found is None or found.submodule_search_locations is None:
        sys.exit("hypothesis is not installed: pip install '.[tiny,test]'")
    tree = folder / f"hypothesis-{importlib.metadata.version('hypothesis')}"
    if not tree.is_dir():
        source = found.submodule_search_locations[0]
        shutil.copytree(source, tree, ignore=shutil.ignore_patterns("__pycache__", "*.so", "*.pyd"))
    return tree


TREES: dict[str, Callable[[Path], Path]] = {"linux": linux, "codereader": own, "hypothesis": hypothesis}


# What comes of it


@dataclass
class Row:
    """What one way shows of one tree at each budget."""

    tree: str
    way: str
    states: dict[int, list[tuple[Question, list[str]]]] = field(default_factory=dict)

    def share(self, budget: int, wanted: Sequence[str] = ("full",)) -> str:
        """Return the share of functions shown as *wanted*, and of how many questions all are."""
        asked = [states for _, states in self.states[budget]]
        shown = [state in wanted for states in asked for state in states]
        whole = sum(all(state in wanted for state in states) for states in asked)
        return f"{sum(shown) / len(shown):.0%} ({whole})".replace("%", " %")


def measured(tree: Tree, questions: Sequence[Question], ways: Sequence[str]) -> Iterator[Row]:
    """Yield what each way shows to the *questions*."""
    for way in ways:
        row, began = Row(tree.name, way), time.perf_counter()
        for question in questions:
            wanted = [(path, tree.function(path, name)) for path, name in question.see]
            for budget in BUDGETS:
                holding = WAYS[way](tree, question.ask, budget)
                row.states.setdefault(budget, []).append((question, [holding.state(*one) for one in wanted]))
        note(f"{tree.name}, {way}: {time.perf_counter() - began:.1f} s")
        yield row


def together(rows: Sequence[Row]) -> Iterator[Row]:
    """Yield the rows, then one a way over all trees where there are several."""
    yield from rows
    if len({row.tree for row in rows}) > 1:
        for way in dict.fromkeys(row.way for row in rows):
            mine = [row for row in rows if row.way == way]
            yield Row("all", way, {budget: [one for row in mine for one in row.states[budget]] for budget in BUDGETS})


def table(half: str, rows: Sequence[Row]) -> None:
    """Print the shares of one half."""
    print(f"\n| {half} | " + " | ".join(f"{budget:,}" for budget in BUDGETS) + " |")
    print("|---|" + "---|" * len(BUDGETS))
    titled = ""
    for row in together(rows):
        if titled != row.tree:
            asked = row.states[BUDGETS[0]]
            print(
                f"| **{row.tree}**, {len(asked)} questions, {sum(len(states) for _, states in asked)} functions |"
                + " |" * len(BUDGETS)
            )
            titled = row.tree
        if row.way != "signatures by graph":
            print(f"| {row.way} | " + " | ".join(row.share(budget) for budget in BUDGETS) + " |")
        if row.way in ("codereader", "signatures by graph"):
            cells = (row.share(budget, ("full", "signature")) for budget in BUDGETS)
            print(f"| {row.way}, at least the signature | " + " | ".join(cells) + " |")


def each(rows: Sequence[Row]) -> None:
    """Print what became of each function at each budget."""
    for row in rows:
        print(f"\n{row.tree}, {row.way}: " + ", ".join(f"{budget:,}" for budget in BUDGETS))
        for place, (question, first) in enumerate(row.states[BUDGETS[0]]):
            print(f"  {question.id}: {question.ask}")
            for at in range(len(first)):
                said = (f"{row.states[budget][place][1][at]:9}" for budget in BUDGETS)
                print(f"    {' '.join(said)} {' '.join(question.see[at])}")


def note(text: str) -> None:
    """Tell how far the run is."""
    sys.stderr.write(text + "\n")


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("half", nargs="?", default="dev", choices=("dev", "held", "all"))
    parser.add_argument("--tree", action="append", choices=tuple(TREES))
    parser.add_argument("--only", default="", metavar="WORD", help="ways whose name holds WORD; 'ours' is codereader")
    parser.add_argument("--each", action="store_true")
    parser.add_argument("--model", default="SmolLM2")
    parser.add_argument("--cache", type=Path, default=cache_dir() / "held")
    given = parser.parse_args()
    if given.each and given.half != "dev":
        parser.error("--each shows the half dev only")
    halves = ("dev", "held") if given.half == "all" else (given.half,)
    ways = [way for way in WAYS if given.only.replace("ours", "codereader") in way]
    model = resolve_model(given.model, cache_dir()) or sys.exit("no model was found")
    count = Remembering(open_vocabulary(model.path, given.cache))
    rows: dict[str, list[Row]] = {half: [] for half in halves}
    for name in given.tree or TREES:
        with Reader(TREES[name](given.cache / "trees"), cache=given.cache) as reader:
            reader.open()
            tree = Tree(name, reader, count)
            for half in halves:
                rows[half] += measured(tree, [one for one in tree.questions if one.half == half], ways)
    for half in halves:
        if given.each:
            each(rows[half])
        table(half, rows[half])


if __name__ == "__main__":
    main()
