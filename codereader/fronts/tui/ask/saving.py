"""Write an answer into a file, as ``codereader ask`` would with ``--format markdown`` or ``--format json``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from codereader.answer.event import Answer


def save(path: Path, answer: Answer, events: Sequence[Any]) -> str:
    """Write the *events* of *answer* whole or not at all; return the format. A name ending in .json gets JSON.

    Raises: OutputError.
    """
    from codereader.answer.event import OVERVIEW, FactSection
    from codereader.fronts.answers import answer_renderer
    from codereader.fronts.render import Output

    style = "json" if path.suffix.casefold() == ".json" else "markdown"
    shown = sum(len(event.section.facts) for event in events if isinstance(event, FactSection))
    intent = answer.reply.question.intent
    is_cut = intent != OVERVIEW and shown < len(answer.reply.facts)
    with Output(path.expanduser()) as out:
        show = answer_renderer(style, out, intent, is_cut=is_cut)
        for event in events:
            show(event)
    return "JSON" if style == "json" else "Markdown"
