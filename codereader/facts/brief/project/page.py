"""The sections on a project and their order: what it is, how it is entered, its types and flow, how it is built."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from codereader.facts.brief.c.tables import tables_section
from codereader.facts.brief.calls import not_followed
from codereader.facts.brief.lines import Draft
from codereader.facts.brief.material import Material, one_line, tally
from codereader.facts.brief.parts.parts import Parts
from codereader.facts.brief.project.hooks import hooks_section
from codereader.facts.brief.project.kinds import Kinds
from codereader.facts.brief.project.manifest import Manifest
from codereader.facts.brief.project.modules import BOILER, files_section
from codereader.facts.brief.project.offers import entries_section
from codereader.facts.brief.project.operations import flow_section, operations
from codereader.facts.brief.project.order import order_section
from codereader.facts.brief.project.packaging import build_section, manifests, tests_section
from codereader.facts.brief.project.reach import Reach
from codereader.facts.brief.project.scene import LINE, OUTLINES, Scene, is_own
from codereader.facts.brief.project.state import state_section
from codereader.facts.brief.project.types import types_section
from codereader.facts.brief.python import layers_section
from codereader.facts.brief.readme import readme_words
from codereader.facts.fact import Fact
from codereader.facts.layers import import_graph
from codereader.facts.words import counted
from codereader.source.languages import language as language_named

_CODE = re.compile(r"(?:import|from|const|var|let|pip|npm|go|cargo|brew|apt)\s\S+|[$#>]|\S+\(")
_IMAGE = re.compile(r"\[?!\[[^\]]*\]\([^)]*\)(?:\]\([^)]*\))?|&\w+;|<[^<>]*>")
_ADDRESS = re.compile(r"[\w -]{1,30}: ?https?://\S+$")
"""A line that only says where something else is."""

_LINK = re.compile(r"!?\[([^\]]+)\](?:\([^)]*\)|\[[^\]]*\])?")


def is_project(material: Material) -> bool:
    """Tell whether most code of a scope is in a language with classes, packages or crates."""
    scene = Scene(material)
    return scene.language not in ("c", *OUTLINES)


def beside_files(parts: Draft, found: Parts) -> Draft:
    """Return the section on the parts of a project with its share of the lines: little where most parts are one file
    each, which the section on files tells better.
    """
    folders = sum(part.name.endswith("/") for part in found.parts)
    first, weight = (8, 4.0) if 2 * folders > len(found.parts) else (4, 1.0)
    return replace(parts, weight=weight, first=min(first, len(parts.facts)))


def project_drafts(material: Material) -> tuple[Draft, ...]:
    """Return the sections on a project, most important first. Some may be empty."""
    scene = Scene(material)
    scene.prepare()
    found = manifests(scene)
    reach = Reach(scene)
    starts = operations(scene, reach)
    kinds = Kinds(scene, [one for start in starts for one in (start, *sorted(reach.below(start), key=repr))])
    return (
        Draft("What it is", tuple(_identity(scene, found)), weight=4, first=4),
        Draft("Layers of modules", ()) if material.is_large else layers_section(import_graph(material.view)),
        entries_section(scene, found),
        flow_section(scene, reach, starts),
        types_section(scene, kinds),
        hooks_section(scene, kinds),
        _own(tables_section(material)),
        state_section(scene),
        files_section(scene, frozenset(one.name for one in kinds.ranked[:9])),
        build_section(scene, found),
        tests_section(scene, found),
        order_section(scene, starts, kinds),
        replace(not_followed(material), weight=0.5),
    )


def _own(draft: Draft) -> Draft:
    """Return *draft* without the facts on tests and the like."""
    return replace(draft, facts=tuple(fact for fact in draft.facts if is_own(fact.path or "")))


def _identity(scene: Scene, found: list[Manifest]) -> Iterator[Fact]:
    name = scene.view.scope.name
    seen: set[str] = set()
    for path, line, words in _descriptions(scene, found):
        room = LINE - len(f"  ({path}:{line})") - (0 if seen else len(name) + 2)
        text = one_line(_LINK.sub(r"\1", _IMAGE.sub("", words)).replace("**", "").replace("`", ""), room)
        if text and text.lower() not in seen and not _ADDRESS.match(text):
            yield Fact(name, "is", text, text if seen else f"{name}: {text}", path, line)
            seen.add(text.lower())
    files = [one for one in scene.material.files if one.language not in OUTLINES]
    parts = [
        f"{(known.name if (known := language_named(key)) else key)} {counted(count, 'file')}, "
        f"{counted(sum(one.lines for one in files if one.language == key), 'line')}"
        for key, count in tally(one.language for one in files)
    ]
    own = sum(one.lines for one in scene.files)
    for shown in range(4, 0, -1):
        head = f"{counted(len(scene.material.files), 'file')}; {'; '.join(parts[:shown])}"
        text = f"{head}; {own:,} lines are its own code, without tests and examples"
        if len(text) <= LINE:
            break
    yield Fact(name, "has", f"{len(scene.material.files)} files", text)


def _descriptions(scene: Scene, found: list[Manifest]) -> Iterator[tuple[str, int, str]]:
    readme = next((file.path for file in scene.view.files() if file.path.lower().startswith("readme")), None)
    said = readme_words(scene.view, readme) if readme else None
    if readme and said and not _CODE.match(said[1]) and not said[1].endswith(":"):
        yield readme, said[0], said[1]
    for one in sorted(found, key=lambda one: one.path.count("/")):
        if one.words and one.path.count("/") <= 1:
            lines = scene.text(one.path).splitlines()
            start = one.words[:20]
            yield one.path, next((number for number, line in enumerate(lines, 1) if start in line), 1), one.words
            break
    tops = [path for path in scene.paths if path.rpartition("/")[2] in ("__init__.py", "lib.rs", "doc.go")]
    for path in sorted(tops, key=lambda one: (one.count("/"), -scene.rank(one), one))[:1]:
        file = scene.view.file(path)
        if file and file.summary and not BOILER.search(file.summary):
            yield path, 1, file.summary
