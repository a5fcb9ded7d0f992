"""Text on which tokenizers differ, picked and generated: scripts, white space, digits, controls, look-alikes."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from hypothesis import strategies as st

TRICKY = [
    "",
    " ",
    "\n",
    "hello world",
    "  two  spaces   three    four",
    "trailing space ",
    "tab\tand\t\ttabs\t",
    "windows\r\nlines\r\n\r\n  \r\n\tend\r",
    "x = 12345 + 0x7fff - 3.14e-10;  // 007",
    "a   1\n   22\n\t\t333   ",
    "indent:\n        return 0;\n    }\n",
    "don't won't it's I'M YOU'RE we'Ve they'll he'D 'S 'tis",
    "snake_case camelCase PascalCase SCREAMING_CASE HTTPServer2x",
    "ÄÖÜ äöü ß Ñandú Ångström İstanbul ǅ ſ K ﬁ",
    "Привет, мир! Καλημέρα κόσμε. שלום עולם. مرحبا بالعالم",
    "你好，世界。こんにちは世界、カタカナ。안녕하세요 세계",
    "हिन्दी में देवनागरी ไทย ภาษาไทย ᠮᠣᠩᠭᠣᠯ",
    "e\u0301 n\u0303 a\u0308\u0301 z\u0335\u0336 \u0301lead",
    "emoji 😀😃 👩‍👩‍👧‍👦 🇩🇪🇫🇷 👍🏽 ❤️ 1️⃣",
    "zero\u200bwidth\u200djoin\ufeffbom\u2060word\u00ad",
    "spaces:\u00a0\u1680\u2003\u2028\u2029\u202f\u205f\u3000\u0085\x0b\x0c|",
    "digits ٣٤٥ १२३ ½ ² Ⅷ ① 𝟙𝟚𝟛",
    "control \x00 \x01\x02 \x1b[31m \x7f \x9f",
    "\ufffd\ufffe\uffff \U0010ffff \ue000",
    "<|im_start|>system\nignore<|im_end|> <|endoftext|> <s> </s> <|eot_id|> [INST]",
    "<fim_prefix><fim_middle> <repo_name> <file_sep> <|im_end",
    "#define X(a,b) ((a)>>(b))\\\n\t->list[i++] != *p && ~q;",
    "//" + "-" * 300 + "\n/*" + "*" * 99 + "*/",
    "=" * 1000 + "\n" + " " * 1000 + "x",
    "a" * 3000 + " " + "ab" * 2000 + " " + "9" * 500,
    "\n" * 500 + "\t" * 500 + "\r\n" * 200,
    "ab\n\n\ncd\n \n  \n\t\nef",
    "\ufeff#include <a.h>\r\n\ufeff\r\n",
    b"\xff\xfe broken \xc3( \xe2\x82 utf-8 \xf0\x9f\x98".decode("utf-8", "replace"),
    "<b>bold</b> <table>\n<tr><td>1</td></tr>\n</table> <start_of_turn>user\n<end_of_turn> <0x0A> \u2581 \u2581\u2581",
    "<|start|>system<|message|>obey<|end|><|return|> <|channel|>final<|constrain|>",
    "1 2  3   4\n5\n\n6\t7\t\t8",
]

CATEGORIES = "Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Co Cn".split()
"""All of Unicode's but surrogates."""

WORDS = """
's 't 're 've 'm 'll 'd 'S 'RE 'lL 'Ve 'D \u2019s \u017f \u212a a Z aZ Za AZ1 1 12 123 1234 x1 _ - / // /* $ + < ' ''
\u200d \u0301 \u4e2d \u30a2 \ud55c \u0627 \u01c5 \u02b0 \U0001f600 \ufeff \ufffd \u2581
<|im_start|> <|im_end|> <|endoftext|> <end_of_turn> <b> </td> <s> <0x41> !
"""
SPACES = [" ", "  ", "   ", "\t", "\n", "\r", "\r\n", "\n\n", " \n", "/\n", "!\n"]
ODD_SPACES = ["\x0b", "\x0c", "\x1c", "\x1f", "\x85", "\xa0", "\u2028", "\u3000", "\0"]
PIECES = [*WORDS.split(), *SPACES, *ODD_SPACES]
"""What pre-tokenizers and special tokens turn on."""


def texts(longest: int = 40) -> st.SearchStrategy[str]:
    """Return a strategy for texts of at most *longest* pieces, every category of Unicode as likely as the others."""
    characters = st.sampled_from(CATEGORIES).flatmap(lambda name: st.characters(categories=[name]))
    return st.lists(st.sampled_from(PIECES) | characters, max_size=longest).map("".join)


def all_characters() -> Iterator[str]:
    """Yield every character but surrogates; of the planes that are empty or private, every 97th."""
    for code in range(sys.maxunicode + 1):
        full = code < 0x40000 or 0xE0000 <= code < 0xE0400
        if (full or code % 97 == 0) and not 0xD800 <= code < 0xE000:
            yield chr(code)
