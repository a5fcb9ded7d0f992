"""The pattern language of ignore files. `test_walk` holds it against git itself on whole trees."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codereader.source.ignore import parse_rules, rules_of


def verdict(patterns: bytes, path: str, *, is_folder: bool = False, fold: bool = False) -> bool | None:
    rules = parse_rules(patterns, fold=fold)
    return rules.verdict(os.fsencode(path), is_folder=is_folder) if rules else None


@pytest.mark.parametrize(
    ("patterns", "path", "expected"),
    [
        (b"*.o", "a.o", True),
        (b"*.o", "deep/down/a.o", True),
        (b"*.o\n!keep.o", "keep.o", False),
        (b"!keep.o\n*.o", "keep.o", True),
        (b"/top", "top", True),
        (b"/top", "deep/top", None),
        (b"a/b", "a/b", True),
        (b"a/b", "x/a/b", None),
        (b"a/**/z", "a/z", True),
        (b"a/**/z", "a/b/c/z", True),
        (b"a/**/z", "az", None),
        (b"**/a*b", "a1/ab", True),
        (b"a/**", "a/b/c", True),
        (b"x**/bar", "x/y/bar", True),
        (b"x**/bar", "xbar", True),
        (b"a*/**/*.c", "a1/b/x.c", True),
        (b"[a-c]x", "bx", True),
        (b"[!a-c]x", "bx", None),
        (b"[^a-c]x", "dx", True),
        (b"[[:alpha:]]x", "qx", True),
        (b"[[:nonsense:]]x", ":x", None),
        (b"[\\]]x", "]x", True),
        (b"[]-]x", "-x", True),
        (b"[a/b]c", "ac", True),
        (b"[z-a]", "z", True),
        (b"[a", "[a", None),
        (b"\\#x", "#x", True),
        (b"#x", "#x", None),
        (b"\\!x", "!x", True),
        (b"x\\", "x", None),
        (b"x  ", "x", True),
        (b"x\\  ", "x ", True),
        (b"x\t", "x", None),
        (b"x\r\n", "x", True),
        (b"\xef\xbb\xbfx", "x", True),
        (b"?", "é", None),
        (b"??", "é", True),
        (b"/", "a", None),
        (b"a\0b", "a", True),
    ],
)
def test_a_pattern_means_what_git_says(patterns: bytes, path: str, expected: bool | None) -> None:
    """Each line hides, brings back, or says nothing of a path, as git 2.39 was seen to."""
    found = verdict(patterns, path)

    assert expected == found


def test_a_pattern_with_a_slash_at_its_end_is_for_folders() -> None:
    """`build/` hides the folder and not a file of that name."""
    folder, file = (verdict(b"build/", "build", is_folder=is_folder) for is_folder in (True, False))

    assert folder is True
    assert file is None


def test_everything_below_a_folder_is_not_the_folder() -> None:
    """`a/**` leaves the folder itself alone, so that a later line can bring something in it back."""
    found = verdict(b"a/**", "a", is_folder=True)

    assert found is None


def test_case_is_ignored_where_the_repository_says_so() -> None:
    """Under core.ignorecase a literal and a glob match in any case."""
    rules = parse_rules(b"Build\n*.O\nSrc/x", fold=True)

    assert rules is not None
    assert all(rules.verdict(path, is_folder=False) for path in (b"bUILD", b"a.o", b"sRC/X"))


@pytest.mark.parametrize(
    ("patterns", "path", "expected"),
    [
        (b"[!a]x", "Ax", None),
        (b"[!a]x", "bX", True),
        (b"[A]x", "ax", None),
        (b"[A-C]x", "bx", True),
        (b"[a-c]x", "Bx", True),
        (b"[[:upper:]]x", "ax", True),
        (b"[![:upper:]]x", "ax", None),
        (b"\\Ax*", "ax", None),
    ],
)
def test_sets_ignore_case_as_git_does(patterns: bytes, path: str, expected: bool | None) -> None:
    """A negated set leaves both cases of a letter alone; a single upper letter in a set fits nothing, as in git."""
    found = verdict(patterns, path, fold=True)

    assert expected == found


def test_flags_are_patterns_too() -> None:
    """Patterns given one by one are read as the lines of a file."""
    rules = rules_of(["*.c", "!keep.c"])

    assert rules is not None
    assert rules.verdict(b"a.c", is_folder=False) is True
    assert rules.verdict(b"keep.c", is_folder=False) is False
    assert rules_of([]) is None


@pytest.mark.parametrize("pattern", ["*a" * 40 + "*b", "**/*a" * 20 + "/b", "a*" * 20 + "/**/" + "*a" * 20 + "b"])
def test_a_hostile_pattern_does_not_stall_the_walk(pattern: str) -> None:
    """Many stars against a long name end at once; tried one after the other they would outlast the guard by years."""
    code = (
        "import sys; from codereader.source.ignore import parse_rules; rules = parse_rules(sys.argv[1].encode())\n"
        "print([rules.verdict(path, is_folder=False) for path in (b'a' * 250, b'a/' * 60 + b'a' * 100)])"
    )

    done = subprocess.run(
        [sys.executable, "-c", code, pattern], capture_output=True, text=True, timeout=300, check=True
    )

    assert done.stdout.strip() == "[None, None]"


WORDS = r"a b ab é . - * ** *** ? / **/ /** \/ [ab] [!a] [^b] [a- [b-a] []a] [\]a] [[:alpha:]] \a \* \ ! #"
WORDS += " A aB [A] [!A] [A-B] [!A-B] [[:upper:]] [![:lower:]] \\A .B *.B"
PIECES = st.sampled_from([*WORDS.split(), " ", "\\ ", "\t", "\r"])
PATTERNS = st.lists(PIECES, min_size=1, max_size=6).map("".join)
PATHS = [
    "a",
    "b",
    "ab",
    "aab",
    "ba",
    "a/b",
    "b/a",
    "a/a/b",
    "ab/a/ba",
    "é",
    "a b",
    "a ",
    "*",
    "-a",
    "]a",
    "b/é/ab",
    "!a",
    "#a",
    "A",
    "Ab/B",
    "a.b",
    "B/a.B",
]


@pytest.mark.skipif(shutil.which("git") is None, reason="git is the judge here")
@settings(derandomize=True, deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
@given(lines=st.lists(PATTERNS, min_size=1, max_size=4), fold=st.booleans())
def test_lines_agree_with_git_check_ignore(
    lines: list[str], fold: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """For generated lines, the one that decides over a path hides it exactly if git says so, with core.ignorecase too.

    Cases of one pattern that git reads in a way of its own are among them: `[Z]` fits neither `z` nor `Z` then.
    """
    top = repository(tmp_path_factory)
    data = "\n".join(lines).encode()
    (top / ".gitignore").write_bytes(data)

    expected = hidden_by_git(top, fold)

    assert expected == {path for path in PATHS if hidden_here(data, path, fold)}


def repository(factory: pytest.TempPathFactory) -> Path:
    """One empty repository for all examples."""
    top = factory.getbasetemp() / "check-ignore"
    if not top.exists():
        top.mkdir()
        subprocess.run(["git", "init", "-q", "."], cwd=top, check=True, env=environment(top))
    return top


def environment(home: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / "none"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "LC_ALL": "C.UTF-8",
    }


def hidden_by_git(top: Path, fold: bool) -> set[str]:
    """Ask git, which is told by the names alone: none of the files exists."""
    asked = b"".join(os.fsencode(path) + b"\0" for path in PATHS)
    answer = subprocess.run(
        ["git", "-c", f"core.ignorecase={fold}", "check-ignore", "--no-index", "-z", "--stdin"],
        cwd=top,
        input=asked,
        capture_output=True,
        check=False,
        env=environment(top),
    )
    return {os.fsdecode(path) for path in answer.stdout.split(b"\0") if path}


def hidden_here(data: bytes, path: str, fold: bool) -> bool:
    """A path is hidden if it is, or if a folder on the way to it is."""
    parts = path.split("/")
    for end in range(1, len(parts)):
        if verdict(data, "/".join(parts[:end]), is_folder=True, fold=fold):
            return True
    return bool(verdict(data, path, fold=fold))
