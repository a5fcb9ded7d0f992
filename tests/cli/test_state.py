"""``codereader state``: what is kept on disk, told, checked and cleared."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from codereader.engine.state.container import Kind
from codereader.engine.state.inventory import cleared
from codereader.engine.state.store import StateStore
from codereader.errors import ExitCode
from tests.gguf_files import bundled_model
from tests.state_blocks import blocks, keep


@pytest.fixture
def folder(own_world):
    return own_world / "cache" / "state"


@pytest.fixture
def kept(folder):
    """Two prompts of one beginning under one setting, one prompt under another, which was used last."""
    store = StateStore(folder, 1 << 30)
    keep(store, blocks(range(20)))
    keep(store, blocks([*range(8), 7, 7]))
    keep(store, blocks(range(4), environment=bytes(32)))
    store.close()
    return folder


def lines(result):
    return [" ".join(line.split()) for line in result.stdout.splitlines()]


def test_what_is_kept_has_a_line_for_each_model_and_setting(kept, run):
    """Prompts, blocks, tokens (each once), bytes and last use; then the sum against the budget."""
    result = run("state", "list", CODEREADER_STATE_BUDGET="5GiB")

    assert ExitCode.OK == result.code
    assert "Some Model 1 prompt 1 block 4 tokens 2.2 KiB used 20" in lines(result)[0]
    assert "Some Model 2 prompts 6 blocks 22 tokens 13.1 KiB used 20" in lines(result)[1]
    assert "15.3 KiB of 5.0 GiB that state may take" == lines(result)[2]
    assert "" == result.stderr


def test_json_tells_the_same(kept, run):
    """Keys as docs/json.md has them."""
    printed = json.loads(run("state", "list", "--format", "json", CODEREADER_STATE_BUDGET="1GB").stdout)

    assert (1, str(kept), 1_000_000_000, 0) == tuple(printed[key] for key in ("schema", "folder", "budget", "damaged"))
    assert [(1, 1, 4), (2, 6, 22)] == [(one["prompts"], one["blocks"], one["tokens"]) for one in printed["held"]]
    assert printed["bytes"] == sum(path.stat().st_size for path in kept.glob("*.block"))
    assert ["0" * 32, bytes(range(16)).hex()] == [one["environment"] for one in printed["held"]]


def test_nothing_kept(run, folder):
    """Said on stderr, exit 1, and no folder is made."""
    result = run("state", "list")

    assert (ExitCode.NOTHING_FOUND, "") == (result.code, result.stdout)
    assert f"no state is kept in {folder}" in result.stderr
    assert not folder.exists()


def test_a_check_of_what_is_whole(kept, run):
    """Exit 0, and how much was read."""
    result = run("state", "verify")

    assert (ExitCode.OK, "7 blocks whole (15.3 KiB), none wrong\n") == (result.code, result.stdout)


def test_a_check_removes_what_is_damaged(kept, run):
    """Each file with the reason, exit 1; the next check finds nothing."""
    path = sorted(kept.glob("*.block"))[0]
    path.write_bytes(path.read_bytes()[:-1])
    listed = run("state", "list")

    result = run("state", "verify")

    assert "1 file cannot be used: codereader state verify removes them" in listed.stderr
    assert ExitCode.NOTHING_FOUND == result.code
    assert f"{path.name}: it is longer or shorter than it says; removed" == lines(result)[0]
    assert "6 blocks whole (13.1 KiB), 1 wrong" == lines(result)[1]
    assert ExitCode.OK == run("state", "verify").code


def test_a_check_as_json(kept, run):
    """Names, reasons, and whether the file is gone."""
    path = sorted(kept.glob("*.block"))[0]
    path.write_bytes(b"")

    printed = json.loads(run("state", "verify", "--format", "json").stdout)

    assert [{"name": path.name, "why": "it ends too early", "removed": True}] == printed["faults"]
    assert (6, 0) == (printed["whole"], printed["swept"])


def test_clearing_tells_what_that_gave_back(kept, run):
    """All is gone, also what an older version left."""
    (kept / ("0" * 16 + "-" + "0" * 32 + ".kv")).write_bytes(bytes(2048))

    result = run("state", "clear")

    assert (ExitCode.OK, "7 blocks deleted, and 1 file left behind: 17.3 KiB freed\n") == (result.code, result.stdout)
    assert [] == list(kept.glob("*.block"))


def test_clearing_what_was_not_used_for_long(kept, run):
    """A prompt that was used yesterday stays."""
    for number, path in enumerate(sorted(kept.glob("*.block"))):
        when = time.time() - (8 if number < 3 else 1) * 86400
        os.utime(path, (when, when))

    printed = json.loads(run("state", "clear", "--older-than", "7d", "--format", "json").stdout)

    assert (3, 0, 0) == (printed["blocks"], printed["others"], printed["stayed"])
    assert 4 == len(list(kept.glob("*.block")))


def test_clearing_by_age_takes_what_a_wrong_clock_stamped(kept, run):
    """A block of the year 2099 would stay for ever otherwise."""
    for path in sorted(kept.glob("*.block"))[:3]:
        os.utime(path, (4_000_000_000, 4_000_000_000))

    printed = json.loads(run("state", "clear", "--older-than", "7d", "--format", "json").stdout)

    assert (3, 4) == (printed["blocks"], len(list(kept.glob("*.block"))))


def test_the_last_use_is_not_made_older_by_depth(folder, run):
    """A prompt of 40,000 tokens that was used just now was not used an hour ago."""
    store = StateStore(folder, 1 << 30)
    keep(store, blocks(range(40_000))[:1])
    deep = blocks(range(40_000))[-1]
    store.save(replace(deep, kind=Kind.WHOLE), b"state")
    store.flush()
    before = len(list(folder.glob("*.block")))

    printed = json.loads(run("state", "clear", "--older-than", "1h", "--format", "json").stdout)

    assert (2, 0) == (before, printed["blocks"])


@pytest.mark.parametrize("age", ["7", "0d", "d", "-1d", "1y", "١d", ""])
def test_an_age_that_is_none(age, run):
    """One sentence, exit 2."""
    result = run("state", "clear", "--older-than", age)

    assert (ExitCode.USAGE, "") == (result.code, result.stdout)
    assert "no length of time" in result.stderr


@pytest.mark.parametrize("what", ["list", "verify", "clear"])
def test_a_file_where_the_folder_should_be(what, run, folder):
    """One sentence that says what to do, exit 2, never a traceback."""
    folder.parent.mkdir()
    folder.write_text("")

    result = run("state", what)

    assert (ExitCode.USAGE, "") == (result.code, result.stdout)
    assert f"cannot read the saved state in {folder}" in result.stderr
    assert "CODEREADER_CACHE_DIR" in result.stderr


def test_blocks_that_cannot_be_deleted(kept, monkeypatch):
    """Counted, not raised."""
    monkeypatch.setattr("codereader.engine.state.files.remove", lambda _: 0)

    assert (0, 7, 0) == ((done := cleared(kept)).blocks, done.stayed, done.bytes)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows folders have no permission bits")
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the administrator may do everything")
@pytest.mark.parametrize(("mode", "told"), [(0o500, "could not be deleted"), (0o000, "cannot read the saved state")])
def test_a_folder_that_may_not_be_changed(kept, run, mode, told):
    """Said, with exit 2."""
    kept.chmod(mode)
    try:
        result = run("state", "clear")
    finally:
        kept.chmod(0o700)

    assert ExitCode.USAGE == result.code
    assert told in result.stderr


def test_a_budget_that_is_no_number(run):
    """Said before anything is done, exit 2."""
    result = run("state", "list", CODEREADER_STATE_BUDGET="lots")

    assert (ExitCode.USAGE, "") == (result.code, result.stdout)
    assert "CODEREADER_STATE_BUDGET is 'lots'" in result.stderr


def test_a_budget_of_nothing_keeps_the_disk_out_of_a_question(tmp_path, folder, run):
    """Nothing is written under it, and nothing is read that is there; what is there stays."""
    (tmp_path / "a.c").write_text("int twice(int x) { return 2 * x; }\n")
    flags = ["--model", str(bundled_model()), "--max-tokens", "2", "--format", "json"]

    def ask(**more):
        usage = json.loads(run("ask", tmp_path, "explain structure", *flags, **more).stdout)["usage"]
        return usage["reused_tokens"], usage["disk_tokens"], len(list(folder.glob("*.block")))

    kept, nothing = ask(), ask(CODEREADER_STATE_BUDGET="0")

    assert kept[2] > 0
    assert (0, 0, kept[2]) == nothing


def test_a_hostile_label_is_shown_not_obeyed(folder, run):
    """A model's name is data: escapes and newlines of it reach no terminal."""
    from dataclasses import replace

    store = StateStore(folder, 1 << 30)
    keep(store, [replace(block, label="a\x1b[2Jb\nc") for block in blocks(range(4))])

    result = run("state", "list")

    assert "\x1b" not in result.stdout
    assert 2 == len(result.stdout.splitlines())


def test_the_library_of_models_is_not_loaded(kept):
    """Listing is quick: nothing of llama.cpp is needed for it."""
    import subprocess

    code = (
        "import sys\nfrom codereader.fronts.cli import run\nrun(['state', 'list'])\n"
        "print(*[m for m in ('llama_cpp', 'numpy', 'sqlite3', 'tiktoken') if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)

    assert "" == done.stderr.strip()


@pytest.mark.parametrize("what", ["list", "verify", "clear"])
def test_the_json_documentation_names_every_key(what, kept, run):
    """docs/json.md and what is printed agree, for each entry of a list too."""
    sorted(kept.glob("*.block"))[0].write_bytes(b"")
    text = (Path(__file__).parents[2] / "docs" / "json.md").read_text("utf-8")
    block = re.search(r"^    state\b(.*?)(?=^    \w)", text, re.MULTILINE | re.DOTALL)
    assert block
    words = set(re.findall(r"\w+", block[1]))

    printed = json.loads(run("state", what, "--format", "json").stdout)

    keys = set(printed).union(*(one for value in printed.values() if isinstance(value, list) for one in value))
    assert keys - {"schema"} <= words
