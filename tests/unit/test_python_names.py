"""What Python names, attributes and objects mean where they are used."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from codereader.cancel import CancelToken
from codereader.index.build import build
from codereader.index.resolve import resolve
from codereader.index.view import IndexView, open_index
from codereader.source.walk import open_scope, walk

Tree = Callable[[dict[str, str]], IndexView]


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[Tree]:
    """Index a folder with these files and open it."""
    opened: list[IndexView] = []

    def index(files: dict[str, str]) -> IndexView:
        for name, text in files.items():
            path = tmp_path / "tree" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        walked = walk(open_scope(tmp_path / "tree"), CancelToken())
        build(walked, tmp_path / "cache", CancelToken())
        opened.append(open_index(walked, tmp_path / "cache"))
        return opened[-1]

    yield index
    for view in opened:
        view.close()


def calls(view: IndexView, path: str, name: str) -> list[tuple[str, str]]:
    """Return what each call of *name* in *path* may reach, as dotted names, and the first one's confidence."""
    found = []
    for at in view.references(path=path, name=name, kind="call"):
        fact = at.fact
        meant = resolve(view, path, name, fact.receiver, fact.caller, fact.base)
        names = [f"{one.definition.fact.owner or '-'}.{one.definition.fact.name}" for one in meant]
        found.append((" ".join(names), meant[0].confidence if meant else "not found"))
    return found


BASES = """
class Top:
    def show(self): ...
    def only_top(self): ...
class Left(Top):
    def show(self): ...
class Right(Top):
    def show(self): ...
    def right(self): ...
"""


def test_a_method_is_found_through_the_bases_from_left_to_right(tree: Tree) -> None:
    """The class itself, then its parents in order, a shared grandparent last; super() begins above the class."""
    use = (
        "from bases import Left, Right\n"
        "class Both(Left, Right):\n"
        "    def go(self):\n"
        "        self.show()\n        self.right()\n        self.only_top()\n"
        "        super().show()\n        self.absent()\n"
    )
    view = tree({"bases.py": BASES, "use.py": use})

    assert [("Left.show", "visible by include"), ("Left.show", "visible by include")] == calls(view, "use.py", "show")
    assert [("Right.right", "visible by include")] == calls(view, "use.py", "right")
    assert [("Top.only_top", "visible by include")] == calls(view, "use.py", "only_top")
    assert [("", "not found")] == calls(view, "use.py", "absent")


def test_classes_that_are_their_own_ancestors_do_no_harm(tree: Tree) -> None:
    """A circle of bases ends, and what is in it is still found."""
    view = tree({"a.py": "class A(B):\n    def f(self): self.g()\nclass B(A):\n    def g(self): self.f()\n"})

    assert [("B.g", "same file")] == calls(view, "a.py", "g")
    assert [("A.f", "same file")] == calls(view, "a.py", "f")


def test_self_is_the_class_and_not_its_neighbour(tree: Tree) -> None:
    """Two classes of one file with the same method names are told apart."""
    text = "".join(f"class {name}:\n    def run(self): self.step()\n    def step(self): ...\n" for name in "AB")
    view = tree({"a.py": text})

    assert [("A.step", "same file"), ("B.step", "same file")] == calls(view, "a.py", "step")


def test_an_object_may_be_of_a_class_below_the_known_one(tree: Tree) -> None:
    """A call that a subclass may answer names both; one on a fresh object does not."""
    text = (
        "class Base:\n    def run(self): self.step()\n    def step(self): ...\n"
        "class Other(Base):\n    def step(self): ...\n"
        "def fresh():\n    Base().step()\n"
    )
    view = tree({"a.py": text})

    assert [("Base.step Other.step", "one of 2"), ("Base.step", "same file")] == calls(view, "a.py", "step")


def test_whoever_offers_all_that_a_protocol_asks_for_may_answer(tree: Tree) -> None:
    """Classes that never mention the protocol count if they have its methods."""
    text = (
        "from typing import Protocol\n"
        "class Model(Protocol):\n    def ask(self) -> str: ...\n    def load(self) -> None: ...\n"
        "class Echo:\n    def ask(self) -> str: ...\n    def load(self) -> None: ...\n"
        "class Half:\n    def ask(self) -> str: ...\n"
        "def use(model: Model):\n    model.ask()\n"
    )
    view = tree({"a.py": text})

    assert [("Model.ask Echo.ask", "one of 2")] == calls(view, "a.py", "ask")


READER = """
from __future__ import annotations
from contextlib import contextmanager
from typing import Iterator, Optional, Self

class Part:
    def touch(self): ...

class Reader:
    limit: int = 3
    def __init__(self, part: Part):
        self.part = part
        self.fresh = Part()
        self.parts: list[Part] = []
        self.named: dict[str, Part] = {}
    def __enter__(self) -> Self:
        return self
    @property
    def main(self) -> Part:
        return self.part
    @classmethod
    def make(cls) -> Reader:
        return cls(Part())
    def find(self, name) -> Optional[Part]:
        return self.named.get(name)

def open_reader() -> Reader:
    return Reader(Part())

@contextmanager
def lent() -> Iterator[Part]:
    yield Part()
"""

TOUCHES = [
    "def f(x: Part): x.touch()",
    "def f(x: 'Part | None'): x.touch()",
    "def f(x: Reader): x.part.touch()",
    "def f():\n    x = Part()\n    x.touch()",
    "def f():\n    x = open_reader()\n    x.fresh.touch()",
    "def f():\n    with open_reader() as x:\n        x.main.touch()",
    "def f():\n    with lent() as x:\n        x.touch()",
    "def f():\n    for x in open_reader().parts:\n        x.touch()",
    "def f(r: Reader):\n    return [x.touch() for x in r.parts]",
    "def f(r: Reader):\n    for name, x in r.named.items():\n        x.touch()",
    "def f(r: Reader):\n    for place, x in enumerate(r.parts):\n        x.touch()",
    "def f(r: Reader): r.parts[0].touch()",
    "def f(r: Reader):\n    if (x := r.find('a')) is not None:\n        x.touch()",
    "def f(): Reader.make().main.touch()",
    "async def f(r: Reader):\n    x = await later(r)\n    x.touch()\nasync def later(r) -> Part: ...",
    "def f(x):\n    if isinstance(x, Part):\n        x.touch()",
    "def f(x):\n    match x:\n        case Part() as y:\n            y.touch()",
    "def f(x, y: Part):\n    def inner():\n        y.touch()",
    "def f():\n    x, y = 1, Part()\n    y.touch()",
    "class Deep(Reader):\n    def f(self):\n        self.part.touch()",
    "class Own:\n    held: Part\n    def f(self):\n        self.held.touch()",
    "def given():\n    return Part()\ndef f():\n    given().touch()",
    "PART = Part()\ndef f():\n    PART.touch()",
    "type P = Part\ndef f(x: P): x.touch()",
    "class O:\n def __iter__(self): return self\n def __next__(self) -> Part: 0\ndef f(o: O): [x.touch() for x in o]",
    "class Box[T]:\n    def f(self, x: Part) -> T: x.touch()",
]


@pytest.mark.parametrize("text", TOUCHES)
def test_an_object_is_followed_to_its_class(tree: Tree, text: str) -> None:
    """Annotations, constructors, attributes, results, loops and tests tell what an object is."""
    view = tree(
        {"lib.py": READER, "use.py": f"from lib import *\n{text}\n", "decoy.py": "class X:\n def touch(self): 1"}
    )

    assert [("Part.touch", "visible by include")] == calls(view, "use.py", "touch")


@pytest.mark.parametrize(
    "text",
    [
        "def f(touch): touch()",
        "def f(x: str): x.touch()",
        "import os\ndef f(): os.touch()",
        "def f(): 'text'.touch()",
        "from elsewhere import thing\ndef f(): thing.touch()",
        "class A:\n    def f(self): self.touch()",
        "class A:\n    def touch(self): ...\n    def f(self): touch()",
    ],
)
def test_what_lies_elsewhere_is_not_found(tree: Tree, text: str) -> None:
    """Parameters, builtin types, foreign modules and absent members never become a namesake of the tree."""
    view = tree({"lib.py": "class Part:\n    def touch(self): ...\n", "use.py": text + "\n"})

    assert [("", "not found")] == calls(view, "use.py", "touch")


def test_an_unknown_object_is_guessed_by_name_and_said_to_be(tree: Tree) -> None:
    """Namesakes are counted, what may lie outside as one more, and common names are left alone."""
    lib = "class A:\n    def alone(self): ...\n    def twice(self): ...\n    def append(self): ...\n"
    lib += "class B:\n    def twice(self): ...\n"
    view = tree({"lib.py": lib, "use.py": "def f(x):\n    x.alone()\n    x.twice()\n    x.append()\n"})

    assert [("A.alone", "one of 2")] == calls(view, "use.py", "alone")
    assert [("A.twice B.twice", "one of 3")] == calls(view, "use.py", "twice")
    assert [("", "not found")] == calls(view, "use.py", "append")


@pytest.mark.parametrize(
    "text",
    [
        "import pkg.core\ndef f(): pkg.core.make()",
        "import pkg.core as c\ndef f(): c.make()",
        "from pkg import core\ndef f(): core.make()",
        "from pkg import make as m\ndef make(): ...\ndef f(): m()",
        "from pkg import *\ndef f(): make()",
        "def f():\n    from pkg.core import make\n    make()",
        "try:\n    from fast import make\nexcept ImportError:\n    from pkg.core import make\ndef f(): make()",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from pkg import core\ndef f(): core.make()",
        "import pkg\ndef f(): pkg.core.make()",
    ],
)
def test_an_import_leads_to_the_definition(tree: Tree, text: str) -> None:
    """Aliases, re-exports, stars, lazy and guarded imports are followed."""
    files = {"pkg/__init__.py": "from .core import make\n", "pkg/core.py": "def make(): ...\n", "use.py": text + "\n"}
    view = tree(files)
    name = "m" if " m()" in text else "make"

    assert ("-.make", "visible by include") in calls(view, "use.py", name)


def test_a_lazy_import_binds_in_its_function_alone(tree: Tree) -> None:
    """Two functions that import the same name from different places are kept apart."""
    text = "def f():\n    from a import go\n    go()\ndef g():\n    from b import go\n    go()\n"
    view = tree({"a.py": "def go(): ...\n", "b.py": "class B:\n    ...\ndef go(): ...\n", "use.py": text})
    found = [
        resolve(view, "use.py", "go", None, at.fact.caller)[0].definition.path
        for at in view.references(path="use.py", name="go", kind="call")
    ]

    assert ["a.py", "b.py"] == found


def test_calls_know_the_function_that_really_makes_them(tree: Tree) -> None:
    """Defaults and decorators run where the function is defined, comprehensions and bodies where they stand."""
    text = (
        "def outer():\n"
        "    @mark(1)\n"
        "    def inner(x=default()):\n"
        "        return [body(y) for y in x]\n"
        "    named = lambda: held()\n"
        "    return named()\n"
    )
    view = tree({"a.py": text})

    assert {
        "mark": "outer", "default": "outer", "body": "outer.inner", "held": "outer.named", "named": "outer",
    } == {at.fact.name: at.fact.caller for at in view.references(path="a.py", kind="call")}  # fmt: skip
    assert [("outer.named", "same file")] == calls(view, "a.py", "named")


def test_hostile_words_end(tree: Tree) -> None:
    """Names that mean each other, endless annotations and odd names give nothing instead of an error."""
    deep = "[" * 300
    text = (
        f"A = B\nB = A\nclass C(C.D): ...\ndef f(x: A, y: '{deep}', z: C):\n    x.go()\n    y.go()\n    z.go()\n"
        "class E:\n    def __init__(self):\n        self.a = self.b\n        self.b = self.a\n"
        "    def f(self): self.a.go()\n"
        "class I:\n    def __iter__(self): return self\n    def __call__(self): return self\n"
        "    def __getitem__(self, at): return self()\n"
        "def i(x: I):\n    for y in x:\n        y()()[0]()[1].go()\n"
        "def g():\n    x = h(x)\n    x.go()\ndef h(x): return h(x)\n"
    )
    view = tree({"a.py": text, "b.py": "from c import *\n", "c.py": "from b import *\ndef k(): k2()\n"})

    assert [("", "not found")] * 6 == calls(view, "a.py", "go")
    assert [("", "not found")] == calls(view, "c.py", "k2")
