"""Find the files under a scope that git would list, and say why others are not read.

The list is that of ``git ls-files --cached --others --exclude-standard``, told without running git, less what
`codereader.source.skip` gives a reason for and what our own rules (`codereader.source.layers`) hide. Symbolic links
below the scope are never followed: they are skipped with that reason, so no path leads out and no loop exists.
Another repository inside the tree is not entered. Files that git ignores are not mentioned at all.

A line ``!name`` in ``.codereaderignore``, or the flag ``--exclude '!name'``, brings back what git ignores and what is
skipped as generated or as a lock file. Knows nothing of parsing.
"""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from codereader.cancel import CancelToken
from codereader.errors import NothingReadable
from codereader.source import skip
from codereader.source.disk import read_head, read_small
from codereader.source.git import (
    Repository,
    Tracked,
    find_top,
    is_repository,
    may_convert,
    open_repository,
    tracked_files,
)
from codereader.source.ignore import Rules, rules_of
from codereader.source.languages import TEXT, known_languages, language_of
from codereader.source.layers import GIT_RULES, STRONG_RULES, WEAK_RULES, Layer, Layers, layer_of
from codereader.source.listing import ATTRIBUTES, Listing, ground_of, is_link
from codereader.source.scope import DEFAULT_MAX_BYTES, Known, Scope, Skipped, SourceFile, Walk

_ATTRIBUTE_BYTES = 1 << 20


def open_scope(
    path: Path,
    *,
    include: tuple[str, ...] = (),
    exclude: tuple[str, ...] = (),
    max_bytes: int = DEFAULT_MAX_BYTES,
    generated: bool = False,
) -> Scope:
    """Return the scope that *path*, a folder or one file, stands for.

    Its root is the nearest git work tree around it, else the folder itself. Symbolic links in *path* are resolved.
    *include* and *exclude* are patterns in ignore-file syntax, relative to the folder; *max_bytes* bounds a file;
    *generated* takes in code that says it was generated.
    Raises: NothingReadable if *path* is missing, forbidden, or neither a folder nor a regular file.
    """
    try:
        found = path.resolve(strict=True)
        is_folder = _require_readable(found)
    except (OSError, RuntimeError, ValueError) as error:
        raise NothingReadable(f"cannot read {path}: {_why(error)}") from error
    folder = found if is_folder else found.parent
    top = find_top(folder)
    place = folder.relative_to(top).as_posix() if top else "."
    return Scope(
        root=top or folder,
        folder="" if place == "." else place,
        only=None if is_folder else found.name,
        include=tuple(include),
        exclude=tuple(exclude),
        max_bytes=max_bytes,
        has_git=top is not None and is_repository(top),
        generated=generated,
    )


def walk(
    scope: Scope,
    cancel: CancelToken,
    progress: Callable[[int], None] | None = None,
    *,
    known: Mapping[str, Known] | None = None,
    ground: bytes | None = None,
) -> Walk:
    """Return the files of *scope* that can be read as text, and what was skipped, both sorted by path.

    A scope of one file is read even if rules hide it or it looks generated. *progress* is told, folder by folder, how
    many files were found. *known* holds files of an earlier walk by path from the scope's folder: those whose size,
    time and inode are the same are not opened again where their language is told by their name, or was found inside.
    *ground* is that of the scope (`codereader.source.listing`) where it is known already.
    Raises: Cancelled.
    """
    listing = Listing(ground_of(scope) if ground is None else ground)
    repository = open_repository(scope.root) if scope.has_git else None
    tracked = tracked_files(repository, scope.folder) if repository else Tracked()
    walker = _Walker(scope, repository, tracked, known or {}, listing)
    if scope.only:
        walker.take_only(scope.only)
    else:
        walker.take_all(cancel, progress)
    return Walk(
        scope=scope,
        files=tuple(sorted(walker.files, key=lambda file: file.path)),
        skipped=tuple(sorted(walker.skipped, key=lambda skipped: (skipped.path, skipped.reason))),
        notes=(tracked.note,) if tracked.note else (),
        state=None if scope.only else listing.state,
    )


def nothing_readable(walked: Walk) -> NothingReadable:
    """Return the error that says why *walked* holds no file, and how to see more."""
    scope = walked.scope
    place = shown_path(scope)
    if not walked.skipped:
        hint = f"If git ignores it, a line !/{scope.folder}/ in {STRONG_RULES} at {scope.root} brings it back."
        message = f"no source text under {place}: it is empty, or ignore rules hide what it holds"
        return NothingReadable(message, hint if scope.has_git and scope.folder else None)
    return NothingReadable(
        f"no source text under {place} ({skip.counted(walked.skipped)})",
        f"See them with: codereader map {shlex.quote(place)} --skipped",
    )


def shown_path(scope: Scope) -> str:
    """Return the path of *scope* as a person would type it: relative where it lies below the working folder."""
    path = scope.path / scope.only if scope.only else scope.path
    try:
        return str(path.relative_to(Path.cwd()))
    except (OSError, ValueError):
        return str(path)


def _require_readable(path: Path) -> bool:
    """Tell whether *path* is a folder. Raises: OSError if it cannot be opened or is neither folder nor file."""
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        os.scandir(path).close()
        return True
    if not stat.S_ISREG(mode):
        raise OSError("it is neither a folder nor a regular file")
    read_head(str(path), 1)
    return False


def _why(error: Exception) -> str:
    if isinstance(error, PermissionError):
        return "no permission"
    if isinstance(error, FileNotFoundError):
        return "no such file or folder"
    if isinstance(error, RuntimeError):
        return "its symbolic links form a loop"
    return getattr(error, "strerror", None) or str(error)


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder to be listed. `path` is relative to the scope and `place` (bytes) to the root, both ending in ``/``
    unless empty. `hidden`: git's rules hide it, so only tracked files in it count. `included`: --include takes all
    of it. `converts`: blob ids in it may not stand for the bytes on disk.
    """

    on_disk: Path
    path: str
    place: bytes
    layers: Layers
    hidden: bool
    included: bool
    converts: bool


class _Walker:
    """One walk in progress: what it may look at, and the two lists that it fills."""

    def __init__(
        self,
        scope: Scope,
        repository: Repository | None,
        tracked: Tracked,
        known: Mapping[str, Known],
        listing: Listing,
    ) -> None:
        self.files: list[SourceFile] = []
        self.skipped: list[Skipped] = []
        self._scope = scope
        self._tracked = tracked
        self._known = known
        self._listing = listing
        self._languages = known_languages()
        self._in_git = repository is not None
        self._fold = repository is not None and repository.ignore_case
        self._include: Rules | None = rules_of(scope.include)
        self._base = len(os.fsencode(scope.folder)) + 1 if scope.folder else 0
        self._converts = repository is None or repository.converts
        excludes = repository.excludes if repository else ()
        self._outer = tuple(layer for path in excludes for layer in layer_of(path, fold=self._fold))

    def take_only(self, name: str) -> None:
        """Look at the one file of the scope."""
        path = self._scope.path / name
        try:
            self._take_bytes(str(path), name, path.stat(), converts=self._top().converts, trusted=True)
        except OSError as error:
            self._fail(name, error)

    def take_all(self, cancel: CancelToken, progress: Callable[[int], None] | None) -> None:
        """Look at every folder of the scope."""
        waiting = [self._top()]
        while waiting:
            cancel.check()
            waiting.extend(self._take_folder(waiting.pop()))
            if progress:
                progress(len(self.files))

    def _top(self) -> _Folder:
        """Return the scope's folder with the rules of its parents, from the root down.

        Our own rules never hide a folder that was asked for; they may bring it back.
        """
        exclude = rules_of(self._scope.exclude)
        flags = (Layer(exclude, self._base, "--exclude"),) if exclude else ()
        root = self._scope.root
        top = _Folder(root, "", b"", Layers(self._outer, flags), False, self._include is None, self._converts)
        for name in self._scope.folder.split("/") if self._scope.folder else ():
            top = self._with_rules(top, None)
            place = top.place + os.fsencode(name)
            word = top.layers.own_word(place, is_folder=True)
            hidden = top.hidden or (top.layers.git_hides(place, is_folder=True) and (word is None or word[0]))
            top = replace(top, on_disk=top.on_disk / name, place=place + b"/", hidden=hidden)
        return self._with_rules(top, None) if self._scope.only else top

    def _with_rules(self, folder: _Folder, names: set[str] | None) -> _Folder:
        """Return *folder* with the rules of the files in it; *names* lists it, None where that is not known."""
        layers, converts = folder.layers, folder.converts
        if not folder.hidden and (names is None or GIT_RULES in names):
            layers = layers.git_inside(folder.on_disk, len(folder.place), fold=self._fold)
        if names is None or STRONG_RULES in names or WEAK_RULES in names:
            layers = layers.own_inside(folder.on_disk, len(folder.place))
        if not converts and (names is None or ATTRIBUTES in names):
            found = read_small(folder.on_disk / ATTRIBUTES, _ATTRIBUTE_BYTES)
            converts = found is not None and may_convert(found[0])
        elif not converts:
            converts = folder.path + ATTRIBUTES in self._tracked.files
        return replace(folder, layers=layers, converts=converts)

    def _take_folder(self, folder: _Folder) -> list[_Folder]:
        """List one folder; return the folders in it that are to be listed."""
        try:
            with os.scandir(folder.on_disk) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            self._fail(folder.path.rstrip("/") or ".", error)
            return []
        self._listing.add(folder.path, os.fspath(folder.on_disk), entries)
        names = {entry.name for entry in entries}
        if self._is_other_repository(folder, names):
            self._skip(folder.path.rstrip("/"), skip.OTHER_REPOSITORY)
            return []
        folder = self._with_rules(folder, names)
        below = [self._take_entry(folder, entry) for entry in entries if not self._is_git_mark(entry.name)]
        return [found for found in below if found]

    def _is_git_mark(self, name: str) -> bool:
        return name == ".git" or (self._fold and name.lower() == ".git")

    def _is_other_repository(self, folder: _Folder, names: set[str]) -> bool:
        path = folder.path.rstrip("/")
        if not self._in_git or not path:
            return False
        if path in self._tracked.submodules:
            return True
        return ".git" in names and path not in self._tracked.folders and is_repository(folder.on_disk)

    def _take_entry(self, folder: _Folder, entry: os.DirEntry[str]) -> _Folder | None:
        """Judge one name. A folder that is to be listed is returned; everything else ends in one of the lists."""
        path = folder.path + entry.name
        place = folder.place + os.fsencode(entry.name)
        try:
            links = is_link(entry)
            is_folder = not links and entry.is_dir(follow_symlinks=False)
        except OSError as error:
            self._fail(path, error)
            return None
        word = folder.layers.own_word(place, is_folder=is_folder)
        brought_back = word is not None and not word[0]
        hidden = folder.hidden or (not brought_back and folder.layers.git_hides(place, is_folder=is_folder))
        if hidden and path not in (self._tracked.folders if is_folder else self._tracked.files):
            return None
        if word and word[0]:
            self._skip(path, ("folder " if is_folder else "") + f"hidden by {word[1]}")
            return None
        included = self._is_included(folder, place, is_folder=is_folder)
        if is_folder:
            return replace(
                folder,
                on_disk=folder.on_disk / entry.name,
                path=path + "/",
                place=place + b"/",
                hidden=hidden,
                included=included,
            )
        if not included:
            self._skip(path, skip.NOT_INCLUDED)
        elif links:
            self._skip(path, skip.LINK)
        else:
            self._take_file(folder, entry, path, trusted=brought_back)
        return None

    def _is_included(self, folder: _Folder, place: bytes, *, is_folder: bool) -> bool:
        word = self._include.verdict(place[self._base :], is_folder=is_folder) if self._include else None
        return folder.included if word is None else word

    def _take_file(self, folder: _Folder, entry: os.DirEntry[str], path: str, *, trusted: bool) -> None:
        reason = None if trusted else skip.unread_name(entry.name)
        if reason:
            self._skip(path, reason)
            return
        try:
            found = entry.stat(follow_symlinks=False)
            self._take_bytes(entry.path, path, found, converts=folder.converts, trusted=trusted)
        except OSError as error:
            self._fail(path, error)

    def _take_bytes(self, on_disk: str, path: str, found: os.stat_result, *, converts: bool, trusted: bool) -> None:
        """Judge a file by kind, size and first bytes. *trusted*: asked for by name, so generated text is read too.

        Raises: OSError if it cannot be opened.
        """
        if not stat.S_ISREG(found.st_mode):
            self._skip(path, skip.NOT_REGULAR)
            return
        reason = skip.unread_size(found.st_size, self._scope.max_bytes)
        language = None if reason else self._known_language(path, found, trusted=trusted)
        if not reason and language is None:
            head = read_head(on_disk, skip.HEAD_BYTES) if found.st_size else b""
            language = language_of(path, head)
            reason = skip.unread_bytes(head)
            if not reason and not trusted:
                reason, trusted = self._judge(head, language)
        if reason or language is None:
            self._skip(path, reason or "")
            return
        blob = None if converts else self._blob(path, found)
        self.files.append(SourceFile(path, found.st_size, found.st_mtime_ns, found.st_ino, language, blob, trusted))

    def _judge(self, head: bytes, language: str) -> tuple[str | None, bool]:
        """Return why a file that begins with *head* is not read, and whether it is read all the same."""
        mark = skip.unread_marker(head)
        wanted = self._scope.generated and language != TEXT
        return (None, True) if mark and wanted else (mark, False)

    def _known_language(self, path: str, found: os.stat_result, *, trusted: bool) -> str | None:
        """Return the language of a file that an earlier walk looked into and that is the same since, or None.

        One that was read only because it was asked for may look generated; plain text may have a language by now.
        """
        known = self._known.get(path)
        if known is None or (known.asked and not trusted):
            return None
        if (known.size, known.mtime_ns, known.inode) != (found.st_size, found.st_mtime_ns, found.st_ino):
            return None
        return self._languages.named(path) or (known.language if known.language != TEXT else None)

    def _blob(self, path: str, found: os.stat_result) -> str | None:
        entry = self._tracked.files.get(path)
        same = entry and (entry.size, entry.mtime_ns) == (found.st_size & 0xFFFFFFFF, found.st_mtime_ns)
        return entry.blob if entry and same else None

    def _skip(self, path: str, reason: str) -> None:
        self.skipped.append(Skipped(path, reason))

    def _fail(self, path: str, error: OSError) -> None:
        self._listing.is_whole = False
        self._skip(path, skip.unread_error(error))
