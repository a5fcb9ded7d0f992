"""How prose spells names: what is a name's by its looks, and the words that are nobody's."""

from __future__ import annotations

import re

from codereader.answer.checks.words import NAME

CHAIN = rf"{NAME}(?:(?:\.|->|::){NAME})*+"
TYPE_WORDS = frozenset({"struct", "union", "enum", "class", "typedef"})
ENDINGS = (
    "c|h|cc|cpp|cxx|hh|hpp|S|py|pyi|rs|go|java|kt|js|jsx|ts|tsx|rb|php|swift|sh|mk|md|rst|txt|toml|yaml|yml|json|"
    "cfg|ini|lds|dts|dtsi|html|css|ko|o"
)
"""What follows the last dot of a name that can only be a file's."""

WORDS_OF_LANGUAGES = frozenset(
    "auto bool break case char const continue default do double else enum extern false float for goto if inline int "
    "long None NULL register return short signed sizeof static struct switch True true False typedef union unsigned "
    "void volatile while and as assert async await class def del elif except finally from global import in is lambda "
    "nonlocal not or pass raise try with yield self cls this typeof offsetof defined size_t ssize_t ptrdiff_t "
    "uintptr_t intptr_t wchar_t va_list define include ifdef ifndef endif elif pragma undef".split()
)
"""Names that belong to a language and claim nothing about a tree."""

NO_SYMBOLS = frozenset(
    "snake_case camel_case kebab_case upper_case lower_case en_us en_gb zh_cn de_de fr_fr node.js vue.js next.js "
    "nuxt.js react.js express.js three.js d3.js chart.js asp.net javascript typescript github gitlab bitbucket "
    "postgresql mongodb mariadb rabbitmq graphql webassembly websocket websockets stackoverflow youtube linkedin "
    "powershell opengl openssl openssh busybox freebsd netbsd openbsd powerpc wireguard wireshark networkmanager "
    "bluetooth devicetree playstation protobuf fastapi sqlalchemy pytorch tensorflow huggingface intellij devops "
    "camelcase pascalcase snakecase readme todo localhost".split()
)
"""Words of prose (in lower case) that are spelled like names or files and are none, unless the tree has them."""

JOINT = re.compile(r"\.|->|::")
"""What joins the names of a chain."""
DUNDER = re.compile(r"__\w+__")
"""A special name of Python."""


def is_spelled_like_code(name: str) -> bool:
    """Return whether a bare *name* is no word of prose: an underscore between two parts that start with a letter."""
    return sum(1 for part in name.split("_") if part[:1].isalpha()) > 1
