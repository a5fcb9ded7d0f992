"""How much memory of the host this process may use."""

from __future__ import annotations

import subprocess
import sys

import pytest

from codereader.engine.hardware import host


@pytest.fixture
def cgroup(tmp_path, monkeypatch):
    """A cgroup tree to fill; psutil sees 64 GiB with 32 available."""
    memory = type("Memory", (), {"available": 32 << 30, "total": 64 << 30})
    monkeypatch.setattr(host.psutil, "virtual_memory", lambda: memory)
    monkeypatch.setattr(host, "_CGROUP", tmp_path)
    monkeypatch.setattr(host, "_own_cgroups", lambda: ["0::/box", "4:memory:/old"])
    (tmp_path / "box").mkdir()
    (tmp_path / "memory" / "old").mkdir(parents=True)
    return tmp_path


def test_no_container_leaves_what_the_machine_has(cgroup):
    """Without limits, psutil's figures stand."""
    (cgroup / "box" / "memory.max").write_text("max\n")
    (cgroup / "box" / "memory.current").write_text("1\n")

    assert host.Memory(32 << 30, 64 << 30, 64 << 30) == host.host_memory()


def test_a_container_limits_the_memory(cgroup):
    """Of 8 GiB with 3 used, of which 1 is cache that can be dropped, 6 are available (cgroup version 2)."""
    (cgroup / "box" / "memory.max").write_text(f"{8 << 30}\n")
    (cgroup / "box" / "memory.current").write_text(f"{3 << 30}\n")
    (cgroup / "box" / "memory.stat").write_text(f"anon 7\ninactive_file {1 << 29}\nactive_file {1 << 29}\n")

    assert host.Memory(6 << 30, 8 << 30, 64 << 30) == host.host_memory()


def test_the_limit_of_an_outer_container_counts(cgroup):
    """A limit set further up holds too, however many stand between (cgroup version 1)."""
    (cgroup / "memory" / "memory.limit_in_bytes").write_text(f"{2 << 30}\n")
    (cgroup / "memory" / "memory.usage_in_bytes").write_text(f"{1 << 30}\n")

    assert host.Memory(1 << 30, 2 << 30, 64 << 30) == host.host_memory()


def test_the_available_memory_is_that_of_the_tightest_container(cgroup):
    """An outer limit that is larger but fuller leaves less than the inner one."""
    (cgroup / "box" / "memory.max").write_text(f"{4 << 30}\n")
    (cgroup / "box" / "memory.current").write_text("0\n")
    (cgroup / "memory.max").write_text(f"{8 << 30}\n")
    (cgroup / "memory.current").write_text(f"{7 << 30}\n")

    assert host.Memory(1 << 30, 4 << 30, 64 << 30) == host.host_memory()


def test_the_cache_of_an_older_container_is_counted_once(cgroup):
    """Version 1 tells its own cache and that of all below it: the latter holds the former."""
    (cgroup / "memory" / "old" / "memory.limit_in_bytes").write_text(f"{8 << 30}\n")
    (cgroup / "memory" / "old" / "memory.usage_in_bytes").write_text(f"{6 << 30}\n")
    own, below = f"inactive_file {1 << 30}\nactive_file {1 << 30}\n", f"total_inactive_file {1 << 30}\n"
    (cgroup / "memory" / "old" / "memory.stat").write_text(f"{own}{below}total_active_file {3 << 30}\nodd\n")

    assert host.Memory(6 << 30, 8 << 30, 64 << 30) == host.host_memory()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems do not hold programs to this limit")
def test_a_limit_on_addresses_counts():
    """What `ulimit -v` forbids is not there: 3 GiB less what the process has taken so far."""
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30));"
        "from codereader.engine.hardware.host import host_memory; print(host_memory().available)"
    )

    found = int(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout)

    assert 1 << 30 < found < 3 << 30
