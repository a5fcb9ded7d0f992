"""`codereader pack`, `map` and `brief` keep their budgets, exactly, and say what they left out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from codereader.errors import ExitCode


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Thirty small C files of different sizes."""
    folder = tmp_path / "tree"
    folder.mkdir()
    for at in range(30):
        body = "".join(f"int f{at}_{n}(int x)\n{{\n\treturn x + {n};\n}}\n" for n in range(at + 1))
        (folder / f"file{at:02}.c").write_text(f"/* part {at} */\n{body}")
    return folder


def packed(run, tree: Path, *arguments: object) -> dict:
    return json.loads(run("pack", tree, *arguments, "--format", "json").stdout)


@pytest.mark.parametrize("budget", [200, 1000, 4000, 20000])
def test_a_pack_is_within_its_budget_to_the_token(run, tree: Path, budget: int) -> None:
    """The sum over the segments is what is said, never over the budget, and no file is unmentioned."""
    row = packed(run, tree, "--budget", budget)

    assert row["tokens"] == sum(s["tokens"] for s in row["segments"]) <= budget
    assert row["exact"] is True
    whole = {s["path"] for s in row["segments"] if s["level"] == "full"}
    assert 30 == len(whole | {item["path"] for item in row["left_out"]})


def test_the_text_of_a_pack_counts_what_is_said(run, tree: Path) -> None:
    """Counting each segment's text anew gives its tokens."""
    from codereader.config import cache_dir
    from codereader.model.catalogue import resolve_model
    from codereader.model.vocabulary import open_vocabulary

    row = packed(run, tree, "--budget", "1000", "--text")

    found = resolve_model(None, cache_dir())
    assert found
    counted = open_vocabulary(found.path, None).count_many([s["text"] for s in row["segments"]])
    assert [s["tokens"] for s in row["segments"]] == counted


def test_max_takes_the_whole_tree(run, tree: Path) -> None:
    """--budget max leaves nothing out."""
    row = packed(run, tree, "--budget", "max")

    assert ([], {"full"}) == (row["left_out"], {s["level"] for s in row["segments"]})


def test_pack_text_lists_levels_and_what_is_missing(run, tree: Path) -> None:
    """Rows of tokens, level and path; then what is not in full."""
    result = run("pack", tree, "--budget", "1000")

    assert ExitCode.OK == result.code
    assert "Not in full:" in result.stdout


def test_map_shows_symbols_within_its_budget(run, tree: Path) -> None:
    """An outline line has the symbol's line number and signature."""
    result = run("map", tree, "--budget", "20000")

    assert "2: int f0_0(int x)" in result.stdout
    assert "return" not in result.stdout


def test_map_json_holds_outlines_and_names_only(run, tree: Path) -> None:
    """The levels of a map."""
    row = json.loads(run("map", tree, "--budget", "600", "--format", "json").stdout)

    assert {s["level"] for s in row["segments"]} <= {"outline", "name"}
    assert row["tokens"] <= 600


@pytest.mark.parametrize("lines", [5, 12, 40])
def test_a_brief_is_never_longer_than_asked(run, tree: Path, lines: int) -> None:
    """--lines bounds the output, and what was dropped is said on stderr."""
    result = run("brief", tree, "--lines", lines)

    assert len(result.stdout.splitlines()) <= lines
    assert "--lines" in result.stderr


def test_index_counts_what_changed(run, tree: Path) -> None:
    """A second run parses nothing; one changed file is one parse; a removed one is counted."""
    first = json.loads(run("index", tree, "--format", "json").stdout)
    second = json.loads(run("index", tree, "--format", "json").stdout)
    (tree / "file03.c").write_text("int changed;\n")
    (tree / "file04.c").unlink()
    third = json.loads(run("index", tree, "--format", "json").stdout)

    assert (30, 30) == (first["files"], first["parsed"])
    assert (0, 30) == (second["parsed"], second["unchanged"])
    assert (1, 1, 1) == (third["parsed"], third["changed"], third["removed"])


def test_models_lists_the_bundled_model_as_default(run) -> None:
    """The tiny model is found and marked."""
    rows = json.loads(run("models", "list", "--format", "json").stdout)["models"]

    assert [True] == [row["default"] for row in rows if "SmolLM2" in row["name"]]
    assert "* " in run("models", "list").stdout


def test_doctor_tells_versions_devices_memory_models_cache(run) -> None:
    """One screen, exit 0."""
    result = run("doctor")

    assert ExitCode.OK == result.code
    assert len(result.stdout.splitlines()) <= 30
    for word in ("codereader", "llama.cpp", "GPU offload", "memory", "SmolLM2", "cache"):
        assert word in result.stdout


def test_doctor_names_the_command_that_mends_a_missing_model(run, tmp_path: Path) -> None:
    """A wrong CODEREADER_MODEL is a finding, not a failure."""
    result = run("doctor", CODEREADER_MODEL=str(tmp_path / "gone.gguf"))

    assert ExitCode.OK == result.code
    assert "Missing" in result.stdout
    assert "gone.gguf" in result.stdout
