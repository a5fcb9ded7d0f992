"""What every test stands on: no home, no configuration, no cache of the developer; the corpus; the command."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs
import pytest

from codereader.cancel import CancelToken

DATA = Path(__file__).parent / "data"
MERMAID = Path(__file__).parent / "mermaid" / "probe.mjs"
MERMAID_PACKAGES = ("mermaid@11.17.2", "jsdom@26.1.0")
CORPUS = Path(__file__).parent / "corpora" / "linux.sh"


@pytest.fixture(autouse=True)
def own_world(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test an empty home and cache."""
    home = tmp_path_factory.mktemp("home")
    for name in [n for n in os.environ if n.startswith(("CODEREADER_", "GIT_", "HF_", "OLLAMA_", "LLAMA_"))]:
        monkeypatch.delenv(name)
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    monkeypatch.setenv("CODEREADER_CACHE_DIR", str(home / "cache"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    return home


@pytest.fixture
def cancel() -> CancelToken:
    """A token that nobody sets."""
    return CancelToken()


@dataclass(frozen=True)
class Result:
    """What a command left behind. `stdout` and `stderr` are decoded as UTF-8."""

    code: int
    stdout: str
    stderr: str


@pytest.fixture
def run(own_world: Path) -> Callable[..., Result]:
    """Run the command in a process of its own, without a terminal."""

    def run_command(*arguments: object, stdin: bytes | None = None, cwd: Path | None = None, **env: str) -> Result:
        done = subprocess.run(
            [sys.executable, "-m", "codereader", *map(str, arguments)],
            input=stdin if stdin is not None else b"",
            capture_output=True,
            cwd=cwd or own_world,
            env={**os.environ, **env},
            timeout=300,
            check=False,
        )
        return Result(done.returncode, done.stdout.decode(), done.stderr.decode())

    return run_command


@pytest.fixture(scope="session")
def linux() -> Path:
    """The root of a real Linux tree; unpacked outside the repository the first time."""
    home = os.environ.get("CODEREADER_CORPORA")
    found = subprocess.run(["bash", str(CORPUS)], capture_output=True, text=True, check=False, timeout=1200)
    if found.returncode == 0:
        return Path(found.stdout.strip().splitlines()[-1])
    why = found.stderr.strip().splitlines()[-1:] or ["no reason given"]
    if os.environ.get("CI") or home:
        pytest.fail(f"the corpus could not be unpacked: {why[0]}")
    pytest.skip(f"the Linux corpus is not here and could not be unpacked ({why[0]}); see tests/corpora/linux.sh")


@pytest.fixture(scope="session")
def parse_mermaid() -> Iterator[Callable[[str], dict[str, Any]]]:
    """Ask Mermaid's own parser what it makes of a flowchart; installed outside the repository the first time."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        why = "Mermaid's parser needs node and npm"
        if os.environ.get("CI"):
            pytest.fail(why)
        pytest.skip(why)
    folder = Path(platformdirs.user_cache_dir("codereader-tests", appauthor=False)) / "-".join(MERMAID_PACKAGES)
    if not (folder / "node_modules" / "mermaid").is_dir():
        _install(npm, folder)
    script = shutil.copy(MERMAID, folder)
    with subprocess.Popen([node, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=folder) as parser:
        assert parser.stdin
        assert parser.stdout
        reads, writes = parser.stdin, parser.stdout

        def parse(text: str) -> dict[str, Any]:
            reads.write(json.dumps(text).encode() + b"\n")
            reads.flush()
            answer: dict[str, Any] = json.loads(writes.readline())
            return answer

        yield parse
        reads.close()


def _install(npm: str, folder: Path) -> None:
    """Install the parser into *folder*, whole or not at all."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as draft:
        flags = ("--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts")
        done = subprocess.run(
            [npm, "install", "--prefix", draft, *flags, *MERMAID_PACKAGES],
            capture_output=True,
            text=True,
            cwd=draft,
            timeout=600,
            check=False,
        )
        if done.returncode:
            pytest.fail(f"npm could not install {' '.join(MERMAID_PACKAGES)}: {done.stderr[-500:]}")
        shutil.rmtree(folder, ignore_errors=True)
        Path(draft).rename(folder)
        Path(draft).mkdir()
