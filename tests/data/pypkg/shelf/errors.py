"""What can go wrong."""


class ShelfError(Exception):
    """A failure that a person should read."""


class NotOnShelf(ShelfError):
    """The book is lent, or was never here."""
