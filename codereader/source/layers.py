"""Which rules are in force in a folder, and which of them wins.

For git: the ``.gitignore`` of the folder, those of its parents, ``info/exclude``, the person's own excludes file; the
first that has a word on a path decides. On top of that stand, stronger first, the ``--exclude`` flags,
``.codereaderignore`` and ``.ignore``: they may hide what git lists and bring back what git hides.
Paths are bytes relative to the root of the scope.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from codereader.source.disk import read_small
from codereader.source.ignore import MAX_RULES_BYTES, Rules, parse_rules

GIT_RULES = ".gitignore"
STRONG_RULES = ".codereaderignore"
WEAK_RULES = ".ignore"


@dataclass(frozen=True, slots=True)
class Layer:
    """The rules of one file. They judge paths from byte `base` on; `name` is what to call the file."""

    rules: Rules
    base: int
    name: str


@dataclass(frozen=True, slots=True)
class Layers:
    """All rules in force in one folder, the strongest first in each tuple."""

    git: tuple[Layer, ...] = ()
    flags: tuple[Layer, ...] = ()
    strong: tuple[Layer, ...] = ()
    weak: tuple[Layer, ...] = ()

    def git_hides(self, path: bytes, *, is_folder: bool) -> bool:
        """Tell whether git's rules hide *path*."""
        return (_first_word(self.git, path, is_folder=is_folder) or (False, ""))[0]

    def own_word(self, path: bytes, *, is_folder: bool) -> tuple[bool, str] | None:
        """Return whether our own rules hide *path*, and the name of the file that says so; None if none fits it."""
        for layers in (self.flags, self.strong, self.weak):
            if layers and (word := _first_word(layers, path, is_folder=is_folder)):
                return word
        return None

    def git_inside(self, folder: Path, base: int, *, fold: bool) -> Layers:
        """Return the layers after reading the ``.gitignore`` of *folder*; paths in it begin at byte *base*."""
        return replace(self, git=(*_read(folder, GIT_RULES, base, fold=fold), *self.git))

    def own_inside(self, folder: Path, base: int) -> Layers:
        """Return the layers after reading our own rule files in *folder*; paths in it begin at byte *base*."""
        strong, weak = _read(folder, STRONG_RULES, base), _read(folder, WEAK_RULES, base)
        return replace(self, strong=(*strong, *self.strong), weak=(*weak, *self.weak)) if strong or weak else self


def layer_of(path: Path, *, fold: bool) -> tuple[Layer, ...]:
    """Return the layer of a rule file outside the tree, which judges whole paths; empty if it says nothing."""
    found = read_small(path, MAX_RULES_BYTES)
    rules = parse_rules(found[0], fold=fold) if found else None
    return (Layer(rules, 0, path.name),) if rules else ()


def _read(folder: Path, name: str, base: int, *, fold: bool = False) -> tuple[Layer, ...]:
    """Read a rule file inside the tree. As in git, a symbolic link in its place is not followed."""
    found = read_small(folder / name, MAX_RULES_BYTES, follow=False)
    rules = parse_rules(found[0], fold=fold) if found else None
    return (Layer(rules, base, name),) if rules else ()


def _first_word(layers: tuple[Layer, ...], path: bytes, *, is_folder: bool) -> tuple[bool, str] | None:
    for layer in layers:
        hides = layer.rules.verdict(path[layer.base :] if layer.base else path, is_folder=is_folder)
        if hides is not None:
            return hides, layer.name
    return None
