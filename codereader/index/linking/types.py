"""Which struct a C expression leads to: ``inode->i_op``, ``(*p)->x[i].y``, ``inet_csk(sk)->icsk_af_ops``.

A type is a text as written, one star a pointer: ``struct inode *``. Members are followed through records, typedefs,
macros with a plain body and what functions return. What is not known is None, never a guess.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from codereader.index.linking.expansion import Expansion, arguments, is_name, tokens
from codereader.index.parsed import Definition, Macro, Record

LONGEST = 400
"""Tokens of an expression that are read."""

DEEPEST = 24
"""Expressions inside each other, and typedefs behind each other, that are followed."""

_QUALIFIERS = frozenset(
    "const volatile static extern register inline __always_inline __inline __user __rcu __iomem __percpu __kernel"
    " __force __init __exit __must_check __pure asmlinkage noinline notrace __read_mostly __ro_after_init"
    " __maybe_unused __initdata __initconst __net_init __net_exit __cold __malloc __private __refdata _Atomic".split()
)
_TAGS = frozenset(("struct", "union", "enum"))
_SAME = frozenset(
    "READ_ONCE WRITE_ONCE rcu_dereference rcu_dereference_bh rcu_dereference_sched rcu_dereference_raw"
    " rcu_dereference_protected rcu_dereference_check rcu_dereference_rtnl rtnl_dereference rcu_access_pointer"
    " rcu_dereference_bh_rtnl rcu_dereference_raw_check srcu_dereference smp_load_acquire xchg ACCESS_ONCE"
    " unrcu_pointer lockless_dereference likely unlikely rcu_pointer_handoff ERR_CAST nfnl_dereference"
    " hlist_bl_first_rcu READ_ONCE_NOCHECK __READ_ONCE data_race smp_cond_load_acquire raw_cpu_read this_cpu_read"
    " __this_cpu_read percpu_read array_ptr get_unaligned".split()
)
"""Macros whose value has the type of their first argument."""

_POINTED = frozenset(
    "this_cpu_ptr per_cpu_ptr raw_cpu_ptr get_cpu_ptr __this_cpu_ptr SHIFT_PERCPU_PTR array_index_ptr"
    " idr_find_same".split()
)
"""Macros whose value is a pointer of the type of their first argument."""

_OBJECTS = frozenset("per_cpu get_cpu_var __get_cpu_var this_cpu_var".split())
"""Macros whose value is the object that their first argument names."""

_CASTING = {"container_of": 1, "container_of_const": 1, "list_entry": 1, "hlist_entry": 1, "rb_entry": 1,
            "list_first_entry": 1, "list_last_entry": 1, "list_first_entry_or_null": 1, "list_entry_rcu": 1,
            "hlist_entry_safe": 1, "rb_entry_safe": 1, "list_next_entry": -1, "list_prev_entry": -1,
            "va_arg": 1, "list_first_or_null_rcu": 1, "list_entry_is_head": -1, "rhashtable_entry": 1}  # fmt: skip
"""Macros whose value is a pointer to the type that one argument (of this number) names, or of the first's own type."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a `Types` may ask. Each takes a name and gives None for one that it does not know.

    `local` gives the type of a name where the expression stands, `record` the members of a struct or union by tag,
    `typedef` its definition's signature, `function` and `variable` those of a definition or declaration as types,
    `macro` a macro's definition.
    """

    local: Callable[[str], str | None]
    record: Callable[[str], Sequence[Record]]
    typedef: Callable[[str], str | None]
    function: Callable[[str], str | None]
    variable: Callable[[str], str | None]
    macro: Callable[[str], Macro | None]


def type_of(expression: str, known: Known) -> str | None:
    """Return the type of the C *expression*, None where it cannot be told."""
    found = [lexeme for lexeme in tokens(expression) if lexeme != "\n"]
    if not found or len(found) > LONGEST:
        return None
    return _Expression(found, known, 0).value()


def struct_named(kind: str | None, known: Known) -> str | None:
    """Return the tag (or the typedef's name) of the struct or union that the type *kind* is, or points to."""
    found = _resolved(kind, known)
    if found is None:
        return None
    words = found.rstrip("* ").split()
    if len(words) == 2 and words[0] in ("struct", "union"):
        return words[1]
    return words[0] if len(words) == 1 and known.record(words[0]) else None


def member_type(kind: str | None, name: str, known: Known) -> str | None:
    """Return the type of the member *name* (``#n`` for the n-th) of what the type *kind* is, or points to."""
    struct = struct_named(kind, known)
    if struct is None:
        return None
    found = _member(struct, name, known)
    return found[1] if found else None


def member_named(struct: str, name: str, known: Known) -> str | None:
    """Return the name of the member *name* of a struct, which may be ``#n`` for the n-th."""
    found = _member(struct, name, known)
    return found[0] if found else None


def _member(struct: str, name: str, known: Known) -> tuple[str, str] | None:
    place = int(name[1:]) if name[:1] == "#" and name[1:].isdigit() else None
    for record in known.record(struct):
        for one in record.members:
            if one.name == name or (place is not None and one.place == place):
                return one.name, one.type
    return None


def _resolved(kind: str | None, known: Known) -> str | None:
    """Return *kind* with its typedefs followed."""
    for _ in range(DEEPEST):
        if not kind:
            return None
        base, stars = _split(kind)
        words = base.split()
        if len(words) != 1 or words[0] == "fn":
            return kind
        signature = known.typedef(words[0])
        target = _typedef_target(signature, words[0]) if signature else None
        if target is None:
            return kind
        kind = f"{target} {'*' * stars}".strip()
    return None


def _split(kind: str) -> tuple[str, int]:
    return kind.replace("*", "").strip(), kind.count("*")


def _typedef_target(signature: str, name: str) -> str | None:
    """Return the type that ``typedef struct foo *name`` stands for."""
    if "{" in signature:
        words = signature.split()
        tagged = len(words) > 2 and words[1] in _TAGS and is_name(words[2])
        return f"{words[1]} {words[2]}" if tagged else None
    found = re.match(rf"typedef\s+(.*?)\b{re.escape(name)}\b\s*;?\s*\Z", signature, re.DOTALL)
    return declared_type(found[1]) if found else None


def declared_type(text: str) -> str | None:
    """Return the type that the words before a name spell, without what decorates it; None for a plain number."""
    words = [word for word in tokens(text) if word not in _QUALIFIERS and not word.startswith("__attribute")]
    stars = words.count("*")
    names = [word for word in words if is_name(word)]
    for at, word in enumerate(names):
        if word in ("struct", "union") and at + 1 < len(names):
            return f"{word} {names[at + 1]} {'*' * stars}".strip()
    return f"{names[-1]} {'*' * stars}".strip() if names else None


def variable_type(one: Definition) -> str | None:
    """Return the type that a variable's signature declares it with."""
    found = re.match(rf"(.*)\b{re.escape(one.name)}\b", one.signature, re.DOTALL)
    return declared_type(found[1]) if found else None


def returned_type(one: Definition) -> str | None:
    """Return the type that a function's signature returns."""
    found = re.match(rf"(.*?)\b{re.escape(one.name)}\s*\(", one.signature, re.DOTALL)
    return declared_type(found[1]) if found else None


class _Expression:
    """Reads one expression from left to right."""

    def __init__(self, found: Sequence[str], known: Known, depth: int) -> None:
        self._tokens = found
        self._known = known
        self._depth = depth
        self._at = 0

    def value(self) -> str | None:
        if self._depth > DEEPEST:
            return None
        return self._unary()

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _unary(self) -> str | None:
        lexeme = self._peek()
        if lexeme == "*":
            self._at += 1
            return _pointed(_resolved(self._unary(), self._known))
        if lexeme == "&":
            self._at += 1
            kind = self._unary()
            return f"{kind} *" if kind and "*" not in kind else f"{kind}*" if kind else None
        if lexeme in ("!", "-", "+", "~"):
            return None
        if lexeme == "(":
            return self._bracket()
        return self._postfix(self._primary())

    def _bracket(self) -> str | None:
        taken = arguments(self._tokens, self._at)
        if taken is None:
            return None
        inside = [lexeme for number, one in enumerate(taken[0]) for lexeme in ([","] * bool(number) + one)]
        end = taken[1]
        cast = self._cast(inside)
        self._at = end
        if (
            cast is not None
            and end < len(self._tokens)
            and (is_name(self._tokens[end]) or self._tokens[end] in ("(", "*", "&"))
        ):
            self._unary()
            return cast
        return self._postfix(self._inner(taken[0][-1] if len(taken[0]) > 1 else inside))

    def _cast(self, inside: Sequence[str]) -> str | None:
        """Return the type that brackets hold, None where they hold no type."""
        words = [lexeme for lexeme in inside if lexeme not in _QUALIFIERS]
        if len(words) > 4 and words[:1] == ["typeof"]:
            return None
        names = [lexeme for lexeme in words if lexeme != "*"]
        if names[:1] in (["struct"], ["union"]) and len(names) == 2:
            return declared_type(" ".join(words))
        if len(names) == 1 and is_name(names[0]) and words[-1] == "*":
            return declared_type(" ".join(words))
        if len(names) == 1 and names[0].endswith("_t") and self._known.typedef(names[0]):
            return names[0]
        return None

    def _inner(self, inside: Sequence[str]) -> str | None:
        """Return the type of an expression in brackets: of an assignment, choice or the last of several."""
        if inside[:1] == ["{"] and inside[-1:] == ["}"]:
            return self._last_statement(inside[1:-1])
        if "?" in inside:
            at = inside.index("?")
            rest = inside[at + 1 :]
            if rest[:1] == [":"]:
                return self._sub(inside[:at])
            return self._sub(rest)
        return self._sub(inside)

    def _last_statement(self, inside: Sequence[str]) -> str | None:
        """Return the type of a statement expression: that of its last statement."""
        parts: list[list[str]] = [[]]
        depth = 0
        for lexeme in inside:
            depth += (lexeme in "([{") - (lexeme in ")]}")
            if lexeme == ";" and depth == 0:
                parts.append([])
            else:
                parts[-1].append(lexeme)
        some = [part for part in parts if part]
        if not some:
            return None
        last = some[-1]
        if len(last) == 1 and is_name(last[0]):
            for part in some[:-1]:
                kind = self._declaration(part, last[0])
                if kind is not None:
                    return kind
        return self._sub(last)

    def _declaration(self, part: Sequence[str], name: str) -> str | None:
        """Return the type with which a statement declares *name*."""
        if name not in part:
            return None
        at = list(part).index(name)
        if at == 0 or (at + 1 < len(part) and part[at + 1] not in ("=", ";")):
            return None
        before = list(part[:at])
        if "typeof" in before or "__typeof__" in before or "__auto_type" in before:
            opened = before.index("(") if "(" in before else -1
            if opened >= 0:
                taken = arguments(before, opened)
                kind = (self._cast(taken[0][0]) or self._sub(taken[0][0])) if taken else None
                stars = before[taken[1] :].count("*") if taken else 0
                return f"{kind} {'*' * stars}".strip() if kind else None
            return self._sub(part[at + 2 :])
        return declared_type(" ".join(before))

    def _sub(self, found: Sequence[str]) -> str | None:
        return _Expression(found, self._known, self._depth + 1).value() if found else None

    def _primary(self) -> str | None:
        lexeme = self._peek()
        if not is_name(lexeme):
            return None
        self._at += 1
        if self._peek() == "(":
            taken = arguments(self._tokens, self._at)
            if taken is None:
                return None
            self._at = taken[1]
            return self._call(lexeme, taken[0])
        return self._named(lexeme)

    def _named(self, name: str) -> str | None:
        known = self._known
        found = known.local(name) or known.variable(name)
        if found is None and known.macro(name) is not None:
            return self._macro([name])
        return found

    def _call(self, name: str, given: Sequence[Sequence[str]]) -> str | None:
        if name in _SAME:
            return self._sub(given[0])
        if name in _POINTED:
            kind = self._sub(given[0])
            return kind if kind is None or "*" in kind else f"{kind} *"
        if name in _OBJECTS:
            return self._sub(given[0])
        if name in _CASTING:
            at = _CASTING[name]
            if at < 0:
                return self._sub(given[0])
            kind = self._cast_argument(given[at]) if at < len(given) else None
            return f"{kind} *" if kind and not kind.endswith("*") else f"{kind}*" if kind else None
        found = self._known.function(name)
        if found is None and self._known.macro(name) is not None:
            inside = [lexeme for number, one in enumerate(given) for lexeme in ([","] * bool(number) + list(one))]
            return self._macro([name, "(", *inside, ")"])
        return found

    def _cast_argument(self, words: Sequence[str]) -> str | None:
        """Return the type that an argument names."""
        if words[:1] in (["typeof"], ["__typeof__"]):
            taken = arguments(words, 1)
            kind = self._sub(taken[0][0]) if taken else None
            return kind.rstrip("* ") if kind and words[2:3] == ["*"] else kind
        return declared_type(" ".join(words)) if words else None

    def _macro(self, use: Sequence[str]) -> str | None:
        """Return the type of what a macro's use expands to."""
        if self._depth > DEEPEST:
            return None
        stop = _SAME | _POINTED | _OBJECTS | set(_CASTING)
        made = Expansion(lambda word: None if word in stop else self._known.macro(word)).expand(use)
        if list(made) == list(use) or len(made) > LONGEST * 4:
            return None
        return self._sub(made)

    def _is_path(self, name: str) -> bool:
        """Put what a macro like ``#define sk_prot __sk_common.skc_prot`` stands for in the place of a member's name."""
        macro = self._known.macro(name)
        if macro is None or macro.parameters is not None or len(self._tokens) > LONGEST * 2:
            return False
        body = [lexeme for lexeme in tokens(macro.body) if lexeme != "\n"]
        if not body or name in body:
            return False
        self._tokens = [*self._tokens[: self._at - 1], "->", *body, *self._tokens[self._at + 1 :]]
        self._at -= 1
        return True

    def _postfix(self, kind: str | None) -> str | None:
        while self._at < len(self._tokens):
            lexeme = self._peek()
            if lexeme in (".", "->") and self._at + 1 < len(self._tokens):
                found = member_type(kind, self._tokens[self._at + 1], self._known) if kind else None
                self._at += 1
                if found is None and kind and self._is_path(self._tokens[self._at]):
                    continue
                kind = found
                self._at += 1
            elif lexeme == "[":
                taken = arguments(self._tokens, self._at)
                if taken is None:
                    return None
                self._at = taken[1]
                resolved = _resolved(kind, self._known)
                kind = _pointed(resolved) if resolved and "*" in resolved else kind
            elif lexeme == "(":
                return None
            else:
                break
        return kind


def _pointed(kind: str | None) -> str | None:
    """Return what a pointer of the type *kind* points to."""
    if kind is None or not kind.endswith("*"):
        return None
    return kind[:-1].strip()
