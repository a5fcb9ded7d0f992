"""Credentials in text, found and replaced.

`find_secrets` tells them, `Redactor` shows text without them. See `codereader.pack.secrets.detector` for what counts.
"""

from codereader.pack.secrets.find import Secret, find_secrets
from codereader.pack.secrets.redact import Find, Redactor

__all__ = ["Find", "Redactor", "Secret", "find_secrets"]
