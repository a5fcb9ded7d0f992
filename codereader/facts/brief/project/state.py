"""What a project keeps in global variables: caches, registries, proxies, locks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from codereader.facts.brief.lines import Draft
from codereader.facts.brief.project.scene import Scene, fitted
from codereader.facts.fact import Fact
from codereader.index.parsed import Definition
from codereader.index.view import At
from codereader.source.spans import line_of

MOST_FILES = 3

_VALUE = re.compile(
    r"^(?:(?:pub|static|var|let|mut|const|inline|thread_local|extern|export)\s+)*[\w$]+\s*(?::\s*([^=]+?)\s*)?=\s*(.*)$"
)
_MADE = re.compile(r"^(?:new\s+|&)?([A-Za-z_][\w.:]*)\s*(?:<[^()]*>|\[[^()\]]*\])?\s*[({]")
_BUILTIN = re.compile(r"^(\{|\[|map\[|dict\(|list\(|set\(|make\(map|sync\.)")
_DULL = re.compile(
    r"TypeVar|ParamSpec|NewType|namedtuple|getLogger|compile|MustCompile|errors\.New|fmt\.Errorf|frozenset|import_module|"
    r"require|Path|partial|lru_cache|Symbol|NewError|ArgumentParser|tuple|Regex|re\."
)


_READING = ("var", "var_os", "getenv", "Getenv", "LookupEnv", "environ", "env")
_READ = re.compile(
    r"(?:env::var(?:_os)?\(|[Gg]etenv\(|LookupEnv\(|process\.env\.|env!\(|System\.getenv\()\s*b?[\"']?"
    r"([A-Z][A-Z0-9_]{2,})\b"
)


_READ_PYTHON = re.compile(r"\bos\.(?:getenv\(|environ(?:\.get\(|\[))\s*[\"']([A-Z][A-Z0-9_]{2,})\b")


def state_section(scene: Scene) -> Draft:
    """Return the global variables that hold something that changes or stands for something, by file."""
    found: dict[str, list[tuple[At[Definition], str]]] = {}
    for at in scene.definitions:
        is_top = at.fact.kind == "variable" and (at.fact.owner is None or at.fact.owner in scene.namespaces)
        word = _word(at.fact) if is_top else None
        if word is not None:
            found.setdefault(at.path, []).append((at, word))
    ordered = sorted(found, key=lambda path: (-_weight(scene, found[path]), path))
    facts = (*_facts(ordered[:MOST_FILES], found), *_environment(scene))
    return Draft("Global state", facts, weight=1.5, first=3)


def _weight(scene: Scene, some: list[tuple[At[Definition], str]]) -> int:
    return sum(1 + scene.files_using(at.fact.name) for at, _ in some)


def _facts(paths: list[str], found: dict[str, list[tuple[At[Definition], str]]]) -> Iterator[Fact]:
    for path in paths:
        some = found[path]
        line = line_of(some[0][0].fact.row)
        names = [f"{at.fact.name} {word}".rstrip() for at, word in some]
        text = fitted(f"{path.rpartition('/')[2]}: ", names, path, line)
        yield Fact(path, "keeps", ", ".join(names), text, path, line)


def _word(one: Definition) -> str | None:
    """Return what a variable holds in a word, None for what is a constant or no state of the program."""
    match = _VALUE.match(one.signature)
    if match is None or one.name.startswith("__") or one.name.isupper() or re.match(r"[Ee]rr[A-Z_]", one.name):
        return None
    value = match[2]
    if _DULL.search(value[:60]):
        return None
    made = _MADE.match(value)
    if made and not _BUILTIN.match(value):
        return made[1].split(".")[-1]
    if _BUILTIN.match(value):
        return (
            "map"
            if value.startswith(("map[", "make(map", "{", "dict("))
            else "list"
            if value.startswith(("[", "list("))
            else ""
        )
    return None


def _environment(scene: Scene) -> Iterator[Fact]:
    """Yield the environment variables that the project reads by name."""
    found: dict[str, tuple[str, int]] = {}
    for path in sorted(_readers(scene)):
        for number, line in enumerate(scene.text(path).splitlines(), 1):
            reads = _READ_PYTHON if scene.material.language(path) == "python" else _READ
            for match in reads.finditer(line):
                found.setdefault(match[1], (path, number))
    if found:
        first, row = next(iter(found.values()))
        text = fitted("environment variables read: ", sorted(found), first, row)
        yield Fact("environment", "is read", ", ".join(sorted(found)), text, first, row)


def _readers(scene: Scene) -> set[str]:
    """Return the own files that use what reads the environment."""
    used = (at.path for name in _READING for at in scene.view.references(name=name))
    return {path for path in used if path in scene.paths}
