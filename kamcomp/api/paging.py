"""
Pages by cursor: a list goes on after the last row that was given, so nothing is left out or said twice.

The order ends with columns that tell rows apart, and a cursor holds the values of the last row in that order: rows
that come or go meanwhile move nobody. A cursor belongs to its list and order; with others it is refused.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django.utils.crypto import constant_time_compare, salted_hmac

from kamcomp.api.problems import Problem

LIMIT, MOST = 100, 500
CURSOR = r"^[A-Za-z0-9_-]{40,2000}$"
SIGNED = 16
TYPES: Mapping[str, Any] = {
    "u": UUID,
    "i": int,
    "s": str,
    "d": Decimal,
    "m": datetime.fromisoformat,
    "a": date.fromisoformat,
}


@dataclass(frozen=True, kw_only=True)
class Order:
    """The columns a list is sorted by, each up (`False`) or down (`True`); the last tell rows apart."""

    columns: tuple[tuple[str, bool], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Return the columns."""
        return tuple(name for name, _down in self.columns)

    def of(self, rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
        """Return the rows in this order."""
        return rows.order_by(*(F(name).desc() if down else F(name).asc() for name, down in self.columns))

    def after(self, values: Sequence[Any]) -> Q:
        """Return the condition of rows that come after one with these values."""
        found, same = Q(), Q()
        for (name, down), value in zip(self.columns, values, strict=True):
            found |= same & Q(**{f"{name}__{'lt' if down else 'gt'}": value})
            same &= Q(**{name: value})
        first, down = self.columns[0]
        # Said once more for the first column, so that an index is entered at the right place.
        return found & Q(**{f"{first}__{'lte' if down else 'gte'}": values[0]})


def cursor_of(*, order: Order, digest: str, values: Sequence[Any]) -> str:
    """Return the cursor behind a row; it is signed, so that it says nothing but what a list said."""
    said = json.dumps(
        [digest, *([_letter(each), _text(each)] for each in values)],
        separators=(",", ":"),
        ensure_ascii=False,
    )
    signed = f"{_signature(said)}{said}".encode()
    return base64.urlsafe_b64encode(signed).decode().rstrip("=")


def cursor_check(cursor: str) -> None:
    """
    Check that a text can be a cursor.

    :raises Problem: 400 if it is none.
    """
    if re.fullmatch(CURSOR, cursor) is None:
        raise _refused("This is no cursor: take next_cursor as it was given.", status=400)


def cursor_read(*, cursor: str, order: Order, digest: str) -> list[Any]:
    """
    Return the values that a cursor holds.

    :raises Problem: 400 if it is none, 422 if it was never given or is of another list.
    """
    cursor_check(cursor)
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        signed = base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise _refused("This is no cursor: take next_cursor as it was given.") from None
    signature, said = signed[:SIGNED], signed[SIGNED:]
    if not constant_time_compare(signature, _signature(said)):
        raise _refused("This is no cursor: take next_cursor as it was given.")
    of, *values = json.loads(said)
    if of != digest or len(values) != len(order.columns):
        raise _refused("This cursor is of another list: keep the filters and the order while you page.")
    return [TYPES[letter](text) for letter, text in values]


def _signature(said: str) -> str:
    return salted_hmac("kamcomp.api.cursor", said, algorithm="sha256").hexdigest()[:SIGNED]


def digest_of(path: str, parameters: Mapping[str, str]) -> str:
    """Return what tells one list from another: its address, filters and order."""
    kept = sorted(
        (name, said) for name, said in parameters.items() if name not in ("cursor", "limit", "totals")
    )
    return hashlib.sha256(json.dumps([path, kept]).encode()).hexdigest()[:12]


def _refused(detail: str, *, status: int = 422) -> Problem:
    return Problem(
        status,
        code="cursor_invalid",
        detail=detail,
        errors=[{"parameter": "cursor", "code": "cursor_invalid", "detail": detail}],
    )


def _letter(value: Any) -> str:
    return {UUID: "u", int: "i", str: "s", Decimal: "d", datetime: "m", date: "a"}[type(value)]


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
