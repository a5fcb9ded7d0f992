"""Which sections a brief has: those asked for by title, and the parts in the place of what they say better."""

from __future__ import annotations

from collections.abc import Sequence

from codereader.errors import UsageError
from codereader.facts.brief.lines import Draft

REPLACED = ("Folders", "Layers of modules")
"""Sections that the parts and their strata say better."""


def with_parts(drafts: Sequence[Draft], parts: Draft) -> tuple[Draft, ...]:
    """Return *drafts* with *parts* behind the first, in the place of what they say better."""
    if not parts.facts:
        return tuple(drafts)
    rest = [draft for draft in drafts if draft.title not in REPLACED]
    return (*rest[:1], parts, *rest[1:])


def picked(drafts: Sequence[Draft], titles: Sequence[str]) -> tuple[Draft, ...]:
    """Return those of *drafts* that have facts and whose title begins with one of *titles*, in any case of letters.

    Raises: UsageError for a title that none begins with.
    """
    known = [draft for draft in drafts if draft.facts]
    for title in titles:
        if not any(_begins(draft, title) for draft in known):
            raise UsageError(
                f"there is no section {title!r} in this brief",
                f"Its sections are: {', '.join(draft.title for draft in known)}.",
            )
    return tuple(draft for draft in known if any(_begins(draft, title) for title in titles))


def _begins(draft: Draft, title: str) -> bool:
    return bool(title.strip()) and draft.title.casefold().startswith(title.strip().casefold())
