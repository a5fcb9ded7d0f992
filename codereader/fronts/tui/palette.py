"""The command palette: every action of the app and of the panes, each with the key that does the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.dom import DOMNode
from textual.keys import format_key
from textual.widget import Widget

MOTIONS = ("line(", "character(", "word(", "page", "edge(", "go_to(", "step(", "move(", "scroll_", "top", "bottom")
"""Actions that begin so only move a cursor; nobody looks for those by name."""


def commands(app: App[int], panes: Iterable[Widget]) -> Iterator[SystemCommand]:
    """Yield the actions of *app*, then those of *panes*; one of a pane puts the keys there first."""
    for binding in _bindings(app):
        yield SystemCommand(binding.description, _keys(binding), partial(app.run_action, binding.action))
    for pane in panes:
        name = (pane.id or type(pane).__name__).capitalize()
        for binding in _bindings(pane):
            title = f"{name}: {binding.description}"
            yield SystemCommand(title, _keys(binding), _on(pane, binding.action))


def _on(pane: Widget, action: str) -> Callable[[], object]:
    async def act() -> None:
        pane.focus()
        await pane.run_action(action)

    return act


def _bindings(holder: DOMNode) -> Iterator[Binding]:
    """Yield what *holder* itself binds, one for each action."""
    found: list[BindingType] = list(type(holder).BINDINGS)
    for binding in found:
        if isinstance(binding, Binding) and binding.description and not binding.action.startswith(MOTIONS):
            yield binding


def _keys(binding: Binding) -> str:
    keys = [binding.key_display] if binding.key_display else [format_key(key) for key in binding.key.split(",")]
    return f"key {' or '.join(keys)}"
