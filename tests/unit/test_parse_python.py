"""What a Python file says, read from text."""

from __future__ import annotations

from codereader.index.parse import parse
from codereader.index.parsed import ParsedFile

TEXT = '''#!/usr/bin/env python3
"""Keep boxes in order.

More words.
"""
from __future__ import annotations

import os.path
import numpy as np
from .shelf import Shelf, lift as raise_
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .lid import Lid

__all__ = ["Box", "open_all"]
SIZE: int = 4
_hidden = 1


@decorate
@shelf.register(1)
class Box(Shelf, key=int):
    """A box. It holds things."""

    async def open(
        self,
        how: str = "fast",  # quickly
    ) -> Lid:
        """Open it."""
        def helper():
            return self.look(how)
        return os.path.join(helper(), callback)


def open_all(*boxes: Box) -> None:
    import json
    for box in boxes:
        box.open()


if __name__ == "__main__":
    raise SystemExit(open_all())
'''


def read(text: str | bytes) -> ParsedFile:
    return parse(text.encode() if isinstance(text, str) else text, "python")


def test_definitions_carry_owner_signature_and_sentence() -> None:
    """Classes, methods and nested functions know where they belong, on one line each."""
    found = [(d.name, d.kind, d.owner, d.signature, d.doc) for d in read(TEXT).definitions if d.kind != "variable"]

    assert [
        ("Box", "class", None, "class Box(Shelf, key=int)", "A box"),
        ("open", "method", "Box", 'async def open(self, how: str = "fast") -> Lid', "Open it"),
        ("helper", "function", "Box.open", "def helper()", None),
        ("open_all", "function", None, "def open_all(*boxes: Box) -> None", None),
    ] == found


def test_a_decorated_class_begins_at_its_decorators() -> None:
    """The span holds the decorators, the row is the name's, the bases are its fields."""
    box = next(d for d in read(TEXT).definitions if d.name == "Box")

    assert (20, 22, ("Shelf", "key=int")) == (box.span.first_row, box.row, box.fields)


def test_module_constants_are_variables() -> None:
    """Annotated assignments and unpacked pairs at the top level count; long values are cut."""
    found = [(d.name, d.signature) for d in read(f"SIZE: int = 4\na, b = 1, 2\nLONG = {'x' * 99}\n").definitions]

    assert [("SIZE", "SIZE: int = 4"), ("a", "a = 1, 2"), ("b", "b = 1, 2"), ("LONG", "LONG = …")] == found


def test_what_a_module_offers_is_exported() -> None:
    """``__all__`` decides where it stands; without it, names without an underscore do."""
    assert ["Box", "open_all"] == [e.name for e in read(TEXT).exports]
    assert {"Box", "open_all"} == {d.name for d in read(TEXT).definitions if d.exported}
    assert ["shown"] == [d.name for d in read("shown = 1\n_not = 2\n").definitions if d.exported]


def test_imports_are_told_wherever_they_stand() -> None:
    """Relative, aliased, conditional and lazy imports are all there."""
    assert [
        ("__future__", ("annotations",), None),
        ("os.path", (), None),
        ("numpy", ("* as np",), None),
        (".shelf", ("Shelf", "lift as raise_"), None),
        ("typing", ("TYPE_CHECKING",), None),
        (".lid", ("Lid",), "TYPE_CHECKING"),
        ("json", (), None),
    ] == [(i.target, i.names, i.condition) for i in read(TEXT).includes]


def test_calls_know_caller_and_receiver() -> None:
    """The innermost function is the caller; what stands before the last dot is the receiver."""
    found = [(r.caller, r.receiver, r.name) for r in read(TEXT).references if r.kind == "call"]

    assert [
        (None, "shelf", "register"),
        ("Box.open.helper", "self", "look"),
        ("Box.open", "os.path", "join"),
        ("Box.open", None, "helper"),
        ("open_all", "box", "open"),
        (None, None, "SystemExit"),
        (None, None, "open_all"),
    ] == found


def test_names_used_as_values_are_mentions() -> None:
    """Decorators, base classes and functions passed on are named."""
    found = {r.name for r in read(TEXT).references if r.kind == "name"}

    assert {"decorate", "Shelf", "callback", "Lid", "Box"} <= found


def test_a_main_guard_is_an_entry() -> None:
    """The entry is the function that the guarded block calls."""
    assert [("open_all", "main")] == [(e.name, e.kind) for e in read(TEXT).entries]


def test_the_docstring_is_the_summary() -> None:
    """The first paragraph speaks for the module."""
    assert "Keep boxes in order." == read(TEXT).summary


def test_hostile_python_gives_facts_not_errors() -> None:
    """Depth, escapes that are none, broken code and odd bytes end in a result."""
    deep = "x = " + "(" * 5000 + ")" * 5000 + "\n"
    chain = "if a:\n    pass\n" + "elif b:\n    pass\n" * 3000
    wrong = 'def f():\n    "\\d is no escape"\ndef g(:\n'

    assert 1 == read(deep).lines
    assert 6002 == read(chain).lines
    assert ("f", "\\d is no escape") == (read(wrong).definitions[0].name, read(wrong).definitions[0].doc)
    assert read(wrong).error_nodes > 0
    assert 1 == read(b"\xff\xfe\x00 = 1").lines
    assert 0 == read(b"").lines


def test_line_ends_do_not_matter() -> None:
    """A file with CRLF gives the same signatures."""
    unix, windows = read(TEXT), read(TEXT.replace("\n", "\r\n"))

    assert [(d.signature, d.row, d.doc) for d in unix.definitions] == [
        (d.signature, d.row, d.doc) for d in windows.definitions
    ]


def test_what_a_decorator_makes_of_a_function_is_told() -> None:
    """Properties are a kind of their own; the decorators themselves are kept as written."""
    text = (
        "class A:\n"
        "    @property\n    def p(self): ...\n"
        "    @p.setter\n    def p(self, v): ...\n"
        "    @functools.cached_property\n    def c(self): ...\n"
        "    @staticmethod\n    def s(): ...\n"
        "    @overload\n    def o(self): ...\n"
        "    def m(self): ...\n"
    )
    found = [(d.name, d.kind, d.fields) for d in read(text).definitions if d.name != "A"]

    assert [
        ("p", "property", ("@property",)),
        ("p", "property", ("@p.setter",)),
        ("c", "property", ("@functools.cached_property",)),
        ("s", "method", ("@staticmethod",)),
        ("o", "method", ("@overload",)),
        ("m", "method", ()),
    ] == found


def test_lambdas_with_a_name_and_type_aliases_are_definitions() -> None:
    """A lambda that is given a name is a function, ``type X`` a typedef; generic classes keep their bases."""
    text = (
        "f = lambda x: g(x)\ntype Pair[T] = tuple[T, T]\nclass Box[T](Base[T]): ...\nclass A:\n    h = lambda self: 1\n"
    )

    assert [
        ("f", "function", None, "f = lambda x"),
        ("Pair", "typedef", None, "type Pair[T] = tuple[T, T]"),
        ("Box", "class", None, "class Box[T](Base[T])"),
        ("A", "class", None, "class A"),
        ("h", "method", "A", "h = lambda self"),
    ] == [(d.name, d.kind, d.owner, d.signature) for d in read(text).definitions]


def test_what_names_hold_is_kept_for_other_files() -> None:
    """Attributes, module variables and results are told in words: annotations, and values after ``=``."""
    text = (
        "SHELF = make(1)\n"
        "class Box(Base):\n"
        "    size: int\n"
        "    def __init__(self, lid: Lid, other):\n"
        "        self.lid = lid\n        self.other = other\n        self.parts = [Part(x) for x in lid]\n"
        "        self.inner: Box | None = None\n"
        "    def take(self):\n        return self.lid.part\n"
    )
    found = {one.name: {member.name: member.type for member in one.members} for one in read(text).records}

    assert {
        "module": {"SHELF": "=make()"},
        "class Box": {"size": "int", "lid": "Lid", "other": "?", "parts": "list[=Part()]", "inner": "Box | None"},
        "def Box.take": {"return": "=self{Box}.lid.part"},
    } == found


def test_calls_know_what_they_are_made_on() -> None:
    """A receiver's type is told as far as the file says; a local name never passes for a global one."""
    text = (
        "def f(a: A, b, c=None):\n"
        "    x = Made(1)\n    a.go()\n    b.go()\n    x.y.go()\n"
        "    b()\n    far()\n    far.away.go()\n    'text'.go()\n"
        "    for z in a.all:\n        z.go()\n    with x as w:\n        w.go()\n    global g\n    g = 1\n    g()\n"
    )
    found = [(r.receiver, r.name, r.base) for r in read(text).references if r.kind == "call"]

    assert [
        (None, "Made", None),
        ("a", "go", "A"),
        ("b", "go", "?"),
        ("x.y", "go", "=Made().y"),
        (None, "b", "?"),
        (None, "far", None),
        ("far.away", "go", None),
        ("'text'", "go", "!"),
        ("z", "go", "=(A).all[*]"),
        ("w", "go", "=Made()[with]"),
        (None, "g", None),
    ] == found


def test_python_beyond_reason_is_read_all_the_same() -> None:
    """Long chains, deep nesting of functions, circular values and endless unions end quickly."""
    chain = "def f(x):\n    return x" + ".a()" * 3000 + "\n"
    nested = "".join("    " * depth + f"def f{depth}():\n" for depth in range(60)) + "    " * 60 + "pass\n"
    values = (
        "def f():\n    a = b\n    b = a\n    a.go()\n"
        + "".join(f"    c = g{n}()\n" for n in range(500))
        + "    c.go()\n"
    )
    tests = "def f(x):\n" + "".join(f"    if isinstance(x, A{n}):\n        x.go()\n" for n in range(2000))

    assert 3000 == sum(r.kind == "call" for r in read(chain).references)
    assert 60 == len(read(nested).definitions)
    assert ["?", "=g499()"] == [r.base for r in read(values).references if r.name == "go"]
    assert "A1999" == [r.base for r in read(tests).references if r.name == "go"][-1]
