"""What ``search`` prints: text, JSON, and lines that editors jump to. Lines are 1-based."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import Any

from codereader.facts.search.ranked import Ranked, RankedFile, RankedSymbol
from codereader.fronts.render import Output
from codereader.fronts.text import safe_line

SCHEMA = 1


def ranked_out(ranked: Ranked, output: Output, style: str, folder: str) -> None:
    """Write files and symbols, best first. *folder* leads to the scope's files in vimgrep."""
    if style == "json":
        output.json(
            {
                "schema": SCHEMA,
                "files": [asdict(one) for one in ranked.files],
                "symbols": [asdict(one) for one in ranked.symbols],
            }
        )
    elif style == "jsonl":
        for event, ranks in (("file", ranked.files), ("symbol", ranked.symbols)):
            for one in ranks:
                output.json(_event(event, one))
        output.json({"event": "done", "files": len(ranked.files), "symbols": len(ranked.symbols)})
    elif style == "vimgrep":
        output.write("".join(f"{_jump(folder, path, line)}: {text}\n" for path, line, text in _places(ranked)))
    else:
        _text(ranked, output)


def _event(event: str, one: RankedFile | RankedSymbol) -> dict[str, Any]:
    return {"event": event, **asdict(one)}


def _text(ranked: Ranked, output: Output) -> None:
    """Write two lists: a line a file or symbol, below it why."""
    for title, lines in (
        ("files", [(safe_line(one.path), one.reasons) for one in ranked.files]),
        ("symbols", [(_symbol(one), one.reasons) for one in ranked.symbols]),
    ):
        if lines:
            output.write(output.bold(title) + "\n")
            output.write("".join(f"  {line}\n    {output.faint(_why(reasons))}\n" for line, reasons in lines))


def _symbol(one: RankedSymbol) -> str:
    return f"{safe_line(one.path)}:{one.line}: {one.kind} {safe_line(one.name)}"


def _why(reasons: tuple[str, ...]) -> str:
    return safe_line("; ".join(reasons)) or "near the others"


def _places(ranked: Ranked) -> list[tuple[str, int, str]]:
    """Return a place for each file, at its best symbol where it has one, then those of the other symbols."""
    best: dict[str, RankedSymbol] = {}
    for one in ranked.symbols:
        best.setdefault(one.path, one)
    found = []
    for file in ranked.files:
        symbol = best.get(file.path)
        found.append((file.path, symbol.line if symbol else 1, _why(file.reasons)))
    first = {id(symbol) for symbol in best.values() if any(file.path == symbol.path for file in ranked.files)}
    rest = [one for one in ranked.symbols if id(one) not in first]
    return found + [(one.path, one.line, safe_line(f"{one.kind} {one.name}: {_why(one.reasons)}")) for one in rest]


def _jump(folder: str, path: str, line: int) -> str:
    """Return a place as quickfix lists read it. The column is not known: 1."""
    whole = os.path.normpath(os.path.join(folder, path)) if folder else path  # noqa: PTH118  # keeps every byte of a name
    return f"{safe_line(whole)}:{line}:1"
