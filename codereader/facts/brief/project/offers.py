"""How a project is entered and what it offers: commands, main functions, and the names of its public face.

The face is what a language makes it: what a package's ``__init__`` takes in, the exported names of a Go module's root
package, what ``lib.rs`` hands on, the headers of an include folder, the exports of a JavaScript package's main file.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from math import log2

from codereader.facts.brief.lines import Draft
from codereader.facts.brief.project.manifest import Manifest
from codereader.facts.brief.project.modules import main_names
from codereader.facts.brief.project.scene import TYPES, Scene, fitted, is_own, unique
from codereader.facts.brief.surface import ordered_entries
from codereader.facts.fact import Fact
from codereader.index.parsed import Definition
from codereader.index.view import At
from codereader.source.spans import line_of

_PUB = re.compile(r"^\s*pub (use|mod) ([^;{]*(?:\{[^}]*\})?[^;{]*);", re.MULTILINE)
MOST_PASSED = 4
"""Most files that only pass on what another one exports."""

_PASSED = re.compile(r"^module\.exports\s*=\s*require\([\"'](\.[^\"']+)[\"']\)", re.MULTILINE)
_HANDED = re.compile(r"^(?:exports\s*=\s*)?(?:module\.)?exports(?:\.(\w+))?\s*=(?!=)\s*(\w+)?", re.MULTILINE)
_INNER = re.compile(r"[-_]inl\.\w+$|(^|/)(details?|internal|impl)/")
"""Headers that others are not meant to include."""

_GUARDS = re.compile(r"^(?:.*_)?(H|HPP)_?$")


def entries_section(scene: Scene, found: Sequence[Manifest]) -> Draft:
    """Return how control comes in and which names the project offers."""
    facts = [*_entries(scene), *_face(scene, found)]
    return Draft("Entry points", tuple(facts), weight=5, first=6)


def _entries(scene: Scene) -> Iterator[Fact]:
    ordered = ordered_entries(scene.material)
    own = [at for at in ordered if is_own(at.path) and (at.path in scene.paths or at.fact.kind == "console script")]
    own = [at for at in own if at.fact.kind == "console script" or scene.family(at.path) == scene.family_of_all]
    last = {at.path: at.fact.row for at in sorted(own, key=lambda at: at.fact.row) if "__name__" in at.fact.via}
    own = [at for at in own if "__name__" not in at.fact.via or at.fact.row == last[at.path]]
    commands = {at.fact.name.replace(":", ".").rpartition(".")[2] for at in own if at.fact.kind == "console script"}
    own = [at for at in own if at.fact.kind == "console script" or at.fact.name not in commands]
    for at in own[:6]:
        entry = at.fact
        text = (
            f"command {entry.via} runs {entry.name}"
            if entry.kind == "console script"
            else f"program: {entry.name} of {at.path}"
        )
        if entry.via != entry.name and entry.kind == "main":
            text += f" ({entry.via})"
        yield Fact(entry.name, entry.kind, entry.via, text, at.path, line_of(entry.row), entry.condition)

    if scene.commands:
        (path, row), _ = next(iter(scene.commands.items()))
        names = [name.partition(" ")[2] for name in scene.commands.values()]
        text = fitted("commands: ", names, path, line_of(row))
        yield Fact("commands", "are", ", ".join(names), text, path, line_of(row))


def _face(scene: Scene, found: Sequence[Manifest]) -> Iterator[Fact]:
    makers = {"python": _python, "go": _go, "rust": _rust, "cpp": _headers, "c": _headers}
    maker = makers.get(scene.language, _exports)
    yield from (list(_exported(scene, found)) if maker is _exports else []) or maker(scene)


# -- Python -----------------------------------------------------------------------------------------------------


def _python(scene: Scene) -> Iterator[Fact]:
    """Yield what the top package takes in from its modules."""
    packages = [path for path in scene.paths if path.endswith("/__init__.py") or path == "__init__.py"]
    for path in sorted(packages, key=lambda one: (one.count("/"), -scene.rank(one), one))[:1]:
        package = path.removesuffix("/__init__.py").rpartition("/")[2]
        groups: dict[str, list[str]] = {}
        rows: dict[str, int] = {}
        for at in scene.view.includes(path=path):
            module = at.fact.target.lstrip(".").removeprefix(f"{package}.")
            is_inside = at.fact.target.startswith((".", f"{package}."))
            names = [one.rpartition(" as ")[2] if " as " in one else one for one in at.fact.names]
            kept = [one for one in names if not one.startswith("_") and one != "*"]
            if is_inside and kept and module:
                groups.setdefault(module, []).extend(kept)
                rows.setdefault(module, at.fact.row)
        if not groups:
            return
        pieces = [f"{', '.join(unique(names))} (from {module})" for module, names in groups.items()]
        line = line_of(min(rows.values()))
        yield from _wrapped(f"package {package} offers ", pieces, path, line, package)


def _wrapped(head: str, pieces: Sequence[str], path: str, line: int, subject: str, most: int = 3) -> Iterator[Fact]:
    """Yield *pieces* over at most *most* facts, the last of which counts what is left."""
    rest = list(pieces)
    for number in range(most):
        if not rest:
            return
        start = head if not number else "  and "
        if number == most - 1:
            yield Fact(subject, "offers", "; ".join(rest), fitted(start, rest, path, line), path, line)
            return
        taken = 1
        while taken < len(rest) and "more" not in fitted(start, rest[: taken + 1], path, line).rpartition(" and ")[2]:
            taken += 1
        yield Fact(subject, "offers", "; ".join(rest[:taken]), fitted(start, rest[:taken], path, line), path, line)
        rest = rest[taken:]


# -- Go ---------------------------------------------------------------------------------------------------------


def _go(scene: Scene) -> Iterator[Fact]:
    """Yield the exported names of each package that others may import, the root package first."""
    folders: dict[str, list[At[Definition]]] = {}
    for at in scene.definitions:
        folder = at.path.rpartition("/")[0]
        if (
            at.fact.exported
            and at.fact.owner is None
            and not {"internal", "cmd"} & set(folder.split("/"))
            and at.path.endswith(".go")
        ):
            folders.setdefault(folder, []).append(at)
    for folder in sorted(folders, key=lambda one: (one.count("/") if one else -1, one))[:4]:
        inside = folders[folder]
        for kinds, word in (((*TYPES, "typedef"), "types"), (("function",), "functions")):
            some = [at for at in inside if at.fact.kind in kinds]
            if some:
                yield _named(scene, f"package {folder or _package(scene, inside[0].path)} offers {word} ", some)


def _package(scene: Scene, path: str) -> str:
    match = re.search(r"^package (\w+)", scene.text(path), re.MULTILINE)
    return match[1] if match else scene.view.scope.name


def _named(scene: Scene, head: str, some: Sequence[At[Definition]]) -> Fact:
    ranked = sorted(some, key=lambda at: (-_use(scene, at), at.path, at.fact.row))
    names = list(unique(scene.spell(at.path, at.fact.name) for at in ranked))
    first = ranked[0]
    line = line_of(first.fact.row)
    return Fact(head.strip(), "offers", ", ".join(names), fitted(head, names, first.path, line), first.path, line)


def _use(scene: Scene, at: At[Definition]) -> float:
    rows = at.fact.span.last_row - at.fact.span.first_row + 1
    spoken = 1.0 if at.fact.name in scene.spoken else 0.0
    return round(log2(1 + scene.outside_uses(at.fact.name)) + 0.5 * log2(1 + rows) + spoken, 6)


# -- Rust -------------------------------------------------------------------------------------------------------


def _rust(scene: Scene) -> Iterator[Fact]:
    """Yield what each crate's root hands on, the crate nearest to the top first."""
    roots = [path for path in scene.paths if path.rpartition("/")[2] == "lib.rs"]
    for path in sorted(roots, key=lambda one: (one.count("/"), -scene.rank(one), one))[:3]:
        names: list[str] = []
        for match in _PUB.finditer(scene.text(path)):
            words = " ".join(match[2].split())
            if re.match(r"(?:core|std|alloc)::", words):
                continue
            names.append(
                f"mod {words}" if match[1] == "mod" else re.sub(r"^(crate|self)::", "", words).replace("{ ", "{")
            )
        inside = [at for at in scene.definitions if at.path == path and at.fact.exported and at.fact.owner is None]
        ranked = sorted(
            (at for at in inside if at.fact.kind in (*TYPES, "function")),
            key=lambda at: (-_use(scene, at), at.fact.row),
        )
        names += [at.fact.name for at in ranked]
        if names:
            folder = path.removesuffix("lib.rs").removesuffix("src/")
            crate = _crate(scene, folder) or folder.rstrip("/") or scene.view.scope.name
            text = fitted(f"crate {crate} offers ", list(unique(names)), path, 1)
            yield Fact(crate, "offers", ", ".join(names), text, path, 1)


def _crate(scene: Scene, folder: str) -> str:
    """Return the name that the manifest in *folder* gives its crate, empty without one."""
    package = re.search(r"^\[package\](?:\n(?!\[).*)*", scene.text(f"{folder}Cargo.toml"), re.MULTILINE)
    name = re.search(r"^name\s*=\s*[\"']([\w-]+)", package[0], re.MULTILINE) if package else None
    return name[1] if name else ""


# -- C++ --------------------------------------------------------------------------------------------------------


def _headers(scene: Scene) -> Iterator[Fact]:
    """Yield the headers of the include folder with the types and functions that they define."""
    headers = [path for path in scene.paths if re.search(r"(^|/)include/", path) and not _INNER.search(path)]
    if not headers:
        return
    folder = min((path.rpartition("/")[0] for path in headers), key=lambda one: (one.count("/"), one))
    pieces: list[tuple[float, str]] = []
    for path in headers:
        inside = [at for at in scene.definitions if at.path == path]
        names = [one.partition(" ")[0] for one in main_names(scene, "cpp", inside)]
        types = {at.fact.name for at in inside if at.fact.kind in TYPES}
        tops = types or {at.fact.name for at in inside if at.fact.kind == "function" and at.fact.name.isidentifier()}
        shown = [last for one in names if (last := one.rpartition("::")[2]) in tops and not _GUARDS.match(last)][:3]
        weight = scene.material.scores.get(path, 0.0)
        pieces.append(
            (weight, f"{path.rpartition('/')[2]}{f' ({chr(44).join(shown)})' if shown else ''}".replace(",", ", "))
        )
    pieces.sort(key=lambda one: ("(" not in one[1], -one[0], one[1]))
    yield from _wrapped(f"public headers in {folder}/: ", [piece for _, piece in pieces], f"{folder}", 0, folder, 2)


# -- the others -------------------------------------------------------------------------------------------------


def _exported(scene: Scene, found: Sequence[Manifest]) -> Iterator[Fact]:
    """Yield what the main file of a JavaScript package hands out, the file that it only passes on read instead."""
    top = next((one for one in found if one.system == "npm" and "/" not in one.path), None)
    notes = [note for note, _ in top.notes] if top else []
    told = next((note.removeprefix("main file ") for note in notes if note.startswith("main file ")), "index.js")
    path = passed_on(scene, posixpath.normpath(told))
    names: list[str] = []
    for match in _HANDED.finditer(scene.text(path)):
        names += [match[1]] if match[1] else [match[2]] if match[2] and match[2] not in ("exports", "module") else []
    if top and names:
        line = next((number for number, one in enumerate(scene.text(path).splitlines(), 1) if "exports" in one), 1)
        text = fitted(f"package {top.name} offers ", list(unique(names)), path, line)
        yield Fact(top.name, "offers", ", ".join(unique(names)), text, path, line)


def passed_on(scene: Scene, path: str) -> str:
    """Return the file whose exports the JavaScript file *path* passes on as they are, itself if it does not."""
    for _ in range(MOST_PASSED):
        passed = _PASSED.search(scene.text(path))
        if not passed:
            break
        path = posixpath.normpath(posixpath.join(posixpath.dirname(path), passed[1]))
        path = path if scene.view.file(path) else f"{path}.js"
    return path


def _exports(scene: Scene) -> Iterator[Fact]:
    """Yield the exported names of the most important files."""
    tops = [
        at
        for at in scene.definitions
        if at.fact.exported and (at.fact.owner is None or at.fact.owner in scene.namespaces)
    ]
    by_path: dict[str, list[At[Definition]]] = {}
    for at in tops:
        by_path.setdefault(at.path, []).append(at)
    for path in sorted(by_path, key=lambda one: (-scene.rank(one), one))[:4]:
        yield _named(scene, f"{path} offers ", by_path[path])
