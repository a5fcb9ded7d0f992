"""What a credential looks like: one row a kind.

Only formats that their issuers publish and that nothing else looks like; nothing is guessed from how random a text
seems. A pattern is looked for only near its anchor, so that a large tree costs one pass. Patterns cannot backtrack
far: their repeats are bounded, possessive, or end at a character that they cannot take. Knows nothing of files.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Detector:
    """A kind of credential, in words, and how it is written.

    `anchor` is the source of a regular expression of a few characters that every match of `pattern` holds. The group
    ``secret`` of the pattern is what must not be shown; without one it is the whole match.
    """

    kind: str
    anchor: str
    pattern: re.Pattern[str]


def _token(kind: str, anchor: str, pattern: str) -> Detector:
    """Return a detector of a token that begins with *anchor* and stands apart from the word characters around it."""
    return Detector(kind, anchor, re.compile(rf"(?<![A-Za-z0-9_]){pattern}(?![A-Za-z0-9_])"))


OWN = (
    _token("Google API key", "AIza", r"AIza[\w-]{35}"),
    _token("Google OAuth client secret", "GOCSPX-", r"GOCSPX-[\w-]{28}"),
    _token("Google OAuth token", r"ya29\.", r"ya29\.[\w-]{20,2000}+"),
    _token("GitHub token", "github_pat_", r"github_pat_\w{82}"),
    _token("GitLab token", r"gl(?:pat|dt|ft|soat|rt|ptt|imt|agent|oas|ffct)-", r"gl[a-z]{2,5}-[\w.-]{20,1024}+"),
    _token("GitLab token", "glcbt-", r"glcbt-[\w-]{20,60}+"),
    _token("GitLab token", "GR1348941", r"GR1348941[\w-]{20,50}+"),
    _token("OpenAI key", "T3BlbkFJ", r"sk-[\w-]{20,200}T3BlbkFJ[\w-]{20,200}+"),
    _token("Anthropic key", "sk-ant-", r"sk-ant-[a-z]{3,5}\d\d-[\w-]{80,200}+"),
    _token("PyPI token", "pypi-AgE", r"pypi-AgE[\w-]{50,1000}+"),
    _token("Stripe key", r"[rs]k_(?:live|test|prod)_", r"[rs]k_(?:live|test|prod)_[0-9A-Za-z]{24,247}+"),
    _token("Shopify token", "shp(?:at|ca|pa|ss)_", r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}"),
)

_HEADER = r"-{4,5} ?BEGIN (?:[A-Z0-9]{2,10} ){0,3}PRIVATE KEY(?: BLOCK)? ?-{4,5}"
_FOOTER = r"-{4,5} ?END (?:[A-Z0-9]{2,10} ){0,3}PRIVATE KEY(?: BLOCK)? ?-{4,5}"
PRIVATE_KEY = re.compile(rf"{_HEADER}(?P<body>[\s\S]{{1,32768}}?){_FOOTER}")
