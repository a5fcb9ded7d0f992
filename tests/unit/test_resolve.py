"""What a name means where it is used."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from codereader.cancel import CancelToken
from codereader.index.build import build
from codereader.index.resolve import resolve
from codereader.index.view import IndexView, open_index
from codereader.source.scope import Scope, SourceFile, Walk

FILES = {
    "a.c": '#include "box.h"\nint f(void) { g(); lid(); only(); hidden(); SIZE(); }\nstatic int g(void) { }\n',
    "b.c": "static int hidden(void) { }\nint only(void) { }\nstatic int g(void) { }\nint twice(void) { }\n",
    "c.c": "int twice(void) { }\n#ifdef A\nint forked(void) { }\n#else\nint forked(void) { }\n#endif\n",
    "include/box.h": "#include <inner.h>\n#define SIZE() 1\n",
    "include/inner.h": "static inline int lid(void) { return 1; }\n",
    "other.h": "static inline int lid(void) { return 2; }\n",
    "pkg/__init__.py": "from .core import Box as Chest\nfrom .core import make\n",
    "pkg/core.py": (
        "class Box:\n    def open(self):\n        self.shut()\n    def shut(self):\n        pass\n"
        "def make():\n    pass\n"
    ),
    "pkg/use.py": (
        "import os\nimport pkg.core\nfrom . import core\nfrom pkg import Chest, make\nfrom pkg import core as heart\n"
        "def local():\n    pass\n"
    ),
}


@pytest.fixture
def view(tmp_path: Path) -> Iterator[IndexView]:
    root = tmp_path / "tree"
    found = []
    for name, text in sorted(FILES.items()):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        state = path.stat()
        language = "python" if name.endswith(".py") else "c"
        found.append(SourceFile(name, state.st_size, state.st_mtime_ns, state.st_ino, language))
    walk = Walk(Scope(root=root), tuple(found))
    build(walk, tmp_path / "cache", CancelToken())
    with open_index(walk, tmp_path / "cache") as opened:
        yield opened


def meant(view: IndexView, path: str, name: str, receiver: str | None = None) -> list[tuple[str, str]]:
    return [(one.definition.path, one.confidence) for one in resolve(view, path, name, receiver)]


@pytest.mark.parametrize(
    ("path", "name", "wanted"),
    [
        ("a.c", "g", [("a.c", "same file")]),
        ("a.c", "lid", [("include/inner.h", "visible by include")]),
        ("a.c", "SIZE", [("include/box.h", "visible by include")]),
        ("a.c", "only", [("b.c", "only one")]),
        ("a.c", "hidden", []),
        ("a.c", "twice", [("b.c", "one of 2"), ("c.c", "one of 2")]),
        ("a.c", "forked", [("c.c", "only one"), ("c.c", "only one")]),
        ("a.c", "printk", []),
        ("nowhere.c", "only", []),
    ],
)
def test_a_c_name_is_found_where_the_compiler_would_look(
    view: IndexView, path: str, name: str, wanted: list[tuple[str, str]]
) -> None:
    """The file itself, then its includes, then what others offer; never another file's static."""
    assert wanted == meant(view, path, name)


def test_a_call_through_a_member_means_no_function_by_name(view: IndexView) -> None:
    """``a->only()`` is not the function ``only``."""
    assert [] == meant(view, "a.c", "only", "a")


@pytest.mark.parametrize(
    ("name", "receiver", "wanted"),
    [
        ("local", None, [("pkg/use.py", "same file")]),
        ("make", None, [("pkg/core.py", "visible by include")]),
        ("Chest", None, [("pkg/core.py", "visible by include")]),
        ("Box", None, []),
        ("make", "core", [("pkg/core.py", "visible by include")]),
        ("make", "heart", [("pkg/core.py", "visible by include")]),
        ("make", "pkg.core", [("pkg/core.py", "visible by include")]),
        ("open", "Chest", [("pkg/core.py", "visible by include")]),
        ("shut", "thing", [("pkg/core.py", "one of 2")]),
        ("join", "os.path", []),
        ("append", "things", []),
    ],
)
def test_a_python_name_is_found_where_an_import_leads(
    view: IndexView, name: str, receiver: str | None, wanted: list[tuple[str, str]]
) -> None:
    """Aliases, re-exports, modules and classes as receivers are followed; foreign modules are not."""
    assert wanted == meant(view, "pkg/use.py", name, receiver)


def test_self_means_the_files_own_methods(view: IndexView) -> None:
    """``self.shut()`` is the method beside it."""
    assert [("pkg/core.py", "same file")] == meant(view, "pkg/core.py", "shut", "self")
