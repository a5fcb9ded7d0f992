"""The command palette: every action of the app and of the panes, each with the key that does the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.dom import DOMNode
from textual.widget import Widget

MOTIONS = (
    "line(",
    "character(",
    "word(",
    "page",
    "half(",
    "edge(",
    "go_to(",
    "step(",
    "move(",
    "scroll_",
    "top",
    "bottom",
)
"""Actions that begin so only move a cursor; nobody looks for those by name."""


LEFT_OUT = (*MOTIONS, "leave", "command_palette")
"""What is left out: motions, what `esc` does anywhere, and the palette itself."""

NAMES = {"conversation": "Answers"}
"""Panes that are called otherwise than in the code."""


def commands(app: App[int], panes: Iterable[Widget]) -> Iterator[SystemCommand]:
    """Yield the actions of *app*, then those of *panes*; one of a pane puts the keys there first."""
    for binding in _bindings(app):
        yield SystemCommand(binding.description, _help(app, app, binding), partial(app.run_action, binding.action))
    for pane in panes:
        name = NAMES.get(pane.id or "", (pane.id or type(pane).__name__).capitalize())
        for binding in _bindings(pane):
            title = f"{name}: {binding.description}"
            yield SystemCommand(title, _help(app, pane, binding), _on(pane, binding.action))


def _on(pane: Widget, action: str) -> Callable[[], object]:
    async def act() -> None:
        pane.focus()
        await pane.run_action(action)

    return act


def _bindings(holder: DOMNode) -> Iterator[Binding]:
    """Yield what *holder* binds, without what Textual has it bind."""
    ours = [kind for kind in type(holder).__mro__ if kind.__module__.startswith("codereader.")]
    found: list[BindingType] = [one for kind in ours for one in vars(kind).get("BINDINGS", ())]
    for binding in found:
        if isinstance(binding, Binding) and binding.description and not binding.action.startswith(LEFT_OUT):
            yield binding


def _help(app: App[int], holder: DOMNode, binding: Binding) -> str:
    """Return the keys of an action, and what it says of itself."""
    keys = " or ".join(dict.fromkeys(app.get_key_display(one) for one in Binding.make_bindings([binding])))
    action = getattr(holder, f"action_{binding.action.partition('(')[0]}", None)
    said = (action.__doc__ or "").strip().partition("\n")[0] if action else ""
    return f"{keys} · {said}" if said and not binding.action.startswith("pane(") else keys
