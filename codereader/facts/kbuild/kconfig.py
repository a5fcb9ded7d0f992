"""What Kconfig says in words: the prompts of the options that stand for a scope or for a folder."""

from __future__ import annotations

import re
from collections.abc import Iterable

from codereader.facts.kbuild.system import BuildMap
from codereader.index.parsed import Definition
from codereader.index.view import At

_PROMPT = re.compile(r'^(?:bool|tristate|prompt|def_bool|def_tristate)\s+"((?:[^"\\]|\\.)*)"')
_SYMBOL = re.compile(r"\bCONFIG_(\w+)")


def prompt(option: Definition) -> str | None:
    """Return the words with which an option is offered, None for one that is not."""
    return next((match[1] for field in option.fields if (match := _PROMPT.match(field))), None)


def option_words(option: Definition) -> str:
    """Return an option as a sentence: its symbol, its prompt, the first sentence of its help."""
    words = [part for part in (prompt(option), option.doc) if part]
    return f"CONFIG_{option.name}: {'. '.join(words)}" if words else f"CONFIG_{option.name}"


def own_option(name: str, definitions: Iterable[At[Definition]], build: BuildMap) -> At[Definition] | None:
    """Return the option that stands for the whole scope *name*: called like it, or needed by every file at its top."""
    options: dict[str, At[Definition]] = {}
    for at in definitions:
        if at.fact.kind == "option" and "/" not in at.path:
            options.setdefault(at.fact.name, at)
    named = options.get(re.sub(r"\W", "_", name).upper())
    if named:
        return named
    conditions = [one.condition or "" for one in build.built if "/" not in one.path]
    shared = set.intersection(*(set(_SYMBOL.findall(condition)) for condition in conditions)) if conditions else set()
    found = sorted(
        name for name in shared if name in options and not any(f"!CONFIG_{name}" in one for one in conditions)
    )
    return options[found[0]] if found else None


def folder_prompts(definitions: Iterable[At[Definition]], build: BuildMap) -> dict[str, str]:
    """Return for each folder that one option alone decides the words with which that option is offered."""
    options: dict[str, str] = {}
    for at in definitions:
        if at.fact.kind == "option" and (words := prompt(at.fact)):
            options.setdefault(at.fact.name, words)
    found = {}
    for folder in build.folders:
        match = _SYMBOL.fullmatch(folder.condition or "")
        if match and match[1] in options:
            found[folder.path] = options[match[1]]
    return found
