"""What names mean in the languages that are read through tags: small trees, each edge with its word."""

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


def edges(view: IndexView, path: str) -> list[str]:
    """Return the calls in *path*, in order: what is called, the places it may lead to, how sure that is."""
    found = []
    for at in view.references(path=path, kind="call"):
        fact = at.fact
        meant = resolve(view, path, fact.name, fact.receiver, fact.caller, fact.base)
        places = " ".join(f"{one.definition.path}:{one.definition.fact.row + 1}" for one in meant)
        found.append(f"{fact.name} {places}: {meant[0].confidence}" if meant else f"{fact.name}: not found")
    return found


JAVASCRIPT = {
    "a.js": "export function one() {}\nexport default function main() {}\nexport const two = () => 1;\n",
    "lib/index.js": "export {one as uno} from '../a';\nexport * from './deep.js';\n",
    "lib/deep.js": "export function deep() {}\n",
    "pkg.js": "module.exports = require('./impl');\n",
    "impl.js": "exports.run = function () {};\n",
    "round.js": "module.exports = require('./round');\n",
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import {one} from './a';\none();\n", "one a.js:1: visible by include"),
        ("import {two as b} from './a.js';\nb();\n", "b a.js:3: visible by include"),
        ("import it from './a';\nit();\n", "it a.js:2: visible by include"),
        ("import * as n from './a';\nn.two();\n", "two a.js:3: visible by include"),
        ("import {uno} from './lib';\nuno();\n", "uno a.js:1: visible by include"),
        ("import {deep} from './lib/index';\ndeep();\n", "deep lib/deep.js:1: visible by include"),
        ("const {one} = require('./a');\none();\n", "one a.js:1: visible by include"),
        ("const p = require('./impl');\np.run();\n", "run impl.js:1: visible by include"),
        ("const p = require('./pkg');\np.run();\n", "run impl.js:1: visible by include"),
        ("const p = require('./pkg');\np();\n", "p impl.js:1: visible by include"),
        ("const p = require('./round');\np();\n", "p use.js:1: same file"),
        ("import {one} from 'elsewhere';\none();\n", "one: not found"),
        ("import * as n from 'elsewhere';\nn.one();\n", "one: not found"),
        ("import {one} from './absent';\none();\n", "one: not found"),
        ("one();\n", "one: not found"),
        ("function one() {}\none();\n", "one use.js:1: same file"),
    ],
)
def test_javascript_names_are_found_where_imports_lead(tree: Tree, text: str, expected: str) -> None:
    """Suffixes and index files may be left out, re-exports are followed; what comes from elsewhere is not."""
    view = tree({**JAVASCRIPT, "use.js": text})

    assert [expected] == edges(view, "use.js")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import {Box} from './box';\nBox.make();\n", "make box.ts:2: visible by include"),
        ("import {Box} from './box.js';\nfunction f(b) { b.open(); }\n", "open box.ts:3: one of 2"),
        ("class Deep { open() {}\n go() { this.open(); } }\n", "open use.ts:1: same file"),
        ("function f(list) { list.push(1); }\n", "push: not found"),
    ],
)
def test_typescript_methods_are_found_by_class_else_counted(tree: Tree, text: str, expected: str) -> None:
    """An object of unknown type may be one from outside, so that a single method of the name is one of two."""
    box = "export class Box {\n  static make() {}\n  open() {}\n  push() {}\n}\n"
    view = tree({"box.ts": box, "use.ts": text})

    assert [expected] == edges(view, "use.ts")


def test_a_web_of_re_exports_is_gone_through_once(tree: Tree) -> None:
    """Files that all offer what all others offer cost no more than their number."""
    names = [f"m{at}" for at in range(24)]
    files = {f"{one}.js": "".join(f"export * from './{other}';\n" for other in names if other != one) for one in names}
    view = tree({**files, "use.js": "import {absent} from './m0';\nabsent();\n"})

    assert ["absent: not found"] == edges(view, "use.js")


GO = {
    "go.mod": "module example.org/tool/v2\n",
    "main.go": (
        'package main\nimport (\n\t"flag"\n\tk "example.org/tool/v2/kit"\n\t"example.org/tool/v2/box"\n)\n'
        "func main() {\n\tk.Run()\n\tbox.Open()\n\tbeside()\n\tflag.Parse()\n\tbox.Absent()\n}\n"
    ),
    "other.go": "package main\nfunc beside() {}\nfunc Parse() {}\n",
    "kit/kit.go": "package kit\nfunc Run() { hidden() }\n",
    "box/box.go": (
        "package box\ntype Box struct{}\nfunc Open() {}\nfunc (b *Box) SetOutput() { b.lid() }\n"
        "func (b *Box) lid() {}\nfunc use(x Other) { x.SetOutput() }\n"
    ),
    "box/hidden.go": "package box\nfunc hidden() {}\n",
}


def test_go_packages_are_folders_of_the_module(tree: Tree) -> None:
    """Names of the same package need no import; those of other packages are not taken for it."""
    view = tree(GO)

    assert [
        "Run kit/kit.go:2: visible by include",
        "Open box/box.go:3: visible by include",
        "beside other.go:2: visible by include",
        "Parse: not found",
        "Absent: not found",
    ] == edges(view, "main.go")
    assert ["hidden: not found"] == edges(view, "kit/kit.go")


def test_go_methods_are_those_of_the_declared_type(tree: Tree) -> None:
    """The receiver's type is known from the signature; a type from elsewhere has no methods here."""
    found = edges(tree(GO), "box/box.go")

    assert ["lid box/box.go:5: same file", "SetOutput: not found"] == found


RUST = {
    "Cargo.toml": '[package]\nname = "tool"\n',
    "src/lib.rs": "pub mod kit;\npub mod deep;\npub fn top() {}\nfn f() { kit::run(); self::top(); }\n",
    "src/kit.rs": (
        "pub fn run() { super::top(); crate::deep::inner::go(); }\npub struct Box;\nimpl Box { pub fn a() {} }\n"
    ),
    "src/deep/mod.rs": "pub mod inner;\n",
    "src/deep/inner.rs": (
        "use crate::kit::{run as start, Box as Chest, Box};\npub fn go() { start(); Box::a(); Chest::a(); }\n"
        "fn g() { std::mem::run(); serde::run(); }\n"
    ),
}


def test_rust_paths_are_followed_from_the_crate_the_module_and_uses(tree: Tree) -> None:
    """``crate``, ``self``, ``super``, child modules and aliases; what is in other crates is not found."""
    view = tree(RUST)

    assert ["run src/kit.rs:1: visible by include", "top src/lib.rs:3: same file"] == edges(view, "src/lib.rs")
    assert ["go src/deep/inner.rs:2: visible by include", "top src/lib.rs:3: visible by include"] == sorted(
        edges(view, "src/kit.rs")
    )
    assert [
        "a src/kit.rs:3: visible by include",
        "a src/kit.rs:3: visible by include",
        "start src/kit.rs:1: visible by include",
        "run: not found",
        "run: not found",
    ] == edges(view, "src/deep/inner.rs")


JAVA = {
    "src/org/box/Box.java": (
        "package org.box;\npublic class Box {\n  public static void make() {}\n  void lid() { this.shut(); }\n"
        "  void shut() {}\n}\n"
    ),
    "src/org/box/Near.java": "package org.box;\nclass Near { void f(Thing t) { Box.make(); t.lid(); } }\n",
    "src/org/far/Far.java": (
        "package org.far;\nimport org.box.Box;\nimport java.util.Thing;\n"
        "class Far { void f() { Box.make(); Thing.make(); Near.f(); } }\n"
    ),
}


def test_java_classes_are_seen_in_their_package_and_by_import(tree: Tree) -> None:
    """A class of the same package needs no import, one of another package does."""
    view = tree(JAVA)

    assert ["shut src/org/box/Box.java:5: same file"] == edges(view, "src/org/box/Box.java")
    assert [
        "lid: not found",
        "make src/org/box/Box.java:3: visible by include",
    ] == edges(view, "src/org/box/Near.java")
    assert "make src/org/box/Box.java:3: visible by include" in edges(view, "src/org/far/Far.java")
    assert "make: not found" in edges(view, "src/org/far/Far.java")


CPP = {
    "box.hpp": (
        "namespace n {\nclass Box {\npublic:\n  int open();\n  int lid() { return open(); }\n};\nint free();\n}\n"
    ),
    "box.cpp": (
        '#include "box.hpp"\nnamespace n {\nint Box::open() { return this->shut() + lid(); }\n'
        "int free() { return 1; }\n}\n"
    ),
    "use.cpp": ('#include "box.hpp"\nint f(X& x) {\n n::free();\n x.lid();\n x.absent();\n return std::free();\n}\n'),
}


def test_cpp_members_are_found_out_of_line_and_by_namespace(tree: Tree) -> None:
    """A method defined as ``T::method`` belongs to its class, which may stand in the header."""
    view = tree(CPP)

    assert ["open box.cpp:3: visible by include"] == edges(view, "box.hpp")
    assert "lid box.hpp:5: visible by include" in edges(view, "box.cpp")
    assert [
        "free box.cpp:4: visible by include",
        "lid box.hpp:5: one of 2",
        "absent: not found",
        "free: not found",
    ] == edges(view, "use.cpp")


def test_bash_functions_are_found_in_what_is_sourced(tree: Tree) -> None:
    """Also where the folder is worked out when the script runs."""
    files = {
        "lib.sh": "say() { echo; }\n",
        "sub/more.sh": "more() { :; }\n",
        "run.sh": '. ./lib.sh\nsource "$(dirname "$0")/sub/more.sh"\nsay\nmore\nls\n',
        "alone.sh": "say\n",
    }
    view = tree(files)

    assert ["say lib.sh:1: visible by include", "more sub/more.sh:1: visible by include", "ls: not found"] == [
        one for one in edges(view, "run.sh") if not one.startswith("dirname")
    ]
    assert ["say: not found"] == edges(view, "alone.sh")


GO_TYPES = {
    "go.mod": "module box.org/tool\n",
    "main.go": (
        'package main\nimport "box.org/tool/kit"\n'
        "type Other struct{}\nfunc (o Other) Run() {}\n"
        "func main() { c := kit.New(); c.Run(); c.Root().Run(); for _, k := range c.kids { k.Run() } }\n"
    ),
    "kit/kit.go": (
        "package kit\ntype Base struct{}\nfunc (b *Base) Stop() {}\n"
        "type Command struct {\n\t*Base\n\tparent *Command\n\tkids []*Command\n}\n"
        "func New() *Command { return &Command{} }\nfunc (c *Command) Root() *Command { return c.parent }\n"
        "func (c *Command) Run() { c.parent.Stop(); x := &Command{}; x.Run() }\n"
    ),
}


def test_go_objects_have_the_type_that_their_value_or_member_gives(tree: Tree) -> None:
    """Results of functions, members, embedded types, literals and elements of a range lead to the right methods."""
    view = tree(GO_TYPES)

    run = "Run kit/kit.go:11: visible by include"
    assert ["New kit/kit.go:9: visible by include", "Root kit/kit.go:10: visible by include", run, run, run] == sorted(
        edges(view, "main.go")
    )
    assert ["Run kit/kit.go:11: same file", "Stop kit/kit.go:3: same file"] == edges(view, "kit/kit.go")


RUST_TYPES = {
    "Cargo.toml": '[package]\nauthors = ["me"]\nname = "tool"\n',
    "src/lib.rs": "pub mod db;\nmod other;\n",
    "src/other.rs": "struct Other; impl Other { fn get(&self) {} }\n",
    "src/db.rs": (
        "use std::sync::Arc;\npub struct Db { shared: Arc<Shared> }\nstruct Shared;\n"
        "impl Shared { fn get(&self) {} }\n"
        "impl Db {\n pub fn open() -> Result<Self> { todo() }\n pub fn get(&self) { self.shared.get() }\n}\n"
        "fn f(key: &str) -> Result<()> { let db = Db::open()?; db.get(); key.get(); Ok(()) }\n"
    ),
    "src/bin/run.rs": "use tool::db::Db;\nfn main() { let db = Db::open().unwrap(); db.get(); }\n",
}


def test_rust_objects_have_the_type_of_their_field_or_constructor(tree: Tree) -> None:
    """What only holds a value is seen through; a builtin type has no methods of the crate."""
    view = tree(RUST_TYPES)

    found = edges(view, "src/db.rs")
    assert ["get src/db.rs:4: same file", "get src/db.rs:7: same file", "open src/db.rs:6: same file"] == [
        one for one in found if not one.endswith("not found")
    ]
    assert "get: not found" in found
    assert "get src/db.rs:7: visible by include" in edges(view, "src/bin/run.rs")


CPP_TYPES = {
    "db.h": "class Log;\nclass DB { public: virtual void Put() = 0; };\nclass Log { public: void Add() {} };\n",
    "impl.cc": (
        '#include "db.h"\nclass Impl : public DB { void Put() override; Log* log_; };\n'
        "void Impl::Put() { log_->Add(); Log other; other.Add(); auto* third = new Log(); third->Add(); }\n"
        "void Add(DB* db) { db->Put(); }\n"
    ),
}


def test_cpp_objects_have_the_type_of_their_member_or_variable(tree: Tree) -> None:
    """A pure virtual function leads to what overrides it, as one of those that may be elsewhere too."""
    view = tree(CPP_TYPES)

    add = "Add db.h:3: visible by include"
    assert [add, add, add, "Log db.h:3: visible by include", "Put impl.cc:3: one of 2"] == edges(view, "impl.cc")


TS_TYPES = {
    "box.ts": "export class Box { open(): Box { return this } shut() {} }\n",
    "use.ts": (
        'import { Box } from "./box";\nclass Other { shut() {} }\n'
        "class Shelf { constructor(private box: Box) {} run() { this.box.open().shut(); } }\n"
        "function f(b: Box) { const c = new Box(); c.shut(); b.shut(); }\n"
    ),
}


def test_typescript_objects_have_the_type_that_is_written(tree: Tree) -> None:
    """Parameters, properties made by the constructor and new objects."""
    view = tree(TS_TYPES)

    found = edges(view, "use.ts")
    assert 3 == found.count("shut box.ts:1: visible by include")
    assert "open box.ts:1: visible by include" in found


RUST_MACROS = {
    "Cargo.toml": '[package]\nname = "tool"\n',
    "src/lib.rs": (
        "struct Server;\nimpl Server { fn run(&mut self) {} }\nfn other() {}\n"
        "fn f() { let mut server = Server::open(); select! { res = server.run() => other(), x = y.run() => {} } }\n"
        "impl Server { fn open() -> Self { Server } }\n"
    ),
}


def test_rust_calls_in_the_arguments_of_macros_are_calls(tree: Tree) -> None:
    """With the object before them, whose type is known from its value."""
    found = edges(tree(RUST_MACROS), "src/lib.rs")

    assert "run src/lib.rs:2: same file" in found
    assert "other src/lib.rs:3: same file" in found


JAVA_TYPES = {
    "src/org/box/Box.java": (
        "package org.box;\npublic class Box {\n  private Lid lid = new Lid();\n  Lid top() { return lid; }\n"
        "  void run(Lid other) { lid.turn(); other.turn(); top().turn(); for (Lid one : lids) { one.turn(); } }\n}\n"
    ),
    "src/org/box/Lid.java": "package org.box;\npublic class Lid extends Part { }\nclass Part { void turn() {} }\n",
    "src/org/far/Other.java": "package org.far;\nclass Other { void turn() {} }\n",
}


def test_java_objects_have_the_type_of_their_field_parameter_or_loop(tree: Tree) -> None:
    """Methods are looked for in what the type extends; those of other classes are not meant."""
    found = edges(tree(JAVA_TYPES), "src/org/box/Box.java")

    assert 3 <= found.count("turn src/org/box/Lid.java:3: visible by include")
    assert not any("Other" in one for one in found)
