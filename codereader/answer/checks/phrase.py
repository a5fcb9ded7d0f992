"""Read a sentence: what it names, and the words between.

The words become a *shape*, lower case and without what says nothing (articles, adverbs, nouns that only classify), in
which each thing named is ``<3>``: relations are then patterns over shapes. Contractions are written out, numbers up to
twenty become digits. Knows of a tree only what it asks `Known`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

from codereader.answer.checks.japanese import in_english
from codereader.answer.checks.spelling import ENDINGS, WORDS_OF_LANGUAGES, is_spelled_like_code
from codereader.answer.checks.words import LETTERS, NAME

Kind = Literal["name", "member", "path", "place", "option"]

NUMBERS = {
    word: number
    for number, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen twenty".split()
    )
}


class Known(Protocol):
    """What a tree tells about bare words."""

    def is_defined(self, name: str) -> bool:
        """Whether something that prose would name bare is called so."""

    def is_member(self, name: str) -> bool:
        """Whether a table or struct has such a member."""

    def is_path(self, text: str) -> bool:
        """Whether a file or folder is called so."""


@dataclass(frozen=True, slots=True)
class Entity:
    """Something that a sentence names. `text` is bare of marks; `lines` are 1-based, inclusive, of a place.

    `type_word` is the ``struct`` before it, `noun` the noun that classifies it (``function``), both empty where there
    is none. `is_code` says that it stood in backticks, was called or is spelled as no word is. `given` is what stands
    in the brackets of its call.
    """

    kind: Kind
    text: str
    lines: tuple[int, int] | None = None
    type_word: str = ""
    noun: str = ""
    is_code: bool = True
    given: str = ""

    @property
    def parts(self) -> list[str]:
        """The names of a chain such as ``a.b->c``."""
        return [part for part in _JOINT.split(self.text) if part not in ("self", "cls", "this", "")]

    @property
    def last(self) -> str:
        """The last name of a chain."""
        return (self.parts or [self.text])[-1]


@dataclass(slots=True)
class Phrase:
    """A sentence that was read. `full` is its shape with the adverbs that tell an order (``then``, ``first``)."""

    shape: str
    entities: list[Entity] = field(default_factory=list)
    full: str = ""

    def at(self, mark: str) -> Entity:
        """Return the entity that ``<3>`` stands for."""
        return self.entities[int(mark.strip("<>"))]

    def all(self, marks: str) -> list[Entity]:
        """Return the entities that stand in a part of the shape."""
        return [self.entities[int(one)] for one in _MARK.findall(marks)]


NOUNS = (
    "function|functions|helper|helpers|routine|routines|macro|macros|struct|structs|structure|structures|union|enum|"
    "enumeration|class|classes|method|methods|variable|variables|constant|constants|typedef|type|file|files|header|"
    "headers|module|modules|table|tables|symbol|symbols|object|instance|array|option|options|directory|folder|"
    "parameter|argument|callback|callbacks|handler|handlers|hook|hooks|operation|operations|member|members|field|"
    "fields|entry|entries|slot|pointer|initcall|interface|wrapper|api|flag|flags|symbol|config|source|variant|"
    "implementation|definition|constructor|system call|syscall|decorator|attribute|property|package"
)
MEMBER_NOUNS = frozenset(
    "operation operations callback callbacks handler handlers hook hooks member members field fields slot entry "
    "entries method methods op ops pointer".split()
)
_ONE_MEMBER = frozenset(noun for noun in MEMBER_NOUNS if not noun.endswith("s"))
_ADVERBS = (
    "then also simply just internally immediately typically usually generally normally actually finally first "
    "subsequently respectively mainly primarily essentially basically itself already again explicitly effectively "
    "both either further furthermore additionally thus therefore hence currently really merely conveniently "
    "correctly properly safely in-turn now still even together successfully specifically automatically "
    "the a an its their his our your some these those corresponding respective following appropriate given "
    "kernel-level own relevant core main key simple small tiny generic standard dedicated specific actual underlying "
    "common shared local private special custom new low-level high-level user-defined so-called well-known"
).split()
_CONTRACTED = {
    "doesn't": "does not", "don't": "do not", "didn't": "did not", "isn't": "is not", "aren't": "are not",
    "wasn't": "was not", "won't": "will not", "can't": "can not", "cannot": "can not", "hasn't": "has not",
    "haven't": "have not", "it's": "it is", "that's": "that is", "there's": "there is", "never": "not",
    "doesn\u2019t": "does not", "isn\u2019t": "is not", "aren\u2019t": "are not", "it\u2019s": "it is",
    "don\u2019t": "do not",
}  # fmt: skip

_JOINT = re.compile(r"\.|->|::")
_MARK = re.compile(r"<(\d+)>")
_FILE = rf"(?:\.{{0,2}}/)?(?:[\w.+~-]+/)*(?:[\w.+~-]*?\w\.(?:{ENDINGS})|Makefile|Kconfig|Kbuild)(?![\w/]|\.[A-Za-z_])"
_LINES = r"(?::(\d{1,7})(?:[-\u2013](\d{1,7}))?(?::\d+)?|#L(\d{1,7})(?:-L?(\d{1,7}))?)?"
_TOKEN = re.compile(
    rf"(?P<ticks>`+)(?P<code>[^\n]+?)(?P=ticks)|(?P<url>https?://\S+)"
    rf"|(?<![\w/])(?P<path>{_FILE}){_LINES}"
    r"|(?P<hyphened>(?<![\w/.-])[A-Za-z]+(?:-[A-Za-z]+)+(?![\w(./]))"
    r"|(?P<folder>(?<![\w/.])(?:[\w.+-]+/)+[\w.+-]*)"
    rf"|(?P<member>(?<![\w)\]])\.(?!\d){NAME}(?!\())"
    rf"|(?P<name>-?{NAME}(?:(?:\.|->|::){NAME})*)(?P<call>\([^()]*\))?"
    r"|(?P<number>-?0[xX][0-9a-fA-F]+|\d[\d,]*\d(?:\.\d+)*|\d(?:\.\d+)*)(?:[uU]?[lL]{1,2}\b|[uU]\b)?"
    r"|(?P<sign>[^\s])"
)
_WHOLE = re.compile(
    rf"[&*]?(?:(struct|union|enum|class|typedef|def) )?(\.?-?{NAME}(?:(?:\.|->|::){NAME})*)\s?(\(.*\))?;?"
)
_ENDLESS = re.compile(r"[^\s`]{256,}")
"""No name or path."""
_EMPHASIS = re.compile(r"\*\*|(?<![\w*])\*(?=\w)|(?<=\w)\*(?![\w*])|~~")
_BOLD = re.compile(r"(?<!\w)__(?=\S)([^_\n]*\s[^_\n]*)__(?!\w)")
_TYPES = frozenset({"struct", "union", "enum", "class", "typedef"})
_CAMEL = re.compile(rf"_*[{LETTERS}]*[a-z0-9][A-Z][{LETTERS}0-9]*")
_CAMEL_HEAD = re.compile(r"(?:[A-Z][a-z0-9]+){2,}\w*")
_PLURAL = frozenset({"(s)", "(es)"})
_DROPPED = re.compile(rf"(?<![\w<-])(?:{'|'.join(_ADVERBS)}|in turn)(?![\w>-])")
_LINE_OF = re.compile(
    r"lines? (\d+)(?: ?(?:to|through|and|-|\u2013) ?(\d+))? (?:of|in|at|from|inside|within) (?:file |header )?<(\d+)>"
)
_ANGLED = re.compile(r"< (<\d+>) >")
_ADDRESS = re.compile(r"(?<= )[&*] (?=<)")
_NUMERALS = {"twice": "2 times", "thrice": "3 times", "once": "1 times"}
_OF_LINE = re.compile(
    r"<(\d+)>(?: file)? ?[,(]? ?(?:at|on|around|in|from|starting at|beginning at)? ?lines? (\d+)"
    r"(?: ?(?:to|through|and|-|\u2013) ?(\d+))?(?: ?\))?"
)
_NOUN_BEFORE = re.compile(rf"(?<![\w<])({NOUNS}) (?:called |named )?(?=<(\d+)>)")
_NOUN_AFTER = re.compile(rf"<(\d+)>((?: (?:{NOUNS}|call))+)(?![\w-]| <)")


def read(text: str, known: Known) -> Phrase:
    """Return the names and the shape of the sentence *text*."""
    phrase = Phrase("")
    plain = _BOLD.sub(r" \1 ", _EMPHASIS.sub(" ", _ENDLESS.sub(" ", text)))
    plain = re.sub(r"\[([^\]\n]*)\]\([^)\s]*\)", r"\1", plain)
    pieces = list(_tokens(plain, phrase, known, in_code=False))
    phrase.shape = _shape(pieces)
    phrase.full = f" {' '.join(pieces)} "
    phrase.shape = _with_lines(phrase)
    phrase.shape = _without_nouns(phrase)
    return phrase


def _tokens(text: str, phrase: Phrase, known: Known, *, in_code: bool) -> Iterator[str]:
    """Yield the words of *text*, those that name something as marks."""
    type_word, before = "", ""
    for match in _TOKEN.finditer(text):
        word = match[0]
        if match["code"] is not None:
            yield from _code(match["code"].strip(), phrase, known, type_word)
        elif match["url"]:
            continue
        elif match["path"] or match["folder"]:
            yield _add(phrase, _path(match, known)) if match["path"] or known.is_path(word) else word
        elif match["member"]:
            yield _add(phrase, Entity("member", word[1:]))
        elif match["name"]:
            follows = text[match.end() : match.end() + 24].split(maxsplit=1)
            yield from _name(match, phrase, known, type_word, before, follows[0] if follows else "", in_code)
        else:
            yield word.lower()
        type_word = word.lower() if word.lower() in _TYPES else ""
        before = word.lower()


def _code(text: str, phrase: Phrase, known: Known, type_word: str) -> Iterator[str]:
    path = re.fullmatch(rf"(?P<path>{_FILE}){_LINES}", text)
    if path is not None:
        yield _add(phrase, _path(path, known))
        return
    if known.is_path(text) and ("/" in text or not known.is_defined(text)):
        yield _add(phrase, Entity("path", text))
        return
    whole = _WHOLE.fullmatch(text)
    if whole is not None and (whole[2] not in WORDS_OF_LANGUAGES or known.is_defined(whole[2])):
        word = (whole[1] or type_word) if (whole[1] or type_word) in _TYPES else ""
        yield _add(phrase, replace(_named(whole[2], type_word=word), given=(whole[3] or "").strip("()")))
        return
    yield from _tokens(text, phrase, known, in_code=True)


def _path(match: re.Match[str], known: Known) -> Entity:
    text = match["path"] or match[0]
    first, last = match[match.re.groupindex["path"] + 1], match[match.re.groupindex["path"] + 2]
    first, last = first or match[match.re.groupindex["path"] + 3], last or match[match.re.groupindex["path"] + 4]
    if first is None or not match["path"]:
        return Entity("path", text.rstrip("/"), is_code=known.is_path(text))
    return Entity("place", text, (int(first), int(last or first)))


def _name(
    match: re.Match[str], phrase: Phrase, known: Known, type_word: str, before: str, follows: str, in_code: bool
) -> Iterator[str]:
    name, call = match["name"], match["call"]
    called = call is not None and call not in _PLURAL and (in_code or "_" in name or not call[1:-1].strip())
    low = name.lower()
    lone = not _JOINT.search(name)
    if low in _TYPES or (lone and name in WORDS_OF_LANGUAGES):
        yield f"{low} {call}" if call else low
        return
    coded = (
        in_code or called or "->" in name or "::" in name
        or any(is_spelled_like_code(part) or _CAMEL.fullmatch(part) or _CAMEL_HEAD.fullmatch(part)
               for part in _JOINT.split(name))
        or (not lone and known.is_defined(name.partition(".")[0]))
        or (bool(type_word) and (known.is_defined(name) or "_" in name))
        or (lone and _is_meant(name, known, before, follows))
    )  # fmt: skip
    if (coded or name.startswith("-E")) and low not in ("e.g", "i.e"):
        yield _add(phrase, _named(name, type_word=type_word, member=_names_member(name, known, follows)))
    else:
        yield low
    if call is not None and not called:
        yield from ("(", *_tokens(call[1:-1], phrase, known, in_code=in_code), ")")


def _is_meant(name: str, known: Known, before: str, follows: str) -> bool:
    """Return whether a bare word can be taken for a name."""
    if before in _NAMING and known.is_defined(name):
        return True
    if follows.strip(".,;:()") in _ONE_MEMBER and known.is_member(name):
        return True
    if name[:1].isupper() and not name.isupper() and not known.is_defined(name.lower()):
        return known.is_defined(name) and (before not in ("", ".") or follows in _VERBS_OF_CLASSES)
    return (any(letter.isdigit() for letter in name) or name.isupper()) and len(name) > 2 and known.is_defined(name)


_VERBS_OF_CLASSES = frozenset(
    "has is calls inherits extends uses defines contains provides holds stores takes keeps implements wraps "
    "owns".split()
)
_NAMING = frozenset("function macro struct class method variable calls invokes calling by called named".split())


def _names_member(name: str, known: Known, follows: str) -> bool:
    return (
        follows.strip(".,;:()") in MEMBER_NOUNS
        and not _JOINT.search(name)
        and not known.is_defined(name)
        and known.is_member(name)
    )


def _named(name: str, *, type_word: str = "", member: bool = False) -> Entity:
    if name.startswith("."):
        return Entity("member", name[1:])
    if name.startswith("CONFIG_"):
        return Entity("option", name)
    if member:
        return Entity("member", name)
    return Entity("name", name.lstrip("-"), None, type_word)


def _add(phrase: Phrase, entity: Entity) -> str:
    phrase.entities.append(entity)
    return f"<{len(phrase.entities) - 1}>"


def _shape(pieces: Sequence[str]) -> str:
    words = [_NUMERALS.get(word, word) for word in (_CONTRACTED.get(piece, piece) for piece in pieces)]
    text = " ".join(str(NUMBERS.get(word, word)) for word in words)
    text = re.sub(r" ' (s|t) ", lambda match: " 's " if match[1] == "s" else " 't ", text)
    text = re.sub(r"(\w+)n 't ", r"\1 not ", text)
    text = _DROPPED.sub(" ", text)
    text = in_english(_ANGLED.sub(r"\1", _ADDRESS.sub("", text)))
    return f" {' '.join(text.split())} "


def _with_lines(phrase: Phrase) -> str:
    """Turn ``line 54 of x.c`` and ``x.c line 54`` into places."""

    def before(match: re.Match[str]) -> str:
        return _placed(phrase, int(match[3]), match[1], match[2])

    def behind(match: re.Match[str]) -> str:
        return _placed(phrase, int(match[1]), match[2], match[3]) + (" " if match[0].endswith(" ") else "")

    text = _LINE_OF.sub(before, phrase.shape)
    return _OF_LINE.sub(lambda match: behind(match) if _is_path(phrase, match[1]) else match[0], text)


def _is_path(phrase: Phrase, mark: str) -> bool:
    return phrase.entities[int(mark)].kind == "path"


def _placed(phrase: Phrase, mark: int, first: str, last: str | None) -> str:
    one = phrase.entities[mark]
    if one.kind == "path":
        phrase.entities[mark] = Entity("place", one.text, (int(first), int(last or first)))
    return f"<{mark}>"


def _without_nouns(phrase: Phrase) -> str:
    """Take the nouns that stand at a name as what it is said to be."""

    def note(mark: str, noun: str) -> None:
        one = phrase.entities[int(mark)]
        if one.kind == "name" and noun.split()[-1] in _CLASSIFYING:
            last = noun.split()[-1]
            phrase.entities[int(mark)] = replace(one, noun=_SINGULAR.get(last, last))

    text = phrase.shape
    for match in _NOUN_BEFORE.finditer(text):
        note(match[2], match[1])
    text = _NOUN_BEFORE.sub("", text)
    for match in _NOUN_AFTER.finditer(text):
        note(match[1], match[2])
    return f" {' '.join(_NOUN_AFTER.sub(lambda match: f'<{match[1]}>', text).split())} "


_SINGULAR = {"functions": "function", "macros": "macro", "structs": "struct", "classes": "class"}
_CLASSIFYING = frozenset(
    "member field attribute function functions macro macros struct structs enum union class classes typedef".split()
)
