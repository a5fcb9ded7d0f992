"""Every fact of a scope as plain rows for other programs: what ``export --format jsonl`` writes.

One row a fact, told apart by ``fact``, every key present, null where unknown. Lines are 1-based; paths are relative to
the scope, those of headers outside it begin with ``../``. Rows come file by file, so that memory stays bounded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from codereader.facts.graph.edges import Call, Edges, Member
from codereader.facts.kbuild.chain import BuildFact
from codereader.index.linking.linked import Linked
from codereader.index.parsed import Definition, Include, Reference
from codereader.index.view import At
from codereader.source.spans import line_of

Row = dict[str, Any]


def fact_rows(linked: Linked, edges: Edges, path: str, built: Mapping[str, BuildFact]) -> Iterator[Row]:
    """Yield the facts of the file *path*, kind by kind, each in the order of the source.

    *built* tells of source files when they are built, by path.
    """
    yield from (_definition(at.path, at.fact) for at in linked.definitions(path=path))
    yield from _uses(edges, linked.references(path=path, kind="call"))
    for at in linked.tables(path=path):
        one = at.fact
        yield {
            "fact": "table", "file": path, "variable": one.variable, "struct": one.struct, "field": one.field,
            "function": one.function, "line": line_of(one.row), "condition": one.condition,
        }  # fmt: skip
    yield from (_include(linked, path, at.fact) for at in linked.view.includes(path=path))
    for offer in linked.exports(path=path):
        yield _named("export", path, offer.fact.name, offer.fact.kind, offer.fact.row, offer.fact.condition)
    for entry in linked.entries(path=path):
        yield _named("entry", path, entry.fact.name, entry.fact.kind, entry.fact.row, entry.fact.condition)
    if path in built:
        yield _build(built[path])


def _definition(path: str, one: Definition) -> Row:
    return {
        "fact": "definition", "file": path, "name": one.name, "kind": one.kind, "line": line_of(one.row),
        "end_line": line_of(one.span.last_row), "signature": one.signature, "exported": one.exported,
        "condition": one.condition, "owner": one.owner, "made": one.made,
    }  # fmt: skip


def _uses(edges: Edges, references: Iterable[At[Reference]]) -> Iterator[Row]:
    """Yield the calls of one file, then those through members."""
    through: list[Row] = []
    for at in references:
        member = edges.member(at.path, at.fact)
        if member is None:
            yield _call(at.path, tuple(edges.calls(at.path, at.fact)))
            continue
        held = edges.held(member)
        through.append(_indirect(at, member, held))
        if len(held) == 1:
            yield _call(at.path, tuple(edges.calls(at.path, at.fact)))
    yield from through


def _call(path: str, found: Sequence[Call]) -> Row:
    """Return a call by name. The file of the callee is told where all that it may mean stand in one file, apart from
    what headers hold under a condition in its stead.
    """
    best = found[0]
    targets = [one.target for one in found if one.target]
    files = {one.path for one in targets if not _is_stub(one)} or {one.path for one in targets}
    return {
        "fact": "call", "file": path, "caller": best.caller, "line": best.line, "callee": best.callee,
        "callee_file": next(iter(files)) if len(files) == 1 else None, "via": best.via,
        "confidence": best.confidence, "condition": best.condition,
    }  # fmt: skip


def _is_stub(target: At[Definition]) -> bool:
    """Whether a definition stands in a header under a condition, mostly empty, where a configuration has no other."""
    return target.path.endswith(".h") and target.fact.condition is not None


def _indirect(at: At[Reference], member: Member, held: Sequence[Call]) -> Row:
    return {
        "fact": "indirect", "file": at.path, "caller": at.fact.caller, "line": line_of(at.fact.row),
        "struct": member.struct, "field": member.field, "targets": sorted({one.callee for one in held}),
        "condition": at.fact.condition,
    }  # fmt: skip


def _include(linked: Linked, path: str, one: Include) -> Row:
    found = linked.included(path, one)
    return {
        "fact": "include", "file": path, "target": one.target, "target_file": found[0] if len(found) == 1 else None,
        "line": line_of(one.row), "condition": one.condition,
    }  # fmt: skip


def _named(fact: str, path: str, name: str, kind: str, row: int, condition: str | None) -> Row:
    return {"fact": fact, "file": path, "name": name, "kind": kind, "line": line_of(row), "condition": condition}


def _build(one: BuildFact) -> Row:
    chains = [
        {"symbol": chain.symbol, "file": chain.path, "line": chain.line, "condition": chain.condition}
        for chain in one.chains
    ]
    return {
        "fact": "build", "file": one.path, "symbol": one.symbol, "objects": list(one.objects),
        "condition": one.condition, "rule_file": one.rule_path, "line": one.line, "kconfig": chains,
    }  # fmt: skip
