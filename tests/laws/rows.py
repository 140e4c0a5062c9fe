"""Rows the laws are tried on: the least that the tables ask for, made as the app role."""

from datetime import date, timedelta
from itertools import count
from uuid import UUID, uuid4

from psycopg2.extras import DateRange

from scorecards.models import Transaction
from teams.choices import NodeStatus
from teams.models import AccountNode

NUMBERS = count(1)
FIRST = date(2026, 1, 1)


def days(since: str, until: str | None) -> DateRange:
    """Return the half-open span between two ISO dates."""
    return DateRange(date.fromisoformat(since), None if until is None else date.fromisoformat(until))


def node(**values: object) -> AccountNode:
    number = next(NUMBERS)
    return AccountNode.objects.create(
        **{
            "code": f"N{number}",
            "name": f"Node {number}",
            "currency": "EUR",
            "status": NodeStatus.ACTIVE,
            **values,
        }
    )


def transactions(number: int) -> list[Transaction]:
    """Return invoice lines of one node, written in one statement."""
    where = node()
    return Transaction.objects.bulk_create(
        Transaction(
            source_id=f"T{next(NUMBERS)}",
            date=FIRST + timedelta(days=index),
            node=where,
            revenue="100.00",
            currency="EUR",
        )
        for index in range(number)
    )


def some_id() -> UUID:
    return uuid4()
