"""What earlier runs taught about this machine: by how much predictions were off.

Plain data that a plan takes; `engine/learning/profile.py` keeps it on disk.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Learned:
    """Factors by which the uncorrected predictions are multiplied; 1 where nothing was measured.

    `prefill` and `decode` are of tokens a second. `extra_bytes` is, by device, what a run took beside all that a plan
    foresaw. `runs` counts the measurements behind the rates.
    """

    prefill: float = 1.0
    decode: float = 1.0
    extra_bytes: Mapping[str, int] = field(default_factory=dict)
    runs: int = 0


NOTHING = Learned()
