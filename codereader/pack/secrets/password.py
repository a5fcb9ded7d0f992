"""Passwords in URLs and in connection strings, but not what stands for one in examples and in code."""

from __future__ import annotations

import re

from codereader.pack.secrets.anchor import Anchor

URL = re.compile(
    rb"(?<![/:])://(?P<user>[^\s:/?#@\"'<>()\[\]{}\\|^`,;]{0,128}):"
    rb"(?P<secret>[^\s/?#@\"'<>()\[\]{}\\|^`]{1,256})@(?=[\w.\[%$-])"
)
URL_ANCHORS = (Anchor("://"),)

DATABASE = re.compile(
    rb"(?<![/:])://(?P<user>[^\s:/@\"'<>`{}]{0,128}):(?P<secret>[^\s/\"'`<>{}]{4,200})@(?=[\w.\[])",
)
_DATABASES = re.compile(
    rb"(?:mongodb|postgres|postgresql|mysqlx?|mariadb|rediss?|amqps?|mssql|sqlserver|clickhouse)(?:\+[a-z0-9]{1,16})?\Z"
)

OWNER = re.compile(rb"(?<![/:])://(?P<secret>\w{20,255}+):x-oauth-basic@")

NETRC = re.compile(
    rb"machine\s{1,8}\S{1,255}\s{1,8}login\s{1,8}\S{1,255}\s{1,8}password[ \t]{1,8}(?P<secret>[^\s\"']{4,255}+)"
)
NETRC_ANCHORS = (Anchor("machine"),)

SETTING = re.compile(
    rb"(?<![\w-])(?:password|pwd) ?= ?(?P<secret>[^;&\"'\s{}<>()\[\]]{4,128}+)(?![(\[])",
    re.IGNORECASE,
)
SETTING_ANCHORS = tuple(Anchor(text, fold=True) for text in ("password=", "password =", "pwd=", "pwd ="))

_SETTINGS = 300
"""So many bytes before a password a connection string says what it connects to."""

_CONNECTS = (b"server=", b"source=", b"host=", b"user id=", b"uid=", b"jdbc:")
_CODE = re.compile(rb"(?:[A-Za-z_]\w*\.)+[A-Za-z_]\w*|.*,", re.DOTALL)

_EXAMPLES = frozenset(
    b"password passwd pass passphrase pwd pw p secret token user username example changeme x-oauth-basic yourpassword "
    b"your_password your-password mypassword my_password my-password xxx foo bar baz test".split()
)
_STANDS_FOR = re.compile(rb"^[$:]|^%(?![0-9A-Fa-f]{2})|\$\{|\{|%[sdv(]|^[*x.X-]+$|^<")


def is_password(match: re.Match[bytes]) -> bool:
    """Tell whether the group ``secret`` of *match* may be a real password."""
    password = match["secret"]
    if _STANDS_FOR.search(password) or password.lower() in _EXAMPLES:
        return False
    return "user" not in match.re.groupindex or password != match["user"]


def is_database(match: re.Match[bytes]) -> bool:
    """Tell whether *match* stands behind the name of a database and holds what may be a real password."""
    before = match.string[max(match.start() - 32, 0) : match.start()]
    return _DATABASES.search(before) is not None and is_password(match)


def is_setting(match: re.Match[bytes]) -> bool:
    """Tell whether *match* is the password of a connection string: its line says before what it connects to."""
    before = match.string[max(match.start() - _SETTINGS, 0) : match.start()].lower().replace(b" =", b"=")
    for end in (b"\n", b'"', b"'"):
        before = before.rpartition(end)[2]
    if not any(told in before for told in _CONNECTS) or _CODE.fullmatch(match["secret"]):
        return False
    return is_password(match)
