"""Who implements a member of a struct or a class, and what a table holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from codereader.facts.fact import Fact, Section
from codereader.facts.graph.edges import Call
from codereader.facts.graph.symbol import read_symbol
from codereader.facts.questions.answer import Answer, nothing_seen, section, sections
from codereader.facts.questions.question import Question, Subject
from codereader.facts.questions.sentences import of_call, of_definition
from codereader.facts.questions.tree import Tree
from codereader.facts.words import counted, listed
from codereader.index.parsed import Definition
from codereader.index.view import At
from codereader.source.spans import line_of

_TYPES = ("class", "interface", "trait")
_RECORDS = ("struct", "union")


def implementors(tree: Tree, question: Question) -> Answer:
    """Return the functions that tables put into the member that is named, the tables of a struct, or sub-classes."""
    subject = question.subjects[0]
    symbol = read_symbol(subject.found)
    meant = tree.meant(subject)
    if any(at.fact.kind in _TYPES for at in meant) or (symbol.owner and any(at.fact.owner for at in meant)):
        return _of_classes(tree, subject, meant)
    if symbol.owner:
        edges = tree.edges.implementors(symbol.name, symbol.owner.rpartition(".")[2])
    elif any(at.fact.kind in _RECORDS for at in meant):
        return _tables_of(tree, subject)
    else:
        edges = tree.edges.implementors(symbol.name, None)
    firsts = _firsts(edges)
    constant = [_implements(one) for one in firsts if one.via == "table" and not _is_assigned(one)]
    assigned = [_implements(one) for one in firsts if _is_assigned(one)]
    functions = len({(one.callee, one.target.path if one.target else "") for one in firsts})
    made = sections(
        section(
            tree, f"{counted(functions, 'function')} in tables of {subject.found} ({len(constant):,} entries)", constant
        ),
        section(tree, f"Put into {subject.found} when the code runs ({len(assigned):,})", assigned),
    )
    none = nothing_seen(tree, subject, f"no table in {tree.name} is seen to fill {subject.found}", "implemented by")
    return Answer(made or none)


def _is_assigned(one: Call) -> bool:
    """Tell whether a function puts the entry there, rather than a table at file level."""
    return bool(one.caller) and any(sign in (one.caller or "") for sign in ("->", "."))


def _firsts(edges: Iterable[Call]) -> list[Call]:
    """Return one edge an entry: the best of what its name may mean."""
    seen: dict[tuple[str, int, str, str | None], Call] = {}
    for one in edges:
        seen.setdefault((one.path, one.line, one.callee, one.through), one)
    return list(seen.values())


def _implements(one: Call) -> Fact:
    into = one.caller or "code outside of functions"
    text = f"{one.callee} implements {one.through}, put there by {into}"
    return Fact(one.callee, "implements", str(one.through), text, one.path, one.line, one.condition, one.confidence)


def _of_classes(tree: Tree, subject: Subject, meant: Sequence[At[Definition]]) -> Answer:
    """Return the classes that name a class among their bases, or the methods that override one in these."""
    symbol = read_symbol(subject.found)
    method = next((at.fact.name for at in meant if at.fact.kind == "method"), None)
    base = (symbol.owner or "").rpartition(".")[2] if method else symbol.name
    known = {base}
    found: list[At[Definition]] = []
    classes = tree.view.definitions(kinds=("class", "struct", "interface", "trait"))
    grown = True
    while grown:
        more = [at for at in classes if at not in found and known & {_bare(one) for one in at.fact.fields}]
        found += more
        grown = bool({at.fact.name for at in more} - known)
        known |= {at.fact.name for at in more}
    if method:
        owners = known - {base}
        found = [at for at in tree.view.definitions(name=method) if (at.fact.owner or "").rpartition(".")[2] in owners]
    facts = [_derives(at, subject.found, method) for at in sorted(found, key=lambda at: (at.path, at.fact.row))]
    none = nothing_seen(
        tree, subject, f"nothing in {tree.name} is seen to derive from {subject.found}", "implemented by"
    )
    made = sections(section(tree, f"Implementations of {subject.found} ({len(facts):,})", facts))
    is_shape = any("Protocol" in field for at in meant for field in at.fact.fields)
    notes = (f"{subject.found} is a protocol: a class may implement it without naming it",) if is_shape else ()
    return Answer(made or none, notes)


def _bare(base: str) -> str:
    return base.partition("[")[0].partition("(")[0].rpartition(".")[2].strip()


def _derives(at: At[Definition], of: str, method: str | None) -> Fact:
    name = f"{at.fact.owner}.{at.fact.name}" if at.fact.owner else at.fact.name
    text = f"{name} overrides {of}" if method else f"{name} derives from {', '.join(at.fact.fields)}"
    return Fact(name, "implements", of, text, at.path, line_of(at.fact.row), at.fact.condition)


def _tables_of(tree: Tree, subject: Subject) -> Answer:
    """Return the tables whose members are those of a struct, each with what it fills."""
    edges = tree.edges.implementors(None, subject.found)
    tables: dict[tuple[str, str], list[Call]] = {}
    for one in _firsts(edges):
        tables.setdefault((one.path, one.caller or ""), []).append(one)
    facts = []
    for (path, name), entries in tables.items():
        fields = [(one.through or "").rpartition(".")[2] for one in entries]
        text = f"{name} is a {subject.found} and fills {counted(len(fields), 'member')}: {listed(fields, 6)}"
        first = min(entries, key=lambda one: one.line)
        facts.append(Fact(name, "is a", subject.found, text, path, first.line, first.condition))
    none = nothing_seen(tree, subject, f"no table in {tree.name} is seen to be a {subject.found}", "implemented by")
    return Answer(sections(section(tree, f"Tables that are a {subject.found} ({len(facts):,})", facts)) or none)


def table(tree: Tree, question: Question) -> Answer:
    """Return what the variable that is named holds."""
    subject = question.subjects[0]
    made: list[Section] = []
    for at in tree.meant(subject):
        edges = _firsts(tree.edges.callees(at)) if at.fact.kind == "variable" else []
        if edges:
            struct = (edges[0].through or "").rpartition(".")[0]
            title = f"{at.fact.name}{f', a {struct},' if struct else ''} holds ({len(edges):,})"
            made.append(section(tree, title, [of_call(one) for one in edges], ordered=True))
    if made:
        return Answer(tuple(made))
    return Answer(
        (Section(f"No table of functions is called {subject.found}", tuple(map(of_definition, tree.meant(subject)))),)
    )
