"""What questions may ask of a tree, each part opened only when an answer needs it.

The index is at hand at once. What follows only from several files together (`linked`, `finder`, `graph`) costs
seconds at first use on a large tree, so whoever can answer from the index alone asks that first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property

from codereader.facts.fact import Brief
from codereader.facts.graph.edges import Edges
from codereader.facts.graph.finding import Finder
from codereader.facts.graph.near import Names
from codereader.facts.graph.paths import Graph
from codereader.facts.graph.symbol import Symbol, definitions_among, read_symbol
from codereader.facts.kbuild.chain import BuildFacts
from codereader.facts.questions.question import Subject
from codereader.facts.search.ranked import Ranked
from codereader.index.linking.linked import Linked
from codereader.index.parsed import Definition
from codereader.index.view import At, IndexView
from codereader.source.spans import line_of

_C = frozenset({"c", "cpp"})
_NO_CODE = ("heading", "key", "target")


class Tree:
    """One open scope, for one question. `bare` keeps the text of files without comments and strings, by path.

    *edges*, *graph*, *worth*, *search* and *brief* are called at most when they are needed."""

    def __init__(
        self,
        view: IndexView,
        *,
        edges: Callable[[], Edges],
        graph: Callable[[], Graph],
        worth: Callable[[], Mapping[str, float]],
        search: Callable[[str, int], Ranked],
        brief: Callable[[], Brief],
        check: Callable[[], None] = lambda: None,
    ) -> None:
        self.view = view
        self.check = check
        self.search = search
        self.brief = brief
        self.bare: dict[str, bytes] = {}
        self._edges = edges
        self._graph = graph
        self._worth = worth

    @property
    def name(self) -> str:
        """What the scope is called."""
        return self.view.scope.name

    @cached_property
    def edges(self) -> Edges:
        """Who reaches whom."""
        return self._edges()

    @property
    def linked(self) -> Linked:
        """The index with what follows from several files."""
        return self.edges.linked

    @cached_property
    def finder(self) -> Finder:
        """What is told of a name."""
        return Finder(self.edges)

    @cached_property
    def graph(self) -> Graph:
        """The ways between definitions."""
        return self._graph()

    @cached_property
    def worth(self) -> Mapping[str, float]:
        """The importance of each file."""
        return self._worth()

    @cached_property
    def build(self) -> BuildFacts:
        """When each file is built."""
        return BuildFacts(self.view)

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """The files of the scope."""
        return tuple(file.path for file in self.view.files())

    @cached_property
    def folders(self) -> frozenset[str]:
        """The folders of the scope that hold files, without a slash at the end."""
        found: set[str] = set()
        for path in self.paths:
            parts = path.split("/")[:-1]
            found.update("/".join(parts[:count]) for count in range(1, len(parts) + 1))
        return frozenset(found)

    @cached_property
    def has_c(self) -> bool:
        """Whether a file of the scope is C or C++."""
        return any(file.language in _C for file in self.view.files())

    @cached_property
    def names(self) -> Names:
        """Every name that the files of the scope define in code."""
        return Names(at.fact.name for at in self.view.definitions() if at.fact.kind not in _NO_CODE)

    def language(self, path: str) -> str:
        """Return the language of a file, ``""`` for one outside the scope."""
        file = self.view.file(path)
        return file.language if file else ""

    def own(self, symbol: Symbol) -> tuple[At[Definition], ...]:
        """Return what files of the scope write out as *symbol*."""
        found = definitions_among(lambda name: self.view.definitions(name=name), symbol)
        return tuple(at for at in found if at.fact.kind not in _NO_CODE)

    def meant(self, subject: Subject) -> tuple[At[Definition], ...]:
        """Return the definitions that *subject* is, those made by macros and of headers outside the scope too."""
        symbol, places = read_symbol(subject.found), frozenset(subject.places)
        found = self.own(symbol)
        if not found and self.has_c:
            found = self.finder.meant(symbol)
        return tuple(at for at in found if (at.path, line_of(at.fact.row)) in places) or found

    def files_in(self, subject: Subject) -> tuple[str, ...]:
        """Return the files of a path: itself, or what lies in the folder."""
        if subject.found in ("", "."):
            return self.paths
        return tuple(path for path in self.paths if path == subject.found or path.startswith(f"{subject.found}/"))

    def by_worth(self, paths: Iterable[str]) -> list[str]:
        """Return *paths*, the most important first."""
        return sorted(set(paths), key=lambda path: (-self.worth.get(path, 0.0), path))

    def within(self, subjects: Sequence[Subject]) -> frozenset[str] | None:
        """Return the files that a question's paths narrow it to, None where it names none."""
        named = [one for one in subjects if one.kind == "path"]
        return frozenset(path for one in named for path in self.files_in(one)) if named else None
