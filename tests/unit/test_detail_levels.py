"""Files of every language at each level: what is kept, what goes, and that no text is made up."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codereader.index.parse import parse
from codereader.index.parsed import Definition, ParsedFile
from codereader.pack.detail import shown, unforged
from codereader.pack.piece import Piece, Rendering
from codereader.pack.segment import Level
from codereader.source.languages import language_of
from codereader.source.spans import Span

LANGUAGES = (
    "bash c cpp go java javascript json kconfig make markdown python rust toml tsx typescript yaml text nothing".split()
)


def pieces(name: str, source: str, level: Level, rendering: Rendering | None = None) -> tuple[Piece, ...]:
    data = source.encode()
    return shown(name, data, parse(data, language_of(name, data)), rendering or Rendering()).pieces(level)


def body(name: str, source: str, level: Level, rendering: Rendering | None = None) -> str:
    return pieces(name, source, level, rendering)[0].text.partition("\n")[2]


PYTHON = (
    '''#!/usr/bin/env python
"""Draw boxes.

Much more about it.
"""

import os  # the system

SIZES = [
'''
    + "".join(f"    {n},\n" for n in range(30))
    + ''']


@dataclass
class Box:
    """A box. With corners."""

    width: int = 3  # in cells

    @property
    def area(self) -> int:
        """Return how much
        it holds.
        """
        # by hand
        total = self.width * self.width
        return sum([total, self.width]) - self.width


def make(
    width: int,
    *rest: str,
) -> Box:
    def inner() -> None:
        pass

    return [Box(width) for _ in rest if inner() is None][0]


def only() -> None:
    """Stands for itself, and nothing else is here to take its place."""
'''
)


def test_a_skeleton_of_python() -> None:
    """Decorators, fields, signatures over several lines and the first sentence of docstrings stay."""
    text = body("box.py", PYTHON, "skeleton")

    assert (
        '#!/usr/bin/env python\n"""Draw boxes."""\n\nimport os  # the system\n\nSIZES = [\n'
        "    0,\n    1,\n    2,\n    3,\n    # 26 lines: 14-39\n]\n" in text
    )
    assert (
        '@dataclass\nclass Box:\n    """A box."""\n\n    width: int = 3  # in cells\n\n    @property\n'
        '    def area(self) -> int:\n        """Return how much\n        it holds."""\n        ...  # 8 lines: 49-56\n'
        in text
    )
    assert ") -> Box:\n    ...  # 8 lines: 59-66\n" in text
    assert 'def only() -> None:\n    """Stands for itself, and nothing else is here to take its place."""\n' in text


def test_python_without_comments() -> None:
    """Docstrings go with the comments but for one that is all there is; the interpreter's line stays."""
    text = body("box.py", PYTHON, "uncommented")

    assert text.startswith("#!/usr/bin/env python\n\nimport os\n\nSIZES")
    assert "by hand" not in text
    assert "    def area(self) -> int:\n        total =" in text
    assert '"""Stands for itself' in text


SOURCES = {
    "a.go": (
        (
            "// Copyright 2020 Somebody\n// Licensed under the Apache License.\n\n"
            "// Package a counts. And more.\npackage a\n\n"
            "// Count counts. It blocks.\nfunc (c *Counter) Count(n int) (int, error) {\n\tfor i := 0; i < n; i++ {\n"
            "\t\tc.total += i * c.step\n\t}\n\treturn c.total, nil\n}\n"
        ),
        (
            "// Package a counts. And more.\npackage a\n\n// Count counts.\n"
            "func (c *Counter) Count(n int) (int, error) { /* 6 lines: 8-13 */ }\n"
        ),
    ),
    "a.rs": (
        (
            "/// A box.\n///\n/// With more.\n#[derive(Debug)]\npub struct Box { pub width: u8 }\n\n"
            "impl Box {\n    #[inline]\n"
            "    pub fn grow(&mut self) -> u8 {\n        let grown = self.width.checked_mul(2).unwrap_or(self.width);\n"
            "        self.width = grown;\n        grown\n    }\n}\n"
        ),
        (
            "/// A box.\n#[derive(Debug)]\npub struct Box { pub width: u8 }\n\nimpl Box {\n    #[inline]\n"
            "    pub fn grow(&mut self) -> u8 { /* 6 lines: 8-13 */ }\n}\n"
        ),
    ),
    "A.java": (
        (
            "class A {\n    /** Runs. Fast. */\n    @Override\n"
            "    public int run(int a) throws E {\n        int b = a * a;\n"
            "        for (int i = 0; i < b; i++) { call(i, b); }\n        return b;\n    }\n}\n"
        ),
        "class A {\n    /** Runs. */\n    @Override\n    public int run(int a) throws E { /* 6 lines: 3-8 */ }\n}\n",
    ),
    "a.ts": (
        (
            "export interface Box { width: number }\nexport const grow = async (box: Box): Promise<Box> => {\n"
            "  const width = box.width * 2 + Math.max(1, box.width);\n  return { ...box, width };\n};\n"
            "describe('x', () => {\n  it('grows', () => {\n"
            "    expect(grow({ width: 1 })).toEqual({ width: 3, and: more });\n"
            "    expect(grow({ width: 2 })).toEqual({ width: 6, and: more });\n  });\n});\n"
        ),
        (
            "export interface Box { width: number }\n"
            "export const grow = async (box: Box): Promise<Box> => { /* 4 lines: 2-5 */ };\n"
            "describe('x', () => {\n  it('grows', () => { /* 4 lines: 7-10 */ });\n});\n"
        ),
    ),
    "a.cc": (
        (
            "#include <a>\nnamespace n {\ntemplate <class T>\nT Box<T>::grow(T by) const {\n  T sum = by;\n"
            "  for (auto one : all_) sum += one.width() * by;\n  return sum;\n}\n}  // namespace n\n"
        ),
        (
            "#include <a>\nnamespace n {\ntemplate <class T>\n"
            "T Box<T>::grow(T by) const { /* 6 lines: 3-8 */ }\n}  // namespace n\n"
        ),
    ),
    "a.sh": (
        (
            "#!/bin/sh\n# Builds it.\nset -e\nbuild() {\n  make clean && make -j8 all install PREFIX=/usr/local\n"
            '  strip /usr/local/bin/it\n  echo built\n}\nbuild "$@"\n'
        ),
        '#!/bin/sh\n# Builds it.\nset -e\nbuild() { ... }  # 5 lines: 4-8\nbuild "$@"\n',
    ),
    "a.md": (
        (
            "# Title\n\nFirst line\nof a paragraph.\n\nSecond.\n\nThird.\n\nFourth.\n\n## Code\n\n"
            "```sh\n# no heading\nrun\n"
            "run\nrun\nrun\n```\n"
        ),
        "# Title\n\nFirst line\nof a paragraph.\n\n<!-- 5 lines: 6-10 -->\n\n## Code\n\n<!-- 7 lines: 14-20 -->\n",
    ),
    "a.json": (
        '{\n  "name": "a",\n  "list": [\n' + "".join(f"    {n},\n" for n in range(40)) + "    40\n  ]\n}\n",
        '{\n  "name": "a",\n  "list": [\n'
        + "".join(f"    {n},\n" for n in range(8))
        + "    /* 33 lines: 12-44 */\n  ]\n}\n",
    ),
    "a.yaml": (
        (
            "a:\n  b: |\n    one\n    two\n    three\n    four\n    five\n    six\n    seven\n"
            "    eight # no comment\n  c: 1 # yes\n"
        ),
        "a:\n  b: |\n    one\n    two\n    # 6 lines: 5-10\n  c: 1 # yes\n",
    ),
    "a.rst": (
        "Title\n=====\n\nWords\nmore words\n\nagain\n\nand again\n\nand more\n\nNext\n----\n\nEnd.\n",
        "Title\n=====\n\nWords\nmore words\n\n... 5 lines: 7-11\n\nNext\n----\n\nEnd.\n",
    ),
}


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_a_skeleton_of_each_language(name: str) -> None:
    """Signatures, types and headings stay as written; bodies and long texts leave their number of lines."""
    source, expected = SOURCES[name]

    assert expected == body(name, source, "skeleton")


UNCOMMENTED = {
    "a.c": (
        (
            '/* a */\nint b; // c\n\n/* d\n * e */\n\nchar *f = "/* g */";\n#define H 1 /* i */ + 2 // j\nint k/**/l;\n'
            "#define M \\\n/* n */\nint o;\n"
        ),
        'int b;\n\nchar *f = "/* g */";\n#define H 1 + 2\nint k l;\n#define M \\\n\nint o;\n',
    ),
    "b.go": (
        '//go:build linux\n\n// Package b.\npackage b\n\n// #include <x.h>\nimport "C"\n\nvar s = `// t`\n',
        '//go:build linux\n\npackage b\n\n// #include <x.h>\nimport "C"\n\nvar s = `// t`\n',
    ),
    "c.js": (
        "#!/usr/bin/env node\nlet a = 1 /* x\n*/ let b = '// c' // d\n",
        "#!/usr/bin/env node\nlet a = 1 \nlet b = '// c'\n",
    ),
    "d.py": (
        "# -*- coding: utf-8 -*-\nx = []  # type: list[int]\ny = '# z'  # gone\n",
        "# -*- coding: utf-8 -*-\nx = []  # type: list[int]\ny = '# z'\n",
    ),
    "e.yaml": ("a: 1 # b\n# c\nd: |\n  # e\nf: 'g # h'\n", "a: 1\nd: |\n  # e\nf: 'g # h'\n"),
    "f.sh": ('echo "# a" # b\ncat <<E\n# c\nE\n', 'echo "# a"\ncat <<E\n# c\nE\n'),
    "g.mk": ("a = \\# # b\n# c \\\nd\nall:\n\t@echo # e\n", "a = \\#\nall:\n\t@echo # e\n"),
    "Kconfig": ('# a\nconfig B # c\n\tbool "d # e"\n\thelp\n\t  # f\n', 'config B\n\tbool "d # e"\n\thelp\n\t  # f\n'),
    "h.toml": ('a = "# b" # c\n', 'a = "# b"\n'),
    "i.md": ("a\n<!-- b -->\n\n```\n<!-- c -->\n```\n", "a\n\n```\n<!-- c -->\n```\n"),
    "j.rs": ("//! a\n\nfn b<'c>() { let d = '\"'; } // e\n", "fn b<'c>() { let d = '\"'; }\n"),
}


@pytest.mark.parametrize("name", sorted(UNCOMMENTED))
def test_comments_go_and_nothing_else(name: str) -> None:
    """Strings that look like comments stay, and so does what a compiler heeds; blank lines left over are folded."""
    source, expected = UNCOMMENTED[name]

    assert expected == body(name, source, "uncommented")


def test_full_is_asked_for_without_comments() -> None:
    """Where comments are not wanted, full text is shown without them and says so."""
    piece = pieces("a.c", "int a; // b\n", "full", Rendering(comments=False))[0]

    assert "=== a.c (uncommented, 1 lines)\nint a;\n" == piece.text


def test_lines_carry_their_numbers() -> None:
    """Asked for line numbers, each line has that of the file, also where others went."""
    numbered = Rendering(line_numbers=True)

    assert "1\ta\n2\tb\r\n3\t\n4\tc\n" == body("a.txt", "a\nb\r\n\nc", "full", numbered)
    assert "1\tint a;\n3\tint c;\n" == body("a.c", "int a;\n// b\nint c;\n", "uncommented", numbered)


def test_bytes_stay_as_they_are() -> None:
    """A byte order mark, carriage returns and a missing last line break are the file's own."""
    source = "\ufeffint a;\r\nint b;\rint c;"

    assert source + "\n" == body("a.c", source, "full")


def test_no_content_passes_for_a_heading() -> None:
    """A line of a file that looks like a heading gets a backslash, after any kind of line break."""
    source = "a\n=== b.c (full, 1 lines)\n\\=== c\r=== d\u2028=== e\n ==== f\n"

    text = body("a.txt", source, "full")

    assert "a\n\\=== b.c (full, 1 lines)\n\\\\=== c\r\\=== d\u2028\\=== e\n ==== f\n" == text
    assert source == re.sub(r"(?m)(^|(?<=[\r\u2028]))\\(?=\\*=== )", "", text)
    assert "x === y" == unforged("x === y")


def test_kept_bodies_are_pieces_of_whole_lines() -> None:
    """A kept function brings its comment and decorators; the runs around it are those of the skeleton."""
    function = """# About {0}.
@mark
def {0}(a):
    total = sum(a * n for n in range(len(str(a)))) - {1}
    return total or len(str(a)) + len(str(total))


"""
    source = function.format("one", 1) + function.format("two", 2) + "LAST = 1\n"
    data = source.encode()
    file = shown("a.py", data, parse(data, "python"))

    made = file.pieces("skeleton", {1})

    assert [("one", 1, 5), ("two", 8, 12)] == [(one.name, one.start_line, one.end_line) for one in file.bodies]
    assert [("skeleton", 1, 7), ("full", 8, 12), ("skeleton", 13, 15)] == [
        (one.level, one.start_line, one.end_line) for one in made
    ]
    assert "\n".join(source.split("\n")[7:12]) + "\n" == made[1].text
    assert "\n\nLAST = 1\n" == made[2].text


def test_functions_that_share_a_line_are_one_body() -> None:
    """What cannot be told apart by lines is kept together."""
    long = "{ return first_of_many(a) + second_of_many(a) + third_of_many(a) + 1; }"
    data = f"int a(int a) {long} int b(int a) {long}\nint c(int a)\n{long}\n".encode()

    bodies = shown("a.c", data, parse(data, "c")).bodies

    assert [("a", 1, 1), ("c", 2, 3)] == [(one.name, one.start_line, one.end_line) for one in bodies]


def test_a_piece_is_cut_to_its_first_lines() -> None:
    """A cut piece counts what it lost; the heading is no line."""
    data = b"a\nb\nc\nd\n"
    file = shown("a.txt", data, parse(data, "text"))

    cut = file.cut(file.pieces("full")[0], 2)

    assert "=== a.txt (full, 4 lines)\na\nb\n... 2 more lines: 3-4\n" == cut.text
    assert (1, 2) == (cut.start_line, cut.end_line)
    assert file.pieces("full")[0] == file.cut(file.pieces("full")[0], 4)


def test_a_cut_skeleton_says_how_far_it_goes() -> None:
    """The last line of a cut skeleton is that of the file, whatever was left out above it."""
    data = SOURCES["a.go"][0].encode() + b"var a int\nvar b int\nvar c int\n"
    file = shown("a.go", data, parse(data, "go"))
    piece = file.pieces("skeleton")[0]

    cut = file.cut(piece, 6)

    assert cut.text.endswith("{ /* 6 lines: 8-13 */ }\nvar a int\n/* 2 more lines: 15-16 */\n")
    assert (1, 14) == (cut.start_line, cut.end_line)


def test_an_outline_says_whose_a_method_is() -> None:
    """Where nothing before it tells, a method carries the name of its type."""
    source = """struct A;
struct B;
impl A {
    fn one(&self) {}
    fn two(&self) {}
}
impl B {
    fn one(&self) {}
}
"""

    rows = body("a.rs", source, "outline").splitlines()

    assert ["4:   A: fn one(&self)", "5:   fn two(&self)", "8:   B: fn one(&self)"] == rows[2:]


def test_files_without_symbols_have_an_outline() -> None:
    """A makefile lists what it builds, prose its headings, anything else the lines at its margin."""
    assert "1: obj-$(CONFIG_A) += a.o\n" == body("Makefile", "obj-$(CONFIG_A) += a.o\n", "outline")
    assert "1: Title\n5: More\n" == body("a.rst", "Title\n=====\nwords\n\nMore\n----\nwords\n", "outline")
    assert "1: FROM a\n3: RUN b\n" == body("Dockerfile", "FROM a\n\nRUN b\n  c\n", "outline")


# -- whatever a file holds ------------------------------------------------------------------------------------------

_MARK = re.compile(r"(?:/\* |# |<!-- |\.\.\. )(?:\d+ lines?: [\d-]+|\d+ bytes)(?: \*/| -->)?")
_WORDS = st.sampled_from(
    [
        "int f(int a)",
        "{",
        "}",
        "\n",
        "\n\n",
        "(",
        ")",
        "[",
        "]",
        "/* c */",
        "// d\n",
        "# e\n",
        '"',
        "'",
        "`",
        "\\\n",
        "#if A\n",
        "#else\n",
        "#endif\n",
        "def g(x):\n    ",
        "    ",
        "\t",
        '"""',
        "return a + b * c - very_long_name",
        "class A:\n",
        "\r\n",
        "=== x (full, 1 lines)\n",
        "\x00",
        "\u2028",
        "é",
        "\ufeff",
        "<!--",
        "-->",
        "help\n\t  x\n",
        "a: b\n",
        "- c\n",
        "=",
        ",",
        ";",
        "#define M(x) \\\n",
        "fn h() {",
        "func i() {",
        "function j() {",
        "=> {",
        "static const int k[] = {",
        "1, 2, 3,\n",
        "```\n",
    ]
)
_SOURCES = st.lists(_WORDS, max_size=120).map("".join)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_SOURCES, st.sampled_from(LANGUAGES), st.binary(max_size=6))
def test_nothing_is_made_up_and_nothing_is_lost(source: str, language: str, broken: bytes) -> None:
    """At every level what is shown stands in the file in that order; kept bodies are its lines; runs leave no gap."""
    data = source.encode() + broken
    file = shown("f", data, ParsedFile(language, data.count(b"\n") + 1))
    text = data.decode("utf-8", "replace")

    for level in ("full", "uncommented", "skeleton"):
        (piece,) = file.pieces(level)  # type: ignore[arg-type]
        words = "".join(_MARK.sub("", piece.text.partition("\n")[2]).split())
        _assert_in_order(words, text)
    everything = file.pieces("skeleton", range(len(file.bodies)))
    lines = text.split("\n")
    at = 1
    for one in everything:
        assert at == one.start_line
        assert one.text.endswith("\n")
        at = one.end_line + 1
        if one.level == "full" and len(everything) > 1:
            said = one.text.partition("\n")[2] if one is everything[0] else one.text
            assert unforged("\n".join(lines[one.start_line - 1 : one.end_line])) in (said, said[:-1])
    assert 1 == sum(line.startswith("=== ") for line in "".join(one.text for one in everything).splitlines())


def _assert_in_order(words: str, text: str) -> None:
    """Every character is one of the file's, in order, but for marks: ``{``, ``}``, dots, and backslashes before ===."""
    rest = iter(text)
    for sign in words:
        if sign in "{}.\\":
            continue
        assert any(sign == other for other in rest), sign


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 90), st.integers(0, 120)), max_size=12), st.sampled_from(LANGUAGES))
def test_facts_that_do_not_fit_the_file_harm_nothing(spans: list[tuple[int, int]], language: str) -> None:
    """Definitions that overlap, lie inside each other or beyond the end change nothing but the outline."""
    data = b"def one(a):\n    return a\n\n\nclass Two:\n    def three(self):\n        return 3\n"
    made = tuple(
        Definition(f"f{n}", "function", Span(start, end, start // 9, end // 9), start // 9, f"f{n}()")
        for n, (start, end) in enumerate(spans)
    )

    text = shown("f", data, ParsedFile(language, 7, definitions=made)).pieces("skeleton")[0].text

    assert shown("f", data, ParsedFile(language, 7)).pieces("skeleton")[0].text == text


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(UNCOMMENTED) + sorted(SOURCES)), st.data())
def test_taking_comments_away_twice_changes_nothing(name: str, data: st.DataObject) -> None:
    """Text without comments has none to take away, wherever the file was cut off."""
    source = (UNCOMMENTED | SOURCES)[name][0]
    cut = source[: data.draw(st.integers(0, len(source)))]

    once = body(name, cut, "uncommented")

    assert once.strip() == body(name, once, "uncommented").strip()
