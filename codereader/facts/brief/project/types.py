"""The lines on a project's main types: what they are for, who builds on them and makes them, what they keep and do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from math import log2

from codereader.facts.brief.lines import Draft
from codereader.facts.brief.material import one_line
from codereader.facts.brief.project.kinds import FEW, Kind, Kinds, declared_virtual, last_name
from codereader.facts.brief.project.scene import LINE, Scene, dotted, fitted, is_public, packed, unique
from codereader.facts.fact import Fact
from codereader.index.parsed import Definition
from codereader.source.spans import line_of

NAMES = 6
"""Most names that one piece of a line spells out."""

DOC_WIDTH = 72

OPENED = 4
"""Types that get a second line."""

MANY = 40
"""The first type gets further lines if it has more methods than this."""

ROOM = 25
"""Characters that must be left for a list to be begun, beside its first name and the path."""

KEPT = 75
"""Characters for what a type keeps."""

MOST_TYPES = 60
"""Types that get a line; the others are left to the files."""

_ACCESS = re.compile(r"(\s*)(public|private|protected)\s*:")
_DECLARED = re.compile(r"^(?!\s*(?:return|throw|else|delete)\b)[^(]*[\w>&*\]][\s&*]\s*([A-Za-z_]\w*)\s*\(")
DECLARED_WITHIN = 200
"""Characters of a line in which a function is declared."""

_SHOWS_CODE = re.compile(r"[\w.]+ = |>>>|\$ |@\w|[\w.]+\([^)]*\)$")
"""Words on a type that are an example of its use."""

_ROLE = re.compile(r":\w+:`([^`]+)`")


def types_section(scene: Scene, kinds: Kinds) -> Draft:
    """Return the main types, a line each; the first few have a second one that says what they keep and do."""
    facts: list[Fact] = []
    for number, one in enumerate(kinds.ranked[:MOST_TYPES]):
        most = 3 if number == 0 and len(one.methods) > MANY else 1
        inside = list(_inside(scene, one, most)) if number < OPENED else []
        facts += [_fact(scene, one, is_whole=not inside), *inside]
    return Draft("Main types", tuple(facts), weight=8, first=9)


def _fact(scene: Scene, one: Kind, *, is_whole: bool) -> Fact:
    definition, path = one.at.fact, one.at.path
    language, line = scene.material.language(path), line_of(definition.row)
    told = [base for base in one.bases if last_name(base) != one.name]
    bases = [last_name(base) if language != "python" else base for base in told]
    name = scene.spell(path, dotted(definition))
    above = ", ".join(bases[:4])
    head = f"{definition.kind} {name}" + (
        f"({above})" if above and language == "python" else f" : {above}" if above else ""
    )
    said = "" if _SHOWS_CODE.match(definition.doc or "") else definition.doc
    doc = f" - {one_line(_ROLE.sub(_bare_role, said), DOC_WIDTH).rstrip('.')}" if said else ""
    spread = one.heirs[:NAMES]
    verb = "implemented by" if definition.kind in ("interface", "trait") else "base of"
    verb = "embedded in" if language == "go" and definition.kind == "struct" else verb
    makers = [maker for maker in one.makers if maker != name][:2]
    text = packed(
        head,
        [
            f"; {verb} {_some(spread, len(one.heirs))}" if spread else "",
            doc,
            f"; made by {', '.join(makers)}" if makers else "",
        ],
        path,
        line,
    )
    if is_whole:
        text = _with_members(text, _does(scene, one), one.keeps, path, line)
    return Fact(name, "builds on", ", ".join(one.bases) or "nothing", text, path, line, definition.condition)


def _bare_role(match: re.Match[str]) -> str:
    """Return the name that a reference in reStructuredText shows."""
    return match[1].lstrip("~!").rpartition(".")[2]


def _with_members(text: str, does: Sequence[str], keeps: Sequence[str], path: str, line: int) -> str:
    """Return *text* with what a type does and keeps behind it, as far as there is room."""
    for word, names in (("does", does), ("keeps", keeps[:4])):
        if names and len(text) + len(names[0]) + ROOM + len(path) < LINE:
            longer = fitted(f"{text}; {word} ", names, path, line)
            text = text if longer.endswith(f"; {word}") else longer
    return text


def _inside(scene: Scene, one: Kind, lines: int) -> Iterator[Fact]:
    """Yield what a type keeps and does, in at most *lines* lines without a place of their own."""
    does = _does(scene, one)
    keeps = [name for name in one.keeps if name not in does]
    if len(does) < FEW and len(keeps) < FEW:
        return
    text = f"    keeps {_within(keeps, KEPT if does else 2 * KEPT)}" if keeps else "    "
    text = f"{text}{'; ' if keeps else ''}does " if does else text
    for number in range(lines):
        taken = len(does)
        whole = fitted(text, does, None, None) if does else text
        if number < lines - 1 and does:
            while taken > 1 and len(text) + len(", ".join(does[:taken])) + 1 > LINE:
                taken -= 1
            whole = text + ", ".join(does[:taken])
        yield Fact(one.name, "does", ", ".join(does[:taken]), whole, None, None)
        does, text = does[taken:], "      "
        if not does:
            return


def _within(names: Sequence[str], room: int) -> str:
    """Return as many of *names* as fit into *room* characters."""
    text = ""
    for number, name in enumerate(names):
        piece = f", {name}" if number else name
        if len(text) + len(piece) > room:
            return f"{text}, ..."
        text += piece
    return text


def _does(scene: Scene, one: Kind) -> list[str]:
    """Return the names of what others may call on a type, the most telling first."""
    language = scene.material.language(one.at.path)
    public = [method for method in one.methods if is_public(method, language) and method.name != one.name]
    public = [method for method in public if not method.name.startswith(("~", "operator"))]
    public.sort(key=lambda method: (-_telling(scene, method), method.row))
    hidden = _hidden(scene, one) if language == "cpp" else frozenset[str]()
    public = [method for method in public if method.name not in hidden]
    declared = declared_virtual(scene, one) if language == "cpp" else ()
    declared = [name for name in declared if name not in hidden]
    return list(unique((*declared, *(method.name for method in public))))


def _hidden(scene: Scene, one: Kind) -> frozenset[str]:
    """Return the names that a C++ type declares under ``private`` or ``protected`` alone."""
    shown, hidden, depth = set[str](), set[str](), 0
    margin: str | None = None
    names = hidden if one.at.fact.kind == "class" else shown
    for line in scene.body(one.at).splitlines():
        access = _ACCESS.match(line)
        if access and margin in (None, access[1]):
            margin, names, depth = access[1], shown if access[2] == "public" else hidden, 1
        if depth == 1:
            names.update(_DECLARED.findall(line[:DECLARED_WITHIN]))
        depth += line.count("{") - line.count("}")
    return frozenset(hidden - shown)


def _telling(scene: Scene, method: Definition) -> float:
    """Return how much the name of a method says of its type: used and long ones first."""
    rows = method.span.last_row - method.span.first_row
    dull = method.name.startswith("__") or method.kind == "property"
    return (log2(1 + scene.outside_uses(method.name)) + 0.7 * log2(2 + rows)) * (0.3 if dull else 1.0)


def _some(names: Sequence[str], whole: int) -> str:
    left = whole - len(names)
    return f"{', '.join(names)}{f' and {left} more' if left > 0 else ''}"
