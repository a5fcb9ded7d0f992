"""What ``find`` prints: text, JSON, and lines that editors jump to. Lines are 1-based."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from codereader.facts.graph.edges import Call
from codereader.facts.graph.finding import Finding, Found
from codereader.facts.graph.paths import Paths
from codereader.fronts import shape
from codereader.fronts.render import Output
from codereader.fronts.text import counted, safe_line


def found_out(found: Found, kept: Sequence[Finding], output: Output, style: str, folder: str) -> None:
    """Write *kept*, the first of the results, and what is missing. *folder* leads to the scope's files in vimgrep."""
    dropped = len(found.results) - len(kept)
    if style == "json":
        output.json(shape.found(found, kept, dropped))
    elif style == "jsonl":
        for one in kept:
            output.json({"event": "result", **shape.finding(one)})
        output.json({"event": "done", **shape.found_counts(found, dropped)})
    elif style == "vimgrep":
        output.write("".join(f"{_jump(folder, one.path, one.line)}: {_text(one)}\n" for one in kept))
    else:
        output.write("".join(_line(one, output) for one in kept))


def paths_out(paths: Paths, hidden: int, output: Output, style: str, folder: str) -> None:
    """Write paths: a title and a line a hop, or one object, or one object a path. *hidden*: how much is not built."""
    if style == "json":
        output.json(shape.paths(paths, hidden))
    elif style == "jsonl":
        for chain in paths.found:
            output.json({"event": "path", "hops": [shape.hop(one) for one in chain]})
        output.json({"event": "done", **shape.paths_counts(paths, hidden)})
    elif style == "vimgrep":
        output.write("".join(f"{_jump(folder, one.path, one.line)}: {_hop(one)}\n" for c in paths.found for one in c))
    else:
        for number, chain in enumerate(paths.found, 1):
            title = f"path {number} of {paths.total:,}, {counted(len(chain), 'hop')}"
            output.write(output.bold(title) + "\n")
            output.write("".join(f"  {_place(one.path, one.line)}: {_hop(one)}\n" for one in chain))


def _line(one: Finding, output: Output) -> str:
    doc = f"\n    {output.faint(safe_line(one.doc))}" if one.doc else ""
    return f"{_place(one.path, one.line)}: {_text(one)}{doc}\n"


def _text(one: Finding) -> str:
    """Return what a finding says besides its place, as one safe line."""
    if one.via is None:
        made = f"  (made by {one.made})" if one.made else ""
        outside = "  (outside PATH)" if one.path.startswith("../") else ""
        return safe_line(f"{one.kind} {one.signature or one.name}{made}{outside}{_under(one.condition)}")
    if one.via == "name":
        return safe_line(f"{_caller(one.caller)} names {one.name}{_under(one.condition)}")
    return _edge(one.caller, one.name, one.via, one.through, one.confidence, one.condition)


def _hop(one: Call) -> str:
    return _edge(one.caller, one.callee, one.via, one.through, one.confidence, one.condition)


_WAYS: dict[str, Callable[[str], str]] = {
    "direct": "calls {}".format,
    "macro": "calls {}".format,
    "pointer": "may call {}".format,
    "table": "holds {}".format,
    "name": "names {}".format,
}


def _edge(
    caller: str | None, callee: str, via: str, through: str | None, confidence: str | None, condition: str | None
) -> str:
    way = f" by the macro {through}" if via == "macro" else f" through {through}" if via == "pointer" else ""
    way = f" in {through}" if via == "table" else way
    word = f", {confidence}" if confidence else ""
    return safe_line(f"{_caller(caller)} {_WAYS[via](callee)}{way}{word}{_under(condition)}")


def _caller(caller: str | None) -> str:
    return caller or "(file level)"


def _under(condition: str | None) -> str:
    return f"  [{condition}]" if condition else ""


def _place(path: str, line: int) -> str:
    return f"{safe_line(path)}:{line}"


def _jump(folder: str, path: str, line: int) -> str:
    """Return a place as quickfix lists read it. The column is not known: 1."""
    whole = os.path.normpath(os.path.join(folder, path)) if folder else path  # noqa: PTH118  # keeps every byte of a name
    return f"{safe_line(whole)}:{line}:1"
