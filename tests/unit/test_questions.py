"""Questions in words: what is read out of them, and which facts answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from codereader.facts.questions.mentions import mentions, plain
from codereader.facts.questions.patterns import languages, read_language
from codereader.facts.questions.reading import read
from codereader.facts.questions.reply import Reply
from codereader.facts.questions.replying import ANSWERS
from codereader.facts.questions.tree import Tree
from codereader.reader import Reader

FILES = {
    "Kconfig": (
        'config DISK\n\tbool "Disk support"\n\tdepends on BLOCK\n\thelp\n\t  Reads and writes disks.\n\n'
        "config BLOCK\n\tbool\n"
    ),
    "Makefile": "obj-y += main.o\nobj-$(CONFIG_DISK) += disk.o disk4.o disk6.o\n",
    "disk.h": (
        "struct disk_ops {\n\tint (*open)(int);\n\tint (*read)(int);\n};\n\n"
        "struct disk {\n\tint state;\n\tstruct disk_ops *ops;\n};\n\nint disk_probe(struct disk *d);\n"
    ),
    "disk.c": (
        '#include "disk.h"\n\n'
        "static int disk_open(int n)\n{\n\treturn n;\n}\n\n"
        "static int disk_read(int n)\n{\n\treturn n;\n}\n\n"
        "static int forgotten(int n)\n{\n\treturn n;\n}\n\n"
        "const struct disk_ops plain_ops = {\n\t.open = disk_open,\n\t.read = disk_read,\n};\n\n"
        "/* Look for a disk. */\nint disk_probe(struct disk *d)\n{\n\td->state = 1;\n\treturn d->ops->open(1);\n}\n"
        "EXPORT_SYMBOL(disk_probe);\n\n"
        "struct disk *disk_alloc(void)\n{\n\tstruct disk *d = kzalloc(sizeof(struct disk), 0);\n\td->state = 0;\n"
        "\treturn d;\n}\n\n"
        "void disk_free(struct disk *d)\n{\n\tkfree(d);\n}\n"
    ),
    "disk4.c": "int disk_v4_size(int a)\n{\n\treturn a;\n}\n\nint only_four(void)\n{\n\treturn 4;\n}\n",
    "disk6.c": "int disk_v6_size(long a)\n{\n\treturn 6;\n}\n",
    "main.c": (
        '#include "disk.h"\n\n'
        "#ifdef CONFIG_FAST\nint speed(void)\n{\n\treturn 2;\n}\n#else\nint speed(void)\n{\n\treturn 1;\n}\n#endif\n\n"
        'int start(struct disk *d)\n{\n\tprintk("disk is ready");\n\treturn disk_probe(d);\n}\n\n'
        "int main(void)\n{\n\treturn start(0);\n}\n"
    ),
    "more.c": (
        '#include "disk.h"\n\n'
        "int more(void)\n{\n\tstruct disk *spare;\n\n\tspare = kmalloc(sizeof(*spare), 0);\n\tkfree(spare);\n"
        "\treturn 0;\n}\n\nconst struct disk_ops plain_ops = {\n\t.open = more,\n};\n"
    ),
    "guard.c": (
        "#define MOST_SLOTS 4\nstatic int *slots_held[2];\nstatic DEFINE_MUTEX(gate_lock);\n\n"
        "int guarded(void)\n{\n\tmutex_lock(&gate_lock);\n\tcmpxchg((int **)&slots_held[0], 0, 1);\n"
        "\tmutex_unlock(&gate_lock);\n\treturn strcpy(0, 0) + MOST_SLOTS;\n}\n"
    ),
    "mount.c": (
        "struct mount_info {\n\tint mode;\n};\n\nint mount_it(struct disk *d)\n{\n\tstruct mount_info *info;\n\n"
        "\tinfo = kzalloc(sizeof(*info), 0);\n\td->private = info;\n\treturn 0;\n}\n\n"
        "void forget_it(struct disk *d)\n{\n\tkfree(d->private);\n}\n\nmodule_init(mount_it);\n"
    ),
    "tests/test_disk.c": '#include "../disk.h"\n\nint test_probe(void)\n{\n\treturn disk_probe(0);\n}\n',
}

PYTHON = {
    "shop/__init__.py": '"""A shop."""\n',
    "shop/basket.py": (
        '"""What is bought."""\n\nfrom shop.price import price\n\n\n'
        'class Basket:\n    """Holds things."""\n\n'
        '    def total(self) -> int:\n        return price("SHOP_IS_OPEN")\n\n\n'
        "class Gift(Basket):\n    def total(self) -> int:\n        return 0\n"
    ),
    "shop/price.py": (
        '"""What things cost."""\n\n\ndef price(n: int) -> int:\n    from shop.basket import Basket\n\n'
        "    return n\n\n\ndef never_asked() -> None:\n    pass\n"
    ),
    "tests/test_basket.py": (
        "from shop.basket import Basket\n\n\ndef test_total() -> None:\n    assert Basket().total()\n"
    ),
}


def _made(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        place = folder / "tree" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8", newline="")
    return folder / "tree"


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory):
    """A small driver in C."""
    folder = tmp_path_factory.mktemp("disk")
    with Reader(_made(folder, FILES), cache=folder / "cache") as reader:
        reader.open()
        yield reader


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory):
    """A small package in Python."""
    folder = tmp_path_factory.mktemp("shop")
    with Reader(_made(folder, PYTHON), cache=folder / "cache") as reader:
        reader.open()
        yield reader


def texts(found: Reply) -> list[str]:
    return [fact.text for fact in found.facts]


# -- patterns -------------------------------------------------------------------------------------------------------


def test_every_language_knows_every_intent():
    """Whatever can be asked in one language can be asked in the others, and has an answer."""
    known = {one.name: sorted({intent for intent, _ in one.intents} | {"contents", "search"}) for one in languages()}

    assert {"en", "ja"} <= set(known)
    assert {name: sorted(ANSWERS) for name in known} == known


def test_a_broken_pattern_file_says_where():
    """A language file that cannot be used is named in the error."""
    with pytest.raises(ValueError, match=r"xx\.toml"):
        read_language("xx.toml", 'language = "xx"\n')


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("who calls disk_probe?", ["disk_probe"]),
        ("who calls `main`", ["main"]),
        ("who writes d->state", ["d.state"]),
        ("when is fs/disk.c built", ["fs/disk.c"]),
        ("what needs CONFIG_DISK", ["CONFIG_DISK"]),
        ("「disk_probe」を呼ぶのは", ["disk_probe"]),
        ("disk_probeを呼び出しているのは?", ["disk_probe"]),
        ("what fields does struct disk have", ["disk"]),
        ("disk.c:12 does what", ["disk.c:12"]),
        ("how does it all fit together", []),
    ],
)
def test_names_are_seen_in_a_question(text, found):
    """What is spelled like code, quoted, or a path is a name; plain words are none."""
    assert found == [one.text for one in mentions(plain(text))]


def test_full_width_letters_are_letters():
    """Letters typed in a Japanese input mode mean the same."""
    assert ["disk_probe"] == [one.text for one in mentions(plain("ｄｉｓｋ＿ｐｒｏｂｅの呼び出し元"))]


# -- reading --------------------------------------------------------------------------------------------------------

ASKED = [
    ("overview", "", "explain structure"),
    ("overview", "", "Please, could you explain how this is organised?"),
    ("overview", "", "全体像を教えてください"),
    ("callers", "disk_probe", "Who calls disk_probe?"),
    ("callers", "disk_probe", "can you tell me what the callers of disk_probe() are"),
    ("callers", "main", "who calls main"),
    ("callers", "disk_probe", "disk_probeはどこから呼ばれていますか?"),
    ("callees", "start", "what does `start` call?"),
    ("callees", "disk_probe", "disk_probeが呼ぶ関数を列挙して"),
    ("paths", "main disk_open", "how does main reach disk_open?"),
    ("paths", "main disk_open", "mainからdisk_openまでの経路は"),
    ("implementors", "disk_ops.open", "who implements disk_ops.open"),
    ("implementors", "disk_ops.open", "disk_ops->openの実装は?"),
    ("table", "plain_ops", "what does table plain_ops hold"),
    ("defined", "disk_probe", "where's disk_probe defined"),
    ("defined", "disk_probe", "disk_probeはどこで定義されていますか"),
    ("used", "plain_ops", "where is plain_ops used?"),
    ("written", "disk.state", "who writes disk.state"),
    ("initialised", "plain_ops", "where is plain_ops initialised"),
    ("fields", "disk", "what members does struct disk have?"),
    ("lifetime", "disk", "who frees struct disk"),
    ("entries", "", "what are the entry points"),
    ("exports", "", "which symbols are exported?"),
    ("syscalls", "", "which system calls are there"),
    ("options", "", "list the Kconfig options"),
    ("option", "CONFIG_DISK", "what does CONFIG_DISK do?"),
    ("built", "disk.c", "when is disk.c built"),
    ("depends", "", "what depends on what"),
    ("includes", "disk.h", "which files include disk.h"),
    ("cycles", "", "循環依存はありますか"),
    ("layers", "", "what are the layers?"),
    ("impact", "disk_probe", "what breaks if I change the signature of disk_probe?"),
    ("differences", "disk4.c disk6.c", "difference between disk4.c and disk6.c"),
    ("unused", "", "未使用の関数はある?"),
    ("reading", "", "What should I read first?"),
    ("describe", "disk_probe", "what does disk_probe do"),
    ("contents", "disk.c", "what is in disk.c"),
    ("locks", "disk.state", "which lock protects disk.state"),
    ("tests", "disk_probe", "which tests cover disk_probe"),
    ("search", "", "why does reading fail when the cable is cut"),
    ("callers", "disk_probe", "who clals disk_probe"),
    ("overview", "", "give me a tour"),
    ("overview", "", "wat does this do"),
    ("overview", "", "何これ"),
    ("search", "", "how is the time budget split"),
    ("search", "", "which files should I read to understand the retry of reads"),
    ("reading", "", "which files should I read to understand the code"),
    ("reading", "", "どのファイルから読めばいい?"),
    ("layers", "", "show the layers"),
    ("differences", "disk4.c disk6.c", "diff between disk4.c and disk6.c"),
    ("paths", "main disk_open", "call chain main() -> disk_open()"),
    ("callers", "disk_probe", "can an attacker reach disk_probe"),
    ("callees", "disk_probe", "disk_probeが呼んでいる関数"),
    ("table", "plain_ops", "show the ops in plain_ops"),
    ("locks", "gate_lock", "who takes gate_lock"),
    ("contents", "disk.c", "what lives in disk.c"),
    ("used", "strcpy", "is strcpy used anywhere"),
    ("cycles", "", "do any files include each other"),
    ("impact", "disk", "I want to add a field to struct disk, what is affected"),
    ("locks", "guarded", "does guarded() take any lock"),
    ("table", "plain_ops", "what callbacks are in plain_ops"),
    ("includes", "disk.h", "which files pull in disk.h"),
    ("depends", "tests", "who uses tests/"),
    ("differences", "disk_open disk_read", "how is disk_open different from disk_read"),
]


@pytest.mark.parametrize(("intent", "names", "text"), ASKED)
def test_a_question_is_read(disk, intent, names, text):
    """What is asked and what is named are told from the words, in English and in Japanese."""
    tree = Tree(
        disk.view, edges=lambda: disk.edges, graph=lambda: disk.graph, worth=lambda: disk.worth, search=disk.search,
        brief=disk.brief,
    )  # fmt: skip

    question = read(tree, text).question

    assert (intent, names.split()) == (question.intent, [one.found for one in question.subjects])


def test_a_mistyped_name_is_taken_for_the_nearest_and_said_so(disk):
    """A name with a letter wrong is answered for the one that was meant, with a note."""
    found = disk.reply("who calls disk_porbe?")

    assert "spelling" == found.question.subjects[0].match
    assert any("disk_porbe was taken for disk_probe" in note for note in found.notes)


def test_letters_case_and_underscores_are_forgiven(disk):
    """A name in other letters' case is the same name."""
    assert "case" == disk.reply("where is DiskProbe defined").question.subjects[0].match


def test_a_name_that_is_nowhere_is_said_to_be(disk):
    """Nothing is made up for a name that the tree does not hold."""
    found = disk.reply("who calls frobnicate_everything?")

    assert () == found.sections
    assert ["frobnicate_everything"] == [one.written for one in found.missing]
    assert any("nothing in tree is called frobnicate_everything" in note for note in found.notes)


# -- answers --------------------------------------------------------------------------------------------------------

TOLD = [
    ("who calls disk_probe", "start calls disk_probe", "main.c", 18),
    ("what does main call", "main calls start", "main.c", 23),
    ("how does main reach disk_open", "disk_probe may call disk_open through disk_ops.open", "disk.c", 27),
    ("who implements disk_ops.open", "disk_open implements disk_ops.open, put there by plain_ops", "disk.c", 19),
    ("what does plain_ops hold", "plain_ops holds disk_read in disk_ops.read", "disk.c", 20),
    ("who writes disk->state", "disk_probe writes it: d->state = 1;", "disk.c", 26),
    ("who frees struct disk", "function void disk_free(struct disk *d)", "disk.c", 38),
    ("who allocates struct disk", "more allocates one by kmalloc, its variable spare", "more.c", 7),
    ("who frees struct disk", "more frees one by kfree, its variable spare", "more.c", 8),
    (
        "compare disk.c and more.c",
        "plain_ops: open is disk_open against more, read is disk_read against none",
        "disk.c",
        18,
    ),
    ("when is disk.c built", "disk.c is built if CONFIG_DISK, into disk.o", "Makefile", 2),
    ("what does CONFIG_DISK need", "CONFIG_DISK needs BLOCK", "Kconfig", 1),
    ("what is exported", "disk_probe is exported by EXPORT_SYMBOL, used in 2 other files", "disk.c", 29),
    ("which files include disk.h", "main.c includes disk.h", "main.c", 1),
    ("unused functions", "function forgotten is named nowhere else: static int forgotten(int n)", "disk.c", 13),
    ("which tests cover disk_probe", "test_probe calls disk_probe", "tests/test_disk.c", 5),
    ("what would break if disk_probe changed", "main calls start", "main.c", 23),
    ('where does "disk is ready" come from', "line 17 holds it", "main.c", 17),
    ("what fields does struct disk have", "int state", "disk.h", 6),
    ("what is disk.c:4", "disk_open", "disk.c", 3),
    ("who frees struct mount_info", "forget_it frees by kfree what private holds, where one was put", "mount.c", 16),
    ("who calls mount_it", "mount_it is an entry point: initcall by module_init", "mount.c", 19),
    ("which locks does guarded take", "guarded takes mutex_lock(… gate_lock)", "guard.c", 7),
    ("who takes gate_lock", "guarded takes it: mutex_lock(&gate_lock);", "guard.c", 7),
    ("who writes slots_held", "guarded writes it: cmpxchg((int **)&slots_held[0], 0, 1);", "guard.c", 8),
    ("is strcpy used anywhere", "guarded calls strcpy", "guard.c", 10),
    ("find uses of MOST_SLOTS", "MOST_SLOTS", "guard.c", 10),
    ("is disk_probe exported", "disk_probe is exported by EXPORT_SYMBOL, used in 2 other files", "disk.c", 29),
    ("is disk_free exported", "disk_free is not seen to be exported by name", "disk.c", 38),
    ("which CONFIG do I need for disks or disk", "CONFIG_DISK: Disk support; needs BLOCK", "Kconfig", 1),
    ("who calls disk_probe in main.c", "start calls disk_probe", "main.c", 18),
    ("does disk.c depend on main.c", "disk.c is not seen to use anything of main.c", "disk.c", 1),
    ("does main.c depend on disk.c", "main.c uses 1 name of disk.c: disk_probe", "main.c", 18),
]


@pytest.mark.parametrize(("text", "words", "path", "line"), TOLD)
def test_a_question_is_answered_with_places(disk, text, words, path, line):
    """Each answer is a sentence with the path and line that prove it."""
    found = disk.reply(text)

    assert any(words in fact.text and (path, line) == (fact.path, fact.line) for fact in found.facts), texts(found)


def test_callers_are_those_of_the_files_that_are_named(disk):
    """A question that names a file beside the function is answered for that file alone."""
    assert {"main.c"} == {fact.path for fact in disk.reply("who calls disk_probe in main.c").facts}


def test_a_name_that_the_answer_leaves_out_is_said(disk):
    """Half of a question is never dropped in silence."""
    found = disk.reply("can a user reach disk_probe without disk_alloc")

    assert "this is about disk_probe: what it has to do with disk_alloc is not told" in found.notes


def test_a_name_that_only_strings_hold_is_shown_where_it_stands(shop):
    """What is no definition but stands in the text is told with its lines."""
    found = shop.reply("what does SHOP_IS_OPEN do")

    assert ["SHOP_IS_OPEN"] == [one.written for one in found.question.subjects]
    assert ("shop/basket.py", 10) in [(fact.path, fact.line) for fact in found.facts]


def test_both_branches_of_a_condition_are_told_apart(disk):
    """Two definitions of one name are compared with the conditions that they stand under."""
    found = disk.reply("differences between the definitions of `speed`")

    assert {"defined(CONFIG_FAST)", "!defined(CONFIG_FAST)"} == {fact.condition for fact in found.sections[0].facts}


def test_twins_of_two_families_are_paired(disk):
    """A function called v4 in one file and v6 in the other is the same one, with its arguments compared."""
    found = disk.reply("compare disk4.c and disk6.c")

    assert any("there disk_v6_size" in text and "(int a) against (long a)" in text for text in texts(found))
    assert ["only_four"] == [
        fact.subject for one in found.sections if one.title.startswith("Only in") for fact in one.facts
    ]


def test_a_used_function_is_not_called_unused(disk):
    """What stands in a table, is exported, or is called is never said to be unused."""
    named = {fact.subject for fact in disk.reply("dead code?").facts}

    assert not {"disk_open", "disk_probe", "start", "main"} & named


def test_callers_beyond_the_scope_are_named_as_possible(disk):
    """Who asks for the callers of an exported function hears that others may call it."""
    assert any("exported by EXPORT_SYMBOL" in note for note in disk.reply("who calls disk_probe").notes)


def test_an_overview_leaves_the_answer_to_the_brief(disk):
    """The structure of the whole tree is the brief's business."""
    found = disk.reply("explain structure")

    assert ((), "overview") == (found.sections, found.question.intent)


def test_what_is_not_recognised_is_searched(disk):
    """A question without a known form gets ranked files and symbols, and is told so."""
    found = disk.reply("why does the disk state stay one")

    assert "search" == found.question.intent
    assert "Files that it may be about" in [one.title for one in found.sections]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\0\x1b[31m\u202e",
        "?" * 5000,
        "`" * 99,
        'where is "',
        "a" * 100_000,
        "what does CONFIG_NOWHERE need in main.c",
        "who calls `(a+)+$`",
        "who calls \ud800",
        "who writes `*`",
        "main.c:99999999999999999999",
        "what is in ../..",
        "どこ" * 200,
        "\u02740 \u027499\u1d04 who calls \u02747",
    ],
)
def test_a_hostile_question_is_answered(disk, text):
    """No text makes reading a question fail."""
    assert disk.reply(text).question.text == text


def test_neighbouring_words_may_be_the_name_of_a_file(disk):
    """What is called like two words of the question comes before what only holds them."""
    found = disk.reply("why is the disk probe so slow")

    assert ("disk.c", 24) == (found.facts[0].path, found.facts[0].line)


def test_a_search_looks_for_what_is_to_be_understood(disk):
    """Of a question for what to read, the words for reading are not looked for; Japanese terms are put in English."""
    told = [
        disk.reply("which files should I read to understand the state of disks").question.topic,
        disk.reply("再送タイマーの処理はどこ").question.topic,
    ]

    assert ["the state of disks", "retransmit timer"] == told


def test_a_class_has_implementations_in_python(shop):
    """Sub-classes and overriding methods answer who implements a class or a method."""
    assert any("Gift derives from Basket" in text for text in texts(shop.reply("who implements class Basket")))
    assert any("Gift.total overrides Basket.total" in text for text in texts(shop.reply("who implements Basket.total")))


def test_what_derives_from_a_class_breaks_with_it(shop):
    """A class is depended on by its sub-classes and by who imports it."""
    told = texts(shop.reply("what breaks if I change Basket"))

    assert "Gift derives from Basket" in told
    assert "tests/test_basket.py imports Basket from shop.basket" in told


def test_comments_and_strings_of_python_write_nothing(tmp_path):
    """Only code counts as writing."""
    files = {"a.py": 'LIMIT = 1\n\n\ndef f() -> None:\n    """LIMIT = 2"""\n    # LIMIT = 3\n    print("LIMIT = 4")\n'}
    with Reader(_made(tmp_path, files), cache=tmp_path / "cache") as reader:
        reader.open()
        found = reader.reply("who writes LIMIT")

    assert [("a.py", 1)] == [(fact.path, fact.line) for fact in found.facts]


def test_words_of_a_licence_describe_no_file(tmp_path):
    """A file that begins with a licence says nothing of itself."""
    files = {"a.go": "// Licensed under the Apache License, Version 2.0\n\npackage a\n\nfunc F() {}\n"}
    with Reader(_made(tmp_path, files), cache=tmp_path / "cache") as reader:
        reader.open()
        told = texts(reader.reply("what is in a.go"))

    assert told
    assert not any("Licensed" in text for text in told)


def test_unused_functions_of_python_are_told_as_not_called_inside(shop):
    """A public function may be called from elsewhere, so it is not called dead."""
    found = shop.reply("unused functions?")

    assert [("Not called inside tree; code outside of it could (1)", "never_asked")] == [
        (found.sections[0].title, fact.subject) for fact in found.sections[0].facts
    ]


def test_a_module_of_python_is_a_file(shop):
    """A module written with dots is the file it stands in."""
    found = shop.reply("what does shop.basket depend on")

    assert ["shop/basket.py"] == [one.found for one in found.question.subjects]
    assert any("shop/basket.py uses 1 name of shop/price.py: price" in text for text in texts(found))


@pytest.mark.parametrize("text", ["", "???", "「」", "\x1b[31m who calls \x00", "who calls " + "(" * 200, "X Y C P"])
def test_odd_questions_do_not_fail(disk, text):
    """Whatever is typed gets an answer or none, never a failure."""
    assert text == disk.reply(text).question.text


def test_a_long_report_is_searched(disk):
    """A pasted report is no question about structure, whatever names it holds."""
    assert "search" == disk.reply("who calls disk_probe? " * 60).question.intent


def test_the_same_question_has_the_same_answer(disk):
    """Asking twice gives the same facts in the same order."""
    assert disk.reply("what would break if disk_probe changed") == disk.reply("what would break if disk_probe changed")


def test_a_reply_tells_every_fact(tmp_path: Path) -> None:
    """What many places share is cut only where it is shown, not where it is gathered."""
    for number in range(90):
        (tmp_path / f"user{number:02}.c").write_text(
            f"int shared(int);\n\nint user{number}(void)\n{{\n\treturn shared({number});\n}}\n"
        )
    (tmp_path / "shared.c").write_text("int shared(int n)\n{\n\treturn n;\n}\n")
    with Reader(tmp_path) as reader:
        reader.open()
        (section,) = reader.reply("who calls shared?").sections

    assert (90, 0) == (len(section.facts), section.dropped)
