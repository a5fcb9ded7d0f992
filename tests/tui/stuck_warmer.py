"""A process in the place of the one that makes parts ready: it says that it links, and ends only with its owner."""

from __future__ import annotations

import os
import sys


def serve() -> None:
    """Say how far linking is, and wait for the end of standard input."""
    os.write(1, b'no row\n{"stage":"linking","done":2,"total":5}\n')
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    serve()
