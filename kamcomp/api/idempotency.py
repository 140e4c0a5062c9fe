"""
A write sent twice has one effect: `Idempotency-Key`.

The answer is kept in the transaction of the write itself, so that either both are there or none; a key whose write
was refused, or broke off, is free again. While one is under way its key is held by a lock that dies with the
connection, and others are told to come back.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from typing import Any, cast

from django.db import connection, transaction
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from kamcomp.api.models import KeptAnswer
from kamcomp.api.problems import Problem
from kamcomp.api.services import ANSWERS_KEPT
from kamcomp.api.streams import ExactRenderer
from kamcomp.identity.models import User

KEY = r"^[!-~]([ -~]{0,253}[!-~])?$"
KEPT_HEADERS = ("Location", "ETag", "Preference-Applied")


class SaidOnce(Response):
    """An answer of which a part is said once: `kept` is what may be said again to whoever sends the same."""

    kept: Any = None


def answered_once(*, request: Request, write: Callable[[], Response]) -> Response:
    """
    Return the answer of a write: a new one, or the one its key was given before.

    :raises Problem: 400 for a key that cannot be one, 422 if it came with another body, 409 while it is under way.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        with transaction.atomic():
            return write()
    if re.fullmatch(KEY, key) is None:
        raise Problem(
            400, code="idempotency_key_unusable", detail="A key is 1 to 255 printable ASCII characters."
        )
    digest, user = _digest(request), cast(User, request.user)
    with transaction.atomic():
        _take(f"{user.pk} {key}")
        kept = KeptAnswer.objects.filter(user=user, key=key).first()
        if kept is not None and kept.kept_at > timezone.now() - ANSWERS_KEPT:
            return _said_again(kept, digest=digest)
        answer = write()
        kept_data = answer.kept if isinstance(answer, SaidOnce) else answer.data
        KeptAnswer.objects.filter(user=user, key=key).delete()
        KeptAnswer.objects.create(
            user=user,
            key=key,
            body_digest=digest,
            status=answer.status_code,
            headers={name: answer.headers[name] for name in KEPT_HEADERS if name in answer.headers},
            body="" if kept_data is None else ExactRenderer().render(kept_data).decode(),
        )
        return answer


def _take(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [f"kamcomp write {name}"])
        (mine,) = cursor.fetchone()
    if not mine:
        raise Problem(
            409,
            code="write_under_way",
            detail="The same write is under way: send it again to be told how it ended.",
            headers={"Retry-After": "1"},
        )


def _said_again(kept: KeptAnswer, *, digest: str) -> Response:
    if kept.body_digest != digest:
        raise Problem(
            422,
            code="idempotency_key_reused",
            detail="This key came with another request before: a new write needs a new key.",
        )
    body = json.loads(kept.body) if kept.body else None
    return Response(body, status=kept.status, headers={**kept.headers, "Idempotent-Replayed": "true"})


def _digest(request: Request) -> str:
    whole = f"{request.method} {request.get_full_path()}\n".encode() + request._request.body
    return hashlib.sha256(whole).hexdigest()
