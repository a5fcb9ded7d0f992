"""Who makes and frees the objects of a type, as sizes, variables of the type, names and signatures show it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from codereader.facts.fact import Fact
from codereader.facts.graph.symbol import read_symbol
from codereader.facts.questions import members
from codereader.facts.questions.answer import Answer, nothing_seen, section, sections
from codereader.facts.questions.members import Write, code_of, matches
from codereader.facts.questions.question import Question
from codereader.facts.questions.sentences import of_definition
from codereader.facts.questions.tree import Tree
from codereader.index.parsed import Definition
from codereader.index.view import At

_ALLOCATES = re.compile(r"(^|_)(k?[vz]?[mz]?alloc|new|create|make|clone|dup|copy)", re.IGNORECASE)
_WEAK = re.compile(r"(^|_)(put|release|kill|delete|consume)(?!.*free)", re.IGNORECASE)
"""Verbs that free only where nothing is returned and nothing else is handed over."""

_SURE = re.compile(r"free|destroy|dealloc|dispose", re.IGNORECASE)
_FREES = re.compile(r"(^|_)(k?v?free|destroy|release|put|kill|delete|dispose|consume)", re.IGNORECASE)


FEW_MAKERS = 20
"""What frees the members that a type is put into is looked for where no more places make one."""


def lifetime(tree: Tree, question: Question) -> Answer:
    """Return who allocates objects of a type and who frees them, as sizes, names and signatures show it."""
    subject = question.subjects[0]
    name = read_symbol(subject.found).name
    functions = [at for at in tree.view.definitions(kinds=("function", "method")) if at.fact.name]
    if not any(at.fact.kind in ("struct", "union", "typedef", "class") for at in tree.meant(subject)):
        return members.initialised(tree, question)
    kind = re.compile(rf"\b{re.escape(name)}\b")
    direct = [one for path in tree.paths for one in matches(tree, path, _sized_calls(tree, name), [name.encode()])]
    makes = [at for at in functions if _ALLOCATES.search(at.fact.name) and _returns(at.fact, kind)]
    frees = [at for at in functions if _FREES.search(at.fact.name) and _takes(at.fact, kind, name)]
    drops = [at for at in frees if not _SURE.search(at.fact.name)]
    frees = [at for at in frees if _SURE.search(at.fact.name)]
    by_code = list(_through_variables(tree, name)) if tree.has_c else []
    freed = [fact for fact in by_code if fact.relation == "frees"]
    allocated = [*(_sized(one, name) for one in direct), *(fact for fact in by_code if fact.relation == "allocates")]
    allocated = list({(fact.path, fact.line): fact for fact in allocated}.values())
    if tree.has_c and len(allocated) <= FEW_MAKERS:
        freed += _through_members(tree, name, allocated)
    made = [
        section(tree, f"Allocates {name} ({len(allocated):,})", allocated),
        section(tree, f"Returns a new one, by name and signature ({len(makes):,})", map(of_definition, makes)),
    ]
    gone = [
        section(tree, f"Frees {name} ({len(freed):,})", freed),
        section(tree, f"Named for freeing it, by name and signature ({len(frees):,})", map(of_definition, frees)),
        section(
            tree, f"May drop one: named put, release, kill or delete ({len(drops):,})", map(of_definition, drops), 20
        ),
    ]
    first = re.search(r"free|releas|destroy|解放|破棄|開放", question.text, re.IGNORECASE)
    both = re.search(r"alloc|creat|確保|生成|割", question.text, re.IGNORECASE)
    if first and not any(one.facts for one in gone):
        text = f"nothing in {tree.name} is seen to free {name}"
        gone = list(nothing_seen(tree, subject, text, "is freed by"))
    order = [*gone, *made] if first and not both else [*made, *gone]
    text = f"nothing in {tree.name} is seen to allocate or free {name}"
    notes: tuple[str, ...] = (
        "told by sizes, variables of the type, names and signatures: what goes through other pointers is not seen",
    )
    if not tree.has_c and first:
        notes = (*notes, "where no code frees by hand, an object goes when nothing holds it any longer")
    return Answer(sections(*order) or nothing_seen(tree, subject, text, "is allocated by"), notes)


def _through_variables(tree: Tree, name: str) -> Iterator[Fact]:
    """Yield the functions of C that allocate into, or free, a variable that they declare as a pointer to *name*."""
    word = re.escape(name).encode()
    declared = re.compile(rb"\bstruct\s+" + word + rb"\s*\*\s*(?:const\s+|__\w+\s+)*(\w+)")
    for path in tree.paths:
        tree.check()
        content = code_of(tree, path, [name.encode()])
        if content is None:
            continue
        for at in tree.view.definitions(path=path, kinds=("function",)):
            text = content[0][at.fact.span.start : at.fact.span.end]
            for variable in sorted(set(declared.findall(text))):
                yield from _done_to(at, text, variable, name)


def _through_members(tree: Tree, name: str, made: Sequence[Fact]) -> Iterator[Fact]:
    """Yield what frees a member that a function of the same file filled with a new one: ``kfree(sb->s_fs_info)``."""
    for path in sorted({fact.path for fact in made if fact.path}):
        content = code_of(tree, path)
        if content is None:
            continue
        functions = tree.view.definitions(path=path, kinds=("function",))
        texts = {at: content[0][at.fact.span.start : at.fact.span.end] for at in functions}
        makers = {fact.subject for fact in made if fact.path == path}
        declared = re.compile(rb"\bstruct\s+" + re.escape(name).encode() + rb"\s*\*\s*(\w+)")
        members = {
            member
            for at, text in texts.items()
            if at.fact.name in makers
            for variable in sorted(set(declared.findall(text)))
            for member in re.findall(rb"(?:->|\.)(\w+)\s*=\s*" + variable + rb"\s*;", text)
        }
        for member in sorted(members):
            pattern = re.compile(rb"\b(\w*free\w*)\s*\([^;(){}]*(?:->|\.)" + member + rb"\s*\)")
            for at, text in texts.items():
                if found := pattern.search(text):
                    line = at.fact.span.first_row + text.count(b"\n", 0, found.start()) + 1
                    said = (
                        f"{at.fact.name} frees by {found[1].decode()} what {member.decode()} holds, where one was put"
                    )
                    yield Fact(at.fact.name, "frees", name, said, at.path, line, at.fact.condition)


def _done_to(at: At[Definition], text: bytes, variable: bytes, name: str) -> Iterator[Fact]:
    """Yield what the function *at* does to a variable: the first allocation and the first call that frees it."""
    ways = (
        (
            "allocates",
            rb"\b" + variable + rb"\s*=\s*(\w*alloc\w*)\s*\(",
        ),
        ("frees", rb"\b(\w*free\w*)\s*\((?:[^;(){}]*,)?\s*" + variable + rb"\s*\)"),
    )
    for relation, pattern in ways:
        if found := re.search(pattern, text):
            line = at.fact.span.first_row + text.count(b"\n", 0, found.start()) + 1
            call = found[1].decode("utf-8", "replace")
            said = f"{at.fact.name} {relation} one by {call}, its variable {variable.decode('utf-8', 'replace')}"
            yield Fact(at.fact.name, relation, name, said, at.path, line, at.fact.condition)


def _sized_calls(tree: Tree, name: str) -> re.Pattern[bytes]:
    """Return what calls that allocate a type look like: by its size, by a cache of it, by its constructor."""
    word = re.escape(name)
    ways = [
        rf"\b\w*(?:alloc|dup|cache_create)\w*\s*\([^;{{}}]*?sizeof\s*\(\s*(?:struct\s+)?{word}\s*\)",
        rf"\bKMEM_CACHE\w*\(\s*{word}\b",
    ]
    ways += [] if tree.has_c else [rf"(?<!class )(?<![\w.])(?:\w+\.)*{word}(?:\(|::new\b|\s*\{{)", rf"\bnew\s+{word}\b"]
    return re.compile("|".join(ways).encode())


def _returns(one: Definition, kind: re.Pattern[str]) -> bool:
    head = one.signature.partition(f"{one.name}(")[0]
    tail = one.signature.rpartition("->")[2] if "->" in one.signature else ""
    return bool(kind.search(head) or kind.search(tail))


def _takes(one: Definition, kind: re.Pattern[str], name: str) -> bool:
    head, _, arguments = one.signature.partition(f"{one.name}(")
    is_method = one.owner is not None and one.owner.rpartition(".")[2] == name
    is_weak = _WEAK.search(one.name) and not ("void" in head.split() and "," not in arguments)
    return is_method or (not is_weak and "*" not in head and bool(kind.search(arguments.partition(",")[0])))


def _sized(one: Write, name: str) -> Fact:
    subject = one.at.fact.name if one.at else "code outside of functions"
    return Fact(subject, "allocates", name, f"{subject}: {one.text}", one.path, one.line)
