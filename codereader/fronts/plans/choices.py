"""What may be written for a model or for cards, as far as it is known by name: completions of what is typed.

Cards stand between commas or ``+``, with a count before (``2x RTX 4090 + RTX 3090``); the last one is completed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from codereader import config

MOST = 8
"""So many completions are offered."""

_LAST = re.compile(r"(?s)(?P<before>.*[,+])?(?P<space>\s*)(?P<count>\d{1,3}\s*[x×*]\s*)?(?P<name>.*)")


def model_names() -> tuple[str, ...]:
    """Return the names of the models that were found on this machine, then of those known without a file."""
    from codereader.model.catalogue import find_models
    from codereader.model.known import known_names

    found = [model.name for model in find_models(config.cache_dir())]
    return tuple(dict.fromkeys([*found, *known_names()]))


def card_names() -> tuple[str, ...]:
    """Return the names of the cards and machines that are known, as `plan --device list` shows them."""
    from codereader.engine.hardware.profiles import labels

    return labels()


def models_like(text: str, names: Iterable[str]) -> list[str]:
    """Return those of *names* that *text* may mean, those that begin with it first, in their order."""
    return _like(text.strip(), names)


def cards_like(text: str, names: Iterable[str]) -> list[str]:
    """Return *text* with its last card completed to each of *names* that it may mean."""
    last = _LAST.fullmatch(text)
    if last is None:
        return []
    before = "".join(last[part] or "" for part in ("before", "space", "count"))
    if last["before"] and not last["space"]:
        before = f"{last['before']} {last['count'] or ''}"
    return [f"{before}{name}" for name in _like(last["name"].strip(), names)]


def _like(text: str, names: Iterable[str]) -> list[str]:
    """Return the names that hold every word of *text*, at most `MOST`; none where it is one of them already."""
    wanted = text.casefold()
    words = wanted.replace("-", " ").split()
    some = [name for name in names if all(word in name.casefold() for word in words)]
    if any(name.casefold() == wanted for name in some):
        return []
    return sorted(some, key=lambda name: not name.casefold().startswith(wanted))[:MOST]


def card_specs(text: str) -> tuple[str, ...]:
    """Return the cards of *text* as ``--device`` takes them, none for no text."""
    return tuple(piece.strip() for piece in text.split(",") if piece.strip())
