"""What can go wrong."""


class ShelfError(Exception):
    """A failure that a person should read."""


class NotOnShelfError(ShelfError):
    """The book is lent, or was never here."""
