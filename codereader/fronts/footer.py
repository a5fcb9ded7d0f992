"""What stands on stderr under an answer: what it rests on, what was checked, what it cannot see."""

from __future__ import annotations

from codereader.answer.event import Answer
from codereader.engine.protocol import Usage
from codereader.fronts import shape
from codereader.fronts.answers import sentences
from codereader.fronts.text import counted, duration, safe_line

LEAST_READ = 512
"""Tokens that must have been read for their rate to say what others would have taken."""

MINUTES = 120
"""Seconds from which a time is told in minutes."""


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


def one_line(answer: Answer, rate: float = 0.0) -> str:
    """Return the figures on one line: tokens, what was saved, how fast, what was checked.

    *rate* is that at which prompts are read, in tokens a second, 0 where unknown.
    """
    usage = answer.usage
    if usage is None or answer.model is None:
        return f"{counted(shape.checks(answer)['facts'], 'fact')} · no model"
    parts = [reused(usage, rate), f"{counted(usage.completion_tokens, 'token')} said"]
    if usage.first_token_seconds:
        parts.append(f"first token after {duration(usage.first_token_seconds)}")
    if usage.completion_seconds and usage.completion_tokens:
        parts.append(f"{usage.completion_tokens / usage.completion_seconds:,.1f} tokens/s")
    parts.append(f"{len(answer.judged('verified')):,} verified, {len(answer.judged('contradicted')):,} contradicted")
    return " · ".join([*parts, safe_line(answer.model)])


def reused(usage: Usage, rate: float) -> str:
    """Return how many tokens of the prompt did not have to be read again, and about how many seconds that saved."""
    if not usage.reused_tokens:
        return f"{counted(usage.prompt_tokens, 'token')} of prompt"
    read = usage.prompt_tokens - usage.reused_tokens
    if read >= LEAST_READ and usage.prompt_seconds > 0:
        rate = read / usage.prompt_seconds
    saved = usage.reused_tokens / rate if rate else 0.0
    told = f", about {duration(saved) if saved >= MINUTES else f'{saved:.0f} s'} saved" if saved >= 1 else ""
    return f"{usage.reused_tokens:,} of {usage.prompt_tokens:,} tokens reused{told}"


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
