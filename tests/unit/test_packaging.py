"""The tool works from a checkout and from a wheel: grammars travel with it."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ASK = (
    "from codereader.source.languages import grammar_folder; from codereader.index.parse import parse;"
    "print(grammar_folder()); print(parse(b'int main(void) { return 0; }', 'c').definitions[0].name)"
)


def answer(folder: Path) -> list[str]:
    """Return what `ASK` prints with the package of *folder*."""
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
    )
    return done.stdout.splitlines()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from this checkout."""
    from hatchling.builders.wheel import WheelBuilder

    (built,) = WheelBuilder(str(ROOT)).build(directory=str(tmp_path_factory.mktemp("dist")), versions=["standard"])
    return Path(built)


def test_grammars_are_found_in_a_checkout() -> None:
    """They lie beside the package."""
    assert [str(ROOT / "grammars"), "main"] == answer(ROOT)


def test_grammars_are_found_in_a_wheel(wheel: Path, tmp_path: Path) -> None:
    """They lie inside the package."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)

    assert [str(tmp_path / "codereader" / "grammars"), "main"] == answer(tmp_path)


def test_a_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    """Code, grammars, type marker, metadata; no tests, no corpus."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()

    assert {"codereader"} == {name.split("/")[0] for name in names if ".dist-info" not in name}
    assert {"codereader/py.typed", "codereader/grammars/c/tags.scm", "codereader/grammars/c/language.toml"} <= set(
        names
    )
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_a_wheel_holds_the_models_that_are_known_by_name(wheel: Path) -> None:
    """Every data file of the checkout."""
    with zipfile.ZipFile(wheel) as archive:
        shipped = {name for name in archive.namelist() if name.startswith("codereader/model/known/")}

    assert {f"codereader/model/known/{path.name}" for path in (ROOT / "codereader/model/known").glob("*.*")} <= shipped


def test_every_grammar_is_a_dependency() -> None:
    """A language in grammars/ has its wheel among the dependencies."""
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    for described in sorted((ROOT / "grammars").glob("*/language.toml")):
        wheel_name = tomllib.loads(described.read_text())["wheel"].replace("_", "-")
        assert any(line.startswith(f"{wheel_name}>=") for line in wanted), described.parent.name
