"""What a model says next, and how it reads: sampling, the bytes of tokens, the markers of reasoning and its end.

Reasoning that has had its tokens, goes round in circles or stops without an answer is ended in the model's name: the
tokens that close it are said as if the model had chosen them.
"""

from __future__ import annotations

import codecs
import ctypes
from collections import deque
from typing import Any

from codereader import native
from codereader.engine.embedded.repetition import EVERY, circles
from codereader.engine.embedded.sampler import Sampler
from codereader.engine.protocol import Piece, Reason, Sampling, Thought
from codereader.engine.reply import Reply
from codereader.model.reasoning import Marks

llama_cpp = native.llama()

_PIECE_BYTES = 256


class Voice:
    """One reply of the model behind *context*, which has *room* tokens left. The caller closes it.

    `reason` says why the reply ended once `next` gave None or `goes_on` is false.
    """

    def __init__(self, context: Any, sampling: Sampling, room: int) -> None:
        """Make what is needed for *sampling*. Raises: UsageError for a bad grammar."""
        self._vocabulary = llama_cpp.llama_model_get_vocab(llama_cpp.llama_get_model(context))
        self._markers: dict[int, str] = {}
        self._shown: set[int] = set()
        self._opening: int | None = None
        self._closing: tuple[int, ...] = ()
        if sampling.reasoning is not None:
            self._learn(sampling.reasoning.marks)
        self._text = codecs.getincrementaldecoder("utf-8")("replace")
        self._forced: deque[int] = deque()
        self._is_closing = self._was_closed = False
        self._said: list[int] = []
        self.reply = Reply(sampling, self._markers.values(), room)
        self.reason: Reason = "max tokens"
        self._sampler = Sampler(context, sampling)

    def next(self) -> int | None:
        """Return the token that comes next by the last logits, None at the end."""
        if self.reply.is_spent and not self._is_closing:
            self._end_reasoning()
        if not self._forced:
            token = self._sampler.choose(by_grammar=self.reply.is_answering, free=self._opening)
            if token is not None:
                return token
            if self._was_closed or not self.reply.is_thinking or not self._closing:
                self.reason = "stop"
                return None
            self._end_reasoning()
        return self._forced.popleft()

    def hear(self, token: int) -> list[Piece | Thought]:
        """Return the text that *token* adds, whole characters only."""
        self._said.append(token)
        marker = self._markers.get(token, "")
        text = "" if marker else self._text.decode(self._bytes_of(token))
        heard = self.reply.hear(text, marker, is_forced=self._is_closing)
        if self._is_closing and not self._forced:
            self._is_closing = False
            heard += self.reply.close()
        return heard

    def goes_on(self) -> bool:
        """Whether there may be more after what was said: neither full nor going round in circles."""
        if len(self._said) % EVERY == 0 and circles(self._said):
            if not self.reply.is_thinking or not self._closing:
                self.reason = "repetition"
                return False
            self._end_reasoning()
        return not self.reply.is_full

    def end(self) -> list[Piece | Thought]:
        """Return what was held back of the text, when no token comes any more."""
        return self.reply.end(self._text.decode(b"", final=True))

    def close(self) -> None:
        """Free what llama.cpp holds for this reply."""
        self._sampler.close()

    def _end_reasoning(self) -> None:
        """Let the tokens come next that close the reasoning."""
        if not self._is_closing and self._closing:
            self._forced.extend(self._closing)
            self._is_closing = self._was_closed = True
            self._said.clear()

    def _learn(self, marks: Marks) -> None:
        """Find the tokens that are markers, and those that write the parts of one and would else write nothing."""
        for marker in marks.markers:
            tokens = self._tokens_of(marker)
            if len(tokens) == 1:
                self._markers[tokens[0]] = marker
            else:
                self._shown.update(token for token in tokens if not self._bytes_of(token))
        self._opening = next((token for token, marker in self._markers.items() if marker == marks.begin), None)
        self._closing = self._tokens_of(marks.closing)

    def _tokens_of(self, text: str) -> tuple[int, ...]:
        data = text.encode()
        room = (llama_cpp.llama_token * (len(data) + 8))()
        count = llama_cpp.llama_tokenize(self._vocabulary, data, len(data), room, len(room), False, True)
        return tuple(room[: max(0, count)])

    def _bytes_of(self, token: int) -> bytes:
        return bytes_of(self._vocabulary, token, shown=token in self._shown)


def bytes_of(vocabulary: Any, token: int, *, shown: bool = False) -> bytes:
    """Return the bytes that *token* writes; control tokens write nothing unless they are to be *shown*."""
    buffer = ctypes.create_string_buffer(_PIECE_BYTES)
    length = llama_cpp.llama_token_to_piece(vocabulary, token, buffer, _PIECE_BYTES, 0, shown)
    if length < 0:
        buffer = ctypes.create_string_buffer(-length)
        length = llama_cpp.llama_token_to_piece(vocabulary, token, buffer, -length, 0, shown)
    return buffer.raw[: max(0, length)]
