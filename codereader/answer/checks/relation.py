"""What a sentence says of the things that it names: relations, found as patterns over its shape.

Active and passive voice, lists (``calls B, C and D``), relative clauses (``B, which is called from A``) and negations
are read. Roles that only a tree can tell (which name is the table, which its member) are `roles`'s to find.
Knows nothing of trees.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from codereader.answer.checks.phrase import Entity, Phrase

NAME_KINDS = ("name", "member", "option")
PATH_KINDS = ("path", "place")


@dataclass(frozen=True, slots=True)
class Relation:
    """*subject* stands in the relation `verb` to *object*; None is the scope, or whatever a word means.

    `third` is what it goes through (a table's member, a registering function). `word` is a word of the sentence that
    matters: a kind, a number, a value. `negated` and `only` are as said; `guessed` says that the subject stands in
    an earlier sentence.
    """

    verb: str
    subject: Entity | None
    object: Entity | None = None
    third: Entity | None = None
    word: str = ""
    negated: bool = False
    only: bool = False
    guessed: bool = False


_E = r"<\d+>"
LIST = rf"{_E}(?: (?:(?:,|and|or|nor|&|/|\+|as well as|followed by|plus|along with|but not) )+{_E})*"

_BY = r"(?:by|from|in|inside|within|via|through)"
_IN = r"(?:in|at|on|inside|within|under)"
_VERBS: tuple[tuple[str, bool, tuple[str, ...]], ...] = (
    ("call", True, (
        rf"(?:called|invoked|reached|executed|triggered) (?:\w+ly )?(?:only |solely )?{_BY}",
    )),
    ("call", False, (
        r"calls?|calling|invokes?|invoking|calls? into|executes?|triggers?|wraps?|wrapper (?:around|for|over)",
        r"delegat(?:es?|ing) (?:\w+ ){0,4}?to|hands? (?:\w+ ){0,4}?to|forwards? (?:\w+ ){0,4}?to",
        r"dispatch(?:es)? (?:\w+ ){0,3}?to|pass(?:es)? control to|defers? to|falls? back to|is caller of",
        r"makes? (?:\w+ )?calls? to|relies on",
    )),
    ("include", True, (r"(?:#?included|imported|pulled in) (?:only )?(?:by|from|in|into)",)),
    ("include", False, (r"# ?includes?|includes?|imports?|pulls in|including",)),
    ("inherit", False, (
        r"inherits? (?:directly )?from|extends|subclass(?:es)? of|subclasses|derives? from|derived from",
        r"descends from|child(?: class)? of|speciali[sz]ation of|speciali[sz]es|based on",
    )),
    ("inherit", True, (
        r"(?:base|parent|super ?)(?: ?class)? (?:of|for)|superclass (?:of|for)|(?:extended|subclassed) by",
    )),
    ("declare", True, (r"declares?|declaring",)),
    ("declare", False, (
        r"(?:declared|exposed|prototyped) (?:\w+ )?(?:in|at|on|inside|within|by)",
        r"(?:has|have) (?:prototype|declaration) in",
    )),
    ("define", False, (
        rf"(?:defined|implemented|located|found|placed|introduced|situated|housed|kept) (?:\w+ly )?{_IN}",
        r"(?:contained|stored|coded|written|living) (?:\w+ly )?(?:in|at|on|inside|within|under)",
        r"liv(?:es?|ing) (?:in|at|under)|resid(?:es?|ing) (?:in|at)|sits? (?:in|at)|(?:comes?|coming) from",
        r"(?:has|have) (?:definition|implementation) (?:in|at)|(?:starts|begins) (?:at|on)|appears? (?:in|at)",
        r"(?:is|are) (?:in|at|inside|on)|defined (?=lines? \d)",
    )),
    ("contain", False, (
        r"defines?|contains?|provides?|implements?|hosts?|houses?|holds?|has|have|features?|containing",
        r"defining|providing|consists? of|is home to|covers?",
    )),
    ("use", True, (
        rf"(?:used|referenced|mentioned|needed|accessed|consulted|read|checked|required) (?:only )?{_BY}",
    )),
    ("use", False, (
        r"uses?|using|references?|access(?:es)?|reads?|checks?|needs?|depends? on|works? with|operates? on|touches",
        r"consults?|refers? to|mentions?|employs?|utili[sz]es?|leverages?|tests?",
    )),
    ("take", False, (r"takes?|accepts?|receives?|expects?|taking|accepting|is passed(?! to| as)|is given(?! to| as)",)),
    ("return", False, (r"returns?|returning|yields?",)),
    ("do", False, (
        r"runs?|registers?|unregisters?|registered|allocates?|frees?|sets?|assigns?|initiali[sz]es?|passes|points",
        r"creates?",
        r"stores?|adds?|removes?|increments?|decrements?|locks?|unlocks?|attach(?:es)?|installs?|updates?|handles?",
    )),
)  # fmt: skip
"""Relations by the verbs that say them: name, whether subject and object stand swapped, patterns."""

_VERB = re.compile("|".join(f"(?P<v{at}>(?<= )(?:{'|'.join(verb)})(?= ))" for at, (_, _, verb) in enumerate(_VERBS)))
_AUXILIARY = re.compile(
    r"(?: (?:is|are|was|were|be|been|being|has|have|had|does|do|did|will|would|can|could|may|might|must|should|to|not"
    r"|no longer|only|gets?|got|solely|exclusively|in turn|by|directly|indirectly|always|eventually|ultimately"
    r"|currently|often|sometimes|later|next|where|there|never))+ ?\Z"
)
_LAST_LIST = re.compile(rf"({LIST}) ?(,?) ?\Z")
_FIRST_LIST = re.compile(
    rf" (?:(?!(?:via|through|using|with|when|if|for|after|before|but|while|because|which|that|and|or|by|not|until"
    rf"|without|where)\b)[\w:,'#/-]+ ){{0,6}}({LIST})"
)
_PREPOSED = re.compile(r" (?:in|of|at|from|inside|within|for|by|with|on|to|through|via|under|as|into|using|is|are) \Z")
_RELATIVE = re.compile(r"(<\d+>)[^<]*? (?:which|that|who|where) ?\Z")
_APPOSED = re.compile(r"(<\d+>) , [^,]*<\d+> (?:of|in|for) <\d+> , (?:which|that|who) ?\Z")
"""``<0> , the <1> callback of <2> , which``: that is the first."""
_OBJECT_OF = re.compile(
    rf" ({_E}) ,? ?(?:which|that) ({LIST}) (uses?|calls?|invokes?|needs?|shares?)(?= [.,;]| by | in | when | to | for )"
)
"""``<0> , which <1> and <2> use``"""
_GIVEN = re.compile(
    rf"({_E}) (?:is|are|gets) (?:passed|given|handed|supplied)(?: \w+){{0,3}}? to ({_E})"
    rf" (?:by|in|from|inside|within) ({_E})"
)
"""``<0> is passed to <1> by <2>``"""
_CLAUSE_OF = re.compile(
    rf"(?:,|;|and|while|whereas|where|but)(?: and| but| while)? (?:in turn )?({_E})(?: \w+ly)?"
    r" (?!of |in |at |to |for )[a-z]+s [^<;]*\Z"
)
"""A clause whose subject and verb stand before what is at hand: ``, and <3> releases peer [using <4>]``."""
_DONE_IN = re.compile(
    r"(?:,|;|and|while|(?<=>)(?= (?:is|are) ))(?: and| while)? (?:(?:is|are|it) ){0,2}[a-z]+(?:ed|en) (?:\w+ )?"
    rf"(?:in|by|inside|within|from) ({_E}) \Z"
)
"""``, and removed in <2> [using <3>]``"""
_PRONOUN = re.compile(r" (?:it|this|they|these|that|which|this \w+|these \w+|latter|\w+ function|function|file) ?\Z")
_NOT = re.compile(r" (?:not|no longer|without|neither|nor|never|rather than|instead of) (?:\w+ )?\Z")
_NO = re.compile(r" (?:no|none|neither|nothing|nobody|nowhere|hardly|rarely|rather than|instead of) ")
_CLAUSE = re.compile(r" (?:;|while|whereas|although|though|\. ) ")
_THROUGH = re.compile(rf" (?:via|through|by way of|by means of|using) ({_E})")
_INDIRECT = re.compile(r" (?:indirectly|eventually|ultimately|transitively|in the end|ends up) ")
_ONLY = re.compile(r" (?:only|solely|exclusively|sole) ")
_PLACE_AT = re.compile(
    rf"({_E}) [(\[] (?:see |in |at |from |defined in |defined at |located in |implemented in )*({_E}(?: , {_E})*) [)\]]"
)
_PLACE_LOOSE = re.compile(rf" [(\[] (?:see |in |at |from |cf\. )*({_E}(?: (?:,|and) {_E})*) [)\]]")
_LINE_IN = re.compile(
    r" [(\[,]? ?(?:at |on |in |from |starting at )?lines? (\d+)(?: (?:-|to|through|and|\u2013) (\d+))?"
)
_CALLERS = re.compile(rf" (?:callers? of ({_E})|({_E}) 's callers?) (?:is|are|includes?|:) ({LIST})")
_CALL_TO = re.compile(rf" calls? to ({LIST}) (?:\w+ )?(?:made )?(?:in|from|by|inside|within) ({LIST})")
_SOLE = re.compile(
    rf" (?:only|sole) (?:place|function|caller|one|user|code)(?: that| which)? (?:calls?|calling"
    rf"|invokes) ({_E}) is ({LIST})"
)
_WITHIN = re.compile(rf" (?:inside|within|in) ({_E}) , ({LIST}) (?:is|are) (not )?(?:called|invoked)(?! by| from)")
_CHAIN = re.compile(rf"{_E}(?: (?:\u2192|- >|=>|= >) {_E})+")
_LABEL = re.compile(rf" (?:[-*\u2022] |\d+ \. )?({_E})(?: [(\[][^)\]]*[)\]])? (?::|-|\u2013|\u2014) ")


_RETURNED = re.compile(
    r" (?:type |value )?(void|nothing|int|integer|bool|boolean|long|unsigned|pointer|string|-?\d+|true|false|null"
    r"|none)\b"
)


_COMPARED = re.compile(
    rf" (?:unlike|in contrast to|as opposed to|compared (?:to|with)|similar(?:ly)? to|just like|like) {LIST} ,"
)


class Clauses:
    """Reads one phrase. *topic* is what pronouns and bare verbs mean: the subject of the sentence before."""

    def __init__(self, phrase: Phrase, topic: Entity | None) -> None:
        self._phrase = phrase
        self._topic = topic
        self._main: Entity | None = None
        self._guessed = False

    def relations(self) -> list[Relation]:
        """Return what the phrase says, in its order; takes the places in brackets out of its shape."""
        self._phrase.shape = _COMPARED.sub(" ", self._phrase.shape)
        found = [*self._cells(), *self._bracketed(), *self._chains(), *self._nouns()]
        shape = self._phrase.shape
        label = _LABEL.match(shape)
        self._main = self._phrase.at(label[1]) if label else None
        if shape.startswith(" | ") and (first := re.search(_E, shape)):
            self._main = self._phrase.at(first[0])
        return [*found, *self._verbs(shape)]

    def _cells(self) -> Iterator[Relation]:
        """Yield the places in the cells of a table's row: they are of the name in its first cell."""
        cells = [cell.strip() for cell in self._phrase.shape.split(" | ")]
        named = [one for one in self._phrase.entities if one.kind == "name"]
        if cells[0] or len(cells) < 3 or not named:
            return
        first = named[0]
        for cell in cells[1:]:
            marks = self._phrase.all(cell)
            if re.fullmatch(LIST, cell.strip(" |")) and all(one.kind in PATH_KINDS for one in marks):
                yield from (Relation("at", first, one) for one in marks)

    def _bracketed(self) -> Iterator[Relation]:
        phrase = self._phrase
        for match in _PLACE_AT.finditer(phrase.shape):
            places = phrase.all(match[2])
            if all(one.kind in PATH_KINDS for one in places) and phrase.at(match[1]).kind in NAME_KINDS:
                yield from (Relation("at", phrase.at(match[1]), place) for place in places)
        phrase.shape = _PLACE_AT.sub(lambda match: self._kept(match, match[1], match[2]), phrase.shape)
        for match in _PLACE_LOOSE.finditer(phrase.shape):
            places = phrase.all(match[1])
            if all(one.kind in PATH_KINDS for one in places):
                yield from (Relation("near", None, place) for place in places)
        phrase.shape = _PLACE_LOOSE.sub(lambda match: self._kept(match, "", match[1]), phrase.shape)

    def _kept(self, match: re.Match[str], before: str, places: str) -> str:
        if all(one.kind in PATH_KINDS for one in self._phrase.all(places)):
            return before
        return match[0]

    def _chains(self) -> Iterator[Relation]:
        for match in _CHAIN.finditer(self._phrase.shape):
            marks = self._phrase.all(match[0])
            if all(one.kind == "name" for one in marks):
                yield from (Relation("call", one, other) for one, other in pairwise(marks))

    def _nouns(self) -> Iterator[Relation]:
        phrase = self._phrase
        for match in _CALLERS.finditer(phrase.shape):
            called = phrase.at(match[1] or match[2])
            only = " only " in phrase.shape[: match.start() + 1] or " sole " in phrase.shape
            yield from (Relation("call", one, called, only=only) for one in phrase.all(match[3]))
        for match in _SOLE.finditer(phrase.shape):
            for called in phrase.all(match[1]):
                yield from (Relation("call", one, called, only=True) for one in phrase.all(match[2]))
        for match in _WITHIN.finditer(phrase.shape):
            if phrase.at(match[1]).kind == "name":
                negated = match[3] is not None
                yield from (Relation("call", phrase.at(match[1]), one, negated=negated) for one in phrase.all(match[2]))
        for match in _OBJECT_OF.finditer(phrase.shape):
            verb = "call" if match[3].startswith(("call", "invoke")) else "use"
            yield from (Relation(verb, one, phrase.at(match[1])) for one in phrase.all(match[2]))
        for match in _GIVEN.finditer(phrase.shape):
            given, taker, doer = (phrase.at(match[at]) for at in (1, 2, 3))
            yield Relation("give", doer, given, taker)
        for match in _CALL_TO.finditer(phrase.shape):
            negated = _NO.search(phrase.shape[: match.start() + 1]) is not None
            for called in phrase.all(match[1]):
                yield from (Relation("call", one, called, negated=negated) for one in phrase.all(match[2]))

    def _verbs(self, shape: str) -> Iterator[Relation]:
        found = list(_VERB.finditer(shape))
        end, objects_end = 0, 0
        for at, match in enumerate(found):
            upto = found[at + 1].start() if at + 1 < len(found) else len(shape)
            left = shape[end : match.start()]
            subjects = self._subjects(left, objects_end > 0, is_participle=match[0].endswith("ing"))
            taken = self._objects(shape[match.end() : upto], upto < len(shape))
            name, swapped, _ = _VERBS[next(one for one in range(len(_VERBS)) if match[f"v{one}"])]
            yield from self._made(name, swapped, match, shape, subjects, taken, upto)
            end = objects_end = match.end()

    def _subjects(self, left: str, follows: bool, *, is_participle: bool) -> list[Entity]:
        """Return what the verb behind *left* is said of; *follows*: left begins with the objects of another verb.

        What is done ``using`` something is done by the subject of the verb before, never by its last object.
        """
        phrase = self._phrase
        clause = _CLAUSE.split(left)[-1]
        bare = f"{_AUXILIARY.sub(' ', f'{left.rstrip()} ').rstrip()} "
        self._guessed = False
        relative = _APPOSED.search(bare) or _RELATIVE.search(bare)
        if relative is not None:
            self._main = self._main or phrase.at(relative[1])
            return [phrase.at(relative[1])]
        clause_of = _CLAUSE_OF.search(bare) or _DONE_IN.search(bare)
        if clause_of is not None and phrase.at(clause_of[1]).kind == "name":
            return self._mainly([phrase.at(clause_of[1])])
        if is_participle and follows and self._main is not None:
            return [self._main]
        last = _LAST_LIST.search(bare)
        if last is not None and (before := _PREPOSED.search(bare[: last.start()])):
            if self._main is not None and follows:
                return [self._main]
            if "<" in bare[: before.start()]:
                bare = bare[: before.start()] + " "
                last = _LAST_LIST.search(bare)
        if last is not None:
            entities = phrase.all(last[1])
            is_object = follows and not bare[: last.start()].strip(" :") and len(clause) == len(left)
            if not is_object:
                return self._mainly(entities)
            if len(entities) > 1 and not last[2] and entities[-1].kind == "name":
                return self._mainly(entities[-1:])
            return [self._main] if self._main else []
        if not follows and self._main is None and (entities := phrase.all(bare)):
            return self._mainly(entities[:1])
        if self._main is not None:
            return [self._main]
        if self._topic is not None and (not bare.strip(" -*\u2022") or _PRONOUN.search(bare) or bare.strip() == "and"):
            self._guessed = True
            return [self._topic]
        return []

    def _mainly(self, entities: list[Entity]) -> list[Entity]:
        self._main = entities[0]
        return entities

    def _objects(self, right: str, has_verb: bool) -> list[Entity]:
        """Return the things right behind a verb; the last of a list is the subject of the verb that follows it."""
        first = _FIRST_LIST.match(right)
        if first is None:
            return []
        entities = self._phrase.all(first[1])
        rest = right[first.end() :]
        bare = _AUXILIARY.sub(" ", f"{rest} ").strip()
        if has_verb and len(entities) > 1 and not bare and entities[-1].kind == "name":
            return entities[:-1]
        return entities

    def _made(
        self, name: str, swapped: bool, match: re.Match[str], shape: str,
        subjects: Sequence[Entity], objects: Sequence[Entity], upto: int,
    ) -> Iterator[Relation]:  # fmt: skip
        before = shape[: match.start()]
        left = before[max(before.rfind(">"), before.rfind(";"), 0) :]
        right = shape[match.end() : upto]
        negated = bool(_NOT.search(left)) or " neither " in before or bool(re.match(r" (?:not|no|neither) ", right))
        only = bool(_ONLY.search(f"{left[-24:]} {match[0]} ")) or bool(re.match(r" (?:only|solely) ", right))
        word = "indirectly" if _INDIRECT.search(f"{left[-40:]}{right[:40]} ") else ""
        if negated and " directly " in f"{left[-24:]}{right} ":
            word = "directly"
        through = None if negated else _THROUGH.search(_CLAUSE.split(right)[0])
        third = self._phrase.at(through[1]) if through and name == "call" else None
        lines = _LINE_IN.search(right) if name in ("define", "declare") else None
        if lines is not None:
            word = f"{lines[1]}-{lines[2] or lines[1]}"
        if name == "return" and (returned := _RETURNED.match(right)):
            word = returned[1]
        made = Relation(name, None, None, third, word, negated, only, self._guessed)
        sides: tuple[Sequence[Entity | None], ...] = (subjects or (None,), objects or (None,))
        for subject in sides[0]:
            for one in sides[1]:
                if swapped:
                    yield replace(made, subject=one, object=subject)
                else:
                    yield replace(made, subject=subject, object=one)
