"""`codereader plan`: what fits where on this machine and others, in text, Markdown and JSON; and what is refused."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codereader.engine.learning.measure import Measurement
from codereader.engine.plan import Plan
from codereader.errors import ExitCode
from codereader.fronts import cli
from codereader.fronts.plans.writing import measured_row
from tests.gguf_files import bundled_model, llama_metadata, write_gguf

GIB = 1 << 30
CONTRACT = {
    "context", "cache_type_k", "cache_type_v", "micro_batch", "gpu_layers", "cpu_expert_layers", "devices",
    "prefill_rate", "decode_rate", "seconds", "limit",
}  # fmt: skip
SCOUT = ("plan", "--model", "llama-4-scout", "--tokens", "131072", "--prompt", "5227", "--max-tokens", "906")


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]):
    """Run the command in this process; return exit code, stdout and stderr."""

    def run_here(*arguments: object) -> tuple[int, str, str]:
        code = cli.run([str(argument) for argument in arguments])
        told = capsys.readouterr()
        return code, told.out, told.err

    return run_here


@pytest.fixture
def row(say):
    """Run the command with --format json and return what it printed."""

    def run_json(*arguments: object) -> dict:
        code, out, err = say(*arguments, "--format", "json")
        assert code in (ExitCode.OK, ExitCode.NOTHING_FOUND), err
        return json.loads(out)

    return run_json


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small tree of C files."""
    folder = tmp_path / "tree"
    folder.mkdir()
    for at in range(5):
        body = "".join(f"int f{at}_{n}(int x)\n{{\n\treturn x + {n};\n}}\n" for n in range(20))
        (folder / f"file{at}.c").write_text(body)
    return folder


def documented(name: str) -> list[str]:
    """Return the keys that docs/json.md gives for *name* of `plan`, in its order, without those of what they hold."""
    text = (Path(__file__).parents[2] / "docs" / "json.md").read_text("utf-8")
    block = re.search(r"^    plan\b(.*?)(?=^    \w)", text, re.MULTILINE | re.DOTALL)
    assert block
    begin = re.search(rf"(?<!\w){name}: \[?{{", block[1])
    assert begin, name
    depth, keys = 1, ""
    for character in block[1][begin.end() :]:
        depth += {"{": 1, "}": -1}.get(character, 0)
        if not depth:
            break
        keys += character if depth == 1 else ""
    return re.findall(r"\w+", keys)


def test_json_has_the_documented_keys_in_their_order(row) -> None:
    """docs/json.md names every key of a plan, of its devices, the machine, the model and the need, and no other."""
    made = row(*SCOUT, "--device", "2x RTX 4080", "--ram", "96GiB")
    text = (Path(__file__).parents[2] / "docs" / "json.md").read_text("utf-8")

    assert ["schema", *re.search(r"^    plan +(.*)$", text, re.MULTILINE)[1].split()] == list(made)
    assert documented("model") == list(made["model"])
    assert documented("need") == list(made["need"])
    assert documented("machine") == list(made["machine"])
    assert documented("known") == list(row("plan", "--device", "list")["known"][0])
    for plan in made["plans"]:
        assert documented("plans") == list(plan)
        assert all(documented("            devices") == list(device) for device in plan["devices"])


def test_what_was_measured_has_the_documented_keys() -> None:
    """What --measure adds to JSON is in docs/json.md too."""
    plan = Plan(512, 0, "f16", "f16", 512, 2, flash_attention=True, shares=())
    found = Measurement(plan, None, 100, 10, 50.0, 20.0, 1.0, kept=False, disturbed=0.5)

    assert documented("measured") == list(measured_row(found))


def test_numbers_of_json_are_plain(row) -> None:
    """Sizes and rates of machines are whole; nothing is infinite, and a slow rate is not zero."""
    made = row(*SCOUT, "--device", "X:16GiB:1GB/s:0.01TFLOPS", "--ram", "96GiB:0.1GB/s")
    machine = made["machine"]

    assert all(isinstance(machine[key], int) for key in ("memory_available", "memory_total", "bandwidth"))
    for device in machine["devices"]:
        assert all(isinstance(device[key], int) for key in ("free", "total", "bandwidth", "operations", "link"))
    for plan in made["plans"]:
        assert 0 < plan["decode_rate"] < 1
        assert all(isinstance(plan[key], int) for key in ("weights", "cache", "compute", "lacks", "cpu_expert_layers"))


def test_json_is_what_was_agreed(row) -> None:
    """Every plan has the agreed keys; every device its bytes by kind, the host last, and they add up."""
    made = row(*SCOUT, "--device", "RTX 4080", "--ram", "96GiB")

    assert {"schema", "model", "machine", "name", "need", "fits", "plans", "measured", "llama_server"} == set(made)
    for plan in made["plans"]:
        assert set(plan) >= CONTRACT
        assert "host" == plan["devices"][-1]["name"]
        for device in plan["devices"]:
            used = sum(device[kind] for kind in ("weights", "cache", "compute", "scratch"))
            assert (used, device["free"] - used) == (device["used"], device["headroom"])
    assert (5227, 906) == (made["need"]["prompt_tokens"], made["need"]["max_tokens"])


def test_a_16_gb_card_gets_everything_but_experts(row) -> None:
    """Scout at 131,072 tokens: attention, shared expert, cache and output on the card, experts in memory."""
    made = row(*SCOUT, "--device", "RTX 4080:16GiB", "--ram", "96GiB")
    best = made["plans"][0]

    assert (True, 131072, 49) == (made["fits"], best["context"], best["gpu_layers"])
    assert 30 < best["cpu_expert_layers"] <= 48
    card, host = best["devices"]
    assert card["weights"] + card["cache"] + card["compute"] + card["scratch"] < 16 * GIB
    assert card["cache"] == best["cache"] > 3 * GIB
    assert host["weights"] > 40 * GIB


def test_four_cards_need_no_overrides(row) -> None:
    """Scout over four cards of 20 GiB: all layers, all experts, each card its part."""
    best = row(*SCOUT, "--device", "4x RTX 4000 Ada", "--ram", "128GiB")["plans"][0]

    assert (49, 0) == (best["gpu_layers"], best["cpu_expert_layers"])
    assert 49 == sum(device["layers"] for device in best["devices"][:-1])
    assert all(device["headroom"] > 0 for device in best["devices"])


@pytest.mark.parametrize("machine", ["M4 Max 128GB", "DGX Spark"])
def test_shared_memory_is_counted_once(row, machine: str) -> None:
    """One pool: what the GPU takes is not there a second time for the host."""
    made = row(*SCOUT, "--device", machine)
    best = made["plans"][0]

    assert 49 == best["gpu_layers"]
    assert sum(device["used"] for device in best["devices"]) < 80 * GIB
    assert made["machine"]["memory_available"] <= 128 * GIB


def test_ten_million_tokens_say_what_they_take(say, row) -> None:
    """No machine holds them: exit code 1, the bytes, the time, what is missing; no error."""
    arguments = ("plan", "--model", "llama-4-scout", "--tokens", "10485760", "--device", "RTX 4090", "--ram", "64GiB")
    code, out, err = say(*arguments)

    assert (ExitCode.NOTHING_FOUND, "") == (code, err)
    assert out.startswith("Does not fit: Llama 4 Scout")
    assert "is missing" in out
    made = row(*arguments)
    assert (False, False) == (made["fits"], made["plans"][0]["fits"])
    assert 255 * GIB < made["plans"][0]["cache"] < 257 * GIB
    assert made["plans"][0]["lacks"] > 200 * GIB


def test_text_is_one_screen_of_80_columns(say) -> None:
    """The verdict first; no line is wider than a terminal but the one to paste."""
    code, out, err = say(*SCOUT, "--device", "RTX 4080", "--ram", "96GiB")

    lines = out.splitlines()
    assert (ExitCode.OK, "") == (code, err)
    assert lines[0].startswith("Fits: Llama 4 Scout 17B 16E Instruct Q4_K_M with a context of 131,072 tokens")
    assert max(len(line) for line in lines if "llama-server" not in line) <= 80
    assert 1 == sum("llama-server -m FILE.gguf -ngl 49 " in line for line in lines)
    for word in ("prefill", "decode", "together", "weights", "cache", "headroom", "limit", "Other plans"):
        assert word in out
    assert len(lines) <= 40


def test_text_is_ascii_without_utf8(run) -> None:
    """A terminal of another encoding gets plain bars, and not one byte that it cannot show."""
    result = run("plan", PYTHONIOENCODING="ascii", PYTHONUTF8="0")

    assert ExitCode.OK == result.code
    assert result.stdout.isascii()
    assert "# weights" in result.stdout


def test_colour_is_only_added(say, monkeypatch) -> None:
    """Without colour the text is the same, escape sequences aside."""
    monkeypatch.setenv("NO_COLOR", "1")
    machine = ("--device", "RTX 4090", "--ram", "64GiB")
    plain = say("plan", *machine)[1]
    coloured = say("plan", *machine, "--color", "always")[1]

    assert "\x1b" not in plain
    assert coloured.replace("\x1b[1m", "").replace("\x1b[2m", "").replace("\x1b[0m", "") == plain


def test_the_same_plan_has_the_same_bytes() -> None:
    """Nothing depends on the order of sets, whatever the seed of hashes."""
    words = [sys.executable, "-m", "codereader", *SCOUT, "--device", "4x RTX 3090", "--ram", "64GiB", "--all"]
    printed = {
        subprocess.run(words, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True).stdout
        for seed in ("1", "2")
    }

    assert 1 == len(printed)


def test_markdown_says_the_same(say) -> None:
    """A heading, a table, the line to paste."""
    code, out, _ = say(*SCOUT, "--device", "RTX 4080", "--ram", "96GiB", "--format", "markdown")

    assert ExitCode.OK == code
    assert out.startswith("### Fits: Llama 4 Scout")
    assert "\n| GiB | weights | cache |" in out
    assert "`llama-server -m FILE.gguf" in out


def test_a_plan_goes_into_a_file(say, tmp_path: Path) -> None:
    """-o writes what stdout would have had."""
    out = tmp_path / "plan.json"

    assert (ExitCode.OK, "", "") == say("plan", "--format", "json", "-o", out)
    assert "plans" in json.loads(out.read_text())


def test_settings_are_kept(row) -> None:
    """What the person fixed is fixed; the planner chooses the rest."""
    flags = ("--cache-type", "q4_0", "--micro-batch", "256", "--gpu-layers", "20")
    best = row(*SCOUT, "--device", "RTX 4080", "--ram", "96GiB", *flags)["plans"][0]

    assert ("q4_0", 256, 20) == (best["cache_type_k"], best["micro_batch"], best["gpu_layers"])


def test_every_plan_is_shown_on_demand(say, row) -> None:
    """--all has them all; without it there are three, and how many more is said."""
    machine = (*SCOUT, "--device", "RTX 4080", "--ram", "96GiB")
    count = len(row(*machine)["plans"])
    usual, every = (say(*machine, *more)[1] for more in ([], ["--all"]))

    assert count > 3
    assert list(range(2, count + 1)) == [int(number) for number in re.findall(r"^  (\d+)\. ", every, re.MULTILINE)]
    assert ["2", "3"] == re.findall(r"^  (\d+)\. ", usual, re.MULTILINE)
    assert f"({count - 3} more: --all)" in usual


def test_a_budget_of_files_makes_the_prompt(row) -> None:
    """--budget counts files; what ask adds comes on top; --ctx is another word for --tokens."""
    machine = ("plan", "--model", "gpt-oss-20b", "--device", "RTX 4090", "--ram", "64GiB")
    small, usual, bound = (
        row(*machine, *more)["need"]["prompt_tokens"]
        for more in (["--budget", "1000"], [], ["--budget", "max", "--ctx", "8192"])
    )

    assert (1250, 16384 * 5 // 4, 8192 - 512) == (small, usual, bound)
    assert row(*machine, "--ctx", "8192") == row(*machine, "--tokens", "8192")


def test_a_tree_is_read_as_its_flags_say(say, row, tree: Path) -> None:
    """--include and --exclude change the prompt; --quiet changes nothing on stdout."""
    machine = ("--device", "RTX 4090", "--ram", "64GiB")
    whole, part, rest = (
        row("plan", tree, *machine, *more)["need"]["prompt_tokens"]
        for more in ([], ["--include", "file1.c"], ["--exclude", "file1.c"])
    )

    assert part < rest < whole
    assert say("plan", tree, *machine)[1] == say("plan", tree, *machine, "--quiet")[1]


def test_a_tree_is_counted_as_ask_counts_it(row, tree: Path) -> None:
    """The prompt is the one that ask would send, in the model's own vocabulary, and so is the plan."""
    planned = row("plan", tree)
    asked = row("ask", tree, "explain structure", "--dry-run", "--max-tokens", "512")

    assert planned["need"]["prompt_tokens"] == asked["prompt_tokens"]
    assert planned["need"]["exact"] is True
    assert set(planned["plans"][0]) == set(asked["plan"])
    same = ("context", "micro_batch", "gpu_layers", "cache", "weights")
    assert [planned["plans"][0][key] for key in same] == [asked["plan"][key] for key in same]


def test_a_tree_for_a_model_that_is_not_here_is_estimated(row, tree: Path) -> None:
    """Without a vocabulary tokens are estimated, and said to be."""
    need = row("plan", tree, "--model", "llama-4-scout", "--device", "RTX 4080", "--ram", "96GiB")["need"]

    assert need["exact"] is False
    assert "estimated" in need["about"]


def test_a_dry_run_of_ask_says_it_in_the_same_words(say, tree: Path) -> None:
    """The lines of the plan in both are the same but for what goes with the machine's name."""
    planned = say("plan", tree)[1].splitlines()
    asked = say("ask", tree, "explain structure", "--dry-run", "--max-tokens", "512")[1].splitlines()

    rows = [line for line in planned if line.startswith("  system memory")]
    assert rows
    assert [line.split()[:4] for line in rows] == [
        line.split()[:4] for line in asked if line.startswith("  system memory")
    ]
    assert any("all layers on the CPU" in line for line in asked)


def test_ask_says_how_it_runs(say, tree: Path) -> None:
    """Before the model loads, one line on stderr; --quiet leaves it away."""
    said = say("ask", tree, "explain structure", "--model", "echo")[2]

    assert "plan: no model, " in said
    assert "plan:" not in say("ask", tree, "explain structure", "--model", "echo", "--quiet")[2]


def test_machines_stand_side_by_side(say, row) -> None:
    """Which of these cards? One screen, the fastest marked, every machine with its bars."""
    machines = ["RTX 4080, 96GiB", "4x RTX 4000 Ada, 128GiB", "RTX PRO 6000 Blackwell, 128GiB"]
    compared = [word for machine in machines for word in ("--compare", machine)]
    code, out, err = say(*SCOUT, *compared)

    assert (ExitCode.OK, "") == (code, err)
    assert all(machine in out for machine in machines)
    assert max(map(len, out.splitlines())) <= 80
    assert 1 == sum(line.startswith("* RTX PRO 6000") and " yes " in line for line in out.splitlines())
    assert len(out.splitlines()) <= 24
    rows = row(*SCOUT, *compared)["machines"]
    assert machines == [one["name"] for one in rows]
    assert all(set(one["plans"][0]) >= CONTRACT for one in rows)
    assert [0, 1] == sorted({one["plans"][0]["cpu_expert_layers"] > 0 for one in rows})


def test_settings_are_compared_on_one_machine(row) -> None:
    """A setting alone is tried on the machine of --device, which stands first."""
    rows = row(
        *SCOUT, "--device", "RTX 4080", "--ram", "96GiB", "--compare", "cache-type=f16", "--compare", "cache-type=q4_0"
    )["machines"]

    assert 3 == len(rows)
    assert ["f16", "q4_0"] == [one["plans"][0]["cache_type_k"] for one in rows[1:]]
    assert {"RTX 4080"} == {one["plans"][0]["devices"][0]["name"] for one in rows}


def test_models_are_compared(say, row) -> None:
    """Which model for this card: each machine of a comparison may name its own."""
    compared = ("--compare", "model=gpt-oss-20b", "--compare", "model=qwen3-coder-30b-a3b")
    rows = row("plan", "--device", "RTX 4090", "--ram", "64GiB", "--model", "llama-4-scout", *compared)["machines"]

    assert ["llama4", "gpt-oss", "qwen3moe"] == [one["model"]["architecture"] for one in rows]
    assert "several models" in say("plan", "--device", "RTX 4090", "--ram", "64GiB", *compared)[1]


def test_one_comparison_is_with_this_machine(row) -> None:
    """A single --compare stands beside what is here."""
    rows = row("plan", "--compare", "RTX 4090, 64GiB")["machines"]

    assert 2 == len(rows)
    assert rows[0]["name"].startswith("this machine")


def test_nothing_fits_is_exit_code_1(say) -> None:
    """Scripts can tell; the screen says so too."""
    machines = ("--compare", "RTX 4060, 16GiB", "--compare", "RTX 3060:12GiB, 16GiB")
    code, out, _ = say("plan", "--model", "llama-4-scout", "--tokens", "10m", *machines)

    assert ExitCode.NOTHING_FOUND == code
    assert "None of these machines holds it." in out


ODD = ["", "0", "-1", "1", "99999999999999999999", "1e9", "32k", "nan", "\x1b[31m", "\u202e", "\udcff", "a" * 5000, ","]
DEVICES = ["RTX 4090", "16x T4", "M1 8GB", "X:1MiB", "X:500TiB:999999TB/s:999999PFLOPS", "X:16:0.001:0.001", "A + B"]
MEMORIES = ["1KiB", "600MiB", "96GiB:0.000001GB/s", "999999TiB"]
TOKENS = ["1", "31", "4096", "1048576", "2147483647"]
COMPARED = ["4x X:24GiB, 64GiB", "M4 Max, 36GB", "RTX 3060, 8GiB, gpu-layers=20", "64GiB, tokens=512", "64GiB, model="]
VALUES = {
    "--device": DEVICES,
    "--tokens": TOKENS,
    "--prompt": TOKENS,
    "--max-tokens": TOKENS,
    "--budget": ["1", "1m", "auto", "max"],
    "--gpu-layers": ["0", "1", "1000"],
    "--cache-type": ["f16", "q8_0", "q4_0"],
    "--micro-batch": ["1", "31", "65536"],
    "--compare": COMPARED,
    "--format": ["text", "markdown", "json"],
}
FLAGS = st.sampled_from(sorted(VALUES)).flatmap(
    lambda flag: st.tuples(st.just(flag), st.sampled_from(VALUES[flag]) | st.sampled_from(ODD))
)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["llama-4-scout", "gpt-oss-20b", "gemma-3-27b"]),
    st.sampled_from(MEMORIES) | st.sampled_from(ODD),
    st.lists(FLAGS, max_size=4),
)
def test_whatever_is_asked_is_a_plan_or_a_sentence(say, model: str, ram: str, flags: list[tuple[str, str]]) -> None:
    """No mix of flags and values is a bug: a plan, an exit code, and no escape sequence of a value on the terminal."""
    code, out, err = say("plan", "--model", model, "--ram", ram, *(word for pair in flags for word in pair))

    assert code in (ExitCode.OK, ExitCode.NOTHING_FOUND, ExitCode.USAGE, ExitCode.MODEL), err
    assert bool(out) == (code in (ExitCode.OK, ExitCode.NOTHING_FOUND))
    assert not {"\x1b", "\u202e"} & set(out + err)
    assert "nan" not in out.split()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--model", "llama-5-scuot"], "no model named 'llama-5-scuot' was found"),
        (["--model", "nowhere/model.gguf"], "there is no model at nowhere/model.gguf"),
        (["--model", ""], "--model is empty"),
        (["scout.gguf"], "scout.gguf is a model, and PATH is a source tree"),
        (["llama-4-scout"], "llama-4-scout is a model, and PATH is a source tree"),
        (["--model", "echo"], "the echo model has no weights to place"),
        (["--model", "http://127.0.0.1:9"], "cannot use the model server"),
        (["--device", "RTX 4099"], "is no card that is known by name"),
        (["--device", ""], "the name of a device is empty"),
        (["--device", "X:16 parsecs"], "'16 parsecs' is no memory"),
        (["--ram", "much"], "no memory"),
        (["--tokens", "-5"], "-5"),
        (["--tokens", "0"], "0 is less than 1"),
        (["--tokens", "lots"], "'lots' is not a whole number"),
        (["--prompt", "4000", "--tokens", "2000"], "do not fit a context of 2,000"),
        (["--max-tokens", "4000", "--tokens", "2000"], "of prompt and 4,000 of answer do not fit a context of 2,000"),
        (["--tokens", "999999999999"], "is more than the 2,147,483,647"),
        (["--prompt", "9", "--budget", "9"], "--budget and --prompt contradict each other"),
        (["--cache-type", "q3"], "'q3' is not one of"),
        (["--micro-batch", "x"], "'x' is not a whole number"),
        (["--micro-batch", "65537"], "--micro-batch 65,537 is more than 65,536"),
        (["--gpu-layers", "-1"], "-1"),
        (["--compare", "colour=red"], "'colour', which is no setting"),
        (["--compare", "cache-type=q3"], "cache-type=q3"),
        (["--compare", "tokens=many"], "tokens=many"),
        (["--all", "--compare", "this"], "--all shows the plans for one machine"),
        (["--compare", "tokens=999999999999"], "is more than the 2,147,483,647"),
        (["--measure", "--ram", "64GiB"], "for this machine only"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(say, arguments: list[str], said: str) -> None:
    """Exit code 2 or 4, nothing on stdout, the reason and a way out on stderr."""
    code, out, err = say("plan", *arguments)

    assert code in (ExitCode.USAGE, ExitCode.MODEL), err
    assert "" == out
    assert said in err
    assert len(err.splitlines()) <= 4


def test_a_mistyped_model_gets_near_names(say) -> None:
    """Names of models that are known without a file count."""
    assert "did you mean llama-4-scout?" in say("plan", "--model", "lama-4-scot")[2]


def test_what_is_known_is_listed(say, row) -> None:
    """Every name of the list can be planned for."""
    code, out, _ = say("models", "list", "--known")
    names = [line.split()[0] for line in out.splitlines()]

    assert ExitCode.OK == code
    assert "llama-4-scout" in names
    assert names == [one["name"] for one in row("models", "list", "--known")["known"]]
    assert (
        "llama4"
        == row("plan", "--model", "llama-4-scout", "--device", "H200", "--ram", "1TiB")["model"]["architecture"]
    )


def test_a_mistyped_card_gets_near_names(say) -> None:
    """One letter too many is no reason to read a manual."""
    assert "RTX 4090" in say("plan", "--device", "RTX 40900")[2]


def test_cards_that_are_known_are_listed(say, row) -> None:
    """--device list: a row each, in text, Markdown and JSON, and every name of it can be planned for."""
    from codereader.engine.hardware.described import machine_of

    code, out, err = say("plan", "--device", "list")
    names = [one["name"] for one in row("plan", "--device", "list")["known"]]

    assert (ExitCode.OK, "") == (code, err)
    assert max(map(len, out.splitlines())) <= 80
    assert ["name", *names] == [
        line[: len(name)] for line, name in zip(out.splitlines(), ["name", *names], strict=True)
    ]
    assert {"RTX 4090", "M4 Max 128GB", "DGX Spark", "MI300X", "Arc A770 16GB"} <= set(names)
    assert names == [machine_of([name], here=machine_of([], GIB)).devices[0].name for name in names]
    assert f"| {names[0]} |" in say("plan", "--device", "list", "--format", "markdown")[1]


def test_a_list_of_cards_stands_alone(say) -> None:
    """Another device beside it is refused, not ignored."""
    assert ExitCode.USAGE == say("plan", "--device", "list", "--device", "RTX 4090")[0]


def test_an_unknown_card_is_told_where_the_known_ones_are(say) -> None:
    """One sentence: near names, the form of figures, the list."""
    err = say("plan", "--device", "RTX 40900")[2]

    assert all(said in err for said in ("'RTX 4090'", "'RTX 40900:16GiB:504GB/s:29TFLOPS'", "`--device list`"))


def test_a_folder_is_no_model(say, tmp_path: Path) -> None:
    """The folder is named, and what to name instead."""
    code, _, err = say("plan", "--model", tmp_path)

    assert ExitCode.MODEL == code
    assert f"{tmp_path} is a folder" in err


def test_a_broken_file_is_no_model(say, tmp_path: Path) -> None:
    """A file that is no GGUF, and one that ends early, are refused with the reason."""
    noise = tmp_path / "noise.gguf"
    noise.write_bytes(os.urandom(5000))
    short = tmp_path / "short.gguf"
    short.write_bytes(bundled_model().read_bytes()[:4000])

    for path in (noise, short):
        code, out, err = say("plan", "--model", path)
        assert (ExitCode.MODEL, "") == (code, out)
        assert str(path) in err


def test_a_hostile_name_stays_on_its_line(say, tmp_path: Path) -> None:
    """A model's name with escape sequences is shown, not obeyed; so is its file's."""
    tensors = [("token_embd.weight", (64, 32), "F32")]
    tensors += [(f"blk.{n}.attn_q.weight", (64, 64), "F32") for n in range(2)]
    named = {"general.name": "Evil\x1b[2J\nFits: everything"}
    path = write_gguf(tmp_path / "a\x1b[31m;b.gguf", llama_metadata() | named, tensors)

    for style in ("text", "markdown"):
        code, out, err = say("plan", "--model", path, "--format", style)
        assert code in (ExitCode.OK, ExitCode.MODEL)
        assert "\x1b" not in out + err
        assert not any(line.startswith("Fits: everything") for line in out.splitlines())


def test_a_name_without_end_is_cut(say, tmp_path: Path) -> None:
    """A model's name of a megabyte does not fill the screen."""
    tensors = [("token_embd.weight", (64, 32), "F32")]
    tensors += [(f"blk.{n}.attn_q.weight", (64, 64), "F32") for n in range(2)]
    path = write_gguf(tmp_path / "a.gguf", llama_metadata() | {"general.name": "x" * 100_000}, tensors)

    assert len("".join(say("plan", "--model", path)[1:])) < 5000


EXAMPLES = [
    line.strip().partition("   ")[0]
    for line in (Path(__file__).parents[2] / "docs" / "commands.md").read_text("utf-8").splitlines()
    if line.startswith("    codereader plan")
]


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_documented_example_runs(say, tree: Path, monkeypatch, example: str) -> None:
    """What docs/commands.md shows prints a plan."""
    monkeypatch.chdir(tree)

    code, out, err = say(*shlex.split(example)[1:])

    assert code in (ExitCode.OK, ExitCode.NOTHING_FOUND), err
    assert "headroom" in out or "driven by" in out


def test_no_model_at_all_says_how_to_name_one(say, monkeypatch) -> None:
    """Nothing was named and nothing is installed: the flag, and names that need no file."""
    monkeypatch.setattr("codereader.model.catalogue._package_folders", lambda _: [])

    code, out, err = say("plan")

    assert (ExitCode.MODEL, "") == (code, out)
    assert "--model" in err
    assert "scout" in err


def test_a_tree_and_a_length_contradict_each_other(say, tree: Path) -> None:
    """The tree says how long the prompt is."""
    assert ExitCode.USAGE == say("plan", tree, "--prompt", "100")[0]


def test_a_tree_that_is_not_there_is_said(say, tmp_path: Path) -> None:
    """Exit code 3, as for every command."""
    assert ExitCode.UNREADABLE == say("plan", tmp_path / "nowhere")[0]


def test_a_short_run_shows_how_fast_this_machine_is(say, row) -> None:
    """--measure runs the model, tells rates and bytes beside what was predicted, and keeps them for the next plan."""
    short = ("plan", "--prompt", "200", "--max-tokens", "16")
    code, out, err = say(*short, "--measure")
    told = " ".join(out.split())

    assert (ExitCode.OK, "") == (code, err)
    assert "  measured  prefill " in out
    assert "(predicted " in out
    assert ("kept for later plans" in told) != ("busy with other work" in told)
    assert ("kept for later plans" in told) == ("corrected by" in row(*short)["plans"][0]["assumption"])


def test_only_a_model_that_is_here_can_be_measured(say) -> None:
    """A model that is known by name has nothing to run."""
    code, _, err = say("plan", "--model", "gpt-oss-20b", "--measure")

    assert ExitCode.MODEL == code
    assert "no file of gpt-oss 20B MXFP4 is here" in err
