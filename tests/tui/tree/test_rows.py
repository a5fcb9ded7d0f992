"""The rows of a folded tree."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from codereader.fronts.tui.tree.listing import Listing, list_paths, list_scope
from codereader.fronts.tui.tree.rows import UNFOLDED, Row, ScopeRows
from codereader.source.scope import Skipped

PATHS = ("a.c", "net/Makefile", "net/core/dev.c", "net/core/sock.c", "net/ipv4/tcp.c", "only/one/way/in.c", "z.h")


@dataclass(frozen=True)
class File:
    """A file of ten bytes for each letter of its path."""

    path: str
    language: str = "c"

    @property
    def size(self) -> int:
        """Its bytes."""
        return 10 * len(self.path)


def listed(*paths: str, skipped: tuple[Skipped, ...] = ()) -> Listing:
    """Return a listing of *paths*."""
    return list_scope("tree", [File(path) for path in paths], skipped)


def rows_of(*paths: str, skipped: tuple[Skipped, ...] = ()) -> ScopeRows:
    """Return the rows of *paths*, all folded."""
    rows = ScopeRows()
    rows.tell(listed(*paths, skipped=skipped))
    return rows


def drawn(rows: ScopeRows) -> list[str]:
    """Return the rows as a person would write them."""
    found = (rows.row(at) for at in range(len(rows.rows)))
    return ["  " * row.depth + row.label + ("/" if row.is_folder else "") for row in found]


def row(rows: ScopeRows, path: str) -> Row:
    """Return the row of *path*, which is shown."""
    at = rows.position(path)
    assert at is not None
    return rows.row(at)


def test_a_new_tree_is_folded_with_folders_first() -> None:
    """What one sees first is the top: folders, then files, folders that only lead on as one row."""
    assert ["net/", "only/one/way/", "a.c", "z.h"] == drawn(rows_of(*PATHS))


def test_the_only_folder_is_open_at_once() -> None:
    """A tree that is one folder shows what is in it."""
    assert ["src/", "  a.c", "  b.c"] == drawn(rows_of("src/a.c", "src/b.c"))


def test_unfolding_shows_what_lies_in_a_folder_and_folding_hides_it() -> None:
    """A folder opens below itself and closes again, and remembers what was open in it."""
    rows = rows_of(*PATHS)
    rows.unfold(0)
    rows.unfold(1)
    opened = drawn(rows)
    rows.fold(0)
    closed = drawn(rows)
    rows.unfold(0)

    assert opened[:6] == ["net/", "  core/", "    dev.c", "    sock.c", "  ipv4/", "  Makefile"]
    assert ["net/", "only/one/way/", "a.c", "z.h"] == closed
    assert opened == drawn(rows)


def test_all_can_be_unfolded_and_folded() -> None:
    """Every path shows, then the top alone."""
    rows = rows_of(*PATHS)
    rows.unfold_all()
    shown = [line.strip() for line in drawn(rows)]
    rows.fold_all()

    assert {path.rpartition("/")[2] for path in PATHS} <= set(shown)
    assert 4 == len(rows.rows)


def test_a_filter_keeps_the_folders_around_what_it_finds() -> None:
    """Words match anywhere in the path, in any case, all of them; folders are open."""
    rows = rows_of(*PATHS)
    rows.find("NET .c")

    assert ["net/", "  core/", "    dev.c", "    sock.c", "  ipv4/", "    tcp.c"] == drawn(rows)
    assert 3 == rows.found


def test_clearing_a_filter_brings_back_the_folds() -> None:
    """What the person had unfolded is as it was before the filter."""
    rows = rows_of(*PATHS)
    rows.unfold(0)
    before = drawn(rows)
    for needle in ("t", "tc", "tcp", ""):
        rows.find(needle)

    assert before == drawn(rows)


def test_a_filter_that_is_shortened_finds_more_again() -> None:
    """Taking a letter back shows what it had hidden."""
    rows = rows_of(*PATHS)
    rows.find("tcp")
    rows.find("tc")
    rows.find("c")

    assert len([path for path in PATHS if "c" in path]) == rows.found


def test_folders_can_be_folded_in_what_was_found() -> None:
    """Folding works while a filter is on, and does not touch the folds of the whole tree."""
    rows = rows_of(*PATHS)
    rows.find("net")
    rows.fold(0)
    folded = drawn(rows)
    rows.find("")

    assert ["net/"] == folded
    assert ["net/", "only/one/way/", "a.c", "z.h"] == drawn(rows)


def test_a_filter_that_finds_very_much_unfolds_only_the_top() -> None:
    """Thousands of hits in many folders come folded where they would make too many rows."""
    rows = rows_of(*(f"d{at % 90:02}/e{at % 9}/f{at:05}.c" for at in range(9_000)))
    rows.find("f")

    assert 9_000 == rows.found
    assert 90 <= len(rows.rows) <= UNFOLDED


def test_files_that_are_not_read_stand_at_their_place_with_the_reason() -> None:
    """A skipped file is a row, and can be hidden."""
    rows = rows_of("b/a.c", "b/c.c", skipped=(Skipped("b/b.png", "binary"), Skipped("sub", "another git repository")))
    rows.unfold(0)
    shown = drawn(rows)
    reason = row(rows, "b/b.png").reason
    rows.hide_skipped(True)

    assert ["b/", "  a.c", "  b.png", "  c.c", "sub"] == shown
    assert "binary" == reason
    assert ["b/", "  a.c", "  c.c"] == drawn(rows)


def test_folders_sum_up_what_lies_in_them() -> None:
    """A folder has the bytes and tokens of all below, and one level only where all files have it."""
    rows = rows_of("b/x/a.c", "b/x/b.c", "b/c.c")
    rows.unfold_all()
    rows.mark({"b/x/a.c": "full", "b/x/b.c": "full"}, {"b/x/a.c": 5, "b/x/b.c": 7, "b/c.c": 11})

    assert (23, "mixed", 3, 10 * (7 + 7 + 5)) == (
        (top := row(rows, "b/")).tokens,
        top.level,
        top.files,
        top.size,
    )
    assert (12, "full") == ((inner := row(rows, "b/x/")).tokens, inner.level)
    assert (11, "not sent") == ((file := row(rows, "b/c.c")).tokens, file.level)


def test_a_sum_says_that_something_is_not_counted_yet() -> None:
    """Tokens that are not known make a folder's number a part of it; a file that is not read has none to know."""
    rows = rows_of("b/a.c", "b/b.c", skipped=(Skipped("b/c.png", "binary"),))
    rows.mark({}, {"b/a.c": 5})
    partly = row(rows, "b/")
    rows.mark({}, {"b/a.c": 5, "b/b.c": 6})

    assert (5, True) == (partly.tokens, partly.is_partial)
    assert (11, False) == ((whole := row(rows, "b/")).tokens, whole.is_partial)


def test_sums_are_those_of_what_was_found() -> None:
    """While a filter is on, a folder counts what is shown of it."""
    rows = rows_of("b/a.c", "b/b.c")
    rows.mark({"b/a.c": "full"}, {"b/a.c": 5, "b/b.c": 6})
    rows.find("a.c")

    assert (5, "full") == ((top := row(rows, "b/")).tokens, top.level)


def test_revealing_a_file_opens_the_folders_around_it() -> None:
    """The file that is shown elsewhere is found in the tree; one that is filtered away is not."""
    rows = rows_of(*PATHS)
    at = rows.reveal("net/core/sock.c")
    rows.find("tcp")

    assert at is not None
    assert rows.reveal("net/core/sock.c") is None


def test_a_new_listing_keeps_folds_and_marks() -> None:
    """A file that came or went moves nothing else."""
    rows = rows_of(*PATHS)
    rows.reveal("net/core/sock.c")
    rows.mark({"net/core/sock.c": "full"}, {"net/core/sock.c": 5})
    rows.tell(listed(*PATHS[:2], "net/core/new.c", *PATHS[3:]))

    assert ["net/", "  core/", "    new.c", "    sock.c", "  ipv4/"] == drawn(rows)[:5]
    assert ("full", 5) == ((kept := row(rows, "net/core/sock.c")).level, kept.tokens)
    assert ("not sent", None) == ((new := row(rows, "net/core/new.c")).level, new.tokens)


def test_a_folder_that_leads_on_stays_open_when_it_no_longer_does() -> None:
    """A chain of folders that gets a file in its middle shows what was unfolded before."""
    rows = rows_of("top.c", "a/b/c.c")
    rows.unfold(0)
    rows.tell(listed("top.c", "a/b/c.c", "a/new.c"))

    assert ["a/", "  b/", "    c.c", "  new.c", "top.c"] == drawn(rows)


def test_the_nearest_row_of_what_is_gone_is_its_folder() -> None:
    """A cursor on a file that was deleted goes to the folder it was in."""
    rows = rows_of(*PATHS)
    rows.unfold(0)

    assert 0 == rows.nearest("net/gone.c")
    assert rows.nearest("gone.c") is None


def test_what_is_pinned_and_what_lies_in_it_is_told_apart() -> None:
    """A pin shows on its own row, and fainter on what lies in it."""
    rows = rows_of(*PATHS)
    rows.unfold_all()
    rows.pins = frozenset({"net/core"})

    assert ["own", "above", ""] == [row(rows, path).pin for path in ("net/core/", "net/core/dev.c", "net/Makefile")]


def test_names_alone_make_the_same_rows() -> None:
    """Before sizes are known the tree already stands."""
    rows = ScopeRows()
    rows.tell(list_paths("tree", PATHS, ()))

    assert drawn(rows_of(*PATHS)) == drawn(rows)


NAMES = st.text("ab.é你\n\x1b\udc80", min_size=1, max_size=3).filter(lambda name: name not in (".", ".."))
TREES = st.sets(st.lists(NAMES, min_size=1, max_size=5).map("/".join), min_size=1, max_size=40)


@given(TREES, st.text("ab.é", max_size=2))
def test_every_path_has_one_row_whatever_it_is_called(paths: set[str], needle: str) -> None:
    """Unfolded, what is found is shown once, under the folders of its path, and folding all and again loses nothing."""
    files = {path for path in paths if not any(other.startswith(path + "/") for other in paths)}
    rows = ScopeRows()
    rows.tell(list_paths("tree", files, ()))
    rows.find(needle)
    rows.unfold_all()
    shown = [rows.row(at) for at in range(len(rows.rows))]
    wanted = {path for path in files if all(word in path.lower() for word in needle.lower().split())}

    assert sorted(wanted) == sorted(row.path for row in shown if not row.is_folder)
    for at in range(len(rows.rows)):
        assert at == rows.position(rows.key(at))
        parent = rows.parent(at)
        assert (parent is None) == (shown[at].depth == 0)
        assert parent is None or shown[at].path.startswith(shown[parent].path + "/")


@given(TREES)
def test_folding_one_by_one_ends_at_the_top(paths: set[str]) -> None:
    """Closing every folder from the top leaves the rows of a tree that was never opened."""
    files = {path for path in paths if not any(other.startswith(path + "/") for other in paths)}
    rows = ScopeRows()
    rows.tell(list_paths("tree", files, ()))
    rows.fold_all()
    top = drawn(rows)
    rows.unfold_all()
    at = 0
    while at < len(rows.rows):
        rows.fold(at)
        at += 1

    assert top == drawn(rows)
