"""What panes tell the app. A pane changes only itself; only the app moves other panes.

Lines are 1-based and inclusive; paths are relative to the scope, as in the index.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from textual.message import Message

from codereader.fronts.tui.ask.cost import Cost

Way = Literal["definitions", "callers", "callees", "refs", "implementors", "paths-to"]
"""What may be asked of a symbol, as ``codereader find`` calls it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Lines of a file. `end_line` None is one line; `column` is 0-based, in characters."""

    path: str
    line: int = 1
    end_line: int | None = None
    column: int = 0


@dataclass
class Go(Message):
    """Show *place*, its lines lit. The app remembers where the person came from."""

    place: Place


@dataclass
class Moved(Message):
    """The cursor stands at *place* by now, without a jump."""

    place: Place

    def can_replace(self, message: Message) -> bool:
        """Only the last place is worth following."""
        return isinstance(message, Moved)


@dataclass
class Look(Message):
    """Show what `codereader find` tells of the symbol *name*, spelled as there (``NAME``, ``FILE:NAME``, ``A.B``)."""

    name: str
    way: Way
    other: str | None = None


@dataclass
class Pin(Message):
    """Take *path*, a file or folder, into what the model is shown, or take it out again."""

    path: str


@dataclass
class AskAbout(Message):
    """Put *text* into the question box, to be edited and sent by the person."""

    text: str


@dataclass
class Problem(Message):
    """Something failed: one sentence, and what to do next. Untrusted text in it is escaped by who shows it."""

    text: str
    hint: str = ""


@dataclass
class Working(Message):
    """Work moved on: *done* of *total* *unit* of a *stage*, 0 of 0 where it ended. The status line shows it.

    *rate* is units a second and *left* seconds, both None where unknown.
    """

    stage: str
    done: int
    total: int
    unit: str = ""
    rate: float | None = None
    left: float | None = None

    def can_replace(self, message: Message) -> bool:
        """Only the newest is worth showing."""
        return isinstance(message, Working) and message.stage == self.stage


@dataclass
class Stated(Message):
    """What the status line tells of the model; None leaves a part as it is. Sizes are the model's tokens."""

    model: str | None = None
    placement: str | None = None
    used: int | None = None
    window: int | None = None
    rate: float | None = None


@dataclass
class Ask(Message):
    """Answer *text*, as the person sent it."""

    text: str


@dataclass
class Drafted(Message):
    """The question box holds *text* now; what it would cost is to be told to the box."""

    text: str

    def can_replace(self, message: Message) -> bool:
        """Only the newest is worth counting."""
        return isinstance(message, Drafted)


@dataclass
class Weighed(Message):
    """What a question would cost the model, None where no model is asked."""

    cost: Cost | None


@dataclass
class Pinned(Message):
    """The paths, sorted, that are in the focus whatever is asked."""

    paths: tuple[str, ...]


@dataclass
class Answering(Message):
    """A question is being answered, or no longer."""

    is_on: bool


@dataclass
class Marked(Message):
    """A pack was made: how it shows each path that it sends, and the tokens of each file's whole text."""

    levels: Mapping[str, str]
    tokens: Mapping[str, int]
