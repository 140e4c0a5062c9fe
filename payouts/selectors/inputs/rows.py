"""The frozen rows between the tables and the columns: stints, exchange rates, and what is wrong with one person."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, localcontext
from functools import partial
from itertools import chain, compress
from operator import itemgetter
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from django.db import connection

from kamcomp.calendar.models import Period
from kamcomp.currency.choices import RateSet
from kamcomp.currency.models import FxRate
from kamcomp.money import CONTEXT
from payouts.selectors.inputs.reach import Reach
from scorecards.engine.rates import RateMissing, Rates

ONE = Decimal(1)
Row = TypeVar("Row", bound=tuple[Any, ...])

# Ids come as a sub-select's array: the planner does not weigh thousands of them one by one, and looks each up by
# its index, whatever it believes of a table that has just been filled.
STINTS = """
    SELECT a.id::text, a.person_id::text, p.employee_id, a.account_id::text, lower(a.valid)::text, upper(a.valid)::text,
           a.share::text, nullif(a.parameters, '{}')::text, a.valid && daterange(%(since)s, %(until)s),
           a.valid && %(days)s
      FROM plans_assignment a
      JOIN teams_person p ON p.id = a.person_id
     WHERE a.id = ANY((SELECT %(assignments)s::uuid[])::uuid[])
"""
ACCOUNTS = """
    SELECT s.id::text, n.code, s.node_id::text, coalesce(n.region, '')
      FROM teams_strategicaccount s JOIN teams_accountnode n ON n.id = s.node_id
     WHERE s.id = ANY((SELECT %(accounts)s::uuid[])::uuid[])
"""


class StintRow(NamedTuple):
    """
    One assignment within reach of a run: whose, on which account, from when to when.

    `name` is what the engine and the kept inputs call it: the account's code, a slash and
    the assignment's id; `account_of` reads the account back. Ids are text: a chunk has tens
    of thousands of them, and nothing is done with them but to look rows up.
    """

    name: str
    assignment_id: str
    person_id: str
    employee_id: str
    account_id: str | None
    account_code: str
    node_id: str | None
    region: str
    since: date
    until: date
    share: Decimal
    parameters: dict[str, Any]


_EMPLOYEE = StintRow._fields.index("employee_id")


@dataclass(frozen=True)
class InputProblem:
    """Why the inputs of one person cannot be made; the person is left out and the run says so."""

    employee_id: str
    code: str
    message: str


@dataclass
class Problems:
    """The problems found while the inputs of a chunk are made, one a person and code."""

    found: dict[tuple[str, str], InputProblem] = field(default_factory=dict)

    def note(self, *, employee_id: str, code: str, message: str) -> None:
        """Note a problem of a person, unless the same kind is known already."""
        self.found.setdefault((employee_id, code), InputProblem(employee_id, code, message))

    @property
    def people(self) -> set[str]:
        """Return the employee ids that have a problem."""
        return {employee_id for employee_id, _code in self.found}


@dataclass
class Conversion:
    """
    Amounts in plan currency: the rates, and which stints' figures were converted at which.

    The rates used are kept among a stint's parameters as `rate USD/EUR`, so that what a
    payout was computed from says them.
    """

    currency: str
    rates: Rates
    stints: Sequence[StintRow]
    problems: Problems
    used: dict[str, set[int]] = field(default_factory=dict)

    def of(self, amount: Decimal, *, source: str, rows: Iterable[int]) -> Decimal | None:
        """
        Return an amount of `source` in plan currency, unrounded, for the stints `rows` that read it.

        Without a rate it is None, and everyone who reads it has a problem.
        """
        if not source or source == self.currency:
            return amount
        try:
            with localcontext(CONTEXT):
                converted = self.rates.converted(amount, source=source, target=self.currency)
        except RateMissing as refusal:
            for row in rows:
                employee = self.stints[row].employee_id
                self.problems.note(employee_id=employee, code=refusal.code, message=str(refusal))
            return None
        self.used.setdefault(source, set()).update(rows)
        return converted

    def parameters(self) -> dict[str, dict[int, Decimal]]:
        """Return the rates used, by parameter name and stint."""
        with localcontext(CONTEXT):
            return {
                f"rate {source}/{self.currency}": dict.fromkeys(
                    sorted(rows), self.rates.converted(ONE, source=source, target=self.currency)
                )
                for source, rows in sorted(self.used.items())
            }


def days_of(*texts: Iterable[str | None]) -> dict[str | None, date]:
    """Return the days that columns of the database's texts say, each read once; a column has few."""
    said = set(chain.from_iterable(texts)) - {None}
    return {text: date.max if text == "infinity" else date.fromisoformat(str(text)) for text in said}


def made(row: type[Row], *columns: Iterable[Any]) -> Iterator[Row]:
    """Return rows of a named tuple from its columns: what `_make` does, without a Python call a row."""
    return map(partial(tuple.__new__, row), zip(*columns, strict=False))  # type: ignore[type-var]


def account_of(stint: str) -> str:
    """Return the code of a stint's account; "" if the assignment names none."""
    return stint.rpartition("/")[0]


def uuid_array(ids: Iterable[UUID | str]) -> str:
    """Return ids as the text of a PostgreSQL array, to be cast to uuid[]: much faster to send than a list."""
    return "{" + ",".join(map(str, ids)) + "}"


def stint_rows(*, assignments: str, reach: Reach, period: Period) -> tuple[list[StintRow], dict[str, str]]:
    """
    Return the stints of a chunk within reach, ordered by employee id and stint; and the people who left.

    `assignments` are ids as the text of an array (`uuid_array`). An assignment that touches
    none of the days the plan owes for is no stint, though a gate may read over its days: it
    would be owed nothing and could only block. Those none of whose assignments falls into the
    period have left: they are no stints, and told by their ids by employee id.
    """
    since, until = reach.since, reach.until
    said = {
        "assignments": assignments, "since": reach.owed_since, "until": reach.owed_until, "days": period.days,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(STINTS, said)
        found = cursor.fetchall()
        if not found:
            return [], {}
        ids, persons, employees, accounts, begins, ends, shares, parameters, owed, now = zip(
            *found, strict=True
        )
        named = uuid_array(account for account in set(accounts) if account is not None)
        cursor.execute(ACCOUNTS, {"accounts": named})
        places = {account: place for account, *place in cursor.fetchall()} | {None: ("", None, "")}
    codes, nodes, regions = zip(*map(places.__getitem__, accounts), strict=True)
    here = set(compress(persons, now))
    gone = {} if all(now) else {row[2]: row[1] for row in found if row[1] not in here}
    days = days_of(begins, ends)
    first = {text: max(day, since) for text, day in days.items()} | {None: since}
    last = {text: min(day, until) for text, day in days.items()} | {None: until}
    share = {text: Decimal(text) for text in set(shares)}
    names = map("/".join, zip(codes, ids, strict=True))
    columns = (
        names, ids, persons, employees, accounts, codes, nodes, regions,
        map(first.__getitem__, begins), map(last.__getitem__, ends), map(share.__getitem__, shares),
        (json.loads(text) if text else {} for text in parameters),
    )  # fmt: skip
    rows = list(made(StintRow, *columns))
    if gone or not all(owed):
        rows = [row for row, due in zip(rows, owed, strict=True) if due and row.person_id in here]
    rows.sort(key=itemgetter(_EMPLOYEE, 0))
    return rows, dict(sorted(gone.items()))


def plan_rates(*, currencies: Iterable[str], plan_currency: str, on: date, known_at: datetime) -> Rates:
    """Return the plan rates in force on a day between the plan's currency and others; none are read if none differ."""
    others = sorted({currency for currency in currencies if currency and currency != plan_currency})
    if not others:
        return Rates()
    rates = (
        FxRate.objects.known_at(known_at)
        .filter(rate_set=RateSet.PLAN, rate_date__lte=on)
        .order_by("rate_date")
        .values_list("from_currency", "to_currency", "rate")
    )
    return Rates(
        {(source, target): rate for source, target, rate in rates if plan_currency in (source, target)}
    )
