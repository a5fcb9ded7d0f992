"""What a README says first, past its titles and badges."""

from __future__ import annotations

import pytest

from codereader.errors import NothingReadable
from codereader.facts.brief.readme import readme_words


class Text:
    """The one question that is asked of an index here."""

    def __init__(self, text: str | None) -> None:
        self._text = text

    def text(self, path: str) -> bytes:
        if self._text is None:
            raise NothingReadable(f"{path} has gone")
        return self._text.encode()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# shelf\n\n[![ci](x)](y)\n\nKeeps track\nof books.\n\nMore.\n", (5, "Keeps track of books.")),
        ("shelf\n=====\n\nKeeps track.\n", (4, "Keeps track.")),
        (".. image:: x.png\n\n<p>x</p>\n", None),
        ("", None),
        (None, None),
    ],
)
def test_the_first_paragraph_of_prose_is_found(text, expected):
    """Headings in both styles, badges, pictures and markup are no prose; a README that has gone says nothing."""
    assert readme_words(Text(text), "README.md") == expected
