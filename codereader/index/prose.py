"""Sentences out of comments and plain text: what a file or a symbol says about itself.

Works on text that has already been told apart from code; knows no grammar and no language but English full stops.
"""

from __future__ import annotations

import re

DOC_LENGTH = 200
"""Most characters kept of a sentence."""

SUMMARY_LENGTH = 600
"""Most characters kept of a file's summary."""

_LEGAL = re.compile(
    r"SPDX-|copyright|\(c\)|©|licen[cs]|all rights reserved|redistribut|warrant|without even the implied"
    r"|free software foundation|merchantability|fitness for|gnu general public|<[\w.+-]+@|^authors?\b|^\s*version\b"
    r"|required by applicable law|permission is hereby granted|you may (?:not use|obtain)|provided by the"
    r"|distributed in the hope|under the terms of|an \W?as is\b|^INET\b.*implementation of the TCP/IP",
    re.IGNORECASE,
)
_MARKER = re.compile(r"^\s*(?:/\*+!?|\*+/|\*+(?!/)|//+!?|#+!?|;+|--+)[ \t]?|\s*\*+/\s*$")
_STOP = re.compile(r"(?<!\be\.g)(?<!\bi\.e)(?<!\bcf)(?<!\bvs)[.!?](?=\s|$)")
_KERNEL_DOC = re.compile(
    r"^(?:struct |union |enum |typedef )?[\w.]+(?:\(\))?\s+[-–—]+\s+(?=\S)|^[\w]+\(\):?\s*[-–—]?\s*"
)
_OPENING = re.compile(r"\s*(?:/\*+!?|\*+|//+!?|#+!?|;+|--+)[ \t]?")
_RULE = re.compile(r"^[\W_]*$")


def comment_lines(comment: str) -> list[str]:
    """Return the lines of *comment* without comment marks and trailing white space."""
    return [_unmarked(line) for line in comment.splitlines()]


def _unmarked(line: str) -> str:
    """Return *line* without up to two comment marks at its start and the one at its end."""
    if "*/" in line:
        return _MARKER.sub("", _MARKER.sub("", line)).rstrip()
    for _ in range(2):
        match = _OPENING.match(line)
        line = line[match.end() :] if match else line
    return line.rstrip()


def is_legal(line: str) -> bool:
    """Whether a line of a comment is about licence, owners or authors."""
    return _LEGAL.search(line) is not None


def is_rule(line: str) -> bool:
    """Whether a line of a comment holds no words."""
    return _RULE.match(line) is not None


def sentence_end(line: str) -> int | None:
    """Return the character behind the stop of the first sentence of *line*, None where it does not stop there."""
    stop = _STOP.search(line)
    return stop.end() if stop else None


def first_sentence(text: str) -> str | None:
    """Return the first sentence of *text* (a docstring, or comment lines joined), None where it holds no words."""
    words = " ".join(_first_paragraph(text.splitlines()))
    words = " ".join(_KERNEL_DOC.sub("", words, count=1).split())
    stop = _STOP.search(words)
    return _shortened(words[: stop.start()] if stop else words, DOC_LENGTH)


def doc_of_comment(comment: str) -> str | None:
    """Return the first sentence of the comment above a definition, None where it is empty or a rule of dashes."""
    return first_sentence("\n".join(comment_lines(comment)))


def header_summary(comments: list[str]) -> str | None:
    """Return the first paragraph of a file's header comments that is not about licence or authors."""
    lines: list[str] = []
    for comment in comments:
        lines.extend(comment_lines(comment))
        lines.append("")
    return summary_of_lines(lines)


def summary_of_lines(lines: list[str]) -> str | None:
    """Return the first paragraph of *lines* that says something besides who owns them, squeezed to one line."""
    paragraph: list[str] = []
    for line in [*lines, ""]:
        if not _RULE.match(line):
            paragraph.append(line)
            continue
        if paragraph and not any(_LEGAL.search(one) for one in paragraph):
            return _shortened(" ".join(" ".join(paragraph).split()), SUMMARY_LENGTH)
        kept = [one for one in paragraph if not _LEGAL.search(one)]
        if kept and _LEGAL.search(paragraph[0]) is None and kept[0] is paragraph[0]:
            return _shortened(" ".join(kept[0].split()), SUMMARY_LENGTH)
        paragraph = []
    return None


def _first_paragraph(lines: list[str]) -> list[str]:
    found: list[str] = []
    for line in lines:
        if _RULE.match(line) or (found and line.lstrip().startswith("@")):
            if found:
                break
            continue
        found.append(line.strip())
    return found


def _shortened(text: str, length: int) -> str | None:
    text = text.strip()
    if len(text) > length:
        text = text[: length - 1].rsplit(" ", 1)[0] + "…"
    return text or None
