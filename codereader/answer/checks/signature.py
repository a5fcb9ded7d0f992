"""Hold what a sentence says of signatures against the tree: what a function takes and returns."""

from __future__ import annotations

import re

from codereader.answer.checks.outcome import Outcome, best, not_so, open_, so
from codereader.answer.checks.phrase import Entity
from codereader.answer.checks.relation import Relation
from codereader.answer.checks.tree import Tree
from codereader.index.parsed import Definition
from codereader.index.view import At


def parameters(at: At[Definition]) -> list[str] | None:
    """Return the parameters in the signature of a function, None where it is not read."""
    _, _, behind = at.fact.signature.partition(at.fact.name)
    if not behind.startswith("("):
        return None
    depth, start, found = 0, 1, []
    for place, sign in enumerate(behind):
        depth += (sign in "([{") - (sign in ")]}")
        if (sign == "," and depth == 1) or (sign == ")" and depth == 0):
            found.append(behind[start:place].strip())
            start = place + 1
            if depth == 0:
                break
    return [one for one in found if one and one not in ("void", "self", "cls", "/", "*", "&self", "&mut self")]


def take(tree: Tree, said: Relation) -> Outcome | None:
    """Judge that a function takes a parameter of a type or name."""
    if said.object is None or said.object.kind != "name":
        return None
    homes = [at for at in tree.functions(said.subject) if parameters(at) is not None]
    for at in homes:
        if any(re.search(rf"\b{re.escape(said.object.last)}\b", one) for one in parameters(at) or ()):
            return so(f"{tree.place(at)} says {at.fact.signature[:120]}", at.path, at.fact.row + 1)
    if not homes:
        return None
    at = homes[0]
    says = f"{tree.place(at)} says {at.fact.signature[:120]}"
    if said.object.type_word or tree.types(said.object):
        return not_so(says, at.path, at.fact.row + 1)
    return open_(says, at.path, at.fact.row + 1)


def returns(tree: Tree, said: Relation, word: str) -> Outcome | None:
    """Judge what a function returns: an entity, or a *word* such as ``int``, ``0`` or ``nothing``."""
    homes = [at for at in tree.functions(said.subject) if at.fact.kind in ("function", "method")]
    found = [one for at in homes if (one := _returns(tree, at, said.object, word))]
    return best(found)


def _returns(tree: Tree, at: At[Definition], one: Entity | None, word: str) -> Outcome | None:
    place = (at.path, at.fact.row + 1)
    head = at.fact.signature.partition(at.fact.name)[0]
    tail = at.fact.signature.rpartition("->")[2] if "->" in at.fact.signature else ""
    kind = f"{head} {tail}"
    says = f"{tree.place(at)} says {at.fact.signature[:120]}"
    if one is not None:
        return _returns_entity(tree, at, one, kind)
    in_c = at.path.endswith((".c", ".h"))
    if word in ("void", "nothing") and in_c:
        return so(says, *place) if re.search(r"\bvoid\b(?! ?\*)", kind) else not_so(says, *place)
    if word in ("int", "integer", "bool", "boolean", "long", "unsigned", "char", "pointer", "string"):
        if not in_c:
            return None
        wanted = {"integer": r"int|long|s32|u32|size_t", "boolean": "bool", "pointer": r"\*", "string": r"char ?\*"}
        if re.search(wanted.get(word, rf"\b{word}\b"), kind):
            return so(says, *place)
        if word == "boolean" and re.search(r"\bint\b", kind):
            return open_(says, *place)
        known = re.search(r"\b(?:int|void|bool|long|struct|unsigned|char|u32|s32|u64)\b", kind)
        return not_so(says, *place) if known else open_(says, *place)
    if re.fullmatch(r"-?\d+|true|false|null|none", word):
        if in_c and re.search(r"\bvoid\b(?! ?\*)", kind):
            return not_so(says, *place)
        if re.search(rf"\breturn\b[^;\n]*(?<![\w.]){re.escape(word)}\b", tree.body(at), re.IGNORECASE):
            return so(f"{at.fact.name} has a return of {word}", *place)
        return open_(f"no return of {word} was found in {at.fact.name}", *place)
    return None


def _returns_entity(tree: Tree, at: At[Definition], one: Entity, kind: str) -> Outcome | None:
    place = (at.path, at.fact.row + 1)
    name = one.last
    if re.search(rf"\b{re.escape(name)}\b", kind):
        return so(f"{tree.place(at)} says {at.fact.signature[:120]}", *place)
    if one.type_word or (tree.types(one) and at.path.endswith((".c", ".h"))):
        return not_so(f"{tree.place(at)} says {at.fact.signature[:120]}", *place)
    if re.search(rf"\breturn\b[^;\n]*(?<!\w){re.escape(name)}(?!\w)", tree.body(at)):
        return so(f"{at.fact.name} has a return of {name}", *place)
    if line := tree.mention(at, name):
        return so(f"{at.fact.name} mentions {name}", at.path, line) if name.isupper() else open_("", at.path, line)
    if name.isupper() and not tree.called_in(at):
        return not_so(f"{at.fact.name} at {tree.place(at)} does not mention {name}", *place)
    return open_(f"{at.fact.name} at {tree.place(at)} does not mention {name}", *place)
