"""Prose comes out with its evidence filled in, its claims marked and its sentences judged, however it was split."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codereader.answer.checks.statement import Checker
from codereader.answer.event import Judged, Mark, Token
from codereader.answer.prose.checked import DRIFT, CheckedStream
from codereader.cancel import CancelToken
from codereader.facts.fact import Fact
from codereader.index.build import build
from codereader.index.view import IndexView, open_index
from codereader.source.walk import open_scope, walk

DATA = Path(__file__).parent.parent / "data"
EVIDENCE = (
    Fact("ramdisk_open", "calls", "ramdisk_find", "ramdisk_open calls ramdisk_find", "core.c", 62),
    Fact("ramdisk_ioctl", "calls", "clear", "ramdisk_ioctl calls clear", "ioctl.c", 27),
)


@pytest.fixture(scope="module")
def view(tmp_path_factory) -> Iterator[IndexView]:
    """The small driver under tests/data, indexed."""
    home = tmp_path_factory.mktemp("ramdisk")
    shutil.copytree(DATA / "ramdisk", home / "ramdisk")
    walked = walk(open_scope(home / "ramdisk"), CancelToken(), None)
    build(walked, home / "cache", CancelToken())
    opened = open_index(walked, home / "cache")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def checker(view) -> Checker:
    return Checker(view)


def run(view, checker, parts, **options):
    """Return the text, and each mark and verdict with its place."""
    stream = CheckedStream(view, EVIDENCE, checker=checker, **options)
    text, found = "", []
    for event in [one for part in parts for one in stream.feed(part)] + list(stream.flush()):
        match event:
            case Token(text=more):
                text += more
            case Mark(citation=citation):
                found.append((len(text), citation.text, citation.verdict))
            case Judged(statement=statement):
                found.append((len(text), statement.text, statement.verdict))
    return text, found, stream


def test_a_verdict_stands_right_behind_its_sentence(view, checker):
    """The place of a number is filled in, and what came of the sentence is told where it ends."""
    text, found, _ = run(view, checker, ["`ramdisk_open` calls `ramdisk_find` [1]. It has a head.\n"])

    sentence = "`ramdisk_open` calls `ramdisk_find` [core.c:62]."
    assert text.startswith(sentence)
    assert (len(sentence), sentence, "verified") in found


def test_a_number_without_a_fact_is_marked(view, checker):
    """A number that the prompt did not give is not found."""
    _, found, _ = run(view, checker, ["`ramdisk_open` calls `ramdisk_find` [7]."])

    assert ("[7]", "not found") in [(text, verdict) for _, text, verdict in found]


def test_a_sentence_that_cites_a_fact_about_something_else_has_no_evidence(view, checker):
    """A true sentence does not become evidence-backed by a number of another fact."""
    _, found, _ = run(view, checker, ["`ramdisk_open` calls `ramdisk_find` [2]."])

    assert [verdict for _, text, verdict in found if text.endswith(".")] != ["verified"]


PROSE = """## What `ramdisk_open` does

The calls are:

- **Open**: `ramdisk_open` calls `ramdisk_find` [1]. It also calls `ramdisk_destroy`.
- `ramdisk_bogus` is called by `ramdisk_open`.
- `ramdisk_ioctl` is defined in ioctl.c, on line 23 of `ioctl.c`. [2, 9]

| name | place |
|---|---|
| `ramdisk_open` | core.c:60 |
| `ramdisk_ioctl` | core.c:60 |

```c
ramdisk_open(a, b);
```

In summary, it is simple。`ramdisk_open`は`ramdisk_find`を呼び出します。
"""


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=9), st.booleans())
def test_the_split_of_the_prose_changes_nothing(view, checker, sizes, only_verified):
    """Text, marks and verdicts are the same at the same places, however the model split its prose."""
    parts, at = [], 0
    while at < len(PROSE):
        parts.append(PROSE[at : at + sizes[len(parts) % len(sizes)]])
        at += len(parts[-1])

    once = run(view, checker, [PROSE], only_verified=only_verified)
    again = run(view, checker, parts, only_verified=only_verified)
    assert once[:2] == again[:2]
    assert once[2].tally == again[2].tally


def test_only_verified_keeps_the_structure_and_no_orphans(view, checker):
    """What is not verified goes, with the bullets and headings that nothing is left of; the rest stays Markdown."""
    prose = (
        "# One\n\nNothing here holds.\n\n# Two\n\nThe calls are:\n\n- `ramdisk_open` calls `ramdisk_destroy`.\n"
        "- `ramdisk_open` calls `ramdisk_find`. It is a marvel of `ramdisk_bogus`.\n\n# Three\n\nNo more.\n"
    )

    text, _, stream = run(view, checker, [prose], only_verified=True)

    assert text == "# Two\n\nThe calls are:\n\n- `ramdisk_open` calls `ramdisk_find`."
    assert (stream.tally.verified, stream.tally.dropped) == (1, 3)


def test_only_verified_leaves_no_head_of_a_table_without_rows(view, checker):
    """The head of a table passes with its first verified row, and goes where none is left."""
    head = "| name | place |\n|---|---|\n"
    call = "`ramdisk_open` calls `ramdisk_find`."
    prose = f"{head}| `ramdisk_open` | core.c:3 |\n\n{call}\n\n{head}| `ramdisk_open` | core.c:60 |\n"

    text, _, _ = run(view, checker, [prose], only_verified=True)

    assert text == f"{call}\n\n{head}| `ramdisk_open` | core.c:60 |"


def test_an_answer_without_evidence_for_long_drifts(view, checker):
    """Sentence after sentence without anything verified is a drift; one that is ends it."""
    _, _, lost = run(view, checker, ["The weather in the code of the disk is fine today. "] * DRIFT)
    _, _, found = run(
        view, checker, ["The code of the disk is fine. "] * DRIFT + ["`ramdisk_open` calls `ramdisk_find`."]
    )

    assert lost.drifts
    assert not found.drifts
