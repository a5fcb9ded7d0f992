"""What the sections on a project are made from: its own code, how names are spelled, how much fits into a line.

Own code is what is neither test, example, documentation nor foreign.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from codereader.errors import NothingReadable
from codereader.facts.brief.material import Material
from codereader.facts.outline import Node
from codereader.facts.rank import is_minor
from codereader.index.parsed import Definition, Reference
from codereader.index.tagged.names import know_all
from codereader.index.view import At, IndexedFile
from codereader.source.languages import known_languages

LINE = 158
"""Characters that a fact may take with its place; two more indent it."""

OUTLINES = frozenset({"text", "markdown", "toml", "json", "yaml", "make", "kconfig", "bash"})
"""Languages that are not what a project is written in."""

TYPES = ("class", "struct", "interface", "trait", "enum", "union")
MAIN_SPACE = 0.3
"""A namespace with so much of all definitions goes without saying."""

CALLABLE = ("function", "method", "class")

_INSIDE = re.compile(
    r"(^|/)(_?tests?|test[-_]?suites?|\w{0,3}testing|bundled|externals?|deps|thirdparty|3rdparty|_?vendored|[\w-]*[-_]tests?|testing|testdata|testutil\w*|spec|benches|benchsuite|bench(mark)?s?|fuzz\w*|"
    r"scripts?|tools?|ci|third[-_]party|vendor|node_modules|dist|examples?|demos?|docs?|\.\w[\w-]*)/"
    r"|(^|/)(setup|conftest|build|noxfile|tasks)\.\w+$|[._-](tests?|spec|bench)\.\w+$|(^|/)test(util|ing|harness)\w*\.\w+$|(^|/)(tests?|[\w]*[a-z]Tests?)\.\w+$",
)
_HELPERS = re.compile(r"(?:support|contrib|misc|util|utils|packaging|release|hack)/")
_COMPILED = (".go", ".rs", ".java", ".ts", ".cc", ".cpp")
_PACKAGE_OF_DOCS = re.compile(r"(?:^|(?<=/))docs?/")
"""A folder of such code that is called like documentation is a package about it."""

_DOCUMENTS = (".md", ".rst", ".adoc", ".txt")
_CHANGES = re.compile(r"(?i)change|release|history|news|requirements|cmakelists")
_DOCUMENTS_BYTES = 2 << 20
"""So much of the documents is read for the names in them."""

_DECORATOR = re.compile(r"^\s*@(?:\w+\.)*(\w+)", re.MULTILINE)
_AS_CODE = re.compile(r"(?<=[`.:])[a-z]\w{2,}(?=[`(.\s])|\b[a-z]\w{2,}(?=\()")
_COMMAND = re.compile(r"@(?:\w+\.)*(\w+)\.command\b\s*(?:\(\s*(?:name\s*=\s*)?[\"']([\w-]+)[\"'])?")
_IDENTIFIER = re.compile(r"[A-Za-z_]\w{2,}")
_LARGEST_TEXT = 1 << 18


def _without_helpers(own: Sequence[IndexedFile]) -> Sequence[IndexedFile]:
    """Return *own* without what helps to build or release it: files in such folders in a language beside the main."""
    lines: dict[str, int] = {}
    for file in own:
        lines[_family(file.language)] = lines.get(_family(file.language), 0) + file.lines
    main = max(sorted(lines), key=lambda one: lines[one], default="")
    return [file for file in own if _family(file.language) == main or not _HELPERS.match(file.path)]


def _family(key: str) -> str:
    known = known_languages().by_key.get(key)
    return (known.family or key) if known else key


def is_own(path: str) -> bool:
    """Tell whether *path* is a project's own code."""
    shown = _PACKAGE_OF_DOCS.sub("", path) if path.endswith(_COMPILED) else path
    return not is_minor(shown) and not _INSIDE.search(shown)


class Scene:
    """One project. *material* holds its facts; what is asked of the index more than once is kept here."""

    def __init__(self, material: Material) -> None:
        self.material = material
        self.view = material.view
        code = [file for file in material.files if file.language not in OUTLINES]
        own = [file for file in code if is_own(file.path)]
        self.files: tuple[IndexedFile, ...] = tuple(_without_helpers(own) or code)
        self.paths = frozenset(file.path for file in self.files)
        self.definitions = tuple(
            at
            for at in material.definitions
            if at.path in self.paths and not (at.fact.condition or "").endswith("TYPE_CHECKING")
        )
        self._texts: dict[str, str] = {}
        self._references: dict[str, Sequence[At[Reference]]] = {}

    def prepare(self) -> None:
        """Make names ready to be looked up by the thousand."""
        know_all(self.view, self.material.definitions)

    @cached_property
    def language(self) -> str:
        """The language that most lines of the project's own code are written in; C headers count as C++ beside it."""
        lines: dict[str, int] = {}
        for file in self.files:
            lines[file.language] = lines.get(file.language, 0) + file.lines
        return max(sorted(lines), key=lambda one: lines[one], default="text")

    @cached_property
    def family_of_all(self) -> str:
        """The family of that language."""
        known = known_languages().by_key.get(self.language)
        return (known.family or self.language) if known else self.language

    @cached_property
    def namespaces(self) -> frozenset[str]:
        """The dotted names of what is no type and no function but holds them."""
        whole = {dotted(at.fact) for at in self.definitions if at.fact.kind == "module"}
        return frozenset(whole)

    @cached_property
    def by_node(self) -> Mapping[tuple[str, int, str], At[Definition]]:
        """The own definitions by path, row and dotted name."""
        return {(at.path, at.fact.row, dotted(at.fact)): at for at in self.definitions}

    @cached_property
    def owned(self) -> Mapping[tuple[str, str], Sequence[At[Definition]]]:
        """The own definitions that stand in others, by the name of their language's family and their owner."""
        found: dict[tuple[str, str], list[At[Definition]]] = {}
        for at in self.definitions:
            if at.fact.owner:
                found.setdefault((self.family(at.path), at.fact.owner), []).append(at)
        return found

    @cached_property
    def readme(self) -> str:
        """The text of the README."""
        path = next((file.path for file in self.material.files if file.path.lower().startswith("readme")), None)
        return self.text(path) if path else ""

    @cached_property
    def spoken(self) -> frozenset[str]:
        """The identifiers in the README."""
        return frozenset(_IDENTIFIER.findall(self.readme))

    @cached_property
    def documented(self) -> frozenset[str]:
        """The identifiers in the documents; a plain word counts where it stands as code."""
        found: set[str] = set()
        room = _DOCUMENTS_BYTES
        for file in self.view.files():
            is_document = file.path.lower().endswith(_DOCUMENTS) and not _CHANGES.search(file.path)
            if is_document and file.size <= room:
                room -= file.size
                text = self.text(file.path)
                found.update(word for word in _IDENTIFIER.findall(text) if not word.islower() or "_" in word)
                found.update(_AS_CODE.findall(text))
        return frozenset(found)

    @cached_property
    def decorating(self) -> frozenset[str]:
        """The last names of what stands behind an ``@`` anywhere, in tests and documents too."""
        written = (field for at in self.material.definitions for field in at.fact.fields if field.startswith("@"))
        found = {re.split(r"[(\[]", one)[0].lstrip("@").rpartition(".")[2] for one in written}
        for file in self.view.files():
            if file.path.lower().endswith(_DOCUMENTS) and not _CHANGES.search(file.path):
                found.update(_DECORATOR.findall(self.text(file.path)))
        return frozenset(found)

    @cached_property
    def commands(self) -> Mapping[tuple[str, int], str]:
        """The commands of the project's program by path and row of the function that a decorator makes one.

        What the program itself runs is none.
        """
        programs = [at.fact.via for at in self.material.entries if at.fact.kind == "console script"]
        whole = [at.fact.name.replace(":", ".") for at in self.material.entries if at.fact.kind == "console script"]
        own = [at for at in self.definitions if at.fact.kind == "function" and at.fact.owner is None]
        own = [at for at in own if not any(_is_named(at, name) for name in whole)]
        groups = {
            (at.path, at.fact.name): match[1]
            for at in own
            for field in at.fact.fields
            if (match := re.match(r"@(?:\w+\.)+group\(\s*[\"']([\w-]+)", field))
        }
        found: dict[tuple[str, int], str] = {}
        for at in own if programs else ():
            for field in at.fact.fields:
                match = _COMMAND.match(field)
                if match:
                    words = (programs[0], groups.get((at.path, match[1])), match[2] or _command(at.fact.name))
                    found[(at.path, at.fact.row)] = " ".join(word for word in words if word)
        return found

    @cached_property
    def functions(self) -> frozenset[str]:
        """The dotted names of functions and methods."""
        return frozenset(dotted(at.fact) for at in self.definitions if at.fact.kind in ("function", "method"))

    @cached_property
    def callable_names(self) -> frozenset[str]:
        """The bare names of what can be called."""
        return frozenset(at.fact.name for at in self.definitions if at.fact.kind in CALLABLE)

    @cached_property
    def type_names(self) -> frozenset[str]:
        """The bare names of the own types."""
        return frozenset(at.fact.name for at in self.definitions if at.fact.kind in TYPES)

    @cached_property
    def _users(self) -> Mapping[str, int]:
        """In how many of the files that were looked at each name is used."""
        counts: dict[str, int] = {}
        for path in self.material.uses.looked:
            if path in self.paths:
                for name in dict.fromkeys(at.fact.name for at in self.references(path)):
                    counts[name] = counts.get(name, 0) + 1
        return counts

    def references(self, path: str) -> Sequence[At[Reference]]:
        """Return what a file refers to, in the order of the source, asked of the index once."""
        if path not in self._references:
            self._references[path] = self.view.references(path=path)
        return self._references[path]

    def files_using(self, name: str) -> int:
        """Return in how many own files *name* is used."""
        return self._users.get(name, 0)

    def outside_uses(self, name: str) -> int:
        """Return how often *name* is used in files that do not define it, tests and examples counted."""
        return self.view.reference_counts().get(name, 0)

    @cached_property
    def announced(self) -> frozenset[str]:
        """The names of what the headers of an include folder declare, where there is one."""
        headers = [path for path in self.paths if re.search(r"(^|/)include/", path)]
        return frozenset(name for path in headers for name in re.findall(r"\b([A-Za-z]\w+)\s*\(", self.text(path)))

    @cached_property
    def faces(self) -> frozenset[str]:
        """The bare names of the types of such headers, and of those that build on them."""
        known = {at.fact.name for at in self.definitions if at.fact.kind in TYPES and "include/" in at.path}
        heirs = {
            at.fact.name
            for at in self.definitions
            if at.fact.kind == "class" and any(re.split(r"::|\.", base)[-1] in known for base in at.fact.fields)
        }
        return frozenset(known | heirs) if self.announced else frozenset()

    @cached_property
    def is_library(self) -> bool:
        """Whether the project offers code beside its programs: a Go package at the top, a crate, public headers."""
        tops = [path for path in self.paths if "/" not in path and path.endswith(".go")]
        is_go = any(at.fact.exported and at.fact.owner is None for at in self.definitions if at.path in tops)
        return is_go or any(path.rpartition("/")[2] == "lib.rs" or "include/" in path for path in self.paths)

    def rank(self, path: str) -> float:
        """Return the importance of a file, 0 to 5."""
        best = max((self.material.scores[one] for one in self.paths), default=0.0)
        return 5 * self.material.scores.get(path, 0.0) / best if best else 0.0

    def span(self, node: Node) -> int:
        """Return how many rows a definition takes."""
        at = self.definition(node)
        return at.fact.span.last_row - at.fact.span.first_row + 1 if at else 0

    def definition(self, node: Node) -> At[Definition] | None:
        """Return the definition behind *node*, None if it is not the project's own."""
        return self.by_node.get((node.path, node.row, node.name))

    def family(self, path: str) -> str:
        """Return the language of *path*, one name for those that see each other."""
        return _family(self.material.language(path))

    def separator(self, path: str) -> str:
        """Return what stands between a type and its member in the language of *path*."""
        return "::" if self.material.language(path) in ("cpp", "rust", "c") else "."

    def spell(self, path: str, name: str) -> str:
        """Return a dotted name as its language writes it, without the namespace that most of the project stands in."""
        for space in self._main_spaces:
            if name.startswith(f"{space}."):
                name = name[len(space) + 1 :]
                break
        return self.separator(path).join(name.split("."))

    @cached_property
    def _main_spaces(self) -> tuple[str, ...]:
        """The namespaces that hold a good part of all definitions, the innermost first."""
        inside: dict[str, int] = {}
        for at in self.definitions:
            owner = at.fact.owner or ""
            while owner:
                inside[owner] = inside.get(owner, 0) + 1
                owner = owner.rpartition(".")[0]
        many = [one for one in self.namespaces if inside.get(one, 0) > MAIN_SPACE * len(self.definitions)]
        return tuple(sorted(many, key=lambda one: (-len(one), one)))

    def text(self, path: str) -> str:
        """Return the text of a file, empty where it cannot be read or is very long."""
        if path not in self._texts:
            file = self.view.file(path)
            try:
                is_short = file is not None and file.size <= _LARGEST_TEXT
                self._texts[path] = self.view.text(path).decode("utf-8", "replace") if is_short else ""
            except NothingReadable:
                self._texts[path] = ""
        return self._texts[path]

    def body(self, at: At[Definition]) -> str:
        """Return the text of a definition as lines of its file."""
        lines = self.text(at.path).splitlines()
        return "\n".join(lines[at.fact.span.first_row : at.fact.span.last_row + 1])

    def named(self, base: str) -> list[str]:
        """Return the files called *base*, the one nearest to the top first."""
        found = [file.path for file in self.view.files() if file.path.rpartition("/")[2] == base]
        return sorted(found, key=lambda path: (path.count("/"), path))


def _is_named(at: At[Definition], name: str) -> bool:
    """Tell whether *name*, dotted with its module, is that of the function *at*."""
    module = at.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    return f".{module}.{at.fact.name}".endswith(f".{name}")


def _command(name: str) -> str:
    """Return how a command is called that goes by its function's name."""
    return name.removesuffix("_command").replace("_", "-")


def dotted(one: Definition) -> str:
    """Return the name of *one* after its owner's."""
    return f"{one.owner}.{one.name}" if one.owner else one.name


def is_public(one: Definition, language: str) -> bool:
    """Tell whether *one* is meant for use from outside its file, as its language says so."""
    if language == "python":
        return not one.name.startswith("_")
    if language in ("go", "rust", "java", "typescript", "tsx"):
        return one.exported
    return not one.name.startswith("_")


def packed(head: str, pieces: Iterable[str], path: str | None, line: int | None) -> str:
    """Return *head* and as many of *pieces*, in order, as fit into a line with the place; a piece that is too long is
    left out.
    """
    room = LINE - (len(f"  ({path}:{line})") if path else 0)
    for piece in pieces:
        if piece and len(head) + len(piece) <= room:
            head += piece
    return head


def fitted(head: str, names: Sequence[str], path: str | None, line: int | None, tail: str = "") -> str:
    """Return *head* and as many of *names* as fit into a line with the place; those left out are counted."""
    room = LINE - (len(f"  ({path}:{line})") if path else 0) - len(tail)
    text = head
    for number, name in enumerate(names):
        piece = name if not number else f", {name}"
        left = len(names) - number - 1
        reserve = len(f" and {left} more") if left else 0
        if len(text) + len(piece) + reserve > room:
            piece = piece.partition(" (")[0]
        if len(text) + len(piece) + reserve > room:
            return f"{text} and {len(names) - number} more{tail}" if number else text.rstrip(": ,;") + tail
        text += piece
    return text + tail


def unique(names: Iterable[str]) -> Iterator[str]:
    """Yield each of *names* once, in order."""
    return iter(dict.fromkeys(names))
