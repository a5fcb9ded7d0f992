"""A file shown at each level of detail keeps its structure and nothing forges a delimiter."""

from __future__ import annotations

from codereader.index.parsed import Definition, Entry, Export, ParsedFile, TableEntry
from codereader.pack.detail import shown
from codereader.pack.segment import Level
from codereader.source.spans import Span

SOURCE = b"""#include <x.h>
#define DEPTH 3

static int open_it(struct inode *i)
{
\tstruct pipe *pipe = kzalloc(sizeof(*pipe), GFP_KERNEL);

\tif (!pipe)
\t\treturn -ENOMEM;
\treturn helper(i);
}

static const struct file_operations ops = {
\t.open = open_it,
};
fs_initcall(start);
"""


def function(name: str, text: bytes, source: bytes = SOURCE, **more: object) -> Definition:
    start = source.index(text)
    first = source[:start].count(b"\n")
    body = source[start : start + len(text)]
    last = first + body.count(b"\n")
    signature = text.split(b"\n")[0].decode()
    return Definition(name, "function", Span(start, start + len(text), first, last), first, signature, **more)  # type: ignore[arg-type]


def show(path: str, data: bytes, parsed: ParsedFile, level: Level) -> str:
    return shown(path, data, parsed).pieces(level)[0].text


BODY = SOURCE[SOURCE.index(b"static int open_it") : SOURCE.index(b"\n\nstatic const")]
PARSED = ParsedFile(
    "c",
    16,
    "Opens things.",
    definitions=(function("open_it", BODY, condition="defined(CONFIG_X)"),),
    tables=(TableEntry("ops", "file_operations", "open", "open_it", 13),),
    entries=(Entry("start", "initcall", "fs_initcall", 15),),
    exports=(Export("open_it", "EXPORT_SYMBOL_GPL", 15),),
)


def test_full_is_the_text_between_delimiters() -> None:
    """The full level holds every byte of the file."""
    text = show("a.c", SOURCE, PARSED, "full")

    assert f"=== a.c (full, 16 lines)\n{SOURCE.decode()}" == text


def test_a_skeleton_keeps_structure_and_counts_what_it_elides() -> None:
    """Includes, macros, tables and initcalls stay; a body becomes its number of lines."""
    text = show("a.c", SOURCE, PARSED, "skeleton")

    assert "helper(i)" not in text
    assert "static int open_it(struct inode *i)\n{ /* 8 lines: 4-11 */ }\n" in text
    for kept in ("#include <x.h>", "#define DEPTH 3", ".open = open_it,", "fs_initcall(start);"):
        assert kept in text


def test_a_nested_function_is_elided_with_the_one_around_it() -> None:
    """Only the outermost function of a nest leaves a line."""
    source = b"""def outer(a, b):
    def inner():
        pass
    values = [one * b for one in a if one]
    return inner, values
"""

    text = show("a.py", source, ParsedFile("python", 5), "skeleton")

    assert "=== a.py (skeleton, 5 lines)\ndef outer(a, b):\n    ...  # 5 lines: 1-5\n" == text


def test_an_outline_has_a_line_a_symbol_in_order_of_place() -> None:
    """Signature, condition, table entries, entry points and exports, each with its line."""
    text = show("a.c", SOURCE, PARSED, "outline")

    assert [
        "=== a.c (outline, 16 lines: Opens things.)",
        "4: static int open_it(struct inode *i)  [defined(CONFIG_X)]",
        "14: ops: .open=open_it",
        "16: EXPORT_SYMBOL_GPL(open_it)",
        "16: fs_initcall(start)",
    ] == text.splitlines()


def test_a_name_carries_the_role() -> None:
    """The least level is one line: path, size, role."""
    assert "=== a.c (16 lines: Opens things.)\n" == show("a.c", SOURCE, PARSED, "name")


def test_a_file_name_cannot_forge_a_delimiter() -> None:
    """A name with a newline or an escape stays on its line."""
    text = show("a\n=== b.c (full)\x1b[2J", b"x", ParsedFile("text", 1), "full")

    assert 1 == sum(line.startswith("===") for line in text.splitlines())
    assert "\x1b" not in text


def test_bytes_that_are_not_utf8_are_shown_as_replacement() -> None:
    """Old encodings do not stop a pack."""
    assert "caf\ufffd" in show("a.txt", b"caf\xe9", ParsedFile("text", 1), "full")
