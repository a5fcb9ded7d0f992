"""What packaging and build files say."""

from __future__ import annotations

import pytest

from codereader.facts.brief.project.manifest import Manifest, read_all


def read(base: str, text: str) -> Manifest | None:
    """Return what one file called *base* says."""
    found = read_all(lambda name: [base] if name == base else [], lambda _: text)
    return found[0] if found else None


def test_pyproject_says_name_needs_backend_extras_and_tests() -> None:
    """A standard pyproject.toml is read whole."""
    made = read(
        "pyproject.toml",
        '[project]\nname = "shelf"\nversion = "1.0"\ndescription = "Books."\nrequires-python = ">=3.11"\n'
        'dependencies = ["click >= 8 ; sys_platform == \'linux\'"]\n[project.optional-dependencies]\nfast = ["x"]\n'
        '[project.entry-points."shelf.plugins"]\nlend = "shelf:lend"\n'
        '[build-system]\nbuild-backend = "flit_core.buildapi"\n[tool.pytest.ini_options]\ntestpaths = ["tests"]\n',
    )

    assert made is not None
    assert ("shelf", "1.0", "Books.", "Python >=3.11") == (made.name, made.version, made.words, made.requires)
    assert ["click>=8"] == made.needs
    assert [
        ("built by flit_core.buildapi", "build-backend"),
        ("extras fast", "optional-dependencies"),
        ("entry points shelf.plugins: lend", "shelf.plugins"),
    ] == made.notes
    assert [("pytest in tests", "tool.pytest")] == made.tests


def test_setup_cfg_and_setup_py_say_their_needs() -> None:
    """Older Python packages are read without being run."""
    old = read("setup.cfg", "[metadata]\nname = old\n[options]\ninstall_requires =\n  click\n  rich >= 1\n")
    older = read("setup.py", "setup(name='older', install_requires=['six', 'attrs>2'], python_requires='>=3')\n")

    assert old is not None
    assert older is not None
    assert ("old", ["click", "rich>=1"]) == (old.name, old.needs)
    assert ("older", "Python >=3", ["six", "attrs>2"]) == (older.name, older.requires, older.needs)


def test_go_mod_says_module_version_and_direct_needs() -> None:
    """Indirect requirements are those of others."""
    made = read(
        "go.mod",
        "module box.org/tool\n\ngo 1.21\n\nrequire (\n\tbox.org/a v1.0.0\n\tbox.org/b/v2 v2.1.0 // indirect\n)\n",
    )

    assert made is not None
    assert ("box.org/tool", "go 1.21", ["box.org/a v1.0.0"]) == (made.name, made.requires, made.needs)


def test_cargo_says_workspace_programs_features_and_local_crates() -> None:
    """Needs with a path are parts of the project."""
    made = read(
        "Cargo.toml",
        '[package]\nname = "tool"\nversion = "0.1.0"\nedition = "2021"\n[workspace]\n'
        'members = ["crates/a", "crates/b"]\n'
        '[[bin]]\nname = "tl"\npath = "src/main.rs"\n[features]\nfast = ["a/fast"]\n'
        '[dependencies]\nserde = "1"\na = { path = "crates/a" }\nlog = { version = "0.4", optional = true }\n',
    )

    assert made is not None
    assert ("tool", "0.1.0", "edition 2021") == (made.name, made.version, made.requires)
    assert (["serde", "log (optional)"], ["a"]) == (made.needs, made.local)
    assert [
        "workspace of crates/a, crates/b",
        "programs tl (src/main.rs)",
        "features fast = a/fast",
    ] == [note for note, _ in made.notes]


def test_cmake_says_targets_options_and_tests() -> None:
    """Comments, aliases, names made of variables and programs that are tests are left out."""
    made = read(
        "CMakeLists.txt",
        "project(box VERSION 1.2 LANGUAGES CXX)\nset(CMAKE_CXX_STANDARD 17)\n# add_library(no)\n"
        "add_library(box STATIC a.cc)\n"
        "add_library(box::box ALIAS box)\nadd_executable(boxtool main.cc)\nadd_executable(box_tests t.cc)\n"
        'add_executable("${x}" y.cc)\noption(BOX_FAST "Fast" ON)\nfind_package(ZLIB)\n'
        "find_package(GTest)\nenable_testing()\n",
    )

    assert made is not None
    assert ("box", "1.2", "C++17", ["ZLIB (optional)", "GTest (optional)"]) == (
        made.name,
        made.version,
        made.requires,
        made.needs,
    )
    assert ["library box", "programs boxtool", "options BOX_FAST"] == [note for note, _ in made.notes]
    assert ["ctest (box_tests) with GoogleTest"] == [text for text, _ in made.tests]


def test_what_hangs_on_a_condition_of_cmake_is_said_to_be_optional() -> None:
    """A library that is looked for, or needed by an option alone; a C++ standard that an option asks for is no need."""
    made = read(
        "CMakeLists.txt",
        'option(BOX_OTHER "x" OFF)\nif(BOX_OTHER)\n  set(CMAKE_CXX_STANDARD 20)\n'
        "elseif(NOT CMAKE_CXX_STANDARD)\n  set(CMAKE_CXX_STANDARD 14)\nendif()\nproject(box)\n"
        'check_library_exists(zstd f "" HAVE)\nfind_package(real REQUIRED)\n'
        "if(BOX_OTHER AND WIN32)\n  if(NOT TARGET fmt)\n    find_package(fmt REQUIRED)\n  endif()\nendif()\n",
    )

    assert made is not None
    assert ("C++14", ["zstd (optional)", "real", "fmt (with BOX_OTHER)"]) == (made.requires, made.needs)


def test_cargo_says_on_what_system_a_crate_is_needed() -> None:
    """A need of one target is not a need of all."""
    text = '[package]\nname = "t"\n[target.\'cfg(all(unix, target_env = "musl"))\'.dependencies]\njem = "1"\n'
    made = read("Cargo.toml", text)

    assert made is not None
    assert ["jem (on unix musl)"] == made.needs


def test_package_json_says_main_commands_and_tests() -> None:
    """Scripts other than tests are named."""
    made = read(
        "package.json",
        '{"name": "box", "version": "2.0.0", "description": "A box.", "main": "lib/index.js", "bin": {"bx": "x.js"},'
        ' "engines": {"node": ">=18"}, "dependencies": {"a": "1"}, "scripts": {"test": "mocha", "lint": "eslint ."}}',
    )

    assert made is not None
    assert ("box", "2.0.0", "A box.", "node >=18", ["a"]) == (
        made.name, made.version, made.words, made.requires, made.needs,
    )  # fmt: skip
    assert ["main file lib/index.js", "commands bx", "scripts lint"] == [note for note, _ in made.notes]
    assert ["npm test (mocha)"] == [text for text, _ in made.tests]


def test_maven_gradle_make_and_tox_are_read() -> None:
    """What they say of modules, needs and tests."""
    maven = read(
        "pom.xml",
        "<project><parent><artifactId>up</artifactId></parent><artifactId>box</artifactId><modules><module>core</module>"
        "</modules><dependencies><dependency><artifactId>junit</artifactId></dependency></dependencies></project>",
    )
    gradle = read("build.gradle", "dependencies {\n  implementation 'org.a:a:1.0'\n}\n")
    make = read("Makefile", "all: box\n\ntest: all\n\t./run\n")
    tox = read("tox.ini", "[tox]\nenvlist = py311\n")

    assert maven is not None
    assert gradle is not None
    assert make is not None
    assert tox is not None
    assert ("box", ["junit"], [("modules core", "<module>")]) == (maven.name, maven.needs, maven.notes)
    assert ["org.a:a"] == gradle.needs
    assert [("make test", "test:")] == make.tests
    assert [("tox (py311)", "envlist")] == tox.tests


@pytest.mark.parametrize(
    "base",
    ["pyproject.toml", "setup.cfg", "setup.py", "go.mod", "Cargo.toml", "CMakeLists.txt", "package.json", "pom.xml"],
)
@pytest.mark.parametrize("text", ["", "\x1b[31m{[<", "[project\n", '{"name": 3, "scripts": []}', "[]", "project = 1\n"])
def test_broken_files_say_nothing(base: str, text: str) -> None:
    """Hostile or broken manifests are passed over."""
    made = read(base, text)

    assert made is None or not (made.name or made.needs or made.notes)
