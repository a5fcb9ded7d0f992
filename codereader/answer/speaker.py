"""A model that can be asked: its vocabulary, its frame, and how to plan and start it.

The seam between what is said and what runs it. `reader` makes one from a GGUF file; tests make one from the echo engine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from codereader.engine.plan import Need, Plan
from codereader.engine.protocol import Engine
from codereader.model.counter import Vocabulary
from codereader.model.template import Frame

TRUSTED_PARAMETERS = 1_000_000_000
"""Models with fewer weights than this write prose that cannot be relied on (tried: a 135M model invents structs)."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """A model ready to be planned for. `trained_context` is in its own tokens, 0 where unknown."""

    name: str
    vocabulary: Vocabulary
    frame: Frame
    trained_context: int
    trusted: bool
    plan: Callable[[Need], Plan] = field(repr=False)
    start: Callable[[Plan], Engine] = field(repr=False)
