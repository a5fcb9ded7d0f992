"""What a brief says about C beyond names: ways, lives, locks, numbers, settings. Each on a small tree made for it."""

from __future__ import annotations

import subprocess

import pytest

from codereader.cancel import CancelToken
from codereader.facts.brief.material import spelled, spelled_lines
from codereader.facts.brief.page import brief
from codereader.facts.brief.texts import arguments
from codereader.facts.fact import PAGE_WIDTH, Brief, Fact, Section, plain, within
from codereader.index.build import build
from codereader.index.view import IndexView, open_index
from codereader.source.walk import open_scope, walk

EVERYTHING = 10_000

NET = """
/* Sockets of a small protocol. */
struct sock { int state; spinlock_t lock; };
struct proto { const char *name; int (*sendmsg)(struct sock *sk); int (*close)(struct sock *sk); };
struct family { int family; int (*create)(struct sock *sk); };

static DEFINE_MUTEX(table_mutex);

static void tiny_count_stats(struct sock *sk) { sk->state++; }

static int tiny_output(struct sock *sk)
{
	sk->state = 1;
	sk->state = 2;
	sk->state = 3;
	return deliver(sk);
}

static int tiny_push_frames(struct sock *sk)
{
	tiny_count_stats(sk);
	sk->state = 4;
	sk->state = 5;
	return tiny_output(sk);
}

int tiny_sendmsg(struct sock *sk)
{
	mutex_lock(&table_mutex);
	tiny_push_frames(sk);
	mutex_unlock(&table_mutex);
	return 0;
}

struct sock *tiny_alloc(void)
{
	struct sock *sk = kzalloc(sizeof(*sk), GFP_KERNEL);
	struct sock **many = kzalloc(sizeof(*many), GFP_KERNEL);
	return sk;
}

static void tiny_free(struct sock *sk) { kfree(sk); }

static void forget_family(struct family *family) { kfree(family->name); }

static int tiny_create(struct sock *sk) { spin_lock(&sk->lock); tiny_free(sk); return 0; }

static int tiny_ioctl(struct sock *sk, int command)
{
	switch (command) {
	case SIOCONE: return 1;
	case SIOCTWO: return 2;
	}
	return 0;
}

static struct proto tiny_prot = { .name = "TINY", .sendmsg = tiny_sendmsg };
static struct family tiny_family = { .family = PF_TINY, .create = tiny_create };
static struct ctl_table tiny_table[] = { { .procname = "tiny_limit" } };

#define TINY_MAX_SOCKETS 64

static int __init tiny_init(void)
{
	if (proto_register(&tiny_prot, 1))
		pr_err("no");
	inet_add_protocol(&tiny_family, IPPROTO_TINY);
	proc_create("tiny", 0, NULL, NULL);
	return 0;
}

static void __exit tiny_exit(void) { proto_unregister(&tiny_prot); }

module_init(tiny_init);
module_exit(tiny_exit);
EXPORT_SYMBOL(tiny_sendmsg);
"""


@pytest.fixture
def told(tmp_path):
    """Write files, index the folder, return its whole brief."""
    views: list[IndexView] = []

    def tell(files: dict[str, str], inner: str = "") -> Brief:
        for name, text in files.items():
            place = tmp_path / "tree" / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
        walked = walk(open_scope(tmp_path / "tree" / inner), CancelToken(), None)
        build(walked, tmp_path / "cache", CancelToken())
        views.append(open_index(walked, tmp_path / "cache"))
        return brief(views[-1], EVERYTHING)

    yield tell
    for view in views:
        view.close()


def facts(made: Brief, title: str) -> list[Fact]:
    return [fact for section in made.sections if section.title.startswith(title) for fact in section.facts]


def texts(made: Brief, title: str) -> str:
    return "\n".join(fact.text for fact in facts(made, title))


def test_a_registration_is_told_with_its_number_and_name(told):
    """The constant of the call and the string of the object stand with what is registered."""
    said = texts(told({"tiny.c": NET}), "Registers")

    assert 'proto_register: tiny_prot (struct proto "TINY") in tiny_init: .sendmsg=tiny_sendmsg' in said
    assert "inet_add_protocol: tiny_family (struct family IPPROTO_TINY PF_TINY) in tiny_init" in said


def test_an_initcall_says_what_it_sets_up_and_what_undoes_it(told):
    """What registers comes first, what only reports is left out, the exit function stands behind."""
    said = facts(told({"tiny.c": NET}), "Entry points")

    assert [fact.text for fact in said] == [
        "module_init(tiny_init) calls proto_register, inet_add_protocol, proc_create; module_exit(tiny_exit)"
    ]


def test_an_operation_is_followed_through_the_functions_that_do_it(told):
    """From the member of a table to the last function; what only counts is left aside."""
    said = texts(told({"tiny.c": NET}), "Main operations")

    assert ".sendmsg: tiny_sendmsg -> tiny_push_frames -> tiny_output" in said
    assert "tiny_count_stats" not in said


def test_a_call_through_a_pointer_leads_to_what_fitting_tables_hold(told):
    """The struct that the member's name stands for decides; a table of another struct is not meant."""
    text = NET + (
        "struct proto_ops { int (*sendmsg)(struct sock *sk); };\n"
        "int other_sendmsg(struct sock *sk) { return deliver(sk); }\n"
        "static struct proto_ops tiny_ops = { .sendmsg = other_sendmsg };\n"
        "int outer_sendmsg(struct outer *sk)\n{\n\tprepare(sk);\n\treturn sk->sk_prot->sendmsg(sk);\n}\n"
        "static struct front front_ops = { .sendmsg = outer_sendmsg };\n"
    )

    said = texts(told({"tiny.c": text}), "Main operations")

    assert "outer_sendmsg => tiny_sendmsg -> tiny_push_frames" in said
    assert "=> other_sendmsg" not in said


def test_code_that_is_compiled_out_leads_nowhere(told):
    """A call under #if 0 is no step."""
    text = NET.replace("\ttiny_push_frames(sk);", "#if 0\n\ttiny_push_frames(sk);\n#endif\n\ttiny_output(sk);")

    said = texts(told({"tiny.c": text}), "Main operations")

    assert "tiny_sendmsg -> tiny_push_frames" not in said


def test_a_type_is_made_and_freed_where_the_text_shows_it(told):
    """Memory for pointers to it, or freeing one of its members, is neither."""
    said = {fact.subject: fact.text for fact in facts(told({"tiny.c": NET}), "Main types")}

    assert "made by tiny_alloc; freed by tiny_free" in said["sock"]
    assert "freed" not in said["family"]
    assert "made" not in said["proto"]


def test_locks_are_told_with_who_takes_them(told):
    """Variables and members; how often each way of locking is used."""
    said = texts(told({"tiny.c": NET}), "Locking")

    assert "taken most: mutex_lock (1), spin_lock (1)" in said
    assert "mutex table_mutex; taken in 1 function: tiny_sendmsg" in said
    assert "struct sock: spinlock lock, taken in 1 function" in said


def test_what_user_space_sets_and_sees_is_told_by_kind(told):
    """Sysctls, files below /proc, ioctls, and the numbers that bound things."""
    said = texts(told({"tiny.c": NET}), "Settings and user interface")

    assert "1 sysctl: tiny_limit" in said
    assert "1 /proc file: tiny" in said
    assert "2 ioctls in tiny_ioctl: SIOCONE, SIOCTWO" in said
    assert "1 constant: TINY_MAX_SOCKETS 64" in said


def test_reading_begins_where_the_scope_registers_itself(told):
    """Then comes the header that most files include, found beside them and not by its bare name."""
    files = {
        "tiny.c": NET,
        "a.c": '#include "in.h"\nint a(void) { return 0; }\n',
        "b.c": '#include "in.h"\nint b(void) { return 0; }\n',
        "in.h": "struct shared { int a; };\n",
        "sub/in.h": "struct else_where { int a; };\n",
    }

    order = facts(told(files), "Read in this order")

    assert [fact.subject for fact in order[:2]] == ["tiny.c", "in.h"]
    assert order[1].text.startswith("2. in.h (1 line): included by 2 files, defines struct shared")


def test_what_stands_above_a_scope_says_what_it_is_and_when_it_is_built(told, tmp_path):
    """The rule and the option of the folders above, the documents and tests called like it."""
    files = {
        "Makefile": "obj-y += net/\n",
        "net/Makefile": "obj-$(CONFIG_TINY) += tiny/\n",
        "net/Kconfig": 'config TINY\n\tbool "The tiny protocol"\n\thelp\n\t  Speaks to small things.\n',
        "net/tiny/Makefile": "obj-y += tiny.o\n",
        "net/tiny/tiny.c": NET,
        "Documentation/net/tiny.rst": "Tiny\n",
        "tools/testing/selftests/tiny/run.sh": "true\n",
    }
    subprocess.run(["git", "init", "-q", str(tmp_path / "tree")], check=True)

    made = told(files, "net/tiny")

    first = facts(made, "What it is")[0]
    assert (first.path, first.line) == ("../Kconfig", 1)
    assert first.text == "tiny: CONFIG_TINY: The tiny protocol. Speaks to small things"
    built = facts(made, "Build and configuration")[0]
    assert (built.text, built.condition, built.path) == ("tiny/ itself is built", "CONFIG_TINY", "../Makefile")
    around = texts(made, "Tests and documentation")
    assert "documents called like it: Documentation/net/tiny.rst" in around
    assert "selftests called like it: tools/testing/selftests/tiny/" in around


def test_a_list_is_spelled_as_far_as_it_fits_and_the_rest_is_counted():
    """Never wider than asked, but for the first name."""
    names = ["alpha", "beta", "gamma", "delta"]

    assert spelled("n: ", names, 100) == "n: alpha, beta, gamma, delta"
    assert spelled("n: ", names, 24) == "n: alpha and 3 more"
    assert spelled("n: ", names, 3) == "n: alpha and 3 more"
    assert [text for text, _ in spelled_lines("n: ", names, 18, 2)] == ["n: alpha, beta", "    gamma, delta"]
    assert [count for _, count in spelled_lines("n: ", names, 16, 2)] == [2, 2]


def test_arguments_end_at_their_own_comma_and_parenthesis():
    """Strings, nested calls and braces hold commas of their own."""
    assert arguments('a, f(b, c), "x, \\")", (int[]){1, 2}) + d') == ("a", "f(b, c)", '"x, \\")"', "(int[]){1, 2}")
    assert arguments("never closed, ") == ()


def test_no_line_of_a_page_is_wider_than_the_page():
    """A long condition is cut before the text is; the place never is."""
    fact = Fact("a", "is", "b", "word " * 40, "some/path.c", 12, "defined(CONFIG_" + "X" * 90 + ")")

    line = plain(Brief((Section("T", (fact,)),), 2)).splitlines()[1]
    assert len(line) <= PAGE_WIDTH
    assert "(some/path.c:12)" in line
    assert within(Fact("a", "is", "b", "short", "p.c", 1), PAGE_WIDTH).text == "short"


def test_what_is_stored_to_run_later_does_not_continue_the_way(told):
    """A function given to INIT_WORK runs from a work queue, not from who stores it."""
    stored = "\tINIT_WORK(&sk->work, tiny_push_frames);\n\tfeed_frames(sk);\n\tsort_frames(sk);"

    said = texts(told({"tiny.c": NET.replace("\ttiny_push_frames(sk);", stored)}), "Main operations")

    assert ".sendmsg: tiny_sendmsg calls" in said
    assert "tiny_push_frames" not in said


def test_a_way_through_one_of_many_functions_says_of_how_many(told):
    """Two tables hold a function in the member: the one that is told is one of two."""
    text = NET + (
        "static int mini_sendmsg(struct sock *sk) { return deliver(sk); }\n"
        "static struct proto mini_prot = { .sendmsg = mini_sendmsg };\n"
        "int outer_sendmsg(struct outer *sk)\n{\n\tprepare(sk);\n\treturn sk->sk_prot->sendmsg(sk);\n}\n"
        "static struct front front_ops = { .sendmsg = outer_sendmsg };\n"
    )

    said = texts(told({"tiny.c": text}), "Main operations")

    assert "outer_sendmsg => tiny_sendmsg (1 of 2) -> tiny_push_frames" in said


def test_a_header_of_the_tree_that_is_called_like_the_scope_gives_it_its_types(told, tmp_path):
    """The structs of include/net/af_tiny.h count as the scope's own, those of other headers do not."""
    header = "struct tiny_sock {\n\tstruct sock sk;\n\tspinlock_t lock;\n};\n"
    uses = "static int tiny_use(struct tiny_sock *one, struct tiny_sock *two, struct tiny_sock *three) { return 0; }\n"
    files = {
        "include/net/af_tiny.h": header,
        "include/net/strange.h": "struct other_sock {\n\tint state;\n};\n",
        "net/tiny/tiny.c": "#include <net/af_tiny.h>\n#include <net/strange.h>\n"
        + uses
        + uses.replace("tiny_", "other_"),
    }
    subprocess.run(["git", "init", "-q", str(tmp_path / "tree")], check=True)

    made = told(files, "net/tiny")

    types = {fact.subject: fact.path for fact in facts(made, "Main types")}
    assert types.get("tiny_sock") == "../../include/net/af_tiny.h"
    assert "other_sock" not in types
    assert "struct tiny_sock: spinlock lock" in texts(made, "Locking")


def test_a_comment_on_the_order_of_locks_is_quoted(told):
    """A comment with a title of its own says which lock is taken inside which."""
    order = "/*\n * Lock order:\n *   table_mutex\n *     sock lock\n *\n * Other words.\n */\n"

    said = texts(told({"tiny.c": order + NET}), "Locking")

    assert "Lock order: table_mutex sock lock" in said
    assert "Other words" not in said


def test_where_a_file_comes_from_and_who_wrote_it_is_no_purpose(told):
    """What a file is for is the first paragraph that says it, in a later comment if need be."""
    head = "/*\n * linux/net/tiny.c\n *\n * from\n *\n * linux/net/big.c\n */\n\n"
    head += "/* Initialization/cleanup of tiny sockets. */\n"

    made = told({"tiny.c": head + NET.replace("/* Sockets of a small protocol. */\n", "")})

    assert "Initialization/cleanup of tiny sockets" in texts(made, "What it is")
    assert "from" not in texts(made, "What it is")
