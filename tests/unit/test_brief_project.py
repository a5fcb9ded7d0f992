"""What a brief says of projects in languages other than C."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from codereader.cancel import CancelToken
from codereader.facts.brief.page import brief
from codereader.facts.fact import Brief, Fact, plain_fact
from codereader.index.build import build
from codereader.index.view import IndexView, open_index
from codereader.source.scope import Scope
from codereader.source.walk import open_scope, walk

Told = Callable[[Mapping[str, str]], Brief]

EVERYTHING = 100_000


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Told]:
    """Write files and return the whole brief on them."""
    opened: list[IndexView] = []

    def make(files: Mapping[str, str]) -> Brief:
        for name, text in files.items():
            path = tmp_path / "box" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8", newline="\n")
        scope: Scope = open_scope(tmp_path / "box")
        walked = walk(scope, CancelToken(), None)
        build(walked, tmp_path / "cache", CancelToken())
        opened.append(open_index(walked, tmp_path / "cache"))
        return brief(opened[-1], EVERYTHING)

    yield make
    for view in opened:
        view.close()


def facts(made: Brief, title: str) -> list[Fact]:
    """Return the facts of one section."""
    return [fact for section in made.sections if section.title == title for fact in section.facts]


def texts(made: Brief, title: str) -> list[str]:
    """Return what one section says."""
    return [fact.text for fact in facts(made, title)]


FRAMEWORK = {
    "README.md": "# Box\n\nBox is a [small](http://box.org) web framework.\n\n```\napp.run()\n```\n",
    "pyproject.toml": (
        '[project]\nname = "box"\nversion = "2.0"\ndescription = "Webs in a box."\nrequires-python = ">=3.11"\n'
        'dependencies = ["werk>=3", "clack"]\n[project.scripts]\nbox = "box.cli:main"\n'
        '[tool.pytest.ini_options]\ntestpaths = ["tests"]\n'
    ),
    "src/box/__init__.py": (
        '"""A web framework."""\nfrom .app import Box as Box\nfrom .state import current as current\n'
    ),
    "src/box/app.py": (
        "import typing as t\nfrom .scaffold import Scaffold\nfrom .state import current\n"
        "from .wire import Request, Response\n\n\n"
        'class Box(Scaffold):\n    """The application."""\n\n    request_class = Request\n'
        "    response_class = Response\n\n"
        "    def __call__(self, environ, start):\n        return self.wire_app(environ, start)\n\n"
        "    def wire_app(self, environ, start):\n        request = Request(environ)\n"
        "        response = self.dispatch(request)\n        return self.finish(response)\n\n"
        "    def dispatch(self, request):\n        self.before(request)\n        return self.view(request)\n\n"
        "    def before(self, request):\n        for hook in self.hooks:\n            hook(request)\n\n"
        "    def view(self, request):\n        return Response(request)\n\n"
        "    def finish(self, response):\n        response.close()\n        return response\n"
    ),
    "src/box/scaffold.py": (
        'import typing as t\nF = t.TypeVar(\'F\')\n\n\nclass Scaffold:\n    """What apps and lids share."""\n\n'
        "    def __init__(self):\n        self.hooks = []\n\n"
        "    def route(self, rule: str):\n        def decorator(f):\n"
        "            self.add_rule(rule, f)\n            return f\n"
        "        return decorator\n\n"
        "    def before_request(self, f: F) -> F:\n        self.hooks.append(f)\n        return f\n\n"
        "    def add_rule(self, rule, f):\n        pass\n\n    def register_lid(self, lid):\n"
        "        lid.add_rule('', None)\n\n\n"
        "class Lid(Scaffold):\n    pass\n"
    ),
    "src/box/state.py": (
        "from contextvars import ContextVar\n\n_active = ContextVar('active')\ncurrent = LocalThing(_active)\n"
    ),
    "src/box/wire.py": (
        "import os\n\n\nclass Request:\n    def __init__(self, environ):\n        self.environ = environ\n\n\n"
        "class Response:\n    def close(self):\n        return os.environ.get('BOX_DEBUG')\n"
    ),
    "src/box/cli.py": "from .app import Box\n\n\ndef main():\n    Box().wire_app({}, None)\n",
    "tests/test_box.py": "import pytest\nfrom box import Box\n\n\ndef test_box():\n    assert Box()\n",
    "examples/hello.py": "from box import Box\n\napp = Box()\n\n\n@app.route('/')\ndef hello():\n    return 'hello'\n",
    "docs/start.md": '# Start\n\nCall `app.add_rule("/", view)` or `register_lid`.\n',
}


def test_a_web_framework_is_told_by_its_flow_types_and_hooks(told: Told) -> None:
    """The call of the application down to the view, who builds on whom, and how to extend it."""
    made = told(FRAMEWORK)

    assert ["box: Box is a small web framework.", "Webs in a box."] == texts(made, "What it is")[:2]
    assert "Box.__call__ -> wire_app -> Request, dispatch, finish" in texts(made, "Flow")[0]
    assert "  Box.dispatch -> before, view" in texts(made, "Flow")
    types = {fact.subject: fact.text for fact in facts(made, "Main types") if fact.path}
    assert types["Box"].startswith("class Box(Scaffold) - The application; made by main")
    assert types["Scaffold"].startswith("class Scaffold; base of Box, Lid - What apps and lids share")
    hooks = texts(made, "To extend it")
    assert "decorators of Scaffold route, before_request" in hooks
    assert "classes to replace on Box: request_class, response_class" in hooks
    assert "calls that add to Scaffold: add_rule, register_lid" in hooks


def test_a_python_package_offers_what_its_init_takes_in(told: Told) -> None:
    """Commands first, then the names by module."""
    made = told(FRAMEWORK)

    assert ["command box runs box.cli:main", "package box offers Box (from app), current (from state)"] == texts(
        made, "Entry points"
    )


def test_build_tests_documents_and_settings_are_told(told: Told) -> None:
    """From the manifest, the test files, what lies beside the code, and what is read from the environment."""
    made = told(FRAMEWORK)

    assert ["pyproject.toml: box 2.0; Python >=3.11", "needs werk>=3, clack"] == texts(made, "Build and configuration")
    assert [
        "run by pytest in tests",
        "1 test file, 6 lines, with pytest; in tests/ (1); largest: test_box.py",
        "documents: docs/start.md",
        "examples: examples/hello.py",
    ] == texts(made, "Tests and documentation")
    assert ["state.py: _active ContextVar, current LocalThing", "environment variables read: BOX_DEBUG"] == texts(
        made, "Global state"
    )


def test_files_and_the_reading_order_name_what_is_in_them(told: Told) -> None:
    """A newcomer knows where to look, and why."""
    made = told(FRAMEWORK)

    assert "app.py  34 lines: Box" in texts(made, "Files")
    order = facts(made, "Read in this order")
    assert ["README.md", "src/box/__init__.py", "src/box/app.py"] == [fact.path for fact in order[:3]]
    assert "3. Box.__call__ starts here, defines Box (34 lines)" == order[2].text


GO = {
    "go.mod": "module box.org/box\n\ngo 1.21\n\nrequire box.org/flag v1.0.0\n",
    "README.md": "# box\n\nBox keeps things.\n",
    "box.go": (
        "package box\n\n// Command is a thing to do.\ntype Command struct {\n\tUse string\n\tRun func(c *Command)\n"
        "\tPreRun func(c *Command)\n\tparent *Command\n\tlog Logger\n}\n\n"
        "// NewCommand makes one.\nfunc NewCommand() *Command { return &Command{} }\n\n"
        "func (c *Command) Execute() error {\n\treturn c.executeAll()\n}\n\n"
        "func (c *Command) executeAll() error {\n\tc.find()\n\tc.parse()\n\tc.log.Say(c.Use)\n\treturn nil\n}\n\n"
        "func (c *Command) find() *Command {\n\treturn c.parent\n}\n\nfunc (c *Command) parse() {\n"
        "\tsplit(c.Use)\n}\n\n"
        "func split(s string) {}\n\n// Logger says things.\ntype Logger interface {\n\tSay(s string)\n}\n\n"
        "type plain struct{}\n\nfunc (p plain) Say(s string) {\n\tprintln(s)\n}\n\n"
        "var registry = map[string]*Command{}\n\nvar fixed = map[string]int{}\n\nvar hooks []func()\n\n"
        "func keep(c *Command) {\n\tregistry[c.Use] = c\n\thooks = append(hooks, c.Execute)\n}\n"
    ),
    "cmd/box/main.go": 'package main\n\nimport "box.org/box"\n\nfunc main() {\n\tbox.NewCommand().Execute()\n}\n',
    "box_test.go": 'package box\n\nimport "testing"\n\nfunc TestExecute(t *testing.T) { NewCommand().Execute() }\n',
}


def test_a_go_module_is_told_by_its_exported_names_and_interfaces(told: Told) -> None:
    """Types with who makes them, functions that may be set, interfaces with what satisfies them."""
    made = told(GO)

    entries = texts(made, "Entry points")
    assert "program: main of cmd/box/main.go" in entries
    assert "package box offers types Command, Logger" in entries
    assert "package box offers functions NewCommand" in entries
    types = {fact.subject: fact.text for fact in facts(made, "Main types") if fact.path}
    assert types["Command"].startswith("struct Command - Command is a thing to do; made by NewCommand")
    assert types["Logger"].startswith("interface Logger; implemented by plain")
    assert "functions to set on Command: Run, PreRun" in texts(made, "To extend it")
    assert ["box.go: registry map, hooks list"] == texts(made, "Global state")
    assert ["go.mod: box.org/box; go 1.21", "needs box.org/flag v1.0.0"] == texts(made, "Build and configuration")


def test_a_go_flow_follows_receivers_results_and_interfaces(told: Told) -> None:
    """From main through the method that its new object has, to what the only implementation does."""
    made = told(GO)

    assert ["main -> Command.Execute -> executeAll -> find, parse, Logger.Say"] == texts(made, "Flow")


RUST = {
    "Cargo.toml": (
        '[package]\nname = "box"\nversion = "0.3.0"\nedition = "2021"\n[workspace]\nmembers = ["crates/lid"]\n'
        '[features]\nfast = []\n[dependencies]\nlid = { path = "crates/lid" }\nlog = "0.4"\n'
    ),
    "build.rs": "fn main() {}\n",
    "src/main.rs": (
        "use lid::Lid;\n\nfn main() {\n    run();\n}\n\nfn run() {\n    let lid = Lid::new();\n    lid.open();\n}\n"
    ),
    "crates/lid/Cargo.toml": '[package]\nname = "lid"\nversion = "0.1.0"\n',
    "crates/lid/src/lib.rs": (
        "//! Lids for boxes.\npub mod hinge;\npub use hinge::Hinge;\nuse std::fmt::Debug;\n\n"
        "/// Opens things.\npub trait Opener {\n    fn swing(&self);\n}\n\n/// A lid.\n"
        "pub struct Lid {\n    hinge: Hinge,\n}\n\n"
        "impl Lid {\n    pub fn new() -> Self {\n        Lid { hinge: Hinge }\n    }\n\n"
        "    pub fn open(&self) {\n        self.hinge.swing();\n    }\n}\n"
    ),
    "crates/lid/src/hinge.rs": (
        "use crate::Opener;\n\npub struct Hinge;\n\nimpl Opener for Hinge {\n    fn swing(&self) {\n"
        "        creak();\n    }\n}\n\n"
        "fn creak() {\n    println!();\n}\n"
    ),
}


def test_a_rust_workspace_is_told_by_its_crates_and_traits(told: Told) -> None:
    """What crates offer and need, who implements a trait, and the way from main through another crate."""
    made = told(RUST)

    assert "crate lid offers mod hinge, hinge::Hinge, Opener, Lid" in texts(made, "Entry points")
    assert ["main -> run -> Lid::open -> Hinge::swing -> creak"] == texts(made, "Flow")
    assert "trait Opener, implemented here by Hinge" in texts(made, "To extend it")
    assert [
        "Cargo.toml: box 0.3.0; edition 2021; build script build.rs",
        "needs log",
        "workspace crates/lid",
        "features fast",
        "crates: box -> lid",
    ] == [text.replace("workspace of ", "workspace ") for text in texts(made, "Build and configuration")]


CPP = {
    "CMakeLists.txt": (
        'project(box VERSION 1.0)\nadd_library(box db/impl.cc)\noption(BOX_FAST "Fast" OFF)\nenable_testing()\n'
    ),
    "include/box/db.h": (
        "#pragma once\nnamespace box {\n\n// A place for things.\nclass DB {\n public:\n  static DB* Open();\n"
        "  virtual void Put(int key) = 0;\n  virtual int Get(int key) = 0;\n};\n\n}  // namespace box\n"
    ),
    "db/impl.h": (
        '#include "box/db.h"\n#include "db/log.h"\nnamespace box {\n\nclass Impl : public DB {\n public:\n'
        "  void Put(int key) override;\n  int Get(int key) override;\n\n private:\n  void MakeRoom();\n"
        "  Mutex mutex_ GUARDED_BY(nothing);\n  log::Writer* log_;\n};\n\n}  // namespace box\n"
    ),
    "db/impl.cc": (
        '#include "db/impl.h"\nnamespace box {\n\nDB* DB::Open() {\n  Impl* impl = new Impl();\n'
        "  impl->Put(0);\n  return impl;\n}\n\n"
        "void Impl::Put(int key) {\n  MakeRoom();\n  log_->Add(key);\n}\n\nint Impl::Get(int key) {\n"
        "  return key;\n}\n\n"
        "void Impl::MakeRoom() {\n  log_->Flush();\n}\n\n}  // namespace box\n"
    ),
    "db/log.h": (
        "#pragma once\nnamespace box {\nnamespace log {\n\nclass Writer {\n public:\n"
        "  void Add(int key) {\n    Flush();\n  }\n"
        "  void Flush() {}\n};\n\n}  // namespace log\n}  // namespace box\n"
    ),
    "db/impl_test.cc": '#include "gtest/gtest.h"\n#include "box/db.h"\nvoid f(box::DB* db) {\n  db->Put(1);\n}\n',
}


def test_a_cpp_library_is_told_by_its_public_headers_and_classes(told: Told) -> None:
    """The header's classes, what implements them, the way of an operation through members of declared types."""
    made = told(CPP)

    assert any(text.startswith("public headers in include/box/: db.h (DB)") for text in texts(made, "Entry points"))
    assert ["DB::Open -> Impl, Impl::Put -> log::Writer::Add", "  Impl::Put -> MakeRoom, log::Writer::Add"] == texts(
        made, "Flow"
    )[:2]
    types = {fact.subject: fact.text for fact in facts(made, "Main types") if fact.path}
    assert types["Impl"].startswith("class Impl : DB; made by DB::Open")
    assert "mutex_" in " ".join(texts(made, "Main types"))
    assert "abstract class DB, extended here by Impl" in texts(made, "To extend it")
    assert ["CMakeLists.txt: box 1.0; library box", "options BOX_FAST"] == texts(made, "Build and configuration")


JAVASCRIPT = {
    "package.json": '{"name": "box", "version": "1.0.0", "description": "Boxes.", "scripts": {"test": "mocha"}}\n',
    "index.js": "module.exports = require('./lib/box');\n",
    "lib/box.js": (
        "const { open } = require('./lid');\n\nclass Box {\n  run() {\n    return this.start();\n  }\n\n  start() {\n"
        "    return open(this);\n  }\n}\n\nclass Big extends Box {}\n\nmodule.exports = { Box, Big };\n"
    ),
    "lib/lid.js": (
        "function open(box) {\n  return turn(box);\n}\n\nfunction turn(box) {\n  return box;\n"
        "}\n\nmodule.exports = { open };\n"
    ),
}


def test_a_javascript_package_is_told_by_its_exports(told: Told) -> None:
    """Exports by file, classes, and a flow through files."""
    made = told(JAVASCRIPT)

    assert "lib/box.js offers Box, Big" in texts(made, "Entry points")
    assert "Box.run -> start -> open -> turn" in texts(made, "Flow")
    assert "class Box; base of Big; does run, start" in texts(made, "Main types")
    assert ["package.json: box 1.0.0"] == texts(made, "Build and configuration")


@pytest.mark.parametrize("files", [FRAMEWORK, GO, RUST, CPP, JAVASCRIPT], ids=["python", "go", "rust", "cpp", "js"])
def test_no_line_on_a_project_is_wider_than_160(told: Told, files: Mapping[str, str]) -> None:
    """Lists are cut to the line, and what is cut is counted."""
    long = {f"src/box/m{n}.py": f"class {'Long' * 12}{n}:\n    pass\n" for n in range(20)} if files is FRAMEWORK else {}
    made = told({**files, **long})

    lines = [f"  {plain_fact(fact)}" for section in made.sections for fact in section.facts]
    assert [] == [line for line in lines if len(line) > 160]


def test_a_project_without_anything_to_say_is_told_all_the_same(told: Told) -> None:
    """One empty module and nothing else."""
    made = told({"a.py": ""})

    assert "What it is" == made.sections[0].title
    assert "a.py  0 lines" in texts(made, "Files")


def test_hostile_names_and_manifests_break_nothing(told: Told) -> None:
    """Escapes in names, manifests that are no tables, code that is cut short."""
    made = told(
        {
            "pyproject.toml": 'project = "x"\n',
            "Cargo.toml": "[package\n",
            "package.json": "[[[[",
            "a\x1b[31m.py": "class A(B, C):\n    def f(self",
            "b.go": "package b\nfunc (",
            "c.rs": "impl X for Y {",
        }
    )

    assert made.sections


def test_what_fits_an_interface_without_saying_so_implements_it(told: Told) -> None:
    """A Python protocol has its implementers by shape; one that nothing fits is not told as something to extend."""
    made = told(
        {
            "engine.py": (
                "from typing import Protocol\n\n\nclass Engine(Protocol):\n    def load(self, path): ...\n\n"
                "    def close(self): ...\n\n\nclass Alone(Protocol):\n    def fly(self): ...\n"
            ),
            "real.py": (
                "class Base:\n    def close(self):\n        pass\n\n\n"
                "class Real(Base):\n    def load(self, path):\n        return path\n\n\n"
                "class Other(Base):\n    def load(self, place, size):\n        return place\n"
            ),
        }
    )

    assert ["protocol Engine, implemented here by Real"] == texts(made, "To extend it")


def test_a_go_struct_implements_with_what_it_embeds(told: Told) -> None:
    """Methods of an embedded struct count; an interface that is embedded gives nothing and implements nothing."""
    made = told(
        {
            "go.mod": "module box\n",
            "list.go": (
                "package box\n\ntype Reader interface {\n\tRead(p []byte) int\n}\n\n"
                "type List interface {\n\tReader\n\tInit(n int)\n}\n\n"
                "type shared struct {\n\tList\n}\n\nfunc (s *shared) Read(p []byte) int { return 0 }\n\n"
                "type array struct {\n\t*shared\n}\n\nfunc (a *array) Init(n int) {}\n"
            ),
        }
    )

    said = texts(made, "To extend it")
    assert "interface List, implemented here by array" in said
    assert "interface Reader, implemented here by shared, array" in said


def test_what_is_there_for_a_type_checker_alone_is_not_told(told: Told) -> None:
    """Classes under TYPE_CHECKING are neither types nor hooks nor in a file's line."""
    made = told(
        {
            "state.py": (
                "import typing as t\n\nif t.TYPE_CHECKING:\n\n    class Proxy(t.Protocol):\n"
                "        def get(self): ...\n\n\n"
                "class Real:\n    def get(self):\n        return 1\n"
            )
        }
    )

    whole = [fact.text for section in made.sections for fact in section.facts]
    assert not [text for text in whole if "Proxy" in text]


def test_a_program_is_entered_by_its_commands(told: Told) -> None:
    """Commands in the entry points, groups before theirs; the flow begins at them and goes on under their name."""
    made = told(
        {
            "pyproject.toml": '[project]\nname = "box"\n[project.scripts]\nbox = "box.cli:main"\n',
            "README.md": "# Box\n\nBox keeps.\n\n```\nbox keep\n```\n",
            "box/__init__.py": "",
            "box/cli.py": (
                "import click\nfrom box.store import Store\n\n\n@click.group()\ndef main():\n    pass\n\n\n"
                '@click.group("shelf")\ndef shelf():\n    pass\n\n\n'
                '@main.command("keep")\ndef command(path):\n    store = Store(path)\n    return store.keep(path)\n\n\n'
                "@shelf.command()\ndef list_all():\n    return Store('').names()\n"
            ),
            "box/store.py": (
                "class Store:\n    def __init__(self, path):\n        self.path = path\n\n"
                "    def keep(self, name):\n        self.check(name)\n        return self.write(name)\n\n"
                "    def check(self, name):\n        return name\n\n    def write(self, name):\n        return name\n\n"
                "    def names(self):\n        return [self.path]\n"
            ),
        }
    )

    assert "commands: keep, shelf list-all" in texts(made, "Entry points")
    assert texts(made, "Flow")[0].startswith("box keep: command -> Store, Store.keep")


def test_state_is_what_changes_or_stands_for_something(told: Told) -> None:
    """Tables that nothing changes and what foreign calls return are no state; a value over several lines is read."""
    made = told(
        {
            "app.py": (
                "from contextvars import ContextVar\nfrom operator import itemgetter\n"
                "from proxies import LocalProxy\n\n"
                "order = itemgetter(0)\ntable = {1: 2}\nseen = []\n_cv = ContextVar('cv')\n"
                "current = LocalProxy(\n    # the one in use\n    _cv,\n"
                "    'nothing here: ' + 'x' * 90 + 'y' * 90,\n)\n\n\n"
                "def note(one):\n    seen.append(one)\n"
            )
        }
    )

    assert ["app.py: seen list, _cv ContextVar, current LocalProxy"] == texts(made, "Global state")


def test_a_go_type_of_any_sort_implements_and_a_struct_is_embedded(told: Told) -> None:
    """A named slice with the methods implements an interface; a Go struct is embedded, never a base class."""
    parts = "".join(f"type {name} struct {{\n\tbase\n}}\n\n" for name in ("Left", "Right", "Middle"))
    made = told(
        {
            "box.go": "package box\n\n// lid closes.\ntype lid interface {\n\tShut(hard bool) error\n}\n\n"
            "type lids []string\n\nfunc (l lids) Shut(hard bool) error { return nil }\n\n"
            f"type base struct {{\n\tname string\n}}\n\nfunc (b *base) Name() string {{ return b.name }}\n\n{parts}"
        }
    )

    assert "interface lid, implemented here by lids" in texts(made, "To extend it")
    assert "struct base, embedded here by Left, Right, Middle" in texts(made, "To extend it")
    assert any(text.startswith("struct base; embedded in Left, Right, Middle") for text in texts(made, "Main types"))


def test_the_terms_of_use_are_no_words_on_a_go_package(told: Told) -> None:
    """The package's own words are told, not what the comment above them says of its owners."""
    made = told(
        {
            "doc.go": "// Copyright 2012 Some People. All rights reserved.\n// Use of this code is governed by a\n"
            "// licence that lies beside it.\n\n/*\nPackage box keeps things in boxes.\n*/\npackage box\n",
            "box.go": "package box\n\nfunc Open() {}\n",
        }
    )

    assert texts(made, "What it is")[0] == "box: Package box keeps things in boxes."


def test_a_line_that_points_elsewhere_says_not_what_a_project_is(told: Told) -> None:
    """A README that begins with the address of the documentation leaves the word to the manifest."""
    made = told({**FRAMEWORK, "README.md": "# Box\n\n**Documentation**: <a href='#'>https://box.org</a>\n"})

    assert texts(made, "What it is")[0] == "box: Webs in a box."


def test_the_program_of_a_file_is_what_runs_at_its_end(told: Told) -> None:
    """What a script does first, before its imports, is not told as a program of its own."""
    guard = 'if __name__ == "__main__":\n'
    made = told(
        {"box.py": f"def patch():\n    pass\n\n{guard}    patch()\n\ndef main():\n    pass\n\n{guard}    main()\n"}
    )

    assert texts(made, "Entry points") == ['program: main of box.py (if __name__ == "__main__")']


def test_helpers_in_another_language_are_not_the_project(told: Told) -> None:
    """Release scripts of a C++ library are not among its types, state and what it offers."""
    body = "".join(f"  int get{number}() {{\n    return {number};\n  }}\n" for number in range(9))
    made = told(
        {
            "include/box/box.h": f"class Box {{\n public:\n{body}}};\n",
            "support/release/__init__.py": 'import os\n\nTOKEN = os.environ["BOX_TOKEN"]\n\n\nclass Git:\n    pass\n',
        }
    )

    assert texts(made, "Global state") == []
    assert not [text for text in texts(made, "Main types") if "Git" in text]
    assert not [text for text in texts(made, "Read in this order") if "what it offers" in text]


def test_what_a_class_hides_is_not_told_as_what_it_does(told: Told) -> None:
    """Private members of a C++ class are not among what it does for others."""
    made = told(
        {
            "box.cc": "class Box {\n public:\n  int open(int hard) { return push(hard); }\n  int shut() { return 1; }\n"
            "  int count() {\n#ifdef A\n    if (a) {\n#else\n    {\n#endif\n"
            "      return 2;\n    }\n  }\n private:\n  int push(int hard) { return hard; }\n  int lids_;\n};\n"
        }
    )

    assert not [text for text in texts(made, "Main types") if "push" in text]
    assert [text for text in texts(made, "Main types") if "open" in text and "count" in text]


def test_a_local_variable_is_not_taken_for_a_function_of_its_name(told: Told) -> None:
    """A C++ variable that is handed on hides the function that is called like it; a catch-all is not followed."""
    made = told(
        {
            "box.cc": "int shared_lid(int a) {\n  return a + second(a);\n}\nint second(int a) {\n  return a;\n}\n"
            "int stand_in(...) { return 0; }\nvoid prepare(Lid& one) {\n  second(1);\n}\n"
            "int open(int a) {\n  Lid shared_lid;\n  prepare(shared_lid);\n  stand_in(a);\n  return second(a);\n}\n"
            "int main() {\n  open(1);\n  return second(2);\n}\n"
        }
    )

    flow = " ".join(texts(made, "Flow"))

    assert "prepare" in flow
    assert "shared_lid" not in flow
    assert "stand_in" not in flow


def test_code_below_the_top_of_a_cpp_file_is_no_word_on_its_part(told: Told) -> None:
    """A part whose files say little of themselves is told by their names, not by a line of code."""
    head = "// Copyright 2011 Some People. All rights reserved.\n//\n// Decodes what was generated by builder.cc.\n\n"
    body = "namespace box {\n\nint Open(int a) {\n  return a;\n}\n\n}  // namespace box\n"
    made = told(
        {
            f"{part}/{part}_{number}.cc": f'{head}#include "{part}.h"\n\n{body}'
            for part in ("lid", "hinge", "key")
            for number in range(3)
        }
    )

    assert [text for text in texts(made, "Parts") if text.startswith("lid/")]
    assert not [text for text in texts(made, "Parts") if "namespace" in text]
