"""The process of a test that sees cards: plans, loads and answers as it is told, and says in JSON how that went.

Takes a JSON object: `model` (a path), `prompt` (token ids), `need` and `preferences` (fields of the types), `plan`
(fields to change), `retreat` and `remote` (whether to use these engines), `kill` (a process to end after the first
word).
"""

from __future__ import annotations

import json
import os
import signal
import sys
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

from codereader.cancel import CancelToken
from codereader.engine.embedded.buffers import Buffers, extra_bytes, placed_as_planned
from codereader.engine.hardware.devices import inventory
from codereader.engine.plan import Need, Plan, Preferences
from codereader.engine.planning.ladder import retreat
from codereader.engine.planning.planner import plans
from codereader.engine.process.remote import RemoteEngine
from codereader.engine.protocol import Engine, Piece, Prompt, Sampling
from codereader.engine.retreat import RetreatingEngine
from codereader.errors import CodereaderError
from codereader.model.gguf import read_header


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Return how the run of *job* went."""
    path = Path(job["model"])
    header, machine = read_header(path), inventory()
    need = Need(**job.get("need", {}))
    made = plans(header, machine, need, Preferences(**job.get("preferences", {})))[0]
    made = replace(made, threads=1, **job.get("plan", {}))
    start = partial(_start, path, job.get("remote", False))
    engine = (
        RetreatingEngine(made, partial(retreat, header, machine, need), start) if job.get("retreat") else start(made)
    )
    said: list[str] = []
    found: dict[str, Any] = {"told": said, "first": asdict(made)}
    try:
        engine.load(CancelToken(), None, said.append)
        found |= {"plan": asdict(engine.plan), **_read_back(engine)}
        found["text"] = _answer(engine, tuple(job["prompt"]), job.get("kill", 0))
    except CodereaderError as error:
        found |= {"error": type(error).__name__, "message": str(error)}
    finally:
        engine.close()
    return found


def _start(path: Path, remote: bool, plan: Plan) -> Engine:
    if remote:
        return RemoteEngine(plan, path)
    from codereader.engine.embedded.llama import LlamaEngine

    return LlamaEngine(plan, path)


def _read_back(engine: Engine) -> dict[str, Any]:
    buffers: Buffers = engine.buffers  # type: ignore[attr-defined]
    return {
        "buffers": asdict(buffers),
        "as planned": placed_as_planned(engine.plan, buffers),
        "extra": extra_bytes(engine.plan, buffers),
    }


def _answer(engine: Engine, prompt: tuple[int, ...], kill: int) -> str:
    text = ""
    for event in engine.generate(Prompt(prompt[:-1], prompt[-1:]), Sampling(max_tokens=12), CancelToken()):
        if isinstance(event, Piece):
            text += event.text
            if kill:
                os.kill(kill, signal.SIGKILL)
                kill = 0
    return text


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run(json.loads(sys.argv[1]))))
