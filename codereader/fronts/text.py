"""Make untrusted text safe for a terminal, and durations and sizes readable.

File names, source text and model output are data: control characters, invisible direction marks and
undecodable bytes are shown as escapes, never sent.
"""

from __future__ import annotations

import re

_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
"""C0 without tab and newline, DEL, C1, line and paragraph separators, bidirectional controls, BOM, lone surrogates."""


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def safe(text: str) -> str:
    """Return *text* with everything that a terminal might obey shown as an escape; newlines and tabs stay."""
    return _UNSAFE.sub(_escaped, text.replace("\r\n", "\n"))


def safe_line(text: str) -> str:
    """Return *text* as one safe line: newlines and tabs are shown as escapes too."""
    return safe(text).replace("\n", "\\n").replace("\t", "\\t")


def counted(number: int, noun: str) -> str:
    """Return *number* and *noun*, in the plural unless it is one."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def size(count: int) -> str:
    """Return *count* bytes in the unit a person would use (powers of 1,024)."""
    value = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024 or unit == "GiB":
            return f"{count} B" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    raise AssertionError


def duration(seconds: float) -> str:
    """Return *seconds* as milliseconds, seconds, minutes, hours or days."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 120:
        return f"{seconds:.2f} s"
    minutes = int(seconds // 60)
    if minutes < 120:
        return f"{minutes} min {int(seconds % 60)} s"
    hours = minutes // 60
    if hours < 48:
        return f"{hours} h {minutes % 60} min"
    return f"{hours // 24} d {hours % 24} h" if hours < 240 else f"{hours // 24:,} days"
