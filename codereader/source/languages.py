"""Which language a file is written in, by its name or its first line.

A language is a folder under ``grammars/`` with a ``language.toml``:

    name = "C"                        what to call it
    extensions = [".c", ".h"]         ends of a base name, longest first
    filenames = ["Makefile"]          whole base names
    patterns = ["Kconfig*"]           fnmatch patterns on the base name
    shebangs = ["python"]             interpreters, a version behind them is ignored
    wheel = "tree_sitter_c"           module that holds the parser
    function = "language"             its function

A whole name wins over an extension, that over a pattern, that over the first line. Knows nothing of parsing.
"""

from __future__ import annotations

import fnmatch
import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

TEXT = "text"
"""The language of a text file that no grammar claims."""


@dataclass(frozen=True, slots=True)
class Language:
    """One ``language.toml``. `key` is its folder's name, which stands for the language everywhere else."""

    key: str
    name: str
    extensions: tuple[str, ...] = ()
    filenames: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    shebangs: tuple[str, ...] = ()
    wheel: str = ""
    function: str = "language"


def grammar_folder() -> Path:
    """Return the folder ``grammars``: beside the package in a checkout, inside it in an installed wheel.

    Raises: FileNotFoundError if neither exists, which means a broken installation.
    """
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "grammars", package.parent / "grammars"):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"no folder grammars in {package} or beside it; install codereader again")


@lru_cache(maxsize=1)
def languages() -> tuple[Language, ...]:
    """Return the languages of `grammar_folder`, sorted by key."""
    return read_languages(grammar_folder())


def read_languages(folder: Path) -> tuple[Language, ...]:
    """Return the languages whose ``language.toml`` stands in a folder of *folder*, sorted by key.

    Raises: ValueError naming the file and the key that cannot be used.
    """
    return tuple(_read(path) for path in sorted(folder.glob("*/language.toml"), key=lambda path: path.parent.name))


def language_of(path: str, head: bytes) -> str:
    """Return the key of the language of *path*, whose bytes begin with *head*; ``"text"`` if none claims it."""
    return named_language(path) or _by_shebang(languages(), head) or TEXT


def named_language(path: str) -> str | None:
    """Return the key of the language that the name of *path* alone gives away, or None."""
    return language_by_name(languages(), path[path.rfind("/") + 1 :])


@lru_cache(maxsize=1 << 16)
def language_by_name(known: tuple[Language, ...], name: str) -> str | None:
    """Return the key of the first of the *known* languages that claims the base name *name*, or None."""
    for language in known:
        if name in language.filenames:
            return language.key
    for spelling in (name, name.lower()):
        if found := _by_extension(known, spelling):
            return found
    for language in known:
        if any(fnmatch.fnmatchcase(name, pattern) for pattern in language.patterns):
            return language.key
    return None


def _by_extension(known: tuple[Language, ...], name: str) -> str | None:
    """Try the ends of *name* from its first dot on; a name that only begins with a dot has no extension there."""
    dot = name.find(".", 1)
    while dot > 0:
        for language in known:
            if name[dot:] in language.extensions:
                return language.key
        dot = name.find(".", dot + 1)
    return None


_SHEBANG = re.compile(rb"#![ \t]*(?P<path>\S+)(?P<rest>[^\r\n]*)")
_VERSION = re.compile(r"[-.\d]+$")


def _by_shebang(known: tuple[Language, ...], head: bytes) -> str | None:
    match = _SHEBANG.match(head)
    if match is None:
        return None
    words = [word.decode("utf-8", "replace") for word in (match["path"], *match["rest"].split())]
    interpreter = words[0].rsplit("/", 1)[-1]
    if interpreter == "env":
        interpreter = next((word for word in words[1:] if not word.startswith("-") and "=" not in word), "")
    program = interpreter.rsplit("/", 1)[-1]
    names = {program, _VERSION.sub("", program)}
    return next((language.key for language in known if names & set(language.shebangs)), None)


def _read(path: Path) -> Language:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path}: {error}") from error

    def words(key: str) -> tuple[str, ...]:
        value = table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
            raise ValueError(f"{path}: {key} must be a list of strings")
        return tuple(value)

    def word(key: str, default: str) -> str:
        value = table.get(key, default)
        if not isinstance(value, str):
            raise ValueError(f"{path}: {key} must be a string")
        return value

    return Language(
        key=path.parent.name,
        name=word("name", path.parent.name),
        extensions=words("extensions"),
        filenames=words("filenames"),
        patterns=words("patterns"),
        shebangs=words("shebangs"),
        wheel=word("wheel", ""),
        function=word("function", "language"),
    )
