"""The shortest ways between functions, the same as trying them all."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codereader.reader import Reader

SIZE = 7
NODES = st.integers(0, SIZE - 1)
CALLS = st.sets(st.tuples(NODES, NODES), max_size=18)


def source(calls: set[tuple[int, int]]) -> str:
    """Return a C file in which function *a* calls function *b* for each pair."""
    bodies = {one: [f"f{b}();" for a, b in sorted(calls) if a == one] for one in range(SIZE)}
    return "".join(f"int f{one}(void) {{ {' '.join(body)} return 0; }}\n" for one, body in bodies.items())


def shortest(calls: set[tuple[int, int]], start: int, end: int, depth: int) -> set[tuple[int, ...]]:
    """Return the shortest ways by trying all, one length after the other."""
    for hops in range(1, depth + 1):
        found = {
            (start, *middle, end)
            for middle in itertools.product(range(SIZE), repeat=hops - 1)
            if all(pair in calls for pair in itertools.pairwise((start, *middle, end)))
        }
        if found:
            return found
    return set()


def ways(folder: Path, calls, start: int, end: int, depth: int, limit: int):
    """Return what the graph finds in a file with these calls."""
    folder.mkdir(exist_ok=True)
    (folder / "a.c").write_text(source(calls))
    with Reader(folder, cache=folder.parent / "cache") as reader:
        reader.open()
        ends = [reader.linked.definitions(name=f"f{one}") for one in (start, end)]
        return reader.graph.paths(ends[0], ends[1], depth, limit, lambda: None)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CALLS, st.tuples(NODES, NODES).filter(lambda pair: pair[0] != pair[1]), st.integers(1, 4))
def test_all_shortest_paths_and_no_others(tmp_path, calls, ends, depth):
    """Whatever the calls, loops and recursion included."""
    expected = shortest(calls, *ends, depth)

    found = ways(tmp_path / "tree", calls, *ends, depth, 1000)

    spelled = {(int(chain[0].caller[1:]), *(int(hop.callee[1:]) for hop in chain)) for chain in found.found}
    assert (spelled, found.total) == (expected, len(expected))


def test_a_limit_keeps_the_count(tmp_path):
    """Three ways are as short; two are shown, in the same order each time."""
    calls = {(0, 1), (0, 2), (0, 3), (1, 4), (2, 4), (3, 4)}

    found = ways(tmp_path / "tree", calls, 0, 4, 5, 2)

    assert ([[hop.callee for hop in chain] for chain in found.found], found.total) == ([["f1", "f4"], ["f2", "f4"]], 3)


@pytest.mark.parametrize(("depth", "bounded"), [(2, True), (5, False)])
def test_a_search_says_whether_it_was_cut(tmp_path, depth, bounded):
    """Not found within the bound is not the same as not there."""
    found = ways(tmp_path / "tree", {(0, 1), (1, 2), (2, 3), (5, 4)}, 0, 4 if not bounded else 3, depth, 5)

    assert (found.found, found.is_bounded) == ((), bounded)


def test_the_surest_hop_is_shown(tmp_path):
    """A call that is certain comes before one through a pointer."""
    text = (
        "struct ops { int (*go)(void); };\nstatic int f(void) { return 0; }\nstatic int g(void) { return 0; }\n"
        "static struct ops a = { .go = f };\nstatic struct ops b = { .go = g };\n"
        "int run(struct ops *o) { return o->go() + f(); }\n"
    )
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "a.c").write_text(text)
    with Reader(tmp_path / "tree", cache=tmp_path / "cache") as reader:
        reader.open()
        run, f = (reader.linked.definitions(name=name) for name in ("run", "f"))
        found = reader.graph.paths(run, f, 5, 5, lambda: None)

    assert [[(hop.via, hop.confidence) for hop in chain] for chain in found.found] == [[("direct", "same file")]]
