"""What a git repository says of its files, read without running git.

The top, the tracked files with their blob ids (from ``.git/index``), the ignore files outside the tree, and whether
blob ids can stand for the bytes on disk. The repository is a stranger's: its configuration is read for
``core.ignorecase``, ``core.autocrlf`` and the object format, as data, and nothing it names is opened or run. Only
the person's own configuration names an excludes file (its ``includeIf`` sections are not followed).
Formats: gitformat-index(5), git-config(1), gitrepository-layout(5).
"""

from __future__ import annotations

import os
import re
import stat
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from codereader.source.disk import read_small

_CONFIG_BYTES = 1 << 20
_INDEX_BYTES = 1 << 30
_INCLUDE_DEPTH = 5

_ENTRY = struct.Struct(">10I")
"""ctime s, ns; mtime s, ns; device, inode, mode, uid, gid, size. The object id and the flags follow."""
_ASSUME_VALID, _EXTENDED, _STAGE, _NAME = 0x8000, 0x4000, 0x3000, 0x0FFF
_INTENT_TO_ADD = 0x2000


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository around a scope.

    `folder` holds ``index``; `common` holds ``config`` and ``info`` (they differ in a linked worktree).
    `converts` is true where content may be changed between disk and blob: line ends, filters, or any doubt.
    `excludes` are the rule files outside the tree, the stronger first: ``info/exclude``, then the person's own.
    """

    top: Path
    folder: Path
    common: Path
    ignore_case: bool
    converts: bool
    id_bytes: int
    excludes: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One tracked file as the index saw it. `blob` is None where the index does not vouch for the bytes."""

    size: int
    mtime_ns: int
    blob: str | None


@dataclass(frozen=True, slots=True)
class Tracked:
    """The tracked files under one folder, by path relative to it, and every folder that is or holds something tracked.

    `submodules` are the paths of other repositories tracked as such. `note` is a sentence on why the index could
    not be used, in which case everything else is empty.
    """

    files: Mapping[str, Entry] = field(default_factory=dict)
    folders: frozenset[str] = frozenset()
    submodules: frozenset[str] = frozenset()
    note: str | None = None


def find_top(folder: Path) -> Path | None:
    """Return the nearest of *folder* and its parents that is a git work tree, or None.

    A ``.git`` file ends the search even if what it names is gone; a ``.git`` folder that holds no repository does not.
    """
    for candidate in (folder, *folder.parents):
        mark = candidate / ".git"
        if mark.is_file() or is_repository(candidate):
            return None if ".git" in folder.relative_to(candidate).parts else candidate
    return None


def is_repository(folder: Path) -> bool:
    """Tell whether git would take *folder* for the top of a work tree."""
    return _git_folder(folder) is not None


def open_repository(top: Path) -> Repository | None:
    """Return the repository whose work tree begins at *top*, or None if what ``.git`` names is not one."""
    folder = _git_folder(top)
    if folder is None:
        return None
    common = _common(folder)
    own = [pair for name in ("config", "config.worktree") for pair in _config(common / name)]
    own += _config(folder / "config.worktree") if folder != common else []
    person = list(_person_config())
    settings = dict(person) | {key: value for key, value in own if key in ("core.autocrlf", "core.ignorecase")}
    named = dict(own)
    return Repository(
        top=top,
        folder=folder,
        common=common,
        ignore_case=_is_true(settings.get("core.ignorecase", "false")),
        converts=_converts(settings, named, common),
        id_bytes=32 if named.get("extensions.objectformat", "sha1").lower() == "sha256" else 20,
        excludes=(common / "info" / "exclude", *_person_excludes(settings, top)),
    )


def comparison_settings(repository: Repository) -> Mapping[str, str]:
    """Return the settings by which git compares files on disk with its own, the repository's before the person's.

    They are words that git knows for what lies on a disk (line ends, modes, links); none names anything to run.
    """
    own = [pair for name in ("config", "config.worktree") for pair in _config(repository.common / name)]
    own += _config(repository.folder / "config.worktree") if repository.folder != repository.common else []
    settings = dict(_person_config()) | dict(own)
    return {
        name: value.lower()
        for name, allowed in _COMPARISON.items()
        if (value := settings.get(name, "")).lower() in allowed
    }


_YES_NO = frozenset("true yes on 1 false no off 0".split())
_COMPARISON = {
    "core.autocrlf": _YES_NO | {"input"},
    "core.eol": frozenset({"lf", "crlf", "native"}),
    "core.filemode": _YES_NO,
    "core.ignorecase": _YES_NO,
    "core.precomposeunicode": _YES_NO,
    "core.symlinks": _YES_NO,
}


def tracked_files(repository: Repository, folder: str) -> Tracked:
    """Return the tracked files under *folder*, a path relative to the top (``""`` for all), in one read of the index.

    Split indexes and damaged ones are not read: the result then carries a note and no file.
    """
    found = read_small(repository.folder / "index", _INDEX_BYTES)
    if found is None:
        return Tracked()
    data, state = found
    prefix = os.fsencode(folder) + b"/" if folder else b""
    try:
        return _read_index(data, prefix, repository.id_bytes, state.st_mtime_ns)
    except (struct.error, IndexError, ValueError):
        return Tracked(
            note="the git index is damaged or of a kind not known here; tracked files are told by rules alone"
        )


def may_convert(attributes: bytes) -> bool:
    """Tell whether a ``.gitattributes`` file sets anything that makes bytes on disk differ from the blob."""
    return _CONVERSION.search(attributes) is not None


_CONVERSION = re.compile(
    rb"^(?![ \t]*#)[^\n]*[ \t](?:text|crlf|eol|filter|ident|working-tree-encoding)(?:=|[ \t\r]|$)", re.MULTILINE
)


def _git_folder(top: Path) -> Path | None:
    """Return the git folder of the work tree at *top*: ``.git``, or what a ``.git`` file names."""
    mark = top / ".git"
    try:
        kind = mark.stat().st_mode
    except (OSError, ValueError):
        return None
    if stat.S_ISDIR(kind):
        return mark if _is_git_folder(mark) else None
    named = _first_line(mark)
    if not named.startswith("gitdir:"):
        return None
    folder = top / named.removeprefix("gitdir:").strip()
    return folder if _is_git_folder(folder) else None


def _is_git_folder(folder: Path) -> bool:
    head = folder / "HEAD"
    try:
        points = head.is_symlink() or re.match(r"ref:\s*refs/|[0-9a-f]{40}", _first_line(head)) is not None
        common = _common(folder)
        return points and (common / "objects").is_dir() and (common / "refs").is_dir()
    except (OSError, ValueError):
        return False


def _common(folder: Path) -> Path:
    named = _first_line(folder / "commondir")
    return folder / named if named else folder


def _first_line(path: Path) -> str:
    found = read_small(path, 4096)
    return os.fsdecode(found[0].split(b"\n", 1)[0].rstrip(b"\r")) if found else ""


# The index


def _read_index(data: bytes, prefix: bytes, id_bytes: int, index_mtime_ns: int) -> Tracked:
    """Read the entries under *prefix*. Versions 2, 3 and 4; entries outside are hopped over."""
    signature, version, count = struct.unpack_from(">4sII", data)
    if signature != b"DIRC" or version not in (2, 3, 4):
        raise ValueError("not an index")
    files: dict[str, Entry] = {}
    submodules: set[str] = set()
    at = 12
    flags_at = _ENTRY.size + id_bytes
    name = b""
    for _ in range(count):
        flags = data[at + flags_at] << 8 | data[at + flags_at + 1]
        name_at = at + flags_at + (4 if flags & _EXTENDED else 2)
        if version == 4:
            cut, name_at = _offset(data, name_at)
            end = data.index(0, name_at)
            name = name[: len(name) - cut] + data[name_at:end]
            following = end + 1
        else:
            end = name_at + (flags & _NAME)
            if flags & _NAME == _NAME:
                end = data.index(0, end)
            name = data[name_at:end]
            following = at + ((end - at + 8) & ~7)
        if name.startswith(prefix):
            path = os.fsdecode(name[len(prefix) :])
            fields = _ENTRY.unpack_from(data, at)
            if stat.S_IFMT(fields[6]) == 0o160000:
                submodules.add(path)
            elif stat.S_IFMT(fields[6]) != stat.S_IFDIR:
                extra = data[at + flags_at + 2] << 8 if flags & _EXTENDED else 0
                vouched = not flags & (_STAGE | _ASSUME_VALID) and not extra & _INTENT_TO_ADD
                files[path] = _entry(fields, data[at + _ENTRY.size : at + flags_at], index_mtime_ns, vouched=vouched)
        at = following
    if _has_extension(data, at, id_bytes, b"link"):
        return Tracked(
            note="the git index is split (core.splitIndex) and was not read; tracked files are told by rules alone"
        )
    folders = submodules.union(_parents(files), _parents(submodules))
    return Tracked(files, frozenset(folders), frozenset(submodules))


def _entry(fields: tuple[int, ...], blob: bytes, index_mtime_ns: int, *, vouched: bool) -> Entry:
    """Turn raw fields into an entry. A file as young as the index may have changed behind its back: no blob id."""
    mtime_ns = fields[2] * 1_000_000_000 + fields[3]
    return Entry(fields[9], mtime_ns, blob.hex() if vouched and mtime_ns < index_mtime_ns else None)


def _offset(data: bytes, at: int) -> tuple[int, int]:
    """Read a number in git's offset encoding: seven bits a byte, each continued one adding one."""
    value = data[at] & 0x7F
    while data[at] & 0x80:
        at += 1
        value = ((value + 1) << 7) | (data[at] & 0x7F)
    return value, at + 1


def _has_extension(data: bytes, at: int, id_bytes: int, wanted: bytes) -> bool:
    while at + 8 <= len(data) - id_bytes:
        if data[at : at + 4] == wanted:
            return True
        at += 8 + int.from_bytes(data[at + 4 : at + 8], "big")
    return False


def _parents(paths: Iterable[str]) -> Iterator[str]:
    last = ""
    for path in paths:
        folder = path.rpartition("/")[0]
        if folder == last:
            continue
        last = folder
        while folder:
            yield folder
            folder = folder.rpartition("/")[0]


# Configuration


def parse_config(data: bytes) -> list[tuple[str, str]]:
    """Return the settings of a git configuration file in order, as (``section.subsection.key``, value).

    Sections and keys are in lower case, subsections as written; a key without ``=`` is ``"true"``. What cannot be
    read is passed over.
    """
    text = os.fsdecode(data.removeprefix(b"\xef\xbb\xbf")).replace("\r\n", "\n")
    section = ""
    settings: list[tuple[str, str]] = []
    for line in re.sub(r"\\\n", "", text).split("\n"):
        rest = line.strip()
        if header := _SECTION.match(rest):
            subsection = header["old"] or (header["quoted"] and re.sub(r"\\(.)", r"\1", header["quoted"]))
            section = header["name"].lower() + (f".{subsection}" if subsection else "")
            rest = rest[header.end() :].strip()
        if setting := _SETTING.fullmatch(rest):
            value = "true" if setting["value"] is None else _value(setting["value"])
            settings.append((f"{section}.{setting['key'].lower()}", value))
    return settings


_SECTION = re.compile(r'\[\s*(?P<name>[\w-]+)(?:\.(?P<old>[\w.-]+)|\s+"(?P<quoted>(?:[^"\\]|\\.)*)")?\s*\]')
_SETTING = re.compile(r"(?P<key>[A-Za-z][A-Za-z0-9-]*)\s*(?:=\s*(?P<value>.*)|[#;].*)?", re.DOTALL)
_VALUE = re.compile(
    r'"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<escaped>\\.)|(?P<comment>[#;].*)|(?P<plain>[^"\\#;]+)', re.DOTALL
)
_ESCAPES = {"n": "\n", "t": "\t", "b": "\b"}


def _value(written: str) -> str:
    """Unquote a value; white space at its end and a comment outside quotes do not belong to it."""
    pieces: list[str] = []
    for match in _VALUE.finditer(written):
        if match.lastgroup == "comment":
            break
        piece = match[match.lastgroup or 0]
        pieces.append(re.sub(r"\\(.)", lambda escape: _ESCAPES.get(escape[1], escape[1]), piece))
    value = "".join(pieces)
    return value if written.rstrip().endswith('"') else value.rstrip()


def _config(path: Path) -> list[tuple[str, str]]:
    found = read_small(path, _CONFIG_BYTES)
    return parse_config(found[0]) if found else []


def _person_config() -> Iterator[tuple[str, str]]:
    """Yield the settings of the system's and the person's configuration; a later one of a name wins."""
    for path in _person_config_files():
        yield from _with_includes(path, _INCLUDE_DEPTH)


def _with_includes(path: Path, depth: int) -> Iterator[tuple[str, str]]:
    for key, value in _config(path):
        if key == "include.path" and depth:
            yield from _with_includes(path.parent / _expanded(value), depth - 1)
        else:
            yield key, value


def _person_config_files() -> list[Path]:
    environment = os.environ
    files: list[Path] = []
    if not _is_true(environment.get("GIT_CONFIG_NOSYSTEM", "false")):
        files += [Path(environment["GIT_CONFIG_SYSTEM"])] if "GIT_CONFIG_SYSTEM" in environment else _system_files()
    if "GIT_CONFIG_GLOBAL" in environment:
        return [*files, Path(environment["GIT_CONFIG_GLOBAL"])]
    return [*files, _person_folder() / "config", _expanded("~/.gitconfig")]


def _system_files() -> list[Path]:
    """Where git's builds keep the system configuration."""
    if os.name == "nt":
        return [Path(os.environ.get("PROGRAMFILES", "C:/Program Files"), "Git", "etc", "gitconfig")]
    return [Path("/etc/gitconfig"), Path("/usr/local/etc/gitconfig"), Path("/opt/homebrew/etc/gitconfig")]


def _person_folder() -> Path:
    named = os.environ.get("XDG_CONFIG_HOME")
    return Path(named, "git") if named else _expanded("~/.config/git")


def _person_excludes(settings: Mapping[str, str], top: Path) -> tuple[Path, ...]:
    named = settings.get("core.excludesfile")
    if named is None:
        return (_person_folder() / "ignore",)
    return (top / _expanded(named),) if named else ()


def _converts(settings: Mapping[str, str], own: Mapping[str, str], common: Path) -> bool:
    """Tell whether anything outside the tree asks for conversion of content, or could."""
    unknown = any(key.startswith(("include.", "includeif.")) for key in own) or "core.attributesfile" in own
    line_ends = settings.get("core.autocrlf", "true" if os.name == "nt" else "false").lower()
    person = settings.get("core.attributesfile")
    files = [
        common / "info" / "attributes",
        _expanded(person) if person else _person_folder() / "attributes",
        Path("/etc/gitattributes"),
    ]
    if unknown or line_ends not in ("false", "no", "off", "0"):
        return True
    return any(
        found is not None and may_convert(found[0]) for found in (read_small(path, _CONFIG_BYTES) for path in files)
    )


def _expanded(path: str) -> Path:
    return Path(os.path.expanduser(path))  # noqa: PTH111  # Path.expanduser raises where there is no home


def _is_true(value: str) -> bool:
    return value.lower() in ("true", "yes", "on", "1")
