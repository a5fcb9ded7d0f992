"""Hold what a sentence says of places against the tree: what is defined, declared and included where.

Lines are 1-based. A definition's own lines are those of its head; the lines in its body and the comment above it are
taken for its place where no line of a definition is claimed.
"""

from __future__ import annotations

import re

from codereader.answer.checks.outcome import Outcome, best, not_so, open_, so
from codereader.answer.checks.phrase import Entity, Phrase
from codereader.answer.checks.relation import Relation
from codereader.answer.checks.tree import Tree
from codereader.index.parsed import Definition
from codereader.index.view import At

_COMMENT = re.compile(r"\s*(?:/?\*|//|#|\"\"\"|@|$)")


def define(tree: Tree, said: Relation) -> Outcome | None:
    """Judge that something is defined in a file, or at a line of it."""
    if said.subject is None or said.subject.kind in ("path", "place"):
        return _file_in_folder(tree, said)
    lines = _lines(said)
    if said.object is None:
        return _at_line(tree, said.subject, lines) if lines else None
    if said.object.kind not in ("path", "place"):
        return None
    homes = tree.definitions(said.subject)
    places = tree.paths(said.object)
    if not places:
        return None
    inside = [at for at in homes if any(_lies_in(at.path, place) for place in places)]
    if not inside:
        return _elsewhere(tree, said.subject, homes, places)
    if lines is None:
        return so(f"{said.subject.last} is defined at {tree.place(inside[0])}", inside[0].path, inside[0].fact.row + 1)
    return best([_head(tree, at, lines) for at in inside])


def _lines(said: Relation) -> tuple[int, int] | None:
    if said.object is not None and said.object.lines is not None:
        return said.object.lines
    first, dash, last = said.word.partition("-")
    return (int(first), int(last)) if dash and first.isdigit() else None


def _lies_in(path: str, place: str) -> bool:
    return path == place or path.startswith(place + "/")


def _at_line(tree: Tree, subject: Entity, lines: tuple[int, int]) -> Outcome | None:
    return best([_head(tree, at, lines) for at in tree.definitions(subject)])


def _head(tree: Tree, at: At[Definition], lines: tuple[int, int]) -> Outcome:
    """Judge that the definition stands at *lines*."""
    place = (at.path, at.fact.row + 1)
    first, last = lines
    begins, ends = at.fact.span.first_row + 1, at.fact.span.last_row + 1
    open_brace = tree.code(at).find("{")
    head_end = begins + (tree.code(at).count("\n", 0, open_brace) if open_brace >= 0 else 0)
    if first <= max(head_end, at.fact.row + 1) and last >= begins and (last == first or last <= ends + 1):
        return so(f"{at.fact.name} is defined at {tree.place(at)}", *place)
    if last > first and begins <= first and last <= ends:
        return open_(f"{at.fact.name} is defined at {tree.place(at)}, up to line {ends}", *place)
    return not_so(f"{at.fact.name} is defined at {tree.place(at)}, not at line {first}", *place)


def _elsewhere(tree: Tree, subject: Entity, homes: list[At[Definition]], places: list[str]) -> Outcome | None:
    name = subject.text if subject.kind == "option" else subject.last
    files = [path for path in places if tree.view.file(path) is not None]
    for path in files:
        if (line := tree.stands(path, name)) and (not homes or _declares(tree, path, name)):
            return open_(f"{name} stands at {path}:{line}; where it is defined was not found there", path, line)
    if homes:
        return not_so(f"{name} is defined at {tree.place(homes[0])}", homes[0].path, homes[0].fact.row + 1)
    if files and len(files) == len(places) and not any(tree.stands(path, name) for path in files):
        if any(tree.view.macro_uses(path=path) for path in files):
            return open_(f"{files[0]} does not write {name}; a macro may make it", files[0])
        return not_so(f"{files[0]} does not mention {name}", files[0])
    return None


def _declares(tree: Tree, path: str, name: str) -> bool:
    """Return whether a line of the file declares *name* outside of a body; only C declares what it defines "
    "elsewhere."""
    if not path.endswith((".c", ".h", ".cc", ".cpp", ".cxx", ".hh", ".hpp")):
        return False
    pattern = rf"^(?!\s)[^\n{{}}=]*\b{re.escape(name)}\b[^\n{{}}=]*"
    return re.search(pattern, tree.whole(path), re.MULTILINE) is not None


def _file_in_folder(tree: Tree, said: Relation) -> Outcome | None:
    """Judge that a file lies in a folder."""
    if said.subject is None or said.object is None or said.object.kind != "path":
        return None
    folders = tree.paths(said.object)
    for path in tree.paths(said.subject):
        if any(path.startswith(folder + "/") for folder in folders):
            return so(f"{path} lies there", path)
    return None


def declare(tree: Tree, said: Relation) -> Outcome | None:
    """Judge that something is declared in a file."""
    if said.subject is None or said.object is None or said.object.kind not in ("path", "place"):
        return None
    name = said.subject.last
    files = tree.files(said.object)
    if not files:
        return _declared_beyond(tree, name, said.object.text)
    for path in files:
        if any(at.path == path for at in tree.definitions(said.subject)):
            return define(tree, said)
        if line := tree.stands(path, name):
            claimed = _lines(said)
            if claimed is not None and not any(
                re.search(rf"\b{re.escape(name)}\b", tree.line(path, one))
                for one in range(claimed[0], min(claimed[1], claimed[0] + 50) + 1)
            ):
                return not_so(f"{name} stands at {path}:{line}", path, line)
            verdict = so if _declares(tree, path, name) else open_
            return verdict(f"{name} is declared at {path}:{line}", path, line)
    return not_so(f"{files[0]} does not mention {name}", files[0]) if len(files) == 1 else None


def _declared_beyond(tree: Tree, name: str, header: str) -> Outcome | None:
    for path, text in tree.beyond.headers.items():
        if path.endswith("/" + header) and (match := re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)):
            return so(f"{name} stands in {path}", path, text.count("\n", 0, match.start()) + 1)
    return None


def contain(tree: Tree, said: Relation) -> Outcome | None:
    """Judge that a file holds the definition of something."""
    if said.subject is None or said.object is None or said.object.kind not in ("name", "option"):
        return None
    if said.subject.kind not in ("path", "place"):
        return None
    return define(tree, Relation("define", said.object, Entity("path", said.subject.text)))


def at_place(tree: Tree, said: Relation, phrase: Phrase) -> Outcome | None:
    """Judge a place that stands in brackets behind a name: it must be of the name, or mention it.

    At the end of a sentence it may be that of what the sentence begins with, or of anything else in it.
    """
    if said.subject is None or said.object is None:
        return None
    found = near(tree, [said.subject], said.object, strict=True)
    names = [one for one in phrase.entities if one.kind == "name"]
    if found is None or found.verdict != "contradicted" or phrase.entities[-1] != said.object or len(names) < 2:
        return found
    lines = said.object.lines
    if lines is not None and (head := _at_line(tree, names[0], lines)) and head.verdict == "verified":
        return head
    other = near(tree, names, said.object, strict=True)
    return open_(found.why, found.path, found.line) if other and other.verdict == "verified" else found


def near(tree: Tree, names: list[Entity], place: Entity, *, strict: bool = False) -> Outcome | None:
    """Judge a *place* given for a sentence that has these *names*: one of them must have to do with it."""
    files = tree.files(place)
    names = [one for one in names if one.kind in ("name", "member", "option")]
    if not files or not names:
        return None
    for path in files:
        for one in names:
            found = _touches(tree, one, path, place.lines)
            if found is not None:
                return found
    if place.lines is None and not strict:
        return None
    if place.lines is None and len(files) == 1:
        homes = tree.definitions(names[0])
        why = (
            f"{names[0].last} is defined at {tree.place(homes[0])}" if homes else f"it does not mention {names[0].last}"
        )
        return not_so(f"{files[0]}: {why}", files[0])
    if len(files) == 1 and place.lines is not None and place.lines[1] <= _count(tree, files[0]):
        said = ", ".join(dict.fromkeys(one.last for one in names[:3]))
        where = next(
            (f"; {one.last} is defined at {tree.place(at)}" for one in names for at in tree.definitions(one)), ""
        )
        return not_so(f"{files[0]}:{place.lines[0]} has nothing to do with {said}{where}", files[0], place.lines[0])
    return None


def _count(tree: Tree, path: str) -> int:
    file = tree.view.file(path)
    return file.lines if file else 0


def _touches(tree: Tree, one: Entity, path: str, lines: tuple[int, int] | None) -> Outcome | None:
    name = one.text if one.kind == "option" else one.last
    if lines is None:
        line = tree.stands(path, name)
        return so(f"{name} stands at {path}:{line}", path, line) if line else None
    first, last = lines
    for at in tree.definitions(one):
        begins, ends = at.fact.span.first_row + 1, at.fact.span.last_row + 1
        if at.path == path and first <= ends and last >= begins - comment_above(tree, path, begins):
            return so(f"{name} is defined at {tree.place(at)}", path, at.fact.row + 1)
    for number in range(first, min(last, first + 400) + 1):
        if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", tree.line(path, number)):
            return so(f"{name} stands at {path}:{number}", path, number)
    return None


def comment_above(tree: Tree, path: str, line: int) -> int:
    """Return how many lines right above *line* are comment or blank."""
    count = 0
    while count < 40 and line - count > 1 and _COMMENT.match(tree.line(path, line - count - 1)):
        count += 1
    return count


def include(tree: Tree, said: Relation) -> Outcome | None:
    """Judge that one file includes or imports another."""
    if said.subject is None or said.object is None or said.subject.kind not in ("path", "place"):
        return None
    if said.object.kind not in ("path", "place"):
        return _imports(tree, said) or contain(tree, said)
    files, wanted = tree.files(said.subject), said.object.text
    for path in files:
        for at in tree.view.includes(path=path):
            if (
                at.fact.target == wanted
                or at.fact.target.endswith("/" + wanted)
                or wanted.endswith("/" + at.fact.target)
            ):
                return so(f"{path}:{at.fact.row + 1} includes {at.fact.target}", path, at.fact.row + 1)
        targets = set(tree.paths(said.object))
        if targets & set(tree.includes_of(path)):
            return so(f"{path} includes {wanted}", path)
    if len(files) != 1 or not wanted.endswith((".h", ".hpp", ".hh")):
        return None
    return not_so(f"{files[0]} does not include {wanted}", files[0])


def _imports(tree: Tree, said: Relation) -> Outcome | None:
    assert said.object is not None  # noqa: S101 - for the type checker
    name = said.object.last
    for path in tree.files(said.subject):
        for at in tree.view.includes(path=path):
            bound = {one.partition(" as ")[0] for one in at.fact.names}
            if name in bound or at.fact.target.lstrip(".") in (said.object.text, name):
                return so(f"{path}:{at.fact.row + 1} imports {name}", path, at.fact.row + 1)
    return None
