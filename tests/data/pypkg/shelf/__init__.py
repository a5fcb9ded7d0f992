"""Books, and who has them."""

from shelf.library import Library
from shelf.model import Book, Loan

__all__ = ["Book", "Library", "Loan"]
