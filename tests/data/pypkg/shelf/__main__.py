"""Run the command line with ``python -m shelf``."""

from shelf.cli import main

if __name__ == "__main__":
    main()
