"""A file folded to its skeleton, and lines wrapped at the edge."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codereader.fronts.tui.source.document import Document, shown
from codereader.fronts.tui.source.folding import Layout, skeleton_edits
from codereader.fronts.tui.source.strips import breaks
from codereader.index.parse import parse
from codereader.pack.detail.lines import Edit, Lines

C = b"""/* What it is. */
#include <linux/fs.h>

static int first(int a)
{
\tint sum = a + 1;
\tint other = sum * 2;
\tint third = other - sum;
\treturn sum + other + third;
}

int last;
"""
PYTHON = b'''"""Doc."""


class Reader:
    """Reads."""

    def ask(self, question, answer):
        """Ask it.

        In more words than one line holds.
        """
        answer = self.find(question) or self.guess(question, answer)
        answer = self.check(answer, question, self.other)
        return answer
'''


def texts(layout: Layout, document: Document) -> list[str]:
    found = []
    for line in range(layout.count):
        folded = layout.folded(line)
        if folded is None:
            found.append(document.text(layout.row(line)))
        else:
            parts = (one.mark or document.data[one.start : one.end] for one in folded.pieces)
            found.append(b"".join(parts).replace(b"\n", b"").decode())
    return found


def folded(data: bytes, language: str, opened: set[int] | None = None) -> tuple[Layout, Document]:
    document = Document(data)
    edits = skeleton_edits(document.lines, parse(data, language))
    return Layout(document.lines, document.widths(), edits, opened or set()), document


def test_a_body_becomes_a_line_that_counts_it():
    """The skeleton shows what a function is called, and which lines its body takes."""
    layout, document = folded(C, "c")

    assert [
        "/* What it is. */", "#include <linux/fs.h>", "", "static int first(int a)", "{ /* 7 lines: 4-10 */ }", "",
        "int last;",
    ] == texts(layout, document)  # fmt: skip
    assert [0, 1, 2, 3, 4, 10, 11] == [layout.row(line) for line in range(layout.count)]
    assert (4, 9) == (layout.folded(4).first, layout.folded(4).last)


def test_an_opened_body_shows_its_lines():
    """What was folded is there again, line for line."""
    closed, document = folded(C, "c")

    layout, _ = folded(C, "c", set(closed.folded(4).folds))

    assert C.decode().splitlines() == texts(layout, document)


def test_a_row_inside_a_fold_is_shown_by_the_line_that_stands_for_it():
    """The cursor has a place to stand, wherever it was."""
    layout, _ = folded(C, "c")

    assert [3, 4, 4, 4, 5] == [layout.line(row) for row in (3, 4, 7, 9, 10)]


def test_python_folds_below_the_first_sentence():
    """A docstring keeps what it says first."""
    layout, document = folded(PYTHON, "python")

    assert any("Ask it." in text for text in texts(layout, document))
    assert not any("self.guess" in text for text in texts(layout, document))


@pytest.mark.parametrize("data", [b"", b"\n", b"int a;", b"int a;\r\nint b;\r\n"])
def test_a_file_without_bodies_stays_as_it_is(data):
    """There is nothing to fold."""
    layout, document = folded(data, "c")

    assert data.decode().splitlines() == texts(layout, document)[: len(data.splitlines())]


@given(st.lists(st.text("ab \t", max_size=6), min_size=1, max_size=12), st.data())
def test_folds_lose_no_row(rows, data):
    """Every row is shown as it is, or a line stands for it; lines are in the order of the file."""
    text = "\n".join(rows).encode()
    lines = Lines(text)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6, unique=True)))
    spans = zip(cuts[::2], cuts[1::2], strict=False)
    edits = [Edit(start, end, data.draw(st.sampled_from([b"", b"{..}"]))) for start, end in spans]

    layout = Layout(lines, Document(text).widths(), edits)

    begins = [layout.row(line) for line in range(layout.count)]
    assert begins == sorted(set(begins))
    assert kept(text, edits) in ("", "".join(texts(layout, Document(text))))


def kept(text: bytes, edits: list[Edit]) -> str:
    """Return what *edits* leave, without line breaks."""
    at, found = 0, b""
    for edit in edits:
        found, at = found + text[at : edit.start] + edit.text, edit.end
    return (found + text[at:]).replace(b"\n", b"").decode()


def test_wrapped_lines_take_the_rows_they_need():
    """The height of the view is that of all rows; each row of the screen finds its line."""
    document = Document(b"short\n" + b"x" * 25 + b"\nend\n")
    layout = Layout(document.lines, document.widths())

    layout.wrap(10, lambda line: len(breaks(shown(document.raw(line), 8), 10)))

    assert 5 == layout.height
    assert [(0, 0), (1, 0), (1, 1), (1, 2), (2, 0), (3, 0)] == [layout.at(y) for y in range(6)]
    assert [0, 1, 4] == [layout.top(line) for line in range(3)]


def test_wrapping_cuts_no_wide_character():
    """A character of two cells that does not fit goes to the next row."""
    assert [0, 4, 8] == list(breaks(shown("漢漢字字字".encode(), 8), 5))
    assert [0, 5] == list(breaks(shown("a漢漢字字".encode(), 8), 5))
