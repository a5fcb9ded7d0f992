"""A base pack of a real tree: within its budget, filled, in order, the same every time, and growing with the budget."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codereader.model.counter import TokenCounter
from codereader.model.estimate import Estimate
from codereader.model.vocabulary import open_vocabulary
from codereader.pack.layout import pack
from codereader.pack.piece import Rendering
from codereader.pack.segment import LEVELS, Level, Pack
from codereader.reader import Reader
from tests.gguf_files import bundled_model


class Bytes:
    """A vocabulary of bytes: the dearest that there is."""

    name = "bytes"
    exact = True

    def count_many(self, texts: Sequence[str]) -> list[int]:
        return [len(text.encode("utf-8", "replace")) for text in texts]


@pytest.fixture(scope="module")
def counters(tmp_path_factory: pytest.TempPathFactory) -> Sequence[TokenCounter]:
    """Byte-level BPE of a real model, bytes, and the estimate."""
    return open_vocabulary(bundled_model()), Bytes(), Estimate()


@contextmanager
def opened(files: Mapping[str, bytes]) -> Iterator[tuple[Reader, Path]]:
    """Write a tree to disk and open it."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "tree")
        for name, data in files.items():
            place = root / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
        with Reader(root, cache=Path(folder, "cache")) as reader:
            reader.open()
            yield reader, root


def packed(reader: Reader, budget: int, count: TokenCounter) -> Pack:
    return pack(reader.view, lambda: reader.worth, budget, count)


def c_file(functions: int, lines: int) -> bytes:
    body = "".join(f"\tvalue = step_{n}(value, {n});\n" for n in range(lines))
    made = (f"int work_{n}(int value)\n{{\n{body}\treturn value;\n}}\n\n" for n in range(functions))
    table = "static const struct ops table = {\n\t.work = work_0,\n};\n" if functions else ""
    return f"/* What {functions} functions do. */\n#include <a.h>\n\n{''.join(made)}{table}".encode()


def python_file(functions: int, lines: int) -> bytes:
    body = "".join(f"    value = value + {n}\n" for n in range(lines))
    made = (f'def work_{n}(value):\n    """Do {n}."""\n{body}    return value\n\n\n' for n in range(functions))
    return f'"""Work of {functions} kinds."""\n\n\n{"".join(made)}'.encode()


contents = st.one_of(
    st.just(b""),
    st.just(b"x"),
    st.builds(c_file, st.integers(0, 12), st.integers(0, 40)),
    st.builds(python_file, st.integers(0, 12), st.integers(0, 40)),
    st.builds(lambda n: b"# Title\n\n" + b"Some words of text.\n" * n, st.integers(0, 300)),
    st.builds(lambda n: b"int numbers[] = {" + b"12345, " * n + b"};\n", st.integers(0, 9000)),
    st.builds(lambda n: "naïve \u2028 text\r\n".encode("latin-1", "replace") * n, st.integers(1, 80)),
    st.just(b"caf\xe9 \xff\xfe\n" * 50),
)
names = st.sampled_from(
    ["a.c", "b.c", "src/core.c", "src/deep/er.h", "src/tool.py", "lib/one.py", "lib/two.py", "README.md", "data.txt"]
    + (["src/od\x1bd\n.c", "lib/\udcff.py"] if os.name == "posix" and sys.platform != "darwin" else [])
)
trees = st.dictionaries(names, contents, min_size=1, max_size=8)
relaxed = settings(
    max_examples=15, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@relaxed
@given(trees, st.lists(st.integers(200, 20_000), min_size=1, max_size=3), st.integers(0, 2))
def test_any_tree_fits_any_budget_and_fills_it(
    counters: Sequence[TokenCounter], files: dict[str, bytes], budgets: list[int], which: int
) -> None:
    """Tokens are exact and never over; from 4,000 on 98 % are used where something is not in full."""
    count = counters[which]
    with opened(files) as (reader, root):
        for budget in [*budgets, 2_000_000]:
            made = packed(reader, budget, count)

            assert [segment.tokens for segment in made.segments] == count.count_many([s.text for s in made.segments])
            assert sum(segment.tokens for segment in made.segments) == made.tokens <= budget
            assert budget < 4000 or not made.left_out or made.tokens >= 0.98 * budget
            assert_ordered(made)
            assert_lines(made, root)
            full = {segment.path for segment in made.segments} - {one.path for one in made.left_out}
            assert {file.path for file in reader.view.files()} == {
                *(path for path in full if not path.endswith("/")),
                *(one.path for one in made.left_out),
            }


def assert_ordered(made: Pack) -> None:
    """Segments stand by path, those of a file by line, and no line comes twice."""
    places = [(segment.path, segment.start_line, segment.end_line) for segment in made.segments]
    assert sorted(places) == places
    for (path, _, end), (following, start, _) in pairwise(places):
        assert path != following or end < start
    headed = [segment.path for segment in made.segments if segment.text.startswith("=== ")]
    assert len(set(headed)) == len(headed) == len({path for path, _, _ in places})


def assert_lines(made: Pack, root: Path) -> None:
    """What stands in full is what those lines of the file say, but for a last one that counts what is missing."""
    for one in made.segments:
        if one.level == "full" and " more " not in one.text:
            lines = (root / one.path).read_bytes().decode("utf-8", "replace").split("\n")
            text = one.text.partition("\n")[2] if one.text.startswith("=== ") else one.text
            assert "\n".join(lines[one.start_line - 1 : one.end_line]).rstrip("\n") == text.rstrip("\n")


@relaxed
@given(trees, st.integers(4000, 12_000), st.floats(1.001, 2.5))
def test_a_larger_budget_keeps_what_a_smaller_one_had(
    counters: Sequence[TokenCounter], files: dict[str, bytes], budget: int, times: float
) -> None:
    """No file falls to a lower level when the budget grows, and no function in full is lost."""
    with opened(files) as (reader, _):
        small, large = (packed(reader, tokens, counters[0]) for tokens in (budget, int(budget * times)))

    short = {one.path for one in large.left_out}
    levels = {one.path: LEVELS.index(one.level) for one in large.left_out if one.level}
    before = {one.path: LEVELS.index(one.level) for one in small.left_out if one.level}
    assert [] == [path for path, level in before.items() if path in short and levels.get(path, 9) > level]
    assert short <= {one.path for one in small.left_out}


def test_a_tree_of_one_long_line_is_shown_in_part(counters: Sequence[TokenCounter]) -> None:
    """A megabyte without a line break fills the budget with its beginning, and says how much more there is."""
    with opened({"data.txt": b"word " * 200_000}) as (reader, _):
        made = packed(reader, 5000, counters[0])

    assert made.tokens >= 4900
    assert "more characters" in made.segments[0].text
    assert ["data.txt"] == [one.path for one in made.left_out]


def test_everything_goes_in_whole_without_ranking(counters: Sequence[TokenCounter]) -> None:
    """A budget for all of a tree needs nobody's importance."""

    def never() -> Mapping[str, float]:
        raise AssertionError

    with opened({"a.c": c_file(3, 3), "b.py": python_file(2, 2)}) as (reader, _):
        made = pack(reader.view, never, 100_000, counters[0])

    assert (["full", "full"], ()) == ([segment.level for segment in made.segments], made.left_out)


def test_a_long_file_keeps_its_important_functions(counters: Sequence[TokenCounter]) -> None:
    """Of a file that does not fit, the function that a table holds is in full before the others."""
    with opened({"a.c": c_file(60, 12)}) as (reader, _):
        made = packed(reader, 4000, counters[0])

    full = [segment.text for segment in made.segments if segment.level == "full"]
    assert any("int work_0(int value)\n{" in text for text in full)
    assert len(full) < 60


def test_a_small_tree_shows_its_structure_before_any_body(counters: Sequence[TokenCounter]) -> None:
    """All files are skeletons before functions take more than what is left; an outline never holds one."""
    with opened({f"{name}.c": c_file(8, 9).replace(b"work", name.encode()) for name in "abcd"}) as (reader, _):
        packs = [packed(reader, budget, counters[0]) for budget in range(300, 4000, 100)]

    assert any(segment.start_line > 1 and segment.level == "full" for made in packs for segment in made.segments)
    for made in packs:
        levels = {one.path: {s.level for s in made.segments if s.path == one.path} for one in made.left_out}
        assert not any({"outline", "full"} <= held for held in levels.values())
        if sum(s.tokens for s in made.segments if s.level == "full" and s.start_line > 1) > made.budget / 4:
            assert all(held & {"skeleton", "full"} for held in levels.values())


def test_a_function_in_full_inside_a_skeleton_says_its_lines(counters: Sequence[TokenCounter]) -> None:
    """The line before it tells them, so that what it says can be cited."""
    with opened({"a.c": c_file(60, 12)}) as (reader, _):
        made = packed(reader, 4000, counters[0])

    inside = [(before, one) for before, one in pairwise(made.segments) if one.level == "full"]
    assert inside
    for before, one in inside:
        last = one.end_line if " more line" not in one.text else one.end_line + int(one.text.split()[-5])
        assert before.text.endswith(f"/* {one.start_line}-{last}: */\n")


def test_a_cut_file_counts_what_is_missing_and_outlines_the_rest(counters: Sequence[TokenCounter]) -> None:
    """A skeleton that fits in part ends with the lines that it lacks, and the symbols behind follow."""
    with opened({"a.c": c_file(400, 30)}) as (reader, _):
        made = packed(reader, 9000, counters[0])

    assert ["skeleton", "outline"] == [segment.level for segment in made.segments]
    cut, rest = made.segments
    assert cut.text.endswith(f"more lines: {cut.end_line + 1}-{rest.end_line} */\n")
    assert rest.start_line == cut.end_line + 1


def test_under_4000_tokens_nothing_whole_is_left_that_fits(counters: Sequence[TokenCounter]) -> None:
    """What a small budget has left takes no other file by its name."""
    with opened({f"part{n:02}.py": python_file(2, 3) for n in range(40)}) as (reader, _):
        packs = [packed(reader, budget, counters[0]) for budget in range(200, 4000, 190)]
        names = pack(reader.view, reader.worth, 9000, counters[0], levels=("name",))

    least = min(segment.tokens for segment in names.segments)
    for made in packs:
        assert all(one.level for one in made.left_out) or made.budget - made.tokens < least


def test_a_folder_of_many_files_has_a_line_of_its_own(counters: Sequence[TokenCounter]) -> None:
    """Where names do not fit, the folder says how many files it has and which matter most."""
    with opened({f"drivers/net/d{n:03}.c": c_file(1, 2) for n in range(120)} | {"main.c": c_file(1, 1)}) as (reader, _):
        made = packed(reader, 400, counters[0])

    folder = next(segment for segment in made.segments if segment.path == "drivers/net/")
    assert folder.text.startswith("=== drivers/net/ (120 files, ")
    assert "drivers/" not in {segment.path for segment in made.segments}


def test_an_edit_changes_only_the_segments_of_its_file(counters: Sequence[TokenCounter]) -> None:
    """What other files show stays byte for byte, so that their evaluated state can be used again."""
    files = {f"part{n:02}.py": python_file(4, 6).replace(b"work", b"part%d" % n) for n in range(30)}
    edited = files | {"part07.py": files["part07.py"].replace(b"value + 3", b"value + 33")}
    with opened(files) as (reader, _):
        before = packed(reader, 6000, counters[0])
    with opened(edited) as (reader, _):
        after = packed(reader, 6000, counters[0])

    changed = {s.path for s in set(before.segments) ^ set(after.segments)}
    assert changed <= {"part07.py"}


def test_levels_and_paths_can_be_limited(counters: Sequence[TokenCounter]) -> None:
    """A map holds outlines and names only; other files than those asked for do not appear."""
    files = {"a.c": c_file(3, 30), "b.c": c_file(3, 30), "c.c": c_file(3, 30)}
    levels: tuple[Level, ...] = ("outline", "name")
    with opened(files) as (reader, _):
        made = pack(reader.view, reader.worth, 5000, counters[0], levels=levels, paths={"a.c", "b.c"})

    assert [("a.c", "outline"), ("b.c", "outline")] == [(s.path, s.level) for s in made.segments]


def test_files_can_be_whole_or_named(counters: Sequence[TokenCounter]) -> None:
    """With nothing between, a budget goes to whole files first and names the others."""
    files = {f"f{n}.c": c_file(3, 30) for n in range(9)}
    levels: tuple[Level, ...] = ("full", "name")
    with opened(files) as (reader, _):
        made = pack(reader.view, reader.worth, 5000, counters[0], levels=levels)

    assert {"full", "name"} == {s.level for s in made.segments}
    assert made.tokens >= 4900


def test_without_comments_nothing_is_called_full(counters: Sequence[TokenCounter]) -> None:
    """With comments left out the highest level is uncommented."""
    with opened({"a.c": c_file(1, 1)}) as (reader, _):
        made = pack(reader.view, reader.worth, 5000, counters[0], rendering=Rendering(comments=False))

    assert [("uncommented", False)] == [(s.level, "What 1 functions" in s.text) for s in made.segments]
    assert () == made.left_out


def test_what_must_not_be_shown_is_replaced_before_it_is_counted(counters: Sequence[TokenCounter]) -> None:
    """Redacted text is what is counted and sent."""

    def redact(path: str, text: str) -> str:
        return text.replace("work_1", f"<{path}>")

    with opened({"a.c": c_file(3, 3)}) as (reader, _):
        made = pack(reader.view, reader.worth, 5000, counters[1], redact=redact)

    assert "int <a.c>(int value)" in made.segments[0].text
    assert [len(made.segments[0].text)] == [segment.tokens for segment in made.segments]


def test_a_file_that_vanished_is_left_out_with_that_reason(counters: Sequence[TokenCounter]) -> None:
    """The index knows it, the disk does not."""
    with opened({"a.c": c_file(3, 3), "b.c": c_file(3, 3)}) as (reader, root):
        reader.view.files()
        (root / "a.c").unlink()
        made = packed(reader, 5000, counters[0])

    assert ["b.c"] == [segment.path for segment in made.segments]
    assert [("a.c", True)] == [(one.path, "cannot read" in one.reason) for one in made.left_out]


def test_the_budget_said_to_bring_a_file_does(counters: Sequence[TokenCounter]) -> None:
    """Packing with the budget that the left-out list names brings the file in full; a tenth less does not."""
    files = {f"part{n:02}.py": python_file(1 + n % 5, 3 + n) for n in range(24)}
    with opened(files) as (reader, _):
        made = packed(reader, 3000, counters[0])
        kept = [
            one.path in {other.path for other in packed(reader, one.budget or 0, counters[0]).left_out}
            for one in made.left_out[::5]
        ]
        less = [
            one.path in {other.path for other in packed(reader, (one.budget or 0) * 9 // 10, counters[0]).left_out}
            for one in made.left_out[::5]
        ]

    assert all(one.exact for one in made.left_out)
    assert (True, False) == (bool(kept), any(kept))
    assert all(less)


def test_the_hash_seed_changes_nothing(tmp_path: Path) -> None:
    """The same tree gives the same bytes in every process."""
    for n in range(12):
        (tmp_path / f"f{n}.c").write_bytes(c_file(5, n))
    script = (
        "import sys; from pathlib import Path; from codereader.reader import Reader;"
        "from codereader.pack.layout import pack; from codereader.model.estimate import Estimate\n"
        "with Reader(Path(sys.argv[1]), cache=Path(sys.argv[2])) as r:\n"
        "    r.open(); print(pack(r.view, r.worth, 1500, Estimate()).hash)"
    )
    hashes = {
        subprocess.run(
            [sys.executable, "-c", script, tmp_path, tmp_path.parent / f"cache{seed}"],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }

    assert 1 == len(hashes)
