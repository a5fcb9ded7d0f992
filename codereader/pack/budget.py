"""How many tokens of source a pack may take.

Sizes are tokens of the answering model. Pure functions and the figures they rest on; knows nothing of files or models.
"""

from __future__ import annotations

MAX_BUDGET = 1 << 40
"""The budget of ``max``: more tokens than any tree has. What is reported then is what was needed."""

AUTO_BUDGET = 16_384
"""Tokens that help most where nobody says how many: models of 4 to 30 billion parameters answer best from 8 to 24
thousand well-chosen ones, long before their window ends (arXiv 2502.05167, 2602.16069, 2505.13353)."""

FOCUS_PARTS = 4
"""One token of so many of a budget goes to what the question needs, the others to what every question shares."""


def focus_share(budget: int) -> int:
    """Return the tokens of *budget* that the focus of a question may take."""
    return budget // FOCUS_PARTS
