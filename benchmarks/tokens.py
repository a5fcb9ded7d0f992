"""Token counting with a model's own vocabulary against llama.cpp's tokenizer, in one run on the same texts.

    python benchmarks/tokens.py [MODEL.gguf [FOLDER]]

Without arguments: the bundled model, on the net/ folder of the test corpus (tests/corpora/linux.sh).
Speeds are MB (10^6 bytes of UTF-8) a second, the best of three rounds; compare ratios, not machines.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from codereader.config import cache_dir
from codereader.model.catalogue import resolve_model
from codereader.model.gguf import read_header
from codereader.model.llama_vocabulary import LlamaVocabulary
from codereader.model.vocabulary import open_vocabulary

ROUNDS = 3

FIRST_COUNT = """
import sys
from pathlib import Path
from codereader.model.vocabulary import open_vocabulary
open_vocabulary(Path(sys.argv[1]), Path(sys.argv[2])).count_many(["int main(void)"])
"""


def best(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Return the seconds of the fastest of *rounds* runs."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def process(*arguments: object) -> None:
    """Run Python with *arguments* to its end."""
    subprocess.run([sys.executable, *map(str, arguments)], check=True)


def texts_below(folder: Path) -> list[str]:
    """Return the text of every regular file below *folder*, by path."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return [path.read_bytes().decode("utf-8", "replace") for path in paths]


def opening(model: Path) -> None:
    """Print what it costs to read the header and to count for the first time, in a process of its own."""
    start = best(lambda: process("-c", "pass"))
    print(f"header         {best(lambda: read_header(model)) * 1000:8.1f} ms")
    with tempfile.TemporaryDirectory() as cache:
        cold = best(lambda: process("-c", FIRST_COUNT, model, cache), 1) - start
        warm = best(lambda: process("-c", FIRST_COUNT, model, cache)) - start
    print(f"first count    {cold * 1000:8.1f} ms cold, {warm * 1000:.1f} ms warm ({cold / warm:.1f} times)")


def main(model: Path, folder: Path) -> None:
    """Measure *model* on the files of *folder*."""
    opening(model)
    vocabulary = open_vocabulary(model)
    llama = LlamaVocabulary(read_header(model), cut_runs=False)
    texts = texts_below(folder)
    size = sum(len(text.encode()) for text in texts) / 1e6
    print(f"texts          {len(texts):8,} files, {size:.1f} MB; {vocabulary.name}")
    ours = [vocabulary.encode(text) for text in texts]
    start = time.perf_counter()
    theirs = [llama.encode(text) for text in texts]
    slow = size / (time.perf_counter() - start)
    fast = size / best(lambda: [vocabulary.encode(text) for text in texts])
    counted = size / best(lambda: vocabulary.count_many(texts))
    print(f"llama_tokenize {slow:8.2f} MB/s")
    print(f"encode         {fast:8.2f} MB/s ({fast / slow:.1f} times)")
    print(f"count_many     {counted:8.2f} MB/s ({counted / slow:.1f} times)")
    print(f"agreement      {sum(a == b for a, b in zip(ours, theirs, strict=True)):8,} of {len(texts):,} files")
    print(f"bytes a token  {size * 1e6 / sum(map(len, ours)):8.2f}")


def chosen(arguments: list[str]) -> tuple[Path, Path]:
    """Return the model and the folder to measure on."""
    bundled = resolve_model(arguments[0] if arguments else None, cache_dir()) or sys.exit("no model was found")
    if len(arguments) > 1:
        return bundled.path, Path(arguments[1])
    script = Path(__file__).parents[1] / "tests" / "corpora" / "linux.sh"
    tree = subprocess.run(["bash", str(script)], check=True, capture_output=True, text=True).stdout.strip()
    return bundled.path, Path(tree) / "net"


if __name__ == "__main__":
    main(*chosen(sys.argv[1:]))
