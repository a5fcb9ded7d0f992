"""What a pack may load: a command that has nothing to work out starts at once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("llama_cpp", "tiktoken", "numpy", "tree_sitter", "jinja2", "git", "pathspec", "codereader.pack.secrets.find")


def loaded(*arguments: object) -> str:
    """Run the command in an interpreter of its own and return the heavy modules that it loaded."""
    code = (
        "import sys\nfrom codereader.fronts.cli import run\nassert run(sys.argv[1:]) == 0\n"
        f"print(*[m for m in {HEAVY!r} if m in sys.modules])"
    )
    call = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(call, capture_output=True, text=True, check=True, env=os.environ).stdout.strip()


@pytest.mark.parametrize("flags", [(), ("--format", "json", "--text"), ("--format", "markdown")])
def test_a_second_pack_of_a_whole_tree_loads_nothing_heavy(tmp_path: Path, flags: tuple[str, ...]) -> None:
    """Facts, counts and what holds no credential are known: no vocabulary, parser or detector is needed."""
    tree = tmp_path / "tree"
    tree.mkdir()
    for name in "abc":
        (tree / f"{name}.c").write_text(f"/* part */\nint {name}(int x)\n{{\n\treturn x;\n}}\n")
    call = ("pack", tree, "--budget", "max", "-o", tmp_path / "pack", *flags)
    first = loaded(*call)

    assert "tiktoken" in first
    assert "" == loaded(*call)
