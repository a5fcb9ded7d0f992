"""In which order to read a project, with a reason for each file, from what the other sections found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from codereader.facts.brief.lines import Draft
from codereader.facts.brief.material import counted
from codereader.facts.brief.project.kinds import Kinds
from codereader.facts.brief.project.scene import Scene, dotted, fitted
from codereader.facts.fact import Fact
from codereader.facts.outline import Node

MOST_FILES = 7


def order_section(scene: Scene, starts: Sequence[Node], kinds: Kinds) -> Draft:
    """Return up to `MOST_FILES` files in the order to read them."""
    reasons: dict[str, list[str]] = {}
    for path in _guides(scene):
        reasons.setdefault(path, []).append("what it is for and how it is used")
    for path in _faces(scene):
        reasons.setdefault(path, []).append("what it offers")
    for node in starts[:4]:
        reasons.setdefault(node.path, []).append(f"{scene.spell(node.path, node.name)} starts here")
    for one in kinds.ranked[:10]:
        why = reasons.setdefault(one.at.path, [])
        word = "" if any(reason.startswith("defines") for reason in why) else "defines "
        why.append(f"{word}{scene.spell(one.at.path, dotted(one.at.fact))}")
    facts = []
    for number, (path, why) in enumerate(list(reasons.items())[:MOST_FILES], 1):
        file = scene.view.file(path)
        lines = f" ({counted(file.lines, 'line')})" if file else ""
        text = fitted(f"{number}. ", why, path, 1, tail=lines)
        facts.append(Fact(path, "is read", str(number), text, path, 1))
    return Draft("Read in this order", tuple(facts), weight=2, first=3)


def _guides(scene: Scene) -> Iterator[str]:
    for file in scene.view.files():
        words = file.path.lower()
        if words.startswith("readme"):
            yield file.path
            return


def _faces(scene: Scene) -> Iterator[str]:
    """Yield the file that shows what the project offers."""
    bases = ("__init__.py", "lib.rs", "doc.go", "index.js", "index.ts")
    found = [path for path in scene.paths if path.rpartition("/")[2] in bases]
    if found:
        yield min(found, key=lambda path: (path.count("/"), -scene.rank(path), path))
