"""What a question names, held against the index: exact, then but for case and underscores, then by close spelling."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, replace

from codereader.errors import NothingReadable
from codereader.facts.graph.symbol import lies_in, read_symbol
from codereader.facts.questions.mentions import Mention
from codereader.facts.questions.question import Match, Subject
from codereader.facts.questions.tree import Tree
from codereader.index.parsed import Definition
from codereader.index.view import At
from codereader.source.spans import line_of

LINES_WITH_TEXT = 200
"""So many lines that hold a quoted text are told of."""

_CLOSE = 0.84
"""How much of a path's spelling must agree for it to be taken for another one (`difflib`'s ratio)."""

_RECORDS = ("struct", "union", "enum", "typedef", "class", "interface", "trait")


@dataclass(frozen=True, slots=True)
class Met:
    """What became of a mention: a subject, or None where the tree has nothing of it. `note` is said to the reader."""

    subject: Subject | None
    note: str | None = None
    near: tuple[str, ...] = ()


def knows(tree: Tree, word: str) -> bool:
    """Tell whether a plain word is the exact name of a definition, a folder, or a file without its ending."""
    if tree.own(read_symbol(word)) or word in tree.folders or word == tree.name:
        return True
    return any(path.rpartition("/")[2].partition(".")[0] == word for path in tree.paths)


def is_called(tree: Tree, word: str) -> bool:
    """Tell whether code of the scope calls something by this name."""
    return bool(tree.view.references(name=word, kind="call"))


def meet(tree: Tree, mention: Mention) -> Met:
    """Return what *mention* is in *tree*."""
    if mention.kind == "string":
        return Met(_text(tree, mention.text))
    if mention.kind == "option":
        return _option(tree, mention.text)
    if mention.kind == "path":
        return _path(tree, mention)
    return _symbol(tree, mention)


def meet_word(tree: Tree, word: str) -> Met:
    """Return what a plain word is that stands where a name belongs."""
    if tree.own(read_symbol(word)):
        return _symbol(tree, Mention(word, "symbol", 0, len(word)))
    if word not in tree.folders and not knows(tree, word) and is_called(tree, word):
        return Met(Subject(word, word, "symbol", "exact"))
    return _path(tree, Mention(word, "path", 0, len(word)))


# -- symbols --------------------------------------------------------------------------------------------------------


def _symbol(tree: Tree, mention: Mention) -> Met:
    text = mention.text
    subject = _exact(tree, text, mention.record)
    if subject:
        return Met(subject)
    if text in tree.folders or text == tree.name:
        return _path(tree, mention)
    if module := _module(tree, text):
        return Met(Subject(text, module, "path", "exact", ((module, 1),)))
    if not mention.sure:
        return Met(None)
    if tree.has_c and (subject := _linked(tree, text, mention.record)):
        return Met(subject)
    return _close(tree, mention)


def _module(tree: Tree, text: str) -> str | None:
    """Return the file of a module that is written with dots, None where no file is that one."""
    if "." not in text:
        return None
    inner = text.replace(".", "/")
    ends = (f"{inner}.py", f"{inner}/__init__.py", f"{inner}.java", f"{inner}.rs")
    return next((path for path in tree.paths for end in ends if lies_in(path, end)), None)


def _exact(tree: Tree, text: str, record: str | None) -> Subject | None:
    symbol = read_symbol(text)
    found = tree.own(symbol)
    if found:
        return _subject(text, text, "exact", _of_record(found, record))
    if symbol.owner is None:
        return None
    members = _members(tree, symbol.owner.rpartition(".")[2], symbol.name)
    if not members:
        return None
    owner, places = members
    return Subject(text, f"{owner}.{symbol.name}" if owner else symbol.name, "symbol", "exact", places)


def _members(tree: Tree, owner: str, name: str) -> tuple[str, tuple[tuple[str, int], ...]] | None:
    """Return the type of the scope called *owner* if it has the member *name*, and its places."""
    records = [at for at in tree.view.definitions(name=owner) if _has(at.fact, name)]
    if records:
        return owner, tuple((at.path, line_of(at.fact.row)) for at in records)
    entries = [at for at in tree.view.tables() if at.fact.struct == owner and at.fact.field == name]
    return (owner, ()) if entries else None


def _has(one: Definition, name: str) -> bool:
    """Tell whether a struct or union has a member called *name*, numbers and inner ones too."""
    word = re.compile(rf"\b{re.escape(name)}\b")
    return one.kind in ("struct", "union") and any(word.search(field) for field in one.fields)


def _linked(tree: Tree, text: str, record: str | None) -> Subject | None:
    """Return what macros make or headers outside the scope hold."""
    symbol = read_symbol(text)
    found = tree.finder.meant(symbol)
    if found:
        return _subject(text, text, "exact", _of_record(found, record))
    if tree.finder.member(symbol):
        return Subject(text, text, "symbol", "exact")
    outside = tree.linked.outside(symbol.owner.rpartition(".")[2]) if symbol.owner else ()
    if records := [at for at in outside if _has(at.fact, symbol.name)]:
        return Subject(text, text, "symbol", "exact", tuple((at.path, line_of(at.fact.row)) for at in records))
    if symbol.owner and (owners := owners_of(tree, symbol.name)):
        found_as = f"{owners[0]}.{symbol.name}" if len(owners) == 1 else symbol.name
        return Subject(text, found_as, "symbol", "exact")
    if symbol.owner and (aliases := tree.finder.meant(read_symbol(symbol.name))):
        return _subject(text, symbol.name, "exact", aliases)
    if symbol.owner is None and owners_of(tree, text):
        return Subject(text, text, "symbol", "exact")
    if symbol.owner is None and tree.finder.is_mentioned(symbol):
        return Subject(text, text, "symbol", "exact")
    return None


def owners_of(tree: Tree, name: str) -> tuple[str, ...]:
    """Return the names of the structs that have the member *name*, see `having`."""
    return tuple(sorted({at.fact.name for at in having(tree, name)}))


def having(tree: Tree, name: str) -> tuple[At[Definition], ...]:
    """Return the structs of the scope that have the member *name*, else those of headers outside it."""
    kinds = ("struct", "union")
    own = tuple(at for at in tree.view.definitions(kinds=kinds) if _has(at.fact, name))
    if own or not tree.has_c:
        return own
    return tuple(at for at in tree.linked.headers.definitions(kinds=kinds) if _has(at.fact, name))


def _close(tree: Tree, mention: Mention) -> Met:
    symbol = read_symbol(mention.text)
    near = tree.names.near(symbol.name)
    is_case, taken = tree.names.taken(symbol.name)
    match: Match = "case" if is_case else "spelling"
    for name in taken:
        text = mention.text[: len(mention.text) - len(symbol.name)] + name
        found = _of_record(tree.own(read_symbol(text)) or tree.own(read_symbol(name)), mention.record)
        if found:
            owner = found[0].fact.owner
            text = f"{owner}.{name}" if owner and not tree.own(read_symbol(text)) else text
            subject = _subject(mention.text, text, match, found)
            others = [one for one in taken if one != name]
            more = f"; as near: {', '.join(others[:4])}" if others else ""
            return Met(subject, f"{mention.text} was taken for {subject.found}{more}")
    if places := lines_with(tree, mention.text, LINES_WITH_TEXT):
        note = f"nothing in {tree.name} defines {mention.text}: told are the lines that hold it"
        return Met(Subject(mention.text, mention.text, "string", "text", places), note)
    return Met(None, near=near)


def _subject(written: str, text: str, match: Match, found: tuple[At[Definition], ...]) -> Subject:
    return Subject(written, text, "symbol", match, tuple((at.path, line_of(at.fact.row)) for at in found))


def _of_record(found: tuple[At[Definition], ...], record: str | None) -> tuple[At[Definition], ...]:
    """Return those that are types where the name was written after ``struct`` or the like, all where none is."""
    kept = tuple(at for at in found if at.fact.kind in _RECORDS) if record else ()
    return kept or found


# -- options --------------------------------------------------------------------------------------------------------


def _option(tree: Tree, text: str) -> Met:
    chain = tree.build.kconfig.chain(text)
    if chain:
        return Met(Subject(text, text, "symbol", "exact", ((chain.path, chain.line),)))
    if places := lines_with(tree, text, 1):
        return Met(Subject(text, text, "symbol", "exact", places))
    known = tree.build.kconfig.symbols()
    near = difflib.get_close_matches(text.removeprefix("CONFIG_").upper(), known, 3, _CLOSE)
    if near:
        taken = f"CONFIG_{near[0]}"
        place = tree.build.kconfig.chain(taken)
        places = ((place.path, place.line),) if place else ()
        return Met(Subject(text, taken, "symbol", "spelling", places), f"{text} was taken for {taken}")
    return Met(None)


# -- paths ----------------------------------------------------------------------------------------------------------


def _path(tree: Tree, mention: Mention) -> Met:
    text, _, rest = mention.text.partition(":")
    text = text.strip("/")
    text = _from_scope(tree, text)
    if text == "":
        return Met(Subject(mention.text, ".", "path", "exact"))
    match, found = _files(tree, text)
    if not found and any(at.fact.target == text for at in tree.view.includes()):
        return Met(Subject(mention.text, text, "path", "exact"))
    if not found:
        return Met(None, near=tuple(difflib.get_close_matches(text, tree.paths, 3, 0.6)))
    if rest:
        return _inside(tree, mention, found[0], rest)
    subject = Subject(mention.text, found[0], "path", match, ((found[0], 1),) if found[0] in tree.paths else ())
    if match in ("spelling", "case"):
        return Met(subject, f"{mention.text} was taken for {found[0]}")
    if len(found) > 1:
        others = ", ".join(found[1:4]) + (" ..." if len(found) > 4 else "")
        return Met(subject, f"{mention.text} was taken for {found[0]}; there is also {others}")
    return Met(subject)


def _from_scope(tree: Tree, text: str) -> str:
    """Return a path without what leads to the scope, where what is left lies there; else as it is."""
    for before in dict.fromkeys((tree.view.scope.folder, tree.name)):
        if before and (text == before or text.startswith(f"{before}/")):
            inner = text[len(before) :].strip("/")
            if not inner or inner in tree.folders or tree.view.file(inner):
                return inner
    return text


def _files(tree: Tree, text: str) -> tuple[Match, list[str]]:
    """Return the files and folders that *text* may be, the likeliest first, and how they were met."""
    if text in tree.folders or tree.view.file(text):
        return "exact", [text]
    places = [*tree.paths, *sorted(tree.folders)]
    is_stem = "/" not in text and "." not in text
    tries: tuple[tuple[Match, list[str]], ...] = (
        ("exact", [path for path in places if lies_in(path, text)]),
        ("case", [path for path in places if lies_in(path.casefold(), text.casefold())]),
        ("exact", [path for path in places if is_stem and _stem(path) == text]),
    )
    for match, found in tries:
        if found:
            return match, sorted(found, key=lambda path: (-_size(tree, path), path.count("/"), path))
    if "." not in text and "/" not in text:
        return "spelling", []
    known = {(path if "/" in text else path.rpartition("/")[2]): path for path in reversed(places)}
    close = difflib.get_close_matches(text, sorted(known), 1, _CLOSE)
    return "spelling", [known[one] for one in close]


def _stem(path: str) -> str:
    return path.rpartition("/")[2].partition(".")[0]


def _size(tree: Tree, path: str) -> int:
    file = tree.view.file(path)
    return file.lines if file else 1 << 30


def _inside(tree: Tree, mention: Mention, path: str, rest: str) -> Met:
    """Return the symbol of ``FILE:NAME`` or ``FILE:LINE``."""
    if not rest.isdigit():
        return _symbol(tree, replace(mention, text=f"{path}:{rest}", kind="symbol"))
    row = int(rest) - 1
    around = [at for at in tree.view.definitions(path=path) if at.fact.span.first_row <= row <= at.fact.span.last_row]
    if not around:
        subject = Subject(mention.text, path, "path", "exact", ((path, row + 1),))
        return Met(subject, f"no definition holds {path}:{rest}")
    at = min(around, key=lambda at: (at.fact.span.end - at.fact.span.start, at.fact.row, at.fact.name))
    name = f"{path}:{at.fact.owner}.{at.fact.name}" if at.fact.owner else f"{path}:{at.fact.name}"
    return Met(_subject(mention.text, name, "exact", (at,)), f"{path}:{rest} lies in {at.fact.kind} {at.fact.name}")


# -- texts ----------------------------------------------------------------------------------------------------------


def _text(tree: Tree, text: str) -> Subject | None:
    places = lines_with(tree, text, LINES_WITH_TEXT)
    return Subject(text, text, "string", "text", places) if places else None


def lines_with(tree: Tree, text: str, most: int) -> tuple[tuple[str, int], ...]:
    """Return up to *most* places, (path, 1-based line), of lines that hold *text* as whole words, by path."""
    wanted = text.encode("utf-8", "replace")
    edges = (rb"(?<!\w)" if wanted[:1].isalnum() else b"", rb"(?!\w)" if wanted[-1:].isalnum() else b"")
    pattern = re.compile(edges[0] + re.escape(wanted) + edges[1])
    found: list[tuple[str, int]] = []
    for path in tree.paths:
        tree.check()
        try:
            content = tree.view.text(path)
        except NothingReadable:
            continue
        if wanted not in content:
            continue
        for match in pattern.finditer(content):
            place = (path, content.count(b"\n", 0, match.start()) + 1)
            if place not in found[-1:]:
                found.append(place)
            if len(found) >= most:
                return tuple(found)
    return tuple(found)
