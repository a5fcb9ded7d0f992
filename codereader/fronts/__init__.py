"""Who it is said to: the command line, the screen and, later, the editors."""


class ReaderGone(Exception):
    """Whoever read stdout has closed it; there is nobody left to tell. Not an error."""
