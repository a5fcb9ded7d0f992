"""Which files of a scope belong together: folders, and where a folder is flat, files of one makefile object or name.

A group is named by a glob of what it holds: ``ipv4/`` a folder with all below it, ``ipv4/*`` its own files, ``tcp_*``
files of a flat folder that share the first word of their names, ``route.c`` a file alone. Knows paths, sizes and build
rules; what stands in the files is no matter here.
"""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from codereader.facts.rank import is_minor

COMPOSITE_SHARE = 0.6
"""So much of a flat folder must be linked into two or more composite objects for these to be its groups."""

NO_CODE = frozenset({"markdown", "text", "json", "yaml", "toml", "make", "kconfig"})
"""Languages of files that are not code."""

LARGEST_SHARE = 0.8
"""With so much of it in one object, objects tell nothing apart."""

SHORT_WORD = 3
"""A first word with fewer characters (``ip``) takes no file of another first word (``ipmr``) into its group."""

MOST_WORDS = 4
"""So many first words of a name are looked at before files of a flat folder are left together."""

_BESIDE = re.compile(
    r"(^|/)(__\w*tests?\w*__|specs?|testdata|playground|e2e|fuzz|benches)/|\.(spec|test)\.\w+$|-(kunit|test)\.\w+$",
    re.IGNORECASE,
)
_WORDS = re.compile(r"[^_-]+[_-]*")
_SEPARATORS = "_-"


@dataclass(frozen=True, slots=True)
class Group:
    """Files that belong together. *files* keep the order of what was grouped.

    `folder` is the one they lie in, without a slash at its end; `whole` tells that everything below it belongs here.
    """

    name: str
    folder: str
    files: tuple[str, ...]
    whole: bool = False

    @property
    def is_minor(self) -> bool:
        """Whether it holds tests, documentation, examples and the like alone."""
        return all(is_beside(path) for path in self.files)


def is_beside(path: str) -> bool:
    """Tell whether *path* holds tests, documentation, examples and the like, by the customs of any language."""
    return is_minor(path) or bool(_BESIDE.search(path))


def scope_group(files: Sequence[str]) -> Group:
    """Return all *files* as one group."""
    return Group("./", "", tuple(files), whole=True)


def split(group: Group, objects: Mapping[str, str]) -> tuple[Group, ...]:
    """Return the groups that *group* is made of, itself alone where it cannot be told apart.

    *objects* tells which composite object a source file is linked into.
    """
    made = _folders(group) if group.whole else ()
    if len(made) == 1 and made[0].whole:
        return split(made[0], objects)
    found = made if len(made) > 1 else _flat(group, objects)
    return found if len(found) > 1 else (group,)


def _folders(group: Group) -> tuple[Group, ...]:
    """Return one group a folder inside, the folder's own files as one more."""
    prefix = f"{group.folder}/" if group.folder else ""
    inside: dict[str, list[str]] = {}
    for path in group.files:
        first, slash, _ = path[len(prefix) :].partition("/")
        inside.setdefault(prefix + first if slash else "", []).append(path)
    own = inside.pop("", [])
    made = [_collapsed(files) for files in inside.values()]
    if own:
        made.append(Group(f"{prefix or './'}*", group.folder, tuple(own)))
    return tuple(made)


def _collapsed(files: Sequence[str]) -> Group:
    """Return the group of a folder, named by the deepest folder that holds all its files."""
    deepest = posixpath.commonpath([posixpath.dirname(path) for path in files])
    return Group(f"{deepest}/", deepest, tuple(files), whole=True)


def _flat(group: Group, objects: Mapping[str, str]) -> tuple[Group, ...]:
    """Tell the files of one folder apart: by composite object where these cover it, else by their names."""
    minor = [path for path in group.files if is_beside(path)]
    files = [path for path in group.files if path not in set(minor)]
    made = _composites(group.folder, files, objects) or _by_words(group.folder, files)
    if minor and made:
        made.append(Group(_glob(group.folder, "*test*"), group.folder, tuple(minor)))
    return tuple(made)


def _composites(folder: str, files: Sequence[str], objects: Mapping[str, str]) -> list[Group]:
    inside: dict[str, list[str]] = {}
    for path in files:
        inside.setdefault(objects.get(path, ""), []).append(path)
    apart = inside.pop("", [])
    linked = len(files) - len(apart)
    largest = max((len(some) for some in inside.values()), default=0)
    if len(inside) < 2 or linked < COMPOSITE_SHARE * len(files) or largest > LARGEST_SHARE * linked:
        return []
    made = [Group(_glob(folder, name), folder, tuple(some)) for name, some in inside.items()]
    rest = _by_words(folder, apart) or ([Group(_name(folder, apart, files), folder, tuple(apart))] if apart else [])
    return [*made, *rest]


def _by_words(folder: str, files: Sequence[str]) -> list[Group]:
    """Group *files* of one folder by as many first words of their names as tell them apart."""
    for many in range(1, MOST_WORDS + 1):
        made = _by_head(folder, files, many)
        if len(made) > 1:
            return made
    return []


def _by_head(folder: str, files: Sequence[str], many: int) -> list[Group]:
    heads = {path: _head(_stem(path), many) for path in files}
    counts = Counter(heads.values())
    strong = sorted((head for head in counts if len(head) >= SHORT_WORD and counts[head] > 1), key=len)
    inside: dict[str, list[str]] = {}
    for path in files:
        head = next((one for one in strong if _stem(path).lower().startswith(one)), heads[path])
        inside.setdefault(head, []).append(path)
    return [Group(_name(folder, some, files), folder, tuple(some)) for some in inside.values()]


def _name(folder: str, some: Sequence[str], files: Sequence[str]) -> str:
    """Return the glob that means *some* of *files*."""
    if len(some) == 1:
        return some[0]
    stems = {_stem(path) for path in some}
    if len(stems) == 1:
        return _glob(folder, f"{stems.pop()}.*")
    shared = posixpath.commonprefix([posixpath.basename(path) for path in some]).rstrip(_SEPARATORS)
    others = [posixpath.basename(path) for path in files if path not in set(some)]
    if any(name.startswith(shared) for name in others):
        shared += "_"
    return _glob(folder, f"{shared}*")


def _glob(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _stem(path: str) -> str:
    return posixpath.basename(path).partition(".")[0] or posixpath.basename(path)


def _head(stem: str, many: int) -> str:
    """Return the first *many* words of a file's name, lower case, joined as they stand."""
    parts = _WORDS.findall(stem)
    return "".join(parts[:many]).strip(_SEPARATORS).lower() or stem.lower()
