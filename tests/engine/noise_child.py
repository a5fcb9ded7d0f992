"""A process that answers with a small random model, its state in a folder: what it took up, and the tokens it said.

Called with the name of a shape, that folder, a temperature and a seed. Prints JSON: `reused`, `disk`, `said`.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from codereader.engine.embedded.sampler import Sampler
from codereader.engine.protocol import Sampling
from tests.engine.noise import make_model
from tests.engine.test_memory import SHAPES, TAIL, TOKENS, Room, nothing

CHUNK = 8192
SAID = 60


def answer(shape: str, folder: Path, sampling: Sampling) -> dict[str, object]:
    """Evaluate a base or take it up; behind a tail, say tokens until there are enough, and tell all of it."""
    is_chunked = shape == "llama4"
    base = TOKENS[: CHUNK + 300] if is_chunked else TOKENS[:300]
    with tempfile.TemporaryDirectory() as place:
        room = Room(make_model(Path(place), shape, SHAPES[shape]), folder)
    memory = room.memory(room=len(base) + 512, step=512 if is_chunked else 64)
    reused = memory.recall(base)
    for part in (memory.extend(base, reused, nothing), memory.append(TAIL, nothing)):
        list(part)
    sampler = Sampler(room.context, sampling)
    said: list[int] = []
    while len(said) < SAID and (token := sampler.choose(by_grammar=False)) is not None:
        said.append(token)
        memory.decode((token,), nothing)
    sampler.close()
    memory.flush(nothing)
    return {"reused": reused, "disk": memory.from_disk, "said": said}


if __name__ == "__main__":
    name, state, temperature, seed = sys.argv[1:]
    found = answer(name, Path(state), Sampling(temperature=float(temperature), seed=int(seed)))
    sys.stdout.write(json.dumps(found))
