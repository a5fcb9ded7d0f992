"""A pack as one JSON object, written row by row: the text of a large pack is never held twice."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from codereader.fronts import shape
from codereader.fronts.packed.page import Page
from codereader.pack.segment import LeftOut, Segment


def chunks(page: Page, *, text: bool) -> Iterator[str]:
    """Yield the object of *page* on one line; with *text* its segments carry theirs."""
    yield json.dumps(_head(page))[:-1]
    yield from _rows("segments", page.segments, lambda one: _segment(one, text=text))
    yield from _rows("left_out", page.packed.left_out, _left_out)
    yield "}\n"


def _head(page: Page) -> shape.Json:
    """Return all keys but those of the long lists."""
    packed = page.packed
    base = packed.base
    return {
        "schema": shape.SCHEMA,
        "scope": page.name,
        "files": page.files,
        "question": page.question,
        "budget": page.budget,
        "tokens": packed.tokens,
        "base_tokens": base.tokens,
        "focus_tokens": packed.focus.tokens,
        "around_tokens": page.around,
        "vocabulary": base.vocabulary,
        "exact": base.exact,
        "hash": base.hash,
        "brief": packed.brief.text or None,
        "facts": packed.facts.text or None,
        **{change.name: change.text for change in page.changes},
        "secrets": [{"path": find.path, "line": find.line, "kind": find.kind} for find in page.finds],
        "notes": list(packed.notes),
    }


def _rows(key: str, rows: Iterable[Any], write: Callable[[Any], shape.Json]) -> Iterator[str]:
    yield f', "{key}": ['
    for at, row in enumerate(rows):
        yield (", " if at else "") + json.dumps(write(row))
    yield "]"


def _segment(one: Segment, *, text: bool) -> shape.Json:
    return shape.segment(one, text=text)


def _left_out(one: LeftOut) -> shape.Json:
    return shape.left_out([one])[0]
