"""Which makefiles and which Kconfig chain decide about a file, from the root of the tree down."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from codereader.cancel import CancelToken
from codereader.facts.kbuild.chain import BuildFacts
from codereader.index.build import build
from codereader.index.view import IndexView, open_index
from codereader.source.walk import open_scope, walk

FILES = {
    "Kbuild": "obj-$(CONFIG_NET) += net/\n",
    "Makefile": "obj-y += never/\n",
    "Kconfig": 'if HAVE_NET\nsource "net/Kconfig"\nendif\n',
    "net/Makefile": "obj-$(CONFIG_INET) += ipv4/\nobj-y += ipv6/\n",
    "net/Kconfig": (
        'menuconfig NET\n\tbool "Networking"\nif NET\n\nconfig INET\n\tbool "Internet"\n\tselect CRC\n\n'
        'if INET\nsource "net/ipv4/Kconfig"\nendif\nendif\n'
    ),
    "net/ipv4/Makefile": "obj-y += core.o\nobj-$(CONFIG_BIC) += bic.o\nbox-y := part.o\nobj-$(CONFIG_BOX) += box.o\n",
    "net/ipv4/Kconfig": (
        "if ADVANCED\nconfig BIC\n\ttristate \"BIC\"\n\tdepends on CRC || ANY\n\nendif\n"
        "config BOX\n\tbool\n\nconfig FULL\n\tbool \"Full\"\n\tselect BOX if BIC\n"
    ),
    "net/ipv4/core.c": "int a;\n",
    "net/ipv4/bic.c": "int b;\n",
    "net/ipv4/part.c": "int c;\n",
    "net/ipv4/alone.c": "int d;\n",
}  # fmt: skip


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[[str], IndexView]]:
    """Open a folder of a repository with the files above."""
    root = tmp_path / "tree"
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8", newline="\n")
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    views: list[IndexView] = []

    def open_(folder: str) -> IndexView:
        walked = walk(open_scope(root / folder), CancelToken())
        build(walked, tmp_path / "cache", CancelToken())
        views.append(open_index(walked, tmp_path / "cache"))
        return views[-1]

    yield open_
    for view in views:
        view.close()


@pytest.mark.parametrize("folder", ["net/ipv4", "net", ""])
def test_what_lies_above_a_scope_decides_about_it(opened: Callable[[str], IndexView], folder: str) -> None:
    """A file has the same condition from whichever folder it is looked at; Kbuild goes before Makefile."""
    facts = BuildFacts(opened(folder))
    inside = "net/ipv4/".removeprefix(f"{folder}/" if folder else "")

    assert [
        ("bic.c", "CONFIG_BIC", ("bic.o",), "CONFIG_NET && CONFIG_INET && CONFIG_BIC"),
        ("core.c", None, ("core.o",), "CONFIG_NET && CONFIG_INET"),
        ("part.c", "CONFIG_BOX", ("box.o",), "CONFIG_NET && CONFIG_INET && CONFIG_BOX"),
    ] == [(one.path.removeprefix(inside), one.symbol, one.objects, one.condition) for one in facts.all()]
    assert facts.of(f"{inside}alone.c") is None


def test_each_symbol_has_its_chain_with_places(opened: Callable[[str], IndexView]) -> None:
    """What is asked for around the option, by the option and around the files that lead to it, outermost first."""
    fact = BuildFacts(opened("net/ipv4")).of("bic.c")
    chains = {chain.symbol: chain for chain in fact.chains} if fact else {}

    assert ["NET", "INET", "BIC"] == list(chains)
    assert [
        ("HAVE_NET", "../../Kconfig", 2), ("NET && INET", "../Kconfig", 10), ("ADVANCED", "Kconfig", 2),
        ("CRC || ANY", "Kconfig", 2),
    ] == [(need.text, need.path, need.line) for need in chains["BIC"].needs]  # fmt: skip
    assert "HAVE_NET && NET && INET && ADVANCED && (CRC || ANY)" == chains["BIC"].condition


def test_an_option_that_others_select_says_so(opened: Callable[[str], IndexView]) -> None:
    """Selecting goes past what an option needs."""
    chain = BuildFacts(opened("net/ipv4")).kconfig.chain("CONFIG_BOX")

    assert chain is not None
    assert [("FULL && BIC", "Kconfig", 10)] == [(one.text, one.path, one.line) for one in chain.selected_by]


def test_an_option_that_nothing_defines_has_no_chain(opened: Callable[[str], IndexView]) -> None:
    """A symbol of another part of the tree is left as it is."""
    assert BuildFacts(opened("net/ipv4")).kconfig.chain("ELSEWHERE") is None
