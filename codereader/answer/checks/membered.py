"""Hold what a sentence says of the members of structs, enums and classes against the tree."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from codereader.answer.checks import formed
from codereader.answer.checks.clause import denied
from codereader.answer.checks.formed import Judged
from codereader.answer.checks.outcome import best
from codereader.answer.checks.phrase import Entity
from codereader.answer.checks.tree import Tree

_E = r"<(\d+)>"
_MEMBER_NOUNS = ("member", "field", "attribute")
_EMBEDS = re.compile(
    r"<(\d+)> (?:\w+ly )?(?:has|embeds?|contains?|holds?|includes?|carries|stores?|keeps?|wraps) "
    r"(?:(?!which|that|no|not)\w+ ){0,3}<(\d+)>"
)
"""``struct a embeds struct b``"""
_MEMBERS = re.compile(
    r" (?:has|have|contains?|with|field|fields|member|members|includes?|holds?|embeds?|consists|of|enumerators?"
    r"|attributes?"
    r"|methods?|stores?|keeps?|carries|defines?|wraps|in|part|inside) "
)


def members(tree: Tree, entities: Sequence[Entity], text: str) -> Iterator[Judged]:
    """Yield what the clause *text* says of the members of types, judged."""
    if not _MEMBERS.search(text):
        return
    owners = [one for one in entities if one.kind == "name" and len(one.parts) == 1 and tree.types(one)]
    owners = [
        one for one in owners if not tree.functions(one) or any(at.fact.kind == "class" for at in tree.types(one))
    ]
    if not owners:
        return
    owners = [one for one in owners if one.type_word or one.noun or not tree.entries(one)]
    owners = [one for one in owners if one.type_word or one.noun in ("struct", "class")] or owners
    direct = {match[1]: match[2] for match in _EMBEDS.finditer(text)}
    by_mark = dict(zip(re.findall(_E, text), entities, strict=True))
    nouned = re.search(r" (?:field|fields|member|members|attribute|attributes) ", text) is not None
    for mark, other in direct.items():
        owner, inner = by_mark[mark], by_mark[other]
        if owner not in owners or inner not in owners or not inner.type_word:
            continue
        found = formed.member(tree, owner, inner.last)
        if found is not None:
            yield [owner, inner], denied(found, text)
            owners = [one for one in owners if one != inner] if found.verdict == "contradicted" else owners
    for one in entities:
        if one in owners[:1] or one.kind not in ("name", "member") or len(one.parts) != 1:
            continue
        own = {at.fact.owner for at in tree.definitions(one)}
        is_own = any(owner.last in own for owner in owners)
        if one.kind == "name" and (tree.functions(one) or tree.tables(one)) and not (nouned or is_own):
            continue
        found = best([out for owner in owners if owner != one and (out := formed.member(tree, owner, one.last))])
        if found is None:
            continue
        if found.verdict == "verified" or one.kind == "member" or nouned or one.noun in _MEMBER_NOUNS:
            yield [*owners, one], denied(found, text)
