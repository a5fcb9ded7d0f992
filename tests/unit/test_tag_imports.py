"""Which files an import means, in the languages that are read through tags."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from codereader.cancel import CancelToken
from codereader.index.build import build
from codereader.index.tagged.imports import Place, places
from codereader.index.view import open_index
from codereader.source.languages import language
from codereader.source.walk import open_scope, walk

FILES = {
    "web/a.js": "",
    "web/part.tsx": "",
    "web/lib/index.ts": "",
    "go.mod": "module example.org/tool\n",
    "kit/kit.go": "package kit\n",
    "kit/notes.txt": "no Go\n",
    "crates/one/Cargo.toml": '[package]\nname = "one-two"\n',
    "crates/one/src/lib.rs": "",
    "crates/one/src/deep.rs": "",
    "crates/one/src/deep/inner.rs": "",
    "java/org/box/Box.java": "",
    "bin/lib.sh": "",
}

Find = Callable[[str, str, str], Place | None]


@pytest.fixture
def find(tmp_path: Path) -> Iterator[Find]:
    """Tell where an import of a language leads from a file."""
    for name, text in FILES.items():
        path = tmp_path / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    walked = walk(open_scope(tmp_path / "tree"), CancelToken())
    build(walked, tmp_path / "cache", CancelToken())
    with open_index(walked, tmp_path / "cache") as view:

        def found(key: str, path: str, target: str) -> Place | None:
            known = language(key)
            assert known is not None
            return places(view).find(known, path, target)

        yield found


@pytest.mark.parametrize(
    ("key", "path", "target", "files", "inside"),
    [
        ("javascript", "web/lib/index.ts", "../a", ("web/a.js",), ()),
        ("javascript", "web/a.js", "./lib", ("web/lib/index.ts",), ()),
        ("typescript", "web/a.js", "./part.jsx", ("web/part.tsx",), ()),
        ("go", "main.go", "example.org/tool/kit", ("kit/kit.go",), ()),
        ("rust", "crates/one/src/lib.rs", "deep::inner::go", ("crates/one/src/deep/inner.rs",), ("go",)),
        ("rust", "crates/one/src/deep/inner.rs", "super::Box", ("crates/one/src/deep.rs",), ("Box",)),
        ("rust", "crates/one/src/deep/inner.rs", "crate::top", ("crates/one/src/lib.rs",), ("top",)),
        ("rust", "elsewhere.rs", "one_two::deep", ("crates/one/src/deep.rs",), ()),
        ("java", "java/Main.java", "org.box.Box.Lid", ("java/org/box/Box.java",), ("Lid",)),
        ("java", "java/Main.java", "org.box", ("java/org/box/Box.java",), ()),
        ("bash", "bin/run.sh", "./lib.sh", ("bin/lib.sh",), ()),
        ("bash", "bin/run.sh", '"$HERE/lib.sh"', ("bin/lib.sh",), ()),
    ],
)
def test_an_import_leads_to_files_of_the_scope(
    find: Find, key: str, path: str, target: str, files: tuple[str, ...], inside: tuple[str, ...]
) -> None:
    """Each language names them in its way; what is left of the target names something inside them."""
    assert Place(files, inside) == find(key, path, target.strip('"'))


@pytest.mark.parametrize(
    ("key", "path", "target"),
    [
        ("javascript", "web/a.js", "a"),
        ("javascript", "web/a.js", "../../web/a"),
        ("javascript", "web/a.js", "./absent"),
        ("go", "main.go", "example.org/tool/absent"),
        ("go", "main.go", "example.org/toolkit"),
        ("go", "main.go", "fmt"),
        ("rust", "crates/one/src/lib.rs", "serde::de"),
        ("java", "java/Main.java", "org.far.Box"),
        ("bash", "bin/run.sh", "/etc/profile"),
        ("cpp", "a.cpp", "a.h"),
    ],
)
def test_what_lies_outside_the_scope_is_nowhere(find: Find, key: str, path: str, target: str) -> None:
    """Other packages, absent files and paths that leave the scope."""
    assert find(key, path, target) is None
