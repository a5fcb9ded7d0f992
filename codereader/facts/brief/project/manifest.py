"""What the packaging and build files of a project say: name, version, needs, parts, options. One reader a format.

Reads what stands there; nothing is run or expanded. Broken files say nothing.
"""

from __future__ import annotations

import configparser
import json
import re
import tomllib
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

MOST_FILES = 40
"""Most files of one kind that are read, those nearest to the top first."""

OPTIONAL = " (optional)"
"""What stands behind a need that the project can do without."""

_EACH = re.MULTILINE | re.IGNORECASE
_TRIAL = re.compile(r"(?i)(?:^|[_-])(?:unit)?(?:tests?|bench(?:mark)?s?|fuzz\w*)(?:$|[_-])")
"""Programs that try the others out."""

_CMAKE_NEED = re.compile(
    r"\b(find_package|check_library_exists|FetchContent_Declare)\s*\(\s*\"?(\w+)([^)]*)", re.IGNORECASE
)
_REQUIREMENT = re.compile(r"^[\w.-]+(?:\[[^\]]*\])?")


@dataclass(slots=True)
class Manifest:
    """What one file says. `needs` are outside packages with their bounds, `local` needs on parts of the project.

    `notes` are further sentences, most important first, each with the word by which its line is found.
    """

    path: str
    system: str
    name: str = ""
    version: str = ""
    words: str = ""
    requires: str = ""
    needs: list[str] = field(default_factory=list)
    local: list[str] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)
    tests: list[tuple[str, str]] = field(default_factory=list)


def read_all(named: Callable[[str], Sequence[str]], text: Callable[[str], str]) -> list[Manifest]:
    """Return what the manifests say, those of one kind together. *named* finds files by their last name."""
    found: list[Manifest] = []
    for base, reader in _READERS.items():
        for path in named(base)[:MOST_FILES]:
            made = reader(path, text(path))
            if made is not None:
                found.append(made)
    return found


# -- Python -----------------------------------------------------------------------------------------------------


def _pyproject(path: str, text: str) -> Manifest | None:
    document = _toml(text)
    project, build = _table(document, "project"), _table(document, "build-system")
    tool = _table(document, "tool")
    if not project and not build and not tool:
        return None
    poetry = _table(tool, "poetry")
    made = Manifest(path, "pyproject")
    made.name, made.words = _word(project, "name") or _word(poetry, "name"), _word(project, "description")
    made.version = _word(project, "version") or _word(poetry, "version")
    made.requires = f"Python {_word(project, 'requires-python')}" if _word(project, "requires-python") else ""
    made.needs = [_spaceless(one) for one in _words(project.get("dependencies"))]
    made.needs += [name for name in _table(poetry, "dependencies") if name != "python"]
    backend = _word(build, "build-backend")
    if backend:
        made.notes.append((f"built by {backend}", "build-backend"))
    extras = list(_table(project, "optional-dependencies"))
    if extras:
        made.notes.append((f"extras {', '.join(extras)}", "optional-dependencies"))
    groups = list(_table(document, "dependency-groups"))
    if groups:
        made.notes.append((f"dependency groups {', '.join(groups)}", "dependency-groups"))
    for group, points in _table(project, "entry-points").items():
        made.notes.append((f"entry points {group}: " + ", ".join(points if isinstance(points, dict) else ()), group))
    pytest = _table(_table(tool, "pytest"), "ini_options")
    if pytest:
        where = ", ".join(_words(pytest.get("testpaths")))
        made.tests.append((f"pytest in {where}" if where else "pytest", "tool.pytest"))
    environments = [name for name in _table(_table(tool, "tox"), "env") if name]
    if "tox" in tool:
        made.tests.append((_with("tox", environments[:8]), "tool.tox"))
    return made


def _setup_cfg(path: str, text: str) -> Manifest | None:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
        made = Manifest(path, "setup.cfg", name=parser.get("metadata", "name", fallback=""))
        made.words = parser.get("metadata", "description", fallback="").strip()
        made.version = parser.get("metadata", "version", fallback="")
        python = parser.get("options", "python_requires", fallback="")
        needs = parser.get("options", "install_requires", fallback="")
    except configparser.Error:
        return None
    made.requires = f"Python {python}" if python else ""
    made.needs = [_spaceless(one) for one in needs.splitlines() if one.strip()]
    return made if made.name or made.needs else None


def _setup_py(path: str, text: str) -> Manifest | None:
    if "setup(" not in text:
        return None
    made = Manifest(path, "setup.py")
    for key in ("name", "version", "description"):
        match = re.search(rf"\b{key}\s*=\s*(['\"])(.*?)\1", text)
        if match:
            setattr(made, "words" if key == "description" else key, match[2])
    python = re.search(r"python_requires\s*=\s*['\"]([^'\"]+)", text)
    made.requires = f"Python {python[1]}" if python else ""
    needs = re.search(r"install_requires\s*=\s*\[(.*?)\]", text, re.DOTALL)
    made.needs = re.findall(r"['\"]([^'\"]+)['\"]", needs[1]) if needs else []
    scripts = re.findall(r"['\"]([\w.-]+\s*=\s*[\w.]+:\w+)['\"]", text)
    if scripts:
        made.notes.append((f"commands {', '.join(scripts)}", scripts[0]))
    return made


def _tox(path: str, text: str) -> Manifest | None:
    found = re.search(r"^env_?list\s*=\s*((?:.*\n)(?:[ \t]+.*\n)*)", text, re.MULTILINE)
    return Manifest(path, "tox", tests=[(_with("tox", [" ".join(found[1].split())[:60]] if found else []), "envlist")])


# -- Go ---------------------------------------------------------------------------------------------------------


def _go_mod(path: str, text: str) -> Manifest | None:
    module = re.search(r"^module\s+(\S+)", text, re.MULTILINE)
    if module is None:
        return None
    made = Manifest(path, "go.mod", name=module[1].strip('"'))
    version = re.search(r"^go\s+(\S+)", text, re.MULTILINE)
    made.requires = f"go {version[1]}" if version else ""
    lines = re.findall(r"^(?:require\s+|\t|\s{2,})([\w.-]+\.[\w./~-]+)\s+(v\S+)(.*)$", text, re.MULTILINE)
    made.needs = [f"{name} {bound}" for name, bound, rest in lines if "indirect" not in rest]
    return made


# -- Rust -------------------------------------------------------------------------------------------------------


def _cargo(path: str, text: str) -> Manifest | None:
    document = _toml(text)
    package, workspace = _table(document, "package"), _table(document, "workspace")
    if not package and not workspace:
        return None
    made = Manifest(path, "cargo", name=_word(package, "name"), version=_word(package, "version"))
    made.words = " ".join(_word(package, "description").split())
    shared = _table(workspace, "package")
    made.version = made.version or _word(shared, "version")
    edition = _word(package, "edition") or _word(shared, "edition")
    rust = _word(package, "rust-version") or _word(shared, "rust-version")
    made.requires = ", ".join(
        part for part in (f"edition {edition}" if edition else "", f"rust {rust}" if rust else "") if part
    )
    tables = [("", _table(document, "dependencies"))]
    tables += [
        (f" (on {' '.join(re.findall(r'[A-Za-z0-9_]+(?=.?$|.?[,)])', where)) or where})", _table(one, "dependencies"))
        for where, one in _table(document, "target").items()
        if isinstance(one, dict) and where != "cfg(any())"
    ]
    for where, table in tables:
        for name, bound in table.items():
            kind = bound if isinstance(bound, dict) else {}
            is_local = "path" in kind or (kind.get("workspace") is True and not kind)
            optional = OPTIONAL if kind.get("optional") is True else where
            (made.local if is_local else made.needs).append(f"{name}{optional}")
    made.needs = list(dict.fromkeys(made.needs))
    members = _words(workspace.get("members"))
    if members:
        made.notes.append((f"workspace of {', '.join(members)}", "members"))
    bins = [
        _word(one, "name") + (f" ({_word(one, 'path')})" if _word(one, "path") else "")
        for one in _tables(document, "bin")
    ]
    if bins:
        made.notes.append((f"programs {', '.join(bins)}", "[[bin]]"))
    features = _table(document, "features")
    if features:
        told = [
            name + (f" = {' + '.join(_words(on))}" if 0 < len(_words(on)) < 3 else "") for name, on in features.items()
        ]
        made.notes.append((f"features {', '.join(told)}", "[features]"))
    tests = [
        _word(one, "name") + (f" ({_word(one, 'path')})" if _word(one, "path") else "")
        for one in _tables(document, "test")
    ]
    made.tests = [(f"test program {', '.join(tests)}", "[[test]]")] if tests else []
    return made


# -- C++ --------------------------------------------------------------------------------------------------------


def _cmake(path: str, text: str) -> Manifest | None:
    plain = re.sub(r"#.*", "", text)
    project = re.search(
        r"^\s*project\s*\(\s*([\w.${}-]+)(?:[^)]*?VERSION\s+([\w.${}]+))?", plain, re.MULTILINE | re.IGNORECASE
    )
    libraries, programs = _targets(plain, "add_library"), _targets(plain, "add_executable")
    options = re.findall(r"^\s*(?:cmake_dependent_)?option\s*\(\s*(\w+)", plain, re.MULTILINE | re.IGNORECASE)
    if not (project or libraries or programs or options):
        return None
    made = Manifest(path, "cmake", name=project[1] if project and "$" not in project[1] else "")
    made.version = project[2] or "" if project and "$" not in (project[2] or "$") else ""
    when = _conditions(plain)
    made.requires = _standard(plain, when)
    needs: dict[str, str] = {}
    for match in _CMAKE_NEED.finditer(plain):
        command, name, rest = match[1].lower(), match[2], match[3]
        named = next((one for held in when(match.start()) for one in options if re.search(rf"\b{one}\b", held)), "")
        is_must = "REQUIRED" in rest or command == "fetchcontent_declare"
        if name not in ("Threads", "PkgConfig"):
            needs.setdefault(name, _how(when(match.start()), named) if is_must else OPTIONAL)
    made.needs = [f"{name}{how}" for name, how in needs.items()]
    if libraries:
        made.notes.append((f"library {', '.join(libraries)}", "add_library"))
    if offered := [one for one in programs if not _TRIAL.search(one)]:
        made.notes.append((f"programs {', '.join(offered)}", offered[0]))
    if options:
        made.notes.append((f"options {', '.join(options)}", "option("))
    under = re.findall(r"add_subdirectory\s*\(\s*\"?([\w./-]+)", plain, re.IGNORECASE)
    if "enable_testing" in plain or re.search(r"\badd_test\s*\(", plain):
        kit = "GoogleTest" if re.search(r"gtest|googletest", plain, re.IGNORECASE) else ""
        kit = "Catch2" if re.search(r"catch2", plain, re.IGNORECASE) else kit
        words = _with("ctest", [one for one in (*programs, *under) if "test" in one.lower() and "third" not in one])
        made.tests.append((f"{words} with {kit}" if kit else words, "enable_testing"))
    return made


def _conditions(text: str) -> Callable[[int], Sequence[str]]:
    """Return what tells the conditions around a place of a CMake file, the outer ones first.

    To be in a function is one. That a variable is not set yet is none: what is set then holds by default.
    """
    starts: list[int] = [0]
    stacks: list[tuple[str, ...]] = [()]
    for match in re.finditer(r"^[ \t]*(if|elseif|else|endif|function|macro|endfunction|endmacro)\s*\(", text, _EACH):
        word, said = match[1].lower(), text[match.end() : text.find("\n", match.end())]
        kept = stacks[-1] if word in ("if", "function", "macro") else stacks[-1][:-1]
        is_inner = not word.startswith("end")
        is_default = re.match(r"NOT (?:DEFINED )?\"?\$?\{?CMAKE_CXX_STANDARD\b", said)
        starts.append(match.start())
        stacks.append((*kept, "" if is_default else said) if is_inner else kept)
    return lambda place: [one for one in stacks[bisect_right(starts, place) - 1] if one]


def _how(conditions: Sequence[str], option: str) -> str:
    """Return what to say behind a need that stands under *conditions*, of which *option* is one."""
    return f" (with {option})" if option else OPTIONAL if conditions else ""


def _standard(text: str, when: Callable[[int], Sequence[str]]) -> str:
    """Return the C++ standard that is asked for by default, none where every one hangs on a condition."""
    found = re.finditer(r"CMAKE_CXX_STANDARD\s+(\d+)|cxx_std_(\d+)", text)
    return next((f"C++{one[1] or one[2]}" for one in found if not when(one.start())), "")


def _targets(text: str, command: str) -> list[str]:
    found = re.findall(rf"\b{command}\s*\(\s*\"?([\w.$+{{}}-]+)\"?\s*(\w*)", text, re.IGNORECASE)
    kept = [name for name, word in found if "$" not in name and word not in ("ALIAS", "IMPORTED")]
    return list(dict.fromkeys(kept))


# -- JavaScript -------------------------------------------------------------------------------------------------


def _package_json(path: str, text: str) -> Manifest | None:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict):
        return None
    made = Manifest(path, "npm", name=_word(document, "name"), version=_word(document, "version"))
    made.words = _word(document, "description")
    node = _word(_table(document, "engines"), "node")
    made.requires = f"node {node}" if node else ""
    made.needs = list(_table(document, "dependencies"))
    main = _word(document, "main") or (_word(document, "exports") if isinstance(document.get("exports"), str) else "")
    if main:
        made.notes.append((f"main file {main}", '"main"'))
    programs = document.get("bin")
    names = list(programs) if isinstance(programs, dict) else [programs] if isinstance(programs, str) else []
    if names:
        made.notes.append((f"commands {', '.join(names)}", '"bin"'))
    scripts = _table(document, "scripts")
    if "test" in scripts:
        made.tests.append((f"npm test ({_word(scripts, 'test')[:80]})", '"test"'))
    others = [name for name in scripts if not name.startswith("test")]
    if others:
        made.notes.append((f"scripts {', '.join(others)}", '"scripts"'))
    return made


# -- Java -------------------------------------------------------------------------------------------------------


def _pom(path: str, text: str) -> Manifest | None:
    head = re.sub(r"<(parent|dependencies|build|profiles|dependencyManagement)>.*?</\1>", "", text, flags=re.DOTALL)
    name = re.search(r"<artifactId>([^<]+)", head)
    if name is None:
        return None
    made = Manifest(path, "maven", name=name[1].strip())
    words = re.search(r"<description>([^<]+)", head)
    made.words = " ".join(words[1].split()) if words else ""
    found = re.findall(r"<dependency>(.*?)</dependency>", text, re.DOTALL)
    found = [re.search(r"<artifactId>([^<]+)", one) for one in found if not re.search(r"<scope>\s*test", one)]
    made.needs = list(dict.fromkeys(one[1].strip() for one in found if one))
    modules = re.findall(r"<module>([^<]+)", text)
    if modules:
        made.notes.append((f"modules {', '.join(modules)}", "<module>"))
    return made


def _gradle(path: str, text: str) -> Manifest | None:
    found = re.findall(r"^\s*(?:implementation|api|compile)\s*\(?['\"]([^'\"]+)['\"]", text, re.MULTILINE)
    return Manifest(path, "gradle", needs=[one.rpartition(":")[0] or one for one in found]) if found else None


def _makefile(path: str, text: str) -> Manifest | None:
    targets = re.findall(r"^([A-Za-z][\w-]*)\s*:(?!=)", text, re.MULTILINE)
    tests = [one for one in targets if re.match(r"(test|check)", one)]
    made = Manifest(path, "make")
    if tests:
        made.tests.append((f"make {tests[0]}", f"{tests[0]}:"))
    return made if tests else None


_READERS: Mapping[str, Callable[[str, str], Manifest | None]] = {
    "pyproject.toml": _pyproject,
    "setup.cfg": _setup_cfg,
    "setup.py": _setup_py,
    "tox.ini": _tox,
    "go.mod": _go_mod,
    "Cargo.toml": _cargo,
    "CMakeLists.txt": _cmake,
    "package.json": _package_json,
    "pom.xml": _pom,
    "build.gradle": _gradle,
    "build.gradle.kts": _gradle,
    "Makefile": _makefile,
}


def _toml(text: str) -> Mapping[str, Any]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError):
        return {}


def _table(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = document.get(key)
    return found if isinstance(found, dict) else {}


def _tables(document: Mapping[str, Any], key: str) -> Iterator[Mapping[str, Any]]:
    found = document.get(key)
    return (one for one in found if isinstance(one, dict)) if isinstance(found, list) else iter(())


def _word(document: Mapping[str, Any], key: str) -> str:
    found = document.get(key)
    return found if isinstance(found, str) else ""


def _words(found: object) -> list[str]:
    return (
        [one for one in found if isinstance(one, str)]
        if isinstance(found, Iterable) and not isinstance(found, str)
        else []
    )


def _with(word: str, names: Sequence[str]) -> str:
    return f"{word} ({', '.join(names)})" if names else word


def _spaceless(requirement: str) -> str:
    """Return a requirement without its marker and blanks."""
    return re.sub(r"\s+", "", requirement.partition(";")[0])
