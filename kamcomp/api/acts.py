"""
What a program may do with a resource beyond reading: each act is one call of a service.

An act says its address, what it takes, and what it calls; authentication, scopes, idempotency, conditions and the
answer are the same for all. The answer of an act is the row as it then stands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rest_framework import serializers

from kamcomp.identity.models import User
from kamcomp.visibility import Viewer


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What an act is asked: by whom, when, on which row (None on a whole resource), and what was sent."""

    user: User
    viewer: Viewer
    at: datetime
    typed: Mapping[str, Any]
    row: Any = None


@dataclass(frozen=True, kw_only=True)
class Done:
    """
    What came of an act: the id of the row to show (of `resource`, if it is another), and the status.

    Work that goes on says with `ended` whether a row has come to its end, for a caller who prefers to wait.
    `once` is laid over the row in this answer alone: a secret. It is not kept to be said again.
    """

    pk: Any
    status: int = 200
    resource: str = ""
    ended: Callable[[], bool] | None = None
    once: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Act:
    """
    One act: `POST /resource`, `POST /resource:name`, `POST /resource/{id}:name`, or another method on a row.

    `noun` is its name in descriptions, that of the service. `matched` wants If-Match with the row's ETag. `answers`
    names by status the resource of the row that is answered, where it is another: the job of long work. `locked` holds
    the row while the act lasts; rows that nobody may change, such as payouts, cannot be held.
    """

    noun: str
    about: str
    perform: Callable[[Asked], Done]
    name: str = ""
    on_row: bool = False
    method: str = "post"
    body: type[serializers.Serializer] | None = None
    matched: bool = False
    locked: bool = True
    statuses: tuple[int, ...] = (200,)
    answers: Mapping[int, str] = field(default_factory=dict)
    example: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Part:
    """
    One document that belongs to a row and is worked out when it is asked for: `GET /resource/{id}/name`.

    `shown` gets the row, and who looks; what it returns is said as it is. A `LookupError` says that there is none.
    """

    name: str
    noun: str
    about: str
    shown: Callable[[Asked], Mapping[str, Any]]
    body: type[serializers.Serializer]
    scope: str = ""
