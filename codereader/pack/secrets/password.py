"""Passwords in URLs and in connection strings, but not what stands for one in examples and in code."""

from __future__ import annotations

import re

from codereader.pack.secrets.anchor import Anchor

URL = re.compile(
    rb"://(?P<user>[^\s:/?#@\"'<>()\[\]{}\\|^`,;]{0,128}):"
    rb"(?P<secret>[^\s/?#@\"'<>()\[\]{}\\|^`]{1,256})@(?=[\w.\[%$-])"
)
URL_ANCHORS = (Anchor("://"),)

SETTING = re.compile(
    rb"(?:(?:server|source|host|user id|uid) ?=[^;\"'\n]{1,200}?[; ]|jdbc:)[^\"'\n]{0,300}?"
    rb"(?:password|pwd) ?= ?(?P<secret>[^;&\"'\s{}<>()\[\]]{4,128}+)",
    re.IGNORECASE,
)
SETTING_ANCHORS = tuple(
    Anchor(text, fold=True) for text in ("server=", "source=", "host=", "user id=", "uid=", "jdbc:")
)

_EXAMPLES = frozenset(
    b"password passwd pass passphrase pwd pw p secret token user username example changeme yourpassword your_password "
    b"your-password mypassword my_password my-password xxx foo bar baz test".split()
)
_STANDS_FOR = re.compile(rb"^[$%:]|\$\{|\{|%[sdv(]|^[*x.X-]+$|^<")


def is_password(match: re.Match[bytes]) -> bool:
    """Tell whether the group ``secret`` of *match* may be a real password."""
    password = match["secret"]
    if _STANDS_FOR.search(password) or password.lower() in _EXAMPLES:
        return False
    return "user" not in match.re.groupindex or password != match["user"]
