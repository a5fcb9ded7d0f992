"""The JSON shapes that every front shares. Keys are always present, null where unknown; lines are 1-based.

Paths are relative to the scope; bytes that are not UTF-8 appear as lone surrogates (``\\udcff``), as Python's
`os.fsdecode` writes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from codereader.source.spans import line_of

if TYPE_CHECKING:
    from codereader.answer.event import Answer, Citation, Shown, Statement
    from codereader.engine.plan import Plan, Share
    from codereader.engine.protocol import Usage
    from codereader.facts.brief.parts.parts import Part, Parts
    from codereader.facts.fact import Brief, Fact, Section
    from codereader.facts.graph.edges import Call
    from codereader.facts.graph.finding import Finding, Found
    from codereader.facts.graph.paths import Paths
    from codereader.facts.questions.question import Subject
    from codereader.facts.questions.reply import Reply
    from codereader.pack.segment import LeftOut, Pack, Segment
    from codereader.source.scope import Skipped

SCHEMA = 1

Json = dict[str, Any]


def fact(one: Fact) -> Json:
    """Return a fact."""
    return {
        "subject": one.subject,
        "relation": one.relation,
        "object": one.object,
        "path": one.path,
        "line": one.line,
        "condition": one.condition,
        "confidence": one.confidence,
        "text": one.text,
    }


def section(one: Section) -> Json:
    """Return a section of a brief or of a reply."""
    return {"title": one.title, "facts": [fact(f) for f in one.facts], "dropped": one.dropped}


def brief(one: Brief) -> Json:
    """Return a brief."""
    sections = [section(s) for s in one.sections]
    return {"sections": sections, "dropped": one.dropped, "lines_needed": one.lines_needed}


def part(one: Part) -> Json:
    """Return a part of a tree."""
    purpose = one.purpose
    return {
        "name": one.name,
        "files": len(one.files),
        "lines": one.lines,
        "stratum": one.stratum,
        "purpose": purpose.words if purpose else None,
        "path": purpose.path if purpose else None,
        "line": purpose.line if purpose else None,
        "parts": [part(inner) for inner in one.inside],
        "left_out": one.left_out,
    }


def parts(one: Parts) -> Json:
    """Return the parts of a tree and how they depend on each other."""
    return {
        "prefix": one.prefix,
        "parts": [part(row) for row in one.parts],
        "smaller": [part(row) for row in one.rest],
        "beside": [part(row) for row in one.beside],
        "uses": [asdict(row) for row in (*one.dependencies, *one.inner)],
        "strata": [list(level) for level in one.strata],
        "cycles": [list(names) for names in one.cycles],
        "hubs": list(one.hubs),
    }


def segment(one: Segment, *, text: bool = False) -> Json:
    """Return a segment, with its text where asked for."""
    row: Json = {
        "path": one.path,
        "level": one.level,
        "tokens": one.tokens,
        "start_line": one.start_line,
        "end_line": one.end_line,
        "part": one.part,
        "hash": one.hash,
    }
    return {**row, "text": one.text} if text else row


def left_out(rows: Iterable[LeftOut]) -> list[Json]:
    """Return what did not go in whole."""
    return [
        {
            "path": row.path,
            "level": row.level,
            "reason": row.reason,
            "tokens": row.tokens,
            "exact": row.exact,
            "budget": row.budget,
            "removed": row.removed,
        }
        for row in rows
    ]


def unknown(scope: str, reply: Reply) -> Json:
    """Return which names of a question the tree does not have."""
    return {
        "schema": SCHEMA,
        "question": reply.question.text,
        "scope": scope,
        "intent": reply.question.intent,
        "missing": [{"name": one.written, "near": list(one.near)} for one in reply.missing],
    }


def pack(one: Pack, *, text: bool = False) -> Json:
    """Return a pack."""
    return {
        "schema": SCHEMA,
        "budget": one.budget,
        "tokens": one.tokens,
        "vocabulary": one.vocabulary,
        "exact": one.exact,
        "hash": one.hash,
        "segments": [segment(s, text=text) for s in one.segments],
        "left_out": left_out(one.left_out),
    }


def citation(one: Citation) -> Json:
    """Return a claim and its verdict."""
    return {
        "text": one.text,
        "path": one.path,
        "start_line": one.start_line,
        "end_line": one.end_line,
        "symbol": one.symbol,
        "verdict": one.verdict,
        "why": one.why,
    }


def statement(one: Statement) -> Json:
    """Return a sentence and the verdict on it."""
    return {"text": one.text, "verdict": one.verdict, "why": one.why, "path": one.path, "line": one.line}


def subject(one: Subject) -> Json:
    """Return something that the question names."""
    places = [{"path": path, "line": line} for path, line in one.places]
    return {"written": one.written, "found": one.found, "kind": one.kind, "match": one.match, "places": places}


def checks(one: Answer) -> Json:
    """Return how many facts were used, and how many claims of the prose were judged how."""
    return {
        "facts": sum(len(s.facts) for s in one.sections),
        "facts_sent": one.facts_sent,
        "claims": len(one.statements),
        "verified": len(one.judged("verified")),
        "no_evidence": len(one.judged("no evidence")),
        "contradicted": len(one.judged("contradicted")),
        "not_found": len(one.not_found),
        "dropped": one.dropped,
    }


def skipped(rows: Iterable[Skipped]) -> list[Json]:
    """Return what was not read."""
    return [{"path": r.path, "reason": r.reason} for r in rows]


def usage(one: Usage | None) -> Json | None:
    """Return counts of tokens and the split of work."""
    if one is None:
        return None
    return {
        "prompt_tokens": one.prompt_tokens,
        "reused_tokens": one.reused_tokens,
        "disk_tokens": one.disk_tokens,
        "completion_tokens": one.completion_tokens,
        "reasoning_tokens": one.reasoning_tokens,
        "context_used": one.context_used,
        "context_size": one.context_size,
        "processor": one.processor,
    }


def timings(one: Usage | None) -> Json:
    """Return durations in milliseconds, null where no model ran."""
    return {
        "load": _ms(one.load_seconds) if one else None,
        "prompt_eval": _ms(one.prompt_seconds) if one else None,
        "first_token": _ms(one.first_token_seconds) if one else None,
        "eval": _ms(one.completion_seconds) if one else None,
        "total": _ms(one.total_seconds) if one else None,
    }


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)


def plan(one: Plan) -> Json:
    """Return a plan: tokens, bytes, tokens a second, seconds."""
    return {
        "context": one.context,
        "cache_type_k": one.cache_type_k,
        "cache_type_v": one.cache_type_v,
        "micro_batch": one.micro_batch,
        "gpu_layers": one.gpu_layers,
        "cpu_expert_layers": len(one.cpu_experts),
        "cpu_experts": list(one.cpu_experts),
        "devices": [share(held) for held in one.shares],
        "weights": one.weights_bytes,
        "cache": one.cache_bytes,
        "compute": one.compute_bytes,
        "threads": one.threads,
        "flash_attention": one.flash_attention,
        "full_window": one.full_window,
        "mmap": one.mmap,
        "repacks": one.repacks,
        "processor": one.processor,
        "prefill_rate": round(one.prefill_rate, 4),
        "decode_rate": round(one.decode_rate, 4),
        "seconds": round(one.seconds, 2),
        "assumption": one.assumption,
        "limit": one.limit,
        "changes": list(one.changes),
        "gpu_tokens": one.gpu_tokens,
        "notes": list(one.notes),
        "kind": one.kind or None,
        "fits": one.fits,
        "lacks": one.lacks,
        "from_disk": one.from_disk,
        "sizes": one.sizes,
    }


def share(one: Share) -> Json:
    """Return what one device holds of a plan: bytes."""
    return {
        "name": one.name,
        "layers": one.layers,
        "weights": one.weights,
        "cache": one.cache,
        "compute": one.compute,
        "scratch": one.scratch,
        "used": one.used,
        "free": one.free,
        "headroom": one.headroom,
    }


def answer(one: Answer) -> Json:
    """Return a whole answer."""
    return {
        "schema": SCHEMA,
        "question": one.question,
        "scope": one.scope,
        "intent": one.reply.question.intent,
        "subjects": [subject(s) for s in one.reply.question.subjects],
        "facts": [section(s) for s in one.reply.sections],
        "notes": list(one.reply.notes),
        "not_followed": one.reply.not_followed,
        "blind": list(one.blind),
        "brief": brief(one.brief),
        "answer": one.text,
        "only_verified": one.only_verified,
        "statements": [statement(s) for s in one.statements],
        "citations": [citation(c) for c in one.citations],
        "checks": checks(one),
        "usage": usage(one.usage),
        "left_out": left_out(one.left_out),
        "model": one.model,
        "trusted": one.trusted,
        "ended": one.reason,
        "seed": one.seed,
        "pack_hash": one.pack_hash,
        "replay": asdict(one.record) if one.record else None,
        "timings_ms": timings(one.usage),
    }


def event(one: Shown) -> Json:
    """Return one event of a stream, told apart by ``"event"``."""
    from codereader.answer.event import Done, FactSection, Judged, Mark, Note, Progress, Remark, Token

    match one:
        case Progress():
            return {"event": "progress", "stage": one.stage, "done": one.done, "total": one.total, "unit": one.unit}
        case FactSection():
            return {"event": "facts", **section(one.section)}
        case Token():
            return {"event": "token", "text": one.text}
        case Remark():
            return {"event": "remark", "text": one.text}
        case Mark():
            return {"event": "mark", **citation(one.citation)}
        case Judged():
            return {"event": "statement", **statement(one.statement)}
        case Note():
            return {"event": "note", "text": one.text}
        case Done():
            return {"event": "done", **answer(one.answer)}


def finding(one: Finding) -> Json:
    """Return one place that answers what was asked of a name."""
    return asdict(one)


def found(one: Found, kept: Sequence[Finding], dropped: int) -> Json:
    """Return what was found for a name; *kept* are the results that are shown, *dropped* counts the others."""
    return {"schema": SCHEMA, "results": [finding(row) for row in kept], **found_counts(one, dropped)}


def found_counts(one: Found, dropped: int) -> Json:
    """Return what stands beside the results: what the name was taken for, and what is missing."""
    return {
        "meant": [{"spelled": row.spelled, "kind": row.kind, "path": row.path, "line": row.line} for row in one.meant],
        "not_followed": one.not_followed,
        "hidden": one.hidden,
        "dropped": dropped,
    }


def hop(one: Call) -> Json:
    """Return one step of a path, in the words of a finding."""
    target = one.target
    return {
        "name": one.callee,
        "kind": target.fact.kind if target else None,
        "path": one.path,
        "line": one.line,
        "caller": one.caller,
        "via": one.via,
        "confidence": one.confidence,
        "condition": one.condition,
        "through": one.through,
        "target_path": target.path if target else None,
        "target_line": line_of(target.fact.row) if target else None,
    }


def paths(one: Paths, hidden: int) -> Json:
    """Return the shortest paths. `results` holds every hop, with the number of its path (1-based) and step."""
    rows = [
        {**hop(step), "path_number": number, "step": at}
        for number, chain in enumerate(one.found, 1)
        for at, step in enumerate(chain, 1)
    ]
    return {"schema": SCHEMA, "results": rows, **paths_counts(one, hidden)}


def paths_counts(one: Paths, hidden: int) -> Json:
    """Return what stands beside the paths."""
    return {
        "paths": one.total,
        "looked": one.looked,
        "bounded": one.is_bounded,
        "not_followed": one.not_followed,
        "hidden": hidden,
        "dropped": one.total - len(one.found),
    }
