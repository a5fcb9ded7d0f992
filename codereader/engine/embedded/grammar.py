"""A grammar (GBNF) that an answer has to follow, checked on the token that was chosen anyway.

llama.cpp's own way holds every token of the vocabulary against the grammar before one is chosen. Here the plain choice
comes first, and only if the grammar rules it out others are held against it, the likeliest first. Greedy answers are
the same; sampled ones have the same probabilities, but for the tokens that the chain cuts off before or after the
grammar.
"""

from __future__ import annotations

import ctypes
import os
import re
import sys
import tempfile
from array import array
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from math import inf
from typing import Any

from codereader import native
from codereader.engine.embedded import library
from codereader.engine.protocol import LONGEST_GRAMMAR
from codereader.errors import UsageError

llama_cpp = native.llama()

ROOT = b"root"

LIKELIEST = 256
"""Tokens that are held against the grammar before all of them are."""

DEEPEST = 200
"""Brackets within each other; llama.cpp reads them by calling itself, and some thousands overflow its stack."""

_NO_BRACKETS = re.compile(r""" "(?:[^"\\\n]|\\.)*"? | \[(?:[^\]\\\n]|\\.)*\]? | \#[^\n]* """, re.VERBOSE)
"""What may hold brackets that group nothing: literals, sets of characters, comments."""

_HINT = "The format is GBNF, as llama.cpp reads it; its first rule is called root."
_SAID_BEFORE = b"error parsing grammar: "
_LONGEST_REASON = 120

_NEVER = array("f", [-inf]).tobytes()
_FIELDS = 3
"""Of `llama_token_data` (llama.h): id, logit, p; four bytes each."""


class Grammar:
    """Where in a grammar an answer stands. The caller closes it."""

    def __init__(self, vocabulary: Any, text: str, needed: int) -> None:
        """Parse *text*; a choice depends on the *needed* likeliest tokens that it allows.

        Raises: UsageError for a grammar that is none, or none that llama.cpp can follow."""
        self._vocabulary = vocabulary
        self._needed = needed
        self._sampler = _parsed(vocabulary, text)
        self._likeliest = llama_cpp.llama_sampler_init_top_k(LIKELIEST)
        self._one = (llama_cpp.llama_token_data * 1)()
        self._one_row = llama_cpp.llama_token_data_array(self._one, 1, -1, False)
        self._size = llama_cpp.llama_vocab_n_tokens(vocabulary)
        self._all = (llama_cpp.llama_token_data * self._size)()
        self._ids = memoryview(array("i", range(self._size)))

    def allows(self, token: int) -> bool:
        """Whether *token* may come next."""
        self._one[0] = llama_cpp.llama_token_data(token, 0.0, 0.0)
        self._one_row.size, self._one_row.selected = 1, -1
        llama_cpp.llama_sampler_apply(self._sampler, ctypes.byref(self._one_row))
        return bool(self._one[0].logit != -inf)

    def choose(self, chain: Any, context: Any) -> int | None:
        """Return the choice of *chain* among the tokens that may come next, None where there is none.

        The likeliest tokens are looked at first: where enough of them are allowed, the others change nothing.
        """
        row = self._filled(context)
        llama_cpp.llama_sampler_apply(self._likeliest, ctypes.byref(row))
        llama_cpp.llama_sampler_apply(self._sampler, ctypes.byref(row))
        if sum(row.data[at].logit != -inf for at in range(row.size)) < self._needed:
            row = self._filled(context)
            llama_cpp.llama_sampler_apply(self._sampler, ctypes.byref(row))
            if bytes(memoryview(self._all).cast("B").cast("f")[1::_FIELDS]) == _NEVER * self._size:
                return None
        llama_cpp.llama_sampler_apply(chain, ctypes.byref(row))
        token = int(row.data[row.selected].id)
        llama_cpp.llama_sampler_accept(chain, token)
        return token if self.allows(token) else None

    def accept(self, token: int) -> None:
        """Go on behind *token*, which may come next and ends nothing."""
        llama_cpp.llama_sampler_accept(self._sampler, token)

    def close(self) -> None:
        """Free it. Harmless when called twice."""
        for sampler in (self._sampler, self._likeliest):
            if sampler:
                llama_cpp.llama_sampler_free(sampler)
        self._sampler = self._likeliest = None

    def _filled(self, context: Any) -> Any:
        """Return all tokens with what the model says of each, in a room that is used again."""
        said = ctypes.cast(llama_cpp.llama_get_logits_ith(context, -1), ctypes.POINTER(ctypes.c_float * self._size))
        room = memoryview(self._all).cast("B")
        room.cast("i")[::_FIELDS] = self._ids
        room.cast("f")[1::_FIELDS] = memoryview(said.contents).cast("B").cast("f")
        return llama_cpp.llama_token_data_array(self._all, self._size, -1, False)


def _parsed(vocabulary: Any, text: str) -> Any:
    """Return llama.cpp's sampler for the grammar *text*. Raises: UsageError."""
    data = text.encode("utf-8", "replace")
    if len(data) > LONGEST_GRAMMAR:
        raise UsageError(f"the grammar is longer than {LONGEST_GRAMMAR:,} bytes", "Shorten it.")
    if not data.strip() or b"\0" in data:
        raise UsageError("the grammar is empty or holds what is no text", _HINT)
    if _depth(text) > DEEPEST:
        raise UsageError(f"the grammar has more than {DEEPEST} brackets within each other", "Give parts names.")
    library.start()
    library.forget_log()
    with _stderr_caught() as said:
        sampler = llama_cpp.llama_sampler_init_grammar(vocabulary, data, ROOT)
    if not sampler:
        raise UsageError(f"the grammar cannot be used: {_reason(bytes(said))}", _HINT)
    return sampler


def _depth(text: str) -> int:
    """Return how many brackets of *text* are open at once, at most."""
    opened = deepest = 0
    for bracket in re.findall(r"[()]", _NO_BRACKETS.sub("", text)):
        opened += 1 if bracket == "(" else -1
        deepest = max(deepest, opened)
    return deepest


def _reason(said: bytes) -> str:
    """Return why llama.cpp refused a grammar, on one line."""
    _, found, reason = said.partition(_SAID_BEFORE)
    if not found:
        return library.last_error()
    line = " ".join(reason.partition(b"\n")[0].decode("utf-8", "replace").split())
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in line)[:_LONGEST_REASON]


@contextmanager
def _stderr_caught() -> Iterator[bytearray]:
    """Keep what is written to file descriptor 2 meanwhile: llama.cpp prints a grammar there that it refuses."""
    said = bytearray()
    with tempfile.TemporaryFile() as file:
        if sys.stderr is not None:
            with suppress(OSError, ValueError):
                sys.stderr.flush()
        try:
            kept = os.dup(2)
        except OSError:
            yield said
            return
        os.dup2(file.fileno(), 2)
        try:
            yield said
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            file.seek(0)
            said += file.read(2 * LONGEST_GRAMMAR)
