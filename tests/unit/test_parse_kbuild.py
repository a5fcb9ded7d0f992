"""What build files, Kconfig files, packaging files and plain text say."""

from __future__ import annotations

from codereader.index.parse import parse
from codereader.index.parsed import Definition

MAKEFILE = b"""# SPDX-License-Identifier: MIT
#
# Builds the boxes.
#
obj-y += box.o
lid-y := soft.o
lid-$(CONFIG_HARD) := hard.o
box-objs += open.o $(lid-y) \\
\tclose.o
ifeq ($(CONFIG_SHELF),y)
obj-$(CONFIG_ROOM) += room/
else ifdef WALL
obj-m += wall.o
endif
ccflags-y += -I$(src) x.o
all: box
\techo $@
include rules.mk
"""

KCONFIG = b"""# SPDX-License-Identifier: MIT
if NET
menu "Boxes"
\tdepends on WOOD || STEEL
config BOX
\tbool "Boxes"
\tdepends on LID && !OPEN
\tdefault y
\tselect SHELF if ROOM
\thelp
\t  Keeps things. Say Y.

\t  More.
source "room/Kconfig"
endmenu
endif
menuconfig WALL
\ttristate
"""


def test_a_makefile_says_what_it_builds_and_when() -> None:
    """Goals, symbols and conditions are told, lists of the same file are filled in, flags are no objects."""
    parsed = parse(MAKEFILE, "make")

    assert [
        ("obj", "y", ("box.o",), 4, None),
        ("lid", "y", ("soft.o",), 5, None),
        ("lid", "CONFIG_HARD", ("hard.o",), 6, None),
        ("box", "y", ("open.o", "soft.o", "hard.o", "close.o"), 7, None),
        ("obj", "CONFIG_ROOM", ("room/",), 10, "$(CONFIG_SHELF) == y"),
        ("obj", "m", ("wall.o",), 12, "$(CONFIG_SHELF) != y && defined(WALL)"),
    ] == [(b.goal, b.symbol, b.objects, b.row, b.condition) for b in parsed.builds]
    assert ["rules.mk"] == [i.target for i in parsed.includes]
    assert ("Builds the boxes.", 18) == (parsed.summary, parsed.lines)


def test_lists_that_hold_each_other_end() -> None:
    """A makefile whose lists refer to each other is read."""
    parsed = parse(b"A = a.o $(B)\nB = b.o $(A)\nC = $(A) $(call f,$(x)) $(C)\n", "make")

    assert [("A", ("a.o", "b.o")), ("B", ("b.o", "a.o")), ("C", ("a.o", "b.o"))] == [
        (b.goal, b.objects) for b in parsed.builds
    ]


def test_an_option_carries_its_attributes_and_its_help() -> None:
    """Type, prompt, dependencies, default and select are fields; if and menu are its condition."""
    parsed = parse(KCONFIG, "kconfig")
    box, wall = parsed.definitions

    assert ("BOX", "option", 4, "NET && (WOOD || STEEL)", "Keeps things") == (
        box.name, box.kind, box.row, box.condition, box.doc,
    )  # fmt: skip
    assert ('bool "Boxes"', "depends on LID && !OPEN", "default y", "select SHELF if ROOM") == box.fields
    assert ("menuconfig WALL", None) == (wall.signature, wall.condition)
    assert [("room/Kconfig", "NET && (WOOD || STEEL)")] == [(i.target, i.condition) for i in parsed.includes]


def test_hostile_build_files_give_facts_not_errors() -> None:
    """Depth, unmatched ends and odd bytes end in a result."""
    for language in ("make", "kconfig"):
        for text in (b"", b"endif\nelse\nendmenu\n", b"if A\n" * 5000, b"ifdef A\n" * 5000, b"\xff\x00config \x1b\n"):
            assert text.count(b"\n") == parse(text, language).lines


def test_a_package_names_its_commands() -> None:
    """pyproject.toml and setup.cfg give console scripts; broken ones give none."""
    toml = b'[project]\nname = "x"\n\n[project.scripts]\nbox = "box.cli:main"\n'
    cfg = b"[options.entry_points]\nconsole_scripts =\n    lid = box.lid:main\n"

    assert [("box.cli:main", "console script", "box", 4)] == [
        (e.name, e.kind, e.via, e.row) for e in parse(toml, "text").entries
    ]
    assert [("box.lid:main", "lid", 2)] == [(e.name, e.via, e.row) for e in parse(cfg, "text").entries]
    assert () == parse(b"[project]\nname = [[[[\n", "text").entries
    assert () == parse(b"[options.entry_points]\n[options.entry_points]\n", "text").entries


def test_other_text_is_carried_with_its_first_words() -> None:
    """A language without a grammar gives lines and a summary, and no facts."""
    parsed = parse(b"# Boxes\n\nHow to open them.\n", "text")

    assert ("text", 3, "Boxes", ()) == (parsed.language, parsed.lines, parsed.summary, parsed.definitions)
    assert parse(b'[project]\nname = "x"\n', "text").summary is None
    none: tuple[Definition, ...] = parse(b"\xff" * 10, "nothing-like-this").definitions
    assert () == none


def test_an_assignment_is_kept_as_it_is_written() -> None:
    """Both sides and the sign stay as written, for those who evaluate the lists themselves."""
    parsed = parse(b"obj-$(CONFIG_BOX) += box.o \\\n\tlid.o # hinge.o\nbox-y := a-$(B).o $(c-y)\nc-y+= c.o\n", "make")

    assert [
        ("obj-$(CONFIG_BOX)", "+=", ("box.o", "lid.o")),
        ("box-y", ":=", ("a-$(B).o", "$(c-y)")),
        ("c-y", "+=", ("c.o",)),
    ] == [(b.variable, b.operator, b.words) for b in parsed.builds]


def test_a_part_that_is_built_in_where_its_option_is_a_module_keeps_the_option():
    """``box-$(subst m,y,$(CONFIG_LID))`` is a list of the box like any other."""
    made = parse(b"box-y := a.o\nbox-$(subst m,y,$(CONFIG_LID))\t+= lid.o\n", "make")

    assert [(rule.goal, rule.symbol, rule.objects) for rule in made.builds] == [
        ("box", "y", ("a.o",)),
        ("box", "CONFIG_LID", ("lid.o",)),
    ]
