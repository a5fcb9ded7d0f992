"""The sentences of the benchmark, held against the trees that they are about."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from codereader.answer.checks.statement import Checker
from codereader.answer.event import Judged
from codereader.answer.prose.checked import CheckedStream
from codereader.reader import Reader

SENTENCES = sorted((Path(__file__).parents[2] / "benchmarks" / "claims").glob("linux*.jsonl"))


@pytest.mark.parametrize("tree", ["fs/ramfs", "net/ipv4"])
def test_no_true_sentence_is_contradicted_and_no_altered_one_verified(linux, tree):
    """Of the sentences on a tree, at least four in five true ones are verified, and none is judged the wrong way."""
    rows = [json.loads(line) for path in SENTENCES for line in path.read_text("utf-8").splitlines()]
    wrong, verified = [], 0
    with Reader(linux / tree) as reader:
        reader.open()
        checker = Checker(reader.view)
        for row in (one for one in rows if one["tree"] == tree):
            stream = CheckedStream(reader.view, checker=checker)
            events = [*stream.feed(row["text"]), *stream.flush()]
            verdicts = {event.statement.verdict for event in events if isinstance(event, Judged)}
            is_verified = verdicts == {"verified"}
            if is_verified if row["altered"] else "contradicted" in verdicts:
                wrong.append(row["text"])
            verified += is_verified

    true = sum(one["tree"] == tree and one["altered"] is None for one in rows)
    assert [] == wrong
    assert verified >= 0.8 * true
