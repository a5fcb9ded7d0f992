"""``codereader models``: the GGUF files that were found on this machine."""

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
@output_options("text", "json")
def list_models(how: How) -> int:
    """Print the models and return the exit code."""
    from codereader.fronts.shape import SCHEMA
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
    weights = f"{row['parameters'] / 1e9:.2f}B weights"
    return f"{safe_line(row['architecture'])} {row['quantization']}, {weights}, context {row['context']:,}"
