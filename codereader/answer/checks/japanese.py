"""Turn the shape of a Japanese sentence into that of the English one that says the same, where it is recognised.

Only what states a relation is turned; the rest of the sentence stays as it is, and is not taken for said.
"""

from __future__ import annotations

import re
from functools import partial

_E = r"<\d+>"
_LIST = rf"{_E}(?: (?:\u3001|\u3068|\u3084|\u304a\u3088\u3073|,) {_E})*"
_TOPIC = r"(?: (?:\u95a2\u6570|\u69cb\u9020\u4f53|\u30de\u30af\u30ed))? (?:\u306f|\u304c)"
_JAPANESE = re.compile(r"[\u3040-\u30ff]")
_SIGN = re.compile(r"(?<=[\u3040-\u30ff\u4e00-\u9fff]) (?=[\u3040-\u30ff\u4e00-\u9fff])")

_CALLED_BY = re.compile(
    rf"(?P<b>{_LIST}){_TOPIC} (?P<a>{_LIST}) (?:\u304b\u3089|\u306b\u3088\u3063\u3066|\u306b) ?"
    rf"(?:\u547c\u3073\u51fa\u3055\u308c|\u547c\u3070\u308c)\S*"
)
_CALLS = re.compile(
    rf"(?P<a>{_LIST}){_TOPIC} (?P<b>{_LIST}) \u3092 ?\S*?\u547c(?:\u3073\u51fa|\u3073|\u3070|\u3093|\u3076)\S*"
)
_IN = re.compile(
    rf"(?P<a>{_LIST}){_TOPIC} (?P<b>{_E}) (?:\u306e \d+ \u884c\u76ee )?(?:\u3067|\u306b|\u5185\u3067) ?"
    r"\S*?(?:\u5b9a\u7fa9|\u5b9f\u88c5|\u3042\u308a|\u3042\u308b|\u7f6e\u304b\u308c)\S*"
)
_SETS = re.compile(
    rf"(?P<a>{_E}) (?:\u306f|\u306e) (?P<m>{_E}) (?:\u306b|\u306f|\u3068\u3057\u3066) (?P<b>{_E})"
    r"(?: ?(?:\u3092|\u3067\u3059|\u3067\u3042\u308b|\u3060)\S*)?"
)
_NEGATED = re.compile(r"(?:\u306a\u3044|\u307e\u305b\u3093|\u306a\u304b\u3063\u305f)")
_VERBS = (
    (_CALLED_BY, "calls", "does not call"),
    (_CALLS, "calls", "does not call"),
    (_IN, "is defined in", "is not defined in"),
)
_COMMA = re.compile(r" (?:\u3001|\u3068|\u3084|\u304a\u3088\u3073) ")


def in_english(shape: str) -> str:
    """Return the English shape of a Japanese one, another shape as it is."""
    if not _JAPANESE.search(shape):
        return shape
    text = _SIGN.sub("", shape)

    for pattern, verb, denied in _VERBS:
        text = pattern.sub(partial(_written, verb=verb, denied=denied), text)
    return _SETS.sub(r"\g<a> sets \g<m> to \g<b> ", text)


def _written(match: re.Match[str], verb: str, denied: str) -> str:
    first, second = (_COMMA.sub(" , ", match[group]) for group in ("a", "b"))
    return f"{first} {denied if _NEGATED.search(match[0]) else verb} {second} "
