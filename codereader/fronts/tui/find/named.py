"""Files and symbols in the command palette: what is typed there finds names as the finder does."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from textual.command import Hit, Hits, Provider
from textual.content import Content
from textual.markup import escape

from codereader.fronts.text import safe_line
from codereader.fronts.tui.messages import Go, Place

if TYPE_CHECKING:
    from codereader.fronts.tui.find.names import Fit
    from codereader.fronts.tui.find.shelf import Shelf

FEW = 8
"""So many names are offered beside the commands."""

SURE = 400
"""The score that is as good as a command that is typed out."""


class NamesProvider(Provider):
    """The names of `app.shelf`; none before they were read, and none where nothing is typed."""

    async def startup(self) -> None:
        """Have the names read."""
        self._shelf: Shelf = self.app.shelf  # type: ignore[attr-defined]
        self.screen.run_worker(self._shelf.read(), group="names", exclusive=True, exit_on_error=False)

    async def search(self, query: str) -> Hits:
        """Yield the names that fit *query* best."""
        fits = await self._shelf.find(query) if query.strip() else None
        for fit in fits.best[:FEW] if fits else ():
            yield self._hit(fit)

    def _hit(self, fit: Fit) -> Hit:
        entry = fit.entry
        name, place = safe_line(entry.name), f"{safe_line(entry.path)}:{entry.line}"
        go = partial(self.app.post_message, Go(Place(entry.path, entry.line)))
        return Hit(min(1.0, max(0.0, fit.score / SURE)), Content(name), go, name, escape(f"{entry.kind} · {place}"))
