"""Facts as sentences: what `codereader.facts.graph` finds, said so that a person can read it. Lines are 1-based."""

from __future__ import annotations

from codereader.facts.fact import Fact
from codereader.facts.graph.edges import Call
from codereader.facts.graph.finding import Finding
from codereader.index.candidate import BY_INCLUDE
from codereader.index.parsed import Definition
from codereader.index.view import At
from codereader.source.spans import line_of

_WAYS = {"direct": "calls", "macro": "calls", "pointer": "may call", "table": "holds", "name": "names"}
_C_FILES = (".c", ".h", ".cc", ".cpp", ".cxx", ".hpp", ".hh", ".S")
_FILE_LEVEL = "code outside of functions"


def of_finding(one: Finding) -> Fact:
    """Return a use as a sentence: ``a calls b by the macro M``."""
    return _use(
        one.caller, one.name, one.via or "direct", one.through, one.path, one.line, one.condition, one.confidence
    )


def shown_confidence(confidence: str | None, path: str) -> str | None:
    """Return *confidence* in the word that the language of the file at *path* has for it."""
    if confidence != BY_INCLUDE or path.endswith(_C_FILES):
        return confidence
    return "visible in the package" if path.endswith(".go") else "visible by import"


def of_call(one: Call) -> Fact:
    """Return an edge as a sentence."""
    return _use(one.caller, one.callee, one.via, one.through, one.path, one.line, one.condition, one.confidence)


def _use(
    caller: str | None, callee: str, via: str, through: str | None, path: str, line: int, condition: str | None,
    confidence: str | None,
) -> Fact:  # fmt: skip
    subject, relation = caller or _FILE_LEVEL, _WAYS[via]
    confidence = shown_confidence(confidence, path)
    tail = {
        "macro": f" by the macro {through}",
        "pointer": f" through {through}",
        "table": f" in {through}",
        "name": " as a value",
    }.get(via, "")
    return Fact(subject, relation, callee, f"{subject} {relation} {callee}{tail}", path, line, condition, confidence)


def of_definition(at: At[Definition], words: str | None = None) -> Fact:
    """Return where a name is defined, with its signature and the first sentence of its comment."""
    one = at.fact
    name = f"{one.owner}.{one.name}" if one.owner else one.name
    made = f", made by the macro {one.made}" if one.made else ""
    outside = ", outside the scope" if at.path.startswith("../") else ""
    doc = f": {one.doc}" if one.doc and words is None else ""
    head = shown(one)
    kind = "" if head.split(" ", 1)[0] in (one.kind, "def", "async", "class", "fn", "func") else f"{one.kind} "
    said = words or f"{kind}{head}{made}{outside}{doc}"
    return Fact(name, "is defined as", one.kind, said, at.path, line_of(one.row), one.condition)


def shown(one: Definition) -> str:
    """Return the signature of a definition on one line of bearable length."""
    text = " ".join((one.signature or one.name).split())
    return text if len(text) <= 200 else f"{text[:199]}…"
