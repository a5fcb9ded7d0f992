"""Show packs: what a budget holds, and what a dry run would send to a model with which plan."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from codereader.fronts import shape
from codereader.fronts.plans.page import body, page_width
from codereader.fronts.plans.planned import Asked
from codereader.fronts.text import counted, safe_line

if TYPE_CHECKING:
    from codereader.answer.packing import Packed
    from codereader.answer.prepare import Prepared
    from codereader.answer.speaker import Speaker
    from codereader.fronts.render import Output
    from codereader.pack.segment import LeftOut, Segment

SHOWN = 40
"""Rows of left-out files that text shows before it counts the rest; JSON lists all."""


def dry_run_out(ready: Prepared, speaker: Speaker, question: str, out: Output, style: str) -> None:
    """Write the dry run in *style*."""
    if style in ("json", "jsonl"):
        out.json(_json(ready, speaker, question))
        return
    out.write("\n".join(_lines(ready, speaker, out)) + "\n")


def _json(ready: Prepared, speaker: Speaker, question: str) -> shape.Json:
    return {
        "schema": shape.SCHEMA,
        "question": question,
        "model": speaker.name,
        "pack": shape.pack(ready.pack),
        "focus": [shape.segment(s) for s in ready.focus.segments],
        "left_out": shape.left_out(ready.left_out),
        "facts": ready.composed.facts,
        "facts_dropped": ready.composed.facts_dropped,
        "prompt_tokens": len(ready.composed.prompt),
        "max_tokens": ready.wish.max_tokens,
        "plan": shape.plan(ready.plan),
        "notes": list(ready.notes),
    }


def _lines(ready: Prepared, speaker: Speaker, out: Output) -> Iterable[str]:
    pack, plan = ready.pack, ready.plan
    yield out.bold(f"Base pack: {pack.tokens:,} of {pack.budget:,} tokens ({safe_line(pack.vocabulary)})")
    yield from map(segment_line, pack.segments)
    if ready.focus.segments:
        yield out.bold(f"Focus: {ready.focus.tokens:,} tokens")
        yield from map(segment_line, ready.focus.segments)
    yield from left_out_lines(pack.left_out, ready.focus.left_out, out)
    prompt = ready.composed.prompt
    yield out.bold("Prompt")
    base, tail = len(prompt.base), len(prompt.tail)
    yield f"  {len(prompt):,} tokens: {base:,} of system, pack and brief, {tail:,} of focus, facts and question"
    yield f"  {ready.wish.max_tokens:,} tokens of answer at most"
    yield out.bold(f"Plan for {safe_line(speaker.name)}")
    yield from body(plan, Asked(len(prompt), ready.wish.max_tokens), page_width(out))


def pack_out(packed: Packed, out: Output, style: str) -> None:
    """Write what a budget holds, without its text."""
    base, focus = packed.base, packed.focus
    segments = (*base.segments, *focus.segments)
    if style in ("json", "jsonl"):
        whole = replace(base, budget=packed.budget, tokens=packed.tokens, segments=segments, left_out=packed.left_out)
        out.json(shape.pack(whole))
        return
    files = counted(len({one.path for one in segments}), "file")
    head = f"{packed.tokens:,} tokens of {packed.budget:,} ({safe_line(base.vocabulary)}), {files}"
    rows = [out.bold(head), *map(segment_line, segments), *left_out_lines(base.left_out, focus.left_out, out)]
    out.write("\n".join(rows) + "\n")


def segment_line(segment: Segment) -> str:
    """Return one row: tokens, level, path, and the lines where some are shown."""
    lines = "" if segment.level == "name" else f":{segment.start_line}-{segment.end_line}"
    return f"  {segment.tokens:>9,}  {segment.level:<8}  {safe_line(segment.path)}{lines}"


def left_out_lines(files: Sequence[LeftOut], wanted: Sequence[LeftOut], out: Output) -> Iterable[str]:
    """Yield the *files* that were shortened or left out, and what the question *wanted* of them."""
    paths = {row.path for row in (*files, *wanted)}
    if paths:
        sign = "" if all(row.exact for row in files) else "about "
        told = f"{counted(len(paths), 'file')}, {sign}{sum(row.tokens for row in files):,} tokens"
        yield out.bold(f"Not in full: {told} (raise --budget to send them)")
        yield from _rows(files)
    if wanted:
        yield out.bold(f"Of these the question has to do with {counted(len(wanted), 'part')} more")
        yield from _rows(wanted)


def _rows(rows: Sequence[LeftOut]) -> Iterable[str]:
    """Yield the *rows*, dearest first, and the count of those not shown."""
    for row in sorted(rows, key=lambda r: (-r.tokens, r.path))[:SHOWN]:
        tokens = f"{row.tokens:,}" if row.exact else f"~{row.tokens:,}"
        yield f"  {tokens:>9}  {safe_line(row.path)}: {safe_line(row.reason)}"
    if len(rows) > SHOWN:
        yield f"  ({len(rows) - SHOWN:,} more: --format json lists all)"
