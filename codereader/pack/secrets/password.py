"""Passwords in URLs and in connection strings, but not what stands for one in examples and in code."""

from __future__ import annotations

import re

from codereader.pack.secrets.anchor import Anchor

URL = re.compile(
    rb"://(?P<user>[^\s:/?#@\"'<>()\[\]{}\\|^`,;]{0,128}):"
    rb"(?P<secret>[^\s/?#@\"'<>()\[\]{}\\|^`]{1,256})@(?=[\w.\[%$-])"
)
URL_ANCHORS = (Anchor("://"),)

SETTING = re.compile(rb"(?:password|pwd) {0,2}= {0,2}(?P<secret>[^;\"'\s{}<>()\[\]]{4,128}+)", re.IGNORECASE)
SETTING_ANCHORS = (Anchor("password=", fold=True), Anchor("pwd=", fold=True))

_PLACE = re.compile(
    rb"(?:server|data source|host|initial catalog|database|uid|user id)\s{0,2}=[^;\"'\n]{1,200};|jdbc:\w+:",
    re.IGNORECASE,
)
_AROUND = 400
"""How many bytes before a password the rest of a connection string is looked for."""

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


def is_connected(match: re.Match[bytes]) -> bool:
    """Tell whether *match* stands in a connection string: on its line another part says to what."""
    data, start = match.string, match.start()
    first = max(data.rfind(b"\n", 0, start) + 1, start - _AROUND)
    return is_password(match) and _PLACE.search(data, first, start) is not None
