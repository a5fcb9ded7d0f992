"""Which locks: those that a function takes, who takes a lock, and what the writers of a member take.

All of it is read off the text of functions, comments and strings aside: evidence, not proof.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from codereader.facts.fact import Fact, Section
from codereader.facts.graph.symbol import read_symbol
from codereader.facts.questions import reach
from codereader.facts.questions.answer import Answer, nothing_seen, section, sections
from codereader.facts.questions.members import Write, aliases, code_of, matches, writes
from codereader.facts.questions.question import Question, Subject
from codereader.facts.questions.tree import Tree
from codereader.facts.words import counted
from codereader.index.parsed import Definition
from codereader.index.view import At

_TAKES = (
    r"\b(?:(?:raw_)?(?:spin|read|write)_(?:try)?lock\w*|mutex_(?:try)?lock\w*|(?:bh_)?lock_sock\w*"
    r"|down(?:_read|_write)?(?:_killable|_interruptible|_trylock|_timeout|_nested)*(?=\s*\()|\w*rtnl_lock\w*"
    r"|rcu_read_lock\w*|with\s+(?:\w+\.)*\w*lock\w*|(?:\w+\.)+(?:acquire|R?Lock|TryLock)(?=\())"
)
"""What takes a lock, in C, Python and Go."""

_LOCKS = re.compile(rf"({_TAKES})\s*(?:\(([^;\n]*?)\))?".encode())
_OBJECTS = re.compile(r"lock_sock|^rcu_|rtnl_|^with |\.")
"""Ways to take a lock that tell which by themselves."""

_LOCK_NAME = re.compile(r"lock|mutex|mtx|sem(?:aphore)?$|^mu$|_mu$", re.IGNORECASE)


def locks(tree: Tree, question: Question) -> Answer:
    """Return the locks that a function takes, who takes one, or what functions take which write the name."""
    subject = question.subjects[0]
    bodies = [at for at in tree.meant(subject) if at.fact.kind in ("function", "method")]
    if bodies:
        return _of_functions(tree, question, bodies)
    name = read_symbol(subject.found).name
    takers = _takers(tree, name) if _LOCK_NAME.search(name) else ()
    return Answer(takers) if takers else _of_writers(tree, subject)


def _of_functions(tree: Tree, question: Question, bodies: Sequence[At[Definition]]) -> Answer:
    """Return the locks that functions take in their own text, comments that name them, and who calls a lock."""
    subject = question.subjects[0]
    facts = [
        Fact(at.fact.name, "takes", lock, f"{at.fact.name} takes {lock}", at.path, line, at.fact.condition)
        for at in bodies
        if not at.path.startswith("../")
        for lock, line in _locks_in(tree, at)
    ]
    name = read_symbol(subject.found).name
    said = _comments(tree, name)
    into = reach.callers(tree, question).sections if _LOCK_NAME.search(name) else ()
    made = sections(
        *into,
        section(tree, f"Locks that {subject.found} takes itself ({len(facts):,})", facts, ordered=True),
        section(tree, f"Comments that name {subject.found} and a lock ({len(said):,})", said),
    )
    text = f"{subject.found} is not seen to take a lock itself, and no comment names one"
    notes = ("what it calls may take more, and its callers may hold some already",)
    return Answer(made or nothing_seen(tree, subject, text, "takes", "no lock seen"), notes)


def _takers(tree: Tree, name: str) -> tuple[Section, ...]:
    """Return the functions that take the lock called *name*."""
    word = re.escape(name)
    pattern = re.compile(
        rf"{_TAKES}\s*\([^;\n]*?\b{word}\b|\b{word}\.(?:acquire|R?Lock|TryLock)\(|with\s[\w.]*\b{word}\b".encode()
    )
    functions: dict[tuple[str, str], Fact] = {}
    for path in tree.paths:
        tree.check()
        for one in matches(tree, path, pattern, [name.encode()]):
            who = one.at.fact.name if one.at else "code outside of functions"
            condition = one.at.fact.condition if one.at else None
            fact = Fact(who, "takes", name, f"{who} takes it: {one.text}", path, one.line, condition)
            functions.setdefault((path, who), fact)
    return sections(section(tree, f"Takes {name} ({len(functions):,})", functions.values()))


def _of_writers(tree: Tree, subject: Subject) -> Answer:
    """Return the locks that functions take which write a member or variable."""
    found = list(writes(tree, aliases(tree, read_symbol(subject.found).name)))
    taken: dict[str, list[tuple[Write, int]]] = {}
    functions = {(one.path, one.at.fact.row): one for one in found if one.at}
    for _, one in sorted(functions.items()):
        for lock, row in _locks_in(tree, one.at) if one.at else ():
            taken.setdefault(lock, []).append((one, row))
    facts = [
        _lock_fact(lock, users, len(functions))
        for lock, users in sorted(taken.items(), key=lambda t: (-len(t[1]), t[0]))
    ]
    said = _comments(tree, read_symbol(subject.found).name)
    made = sections(
        section(tree, f"Comments that name {subject.found} and a lock ({len(said):,})", said),
        section(
            tree,
            f"Locks taken by the {counted(len(functions), 'function')} that write {subject.found}",
            facts,
            ordered=True,
        ),
    )
    notes = ("a lock in the same function need not be held around the write, and callers may hold others",)
    text = f"no function that writes {subject.found} is seen to take a lock, and no comment names one"
    return Answer(made or nothing_seen(tree, subject, text, "is protected by"), notes if made else ())


def _locks_in(tree: Tree, at: At[Definition]) -> Iterator[tuple[str, int]]:
    """Yield the locks that a function takes, each once, with the 1-based line."""
    content = code_of(tree, at.path)
    if content is None:
        return
    span = at.fact.span
    body = content[0][span.start : span.end]
    seen = set()
    for match in _LOCKS.finditer(body):
        name = " ".join(match[1].decode("utf-8", "replace").split())
        if name.endswith("_init"):
            continue
        argument = (match[2] or b"").split(b",")[0].decode("utf-8", "replace").strip()
        member = re.split(r"->|\.", argument)[-1].strip("&() ") if argument else ""
        lock = f"{name}(… {member})" if member and not _OBJECTS.search(name) else f"{name.removeprefix('with ')}()"
        lock = lock.removesuffix("()") if name.startswith("with ") else lock
        if lock not in seen:
            seen.add(lock)
            yield lock, span.first_row + body.count(b"\n", 0, match.start()) + 1


def _lock_fact(lock: str, users: Sequence[tuple[Write, int]], of: int) -> Fact:
    one, line = users[0]
    name = one.at.fact.name if one.at else ""
    text = f"{lock} is taken in {len(users):,} of {of:,}, first in {name}"
    return Fact(lock, "is taken by", f"{len(users)} of {of} writers", text, one.path, line)


def _comments(tree: Tree, name: str) -> list[Fact]:
    """Return lines of comments that name both *name* and a lock or protection."""
    word = re.compile(rb"\b" + re.escape(name.encode()) + rb"\b")
    said = re.compile(rb"\b(?:protect\w*|\w*lock(?:s|ed|ing)?|mutex|RCU|serialized)\b", re.IGNORECASE)
    found = []
    for path in tree.paths:
        content = code_of(tree, path, [name.encode()])
        if content is None:
            continue
        bare = content[0].split(b"\n")
        for row, line in enumerate(content[1]):
            if word.search(line) and said.search(line) and b"*" in line and not bare[row].strip():
                text = " ".join(line.decode("utf-8", "replace").strip(" \t*/").split())
                found.append(Fact(path, "says", text[:160], f"“{text[:160]}”", path, row + 1))
    return found
