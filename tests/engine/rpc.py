"""Cards for machines without any: llama.cpp's RPC plug-in, its servers, and processes that see them as GPUs.

The plug-in is compiled from the sources of the installed llama-cpp-python and kept in the tests' cache. A server's
card reports the size that it is given; a server with `room` really has no more than that.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
from contextlib import closing
from pathlib import Path

import platformdirs

CARDS = Path(__file__).parent / "cards"
SOURCES = ("ggml-rpc.cpp", "transport.cpp")
FLAGS = ("-shared", "-fPIC", "-O1", "-std=c++17", "-DNDEBUG")
DEFINES = ("-DGGML_BACKEND_DL", "-DGGML_BACKEND_BUILD", "-DGGML_BACKEND_SHARED", "-DGGML_SHARED")

PLAIN_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(1 << 20), "MALLOC_ARENA_MAX": "1"}
"""Makes glibc give back all that a card's server frees: its room is then the same for one client after another."""

SERVE = """
import ctypes, resource, sys
sys.path.insert(0, sys.argv[1])
from codereader import native
native.llama()
from codereader.engine.embedded import library
from codereader.engine.hardware.devices import device_handle
from sitecustomize import load_plugin
library.start()
registry = load_plugin(sys.argv[2])
address = library.ggml("ggml_backend_reg_get_proc_address", ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p)
size = ctypes.c_size_t
serve = ctypes.CFUNCTYPE(None, ctypes.c_char_p, ctypes.c_char_p, size, size, ctypes.POINTER(ctypes.c_void_p))(
    address(registry, b"ggml_backend_rpc_start_server")
)
devices = (ctypes.c_void_p * 1)(device_handle("CPU"))
room = int(sys.argv[4])
if room:
    used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + room, used + room))
serve(sys.argv[3].encode(), None, 1, 1, devices)
"""


class Unavailable(Exception):
    """The plug-in cannot be had here; the text says why."""


def plugin() -> Path:
    """Return the RPC plug-in of the installed llama.cpp, built when it is not in the cache. Raises: Unavailable."""
    if sys.platform not in ("linux", "darwin"):
        raise Unavailable(f"the RPC plug-in is built on Linux and macOS, not on {sys.platform}")
    version = importlib.metadata.version("llama-cpp-python")
    home = Path(platformdirs.user_cache_dir("codereader-tests", appauthor=False))
    made = home / f"rpc-{version}-{sysconfig.get_platform()}" / "libggml-rpc.so"
    if not made.exists():
        made.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=home) as folder:
            draft = _compile(_sources(version, Path(folder)), Path(folder))
            draft.replace(made)
    return made


class Server:
    """A child process whose memory is the card; `room` bytes of address space beside what it starts with, 0: any."""

    def __init__(self, plugin: Path, room: int = 0) -> None:
        with closing(socket.socket()) as probe:
            probe.bind(("127.0.0.1", 0))
            self.endpoint = f"127.0.0.1:{probe.getsockname()[1]}"
        self._process = subprocess.Popen(
            [sys.executable, "-c", SERVE, str(CARDS), str(plugin), self.endpoint, str(room)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=os.environ | PLAIN_MEMORY,
        )  # fmt: skip
        self._wait()

    def kill(self) -> None:
        """End the server at once. Harmless when it has ended."""
        self._process.kill()
        self._process.wait()
        assert self._process.stdout
        self._process.stdout.close()

    @property
    def process_id(self) -> int:
        """The number of its process."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the server runs."""
        return self._process.poll() is None

    def _wait(self) -> None:
        """Return when the server listens: it drops this first client, and takes the next."""
        host, _, port = self.endpoint.partition(":")
        while self.alive:
            with closing(socket.socket()) as client:
                if client.connect_ex((host, int(port))) == 0:
                    return
        assert self._process.stdout
        raise AssertionError(self._process.stdout.read().decode())


def with_cards(plugin: Path, cards: dict[str, int]) -> dict[str, str]:
    """Return the environment of a process that sees *cards*: free bytes by a server's endpoint."""
    words = [str(plugin), *(f"{endpoint}={size}" for endpoint, size in cards.items())]
    return {**os.environ, "PYTHONPATH": str(CARDS), "CODEREADER_TEST_CARDS": "|".join(words)}


def _sources(version: str, folder: Path) -> Path:
    """Return the folder of ggml's sources, those of the installed version, from wherever pip gets packages."""
    if importlib.util.find_spec("pip") is None:
        raise Unavailable("the sources of llama-cpp-python are fetched with pip, which is not installed")
    wanted = ["--no-deps", "--no-binary", "llama-cpp-python", f"llama-cpp-python=={version}"]
    got = subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--dest", str(folder), *wanted],
        capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    archive = next(folder.glob("*.tar.gz"), None)
    if got.returncode or archive is None:
        why = (got.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise Unavailable(f"pip could not fetch the sources of llama-cpp-python {version}: {why}")
    with tarfile.open(archive) as tar:
        parts = [member for member in tar if "/vendor/llama.cpp/ggml/" in member.name and member.isfile()]
        tar.extractall(folder, [part for part in parts if part.name.endswith((".h", *SOURCES))], filter="data")
    return next(folder.glob("*/vendor/llama.cpp/ggml"))


def _compile(ggml: Path, folder: Path) -> Path:
    """Return the plug-in made from the sources at *ggml*. Raises: Unavailable without a compiler that can."""
    compiler = shutil.which(os.environ.get("CXX", "c++"))
    if compiler is None:
        raise Unavailable("there is no C++ compiler (c++, or what CXX names)")
    spec = importlib.util.find_spec("llama_cpp")
    assert spec
    assert spec.origin
    made = folder / "libggml-rpc.so"
    where = [f"-I{ggml / 'include'}", f"-I{ggml / 'src'}", f"-L{Path(spec.origin).parent / 'lib'}"]
    sources = [str(ggml / "src" / "ggml-rpc" / name) for name in SOURCES]
    done = subprocess.run(
        [compiler, *FLAGS, *DEFINES, *where, *sources, "-lggml-base", "-o", str(made)],
        capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    if done.returncode:
        raise Unavailable(f"the RPC plug-in does not compile: {done.stderr.strip()[-500:]}")
    return made
