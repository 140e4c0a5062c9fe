"""
What may stand in a log line: ids, places and kinds of errors; never an amount somebody is paid, nor a name.

An error's own words are left out, because they quote what they met: a database's error the failing row, a
refusal the amounts that do not sum. In their place stands what an operator needs to find the case: the class,
the refusal's code, PostgreSQL's state and the broken law, and the places in the code without their values. The
words themselves stay where only those who may see them look: on the page, in the run's and the chunk's row.
Errors of the network keep their words, which name addresses only. Rules: docs/how-to/operate.md, "Log lines".
"""

import functools
import logging
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any, ParamSpec, TypeVar

import structlog

from kamcomp.refusal import Refusal

P = ParamSpec("P")
R = TypeVar("R")

WITHHELD = "withheld"
NETWORK = ("kombu", "amqp", "redis")
CELERY_VALUES = ("args", "kwargs", "return_value", "traceback")


def error_said(error: BaseException) -> str:
    """Return what a log line says of an error: its class, and what identifies the case without quoting it."""
    name = type(error).__name__
    if isinstance(error, Refusal):
        return f"{name} ({error.code})"
    origin = error.__cause__ if hasattr(error.__cause__, "pgcode") else error
    state = getattr(origin, "pgcode", None)
    if state:
        law = getattr(getattr(origin, "diag", None), "constraint_name", None)
        return f"{name} ({state}{f', {law}' if law else ''})"
    if hasattr(origin, "pgcode") or type(error).__module__.partition(".")[0] in NETWORK:
        return f"{name}: {' '.join(str(error).split())}"
    if isinstance(error, OSError):
        return f"{name}: {error.strerror}"
    return name


def error_told(error: BaseException) -> list[str]:
    """Return an error and what led to it, the outermost first, each followed by its places, innermost last."""
    return [line for link in _chain(error) for line in (error_said(link), *_places(link))]


def nothing_private(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """
    Leave of a line what may be said: of an error its `exception`, of a request its address without the query.

    A step of structlog's, the last before a line is written.
    """
    found = event.pop("exc_info", None)
    if found is True:
        found = sys.exc_info()
    error = found[1] if isinstance(found, tuple) else found
    for name, value in event.items():
        event[name] = _safe(value)
    if isinstance(error, BaseException):
        event["exception"] = error_told(error)
    if isinstance(event.get("request"), str):
        event["request"] = event["request"].partition("?")[0]
    return event


def exception_as_text(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Put what `nothing_private` tells of an error one under the other, as lines read by people have it."""
    if "exception" in event:
        event["exception"] = "\n".join(event["exception"])
    return event


def saying(*names: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let each log line written within a function carry some of its keyword arguments: ids, nothing else."""

    def said(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def performed(*args: P.args, **kwargs: P.kwargs) -> R:
            known = {name: str(kwargs[name]) for name in names}
            with structlog.contextvars.bound_contextvars(**known):
                return function(*args, **kwargs)

        return performed

    return said


class NothingPrivate(logging.Filter):
    """Take errors' own words, and tasks' arguments and answers, out of a record before anything formats it."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record where it has to be; every record passes."""
        if isinstance(record.args, Mapping):
            record.args = dict(self._said(record, dict(record.args)))
        elif record.args:
            record.args = tuple(_safe(value) for value in record.args)
        if isinstance(record.msg, BaseException):
            record.msg = error_said(record.msg)
        record.exc_text = None
        return True

    @staticmethod
    def _said(record: logging.LogRecord, values: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        error = record.exc_info[1] if record.exc_info else None
        celery = record.name.startswith("celery")
        for name, value in values.items():
            if celery and name in CELERY_VALUES:
                yield name, WITHHELD
            elif celery and name == "exc":
                yield name, error_said(error) if error else WITHHELD
            else:
                yield name, _safe(value)


def _safe(value: object) -> object:
    return error_said(value) if isinstance(value, BaseException) else value


def _chain(error: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = error
    seen: set[int] = set()
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)


def _places(error: BaseException) -> Iterator[str]:
    for frame in traceback.extract_tb(error.__traceback__):
        yield f"  {frame.filename}:{frame.lineno} in {frame.name}"
