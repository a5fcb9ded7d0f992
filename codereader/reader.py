"""The one object that fronts use: a scope, its index, and what can be asked of it.

Fronts parse and print; everything else is called from here. Work starts when `open` is called, not before, and
every long step takes the reader's `CancelToken`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

from codereader import config
from codereader.cancel import CancelToken
from codereader.errors import NothingReadable
from codereader.pack.piece import PLAIN, Rendering
from codereader.source.scope import DEFAULT_MAX_BYTES, Scope, Skipped, Walk

if TYPE_CHECKING:
    from codereader.answer.ask import Asking
    from codereader.answer.event import Answer, Event
    from codereader.answer.known import Known, Wish
    from codereader.answer.packing import Packed
    from codereader.answer.prepare import Prepared
    from codereader.answer.record import Source
    from codereader.answer.speaker import Speaker
    from codereader.answer.told import Ground
    from codereader.facts.fact import Brief
    from codereader.facts.graph.edges import Edges
    from codereader.facts.graph.paths import Graph
    from codereader.facts.questions.reply import Reply
    from codereader.facts.search.ranked import Ranked
    from codereader.facts.search.search import Searcher
    from codereader.index.build import BuildReport
    from codereader.index.linking.linked import Linked
    from codereader.index.status import Cleared, Status
    from codereader.index.view import IndexView
    from codereader.model.catalogue import FoundModel
    from codereader.model.counter import TokenCounter
    from codereader.model.kept import KeptVocabulary
    from codereader.pack.secrets import Redactor
    from codereader.pack.secrets.clean import Clean
    from codereader.pack.segment import Level
    from codereader.pack.sizes import Sizes
    from codereader.pack.texts import Redact

Step = Callable[[str, int, int], None]
"""Called with a stage (``walk``, ``parse``, ``rank``), what is done and the total (0 while unknown), in files."""

Part = Literal["worth", "brief", "terms", "linked"]
"""What is worked out of an opened scope when it is first asked for, and kept in the cache."""

PARTS: tuple[Part, ...] = ("worth", "brief", "terms", "linked")
"""All of them, those that take the least time first."""


class Reader:
    """A scope that can be asked. Use as a context manager; closing twice is harmless.

    *include* and *exclude* are patterns in ignore-file syntax; files above *max_bytes* bytes are skipped, and so is
    code that says it was generated, unless *generated*. The index lies in the folder *cache*, else the user's own.
    """

    def __init__(
        self,
        path: Path,
        *,
        include: tuple[str, ...] = (),
        exclude: tuple[str, ...] = (),
        max_bytes: int = DEFAULT_MAX_BYTES,
        generated: bool = False,
        cache: Path | None = None,
        cancel: CancelToken | None = None,
    ) -> None:
        self._path = path
        self._include = include
        self._exclude = exclude
        self._max_bytes = max_bytes
        self._generated = generated
        self._opened: tuple[Walk, BuildReport] | None = None
        self._view: IndexView | None = None
        self._brief: Brief | None = None
        self._counters: dict[Path, KeptVocabulary] = {}
        self._clean: Clean | None = None
        self.cache = (cache or config.cache_dir()).absolute()
        self.cancel = cancel or CancelToken()
        self._step: Step = _silent
        self.awaits: Callable[[Part], None] = _at_once
        """Called before a part is worked out, to wait for another process that does so already."""

    @property
    def arguments(self) -> dict[str, Any]:
        """What makes another reader of the same scope, in plain values that any process understands."""
        return {
            "path": os.fspath(self._path.absolute()),
            "include": list(self._include),
            "exclude": list(self._exclude),
            "max_bytes": self._max_bytes,
            "generated": self._generated,
            "cache": os.fspath(self.cache),
        }

    @classmethod
    def of(cls, arguments: Mapping[str, Any], cancel: CancelToken | None = None) -> Self:
        """Return a reader of the `arguments` of another one."""
        paths = {name: Path(arguments[name]) for name in ("path", "cache")}
        patterns = {name: tuple(arguments[name]) for name in ("include", "exclude")}
        return cls(cancel=cancel, **{**arguments, **paths, **patterns})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the index, keep what was counted, and forget what was worked out."""
        for counter in self._counters.values():
            counter.close()
        if self._clean:
            self._clean.close()
        view, self._view, self._opened, self._brief = self._view, None, None, None
        self.__dict__.pop("worth", None)
        if linked := self.__dict__.pop("linked", None):
            linked.close()
        if searcher := self.__dict__.pop("searcher", None):
            searcher.close()
        self.__dict__.pop("edges", None)
        self.__dict__.pop("unlinked", None)
        self.__dict__.pop("graph", None)
        if view:
            view.close()

    def open(self, step: Step | None = None) -> BuildReport:
        """Walk the scope and bring its index up to date; a second call sees what changed since.

        An index that cannot be written answers as it is, with a note where that is not up to date.
        Raises: NothingReadable, StoreError, Cancelled.
        """
        from codereader.index.build import build, report_unchanged
        from codereader.index.unchanged import unchanged
        from codereader.source.listing import ground_of
        from codereader.source.walk import nothing_readable

        self.close()
        step = self._step = step or _silent
        began = time.monotonic()
        scope = self._scope()
        ground = ground_of(scope)
        same = unchanged(scope, ground, self.cache, self.cancel, lambda: self._walk(scope, step, ground))
        if same is not None:
            report = report_unchanged(*same, time.monotonic() - began)
            self._opened = (same[0], report)
            return report
        walked = self._walk(scope, step, ground)
        if not walked.files:
            raise nothing_readable(walked)
        report = build(walked, self.cache, self.cancel, lambda done, total: step("parse", done, total))
        if report.outdated:
            left_out = {one.path for one in report.skipped}
            walked = replace(walked, files=tuple(file for file in walked.files if file.path not in left_out))
        self._opened = (walked, report)
        return report

    def has_changed(self) -> bool:
        """Whether what is on disk may differ from what `open` saw. No file is read, and nothing is forgotten.

        Raises: NothingReadable, Cancelled.
        """
        from codereader.source.listing import ground_of, is_same

        scope, state = self._scope(), self.walked.state
        ground = ground_of(scope)
        if state is not None:
            return state.ground != ground or not is_same(scope, state, self.cancel)
        return _stamps_of(self._walk(scope, _silent, ground)) != _stamps_of(self.walked)

    def walk(self, step: Step | None = None) -> Walk:
        """Return what is on disk, without reading it into the index. Raises: NothingReadable, Cancelled."""
        return self._walk(self._scope(), step or _silent)

    def _walk(self, scope: Scope, step: Step, ground: bytes | None = None) -> Walk:
        from codereader.index.known import known_files
        from codereader.source.walk import walk

        known = known_files(scope, self.cache)
        return walk(scope, self.cancel, lambda done: step("walk", done, 0), known=known, ground=ground)

    def _scope(self) -> Scope:
        from codereader.source.walk import open_scope

        return open_scope(
            self._path,
            include=self._include,
            exclude=self._exclude,
            max_bytes=self._max_bytes,
            generated=self._generated,
        )

    def status(self) -> Status:
        """Return how the index stands to what is on disk; nothing is parsed or written.

        Raises: NothingReadable, StoreError, Cancelled.
        """
        from codereader.index.status import status

        return status(self.walk(), self.cache)

    def clear(self) -> Cleared:
        """Forget the root that the path lies in, also where it is no longer on disk. Raises: StoreError."""
        from codereader.index.status import clear

        self.close()
        return clear(self._path, self.cache)

    @property
    def walked(self) -> Walk:
        """What was found on disk."""
        return self._parts[0]

    @property
    def built(self) -> BuildReport:
        """What bringing the index up to date did."""
        return self._parts[1]

    @property
    def view(self) -> IndexView:
        """The index of the opened scope. Raises: StoreError."""
        from codereader.index.view import open_index

        if self._view is None:
            self._view = open_index(self.walked, self.cache)
        return self._view

    @cached_property
    def linked(self) -> Linked:
        """The index together with what follows only from several files at once, told to the step of `open`.

        Raises: StoreError, Cancelled.
        """
        from codereader.index.linking.linked import open_linked

        self.awaits("linked")
        return open_linked(self.view, self.cache, self.cancel, self._step)

    @cached_property
    def edges(self) -> Edges:
        """Who reaches whom; what was asked for once is kept."""
        from codereader.facts.graph.edges import Edges

        return Edges(self.linked)

    @cached_property
    def unlinked(self) -> Edges:
        """What `edges` tells without anything that follows only from several files at once: it is at hand at once."""
        from codereader.facts.graph.edges import Edges
        from codereader.index.linking.linked import Linked

        return Edges(Linked(self.view))

    @cached_property
    def graph(self) -> Graph:
        """The ways between definitions, along `edges`."""
        from codereader.facts.graph.paths import Graph

        return Graph(self.edges)

    @property
    def _parts(self) -> tuple[Walk, BuildReport]:
        if self._opened is None:
            msg = "open the reader first"
            raise RuntimeError(msg)
        return self._opened

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """What the walk and the build did not read, by path."""
        return tuple(sorted(self.built.skipped, key=lambda s: (s.path, s.reason)))

    @cached_property
    def worth(self) -> Mapping[str, float]:
        """The importance of each file."""
        from codereader.facts.rank import rank_files

        self.awaits("worth")
        with self.cancel.anywhere():
            return rank_files(self.view, lambda done, total: self._step("rank", done, total))

    @cached_property
    def searcher(self) -> Searcher:
        """What `search` looks things up in; the index of terms is brought up to date first. Raises: StoreError."""
        from codereader.facts.search.search import open_searcher

        self.awaits("terms")
        return open_searcher(self.view, self.cache, self.cancel, self._step)

    def missing(self) -> tuple[Part, ...]:
        """Return the parts that the cache does not keep for the scope as it was opened, in the order of `PARTS`.

        Takes little time and makes nothing. Raises: StoreError.
        """
        from codereader.facts.brief.kept import Wish, is_kept
        from codereader.facts.rank import is_ranked
        from codereader.facts.search.kept import is_searchable
        from codereader.index.linking.link import is_linked

        has: dict[Part, Callable[[], bool]] = {
            "worth": lambda: is_ranked(self.view),
            "brief": lambda: is_kept(self.view, Wish()),
            "terms": lambda: is_searchable(self.view, self.cache),
            "linked": lambda: is_linked(self.view, self.cache),
        }
        return tuple(part for part in PARTS if not has[part]())

    def make(self, part: Part) -> None:
        """Work *part* out and keep it in the cache, told to the step of `open`. Raises: StoreError, Cancelled."""
        makes: dict[Part, Callable[[], object]] = {
            "worth": lambda: self.worth,
            "brief": self.brief,
            "terms": lambda: self.searcher,
            "linked": lambda: self.linked,
        }
        makes[part]()

    def search(self, text: str, top: int) -> Ranked:
        """Return the *top* files and symbols that a question or bug report may be about. Raises: StoreError."""
        searcher = self.searcher
        with self.cancel.anywhere():
            return searcher.search(text, top)

    def brief(self, lines: int | None = None, *, sections: Sequence[str] = (), depth: int | None = None) -> Brief:
        """Return the structure brief in at most *lines* lines; *sections* and *depth* are those of the page.

        Raises: UsageError for a section that there is not.
        """
        from codereader.facts.brief.kept import Wish, kept_brief

        self.awaits("brief")
        with self.cancel.anywhere():
            return kept_brief(self.view, Wish(lines, tuple(sections), depth))

    def reply(self, question: str) -> Reply:
        """Return what the facts answer to *question*. Raises: StoreError, Cancelled."""
        from codereader.facts.questions.replying import reply
        from codereader.facts.questions.tree import Tree

        tree = Tree(
            self.view,
            edges=lambda: self.edges,
            graph=lambda: self.graph,
            worth=lambda: self.worth,
            search=self.search,
            brief=self.brief,
            check=self.cancel.check,
        )
        with self.cancel.anywhere():
            return reply(tree, question)

    def counter(self, model: Path) -> TokenCounter:
        """Return what counts as the GGUF *model* does; counts are kept in the cache when the reader is closed.

        Raises: ModelNotFound, ModelUnreadable, also when it first counts.
        """
        from codereader.model.kept import kept_vocabulary

        if model not in self._counters:
            self._counters[model] = kept_vocabulary(model, self.cache, self.cancel.anywhere)
        return self._counters[model]

    def redactor(self) -> Redactor:
        """Return what replaces the credentials in texts of this scope; the cache remembers which files hold none."""
        from codereader.pack.secrets import Redactor
        from codereader.pack.secrets.clean import Clean

        def read(path: str) -> bytes | None:
            try:
                return self.view.text(path)
            except NothingReadable:
                return None

        def blob(path: str) -> str | None:
            file = self.view.file(path)
            return file.blob if file else None

        self._clean = self._clean or Clean(blob, self.cache, lambda: [file.blob for file in self.view.files()])
        return Redactor(read, self._clean)

    def pack(
        self,
        budget: int | None,
        count: TokenCounter,
        *,
        question: str | None = None,
        levels: Sequence[Level] | None = None,
        rendering: Rendering = PLAIN,
        paths: Collection[str] | None = None,
        redact: Redact | None = None,
    ) -> Packed:
        """Return what *budget* tokens of *count* hold (None: as much as helps), and what `ask` sends for *question*.

        *levels* are those allowed; *paths* narrow the files; *redact* is given every (path, text) before it is counted.
        Raises: StoreError, Cancelled.
        """
        from codereader.answer.packing import Making, make
        from codereader.model.kept import KeptVocabulary

        known = None if question is None else self.known(question)
        window = count.window if isinstance(count, KeptVocabulary) else 0
        making = Making(count, levels, rendering, paths, redact, window)
        return make(self.view, lambda: self.worth, budget, making, known, self.cancel)

    def sizes(
        self,
        count: TokenCounter,
        *,
        rendering: Rendering = PLAIN,
        paths: Collection[str] | None = None,
        redact: Redact | None = None,
        redacting: bytes = b"",
        step: Callable[[int, int], None] = lambda _, __: None,
    ) -> Iterator[Sizes]:
        """Yield the tokens of each file at each level of detail; arguments as for `pack`.

        *redacting* names all that *redact* does. *step* is told how many files are counted, of how many.
        Raises: StoreError, Cancelled.
        """
        from codereader.index.parse import stamp
        from codereader.model.kept import KeptVocabulary
        from codereader.model.kept_numbers import KeptNumbers
        from codereader.pack.sizes import Kept, kind, sizes
        from codereader.pack.texts import Texts

        texts = Texts(self.view, rendering, redact)
        files = {file.path: file for file in self.view.files() if paths is None or file.path in paths}
        if not isinstance(count, KeptVocabulary):
            yield from sizes(list(files), texts.pieces, count, self.cancel, step)
            return

        def name(path: str) -> bytes:
            file = files[path]
            return os.fsencode(f"{file.blob} {stamp(file.language)} {path}")

        numbers = KeptNumbers(kind(count.key, redacting, repr(rendering).encode()), self.cache)
        try:
            yield from sizes(list(files), texts.pieces, count, self.cancel, step, Kept(numbers, name))
        finally:
            numbers.close()

    def known(self, question: str) -> Known:
        """Return what the index has to say to *question*. Raises: StoreError, Cancelled."""
        if self._brief is None:
            self._brief = self.brief()
        return self.known_to(self.reply(question), self._brief)

    def known_to(self, reply: Reply, brief: Brief) -> Known:
        """Return *reply* and *brief* with the definitions that the question has to do with. Raises: StoreError."""
        from codereader.answer.known import LOOKED_INTO, Known
        from codereader.answer.wanted import seeds

        places = seeds(reply, brief)
        text = reply.question.topic or reply.question.text
        searcher = self.searcher
        with self.cancel.anywhere():
            found = searcher.passages(text, places, LOOKED_INTO, self.cancel.check)
        return Known(brief, reply, found, places)

    def prepare(self, known: Known, speaker: Speaker, wish: Wish) -> Prepared:
        """Return what would be sent to *speaker*. Raises: BudgetTooSmall, ModelTooLarge, Cancelled."""
        from codereader.answer.prepare import prepare

        return prepare(self.view, known, lambda: self.worth, speaker, wish, self.cancel)

    def ask(self, known: Known, speaker: Speaker, ready: Prepared, asking: Asking) -> Iterator[Event]:
        """Yield the events of the model's answer. Raises: ModelError, Cancelled."""
        from codereader.answer.ask import speak
        from codereader.answer.blind import blind_spots
        from codereader.answer.prefix import LastBases

        blind = blind_spots(self.view, known.brief, known.reply, self.skipped, ready.left_out)
        return speak(self.ground, known, speaker, ready, asking, blind, LastBases(self.cache / "bases"), self.cancel)

    def answer(self, known: Known, lines: int | None = None) -> Answer:
        """Return the answer that the facts alone give; *lines* bounded them."""
        from codereader.answer.blind import blind_spots
        from codereader.answer.told import answer_from_facts

        blind = blind_spots(self.view, known.brief, known.reply, self.skipped)
        return answer_from_facts(known, self.ground, blind, lines)

    @property
    def ground(self) -> Ground:
        """What prose is held against."""
        from codereader.answer.told import Ground

        return Ground(self.view, self.source())

    def source(self) -> Source:
        """Return what was read, in words that tell whether it is the same tree another time."""
        from codereader.answer.record import Source, tree_hash
        from codereader.source.head import head_commit

        scope = self.walked.scope
        commit = head_commit(scope.root) if scope.has_git else None
        path = os.fspath(self._path)
        return Source(path, self._include, self._exclude, self._max_bytes, commit, tree_hash(self.view))


def open_speaker(
    found: FoundModel, cache: Path, cancel: CancelToken | None = None, think: int | None = None
) -> Speaker:
    """Return the model as something that can be asked; no weight is loaded. Raises: ModelError.

    It is told to reason for about *think* tokens, not at all (0), or as it is used to (None).
    The process that will run it starts at once, and ends with what is returned; waiting for it ends with *cancel*.
    """
    from codereader.engine.process.standby import Standby

    standby = Standby(cancel)  # comes up while the rest is imported

    from codereader.answer.prompt import SYSTEM
    from codereader.answer.speaker import TRUSTED_PARAMETERS, Speaker
    from codereader.engine.runner import Runner
    from codereader.model.gguf import read_header
    from codereader.model.identity import identity
    from codereader.model.template import frame_of
    from codereader.model.vocabulary import vocabulary_of

    header = read_header(found.path)
    runner = Runner(header, cache, standby)
    return Speaker(
        name=found.name,
        vocabulary=vocabulary_of(header, cache),
        frame=frame_of(header, SYSTEM, think),
        trained_context=header.context_length,
        trusted=header.parameters >= TRUSTED_PARAMETERS,
        plan=runner.plan,
        start=runner.start,
        hash=identity(header),
        engine=standby.version,
        pace=runner.pace,
        learn=runner.learn,
        rest=runner.rest,
    )


def _stamps_of(walk: Walk) -> list[tuple[str, int, int, int]]:
    return [(file.path, file.size, file.mtime_ns, file.inode) for file in walk.files]


def _at_once(_: Part) -> None:
    """Wait for nothing."""


def _silent(stage: str, done: int, total: int) -> None:
    """Report nothing."""
