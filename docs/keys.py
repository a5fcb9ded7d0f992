"""Write the tables of keys into docs/tui.md, from what the panes bind: ``python docs/keys.py``. A test compares."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parent / "tui.md"

SIGNS = {
    "slash": "/",
    "question_mark": "?",
    "minus": "-",
    "plus": "+",
    "equals_sign": "=",
    "full_stop": ".",
    "comma": ",",
    "colon": ":",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "dollar_sign": "$",
    "escape": "esc",
}
"""What keys are called on this page, where Textual has another name for them."""

_TABLE = re.compile(r"(<!-- keys of (\w+) -->\n).*?(<!-- end of keys -->)", re.DOTALL)


def panes() -> dict[str, Any]:
    """Return what binds keys, by the name of its table."""
    from codereader.fronts.tui import app
    from codereader.fronts.tui.ask import conversation, dialogs, question
    from codereader.fronts.tui.find import finder, relations, results
    from codereader.fronts.tui.screens import graph, graph_view, pack, pack_list, plan
    from codereader.fronts.tui.screens.help import HelpScreen
    from codereader.fronts.tui.source import outline, pane
    from codereader.fronts.tui.tree import pane as tree

    return {
        "everywhere": (app.CodereaderApp,),
        "tree": (tree.ScopeTree,),
        "outline": (outline.Outline,),
        "source": (pane.SourceView,),
        "relations": (relations.Relations,),
        "question": (question.QuestionArea,),
        "answers": (conversation.Conversation,),
        "plans": (dialogs.PlanPrompt,),
        "finder": (finder.Finder,),
        "search": (results.SearchResults,),
        "plan": (plan.PlanScreen,),
        "graph": (graph.GraphScreen, graph_view.GraphView),
        "pack": (pack.PackScreen, pack_list.PackList),
        "text": (pack_list.PackText,),
        "help": (HelpScreen,),
    }


def rows(holders: tuple[type, ...]) -> Iterator[tuple[str, str]]:
    """Yield the keys of *holders* and what they do, what they inherit from ours behind what they bind themselves."""
    taken: set[str] = set()
    for kind in chain.from_iterable(holder.__mro__ for holder in holders):
        if not kind.__module__.startswith("codereader."):
            continue
        for binding in vars(kind).get("BINDINGS", ()):
            keys = [key for key in binding.key.split(",") if key not in taken]
            taken.update(keys)
            if keys:
                yield ", ".join(map(written, keys)), binding.description


def written(key: str) -> str:
    """Return a key as this page writes it."""
    *before, last = key.split("+")
    return f"`{'+'.join([*before, SIGNS.get(last, last)])}`"


def table(name: str) -> str:
    """Return one table."""
    lines = (f"| {keys} | {does} |\n" for keys, does in rows(panes()[name]))
    return "".join(["| key | does |\n", "|---|---|\n", *lines])


def renewed(page: str) -> str:
    """Return *page* with the tables as they should be."""
    return _TABLE.sub(lambda found: found[1] + table(found[2]) + found[3], page)


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
