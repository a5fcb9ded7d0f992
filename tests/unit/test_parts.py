"""Parts of trees: what they are, who uses whom by evidence that holds, in which strata, and what runs in circles."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codereader.cancel import CancelToken
from codereader.errors import UsageError
from codereader.facts.brief.lines import Draft
from codereader.facts.brief.material import gather
from codereader.facts.brief.parts.grouping import scope_group, split
from codereader.facts.brief.parts.parts import MOST_PARTS, Parts, find_parts
from codereader.facts.brief.parts.section import parts_section
from codereader.facts.brief.parts.strata import downward, strata, upward
from codereader.facts.brief.picking import picked, with_parts
from codereader.facts.fact import PAGE_WIDTH, Fact
from codereader.index.build import build
from codereader.index.view import IndexView, open_index
from codereader.source.walk import open_scope, walk


@pytest.fixture
def opened(tmp_path):
    """Write files, index their folder, and open it."""
    views: list[IndexView] = []

    def index(files: dict[str, str], scope: str = "") -> IndexView:
        for name, text in files.items():
            path = tmp_path / "tree" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        walked = walk(open_scope(tmp_path / "tree" / scope), CancelToken(), None)
        build(walked, tmp_path / "cache", CancelToken())
        views.append(open_index(walked, tmp_path / "cache"))
        return views[-1]

    yield index
    for view in views:
        view.close()


def parts_of(view: IndexView, depth: int = 1) -> Parts:
    return find_parts(gather(view, depth), depth)


def uses(found: Parts) -> dict[tuple[str, str], int]:
    return {(one.user, one.used): one.names for one in found.dependencies}


def names(paths: list[str], objects: dict[str, str] | None = None) -> dict[str, list[str]]:
    return {group.name: list(group.files) for group in split(scope_group(paths), objects or {})}


KERNEL = {
    "core/dev.c": "int dev_open(void) { return 0; }\nstatic int helper(void) { return 1; }\n",
    "core/sock.c": "int sock_init(void) { return dev_open(); }\n",
    "inet/tcp.c": "int tcp_init(void) { dev_open(); helper(); return sock_init(); }\n",
    "inet/udp.c": "int udp_init(void) { return ops->tcp_init(); }\n",
    "filter/nf.c": "int nf_init(void) { return tcp_init() + dev_open(); }\n",
    "tests/test_nf.c": "int test(void) { return nf_init(); }\n",
}


def test_parts_are_folders_with_who_uses_whom(opened):
    """Only what one part alone defines and another can see counts: no static function, no name of its own."""
    found = parts_of(opened(KERNEL))

    assert {("filter/", "core/"): 1, ("filter/", "inet/"): 1, ("inet/", "core/"): 2} == uses(found)
    assert (("filter/",), ("inet/",), ("core/",)) == found.strata
    assert ((), ["tests/"]) == (found.cycles, [part.name for part in found.beside])


def test_each_use_has_the_place_that_shows_it(opened):
    """The example stands on the line that is named."""
    view = opened(KERNEL)

    for one in parts_of(view).dependencies:
        line = view.text(one.path).decode().splitlines()[one.line - 1]
        assert one.examples[0] in line


def test_a_name_that_two_parts_define_leads_nowhere(opened):
    """An ambiguous name is no evidence."""
    found = parts_of(opened({**KERNEL, "other/dev.c": "int dev_open(void) { return 2; }\n"}))

    assert ("filter/", "core/") not in uses(found)
    assert 1 == uses(found)["inet/", "core/"]


def test_a_member_called_like_a_function_elsewhere_is_no_use_of_it(opened):
    """``p->request()`` and ``struct linger`` are not the function request and the function linger of another part."""
    found = parts_of(
        opened(
            {
                "ceph/osd.c": "int request(void) { return 0; }\nint linger(void) { return 0; }\n",
                "sip/sip.c": "int sip(struct h *p) { struct linger l; use(l); return p->request(); }\n",
                "net/a.c": "int net_a(void) { return sip(0); }\n",
            }
        )
    )

    assert {("net/", "sip/"): 1} == uses(found)


def test_a_trace_point_is_no_use_of_the_function_of_its_name(opened):
    """EXPORT_TRACEPOINT_SYMBOL_GPL names what a header makes."""
    found = parts_of(
        opened(
            {
                "bridge/br.c": "int br_fdb_add(void) { return core_up(); }\n",
                "core/traces.c": "#include <trace/events/bridge.h>\nEXPORT_TRACEPOINT_SYMBOL_GPL(br_fdb_add);\n",
                "core/up.c": "int core_up(void) { return 0; }\n",
                "top/a.c": "int top(void) { return core_up(); }\n",
            }
        )
    )

    assert {("bridge/", "core/"), ("top/", "core/")} == uses(found).keys()


def test_types_count_where_the_header_that_holds_them_is_included(opened):
    """The same name without the include is somebody else's."""
    found = parts_of(
        opened(
            {
                "lib/list.h": "struct list { int n; };\n#define LIST_END 0\n",
                "app/main.c": '#include "lib/list.h"\nint main(void) { struct list all; return LIST_END; }\n',
                "gui/win.c": "int win(void) { struct list mine; return 0; }\n",
            }
        )
    )

    assert {("app/", "lib/"): 2} == uses(found)


def test_cycles_are_named_with_the_pair_of_places_that_closes_them(opened):
    """Two parts that use each other: the lighter use runs upward and is told with its place."""
    view = opened(
        {
            **KERNEL,
            "core/late.c": "int late(void) { return udp_init(); }\n",
        }
    )
    found = parts_of(view)
    told = [fact for fact in parts_section(gather(view), found).facts if fact.relation == "cycle"]

    assert (("core/", "inet/"),) == found.cycles
    assert [("core/late.c", 1)] == [(fact.path, fact.line) for fact in told]
    assert "cycle of 2: core, inet; core uses 1 name of inet (udp_init), 2 the other way" in told[0].text


def test_python_parts_use_what_they_import(opened):
    """Imported names count one by one, also inside functions; what type checkers alone import closes no cycle."""
    found = parts_of(
        opened(
            {
                "app/__init__.py": '"""An application."""\n',
                "app/store/__init__.py": '"""Keeps things."""\n',
                "app/store/disk.py": (
                    "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from app.web.page import Page\n"
                    "class Disk: pass\nclass Tape: pass\n"
                ),
                "app/web/__init__.py": '"""Shows things."""\n',
                "app/web/page.py": (
                    "from app.store.disk import Disk, Tape\n"
                    "class Page:\n    def show(self):\n        from ..tools import cut\n"
                ),
                "app/tools.py": '"""Small tools."""\ndef cut(): pass\n',
                "tests/test_web.py": "from app.web.page import Page\n",
            }
        )
    )

    assert (2, 1, 1) == tuple(
        uses(found)[pair] for pair in (("app/web/", "app/store/"), ("app/web/", "app/*"), ("app/store/", "app/web/"))
    )
    assert ("app/", ()) == (found.prefix, found.cycles)
    assert "Keeps things" == next(
        part.purpose.words for part in found.parts if part.name == "app/store/" and part.purpose
    )


def test_rust_crates_use_what_they_name(opened):
    """By import and by written path; the modules that a crate is made of and its tests are no uses of others."""
    found = parts_of(
        opened(
            {
                "crates/cli/Cargo.toml": '[package]\nname = "cli"\n',
                "crates/cli/src/main.rs": (
                    "mod args;\nuse search::Searcher;\n#[cfg(test)]\nmod tests { use printer::Printer; }\n"
                    "fn main() { search::run(); }\n"
                ),
                "crates/cli/src/args.rs": "pub struct Args;\n",
                "crates/search/Cargo.toml": '[package]\nname = "search"\n',
                "crates/search/src/lib.rs": "//! Searches lines.\npub struct Searcher;\npub fn run() {}\n",
                "crates/printer/Cargo.toml": '[package]\nname = "printer"\n',
                "crates/printer/src/lib.rs": "pub struct Printer;\n",
            }
        )
    )

    assert {("crates/cli/", "crates/search/"): 2} == uses(found)
    assert {"crates/search/": "Searches lines"} == {
        part.name: part.purpose.words for part in found.parts if part.purpose and part.name == "crates/search/"
    }


def test_go_packages_use_what_they_import(opened):
    """The exported names of the imported package that the file names."""
    found = parts_of(
        opened(
            {
                "go.mod": "module example.org/x\n",
                "main.go": 'package main\nimport "example.org/x/store"\nfunc main() { store.Open(); store.Close() }\n',
                "store/store.go": "// Package store keeps things.\npackage store\nfunc Open() {}\nfunc Close() {}\n",
                "web/web.go": 'package web\nimport "example.org/x/store"\nfunc Serve() { store.Open() }\n',
            }
        )
    )

    assert {("./*", "store/"): 2, ("web/", "store/"): 1} == uses(found)


def test_types_of_cpp_count_where_they_are_included(opened):
    """Headers of another part that are included show which names are meant."""
    found = parts_of(
        opened(
            {
                "include/db/slice.h": "namespace db { class Slice { public: int n; }; }\n",
                "db/impl.cc": '#include "db/slice.h"\nnamespace db { Slice Get() { return Slice(); } }\n',
                "util/hash.cc": "namespace db { int Hash(int Slice) { return Slice; } }\n",
            }
        )
    )

    assert {("db/", "include/db/"): 1} == uses(found)


def test_flat_folders_fall_into_files_of_one_first_word():
    """tcp_* stand together with tcp.c; a short word takes nobody else's files; a header goes with its source."""
    paths = [
        "tcp.c",
        "tcp_input.c",
        "tcp_output.c",
        "udp.c",
        "udp_diag.c",
        "udplite.c",
        "ip_input.c",
        "ip_output.c",
        "ipmr.c",
        "x.h",
        "x.c",
    ]

    assert {
        "tcp*": ["tcp.c", "tcp_input.c", "tcp_output.c"],
        "udp*": ["udp.c", "udp_diag.c", "udplite.c"],
        "ip_*": ["ip_input.c", "ip_output.c"],
        "ipmr.c": ["ipmr.c"],
        "x.*": ["x.h", "x.c"],
    } == names(paths)


def test_files_of_one_first_word_fall_apart_by_the_next():
    """A folder of nf_* alone is told by the second word."""
    assert {"nf_nat*": ["nf_nat_a.c", "nf_nat_b.c"], "nf_log.c": ["nf_log.c"]} == names(
        ["nf_nat_a.c", "nf_nat_b.c", "nf_log.c"]
    )


def test_composite_objects_tell_files_apart():
    """Where the makefile links most files into several objects, these are the groups."""
    objects = {"inode.c": "nfs.o", "dir.c": "nfs.o", "proc.c": "nfsv4.o", "state.c": "nfsv4.o"}

    assert {"nfs.o": ["inode.c", "dir.c"], "nfsv4.o": ["proc.c", "state.c"], "x.h": ["x.h"]} == names(
        [*objects, "x.h"], objects
    )


def test_a_folder_that_only_holds_a_folder_is_named_by_the_inner_one():
    """src/flask/ and not src/."""
    assert ["docs/", "src/flask/"] == sorted(names(["src/flask/app.py", "src/flask/cli.py", "docs/a.md"]))


@given(
    st.lists(
        st.lists(st.sampled_from(["a", "b", "a_b", "a_b.c", "a.h", "a_c.c", "_", "B1"]), min_size=1).map("/".join),
        unique=True,
    )
)
def test_grouping_loses_and_doubles_no_file(paths):
    """Every file is in one group, whatever the names; names of groups are told apart."""
    groups = split(scope_group(paths), {})

    assert sorted(paths) == sorted(path for group in groups for path in group.files)
    assert len(groups) == len({group.name for group in groups})


@given(st.dictionaries(st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef")), st.integers(1, 9)))
def test_strata_keep_what_they_promise(weights):
    """Everything points down but for what is told as upward; without circles nothing points up."""
    weights = {pair: weight for pair, weight in weights.items() if pair[0] != pair[1]}
    levels = strata(downward("abcdef", weights), weights)
    against = upward(levels, weights)
    height = {name: at for at, level in enumerate(levels) for name in level}

    assert "abcdef" == "".join(sorted(name for level in levels for name in level))
    assert all(height[user] < height[used] for user, used in weights if (user, used) not in against)
    acyclic = {pair: weight for pair, weight in weights.items() if pair[0] < pair[1]}
    assert [] == upward(strata(downward("abcdef", acyclic), acyclic), acyclic)


def test_many_parts_are_cut_to_one_screen_and_the_rest_is_counted(opened):
    """40 folders: the important ones are shown, the others named with what they have in common."""
    files = {f"lib{at:02}/a.c": f"int lib{at:02}_go(void) {{ return core_go(); }}\n" for at in range(40)}
    view = opened({**files, "core/core.c": "int core_go(void) { return 0; }\n"})
    material, found = gather(view), parts_of(view)
    section = parts_section(material, found)

    assert (MOST_PARTS, 41) == (len(found.parts), len(found.parts) + len(found.rest))
    assert ("core/",) == found.hubs
    assert any("25 smaller parts, used by no other part" in fact.text for fact in section.facts)
    assert any("used by 40 of 40 parts" in fact.text for fact in section.facts)


def test_no_line_is_wider_than_the_page(opened):
    """Long names, long sentences, many neighbours: what does not fit is counted."""
    files = {
        f"{'long_folder_name_' * 3}{at}/a.c": f"/* {'words and ' * 30} */\nint go{at}_x(void) {{ "
        + "".join(f"go{other}_x(); " for other in range(12) if other != at)
        + "return 0; }\n"
        for at in range(12)
    }
    view = opened(files)

    for fact in parts_section(gather(view), parts_of(view)).facts:
        place = f"  {fact.path}:{fact.line}" if fact.path else ""
        assert len(f"  {fact.text}{place}") <= PAGE_WIDTH, fact.text


def test_depth_tells_parts_inside_of_parts_and_who_uses_whom_there(opened):
    """--depth 2: indented below their part."""
    view = opened(
        {
            "a/one/x.c": "int a_one(void) { return a_two(); }\n",
            "a/two/x.c": "int a_two(void) { return 0; }\n",
            "b/x.c": "int b(void) { return a_one(); }\n",
            "c/x.c": "int c(void) { return b(); }\n",
        }
    )
    found = parts_of(view, 2)

    assert {"a/": ["a/one/", "a/two/"]} == {
        part.name: sorted(one.name for one in part.inside) for part in found.parts if part.inside
    }
    assert [("a/one/", "a/two/", 1)] == [(one.user, one.used, one.names) for one in found.inner]
    lines = [fact.text for fact in parts_section(gather(view, 2), found).facts]
    assert any(line.startswith("  one/  ") and "uses two" in line for line in lines)


def test_a_part_says_what_it_is_for_in_the_words_of_the_tree(opened):
    """Kconfig prompt, header of the file of that name, second paragraph where the first is everybody's."""
    suite = " * INET An implementation of the TCP/IP protocol suite for the LINUX system.\n *\n"
    files = {
        f"{name}.c": f"/*\n{suite} *\t\t{words}.\n */\nint {name}_go(void) {{ return 0; }}\n"
        for name, words in (
            ("tcp", "The Transmission Control Protocol"),
            ("udp", "User datagrams"),
            ("raw", "RAW sockets"),
        )
    }
    view = opened(
        {
            **files,
            "tcp_input.c": "int tcp_input(void) { return udp_go(); }\n",
            "nf/a.c": "int nf_a(void) { return tcp_go(); }\n",
            "nf/Makefile": "obj-y += a.o\n",
            "Makefile": "obj-y += tcp.o udp.o raw.o tcp_input.o\nobj-$(CONFIG_NF) += nf/\n",
            "Kconfig": 'config NF\n\tbool "Packet filtering"\n',
        }
    )
    words = {part.name: part.purpose.words for part in parts_of(view).parts if part.purpose}

    assert "The Transmission Control Protocol" == words["tcp*"]
    assert ("User datagrams", "Packet filtering") == (words["udp.c"], words["nf/"])


def test_the_parts_are_the_same_every_time(opened):
    """The same index gives the same parts."""
    view = opened(KERNEL)

    assert parts_of(view) == parts_of(view)


def draft(title: str, count: int = 1) -> Draft:
    return Draft(title, tuple(Fact("a", "is", "b", f"{title} {at}") for at in range(count)))


def test_parts_take_the_place_of_folders_and_layers():
    """What they say better is left out; without parts nothing changes."""
    drafts = (draft("What it is"), draft("Folders"), draft("Layers of modules"), draft("Files"))

    assert ["What it is", "Parts", "Files"] == [one.title for one in with_parts(drafts, draft("Parts"))]
    assert drafts == with_parts(drafts, draft("Parts", 0))


def test_sections_are_picked_by_how_their_titles_begin():
    """Any case, any order of asking; the page's own order stays."""
    drafts = (draft("What it is"), draft("Main types"), draft("Files"), draft("Exports", 0))

    assert ["Main types", "Files"] == [one.title for one in picked(drafts, ["FILE", "main t"])]
    with pytest.raises(UsageError, match="exports") as raised:
        picked(drafts, ["exports"])
    assert "What it is, Main types, Files" in (raised.value.hint or "")
