"""
Who acts, and in which request: said to the database at the start of each act, for its audit entries.

The database writes the entries itself; all it needs from us is three settings that live as long as the
transaction: the user, the request and the act. `@act` on a service says all three and makes it one transaction.
"""

import functools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import ParamSpec, TypeVar
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.db import connection, transaction

from kamcomp.refusal import Refusal

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Actor:
    """A user, a request and an act, as far as they are known."""

    user_id: UUID | None = None
    request_id: str = ""
    action: str = ""


class OnlyLooking(Refusal):
    """Somebody looks at what another user sees, and changes nothing while they do."""


NOBODY = Actor()
_ACTOR: ContextVar[Actor] = ContextVar("actor", default=NOBODY)
_LOOKING: ContextVar[bool] = ContextVar("looking", default=False)


def actor() -> Actor:
    """Return who acts now."""
    return _ACTOR.get()


@contextmanager
def on_behalf(*, user: AbstractBaseUser | None = None, request_id: str | None = None) -> Iterator[Actor]:
    """Say who acts from here on: a web request, a command, a task. Opens no transaction."""
    known = _ACTOR.get()
    token = _ACTOR.set(
        replace(
            known,
            user_id=known.user_id if user is None else user.pk,
            request_id=known.request_id if request_id is None else request_id,
        )
    )
    try:
        yield _ACTOR.get()
    finally:
        _ACTOR.reset(token)


@contextmanager
def only_looking() -> Iterator[None]:
    """Run a block in which nothing is changed: acts refuse, and so does the database. One read transaction."""
    token = _LOOKING.set(True)
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION READ ONLY")
            yield
    finally:
        _LOOKING.reset(token)


def is_only_looking() -> bool:
    """Tell whether nothing may be changed now, because somebody looks at what another user sees."""
    return _LOOKING.get()


@contextmanager
def acting(
    *, action: str, user: AbstractBaseUser | None = None, request_id: str | None = None
) -> Iterator[None]:
    """
    Run a block as one act: one transaction, whose audit entries say `action`, the user and the request.

    An act within an act says its own name for its part; afterwards the outer one's is said again.

    :raises OnlyLooking: within `only_looking`.
    """
    if _LOOKING.get():
        raise OnlyLooking(
            "You are looking at what somebody else sees: nothing can be changed until you stop."
        )
    outer = _ACTOR.get()
    with on_behalf(user=user, request_id=request_id) as known:
        _ACTOR.set(replace(known, action=action))
        with transaction.atomic():
            nested = len(connection.atomic_blocks) > 1
            _say(_ACTOR.get())
            yield
            if nested:
                _say(outer)


def act(service: Callable[P, R]) -> Callable[P, R]:
    """Make a service one act: its name is the action, and who is given as `by` is the user."""

    @functools.wraps(service)
    def performed(*args: P.args, **kwargs: P.kwargs) -> R:
        by = kwargs.get("by")
        with acting(action=service.__name__, user=by if isinstance(by, AbstractBaseUser) else None):
            return service(*args, **kwargs)

    return performed


def audit_act(*, subject_table: str, subject_id: object, detail: dict[str, object] | None = None) -> None:
    """
    Write one audit entry for an act whose rows are too many for an entry each: a chunk, a batch.

    Amounts in `detail` are given as strings. Belongs to the transaction that is open.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT audit_act(%s, %s, %s::jsonb)",
            [subject_table, str(subject_id), None if detail is None else json.dumps(detail)],
        )


def _say(known: Actor) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('kamcomp.user', %s, true), set_config('kamcomp.request', %s, true),"
            " set_config('kamcomp.act', %s, true)",
            [str(known.user_id or ""), known.request_id, known.action],
        )
