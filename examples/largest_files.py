"""List the files of a tree that cost most tokens: ``python examples/largest_files.py PATH [MODEL]``.

Counts are those of the model's own vocabulary, read from its GGUF file; no weight is loaded.
"""

from __future__ import annotations

import sys
from pathlib import Path

from codereader.config import cache_dir
from codereader.model.catalogue import resolve_model
from codereader.model.estimate import Estimate
from codereader.model.vocabulary import open_vocabulary
from codereader.reader import Reader


def main(path: Path, model: str | None) -> None:
    """Print the ten dearest files."""
    found = resolve_model(model, cache_dir())
    count = open_vocabulary(found.path, cache_dir()) if found else Estimate()
    with Reader(path) as reader:
        reader.open()
        paths = [file.path for file in reader.view.files()]
        texts = [reader.view.text(name).decode("utf-8", "replace") for name in paths]
    rows = sorted(zip(count.count_many(texts), paths, strict=True), reverse=True)
    print(f"tokens of {count.name}")
    for tokens, name in rows[:10]:
        print(f"{tokens:>9,}  {name}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(), sys.argv[2] if len(sys.argv) > 2 else None)
