"""A model that is only planned for: prompts can be made and counted for it, but it never speaks.

Its tokens are those of its own vocabulary where the file is here, else estimated from bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from codereader.answer.prompt import SYSTEM
from codereader.answer.speaker import Speaker
from codereader.engine.plan import Need, Plan
from codereader.engine.protocol import Engine
from codereader.errors import ModelError, UsageError
from codereader.model.counter import Vocabulary
from codereader.model.estimate import Estimate
from codereader.model.gguf import ModelHeader
from codereader.model.template import Frame, frame_of, render_frame


class Estimated(Estimate):
    """A vocabulary of made-up ids: as many as there may be tokens."""

    def encode(self, text: str, *, special: bool = False) -> list[int]:  # noqa: ARG002 - there are no control tokens
        """Return one id for each token that *text* is estimated to have."""
        return [0] * self.count_many([text])[0]


def planned_speaker(
    header: ModelHeader, plan: Callable[[Need], Plan], cache: Path, pace: Callable[[Need], float] | None = None
) -> Speaker:
    """Return the model of *header* as something to make prompts for, with its own vocabulary if it is here.

    *plan* and *pace* are as in `Speaker`; what is worked out of the vocabulary is kept in *cache*.
    """
    vocabulary, frame = _own(header, cache) or (Estimated(), render_frame(None, SYSTEM, "", ""))
    return Speaker(
        name=header.name,
        vocabulary=vocabulary,
        frame=frame,
        trained_context=header.context_length,
        trusted=True,
        plan=plan,
        start=_never,
        pace=pace,
    )


def _own(header: ModelHeader, cache: Path) -> tuple[Vocabulary, Frame] | None:
    """Return the vocabulary and the frame in the model's file; None where the file is not here or lacks them."""
    from codereader.model.vocabulary import vocabulary_of

    if not header.arrays:
        return None
    try:
        vocabulary = vocabulary_of(header, cache)
        vocabulary.count_many(["int"])
        return vocabulary, frame_of(header, SYSTEM)
    except ModelError:
        return None


def _never(_: Plan) -> Engine:
    raise UsageError("a model that is only planned for cannot be asked", "Pass --model to `codereader ask`.")
