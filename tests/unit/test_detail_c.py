"""A skeleton of C keeps what is structure, whatever makes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from codereader.index.parse import parse
from codereader.pack.detail import shown
from codereader.pack.piece import Rendering
from codereader.source.languages import language_of

INODE = """// SPDX-License-Identifier: GPL-2.0
/*
 * Pipes with a memory.
 *
 * Copyright (C) 2020 Somebody <who@example.org>
 *
 * This program is free software; you can redistribute it.
 */
#include <linux/fs.h>
#include "pipe.h"

#define PIPE_DEPTH 3
#define for_each_pipe(p, head) \\
\tfor (p = head; p; p = p->next)

#ifdef CONFIG_SWAP
static int pipe_swap(struct pipe *p)
{
\tint error = prepare(p);
\tif (error)
\t\treturn error;
\treturn swap_out(p, GFP_KERNEL);
}
#else
static int pipe_swap(struct pipe *p) { return 0; }
#endif

/**
 * pipe_open - open a pipe
 * @inode: what to open
 *
 * Sleeps. Returns zero, or an error.
 */
static int pipe_open(struct inode *inode, struct file *file)
{
#ifdef CONFIG_DEBUG
\tprintk("open");
#endif
\tfile->private_data = inode->i_private;
\treturn nonseekable_open(inode, file);
}

SYSCALL_DEFINE2(pipe_peek, int, fd, void __user *, to)
{
\tstruct fd f = fdget(fd);
\tif (!f.file)
\t\treturn -EBADF;
\treturn do_peek(f.file, to);
}

DEFINE_HANDLER(pipe_poll)
{
\tpoll_wait(file, &queue, wait);
\treturn mask_of(file->private_data) | POLLOUT;
}

static const struct file_operations pipe_fops = {
\t.open\t= pipe_open,
#ifdef CONFIG_SWAP
\t.swap\t= pipe_swap,
#endif
};

static const unsigned char mirror[] = {
"""
ROWS = "".join(f"\t{n}, {n + 1}, {n + 2},\n" for n in range(0, 120, 3))
TAIL = """};

static int __init pipe_init(void)
{
\tint error = register_filesystem(&pipe_fs_type);
\tif (error)
\t\tpr_err("no pipes: %d\\n", error);
\treturn error;
}
fs_initcall(pipe_init);
module_param(depth, int, 0644);
EXPORT_SYMBOL_GPL(pipe_open);
MODULE_LICENSE("GPL");
"""
KCONFIG = """config PIPES
\ttristate "Pipes with a memory"
\tdepends on BLOCK && !TINY
\tselect CRC32
\thelp
\t  A pipe that remembers what was read from it.

\t  It takes more memory than other pipes do.

\t  If unsure, say N.

source "fs/pipes/deep/Kconfig"
"""
MAKEFILE = """# SPDX-License-Identifier: GPL-2.0
# Pipes with a memory.

obj-$(CONFIG_PIPES) += pipes.o
pipes-y := inode.o file.o # both
pipes-$(CONFIG_SWAP) += swap.o
"""


def skeleton(name: str, source: str | bytes, rendering: Rendering | None = None) -> str:
    data = source if isinstance(source, bytes) else source.encode()
    facts = parse(data, language_of(name, data))
    return shown(name, data, facts, rendering or Rendering()).pieces("skeleton")[0].text


@pytest.mark.parametrize(
    "kept",
    [
        '#include "pipe.h"',
        "#define PIPE_DEPTH 3",
        "\tfor (p = head; p; p = p->next)",
        "#ifdef CONFIG_SWAP\nstatic int pipe_swap(struct pipe *p)\n{ /* 7 lines: 17-23 */ }\n#else\n",
        "static int pipe_swap(struct pipe *p) { return 0; }\n#endif",
        "SYSCALL_DEFINE2(pipe_peek, int, fd, void __user *, to)\n{ /* 7 lines: 43-49 */ }",
        "DEFINE_HANDLER(pipe_poll)\n{ /* 5 lines: 51-55 */ }",
        "\t.open\t= pipe_open,\n#ifdef CONFIG_SWAP\n\t.swap\t= pipe_swap,\n#endif\n};",
        "static int __init pipe_init(void)\n{ /* 7 lines: 107-113 */ }\nfs_initcall(pipe_init);",
        "module_param(depth, int, 0644);",
        "EXPORT_SYMBOL_GPL(pipe_open);",
        "/** pipe_open - open a pipe */\nstatic int pipe_open(struct inode *inode, struct file *file)\n{ /* 8 lines:",
        "/* Pipes with a memory. */\n#include <linux/fs.h>",
    ],
)
def test_a_skeleton_of_c_keeps_structure(kept: str) -> None:
    """Tables, macros, twins, what macros define, exports and initcalls stay; the body of a function is counted."""
    assert kept in skeleton("inode.c", INODE + ROWS + TAIL)


@pytest.mark.parametrize("gone", ["SPDX", "Copyright", "free software", "printk", "swap_out", "Sleeps", "CONFIG_DEBUG"])
def test_a_skeleton_of_c_drops_bodies_and_licences(gone: str) -> None:
    """What functions do, the conditions inside them, licences and long comments go."""
    assert gone not in skeleton("inode.c", INODE + ROWS + TAIL)


def test_long_data_is_cut_and_counted() -> None:
    """Of an array of numbers the first rows stay; the mark says which lines are left out."""
    text = skeleton("inode.c", INODE + ROWS + TAIL)

    assert "\t9, 10, 11,\n\t/* 36 lines: 69-104 */\n};" in text


def test_what_says_less_than_its_mark_stays() -> None:
    """A function of one short statement costs no more than the comment that would stand for it."""
    assert "\treturn kzalloc(4);\n" in skeleton("a.c", "void *a(void)\n{\n\treturn kzalloc(4);\n}\n" + INODE)


def test_a_condition_that_reaches_beyond_a_body_stays_balanced() -> None:
    """Two heads with one body, and one head with two bodies, keep each #if, #else and #endif."""
    source = """#ifdef A
int one(int a, int b)
#else
int one(int a)
#endif
{
\treturn first_of_many(a) + second_of_many(a) + third_of_many(a);
}

int two(int a)
{
\tint sum = first_of_many(a) + second_of_many(a) + third(a);
#ifdef B
\treturn sum + first_of_many(a) + second_of_many(a);
}
#else
\treturn sum - first_of_many(a) - second_of_many(a);
}
#endif
int three;
"""
    text = skeleton("a.c", source)

    words = [line.split()[0] for line in text.splitlines() if line.startswith("#")]
    assert ["#ifdef", "#else", "#endif", "#ifdef", "#else", "#endif"] == words
    assert "second_of_many" not in text.partition("#else\n\treturn")[0]
    assert "int three;" in text


def test_a_skeleton_of_kconfig_keeps_options_and_counts_help() -> None:
    """Symbols, prompts, dependencies and sources stay; the help becomes its number of lines."""
    text = skeleton("Kconfig", KCONFIG)

    assert "\tselect CRC32\n\thelp  # 5 lines: 6-10\n\nsource" in text
    assert "depends on BLOCK && !TINY" in text


def test_a_skeleton_of_a_makefile_keeps_what_is_built() -> None:
    """Every list stays; the licence goes."""
    text = skeleton("Makefile", MAKEFILE)

    assert "obj-$(CONFIG_PIPES) += pipes.o\npipes-y := inode.o file.o # both\npipes-$(CONFIG_SWAP) += swap.o\n" in text
    assert "# Pipes with a memory." in text
    assert "SPDX" not in text


def test_recipes_are_counted() -> None:
    """Of what makes a target the first command stays."""
    text = skeleton(
        "Makefile", "all: a b\n\techo 1\n\techo 2\n\techo 3\n\techo 4\n\techo 5\n\techo 6\n\nb:\n\techo b\n"
    )

    assert "all: a b\n\techo 1\n\t# 5 lines: 3-7\n\nb:\n\techo b\n" in text


def test_a_skeleton_without_comments_has_none() -> None:
    """Asked for no comments, a skeleton keeps none but its own marks."""
    text = skeleton("inode.c", INODE + ROWS + TAIL, Rendering(comments=False))

    assert "Pipes with a memory" not in text
    assert "pipe_open - open" not in text
    assert "{ /* 8 lines: 34-41 */ }" in text


def test_a_real_tree_is_never_larger_as_a_skeleton(tmp_path: Path) -> None:
    """What cannot be shortened is shown in full, and says so."""
    source = b"int a;\nint b;\n"

    piece = shown("a.h", source, parse(source, "c")).pieces("skeleton")[0]

    assert "full" == piece.level
    assert "=== a.h (full, 2 lines)\nint a;\nint b;\n" == piece.text


LONG_MACRO = """#define swap_all(a, b) do { \\
\tint first = (a); \\
\tint second = (b); \\
\t(a) = second; \\
\t(b) = first; \\
\tpr_info("%d", first); \\
\tpr_info("%d", second); \\
\tpr_info("%d", a); \\
\tpr_info("%d", b); \\
\tdone(a, b); \\
} while (0)
int after;
"""


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_long_macro_keeps_what_closes_it(end: str) -> None:
    """What is left of a ``do { } while (0)`` is still one macro, which ends where it did."""
    source = LONG_MACRO.replace("\n", end).encode()

    text = shown("a.h", source, parse(source, "c")).pieces("skeleton")[0].text.replace("\r\n", "\n")

    assert "\t(a) = second; \\\n\t/* 6 lines: 5-10 */ \\\n} while (0)\nint after;\n" in text


def test_an_outline_tells_a_syscall_once() -> None:
    """A system call is a definition and a way in, on one row."""
    source = b"SYSCALL_DEFINE1(peek, int, fd)\n{\n\treturn do_peek(fd);\n}\nmodule_init(peek_init);\n"

    text = shown("a.c", source, parse(source, "c")).pieces("outline")[0].text

    assert ["1: SYSCALL_DEFINE1(peek, int, fd)", "5: module_init(peek_init)"] == text.splitlines()[1:]
