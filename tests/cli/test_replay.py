"""`codereader ask --replay`: the same bytes, or one sentence on what is not the same."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from codereader.errors import ExitCode, UsageError
from codereader.fronts.cli.replaying import read

SAID = "`ring_put` is defined in ring.c:1. The moon is made of cheese."


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small C tree."""
    folder = tmp_path / "ring"
    folder.mkdir()
    (folder / "ring.c").write_text(
        "int ring_put(void)\n{\n\treturn 1;\n}\n\nint main(void)\n{\n\treturn ring_put();\n}\n"
    )
    return folder


@pytest.fixture
def recorded(tree: Path, tmp_path: Path, run) -> Path:
    """An answer that was kept."""
    file = tmp_path / "answer.json"
    flags = ("--model", "echo", "--format", "json", "--seed", "7", "--only-verified", "-o", file)
    assert ExitCode.OK == run("ask", tree, "who calls ring_put?", *flags, CODEREADER_ECHO=SAID).code
    return file


def change(file: Path, **values: object) -> None:
    """Write other values into the record of how the model was asked."""
    row = json.loads(file.read_text())
    row["replay"]["spoken"].update(values)
    file.write_text(json.dumps(row))


def test_the_same_question_of_the_same_tree_gives_the_same_answer(recorded, run) -> None:
    """Prose, facts, verdicts and all options are those of the file."""
    result = run("ask", "--replay", recorded, "--format", "json", CODEREADER_ECHO=SAID)

    before, now = json.loads(recorded.read_text()), json.loads(result.stdout)
    assert ExitCode.OK == result.code
    same = "question facts brief answer statements citations seed pack_hash only_verified replay".split()
    assert {key: before[key] for key in same} == {key: now[key] for key in same}


def test_the_record_says_all_that_the_answer_depends_on(recorded, tree) -> None:
    """Versions, tree, model, sampling, sizes."""
    record = json.loads(recorded.read_text())["replay"]

    assert [7, 0.0, "echo", "echo", True] == [
        record["spoken"][key] for key in ("seed", "temperature", "model", "engine", "only_verified")
    ]
    assert (str(tree), 64) == (record["source"]["path"], len(record["source"]["tree_hash"]))


def test_a_tree_may_lie_elsewhere(recorded, tree, tmp_path, run) -> None:
    """A copy under another name is the same tree: hashes are of content."""
    moved = shutil.copytree(tree, tmp_path / "ring2" / "ring")
    shutil.rmtree(tree)

    assert ExitCode.OK == run("ask", "--replay", recorded, moved, CODEREADER_ECHO=SAID).code


def test_a_changed_tree_is_refused_in_one_sentence(recorded, tree, run) -> None:
    """Nothing is answered, exit code 1."""
    (tree / "ring.c").write_text("int other;\n")

    result = run("ask", "--replay", recorded, CODEREADER_ECHO=SAID)

    assert (ExitCode.NOTHING_FOUND, "") == (result.code, result.stdout)
    assert "the tree is not the one that was asked" in result.stderr


def test_another_model_is_refused_in_one_sentence(recorded, run) -> None:
    """Nothing is answered, exit code 4."""
    result = run("ask", "--replay", recorded, CODEREADER_ECHO="something else")

    assert (ExitCode.MODEL, "") == (result.code, result.stdout)
    assert "the model is not the one that was asked" in result.stderr


def test_another_answer_is_never_given_in_silence(recorded, run) -> None:
    """Where all is the same and the bytes are not, the exit code is 1 and stderr says which part differs."""
    row = json.loads(recorded.read_text())
    recorded.write_text(json.dumps({**row, "answer": row["answer"] + " More."}))

    result = run("ask", "--replay", recorded, CODEREADER_ECHO=SAID)

    assert ExitCode.NOTHING_FOUND == result.code
    assert "this is not the recorded answer, the prose differs" in result.stderr


def test_what_did_not_matter_is_noted(recorded, run) -> None:
    """Other threads, the same answer: exit code 0, and a note."""
    change(recorded, threads=64)

    result = run("ask", "--replay", recorded, CODEREADER_ECHO=SAID)

    assert ExitCode.OK == result.code
    assert "the answer is the recorded one, although the model ran with 64 threads" in result.stderr


def test_an_answer_from_facts_alone_is_replayed_too(tree, tmp_path, run) -> None:
    """No model, the same facts."""
    file = tmp_path / "facts.jsonl"
    run("ask", tree, "who calls ring_put?", "--no-model", "--format", "jsonl", "-o", file)

    result = run("ask", "--replay", file)

    assert ExitCode.OK == result.code
    assert "ring.c:8" in result.stdout


@pytest.mark.parametrize(
    "flags", [["--budget", "900"], ["--seed", "8"], ["--no-model"], ["ring", "who calls main?"], ["--include", "*.c"]]
)
def test_what_the_file_says_cannot_be_said_otherwise(recorded, run, flags) -> None:
    """One sentence that names the flag, exit code 2."""
    result = run("ask", "--replay", recorded, *flags)

    assert ExitCode.USAGE == result.code
    assert "--replay contradict each other" in result.stderr


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no json",
        "[]",
        "{}",
        '{"question": "x", "replay": null}',
        '{"question": "x", "replay": {"codereader": "1", "lines": null, "source": [], "spoken": null}}',
        "[" * 100_000,
    ],
)
def test_a_file_that_is_no_answer_is_refused(tmp_path, text) -> None:
    """One sentence, exit code 2, never a traceback."""
    file = tmp_path / "a.json"
    file.write_text(text)

    with pytest.raises(UsageError, match="cannot replay"):
        read(file)


@pytest.mark.parametrize(
    "values",
    [
        {"temperature": float("inf")},
        {"temperature": 10**400},
        {"budget": -1},
        {"budget": 2.5},
        {"ctx": 10**400},
        {"gpu_layers": "all"},
        {"seed": True},
    ],
)
def test_a_record_with_values_that_cannot_be_is_refused(recorded, values) -> None:
    """Edited by hand: one sentence, exit code 2."""
    change(recorded, **values)

    with pytest.raises(UsageError, match="cannot replay"):
        read(recorded)


@pytest.mark.parametrize(("path", "value"), [(("lines",), 2.5), (("source", "max_file_size"), 10**400)])
def test_numbers_that_no_command_line_could_have_said_are_refused(recorded, path, value) -> None:
    """Fractions of lines and sizes beyond all disks end in a sentence, not in a bug."""
    row = json.loads(recorded.read_text())
    inner = row["replay"]
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    recorded.write_text(json.dumps(row))

    with pytest.raises(UsageError, match="cannot replay"):
        read(recorded)


def test_the_bundled_model_says_the_same_again(tree, tmp_path, run) -> None:
    """Sampled with a seed, from a cold state and from the kept one: the same bytes."""
    file = tmp_path / "answer.json"
    flags = ("--format", "json", "--all-prose", "--max-tokens", "24", "--temp", "0.9", "--seed", "3", "-o", file)
    run("ask", tree, "who calls ring_put?", *flags)

    result = run("ask", "--replay", file, "--format", "json")

    before, now = json.loads(file.read_text()), json.loads(result.stdout)
    assert ExitCode.OK == result.code
    assert before["answer"]
    assert (before["answer"], before["replay"]) == (now["answer"], now["replay"])
    assert now["replay"]["spoken"]["engine"].startswith("llama.cpp")


def test_links_do_not_change_what_is_read(tree, run) -> None:
    """A generated header that is only looked into for what it declares is no file of the tree, the second time too."""
    git = tree.parent / ".git"
    (git / "objects").mkdir(parents=True)
    (git / "refs").mkdir()
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    (tree / "made.h").write_text("/* auto-generated from: ring.yaml */\nint ring_get(void);\n")
    source = (tree / "ring.c").read_text()
    (tree / "ring.c").write_text(f'#include "made.h"\n{source}')
    flags = ("who calls ring_put?", "--no-model", "--format", "json")

    first, second = (json.loads(run("ask", tree, *flags).stdout) for _ in range(2))

    assert first["replay"] == second["replay"]
    assert ["not read: 1 generated (it says so in line 1)"] == first["blind"] == second["blind"]
