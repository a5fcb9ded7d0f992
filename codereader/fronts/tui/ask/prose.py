"""What a model says, as Markdown that can do nothing: no images, no links of its own, no HTML, no control characters.

Its claims, once looked up, become links into the tree, and verdicts stand behind claims and sentences. Both are written
into the stream as marks between two `MARK` characters, which the text itself cannot hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from textual.content import Content, Span
from textual.style import Style
from textual.widgets import Markdown
from textual.widgets._markdown import MarkdownBlock, MarkdownFence

from codereader.fronts.text import safe
from codereader.fronts.tui.messages import Go, Place

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

    from codereader.answer.event import Citation, Statement

MARK = "\U0001056f"
"""Opens and closes a mark. It counts as punctuation, so that it ends emphasis as a word's end does."""

_MARKED = re.compile(f"{MARK}([cj])([0-9]+){MARK}")

_INERT = ("image", "link", "autolink", "html_inline", "html_block", "entity", "reference")
"""Rules of Markdown that load, open, hide or make up something; their text is shown as it was written."""

SIGNS = {"verified": "✓", "no evidence": "[no evidence]", "contradicted": "[contradicted]", "not found": "[not found]"}
"""What stands behind a sentence or a claim, readable without colours too."""


class Claims:
    """What the marks of one text stand for."""

    def __init__(self) -> None:
        self.citations: list[Citation] = []
        self.statements: list[Statement] = []

    def cite(self, citation: Citation) -> str:
        """Take in a claim that was looked up; return the mark to be written behind it."""
        self.citations.append(citation)
        return f"{MARK}c{len(self.citations) - 1}{MARK}"

    def judge(self, statement: Statement) -> str:
        """Take in a sentence that was judged; return the mark to be written behind it."""
        self.statements.append(statement)
        return f"{MARK}j{len(self.statements) - 1}{MARK}"

    def place(self, number: int) -> Place | None:
        """Return where claim *number* leads, None where it leads nowhere."""
        one = self.citations[number] if number < len(self.citations) else None
        if one is None or one.path is None or one.verdict == "not found":
            return None
        return Place(one.path, one.start_line or 1, one.end_line)

    @property
    def links(self) -> list[int]:
        """The numbers of the claims that lead somewhere, in the order of the text."""
        return [number for number in range(len(self.citations)) if self.place(number)]


def inert(text: str) -> str:
    """Return text of a model without what a terminal might obey or what could be taken for a mark."""
    return safe(text).replace(MARK, "\\U0001056f")


def parser() -> MarkdownIt:
    """Return a parser of Markdown that only lays out text."""
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable(list(_INERT))


class Prose(Markdown):
    """Shows what a model says while it says it. Written through `Markdown.get_stream`."""

    DEFAULT_CSS = """
    Prose {
        padding: 0;
        MarkdownHeader { margin: 1 0 0 0; padding: 0; content-align: left middle; text-style: bold;
            color: $foreground; background: transparent; width: 1fr; }
        MarkdownBlock > .claim { color: $text-accent; text-style: underline; }
        MarkdownBlock > .right { color: $text-success; }
        MarkdownBlock > .wrong { color: $text-error; }
        MarkdownBlock > .aside { text-style: dim; }
        MarkdownFence { margin: 1 0; padding: 0 1; max-height: 40; }
        MarkdownBulletList, MarkdownOrderedList { margin: 0 0 1 0; padding: 0; }
    }
    """

    def __init__(self, claims: Claims) -> None:
        super().__init__(parser_factory=parser, open_links=False)
        self.claims = claims
        self.lit: int | None = None

    def get_block_class(self, block_name: str) -> type[MarkdownBlock]:
        """Return the class of a block, with marks turned into links and verdicts."""
        return _checked(super().get_block_class(block_name))

    def light(self, number: int | None) -> MarkdownBlock | None:
        """Light claim *number* and no other; return the block that it stands in."""
        before, self.lit = self.lit, number
        found = None
        for block in self.query(MarkdownBlock):
            numbers = getattr(block, "numbers", ())
            if before in numbers or number in numbers:
                cast("_Checked", block).draw()
            if number is not None and number in numbers:
                found = block
        return found


if TYPE_CHECKING:
    _Block = MarkdownBlock
else:
    _Block = object  # Textual takes the styles of the first base that is a widget


class _Checked(_Block):
    """A block whose marks are links and verdicts. Mixed into each kind of block."""

    auto_links = False
    numbers: tuple[int, ...] = ()

    def _token_to_content(self, token: Token) -> Content:
        return self._resolved(super()._token_to_content(token))

    def set_content(self, content: Content) -> None:
        super().set_content(content)
        found = [_number(span) for span in content.spans]
        self.numbers = tuple(number for number in found if number is not None)
        if self._prose.lit in self.numbers:
            self.draw()

    def draw(self) -> None:
        """Show the content anew, with the claim lit that is chosen."""
        content = self._content
        for span in content.spans:
            if (number := _number(span)) is not None and number == self._prose.lit:
                content = content.stylize(Style(reverse=True), span.start, span.end)
        self.update(content)

    def action_go(self, number: int) -> None:
        """Show the place that a claim is about."""
        place = self._prose.claims.place(number)
        if place is not None:
            self.post_message(Go(place))

    @property
    def _prose(self) -> Prose:
        return cast("Prose", self._markdown)

    def _resolved(self, content: Content) -> Content:
        """Return *content* with its marks turned into what they stand for."""
        plain = content.plain
        if MARK not in plain:
            return content
        parts: list[Content] = []
        at = 0
        for match in _MARKED.finditer(plain):
            before = content[at : match.start()]
            at = match.end()
            parts += self._marked(before, match[1], int(match[2]))
        parts.append(content[at:])
        whole = Content("").join(parts)
        return whole if MARK not in whole.plain else Content(whole.plain.replace(MARK, ""))

    def _marked(self, before: Content, kind: str, number: int) -> Iterator[Content]:
        claims = self._prose.claims
        if kind == "j":
            one = claims.statements[number] if number < len(claims.statements) else None
            yield before
            if one is not None:
                yield _judged(one)
            return
        cited = claims.citations[number] if number < len(claims.citations) else None
        if cited is None:
            yield before
        elif cited.verdict == "not found":
            yield before
            yield Content.styled(f" {SIGNS['not found']}", ".wrong")
        else:
            yield self._linked(before, cited, number)

    def _linked(self, before: Content, cited: Citation, number: int) -> Content:
        """Return what stands before a claim's mark, with the claim as a link."""
        text = inert(cited.text).strip("`").strip()
        start = before.plain.rfind(text)
        if (
            self._prose.claims.place(number) is None
            or not text
            or start < 0
            or before.plain[start + len(text) :].strip("`) ")
        ):
            return before
        end = start + len(text)
        return before.stylize(".claim", start, end).stylize(Style.from_meta({"@click": f"go({number})"}), start, end)


def _judged(one: Statement) -> Content:
    if one.verdict == "verified":
        return Content.styled(f" {SIGNS['verified']}", ".right")
    if one.verdict == "no evidence":
        return Content.styled(f" {SIGNS['no evidence']}", ".aside")
    why = f": {inert(one.why)}" if one.why else ""
    return Content.styled(f" [contradicted{why}]", ".wrong")


def _number(span: Span) -> int | None:
    """Return the number of the claim that *span* is a link of."""
    if not isinstance(span.style, Style):
        return None
    action = str(span.style.meta.get("@click", ""))
    return int(action[3:-1]) if action.startswith("go(") else None


@cache
def _checked(kind: type[MarkdownBlock]) -> type[MarkdownBlock]:
    """Return *kind* of block with marks turned into links and verdicts."""
    bases: tuple[type, ...] = (_CheckedFence, kind) if issubclass(kind, MarkdownFence) else (_Checked, kind)
    classes = MarkdownBlock.COMPONENT_CLASSES | {"claim", "right", "wrong", "aside"}
    made = type(kind.__name__, bases, {"COMPONENT_CLASSES": classes, "__module__": kind.__module__})
    return cast("type[MarkdownBlock]", made)


class _CheckedFence(_Block):
    """A block of code: marks in it are left out."""

    def __init__(self, markdown: Markdown, token: Token, code: str, **more: Any) -> None:
        super().__init__(markdown, token, _MARKED.sub("", code), **more)  # type: ignore[arg-type]
