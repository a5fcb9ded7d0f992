"""Plans for cards, carried out: the same text wherever layers lie, the bytes that were predicted, and ways out.

The cards are RPC devices of llama.cpp (tests/engine/rpc.py): real buffers, real transfers, no speed.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.engine.experts import LAYERS, write_experts
from tests.engine.rpc import CARDS, Server, Unavailable, plugin, with_cards
from tests.gguf_files import bundled_model

MIB = 1 << 20
NEED = {"prompt_tokens": 700, "answer_tokens": 60}
HOST_ALONE = {"device": "cpu"}
ROUNDING = 0.02 * MIB
"""Bytes by which a line of the log may differ from what it rounds."""

Run = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def rpc_plugin() -> Path:
    """The plug-in, built the first time."""
    try:
        return plugin()
    except Unavailable as why:
        if os.environ.get("CI") and sys.platform == "linux":
            pytest.fail(str(why))
        pytest.skip(str(why))


@pytest.fixture
def serve(rpc_plugin: Path) -> Iterator[Callable[..., Server]]:
    """Start a card's server; all end with the test."""
    with ExitStack() as stack:

        def start(room: int = 0) -> Server:
            server = Server(rpc_plugin, room)
            stack.callback(server.kill)
            return server

        yield start


@pytest.fixture
def run(rpc_plugin: Path, tiny) -> Run:
    """Plan, load and answer in a process that sees *cards* (MiB by server)."""

    def run_job(cards: dict[Server, int], **job: Any) -> dict[str, Any]:
        prompt = [*tiny.source[:90], *tiny.question("What does field_3 return?")]
        asked = {"model": str(bundled_model()), "prompt": prompt, "preferences": {"margin": 0}, **job}
        asked["need"] = {**NEED, **job.get("need", {})}
        done = subprocess.run(
            [sys.executable, str(CARDS / "runs.py"), json.dumps(asked)],
            env=with_cards(rpc_plugin, {server.endpoint: size * MIB for server, size in cards.items()}),
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    return run_job


@pytest.fixture(scope="module")
def known() -> dict[str, str]:
    """What the CPU alone says, by the job."""
    return {}


@pytest.fixture
def on_cpu(run, known) -> Callable[..., str]:
    """Answer on the CPU, in the same batches and with the same cache as what was found; each job once."""

    def answer(found: dict[str, Any], **job: Any) -> str:
        same = {name: found["plan"][name] for name in ("context", "cache_type_k", "cache_type_v", "micro_batch")}
        key = json.dumps((same, job), sort_keys=True)
        if key not in known:
            known[key] = run({}, plan=same, **job)["text"]
        assert known[key]
        return known[key]

    return answer


@pytest.fixture(scope="module")
def experts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A mixture of experts."""
    return write_experts(tmp_path_factory.mktemp("experts") / "experts.gguf")


def on(found: dict[str, Any], name: str) -> tuple[dict[str, int], dict[str, int]]:
    """What a device was planned to hold, and what it holds."""
    planned = next(share for share in found["plan"]["shares"] if share["name"] == name)
    held = next(part for part in found["buffers"]["held"]["parts"] if part["name"] == name)
    return planned, held


def cards_of(found: dict[str, Any]) -> list[str]:
    """The devices with layers."""
    return [share["name"] for share in found["plan"]["shares"] if share["name"] != "host"]


@pytest.mark.parametrize(
    ("sizes", "more"),
    [
        ((60,), {}),
        ((80,), {}),
        ((200,), {}),
        ((80, 60), {}),
        ((200,), {"preferences": {"margin": 0, "cache_types": ["q8_0"]}}),
        ((400,), {"need": {"gpu_layers": 1}}),
        ((400,), {"need": {"gpu_layers": 15}}),
        ((400, 400), {"need": {"gpu_layers": 30}}),
    ],
    ids=["60 MB", "80 MB", "200 MB", "80 and 60 MB", "q8_0", "the output", "half", "all but one on two"],
)
def test_a_plan_for_cards_is_carried_out(serve, run, on_cpu, sizes, more):
    """The text is that of the CPU, layers lie where they were planned, and the bytes are those that were predicted."""
    found = run({serve(): size for size in sizes}, **more)

    assert cards_of(found)
    assert found["as planned"]
    assert on_cpu(found) == found["text"]
    for name, size in zip(cards_of(found), sorted(sizes, reverse=True), strict=False):
        planned, held = on(found, name)
        assert planned["weights"] == pytest.approx(held["weights"], abs=ROUNDING)
        assert planned["cache"] == pytest.approx(held["cache"], abs=ROUNDING)
        assert held["compute"] <= 1.05 * planned["compute"] <= 1.35 * held["compute"] + 3 * MIB
        assert held["weights"] + held["cache"] + held["compute"] <= size * MIB


def test_experts_stay_with_the_host_where_the_card_is_small(serve, run, on_cpu, experts):
    """Attention and the cache lie on the card, some experts do not, and the text is the same."""
    found = run({serve(): 22}, model=str(experts), need={"gpu_layers": LAYERS + 1})

    planned, held = on(found, "RPC0")
    assert 0 < len(found["plan"]["cpu_experts"]) < LAYERS
    assert LAYERS + 1 == found["plan"]["gpu_layers"]
    assert planned["weights"] == pytest.approx(held["weights"], abs=ROUNDING)
    assert planned["cache"] == pytest.approx(held["cache"], abs=ROUNDING)
    assert on_cpu(found, model=str(experts)) == found["text"]


@pytest.mark.parametrize("left", [(0,), (1, 3), (0, 1, 2, 3)], ids=["the first", "two", "all"])
def test_experts_of_any_layers_can_stay_with_the_host(serve, run, on_cpu, experts, left):
    """Only what is named leaves the card: 3 MiB of experts a layer."""
    found = run({serve(): 400}, model=str(experts), plan={"cpu_experts": left})

    planned, held = on(found, "RPC0")
    assert planned["weights"] - held["weights"] == pytest.approx(3 * MIB * len(left), abs=ROUNDING)
    assert on_cpu(found, model=str(experts)) == found["text"]


def test_a_plan_without_devices_leaves_cards_alone(serve, run):
    """Where the CPU is wanted nothing is put on a card that is there."""
    found = run({serve(): 400}, need=HOST_ALONE)

    assert ["host"] == [part["name"] for part in found["buffers"]["held"]["parts"]]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the limit on address space works on Linux alone")
def test_a_card_that_has_less_than_it_says_is_survived(serve, run, on_cpu):
    """Memory really runs out: each step is told, the model ends up on the card in part, and the text is right."""
    server = serve(room=76 * MIB)

    found = run({server: 400}, retreat=True, remote=True)

    assert server.alive
    assert found["told"][0].startswith("RPC0 ran out of memory: trying again ")
    assert 0 < found["plan"]["gpu_layers"] < found["first"]["gpu_layers"]
    assert found["as planned"]
    assert on_cpu(found) == found["text"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the limit on address space works on Linux alone")
def test_a_card_without_any_room_leaves_the_cpu(serve, run, on_cpu):
    """The last step of the ladder, and the text is that of the CPU."""
    found = run({serve(room=8 * MIB): 400}, retreat=True, remote=True)

    assert "on the CPU alone" in found["told"][-1]
    assert (0, "100% CPU") == (found["plan"]["gpu_layers"], found["plan"]["processor"])
    assert on_cpu(found) == found["text"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the limit on address space works on Linux alone")
def test_without_a_ladder_the_error_names_the_card(serve, run):
    """One sentence: which device, for what."""
    found = run({serve(room=40 * MIB): 400})

    assert "ModelTooLarge" == found["error"]
    assert found["message"].startswith("there is not enough memory on RPC0 for the ")


def test_a_card_that_goes_while_it_answers_is_one_sentence(serve, run):
    """llama.cpp ends its process there; ours says so and lives on."""
    server = serve()

    found = run({server: 400}, remote=True, kill=server.process_id)

    assert "EngineEnded" == found["error"]
    assert "\n" not in found["message"]
    assert "engine" in found["message"]


def test_a_card_can_be_named(serve, run):
    """--device takes the name of any device that the library has."""
    found = run({serve(): 400, serve(): 400}, need={"device": "RPC1"})

    assert ["RPC1"] == cards_of(found)
    assert found["as planned"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the limit on address space works on Linux alone")
def test_the_command_survives_a_lack_of_memory_and_remembers_it(serve, rpc_plugin, tmp_path):
    """Each step is a note, the answer comes, and the next question plans otherwise and does not run into it again.

    How far the steps go is the machine's affair: a card that does not answer in time is taken for gone.
    """
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "a.c").write_text("int twice(int x) { return 2 * x; }\nint main(void) { return twice(3); }\n")
    env = with_cards(rpc_plugin, {serve(room=90 * MIB).endpoint: 1300 * MIB})
    flags = ["--model", str(bundled_model()), "--device", "RPC0", "--max-tokens", "4", "--all-prose"]

    def ask() -> str:
        done = subprocess.run(
            [sys.executable, "-m", "codereader", "ask", str(tree), "explain structure", *flags],
            env=env, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stderr

    first, second = ask(), ask()

    said = f"the first question:\n{first}\nthe second one:\n{second}"
    plans = [next(line for line in one.splitlines() if line.startswith("plan: ")) for one in (first, second)]
    assert "note: RPC0 ran out of memory: trying again " in first, said
    assert "trying again" not in second, said
    assert plans[0] != plans[1], said
    assert "on the CPU alone" in first or "layers on the GPU" in plans[1], said


def test_a_question_on_a_card_takes_up_what_was_read_before(serve, rpc_plugin, tmp_path):
    """What a card evaluated goes to disk and back onto the card; the answer is the same."""
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "a.c").write_text("int twice(int x) { return 2 * x; }\n")
    env = with_cards(rpc_plugin, {serve().endpoint: 1300 * MIB})
    flags = ["--model", str(bundled_model()), "--device", "RPC0", "--max-tokens", "4", "--format", "json"]

    def ask() -> dict[str, Any]:
        done = subprocess.run(
            [sys.executable, "-m", "codereader", "ask", str(tree), "explain structure", *flags],
            env=env, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    first, second = ask(), ask()

    assert first["usage"]["reused_tokens"] == 0 < second["usage"]["reused_tokens"]
    assert ("100% GPU", first["answer"]) == (second["usage"]["processor"], second["answer"])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signal that ends a process at once")
def test_a_card_that_dies_in_a_prompt_is_told_before_the_answer(serve, rpc_plugin, tmp_path):
    """Not after it: who waits learns at once why nothing moves."""
    (tmp_path / "a.c").write_text("".join(f"int f{n}(void) {{ return {n}; }}\n" for n in range(60)))
    server = serve()
    flags = ["--model", str(bundled_model()), "--device", "RPC0", "--max-tokens", "4", "--all-prose"]
    process = subprocess.Popen(
        [sys.executable, "-m", "codereader", "ask", str(tmp_path), "explain structure", "--format", "jsonl", *flags],
        env=with_cards(rpc_plugin, {server.endpoint: 1300 * MIB}),
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdout
    with process, process.stdout as rows:
        seen = []
        for line in rows:
            row = json.loads(line)
            seen.append(row["event"])
            if row["event"] == "progress" and row["stage"] == "prefill" and "died" not in seen:
                os.kill(server.process_id, signal.SIGKILL)
                seen.append("died")

    told = seen.index("note", seen.index("died"))
    assert (0, True) == (process.returncode, "progress" in seen[told : seen.index("token")])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signal that stops a process for a while")
def test_a_card_that_hangs_leaves_ctrl_c(serve, rpc_plugin, tmp_path):
    """llama.cpp waits for it inside a call that nobody can stop; its process is ended."""
    (tmp_path / "a.c").write_text("".join(f"int f{n}(void) {{ return {n}; }}\n" for n in range(60)))
    server = serve()
    flags = ["--model", str(bundled_model()), "--device", "RPC0", "--max-tokens", "400", "--all-prose"]
    process = subprocess.Popen(
        [sys.executable, "-m", "codereader", "ask", str(tmp_path), "explain structure", *flags],
        env=with_cards(rpc_plugin, {server.endpoint: 1300 * MIB}),
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr
    with process, process.stderr as notes:
        assert any("too small to be trusted" in line for line in notes)
        os.kill(server.process_id, signal.SIGSTOP)
        process.send_signal(signal.SIGINT)

        assert process.wait(timeout=60) == 130
