r"""Which language a file is written in, by its name or its first bytes.

A language is a folder with a ``language.toml`` and a query ``tags.scm`` (see CONTRIBUTING.md). Ours stand under
``grammars/``; the environment variable ``CODEREADER_GRAMMARS`` names a folder with more. The keys of
``language.toml``, all but `wheel` optional:

    name = "C++"                      what to call it; default: the folder's name
    extensions = [".cc", ".hh"]       ends of a base name, longest first
    filenames = ["Makefile"]          whole base names
    patterns = ["Kconfig*"]           fnmatch patterns on the base name
    shebangs = ["python"]             interpreters, a version behind them is ignored
    shared = [".h"]                   ends that belong to another language unless `head` is found
    head = '\nnamespace\b'            regular expression on the first bytes of such a file
    wheel = "tree_sitter_cpp"         module that holds the parser
    function = "language"             its function
    tags = ["ecmascript"]             folders beside it whose tags.scm comes before its own

    separator = "::"                  what stands between the parts of a written name
    public_name = '^[A-Z]'            a definition is public if its name matches,
    public_signature = '^pub\b'       or its signature
    condition = 'cfg\((.*)\)'         an attribute above a definition that matches: group 1 is its condition
    preprocessor = true               the text has #include, #if and #define
    prose = true                      brackets need not be closed; elsewhere what is very deep in them is not read
    blank = ['\bQ_OBJECT\b']          what to take out of the grammar's way: it becomes blanks, byte for byte

    family = "javascript"             languages of one family see each other's names; default: the folder's name
    imports = "file"                  how an import names its file (see `codereader.index.tagged.imports`)
    suffixes = [".js", ".ts"]         ends that an import may leave out
    indexes = ["index"]               the file that stands for its folder
    selves = ["this", "super"]        receivers that mean the object itself
    self_signature = '^func \((\w+) ' group 1 of a method's signature is one, too
    common = ["push", "map"]          methods of builtin types, too common to guess at
    holders = ["Arc", "Option"]       types that are seen through to their first argument
    passes = ["clone", "unwrap"]      methods that give back what they are called on
    result = "->"                     what stands before a function's result behind its parameters ("before": the
                                      result stands before the name)
    outside = ["std", "Math"]         receivers that always lie outside the scope

A whole name wins over an extension, that over a pattern, that over the first line; a user's language wins over ours.
Knows nothing of parsing.
"""

from __future__ import annotations

import fnmatch
import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

TEXT = "text"
"""The language of a text file that no grammar claims."""

VARIABLE = "CODEREADER_GRAMMARS"
"""The environment variable that names a folder with grammars of the user's own."""


@dataclass(frozen=True, slots=True)
class Language:
    """One ``language.toml``; the module says what its keys mean.

    `key` is its folder's name, which stands for the language everywhere else, `folder` the folder itself.
    """

    key: str
    name: str
    extensions: tuple[str, ...] = ()
    filenames: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    shebangs: tuple[str, ...] = ()
    wheel: str = ""
    function: str = "language"
    shared: tuple[str, ...] = ()
    head: str = ""
    tags: tuple[str, ...] = ()
    separator: str = "."
    public_name: str = ""
    public_signature: str = ""
    condition: str = ""
    preprocessor: bool = False
    prose: bool = False
    blank: tuple[str, ...] = ()
    family: str = ""
    imports: str = ""
    suffixes: tuple[str, ...] = ()
    indexes: tuple[str, ...] = ()
    selves: tuple[str, ...] = ()
    self_signature: str = ""
    common: tuple[str, ...] = ()
    holders: tuple[str, ...] = ()
    passes: tuple[str, ...] = ()
    result: str = ""
    outside: tuple[str, ...] = ()
    folder: Path = field(default=Path(), compare=False)

    @property
    def queries(self) -> tuple[Path, ...]:
        """The files of its query, in order; its own is the last."""
        return tuple(folder / "tags.scm" for folder in (*(self.folder.parent / one for one in self.tags), self.folder))


_EXPRESSIONS = ("head", "public_name", "public_signature", "condition", "blank", "self_signature")
"""Keys that hold regular expressions."""


def grammar_folder() -> Path:
    """Return the folder ``grammars``: beside the package in a checkout, inside it in an installed wheel.

    Raises: FileNotFoundError if neither exists, which means a broken installation.
    """
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "grammars", package.parent / "grammars"):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"no folder grammars in {package} or beside it; install codereader again")


class Known:
    """The languages of this run, sorted by key. `own` are the keys of the user's, `problems` sentences on what could
    not be used of the user's folder.
    """

    def __init__(self, ours: Sequence[Language], own: Sequence[Language] = (), problems: Sequence[str] = ()) -> None:
        self.languages = tuple(sorted((*ours, *own), key=lambda one: one.key))
        self.own = frozenset(one.key for one in own)
        self.problems = tuple(problems)
        self.by_key = {one.key: one for one in self.languages}
        self.table = _Table((*own, *ours))

    def named(self, path: str) -> str | None:
        """Return the key of the language that the name of *path* alone gives away, or None."""
        name = path[path.rfind("/") + 1 :]
        return None if self.table.is_shared(name) else self.table.by_name(name)


def languages() -> tuple[Language, ...]:
    """Return the languages of `grammar_folder` and of the user's folder, sorted by key."""
    return known_languages().languages


def language(key: str) -> Language | None:
    """Return the language of the folder *key*, None if there is none."""
    return known_languages().by_key.get(key)


def known_languages() -> Known:
    """Return the languages of this run, and what is wrong with the user's."""
    return _known(os.environ.get(VARIABLE, ""))


@lru_cache(maxsize=8)
def _known(users: str) -> Known:
    ours = read_languages(grammar_folder())
    if not users:
        return Known(ours)
    folder = Path(users).expanduser().absolute()
    if not folder.is_dir():
        return Known(ours, problems=[f"{VARIABLE} names no folder: {users}"])
    own: list[Language] = []
    problems: list[str] = []
    taken = {one.key for one in ours} | {TEXT}
    for path in _descriptions(folder):
        try:
            own.append(_untaken(_read(path), taken))
        except (ValueError, OSError) as error:
            problems.append(f"language left out: {error}")
    return Known(ours, own, problems)


def _untaken(one: Language, taken: set[str]) -> Language:
    if one.key in taken:
        raise ValueError(f"{one.folder} has the name of a language that is built in; rename the folder")
    return one


def read_languages(folder: Path) -> tuple[Language, ...]:
    """Return the languages whose ``language.toml`` stands in a folder of *folder*, sorted by key.

    Raises: ValueError naming the file and the key that cannot be used.
    """
    return tuple(_read(path) for path in _descriptions(folder))


def _descriptions(folder: Path) -> list[Path]:
    return sorted(folder.glob("*/language.toml"), key=lambda path: path.parent.name)


def language_of(path: str, head: bytes) -> str:
    """Return the key of the language of *path*, whose bytes begin with *head*; ``"text"`` if none claims it."""
    table, name = known_languages().table, path[path.rfind("/") + 1 :]
    return table.by_head(name, head) or table.by_name(name) or table.by_shebang(head) or TEXT


def language_by_name(known: tuple[Language, ...], name: str) -> str | None:
    """Return the key of the first of the *known* languages that claims the base name *name*, or None."""
    return _Table(known).by_name(name)


# -- claims ---------------------------------------------------------------------------------------------------------

_SHEBANG = re.compile(rb"#![ \t]*(?P<path>\S+)(?P<rest>[^\r\n]*)")
_VERSION = re.compile(r"[-.\d]+$")


_MOST_NAMES = 1 << 16


class _Table:
    """What languages claim. The first to claim something has it."""

    def __init__(self, known: Sequence[Language]) -> None:
        self._filenames = _claims(known, "filenames")
        self._extensions = _claims(known, "extensions")
        self._shebangs = _claims(known, "shebangs")
        self._shared = {end: (one.key, re.compile(one.head.encode())) for one in known for end in one.shared}
        self._patterns = [(re.compile(fnmatch.translate(one)), each.key) for each in known for one in each.patterns]
        self._names: dict[str, str | None] = {}

    def by_name(self, name: str) -> str | None:
        """Return the key of the language that claims the base name *name*, or None."""
        if name not in self._names:
            if len(self._names) >= _MOST_NAMES:
                self._names.clear()
            self._names[name] = self._by_name(name)
        return self._names[name]

    def _by_name(self, name: str) -> str | None:
        if name in self._filenames:
            return self._filenames[name]
        for end in (*_ends(name), *_ends(name.lower())):
            if end in self._extensions:
                return self._extensions[end]
        return next((key for pattern, key in self._patterns if pattern.match(name)), None)

    def is_shared(self, name: str) -> bool:
        """Whether the first bytes of a file called *name* decide on its language."""
        return bool(self._shared) and any(end in self._shared for end in _ends(name))

    def by_head(self, name: str, head: bytes) -> str | None:
        """Return the key of the language that the end of *name* and the first bytes together give away, or None."""
        claims = [self._shared[end] for end in _ends(name) if end in self._shared]
        return next((key for key, pattern in claims if pattern.search(head)), None)

    def by_shebang(self, head: bytes) -> str | None:
        """Return the key of the language whose interpreter the first line names, or None."""
        match = _SHEBANG.match(head)
        if match is None:
            return None
        words = [word.decode("utf-8", "replace") for word in (match["path"], *match["rest"].split())]
        interpreter = words[0].rsplit("/", 1)[-1]
        if interpreter == "env":
            interpreter = next((word for word in words[1:] if not word.startswith("-") and "=" not in word), "")
        program = interpreter.rsplit("/", 1)[-1]
        return self._shebangs.get(program) or self._shebangs.get(_VERSION.sub("", program))


def _claims(known: Sequence[Language], kind: str) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for one in known:
        for word in getattr(one, kind):
            found.setdefault(word, one.key)
    return found


def _ends(name: str) -> Iterator[str]:
    """Yield the ends of *name* from its first dot on; a name that only begins with a dot has no extension there."""
    dot = name.find(".", 1)
    while dot > 0:
        yield name[dot:]
        dot = name.find(".", dot + 1)


# -- language.toml --------------------------------------------------------------------------------------------------


def _read(path: Path) -> Language:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: {error}") from error
    known = Language(path.parent.name, path.parent.name, folder=path.parent)
    values: dict[str, Any] = {}
    for key, value in table.items():
        default = getattr(known, key, None)
        if key in ("key", "folder", "query") or default is None:
            raise ValueError(f"{path}: {key} is not a key of a language")
        values[key] = _checked(path, key, value, default)
    return Language(**{"key": known.key, "name": known.name, "folder": known.folder, **values})


def _checked(path: Path, key: str, value: object, default: object) -> object:
    if isinstance(default, tuple):
        if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
            raise ValueError(f"{path}: {key} must be a list of strings")
        value = tuple(value)
    elif not isinstance(value, type(default)):
        raise ValueError(f"{path}: {key} must be {'true or false' if isinstance(default, bool) else 'a string'}")
    for expression in (value if isinstance(value, tuple) else (value,)) if key in _EXPRESSIONS else ():
        try:
            re.compile(str(expression).encode())
        except re.error as error:
            raise ValueError(f"{path}: {key} is not a regular expression: {error}") from error
    return value
