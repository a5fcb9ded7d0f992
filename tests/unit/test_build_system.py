"""Build rules joined to files: which source is built, and when."""

from __future__ import annotations

from codereader.facts.kbuild.system import Assignment, Built, BuiltFolder, MissingObject, map_rules, negate, render


def rule(line: int, name: str, suffix: str, operator: str, *words: str, path="Makefile", condition=None) -> Assignment:
    return Assignment(path, line, name, suffix, operator, words, condition)


def conditions(rules, *paths):
    return {one.path: one.condition for one in map_rules(rules, paths).built}


def test_a_default_is_overridden_by_the_configured_choice():
    """file-mmu.c is built with CONFIG_MMU and file-nommu.c otherwise, as ramfs writes it."""
    rules = [
        rule(1, "obj", "y", "+=", "ramfs.o"),
        rule(3, "file-mmu", "y", ":=", "file-nommu.o"),
        rule(4, "file-mmu", "$(CONFIG_MMU)", ":=", "file-mmu.o"),
        rule(5, "ramfs", "objs", "+=", "inode.o", "$(file-mmu-y)"),
    ]

    built = map_rules(rules, ["file-mmu.c", "file-nommu.c", "inode.c", "internal.h"])

    assert built.built == (
        Built("file-mmu.c", "CONFIG_MMU", ("ramfs.o",), "Makefile", 4, "CONFIG_MMU"),
        Built("file-nommu.c", "!CONFIG_MMU", ("ramfs.o",), "Makefile", 3, "CONFIG_MMU"),
        Built("inode.c", None, ("ramfs.o",), "Makefile", 5),
    )
    assert built.not_built == ()


def test_adding_keeps_what_was_there():
    """+= after a default leaves the default built always."""
    rules = [rule(1, "obj", "y", ":=", "a.o"), rule(2, "obj", "$(CONFIG_B)", "+=", "b.o")]

    assert conditions(rules, "a.c", "b.c") == {"a.c": None, "b.c": "CONFIG_B"}


def test_overriding_without_a_condition_replaces_everything():
    """A list that is set twice holds only what it was set to last."""
    rules = [rule(1, "obj", "y", ":=", "a.o"), rule(2, "obj", "y", ":=", "b.o")]

    found = map_rules(rules, ["a.c", "b.c"])

    assert [one.path for one in found.built] == ["b.c"]
    assert found.not_built == ("a.c",)


def test_conditions_of_the_composite_and_of_its_part_add_up():
    """A part of an optional module needs both options."""
    rules = [
        rule(1, "obj", "$(CONFIG_BRIDGE)", "+=", "bridge.o"),
        rule(2, "bridge", "y", ":=", "br.o"),
        rule(3, "bridge", "$(CONFIG_SYSFS)", "+=", "br_sysfs.o"),
    ]

    assert conditions(rules, "br.c", "br_sysfs.c") == {
        "br.c": "CONFIG_BRIDGE",
        "br_sysfs.c": "CONFIG_BRIDGE && CONFIG_SYSFS",
    }


def test_folders_pass_their_condition_on():
    """What a makefile in a sub-folder builds also needs what leads into the folder."""
    rules = [
        rule(1, "obj", "$(CONFIG_INET)", "+=", "ipv4/"),
        rule(1, "obj", "$(CONFIG_BIC)", "+=", "bic.o", path="ipv4/Makefile"),
        rule(2, "obj", "y", "+=", "deep/", path="ipv4/Makefile"),
        rule(1, "obj", "y", "+=", "x.o", path="ipv4/deep/Makefile"),
    ]

    found = map_rules(rules, ["ipv4/bic.c", "ipv4/deep/x.c"])

    assert {one.path: one.condition for one in found.built} == {
        "ipv4/bic.c": "CONFIG_INET && CONFIG_BIC",
        "ipv4/deep/x.c": "CONFIG_INET",
    }
    assert found.folders == (
        BuiltFolder("ipv4", "CONFIG_INET", "Makefile", 1),
        BuiltFolder("ipv4/deep", "CONFIG_INET", "ipv4/Makefile", 2),
    )


def test_a_file_that_two_options_build_names_both():
    """Alternatives are joined by or, and an unconditional one swallows the others."""
    rules = [rule(1, "obj", "$(CONFIG_A)", "+=", "x.o", "y.o"), rule(2, "obj", "$(CONFIG_B)", "+=", "x.o"),
             rule(3, "obj", "y", "+=", "y.o")]  # fmt: skip

    assert conditions(rules, "x.c", "y.c") == {"x.c": "CONFIG_A || CONFIG_B", "y.c": None}


def test_make_conditionals_and_functions_count():
    """An ifeq around a rule and both symbols of a subst are part of the condition."""
    rules = [
        rule(1, "obj", "$(subst y,$(CONFIG_DCCP),$(CONFIG_IPV6))", "+=", "six.o"),
        rule(3, "obj", "$(CONFIG_BPF)", "+=", "ca.o", condition="$(CONFIG_JIT) == y"),
    ]

    assert conditions(rules, "six.c", "ca.c") == {
        "six.c": "CONFIG_DCCP && CONFIG_IPV6",
        "ca.c": "CONFIG_BPF && $(CONFIG_JIT) == y",
    }


def test_an_object_without_a_source_is_said_to_be_missing():
    """Generated objects are not guessed at."""
    found = map_rules([rule(7, "obj", "y", "+=", "made.o", "kept.o")], ["kept.S"])

    assert (MissingObject("made.o", "Makefile", 7),) == found.missing
    assert [one.path for one in found.built] == ["kept.S"]


def test_an_object_may_be_called_like_the_list_that_holds_it():
    """Only what obj- lists can be a composite, so file-mmu.o stays an object of its own."""
    rules = [rule(1, "obj", "y", "+=", "one.o"), rule(2, "one", "y", "+=", "one.o", "two.o")]

    assert conditions(rules, "one.c", "two.c") == {"one.c": None, "two.c": None}


def test_rules_that_refer_to_each_other_end():
    """Variables in a circle give nothing instead of running for ever."""
    rules = [rule(1, "obj", "y", "+=", "$(a-y)"), rule(2, "a", "y", "+=", "$(b-y)"), rule(3, "b", "y", "+=", "$(a-y)")]

    assert conditions(rules, "a.c") == {}


def test_a_tree_without_makefiles_says_nothing():
    """No rule, no claim: not even that something is not built."""
    found = map_rules([], ["a.c"])

    assert (found.built, found.folders, found.missing, found.not_built) == ((), (), (), ())


def test_negation_and_alternatives_read_well():
    """Opposites cancel, groups are bracketed, what is covered by a weaker condition is left out."""
    assert [negate("A"), negate("!A"), negate("A == y")] == ["!A", "A", "!(A == y)"]
    assert render([("A", "B"), ("C",), ("C", "D")]) == "(A && B) || C"
    assert render([("A",), ()]) is None
