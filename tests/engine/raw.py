"""llama.cpp's own tokenizer, asked without anything of ours between."""

from __future__ import annotations

import os
import weakref
from pathlib import Path

import llama_cpp


class Raw:
    """The vocabulary of one GGUF."""

    def __init__(self, path: Path) -> None:
        params = llama_cpp.llama_model_default_params()
        params.vocab_only = True
        model = llama_cpp.llama_model_load_from_file(os.fsencode(path), params)
        weakref.finalize(self, llama_cpp.llama_model_free, model)
        self._vocabulary = llama_cpp.llama_model_get_vocab(model)
        self.adds_bos = bool(llama_cpp.llama_vocab_get_add_bos(self._vocabulary))

    def tokens(self, text: str, *, special: bool = False) -> list[int]:
        """Return the ids of *text*, without BOS."""
        data = text.encode()
        room = (llama_cpp.llama_token * (len(data) + 8))()
        return room[: llama_cpp.llama_tokenize(self._vocabulary, data, len(data), room, len(room), False, special)]
