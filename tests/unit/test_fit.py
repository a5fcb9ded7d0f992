"""A pack takes the longest run of steps that fits, fills what is left, and never exceeds its budget."""

from __future__ import annotations

from collections.abc import Collection

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codereader.cancel import Cancelled, CancelToken
from codereader.pack.fit import Fitted, fit
from codereader.pack.order import Step
from codereader.pack.piece import Body, Piece
from codereader.pack.segment import Level


class Words:
    """Counts words: a vocabulary whose sums are easy to check."""

    name = "words"
    exact = True

    def __init__(self) -> None:
        self.counted = 0

    def count_many(self, texts: list[str]) -> list[int]:
        self.counted += len(texts)
        return [len(text.split()) for text in texts]


class Lines:
    """Files of numbered lines of four words: ``name`` shows none, ``outline`` a tenth, ``full`` all."""

    def __init__(self, sizes: dict[str, int]) -> None:
        self.sizes = sizes

    def pieces(
        self, path: str, level: Level, kept: Collection[int] = (), symbols: int | None = None
    ) -> tuple[Piece, ...]:
        lines = {"name": 0, "outline": min(symbols or 9999, self.sizes[path] // 10), "full": self.sizes[path]}[level]
        text = f"=== {path} {level}\n" + "".join(f"{n + 1} of {path}\n" for n in range(lines))
        return (Piece(level, text, 1, max(1, self.sizes[path])),)

    def after(self, path: str, piece: Piece, line: int) -> tuple[Piece, ...]:
        rows = [row for row in piece.text.splitlines(keepends=True)[1:] if int(row.split()[0]) > line]
        return (Piece(piece.level, "".join(rows), line + 1, piece.end_line),) if rows else ()

    def cut(self, path: str, piece: Piece, lines: int) -> Piece:
        rows = piece.text.splitlines(keepends=True)
        text = "".join(rows[: lines + 1]) + f"... {len(rows) - lines - 1} more\n"
        return Piece(piece.level, text, 1, lines)


def steps_of(sizes: dict[str, int]) -> list[Step]:
    """Names of all, then outlines, then full texts, by path."""
    share = {"name": 3.0, "outline": 0.3, "full": 3.0}
    rising: tuple[Level, ...] = ("name", "outline", "full")
    return [
        Step(path, level, share[level] * (size if level != "name" else 1) + 1)
        for level in rising
        for path, size in sorted(sizes.items())
    ]


def fit_words(sizes: dict[str, int], budget: int) -> Fitted:
    return fit(iter(steps_of(sizes)), budget, Lines(sizes), Words())


trees = st.dictionaries(st.text("abcdef", min_size=1, max_size=6), st.integers(0, 400), min_size=1, max_size=30)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(trees, st.integers(1, 9000))
def test_a_pack_never_exceeds_its_budget(sizes: dict[str, int], budget: int) -> None:
    """For any steps and budget the tokens of each piece are exact and their sum is within the budget."""
    fitted = fit_words(sizes, budget)

    pairs = [pair for counted in fitted.pieces.values() for pair in counted]
    assert [len(piece.text.split()) for piece, _ in pairs] == [tokens for _, tokens in pairs]
    assert fitted.tokens <= budget


@settings(max_examples=200, deadline=None, derandomize=True)
@given(trees, st.integers(4000, 9000))
def test_a_budget_is_filled(sizes: dict[str, int], budget: int) -> None:
    """Where files are left that are not in full, at least 98 % of a budget from 4,000 tokens on is used."""
    fitted = fit_words(sizes, budget)

    whole = all(fitted.states[path].level == "full" and not fitted.states[path].part for path in sizes)
    assert whole or fitted.tokens >= 0.98 * budget


def test_texts_that_are_only_passed_through_are_not_counted() -> None:
    """Of a file that goes in whole nobody counts the name and the outline first."""
    sizes = {f"f{n:02}": 100 for n in range(40)}
    words = Words()

    fit(iter(steps_of(sizes)), 100_000, Lines(sizes), words)

    assert 40 == words.counted


def test_a_step_that_does_not_fit_is_shown_in_part() -> None:
    """The first lines of the next file fill the budget, and the part says that it is one."""
    fitted = fit_words({"a": 2000}, 4000)

    assert fitted.states["a"].part is not None
    assert "more" in fitted.pieces["a"][0][0].text
    assert fitted.tokens >= 3920


def test_of_one_long_line_a_part_is_shown() -> None:
    """Where not even a line fits, its first characters do, and their number is told."""

    class Line(Lines):
        def pieces(
            self, path: str, level: Level, kept: Collection[int] = (), symbols: int | None = None
        ) -> tuple[Piece, ...]:
            return (Piece(level, f"=== {path}\n" + "word " * 100_000 + "\n", 1, 1),)

        def cut(self, path: str, piece: Piece, lines: int) -> Piece:
            return piece

    fitted = fit(iter([Step("a", "full", 9.0)]), 5000, Line({"a": 1}), Words())

    assert 4900 <= fitted.tokens <= 5000
    assert "more characters" in fitted.pieces["a"][0][0].text


def test_the_body_that_does_not_fit_is_cut_and_the_rest_stays() -> None:
    """Only the new function of a file is cut short; what was shown of the file before remains."""

    class Function(Lines):
        def pieces(
            self, path: str, level: Level, kept: Collection[int] = (), symbols: int | None = None
        ) -> tuple[Piece, ...]:
            if not kept:
                return (Piece("skeleton", "=== a\nbefore\nf { 500 lines }\nafter\n", 1, 502),)
            body = "".join(f"line {n}\n" for n in range(500))
            return (
                Piece("skeleton", "=== a\nbefore\n", 1, 1),
                Piece("full", body, 2, 501),
                Piece("skeleton", "after\n", 502, 502),
            )

        def cut(self, path: str, piece: Piece, lines: int) -> Piece:
            return Piece(piece.level, "".join(piece.text.splitlines(keepends=True)[:lines]) + "...\n", 2, 1 + lines)

    steps = [Step("a", "skeleton", 10.0), Step("a", "skeleton", 900.0, Body(0, "f", 2, 501, 3000))]
    fitted = fit(iter(steps), 200, Function({"a": 1}), Words())

    shown = [piece for piece, _ in fitted.pieces["a"]]
    assert ["skeleton", "full", "skeleton"] == [piece.level for piece in shown]
    assert shown[1].text.startswith("line 0\n")
    assert 198 < fitted.tokens <= 200


def test_packing_stops_when_asked() -> None:
    """Ctrl-C reaches the packer."""
    token = CancelToken()
    token.cancel()

    with pytest.raises(Cancelled):
        fit(iter(steps_of({"a": 1})), 10, Lines({"a": 1}), Words(), token)
