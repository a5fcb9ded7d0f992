"""``codereader models``: the GGUF files that were found on this machine, and the models that are known without one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from codereader import config
from codereader.errors import ExitCode, ModelError
from codereader.fronts.cli.options import How, output_options
from codereader.fronts.text import safe_line, size

if TYPE_CHECKING:
    from codereader.model.catalogue import FoundModel


@click.group("models", help="List the models that were found.")
def command() -> None:
    """Hold the commands on models."""


@command.command("list", help="List the GGUF models found on this machine; the default is marked.")
@click.option("--known", is_flag=True, help="List instead the models that `plan` knows by name without a file.")
@output_options("text", "json")
def list_models(known: bool, how: How) -> int:
    """Print the models and return the exit code."""
    from codereader.fronts.shape import SCHEMA

    if known:
        return _list_known(how)
    from codereader.model.catalogue import find_models, resolve_model

    cache = config.cache_dir()
    found = find_models(cache)
    with how.report() as report, how.open() as out:
        try:
            default = resolve_model(config.default_model(), cache)
        except ModelError as error:
            default = None
            report.note(f"{error} (named by CODEREADER_MODEL)")
        rows = [_row(model, default) for model in found]
        if how.style == "json":
            out.json({"schema": SCHEMA, "models": rows})
        else:
            out.write("".join(f"{line}\n" for line in _lines(rows)))
        if not rows:
            report.note("no model was found; `codereader doctor` tells where one may lie and how to get one")
    return ExitCode.OK if rows else ExitCode.NOTHING_FOUND


def _list_known(how: How) -> int:
    """Print the models that are known by name, as large as they are usually published; return the exit code."""
    from codereader.fronts.shape import SCHEMA
    from codereader.model.known import known_header, known_names

    with how.report() as report, how.open() as out:
        with report.working("reading what is known"):
            rows: list[dict[str, Any]] = [
                {
                    "name": name,
                    "architecture": header.architecture,
                    "quantization": header.quantization,
                    "bytes": header.file_bytes,
                    "context": header.context_length,
                    "parameters": header.parameters,
                }
                for name, header in ((name, known_header(name)) for name in known_names())
                if header is not None
            ]
        if how.style == "json":
            out.json({"schema": SCHEMA, "known": rows})
        else:
            width = max(len(str(row["name"])) for row in rows)
            out.write("".join(f"{row['name']:<{width}}  {size(row['bytes']):>10}  {_kind(row)}\n" for row in rows))
    return ExitCode.OK


def _row(model: FoundModel, default: FoundModel | None) -> dict[str, Any]:
    from codereader.model.gguf import read_header

    row: dict[str, Any] = {
        "name": model.name,
        "path": str(model.path),
        "bytes": model.bytes,
        "source": model.source,
        "default": default is not None and default.path == model.path,
        "architecture": None,
        "quantization": None,
        "context": None,
        "parameters": None,
        "problem": None,
    }
    try:
        header = read_header(model.path)
    except ModelError as error:
        return {**row, "problem": str(error)}
    return {
        **row,
        "architecture": header.architecture,
        "quantization": header.quantization,
        "context": header.context_length,
        "parameters": header.parameters,
    }


def _lines(rows: list[dict[str, Any]]) -> list[str]:
    width = max((len(row["name"]) for row in rows), default=0)
    return [
        f"{'*' if row['default'] else ' '} {safe_line(row['name']):<{width}}  {size(row['bytes']):>10}  "
        f"{_about(row)}  ({safe_line(row['source'])})  {safe_line(row['path'])}"
        for row in rows
    ]


def _about(row: dict[str, Any]) -> str:
    if row["problem"]:
        return f"cannot be read: {safe_line(row['problem'])}"
    return _kind(row)


def _kind(row: dict[str, Any]) -> str:
    weights = f"{row['parameters'] / 1e9:.2f}B weights"
    return f"{safe_line(row['architecture'])} {row['quantization']}, {weights}, context {row['context']:,}"
