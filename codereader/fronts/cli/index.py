"""``codereader index``: bring the index up to date, say how it stands, or forget it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from codereader.errors import StoreError, UsageError
from codereader.fronts.cli.options import How, Place, Which, opened, output_options, reading, scope_options
from codereader.fronts.shape import SCHEMA
from codereader.fronts.text import counted, duration, safe_line, size
from codereader.source.scope import DEFAULT_MAX_BYTES

if TYPE_CHECKING:
    from codereader.fronts.render import Output
    from codereader.index.build import BuildReport
    from codereader.index.status import Cleared, Status

_WHOLE = Which((), (), DEFAULT_MAX_BYTES)


@click.command("index", help="Bring the index of PATH up to date; other commands do this by themselves.")
@click.argument("path", type=Place(), metavar="PATH", required=False)
@click.option("--status", "wants_status", is_flag=True, help="Say how the index stands to PATH; parse nothing.")
@click.option("--clear", "wants_clear", is_flag=True, help="Forget the root that PATH lies in.")
@click.option("--all", "wants_all", is_flag=True, help="With --clear: delete the whole index; PATH may be left out.")
@scope_options
@output_options("text", "json")
def command(path: Path | None, wants_status: bool, wants_clear: bool, wants_all: bool, which: Which, how: How) -> None:
    """Build the index and print the counts, or do what the flags ask for."""
    if wants_status and wants_clear:
        raise UsageError("--status and --clear cannot be used together", "Run one after the other.")
    if wants_all and not wants_clear:
        raise UsageError("--all goes with --clear only", "To delete the whole index: codereader index --clear --all")
    if wants_clear and which != _WHOLE:
        raise UsageError("--clear forgets a whole root: no flag narrows it", "Leave out --include and the like.")
    if wants_clear:
        _clear(None if wants_all else _given(path), how)
    elif wants_status:
        _status(_given(path), which, how)
    else:
        _build(_given(path), which, how)


def _given(path: Path | None) -> Path:
    if path is None:
        raise UsageError("PATH is missing", "Pass a folder or a file: codereader index PATH")
    return path


def _build(path: Path, which: Which, how: How) -> None:
    with how.report() as report, how.open() as out:
        with opened(path, which, report) as reader:
            built, skipped = reader.built, reader.skipped
        if built.outdated:
            raise StoreError(f"the index was not brought up to date with {counted(built.outdated, 'file')}")
        shape = {**asdict(built), "skipped": len(skipped)}
        del shape["outdated"]
        _write(out, how, shape, lambda: _built_text(built))


def _built_text(built: BuildReport) -> str:
    return (
        f"{counted(built.files, 'file')}: {built.added:,} new, {built.changed:,} changed, "
        f"{built.unchanged:,} unchanged, {built.removed:,} removed, {len(built.skipped):,} skipped; "
        f"{counted(built.parsed, 'content')} parsed, in {duration(built.seconds)}\n"
    )


def _status(path: Path, which: Which, how: How) -> None:
    with how.report() as report, how.open() as out:
        with reading(path, which) as reader:
            found = reader.status()
        report.clear()
        shape = {
            "index": str(found.path),
            "bytes": found.size,
            "terms_bytes": found.terms,
            "root": str(found.root),
            "files": found.files,
            "languages": dict(found.languages),
            "up_to_date": found.is_current,
            "missing": found.missing,
            "changed": found.changed,
            "gone": found.gone,
            "built": found.built,
            "contents": found.contents,
            "unused_contents": found.unused,
            "other_roots": [
                {"path": str(root.path), "files": root.files, "built": root.built or None, "exists": root.path.is_dir()}
                for root in found.others
            ],
        }
        _write(out, how, shape, lambda: _status_text(found))


def _status_text(found: Status) -> str:
    spoken = ", ".join(
        f"{count:,} {name}" for name, count in sorted(found.languages.items(), key=lambda p: (-p[1], p[0]))
    )
    rows = [
        ("index", f"{found.path}, {size(found.size)}{_terms(found)}"),
        ("root", str(found.root)),
        ("files", f"{found.files:,}" + (f": {spoken}" if spoken else "")),
        ("state", _state(found)),
        ("built", _when(found.built)),
        ("contents", f"{found.contents:,}, {found.unused:,} of them held by no file any more"),
    ]
    for root in found.others:
        gone = "" if root.path.is_dir() else ", no longer on disk"
        rows.append(("also", f"{root.path}: {counted(root.files, 'file')}, built {_when(root.built)}{gone}"))
    return "".join(f"{word:<9} {safe_line(text)}\n" for word, text in rows)


def _terms(found: Status) -> str:
    return f", and {size(found.terms)} of words that search looks up" if found.terms else ""


def _state(found: Status) -> str:
    if found.is_current:
        return "up to date"
    parts = (("not in the index", found.missing), ("changed", found.changed), ("gone", found.gone))
    total = found.missing + found.changed + found.gone
    return f"{counted(total, 'file')} to deal with: " + ", ".join(f"{n:,} {word}" for word, n in parts if n)


def _when(seconds: int | None) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds)) if seconds else "never"


def _clear(path: Path | None, how: How) -> None:
    with how.report(), how.open() as out:
        if path is None:
            from codereader import config
            from codereader.index.status import clear_all

            done = clear_all(config.cache_dir())
        else:
            with reading(path, _WHOLE) as reader:
                done = reader.clear()
        shape = {
            "index": str(done.path),
            "roots": done.roots,
            "files": done.files,
            "contents": done.contents,
            "freed_bytes": done.freed,
        }
        _write(out, how, shape, lambda: _cleared_text(done))


def _cleared_text(done: Cleared) -> str:
    return (
        f"forgot {counted(done.roots, 'root')} with {counted(done.files, 'file')} and "
        f"{counted(done.contents, 'content')}; {size(max(done.freed, 0))} freed\n"
    )


def _write(out: Output, how: How, shape: dict[str, Any], text: Callable[[], str]) -> None:
    if how.style == "json":
        out.json({"schema": SCHEMA, **shape})
    else:
        out.write(text())
