"""The frozen rows between the tables and the columns: stints, exchange rates, and what is wrong with one person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, localcontext
from typing import Any
from uuid import UUID

from kamcomp.currency.choices import RateSet
from kamcomp.currency.models import FxRate
from kamcomp.money import CONTEXT
from payouts.selectors.inputs.reach import Reach
from plans.models import Assignment
from scorecards.engine.rates import RateMissing, Rates

ONE = Decimal(1)


@dataclass(frozen=True)
class StintRow:
    """
    One assignment within reach of a run: whose, on which account, from when to when.

    `name` is what the engine and the kept inputs call it: the account's code, a slash and
    the assignment's id; `account_of` reads the account back.
    """

    name: str
    assignment_id: UUID
    person_id: UUID
    employee_id: str
    account_id: UUID | None
    account_code: str
    node_id: UUID | None
    region: str
    since: date
    until: date
    share: Decimal
    parameters: dict[str, Any]


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


def stint_name(*, account_code: str, assignment_id: UUID) -> str:
    """Return what the engine calls a stint."""
    return f"{account_code}/{assignment_id}"


def account_of(stint: str) -> str:
    """Return the code of a stint's account; "" if the assignment names none."""
    return stint.rpartition("/")[0]


def stint_rows(*, assignment_ids: Sequence[UUID], reach: Reach) -> list[StintRow]:
    """
    Return the stints of a chunk within reach, ordered by employee id and stint.

    An assignment that touches none of the days the plan owes for is no stint, though a gate
    may read over its days: it would be owed nothing and could only block.
    """
    since, until = reach.since, reach.until
    chosen = (
        Assignment.objects.filter(pk__in=assignment_ids)
        .order_by()
        .values_list(
            "pk", "person_id", "person__employee_id", "account_id", "account__node__code", "account__node_id",
            "account__node__region", "valid", "share", "parameters",
        )
    )  # fmt: skip
    rows = [
        StintRow(
            name=stint_name(account_code=code or "", assignment_id=pk),
            assignment_id=pk,
            person_id=person_id,
            employee_id=employee_id,
            account_id=account_id,
            account_code=code or "",
            node_id=node_id,
            region=region or "",
            since=max(valid.lower or since, since),
            until=min(valid.upper or until, until),
            share=share,
            parameters=parameters,
        )
        for pk, person_id, employee_id, account_id, code, node_id, region, valid, share, parameters in chosen
        if (valid.lower or since) < reach.owed_until and (valid.upper or until) > reach.owed_since
    ]
    return sorted(rows, key=lambda row: (row.employee_id, row.name))


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
