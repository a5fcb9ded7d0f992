"""Bringing an index up to date, on small trees on disk."""

from __future__ import annotations

import json
import os
import pickle
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from codereader import interpreter
from codereader.cancel import Cancelled, CancelToken
from codereader.errors import NothingReadable, StoreError
from codereader.index import build as build_module
from codereader.index import digest as digest_module
from codereader.index import known as known_module
from codereader.index import parse as parse_module
from codereader.index import pruning, workers
from codereader.index.build import BuildReport, build
from codereader.index.database import FILE_NAME
from codereader.index.digest import blob_id
from codereader.index.store import open_store
from codereader.index.view import IndexView, open_index
from codereader.source.scope import Scope, SourceFile, Walk

Tree = dict[str, bytes]
SMALL: Tree = {"a.c": b"int a(void) { return b(); }\n", "sub/b.c": b"int b(void) { }\n", "m.py": b"def m():\n    a()\n"}


def lay(root: Path, files: Tree, age: int = 10) -> None:
    """Write *files*, *age* seconds old."""
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        then = path.stat().st_mtime_ns - age * 1_000_000_000
        os.utime(path, ns=(then, then))


def walked(root: Path, folder: str = "", **narrow: object) -> Walk:
    """Find the files under *folder* of *root*, without any rules."""
    scope = Scope(root=root, folder=folder, **narrow)  # type: ignore[arg-type]
    found = []
    for path in sorted(one for one in scope.path.rglob("*") if one.is_file()):
        state = path.stat()
        language = {".c": "c", ".h": "c", ".py": "python"}.get(path.suffix, "text")
        name = path.relative_to(scope.path).as_posix()
        if scope.only in (None, name):
            found.append(SourceFile(name, state.st_size, state.st_mtime_ns, state.st_ino, language))
    return Walk(scope, tuple(found))


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    lay(tmp_path / "tree", SMALL)
    return tmp_path / "tree"


@pytest.fixture
def index(cache: Path) -> Callable[..., BuildReport]:
    return lambda walk: build(walk, cache, CancelToken())


def counts(report: BuildReport) -> tuple[int, int, int, int, int, int]:
    return report.files, report.parsed, report.added, report.changed, report.removed, report.unchanged


def facts(view: IndexView) -> list[object]:
    return [
        *view.files(), *view.definitions(), *view.references(), *view.tables(), *view.includes(), *view.exports(),
        *view.entries(), *view.builds(),
    ]  # fmt: skip


def test_a_second_build_parses_nothing(root: Path, index: Callable[..., BuildReport]) -> None:
    """An unchanged tree is not read again."""
    first, second = index(walked(root)), index(walked(root))

    assert (3, 3, 3, 0, 0, 0) == counts(first)
    assert (3, 0, 0, 0, 0, 3) == counts(second)


def test_unchanged_files_are_not_even_opened(
    root: Path, index: Callable[..., BuildReport], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Size, time and inode are enough for files that were quiet when they were read."""
    index(walked(root))
    monkeypatch.setattr(build_module, "read", None)

    assert (3, 0, 0, 0, 0, 3) == counts(index(walked(root)))


def test_only_what_differs_is_parsed(root: Path, index: Callable[..., BuildReport], cache: Path) -> None:
    """One edit, one new file and one gone file cost two parses; going back costs none."""
    index(walked(root))
    lay(root, {"a.c": b"int a2(void) { }\n", "new.c": b"int n;\n"}, age=5)
    (root / "m.py").unlink()
    edited = index(walked(root))
    with open_index(walked(root), cache) as view:
        names = [at.fact.name for at in view.definitions()]
    (root / "new.c").unlink()
    lay(root, SMALL, age=20)
    back = index(walked(root))

    assert (3, 2, 1, 1, 1, 1) == counts(edited)
    assert ["a2", "n", "b"] == names
    assert 0 == back.parsed


def test_two_checkouts_share_their_facts(root: Path, tmp_path: Path, index: Callable[..., BuildReport]) -> None:
    """The same contents elsewhere are added without a parse."""
    index(walked(root))
    lay(tmp_path / "other", {**SMALL, "own.c": b"int own;\n"})

    assert (4, 1, 4, 0, 0, 0) == counts(index(walked(tmp_path / "other")))


def test_twins_in_one_tree_are_parsed_once(tmp_path: Path, index: Callable[..., BuildReport], cache: Path) -> None:
    """Two files of one content give facts at both places."""
    lay(tmp_path / "tree", {"x.c": b"int f;\n", "y.c": b"int f;\n", "y.py": b"int f;\n"})
    report = index(walked(tmp_path / "tree"))
    with open_index(walked(tmp_path / "tree"), cache) as view:
        places = [at.path for at in view.definitions(name="f")]

    assert (3, 2, 3, 0, 0, 0) == counts(report)
    assert ["x.c", "y.c"] == places


def test_a_known_blob_is_not_read(root: Path, tmp_path: Path, index: Callable[..., BuildReport]) -> None:
    """Where the walk knows the content's id and the store its facts, the file stays closed."""
    index(walked(root))
    other = tmp_path / "other"
    lay(other, {"a.c": SMALL["a.c"]})
    walk = walked(other)
    known = replace(walk, files=(replace(walk.files[0], blob=blob_id(SMALL["a.c"])),))
    (other / "a.c").unlink()

    assert (1, 0, 1, 0, 0, 0) == counts(index(known))


def test_a_scope_leaves_its_neighbours_alone(root: Path, index: Callable[..., BuildReport]) -> None:
    """Indexing a folder, or one file, forgets nothing of the rest of the root."""
    index(walked(root))
    (root / "sub" / "b.c").unlink()
    of_folder = index(walked(root, "sub"))
    of_file = index(walked(root, only="a.c"))
    rest = index(walked(root))

    assert (0, 0, 0, 0, 1, 0) == counts(of_folder)
    assert (1, 0, 0, 0, 0, 1) == counts(of_file)
    assert (2, 0, 0, 0, 0, 2) == counts(rest)


def test_a_change_within_the_clocks_tick_is_seen(root: Path, index: Callable[..., BuildReport], cache: Path) -> None:
    """A file edited right after it was read, with the same size and time, is read again."""
    lay(root, {"a.c": b"int one;\n"}, age=0)
    state = (root / "a.c").stat()
    index(walked(root))
    with (root / "a.c").open("r+b") as file:
        file.write(b"int two;\n")
    os.utime(root / "a.c", ns=(state.st_mtime_ns, state.st_mtime_ns))
    index(walked(root))

    with open_index(walked(root), cache) as view:
        assert ["two"] == [at.fact.name for at in view.definitions(path="a.c")]


def test_a_file_that_goes_away_is_skipped(root: Path, index: Callable[..., BuildReport], cache: Path) -> None:
    """A file that the walk saw and the build cannot read is named with a reason, and forgotten."""
    index(walked(root))
    lay(root, {"a.c": b"int changed;\n"}, age=5)
    walk = walked(root)
    (root / "a.c").unlink()
    report = index(walk)

    assert [("a.c", "gone before it was read")] == [(s.path, s.reason) for s in report.skipped]
    assert 2 == report.files
    with open_index(walk, cache) as view:
        assert ["m.py", "sub/b.c"] == [file.path for file in view.files()]


def test_a_new_extractor_parses_again(
    root: Path, index: Callable[..., BuildReport], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Facts of an older reader are not served."""
    index(walked(root))
    for module in (build_module, known_module):
        monkeypatch.setattr(module, "stamp", lambda language: f"newer {language}")

    assert (3, 3, 0, 0, 0, 3) == counts(index(walked(root)))


def test_cancelling_keeps_what_was_done(tmp_path: Path, cache: Path) -> None:
    """A build stopped midway leaves an index that the next one takes up."""
    lay(tmp_path / "tree", {f"{number}.c": b"int f%d;\n" % number for number in range(20)})
    walk, cancel = walked(tmp_path / "tree"), CancelToken()

    def stop_at_five(done: int, _: int) -> None:
        if done == 5:
            cancel.cancel()

    with pytest.raises(Cancelled):
        build(walk, cache, cancel, stop_at_five)

    assert 15 == build(walk, cache, CancelToken()).parsed
    with open_index(walk, cache) as view:
        assert 20 == len(view.definitions())


def test_a_broken_index_is_made_anew_with_a_note(root: Path, cache: Path, index: Callable[..., BuildReport]) -> None:
    """A damaged file in the cache costs a parse, not an answer."""
    index(walked(root))
    for name in (FILE_NAME, f"{FILE_NAME}-wal"):
        (cache / name).write_bytes(b"\x00garbage" * 1000)
    report = index(walked(root))

    assert (3, 3, 3, 0, 0, 0) == counts(report)
    assert "moved to" in report.notes[0]


def test_hostile_names_are_indexed(tmp_path: Path, index: Callable[..., BuildReport], cache: Path) -> None:
    """Names with quotes, line breaks, escapes and odd bytes are files like others."""
    odd = ["';drop table files--.c", "%_.c", "é.c"]
    if sys.platform != "win32":
        odd += ["new\nline.c", "\x1b[31m.c", os.fsdecode(b"\xff\xfe.c")]
    lay(tmp_path / "tree", {name: b"int in_%d;\n" % number for number, name in enumerate(odd)})
    index(walked(tmp_path / "tree"))

    with open_index(walked(tmp_path / "tree"), cache) as view:
        assert sorted(odd) == [file.path for file in view.files()]
        assert b"int in_0;\n" == view.text(odd[0])


def test_workers_give_what_one_process_gives(
    tmp_path: Path, cache: Path, index: Callable[..., BuildReport], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same facts come out whoever reads the files."""
    lay(tmp_path / "tree", {f"d{n % 7}/{n}.c": b"int f%d(void) { return f%d(); }\n" % (n, n // 2) for n in range(40)})
    walk = walked(tmp_path / "tree")
    monkeypatch.setattr(workers, "FEW_FILES", 10)
    monkeypatch.setattr(workers.os, "cpu_count", lambda: 2)
    report = index(walk)
    with open_index(walk, cache) as view:
        many = facts(view)
    monkeypatch.setattr(workers, "FEW_FILES", 1000)
    build(walk, cache.with_name("alone"), CancelToken())
    with open_index(walk, cache.with_name("alone")) as view:
        alone = facts(view)

    assert 40 == report.parsed
    assert alone == many


def test_cancelling_stops_the_workers(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A build with workers stops midway too and can be taken up again."""
    lay(tmp_path / "tree", {f"{number}.c": b"int f%d;\n" % number for number in range(60)})
    monkeypatch.setattr(workers, "FEW_FILES", 10)
    monkeypatch.setattr(workers.os, "cpu_count", lambda: 2)
    cancel = CancelToken()
    with pytest.raises(Cancelled):
        build(walked(tmp_path / "tree"), cache, cancel, lambda done, _: cancel.cancel() if done == 3 else None)
    monkeypatch.setattr(workers, "FEW_FILES", 1000)

    assert 0 < build(walked(tmp_path / "tree"), cache, CancelToken()).parsed < 60


def test_a_strangers_modules_are_not_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers started inside a hostile tree load nothing from it."""
    lay(tmp_path, {f"{number}.c": b"int f;\n" for number in range(12)})
    for name in ("pickle", "json", "zlib", "tree_sitter"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(workers, "FEW_FILES", 10)
    monkeypatch.setattr(workers.os, "cpu_count", lambda: 2)
    tasks = [workers.Task(str(tmp_path / f"{number}.c"), "c", 7) for number in range(12)]
    made = list(workers.digest_all(tasks, CancelToken()))

    assert 12 == sum(one.packed is not None for one in made)
    assert not (tmp_path / "ran").exists()


def serving(code: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let workers run *code* in place of what they serve."""
    name = f"serving_{len(list(folder.glob('serving_*')))}"
    (folder / f"{name}.py").write_text(
        "import os, time\nfrom codereader.index import workers\nfrom codereader.index.digest import digest\n"
        f"def serve():\n    {code}\n"
    )
    monkeypatch.setattr(sys, "path", [*sys.path, str(folder)])
    monkeypatch.setattr(workers, "_MODULE", name)


def test_a_worker_that_dies_names_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One file that kills its reader is skipped, the others are read."""
    lay(tmp_path, {f"{number}.c": b"int f%d;\n" % number for number in range(12)})
    mortal = "lambda path, language: os._exit(9) if path.endswith('5.c') else digest(path, language)"
    serving(f"workers.serve({mortal})", tmp_path, monkeypatch)
    monkeypatch.setattr(workers, "FEW_FILES", 10)
    monkeypatch.setattr(workers.os, "cpu_count", lambda: 2)
    tasks = [workers.Task(str(tmp_path / f"{number}.c"), "c", 7) for number in range(12)]
    made = list(workers.digest_all(tasks, CancelToken()))

    assert [(5, workers.STOPPED)] == [(n, one.reason) for n, one in enumerate(made) if one.packed is None]


def test_workers_that_do_not_come_up_leave_the_work_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no other interpreter can be started, files are read all the same."""
    lay(tmp_path, {f"{number}.c": b"int f%d;\n" % number for number in range(12)})
    monkeypatch.setattr(workers, "FEW_FILES", 10)
    monkeypatch.setattr(workers.os, "cpu_count", lambda: 2)
    tasks = [workers.Task(str(tmp_path / f"{number}.c"), "c", 7) for number in range(12)]
    for broken in ("raise SystemExit(3)", "print('no pickle')"):
        serving(broken, tmp_path, monkeypatch)

        assert 12 == sum(one.packed is not None for one in workers.digest_all(tasks, CancelToken()))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nothing"))
    assert 12 == sum(one.packed is not None for one in workers.digest_all(tasks, CancelToken()))


def test_without_threads_for_workers_the_work_is_done_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system gives no more threads, files are read all the same."""

    class NoThread(workers.Thread):
        def start(self) -> None:
            raise RuntimeError("can't start new thread")

    lay(tmp_path, {f"{number}.c": b"int f%d;\n" % number for number in range(12)})
    monkeypatch.setattr(workers, "FEW_FILES", 10)
    monkeypatch.setattr(workers.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(workers, "Thread", NoThread)
    tasks = [workers.Task(str(tmp_path / f"{number}.c"), "c", 7) for number in range(12)]

    assert 12 == sum(one.packed is not None for one in workers.digest_all(tasks, CancelToken()))


def test_a_worker_that_sits_on_a_file_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One file that its reader never ends with is skipped with that reason, the others are read."""
    lay(tmp_path, {f"{number}.c": b"int f%d;\n" % number for number in range(12)})
    slow = "lambda path, language: time.sleep(999) if path.endswith('5.c') else digest(path, language)"
    serving(f"workers.serve({slow})", tmp_path, monkeypatch)
    monkeypatch.setattr(workers, "FEW_FILES", 10)
    monkeypatch.setattr(workers, "LONGEST_SECONDS", 2.0)
    monkeypatch.setattr(workers.os, "cpu_count", lambda: 2)
    tasks = [workers.Task(str(tmp_path / f"{number}.c"), "c", 7) for number in range(12)]
    made = list(workers.digest_all(tasks, CancelToken()))

    assert (5, workers.SLOW) in [(n, one.reason) for n, one in enumerate(made) if one.packed is None]
    assert 12 == len(made)


def test_a_script_without_a_main_guard_runs_once(tmp_path: Path) -> None:
    """A program that builds an index at its top level is not run again by the workers."""
    lay(tmp_path / "tree", {f"{number}.c": b"int f%d;\n" % number for number in range(12)})
    script = tmp_path / "script.py"
    script.write_text(
        "from pathlib import Path\nfrom codereader.cancel import CancelToken\nfrom codereader.index import workers\n"
        "print('runs', flush=True)\nworkers.FEW_FILES = 10\nworkers.os.cpu_count = lambda: 2\n"
        f"paths = sorted(Path({str(tmp_path / 'tree')!r}).iterdir())\n"
        "made = workers.digest_all([workers.Task(str(path), 'c', 7) for path in paths], CancelToken())\n"
        "print(sum(one.packed is not None for one in made))\n"
    )

    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=60, check=False)

    assert ("runs\n12\n", "") == (done.stdout, done.stderr)


def test_a_file_that_no_parser_can_take_is_skipped_with_its_reason(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failure nobody thought of costs one file, not the command."""
    lay(tmp_path / "tree", {"a.py": b"x = 1\n", "b.txt": b"words\n"})

    def fail(data: bytes, language: str) -> None:
        raise ZeroDivisionError(language)

    monkeypatch.setattr(parse_module, "parse", fail)
    report = build(walked(tmp_path / "tree"), cache, CancelToken())

    assert [(name, "could not be parsed: ZeroDivisionError") for name in ("a.py", "b.txt")] == [
        (one.path, one.reason) for one in report.skipped
    ]


def test_a_number_too_long_for_python_does_not_end_the_run(tmp_path: Path, cache: Path) -> None:
    """A pyproject.toml with 5,000 digits in a row is read as text without entry points."""
    lay(tmp_path / "tree", {"pyproject.toml": b"[project]\nx = " + b"9" * 5000 + b"\n"})
    report = build(walked(tmp_path / "tree"), cache, CancelToken())

    assert (1, ()) == (report.parsed, report.skipped)


def damage(index: Path) -> None:
    data = bytearray(index.read_bytes())
    for at in range(4096, len(data), 97):
        data[at] ^= 0x55
    index.write_bytes(data)


def test_an_index_damaged_inside_mends_itself(root: Path, cache: Path) -> None:
    """Bytes that went bad within the database cost one more parse and a note, not every command from then on."""
    build(walked(root), cache, CancelToken())
    damage(cache / FILE_NAME)
    mended = build(walked(root), cache, CancelToken())
    again = build(walked(root), cache, CancelToken())

    assert (3, 3) == (mended.parsed, mended.added)
    assert "moved aside and made anew" in mended.notes[0]
    assert (cache / f"{FILE_NAME}.broken").exists()
    assert (0, 3, ()) == (again.parsed, again.unchanged, again.notes)


@pytest.mark.parametrize("column", ["definitions", "refs", "others"])
def test_facts_damaged_inside_are_told_and_the_next_run_mends_them(root: Path, cache: Path, column: str) -> None:
    """What only a reader finds out ends that command with a way out; the same command then works."""
    build(walked(root), cache, CancelToken())
    with closing(sqlite3.connect(cache / FILE_NAME)) as connection, connection:
        connection.execute(f"UPDATE parses SET {column} = x'00'")  # a word of this test
    with pytest.raises(StoreError, match="cannot read the index") as told, open_index(walked(root), cache) as view:
        view.parsed("a.c")

    assert "Run the command again" in told.value.hint
    assert 3 == build(walked(root), cache, CancelToken()).parsed
    with open_index(walked(root), cache) as view:
        assert ["a"] == [one.name for one in view.parsed("a.c").definitions]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signal masks; a flag of the process does it there")
@pytest.mark.parametrize("thread", ["main", "other"])
def test_ctrl_c_prints_no_traceback_of_a_worker(thread: str) -> None:
    """An interrupt on the terminal does not reach a worker, even while it imports; the owner's mask is as before."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    started: list[subprocess.Popen[bytes]] = []

    def start() -> None:
        started.append(interpreter.start(workers._MODULE, "serve", subprocess.DEVNULL))

    if thread == "main":
        start()
    else:
        other = threading.Thread(target=start)
        other.start()
        other.join()
    (process,) = started
    process.send_signal(signal.SIGINT)
    try:
        output, _ = process.communicate(timeout=60)
    finally:
        process.kill()

    assert None is pickle.loads(output)
    assert 0 == process.returncode
    assert before == signal.pthread_sigmask(signal.SIG_BLOCK, ())


BUILD = """
import os, sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from test_build import walked
from codereader.cancel import CancelToken
from codereader import interpreter
from codereader.index import build, workers
build.BATCH_FILES, workers.FEW_FILES, workers.os.cpu_count = 8, 10, lambda: 2
start = interpreter.start
def told(*what):
    process = start(*what)
    os.write(1, b"worker %d\\n" % process.pid)
    return process
interpreter.start = told
tell = lambda done, _: os.write(1, b"done %d\\n" % done)
build.build(walked(Path(sys.argv[1])), Path(sys.argv[2]), CancelToken(), tell)
"""
"""A build that tells of its workers and of each file, a line at a time although threads speak at once."""


def killed(root: Path, cache: Path, after: int) -> list[int]:
    """Kill a build (SIGKILL) when *after* files are done; return its workers."""
    pids = []
    command = [sys.executable, "-c", BUILD, str(root), str(cache), str(Path(__file__).parent)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        for line in process.stdout:
            word, number = line.split()
            pids += [int(number)] if word == "worker" else []
            if (word, int(number)) == ("done", after):
                process.kill()
    return pids


@pytest.mark.parametrize("after", [1, 9, 24, 39])
def test_a_killed_build_leaves_an_index_that_the_next_one_takes_up(tmp_path: Path, cache: Path, after: int) -> None:
    """Whenever the kill comes, the database is whole, what was written is kept, and the outcome is that of no kill."""
    root = tmp_path / "tree"
    lay(root, {f"d{n % 7}/{n}.c": b"int f%d(void) { return f%d(); }\n" % (n, n // 2) for n in range(40)})
    killed(root, cache, after)
    with closing(sqlite3.connect(cache / FILE_NAME)) as connection:
        health = connection.execute("PRAGMA integrity_check").fetchall()
        (kept,) = connection.execute("SELECT count(*) FROM parses").fetchone()
    resumed = build(walked(root), cache, CancelToken())
    build(walked(root), tmp_path / "clean", CancelToken())
    with open_index(walked(root), cache) as one, open_index(walked(root), tmp_path / "clean") as other:
        same = facts(one) == facts(other) and one.reference_counts() == other.reference_counts()

    assert [("ok",)] == health
    assert (after - 1) // 8 * 8 <= kept
    assert (40 - kept, 40) == (resumed.parsed, resumed.added + resumed.unchanged)
    assert same


def test_workers_end_when_their_owner_is_killed(tmp_path: Path, cache: Path) -> None:
    """A build that is gone leaves no process behind."""
    psutil = pytest.importorskip("psutil")
    lay(tmp_path / "tree", {f"{number}.c": b"int f%d;\n" % number for number in range(40)})
    pids = killed(tmp_path / "tree", cache, 3)
    left = [psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)]
    _, alive = psutil.wait_procs(left, timeout=60)

    assert 2 == len(pids)
    assert [] == alive


def test_a_worker_ends_with_its_owner_in_the_middle_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one whose file would keep it busy for ever."""
    serving("workers.serve(lambda path, language: [None for _ in iter(int, 1)])", tmp_path, monkeypatch)
    with interpreter.start(workers._MODULE, "serve", subprocess.DEVNULL) as process:
        assert process.stdin
        assert process.stdout
        workers._receive(process.stdout)
        workers._send(process.stdin, [workers.Task("a.c", "c", 1)])
        process.stdin.close()

        assert 0 == process.wait(60)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
def test_what_a_file_turned_into_is_told(root: Path, index: Callable[..., BuildReport]) -> None:
    """A file that became a folder, a pipe, or a link between the walk and the reading is skipped, not waited for."""
    lay(root, {"d.c": b"int d;\n", "p.c": b"int p;\n", "l.c": b"int l;\n"})
    walk = walked(root)
    for name in ("d.c", "p.c", "l.c"):
        (root / name).unlink()
    (root / "d.c").mkdir()
    os.mkfifo(root / "p.c")
    (root / "l.c").symlink_to("/etc/passwd")
    report = index(walk)

    assert ["d.c", "l.c", "p.c"] == [one.path for one in report.skipped]
    assert all("cannot be read" in one.reason for one in report.skipped)
    assert 3 == report.files


def test_a_file_that_grows_while_it_is_read_is_told(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is never twice the same cannot be read; nothing of it is kept."""
    real = digest_module._read

    def growing(path: str) -> tuple[bytes, os.stat_result, os.stat_result]:
        data, before, after = real(path)
        return data + b"x", before, after

    monkeypatch.setattr(digest_module, "_read", growing)
    report = digest_module.digest(str(root / "a.c"), "c")

    assert (None, "changes while it is read") == (report.packed, report.reason)


def test_going_to_another_branch_parses_only_what_differs(root: Path, index: Callable[..., BuildReport]) -> None:
    """Contents seen before are not parsed again, whichever branch held them."""
    index(walked(root))
    lay(root, {"a.c": b"int branch;\n", "only.c": b"int only;\n"}, age=5)
    there = index(walked(root))
    (root / "only.c").unlink()
    lay(root, SMALL, age=4)
    back = index(walked(root))
    lay(root, {"a.c": b"int branch;\n", "only.c": b"int only;\n"}, age=3)
    again = index(walked(root))

    assert [2, 0, 0] == [there.parsed, back.parsed, again.parsed]
    assert [1, 1, 1] == [there.changed, back.changed, again.changed]


def test_contents_that_no_file_holds_are_bounded(
    root: Path, cache: Path, index: Callable[..., BuildReport], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The longest unused go first; names are still found; one that a file holds again stays."""
    monkeypatch.setattr(pruning, "KEPT_LEAST", 0)
    monkeypatch.setattr(pruning, "KEPT_SHARE", 1)
    for number in range(9):
        lay(root, {"a.c": b"int v%d;\n" % number})
        index(walked(root))
    lay(root, {"a.c": b"int v7;\n"}, age=4)
    back = index(walked(root))
    with closing(open_store(cache)) as store:
        left, in_use = store.count_contents(), store.count_in_use()
        known = [bool(store.mentions(f"v{number}")) for number in range(9)]

    assert (6, 3) == (left, in_use)
    assert 0 == back.parsed
    assert [False] * 5 + [True] * 4 == known


def test_contents_unused_for_a_month_are_forgotten(root: Path, cache: Path, index: Callable[..., BuildReport]) -> None:
    """Their age counts from the day on which the last file went."""
    index(walked(root))
    (root / "m.py").unlink()
    index(walked(root))
    with closing(open_store(cache)) as store:
        with store.batch():
            today = store.unused()[0][1]
            early, late = pruning.prune(store, today + 30), pruning.prune(store, today + 31)
        left = store.count_contents()

    assert (0, 1, 2) == (early, late, left)


def test_an_index_that_cannot_be_written_answers_as_it_is(
    root: Path, cache: Path, index: Callable[..., BuildReport]
) -> None:
    """Whole it says nothing; with changes since, these are left out and counted; without any index it is an error."""
    index(walked(root))
    (cache / f"{FILE_NAME}-wal").mkdir()
    whole = index(walked(root))
    lay(root, {"a.c": b"int later;\n"}, age=5)
    partly = index(walked(root))
    with open_index(walked(root), cache) as view:
        names = [at.fact.name for at in view.definitions(path="sub/b.c")]
    lay(root, {"m.py": b"later = 1\n", "sub/b.c": b"int later;\n"}, age=5)
    with pytest.raises(StoreError, match="cannot open the index"):
        index(walked(root))

    assert ((3, 0, 0, 0, 0, 3), (), 0) == (counts(whole), whole.notes, whole.outdated)
    assert ((2, 0, 0, 0, 0, 2), 1) == (counts(partly), partly.outdated)
    assert "1 of 3 files are new or changed" in partly.notes[0]
    assert ["b"] == names


def test_text_is_what_was_indexed_or_nothing(root: Path, index: Callable[..., BuildReport], cache: Path) -> None:
    """A file that changed or went since it was indexed is refused with a hint."""
    index(walked(root))
    with open_index(walked(root), cache) as view:
        before = view.text("a.c")
        (root / "a.c").write_bytes(b"int other;\n")
        (root / "m.py").unlink()
        with pytest.raises(NothingReadable, match="changed since"):
            view.text("a.c")
        with pytest.raises(NothingReadable, match="gone"):
            view.text("m.py")
        with pytest.raises(NothingReadable, match="not in the index"):
            view.text("../../etc/passwd")

    assert SMALL["a.c"] == before


def test_the_view_answers_by_name_path_and_caller(root: Path, index: Callable[..., BuildReport], cache: Path) -> None:
    """Each filter narrows, together they narrow further, and nothing outside the scope is seen."""
    lay(root, {"t.c": b"struct ops o = { .go = b };\nint c(void) { a(); a(); return b(); }\n"})
    index(walked(root))
    with open_index(walked(root), cache) as view:
        assert ["a.c", "m.py", "sub/b.c", "t.c"] == [file.path for file in view.files()]
        assert [("sub/b.c", "b")] == [(at.path, at.fact.name) for at in view.definitions(name="b")]
        assert [] == list(view.definitions(name="b", path="a.c"))
        assert ["o"] == [at.fact.name for at in view.definitions(kinds=("variable",))]
        assert [("m.py", 1), ("t.c", 1), ("t.c", 1)] == [(at.path, at.fact.row) for at in view.references(name="a")]
        assert ["a", "a", "b"] == [at.fact.name for at in view.references(caller="c", kind="call")]
        assert view.references(name="a")[0] == view.first_reference("a")
        assert view.first_reference("nothing") is None
        assert [("t.c", "o", "go")] == [(at.path, at.fact.variable, at.fact.field) for at in view.tables(function="b")]
        assert {"a": 3, "b": 3} == {name: view.reference_counts()[name] for name in "ab"}
        assert view.parsed("t.c").definitions == tuple(at.fact for at in view.definitions(path="t.c"))
        assert view.file("nothing") is None
    with open_index(walked(root, "sub"), cache) as view:
        assert ["b.c"] == [file.path for file in view.files()]
        assert [] == list(view.references(name="b"))
        assert [("../t.c", "c")] == [(at.path, at.fact.name) for at in view.elsewhere("c")]
        assert [] == list(view.elsewhere("b"))
        assert (True, False) == (view.is_elsewhere("t.c"), view.is_elsewhere("u.c"))


def test_rows_do_not_depend_on_the_hash_seed(root: Path, cache: Path, tmp_path: Path) -> None:
    """Two seeds write the same facts."""
    program = (
        "import json, sys\nfrom pathlib import Path\nfrom codereader.index.parse import parse\n"
        "from codereader.index.rows import pack\n"
        "p = pack(parse(Path(sys.argv[1]).read_bytes(), 'c'))\n"
        "print(json.dumps([p.definitions.hex(), p.references.hex(), p.others.hex(), p.names.hex() + p.mentions.hex()]))"
    )
    source = tmp_path / "many.c"
    source.write_text(
        "".join(f"struct s{n} {{ int a; }};\nint f{n}(struct s{n} *p) {{ g{n}(h{n}, p); }}\n" for n in range(50))
    )
    made = [
        subprocess.run(
            [sys.executable, "-c", program, str(source)],
            capture_output=True, check=True, env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    ]  # fmt: skip

    assert made[0] == made[1]
    assert 4 == len(json.loads(made[0]))
