"""The process of a dry run: takes one line of JSON on standard input, answers one line a plan on standard output.

Ends with its input, so that it never outlives who started it.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from threading import Thread

from codereader.engine.trial.sizing import size_up
from codereader.engine.trial.wire import plan_from_json, result_to_line


def main() -> None:
    """Size up the plans that are asked for."""
    request = json.loads(sys.stdin.buffer.readline())
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    Thread(target=_end_with_input, daemon=True).start()
    plans = [plan_from_json(row) for row in request["plans"]]
    for result in size_up(Path(os.fsdecode(bytes.fromhex(request["path"]))), plans):
        answers.write(result_to_line(result) + "\n")
        answers.flush()


def _end_with_input() -> None:
    sys.stdin.buffer.read()
    os._exit(0)
