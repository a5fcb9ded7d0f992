"""Where the person has been: a trail of places to go back and forward on."""

from __future__ import annotations

from codereader.fronts.tui.messages import Place

LONGEST = 200
"""So many places are remembered."""


class Trail:
    """The places that were jumped to, oldest first, and where the person stands on it."""

    def __init__(self) -> None:
        self._places: list[Place] = []
        self._at = -1

    @property
    def here(self) -> Place | None:
        """The place that was gone to last."""
        return self._places[self._at] if self._places else None

    def stay(self, place: Place | None) -> None:
        """Remember that the person moved to *place* without a jump, so that `back` leads there."""
        here = self.here
        if place and here and place.path == here.path and place.line != here.line:
            self._places[self._at] = place

    def go(self, place: Place) -> None:
        """Put *place* behind where the person stands; what lay ahead is forgotten."""
        if place == self.here:
            return
        self._places[self._at + 1 :] = [place]
        del self._places[:-LONGEST]
        self._at = len(self._places) - 1

    def back(self) -> Place | None:
        """Step back and return the place, None at the beginning."""
        return self._step(-1)

    def forward(self) -> Place | None:
        """Step forward again and return the place, None at the end."""
        return self._step(1)

    def _step(self, by: int) -> Place | None:
        if not 0 <= self._at + by < len(self._places):
            return None
        self._at += by
        return self._places[self._at]
