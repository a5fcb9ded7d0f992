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


def test_a_pack_is_its_text(run, tree: Path) -> None:
    """Bare, what is printed is the texts of the segments, joined; without --bare they stand in it in one piece."""
    row = packed(run, tree, "--budget", "1000", "--text")

    bare = run("pack", tree, "--budget", "1000", "--bare").stdout
    assert "".join(segment["text"] for segment in row["segments"]) == bare
    assert bare in run("pack", tree, "--budget", "1000").stdout


def test_a_pack_says_beside_it_what_it_holds(run, tree: Path) -> None:
    """Tokens of the budget, the vocabulary, files by level, what is missing and the flag that lists it: on stderr."""
    result = run("pack", tree, "--budget", "1000")

    assert ExitCode.OK == result.code
    for words in ("of 1,000 tokens (", "30 files: ", "not in full: ", "--left-out"):
        assert words in result.stderr
    assert "" == run("pack", tree, "--budget", "1000", "--quiet").stderr


def test_nobody_needs_to_know_a_budget(run, tree: Path) -> None:
    """Without --budget it is auto: what the model's window of 8,192 takes; that is said where something is left out."""
    (tree / "long.c").write_text("".join(f"int long{n}(int x)\n{{\n\treturn {n};\n}}\n" for n in range(1000)))

    result = run("pack", tree)

    assert result.stdout == run("pack", tree, "--budget", "auto").stdout
    assert "--budget auto is 5,632 tokens: what a context window of 8,192 holds" in result.stderr


def test_a_pack_begins_with_the_tree_and_ends_with_the_question(run, tree: Path) -> None:
    """In order: the instruction, what the files are, the directory tree, the files, the facts, the question."""
    text = run("pack", tree, "who calls f03_1?", "--budget", "2k", "--header", "Answer in French.").stdout

    marks = [
        "Answer in French.",
        "These are files",
        "Directory tree (30 files: ",
        "\n=== file",
        "Question: who calls",
    ]
    assert sorted(marks, key=text.index) == marks
    assert text.endswith("Question: who calls f03_1?\n")


def test_json_of_a_question_has_facts_and_what_each_part_takes(run, tree: Path) -> None:
    """Base and focus stay within the budget together; the tokens of everything else are told beside it."""
    row = packed(run, tree, "who calls f3_1?", "--budget", "2000")

    assert "who calls f3_1?" == row["question"]
    assert row["tokens"] == row["base_tokens"] + row["focus_tokens"] <= row["budget"] == 2000
    assert {"preface", "directory_tree", "question"} <= set(row["around_tokens"])
    assert {"base", "focus"} >= {segment["part"] for segment in row["segments"]}


def test_what_is_left_out_is_listed(run, tree: Path) -> None:
    """One line a file: by how many tokens it is reduced, the budget that has it in full, how it is shown."""
    row = packed(run, tree, "--budget", "1000")

    lines = run("pack", tree, "--budget", "1000", "--left-out").stdout.splitlines()
    assert ["removed", "in", "full", "from", "shown", "path"] == lines[0].split()
    assert len(row["left_out"]) == len(lines) - 1


def test_the_table_tells_tokens_at_each_level(run, tree: Path) -> None:
    """The scope's row is the sum of its files', the dearest file comes first, and the pack's part of each is told."""
    table = json.loads(run("pack", tree, "--tree", "--budget", "1000", "--format", "json").stdout)
    whole = packed(run, tree, "--budget", "max")

    top, *files = table["tree"]
    assert (30, "folder") == (top["files"], top["kind"])
    assert {level: sum(row["tokens"][level] for row in files) for level in top["tokens"]} == top["tokens"]
    assert whole["tokens"] == top["tokens"]["full"]
    assert table["tokens"] == top["packed"] == sum(row["packed"] for row in files)
    assert "file29.c" == files[0]["path"]


def test_the_table_in_columns(run, tree: Path) -> None:
    """A heading, the scope, then its files, with the level of those that the pack holds."""
    lines = run("pack", tree, "--tree", "--budget", "max", "--depth", "1").stdout.splitlines()

    assert ["full", "uncommented", "skeleton", "outline", "name", "share", "in", "pack", "path"] == lines[0].split()
    assert lines[1].endswith("tree/ (30 files)")
    assert lines[2].endswith("  file29.c [full]")
    assert 32 == len(lines)


def test_a_dry_run_lists_segments(run, tree: Path) -> None:
    """A row a segment; their tokens are those of the pack."""
    lines = run("pack", tree, "--budget", "1000", "--dry-run").stdout.splitlines()

    row = packed(run, tree, "--budget", "1000")
    assert row["tokens"] == sum(int(line.split()[0].replace(",", "")) for line in lines[1:])


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
