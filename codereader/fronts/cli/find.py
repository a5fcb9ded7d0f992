"""``codereader find``: where a name is defined, who reaches it, what it reaches, and the ways between two names."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from codereader.errors import ConfigError, ExitCode, NothingFound, UsageError
from codereader.fronts.cli.options import PATH, Count, How, Place, Which, opened, output_options, scope_options
from codereader.fronts.text import counted

if TYPE_CHECKING:
    from codereader.facts.graph.edges import Edges
    from codereader.facts.graph.finding import Finder, Found
    from codereader.facts.graph.symbol import Symbol
    from codereader.fronts.render import Output
    from codereader.fronts.report import Report
    from codereader.reader import Reader

PATHS = 5
"""So many paths are shown unless more are asked for."""

CONFIG_BYTES = 16 << 20
"""A larger file is no .config."""

_NOTHING = {
    "callers": "nothing in {} is seen to call {}",
    "callees": "{1} is not seen to call anything",
    "refs": "nothing in {} mentions {}",
    "implementors": "no table in {} is seen to fill {}",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the flags ask for. `way` is ``definitions`` or a flag's name; `depth` and `limit` are None by default."""

    symbol: Symbol
    way: str
    other: Symbol | None
    depth: int | None
    limit: int | None


@click.command(
    "find",
    help="Tell where NAME is defined in PATH, or what the flag asks of it. "
    "NAME is a name, FILE:NAME, CLASS.METHOD or STRUCT.FIELD.",
)
@PATH
@click.argument("name", metavar="NAME")
@click.option("--callers", is_flag=True, help="Who calls NAME: directly, by a macro, through tables and pointers.")
@click.option("--callees", is_flag=True, help="What NAME calls.")
@click.option("--refs", is_flag=True, help="Every mention of NAME.")
@click.option("--implementors", is_flag=True, help="The functions that tables put into NAME, a STRUCT.FIELD.")
@click.option("--paths-to", metavar="NAME2", help="The shortest ways from NAME to NAME2, each hop with its evidence.")
@click.option("--depth", type=Count(1), metavar="N", help="Hops at most; default 1, of paths 12.")
@click.option("--limit", type=Count(1), metavar="N", help="Results at most; default all, of paths 5.")
@click.option("--kconfig", type=Place(), metavar="FILE", help="Leave out what this kernel .config does not build.")
@scope_options
@output_options("text", "json", "jsonl", "vimgrep")
def command(
    path: Path,
    name: str,
    callers: bool,
    callees: bool,
    refs: bool,
    implementors: bool,
    paths_to: str | None,
    depth: int | None,
    limit: int | None,
    kconfig: Path | None,
    which: Which,
    how: How,
) -> int:
    """Find a name and return the exit code."""
    flags = {"callers": callers, "callees": callees, "refs": refs, "implementors": implementors}
    asked = _asked(name, [flag for flag, given in flags.items() if given], paths_to, depth, limit)
    configuration = _read(kconfig) if kconfig else None
    with how.report() as report, how.open() as out, opened(path, which, report, generated=True) as reader:
        report.progress("looking", 0, 0, "")
        with reader.cancel.anywhere():
            return _answer(reader, _edges(reader, configuration, kconfig), asked, report, out, how.style)


def _asked(name: str, ways: list[str], paths_to: str | None, depth: int | None, limit: int | None) -> Asked:
    from codereader.facts.graph.symbol import read_symbol

    if paths_to is not None:
        ways = [*ways, "paths-to"]
    if len(ways) > 1:
        raise UsageError(f"--{ways[0]} and --{ways[1]} contradict each other", "Leave one of them out.")
    way = ways[0] if ways else "definitions"
    if depth is not None and way not in ("callers", "callees", "paths-to"):
        message = "--depth says nothing without --callers, --callees or --paths-to"
        raise UsageError(message, "Add one of them, or leave --depth out.")
    for text in (name, paths_to):
        if text is not None and not read_symbol(text).name:
            raise UsageError(f"{text!r} is not a name", "Pass a name, FILE:NAME, CLASS.METHOD or STRUCT.FIELD.")
    return Asked(read_symbol(name), way, read_symbol(paths_to) if paths_to else None, depth, limit)


def _read(place: Path) -> bytes:
    """Return the bytes of a .config. Raises: ConfigError."""
    try:
        if place.stat().st_size > CONFIG_BYTES:
            raise ConfigError(f"cannot read the configuration {place}: it is too large to be one", _KCONFIG)
        return place.read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot read the configuration {place}: {error.strerror or error}", _KCONFIG) from error


_KCONFIG = "Pass the .config of a configured kernel to --kconfig."


def _edges(reader: Reader, configuration: bytes | None, place: Path | None) -> Edges:
    from codereader.facts.graph.edges import Edges

    if configuration is None:
        return reader.edges
    from codereader.facts.kbuild.condition import read_configuration
    from codereader.facts.kbuild.configured import built_by

    return Edges(reader.linked, built_by(reader.view, read_configuration(configuration, str(place))))


def _answer(reader: Reader, edges: Edges, asked: Asked, report: Report, out: Output, style: str) -> int:
    from codereader.facts.graph.finding import Finder

    finder = Finder(edges)
    if asked.way == "paths-to":
        return _paths(reader, edges, finder, asked, report, out, style)
    found = _found(reader, finder, asked)
    _known(reader, finder, asked.symbol, found)
    return _write(reader, asked, found, report, out, style)


def _found(reader: Reader, finder: Finder, asked: Asked) -> Found:
    check, depth = reader.cancel.check, asked.depth or 1
    if asked.way == "callers":
        return finder.callers(asked.symbol, depth, check)
    if asked.way == "callees":
        return finder.callees(asked.symbol, depth, check)
    if asked.way == "refs":
        return finder.mentions(asked.symbol)
    if asked.way == "implementors":
        return finder.implementors(asked.symbol)
    return finder.definitions(asked.symbol)


def _known(reader: Reader, finder: Finder, symbol: Symbol, found: Found) -> None:
    """Check that a name without an answer is one at all. Raises: NothingFound, with near names."""
    if found.results or found.meant or found.hidden or finder.member(symbol):
        return
    raise _unknown(reader, finder, symbol)


def _unknown(reader: Reader, finder: Finder, symbol: Symbol) -> NothingFound:
    from codereader.facts.graph.symbol import read_symbol

    scope = reader.walked.scope.name
    bare = read_symbol(symbol.name)
    elsewhere = finder.meant(bare) if bare.text != symbol.text else ()
    if elsewhere:
        places = ", ".join(dict.fromkeys(f"{at.path}:{at.fact.name}" for at in elsewhere[:PATHS]))
        return NothingFound(f"nothing in {scope} is called {symbol.text}", f"There is {places}.")
    near = finder.near(symbol)
    hint = f"Near names: {', '.join(near)}." if near else "No name of the index is near it."
    if finder.is_mentioned(symbol):
        hint = f"It is mentioned there: see --callers and --refs. {hint}"
    return NothingFound(f"nothing in {scope} is called {symbol.text}", hint)


def _write(reader: Reader, asked: Asked, found: Found, report: Report, out: Output, style: str) -> int:
    from codereader.fronts.found import found_out

    kept = found.results[: asked.limit]
    report.clear()
    if kept or style in ("json", "jsonl"):
        found_out(found, kept, out, style, _folder(reader))
    if not kept:
        text = _NOTHING.get(asked.way, "{1} is not built").format(reader.walked.scope.name, asked.symbol.text)
        report.note(text)
    elif asked.way not in ("definitions", "implementors") and len(found.meant) > 1:
        spellings = list(dict.fromkeys(one.spelled or one.name for one in found.meant))
        if len(spellings) > 1:
            report.note(f"{asked.symbol.text} is {counted(len(spellings), 'definition')}: {', '.join(spellings)}")
    _note_missing(found.not_followed, found.hidden, len(found.results) - len(kept), report)
    return ExitCode.OK if kept else ExitCode.NOTHING_FOUND


def _note_missing(not_followed: int, hidden: int, dropped: int, report: Report) -> None:
    if dropped:
        report.note(f"{counted(dropped, 'result')} left out; --limit N shows more")
    if not_followed:
        report.note(f"{counted(not_followed, 'place')} could not be followed")
    if hidden:
        report.note(f"{counted(hidden, 'fact')} that this configuration does not build")


def _paths(
    reader: Reader, edges: Edges, finder: Finder, asked: Asked, report: Report, out: Output, style: str
) -> int:  # fmt: skip
    from codereader.facts.graph.edges import place_of
    from codereader.facts.graph.paths import DEPTH, Graph
    from codereader.fronts.found import paths_out

    other = asked.other or asked.symbol
    starts, ends = finder.meant(asked.symbol), finder.meant(other)
    for symbol, found in ((asked.symbol, starts), (other, ends)):
        if not found:
            raise _unknown(reader, finder, symbol)
    if {place_of(at) for at in starts} & {place_of(at) for at in ends}:
        message = f"--paths-to leads from {asked.symbol.text} to itself"
        raise UsageError(message, "Name another function; --callees --depth N shows where it leads.")
    graph = reader.graph if edges is reader.edges else Graph(edges)
    paths = graph.paths(starts, ends, asked.depth or DEPTH, asked.limit or PATHS, reader.cancel.check)
    report.clear()
    if paths.found or style in ("json", "jsonl"):
        paths_out(paths, edges.hidden, out, style, _folder(reader))
    if not paths.found:
        bound = f" within {counted(asked.depth or DEPTH, 'hop')}; --depth N looks further" if paths.is_bounded else ""
        report.note(f"no way is seen from {asked.symbol.text} to {other.text}{bound}")
    dropped = paths.total - len(paths.found)
    if dropped:
        report.note(f"{counted(dropped, 'path')} as short left out; --limit N shows more")
    _note_missing(paths.not_followed, edges.hidden, 0, report)
    return ExitCode.OK if paths.found else ExitCode.NOTHING_FOUND


def _folder(reader: Reader) -> str:
    """Return the way from the current folder to the scope, the scope's own place where there is none."""
    scope = os.fspath(reader.walked.scope.path)
    try:
        way = os.path.relpath(scope)
    except (ValueError, OSError):  # another drive of Windows, or the current folder is gone
        return scope
    return "" if way == os.curdir else way
