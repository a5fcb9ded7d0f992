"""Tokens that stand for a whole text of their own, and how they cut the text around them.

Follows llama.cpp (src/llama-vocab.cpp): user-defined tokens are found in any text, control and unknown tokens only
where they are asked for. Two differences, on purpose. llama.cpp turns gpt-oss's ``<|start|>``, ``<|message|>``,
``<|channel|>``, ``<|constrain|>`` and ``<|end|>`` into user-defined tokens, by which source text could write messages
of its own; here a control token stays a control token. And many models define what marks reasoning (``<think>``) as
user-defined; here it is a control token, so that source text can neither begin reasoning nor end it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from codereader.model.reasoning import ALL_MARKERS

UNKNOWN, CONTROL, USER_DEFINED = 2, 3, 4
"""`tokenizer.ggml.token_type` (llama.h, enum llama_token_type)."""

CONTROL_TEXTS = frozenset(
    """
    <|eot_id|> <|im_end|> <|end|> <|return|> <|call|> <|flush|> <|calls|> <end_of_turn> <|endoftext|> </s> <|eom_id|>
    <EOT> _<EOT> [EOT] [EOS] <|end_of_text|> <end_of_utterance> <eos> <turn|> <|tool_response> <｜end▁of▁sentence｜>
    [e~[ <|fim_prefix|> <fim-prefix> <fim_prefix> <｜fim▁begin｜> <PRE> ▁<PRE> <|code_prefix|> <|prefix|>
    <|fim_suffix|> <fim-suffix> <fim_suffix> <｜fim▁hole｜> <SUF> ▁<SUF> <|code_suffix|> <|suffix|>
    <|fim_middle|> <fim-middle> <fim_middle> <｜fim▁end｜> <MID> ▁<MID> <|code_middle|> <|middle|>
    <|fim_pad|> <fim-pad> <fim_pad> <PAD> [PAD] <|fim_repo|> <|repo_name|> <fim-repo> <REPO> <reponame> <|file_sep|>
    """.split()
)
"""Texts that llama.cpp takes for control tokens whatever their type says."""

SEPARATED = CONTROL_TEXTS | ALL_MARKERS
"""Texts that are no user-defined tokens here."""

_FORCED = ("<|start|>", "<|message|>", "<|channel|>", "<|constrain|>")
_END = "<|end|>"


@dataclass(frozen=True, slots=True)
class SpecialToken:
    """A token that is found by its text. `control`: only where control tokens are asked for."""

    text: str
    id: int
    control: bool


def special_tokens(tokens: Sequence[str], types: Sequence[int | float]) -> tuple[SpecialToken, ...]:
    """Return the special tokens of a vocabulary in the order in which they cut: longest text (bytes) first, then id."""
    kinds = dict(enumerate(types))
    found = [
        SpecialToken(text, number, kinds.get(number) != USER_DEFINED or text in SEPARATED)
        for number, text in enumerate(tokens)
        if text and (kinds.get(number) in (UNKNOWN, CONTROL, USER_DEFINED) or text in CONTROL_TEXTS)
    ]
    return tuple(sorted(found, key=lambda token: (-len(token.text.encode("utf-8", "surrogateescape")), token.id)))


def forced_texts(special: Sequence[SpecialToken]) -> list[str]:
    """Return the texts of the control tokens in *special* that llama.cpp turns into user-defined ones."""
    controls = {token.text for token in special if token.control}
    forced = [text for text in _FORCED if text in controls]
    returns, calls = controls & {"<|return|>", "<|flush|>"}, controls & {"<|call|>", "<|calls|>"}
    return [*forced, _END] if _END in controls and returns and calls else forced


def user_markers(tokens: Sequence[str], types: Sequence[int | float]) -> list[str]:
    """Return the texts of the user-defined tokens that mark reasoning, by id."""
    typed = zip(tokens, types, strict=False)
    return [text for text, kind in typed if kind == USER_DEFINED and text in ALL_MARKERS - CONTROL_TEXTS]


def strips_space(name: str) -> bool:
    """Tell whether llama.cpp strips white space beside special tokens of the model called *name*."""
    return any(word in name.lower() for word in ("phi-3", "phi3", "modern-bert"))


class Cutter:
    """Cuts texts at *tokens*; those that come first cut first."""

    def __init__(self, tokens: Sequence[SpecialToken]) -> None:
        self._tokens = tuple(tokens)
        self._texts = {token.id: token.text for token in tokens}
        with_newline = [token.text for token in tokens if "\n" in token.text]
        self._cuts_lines = "\n" in with_newline and all(set(text) == {"\n"} for text in with_newline)
        self._any = re.compile("|".join(re.escape(token.text) for token in tokens)).search if tokens else None

    def cut(self, text: str) -> list[str | int]:
        """Return *text* as plain parts (never empty) and token ids, in order."""
        parts: list[str | int] = [text] if text else []
        if self._any is None or self._any(text) is None:
            return parts
        for token in self._tokens:
            if token.text in text:
                parts = [piece for part in parts for piece in _split(part, token)]
        return parts

    def blocks(self, text: str, size: int) -> Iterator[str]:
        """Yield *text* in blocks of *size* or more characters, cut beside special tokens only, where none crosses.

        Cutting each block alone gives the same parts as cutting *text*. Where every line end is a token, and no token
        holds one beside other characters, the end of any run of line ends is such a place.
        """
        at = 0
        while self._cuts_lines and len(text) - at > size:
            found = _LINE_ENDS.search(text, at + size)
            end = found.end() if found else len(text)
            yield from self._grouped(text[at:end], size)
            at = end
        if at < len(text):
            yield from self._grouped(text[at:], size)

    def _grouped(self, text: str, size: int) -> Iterator[str]:
        """Yield *text* as `blocks`, by looking for its special tokens if it is much longer than *size*."""
        if len(text) < _LONG * size:
            yield text
            return
        block: list[str] = []
        length = 0
        for part in self.cut(text):
            block.append(self._texts[part] if isinstance(part, int) else part)
            length += len(block[-1])
            if length >= size:
                yield "".join(block)
                block, length = [], 0
        if block:
            yield "".join(block)


_LINE_ENDS = re.compile(r"\n+")
_LONG = 8


def _split(part: str | int, token: SpecialToken) -> list[str | int]:
    if isinstance(part, int):
        return [part]
    pieces: list[str | int] = []
    for number, plain in enumerate(part.split(token.text)):
        if number:
            pieces.append(token.id)
        if plain:
            pieces.append(plain)
    return pieces
