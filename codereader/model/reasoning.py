"""How a model marks its reasoning, and where in what it says reasoning ends and the answer begins.

Two ways are known: a pair of tags around the reasoning (``<think>`` ... ``</think>``), and messages in channels, of
which one is the answer (gpt-oss). What comes out does not depend on how the text was cut into pieces. Knows nothing of
engines and vocabularies; whoever has one says which markers are tokens there, and text that merely reads like such a
marker then stays text.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Literal, Protocol

START, CHANNEL, MESSAGE, END = "<|start|>", "<|channel|>", "<|message|>", "<|end|>"
CHANNEL_MARKERS = (START, CHANNEL, MESSAGE, END, "<|return|>", "<|call|>", "<|constrain|>")
"""What separates messages, and within their headings role, channel and kind (OpenAI: harmony response format)."""

ROLE = "assistant"
FINAL = "final"
"""The channel of the answer; all others are reasoning."""

LONGEST_HEADING = 64
"""Characters; what is longer is no heading of a message but an answer without one."""

FENCE = "```"


@dataclass(frozen=True, slots=True)
class Marks:
    """How reasoning is marked. `begin` and `end` surround it; `closing` is what ends it so that the answer follows.

    `is_open`: the prompt itself ends within reasoning; `is_answering`: within the answer. `thinks`: the model is known
    to reason unless told otherwise.
    """

    kind: Literal["tags", "channels"]
    begin: str
    end: str
    closing: str
    is_open: bool = False
    is_answering: bool = False
    thinks: bool = False

    @property
    def markers(self) -> tuple[str, ...]:
        """All texts that are not part of what is said."""
        return CHANNEL_MARKERS if self.kind == "channels" else (self.begin, self.end)


@dataclass(frozen=True, slots=True)
class Part:
    """Text of the answer or of the reasoning, as they follow each other."""

    text: str
    is_thought: bool


CHANNELS = Marks("channels", CHANNEL, END, f"{END}{START}{ROLE}{CHANNEL}{FINAL}{MESSAGE}")


def _tags(begin: str, end: str, before: str = "", behind: str = "") -> Marks:
    return Marks("tags", begin, end, f"{before}{end}{behind}")


TAGS = (
    _tags("<think>", "</think>", "\n", "\n\n"),
    _tags("[THINK]", "[/THINK]"),
    _tags("<seed:think>", "</seed:think>"),
    _tags("<mm:think>", "</mm:think>", "\n", "\n\n"),
    _tags("<|START_THINKING|>", "<|END_THINKING|>"),
    _tags("<|inner_prefix|>", "<|inner_suffix|>"),
    _tags("<|channel>thought", "<channel|>"),
    _tags("◁think▷", "◁/think▷"),
)
"""Of Qwen, DeepSeek, GLM and most others; Mistral; Seed; MiniMax; Command; Apertus; Gemma 4; Kimi."""

ALL_MARKERS = frozenset(marker for marks in (CHANNELS, *TAGS) for marker in marks.markers) | {"<|channel>"}
"""The texts of tokens that mark reasoning, of all models."""


def find_marks(template: str, tail: str) -> Marks:
    """Return how the model with this chat *template* marks reasoning; *tail* is how its prompts end.

    One whose template says nothing of reasoning may still surround it with the commonest tags.
    """
    end = tail.rstrip()
    if CHANNEL in template and MESSAGE in template:
        is_answering = end.endswith(MESSAGE)
        return replace(CHANNELS, is_answering=is_answering, thinks=not is_answering)
    for marks in TAGS:
        if marks.end in template or marks.begin in template:
            return replace(marks, is_open=end.endswith(marks.begin), thinks=not end.endswith(marks.end))
    return TAGS[0]


def without_reasoning(marks: Marks, tail: str) -> str:
    """Return *tail*, how a prompt ends, so that the answer follows at once where the model would reason first."""
    if marks.kind == "channels":
        return tail if marks.is_answering else f"{tail}{CHANNEL}{FINAL}{MESSAGE}"
    return f"{tail}{marks.closing}" if marks.is_open else tail


class _Speech(Protocol):
    """What has been said so far, and what becomes of more of it."""

    is_thinking: bool
    is_aside: bool
    """Whether neither the answer nor the reasoning is being said, but what separates them."""

    def text(self, text: str) -> Iterator[Part]: ...

    def marker(self, marker: str) -> Iterator[Part]: ...

    def close(self) -> None: ...

    def end(self) -> Iterator[Part]: ...


class Splitter:
    """Splits what a model says, as it comes. *tokens* are the markers that come through `mark`, never as text."""

    def __init__(self, marks: Marks, tokens: Collection[str] = ()) -> None:
        self._scanned = tuple(marker for marker in marks.markers if marker not in tokens)
        self._speech: _Speech = _Channels(marks) if marks.kind == "channels" else _Tags(marks)
        self._held = ""

    @property
    def is_thinking(self) -> bool:
        """Whether what comes next is reasoning."""
        return self._speech.is_thinking

    @property
    def is_answering(self) -> bool:
        """Whether what comes next is the answer's, and nothing that separates."""
        return not (self._speech.is_thinking or self._speech.is_aside)

    def feed(self, text: str) -> Iterator[Part]:
        """Yield what *text* adds. At most the beginning of a marker is held back."""
        rest = self._held + text
        while found := _first(rest, self._scanned):
            at, marker = found
            yield from self._say(rest[:at])
            yield from self._speech.marker(marker)
            rest = rest[at + len(marker) :]
        cut = len(rest) - _begun(rest, self._scanned)
        self._held = rest[cut:]
        yield from self._say(rest[:cut])

    def mark(self, marker: str) -> Iterator[Part]:
        """Yield what *marker* adds, which was said as a token of its own."""
        yield from self._release()
        yield from self._speech.marker(marker)

    def close(self) -> Iterator[Part]:
        """Take reasoning for ended, whatever was said."""
        yield from self._release()
        self._speech.close()

    def flush(self) -> Iterator[Part]:
        """Yield what is still held back, at the end."""
        yield from self._release()
        yield from self._speech.end()

    def _release(self) -> Iterator[Part]:
        held, self._held = self._held, ""
        yield from self._say(held)

    def _say(self, text: str) -> Iterator[Part]:
        if text:
            yield from self._speech.text(text)


class _Tags:
    """Reasoning between tags.

    The first closing tag ends it, as models are trained. Behind it, and where nothing was said, white space is dropped.
    In the answer a tag counts only where it is no quotation: an opening one at the start of a line outside of code, a
    closing one outside of code (it is dropped).
    """

    is_aside = False

    def __init__(self, marks: Marks) -> None:
        self._marks = marks
        self.is_thinking = self._drops = marks.is_open
        self._is_blank = True
        self._is_fenced = False
        self._gap = self._line = ""

    def text(self, text: str) -> Iterator[Part]:
        """Yield *text*."""
        if self._is_blank:
            said = text.lstrip()
            self._gap += text[: len(text) - len(said)]
            if not said:
                return
            text = said if self._drops else self._gap + said
            self._is_blank = False
        if not self.is_thinking:
            self._follow(text)
        yield Part(text, self.is_thinking)

    def marker(self, marker: str) -> Iterator[Part]:
        """Begin or end reasoning, or yield a tag that was quoted."""
        if self.is_thinking:
            if marker == self._marks.end:
                self.close()
            elif not self._is_blank:
                yield from self.text(marker)
        elif self._is_quoted(marker):
            yield from self.text(marker)
        elif marker == self._marks.begin:
            self._begin(is_thinking=True)

    def close(self) -> None:
        """End reasoning."""
        self._begin(is_thinking=False)

    def end(self) -> Iterator[Part]:
        """Yield white space that was all that was said."""
        if self._is_blank and self._gap and not self._drops:
            yield Part(self._gap, False)

    def _begin(self, *, is_thinking: bool) -> None:
        self.is_thinking = is_thinking
        self._is_blank = self._drops = True
        self._gap = self._line = ""

    def _is_quoted(self, marker: str) -> bool:
        if self._is_fenced or self._line.count("`") % 2:
            return True
        return marker == self._marks.begin and bool(self._line.strip())

    def _follow(self, text: str) -> None:
        """Note where in its line, and in what code, the answer stands."""
        first, *others = text.split("\n")
        self._line += first
        for line in others:
            if self._line.lstrip().startswith(FENCE):
                self._is_fenced = not self._is_fenced
            self._line = line


class _Channels:
    """Messages in channels: a heading of markers and words each, then what is said in its channel."""

    def __init__(self, marks: Marks) -> None:
        self.is_thinking = False
        self.is_aside = not marks.is_answering
        self._heading = ""
        self._names_channel = False

    def text(self, text: str) -> Iterator[Part]:
        """Yield *text* unless it belongs to a heading."""
        if not self.is_aside:
            yield Part(text, self.is_thinking)
            return
        self._heading += text
        if "\n" in self._heading or len(self._heading) > LONGEST_HEADING:
            yield from self.end()

    def marker(self, marker: str) -> Iterator[Part]:
        """Go on with the heading, begin the message, or end it."""
        yield from ()
        if marker == MESSAGE:
            self._speak()
        elif marker != "<|constrain|>":
            self.is_aside, self.is_thinking = True, False
            self._heading, self._names_channel = "", marker == CHANNEL

    def close(self) -> None:
        """Begin the answer."""
        self.is_thinking = self.is_aside = False

    def end(self) -> Iterator[Part]:
        """Yield what was said where a heading should stand."""
        if not self.is_aside or self._heading.strip() in ("", ROLE):
            return
        said = self._heading
        if self._names_channel:
            _, _, said = said.lstrip().partition(" ")
        self._speak()
        if said:
            yield Part(said, self.is_thinking)

    def _speak(self) -> None:
        """Begin a message in the channel that the heading names."""
        named = self._heading.split()[:1] if self._names_channel else []
        self.is_thinking, self.is_aside = named not in ([], [FINAL]), False


def _first(text: str, markers: Collection[str]) -> tuple[int, str] | None:
    """Return the first of *markers* in *text* and where it stands."""
    found = [(at, marker) for marker in markers if (at := text.find(marker)) >= 0]
    return min(found, default=None)


def _begun(text: str, markers: Collection[str]) -> int:
    """Return how many characters at the end of *text* may become a marker."""
    longest = max(map(len, markers), default=1) - 1
    for length in range(min(longest, len(text)), 0, -1):
        if any(marker.startswith(text[-length:]) for marker in markers):
            return length
    return 0
