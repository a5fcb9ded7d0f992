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
_TYPED = re.compile(r"^(var )\w+ (\[\]|map\[|sync\.\w+)")
"""A variable of Go without a value."""

_MADE = re.compile(r"^(?:new\s+|&)?([A-Za-z_][\w.:]*)\s*(?:<[^()]*>|\[[^()\]]*\])?\s*[({]")
_STATEFUL = re.compile(
    r"(?i)local|proxy|lock|mutex|cache|registry|queue|pool|executor|event|signal|namespace|deque|dict$|map$|counter|"
    r"list$|set$|once|condition|semaphore|environ|contextvar|emitter|state"
)
"""Words in the name of a type whose objects change, or stand for something that does."""

_BUILTIN = re.compile(r"^(\{|\[|map\[|dict\(|list\(|set\(|make\(map|sync\.)")
_DULL = re.compile(
    r"TypeVar|ParamSpec|NewType|namedtuple|getLogger|compile|MustCompile|errors\.New|fmt\.Errorf|frozenset|import_module|"
    r"require|Path|partial|lru_cache|Symbol|NewError|ArgumentParser|tuple|Regex|re\."
)


_READING = ("var", "var_os", "getenv", "Getenv", "LookupEnv", "environ", "env")
_READ = re.compile(
    r"(?:env::var(?:_os)?\(|[Gg]etenv\(|LookupEnv\(|env!\(|System\.getenv\()\s*(?:b?([\"'])|[\w.:]*?\b(?=[A-Z]))"
    r"([A-Z][A-Z0-9_]{2,})\b|process\.env(\.)([A-Z][A-Z0-9_]{2,})\b"
)


_READ_PYTHON = re.compile(r"\bos\.(?:getenv\(|environ(?:\.get\(|\[))\s*([\"']|(?=[A-Z]))([A-Z][A-Z0-9_]{2,})\b")


def state_section(scene: Scene) -> Draft:
    """Return the global variables that hold something that changes or stands for something, by file."""
    found: dict[str, list[tuple[At[Definition], str]]] = {}
    for at in scene.definitions:
        is_main = scene.family(at.path) == scene.family_of_all
        is_top = is_main and at.fact.kind == "variable" and (at.fact.owner is None or at.fact.owner in scene.namespaces)
        word = _word(scene, at) if is_top else None
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


def _word(scene: Scene, at: At[Definition]) -> str | None:
    """Return what a variable holds in a word, None for what is a constant or no state of the program."""
    one = at.fact
    written = _written(scene, at)
    match = _VALUE.match(written) or _TYPED.match(written)
    if match is None or one.name.startswith("__") or one.name.isupper() or re.match(r"[Ee]rr[A-Z_]", one.name):
        return None
    value = match[2]
    if _DULL.search(value[:60]):
        return None
    if _BUILTIN.match(value):
        is_map = value.startswith(("map[", "make(map", "{", "dict("))
        word = "map" if is_map else "list" if value.startswith(("[", "list(")) else ""
        return word if _changes(scene, at) else None
    made = _MADE.match(value)
    last = made[1].split(".")[-1].split(":")[-1] if made else ""
    return last if last in scene.type_names or _STATEFUL.search(last) else None


def _written(scene: Scene, at: At[Definition]) -> str:
    """Return a variable's definition on one line, whole where its signature is cut."""
    if not at.fact.signature.endswith("…"):
        return at.fact.signature
    return " ".join(re.sub(r"#.*", "", scene.body(at)).split())


def _changes(scene: Scene, at: At[Definition]) -> bool:
    """Tell whether the text of a variable's file changes what it holds."""
    name = re.escape(at.fact.name)
    changed = (
        rf"\b{name}(?:\.(?:append|add|update|setdefault|pop|insert|extend|clear|push|set|delete|remove)\(|\[[^\]]*\]\s*=[^=])"
        rf"|\bglobal {name}\b|\bdelete\({name},|\b{name} = append\(|\bdel {name}\["
    )
    return re.search(changed, scene.text(at.path)) is not None


def _environment(scene: Scene) -> Iterator[Fact]:
    """Yield the environment variables that the project reads by name."""
    found: dict[str, tuple[str, int]] = {}
    for path in sorted(_readers(scene)):
        for number, line in enumerate(scene.text(path).splitlines(), 1):
            reads = _READ_PYTHON if scene.material.language(path) == "python" else _READ
            for match in reads.finditer(line):
                name = next((one for one in match.groups()[1::2] if one), "")
                for said in [name] if any(match.groups()[::2]) else _constant(scene, name):
                    found.setdefault(said, (path, number))
    if found:
        first, row = next(iter(found.values()))
        text = fitted("environment variables read: ", sorted(found), first, row)
        yield Fact("environment", "is read", ", ".join(sorted(found)), text, first, row)


def _constant(scene: Scene, name: str) -> list[str]:
    """Return the text that an own constant holds, if it is a variable's name."""
    held = (at.fact.signature for at in scene.view.definitions(name=name) if at.path in scene.paths)
    return [match[1] for one in held if (match := re.search(r"=\s*[\"']([A-Z][A-Z0-9_]{2,})[\"']$", one))][:1]


def _readers(scene: Scene) -> set[str]:
    """Return the own files that use what reads the environment."""
    used = (at.path for name in _READING for at in scene.view.references(name=name))
    return {path for path in used if path in scene.paths}
