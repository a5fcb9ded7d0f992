"""Credentials in text, found and replaced.

`find.find_secrets` tells them, `Redactor` shows text without them. What counts as one is in `formats`.
"""

from codereader.pack.secrets.redact import Find, Redactor, marker

__all__ = ["Find", "Redactor", "marker"]
