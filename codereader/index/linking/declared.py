"""The types with which headers declare functions and variables that are defined elsewhere.

Reads texts as they stand, with one regular expression each; only structs and unions count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_VARIABLE = re.compile(
    rb"^[ \t]*extern[ \t]+(?:const[ \t]+)?((?:struct|union)[ \t]+\w+)((?:[ \t*]|const\b|__\w+\b)*)\b(\w+)[ \t]*"
    rb"(?:\[[^;\n]*)?(?:[ \t]+__\w+(?:\([^()\n]*\))?)*;",
    re.MULTILINE,
)
_FUNCTION = re.compile(
    rb"^[ \t]*(?:(?:extern|static|inline|const|__\w+)[ \t]+)*((?:struct|union)[ \t]+\w+)[ \t\n]*(\*[ \t*]*)"
    rb"(?:__\w+[ \t]+)*(\w+)[ \t]*\(",
    re.MULTILINE,
)


def declared_types(texts: Iterable[bytes]) -> dict[str, str]:
    """Return the types of what *texts* declare, by name: ``struct proto *``. The first that tells one counts."""
    found: dict[str, str] = {}
    for text in texts:
        for pattern in (_VARIABLE, _FUNCTION):
            for match in pattern.finditer(text):
                name = match[3].decode("ascii", "replace")
                if name not in found:
                    kind = b" ".join(match[1].split()).decode("ascii", "replace")
                    found[name] = f"{kind} {'*' * match[2].count(b'*')}".strip()
    return dict(sorted(found.items()))
