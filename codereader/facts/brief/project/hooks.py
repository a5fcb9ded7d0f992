"""Where a project is meant to be extended: decorators, interfaces, functions that are handed in, classes to replace."""

from __future__ import annotations

import re
from collections.abc import Iterator

from codereader.facts.brief.lines import Draft
from codereader.facts.brief.project.contracts import PROTOCOL
from codereader.facts.brief.project.kinds import Kind, Kinds, declared_virtual
from codereader.facts.brief.project.scene import Scene, dotted, fitted, is_public, unique
from codereader.facts.fact import Fact
from codereader.index.parsed import Definition
from codereader.index.view import At
from codereader.source.spans import line_of

_RETURNS = re.compile(r"\((?:self|cls)?,?\s*(?:\w+: )?.*\)\s*->\s*(.+)$")
_DECORATES = re.compile(r"Callable\[\[(\w+)\], *\1\]|Callable\[\[(?:\w+\.)?Callable|Decorator")
_FUNCTION = re.compile(r"(?:T|F|R|P|C|FT|CT|T_\w+|\w*[Ff]unc\w*|\w*Callable\b.*|\w*[Hh]andler\w*)$")
"""How a type is called that stands for any function."""

_CALLABLE = re.compile(r"(?:^|\b)(?:func\(|std::function<|Fn(?:Mut|Once)?\(|fn\()")
_ABSTRACT = re.compile(r"\b(?:ABC|ABCMeta)\b")
MANY_UNDER = 5
"""A decorator that stands on fewer functions is not told."""

_REPLACED = re.compile(r"_(class|interface|factory|cls)$")
_REGISTRY = re.compile(r"^(?:add|register|install|mount|include|plug)(?:_|[A-Z]|$)|^(?:on|use)$")


def hooks_section(scene: Scene, kinds: Kinds) -> Draft:
    """Return the ways to extend the project."""
    facts = [
        *_decorators(scene),
        *_members(scene, kinds),
        *_interfaces(scene, kinds),
        *_replaceable(kinds),
        *_registering(scene),
        *_signals(scene),
        *_guarding(scene),
    ]
    return Draft("To extend it", tuple(facts), weight=4, first=4)


def _decorators(scene: Scene) -> Iterator[Fact]:
    """Yield for each Python class the methods that take a function and give it back. A plain function counts
    where it is used so.
    """
    inner = {
        (at.path, at.fact.owner)
        for at in scene.definitions
        if at.fact.kind == "function" and at.fact.owner and re.match(r"_?deco", at.fact.name)
    }
    found: dict[tuple[str, str], list[At[Definition]]] = {}
    for at in scene.definitions:
        one = at.fact
        if (
            scene.material.language(at.path) != "python"
            or not is_public(one, "python")
            or one.kind not in ("method", "function")
        ):
            continue
        is_made = _takes_function(one) or (at.path, dotted(one)) in inner or _gives_decorator(one)
        if is_made and (one.kind == "method" or one.name in scene.decorating):
            found.setdefault((at.path, one.owner or ""), []).append(at)
    ordered = sorted(found, key=lambda key: (-len(found[key]), -scene.rank(key[0]), key))
    for key in ordered[:3]:
        path, owner = key
        some = found[key]
        if owner in scene.functions:
            continue
        line = line_of(some[0].fact.row)
        names = list(unique(at.fact.name for at in some))
        where = f"of {owner} " if owner else "in " + path.rpartition("/")[2] + " "
        yield Fact(
            owner or path, "decorates", ", ".join(names), fitted(f"decorators {where}", names, path, line), path, line
        )


def _takes_function(one: Definition) -> bool:
    """Tell whether a signature says that a function gives back the very kind that it is given last."""
    match = re.match(r".*?\((?:self|cls)?(?:, )?(\w+): ([^,=]+)\) -> (.+)$", one.signature)
    return match is not None and match[2].strip() == match[3].strip() and bool(_FUNCTION.match(match[2].strip()))


def _gives_decorator(one: Definition) -> bool:
    result = one.signature.rpartition("->")[2].strip() if "->" in one.signature else ""
    return bool(_DECORATES.search(result))


def _members(scene: Scene, kinds: Kinds) -> Iterator[Fact]:
    """Yield the public members of main types that hold functions: ``Run func(cmd *Command, args []string)``."""
    for one in kinds.ranked[:25]:
        at = one.at
        names = []
        for record in scene.view.records(path=at.path):
            if record.fact.name == f"type {dotted(at.fact)}":
                names = [member.name for member in record.fact.members if member.name and _CALLABLE.search(member.type)]
        public = [name for name in names if name[:1].isupper() or scene.material.language(at.path) != "go"]
        public = [name for name in public if not name.endswith("_")]
        if len(public) >= 2:
            line = line_of(at.fact.row)
            head = f"functions to set on {scene.spell(at.path, dotted(at.fact))}: "
            yield Fact(
                one.name, "is extended by", ", ".join(public), fitted(head, public, at.path, line), at.path, line
            )


def _interfaces(scene: Scene, kinds: Kinds) -> Iterator[Fact]:
    """Yield interfaces, traits and abstract classes with what implements them here."""
    told = 0
    for one in kinds.ranked:
        if told >= 6:
            return
        word = _open_word(scene, one)
        is_hidden = word == "protocol" and re.search(r"(^|/)_[^_/][^/]*$", one.at.path)
        if word and (_is_for_users(scene, one) or (one.heirs and not is_hidden)):
            told += 1
            yield _interface(scene, one, word)


def _is_for_users(scene: Scene, one: Kind) -> bool:
    """Tell whether something without an implementation here is there for others: documents speak of it."""
    return is_public(one.at.fact, scene.material.language(one.at.path)) and one.name in scene.documented


def _open_word(scene: Scene, one: Kind) -> str:
    definition, language = one.at.fact, scene.material.language(one.at.path)
    if definition.kind in ("interface", "trait"):
        return definition.kind
    if any(PROTOCOL.search(base) for base in definition.fields):
        return "protocol"
    if language == "python" and any(_ABSTRACT.search(base) for base in one.bases):
        return "abstract class"
    if language == "java" and "abstract" in definition.signature:
        return "abstract class"
    if language == "cpp" and "= 0;" in scene.body(one.at) and declared_virtual(scene, one):
        return "abstract class"
    word = "struct" if language == "go" else "base class"
    return word if len(one.heirs) >= 3 else ""


def _interface(scene: Scene, one: Kind, word: str) -> Fact:
    path, line = one.at.path, line_of(one.at.fact.row)
    name = scene.spell(path, dotted(one.at.fact))
    verb = "extended" if "class" in word else "embedded" if word == "struct" else "implemented"
    head = f"{word} {name}, {verb} here by " if one.heirs else f"{word} {name}, to be implemented by users"
    names = list(one.heirs)
    if not names:
        methods = [method.name for method in one.methods] or declared_virtual(scene, one)
        methods = declared_virtual(scene, one) if scene.material.language(path) == "cpp" else methods
        head = f"{head}: " if methods else head
        names = methods
    return Fact(
        name, "is implemented by", ", ".join(one.heirs), fitted(head, names, path, line) if names else head, path, line
    )


def _replaceable(kinds: Kinds) -> Iterator[Fact]:
    """Yield attributes that name a class or factory to use: ``request_class``, ``session_interface``."""
    for one in kinds.ranked[:12]:
        names = [keep.partition(" ")[0] for keep in one.keeps]
        names = [name for name in names if _REPLACED.search(name) and not name.startswith("_")]
        if len(names) >= 2:
            path, line = one.at.path, line_of(one.at.fact.row)
            head = f"classes to replace on {one.name}: "
            yield Fact(one.name, "is extended by", ", ".join(names), fitted(head, names, path, line), path, line)


def _registering(scene: Scene) -> Iterator[Fact]:
    """Yield the public methods that add or register something, by type."""
    found: dict[str, list[At[Definition]]] = {}
    for at in scene.definitions:
        if _registers(scene, at):
            found.setdefault(at.fact.owner or at.path, []).append(at)
    ordered = sorted(found, key=lambda key: (-sum(scene.outside_uses(at.fact.name) for at in found[key]), key))
    for key in ordered[:2]:
        some = sorted(found[key], key=lambda at: (-scene.outside_uses(at.fact.name), at.path, at.fact.row))
        first = some[0]
        line, names = line_of(first.fact.row), list(unique(at.fact.name for at in some))
        owner = scene.spell(first.path, first.fact.owner) if first.fact.owner else first.path.rpartition("/")[2]
        if len(names) >= 2:
            text = fitted(f"calls that add to {owner}: ", names, first.path, line)
            yield Fact(owner, "registers by", ", ".join(names), text, first.path, line)


def _registers(scene: Scene, at: At[Definition]) -> bool:
    one, language = at.fact, scene.material.language(at.path)
    if one.kind not in ("method", "function") or not is_public(one, language):
        return False
    if not _REGISTRY.match(one.name[:1].lower() + one.name[1:]):
        return False
    is_inner = one.owner is not None and (one.owner in scene.functions or one.owner in scene.namespaces)
    is_inner = is_inner or one.name not in scene.documented or _gives(one, language)
    return not is_inner and (one.kind == "method" or language in ("python", "go", "javascript", "typescript"))


def _gives(one: Definition, language: str) -> bool:
    """Tell whether a function only answers: it takes nothing."""
    inside = re.sub(r"^(?:self|cls)\b,?\s*", "", one.signature.rpartition(f"{one.name}(")[2])
    return inside.startswith(")") and language != "rust"


def _guarding(scene: Scene) -> Iterator[Fact]:
    """Yield the project's own decorator that stands on most of its methods."""
    own = {at.fact.name: at for at in scene.definitions if at.fact.kind == "function" and at.fact.owner is None}
    under: dict[str, list[str]] = {}
    for at in scene.definitions:
        if at.fact.kind in ("method", "function") and scene.material.language(at.path) == "python":
            for decorator in at.fact.fields:
                name = decorator.lstrip("@").partition("(")[0]
                if name in own:
                    under.setdefault(name, []).append(at.fact.name)
    for name in sorted(under, key=lambda name: (-len(under[name]), name))[:1]:
        if len(under[name]) >= MANY_UNDER:
            at, names = own[name], list(unique(under[name]))
            line = line_of(at.fact.row)
            head = f"@{name} stands on {len(under[name])} own functions: "
            yield Fact(name, "decorates", ", ".join(names), fitted(head, names, at.path, line), at.path, line)


def _signals(scene: Scene) -> Iterator[Fact]:
    """Yield the signals that are sent."""
    some = [
        at
        for at in scene.definitions
        if at.fact.kind == "variable" and re.search(r"= [\w.]*\b[Ss]ignal\(", at.fact.signature)
    ]
    if some:
        line, names = line_of(some[0].fact.row), [at.fact.name for at in some]
        yield Fact(
            "signals", "are", ", ".join(names), fitted("signals ", names, some[0].path, line), some[0].path, line
        )
