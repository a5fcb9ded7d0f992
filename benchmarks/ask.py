"""A second question against the first: ``python benchmarks/ask.py [PATH]``.

Each question is a process of its own with one cache between them. The first parses, evaluates the whole prompt and
keeps the state of the base pack and the brief; the second parses nothing and evaluates only what it adds: its focus,
the facts that answer it, itself. Prints files parsed, tokens evaluated, time to the first token and total, their
ratios, and what part of a prompt the question adds.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

QUESTIONS = ("explain structure", "what are the entry points?", "explain structure")


def ask(path: str, question: str, cache: str) -> dict[str, Any]:
    flags = ["--format", "json", "--max-tokens", "32", "--all-prose"]
    arguments = [sys.executable, "-m", "codereader", "ask", path, question, *flags]
    start = time.perf_counter()
    done = subprocess.run(arguments, capture_output=True, check=True, env={**os.environ, "CODEREADER_CACHE_DIR": cache})
    return {**json.loads(done.stdout), "wall": time.perf_counter() - start}


def parsed(path: str, cache: str) -> int:
    arguments = [sys.executable, "-m", "codereader", "index", path, "--format", "json"]
    done = subprocess.run(arguments, capture_output=True, check=True, env={**os.environ, "CODEREADER_CACHE_DIR": cache})
    return int(json.loads(done.stdout)["parsed"])


def main() -> None:
    path = sys.argv[1] if len(sys.argv) > 1 else str(Path(__file__).parent.parent / "codereader")
    with tempfile.TemporaryDirectory() as cache:
        answers = [ask(path, question, cache) for question in QUESTIONS]
        again = parsed(path, cache)
    first = answers[0]
    print(f"{'question':<28} {'prompt':>7} {'reused':>7} {'first token':>12} {'wall':>8}   wall against the first")
    for question, answer in zip(QUESTIONS, answers, strict=True):
        usage, token = answer["usage"], answer["timings_ms"]["first_token"]
        print(
            f"{question:<28} {usage['prompt_tokens']:>7} {usage['reused_tokens']:>7} {token / 1000:>10.2f} s "
            f"{answer['wall']:>6.2f} s   1/{first['wall'] / answer['wall']:.1f}"
        )
    ratio = first["timings_ms"]["first_token"] / answers[1]["timings_ms"]["first_token"]
    print(f"first token of the second question: {ratio:.1f} times sooner; files parsed again: {again}")
    added = [1 - answer["usage"]["reused_tokens"] / answer["usage"]["prompt_tokens"] for answer in answers[1:]]
    print("part of the prompt that a later question evaluates: " + ", ".join(f"{100 * part:.0f} %" for part in added))


if __name__ == "__main__":
    main()
