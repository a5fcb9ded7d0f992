"""How long the prompt and the answer are that a plan is made for: as said, or as `ask` would make them of a tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codereader.answer.known import DEFAULT_TOKENS
from codereader.errors import UsageError
from codereader.fronts.plans.planned import Asked
from codereader.fronts.plans.request import MOST_TOKENS, Request
from codereader.fronts.text import counted, safe_line
from codereader.pack.budget import AUTO_BUDGET

if TYPE_CHECKING:
    from codereader.answer.speaker import Speaker
    from codereader.model.gguf import ModelHeader
    from codereader.reader import Reader

STRUCTURE = "explain structure"
"""The question that a plan for a tree is made for unless another is asked."""

ANSWER_SHARE = 4
"""Of a short context the answer takes one token for so many where nobody says how many."""

BESIDE = 1.25
"""Tokens of prompt for a token of files: the brief takes a quarter of the base, and a question adds a third of both."""


def asked_alone(request: Request, header: ModelHeader) -> Asked:
    """Return what a run about no tree would hold. Raises: UsageError."""
    answer = answer_tokens(request)
    prompt, about = _prompt(request, header, answer)
    return Asked(prompt, answer, about)


def answer_tokens(request: Request) -> int:
    """Return the tokens of the answer."""
    return request.answer or min(DEFAULT_TOKENS, max(1, (request.ctx or MOST_TOKENS) // ANSWER_SHARE))


def _prompt(request: Request, header: ModelHeader, answer: int) -> tuple[int, str]:
    """Return the tokens of a prompt about no tree, and where the number comes from. Raises: UsageError."""
    window = request.ctx or header.context_length or _unknown_window()
    room = window - answer
    given = request.prompt
    if given is not None and (request.ctx is None or given <= room):
        return given, ""
    if room < 1 or given is not None:
        wanted = f"{counted(given or 1, 'token')} of prompt and {answer:,} of answer"
        least = (given or 1) + answer
        raise UsageError(
            f"{wanted} do not fit a context of {window:,}", f"Pass --tokens {least} or less of the others."
        )
    if request.budget is None and request.ctx is not None:
        return room, "the whole context; --prompt N for less"
    files = request.budget or AUTO_BUDGET
    prompt = int(files * BESIDE)
    if prompt <= room:
        return prompt, f"{files:,} of files and what `ask` adds"
    return room, "all that --tokens leaves" if request.ctx else f"all that the model's window of {window:,} leaves"


def _unknown_window() -> int:
    """Return the context that `ask` assumes of a model that does not say."""
    from codereader.answer.prepare import UNKNOWN_WINDOW

    return UNKNOWN_WINDOW


def asked_of(reader: Reader, request: Request, speaker: Speaker, device: str) -> Asked:
    """Return what `ask` would send *speaker* about the tree of *reader*. Raises: ModelTooLarge, BudgetTooSmall."""
    from codereader.answer.known import DEFAULT_PATIENCE, Wish

    budget = request.budget or (AUTO_BUDGET if request.compared else None)
    wish = Wish(budget, request.ctx, answer_tokens(request), DEFAULT_PATIENCE, request.gpu_layers, device)
    question = request.question or STRUCTURE
    ready = reader.prepare(reader.known(question), speaker, wish)
    is_exact = speaker.vocabulary.exact
    how = "counted in its vocabulary" if is_exact else "estimated: its vocabulary is not here"
    about = f'"{safe_line(question)}" about {safe_line(reader.walked.scope.name)}, {how}'
    return Asked(len(ready.composed.prompt), wish.max_tokens, about, is_exact)
