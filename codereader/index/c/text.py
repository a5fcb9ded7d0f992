"""C text with the macros taken out of the grammar's way, each byte in its place.

Owns what is known of macros by their look: words that decorate a declaration, and names of system calls.
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
    rb"|\b__attribute(?:__)?\s*\((?:[^()]++|\((?:[^()]++|\((?:[^()]++|\((?:[^()]++|\([^()]*+\))*+\))*+\))*+\))*+\)"
)
"""Words that decorate a declaration and mean nothing to the grammar."""

_UNKNOWN = re.compile(rb"__\w+(?=\s*[=;])")
_DECLARATOR = re.compile(
    rb"(?<!\w)(?!(?:unsigned|signed|struct|union|enum|const|static|long|short|volatile|extern|typedef)\b)[A-Za-z_]\w*"
    rb"(?:\s+const\b)?[\s*]+[A-Za-z_]\w*\s*(?:\[[^\]]*\]\s*)*\s\Z|\]\s*\Z"
)
"""A type and a name, after which a word with a leading ``__`` can only be a decoration."""

SYSCALL = re.compile(r"(COMPAT_)?SYSCALL(?:32)?_DEFINE\d\Z")
"""Macros that define the body of a system call."""


def undecorated(text: bytes) -> bytes:
    """Return *text* without the words that decorate declarations; every byte keeps its place."""
    return _UNKNOWN.sub(_unknown, _DECORATION.sub(_spaces, text))


def _unknown(match: re.Match[bytes]) -> bytes:
    """Blank a word that no list knows where it can only be a decoration."""
    before = match.string[max(0, match.start() - 160) : match.start()]
    return _spaces(match) if _DECLARATOR.search(before) else match[0]


def made_name(macro: str, name: str) -> str:
    """Return the name one can call of the function that *macro* makes from *name*."""
    syscall = SYSCALL.match(macro)
    if syscall is None:
        return name
    return f"compat_sys_{name}" if syscall[1] else f"sys_{name}"


def _spaces(match: re.Match[bytes]) -> bytes:
    return match[0].translate(_SPACES)


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
