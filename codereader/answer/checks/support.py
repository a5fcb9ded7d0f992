"""Whether what was found so covers a sentence: its other names, its numbers, its denials and its words.

A word is supported where the code, comments and names that the sentence is about have it, in full or cut short as names
are (``inc`` for ``increments``). Some verbs claim a deed that has a counterpart (``frees``, ``allocates``): these must
be supported.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from codereader.answer.checks.phrase import NOUNS, Entity, Phrase
from codereader.answer.checks.placed import comment_above
from codereader.answer.checks.relation import Relation
from codereader.answer.checks.tree import Tree
from codereader.facts.fact import Fact

MOST_ALONE = 2
"""So many content words may stand in a sentence without support, ..."""
SHARE = 0.6
"""... or this share of them."""

_STOP = frozenset(
    "a an the and or but nor if then else when while where which that who whose what how why this these those it its "
    "they "
    "their them there here in on at of to from by for with without within into onto over under between among across "
    "via "
    "through as is are was were be been being has have had do does did can could may might must shall should will "
    "would "
    "not no only also just simply directly indirectly both either neither each every any some all most more less many "
    "few "
    "such same other another first second third last next previous new own very so too than like etc e.g i.e is's 's s "
    "called calls call calling invokes invoked invoke uses used use using defined defines define declared declares "
    "located "
    "found contains contain containing includes included include imports imported returns return returning takes take "
    "accepts sets set holds hold registers registered register registration implements implemented implement provides "
    "provided inherits extends subclass base built build compiled depends enabled enables option options controlled "
    "file files line lines function functions method methods macro macros struct structs structure structures class "
    "classes "
    "variable variables table tables field fields member members callback callbacks handler handlers operation "
    "operations "
    "pointer pointers parameter parameters argument arguments type types value values name names symbol symbols entry "
    "entries definition definitions declaration object objects instance code source kernel module driver helper "
    "routine "
    "implementation responsible purpose order part role main important key core turn case cases result way one two "
    "three "
    "static inline exported global local internal external public private common generic simple specific actual "
    "finally first then before after during once because since until eventually ultimately together respectively "
    "see shown given example instance following above below well known means makes make made done happens point points "
    "passes passed pass assigned assigns initialized initializes initialised initialises initialization during needed "
    "need needs required requires based well-known directory folder header headers caller callers callee place places "
    "wrapper around thin work actually itself themselves tree scope looks look looking up down out off back away "
    "delegates delegate delegating delegated dispatches dispatch dispatching hands hand handing handed forwards "
    "forwarding forwarded relies rely relying falls fall wraps wrapping wrapped triggers triggered executes executed "
    "performs perform performing performed serves serving acts acting obtains obtained gets get getting afterwards "
    "invoking followed means hooked hooks plugged wired installed subsequently accordingly thereby help "
    "helps with deals".split()
)
DEEDS = {
    "alloc": "alloc|new|create|make|get|clone|dup|init", "free": "free|put|release|destroy|drop|kill|del|clean|flush",
    "deallocat": "free|put|release|destroy", "releas": "free|put|release|unlock|drop|destroy",
    "unlock": "unlock", "lock": "lock|mutex|down|up|guard", "increment": r"inc|\+\+|add|get|\+= ?1|hold",
    "decrement": r"dec|--|sub|put|-= ?1", "destroy": "destroy|free|kill|del|exit|cleanup|put|release",
    "delet": "del|remove|unlink|rm|erase|free", "remov": "del|remove|unlink|rm|erase|pop|discard|drop",
    "encrypt": "crypt|aead|cipher",
    "decrypt": "crypt|aead|cipher", "unregister": "unregister|del|remove", "sleep": "sleep|wait|schedule|delay",
    "creat": "create|new|alloc|make|mk|init|add|build|open",
    "clos": "close|release|shut|put|exit|fini|destroy|kill|free",
    "compress": "compress|zip|deflate|inflate", "log": "log|print|warn|err|debug|trace|pr_|info",
    "encod": "encode|pack|fill|put|json|base64", "decod": "decode|unpack|parse|get|json|base64",
}  # fmt: skip
"""Deeds by the stem of the verb, and what in code may be that deed."""
_WORD = re.compile(r"(?<![<\w])[a-z][a-z-]+(?![\w>])")
_NUMBER = re.compile(r"(?<![<\w.-])\d+(?:\.\d+)?(?![\w>.])")
_COUNTED = re.compile(
    r"(?<![\w.<-])(\d+) (?:[\w-]+ ){0,2}?(?:functions?|lines?|structs?|macros?|members?|fields?|entries|parameters?"
    r"|arguments?|callers?|methods?|values|files?|classes|definitions?|operations|callbacks|times|places|versions"
    r"|implementations)\b"
)
"""So many of something."""
_NOT = re.compile(
    r"(?<! returns) (?:not|no|neither|nor|never|without|none|rather than|instead of|unlike|except|nothing|lacks?) "
)
_ONLY = re.compile(r"(?<! are) (?:only|sole|solely|exclusively|always|every|all) ")
_DENIES = re.compile(
    r" (?:there (?:is|are) no|does not exist|do not exist|is not (?:part|defined|present|found|shown|in)|no such"
    r"|no mention)"
)
_CONNECTING = re.compile(
    r" (?:here (?:is|are)|let us|let 's|in summary|in conclusion|to summari[sz]e|overall|in short|below|as follows"
    r"|following"
    r"|note|sure|certainly|of course|hope|first|next|finally|i will|i can|we will|we can|based on|this (?:answer"
    r"|section)"
    r"|these are|that is all|question|answer|yes|no|okay|ok)\b"
)
_CODE_WORDS = re.compile(
    r" (?:code|function|functions|file|files|struct|structure|module|driver|kernel|class|method|table|pointer|memory"
    r"|inode"
    r"|socket|packet|page|lock|buffer|queue|list|library|package|program|system|design|architecture|api)s? "
)


class Support:
    """Looks at one tree for what a sentence says beside its relations."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree

    def misses(
        self, phrase: Phrase, covered: Sequence[Entity], shape: str, relations: Sequence[Relation], counts: int = 0
    ) -> str | None:
        """Return what of a sentence *covered* entities do not account for, None where nothing is.

        *counts* numbers of things were found so.
        """
        told = {0, 1, *self._sizes(relations)}
        counted: list[str] = [one for one in _COUNTED.findall(phrase.shape) if int(one) not in told]
        if len(counted) > counts:
            return counted[0]
        names = {entity.text for entity in covered}
        for one in phrase.entities:
            if one.text not in names and not self._belongs(one, covered):
                return one.text
        if given := self._given(phrase):
            return given
        if _NOT.search(shape) and not self._denial_is_read(shape, relations, covered):
            return "not"
        is_read = any(one.only for one in relations) or any(one.kind == "option" for one in phrase.entities)
        if _ONLY.search(shape) and not is_read:
            return "only"
        context = self._context([*covered, *phrase.entities])
        for number in self._numbers(phrase):
            if not re.search(rf"(?<!\w){number}(?!\w)", context) and int(float(number)) not in self._sizes(relations):
                return number
        return self._unsupported(shape, context)

    def _given(self, phrase: Phrase) -> str | None:
        """Return what stands in the brackets of a call and nowhere in the code that the sentence is about."""
        for one in phrase.entities:
            given: list[str] = re.findall(r"[A-Za-z_]\w*", one.given)
            words = [word for word in given if "_" in word or word.isupper()]
            own = [other for other in phrase.entities if other.last != one.last] or [one]
            code = "\n".join(self._tree.source(at) for other in own for at in self._tree.definitions(other)[:3])
            calls: list[str] = re.findall(rf"\b{re.escape(one.last)}\s*\([^;{{}}]*", code)
            for word in words if code else ():
                if not re.search(rf"\b{word}\b", "\n".join(calls) or code):
                    return word
        return None

    def _denial_is_read(self, shape: str, relations: Sequence[Relation], covered: Sequence[Entity]) -> bool:
        denials = len(_NOT.findall(shape))
        return denials <= sum(1 for one in relations if one.negated) or (
            denials == 1
            and (any(one.kind == "option" for one in covered) or " is not " in shape or " not " in shape)
            and not any(
                not one.negated for one in relations if one.verb in ("call", "use", "define", "include", "inherit")
            )
        )

    def _belongs(self, one: Entity, covered: Sequence[Entity]) -> bool:
        """Return whether an entity that no relation is about has to do with those that some are about."""
        tree = self._tree
        if one.kind in ("path", "place"):
            paths = tree.paths(one)
            homes = [at.path for other in covered for at in tree.definitions(other)]
            homes += [path for other in covered for path in tree.paths(other)]
            return any(home == path or home.startswith(path + "/") for path in paths for home in homes) or (
                not paths and tree.citer.holds(one.text)
            )
        name = one.text if one.kind == "option" else one.last
        if any(other.last == one.last for other in covered):
            return True
        for other in covered:
            for at in tree.definitions(other):
                if tree.mention(at, name) or re.search(rf"\b{re.escape(name)}\b", at.fact.signature):
                    return True
        own = tree.definitions(one)
        return any(tree.mention(at, other.last) for at in own for other in covered if other.kind == "name")

    def _numbers(self, phrase: Phrase) -> list[str]:
        bare = re.sub(r"lines? \d+(?: (?:-|to|through|and) \d+)?", " ", phrase.shape)
        bare = re.sub(r"^ \d+ [.)]", " ", bare)
        return [one for one in _NUMBER.findall(_COUNTED.sub(" ", bare)) if one not in ("0", "1")]

    def _sizes(self, relations: Sequence[Relation]) -> set[int]:
        """Return how many objects and subjects the lists of a sentence have."""
        found: dict[tuple[str, str, str], int] = {}
        for one in relations:
            subject, other = one.subject.text if one.subject else "", one.object.text if one.object else ""
            for key in ((one.verb, "s", subject), (one.verb, "o", other)):
                found[key] = found.get(key, 0) + 1
        return set(found.values())

    def _context(self, covered: Sequence[Entity]) -> str:
        tree = self._tree
        texts: list[str] = []
        for one in dict.fromkeys(covered):
            texts.append(one.text)
            for at in tree.definitions(one)[:3]:
                texts += [
                    at.path,
                    at.fact.signature,
                    at.fact.doc or "",
                    tree.source(at)[:20_000],
                    self._above(at.path, at.fact.span.first_row),
                ]
            for path in tree.files(one)[:2]:
                file = tree.view.file(path)
                texts += [path, (file.summary or "") if file else ""]
        return "\n".join(texts).lower()

    def _above(self, path: str, row: int) -> str:
        lines = range(row + 1 - comment_above(self._tree, path, row + 1), row + 1)
        return "".join(self._tree.line(path, number) for number in lines)

    def _unsupported(self, shape: str, context: str) -> str | None:
        words: list[str] = [word for word in _WORD.findall(shape) if word not in _STOP and word not in NOUNS.split("|")]
        parts = set(re.findall(r"[a-z]+", context))
        for word in words:
            for stem, deed in DEEDS.items():
                if word.startswith(stem) and not re.search(
                    rf"(?:^|[^a-z])(?:\w*_)?(?:{deed})|(?:{deed})(?:$|[^a-z])", context
                ):
                    return word
        alone = [word for word in dict.fromkeys(words) if not is_supported(word, parts)]
        if len(alone) > MOST_ALONE and len(alone) > SHARE * len(set(words)):
            return alone[0]
        return None

    def repeats(self, phrase: Phrase, shape: str, fact: Fact) -> bool:
        """Return whether a sentence says no more than *fact*."""
        words = set(_WORD.findall(shape)) - {"a", "an", "the", "is", "are", "of", "in", "at", "by", "to", "and"}
        own = {
            word.lower()
            for word in re.findall(r"[A-Za-z][\w-]*", f"{fact.text} {fact.subject} {fact.relation} {fact.object}")
        }
        names = [one for one in phrase.entities if one.kind in ("name", "member", "option", "path")]
        inside = all(one.last in fact.text or one.text in (fact.subject, fact.object, fact.path) for one in names)
        same = bool(_NOT.search(shape)) == bool(_NOT.search(f" {fact.text.lower()} "))
        said = [word for word in words if word in own or is_supported(word, own)]
        ordered = _in_order(names, fact)
        return bool(names) and inside and same and ordered and len(said) >= 0.7 * len(words) and fact.relation != ""


def _in_order(names: Sequence[Entity], fact: Fact) -> bool:
    """Return whether the names stand in the order of the fact: a swapped pair says something else."""
    places = [fact.text.find(one.last) for one in names]
    places = [place for place in places if place >= 0]
    return places == sorted(places)


def is_supported(word: str, parts: Iterable[str]) -> bool:
    """Return whether *word* stands among *parts* of names and words, in full or cut short."""
    stem = word[: max(4, len(word) - 3)]
    single = word.removesuffix("es") if len(word) > 7 else word.removesuffix("s")
    inside = single[:4] if len(single) > 5 else single
    return any(
        part.startswith(stem)
        or (len(part) >= 3 and word.startswith(part))
        or (len(word) >= 5 and word[:5] in part)
        or (len(inside) >= 4 and part.endswith(inside))
        for part in parts
    )


def denies(shape: str) -> bool:
    """Return whether a sentence says that something is not there."""
    return _DENIES.search(shape) is not None


def is_connecting(shape: str) -> bool:
    """Return whether a sentence that names nothing of the tree claims nothing either: it connects, greets or asks."""
    if shape.rstrip().endswith(("?", ":")) or len(shape.split()) <= 3:
        return True
    return _CONNECTING.match(shape) is not None and _CODE_WORDS.search(shape) is None
