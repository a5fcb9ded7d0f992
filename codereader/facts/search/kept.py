"""What the columns of a shelf are kept under in the index of terms, and whether they are. Reads no term."""

from __future__ import annotations

import hashlib
from pathlib import Path

from codereader.index.terms.shelves import holds_shelf, knows_all
from codereader.index.view import IndexView
from codereader.source.scope import Walk

VERSION = 1
"""Raised whenever the columns of `codereader.facts.search.shelf` are made in another way."""


def key_of(walk: Walk) -> bytes | None:
    """Return what the columns for *walk* can be kept under, None where it cannot tell whether anything changed."""
    if walk.state is None:
        return None
    digest = hashlib.blake2b(repr((VERSION, walk.scope)).encode("utf-8", "surrogatepass"), digest_size=16)
    for part in (walk.state.ground, *walk.state.listed):
        digest.update(part)
    return digest.digest()


def is_searchable(view: IndexView, cache: Path) -> bool:
    """Whether a search of *view* can begin with what the folder *cache* keeps: at worst the columns are missing."""
    key = key_of(view.walked)
    return holds_shelf(cache, key) if key else knows_all(cache, view)
