"""Judge one sentence of the prose: what it says of the tree is held against the index.

``contradicted`` where the index rules something of it out, or where it names what is nowhere in a scope that was
searched whole. ``verified`` where at least one relation was found so, everything else that the sentence names has to do
with it, and most of its other words stand in the code it is about. Else ``no evidence``. Headings, introductions to
lists, code blocks, questions and prose that only connects claim nothing and are not judged.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from codereader.answer.checks import built, counted, formed, held, placed, reach, signature
from codereader.answer.checks.cite import Citer
from codereader.answer.checks.ordered import is_apart, is_crossed, is_out_of_order
from codereader.answer.checks.outcome import Outcome, negation, open_, so
from codereader.answer.checks.phrase import Entity, Phrase, read
from codereader.answer.checks.relation import Clauses, Relation
from codereader.answer.checks.support import Support, denies, is_connecting
from codereader.answer.checks.tree import Tree
from codereader.answer.event import Citation, Statement
from codereader.answer.prose.sentences import Piece
from codereader.facts.fact import Fact
from codereader.index.view import IndexView

if TYPE_CHECKING:
    from codereader.facts.graph.edges import Edges

_STARTS = re.compile(r" (?:it|this function|the function|this method) ")
_CONDITION = re.compile(
    r" (?:if|when|once|unless|after|before|upon|during|while|whenever|for|in case|on) [^,;]*, (?:function )?(<\d+>) "
)
"""An opening condition, and what the sentence is about then."""
_PASSIVE = re.compile(r"^[^<]*<\d+> (?:is|are|gets?) (?:\w+ly )?\w+(?:ed|en|t|n) by <(\d+)> ")
"""``<0> is installed by <1> into <2>``: what does it."""
_WHOLE = re.compile(
    r" (?:modules?|drivers?|code|(?:file ?)?systems?|kernel|library|package|project|program|application|subsystem|layer"
    r"|implementation|tree|scope|source|stack|filesystem|framework) "
)
"""Words for the whole scope."""


@dataclass(frozen=True, slots=True)
class _Said:
    """One thing that a sentence says: the entities it is about, what became of it, and whether it was denied."""

    entities: tuple[Entity, ...]
    outcome: Outcome
    source: str
    negated: bool = False
    guessed: bool = False


class Checker:
    """Holds sentences against one indexed scope. Costs most when it is new: share one between answers.

    *edges* gives the linked facts where they exist or are cheap to have, else None; it is asked once, if needed.
    """

    def __init__(self, view: IndexView, edges: Callable[[], Edges | None] | None = None) -> None:
        self.citer = Citer(view)
        self.tree = Tree(view, self.citer, edges)
        self._support = Support(self.tree)

    def read(self, text: str) -> Phrase:
        """Return what *text* names, and its shape."""
        return read(text, self.tree)

    def judge(
        self, text: str, phrase: Phrase, topic: Entity | None, citations: Sequence[Citation], facts: Sequence[Fact]
    ) -> Statement:
        """Return the verdict on a sentence. *topic* is what its pronouns mean. Raises: StoreError."""
        original = phrase.shape
        self.tree.focus = frozenset(path for one in phrase.entities for path in self.tree.files(one))
        relations = Clauses(phrase, topic).relations()
        builds = built.statements(self.tree, Phrase(original, phrase.entities))
        said = [_Said(tuple(entities), outcome, "held") for entities, outcome in builds]
        said += self._said(phrase, relations)
        found = (
            self._ruled_out(said)
            or self._invented(said, citations, original)
            or self._cited_wrongly(phrase, facts)
            or self._verified(phrase, relations, said, original, topic)
            or self._by_evidence(phrase, facts, original)
            or self._nothing(said, original)
        )
        return Statement(text, found.verdict, found.why, found.path, found.line)

    # What it says

    def _said(self, phrase: Phrase, relations: Sequence[Relation]) -> Iterator[_Said]:
        for entities, outcome in formed.statements(self.tree, phrase):
            yield _Said(tuple(entities), outcome, "formed")
        for entities, outcome in counted.statements(self.tree, phrase):
            yield _Said(tuple(entities), outcome, "counted")
        for entities, outcome in held.statements(self.tree, phrase):
            yield _Said(tuple(entities), outcome, "held")
        for one in relations:
            outcome_or_none = self._relation(one, relations, phrase)
            if outcome_or_none is not None:
                entities = tuple(e for e in (one.subject, one.object, one.third) if e is not None)
                outcome = negation(outcome_or_none) if one.negated else outcome_or_none
                yield _Said(entities, outcome, "said", one.negated, one.guessed)

    def _relation(self, one: Relation, peers: Sequence[Relation], phrase: Phrase) -> Outcome | None:
        tree = self.tree
        match one.verb:
            case "call":
                if one.subject is None and _others(one, peers, phrase):
                    return None
                return reach.call(tree, one, peers)
            case "use":
                return reach.use(tree, one)
            case "do":
                found = reach.use(tree, one)
                return found if found is not None and found.verdict == "verified" else None
            case "give":
                return reach.give(tree, one)
            case "define":
                return placed.define(tree, one)
            case "declare":
                return placed.declare(tree, one)
            case "contain":
                return placed.contain(tree, one)
            case "include":
                return placed.include(tree, one)
            case "inherit":
                return formed.inherit(tree, one)
            case "take":
                return signature.take(tree, one)
            case "return":
                return signature.returns(tree, one, one.word)
            case "at":
                return placed.at_place(tree, one, phrase)
            case "near":
                names = [e for e in phrase.entities if e.kind in ("name", "member", "option")]
                return placed.near(tree, names, one.object) if one.object else None
        return None

    # Verdicts

    def _ruled_out(self, said: Sequence[_Said]) -> Outcome | None:
        """Return the first thing that is wrong; a subject guessed from an earlier sentence rules nothing out."""
        for one in said:
            if one.outcome.verdict == "contradicted" and not one.guessed:
                settled = [
                    e
                    for e in said
                    if e.outcome.verdict == "verified"
                    and e.source != one.source
                    and {"held", "said"} >= {e.source, one.source}
                    and len(set(one.entities)) > 1
                    and set(one.entities) <= set(e.entities)
                ]
                if not settled:
                    return one.outcome
        return None

    def _invented(self, said: Sequence[_Said], citations: Sequence[Citation], shape: str) -> Outcome | None:
        """Return what the sentence names and the scope does not have."""
        denied = {entity.last for one in said if one.negated for entity in one.entities}
        for one in citations:
            if one.verdict == "verified" or (one.symbol or "").rpartition(".")[2] in denied or denies(shape):
                continue
            why = f"{one.text}: {one.why}" if one.symbol is None else one.why
            is_sure = self.tree.citer.is_complete if one.symbol is not None else one.path is not None
            return Outcome("contradicted" if is_sure else "no evidence", why, None, None)
        return None

    def _cited_wrongly(self, phrase: Phrase, facts: Sequence[Fact]) -> Outcome | None:
        """Return which of the numbered facts that the sentence cites is about something else."""
        names = {entity.last for entity in phrase.entities} | {entity.text for entity in phrase.entities}
        for fact in facts:
            own = set(re.findall(r"[\w./-]+", f"{fact.subject} {fact.object} {fact.text}"))
            if not (names & own) and not any(name in fact.subject or name in fact.object for name in names if name):
                return open_(f"the fact that it cites is on {fact.subject}", fact.path, fact.line)
        return None

    def _verified(
        self,
        phrase: Phrase,
        relations: Sequence[Relation],
        said: Sequence[_Said],
        shape: str,
        topic: Entity | None,
    ) -> Outcome | None:
        """Return what was found so, where that covers the sentence."""
        good = [one for one in said if one.outcome.verdict == "verified"]
        if not good and (implied := self._implied(phrase, topic)):
            good = [implied]
        if not good or any(one.outcome.verdict == "no evidence" for one in said):
            return None
        counts = sum(one.source == "counted" for one in good)
        if self._support.misses(phrase, [entity for one in good for entity in one.entities], shape, relations, counts):
            return None
        if self._is_mixed_up(phrase, good):
            return None
        whys = list(dict.fromkeys(one.outcome.why for one in good))
        more = f" (and {len(whys) - 2} more)" if len(whys) > 2 else ""
        return so("; ".join(whys[:2]) + more, good[0].outcome.path, good[0].outcome.line)

    def _is_mixed_up(self, phrase: Phrase, good: Sequence[_Said]) -> bool:
        """Return whether the names are right and seem to have changed places."""
        names = [one for one in phrase.entities if one.kind == "name"]
        subjects = dict.fromkeys(one.entities[0] for one in good if one.entities)
        others = [one for one in names if one not in subjects]
        return is_crossed(self.tree, phrase, others) or any(
            is_out_of_order(self.tree, phrase, one) or is_apart(self.tree, phrase, one) for one in subjects
        )

    def _implied(self, phrase: Phrase, topic: Entity | None) -> _Said | None:
        """Return what is so without a relation that is known: what the first name's code names, it has to do with."""
        names = [one for one in phrase.entities if one.kind in ("name", "member", "option")]
        behind = _CONDITION.match(phrase.shape)
        by = _PASSIVE.search(phrase.shape) or re.search(
            r" (?:by|in|inside|within|from) <(\d+)> [.;,]* ?$", phrase.shape
        )
        subject = phrase.entities[int(by[1])] if by else names[0] if names else None
        if behind is not None and by is None and phrase.at(behind[1]).kind == "name":
            subject = phrase.at(behind[1])
        if topic is not None and topic.kind == "name" and by is None and _STARTS.match(phrase.shape):
            subject = topic
        others = [one for one in names if subject and one.last != subject.last]
        if subject is None or not others:
            return None
        for at in self.tree.definitions(subject):
            lines = [self.tree.touches(at, one.text if one.kind == "option" else one.last) for one in others]
            if all(lines):
                what = ", ".join(one.last for one in others[:4])
                return _Said((subject, *others), so(f"{at.fact.name} mentions {what}", at.path, lines[0]), "implied")
        return None

    def _by_evidence(self, phrase: Phrase, facts: Sequence[Fact], shape: str) -> Outcome | None:
        """Return the cited fact that the sentence repeats."""
        for fact in facts:
            if self._support.repeats(phrase, shape, fact):
                return so(f"a cited fact says: {fact.text}", fact.path, fact.line)
        return None

    def _nothing(self, said: Sequence[_Said], shape: str) -> Outcome:
        for one in said:
            if one.outcome.verdict == "no evidence" and one.outcome.why:
                return one.outcome
            if one.outcome.verdict == "contradicted":
                return open_(one.outcome.why, one.outcome.path, one.outcome.line)
        for one in said:
            return open_(f"only a part was found so: {one.outcome.why}", one.outcome.path, one.outcome.line)
        what = (
            "nothing of it could be looked up"
            if "<" not in shape
            else "what it says of the names could not be compared"
        )
        return open_(what)


def _others(one: Relation, peers: Sequence[Relation], phrase: Phrase) -> bool:
    """Return whether a verb without a subject may be about more than the scope as a whole."""
    if not _WHOLE.search(phrase.shape):
        return True
    objects = {peer.object.last for peer in (one, *peers) if peer.object is not None and peer.verb == one.verb}
    return any(entity.last not in objects for entity in phrase.entities if entity.kind == "name")


class Judging:
    """Judges the sentences of one answer in their order; remembers what pronouns mean."""

    def __init__(self, checker: Checker) -> None:
        self._checker = checker
        self._topic: Entity | None = None

    def judge(self, piece: Piece, citations: Sequence[Citation], facts: Sequence[Fact]) -> Statement | None:
        """Return the verdict on *piece*, None where it claims nothing. Raises: StoreError."""
        if piece.kind in ("fence", "rule"):
            return None
        phrase = self._checker.read(piece.text)
        named = [one for one in phrase.entities if one.kind in ("name", "path", "place")]
        topic = self._topic
        if piece.kind in ("heading", "intro"):
            self._topic = named[0] if named else topic if piece.kind == "intro" else None
            return None
        if not phrase.entities and (piece.kind == "row" or is_connecting(phrase.shape)):
            return None
        if named and not re.match(r" (?:it|this|they|these) ", phrase.shape):
            self._topic = named[0]
        return self._checker.judge(piece.text, phrase, topic, citations, facts)
