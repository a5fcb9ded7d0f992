"""Hold numbers against the tree: how many lines, functions, members, callers there are, and the values of constants."""

from __future__ import annotations

import re
from collections.abc import Iterator

from codereader.answer.checks.formed import Judged, matches
from codereader.answer.checks.outcome import Outcome, negation, not_so, open_, so
from codereader.answer.checks.phrase import Entity, Phrase
from codereader.answer.checks.signature import parameters
from codereader.answer.checks.tree import TYPES, Tree
from codereader.index.parsed import Definition
from codereader.index.view import At

_E = r"<(\d+)>"
_COUNTED = (
    "functions|function|lines|line|structs|struct|structures|structure|macros|macro|members|member|fields|field|entries|"
    "entry|parameters|parameter|arguments|argument|callers|caller|methods|method|enumerators|values|files|file|classes|"
    "class|definitions|definition|operations|callbacks|includes|headers|times|places|function pointers|variables|tables"
)
_SOME = (
    r"(?:(?:about|around|roughly|approximately|nearly|over|almost|exactly|only|at least|more than|total of|precisely"
    r"|just|~) )*"
)
_HAS_COUNT = re.compile(
    rf"{_E} (?:\w+ ){{0,2}}?"
    rf"(?:(?:is|are) (?:[\w-]+ ){{1,5}}?(?:with|taking|having|that takes|that has|of)"
    r"|has|have|contains?|defines?|holds?|includes?|declares?|provides?|spans|is|are|takes?"
    rf"|accepts?|"
    rf"consists of|comprises?|implements|sets|fills|expects|receives|lists|with|(?:is|are) (?:called|defined"
    rf"|used) (?:in|from|by)?)"
    rf" (not )?({_SOME})(\d+) (?:[\w-]+ ){{0,2}}?({_COUNTED})\b"
)
_THERE = re.compile(
    rf"(?:there (?:is|are|exist|exists)|(?:has|have|with|contains?)) (not )?({_SOME})(\d+) (?:[\w-]+ ){{0,2}}?"
    rf"({_COUNTED}|versions|implementations|calls) (?:of|to|called|named|for|in) {_E}"
)
_DEFINED_TIMES = re.compile(
    rf"{_E} (?:is|are) (not )?(defined|called) (?:in |from |at )?({_SOME})(\d+) (?:[\w-]+ )?(times|places|files"
    rf"|functions)"
)
_VALUE = re.compile(
    rf"{_E} (?:in <\d+> )?(?:, )?"
    rf"(?:(?:is|are) (?:defined (?:as|to be|to)|set to|equal to)|is|equals|expands to|has (?:value"
    rf"|default)(?: value)?"
    rf"(?: of)?|=|defaults to|defined as|\(|with value(?: of)?) ?(not )?(-?0x[0-9a-f]+|-?\d[\d.,]*\d|\d)(?:u?ll?"
    rf"|u)?(?![\w<]"
    rf"| [a-z]+s\b)"
)


def statements(tree: Tree, phrase: Phrase) -> Iterator[Judged]:
    """Yield what the shape of *phrase* says of numbers, judged."""
    yield from matches(tree, phrase, _HAS_COUNT, _has_count)
    yield from matches(tree, phrase, _THERE, _there)
    yield from matches(tree, phrase, _DEFINED_TIMES, _defined_times)
    yield from matches(tree, phrase, _VALUE, _value)


def _one(phrase: Phrase, mark: str) -> Entity:
    return phrase.entities[int(mark)]


def _has_count(tree: Tree, phrase: Phrase, match: re.Match[str]) -> Judged | None:
    one = _one(phrase, match[1])
    found = _count(tree, one, int(match[4]), match[5], match[3])
    if found is None:
        return None
    return [one], negation(found) if match[2] else found


def _there(tree: Tree, phrase: Phrase, match: re.Match[str]) -> Judged | None:
    one, noun = _one(phrase, match[5]), match[4]
    noun = "definitions" if noun in ("versions", "implementations") else noun
    found = _count(tree, one, int(match[3]), noun, match[2])
    return None if found is None else ([one], negation(found) if match[1] else found)


def _defined_times(tree: Tree, phrase: Phrase, match: re.Match[str]) -> Judged | None:
    one = _one(phrase, match[1])
    noun = "definitions" if match[3] == "defined" else "callers" if match[6] == "functions" else "calls"
    found = _count(tree, one, int(match[5]), noun, match[4])
    return None if found is None else ([one], negation(found) if match[2] else found)


def _count(tree: Tree, one: Entity, said: int, noun: str, about: str) -> Outcome | None:
    """Judge how many of what *noun* says something has."""
    real = _real(tree, one, noun)
    if real is None:
        return None
    count, is_sure, path = real
    says = f"{one.last if one.kind == 'name' else one.text} has {count} {noun}"
    if "at least" in about or "more than" in about or "over" in about:
        holds = count > said or ("at least" in about and count == said)
    elif re.search(r"about|around|roughly|approximately|nearly|almost|~", about):
        holds = abs(count - said) <= max(1, count // 8)
    else:
        holds = count == said
    if holds:
        return so(says, path)
    return not_so(says, path) if is_sure else open_(says, path)


def _real(tree: Tree, one: Entity, noun: str) -> tuple[int, bool, str | None] | None:
    """Return how many there are, whether that is sure, and where."""
    noun = noun.rstrip("s").removesuffix("e") if noun in ("classes",) else noun.rstrip("s")
    if one.kind in ("path", "place"):
        return _real_in_file(tree, one, noun)
    homes = tree.definitions(one)
    if not homes:
        return None
    at = homes[0]
    if noun == "definition":
        defined = [at for at in homes if not _is_declaration(tree, at)]
        return len(defined), len(homes) == len(defined), at.path
    if noun in ("call", "time", "place"):
        return len(list(tree.callers(one.last))), False, at.path
    if noun == "caller":
        return len({(caller, path) for caller, path, _ in tree.callers(one.last)}), True, at.path
    if noun in ("parameter", "argument"):
        lists = {len(some) for at in homes if (some := parameters(at)) is not None}
        return (lists.pop(), True, at.path) if len(lists) == 1 else None
    types = [at for at in homes if at.fact.kind in TYPES]
    if noun in ("member", "field", "enumerator", "value", "function pointer") and len(types) == 1 == len(homes):
        return len(types[0].fact.fields), not re.search(r"#|[A-Z_]{4,}\(", tree.body(types[0])), at.path
    if noun == "method" and types:
        methods = {d.fact.name for d in tree.view.definitions(path=at.path) if d.fact.owner == at.fact.name}
        return len(methods), False, at.path
    if noun in (
        "entry",
        "entrie",
        "operation",
        "callback",
        "member",
        "field",
        "function pointer",
        "function",
        "function",
    ):
        return _real_in_table(tree, one, homes)
    if noun == "line":
        return at.fact.span.last_row - at.fact.span.first_row + 1, False, at.path
    return None


def _is_declaration(tree: Tree, at: At[Definition]) -> bool:
    return at.fact.kind == "variable" and "=" not in tree.code(at) and at.path.endswith((".c", ".h"))


def _real_in_table(tree: Tree, one: Entity, homes: list[At[Definition]]) -> tuple[int, bool, str | None] | None:
    counts = set()
    for path in dict.fromkeys(at.path for at in homes):
        entries = [t for t in tree.view.tables(path=path) if t.fact.variable == one.last and not t.fact.assigned]
        if entries:
            counts.add((len(entries), path))
    if len(counts) != 1:
        return None
    count, path = counts.pop()
    return count, False, path


def _real_in_file(tree: Tree, one: Entity, noun: str) -> tuple[int, bool, str | None] | None:
    files = tree.files(one)
    if noun == "file":
        folders = [path for path in tree.paths(one) if tree.view.file(path) is None]
        counts = {sum(file.path.startswith(folder + "/") for file in tree.view.files()) for folder in folders}
        return (counts.pop(), False, folders[0]) if len(counts) == 1 else None
    if len(files) != 1:
        return None
    path = files[0]
    file = tree.view.file(path)
    if noun == "line" and file is not None:
        return file.lines, True, path
    kinds: dict[str, tuple[str, ...]] = {
        "function": ("function",), "struct": ("struct",), "structure": ("struct",), "macro": ("macro",),
        "class": ("class",), "clas": ("class",), "variable": ("variable",), "method": ("method",),
    }  # fmt: skip
    if noun in ("include", "header"):
        return len(tree.view.includes(path=path)), True, path
    if noun == "table":
        return len({t.fact.variable for t in tree.view.tables(path=path) if not t.fact.assigned}), False, path
    if noun not in kinds:
        return None
    some = [at for at in tree.view.definitions(path=path, kinds=kinds[noun]) if not at.fact.owner]
    conditional = any(at.fact.condition for at in some) or bool(tree.view.macro_uses(path=path))
    return len({at.fact.name for at in some}), not conditional and noun != "variable", path


def _value(tree: Tree, phrase: Phrase, match: re.Match[str]) -> Judged | None:
    one, said = _one(phrase, match[1]), match[3].replace(",", "")
    for at in tree.definitions(one):
        if at.fact.kind == "macro":
            _, _, value = at.fact.signature.partition(at.fact.name)
        elif at.fact.kind in ("constant", "variable", "enumerator", "property"):
            _, _, value = tree.code(at).partition("=")
        else:
            continue
        value = value.strip().rstrip(";").strip().strip("()")
        place = (at.path, at.fact.row + 1)
        if _number(value) is not None and _number(said) is not None:
            holds = _number(value) == _number(said)
            found = (so if holds else not_so)(f"{one.last} is {value} at {tree.place(at)}", *place)
            return [one], negation(found) if match[2] else found
        if re.search(rf"(?<!\w){re.escape(said)}(?!\w)", value, re.IGNORECASE):
            return [one], open_(f"{one.last} is {value[:60]}", *place)
    return None


def _number(text: str) -> float | None:
    bare = re.sub(r"(?<=[0-9a-fA-F])[uUlL]+$", "", text.replace("_", ""))
    try:
        if re.fullmatch(r"0[0-7]+", bare):
            return int(bare, 8)
        return int(bare, 0) if re.fullmatch(r"-?(?:0[xX][0-9a-fA-F]+|\d+)", bare) else float(bare)
    except ValueError:
        return None
