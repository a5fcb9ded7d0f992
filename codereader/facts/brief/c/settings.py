"""What user space sees and sets of a C scope: parameters, sysctls, files, ioctls, options; and its main constants.

Names are read from the text of the most important files: the strings given to the calls and macros that make them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from codereader.facts.brief.lines import Draft
from codereader.facts.brief.material import Material, base, one_line, spelled
from codereader.facts.fact import Fact
from codereader.facts.rank import is_minor
from codereader.facts.words import counted
from codereader.source.spans import line_of

FUNCTIONS = 4
"""Most functions of one kind (ioctl, setsockopt) that are told with the commands they know."""

PARAMETER_FILES = 3
"""With parameters in more files than this, one fact tells of all before each file has its own."""

COMMANDS = 2
"""A function that knows fewer commands is not told."""

LIMITS = 40
"""Most constants that are looked at for one fact."""

_STRING = rb'\s*(?:[&\w>.-]+\s*,\s*)?"([^"%\n]{1,60})"'
_MADE = (
    ("mount option", re.compile(rb'\bfsparam_\w+\s*\(\s*"([^"]+)"|\{\s*Opt_\w+,\s*"([^"]+)"')),
    ("sysctl", re.compile(rb'\.procname\s*=\s*"([^"]+)"')),
    (
        "/proc file",
        re.compile(rb"\b(?:proc_create\w*|proc_net_fops_create|create_proc_\w+)\s*\(" + _STRING),
    ),
    ("sysfs attribute", re.compile(rb"\b(?:DEVICE_ATTR|BUS_ATTR|DRIVER_ATTR|CLASS_ATTR)(?:_RO|_RW|_WO)?\s*\(\s*(\w+)")),
    ("debugfs file", re.compile(rb"\bdebugfs_create_\w+\s*\(" + _STRING)),
    (
        "device node",
        re.compile(rb"\b(?:register_chrdev\w*|alloc_chrdev_region|device_create)\s*\([^;\"]{0,80}\"([^\"%\n]+)\""),
    ),
    ("cgroup file", re.compile(rb'\bstruct cftype\b[^;]*?\.name\s*=\s*"([^"]+)"', re.DOTALL)),
    ("tracepoint", re.compile(rb"\bTRACE_EVENT\s*\(\s*(\w+)")),
)
_HANDLERS = (("ioctl", re.compile(r"ioctl")), ("socket option", re.compile(r"setsockopt")))
_CASE = re.compile(r"\bcase\s+([A-Z][A-Z0-9_]{2,})\s*:")
_LIMIT = re.compile(
    r"(?:^|_)(?:MAX|MIN|DEFAULT|DEF|LIMIT|TIMEOUT|SIZE|MAGIC|VERSION|INTERVAL|BUDGET|THRESH\w*|PORT)(?:_|$)"
)
_VALUE = re.compile(r"#\s*define\s+\w+\s+(.+)$", re.DOTALL)
_PLAIN = re.compile(r"\(?\s*(?:0x[0-9a-fA-F]+|\d+)\w*(?:\s*[*+<-]+\s*\(?\w+\)?)*\s*\)?$|\(?\d[\w\s*/+<()-]*$")


def settings_section(material: Material) -> Draft:
    """Return what can be set or seen from outside, a kind a fact, then the constants that bound things."""
    facts = [*_named(material), *_handlers(material), *_constants(material), *_parameters(material)]
    return Draft("Settings and user interface", tuple(facts), weight=3, first=2)


def _parameters(material: Material) -> Iterator[Fact]:
    """Yield the parameters, file by file where there are few files, together where there are many."""
    files: dict[str, list[tuple[str, int, str]]] = {}
    for at in material.entries:
        if at.fact.kind == "parameter":
            files.setdefault(at.path, []).append((at.fact.name, line_of(at.fact.row), at.fact.via))
    ordered = sorted(files, key=lambda path: (is_minor(path), -material.scores.get(path, 0.0), path))
    if len(files) > PARAMETER_FILES:
        path, (name, line, _) = ordered[0], files[ordered[0]][0]
        told = [f"{base(path)} {', '.join(dict.fromkeys(name for name, _, _ in files[path]))}" for path in ordered]
        head = f"{counted(sum(map(len, files.values())), 'parameter')}: "
        yield Fact(name, "parameter", "; ".join(told), spelled(head, told, material.room(path, line), "; "), path, line)
    for path in ordered:
        name, line, _ = files[path][0]
        names = list(dict.fromkeys(name for name, _, _ in files[path]))
        text = spelled(f"parameters of {base(path)}: ", names, material.room(path, line))
        yield Fact(name, "parameter", ", ".join(names), text, path, line)


def _named(material: Material) -> Iterator[Fact]:
    looked = sorted(
        (path for path in material.read if not is_minor(path)),
        key=lambda path: (-material.scores.get(path, 0.0), path),
    )
    for kind, pattern in _MADE:
        found: dict[str, tuple[str, int]] = {}
        for path in looked:
            data = material.texts.whole(path)
            for match in pattern.finditer(data):
                name = next(one for one in match.groups() if one).decode("utf-8", "replace")
                name = f"net/{name}" if match[0].startswith(b"proc_create_net") else name
                found.setdefault(name, (path, match.start()))
        if found:
            names = list(found)
            path, start = found[names[0]]
            line = line_of(material.texts.whole(path).count(b"\n", 0, start))
            text = spelled(f"{counted(len(names), kind)}{material.partly}: ", names, material.room(path, line))
            yield Fact(material.view.scope.name, kind, ", ".join(names), text, path, line)


def _handlers(material: Material) -> Iterator[Fact]:
    """Yield the functions that tell commands apart, and the commands."""
    looked = frozenset(material.read)
    for kind, named in _HANDLERS:
        found = []
        for at in material.definitions:
            if (
                at.fact.kind == "function"
                and at.path in looked
                and named.search(at.fact.name)
                and not is_minor(at.path)
            ):
                commands = list(dict.fromkeys(_CASE.findall(material.texts.of(at))))
                if len(commands) >= COMMANDS:
                    found.append((at, commands))
        found.sort(key=lambda one: (-len(one[1]), one[0].path, one[0].fact.row))
        for at, commands in found[:FUNCTIONS]:
            line = line_of(at.fact.row)
            width = material.room(at.path, line, at.fact.condition)
            text = spelled(f"{counted(len(commands), kind)} in {at.fact.name}: ", commands, width)
            yield Fact(at.fact.name, kind, ", ".join(commands), text, at.path, line, at.fact.condition)


def _constants(material: Material) -> Iterator[Fact]:
    """Yield one fact of the numbers that bound things, those named in most files first."""
    users = material.view.referring_files()
    found = []
    for at in material.definitions:
        if at.fact.kind == "macro" and _LIMIT.search(at.fact.name) and not is_minor(at.path):
            value = _VALUE.match(at.fact.signature)
            if value and _PLAIN.match(words := " ".join(value[1].split())):
                found.append((at, one_line(words, 30)))
    found.sort(
        key=lambda one: (
            -users.get(one[0].fact.name, 0),
            -material.scores.get(one[0].path, 0.0),
            one[0].path,
            one[0].fact.row,
        )
    )
    found = list({at.fact.name: (at, value) for at, value in reversed(found)}.values())[::-1]
    if found:
        first = found[0][0]
        line = line_of(first.fact.row)
        names = [f"{at.fact.name} {value}" for at, value in found[:LIMITS]]
        text = spelled(f"{counted(len(found), 'constant')}: ", names, material.room(first.path, line))
        yield Fact(first.fact.name, "constant", ", ".join(names), text, first.path, line)
