"""What stands on stderr under an answer: what it rests on, what was checked, what it cannot see."""

from __future__ import annotations

from codereader.answer.event import Answer
from codereader.fronts import shape
from codereader.fronts.answers import sentences


def rows(answer: Answer) -> list[tuple[str, str]]:
    """Return label and value of each row."""
    sent = f" ({answer.facts_sent:,} sent to the model)" if answer.model else ""
    found = [("facts used", f"{shape.checks(answer)['facts']:,}{sent}")]
    if answer.model:
        missing = answer.not_found
        names = (
            f"; {len(missing):,} {'name or place' if len(missing) == 1 else 'names and places'} not found"
            if missing
            else ""
        )
        found.append(("claims checked", f"{sentences(answer)}{names}"))
    labels = ("blind spots", *("" for _ in answer.blind))
    return [*found, *zip(labels, answer.blind, strict=False)]


def as_json(answer: Answer) -> shape.Json:
    """Return the same with the token statistics, for --usage."""
    counts = shape.usage(answer.usage) or {}
    timings = shape.timings(answer.usage)
    return {
        "model": answer.model,
        **counts,
        **shape.checks(answer),
        "not_followed": answer.reply.not_followed,
        "blind": list(answer.blind),
        "timings_ms": timings,
    }
