"""Which file an import names."""

from __future__ import annotations

import pytest

from codereader.index.python.modules import Modules

INSIDE = ["__init__.py", "server/__init__.py", "server/app.py", "logging.py", "types.pyi", "notes.txt"]


@pytest.mark.parametrize(
    ("path", "target", "wanted"),
    [
        ("server/app.py", "boxes.server.app", "server/app.py"),
        ("server/app.py", "boxes", "__init__.py"),
        ("server/app.py", "lib.boxes.logging", "logging.py"),
        ("server/app.py", ".app", "server/app.py"),
        ("server/app.py", "..logging", "logging.py"),
        ("server/app.py", ".", "server/__init__.py"),
        ("server/app.py", "....far", None),
        ("server/app.py", "logging", None),
        ("server/app.py", "boxes.notes", None),
        ("server/app.py", "elsewhere.app", None),
    ],
)
def test_an_import_leads_to_the_file_that_it_loads(path: str, target: str, wanted: str | None) -> None:
    """A package opened as the scope is found by its own name, and not in place of the standard library."""
    assert wanted == Modules(INSIDE, ("lib", "boxes")).find(path, target)


def test_a_module_starts_at_any_folder_outside_packages() -> None:
    """In a scope with src/, modules are imported from below it; inside a package its name stands first."""
    modules = Modules(["src/boxes/__init__.py", "src/boxes/lid.py", "tools/saw.py"])

    assert "src/boxes/lid.py" == modules.find("tools/saw.py", "boxes.lid")
    assert "tools/saw.py" == modules.find("src/boxes/lid.py", "saw")
    assert modules.find("tools/saw.py", "lid") is None
