"""``codereader state``: the evaluated prompts that are kept on disk, told, checked and cleared."""

from __future__ import annotations

import re
import shutil
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from codereader import config
from codereader.errors import ExitCode, StoreError
from codereader.fronts.cli.options import How, output_options, stoppable
from codereader.fronts.shape import SCHEMA
from codereader.fronts.text import counted, safe_line, size

if TYPE_CHECKING:
    from codereader.engine.state.inventory import Held, Listing, Verified


class Age(click.ParamType[float]):
    """A length of time such as 90m, 12h or 7d, in seconds."""

    name = "AGE"
    _SECONDS = {"m": 60, "h": 3600, "d": 86400, "w": 604800}  # noqa: RUF012 - never changed

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the seconds that *value* writes."""
        if isinstance(value, float):
            return value
        match = re.fullmatch(r"([0-9]{1,6})([mhdw])", str(value).strip().lower(), re.ASCII)
        if match is None or not int(match[1]):
            self.fail(f"{value!r} is no length of time such as 90m, 12h or 7d.", param, ctx)
        return float(int(match[1]) * self._SECONDS[match[2]])


@click.group("state", help="List, check or clear the evaluated prompts that are kept on disk.")
def command() -> None:
    """Hold the commands on saved state."""


@command.command("list", help="List what is kept: one line a model and set of settings, the last used first.")
@output_options("text", "json")
def list_state(how: How) -> int:
    """Print what is kept and return the exit code."""
    from codereader.engine.state.inventory import listed

    folder = config.state_dir()
    with how.report() as report, how.open() as out:
        budget = _budget()
        found = listed(folder)
        if how.style == "json":
            rows = [asdict(held) | {"used": int(held.used)} for held in found.held]
            shape = {"folder": str(folder), "budget": budget, "bytes": found.bytes, "damaged": found.damaged}
            out.json({"schema": SCHEMA, **shape, "held": rows})
        else:
            out.write("".join(f"{line}\n" for line in _lines(found, budget)))
        if found.damaged:
            report.note(f"{counted(found.damaged, 'file')} cannot be used: codereader state verify removes them")
        if not found.held:
            report.note(f"no state is kept in {safe_line(str(folder))}")
    return ExitCode.OK if found.held else ExitCode.NOTHING_FOUND


@command.command("verify", help="Check every bit of what is kept; remove what is damaged, and say why.")
@output_options("text", "json")
def verify(how: How) -> int:
    """Print what was found and return the exit code: 1 where something was wrong."""
    from codereader.engine.state.inventory import verified

    with stoppable() as cancel, how.report() as report, how.open() as out:

        def step(done: int, total: int) -> None:
            cancel.check()
            report.progress("checking", done, total, "files")

        found = verified(config.state_dir(), step)
        report.clear()
        if how.style == "json":
            shape = {"whole": found.whole, "bytes": found.bytes, "swept": found.swept}
            out.json({"schema": SCHEMA, **shape, "faults": [asdict(fault) for fault in found.faults]})
        else:
            out.write("".join(f"{line}\n" for line in _checked(found)))
    return ExitCode.NOTHING_FOUND if found.faults else ExitCode.OK


@command.command("clear", help="Delete what is kept; asks nothing. Later questions evaluate their prompts again.")
@click.option("--older-than", type=Age(), default=0.0, metavar="AGE", help="Only what was not used for 90m, 12h, 7d.")
@output_options("text", "json")
def clear(older_than: float, how: How) -> None:
    """Delete blocks and print what that gave back. Raises: StoreError where some could not be deleted."""
    from codereader.engine.state.inventory import cleared

    folder = config.state_dir()
    with how.report(), how.open() as out:
        done = cleared(folder, older_than)
        if how.style == "json":
            out.json({"schema": SCHEMA, **asdict(done)})
        else:
            left = f", and {counted(done.others, 'file')} left behind" if done.others else ""
            out.write(f"{counted(done.blocks, 'block')} deleted{left}: {size(done.bytes)} freed\n")
        if done.stayed:
            raise StoreError(
                f"{counted(done.stayed, 'block')} in {folder} could not be deleted", "Mend the folder's permissions."
            )


def _budget() -> int | None:
    """Return the bytes that state may take, None where the disk does not tell. Raises: ConfigError."""
    from codereader.engine.state.shelf import survey
    from codereader.engine.state.store import default_budget

    named = config.state_budget()
    if named is not None:
        return named
    folder = config.state_dir()
    place = next((place for place in (folder, *folder.parents) if place.is_dir()), folder)
    try:
        return default_budget(shutil.disk_usage(place).free + survey(folder).taken)
    except OSError:
        return None


def _lines(found: Listing, budget: int | None) -> list[str]:
    """Return what is held as columns, and the sum against the budget."""
    rows = [_row(held) for held in found.held]
    widths = [max(len(row[column]) for row in rows) for column in range(5)] if rows else []
    lines = [
        "  ".join([row[0].ljust(widths[0]), *(row[at].rjust(widths[at]) for at in range(1, 5)), row[5]]) for row in rows
    ]
    of = f" of {size(budget)} that state may take" if budget is not None else ""
    return [*lines, f"{size(found.bytes)}{of}"] if rows else []


def _row(held: Held) -> tuple[str, ...]:
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(held.used))
    return (
        safe_line(held.model) or f"unnamed ({held.environment[:8]})",
        counted(held.prompts, "prompt"),
        counted(held.blocks, "block"),
        f"{held.tokens:,} tokens",
        size(held.bytes),
        f"used {when}",
    )


def _checked(found: Verified) -> list[str]:
    """Return the outcome of a check: one line a fault, then the counts."""
    faults = [
        f"{safe_line(fault.name)}: {safe_line(fault.why)}; {'removed' if fault.removed else 'it stays'}"
        for fault in found.faults
    ]
    swept = f", {counted(found.swept, 'file')} left behind removed" if found.swept else ""
    wrong = f"{len(found.faults):,} wrong" if found.faults else "none wrong"
    return [*faults, f"{counted(found.whole, 'block')} whole ({size(found.bytes)}), {wrong}{swept}"]
