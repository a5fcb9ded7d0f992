"""What stands around a scope in its tree: the rule that builds it, the option that offers it, its documents and tests.

Looks above the scope, up to the root and never beyond: at build files on the way up, and at the names, not the
contents, of files two folders deep in the tree's places for documentation and for tests.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from codereader.facts.brief.lines import Draft
from codereader.facts.brief.material import Material, base, spelled
from codereader.facts.brief.outside import NAMED, namesakes
from codereader.facts.fact import Fact
from codereader.facts.kbuild.kconfig import option_words
from codereader.facts.kbuild.system import assignments_of
from codereader.facts.rank import is_minor
from codereader.facts.words import counted
from codereader.index.above import build_files_above
from codereader.index.parsed import Definition, ParsedFile
from codereader.source.scope import from_scope
from codereader.source.spans import line_of

_SYMBOL = re.compile(r"\bCONFIG_(\w+)")
_MENTIONED = re.compile(rb"\bDocumentation/[\w./+-]*\w")
_TEST_FILE = re.compile(
    r"(^|/)(test[-_][^/]*|[^/]*([-_]k?unit|[-_]test|[-_]selftests?|torture))\.c$|(^|/)selftests?\.c$"
)


@dataclass(frozen=True, slots=True)
class Above:
    """The rule above a scope that names its folder, at `path`:`line`, and the option that decides it, if any."""

    path: str
    line: int
    symbol: str | None
    option: Definition | None
    option_path: str


def above(material: Material) -> Above | None:
    """Return the rule of the nearest build file above the scope that descends into it."""
    scope = material.view.scope
    if not scope.folder:
        return None
    files = build_files_above(scope)
    for path in reversed(list(files)):
        folder = path.rpartition("/")[0]
        wanted = f"{scope.folder.removeprefix(folder).strip('/')}/"
        for rule in assignments_of(path, files[path].builds):
            if wanted in rule.words and rule.name in ("obj", "lib"):
                symbol = _SYMBOL.search(rule.suffix)
                name = symbol[0] if symbol else None
                place, option = _option(material, files, symbol[1]) if symbol else ("", None)
                return Above(from_scope(scope, path), rule.line, name, option, place)
    return None


def _option(material: Material, files: Mapping[str, ParsedFile], name: str) -> tuple[str, Definition | None]:
    """Return where the option *name* stands, seen from the scope, and the option: in the scope, else above it."""
    for at in material.view.definitions(name=name, kinds=("option",)):
        return at.path, at.fact
    for path, parsed in files.items():
        for one in parsed.definitions:
            if one.kind == "option" and one.name == name:
                return from_scope(material.view.scope, path), one
    return "", None


def offered(found: Above | None) -> Iterator[tuple[str, int, str]]:
    """Yield (path, 1-based line, words) of the option above the scope that offers it."""
    if found and found.option:
        yield found.option_path, line_of(found.option.row), option_words(found.option)


def built_from_above(found: Above | None, name: str) -> Iterator[Fact]:
    """Yield the fact that says when the whole scope is built."""
    if found:
        text = f"{name}/ itself is built" if found.symbol else f"{name}/ itself is always built (obj-y)"
        yield Fact(f"{name}/", "built if", found.symbol or "always", text, found.path, found.line, found.symbol)


def around_section(material: Material) -> Draft:
    """Return the tests and documents: those of the scope, those its sources name, those called like it elsewhere."""
    facts = [*_own_tests(material), *_named_documents(material), *_elsewhere(material)]
    return Draft("Tests and documentation", tuple(facts), weight=1.5, first=1)


def _own_tests(material: Material) -> Iterator[Fact]:
    found = [
        file
        for file in material.files
        if file.language == "c" and (_TEST_FILE.search(file.path) or (is_minor(file.path) and file.lines))
    ]
    if found:
        names = [file.path for file in found]
        head = f"{counted(len(names), 'test file')} in this scope: "
        yield Fact(names[0], "tests", ", ".join(names), spelled(head, names, material.room(names[0], 1)), names[0], 1)


def _named_documents(material: Material) -> Iterator[Fact]:
    """Yield one fact on the documents that comments and option texts name, those named most often first."""
    counts: dict[str, int] = {}
    first: dict[str, tuple[str, int]] = {}
    kconfig = [file.path for file in material.files if file.language == "kconfig"]
    for path in (*kconfig, *material.read):
        data = material.texts.whole(path)
        for match in _MENTIONED.finditer(data):
            name = match[0].decode("utf-8", "replace")
            counts[name] = counts.get(name, 0) + 1
            first.setdefault(name, (path, match.start()))
    if counts:
        names = sorted(counts, key=lambda name: (-counts[name], name))
        path, start = first[names[0]]
        line = line_of(material.texts.whole(path).count(b"\n", 0, start))
        text = spelled("named in the source: ", names, material.room(path, line))
        yield Fact(material.view.scope.name, "documented in", ", ".join(names), text, path, line)


def _elsewhere(material: Material) -> Iterator[Fact]:
    """Yield the documents and tests of the tree that are called like the scope."""
    scope = material.view.scope
    name = base(scope.folder).lower()
    for folder, kind in NAMED.items():
        found = namesakes(scope, folder)
        if found:
            places = [f"{folder}/{path}" for path in found]
            text = spelled(f"{kind} called like it: ", places, material.room(None))
            yield Fact(name, kind, ", ".join(places), text)
