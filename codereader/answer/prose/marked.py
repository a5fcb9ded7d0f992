"""Find the claims in streamed prose and put a mark right behind each.

The prose is cut into steps from left to right: a code span, a fence line, a run of characters that paths and names are
made of (with the argument list behind it), and what stands between. How a step is cut depends on the prose alone and
never on how the model split it: a step waits until the characters that decide it are there. Positions are characters.
What a claim is worth is `cite`'s to say. Knows nothing of terminals.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from codereader.answer.checks.cite import Citer, Claim
from codereader.answer.checks.spelling import CHAIN, ENDINGS, TYPE_WORDS
from codereader.answer.checks.words import LETTERS
from codereader.answer.event import Mark, Token

MOST_RUN = 256
"""A longer run of characters without a space is no name or path and goes through unjudged."""
MOST_SPAN = 256
"""A backtick that is not closed within so many characters of its line opens nothing."""
MOST_ARGUMENTS = 120
"""An argument list that is longer is not part of the claim before it."""

MOST_BEFORE = 96
"""So many characters before a path or a number are looked at for the words ``line 54 of``."""

_RUN = rf"[0-9{LETTERS}./+:#@~&–-]|(?<=-)>"
_RUN_STEP = re.compile(rf"(?:{_RUN}){{1,{MOST_RUN}}}+")
_REST_OF_RUN = re.compile(rf"[0-9{LETTERS}./+:#@~&–>-]*+")
_REST_OF_URL = re.compile(r"[^\s<>()\[\]\"'`]*+")
_BETWEEN = re.compile(rf"[^0-9{LETTERS}./+:#@~&–`-]++")
_KEEPS_TYPE_WORD = re.compile(r"[\s*]*")
_ARGUMENTS = re.compile(rf"\((?P<inside>[^()\n`]{{0,{MOST_ARGUMENTS}}}+)(?P<close>\))?")
_TICKS = re.compile(r"`{1,16}")
_FENCE_LINE = re.compile(rf"[^`\n]{{0,{MOST_SPAN}}}+\n?")
_SPAN = re.compile(rf"[^`\n]{{0,{MOST_SPAN}}}+")
_LINES = re.compile(r":\d{1,9}+(?:[-–:]\d{1,9}+)?")
_LINES_SO_FAR = re.compile(r":(?:\d{1,9}+(?:[-–:]\d{0,9}+)?)?")
_PLURAL = frozenset({"s", "es", "ies", "n"})
_MANUAL = re.compile(r"[1-9][a-z]{0,2}")
_URL = re.compile(r"://|^www\.")

_FILE = rf"(?:(?:\.{{0,2}}/)?(?:[0-9{LETTERS}.+~-]++/)*+)"
_AFTER = rf"(?![0-9{LETTERS}]|\.[0-9{LETTERS}])"
_PATH = re.compile(
    rf"(?<![0-9{LETTERS}])(?:{_FILE}(?:[0-9{LETTERS}.+~-]*?\.(?:{ENDINGS})|(?:Makefile|Kconfig|Kbuild)){_AFTER})"
    r"(?:(?::|\#L)\d++(?:C\d++)?(?:[-–]L?\d++|:\d++)?)?"
    rf"|{_FILE}[0-9{LETTERS}+~-]+\.(?!(?:com|org|net|io|dev):)[A-Za-z]\w{{0,9}}:\d++(?:[-–]\d++|:\d++)?"
)
_SPLIT = re.compile(rf"\.(?:{ENDINGS})(?=/)")
_CHAIN = re.compile(rf"(?<![0-9{LETTERS}])(?<!--)(?:{CHAIN})")
_NAME_END = re.compile(rf"[0-9{LETTERS}]")
_EXPRESSION = re.compile(
    rf"(?:[&*]{{1,2}}|[!@-](?!-)|\.|->)?(?:(?P<word>struct|union|enum|class|typedef|def)\s+)?(?P<chain>{CHAIN})"
    r"(?:\[(?P<index>[^\]]*)\])*+\s?(?P<call>\((?P<arguments>.*)\))?\s*[;:]?"
)
_CODE = re.compile(r"[;{}]$|\s(?:=|[-+|&:]=|==|!=|->|&&|\|\|)\s|::|->")
_STRING = re.compile(r"\"[^\"]*\"|'[^']*'")
_DECLARATION = re.compile(
    r"(?:int|char|void|unsigned|signed|bool|const|extern|inline|double|float|def|async|await|import|goto|raise)\s"
    r"|static\s+\w+\s|(?:struct|union|enum)\s+\w+\s|from\s+\S+\s+import\s"
)
_ONE_PATH = re.compile(rf"[0-9{LETTERS}.+~/:#–-]+")
_NO_PATH = re.compile(rf"\.(?:{ENDINGS})|\W*")
_HAS_LINE = re.compile(r":\d|#L\d")
_LINES_OF = re.compile(
    r"\blines? (?P<first>\d{1,7})(?: ?(?:to|through|and|-|\u2013) ?(?P<last>\d{1,7}))? (?:of|in|from|inside|within) "
    r"(?:the )?(?:file |header |source file )?[*\"'(]*\Z",
    re.IGNORECASE,
)
_LINE_BEHIND = re.compile(
    r"[`*\"')\]]*,? \(?(?:(?:at|on|around|in|from|starting at|see) )?lines? "
    r"(?:(?P<first>\d{1,7}) (?:to|through|and) )?",
    re.IGNORECASE,
)
_LINE_NUMBER = re.compile(r"\d{1,7}(?:[-\u2013]\d{1,7})?(?![\w.]*\w)")


@dataclass(frozen=True, slots=True)
class _At:
    """A claim and where in its text it ends."""

    end: int
    claim: Claim


class MarkedStream:
    """Splits streamed prose into tokens that end where a claim ends, and the marks on those claims.

    Holds back at most the last unfinished step, a few hundred characters.
    """

    def __init__(self, citer: Citer) -> None:
        self._citer = citer
        self._held = ""
        self._type_word = ""
        self._in_fence = False
        self._line_start = True
        self._skip: re.Pattern[str] | None = None
        self._before = ""
        self._path = ""

    def feed(self, text: str) -> Iterator[Token | Mark]:
        """Yield what can be let through after *text*. Raises: StoreError."""
        self._held += text
        yield from self._advance(final=False)

    def flush(self) -> Iterator[Token | Mark]:
        """Yield what is still held back, at the end of the prose. Raises: StoreError."""
        yield from self._advance(final=True)

    def _advance(self, *, final: bool) -> Iterator[Token | Mark]:
        held, at, shown = self._held, 0, 0
        while at < len(held):
            step = self._step(held, at, final)
            if step is None:
                break
            end, claims = step
            claims = [self._with_line(found) for found in claims] or self._line(held[at:end], at)
            self._before = (self._before + held[at:end])[-MOST_BEFORE:]
            for found in claims:
                citation = self._citer.judge(found.claim)
                if citation is None:
                    continue
                if found.end > shown:
                    yield Token(held[shown : found.end])
                    shown = found.end
                yield Mark(citation)
            at = end
        if at > shown:
            yield Token(held[shown:at])
        self._held = held[at:]

    def _with_line(self, found: _At) -> _At:
        """Return the claim of a path with the lines that the words before it say: ``line 54 of x.c``."""
        claim = found.claim
        if claim.kind != "path":
            return found
        self._path = "" if _HAS_LINE.search(claim.text) else claim.text
        words = _LINES_OF.search(self._before) if self._path else None
        if words is None:
            return found
        last = f"-{words['last']}" if words["last"] else ""
        return _At(found.end, replace(claim, text=f"{claim.text}:{words['first']}{last}"))

    def _line(self, text: str, at: int) -> list[_At]:
        """Return the claim of a number that words make the line of the path before it: ``x.c, lines 10 to 20``."""
        number = _LINE_NUMBER.match(text)
        start = self._before.rfind(self._path) if number and self._path else -1
        if number is None or start < 0:
            return []
        words = _LINE_BEHIND.fullmatch(self._before, start + len(self._path))
        if words is None:
            return []
        place = f"{words['first']}-{number[0]}" if words["first"] and number[0].isdigit() else number[0]
        return [_At(at + number.end(), Claim(f"{self._path}:{place}", "path"))]

    def _step(self, held: str, at: int, final: bool) -> tuple[int, Sequence[_At]] | None:
        """Return where the step that starts at *at* ends and its claims, None while that is not decided."""
        if self._skip is not None:
            end = _end(self._skip, held, at)
            if end < len(held):
                self._skip = None
            return end, ()
        if held[at] == "`":
            return self._ticks(held, at, final)
        between = _BETWEEN.match(held, at)
        if between is not None:
            self._pass(between[0])
            return between.end(), ()
        return self._run(held, at, final)

    def _pass(self, text: str) -> None:
        """Take note of what stands between claims."""
        if not _KEEPS_TYPE_WORD.fullmatch(text):
            self._type_word = ""
        _, newline, tail = text.rpartition("\n")
        self._line_start = not tail.strip() if newline else self._line_start and not text.strip()

    # Code spans and fences

    def _ticks(self, held: str, at: int, final: bool) -> tuple[int, Sequence[_At]] | None:
        end = _end(_TICKS, held, at)
        count = end - at
        if end == len(held) and not final and count < 16:
            return None
        if self._in_fence:
            self._in_fence = not (count >= 3 and self._line_start)
            self._line_start = False
            return end, ()
        if count >= 3:
            line = _end(_FENCE_LINE, held, end)
            whole = held[line - 1] == "\n"
            if line == len(held) and not whole and not final and line - end < MOST_SPAN:
                return None
            if whole:
                self._in_fence, self._line_start, self._type_word = True, True, ""
                return line, ()
        return self._span(held, end, count, final)

    def _span(self, held: str, start: int, count: int, final: bool) -> tuple[int, Sequence[_At]] | None:
        """Judge the code span whose *count* backticks end at *start*; unclosed, they are let through alone."""
        end, limit = start, start + MOST_SPAN
        while True:
            end = min(_end(_SPAN, held, end), limit)
            ticks = _TICKS.match(held, end) if end < limit else None
            if end < limit and not final and (ticks.end() if ticks else end) == len(held):
                return None
            if ticks is None:
                self._line_start, self._type_word = False, ""
                return start, ()
            if len(ticks[0]) == count:
                break
            end = ticks.end()
        so_far = _end(_LINES_SO_FAR, held, ticks.end())
        if so_far > ticks.end() and so_far == len(held) and not final:
            return None
        claims = self._inside(held[start:end])
        self._line_start = False
        inside = held[start:end].strip()
        self._type_word = inside if inside in TYPE_WORDS else ""
        lines = _LINES.match(held, ticks.end())
        if lines is not None and len(claims) == 1 and claims[0].kind == "path" and ":" not in claims[0].text:
            return lines.end(), [_At(lines.end(), replace(claims[0], text=claims[0].text + lines[0]))]
        return ticks.end(), [_At(ticks.end(), claim) for claim in claims]

    def _inside(self, inside: str) -> Sequence[Claim]:
        """Return the claims of a code span, in order."""
        text = inside.strip()
        if _NO_PATH.fullmatch(text) or text.startswith("O("):
            return ()
        if "(" not in text and " " not in text and (whole := self._whole_path(text)) is not None:
            return whole
        expression = _EXPRESSION.fullmatch(text)
        if expression is not None:
            word = expression["word"] or self._type_word
            called = expression["call"] is not None
            name = expression["chain"] + (expression["call"] or "")
            first = Claim(name, "name", True, called, word if word in TYPE_WORDS else "")
            rest = " ".join(filter(None, (expression["index"], expression["arguments"])))
            return [first, *self._scan(rest, strong=False)]
        spelled = _STRING.sub(lambda match: " " * len(match[0]), text)
        strong = _CODE.search(spelled) is not None or _DECLARATION.match(spelled) is not None
        return self._scan(spelled, strong=strong)

    def _whole_path(self, text: str) -> Sequence[Claim] | None:
        """Return the claim of a span that is one path or place, None where it is none."""
        if _URL.search(text) or text.startswith("-"):
            return ()
        if not _ONE_PATH.fullmatch(text):
            return None
        known = not self._type_word and self._citer.holds(text.partition(":")[0])
        if known or "/" in text or _PATH.fullmatch(text) is not None:
            return (Claim(text, "path", strong=True),)
        return None

    def _scan(self, text: str, *, strong: bool) -> Sequence[Claim]:
        """Return the claims of a piece of code or of an argument list."""
        found: list[Claim] = []
        type_word, end = "", 0
        for run in _RUN_STEP.finditer(text):
            if text[end : run.start()].strip(" \t*"):
                type_word = ""
            called = text.startswith("(", run.end())
            found += [at.claim for at in self._claims(run[0], called, type_word, strong)]
            type_word, end = run[0] if run[0] in TYPE_WORDS else "", run.end()
        return found

    # Runs

    def _run(self, held: str, at: int, final: bool) -> tuple[int, Sequence[_At]] | None:
        end = _end(_RUN_STEP, held, at)
        text = held[at:end]
        if end == len(held) and not final:
            return None
        call = _ARGUMENTS.match(held, end) if _NAME_END.fullmatch(text[-1]) else None
        if call is not None and not call["close"] and call.end() == len(held) and not final:
            return None
        type_word, self._type_word, self._line_start = self._type_word, "", False
        if len(text) == MOST_RUN and _end(_REST_OF_RUN, held, end) > end:
            self._skip = _REST_OF_RUN
            return end, ()
        if _URL.search(text):
            self._skip = _REST_OF_URL
            return end, ()
        self._type_word = text if text in TYPE_WORDS else ""
        called = call is not None and (self._in_fence or _is_call(text, call["inside"]))
        claims = self._claims(text, called, type_word, strong=False)
        if not called or call is None or not call["close"] or (self._in_fence and call["inside"]):
            return end, [_At(at + found.end, found.claim) for found in claims]
        return call.end(), self._with_arguments(at, len(text), claims, held[end : call.end()])

    def _with_arguments(self, at: int, size: int, claims: Sequence[_At], arguments: str) -> Sequence[_At]:
        """Let the last claim, if it is called, take in its *arguments*, and judge those behind it."""
        if not claims or claims[-1].end != size:
            return [_At(at + found.end, found.claim) for found in claims]
        last = claims[-1].claim
        whole = Claim(last.text + arguments, "name", last.strong, True, last.type_word)
        end = at + size + len(arguments)
        inside = self._scan(arguments[1:-1], strong=False)
        before = [_At(at + found.end, found.claim) for found in claims[:-1]]
        return [*before, _At(end, whole), *(_At(end, claim) for claim in inside)]

    def _claims(self, text: str, called: bool, type_word: str, strong: bool) -> Sequence[_At]:
        """Return the claims in one run, each with its end; *called* and *type_word* say what stands around it."""
        if "@" in text[1:]:
            return ()
        trimmed = text.rstrip(".:#+~&@–-")
        if "/" in trimmed and not called and (path := self._bare_path(trimmed)) is not None:
            return [] if self._in_fence else [path]
        found: list[_At] = []
        at = 0
        while at < len(text):
            path_match = None if called else _PATH.search(trimmed, at)
            chain = _CHAIN.search(text, at)
            if path_match is not None and (chain is None or path_match.start() <= chain.start()):
                claim, end = _cut_path(path_match)
                if not self._in_fence or re.search(r"\d$", claim.text):
                    found.append(_At(end, claim))
            elif chain is not None:
                end = chain.end()
                is_called = called and end == len(text)
                word = type_word if chain.start() == 0 else ""
                if is_called or word or not (self._in_fence or (strong and len(chain[0]) < 2)):
                    found.append(_At(end, Claim(chain[0], "name", strong or self._in_fence, is_called, word)))
            else:
                break
            at = end
        return found

    def _bare_path(self, text: str) -> _At | None:
        """Return the claim of a run with a slash and no ending of a file, if it can only be a path."""
        path = text.lstrip("+:#@&–-")
        if _PATH.search(text) is not None or not _NAME_END.search(path):
            return None
        if path.startswith(("/", "~")) or path.count("/") > 1 or self._citer.holds(path):
            return _At(len(text), Claim(path, "path"))
        return None


def _cut_path(match: re.Match[str]) -> tuple[Claim, int]:
    """Return the first path of a match such as ``core.c/ioctl.c``, and its end."""
    split = _SPLIT.search(match[0])
    if split is not None:
        return Claim(match[0][: split.end()], "path"), match.start() + split.end() + 1
    return Claim(match[0], "path"), match.end()


def _is_call(name: str, inside: str) -> bool:
    """Return whether a name with ``(inside`` behind it is called: no plural, manual page, path or order of growth."""
    if name == "O" or (inside and _PATH.fullmatch(name)):
        return False
    if "_" in name or "." in name:
        return True
    return inside not in _PLURAL and not _MANUAL.fullmatch(inside) and (not inside or "," in inside or "_" in inside)


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return at if match is None else match.end()
