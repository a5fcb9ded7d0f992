"""Books and loans as plain data."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Book:
    """A book by its title."""

    title: str


@dataclass(frozen=True)
class Loan:
    """A book in someone's hands."""

    book: Book
    to: str
