"""The files and folders of one scope by what prose calls them: whole paths, their endings, the scope itself."""

from __future__ import annotations

from functools import cached_property

from codereader.index.view import IndexView


class Places:
    """The paths of one scope."""

    def __init__(self, view: IndexView) -> None:
        self._view = view

    @cached_property
    def lines(self) -> dict[str, int | None]:
        """The lines of each file of the scope; None for folders and files that were not read."""
        found: dict[str, int | None] = {skipped.path: None for skipped in self._view.skipped}
        found |= {file.path: file.lines for file in self._view.files()}
        for path in list(found):
            while "/" in path:
                path = path.rpartition("/")[0]
                found.setdefault(path, None)
        return found

    @cached_property
    def _by_last(self) -> dict[str, list[str]]:
        """The paths of the scope by their last component, the shortest first."""
        found: dict[str, list[str]] = {}
        for path in sorted(self.lines, key=lambda path: (len(path), path)):
            found.setdefault(path.rpartition("/")[2], []).append(path)
        return found

    def resolve(self, claimed: str) -> list[str]:
        """Return the paths that *claimed* may name: one where it is whole, else those that end with it."""
        while claimed.startswith(("./", "../")):
            claimed = claimed.partition("/")[2]
        if claimed in self.lines:
            return [claimed]
        place = self._view.scope.path.as_posix()
        if ("/" + place).endswith("/" + claimed):
            return [""]
        hits = self._by_last.get(claimed.rpartition("/")[2], ())
        if claimed.startswith("/"):
            return [path for path in hits if f"{place}/{path}" == claimed]
        return [path for path in hits if f"/{place}/{path}".endswith("/" + claimed)]
