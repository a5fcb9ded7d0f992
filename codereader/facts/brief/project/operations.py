"""The flow of a project's most important operations: from a public function through what it runs, a line a chain.

An operation is what reaches most that the operations before it do not; being spoken of in the README, used by tests
and examples, and being a program's entry count for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log2

from codereader.facts.brief.lines import Draft
from codereader.facts.brief.material import tally
from codereader.facts.brief.project.reach import Reach, node_of
from codereader.facts.brief.project.scene import LINE, Scene, dotted, is_public
from codereader.facts.fact import Fact
from codereader.facts.outline import Node
from codereader.index.parsed import Definition
from codereader.index.view import At
from codereader.source.spans import line_of

OPERATIONS = 5
"""Most operations that are told."""

FEWEST = 4
"""So many operations are told in any case, where there are as many that run anything."""

AGAIN = 0.8
"""What a start counts that another operation leads to."""

LEAST = 0.5
"""An operation that is worth less than this share of the first one is not told."""

MOST_ROWS = 60
"""Rows of one function that count."""

COMMANDS = 3
"""Most commands whose flow is told for being commands."""

COMMANDED = 0.15
"""A program whose commands reach so much of its functions is entered by them."""

SIDE = 0.5
"""What a function of a program counts that a library has beside it, and one of many that are called alike."""

MANY_NAMESAKES = 12

STARTS = 48
"""Most public functions that are looked at as starts of operations."""

HOPS = 3
"""So many calls are told beyond the last step of a line."""

STEPS = 9
"""Most calls of one function that are told."""

LINES_EACH = 3
"""Most lines of one operation."""

COMMON = 12
"""A function that is called from more files than this is a helper of all, and told last."""

AKIN = 3.0
"""What a step counts more that goes on under nearly the same name."""

LONG_ENOUGH = 4
"""Characters of a name that must be the same for that."""

INNER = 0.4
"""What a function counts that no document names, in a program that is entered by its commands."""

_LATER = re.compile(r"(?i)schedule|thread|spawn|submit|enqueue|defer|afterfunc|executor|add_task|create_task|^go$")
_DULL = frozenset(
    "__repr__ __str__ __eq__ __hash__ __init__ String Error Len Less Swap fmt drop clone eq new default toString "
    "equals hashCode main_loop size empty begin end Name name len is_empty".split()
)


@dataclass(frozen=True, slots=True)
class Chain:
    """*head* calls one after the other, the last of them *steps*; `depth` says below how many other lines it stands."""

    head: tuple[Node, ...]
    steps: tuple[Node, ...]
    depth: int


def flow_section(scene: Scene, reach: Reach, starts: Sequence[Node]) -> Draft:
    """Return the flow of the most important operations."""
    told: set[Node] = set()
    facts = []
    for start in starts:
        chains = list(_chains(scene, reach, start, told))
        least = 1 if _is_application(scene, start) else 2
        if chains and len(chains[0].head) + len(chains[0].steps) > least:
            facts += [_fact(scene, reach, chain) for chain in chains]
    return Draft("Flow", tuple(facts), weight=9, first=12)


def operations(scene: Scene, reach: Reach) -> list[Node]:
    """Return the functions that the main operations start from, the most telling first."""
    starts = dict(_starts(scene, reach))
    commands = _commands(scene, reach)
    if commands:
        starts = {node: weight * (1.0 if _is_told(scene, node) else INNER) for node, weight in starts.items()}
    entries = _entries(scene)
    chosen = [node for node in starts if _is_application(scene, node) and reach.follow(node)][:1]
    chosen += commands
    covered: set[Node] = {node for one in chosen for node in (one, *reach.near(one))}
    first = 0.0
    for one in chosen:
        starts.pop(one, None)
    while len(chosen) < OPERATIONS:
        worth = {
            node: _gain(scene, reach, node, covered) * weight * (AGAIN if node in covered else 1.0)
            for node, weight in starts.items()
        }
        best = max(worth, key=lambda node: (worth[node], node.path, -node.row), default=None)
        first = first or (worth[best] if best else 0.0)
        least = LEAST * first if len(chosen) >= FEWEST else 0.0
        if best is None or worth[best] < max(1.5, least):
            break
        starts.pop(best)
        best = next((node for node in entries if best in reach.follow(node)), _opening(scene, reach, best))
        starts.pop(best, None)
        if best in chosen:
            continue
        chosen.append(best)
        covered |= reach.near(best) | {best}
    return chosen


def _commands(scene: Scene, reach: Reach) -> list[Node]:
    """Return the commands of a program that is entered by them: those in the README first, then what reaches most."""
    found = [node_of(at) for at in scene.definitions if (at.path, at.fact.row) in scene.commands]
    reached = {below for one in found for below in reach.below(one)}
    if len(reached) < COMMANDED * len(scene.functions):
        return []
    shown = {one: scene.readme.count(scene.commands[(one.path, one.row)]) for one in found}
    found.sort(key=lambda one: (not shown[one], -len(reach.below(one)), one.path, one.row))
    return found[:COMMANDS]


def _is_told(scene: Scene, node: Node) -> bool:
    """Tell whether a function is one that documents name, with its type."""
    return all(word in scene.documented for word in node.name.split("."))


def _opening(scene: Scene, reach: Reach, node: Node) -> Node:
    """Return the public function beside *node* that does nothing but run it under nearly the same name, else *node*."""
    owner = node.name.rpartition(".")[0]
    for at in scene.definitions:
        if (at.fact.owner or "") == owner and at.fact.kind in ("function", "method"):
            one = node_of(at)
            is_near = _akin(scene, one, node) and is_public(at.fact, scene.material.language(at.path))
            if one != node and is_near and reach.follow(one) == (node,):
                return one
    return node


def _is_application(scene: Scene, node: Node) -> bool:
    """Tell whether *node* is what calling an object of the type does that the project is called after."""
    owner, _, name = node.name.rpartition(".")
    return name == "__call__" and owner.rpartition(".")[2].lower() == scene.view.scope.name.lower()


def _entries(scene: Scene) -> list[Node]:
    """Return the main functions of the project's own programs."""
    main = {(at.path, at.fact.name) for at in scene.material.entries if at.fact.kind == "main"}
    return [node_of(at) for at in scene.definitions if (at.path, dotted(at.fact)) in main]


def _gain(scene: Scene, reach: Reach, node: Node, covered: set[Node]) -> float:
    """Return how much code *node* reaches, damped, times the share of what is near that is not *covered*."""
    below, near = reach.below(node), frozenset((node, *reach.follow(node)))
    if len(below) < 2:
        return 0.0
    files = {one.path for one in below}
    fresh = (1 + _rows(scene, near - covered)) / (1 + _rows(scene, near))
    return round((log2(1 + _rows(scene, below) / 10) + 0.5 * log2(1 + len(files))) * fresh, 6)


def _rows(scene: Scene, nodes: frozenset[Node]) -> int:
    return sum(min(scene.span(one), MOST_ROWS) for one in nodes)


def _starts(scene: Scene, reach: Reach) -> Mapping[Node, float]:
    """Return where operations may start with a weight."""
    found: dict[Node, float] = {}
    always: set[Node] = set()
    faces = scene.faces
    main = {(at.path, at.fact.name.replace(":", ".").rpartition(".")[2]) for at in scene.material.entries}
    names = {name for _, name in main}
    many = 1 + len(scene.functions)
    owned = {(at.fact.owner or "", at.fact.name) for at in scene.definitions if at.fact.kind in ("function", "method")}
    many_of = dict(tally(name for _, name in owned if name != "__call__"))
    for at in scene.definitions:
        one = at.fact
        if (
            one.kind not in ("function", "method")
            or one.name in _DULL
            or one.name.startswith(("TEST_", "test_", "Test"))
        ):
            continue
        if one.owner and one.owner.rpartition(".")[2] == one.name:
            continue
        language = scene.material.language(at.path)
        is_entry = (at.path, one.name) in main or (one.name in names and not one.owner and language == "python")
        is_call = one.name == "__call__"
        if not (is_entry or is_call or is_public(one, language)) or _is_inner(scene, one.owner):
            continue
        weight = 1.0 + 0.1 * log2(1 + scene.outside_uses(one.name))
        weight *= 1.25 if one.name in scene.spoken else 1.0
        weight *= 1.4 if is_call and (one.owner or "").rpartition(".")[2] in scene.spoken else 1.0
        share = len(reach.below(node_of(at))) / many if is_entry else 0.0
        weight *= 1.1 + min(0.7, 4 * share) if is_entry else 1.8 if is_call else 1.0
        weight *= 1.0 + 0.05 * scene.rank(at.path)
        weight *= SIDE if many_of.get(one.name, 0) > MANY_NAMESAKES else 1.0
        weight *= SIDE if scene.is_library and re.match(r"(?:.*/)?(?:cmd|bin)/", at.path) else 1.0
        weight *= 1.4 if one.name in scene.announced and (one.owner or "").rpartition(".")[2] in faces else 1.0
        if is_entry or is_call or one.name in scene.spoken:
            always.add(node_of(at))
        weight *= 0.6 if one.owner and one.owner.rpartition(".")[2].startswith("_") else 1.0
        found[node_of(at)] = round(weight, 6)
    handing = frozenset(_handing(scene))
    for node in sorted(handing, key=repr):
        found[node] = max(found.get(node, 0.0), 1.7)
    ordered = sorted(found, key=lambda node: (-found[node] * log2(2 + scene.span(node)), node.path, node.row))
    kept = [node for node in ordered if node in handing][: STARTS // 4]
    kept += [node for node in ordered if node in always and node not in handing][: STARTS // 2]
    kept += [node for node in ordered if node not in always and node not in handing][: STARTS - len(kept)]
    return {node: found[node] for node in kept}


def _handing(scene: Scene) -> Iterator[Node]:
    """Yield the functions that hand one of the project's own to something that runs it later."""
    own = {at.fact.name for at in scene.definitions if at.fact.kind in ("function", "method")}
    by_path: dict[str, list[At[Definition]]] = {}
    for at in scene.definitions:
        by_path.setdefault(at.path, []).append(at)
    for path in sorted(scene.paths & set(scene.material.uses.looked)):
        calls: set[tuple[str | None, int]] = set()
        handed: set[tuple[str | None, int]] = set()
        for used in scene.references(path):
            place = (used.fact.caller, used.fact.row)
            if used.fact.kind == "call" and _LATER.search(used.fact.name):
                calls.add(place)
            elif used.fact.kind == "name" and used.fact.name in own:
                handed.add(place)
        wanted = {caller for caller, _ in calls & handed if caller}
        yield from (node_of(at) for at in by_path.get(path, ()) if dotted(at.fact) in wanted)


def _is_inner(scene: Scene, owner: str | None) -> bool:
    """Tell whether *owner* is itself a function, or a type that is not meant for others."""
    return owner is not None and owner in scene.functions


def _chains(scene: Scene, reach: Reach, start: Node, told: set[Node]) -> Iterator[Chain]:
    """Yield the lines of one operation: its own, then those of what it mainly runs."""
    waiting = [(start, 0)]
    made = 0
    while waiting and made < LINES_EACH:
        node, depth = waiting.pop(0)
        if node in told:
            continue
        head, steps = [node], _steps(scene, reach, node)
        told.add(node)
        while len(steps) == 1 and steps[0] not in told and len(head) < 8:
            head.append(steps[0])
            told.add(steps[0])
            steps = _steps(scene, reach, steps[0])
        if len(head) + len(steps) < (2 if not depth else 3):
            continue
        made += 1
        yield Chain(tuple(head), tuple(steps), depth)
        below = sorted(
            (one for one in steps if one not in told and len(reach.below(one)) > 1),
            key=lambda one: (-_worth(scene, reach, one) - _akin(scene, node, one), one.path, one.row),
        )
        waiting = [(one, depth + 1) for one in below[:3]] + waiting


def _steps(scene: Scene, reach: Reach, node: Node) -> list[Node]:
    """Return the calls of *node* that tell most, in the order of the source."""
    calls = [one for one in reach.follow(node) if one.name.rpartition(".")[2] not in _DULL]
    worth = {one: _worth(scene, reach, one) + _akin(scene, node, one) for one in calls}
    kept = sorted(calls, key=lambda one: (-worth[one], one.path, one.row, one.name))[:STEPS]
    telling = {one.name: one for one in reversed(kept) if worth[one] > 1.2}
    return [one for one in calls if telling.get(one.name) == one]


def _akin(scene: Scene, node: Node, step: Node) -> float:
    """Return more for a step that goes on under nearly the same name, most under the same: ``ExecuteC`` runs
    ``execute``, the command ``brief`` runs ``Reader.brief``.
    """
    command = scene.commands.get((node.path, node.row), "").rpartition(" ")[2]
    mine = (command or node.name.rpartition(".")[2]).lower().strip("_")
    other = step.name.rpartition(".")[2].lower().strip("_")
    shorter = min(len(mine), len(other))
    if shorter < LONG_ENOUGH or mine[:shorter] != other[:shorter]:
        return 0.0
    return AKIN + (mine == other)


def _worth(scene: Scene, reach: Reach, node: Node) -> float:
    """Return how much a call tells: what it reaches, less where everything calls it."""
    last = node.name.rpartition(".")[2]
    files = scene.files_using(last)
    below = len(reach.below(node))
    return round(log2(2 + below) + 0.3 * log2(1 + scene.span(node)) - (2.5 if files > COMMON else 0.25 * files), 6)


def _fact(scene: Scene, reach: Reach, chain: Chain) -> Fact:
    last = chain.head[-1]
    weights = {step: _worth(scene, reach, step) + _akin(scene, last, step) for step in chain.steps}
    first = chain.head[0]
    line = line_of(first.row)
    room = LINE - len(f"  ({first.path}:{line})") - 2 * chain.depth
    owner = ""
    words = []
    for node in chain.head:
        word, owner = _spelled(scene, node, owner)
        words.append(word)
    command = scene.commands.get((first.path, first.row))
    words[0] = f"{command}: {words[0]}" if command else words[0]
    steps = list(chain.steps)
    while True:
        told = " -> ".join(words)
        told += f" -> {', '.join(_spelled(scene, step, owner)[0] for step in steps)}" if steps else ""
        text = told if len(steps) == len(chain.steps) else f"{told}, ..."
        if len(text) <= room or not steps:
            break
        steps.remove(min(steps, key=lambda one: (weights[one], one.path, one.row)))
    if steps and len(steps) == len(chain.steps):
        text = _extended(scene, reach, text, steps[-1], {*chain.head, *steps}, room)
    run = ", ".join(node.name for node in (*chain.head[1:], *chain.steps))
    return Fact(first.name, "runs", run, "  " * chain.depth + text, first.path, line)


def _extended(scene: Scene, reach: Reach, text: str, node: Node, told: set[Node], room: int) -> str:
    """Return *text*, which ends in *node*, with what that mainly runs behind it, as far as there is room."""
    for _ in range(HOPS):
        below = [one for one in _steps(scene, reach, node) if one not in told and len(reach.below(one)) > 0]
        if not below:
            break
        best = max(below, key=lambda one: (_worth(scene, reach, one) + _akin(scene, node, one), one.path, -one.row))
        word, _ = _spelled(scene, best, node.name.rpartition(".")[0])
        if len(text) + len(word) + 4 > room:
            break
        text, node = f"{text} -> {word}", best
        told.add(best)
    return text


def _spelled(scene: Scene, node: Node, owner: str) -> tuple[str, str]:
    """Return *node* as it is written after something of *owner*, and its own owner."""
    mine = node.name.rpartition(".")[0]
    if mine and mine == owner:
        return node.name.rpartition(".")[2], mine
    return scene.spell(node.path, node.name), mine
