"""The structure of a scope in sections of facts, most important first, from the index alone.

What is said of C trees stands in `codereader.facts.brief.c`, of other projects in `codereader.facts.brief.project`, of
the parts of both in `codereader.facts.brief.parts`; what every tree has stands here, and so does the order. No model is
asked, no file of the tree is written, and the same index gives the same brief.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from codereader.facts.brief.c.around import Above, above, around_section, offered
from codereader.facts.brief.c.headers import own_headers
from codereader.facts.brief.c.locks import locks_section
from codereader.facts.brief.c.operations import operations_section
from codereader.facts.brief.c.registered import registrations_section
from codereader.facts.brief.c.settings import settings_section
from codereader.facts.brief.c.tables import build_section, tables_section
from codereader.facts.brief.c.types import main_types
from codereader.facts.brief.calls import most_called, not_followed, outline_section, outside_section
from codereader.facts.brief.lines import Draft, fit_lines
from codereader.facts.brief.material import Material, base, gather, one_line, spelled, tally, top_folder
from codereader.facts.brief.outside import Outside
from codereader.facts.brief.parts.parts import find_parts
from codereader.facts.brief.parts.purpose import Purposes
from codereader.facts.brief.parts.section import parts_section
from codereader.facts.brief.picking import picked, with_parts
from codereader.facts.brief.project.page import beside_files, is_project, project_drafts
from codereader.facts.brief.python import classes_section, layers_section
from codereader.facts.brief.reading import reading_section
from codereader.facts.brief.readme import readme_words
from codereader.facts.brief.surface import entries_section, exports_section
from codereader.facts.fact import PAGE_WIDTH, Brief, Fact
from codereader.facts.kbuild.kconfig import folder_prompts, option_words, own_option
from codereader.facts.layers import import_graph
from codereader.facts.rank import MINOR_SHARE, is_minor
from codereader.facts.words import counted, listed
from codereader.index.prose import comment_lines
from codereader.index.view import IndexedFile, IndexView
from codereader.source.languages import language as language_named
from codereader.source.spans import line_of

DEFAULT_LINES = 80
"""Lines of a brief when nobody says how many: two screens, enough for four to ten facts a section."""

WHOLE_LINES = 160
"""A brief that needs no more than this is shown whole when nobody says how many: cutting it would save a screen."""

TOLD_FILES = 100
"""So many C files are told with the names that others use most, the others with counts alone."""

HEAD_BYTES = 4096
"""So much of a file is searched for what it says of itself."""

SHARED_SUMMARY = 3
"""So many files with the same words on themselves have them from a template, which says nothing about one of them."""

_ABOUT_CODE = ("Entry points", "Registers", "Tables of functions", "Main types", "Call outline", "Exports")
_DASHES = ":-–—"
_MINOR_KINDS = ("variable", "macro", "method", "property")
_SELF_DESCRIPTIONS = 3
_SPEAKERS = 6
_CODE = ("c", "python")
_READMES = ("README.md", "README.rst", "README.txt", "README")


def brief(
    view: IndexView,
    lines: int | None = None,
    *,
    sections: Sequence[str] = (),
    depth: int | None = None,
    outside: Outside | None = None,
) -> Brief:
    """Return the structure of *view* in at most *lines* rendered lines.

    None is `DEFAULT_LINES`, or `WHOLE_LINES` where they show everything. *sections* are titles, or how they begin:
    these alone are shown, whole where *lines* is None. *depth* is how many levels of parts and calls are told.
    *outside* notes what is read beside the index.
    `Brief.lines_needed` is the number that shows everything; what was cut is counted in its section.
    Raises: UsageError for a title that the brief does not have.
    """
    with _uncollected():
        material = gather(view, depth, outside)
        found = find_parts(material, depth or 1)
        parts = parts_section(material, found)
        of_project = is_project(material)
        if of_project:
            parts = beside_files(parts, found)
        made = with_parts(project_drafts(material) if of_project else drafts(material), parts)
        if sections:
            made = picked(made, sections)
        most = DEFAULT_LINES if of_project else WHOLE_LINES
        return replace(_fitted(made, lines, most, is_whole=bool(sections)), parts=found)


def _fitted(made: Sequence[Draft], lines: int | None, most: int, *, is_whole: bool) -> Brief:
    if lines is not None:
        return fit_lines(made, lines)
    whole = fit_lines(made, sum(1 + len(draft.facts) for draft in made) if is_whole else most)
    return fit_lines(made, DEFAULT_LINES) if whole.dropped else whole


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep Python from looking for garbage: facts hold no cycles, and looking takes a third of a large brief's time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def drafts(material: Material) -> tuple[Draft, ...]:
    """Return the sections on a scope of C, or of no code at all, most important first. Some may be empty."""
    graph = import_graph(material.view)
    outer, around = above(material), own_headers(material)
    registers, operations = registrations_section(material), operations_section(material)
    found = _minor_last(
        Draft("What it is", tuple(_identity(material, outer)), weight=4, first=4),
        Draft("Folders", tuple(_folders(material)), weight=4, first=4),
        reading_section(material, registers.facts, operations.facts),
        Draft("Files", tuple(_files(material)), weight=6, first=3 if material.is_large else 6),
        layers_section(graph),
        entries_section(material),
        registers,
        operations,
        tables_section(material),
        main_types(material, around),
        locks_section(material, around),
        settings_section(material),
        classes_section(material),
        build_section(material, outer),
        exports_section(material),
        around_section(material),
        outside_section(material, graph),
        most_called(material),
        outline_section(material),
        not_followed(material),
    )
    return found if material.is_large else tuple(_conditioned(draft, material) for draft in found)


def _minor_last(*found: Draft) -> tuple[Draft, ...]:
    """Put sections that speak of tests and the like alone behind the others, with few lines."""
    minor = [draft for draft in found if draft.facts and all(_is_minor(fact.path) for fact in draft.facts)]
    rest = [draft for draft in found if draft not in minor]
    if not any(draft.facts for draft in rest):
        return found
    return (*rest, *(replace(draft, weight=draft.weight * MINOR_SHARE, first=1) for draft in minor))


def _is_minor(path: str | None) -> bool:
    """Tell whether a place lies in the scope and there among tests and the like."""
    return path is not None and not path.startswith("../") and is_minor(path)


def _conditioned(draft: Draft, material: Material) -> Draft:
    """Add to each fact about code when its file is built, as far as the scope's own option does not say it already."""
    if draft.title not in _ABOUT_CODE:
        return draft
    return replace(
        draft, facts=tuple(replace(fact, condition=material.when(fact.path, fact.condition)) for fact in draft.facts)
    )


def _identity(material: Material, outer: Above | None) -> Iterator[Fact]:
    name = material.view.scope.name
    for number, (path, line, words) in enumerate(list(_descriptions(material, outer))[:_SELF_DESCRIPTIONS]):
        text = one_line(words if number else f"{name}: {words}", material.room(path, line))
        yield Fact(name, "is", words, text, path, line)
    yield _size(material, name)


def _descriptions(material: Material, outer: Above | None) -> Iterator[tuple[str, int, str]]:
    """Yield (path, 1-based line, words) of what the tree says about itself, the most direct first."""
    by_path = {file.path: file for file in material.files}
    readme = next((path for path in _READMES if path in by_path), None)
    if readme and (found := readme_words(material.view, readme)):
        yield readme, found[0], one_line(found[1])
    packages = (file for file in material.files if base(file.path) == "__init__.py" and file.summary)
    package = min(packages, key=lambda file: (file.path.count("/"), file.path), default=None)
    if package and package.path.count("/") <= 1:
        yield package.path, 1, one_line(package.summary or "")
    option = own_option(material.view.scope.name, material.definitions, material.build)
    if option:
        yield option.path, line_of(option.fact.row), option_words(option.fact)
    else:
        yield from offered(outer)
    if not package:
        yield from _of_files(material)


def _of_files(material: Material) -> Iterator[tuple[str, int, str]]:
    """Yield what the most important files that say something say of themselves, the whole paragraph."""
    purposes = Purposes(material)
    code = [file for file in material.files if file.language in _CODE and file.summary and not is_minor(file.path)]
    for file in code[:_SPEAKERS]:
        found = purposes.of_file(file)
        if found:
            words = _paragraph(material, file, found.words)
            is_direct = material.view.scope.only or ("/" not in file.path and not material.is_large)
            yield found.path, found.line, words if is_direct else f"{file.path}: {words}"


def _paragraph(material: Material, file: IndexedFile, words: str) -> str:
    """Return *words*, what a file says of itself, with what follows them in its first comment: a line of it."""
    start = words.rstrip(".…:")
    head = material.texts.whole(file.path)[:HEAD_BYTES].decode("utf-8", "replace")
    for text in (file.summary or "", "\n".join(comment_lines(head.partition("*/")[0]))):
        for paragraph in text.split("\n\n"):
            flat = " ".join(paragraph.split())
            place = flat.find(start)
            if start and place >= 0:
                return one_line(flat[place:], PAGE_WIDTH)
    return words.rstrip(":")


def _size(material: Material, name: str) -> Fact:
    files = material.files
    lines = sum(file.lines for file in files)
    parts = []
    for language, count in tally(file.language for file in files):
        inside = sum(file.lines for file in files if file.language == language)
        spoken = _spoken(language)
        parts.append(
            f"{spoken} ({counted(count, 'file')}, {counted(inside, 'line')})" if count < len(files) else spoken
        )
    text = f"{counted(len(files), 'file')}, {counted(lines, 'line')}: {', '.join(parts)}"
    return Fact(name, "has", f"{len(files)} files", text)


def _folders(material: Material) -> Iterator[Fact]:
    """Yield one fact a top folder, the weightiest first, for scopes too large to list file by file."""
    if not material.is_large:
        return
    inside: dict[str, list[IndexedFile]] = {}
    for file in material.files:
        if top_folder(file.path):
            inside.setdefault(top_folder(file.path), []).append(file)
    prompts = folder_prompts(material.definitions, material.build)
    for folder in sorted(inside, key=lambda folder: (-_mass(material, inside[folder]), folder)):
        yield _folder(folder, inside[folder], prompts.get(folder))


def _mass(material: Material, files: Sequence[IndexedFile]) -> float:
    return sum(material.scores[file.path] for file in files)


def _folder(folder: str, files: Sequence[IndexedFile], prompt: str | None) -> Fact:
    lines = sum(file.lines for file in files)
    main = listed([file.path.removeprefix(f"{folder}/") for file in files[:3]])
    words = prompt or _package_words(folder, files)
    text = f"{folder}/  {words + '; ' if words else ''}{counted(len(files), 'file')}, {counted(lines, 'line')}: {main}"
    return Fact(folder, "holds", f"{len(files)} files", text, files[0].path, 1)


def _package_words(folder: str, files: Sequence[IndexedFile]) -> str | None:
    """Return what a folder says about itself in the files that speak for it."""
    for name in ("__init__.py", "Makefile"):
        for file in files:
            if file.path == f"{folder}/{name}" and file.summary:
                return one_line(_own_words(file), 60)
    return None


def _files(material: Material) -> Iterator[Fact]:
    kinds: dict[str, list[str]] = {}
    for at in material.definitions:
        kinds.setdefault(at.path, []).append(at.fact.kind)
    entries: dict[str, int] = {}
    for entry in material.entries:
        entries[entry.path] = entries.get(entry.path, 0) + 1
    purposes = Purposes(material)
    shared = dict(tally(file.summary for file in material.files if file.summary))
    for number, file in enumerate(material.files):
        words = "" if shared.get(file.summary or "", 0) >= SHARED_SUMMARY else _own_words(file)
        if file.language == "c" and number < TOLD_FILES:
            yield _c_file(material, file, purposes, entries.get(file.path, 0))
            continue
        role = _role(file, words, kinds.get(file.path, []), entries.get(file.path, 0))
        yield Fact(file.path, "is", role, f"{file.path}  {counted(file.lines, 'line')}: {role}", file.path, 1)


def _c_file(material: Material, file: IndexedFile, purposes: Purposes, entries: int) -> Fact:
    """Tell what a C file says of itself, and what it defines that others use most."""
    found = purposes.of_file(file)
    users = material.view.referring_files()
    inside = material.view.definitions(path=file.path, kinds=("function", "struct", "macro", "variable", "enum"))
    kinds = ("function", "struct") if file.path.endswith(".c") else ("struct", "function", "macro", "enum")
    named = [at.fact for at in inside if at.fact.kind in kinds and at.fact.owner is None]
    named.sort(
        key=lambda one: (-users.get(one.name, 0), kinds.index(one.kind), one.span.start - one.span.end, one.name)
    )
    functions = sum(at.fact.kind == "function" for at in inside)
    head = f"{file.path}  {counted(file.lines, 'line')}"
    if found:
        head = f"{head}: {found.words.rstrip('.:')}"
    if entries:
        head = f"{head}; {counted(entries, 'entry point')}"
    names = list(dict.fromkeys(one.name for one in named))
    if names and functions and file.path.endswith(".c"):
        head = f"{head}; {counted(functions, 'function')}: "
    elif names:
        head = f"{head}; defines "
    text = spelled(head, names, material.room(file.path, 1)) if names else head
    return Fact(file.path, "is", found.words if found else ", ".join(names), text, file.path, 1)


def _role(file: IndexedFile, words: str, kinds: Sequence[str], entries: int) -> str:
    """Say in a few words what a file is for, or at least what it defines."""
    defined = [counted(count, kind) for kind, count in tally(kinds) if kind not in _MINOR_KINDS][:3]
    if entries:
        defined.insert(0, counted(entries, "entry point"))
    holds = ", ".join(defined)
    if words and holds:
        return f"{words} ({holds})"
    return words or holds or _spoken(file.language)


def _own_words(file: IndexedFile) -> str:
    """Return what a file says about itself, without its own name and the full stop."""
    words = (file.summary or "").strip()
    for name in (file.path, base(file.path)):
        rest = words[len(name) :].lstrip()
        if words.lower().startswith(name.lower()) and rest[:1] in _DASHES:
            words = rest.lstrip(_DASHES + " ")
    return one_line(words, 80).rstrip(".")


def _spoken(key: str) -> str:
    """Return what a language is called."""
    known = language_named(key)
    return known.name if known else key
