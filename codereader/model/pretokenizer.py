r"""How a byte-level BPE vocabulary cuts text before it merges: one regular expression per pre-tokenizer.

The names are those of the GGUF key ``tokenizer.ggml.pre``; what each does is what llama.cpp does for that name
(src/llama-vocab.cpp, src/unicode.cpp), which is not always what the model's authors wrote: letters beyond ASCII, for
example, count as upper and lower case at once. Where llama.cpp cuts in several passes, the passes are folded into one
pattern here. Every pattern matches every character, since tiktoken drops what does not match.
"""

from __future__ import annotations

from dataclasses import dataclass

_CONTRACTION = r"'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]"
_LINES_AND_SPACE = r"\s*[\r\n]+|\s+(?!\S)|\s+"
_NOT_LOWER, _NOT_UPPER = r"[\p{L}--[a-z]]", r"[\p{L}--[A-Z]]"


def _words(digits: str) -> str:
    """Return the pattern of the GPT-4 kind: a word with one leading sign, *digits* at a time, signs, white space."""
    word = r"[^\r\n\p{L}\p{N}]?\p{L}+"
    return rf"{_CONTRACTION}|{word}|{digits}| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*|{_LINES_AND_SPACE}"


def _cased(digits: str, end: str) -> str:
    """Return the pattern of the GPT-4o kind: words break where upper case follows lower case."""
    lead = r"[^\r\n\p{L}\p{N}]?"
    word = rf"{lead}{_NOT_LOWER}*{_NOT_UPPER}+{end}|{lead}{_NOT_LOWER}+{_NOT_UPPER}*{end}"
    return rf"{word}|{digits}| ?[^\s\p{{L}}\p{{N}}]+[\r\n/]*|{_LINES_AND_SPACE}"


_GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
_DIGITS_FIRST = r"\p{N}|'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?[^\s\p{L}\p{N}]+|\s+(?=\p{N})|\s+(?!\S)|\s+"
"""GPT-2 after every digit was cut out: white space before a digit ends its part of the text, so it stays whole."""

_LLAMA3 = _words(r"\p{N}{1,3}")
_QWEN2 = _words(r"\p{N}")
_QWEN35 = (
    rf"{_CONTRACTION}|[^\r\n\p{{L}}\p{{N}}]?[\p{{L}}\p{{M}}]+|\p{{N}}|"
    rf" ?[^\s\p{{L}}\p{{M}}\p{{N}}]+[\r\n]*|{_LINES_AND_SPACE}"
)
_GPT4O = _cased(r"\p{N}{1,3}", f"(?:{_CONTRACTION})?")
_TEKKEN = _cased(r"\p{N}", "")


@dataclass(frozen=True, slots=True)
class PreTokenizer:
    """One way to cut: `pattern` in the syntax of Rust's regex crates.

    `whole_words`: a piece that is a token is that token, whatever the merges say.
    `add_bos`: whether a BOS token comes first where the file does not say.
    """

    pattern: str
    whole_words: bool = False
    add_bos: bool = False


_FAMILIES: tuple[tuple[PreTokenizer, str], ...] = (
    (
        PreTokenizer(_GPT2),
        "gpt-2 phi-2 jina-es jina-de gigachat a.x-4.0 mellum mpt olmo jais trillion granite-docling exaone4",
    ),
    (PreTokenizer(_DIGITS_FIRST), "smollm starcoder refact command-r codeshell exaone minerva-7b mellum2"),
    (
        PreTokenizer(_LLAMA3, whole_words=True, add_bos=True),
        "llama-bpe llama3 llama-v3 falcon3 falcon-h1 pixtral midm-2.0 lfm2 jina-v5-nano",
    ),
    (PreTokenizer(_LLAMA3, whole_words=True), "glm4 glm5"),
    (PreTokenizer(_LLAMA3), "dbrx smaug-bpe chatglm-bpe"),
    (
        PreTokenizer(_QWEN2),
        "qwen2 deepseek-r1-qwen kormo f2llmv2 megrez stablelm2 hunyuan solar-open grok-2",
    ),
    (PreTokenizer(_QWEN35), "qwen35"),
    (PreTokenizer(_GPT4O), "gpt-4o llama4 kanana2 talkie minimax-m2"),
    (PreTokenizer(_TEKKEN, whole_words=True, add_bos=True), "tekken"),
)

PRE_TOKENIZERS = {name: one for one, names in _FAMILIES for name in names.split()}
"""Pre-tokenizers by the name that a GGUF gives them. Names that are missing here are left to llama.cpp."""
