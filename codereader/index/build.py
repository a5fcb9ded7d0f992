"""Bring the index of one scope up to date: read what changed, parse what was never parsed.

A file whose size, time and inode are as they were is not read. One that was read is known by its content: only
contents that no root ever held are parsed. Other folders of the same root are left as they are.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from codereader.cancel import Cancelled, CancelToken
from codereader.errors import BrokenIndex, StoreError
from codereader.index.digest import Digest, UnreadableError, digest, read
from codereader.index.known import is_fresh
from codereader.index.parse import problems, stamp
from codereader.index.pruning import prune
from codereader.index.store import FileRow, Seen, Store, open_store, open_to_read
from codereader.index.unchanged import keep
from codereader.source.scope import Skipped, SourceFile, Walk, from_root

LARGE_BYTES = 128 << 10
"""Files above are parsed first, so that none of them is left to one worker while the others have nothing to do."""

BATCH_FILES = 256
BATCH_BYTES = 8 << 20
"""So many files, or bytes of facts, are written at once; what a killed build loses is at most that."""


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build found and did. All but `seconds` count files; `parsed` counts contents that were parsed anew.

    `notes` are sentences for a person, such as on an index that had to be made anew. `outdated` counts the files that
    are left out, since the index could not be brought up to date with them.
    """

    files: int
    parsed: int
    added: int
    changed: int
    removed: int
    unchanged: int
    skipped: tuple[Skipped, ...]
    seconds: float
    notes: tuple[str, ...] = ()
    outdated: int = 0


class _Work:
    """One build under way: what it knows, and what it has made and not yet written."""

    def __init__(self, walk: Walk, store: Store, cancel: CancelToken) -> None:
        scope = walk.scope
        self.scope = scope
        self.store = store
        self.cancel = cancel
        self.known: Mapping[str, FileRow] = store.files(scope.root, scope.folder)
        self.stamps = {language: stamp(language) for language in sorted({file.language for file in walk.files})}
        self.blobs: dict[str, str] = {}
        self.skipped: list[Skipped] = []
        self.parsed = 0
        self.has_left = False
        """Whether a content lost a file."""
        self.root = 0
        self._seen: list[Seen] = []
        self._made: list[tuple[SourceFile, Digest]] = []
        self._bytes = 0

    def path(self, file: SourceFile) -> str:
        """Return the absolute path of *file*."""
        return os.path.join(self.scope.root, from_root(self.scope, file.path))  # noqa: PTH118  # keeps every byte of a name

    def row(self, file: SourceFile) -> FileRow | None:
        """Return what the index knew of *file* when the build began."""
        return self.known.get(from_root(self.scope, file.path))

    def hold(self, file: SourceFile, seen: Seen, blob: str) -> None:
        """Take note that *file* holds a content whose facts are stored."""
        self.blobs[file.path] = blob
        self._seen.append(seen)

    def make(self, file: SourceFile, made: Digest) -> None:
        """Take the facts of *file*, or the reason why there are none."""
        if made.packed is None:
            self.skip(file, made.reason or "cannot be read")
            return
        self.blobs[file.path] = made.blob
        self._made.append((file, made))
        self._bytes += made.packed.size

    def skip(self, file: SourceFile, reason: str) -> None:
        """Leave *file* out."""
        self.skipped.append(Skipped(file.path, reason))

    @property
    def is_heavy(self) -> bool:
        """Whether a batch is due."""
        return len(self._seen) + len(self._made) >= BATCH_FILES or self._bytes >= BATCH_BYTES

    def write(self, gone: Sequence[str] = ()) -> None:
        """Write what was taken so far in one transaction, and forget the files *gone* from the root."""
        gone = [*gone, *(from_root(self.scope, one.path) for one in self.skipped)]
        gone = [path for path in gone if path in self.known]
        if not (self._seen or self._made or gone):
            return
        with self.store.batch():
            self.root = self.store.root(self.scope.root)
            rows = self._seen + [self._stored(file, made) for file, made in self._made]
            self.store.put(self.root, rows)
            self.store.drop(self.root, gone)
        self._seen, self._made, self._bytes = [], [], 0
        self.has_left = self.has_left or bool(gone) or any(self._replaces(row) for row in rows)

    def _replaces(self, row: Seen) -> bool:
        before = self.known.get(row.path)
        return before is not None and before.parse != row.parse

    def _stored(self, file: SourceFile, made: Digest) -> Seen:
        packed = made.packed
        if packed is None:
            raise ValueError(file.path)
        parse, is_new = self.store.add(made.blob, file.language, self.stamps[file.language], packed)
        self.parsed += is_new
        path = from_root(self.scope, file.path)
        return Seen(path, made.size, made.mtime_ns, made.inode, made.read_ns, parse, file.asked)


def build(
    walk: Walk, cache: Path, cancel: CancelToken, progress: Callable[[int, int], None] | None = None
) -> BuildReport:
    """Bring the index in the folder *cache* up to date with *walk* and report what that took.

    *progress* is called with the files dealt with and the files to deal with; unchanged ones do not count.
    An index that proves damaged is moved aside and made anew, once. One that cannot be written, but read, is taken as
    it is: then files that it does not hold as they are on disk are left out.
    Raises: StoreError where the index cannot be used; Cancelled, after keeping what was done.
    """
    try:
        return _build(walk, cache, cancel, progress or _silent)
    except BrokenIndex as error:
        report = _build(walk, cache, cancel, progress or _silent)
        return replace(report, notes=(f"{error}; it was moved aside and made anew", *report.notes))
    except StoreError as error:
        kept = _as_it_is(walk, cache, str(error))
        if kept is None:
            raise
        return kept


def report_unchanged(walk: Walk, notes: tuple[str, ...], seconds: float) -> BuildReport:
    """Report a walk that `codereader.index.unchanged` found as it was: there is nothing to build."""
    count = len(walk.files)
    return BuildReport(count, 0, 0, 0, 0, count, walk.skipped, seconds, notes)


def _as_it_is(walk: Walk, cache: Path, why: str) -> BuildReport | None:
    """Report what the index holds of *walk*, since it cannot be written for the reason *why*; None for nothing."""
    began = time.monotonic()
    try:
        with closing(open_to_read(cache)) as store:
            known = store.files(walk.scope.root, walk.scope.folder)
    except StoreError:
        return None
    stale = [file.path for file in walk.files if not is_fresh(known.get(from_root(walk.scope, file.path)), file)]
    left_out = [Skipped(path, "not in the index, which cannot be written") for path in stale]
    if len(stale) == len(walk.files):
        return None
    note = f"{why}; {len(stale):,} of {len(walk.files):,} files are new or changed, and left out"
    return BuildReport(
        files=len(walk.files) - len(stale),
        parsed=0,
        added=0,
        changed=0,
        removed=0,
        unchanged=len(walk.files) - len(stale),
        skipped=tuple(sorted((*walk.skipped, *left_out), key=lambda one: (one.path, one.reason))),
        seconds=time.monotonic() - began,
        notes=(note,) if stale else (),
        outdated=len(stale),
    )


def _build(walk: Walk, cache: Path, cancel: CancelToken, progress: Callable[[int, int], None]) -> BuildReport:
    began = time.monotonic()
    store = open_store(cache)
    try:
        work = _Work(walk, store, cancel)
        stale = [file for file in walk.files if not is_fresh(work.row(file), file)]
        gone = _gone(work, walk)
        _renew_all(work, stale, gone, progress)
        _finish(work)
        _keep(work, walk, has_changed=bool(stale or gone))
        return _report(work, walk, stale, gone, time.monotonic() - began)
    finally:
        store.close()


def _finish(work: _Work) -> None:
    """Note that the root is up to date, and forget contents that no file holds any more where they are too many."""
    if work.root:
        with work.store.batch():
            work.store.note_built(work.root, int(time.time()))
            if work.has_left:
                prune(work.store)


def _keep(work: _Work, walk: Walk, *, has_changed: bool) -> None:
    """Keep the walk where all of it is in the index, so that the next finds at once that nothing changed."""
    if walk.state is not None and not work.skipped:
        scope = walk.scope
        keep(work.store, walk, work.store.files(scope.root, scope.folder) if has_changed else work.known)


def _silent(_: int, __: int) -> None:
    """Ignore progress."""


def _gone(work: _Work, walk: Walk) -> list[str]:
    """Return the known files that the scope no longer holds. A narrowed scope cannot tell: then none.

    Generated code stays: some commands read it, some do not.
    """
    scope = walk.scope
    if scope.only or scope.include or scope.exclude:
        return []
    here = {from_root(scope, file.path) for file in walk.files}
    here.update(path for path in _passed_over(work, walk) if work.known[path].asked)
    return sorted(path for path in work.known if path not in here)


def _passed_over(work: _Work, walk: Walk) -> Iterator[str]:
    """Yield the known files that are still there and that this walk does not read."""
    paths = (from_root(walk.scope, one.path) for one in walk.skipped)
    return (path for path in paths if path in work.known)


def _renew_all(
    work: _Work, stale: Sequence[SourceFile], gone: Sequence[str], progress: Callable[[int, int], None]
) -> None:
    try:
        for done, _ in enumerate(_renew(work, stale), 1):
            progress(done, len(stale))
            if work.is_heavy:
                work.write()
    except Cancelled:
        work.write()
        raise
    work.write(gone)


def _renew(work: _Work, stale: Sequence[SourceFile]) -> Iterator[None]:
    """Find or make the facts of *stale* files; yields once a file."""
    unparsed: dict[tuple[str, str], SourceFile] = {}
    twins: list[SourceFile] = []
    stored = work.store.find(file.blob for file in stale if file.blob)
    for file in stale:
        work.cancel.check()
        is_new = file.blob and (file.blob, file.language, work.stamps[file.language]) not in stored
        blob = file.blob if is_new else _kept(work, file)
        if blob is None:
            yield
        elif (blob, file.language) in unparsed:
            twins.append(file)
        else:
            unparsed[blob, file.language] = file
    new = sorted(unparsed.values(), key=lambda file: (file.size < LARGE_BYTES, file.path))
    for file, made in zip(new, _digests(work, new), strict=True):
        work.make(file, made)
        yield
    work.write()
    for file in twins:
        work.cancel.check()
        if _kept(work, file) is not None:
            work.make(file, digest(work.path(file), file.language))
        yield


def _digests(work: _Work, files: Sequence[SourceFile]) -> Iterator[Digest]:
    """Yield the facts of each of the *files*, in order; what makes them is imported only where there are any."""
    if files:
        from codereader.index.workers import Task, digest_all

        yield from digest_all([Task(work.path(file), file.language, file.size) for file in files], work.cancel)


def _kept(work: _Work, file: SourceFile) -> str | None:
    """Take the facts of *file* from the store; return its blob id where they have yet to be made."""
    wanted, path = work.stamps[file.language], from_root(work.scope, file.path)
    if file.blob and (parse := work.store.find([file.blob]).get((file.blob, file.language, wanted))):
        seen = Seen(path, file.size, file.mtime_ns, file.inode, time.time_ns(), parse, file.asked)
        work.hold(file, seen, file.blob)
        return None
    try:
        content = read(work.path(file))
    except UnreadableError as error:
        work.skip(file, str(error))
        return None
    parse = work.store.find([content.blob]).get((content.blob, file.language, wanted))
    if parse is None:
        return content.blob
    state = (len(content.data), content.mtime_ns, content.inode, content.read_ns)
    work.hold(file, Seen(path, *state, parse, file.asked), content.blob)
    return None


def _report(work: _Work, walk: Walk, stale: Sequence[SourceFile], gone: Sequence[str], seconds: float) -> BuildReport:
    added = changed = same = 0
    for file in stale:
        blob, row = work.blobs.get(file.path), work.row(file)
        if blob is None:
            continue
        added += row is None
        changed += row is not None and row.blob != blob
        same += row is not None and row.blob == blob
    skipped = tuple(sorted((*walk.skipped, *work.skipped), key=lambda one: (one.path, one.reason)))
    return BuildReport(
        files=len(walk.files) - len(work.skipped),
        parsed=work.parsed,
        added=added,
        changed=changed,
        removed=len(gone),
        unchanged=len(walk.files) - len(stale) + same,
        skipped=skipped,
        seconds=seconds,
        notes=(*problems(work.stamps), *((work.store.note,) if work.store.note else ())),
    )
