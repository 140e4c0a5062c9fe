"""The frozen rows between the tables and the columns: stints, exchange rates, and what is wrong with one person."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, localcontext
from functools import partial
from itertools import chain, repeat
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
NULL = "NULL"
Chosen = str | int
"""Which assignments: their ids as the text of an array (`uuid_array`), or the chunk that names them, by its id."""
Row = TypeVar("Row", bound=tuple[Any, ...])

# Ids come as a sub-select's array: the planner does not weigh thousands of them one by one, and looks each up by
# its index, whatever it believes of a table that has just been filled. Rows go to Python as columns of those that
# are alike but for their ids and figures, as nearly all are: what they share is written and read once.
STINTS = """
    SELECT lower(a.valid)::text, upper(a.valid)::text, a.share::text, nullif(a.parameters, '{{}}')::text,
           a.valid && daterange(%(since)s, %(until)s), a.valid && %(days)s,
           array_agg(a.id)::text, array_agg(a.person_id)::text, array_agg(p.employee_id), array_agg(a.account_id)::text
      FROM plans_assignment a
      JOIN teams_person p ON p.id = a.person_id
     WHERE a.id = ANY(({chosen})::uuid[])
     GROUP BY a.valid, a.share, a.parameters
"""
OF_A_TEXT = "SELECT %(assignments)s::uuid[]"
OF_A_CHUNK = "SELECT assignments FROM payouts_runchunk WHERE id = %(assignments)s"
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


def parted(text: str) -> list[str]:
    """Return a column of ids that came as the text of an array; what is not there is NULL."""
    return text[1:-1].split(",")


def decimals(text: str) -> list[Decimal]:
    """Return a column of figures that came as the text of an array."""
    return list(map(Decimal, parted(text)))


def account_of(stint: str) -> str:
    """Return the code of a stint's account; "" if the assignment names none."""
    return stint.rpartition("/")[0]


def uuid_array(ids: Iterable[UUID | str]) -> str:
    """Return ids as the text of a PostgreSQL array, to be cast to uuid[]: much faster to send than a list."""
    return "{" + ",".join(map(str, ids)) + "}"


def stint_rows(*, assignments: Chosen, reach: Reach, period: Period) -> tuple[list[StintRow], dict[str, str]]:
    """
    Return the stints of a chunk within reach, ordered by employee id and stint; and the people who left.

    An assignment that touches
    none of the days the plan owes for is no stint, though a gate may read over its days: it
    would be owed nothing and could only block. Those none of whose assignments falls into the
    period have left: they are no stints, and told by their ids by employee id.
    """
    said = {
        "assignments": assignments, "since": reach.owed_since, "until": reach.owed_until, "days": period.days,
    }  # fmt: skip
    with connection.cursor() as cursor:
        chosen = OF_A_TEXT if isinstance(assignments, str) else OF_A_CHUNK
        cursor.execute(STINTS.format(chosen=chosen), said)
        found = [
            Alike(
                begins,
                ends,
                share,
                parameters,
                owed,
                now,
                parted(ids),
                parted(persons),
                employees,
                parted(accounts),
            )
            for begins, ends, share, parameters, owed, now, ids, persons, employees, accounts in cursor.fetchall()
        ]
        named = set(chain.from_iterable(each.accounts for each in found)) - {NULL}
        cursor.execute(ACCOUNTS, {"accounts": uuid_array(named)})
        places = {row[0]: row for row in cursor.fetchall()} | {NULL: (None, "", None, "")}
    here = set(chain.from_iterable(each.persons for each in found if each.now))
    gone = {
        employee: person
        for each in found
        if not each.now
        for employee, person in zip(each.employees, each.persons, strict=True)
        if person not in here
    }
    days = days_of((each.begins for each in found), (each.ends for each in found))
    rows: list[StintRow] = []
    for each in found:
        if each.owed:
            rows += _stints_alike(each, places, days, reach)
    if gone:
        rows = [row for row in rows if row.person_id in here]
    rows.sort(key=itemgetter(_EMPLOYEE, 0))
    return rows, dict(sorted(gone.items()))


class Alike(NamedTuple):
    """
    Assignments of the same days, share and parameters: those, and the columns of what they differ in.

    `owed`: whether their days touch those the plan owes for; `now`: whether they touch the period's.
    """

    begins: str | None
    ends: str | None
    share: str
    parameters: str | None
    owed: bool
    now: bool
    ids: Sequence[str]
    persons: Sequence[str]
    employees: Sequence[str]
    accounts: Sequence[str]


def _stints_alike(
    alike: Alike, places: Mapping[str, tuple[str | None, str, str | None, str]],
    days: Mapping[str | None, date], reach: Reach,
) -> Iterator[StintRow]:  # fmt: skip
    """Return the stints of assignments that are alike; their days are those within reach."""
    accounts, codes, nodes, regions = zip(*map(places.__getitem__, alike.accounts), strict=True)
    return made(
        StintRow,
        map("/".join, zip(codes, alike.ids, strict=True)),
        alike.ids, alike.persons, alike.employees, accounts, codes, nodes, regions,
        repeat(reach.since if alike.begins is None else max(days[alike.begins], reach.since)),
        repeat(reach.until if alike.ends is None else min(days[alike.ends], reach.until)),
        repeat(Decimal(alike.share)),
        repeat(json.loads(alike.parameters) if alike.parameters else {}),
    )  # fmt: skip


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
