"""Python imports resolved to files, and the layers and cycles that follow."""

from __future__ import annotations

import itertools

from codereader.facts.layers import ExternalPackage, Layer, graph_of, layers
from codereader.index.parsed import Include
from codereader.index.view import At


def imported(path: str, target: str, *names: str, row: int = 0) -> At[Include]:
    return At(path, Include(target, row, names))


def pairs(modules, *includes, folder=()):
    return [(one.path, one.target) for one in graph_of(modules, includes, folder).imports]


def test_absolute_imports_find_modules_and_names_in_packages():
    """`import a.b`, `from a import b` and `from a import name` lead to the file that is loaded."""
    modules = ["a/__init__.py", "a/b.py", "main.py"]

    assert pairs(modules, imported("main.py", "a.b")) == [("main.py", "a/b.py")]
    assert pairs(modules, imported("main.py", "a", "b")) == [("main.py", "a/b.py")]
    assert pairs(modules, imported("main.py", "a", "name")) == [("main.py", "a/__init__.py")]
    assert pairs(modules, imported("main.py", "a", "b", "name")) == [
        ("main.py", "a/__init__.py"),
        ("main.py", "a/b.py"),
    ]


def test_relative_imports_count_dots_from_the_file():
    """One dot is the file's own package, two the one around it; too many lead nowhere."""
    modules = ["a/__init__.py", "a/b/__init__.py", "a/b/c.py", "a/d.py"]

    assert pairs(modules, imported("a/b/c.py", ".", "x")) == [("a/b/c.py", "a/b/__init__.py")]
    assert pairs(modules, imported("a/b/c.py", "..d", "x")) == [("a/b/c.py", "a/d.py")]
    assert pairs(modules, imported("a/b/__init__.py", ".c", "x")) == [("a/b/__init__.py", "a/b/c.py")]
    assert pairs(modules, imported("a/d.py", "....x")) == []


def test_a_scope_inside_a_package_knows_its_own_full_name():
    """Asking about one room of a package still follows imports that start at the package's top."""
    modules = ["walk.py", "scope.py"]

    assert pairs(modules, imported("walk.py", "house.source.scope", "Scope"), folder=("house", "source")) == [
        ("walk.py", "scope.py")
    ]


def test_a_source_folder_is_no_part_of_the_name():
    """src/pkg/mod.py is imported as pkg.mod."""
    assert pairs(["src/pkg/__init__.py", "src/pkg/mod.py", "src/pkg/x.py"], imported("src/pkg/x.py", "pkg.mod")) == [
        ("src/pkg/x.py", "src/pkg/mod.py")
    ]


def test_a_file_named_like_a_standard_module_does_not_take_its_imports():
    """tools/json.py is not what the rest of the tree means by json."""
    graph = graph_of(["a/x.py", "tools/json.py"], [imported("a/x.py", "json", row=3)])

    assert graph.imports == ()
    assert graph.external == (ExternalPackage("json", 1, "a/x.py", 4, standard=True),)


def test_packages_from_outside_come_before_the_standard_library():
    """What has to be installed is told first, then by the number of files that need it."""
    graph = graph_of(
        ["a.py", "b.py"],
        [imported("a.py", "os"), imported("a.py", "click"), imported("b.py", "click.core"), imported("b.py", "rich")],
    )

    assert [(one.name, one.files, one.standard) for one in graph.external] == [
        ("click", 2, False), ("rich", 1, False), ("os", 1, True),
    ]  # fmt: skip


def test_layers_stand_on_what_they_import():
    """The bottom imports nothing; a cycle is one group."""
    found = layers("abcde", [("a", "b"), ("b", "c"), ("c", "b"), ("b", "d"), ("a", "e")])

    assert found == (Layer(0, (("d",), ("e",))), Layer(1, (("b", "c"),)), Layer(2, (("a",),)))


def test_a_long_chain_of_imports_does_not_exhaust_the_stack():
    """Five thousand modules in a row are five thousand layers."""
    names = [f"m{number:05}" for number in range(5000)]

    assert len(layers(names, list(itertools.pairwise(names)))) == 5000


def test_importing_oneself_is_no_cycle():
    """A package that imports its own name stays a single module."""
    assert layers(["a"], [("a", "a")]) == (Layer(0, (("a",),)),)
