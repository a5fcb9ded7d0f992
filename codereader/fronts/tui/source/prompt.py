"""A line that is typed at the foot of a pane: ``/`` words to find, ``:`` a line to go to. Knows no widget."""

from __future__ import annotations

from typing import Literal

Outcome = Literal["typed", "done", "left"]


class Prompt:
    """What is being typed. `sign` is empty while nothing is."""

    def __init__(self) -> None:
        self.sign = ""
        self.text = ""

    @property
    def is_open(self) -> bool:
        """Whether keys are typed here."""
        return bool(self.sign)

    def open(self, sign: str, text: str = "") -> None:
        """Begin to type."""
        self.sign, self.text = sign, text

    def close(self) -> None:
        """Stop typing; the text stays."""
        self.sign = ""

    def paste(self, text: str) -> None:
        """Add the first line of *text*."""
        self.text += "".join(one for one in text.partition("\n")[0] if one.isprintable())

    def key(self, key: str, character: str | None) -> Outcome | None:
        """Take a key; return what it did, None for one that is not meant for a prompt."""
        if key == "escape":
            return "left"
        if key == "enter":
            return "done"
        if key in ("backspace", "ctrl+h"):
            if not self.text:
                return "left"
            self.text = self.text[:-1]
        elif key == "ctrl+u":
            self.text = ""
        elif key == "ctrl+w":
            self.text = self.text.rstrip().rpartition(" ")[0]
        elif character is not None and character.isprintable():
            if self.sign == ":" and not character.isdigit():
                return "typed"
            self.text += character
        else:
            return None
        return "typed"
