"""Colours of source: every query compiles, and a sample of every language shows what it should."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from codereader.fronts.tui.source.highlight import KINDS, LARGEST, QUERY, painter, runs
from codereader.index.grammar import query_of
from codereader.source.languages import languages

SAMPLES = {
    "bash": (
        b"# note\nsay() { local x=\"$1\"; if true; then echo 'hi'; fi; }\n",
        {"# note": "comment", "say": "definition", "local": "keyword", "if": "keyword", "echo": "function"},
    ),
    "c": (
        (b"#include <a.h>\n#define LIMIT(x) ((x) + 1)\n/* note */\nstatic struct box *make(u32 n)\n{\n"
        b'\tchar *s = "a\\n";\n\treturn n > 0x10 ? call(s->next, GFP_KERNEL) : NULL;\n}\n'),
        {"#include": "preprocessor", "<a.h>": "string", "LIMIT": "definition", "/* note */": "comment",
         "static": "keyword", "struct": "keyword", "box": "type", "make": "definition", "u32": "type",
         "char": "type", "\\n": "escape", "return": "keyword", "0x10": "number", "call": "function",
         "next": "property", "GFP_KERNEL": "constant", "NULL": "constant"},
    ),
    "cpp": (
        (b"namespace n { template <typename T> class Box : public Base { int x = 1; // note\n"
        b'  const std::string& name() const { return std::move(this->text("s")); } }; }\n'),
        {"namespace": "keyword", "template": "keyword", "Box": "definition", "Base": "type", "// note": "comment",
         "string": "type", "name": "definition", "move": "function", "this": "keyword", '"s"': "string"},
    ),
    "go": (
        b'package main // note\ntype T struct { Name string }\nfunc (t *T) Run(a int) { defer t.f("x\\n", nil, 3) }\n',
        {"package": "keyword", "// note": "comment", "Name": "property", "string": "type", "Run": "definition",
         "defer": "keyword", "\\n": "escape", "nil": "constant", "3": "number"},
    ),
    "java": (
        (b"@Marked public class Box<T> extends Base { static final int MAX = 1; // note\n"
        b'  public String run(int a) { return Foo.bar(this.x, "s"); } }\n'),
        {"@Marked": "attribute", "public": "keyword", "Box": "definition", "Base": "type", "MAX": "constant",
         "// note": "comment", "run": "definition", "bar": "function", '"s"': "string", "Foo": "type"},
    ),
    "javascript": (
        b"import { x } from 'y'; // note\nexport class A { run(a) { return `t ${b.c(1)}`; } }\nconst f = (x) => x;\n",
        {"import": "keyword", "'y'": "string", "// note": "comment", "A": "definition", "run": "definition",
         "return": "keyword", "${": "escape", "1": "number"},
    ),
    "json": (
        b'{"key": [1, true, "text\\n"]}\n',
        {'"key"': "property", "1": "number", "true": "constant", "\\n": "escape"},
    ),
    "kconfig": (
        b'# note\nconfig NET\n\tbool "Networking"\n\tdepends on A && !B\n\thelp\n\t  Long words.\n',
        {"# note": "comment", "config": "preprocessor", "NET": "definition", "bool": "type",
         "depends on": "keyword", "Long words.": "comment"},
    ),
    "make": (
        b"# note\nX := $(call f,1)\nifeq ($(A),y)\nall: foo.o\n\t$(CC) -o $@\nendif\n",
        {"# note": "comment", "X": "property", "call": "function", "ifeq": "preprocessor", "$(CC)": "type",
         "$@": "constant"},
    ),
    "markdown": (
        b"# Title\n\nwords\n\n```c\nint a;\n```\n\n> quoted\n",
        {"# Title": "heading", "int a;": "string", "> quoted": "comment"},
    ),
    "python": (
        (b"@cached\nclass Reader(Base):\n    async def ask(self, q: int) -> str:  # note\n"
        b'        return f"a {q!r}\\n" if LIMIT else None or self.run(key=1)\n'),
        {"@cached": "attribute", "class": "keyword", "Reader": "definition", "Base": "type", "ask": "definition",
         "# note": "comment", "return": "keyword", "LIMIT": "constant", "None": "constant", "run": "function",
         "key": "property", "str": "type", "\\n": "escape"},
    ),
    "rust": (
        (b"#[derive(Debug)]\npub struct Box<'a> { text: &'a str } // note\n"
        b'impl Box { fn new() -> Self { println!("x"); let mut v = Vec::new(); v.push(1u8) } }\n'),
        {"pub": "keyword", "struct": "keyword", "Box": "definition", "'a": "label", "text": "property",
         "str": "type", "// note": "comment", "new": "definition", "println!": "preprocessor", "push": "function"},
    ),
    "toml": (
        b'# note\n[table]\nkey = "text"\non = true\n',
        {"# note": "comment", "table": "definition", "key": "property", '"text"': "string", "true": "constant"},
    ),
    "tsx": (
        b"interface P { a?: string }\nconst e = <Foo bar=\"x\">{y}</Foo>;\n",
        {"interface": "keyword", "P": "definition", "string": "type", "Foo": "keyword", "bar": "property"},
    ),
    "typescript": (
        b"export interface P<T> { readonly a?: string }\nenum E { A } // note\n",
        {"interface": "keyword", "P": "definition", "readonly": "keyword", "string": "type", "// note": "comment"},
    ),
    "yaml": (
        b'# note\nkey: 1\nlist:\n  - "text"\n  - *other\n',
        {"# note": "comment", "key": "property", "1": "number", '"text"': "string", "*other": "label"},
    ),
}  # fmt: skip


def painted(language: str, data: bytes) -> bytes:
    made = painter(data, language)

    assert made is not None
    return made.paint(0, len(data))


def word_of(words: str) -> bytes:
    """Return what finds *words* where they stand for themselves."""
    before, after = rb"(?<!\w)" if words[0].isalnum() else b"", rb"(?!\w)" if words[-1].isalnum() else b""
    return before + re.escape(words.encode()) + after


@pytest.mark.parametrize("language", [one.key for one in languages()])
def test_every_language_has_a_query_of_known_captures(language):
    """A grammar that loses a node makes its query fail here, not in front of a person."""
    one = next(one for one in languages() if one.key == language)

    query = query_of(one, QUERY)

    assert query is not None
    names = {query.capture_name(number).partition(".")[0] for number in range(query.capture_count)}
    assert set() == names - set(KINDS)


@pytest.mark.parametrize("language", sorted(SAMPLES))
def test_a_sample_is_coloured(language):
    """Keywords, comments, strings and the names of definitions are told apart in every language."""
    data, wanted = SAMPLES[language]

    kinds = painted(language, data)

    places = {words: re.search(word_of(words), data) for words in wanted}
    assert wanted == {words: KINDS[kinds[at.start()]] for words, at in places.items() if at}
    assert wanted == {words: KINDS[kinds[at.end() - 1]] for words, at in places.items() if at}


def test_samples_cover_every_language():
    """A language that is added gets a sample."""
    assert {one.key for one in languages()} == set(SAMPLES)


def test_parts_give_the_same_colours_as_the_whole():
    """A long comment or string is coloured in every part of a file, wherever the part begins."""
    data = b"int a;\n/* " + b"long words\n" * 40 + b'*/\nchar *s = "' + b"x" * 200 + b'";\nint f(void) { return a; }\n'
    made = painter(data, "c")
    assert made is not None

    parts = b"".join(made.paint(start, min(start + 37, len(data))) for start in range(0, len(data), 37))

    assert made.paint(0, len(data)) == parts


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff\xfe\x00int", b"{" * 5000, b"((((" * 2000 + b"\n", b"#define X \\\n" * 500, b'"' * 999, b"\xc3" * 50],
)
@pytest.mark.parametrize("language", ["c", "cpp", "python", "json", "yaml", "make"])
def test_broken_text_is_no_error(language, data):
    """Files that no compiler would take are shown, plain at worst."""
    made = painter(data, language)

    assert made is None or len(data) == len(made.paint(0, len(data)))


def test_unknown_and_huge_texts_stay_plain():
    """No grammar, no colours; nor for texts whose tree would fill the memory."""
    assert painter(b"words", "text") is None
    assert painter(b"int a;\n" * (LARGEST // 7 + 1), "c") is None


def test_runs_tell_stretches_of_one_kind():
    """Plain bytes are not told."""
    assert [(1, 3, 2), (3, 4, 5), (6, 7, 10)] == runs(bytes([0, 2, 2, 5, 0, 0, 10]))


def test_colours_are_no_part_of_a_cold_start():
    """The parser is loaded by the first file that needs it."""
    code = "import sys, codereader.fronts.tui.source.highlight; print('tree_sitter' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=os.environ, check=True)

    assert "False" == done.stdout.strip()
