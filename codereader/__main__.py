"""Run the command line as ``python -m codereader``."""

from codereader.fronts.cli import main

if __name__ == "__main__":
    main()
