"""C text with the macros taken out of the grammar's way, each byte in its place.

Owns what is known of macros by their look: words that decorate a declaration, macros with a body that make
functions, macro calls that stand at file level without a semicolon.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

DEEPEST_NESTING = 200
"""Brackets inside each other, of all kinds; more is no program."""

_LAYERS = 64
"""So many layers of brackets are taken off before they are counted one by one."""

_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in b"()[]{}")
_SPACES = bytes(byte if byte in b"\r\n\t" else 32 for byte in range(256))
_BRACKET = re.compile(rb'[()\[\]{}]|"(?:[^"\\\n]|\\.)*"|' + rb"'(?:[^'\\\n]|\\.)*'", re.DOTALL)

_DECORATION = re.compile(
    rb"\b(?:__(?:init|exit|initdata|exitdata|initconst|exitconst|net_init|net_exit|net_initdata|init_or_module|user|rcu"
    rb"|force|kernel|iomem|percpu|bitwise|nocast|always_inline|always_unused|maybe_unused|unused|used|must_check|pure"
    rb"|cold|hot|weak|visible|noreturn|malloc|packed|read_mostly|ro_after_init|refdata|ref|cpuinit|meminit|sched"
    rb"|latent_entropy|randomize_layout|designated_init|private|noendbr|noclone|no_sanitize|no_kcsan|bpf_kfunc"
    rb"|cacheline_aligned_in_smp|cacheline_aligned|wsum_force|safe|lockfunc|kprobes|net_initconst|unix_exit"
    rb"|(?:printf|scanf|acquires|releases|must_hold|aligned|section|counted_by|assume_aligned|alloc_size|alias)"
    rb"[ \t]*\([^()]*\))"
    rb"|____cacheline_aligned(?:_in_smp)?|asmlinkage|noinline(?:_for_stack)?|debug_noinline|notrace|nokprobe_inline"
    rb"|INDIRECT_CALLABLE_SCOPE|randomized_struct_fields_(?:start|end)|ATTRIBUTE_UNUSED|G_GNUC_UNUSED)\b"
    rb"|\b__(?:printf|scanf|acquires|releases|must_hold|aligned|section|counted_by)[ \t]*\([^()]*\)"
)
"""Words that decorate a declaration and mean nothing to the grammar."""

_LOOSE = re.compile(
    rb"^(?:(?:module_\w+|\w*initcall\w*|EXPORT_\w+|MODULE_\w+)[ \t]*\([^(){};]{0,2000}\)(?=[ \t\r]*\n)"
    rb"|[A-Z_a-z]\w*[ \t]*\([^(){};]{0,2000}\)(?=[ \t\r]*(?:\n[ \t\r]*\n|\n*\Z)))",
    re.MULTILINE,
)
"""A macro call that stands at file level with no semicolon after it."""

_MADE = re.compile(
    rb"^(?:static[ \t]+)?([A-Z_][A-Z0-9_x]{3,})[ \t]*\([ \t]*([A-Za-z_]\w*)(?:\s*,[^;{}]{0,2000})?\)"
    rb"[ \t\r]*\n?[ \t]*(?=\{)",
    re.MULTILINE,
)
"""A macro call at file level that has a body: it makes a function."""

_TYPE_ARGUMENT = re.compile(rb"(,\s*)(struct|union)(?=\s+\w+\s*[,)])")

SYSCALL = re.compile(r"(COMPAT_)?SYSCALL(?:32)?_DEFINE\d\Z")
"""Macros that define the body of a system call."""

Statement = tuple[str, str, int]
"""A macro call at file level: the macro, its arguments as written, its start byte."""


def readable(text: bytes) -> tuple[bytes, list[Statement]]:
    """Return *text* with macros out of the grammar's way, and the loose macro calls that were taken out.

    Every byte keeps its place and every line break its row. A call is (macro, arguments, start byte).
    """
    loose: list[Statement] = []

    def take(match: re.Match[bytes]) -> bytes:
        name, _, rest = match[0].decode("utf-8", "replace").partition("(")
        loose.append((name.strip(), rest.rpartition(")")[0], match.start()))
        return _spaces(match)

    text = _DECORATION.sub(_spaces, text)
    text = _MADE.sub(_head, text)
    text = _TYPE_ARGUMENT.sub(lambda match: match[1] + b" " * len(match[2]), text)
    return _LOOSE.sub(take, text), loose


def _head(match: re.Match[bytes]) -> bytes:
    """Return a plain function head as long as the macro call that makes the function."""
    head = (
        b"int " + _made_name(match[1].decode("utf-8", "replace"), match[2].decode("utf-8", "replace")).encode() + b"()"
    )
    rest = match[0][len(head) :]
    return head + bytes(10 if byte == 10 else 32 for byte in rest) if b"\n" not in match[0][: len(head)] else match[0]


def _made_name(macro: str, name: str) -> str:
    syscall = SYSCALL.match(macro)
    if syscall is None:
        return name
    return f"compat_sys_{name}" if syscall[1] else f"sys_{name}"


def _spaces(match: re.Match[bytes]) -> bytes:
    return b"".join(b"\n" if byte == 10 else b" " for byte in match[0])


# -- nesting --------------------------------------------------------------------------------------------------------


def shallow(text: bytes) -> bytes:
    """Return *text* with what stands in more than `DEEPEST_NESTING` brackets blanked, byte for byte.

    The time of a query grows with the square of the depth.
    """
    left, layers = text.translate(None, _NO_BRACKETS), 0
    while left and layers + len(left) > DEEPEST_NESTING and layers < _LAYERS:
        left = left.replace(b"()", b"").replace(b"[]", b"").replace(b"{}", b"")
        layers += 1
    if layers + len(left) <= DEEPEST_NESTING:
        return text
    pieces, at = [], 0
    for start, end in _deep(text):
        pieces += [text[at:start], text[start:end].translate(_SPACES)]
        at = end
    return b"".join([*pieces, text[at:]])


def _deep(text: bytes) -> Iterator[tuple[int, int]]:
    """Yield the ranges of *text* that stand too deep, in order."""
    depth = start = 0
    for token in _BRACKET.finditer(text):
        if token[0] in b"([{":
            depth += 1
            if depth == DEEPEST_NESTING + 1:
                start = token.start()
        elif token[0] in b")]}" and depth:
            depth -= 1
            if depth == DEEPEST_NESTING:
                yield start, token.end()
    if depth > DEEPEST_NESTING:
        yield start, len(text)
