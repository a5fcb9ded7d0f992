"""Files that are known to hold no credential: not read again, and never taken for known where they are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from codereader.pack.secrets import Redactor, clean, find, marker
from codereader.pack.secrets.clean import MANY, Clean
from codereader.reader import Reader

KEY = "AIza" + "SyA1234567890abcdefghijklmnopqrstuv"
PLAIN = "int f(void)\n{\n\treturn 0;\n}\n"
SECRET = f'int g;\nchar *key = "{KEY}";\n'


def opened(tree: Path, cache: Path) -> Reader:
    """Open a reader of *tree* as a new command would."""
    reader = Reader(tree, cache=cache)
    reader.open()
    return reader


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A file without and one with a credential."""
    made = tmp_path / "tree"
    made.mkdir()
    (made / "plain.c").write_text(PLAIN)
    (made / "secret.c").write_text(SECRET)
    return made


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The first line of each text that is looked through."""
    lines: list[str] = []
    real = find.find_secrets

    def spy(text: str | bytes) -> tuple[find.Secret, ...]:
        data = text if isinstance(text, bytes) else text.encode()
        lines.append(data.partition(b"\n")[0].decode())
        return real(text)

    monkeypatch.setattr(find, "find_secrets", spy)
    return lines


def shown(tree: Path, cache: Path) -> list[str]:
    """Return both files as one command shows them."""
    with opened(tree, cache) as reader:
        redact = reader.redactor()
        return [redact(name, (tree / name).read_text()) for name in ("plain.c", "secret.c")]


def test_a_file_without_credentials_is_looked_through_once(tree: Path, tmp_path: Path, looked: list[str]) -> None:
    """The second command reads only the file that holds one, and hides it again."""
    first = shown(tree, tmp_path / "cache")
    again = shown(tree, tmp_path / "cache")

    assert [PLAIN, SECRET.replace(KEY, marker("Google API key"))] == first == again
    assert ["int f(void)", "int g;", "int g;"] == looked


def test_a_credential_that_is_put_into_a_clean_file_is_found(tree: Path, tmp_path: Path) -> None:
    """What is known is known of a content, not of a name."""
    shown(tree, tmp_path / "cache")
    (tree / "plain.c").write_text(SECRET)

    assert KEY not in "".join(shown(tree, tmp_path / "cache"))


def test_a_copy_of_a_clean_file_is_clean(tree: Path, tmp_path: Path, looked: list[str]) -> None:
    """Another name, another folder: the same content."""
    shown(tree, tmp_path / "cache")
    looked.clear()
    (tree / "copy.c").write_text(PLAIN)

    with opened(tree, tmp_path / "cache") as reader:
        assert PLAIN == reader.redactor()("copy.c", PLAIN)
    assert [] == looked


def test_a_text_in_one_line_is_looked_through_itself(tree: Path, tmp_path: Path) -> None:
    """A line made of a clean file may hold what the file does not."""
    shown(tree, tmp_path / "cache")

    with opened(tree, tmp_path / "cache") as reader:
        assert KEY not in reader.redactor()("plain.c", f"=== plain.c: {KEY}\n")


def test_new_formats_look_through_everything_again(
    tree: Path, tmp_path: Path, looked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A version that knows more credentials does not believe the one before."""
    shown(tree, tmp_path / "cache")
    looked.clear()
    monkeypatch.setattr(clean, "deciding", lambda: bytes(32))
    shown(tree, tmp_path / "cache")

    assert ["int f(void)", "int g;"] == looked


def test_two_redactors_of_one_reader_share_what_they_know(tree: Path, tmp_path: Path, looked: list[str]) -> None:
    """What the first found clean the second does not look through."""
    with opened(tree, tmp_path / "cache") as reader:
        for redact in (reader.redactor(), reader.redactor()):
            assert PLAIN == redact("plain.c", PLAIN)

    assert ["int f(void)"] == looked


def test_a_file_that_changed_since_it_was_indexed_is_not_known(tree: Path, tmp_path: Path) -> None:
    """Its text is looked through as it is."""
    shown(tree, tmp_path / "cache")

    with opened(tree, tmp_path / "cache") as reader:
        (tree / "secret.c").write_text(SECRET + "int h;\n")
        assert KEY not in reader.redactor()("secret.c", SECRET + "int h;\n")


def test_what_the_index_does_not_hold_is_never_clean(tmp_path: Path) -> None:
    """A diff or a log has no content of its own to be known by."""
    known = Clean({"a": "11" * 20}.get, tmp_path)
    known.add("a")
    known.add("log")

    assert ["a"] == [name for name in ("a", "log") if name in known]
    assert PLAIN == Redactor(clean=known)("log", PLAIN)
    assert "log" not in known


def test_who_asks_for_many_files_is_told_the_same_as_who_asks_for_one(tmp_path: Path) -> None:
    """Those of a whole scope are looked up at once; a file that was never looked through stays unknown."""
    blobs = {f"{number}.c": f"{number:040x}" for number in range(3 * MANY)}
    known = Clean(blobs.get, tmp_path)
    for path in list(blobs)[::2]:
        known.add(path)
    known.close()
    again = Clean(blobs.get, tmp_path, blobs.values)

    assert list(blobs)[::2] == [path for path in blobs if path in again]
