"""The detectors of the library bc-detect-secrets, asked about one short text at a time.

Only their regular expressions and their checks of form are used: nothing of it reads a file, and nothing is verified
with anybody. Loaded when there is a first text to decide on, since it takes a quarter of a second.
"""

from __future__ import annotations

import logging
import warnings
from functools import cache
from importlib import import_module
from typing import Any


def decides(detector: str, text: str, start: int, end: int) -> bool:
    """Tell whether *detector* (a module and a class) finds something in *text* that touches *start* to before *end*."""
    found = _detector(detector)
    is_valid = getattr(found, "is_formally_valid", None)
    return any(
        match.start() < end and match.end() > start and (is_valid is None or is_valid(match[0]))
        for pattern in found.denylist
        for match in pattern.finditer(text)
    )


@cache
def _detector(name: str) -> Any:
    """Return the class. The library turns warnings into log lines when it is loaded; that is undone."""
    module, _, kind = name.partition(".")
    before = warnings.showwarning
    loaded = import_module(f"detect_secrets.plugins.{module}")
    if warnings.showwarning is not before:
        logging.captureWarnings(False)
    return getattr(loaded, kind)
