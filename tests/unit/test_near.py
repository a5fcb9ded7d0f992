"""Names for those who mistyped: the nearest first, the same as comparing with each."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codereader.facts.graph.near import NEAR, Names

KNOWN = ["tcp_v4_rcv", "tcp_v6_rcv", "udp_rcv_all", "kfree"]
WORDS = st.text("aAb_", min_size=1, max_size=9)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("TCP_V4_RCV", ("tcp_v4_rcv", "tcp_v6_rcv")),
        ("tcpv4rcv", ("tcp_v4_rcv",)),
        ("tcp_v4_rvc", ("tcp_v4_rcv", "tcp_v6_rcv")),
        ("v4_rcv", ("tcp_v4_rcv",)),
        ("x", ()),
        ("entirely_different", ()),
        ("two\nlines", ()),
    ],
)
def test_near_names_come_nearest_first(wanted, expected):
    """Case, then underscores, then spelling, then a part of the name."""
    assert expected == Names(KNOWN).near(wanted)


def test_a_name_is_not_near_itself():
    """It would be no help."""
    assert ("Same",) == Names(["same", "Same"]).near("same")


def test_a_part_is_found_in_every_name_that_holds_it():
    """Also where two names differ in their underscores alone; the shorter ones first."""
    assert ("my_name_x", "myname_xy", "my_name_xy") == Names(["my_name_xy", "myname_xy", "my_name_x"]).near("yname")


@given(st.sets(WORDS, max_size=30), WORDS)
def test_no_filter_hides_a_near_name(names, wanted):
    """What differs in as few letters as are allowed is found, whatever its length and letters."""
    most = min(2, len(wanted) // 3)
    near = {name for name in names - {wanted} if distance(name.casefold(), wanted.casefold()) <= most}

    found = Names(names).near(wanted)

    assert min(len(near), NEAR) <= len(found)
    assert set(found) <= names - {wanted}
    assert len(near) > NEAR or near <= set(found)


def distance(one: str, other: str) -> int:
    """Return how many letters to add, drop, change or swap with their neighbour make *other* of *one*."""
    rows = [list(range(len(other) + 1))]
    for at in range(1, len(one) + 1):
        rows.append([at])
        for to in range(1, len(other) + 1):
            costs = [rows[at - 1][to] + 1, rows[at][to - 1] + 1, rows[at - 1][to - 1] + (one[at - 1] != other[to - 1])]
            if at > 1 < to and one[at - 2 : at] == other[to - 2 : to][::-1]:
                costs.append(rows[at - 2][to - 2] + 1)
            rows[at].append(min(costs))
    return rows[-1][-1]
