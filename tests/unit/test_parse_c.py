"""What a C file says, read from text."""

from __future__ import annotations

import pytest

from codereader.index import parse as parse_module
from codereader.index.c import extract as c
from codereader.index.c import text as c_text
from codereader.index.c.preprocessor import joined
from codereader.index.parse import parse
from codereader.index.parsed import Definition, ParsedFile


def read(text: str | bytes) -> ParsedFile:
    return parse(text.encode() if isinstance(text, str) else text, "c")


def names(text: str | bytes, kind: str = "function") -> list[str]:
    return [one.name for one in read(text).definitions if one.kind == kind]


def one(text: str, name: str) -> Definition:
    return next(found for found in read(text).definitions if found.name == name)


def calls(text: str) -> list[tuple[str | None, str]]:
    return [(found.caller, found.name) for found in read(text).references if found.kind == "call"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("int plain(void) { return 0; }", "plain"),
        ("static int __init late(void)\n{\n}\n", "late"),
        ("static inline __attribute__((cold)) struct box *make(int (*cb)(int)) { }", "make"),
        ("int old(a, b)\nint a;\nlong b;\n{ return a; }", "old"),
        ("void (*signal_of(int n))(int) { return 0; }", "signal_of"),
        ("static __printf(1, 2) void log_to(const char *f, ...) { }", "log_to"),
        ("noinline_for_stack int\nsplit_head(int a)\n{\n}\n", "split_head"),
        ("BPF_CALL_2(bpf_peek, struct sk_buff *, skb, u32, at)\n{\n\treturn at;\n}\n", "bpf_peek"),
        ("SYSCALL_DEFINE2(peek, int, fd,\n\t\tstruct box __user *, to)\n{\n\treturn 0;\n}\n", "sys_peek"),
        ("COMPAT_SYSCALL_DEFINE1(peek, int, fd)\n{\n}\n", "compat_sys_peek"),
    ],
)
def test_every_shape_of_a_function_is_found(text: str, name: str) -> None:
    """Attributes, old style heads and macros that make functions do not hide them."""
    assert [name] == names(text)


def test_a_function_made_by_a_macro_stands_where_the_macro_stands() -> None:
    """A system call keeps its macro as signature, and is an entry under the name one can call."""
    parsed = read("int a;\nSYSCALL_DEFINE1(peek, int, fd)\n{\n\treturn look(fd);\n}\n")
    made = parsed.definitions[1]

    assert ("sys_peek", 1, "SYSCALL_DEFINE1(peek, int, fd)") == (made.name, made.row, made.signature)
    assert [("sys_peek", "syscall", "SYSCALL_DEFINE1")] == [(e.name, e.kind, e.via) for e in parsed.entries]
    assert ("sys_peek", "look") in [(r.caller, r.name) for r in parsed.references]


def test_types_carry_their_members() -> None:
    """Structs, unions, enums and typedefs list what they hold, without comments."""
    text = (
        "struct box { int a; /* first */\n struct lid *top; };\n"
        "enum kind { SOFT, HARD = 4 };\ntypedef struct { int n; } num_t;\n"
    )

    assert ("int a", "struct lid *top") == one(text, "box").fields
    assert ("SOFT", "HARD = 4") == one(text, "kind").fields
    assert ("typedef", ("int n",)) == (one(text, "num_t").kind, one(text, "num_t").fields)


def test_declarations_are_no_definitions() -> None:
    """Prototypes, forward declarations and extern variables define nothing; a pointer to a function does."""
    text = "int f(int);\nextern int elsewhere;\nstruct later;\nint (*hook)(int);\nstatic int table[4];\n"

    assert [("hook", "variable"), ("table", "variable")] == [(d.name, d.kind) for d in read(text).definitions]


def test_macros_are_shown_without_long_bodies() -> None:
    """A constant shows its value, a function-like macro its parameters; what its body calls is called by it."""
    text = "#define SIZE 16\n#define twice(x) \\\n\tdouble_of((x))\n"

    assert "#define SIZE 16" == one(text, "SIZE").signature
    assert ("#define twice(x)", 1, 2) == (
        one(text, "twice").signature,
        one(text, "twice").row,
        one(text, "twice").span.last_row,
    )
    assert [("twice", "double_of")] == calls(text)


def test_an_include_guard_is_no_condition() -> None:
    """The guard around a header neither conditions its facts nor counts as a macro."""
    parsed = read("/* Boxes. */\n#ifndef BOX_H\n#define BOX_H\nint lid;\n#ifdef CONFIG_BIG\nint big;\n#endif\n#endif\n")

    assert [("lid", None), ("big", "defined(CONFIG_BIG)")] == [(d.name, d.condition) for d in parsed.definitions]


def test_both_branches_of_an_ifdef_are_read() -> None:
    """Each twin carries the condition it stands under, nested ones joined."""
    text = (
        "#ifdef CONFIG_MMU\nint f(void) { return a(); }\n#else\nint f(void) { return b(); }\n#endif\n"
        "#if A || B\n#if C\nint g;\n#elif D\nint h;\n#endif\n#endif\n"
    )

    assert [
        ("f", "defined(CONFIG_MMU)"),
        ("f", "!defined(CONFIG_MMU)"),
        ("g", "(A || B) && C"),
        ("h", "(A || B) && !C && D"),
    ] == [(d.name, d.condition) for d in read(text).definitions]
    assert [("f", "a"), ("f", "b")] == calls(text)


def test_branches_that_break_a_statement_do_not_break_the_file() -> None:
    """Two heads of one function, or of one block, give one function and the calls of both."""
    text = (
        "#ifdef A\nint f(int a)\n#else\nint f(void)\n#endif\n{\n"
        "#ifdef B\n\tif (one()) {\n#else\n\tif (two()) {\n#endif\n\t\tthree();\n\t}\n}\nint after(void) { }\n"
    )

    assert ["f", "after"] == names(text)
    assert [("f", "one"), ("f", "two"), ("f", "three")] == calls(text)
    assert 0 == read(text).error_nodes


def test_dead_text_is_not_read() -> None:
    """What stands under #if 0, in comments and in strings is no code."""
    text = (
        "#if 0\nthis is { not C\n#endif\n/*\n#ifdef X\nint no(void) { }\n*/\n"
        'const char *s = "#if \\" /* no */";\nint yes(void) { }\n'
    )

    assert ["yes"] == names(text)
    assert [None, None] == [d.condition for d in read(text).definitions]


def test_tables_hold_functions_with_struct_and_condition() -> None:
    """Designated initialisers, arrays of structs, casts, and entries under #ifdef are all entries."""
    text = (
        "static const struct file_ops ops[] __read_mostly = {\n\t[0] = {\n\t\t.open = box_open,\n#ifdef CONFIG_X\n"
        "\t\t.poll = (poll_t)&box_poll,\n#endif\n\t\t.owner = THIS_MODULE,\n\t\t.size = MAX_SIZE,\n\t},\n};\n"
    )
    parsed = read(text)

    assert [
        ("ops", "file_ops", "open", "box_open", 2, None),
        ("ops", "file_ops", "poll", "box_poll", 4, "defined(CONFIG_X)"),
    ] == [(t.variable, t.struct, t.field, t.function, t.row, t.condition) for t in parsed.tables]
    assert ["box_open", "box_poll"] == [r.name for r in parsed.references if r.name.startswith("box")]


def entries(text: str) -> list[tuple[str, str | None, str, str, str]]:
    return [(t.variable, t.struct, t.path, t.field, t.function) for t in read(text).tables]


@pytest.mark.parametrize(
    ("value", "path", "field"),
    [
        ("{ .pm = { .suspend = stop, }, }", "pm", "suspend"),
        ("{ .pm.suspend = stop }", "pm", "suspend"),
        ("{ .a.b = { .c = { .suspend = &stop } } }", "a.b.c", "suspend"),
        ("{ 1, NULL, stop }", "", "#2"),
        ("{ 1, { 2, stop } }", "#1", "#1"),
        ("{ .list = { { .suspend = stop }, { 0 } } }", "list", "suspend"),
        ("{ .list = { [3] = { .suspend = stop } } }", "list", "suspend"),
        ("{ .ops = &(const struct ops) { .suspend = stop } }", "ops", "suspend"),
        ("{ COMMON(x)\n\t.suspend = stop }", "", "suspend"),
        ("{ WRAP(.suspend = stop), }", "", "suspend"),
        ("{ .suspend = (void *)stop, }", "", "suspend"),
        ("{ .suspend = (int (*)(struct dev *))stop, }", "", "suspend"),
        ("{ .suspend = BIG ? stop : NULL, }", "", "suspend"),
    ],
)
def test_an_entry_of_a_table_knows_the_way_to_its_member(value: str, path: str, field: str) -> None:
    """Nested and positional initialisers lead to their member from the type of the whole variable."""
    assert [("d", "dev", path, field, "stop")] == entries(f"static struct dev d = {value};\n")


def test_the_elements_of_an_array_are_no_part_of_the_way() -> None:
    """Arrays of structs give the members of their elements, with and without names and indices."""
    text = "static const struct ops many[] = {\n\t{ 1, open_a },\n\t[TWO] = { .open = open_b },\n\t{ open_c },\n};\n"

    assert [
        ("many", "ops", "", "#1", "open_a"),
        ("many", "ops", "", "open", "open_b"),
        ("many", "ops", "", "#0", "open_c"),
    ] == entries(text)


def test_functions_put_into_members_are_entries_too() -> None:
    """An assignment in a function tells the receiver and its type; locals and parameters are no functions."""
    text = (
        "void set(struct box *b, int (*given)(void))\n{\n\tstruct ops o, *p;\n\tstruct lid l = { .shut = &shut_it };\n"
        "\tb->lid->open = open_it;\n\to.poll = &poll_it;\n\tp->poll = given;\n}\n"
    )
    found = read(text).tables

    assert [
        ("l", "struct lid", "shut", "shut_it"),
        ("b->lid", "struct box *", "open", "open_it"),
        ("o", "struct ops", "poll", "poll_it"),
    ] == [(t.variable, t.struct, t.field, t.function) for t in found]
    assert all(t.assigned for t in found)


def test_calls_know_their_caller_and_receiver() -> None:
    """A call through a member keeps what stands before the last arrow."""
    parsed = read("int f(struct a *a)\n{\n\tg(1);\n\treturn a->ops->open(a, h);\n}\n")

    assert [("g", "call", None), ("open", "call", "a->ops"), ("h", "name", None)] == [
        (r.name, r.kind, r.receiver) for r in parsed.references if r.row > 0
    ]
    assert {"f"} == {r.caller for r in parsed.references if r.row > 0}


def test_a_loop_made_by_a_macro_belongs_to_its_function() -> None:
    """``for_each(x) { }`` is no function, and calls inside it are the function's."""
    text = "int f(void)\n{\n\tint i = 0;\n\tfor_each_box(i) {\n\t\tuse(i);\n\t} end_box(i);\n\treturn i;\n}\n"

    assert ["f"] == names(text)
    assert ("f", "use") in calls(text)


def test_ways_in_and_out_are_told() -> None:
    """Exports, initcalls and main are found, with and without a semicolon."""
    parsed = read(
        "int box_open(void) { }\nEXPORT_SYMBOL_GPL(box_open);\nfs_initcall(init_box);\nmodule_exit(exit_box)\n"
        "struct after { int a; };\nint main(void) { }\n"
    )

    assert [("box_open", "EXPORT_SYMBOL_GPL", 1)] == [(e.name, e.kind, e.row) for e in parsed.exports]
    assert [
        ("init_box", "initcall", "fs_initcall"),
        ("exit_box", "exitcall", "module_exit"),
        ("main", "main", "main"),
    ] == [(e.name, e.kind, e.via) for e in parsed.entries]
    assert parsed.definitions[0].exported
    assert "after" in [d.name for d in parsed.definitions]


def test_includes_keep_their_form() -> None:
    """Angle brackets and quotes are told apart, and the condition is kept."""
    parsed = read('#include <linux/fs.h>\n#ifdef A\n#include "box.h"\n#endif\n')

    assert [("linux/fs.h", True, None), ("box.h", False, "defined(A)")] == [
        (i.target, i.system, i.condition) for i in parsed.includes
    ]


def test_comments_speak_for_the_file_and_its_functions() -> None:
    """Licence lines are no summary; a kernel-doc comment gives its sentence."""
    text = (
        "// SPDX-License-Identifier: MIT\n/*\n * Copyright (C) 2020 Someone\n *\n"
        " * Keeps boxes in order.\n * For all.\n */\n\n"
        "/**\n * box_open - open one box. It may fail.\n * @a: the box\n */\n"
        "int box_open(int a) { }\n\n// not mine\n\nint b(void) { }\n"
    )

    assert "Keeps boxes in order. For all." == read(text).summary
    assert ["open one box", None] == [d.doc for d in read(text).definitions]


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\n",
        b"int f(void) { return " + b"(" * 20000 + b"1" + b")" * 20000 + b"; }\n",
        b"int x = {" + b"{" * 20000,
        b"/* never closed int f(void) { }",
        b'"never closed\nint g(void) { }',
        b"#if A\n" * 20000,
        b"#if A\n" + b"#elif B\n" * 20000,
        b"#define A /*\n" * 2000,
        b"MAKE(a,\n" * 20000,
        b"#else\n#endif\n#elif\n#\n#if\n#define\n#include\n",
        b"\x00\xff\xfe int f(void) { }\n",
        b"EXPORT_SYMBOL(\x1b[31m);\nint f(void) {}",
        b"a" * 1_000_000,
        b"int a[] = {" + b"1, " * 300_000 + b"};",
    ],
)
def test_hostile_text_gives_facts_not_errors(text: bytes) -> None:
    """Depth, length, unclosed and binary text end in a result."""
    assert text.count(b"\n") <= read(text).lines <= text.count(b"\n") + 1


def test_broken_code_gives_partial_facts_and_a_count() -> None:
    """A function that does not parse does not hide its neighbours."""
    parsed = read("int good(void) { return a(); }\nint bad( { ] ;\nint fine(void) { return b(); }\n")

    assert "good" in [d.name for d in parsed.definitions]
    assert parsed.error_nodes > 0


def test_line_ends_and_odd_bytes_do_not_matter() -> None:
    """CRLF files and Latin-1 comments give the same names and rows."""
    text = b"/* caf\xe9 */\r\n#define ADD(a) \\\r\n\t(a)\r\n\tint\tf(void)\r\n{\r\n\tg();\r\n}\r\n"
    parsed = read(text)

    assert [("ADD", 1), ("f", 3)] == [(d.name, d.row) for d in parsed.definitions]
    assert [("f", "g", 5)] == [(r.caller, r.name, r.row) for r in parsed.references]
    assert "int f(void)" == parsed.definitions[1].signature


def mentions(text: str) -> list[tuple[str | None, str, int]]:
    found = (one for one in read(text).references if one.kind == "name" and one.caller)
    return [(one.caller, one.name, one.row) for one in found]


def test_a_file_level_variable_is_named_where_its_own_functions_use_it() -> None:
    """A variable of the file counts as used by its functions: by address, by member, by index and in sums."""
    text = (
        "static struct box lid;\nstatic int level;\n"
        "int put(void)\n{\n\thand(&lid);\n\tlid.top = 1;\n\treturn level + 1;\n}\n"
    )

    assert [("put", "lid", 4), ("put", "lid", 5), ("put", "level", 6)] == mentions(text)


def test_a_local_variable_hides_the_files_own_in_its_function_alone() -> None:
    """A parameter called like a variable of the file is no use of it; members, tags and strings are none either."""
    text = (
        "static int level;\n"
        "int one(int level)\n{\n\treturn level;\n}\n"
        'int two(struct level *a)\n{\n\tlog("level", a->level, a.level);\n\treturn 0;\n}\n'
        "int three(void)\n{\n\treturn level;\n}\n"
    )

    assert [("two", "level", 5), ("three", "level", 12)] == mentions(text)


def test_many_variables_are_found_like_few() -> None:
    """A file with hundreds of variables has the same uses as one with a few."""
    declared = "".join(f"static int v{number};\n" for number in range(100))

    assert [("sum", "v7", 102), ("sum", "v99", 102)] == mentions(declared + "int sum(void)\n{\n\treturn v7 + v99;\n}\n")


@pytest.mark.parametrize(("opening", "closing"), [("{", "}"), ("{.a=", "}"), ("a(", ")")])
def test_brackets_too_deep_for_a_program_are_left_out(opening, closing):
    """Thousands of nested initialisers do not take the square of their number; what stands around them is read."""
    deep = opening * 9000 + "b" + closing * 9000
    text = f"int before(void) {{ return 1; }}\nstruct s x = {deep};\nint after(void) {{ return '('; }}\n".encode()
    seen: list[bytes] = []
    query = parse_module._query("c")
    made = c.extract(text, lambda plain: seen.append(plain) or query(plain))

    assert ["before", "x", "after"] == [one.name for one in made.definitions]
    assert c_text.DEEPEST_NESTING >= seen[0].count(opening.strip(".a=").encode()[-1:])


def test_brackets_of_a_program_are_left_alone():
    """Neither many brackets beside each other nor unbalanced ones in strings change a byte."""
    wide = b"int x[] = {" + b"{(1)}," * 5000 + b"};\n"
    quoted = b"char *s[] = {" + b'"((", ' * 5000 + b"};\n"

    assert wide == c_text.shallow(wide)
    assert quoted == c_text.shallow(quoted)


def test_a_declaration_without_a_name_ends() -> None:
    """A name that the parser only supposes is looked for nowhere."""
    assert ["f"] == names("static int ;\nstruct { int a; } = 3;\nint f(void) { return 1; }\n")


def test_what_a_local_variable_points_to_is_no_function() -> None:
    """A parameter or local that is called hides the function of that name; a tag of that name does not."""
    text = "int f(int (*look)(int), cb_t back)\n{\n\tlook(1);\n\tback(2);\n\treturn find(sizeof(struct find));\n}\n"

    assert [("f", "find")] == calls(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("void a(void)\n{}\n\nint b(void)\n{\n\treturn 0;\n}\n", ["a", "b"]),
        ("int a(void)\n{ return 1; }\nint b(void)\n{\n}\n", ["a", "b"]),
        ("MAKE(u8, u8)\nMAKE(u16, u16)\n\nint b(void)\n{\n}\n", ["b"]),
        ("HOOK(x)\nstatic int\nb(int a)\n__takes(a)\n{\n}\n", ["b"]),
        ("__likes_printf(1, 2)\nvoid b(const char *f, ...)\n{\n}\n", ["b"]),
        ("int b(int a) ODD_ATTRIBUTE\n{\n}\n", ["b"]),
        ("int ODD(int) b(int a) MORE(a)\n{\n}\n", ["b"]),
        ("struct a b __odd = { 1 };\nint c(void) { }\n", ["c"]),
        ("static inline struct box *__odd b(struct box *a)\n{\n}\n", ["b"]),
        ("int b(a, f)\n\tint a;\n\tint (*f)();\n{\n}\n", ["b"]),
        ("void NAME(walk)(int a)\n{\n}\n", ["walk"]),
        (
            'int b(void)\n{\n\tint x = ({ int y = 1; y; });\n\tasm volatile("nop {" : : "r"(x));\n}\nint c(void) { }\n',
            ["b", "c"],
        ),
        ("int b(int a)\n{\n\tswitch (a) {\n\tcase 1 ... 3:\n\tout:\n\t\tbreak;\n\t}\n}\nint c(void) { }\n", ["b", "c"]),
        ("int b(void)\n{\n\tif (1) {\n}\n\nint c(void)\n{\n}\n", ["b", "c"]),
    ],
)
def test_no_head_and_no_body_hides_a_function(text: str, found: list[str]) -> None:
    """Decorations that no list knows, macros above a head, bodies on one line and braces that do not close."""
    assert found == names(text)


def test_arms_are_whole_whatever_their_strings_and_inner_arms_say() -> None:
    """Brackets in strings, and twin openings inside an arm, do not cost the other arm its functions."""
    text = (
        '#ifdef A\nint a(void)\n{\n#ifdef B\n\tif (x) {\n#else\n\tif (y) {\n#endif\n\t\tlog("(");\n\t}\n}\n'
        "#else\nint a(void) { return 0; }\nint b(void) { return 0; }\n#endif\n"
    )

    assert ["a", "a", "b"] == names(text)


def test_a_product_with_a_call_is_no_declaration() -> None:
    """``2 * f(x)`` and ``n * f(x)`` call f, whatever stands before the star."""
    text = "int g(int n)\n{\n\tint f = 2 * one(n) + n * two(n), k = 4*three(n);\n\treturn f;\n}\n"

    assert [("g", "one"), ("g", "two"), ("g", "three")] == calls(text)


@pytest.mark.parametrize(
    ("text", "receiver", "base"),
    [
        ("int f(struct a *a) { return a->b->open(a); }", "a->b", "struct a *"),
        ("int f(a)\n\tstruct a *a;\n{ a->open(); }", "a", "struct a *"),
        ("int f(void) { const struct a *x, *y = g(); y->open(); }", "y", "struct a *"),
        ("static struct a one;\nint f(void) { one.ops->open(); }", "one.ops", "struct a"),
        (
            "static const struct a __rcu *many[4];\nint f(int i) { many[i + (1)]->open(i); }",
            "many[i + (1)]",
            "struct a *",
        ),
        ("int f(ops_t *o) { (*o).open(); }", "(*o)", "ops_t *"),
        ("int f(void *p) { ((struct a *)p)->ops->open(); }", "((struct a *)p)->ops", "struct a *"),
        ("int f(void *p) { to_a(p, 1)->ops\n\t->open(); }", "to_a(p, 1)->ops", None),
        ("int f(void) { unknown->open(); }", "unknown", None),
    ],
)
def test_a_call_through_a_member_knows_its_whole_receiver_and_its_type(text, receiver, base) -> None:
    """Parameters, locals, old style parameters, variables of the file and casts tell the type it begins with."""
    found = [one for one in read(text).references if one.name == "open"]

    assert [(receiver, base)] == [(one.receiver, one.base) for one in found]


def test_macros_that_may_make_something_are_kept() -> None:
    """Function-like macros and aliases of names are told; numbers, strings and the guard are not."""
    text = (
        '#ifndef G_H\n#define G_H\n#define ALIAS other\n#define BIG (1 << 3)\n#define TEXT "a(b)"\n'
        "#define LEN 0x10UL\n"
        "#define MASK BIT(3)\n#define RUN box_run(1)\n"
        "#define both(a, ...) \\\n\tdo { /* first */ \\\n\t\ta(); } while (0)\n#endif\n"
    )

    assert [
        ("ALIAS", None, "other", 2),
        ("RUN", None, "box_run(1)", 7),
        ("both", ("a", "..."), "do { a(); } while (0)", 8),
    ] == [(one.name, one.parameters, one.body, one.row) for one in read(text).macros]


def test_macros_used_like_declarations_are_told() -> None:
    """With and without a semicolon, with strings and a body, each on its row; prototypes are none."""
    text = (
        'DEFINE_BOX(lid);\nstatic DEFINE_LOCK(lock);\nmodule_init(start)\nMODULE_NAME("a, b");\n'
        "BOX_ATTR(one, 0644,\n\tshow);\n"
        "SYSCALL_DEFINE1(peek, int, fd)\n{\n}\nint proto(int a);\nint\nsplit(int a);\n"
        "#ifdef X\nDEFINE_BOX(other);\n#endif\n"
        "static DEFINE_PER_CPU(int, level) = 3;\n"
    )

    assert [
        ("DEFINE_BOX", "lid", 0, None, False),
        ("DEFINE_LOCK", "lock", 1, None, False),
        ("module_init", "start", 2, None, False),
        ("MODULE_NAME", '"a, b"', 3, None, False),
        ("BOX_ATTR", "one, 0644, show", 4, None, False),
        ("SYSCALL_DEFINE1", "peek, int, fd", 6, None, True),
        ("DEFINE_BOX", "other", 13, "defined(X)", False),
        ("DEFINE_PER_CPU", "int, level", 15, None, False),
    ] == [(one.macro, one.arguments, one.row, one.condition, one.has_body) for one in read(text).uses]


def test_records_tell_the_types_of_members() -> None:
    """Pointers, functions, arrays, several declarators and inner structs have their place; numbers are left out."""
    text = (
        "struct box {\n\tint n;\n\tstruct lid *top, **more, one[3];\n"
        "\tunsigned a:1, b:2;\n\tint (*open)(struct box *, int);\n"
        "\tconst struct ops __rcu *ops;\n\tunion {\n\t\tstruct x x;\n\t\tu32 q;\n\t};\n"
        "\tstruct {\n\t\tstruct y *deep;\n\t} inner;\n"
        "\tDECLARE_BITMAP(map, 8);\n\tcb_t call;\n\tstruct_group(head, struct z *z; int w;);\n} __packed;\n"
        "typedef struct { struct box *boxes; } shelf_t;\n"
    )
    found = {one.name: [(m.name, m.type, m.place) for m in one.members] for one in read(text).records}

    assert {
        "box.inner": [("deep", "struct y *", 0)],
        "box": [
            ("top", "struct lid *", 1),
            ("more", "struct lid **", 2),
            ("one", "struct lid", 3),
            ("open", "fn", 6),
            ("ops", "struct ops *", 7),
            ("x", "struct x", 8),
            ("inner", "struct box.inner", 9),
            ("call", "cb_t", 11),
            ("z", "struct z *", 12),
        ],
        "shelf_t": [("boxes", "struct box *", 0)],
    } == found


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (["A", "A"], "A"),
        (["A && B", "B"], "A && B"),
        (["A || B", "C", "A || B"], "(A || B) && C"),
        (["(A || B) && C", "A || B"], "(A || B) && C && (A || B)"),
        (["!(A || B)", "!(A || B)"], "!(A || B)"),
        (["f(A && B)", "A"], "f(A && B) && A"),
        (["A && B || C", "A"], "(A && B || C) && A"),
        (["A &&", "B"], "A && && B"),
        ([], None),
    ],
)
def test_a_condition_tells_each_test_once(parts, expected):
    """Tests that blocks around and macros repeat are joined once; what binds less keeps its brackets."""
    assert expected == joined(parts)


def test_parameters_of_a_module_and_of_the_command_line_are_ways_in() -> None:
    """A parameter goes by its name; one that a function takes goes by the function."""
    parsed = parse(
        b"module_param(depth, int, 0644);\nmodule_param_named(loud, is_loud, bool, 0);\n"
        b'static int __init set_box(char *text)\n{\n\treturn 1;\n}\n__setup("box=", set_box);\n'
        b"builtin_platform_driver(box_driver);\nEXPORT_STATIC_CALL_GPL(box_open);\n",
        "c",
    )

    assert [
        ("depth", "parameter", "module_param"),
        ("loud", "parameter", "module_param_named"),
        ("set_box", "parameter", "__setup"),
        ("box_driver", "initcall", "builtin_platform_driver"),
    ] == [(e.name, e.kind, e.via) for e in parsed.entries]
    assert ["box_open"] == [e.name for e in parsed.exports]


def test_comments_and_strings_call_nothing() -> None:
    """Neither in a macro's body nor in a branch that no compiler reads does prose count as a call."""
    text = (
        "#define BOX(a) do { fill(a); /* told() */ } while (0)\n"
        "int f(void)\n{\n#if 0\n"
        "\t/* Either change (except that we) said() or\n\t * that() too. */\n"
        '\treal(1, "no()"); // none()\n'
        "#else\n\tgo();\n#endif\n\treturn 0;\n}\n"
    )
    found = parse(text.encode(), "c")

    assert ["fill", "go", "real"] == sorted(one.name for one in found.references if one.kind == "call")
