"""How well sentences are held against the tree: ``python benchmarks/claims.py FILE TREE [TREE ...]``.

FILE holds one sentence a line as JSON: ``tree`` (a folder, found under one of the TREEs), ``text`` and ``altered``:
null for a true sentence, else what was changed. Prints how many true ones are verified, without evidence and falsely
contradicted, how many altered ones contradicted, without evidence and missed (verified), and the time a token.
``--all`` lists each sentence with its verdict, ``--wrong`` those that are not as they should be.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from codereader.answer.checks.statement import Checker
from codereader.answer.event import Judged, Statement
from codereader.answer.prose.checked import CheckedStream
from codereader.index.view import IndexView
from codereader.reader import Reader

WANTED = {False: "verified", True: "contradicted"}


def pieces(text: str) -> Iterator[str]:
    """Cut *text* as a model's tokens would: about four characters each."""
    yield from (text[at : at + 4] for at in range(0, len(text), 4))


def judge(checker: Checker, view: IndexView, text: str) -> tuple[list[Statement], float, int]:
    stream = CheckedStream(view, checker=checker)
    start, count = time.process_time(), 0
    found = []
    for piece in pieces(text):
        found += [event.statement for event in stream.feed(piece) if isinstance(event, Judged)]
        count += 1
    found += [event.statement for event in stream.flush() if isinstance(event, Judged)]
    return found, time.process_time() - start, count


def verdict(found: list[Statement]) -> tuple[str, str]:
    """Return the worst verdict: a text of several sentences holds only if all of them do."""
    for worst in ("contradicted", "no evidence"):
        for one in found:
            if one.verdict == worst:
                return worst, one.why
    return ("verified", found[0].why) if found else ("not judged", "")


def main() -> None:
    arguments = [one for one in sys.argv[1:] if not one.startswith("--")]
    rows: list[dict[str, Any]] = [json.loads(line) for line in Path(arguments[0]).read_text("utf-8").splitlines()]
    counts: dict[bool, Counter[str]] = {False: Counter(), True: Counter()}
    spent, tokens = 0.0, 0
    with ExitStack() as stack:
        views: dict[str, tuple[Checker, IndexView]] = {}
        for row in rows:
            if row["tree"] not in views:
                place = next(
                    root / row["tree"] for one in arguments[1:] if ((root := Path(one)) / row["tree"]).exists()
                )
                reader = stack.enter_context(Reader(place))
                reader.open()
                views[row["tree"]] = (Checker(reader.view), reader.view)
            found, seconds, count = judge(*views[row["tree"]], row["text"])
            spent, tokens = spent + seconds, tokens + count
            is_altered = row["altered"] is not None
            said, why = verdict(found)
            counts[is_altered][said] += 1
            is_wrong = said != WANTED[is_altered]
            if "--all" in sys.argv or ("--wrong" in sys.argv and is_wrong):
                mark = "!!" if said == WANTED[not is_altered] else "? " if is_wrong else "  "
                print(f"{mark} {row['altered'] or 'true':<22} {said:<13} {row['text']}\n{'':>40}{why}")
    for is_altered, name, wrong in ((False, "true", "contradicted"), (True, "altered", "verified")):
        some = counts[is_altered]
        label = "falsely contradicted" if not is_altered else "missed (verified)"
        print(
            f"{name:<8} {sum(some.values()):>3}: {WANTED[is_altered]} {some[WANTED[is_altered]]}, "
            f"no evidence {some['no evidence'] + some['not judged']}, {label} {some[wrong]}"
        )
    print(f"{1000 * spent / max(1, tokens):.3f} ms of processor time a token over {tokens:,} tokens")


if __name__ == "__main__":
    main()
