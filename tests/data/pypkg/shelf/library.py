"""The rules of lending."""

from .errors import NotOnShelfError
from .model import Book, Loan
from .reminders import remind


class Library:
    """All books, and the loans that are open."""

    def __init__(self, store):
        self.store = store

    def find(self, title):
        """Return the book called *title*."""
        if title not in self.store.titles():
            raise NotOnShelfError(title)
        return Book(title)

    def lend(self, title, to):
        """Lend a book and remind the borrower."""
        loan = Loan(self.find(title), to)
        self.store.add(loan)
        remind(self, loan)
        return loan

    def overdue(self):
        """Return every open loan."""
        return self.store.loans()
