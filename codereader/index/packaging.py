"""Entry points that a Python package declares: ``[project.scripts]`` and setup.cfg's console scripts.

A packaging file is known by what it holds, since facts belong to content and not to a path.
"""

from __future__ import annotations

import configparser
import re
import tomllib

from codereader.index.parsed import Entry

_TOML = re.compile(rb"^\[(?:project|tool\.poetry)(?:\.[\w-]+)*\][ \t]*\r?$", re.MULTILINE)
_CFG = re.compile(rb"^\[options\.entry_points\][ \t]*\r?$", re.MULTILINE)
_LARGEST = 1 << 18
"""A packaging file is not larger than this, in bytes."""


def entries(data: bytes) -> tuple[Entry, ...]:
    """Return the console scripts that *data* declares, by row. Empty for any other text and for broken files.

    `name` is the object that the command calls (``package.module:function``), `via` the command.
    """
    if len(data) > _LARGEST:
        return ()
    if _TOML.search(data):
        scripts = _toml_scripts(data)
    elif _CFG.search(data):
        scripts = _cfg_scripts(data)
    else:
        return ()
    found = [Entry(target, "console script", command, _row(data, command)) for command, target in scripts.items()]
    return tuple(sorted(found, key=lambda one: (one.row, one.via)))


def _toml_scripts(data: bytes) -> dict[str, str]:
    try:
        document = tomllib.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):  # broken TOML and UTF-8, and numbers that Python does not read
        return {}
    found: dict[str, str] = {}
    project, tool = document.get("project"), document.get("tool")
    poetry = tool.get("poetry") if isinstance(tool, dict) else None
    for table in (project, poetry):
        for key in ("scripts", "gui-scripts"):
            scripts = table.get(key) if isinstance(table, dict) else None
            if isinstance(scripts, dict):
                found.update((name, target) for name, target in scripts.items() if isinstance(target, str))
    return found


def _cfg_scripts(data: bytes) -> dict[str, str]:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(data.decode("utf-8"))
        lines = parser.get("options.entry_points", "console_scripts", fallback="").splitlines()
    except (configparser.Error, ValueError):
        return {}
    pairs = (line.partition("=") for line in lines if "=" in line)
    return {name.strip(): target.strip() for name, _, target in pairs}


def _row(data: bytes, command: str) -> int:
    match = re.search(rb'^[ \t]*"?' + re.escape(command.encode()) + rb'"?[ \t]*=', data, re.MULTILINE)
    return data.count(b"\n", 0, match.start()) if match else 0
