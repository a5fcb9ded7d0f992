"""Models that cannot run here: one sentence, the right error, no crash and no traceback."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace

import pytest

from codereader.cancel import CancelToken
from codereader.engine.embedded import llama, loading
from codereader.engine.embedded.llama import LlamaEngine
from codereader.engine.hardware.devices import inventory
from codereader.engine.hardware.host import Memory
from codereader.engine.plan import Need, Share
from codereader.engine.planning.ladder import retreat
from codereader.engine.planning.planner import plan
from codereader.engine.protocol import Finished, Prompt, Sampling
from codereader.engine.retreat import RetreatingEngine
from codereader.engine.state.store import StateStore
from codereader.errors import ModelError, ModelNotFound, ModelTooLarge, ModelUnreadable
from codereader.model.gguf import read_header

ARCHITECTURE = b"general.architecture\x08\0\0\0\x05\0\0\0\0\0\0\0llama"


def spoiled(raw: bytes, how: str) -> bytes:
    """Return a model's bytes made unusable in a way that happens."""
    match how:
        case "empty":
            return b""
        case "not a model":
            return b"#!/bin/sh\n" * 1000
        case "header cut":
            return raw[:1000]
        case "weights cut":
            return raw[: len(raw) // 2]
        case "newer version":
            return raw[:4] + (99).to_bytes(4, "little") + raw[8:]
        case "impossible count":
            return raw[:16] + (1 << 40).to_bytes(8, "little") + raw[24:]
        case "unknown architecture":
            return raw.replace(ARCHITECTURE, ARCHITECTURE[:-5] + b"flame", 1)
        case "escapes":
            return raw.replace(ARCHITECTURE, ARCHITECTURE[:-5] + b"\x1b[31m", 1)
    raise AssertionError(how)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("empty", "failed to read magic"),
        ("not a model", "invalid magic characters: '#!/b', expected 'GGUF'"),
        ("header cut", "exceeds remaining file size"),
        ("weights cut", "data is not within the file bounds, model is corrupted or incomplete"),
        ("newer version", "this GGUF file is version 99"),
        ("impossible count", "string length"),
        ("unknown architecture", "unknown model architecture: 'flame'"),
        ("escapes", r"unknown model architecture: '\x1b[31m'"),
    ],
)
def test_a_spoiled_model_is_one_sentence(tiny, tmp_path, how, words):
    """The sentence names the file and llama.cpp's reason, and holds no control characters."""
    path = tmp_path / "model.gguf"
    path.write_bytes(spoiled(tiny.path.read_bytes(), how))

    with pytest.raises(ModelUnreadable) as caught:
        LlamaEngine(tiny.plan(), path).load(CancelToken())

    message = str(caught.value)
    assert message.startswith(f"llama.cpp cannot load {path}: ")
    assert words in message
    assert message.isprintable()


def test_a_newer_architecture_hints_at_an_upgrade(tiny, tmp_path):
    """A model that this llama.cpp does not know may run in the next one."""
    path = tmp_path / "model.gguf"
    path.write_bytes(spoiled(tiny.path.read_bytes(), "unknown architecture"))

    with pytest.raises(ModelUnreadable) as caught:
        LlamaEngine(tiny.plan(), path).load(CancelToken())

    assert "upgrade" in caught.value.hint


@pytest.mark.parametrize("name", ["missing.gguf", "."])
def test_a_model_that_is_not_a_file_is_not_found(tiny, tmp_path, name):
    """A missing file and a folder are told apart from a broken model."""
    with pytest.raises(ModelNotFound, match="no model file"):
        LlamaEngine(tiny.plan(), tmp_path / name).load(CancelToken())


def test_a_device_that_has_gone_is_an_error(tiny):
    """A plan for a card that was unplugged does not fall back unsaid."""
    gone = Share("GPU9", weights=0, cache=0, compute=0, free=0, layers=31)

    with pytest.raises(ModelError, match="GPU9 is not there"):
        LlamaEngine(tiny.plan(gpu_layers=31, shares=(gone,)), tiny.path).load(CancelToken())


def test_a_failed_load_leaves_an_engine_that_can_be_closed(tiny, tmp_path):
    """Closing after a failure is harmless, twice as well."""
    engine = LlamaEngine(tiny.plan(), tmp_path / "missing.gguf", StateStore(tmp_path))
    with pytest.raises(ModelNotFound):
        engine.load(CancelToken())

    engine.close()
    engine.close()


def test_a_failed_load_does_not_spoil_the_next(tiny, tmp_path):
    """The reason that is told belongs to this failure, not to the one before."""
    (tmp_path / "model.gguf").write_bytes(b"nonsense" * 100)
    with pytest.raises(ModelUnreadable):
        LlamaEngine(tiny.plan(), tmp_path / "model.gguf").load(CancelToken())
    engine = LlamaEngine(tiny.plan(), tiny.path)

    engine.load(CancelToken())
    engine.close()


CHILD = """
import resource, sys
from dataclasses import replace
from pathlib import Path
from codereader.cancel import CancelToken
from codereader.engine.hardware.devices import inventory
from codereader.engine.embedded.llama import LlamaEngine
from codereader.engine.plan import Need
from codereader.engine.planning.planner import plan
from codereader.errors import ModelTooLarge
from codereader.model.gguf import read_header

path, context, batch, room = Path(sys.argv[1]), *map(int, sys.argv[2:])
endless = replace(inventory(), memory_available=1 << 60)
made = plan(read_header(path), endless, Need(8, 8, ctx=context, device="cpu"))
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (room << 20),) * 2)
engine = LlamaEngine(replace(made, micro_batch=batch), path)
try:
    engine.load(CancelToken())
except ModelTooLarge as error:
    sys.stdout.write(str(error))
engine.close()
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the limit on address space works on Linux alone")
@pytest.mark.parametrize(
    ("context", "batch", "room", "what"),
    [
        (1024, 64, 40, "weights"),
        (100_096, 64, 600, "context"),
        (1 << 29, 64, 600, "context"),
        (1024, 64, 180, "context"),
    ],
    ids=["no room for weights", "no room for the cache", "an absurd context", "almost enough"],
)
def test_running_out_of_memory_is_one_sentence(tiny, context, batch, room, what):
    """A process that may take *room* MiB more survives what does not fit, and says what it was."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(tiny.path), str(context), str(batch), str(room)],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )

    start = "there is not enough memory for a context of" if what == "context" else "there is not enough memory for the"
    assert (True, "") == (done.stdout.startswith(start), done.stderr), done.stdout


def test_out_of_memory_says_what_to_do():
    """The hint of the error names a flag."""
    assert "--ctx" in ModelTooLarge("too large").hint


@pytest.mark.parametrize(
    ("sizes", "more", "words"),
    [
        (
            (0, 1 << 50),
            {},
            r"for a context of 1,024 tokens with .* \(1,048,576\.0 GiB cache .*GiB are available now",
        ),
        ((1 << 50, 0), {"mmap": False}, r"for the 1,048,576\.0 GiB of .*: [\d.]+ GiB are available now, .* too little"),
        ((1 << 50, 0), {}, r"for the 1,048,576\.0 GiB of .*: [\d.]+ GiB are available now, .* too little"),
    ],
    ids=["the context", "weights that are not mapped", "weights that are copied"],
)
def test_a_load_that_the_host_has_no_memory_for_is_not_begun(tiny, sizes, more, words):
    """Systems promise memory that they do not have: what is not there now is refused before anything is taken."""
    weights, cache = sizes
    host = Share("host", weights, cache, compute=0, free=1 << 60)

    with pytest.raises(ModelTooLarge, match=f"there is not enough memory {words}") as caught:
        LlamaEngine(tiny.plan(shares=(host,), **more), tiny.path).load(CancelToken())

    assert "Close other programs, or pass a smaller --ctx" in caught.value.hint


@pytest.mark.parametrize(
    ("sizes", "words"),
    [
        ((1 << 50, 0), r"for the 1,048,576\.0 GiB of .* planned there: [\d.]+ GiB are available now, .* too little"),
        ((0, 1 << 50), r"for a context of 1,024 tokens with .*: [\d.]+ GiB are available now, .* too little"),
    ],
    ids=["weights", "the context"],
)
def test_a_load_that_a_device_has_no_memory_for_is_not_begun(tiny, sizes, words):
    """A card that something else filled meanwhile is refused before the weights are read, which may take minutes."""
    weights, cache = sizes
    card = Share("CPU", weights, cache, compute=0, free=1 << 60, layers=31)

    with pytest.raises(ModelTooLarge, match=f"there is not enough memory on CPU {words}") as caught:
        LlamaEngine(tiny.plan(shares=(card, Share("host", 0, 0, 0, 0))), tiny.path).load(CancelToken())

    assert "what else uses CPU" in caught.value.hint


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not let a file be replaced that is in use")
def test_no_state_is_kept_under_the_name_of_a_model_that_came_later(tiny, tmp_path, monkeypatch):
    """The weights are in memory, another file lies in their place: what they evaluate is not taken for that one's."""
    path, other = tmp_path / "model.gguf", tmp_path / "other.gguf"
    for one in (path, other):
        one.write_bytes(tiny.path.read_bytes())
    make = llama.make_context

    def replaced(*arguments: object) -> object:
        if other.exists():
            other.replace(path)
        return make(*arguments)

    monkeypatch.setattr(llama, "make_context", replaced)
    engine = LlamaEngine(tiny.plan(), path, StateStore(tmp_path / "state"))
    engine.load(CancelToken())
    events = tiny.run(engine, Prompt(tiny.source[:128], (1,)), max_tokens=1)
    engine.close()

    assert "max tokens" == events[-1].reason
    assert [] == list(tmp_path.glob("state/*.block"))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not let a file be replaced that is in use")
def test_a_model_that_is_replaced_while_it_is_loaded_is_not_used(tiny, tmp_path):
    """What was loaded is not what stands there: state that is kept would be taken for that of the new file."""
    path = tmp_path / "model.gguf"
    shutil.copy(tiny.path, path)

    def replaced(share: float) -> None:
        (tmp_path / "new.gguf").write_bytes(b"another model")
        (tmp_path / "new.gguf").replace(path)

    with pytest.raises(ModelUnreadable, match="replaced while it was loaded"):
        LlamaEngine(tiny.plan(), path).load(CancelToken(), replaced)


def test_a_limit_smaller_than_the_weights_is_survived(tiny, monkeypatch):
    """A container that allows less than the model has: it is read from its file, none of it copied, and answers."""
    limit = Memory(64 << 20, 64 << 20, 64 << 30)
    monkeypatch.setattr(loading, "host_memory", lambda: limit)
    header, need, here = read_header(tiny.path), Need(512, 16, device="cpu"), inventory()
    small = replace(here, devices=(), memory_available=limit.available, memory_total=limit.total)
    engine = RetreatingEngine(
        plan(header, here, need),
        lambda failed, short, most: retreat(header, small, need, failed, short, most),
        lambda tried: LlamaEngine(tried, tiny.path),
    )
    told: list[str] = []

    engine.load(CancelToken(), tell=told.append)
    events = list(engine.generate(Prompt(tiny.source[:64], (5,)), Sampling(4), CancelToken()))
    engine.close()

    assert isinstance(events[-1], Finished)
    assert not engine.plan.repacks
    assert ["the host ran out of memory: trying again with the weights mapped from the file"] == [
        text.split(", ")[0] for text in told
    ]


def test_weights_that_stay_pages_of_the_file_need_no_memory_of_their_own(tiny):
    """A model larger than the memory can be run from its file, if slowly."""
    host = Share("host", 1 << 50, 0, 0, free=1 << 60)
    engine = LlamaEngine(tiny.plan(shares=(host,), repacks=False), tiny.path)

    engine.load(CancelToken())
    engine.close()
