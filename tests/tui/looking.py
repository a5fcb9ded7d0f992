"""A small app around the panes that look things up, over a small tree of C, and a reader that knows who calls it."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from textual.app import App, ComposeResult

from codereader.fronts.tui.desk import Desk
from codereader.fronts.tui.find.relations import Relations
from codereader.fronts.tui.find.shelf import Shelf
from codereader.fronts.tui.messages import Go, Look, Problem
from codereader.reader import Reader

FILES = {
    "ops.h": "struct ops {\n\tint (*open)(int);\n};\n",
    "disk.c": (
        '#include "ops.h"\n\nstatic int disk_open(int n)\n{\n\treturn n;\n}\n\n'
        "struct ops disk_ops = {\n\t.open = disk_open,\n};\n"
    ),
    "start.c": (
        '#include "ops.h"\n\nint again(int n);\n\nint use(struct ops *o)\n{\n\treturn o->open(1) + missing(2);\n}\n\n'
        "int start(struct ops *o)\n{\n#ifdef CONFIG_FAST\n\tuse(o);\n#endif\n\tuse(o);\n\treturn again(1);\n}\n\n"
        "int again(int n)\n{\n\treturn n ? again(n - 1) : start(0);\n}\n"
    ),
}


def small_tree(folder: Path) -> Path:
    """Write the tree into *folder* and return it."""
    folder.mkdir(exist_ok=True)
    for name, text in FILES.items():
        (folder / name).write_text(text)
    return folder


class WatchedReader(Reader):
    """A reader that remembers on which threads it was asked."""

    threads: set[str]

    def __getattribute__(self, name: str) -> Any:
        if name in ("view", "edges", "graph", "linked", "search", "walked"):
            self.__dict__.setdefault("threads", set()).add(threading.current_thread().name)
        return super().__getattribute__(name)


class Looking(App[None]):
    """The relations of *path*, with room for boxes above. What panes say is kept in `told`."""

    def __init__(self, path: Path, cache: Path) -> None:
        super().__init__()
        self.readers: list[WatchedReader] = []
        self.desk = Desk(lambda cancel: self._made(path, cache, cancel))
        self.shelf = Shelf(self.desk)
        self.told: list[object] = []

    def _made(self, path: Path, cache: Path, cancel: Any) -> Reader:
        self.readers.append(WatchedReader(path, cache=cache, cancel=cancel))
        return self.readers[0]

    def compose(self) -> ComposeResult:
        yield Relations(id="relations")

    async def on_mount(self) -> None:
        await self.desk.run(lambda reader: reader.open())
        self.query_one(Relations).focus()

    def on_unmount(self) -> None:
        self.desk.close()
        self.shelf.close()

    @property
    def relations(self) -> Relations:
        return self.query_one(Relations)

    async def on_look(self, message: Look) -> None:
        self.told.append(message)
        await self.relations.look(message)

    def on_go(self, message: Go) -> None:
        self.told.append(message.place)

    def on_problem(self, message: Problem) -> None:
        self.told.append(message)
