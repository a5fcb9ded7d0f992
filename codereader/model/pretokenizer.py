r"""How a byte-level BPE vocabulary cuts text before it merges: one regular expression per pre-tokenizer.

The names are those of the GGUF key ``tokenizer.ggml.pre``; what each does is what llama.cpp does for that name
(src/llama-vocab.cpp, src/unicode.cpp), which is not always what the model's authors wrote: letters beyond ASCII, for
example, count as upper and lower case at once. Where llama.cpp cuts in several passes, the passes are folded into one
pattern here. Every pattern matches every character, since tiktoken drops what does not match.

Letters, numbers and marks are those of Unicode 15.1, which llama.cpp's tables (src/unicode-data.cpp) hold: what a later
version added is no letter to it, and tiktoken knows later versions.
"""

from __future__ import annotations

from dataclasses import dataclass

_L, _N, _M = (rf"[\p{{{kind}}}&&\p{{Age=15.1}}]" for kind in "LNM")
_CONTRACTION = r"'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]"
_LINES_AND_SPACE = r"\s*[\r\n]+|\s+(?!\S)|\s+"
_LEAD = rf"[^\r\n{_L}{_N}]?"
_SIGNS = rf" ?[^\s{_L}{_N}]+"
_NOT_LOWER, _NOT_UPPER = rf"[{_L}--[a-z]]", rf"[{_L}--[A-Z]]"
_UP_TO_3 = _N + "{1,3}"


def _words(digits: str) -> str:
    """Return the pattern of the GPT-4 kind: a word with one leading sign, *digits* at a time, signs, white space."""
    return rf"{_CONTRACTION}|{_LEAD}{_L}+|{digits}|{_SIGNS}[\r\n]*|{_LINES_AND_SPACE}"


def _cased(digits: str, end: str) -> str:
    """Return the pattern of the GPT-4o kind: words break where upper case follows lower case."""
    word = rf"{_LEAD}{_NOT_LOWER}*{_NOT_UPPER}+{end}|{_LEAD}{_NOT_LOWER}+{_NOT_UPPER}*{end}"
    return rf"{word}|{digits}|{_SIGNS}[\r\n/]*|{_LINES_AND_SPACE}"


_GPT2 = rf"'s|'t|'re|'ve|'m|'ll|'d| ?{_L}+| ?{_N}+|{_SIGNS}|\s+(?!\S)|\s+"
_DIGITS_FIRST = rf"{_N}|'s|'t|'re|'ve|'m|'ll|'d| ?{_L}+|{_SIGNS}|\s+(?={_N})|\s+(?!\S)|\s+"
"""GPT-2 after every digit was cut out: white space before a digit ends its part of the text, so it stays whole."""

_LLAMA3 = _words(_UP_TO_3)
_QWEN2 = _words(_N)
_QWEN35 = rf"{_CONTRACTION}|{_LEAD}[{_L}{_M}]+|{_N}| ?[^\s{_L}{_M}{_N}]+[\r\n]*|{_LINES_AND_SPACE}"
_GPT4O = _cased(_UP_TO_3, f"(?:{_CONTRACTION})?")
_TEKKEN = _cased(_N, "")


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
