"""How a model's chat template frames one user message.

The template comes out of the model file and is not trusted: it runs in `codereader.model.sandbox`, without a clock
(prompts must be the same tomorrow), within bounds of length, memory and steps. At worst a hostile one wastes a few
seconds and some hundred MiB. What it renders is split at a marker that stands for the user's message, so that source
text is never rendered, parsed or trimmed by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from codereader.model.gguf import ModelHeader, read_strings
from codereader.model.reasoning import TAGS, Marks, find_marks, without_reasoning
from codereader.model.vocabulary import adds_bos

if TYPE_CHECKING:
    from jinja2 import Template

MARKER = "\ue000codereader\ue000"
"""Stands for the user's message. Private-use characters: no template trims, splits or changes them."""

MAX_TEMPLATE = 1 << 16
"""Characters; the longest of known models has about 17,000."""

FIXED_DATE = datetime(2025, 1, 1)
"""The date told to templates that insist on one."""

MAX_DATE_FORM = 100


def _date(form: str) -> str:
    """Return `FIXED_DATE` as *form* says. Raises: ValueError for a form that is not one."""
    if len(form) > MAX_DATE_FORM:
        raise ValueError("its form of a date is too long")
    return FIXED_DATE.strftime(form)


WISHES: tuple[dict[str, object], ...] = (
    {"tools": None, "documents": None},
    {"tools": None, "documents": None, "strftime_now": _date},
    {"tools": [], "documents": [], "strftime_now": _date},
)
"""What a template may ask for beside messages; the first set that it can work with is taken."""

EFFORTS = ((1024, "low"), (4096, "medium"))
"""What a template that knows words for it is told: up to so many tokens of reasoning this one, else ``high``."""

ANSWER = "\n\nAnswer:\n"


@dataclass(frozen=True, slots=True)
class Frame:
    """Text around the user's message. Encode both with control tokens; `head` holds the BOS token if there is one.

    `note`: why the model's own template is not used, for people; empty where it is. `marks`: how it marks reasoning.
    """

    head: str
    tail: str
    note: str = ""
    marks: Marks = TAGS[0]


def frame_of(header: ModelHeader, system: str = "", think: int | None = None) -> Frame:
    """Return the frame of the model that *header* describes, with the *system* text in it; *think* as `render_frame`.

    The head begins with the BOS token exactly once where the vocabulary asks for one. Raises as `read_strings`.
    """
    bos, eos = _token_texts(header)
    frame = render_frame(header.chat_template, system, bos, eos, think)
    if not bos or not adds_bos(header):
        return frame
    head = frame.head
    while head.startswith(bos):
        head = head.removeprefix(bos)
    return replace(frame, head=bos + head)


def render_frame(template: str | None, system: str, bos: str, eos: str, think: int | None = None) -> Frame:
    """Return the frame that *template* makes: system text, then the user's message, then the start of the answer.

    A template that knows no system role gets the *system* text at the start of the user's message. Without a template,
    or with one that fails, the frame is plain: the system text, the message, ``Answer:``. Templates that know how are
    told to let the model reason for about *think* tokens, not at all (0), or nothing (None: as the model is used to).
    With 0 the tail of a model that would reason all the same ends its reasoning at once.
    """
    if template is None:
        return _plain(system, "the model has no chat template")
    compiled, why = _compiled(template)
    if compiled is None:
        return _unusable(system, why)
    merged = [{"role": "user", "content": f"{system}\n\n{MARKER}" if system else MARKER}]
    apart = [{"role": "system", "content": system}, {"role": "user", "content": MARKER}]
    for thinking in [_thinking(think), {}] if think is not None else [{}]:
        for messages in [apart, merged] if system else [merged]:
            for wishes in WISHES:
                values = {"messages": messages, "bos_token": bos, "eos_token": eos, **wishes, **thinking}
                rendered, why = _render(compiled, values)
                head, marker, tail = rendered.partition(MARKER)
                if marker and system.strip() in head and MARKER not in tail:
                    return _reasoned(template, head, tail, think)
    return _unusable(system, why or "it drops or repeats the message")


def _thinking(think: int) -> dict[str, object]:
    """Return what templates may ask for about reasoning of *think* tokens: Qwen, DeepSeek, Seed, gpt-oss, MiniMax."""
    effort = next((word for most, word in EFFORTS if think <= most), "high")
    return {
        "enable_thinking": think > 0,
        "thinking": think > 0,
        "thinking_budget": think,
        "reasoning_effort": effort,
        "thinking_mode": "enabled" if think else "disabled",
    }


def _reasoned(template: str, head: str, tail: str, think: int | None) -> Frame:
    """Return the frame with how it marks reasoning; with *think* 0 it leaves none open."""
    marks = find_marks(template, tail)
    if think == 0:
        tail = without_reasoning(marks, tail)
        marks = replace(find_marks(template, tail), thinks=False)
    return Frame(head, tail, marks=marks)


def _unusable(system: str, why: str) -> Frame:
    return _plain(system, f"the model's chat template cannot be used ({why})")


def _plain(system: str, note: str) -> Frame:
    return Frame(f"{system}\n\n" if system else "", ANSWER, note)


def _compiled(template: str) -> tuple[Template | None, str]:
    """Return *template* ready to render and, where it is none, why."""
    from codereader.model.sandbox import Sandbox

    if len(template) > MAX_TEMPLATE:
        return None, "it is too long"
    try:
        return Sandbox().from_string(template), ""
    except _foreign_errors() as error:
        return None, _reason(error)


def _render(template: Template, values: Mapping[str, object]) -> tuple[str, str]:
    """Return the rendered text and, where that failed, why."""
    try:
        return template.render(add_generation_prompt=True, **values), ""
    except _foreign_errors() as error:
        return "", _reason(error)


def _foreign_errors() -> tuple[type[Exception], ...]:
    """Return what a template can raise."""
    import jinja2

    reckoning = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
    return (jinja2.TemplateError, SyntaxError, MemoryError, *reckoning)


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


def _token_texts(header: ModelHeader) -> tuple[str, str]:
    """Return the texts of the BOS and EOS tokens; empty where there is none."""
    tokens = read_strings(header, "tokenizer.ggml.tokens")
    known = [
        number if number is not None and 0 <= number < len(tokens) else None
        for number in (header.bos_id, header.eos_id)
    ]
    bos, eos = ("" if number is None else tokens[number].decode("utf-8", "replace") for number in known)
    return bos, eos
