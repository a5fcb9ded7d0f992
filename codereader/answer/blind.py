"""What an answer cannot see, as far as it matters for this one. A sentence each, for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from codereader.answer.event import OVERVIEW
from codereader.facts.fact import Brief, Fact
from codereader.facts.questions.reply import Reply
from codereader.index.view import IndexView
from codereader.pack.segment import LeftOut
from codereader.source.scope import Skipped

NAMED = 3
"""So many files are named before the rest is counted."""

_UNRESOLVED = "Not followed"
"""The title of the brief's section on what it could not follow."""

_NOT_READ = " not read, "
"""Stands in the brief's facts on files that were left out."""


def blind_spots(
    view: IndexView, brief: Brief, reply: Reply, skipped: Sequence[Skipped], left_out: Sequence[LeftOut] = ()
) -> tuple[str, ...]:
    """Return what the answer of *reply*, or of *brief* for an overview, cannot see; most important first.

    *left_out* is what a model was not shown in full.
    """
    is_overview = reply.question.intent == OVERVIEW
    facts = [fact for section in brief.sections for fact in section.facts] if is_overview else list(reply.facts)
    told = tuple(_unresolved(brief)) if is_overview else tuple(not_followed(reply))
    broken = () if is_overview and told else _broken(view, facts)
    return (*told, *broken, *_conditions(facts), *_skipped(skipped), *_unseen(left_out))


def _unresolved(brief: Brief) -> Iterator[str]:
    """Yield what the brief itself says that it could not follow; files that were not read are told for themselves."""
    for section in brief.sections:
        if section.title == _UNRESOLVED:
            yield from (fact.text.strip() for fact in section.facts if _NOT_READ not in fact.text)


def not_followed(reply: Reply) -> Iterator[str]:
    """Yield what might belong to the facts of *reply* and could not be followed."""
    if reply.blind:
        yield from (f"not followed: {one}" for one in reply.blind)
    elif reply.not_followed:
        yield f"not followed: {reply.not_followed:,} {'place' if reply.not_followed == 1 else 'places'}"


def _broken(view: IndexView, facts: Sequence[Fact]) -> Iterator[str]:
    """Tell of files of the answer that the parser did not understand throughout."""
    paths = sorted({fact.path for fact in facts if fact.path is not None})
    broken = [file.path for file in map(view.file, paths) if file is not None and file.error_nodes]
    if broken:
        files = "file that the answer rests on has" if len(broken) == 1 else "files that the answer rests on have"
        yield f"{len(broken):,} {files} parts that the parser did not understand: {_listed(broken)}"


def _conditions(facts: Sequence[Fact]) -> Iterator[str]:
    held = sum(fact.condition is not None for fact in facts)
    if held:
        told = "1 fact holds" if held == 1 else f"{held:,} facts hold"
        yield f"no configuration is assumed: {told} only under the condition beside it"


def _skipped(skipped: Sequence[Skipped]) -> Iterator[str]:
    reasons = Counter(one.reason for one in skipped)
    if reasons:
        told = ", ".join(
            f"{count:,} {reason}" for reason, count in sorted(reasons.items(), key=lambda r: (-r[1], r[0]))
        )
        yield f"not read: {told}"


def _unseen(left_out: Sequence[LeftOut]) -> Iterator[str]:
    paths = {one.path for one in left_out}
    if paths:
        yield f"the model was not shown {len(paths):,} {'file' if len(paths) == 1 else 'files'} in full"


def _listed(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - NAMED:,} more" if len(paths) > NAMED else ""
    return ", ".join(paths[:NAMED]) + more
