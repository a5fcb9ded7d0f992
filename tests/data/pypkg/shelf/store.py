"""Loans on disk, one JSON line each."""

import json
from pathlib import Path

from .model import Book, Loan


class Store:
    """A file of loans."""

    def __init__(self, path):
        self.path = Path(path)

    def titles(self):
        """Return the titles on the shelf."""
        return [loan.book.title for loan in self.loans()]

    def loans(self):
        """Return the loans in the order they were made."""
        return [Loan(Book(row["title"]), row["to"]) for row in self._rows()]

    def add(self, loan):
        """Append one loan."""
        with self.path.open("a") as file:
            file.write(json.dumps({"title": loan.book.title, "to": loan.to}) + "\n")

    def _rows(self):
        return [json.loads(line) for line in self.path.read_text().splitlines()]


def open_store(path):
    """Return the store at *path*."""
    return Store(path)
