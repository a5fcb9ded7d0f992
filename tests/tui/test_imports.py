"""What the first frame waits for."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("llama_cpp", "numpy", "sqlite3", "jinja2", "tiktoken", "markdown_it", "codereader.index.view",
         "codereader.facts", "codereader.fronts.render", "codereader.engine.embedded")  # fmt: skip


def test_the_first_frame_waits_for_nothing_that_it_does_not_show() -> None:
    """The index, the model and Markdown are imported when they are needed. (Textual itself takes tree_sitter.)"""
    script = f"""
import sys
import codereader.fronts.cli.tui
import codereader.fronts.tui.app
print([name for name in {HEAVY!r} if name in sys.modules])
"""
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout

    assert "[]\n" == found
