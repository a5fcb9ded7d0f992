"""How a project is built, what it needs and how its tests are run, from its manifests and test files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from codereader.facts.brief.lines import Draft
from codereader.facts.brief.material import one_line, tally
from codereader.facts.brief.project.manifest import OPTIONAL, Manifest, read_all
from codereader.facts.brief.project.scene import LINE, OUTLINES, Scene, fitted, is_own
from codereader.facts.fact import Fact
from codereader.facts.rank import is_minor
from codereader.facts.words import counted
from codereader.index.view import IndexedFile

CRATES = 4
"""So many crates share a line."""

_TEST = re.compile(
    r"(^|/)(tests?|spec|__tests__|testing)/|(^|/)test_[^/]*\.|_(unit)?test\.\w+$|[.-](test|spec)\.\w+$|Tests?\.\w+$"
)
MOST_WORDS = 4
"""A command with so many spaces is told no further."""

_COMMANDS = re.compile(
    r"(?:^|[\s;&|(])((?:cargo (?:test|nextest)|go test|pytest|python -m (?:pytest|unittest)|tox|nox|ctest|"
    r"make (?:test|check)|npm (?:test|run test\S*)|mvn (?:test|verify)|gradle test|\./gradlew test)"
    r"(?: (?!-C\b)[^\s;&|$]+){0,3})"
)
_KITS = {
    "pytest": "pytest", "unittest": "unittest", "gtest/gtest.h": "GoogleTest", "gmock/gmock.h": "GoogleTest",
    "catch2": "Catch2", "testing": "testing", "mocha": "mocha", "jest": "jest", "org.junit": "JUnit",
    "github.com/stretchr/testify": "testify",
}  # fmt: skip


_DOCUMENTS = (".md", ".rst", ".adoc")
_TEMPLATE = re.compile(r"(?i)(^|/)\.|template|license|copying|authors|/node_modules/")
_DOCS = re.compile(r"(?i)(docs?|documentation|site|book)/")
_CHORES = re.compile(
    r"(?i)change|release|contribut|conduct|security|maintain|history|todo|issue|news|governance|upgrad"
)
_EXAMPLES = re.compile(r"(^|/)(examples?|samples?|demos?)/")
_BENCHES = re.compile(r"(?i)(^|/)(bench\w*)/|bench\w*\.\w+$")


def manifests(scene: Scene) -> list[Manifest]:
    """Return what the project's own manifests say, those of examples and tests left out."""
    found = read_all(scene.named, scene.text)
    return [one for one in found if not is_minor(one.path) and (is_own(one.path) or "/" not in one.path)]


def build_section(scene: Scene, found: Sequence[Manifest]) -> Draft:
    """Return how the project is built and what it needs, the manifest at the top first."""
    facts = [fact for one in found if not _is_inner(one) for fact in _facts(scene, one)]
    facts += _crates(found)
    return Draft("Build and configuration", tuple(facts), weight=4, first=5)


def _crates(found: Sequence[Manifest]) -> Iterator[Fact]:
    """Yield how the crates or packages of a workspace need each other, those that need most first."""
    inner = [one for one in found if one.local and one.name]
    if not inner:
        return
    inner.sort(key=lambda one: (one.path.count("/"), -len(one.local), one.path))
    pieces = [f"{one.name} -> {' + '.join(one.local)}" for one in inner]
    for start in range(0, len(pieces), CRATES):
        some = pieces[start : start + CRATES]
        text = fitted("crates: " if not start else "  and ", some, inner[start].path, 1)
        yield Fact("crates", "need", "; ".join(some), text, inner[start].path, 1)


def _is_inner(one: Manifest) -> bool:
    return one.system in ("cargo", "npm") and "/" in one.path


def _facts(scene: Scene, one: Manifest) -> Iterator[Fact]:
    head = " ".join(part for part in (one.name, one.version) if part)
    script = one.path.removesuffix("Cargo.toml") + "build.rs"
    extra = [f"build script {script}"] if one.system == "cargo" and scene.view.file(script) else []
    short = [
        note
        for note, _ in one.notes
        if not note.startswith(("options", "features", "workspace", "scripts", "programs"))
    ]
    words = "; ".join(part for part in (head, one.requires, *extra, *short) if part)
    base = one.path.rpartition("/")[2]
    if words:
        line = _line(scene, one, one.name or base)
        text = one_line(f"{base}: {words}", LINE - 8 - len(one.path))
        yield Fact(one.name or base, "is built by", base, text, one.path, line)
    if one.needs:
        line = _line(scene, one, re.split(r"[\s<>=\[(!~;]", one.needs[0])[0])
        plain = [need for need in one.needs if not need.endswith(OPTIONAL) and " (with " not in need]
        others = [need.removesuffix(OPTIONAL) for need in one.needs if need not in plain]
        head = "needs " if plain else "can use "
        joined = [*plain, *(f"{'can use ' * (plain != [] and need == others[0])}{need}" for need in others)]
        text = fitted(head, joined, one.path, line).replace(", can use ", "; can use ")
        yield Fact(one.name or base, "needs", ", ".join(one.needs), text, one.path, line)
    for note, word in one.notes:
        if note not in short:
            line = _line(scene, one, word)
            kind, _, rest = note.partition(" ")
            yield Fact(
                one.name or base, kind, rest, fitted(f"{kind} ", rest.split(", "), one.path, line), one.path, line
            )


def _line(scene: Scene, one: Manifest, word: str) -> int:
    """Return the 1-based line of a manifest in which *word* first stands."""
    lines = scene.text(one.path).splitlines()
    return next((number for number, line in enumerate(lines, 1) if word and word in line), 1)


def tests_section(scene: Scene, found: Sequence[Manifest]) -> Draft:
    """Return where the tests are and how they are run."""
    facts = (*_tests(scene, found), *_beside(scene))
    return Draft("Tests and documentation", facts, weight=2, first=4)


def _beside(scene: Scene) -> Iterator[Fact]:
    """Yield the documents, examples and benchmarks that lie beside the code."""
    files = scene.view.files()
    documents = [one for one in files if one.path.lower().endswith(_DOCUMENTS) and not _TEMPLATE.search(one.path)]
    documents = [one for one in documents if one.path.count("/") < 2 or _DOCS.match(one.path)]
    documents = [one for one in documents if not one.path.lower().startswith("readme") and not _chores(one.path)]
    yield from _listed("documents", sorted(documents, key=lambda one: (-one.lines, one.path)))
    for word, pattern in (("examples", _EXAMPLES), ("benchmarks", _BENCHES)):
        some = [one for one in files if pattern.search(one.path) and one.language not in OUTLINES]
        yield from _listed(word, sorted(some, key=lambda one: (-one.lines, one.path)))


def _listed(word: str, some: Sequence[IndexedFile]) -> Iterator[Fact]:
    if some:
        first = some[0].path
        names = [one.path for one in some]
        yield Fact(word, "are", ", ".join(names[:20]), fitted(f"{word}: ", names, first, 1), first, 1)


def _chores(path: str) -> bool:
    return bool(_CHORES.search(path))


def _tests(scene: Scene, found: Sequence[Manifest]) -> Iterator[Fact]:
    name = scene.view.scope.name
    files = [one for one in scene.material.files if one.language not in OUTLINES and _TEST.search(one.path)]
    how = [(text, one.path, _line(scene, one, word)) for one in found for text, word in one.tests]
    how += list(_continuous(scene))
    seen: dict[str, tuple[str, int]] = {}
    for text, path, line in how:
        seen.setdefault(text, (path, line))
    if seen:
        path, line = next(iter(seen.values()))
        yield Fact(name, "is tested by", next(iter(seen)), fitted("run by ", list(seen), path, line), path, line)
    if not files:
        return
    folders = tally(_test_folder(one.path) for one in files)
    kits = [kit for kit, _ in tally(kit for one in files for kit in _kits(scene, one.path))]
    lines = sum(one.lines for one in files)
    largest = sorted(files, key=lambda one: (-one.lines, one.path))
    where = ", ".join(
        f"{folder}/ ({count})" if folder != "." else f"the top ({count})" for folder, count in folders[:4]
    )
    use = f", with {', '.join(kits[:3])}" if kits else ""
    head = f"{counted(len(files), 'test file')}, {counted(lines, 'line')}{use}; in {where}; largest: "
    names = [one.path.rpartition("/")[2] for one in largest[:10]]
    yield Fact(
        name,
        "is tested in",
        where,
        fitted(head, names, largest[0].path, 1).removesuffix("; largest"),
        largest[0].path,
        1,
    )


def _test_folder(path: str) -> str:
    """Return the folder of tests that *path* lies in, its own folder where none is called so."""
    match = re.match(r"(?:.*?/)?(?:tests?|spec|__tests__)(?=/)", path)
    return match[0] if match else path.rpartition("/")[0] or "."


def _kits(scene: Scene, path: str) -> Iterator[str]:
    found = {
        kit
        for include in scene.view.includes(path=path)
        for name, kit in _KITS.items()
        if include.fact.target == name or include.fact.target.startswith((f"{name}.", f"{name}/"))
    }
    yield from sorted(found)


def _continuous(scene: Scene) -> Iterator[tuple[str, str, int]]:
    """Yield the commands by which continuous integration and the contributors' guide run the tests."""
    paths = [one.path for one in scene.view.files() if one.path.startswith((".github/workflows/", ".gitlab-ci"))]
    paths += [path for base in ("CONTRIBUTING.md", "CONTRIBUTING.rst", "README.md") for path in scene.named(base)[:1]]
    for path in sorted(paths[:12], key=lambda one: (not one.startswith(".github"), one)):
        for number, line in enumerate(scene.text(path).splitlines(), 1):
            for match in _COMMANDS.finditer(line):
                command = re.sub(r"[`'\"),.]+$", "", match[1]).strip()
                is_cut = line[match.end() :].startswith(" ") and not re.match(r"\s*(?:[;&|#]|$)", line[match.end() :])
                command += " …" if is_cut and match[1].count(" ") >= MOST_WORDS else ""
                if "{{" not in command and command.count("`") == 0:
                    yield command, path, number
