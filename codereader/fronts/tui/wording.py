"""What is said in the words of the command line, in those of the screen: keys where flags stood.

Sentences come from rooms that know no screen; the flags in them would mean nothing to somebody who looks at keys.
"""

from __future__ import annotations

import re

PHRASES = (
    (r"within --patience", "in the time that one waits"),
    (r"\(--patience S, --budget N or max take more\)", "(b among the answers takes more)"),
    (r"\(--budget N or max take more\)", "(b among the answers takes more)"),
    (r"--budget N sends more", "b sends more"),
    (r"\(--all-prose shows all\)", "(v shows all)"),
    (r"with --model FILE\.gguf", "(m among the answers)"),
    (r"to hear one, pass --model FILE\.gguf or install", "m among the answers chooses one; or install"),
    (r"name one with --model NAME or CODEREADER_MODEL \(.*?\)", "m among the answers chooses one"),
    (r"[Pp]ass --ctx (\d[\d,]*)( or less)?", r"Choose a window of \1\2 (b among the answers)"),
    (r"Raise --(?:ctx|budget)", "Raise it (b among the answers)"),
    (r"(a (?:larger|smaller)) --ctx", r"\1 window (b)"),
    (r"(a (?:larger|smaller)) --budget", r"\1 budget (b)"),
    (r"--ctx", "the window"),
    (r"--budget (?=auto|max|\d)", "budget "),
    (r"--budget", "the budget"),
    (r"--max-tokens", "the length of an answer"),
    (r"`codereader ask --no-model` answers", "no model (m among the answers) answers"),
    (r"--lines \d+ shows all", "f shows all"),
    (r"; --think off leaves it out", ""),
)
"""Patterns of what the command line says, and what is said instead; the first come before those that they hold."""

_PATTERNS = tuple((re.compile(pattern), said) for pattern, said in PHRASES)


def in_keys(text: str) -> str:
    """Return *text* with keys instead of flags."""
    if "--" not in text:
        return text
    for pattern, said in _PATTERNS:
        text = pattern.sub(said, text)
    return text
