"""A file's language is told by its name, or by its first line."""

from __future__ import annotations

from pathlib import Path

import pytest

from codereader.source.languages import (
    TEXT,
    Language,
    grammar_folder,
    known_languages,
    language_by_name,
    language_of,
    languages,
    read_languages,
)

C = Language("c", "C", extensions=(".c", ".h"))
KCONFIG = Language("kconfig", "Kconfig", patterns=("Kconfig*",))
MAKE = Language("make", "Make", extensions=(".mk",), filenames=("Makefile",), patterns=("Makefile.*",))
TYPES = Language("types", "Type declarations", extensions=(".d.ts",))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("inode.c", "c"),
        ("INODE.C", "c"),
        ("x.y.h", "c"),
        ("Makefile", "make"),
        ("Makefile.c", "c"),
        ("Makefile.am", "make"),
        ("Kconfig.debug", "kconfig"),
        ("api.d.ts", "types"),
        ("api.ts", None),
        (".c", None),
        ("readme", None),
    ],
)
def test_a_name_gives_its_language_away(name: str, expected: str | None) -> None:
    """Whole names come before ends, ends before patterns."""
    found = language_by_name((C, KCONFIG, MAKE, TYPES), name)

    assert expected == found


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"#!/usr/bin/python3.11 -u\n", "python"),
        (b"#!/usr/bin/env python3\r\n", "python"),
        (b"#! /usr/bin/env -S LC_ALL=C python -u\n", "python"),
        (b"#!/bin/nothing-known\n", TEXT),
        (b"#!", TEXT),
        (b"#!/usr/bin/env\n", TEXT),
        (b"\xff\xfe", TEXT),
        (b"", TEXT),
    ],
)
def test_a_script_without_an_extension_is_told_by_its_first_line(head: bytes, expected: str) -> None:
    """The interpreter counts, without its folder, its version and what starts it."""
    found = language_of("tools/run", head)

    assert expected == found


def test_the_name_wins_over_the_first_line() -> None:
    """A C file that begins like a script is C."""
    found = language_of("a/b.c", b"#!/usr/bin/python\n")

    assert found == "c"


def test_the_languages_of_the_kernel_and_of_this_project_are_known() -> None:
    """C, Python, Make and Kconfig have a grammar folder, and each names its parser."""
    keys = [language.key for language in languages()]

    assert {"c", "kconfig", "make", "python"} <= set(keys)
    assert keys == sorted(keys)
    assert all(language.wheel for language in languages())
    assert [known_languages().named(path) for path in ("fs/Kconfig", "fs/Makefile", "a/b.py", "x")] == [
        "kconfig",
        "make",
        "python",
        None,
    ]


def test_grammars_are_found_in_a_checkout_and_in_a_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder stands beside the package, or inside it, which then counts; with neither the message says so."""
    package = tmp_path / "codereader"
    (package / "source").mkdir(parents=True)
    monkeypatch.setattr("codereader.source.languages.__file__", str(package / "source" / "languages.py"))

    with pytest.raises(FileNotFoundError, match="install codereader again"):
        grammar_folder()
    (tmp_path / "grammars").mkdir()
    checkout = grammar_folder()
    (package / "grammars").mkdir()
    wheel = grammar_folder()

    assert checkout == tmp_path.resolve() / "grammars"
    assert wheel == package.resolve() / "grammars"


def test_a_language_is_read_from_its_folder(tmp_path: Path) -> None:
    """Keys that are left out have a default."""
    folder = tmp_path / "zig"
    folder.mkdir()
    (folder / "language.toml").write_text('name = "Zig"\nextensions = [".zig"]\n')

    found = read_languages(tmp_path)

    assert found == (Language("zig", "Zig", extensions=(".zig",)),)


@pytest.mark.parametrize("text", ["extensions = 3", "extensions = [3]", "name = []", "name ="])
def test_a_broken_language_names_its_file(tmp_path: Path, text: str) -> None:
    """Whoever adds a language is told which file is wrong."""
    (tmp_path / "zig").mkdir()
    (tmp_path / "zig" / "language.toml").write_text(text)

    with pytest.raises(ValueError, match=r"language\.toml"):
        read_languages(tmp_path)


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"// box\nINLINE bool box::sink::log(int level) {\n", "cpp"),
        (b"/* see box::sink\n * box::sink::log */\nint log(void);\n", "c"),
    ],
)
def test_a_header_that_defines_members_by_their_full_names_is_cpp(head: bytes, expected: str) -> None:
    """What a comment says of another language does not count."""
    assert expected == language_of("sink-inl.h", head)
