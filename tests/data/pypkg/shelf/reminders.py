"""Letters to those who keep books."""


def remind(library, loan):
    """Write to the borrower, and to all who are overdue."""
    from .library import Library

    letters = [letter(loan)]
    if isinstance(library, Library):
        letters += [letter(late) for late in library.overdue()]
    return letters


def letter(loan):
    """Return the text of one letter."""
    return f"Please return {loan.book.title}, {loan.to}."
