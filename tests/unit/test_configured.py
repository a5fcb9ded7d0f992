"""What a kernel configuration builds of a scope: by makefiles, by #if, by Kconfig."""

from __future__ import annotations

import pytest

from codereader.facts.kbuild.condition import read_configuration
from codereader.facts.kbuild.configured import built_by
from codereader.reader import Reader


@pytest.mark.parametrize(
    ("path", "condition", "expected"),
    [
        ("always.c", None, True),
        ("on.c", None, True),
        ("off.c", None, False),
        ("ruled_by_none.c", None, True),
        ("on.c", "defined(CONFIG_OFF)", False),
        ("on.c", "!defined(CONFIG_OFF)", True),
        ("on.c", "defined(SOMETHING_ELSE)", True),
        ("Kconfig", "OFF", False),
        ("Kconfig", "ON && !OFF", True),
        ("Makefile", "$(CONFIG_ON) == y", False),
    ],
)
def test_only_what_is_known_to_be_off_is_off(tmp_path, path, condition, expected):
    """A file whose rule is off, a fact whose condition is false; in doubt it is built."""
    tree = tmp_path / "tree"
    tree.mkdir()
    for name in ("always", "on", "off", "ruled_by_none"):
        (tree / f"{name}.c").write_text("int x;\n")
    (tree / "Makefile").write_text("obj-y += always.o\nobj-$(CONFIG_ON) += on.o\nobj-$(CONFIG_OFF) += off.o\n")
    (tree / "Kconfig").write_text('config ON\n\tbool "on"\n')
    with Reader(tree, cache=tmp_path / "cache") as reader:
        reader.open()
        holds = built_by(reader.view, read_configuration(b"CONFIG_ON=m\n", ".config"))

    assert holds(path, condition) is expected
