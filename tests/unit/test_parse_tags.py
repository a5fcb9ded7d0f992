"""What files say in the languages that their tags alone describe."""

from __future__ import annotations

import pytest

from codereader.index.parse import parse
from codereader.source.languages import language_of

SAMPLES = {
    "javascript": (
        (
            b'import a, {b as c} from "./x";\n// Adds up. Fast.\nexport const add = (x) => c(x);\n'
            b"class Box extends Base { open() { this.shut(add); } }\n"
        ),
        ["function add", "class Box", "method Box.open"],
        ["c", "this.shut"],
        [("./x", ("default as a", "b as c"))],
    ),
    "typescript": (
        (
            b'import * as n from "./n";\nexport interface Lid extends Top { open(): void }\nenum E { A }\n'
            b"abstract class Box<T> { abstract f(): T; g(): T { return n.h(); } }\ntype X = { a: Lid };\n"
        ),
        [
            "interface Lid",
            "method Lid.open",
            "enum E",
            "enumerator E.A",
            "class Box",
            "method Box.f",
            "method Box.g",
            "typedef X",
        ],
        ["n.h"],
        [("./n", ("* as n",))],
    ),
    "go": (
        (
            b'package m\nimport x "a/b"\n// Box holds.\ntype Box struct { A int }\nfunc (b *Box) Open() { x.Run() }\n'
            b"func main() { open() }\nconst N = 1\n"
        ),
        ["struct Box", "method Box.Open", "function main", "constant N"],
        ["x.Run", "open"],
        [("a/b", ("* as x",))],
    ),
    "rust": (
        (
            b"use a::{b::{self, C}, d as e};\npub struct Box { a: u8 }\n"
            b"impl Box { pub fn open(&self) { self.shut(); C::new(); } }\n"
            b"trait Lid { fn f(&self); }\nmod inner { fn g() {} }\nfn main() {}\n"
        ),
        [
            "struct Box",
            "method Box.open",
            "trait Lid",
            "method Lid.f",
            "module inner",
            "function inner.g",
            "function main",
        ],
        ["self.shut", "C.new"],
        [("a::b", ()), ("a::b::C", ()), ("a::d", ("* as e",))],
    ),
    "java": (
        (
            b"package p;\nimport a.B;\npublic class Box extends B {\n"
            b"final int n = 1; Box() { } void open() { this.shut(); go(); } }\n"
            b"enum E { X }\n"
        ),
        ["class Box", "constant Box.n", "method Box.Box", "method Box.open", "enum E", "enumerator E.X"],
        ["this.shut", "go"],
        [("p", ("*",)), ("a.B", ())],
    ),
    "cpp": (
        (
            b'#include "box.h"\n#define LID 1\nnamespace n {\n'
            b"template <class T> class Box : public Base { int f() { return g(); } };\n}\n"
            b"int n::Box<int>::open(int x) { return a.b(n::c(x)); }\n"
        ),
        ["macro LID", "module n", "class n.Box", "method n.Box.f", "method n.Box.open"],
        ["g", "a.b", "n.c"],
        [("box.h", ())],
    ),
    "bash": (
        b'. ./lib.sh\n# greets\nhello() { say "$1"; }\n',
        ["function hello"],
        ["say"],
        [("./lib.sh", ())],
    ),
    "toml": (b'a = 1\n[t.u]\nk = "v"\n', ["key a", "key t.u", "key t.u.k"], [], []),
    "json": (b'{"a": {"b": 1, "c": {"d": 2}}}', ["key a", "key a.b", "key a.c"], [], []),
    "yaml": (b"a: 1\nb:\n  c: 2\n  d:\n    e: 3\n", ["key a", "key b", "key b.c", "key b.d"], [], []),
    "markdown": (
        b"Words.\n\n# A\n\n### B\n\nC\n===\n\n```\n# no\n```\n",
        ["heading A", "heading A.B", "heading C"],
        [],
        [],
    ),
}


@pytest.mark.parametrize("language", sorted(SAMPLES))
def test_a_language_tells_its_definitions_calls_and_imports(language: str) -> None:
    """Each with its kind and its dotted owner, calls with what they are made on."""
    data, definitions, calls, imports = SAMPLES[language]

    found = parse(data, language)

    assert definitions == [f"{one.kind} {one.owner + '.' if one.owner else ''}{one.name}" for one in found.definitions]
    assert calls == [
        f"{one.receiver + '.' if one.receiver else ''}{one.name}" for one in found.references if one.kind == "call"
    ]
    assert imports == [(one.target, one.names) for one in found.includes]
    assert found.error_nodes == 0


def test_a_definition_has_its_head_comment_and_visibility() -> None:
    """The signature is one line without the body; the comment's first sentence stays; spans hold the whole."""
    found = parse(SAMPLES["javascript"][0], "javascript").definitions[0]

    assert found.signature == "export const add = (x) =>"
    assert found.doc == "Adds up"
    assert found.exported
    assert (found.span.first_row, found.span.last_row) == (2, 2)


def test_attributes_give_conditions_and_do_not_hide_comments() -> None:
    """What stands in a module for tests says so."""
    text = b"/// Holds.\n#[derive(Debug)]\nstruct A;\n#[cfg(test)]\nmod tests { fn t() { a(); } }\n"

    found = parse(text, "rust")

    assert found.definitions[0].doc == "Holds"
    assert [None, "test", "test"] == [one.condition for one in found.definitions]
    assert found.references[-1].condition == "test"


def test_cpp_keeps_the_conditions_of_its_preprocessor_but_not_its_own() -> None:
    """Being C++ is no condition."""
    opening, closing = b'#ifdef __cplusplus\nextern "C" {\n#endif\n', b"#ifdef __cplusplus\n}\n#endif\n"
    text = opening + b"#if A\nint f() { return 1; }\n#endif\n" + closing

    found = parse(text, "cpp").definitions

    assert [("f", "A")] == [(one.name, one.condition) for one in found]


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"#pragma once\nnamespace a {\n", "cpp"),
        (b"#ifndef A\n#define A\ntemplate <class T>\n", "cpp"),
        (b"/* a\n * class of things\n */\nstruct class *c;\n", "c"),
        (b'#ifdef __cplusplus\nextern "C" {\n#endif\n', "c"),
        (b"", "c"),
    ],
)
def test_a_header_is_c_unless_it_is_evidently_cpp(head: bytes, expected: str) -> None:
    """The first bytes decide."""
    assert expected == language_of("a/b.h", head)


@pytest.mark.parametrize("language", sorted(SAMPLES))
@pytest.mark.parametrize(
    "data",
    [b"", b"\0" * 500, b"\xff\xfe\xed\xa0\x80f() {}" * 50, b"f(" * 3000, b"{" * 3000 + b"}" * 3000, b"# a\r// b\r\n"],
    ids=["empty", "nul", "not utf-8", "open", "deep", "marks"],
)
def test_no_content_is_too_bad(language: str, data: bytes) -> None:
    """Broken and hostile text gives facts or none, never an error; the same ones each time."""
    assert parse(data, language) == parse(data, language)


@pytest.mark.parametrize("data", [b"".join(b" " * at + b"a:\n" for at in range(700)), b"- " * 700 + b"a", b"? " * 700])
def test_yaml_too_deep_for_its_parser_is_outlined_as_far_as_it_goes(data: bytes) -> None:
    """The parser would end the process."""
    found = parse(b"top: 1\n" + data, "yaml")

    assert "top" in [one.name for one in found.definitions]


def test_fields_of_a_struct_inside_a_go_struct_are_not_the_outer_ones() -> None:
    """A field whose type is written in place has fields of its own."""
    parsed = parse(b"package a\n\ntype T struct {\n\tB\n\tinner struct {\n\t\tname string\n\t}\n}\n", "go")

    assert [["", "inner"]] == [[member.name for member in record.members] for record in parsed.records]


def test_a_type_in_which_the_braces_are_lost_ends_at_its_margin() -> None:
    """What follows a C++ type that the grammar cannot read to its end does not count as standing in it."""
    text = (
        b"namespace n {\nstruct size {\n  int a;\n  int f() { if (a) { g(); }\n  int h() { return 1; }\n};\n"
        b"class next {\n  int c;\n};\n}\n"
    )

    parsed = parse(text, "cpp")

    assert parsed.error_nodes > 0
    assert [one.owner for one in parsed.definitions if one.name == "next"] == [None]


def test_line_comments_apart_are_apart() -> None:
    """Terms of use end where a line is free; a comment on what the preprocessor does says nothing of the file."""
    terms = b"// Copyright 2012 Some People.\n\n"
    go = terms + b"// Package m holds.\npackage m\n"
    cpp = terms + b"// Keeps others away.\n#define NONE 1\nint a;\n"

    said = [parse(text, language).summary for text, language in ((go, "go"), (cpp, "cpp"))]

    assert said == ["Package m holds.", None]
