"""What is raised where the index holds bytes that nobody wrote like that."""

from __future__ import annotations


class DamagedSection(ValueError):
    """Bytes that `pack` did not write."""
