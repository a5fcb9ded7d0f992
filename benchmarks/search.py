"""What each signal of `codereader search` earns, on texts whose right files are known.

    python benchmarks/search.py make REPO [--tree TREE] [--keep-prefix] [--most N] > SET.jsonl
    python benchmarks/search.py run TREE SET.jsonl [--cache FOLDER]
    python benchmarks/search.py                             this project's own history, made and run

`make` turns the history of any git repository into a set: the message of a commit that touches one to three source
files, as the text, and those files that TREE (the repository's own work tree unless given) still holds, as the
answer; tests, examples and documents are none. What would give them away is taken out: trailers, hashes, the names of
the files themselves, and the subject's prefix (``net: foo:``), unless --keep-prefix. Merges and messages of fewer than
60 letters are left out.

A set has a JSON object a line, ``{"text": "...", "files": ["path", ...]}``; any other collection of reports will do,
the older the tree than the reports the better.

`run` prints, for each variant, how often the first, one of the first five, one of the first ten files is right, the
mean of 1/rank (MRR), and milliseconds a text. Variants: BM25 over contents, every word of the text counting the same;
all signals; all but one; one alone. Nothing is fitted here.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from codereader.facts.rank import is_minor
from codereader.facts.search.question import read_question
from codereader.facts.search.shelf import Shelf, table
from codereader.facts.search.signals import LENGTH_SHARE, SATURATION, WEIGHTS, combined, find
from codereader.index.terms.bag import CODE, COMMENT, DEFINED, STRING
from codereader.index.terms.words import WORD, terms_of
from codereader.reader import Reader

SOURCE = re.compile(r"\.(?:c|h|cc|cpp|hpp|py|go|rs|java|js|jsx|ts|tsx|S)$")
MOST_FILES = 3
LEAST_LETTERS = 60
MISSED = 10**9
_TRAILER = re.compile(
    r"^\s*(?:[A-Z][\w-]+-by|Cc|Link|Fixes|Closes|Message-ID|Change-Id|Reviewed|Acked)\b.*$", re.MULTILINE
)
_HASH = re.compile(r"\b[0-9a-f]{8,40}\b(?: \(\"[^\n]*\"\))?")
_PREFIX = re.compile(r"^(?:[\w./,\[\]{} -]{1,40}: )+")


@dataclass(frozen=True)
class Asked:
    """A text and the places of its right files on the shelf."""

    text: str
    right: Sequence[int]


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command")
    make = commands.add_parser("make")
    make.add_argument("repo", type=Path)
    make.add_argument("--tree", type=Path)
    make.add_argument("--keep-prefix", action="store_true")
    make.add_argument("--most", type=int, default=400)
    run = commands.add_parser("run")
    run.add_argument("tree", type=Path)
    run.add_argument("set", type=Path)
    run.add_argument("--cache", type=Path)
    given = parser.parse_args()
    if given.command == "make":
        for one in made(given.repo, given.tree or given.repo, given.most, keep_prefix=given.keep_prefix):
            sys.stdout.write(json.dumps(one) + "\n")
        return
    if given.command == "run":
        lines = [line for line in given.set.read_text(encoding="utf-8").splitlines() if line.strip()]
        table_of(given.tree, [json.loads(line) for line in lines], given.cache)
        return
    home = Path(__file__).resolve().parent.parent
    with tempfile.TemporaryDirectory() as cache:
        table_of(home, list(made(home, home, 200, keep_prefix=False)), Path(cache))


def made(repo: Path, tree: Path, most: int, *, keep_prefix: bool) -> Iterator[dict[str, object]]:
    """Yield a text and its files for each of at most *most* commits of *repo*, the latest first."""
    command = ["git", "-C", str(repo), "log", "--no-merges", "--name-only", "--format=%x01%B%x02"]
    history = subprocess.run(command, check=True, capture_output=True).stdout.decode("utf-8", "replace")
    count = 0
    for record in history.split("\x01")[1:]:
        message, _, names = record.partition("\x02")
        touched = [name for name in names.split("\n") if name.strip()]
        files = [name for name in touched if SOURCE.search(name) and not is_minor(name) and (tree / name).is_file()]
        text = cleaned(message, touched, keep_prefix=keep_prefix)
        if 1 <= len(files) <= MOST_FILES and len(touched) <= 2 * MOST_FILES and len(text) >= LEAST_LETTERS:
            yield {"text": text, "files": files}
            count += 1
            if count == most:
                return


def cleaned(message: str, touched: Sequence[str], *, keep_prefix: bool) -> str:
    """Return *message* without what gives the files *touched* away."""
    text = _HASH.sub("", _TRAILER.sub("", message)).strip()
    if not keep_prefix:
        text = _PREFIX.sub("", text, count=1)
    for name in touched:
        text = text.replace(name, "").replace(name.rpartition("/")[2], "")
    return text.strip()


def table_of(tree: Path, rows: Sequence[Mapping[str, object]], cache: Path | None) -> None:
    """Print the table of all variants over *rows* of a set."""
    with Reader(tree, cache=cache) as reader:
        reader.open()
        began = time.perf_counter()
        shelf = reader.searcher.shelf
        print(f"{len(shelf):,} files; index of terms up to date in {time.perf_counter() - began:.1f} s")
        places = {path: at for at, path in enumerate(shelf.paths)}
        asked = [Asked(str(row["text"]), _right(row, places)) for row in rows]
        asked = [one for one in asked if one.right]
        print(f"{len(asked)} texts of {len(rows)}; the others name no file of the tree\n")
        print(f"{'':24}{'@1':>7}{'@5':>7}{'@10':>7}{'MRR':>8}{'ms':>7}")
        began = time.perf_counter()
        _row("BM25 over contents", [rank(plain(shelf, one.text), one.right) for one in asked], began)
        began = time.perf_counter()
        found = [find(shelf, read_question(one.text)).values for one in asked]
        _row("all", [rank(combined(shelf, f), one.right) for f, one in zip(found, asked, strict=True)], began)
        for title, chosen in variants():
            _row(title, [rank(combined(shelf, f, chosen), one.right) for f, one in zip(found, asked, strict=True)])


def variants() -> Iterator[tuple[str, Mapping[str, float]]]:
    """Yield a title and the weights of each variant."""
    worth = {name: weight for name, weight in WEIGHTS.items() if weight}
    for name in worth:
        yield f"without {name}", {**worth, name: 0.0}
    for name in worth:
        if name != "folder":
            yield f"only {name}", {name: 1.0}


def _right(row: Mapping[str, object], places: Mapping[str, int]) -> list[int]:
    files = row["files"]
    return [places[path] for path in files if path in places] if isinstance(files, list) else []


def plain(shelf: Shelf, text: str) -> np.ndarray:
    """Return the score of each file by BM25 alone: contents as one field, the words of the text as they come."""
    counts = Counter(term for word in WORD.findall(text) for term in terms_of(word))
    weighted = table({DEFINED: 0.0, STRING: 1.0, COMMENT: 1.0, CODE: 1.0})
    norm = SATURATION * (1 - LENGTH_SHARE + LENGTH_SHARE * shelf.lengths / max(1.0, float(shelf.lengths.mean())))
    total = np.zeros(len(shelf), np.float32)
    for term, hit in shelf.contents(counts).items():
        often = weighted[hit[1]]
        total[hit[0]] += counts[term] * shelf.worth(hit) * often * (SATURATION + 1) / (often + norm[hit[0]])
    return total


def rank(total: np.ndarray, right: Sequence[int]) -> int:
    """Return the 1-based rank of the best of the *right* places; equal scores are by place."""
    return min(
        1 + int((total > total[at]).sum()) + int((total[:at] == total[at]).sum()) if total[at] > 0 else MISSED
        for at in right
    )


def _row(title: str, ranks: Sequence[int], began: float | None = None) -> None:
    some = np.array(ranks)
    shares = "".join(f"{100 * (some <= most).mean():7.1f}" for most in (1, 5, 10))
    spent = f"{(time.perf_counter() - began) * 1000 / len(ranks):7.0f}" if began is not None else ""
    print(f"{title:24}{shares}{(1 / some).mean():8.3f}{spent}", flush=True)


if __name__ == "__main__":
    main()
