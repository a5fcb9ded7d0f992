"""The whole command in a real terminal, as a person uses it: keys in, the screen out."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.tui.tmux import Terminal, shell, terminal

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")


@pytest.fixture
def environment(own_world: Path) -> Mapping[str, str]:
    """What the terminal hands to the command."""
    names = ("HOME", "CODEREADER_CACHE_DIR", "PATH", "PYTHONPATH", "VIRTUAL_ENV")
    return {"LANG": "C.UTF-8", **{name: os.environ[name] for name in names if name in os.environ}}


def test_a_person_reads_linux_net(linux: Path, tmp_path: Path, environment: Mapping[str, str]) -> None:
    """Open, go to a symbol, see who calls it, ask, stop the answer, leave."""
    with terminal(["tui", str(linux / "net")], environment, tmp_path) as one:
        one.wait_for("ipv4", "1,884 files")
        one.press("C-t", "tcp_v4_rcv")  # at once: no key may go astray
        one.wait_for("ipv4/tcp_ipv4.c:1954")
        one.press("Enter")
        one.wait_for("int tcp_v4_rcv(struct sk_buff *skb)")
        one.press("c")
        one.wait_for("ip_protocol_deliver_rcu", "ipv4/ip_input.c:205")
        one.press("C-l", "who", "Space", "calls", "Space", "tcp_v4_rcv", "Enter")
        one.wait_for("reading the prompt")
        one.press("C-c")
        one.wait_for("topped")
        one.press("C-q")

        assert "ended with 0" in one.wait_for("ended with")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_the_terminal_is_whole_after_a_kill(
    tmp_path: Path, environment: Mapping[str, str], number: signal.Signals
) -> None:
    """A signal leaves no raw mode, no mouse that sends and no other screen behind."""
    with _small(tmp_path, environment) as one:
        one.wait_for("a.c", "1 file")
        os.kill(_child(one), number)
        screen = one.wait_for("ended with")
        one.press("echoed")

        assert "echoed" in one.wait_for("echoed")
        assert "a.c" not in screen
        assert (
            "0 0 1"
            == one.tmux(
                "display-message", "-p", "-t", "main", "#{alternate_on} #{mouse_any_flag} #{cursor_flag}"
            ).strip()
        )


def test_an_editor_has_the_terminal_and_gives_it_back(tmp_path: Path, environment: Mapping[str, str]) -> None:
    """What the editor draws is seen, what is typed is its own; behind it the screen stands again, with the change."""
    (tmp_path / "editor.sh").write_text('echo "editing $1"\nread line\necho "$line" >>"$1"\n')
    with _small(tmp_path, {**environment, "EDITOR": f"sh {tmp_path / 'editor.sh'}"}) as one:
        one.wait_for("a.c", "1 file")
        one.press("Enter")
        one.wait_for("int main")
        one.press("e")
        one.wait_for("editing ", "tree/a.c")
        one.press("/*changed*/", "Enter")
        one.wait_for("int main", "/*changed*/", "2 lines", "1 file")
        one.press("C-q")

        assert "ended with 0" in one.wait_for("ended with")


def test_ctrl_z_leaves_for_the_shell_and_comes_back(tmp_path: Path, environment: Mapping[str, str]) -> None:
    """As with every other program: the shell has the terminal, fg brings the whole screen back."""
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "a.c").write_text("int main(void) { return 0; }\n")
    with shell(environment, tmp_path) as one:
        one.type(f"{shlex.join([sys.executable, '-m', 'codereader', 'tui', '--no-model', str(tree)])}")
        one.press("Enter")
        one.wait_for("a.c", "1 file")
        one.press("C-z")
        one.wait_for("topped")
        one.type("echo $((40 + 2))")
        one.press("Enter")
        one.wait_for("42")
        one.type("fg")
        one.press("Enter")
        one.wait_for("a.c", "1 file", "Ask about this tree")
        one.press("C-q")
        one.wait_for("echo $((40 + 2))")
        one.type("echo back $((50 + 2))")
        one.press("Enter")

        assert "back 52" in one.wait_for("back 52")


def test_the_window_may_change_its_size(tmp_path: Path, environment: Mapping[str, str]) -> None:
    """It may become small, and large again."""
    with _small(tmp_path, environment) as one:
        one.wait_for("a.c")
        for size in ((40, 12), (80, 24), (200, 60), (20, 5), (120, 35)):
            one.resize(*size)
        one.press("1")
        one.wait_for("a.c", "1 file")
        one.press("C-q")

        assert "ended with 0" in one.wait_for("ended with")


def test_a_name_full_of_escapes_stays_a_name(tmp_path: Path, environment: Mapping[str, str]) -> None:
    """A file name that would clear the screen or set the title is shown, not obeyed."""
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "\x1b[2J\x1b]0;owned\x07.c").write_text("int main(void) { return 0; } /* \x1b[2J \x9b31m */\n")
    with terminal(["tui", "--no-model", str(tree)], environment, tmp_path) as one:
        one.wait_for("\\x1b[2J")
        one.press("Enter")
        one.wait_for("int main", "\\x1b[2J \\x9b31m")
        title = one.tmux("display-message", "-p", "-t", "main", "#{pane_title}")
        one.press("C-q")

        assert "ended with 0" in one.wait_for("ended with")
        assert "owned" not in title


def test_an_empty_folder_is_one_sentence(tmp_path: Path, environment: Mapping[str, str]) -> None:
    """Nothing to read ends the screen with the reason, and exit code 3."""
    (tmp_path / "empty").mkdir()
    with terminal(["tui", str(tmp_path / "empty")], environment, tmp_path) as one:
        screen = one.wait_for("ended with")

        assert "ended with 3" in screen
        assert "Traceback" not in screen
        assert "codereader: " in screen


def test_a_cache_that_cannot_be_made_is_one_sentence(tmp_path: Path, environment: Mapping[str, str]) -> None:
    """Without an index there is nothing to show: the screen is left, with the way out."""
    (tmp_path / "file").write_text("")
    with _small(tmp_path, {**environment, "CODEREADER_CACHE_DIR": str(tmp_path / "file")}) as one:
        screen = one.wait_for("ended with")

        assert "cannot make the cache directory" in screen
        assert "CODEREADER_CACHE_DIR" in screen
        assert "Traceback" not in screen


def test_a_folder_that_was_away_is_followed_again(tmp_path: Path, environment: Mapping[str, str]) -> None:
    """It is told once that the folder is gone; what is in it when it is back is shown."""
    with _small(tmp_path, environment) as one:
        one.wait_for("a.c", "1 file")
        (tmp_path / "tree").rename(tmp_path / "away")
        one.wait_for("a.c", "no such file or folder")
        (tmp_path / "away" / "b.c").write_text("int other;\n")
        (tmp_path / "away").rename(tmp_path / "tree")
        one.wait_for("a.c", "b.c", "2 files")
        one.press("C-q")

        assert "ended with 0" in one.wait_for("ended with")


def _small(tmp_path: Path, environment: Mapping[str, str]):  # type: ignore[no-untyped-def]
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "a.c").write_text("int main(void) { return 0; }\n")
    return terminal(["tui", "--no-model", str(tree)], environment, tmp_path)


def _child(one: Terminal) -> int:
    """Return the process of the command in the pane, the only child of its shell."""
    shell = one.tmux("display-message", "-p", "-t", "main", "#{pane_pid}").strip()
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", shell], capture_output=True, check=True, text=True)
    return int(found.stdout.split()[0])
