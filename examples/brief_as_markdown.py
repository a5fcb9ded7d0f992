"""Print the structure of a tree as a Markdown list: ``python examples/brief_as_markdown.py PATH``.

Shows the library behind the command line: open a `Reader`, ask for the brief, walk its facts. No model is involved.
"""

from __future__ import annotations

import sys
from pathlib import Path

from codereader.reader import Reader


def main(path: Path) -> None:
    """Print one heading a section and one item a fact."""
    with Reader(path) as reader:
        reader.open()
        for section in reader.brief(lines=40).sections:
            print(f"## {section.title}\n")
            for fact in section.facts:
                where = f" ({fact.path}:{fact.line})" if fact.path else ""
                print(f"- {fact.text.strip()}{where}")
            print()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path())
