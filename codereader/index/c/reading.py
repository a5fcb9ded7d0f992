"""One C file being read: its texts, its functions by place, and the words around a place."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import accumulate
from typing import TYPE_CHECKING

from codereader.index.c.preprocessor import Plain
from codereader.index.parsed import Definition
from codereader.index.prose import doc_of_comment

if TYPE_CHECKING:
    from tree_sitter import Node

Captures = Mapping[str, Sequence["Node"]]
"""Nodes of one file by capture name, as the query of the grammar names them."""

SIGNATURE_BYTES = 400
"""Longest text taken for a signature; what is longer ends in an ellipsis."""

FARTHEST_COMMENT = 1000
"""So many bytes of white space may lie between a comment and what it speaks of."""

KEYWORDS = frozenset(
    re.findall(
        r"\w+",
        "if for while switch return sizeof defined typeof __typeof__ __attribute__ __alignof__ alignof offsetof case do"
        " else goto asm __asm__ volatile static_assert _Static_assert __extension__ int void char long struct union"
        " enum",
    )
)
"""Words that look like a call or a name and are neither."""

NO_OBJECT = frozenset({"NULL", "true", "false", "THIS_MODULE"})
"""Values that are no object of any file."""

NUMBERS = frozenset(
    re.findall(
        r"\w+",
        "int unsigned signed char short long bool _Bool float double enum size_t ssize_t loff_t off_t pid_t uid_t gid_t"
        " dev_t mode_t umode_t gfp_t dma_addr_t phys_addr_t resource_size_t sector_t atomic_t atomic64_t atomic_long_t"
        " refcount_t time64_t ktime_t uintptr_t netdev_features_t uint ulong ushort uchar u_char u_int u_long u_short"
        " u8 u16 u32 u64 s8 s16 s32 s64 __u8 __u16 __u32 __u64 __s8 __s16 __s32 __s64 __le16 __le32 __le64 __be16"
        " __be32 __be64 __sum16 __wsum uint8_t uint16_t uint32_t uint64_t int8_t int16_t int32_t int64_t",
    )
)
"""Types that hold neither a function nor members."""

MACRO = re.compile(r"([A-Za-z_]\w*)(\([^)]*\))? ?(.*)", re.DOTALL)
"""Name, parameters and body of a ``#define``."""

_ONE_MORE = (1).__add__
_DECLARATORS = frozenset(
    {
        "pointer_declarator",
        "function_declarator",
        "parenthesized_declarator",
        "array_declarator",
        "attributed_declarator",
        "init_declarator",
    }
)
_NAMES = frozenset({"identifier", "type_identifier", "field_identifier", "primitive_type"})


class Reading:
    """One file being read: its texts, and where its functions lie.

    `clean` is without directives and comments, `bare` without the insides of strings too.
    """

    __slots__ = ("_ends", "_starts", "bare", "clean", "data", "names", "plain", "row")

    def __init__(self, data: bytes, split: Plain) -> None:
        self.data = data
        self.plain = split
        self.clean = split.text
        self.bare = split.bare
        ends = list(accumulate(map(_ONE_MORE, map(len, data.split(b"\n")))))
        self.row: Callable[[int], int] = partial(bisect_right, ends)
        """Tells the row that a byte lies in."""
        self._starts: list[int] = []
        self._ends: list[int] = []
        self.names: list[str] = []

    def know(self, functions: Sequence[Definition]) -> None:
        """Remember the places of *functions*, sorted by start."""
        self._starts = [one.span.start for one in functions]
        self._ends = [one.span.end for one in functions]
        self.names = [one.name for one in functions]

    def function(self, byte: int) -> int:
        """Return which of the functions *byte* lies in, -1 for none."""
        at = bisect_right(self._starts, byte) - 1
        return at if at >= 0 and byte < self._ends[at] else -1

    def caller(self, byte: int) -> str | None:
        """Return the name of the function that *byte* lies in."""
        at = self.function(byte)
        return self.names[at] if at >= 0 else None

    def doc(self, start: int) -> str | None:
        """Return the first sentence of the comment that ends directly above byte *start*."""
        at = bisect_right(self.plain.comments, start, key=_end) - 1
        if at < 0:
            return None
        begin, end = self.plain.comments[at]
        if start - end > FARTHEST_COMMENT:
            return None
        between = self.data[end:start]
        if between.strip() or between.count(b"\n") > 1:
            return None
        while at and self.data[begin : begin + 2] == b"//" and self._joins(at):
            at -= 1
            begin = self.plain.comments[at][0]
        return doc_of_comment(_text(self.data[begin:end]))

    def _joins(self, at: int) -> bool:
        """Whether comment *at* continues the one before it."""
        before, here = self.plain.comments[at - 1], self.plain.comments[at]
        between = self.data[before[1] : here[0]]
        return self.data[before[0] : before[0] + 2] == b"//" and not between.strip() and between.count(b"\n") == 1

    def line(self, start: int, end: int) -> str:
        """Return the text from *start* to *end* without comments and directives, as one line."""
        cut = self.clean[start : min(end, start + SIGNATURE_BYTES)]
        return _text(b" ".join(cut.split())) + ("…" if end - start > SIGNATURE_BYTES else "")


def _end(span: tuple[int, int]) -> int:
    return span[1]


def text_of(node: Node) -> str:
    """Return the text of *node*; bytes that are not UTF-8 become replacement characters."""
    return (node.text or b"").decode("utf-8", "replace")


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def name_of(node: Node | None) -> Node | None:
    """Return the identifier that a declarator declares, walking inwards."""
    while node is not None and node.type in _DECLARATORS:
        inner = node.child_by_field_name("declarator")
        if inner is None:
            inner = next(
                (child for child in node.named_children if child.type in _DECLARATORS or child.type in _NAMES), None
            )
        node = inner
    return node if node is not None and node.type in _NAMES else None
