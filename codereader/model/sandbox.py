"""Jinja for templates that nobody vouches for: what one may call is listed, and what it makes is counted.

Wraps jinja2. Every value of a size that a template makes (text, lists, captured output, steps of loops) takes its bytes
from one allowance a sandbox, so that neither memory nor loops grow with what the template wishes. Sizes are bytes of
Python's objects; lengths of text are characters.
"""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, Never

from jinja2 import TemplateRuntimeError, Undefined, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.ext import Extension
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

MAX_TEXT = 1 << 18
"""Characters of any one text, the whole rendering included."""

ALLOWANCE = 1 << 23
"""Bytes of all values that the renderings of one sandbox may make, let go or not."""

STEP = 64
"""Bytes taken for one step of a loop and for one call, whatever they make."""

MAX_RANGE = 10_000
MAX_NUMBER = 1 << 63
MAX_INDENT = 16

_TEXT_METHODS = frozenset(
    "capitalize casefold count endswith find index isalnum isalpha isascii isdecimal isdigit islower isnumeric isspace "
    "istitle isupper join lower lstrip partition removeprefix removesuffix replace rfind rindex rpartition rsplit "
    "rstrip split splitlines startswith strip swapcase title upper".split()
)
_TEXT_FILTERS = frozenset("capitalize e escape lower safe title trim upper".split())
_FILTERS = _TEXT_FILTERS | frozenset(
    "abs count d default dictsort first float int items last length list map max min reject rejectattr reverse select "
    "selectattr sort string unique join replace tojson".split()
)
_PLAIN = (str, range, int, float, type(None), Undefined)
_BINARY = frozenset(("+", "-", "*", "**", "%"))


class _Generator(CodeGenerator):
    """Writes the code of a template so that whatever makes a value asks the sandbox for room."""

    def buffer(self, frame: Frame) -> None:
        """Open a capture of output."""
        frame.buffer = self.temporary_identifier()
        self.writeline(f"{frame.buffer} = environment.capture()")

    def visit_For(self, node: nodes.For, frame: Frame) -> None:  # noqa: N802 - Jinja's names
        """Count the steps of a loop."""
        steps = nodes.EnvironmentAttribute("steps", lineno=node.lineno)
        node.iter = nodes.Call(steps, [node.iter], [], None, None, lineno=node.lineno)
        node.iter.set_environment(self.environment)
        super().visit_For(node, frame)

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:  # noqa: N802
        """Join by the sandbox's own function, in order of the parts."""
        self.write("environment.join((")
        for part in node.nodes:
            self.visit(part, frame)
            self.write(", ")
        self.write("))")

    def visit_Getitem(self, node: nodes.Getitem, frame: Frame) -> None:  # noqa: N802
        """Count what a slice copies."""
        if isinstance(node.arg, nodes.Slice):
            self._keep(super().visit_Getitem, node, frame)
        else:
            super().visit_Getitem(node, frame)

    def visit_List(self, node: nodes.List, frame: Frame) -> None:  # noqa: N802
        """Count a list."""
        self._keep(super().visit_List, node, frame)

    def visit_Dict(self, node: nodes.Dict, frame: Frame) -> None:  # noqa: N802
        """Count a mapping."""
        self._keep(super().visit_Dict, node, frame)

    def visit_Tuple(self, node: nodes.Tuple, frame: Frame) -> None:  # noqa: N802
        """Count a tuple, unless it is the names that something is assigned to."""
        if node.ctx == "store":
            super().visit_Tuple(node, frame)
        else:
            self._keep(super().visit_Tuple, node, frame)

    def _keep(self, visit: Callable[[Any, Frame], None], node: nodes.Expr, frame: Frame) -> None:
        self.write("environment.keep(")
        visit(node, frame)
        self.write(")")


class _Generation(Extension):
    """Read ``{% generation %}``, by which templates mark answers for training, as if it were not there."""

    tags = {"generation"}  # noqa: RUF012 - as Jinja declares it

    def parse(self, parser: Any) -> Any:
        """Return what stands inside."""
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


class _Capture(list[str]):
    """Output that a template keeps for itself, counted as it comes."""

    def __init__(self, spend: Callable[[int], None]) -> None:
        super().__init__()
        self._spend = spend

    def append(self, text: str) -> None:
        """Add one text."""
        self._spend(sys.getsizeof(text))
        super().append(text)

    def extend(self, texts: Iterable[str]) -> None:
        """Add several texts."""
        for text in texts:
            self.append(text)


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja as chat templates expect it (transformers: apply_chat_template), one allowance for all its renderings.

    What goes beyond its bounds raises TemplateRuntimeError while the template runs.
    """

    code_generator_class = _Generator
    intercepted_binops = _BINARY

    def __init__(self) -> None:
        super().__init__(trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols", _Generation])
        self._left = ALLOWANCE
        self.finalize = self.text
        self.filters = {name: self._filter(name, one) for name, one in self.filters.items()}
        self.filters |= {name: self._counted(one) for name, one in self._own_filters().items()}
        self.globals |= {"range": _range, "raise_exception": refuse}
        del self.globals["lipsum"]

    # -- what generated code calls ------------------------------------------------------------------------------------

    def keep(self, value: Any) -> Any:
        """Return *value*, its own bytes taken from the allowance."""
        self._spend(sys.getsizeof(value))
        return value

    def capture(self) -> list[str]:
        """Return an empty list for output."""
        return _Capture(self._spend)

    def steps(self, values: Iterable[Any]) -> Iterator[Any]:
        """Yield *values*, counting each."""
        for value in values:
            self._spend(STEP)
            yield value

    def join(self, parts: Iterable[Any], between: str = "") -> str:
        """Return the texts of *parts*, with *between* between them."""
        texts: list[str] = []
        length = 0
        for part in parts:
            texts.append(self.text(part))
            length += len(texts[-1]) + len(between)
            self._spend(8)
            _bound(length - len(between))
        return str(self.keep(between.join(texts)))

    concat = join  # captured output is joined by this name

    def text(self, value: Any) -> str:
        """Return how *value* is printed: text, numbers, and lists and mappings of them."""
        if isinstance(value, str):
            return value
        _weigh(value)
        return str(self.keep(str(value)))

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Reckon with small numbers; put texts, lists and tuples together within the bounds."""
        if any(isinstance(side, Undefined) for side in (left, right)):
            return super().call_binop(context, operator, left, right)
        if all(isinstance(side, int | float) for side in (left, right)) and operator != "**":
            return _small(super().call_binop(context, operator, left, right))
        if operator != "+" or not any(isinstance(left, one) and isinstance(right, one) for one in (str, list, tuple)):
            refuse(f"the operator {operator} is not allowed here")
        _bound(len(left) + len(right))
        return self.keep(left + right)

    def call(self, context: Context, called: Any, /, *args: Any, **named: Any) -> Any:
        """Call what a template calls, and count what comes of it."""
        self._spend(STEP)
        if isinstance(called, LoopContext) and args:
            args = (self.steps(args[0]), *args[1:])
        return self._count(super().call(context, self._tamed(called), *args, **named))

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Tell whether a template may see an attribute: of text only listed methods, of numbers none."""
        if isinstance(obj, str):
            return attr in _TEXT_METHODS
        return not isinstance(obj, int | float | bytes) and super().is_safe_attribute(obj, attr, value)

    def wrap_str_format(self, value: Any) -> None:
        """Keep Jinja from offering `str.format` in a form of its own."""

    # -- counting -----------------------------------------------------------------------------------------------------

    def _spend(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            refuse("it makes too much")

    def _count(self, value: Any) -> Any:
        """Return *value* after counting it and, of a list, the texts in it."""
        if isinstance(value, list):
            self._spend(sum(sys.getsizeof(one) for one in value if isinstance(one, str)))
        return self.keep(value)

    def _counted(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return *function* with its call and its result counted."""

        @functools.wraps(function)  # keeps Jinja's mark of a first argument that it passes
        def count(*args: Any, **named: Any) -> Any:
            self._spend(STEP)
            return self._count(function(*args, **named))

        return count

    def _filter(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the filter called *name* as a template may use it."""
        if name not in _FILTERS:
            return lambda *_, **__: refuse(f"the filter {name} is not allowed here")
        if name in _TEXT_FILTERS:
            return self._counted(lambda value="", *args, **named: function(self.text(value), *args, **named))
        return self._counted(function)

    def _own_filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "join": lambda values, d="": self.join(values, self.text(d)),
            "replace": lambda value, old, new, count=-1: self._replaced(self.text(value), old, new, count),
            "string": self.text,
            "tojson": _json,
        }

    def _tamed(self, called: Any) -> Any:
        """Return our own function where *called* is a method of a text that could make a huge one."""
        owner, name = getattr(called, "__self__", None), getattr(called, "__name__", "")
        if isinstance(owner, str) and name == "replace":
            return functools.partial(self._replaced, owner)
        if isinstance(owner, str) and name == "join":
            return lambda values: self.join(values, owner)
        return called

    def _replaced(self, text: str, old: str, new: str, count: int = -1) -> str:
        _bound(len(text) + text.count(old) * len(new))
        return text.replace(old, new, -1 if count is None else count)


def refuse(message: object) -> Never:
    """Stop the template with *message*. Raises: TemplateRuntimeError, always."""
    raise TemplateRuntimeError(str(message))


def _bound(length: int) -> None:
    if length > MAX_TEXT:
        refuse("it makes a text or list that is too long")


def _small(number: Any) -> Any:
    if isinstance(number, int) and abs(number) > MAX_NUMBER:
        refuse("it makes a number that is too large")
    return number


def _weigh(value: Any) -> None:
    """Refuse what is too long to print, and what is none of text, numbers, lists and mappings."""
    waiting, left = [value], MAX_TEXT
    while waiting:
        one = waiting.pop()
        left -= 1 + (len(one) if isinstance(one, str | Collection) else 0)
        if left < 0:
            refuse("it prints too much")
        if isinstance(one, Mapping):
            waiting += [*one.keys(), *one.values()]
        elif isinstance(one, Collection) and not isinstance(one, str | bytes | range):
            waiting += one
        elif not isinstance(one, _PLAIN):
            refuse(f"it prints a {type(one).__name__}")


def _range(*bounds: int) -> range:
    """Return a range of at most `MAX_RANGE` numbers. Raises: OverflowError beyond that."""
    numbers = range(*bounds)
    if len(numbers) > MAX_RANGE:
        raise OverflowError("its range is too long")
    return numbers


def _json(value: Any, indent: int | None = None) -> str:
    """Return *value* as JSON without the escapes for HTML that Jinja's own filter makes."""
    _weigh(value)
    if indent is not None and indent > MAX_INDENT:
        refuse("it indents too far")
    return json.dumps(value, ensure_ascii=False, indent=indent)
