"""In which order to read a project, with a reason for each file, from what the other sections found."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from codereader.facts.brief.lines import Draft
from codereader.facts.brief.project.kinds import Kind, Kinds
from codereader.facts.brief.project.offers import passed_on
from codereader.facts.brief.project.scene import Scene, dotted, fitted, unique
from codereader.facts.fact import Fact
from codereader.facts.outline import Node
from codereader.facts.words import counted

MOST_FILES = 7

FIRST = 3
"""So many operations, and then so many types, stand before the others."""

FEW_LINES = 5
"""A file with no more lines has nothing to read."""

_DESIGN = re.compile(r"(?i)^(?:docs?/)?(?:architecture|design|internals?|impl(?:ementation)?|overview|hacking)\.\w+$")


def order_section(scene: Scene, starts: Sequence[Node], kinds: Kinds) -> Draft:
    """Return up to `MOST_FILES` files in the order to read them."""
    reasons: dict[str, list[str]] = {}
    is_entered = any((node.path, node.row) in scene.commands for node in starts)
    for path, reason in (*_guides(scene), *(_programs(scene) if is_entered else ())):
        reasons.setdefault(path, []).append(reason)
    for path in _faces(scene):
        reasons.setdefault(path, []).append("what it offers")
    for node in starts[:FIRST]:
        reasons.setdefault(node.path, []).append(_starts(scene, node))
    for one in kinds.ranked[:FIRST]:
        _define(scene, reasons, one)
    for node in starts[FIRST:4]:
        reasons.setdefault(node.path, []).append(_starts(scene, node))
    for one in kinds.ranked[FIRST:10]:
        _define(scene, reasons, one)
    facts = []
    for number, (path, why) in enumerate(list(reasons.items())[:MOST_FILES], 1):
        file = scene.view.file(path)
        lines = f" ({counted(file.lines, 'line')})" if file else ""
        text = fitted(f"{number}. ", list(unique(why)), path, 1, tail=lines)
        facts.append(Fact(path, "is read", str(number), text, path, 1))
    return Draft("Read in this order", tuple(facts), weight=2, first=3)


def _starts(scene: Scene, node: Node) -> str:
    return f"{scene.commands.get((node.path, node.row)) or scene.spell(node.path, node.name)} starts here"


def _define(scene: Scene, reasons: dict[str, list[str]], one: Kind) -> None:
    """Add to *reasons* that the file of *one* defines it."""
    why = reasons.setdefault(one.at.path, [])
    word = "" if any(reason.startswith("defines") for reason in why) else "defines "
    name = f"{word}{scene.spell(one.at.path, dotted(one.at.fact))}"
    last = max((number for number, reason in enumerate(why) if reason.startswith("defines")), default=len(why) - 1)
    why.insert(len(why) if word else last + 1, name)


def _guides(scene: Scene) -> Iterator[tuple[str, str]]:
    """Yield the documents to begin with: the README, and what tells how the project is built."""
    files = scene.view.files()
    for file in files:
        if file.path.lower().startswith("readme"):
            yield file.path, "what it is for and how it is used"
            break
    told = [file for file in files if _DESIGN.search(file.path) and file.lines > FEW_LINES]
    for file in sorted(told, key=lambda one: (one.path.count("/"), -one.lines, one.path))[:1]:
        yield file.path, "how it is built"


def _programs(scene: Scene) -> Iterator[tuple[str, str]]:
    """Yield the file of the console script."""
    for at in scene.material.entries:
        if at.fact.kind == "console script":
            module, _, name = at.fact.name.partition(":")
            stem = module.replace(".", "/")
            found = [path for path in scene.paths if f"/{path}".endswith((f"/{stem}.py", f"/{stem}/__init__.py"))]
            for path in sorted(found)[:1]:
                yield path, f"{name} starts here"


def _faces(scene: Scene) -> Iterator[str]:
    """Yield the file that shows what the project offers."""
    bases = ("__init__.py", "lib.rs", "doc.go", "index.js", "index.ts")
    found = [
        path for path in scene.paths if path.rpartition("/")[2] in bases and scene.family(path) == scene.family_of_all
    ]
    top = min(found, key=lambda path: (path.count("/"), -scene.rank(path), path), default=None)
    if top and _is_long(scene, top):
        yield passed_on(scene, top)


def _is_long(scene: Scene, path: str) -> bool:
    """Tell whether there is something to read in a file: a few lines, or what it takes in from others."""
    file = scene.view.file(path)
    return file is not None and (file.lines > FEW_LINES or bool(scene.view.includes(path=path)))
