"""What happens while a question is answered, in the order it happens. Every front shows these same events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from codereader.answer.record import Record
from codereader.engine.protocol import Usage
from codereader.facts.fact import Brief, Section
from codereader.facts.questions.reply import Reply
from codereader.pack.segment import LeftOut

OVERVIEW = "overview"
"""The intent of a question whose answer is the structure brief."""

Verdict = Literal["verified", "not found"]
"""What became of one name or place of the prose."""

Judgement = Literal["verified", "no evidence", "contradicted"]
"""What became of a sentence: all it says was found so, nothing of it could be looked up, something of it is wrong."""


@dataclass(frozen=True, slots=True)
class Citation:
    """A claim of the prose about the tree, looked up in the index.

    `text` is the claim as written. A place has `path` and, where given, 1-based inclusive lines; a symbol has
    `symbol` and, where it is defined or mentioned, the place of that. `why` says in words what was looked up.
    """

    text: str
    verdict: Verdict
    path: str | None = None
    start_line: int | None = None
    end_line: int | None = None
    symbol: str | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence of the prose, held against the index.

    `why` says in words what was compared and what the tree has instead; `path` and 1-based `line` are the place that
    decided.
    """

    text: str
    verdict: Judgement
    why: str = ""
    path: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """Work moved on: `done` of `total` `unit` of a `stage`; `total` is 0 where it is not known yet.

    ``think`` comes while the model reasons, ``speak`` while it speaks and nothing of it was verified yet.
    """

    stage: Literal["walk", "parse", "load", "prefill", "think", "speak"]
    done: int
    total: int
    unit: str
    reused: int = 0


@dataclass(frozen=True, slots=True)
class FactSection:
    """One section of the facts that answer: of the reply, or of the structure brief where that is the answer."""

    section: Section


@dataclass(frozen=True, slots=True)
class Remark:
    """What the reader should know of the facts themselves, as part of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Token:
    """Text of the prose, whole characters only, in order."""

    text: str


@dataclass(frozen=True, slots=True)
class Thought:
    """Text of the model's reasoning, in order. No part of the answer: neither checked nor recorded."""

    text: str


@dataclass(frozen=True, slots=True)
class Mark:
    """The claim that the last `Token` ended with was looked up."""

    citation: Citation


@dataclass(frozen=True, slots=True)
class Judged:
    """The sentence that the last `Token` ended was held against the index."""

    statement: Statement


@dataclass(frozen=True, slots=True)
class Note:
    """Something the person should know that is not part of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The whole answer. `text` is the prose as shown, empty where no model spoke; `model` is None then too.

    `reply` and `brief` are the facts. `trusted` is false for models too small for their prose to be relied on, None
    without one. `reason` says why the prose ended: as the engine says, or ``drift``. `statements` are all sentences
    that were judged; with `only_verified` the `text` has `dropped` of them fewer. `facts_sent` counts the facts that
    the model was given. `blind` says, a sentence each, what the answer cannot see. `record` is what it depends on.
    """

    question: str
    scope: str
    brief: Brief
    reply: Reply
    text: str = ""
    citations: tuple[Citation, ...] = ()
    statements: tuple[Statement, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    blind: tuple[str, ...] = ()
    record: Record | None = None
    model: str | None = None
    trusted: bool | None = None
    only_verified: bool = False
    dropped: int = 0
    facts_sent: int = 0
    reason: str | None = None
    usage: Usage | None = None
    seed: int = 0
    pack_hash: str | None = None

    @property
    def not_found(self) -> tuple[Citation, ...]:
        """The claims that are not in the tree."""
        return tuple(citation for citation in self.citations if citation.verdict == "not found")

    @property
    def sections(self) -> tuple[Section, ...]:
        """The facts that answer the question: the reply's, or the brief's where that is the answer."""
        return self.brief.sections if self.reply.question.intent == OVERVIEW else self.reply.sections

    def judged(self, verdict: Judgement) -> tuple[Statement, ...]:
        """Return the sentences that were judged so, in order."""
        return tuple(one for one in self.statements if one.verdict == verdict)

    @property
    def is_sound(self) -> bool:
        """Whether the model said nothing that the tree contradicts or does not have, shown or not."""
        return not self.not_found and not self.judged("contradicted")


@dataclass(frozen=True, slots=True)
class Done:
    """The last event."""

    answer: Answer


Shown = Progress | FactSection | Remark | Token | Mark | Judged | Note | Done
"""What every format may show."""

Event = Shown | Thought
