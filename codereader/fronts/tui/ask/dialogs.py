"""Small windows over the screen: which model, which budget, whether to take a plan, where to save an answer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from codereader.fronts.text import safe_line, size

if TYPE_CHECKING:
    from codereader.model.catalogue import FoundModel

NONE = ""
"""What stands for no model among the names of models."""

_BOX = """
    {name} {{ align: center middle; background: $background 60%; }}
    {name} > Vertical {{ width: 80; max-width: 90%; height: auto; max-height: 80%; padding: 1 2;
        background: $surface; border-left: thick $primary; }}
    {name} .title {{ text-style: bold; height: auto; margin: 0 0 1 0; }}
    {name} .aside {{ color: $text-muted; height: auto; margin: 1 0 0 0; }}
    {name} .lines {{ height: auto; max-height: 20; }}
    {name} Input, {name} Input:focus {{ border: none; background: $boost; height: 1; padding: 0 1; }}
    {name} OptionList {{ border: none; height: auto; max-height: 16; padding: 0; background: transparent; }}
"""


def _plain(text: str, classes: str) -> Static:
    return Static(Content(text), markup=False, classes=classes)


class ModelPicker(ModalScreen[str | None]):
    """The models that were found; gives the name of one, "" for none at all, None where nothing is to change."""

    DEFAULT_CSS = _BOX.format(name="ModelPicker")
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Back")]

    def __init__(self, models: Sequence[FoundModel], current: str) -> None:
        super().__init__()
        self._models = models
        self._current = current

    def compose(self) -> ComposeResult:
        """List them, the one in use marked."""
        with Vertical():
            yield _plain("Which model is to answer?", "title")
            yield OptionList(*(self._option(one) for one in self._models), Option(Content("no model: facts alone")))
            if not self._models:
                yield _plain('None was found. pip install "codereader-local[tiny]" brings a small one.', "aside")
            yield _plain("enter shows how it would run · esc goes back", "aside")

    def on_mount(self) -> None:
        """Begin at the one in use."""
        names = [one.name for one in self._models]
        self.query_one(OptionList).highlighted = names.index(self._current) if self._current in names else 0

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._models[event.option_index].name if event.option_index < len(self._models) else NONE)

    def _option(self, one: FoundModel) -> Option:
        sign = "● " if one.name == self._current else "  "
        told = Content.styled(f"  {size(one.bytes)} · {safe_line(one.source)}", "$text-muted")
        return Option(Content(f"{sign}{safe_line(one.name)}") + told)


class PlanPrompt(ModalScreen[bool]):
    """How a changed choice would run, before anything is done; gives whether to take it."""

    DEFAULT_CSS = _BOX.format(name="PlanPrompt")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,y", "dismiss(True)", "Take it"),
        Binding("escape,n", "dismiss(False)", "Leave it"),
    ]

    def __init__(self, title: str, lines: Sequence[str]) -> None:
        super().__init__()
        self._title = title
        self._lines = lines

    def compose(self) -> ComposeResult:
        """Show the plan."""
        with Vertical():
            yield _plain(safe_line(self._title), "title")
            with VerticalScroll(classes="lines"):
                yield _plain("\n".join(safe_line(line) for line in self._lines), "")
            yield _plain("enter takes it · esc leaves everything as it is", "aside")


class LinePrompt(ModalScreen[str | None]):
    """One line to be typed; gives it, None where the person goes back."""

    DEFAULT_CSS = _BOX.format(name="LinePrompt")
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Back")]

    def __init__(self, title: str, value: str, aside: str) -> None:
        super().__init__()
        self._title = title
        self._value = value
        self._aside = aside

    def compose(self) -> ComposeResult:
        """Show the line with what stands there at first."""
        with Vertical():
            yield _plain(self._title, "title")
            yield Input(self._value)
            yield _plain(self._aside, "aside")

    def say(self, text: str) -> None:
        """Say something of what was typed."""
        self.query_one(".aside", Static).update(Content(text))

    @on(Input.Submitted)
    def _typed(self, event: Input.Submitted) -> None:
        event.stop()
        self.take(event.value.strip())

    def take(self, value: str) -> None:
        """Give what was typed."""
        self.dismiss(value or None)


class SavePrompt(LinePrompt):
    """The file an answer is saved in. One that is there already is only taken when enter is pressed again."""

    DEFAULT_CSS = _BOX.format(name="SavePrompt")

    def __init__(self, value: str) -> None:
        super().__init__(
            "Save the answer as", value, "NAME.md for Markdown, NAME.json for replay · enter saves · esc goes back"
        )
        self._asked = ""

    def take(self, value: str) -> None:
        """Give the name, unless a file of that name is there and nobody was asked yet."""
        if value and value != self._asked and Path(value).expanduser().exists():
            self._asked = value
            self.say(f"{safe_line(value)} exists: enter again replaces it, or type another name")
            return
        super().take(value)
