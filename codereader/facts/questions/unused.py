"""Functions that nothing names: by the words of the source, so that no way of using one is overlooked.

A word that stands anywhere outside of comments and strings counts as a use, the definition itself and declarations
aside. A function whose name a macro of its file may put together out of other words is left out, and counted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from codereader.errors import NothingReadable
from codereader.facts.fact import Fact
from codereader.facts.questions.answer import Answer, section, sections
from codereader.facts.questions.question import Question
from codereader.facts.questions.sentences import shown
from codereader.facts.questions.tree import Tree
from codereader.facts.rank import is_minor
from codereader.facts.words import counted
from codereader.index.parsed import Definition
from codereader.index.view import At
from codereader.source.spans import line_of

_C = frozenset({"c", "cpp"})
_NO_CODE = frozenset({"markdown", "text", "json", "yaml", "toml", "make", "kconfig"})
_SILENT_C = re.compile(rb"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"", re.DOTALL)
_C_FILES = (".c", ".h", ".cc", ".cpp", ".cxx", ".hpp")
_WORD = re.compile(rb"[A-Za-z_]\w*")
_HEAD = re.compile(rb"[\w\s*]*")
_DEFINED = re.compile(rb"^[ \t]*#[ \t]*define[ \t]+(\w+)\(((?:[^\n\\]|\\.)*)", re.MULTILINE | re.DOTALL)
_REACH = 1000
"""So many bytes around a name are looked at to tell a declaration."""

_FEW = 3
"""More mentions than this beside the definition are no mere declarations."""

_OPERATOR = re.compile(r"__\w+__$")
_INTERFACES = frozenset(
    "Close Error Format GoString Len Less Lock MarshalJSON MarshalText Pop Push Read Scan Seek ServeHTTP Set String"
    " Swap Type Unlock UnmarshalJSON UnmarshalText Unwrap Write WriteTo".split()
)
"""Methods that Go's own library calls through its interfaces."""

_ALWAYS_USED = frozenset({"main", "init_module", "cleanup_module"})


class _Words:
    """How often each wanted word stands in each file, comments and C strings aside."""

    def __init__(self, tree: Tree, wanted: frozenset[bytes]) -> None:
        self.texts: dict[str, bytes] = {}
        self.files: dict[bytes, dict[str, int]] = {}
        for path in tree.paths:
            tree.check()
            if tree.language(path) in _NO_CODE:
                continue
            try:
                text = tree.view.text(path)
            except NothingReadable:
                continue
            if tree.language(path) in _C:
                text = _SILENT_C.sub(_lines, text)
            self.texts[path] = text
            counts = Counter(word for word in _WORD.findall(text) if word in wanted)
            for word, count in counts.items():
                self.files.setdefault(word, {})[path] = count

    def uses(self, at: At[Definition], twins: int, *, is_own: bool) -> tuple[bool, bool]:
        """Tell whether a function is used by code, and whether by tests; of one that is file-local its file decides."""
        word, tested = at.fact.name.encode(), False
        for path, found in self.files.get(word, {}).items():
            if is_own and path != at.path:
                continue
            count = found - twins if path == at.path else found
            if 0 < count <= _FEW and path.endswith(_C_FILES):
                count -= _declarations(self.texts[path], word)
            if count > 0 and not is_minor(path):
                return True, tested
            tested = tested or count > 0
        return False, tested


def _declarations(text: bytes, word: bytes) -> int:
    """Return how often *text* declares the function *word* without defining it: a statement that begins a line."""
    count = 0
    at = text.find(word)
    while at >= 0:
        before = text[max(0, at - _REACH) : at]
        start = max(before.rfind(sign) for sign in (b";", b"}", b"\n\n"))
        lines = [line for line in before[start + 1 :].split(b"\n") if line.strip() and line[:1] != b"#"]
        rest = text[at + len(word) : at + _REACH]
        after, end, _ = rest.partition(b";")
        after = after if end and after.lstrip()[:1] == b"(" else b"{"
        is_word = not (before[-1:].isalnum() or before[-1:] == b"_" or rest[:1].isalnum() or rest[:1] == b"_")
        at = text.find(word, at + len(word))
        is_statement = bool(lines) and not lines[0][:1].isspace() and _HEAD.fullmatch(b" ".join(lines))
        count += bool(is_word and is_statement and b"{" not in after and b"=" not in after)
    return count


def _pasted(text: bytes) -> frozenset[bytes]:
    """Return the words that macros of a file are given, of which they may make other names."""
    own = {found[1] for found in _DEFINED.finditer(text) if b"##" in found[2]}
    names = b"|".join([rb"_*[A-Z][A-Z0-9_]{2,}\w*", *map(re.escape, sorted(own))])
    arguments = re.findall(rb"\b(?:" + names + rb")\s*\(([^(){};]*)\)?", text)
    stems = re.findall(rb"^[ \t]*#[ \t]*define[ \t]+\w+[ \t]+([A-Za-z_]\w+)[ \t]*$", text, re.MULTILINE)
    return frozenset([word for some in arguments for word in re.findall(rb"\w+", some)] + stems)


def _may_be_pasted(name: bytes, words: frozenset[bytes]) -> bool:
    """Tell whether a part of *name*, cut at an underscore, is a word that a macro is given."""
    parts = name.split(b"_")
    pieces = {b"_".join(parts[start:end]) for start in range(len(parts)) for end in range(start + 1, len(parts) + 1)}
    pieces |= {piece.rstrip(b"0123456789") for piece in pieces}
    return bool(pieces & words)


def _lines(found: re.Match[bytes]) -> bytes:
    return b"\n" * found[0].count(b"\n") + b" "


def unused(tree: Tree, question: Question) -> Answer:
    """Return functions without a use: those that no other file can see first, then those that others might."""
    within = tree.within(question.subjects)
    every = tree.view.definitions()
    called_back = _called_back(every)
    candidates = [
        at
        for at in every
        if _is_candidate(tree, at)
        and (within is None or at.path in within)
        and (at.path, at.fact.owner) not in called_back
    ]
    words = _Words(tree, frozenset(at.fact.name.encode() for at in candidates))
    twins = Counter((at.path, at.fact.name) for at in candidates)
    hidden: list[At[Definition]] = []
    shown_out: list[At[Definition]] = []
    tested: list[At[Definition]] = []
    for at in candidates:
        is_own = _is_file_local(tree, at)
        is_used, is_tested = words.uses(at, twins[at.path, at.fact.name], is_own=is_own)
        if not is_used:
            (tested if is_tested else hidden if is_own else shown_out).append(at)
    hidden, made = _not_pasted(tree, words, hidden)
    shown_out, more = _not_pasted(tree, words, shown_out)
    scope = tree.name
    told = sections(
        section(
            tree,
            f"Nothing names these, and no other file can see them ({len(hidden):,})",
            _said(hidden, "is named nowhere else"),
        ),
        section(
            tree,
            f"Not called inside {scope}; code outside of it could ({len(shown_out):,})",
            _said(shown_out, f"is not used inside {scope}"),
        ),
        section(tree, f"Used by tests alone ({len(tested):,})", _said(tested, "is used by tests alone")),
    )
    notes = ["exported names, table entries, entry points and decorated functions count as used"]
    if made + more:
        notes.append(f"{counted(made + more, 'function')} left out whose name a macro may put together")
    if not told:
        text = f"every function of {scope} is named somewhere besides its definition"
        return Answer(
            sections(section(tree, "None found", [Fact(scope, "has", "no unused functions", text)])), tuple(notes)
        )
    blind = ("a name put together when the program runs, and code outside the scope, are not seen",)
    return Answer(told, tuple(notes), 0, blind)


def _called_back(every: Sequence[At[Definition]]) -> frozenset[tuple[str, str | None]]:
    """Return the classes, by path and dotted name, with a base outside the scope: that one may call their methods."""
    names = {at.fact.name for at in every if at.fact.kind == "class"} | {"object", "Protocol", "ABC"}
    return frozenset(
        (at.path, f"{at.fact.owner}.{at.fact.name}" if at.fact.owner else at.fact.name)
        for at in every
        if at.fact.kind == "class"
        and any(re.split(r"[\[(]", base)[0].rpartition(".")[2] not in names for base in at.fact.fields)
    )


def _not_pasted(tree: Tree, words: _Words, found: Sequence[At[Definition]]) -> tuple[list[At[Definition]], int]:
    """Return those of *found* whose names no macro of their file may put together, and how many others there are."""
    pieces = {
        path: _pasted(words.texts[path]) for path in sorted({at.path for at in found if tree.language(at.path) in _C})
    }
    kept = [at for at in found if not _may_be_pasted(at.fact.name.encode(), pieces.get(at.path, frozenset()))]
    return kept, len(found) - len(kept)


def _said(found: Sequence[At[Definition]], words: str) -> Iterator[Fact]:
    for at in found:
        one = at.fact
        name = f"{one.owner}.{one.name}" if one.owner else one.name
        text = f"{one.kind} {name} {words}: {shown(one)[:140]}"
        yield Fact(name, "is unused", words, text, at.path, line_of(one.row), one.condition)


def _is_candidate(tree: Tree, at: At[Definition]) -> bool:
    one, language = at.fact, tree.language(at.path)
    if one.kind not in ("function", "method") or language in _NO_CODE or one.name in _ALWAYS_USED or is_minor(at.path):
        return False
    if language in _C:
        return not at.path.endswith((".h", ".hpp")) and f"{one.name}(" in one.signature.replace(" (", "(")
    if language == "go" and one.kind == "method" and one.name in _INTERFACES:
        return False
    return not (_OPERATOR.match(one.name) or any(field.startswith("@") for field in one.fields))


def _is_file_local(tree: Tree, at: At[Definition]) -> bool:
    """Tell whether no other file can mean the function by its name."""
    if tree.language(at.path) in _C:
        return "static" in at.fact.signature.partition("(")[0].split()
    return False
