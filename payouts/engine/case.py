"""
The case document: what a calculation is asked about, without any stored company.

`kamcomp.case/1` holds a plan and a case: calendar, people with their employments,
packages and assignments, results, ratings, credits, opening balances, rates, and what
else is asked for: a pool, metrics from facts, control figures. These records are its
definition and its JSON Schema (plans/schema/case.json). What pays has no default here:
a field left out is named as missing. Pure.
Rule: docs/reference/calculator.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from payouts.engine.questions import (
    CostOfSalesQuestion,
    CreditedRatioQuestion,
    ExceptionRateQuestion,
    OvertimeQuestion,
    PayMixQuestion,
    RepNeutralityQuestion,
)
from plans.engine.codec import DocumentError, DocumentInvalid, read, schema, schema_errors
from plans.engine.document import spelled_out
from plans.engine.laws import PERIODS_A_YEAR, law_errors
from plans.engine.plan import Plan
from scorecards.engine.facts import Facts

CASE_FORMAT = "kamcomp.case/1"
ControlQuestion = (
    CostOfSalesQuestion
    | CreditedRatioQuestion
    | ExceptionRateQuestion
    | OvertimeQuestion
    | PayMixQuestion
    | RepNeutralityQuestion
)


class Aggregation(StrEnum):
    """How a metric of the case adds up over the periods of a window."""

    SUM = "sum"
    RATIO_OF_SUMS = "ratio_of_sums"
    LAST = "last"


@dataclass(frozen=True, kw_only=True)
class CasePeriod:
    """A pay period: its name and its days, both inclusive."""

    name: str
    since: date = field(metadata={"key": "from"})
    to: date


@dataclass(frozen=True, kw_only=True)
class CaseYear:
    """A fiscal year and its periods in order."""

    name: str
    periods: tuple[CasePeriod, ...]


@dataclass(frozen=True, kw_only=True)
class CaseCalendar:
    """The fiscal years of the case and the periods to pay, in order; holidays count for working days."""

    years: tuple[CaseYear, ...]
    pay: tuple[str, ...] = ()
    holidays: tuple[date, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CaseEmployment:
    """Days of employment, both inclusive, `to` null while it lasts; `fte` 1 is full time."""

    since: date = field(metadata={"key": "from"})
    to: date | None
    fte: Decimal


@dataclass(frozen=True, kw_only=True)
class CasePackage:
    """Yearly base salary and target incentive over days, in plan currency."""

    since: date = field(metadata={"key": "from"})
    to: date | None
    base_salary: Decimal
    target_incentive: Decimal


@dataclass(frozen=True, kw_only=True)
class CaseLeave:
    """Days of leave, both inclusive."""

    since: date = field(metadata={"key": "from"})
    to: date


@dataclass(frozen=True, kw_only=True)
class CaseAssignment:
    """Days on the plan, for an account, with the dedication to it and named personal parameters."""

    since: date = field(metadata={"key": "from"})
    to: date | None
    account: str
    dedication: Decimal
    parameters: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class CaseOpening:
    """
    What a person brings from before the case: see the balances of the inputs.

    `held` is what was held back before, in the order of the periods that release it, this one's first.
    """

    posted: Decimal
    carried: Decimal
    excess: Decimal
    bank: Decimal
    draw: Decimal
    recoverable: Decimal
    held: tuple[Decimal, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CasePerson:
    """A person of the case; `opening` is needed when the case starts inside a running plan."""

    id: str
    name: str = ""
    region: str | None = None
    manager: str | None = None
    payroll_currency: str | None = None
    employments: tuple[CaseEmployment, ...]
    packages: tuple[CasePackage, ...]
    leaves: tuple[CaseLeave, ...]
    assignments: tuple[CaseAssignment, ...]
    opening: CaseOpening | None = None


@dataclass(frozen=True, kw_only=True)
class CaseResult:
    """
    A metric's result for a subject and period: `actual`, or `numerator` over `denominator`.

    `subject` is a person's id, an account, a region, or "company", by `level`. `window` names
    another window than the period for figures that do not add up over periods. `carried` is
    the last known reading, for the policy carry; it may stand alone. A result that is missing
    is left out.
    """

    metric: str
    level: str
    subject: str
    segment: str | None = None
    period: str
    window: str = "period"
    actual: Decimal | None = None
    numerator: Decimal | None = None
    denominator: Decimal | None = None
    target: Decimal | None = None
    carried: Decimal | None = None

    @property
    def known(self) -> Decimal | None:
        """Return the actual, or the numerator where the result is a ratio."""
        return self.actual if self.numerator is None else self.numerator


@dataclass(frozen=True, kw_only=True)
class CaseRating:
    """The rating of one objective of a person; 1 is 100 %."""

    person: str
    leaf: str
    item: str
    period: str
    rating: Decimal


@dataclass(frozen=True, kw_only=True)
class CaseStage:
    """The last stage a person has reached of a milestone leaf, counted from 1; 0 is none yet."""

    person: str
    leaf: str
    period: str
    stage: int


@dataclass(frozen=True, kw_only=True)
class CaseCredit:
    """
    A deal credited to a person, with the share credited and the deal's amounts in plan currency.

    Amounts the plan does not read may be left out. `earned` says, by event, what part of
    the deal the event has reached in the period. A deal that events reach in several periods
    has a credit in each; where another commission is earned on no event, `deal` says 1 in the
    credit of the invoice's period and 0 in the others.
    """

    id: str
    person: str
    period: str
    credit_type: str
    share: Decimal
    product: str = ""
    category: str = ""
    deal_kind: str = ""
    units: Decimal = Decimal(0)
    revenue: Decimal | None = None
    margin: Decimal | None = None
    collected: Decimal | None = None
    contract_value: Decimal | None = None
    earned: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class CaseRate:
    """A stored rate: one unit of `from` is `rate` units of `to`. `rate_set` plan or payroll."""

    rate_set: str
    source: str = field(metadata={"key": "from"})
    target: str = field(metadata={"key": "to"})
    rate: Decimal


@dataclass(frozen=True, kw_only=True)
class CaseMember:
    """A member of the account team as the pool sees them; `target` is money of the period."""

    id: str
    role: str
    link: str
    dedication: Decimal
    eligible_days: int
    role_weight: Decimal
    target: Decimal
    ceiling: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class CaseBudget:
    """What the budget of the plan's pool holds in the period, and what each other pool of it asks, by account."""

    available: Decimal
    others: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class CasePool:
    """
    The pool of an account in a period: its members and, if given, the allocator's relative wishes.

    `budget` is given where, and only where, the plan's funding names one.
    """

    account: str
    region: str | None = None
    period: str
    members: tuple[CaseMember, ...]
    contribution: Decimal | None = None
    budget: CaseBudget | None = None
    wishes: Mapping[str, Decimal] | None = None


@dataclass(frozen=True, kw_only=True)
class MetricQuestion:
    """
    A metric asked for: of a subject (an account, or a person), over days, both inclusive.

    It is measured from the case's facts, or from `ingredients` given here.
    """

    metric: str
    account: str | None = None
    person: str | None = None
    since: date = field(metadata={"key": "from"})
    to: date
    ingredients: Mapping[str, Decimal] | None = None
    minimum_sample: int | None = None


@dataclass(frozen=True, kw_only=True)
class Case:
    """A calculation asked for: a plan with people to pay, a pool, metrics, controls, in any combination."""

    format: str
    name: str = ""
    about: str = ""
    plan: Plan | None = None
    calendar: CaseCalendar | None = None
    people: tuple[CasePerson, ...] = ()
    metric_aggregation: Mapping[str, Aggregation] = field(default_factory=dict)
    results: tuple[CaseResult, ...] = ()
    restated: tuple[CaseResult, ...] = ()
    ratings: tuple[CaseRating, ...] = ()
    stages: tuple[CaseStage, ...] = ()
    credits: tuple[CaseCredit, ...] = ()
    rates: tuple[CaseRate, ...] = ()
    pool: CasePool | None = None
    currency: str | None = None
    metrics: tuple[MetricQuestion, ...] = ()
    facts: Facts = field(default_factory=Facts)
    controls: tuple[ControlQuestion, ...] = ()


def case_schema() -> dict[str, Any]:
    """Return the JSON Schema of `kamcomp.case/1`."""
    return schema(Case)


def case_from_document(document: Any) -> Case:
    """
    Return the case a document describes.

    :raises DocumentInvalid: with every departure from the schema, or every broken law of its plan.
    """
    errors = schema_errors(case_schema(), document)
    if errors:
        raise DocumentInvalid(errors)
    if document["format"] != CASE_FORMAT:
        detail = f"{document['format']!r} is not {CASE_FORMAT}."
        raise DocumentInvalid([DocumentError("/format", "format_unknown", detail)])
    spelled = dict(document)
    if spelled.get("plan") is not None:
        spelled["plan"] = spelled_out(spelled["plan"])
    case = read(Case, spelled)
    plan_errors = [] if case.plan is None else law_errors(case.plan)
    broken = [DocumentError(f"/plan{e.pointer}", e.code, e.detail) for e in plan_errors] + case_errors(case)
    if broken:
        raise DocumentInvalid(broken)
    return case


def case_errors(case: Case) -> list[DocumentError]:
    """Return what contradicts in a case beyond its schema."""
    errors = []
    for name in ("results", "restated"):
        for i, result in enumerate(getattr(case, name)):
            if error := _result_error(result):
                errors.append(DocumentError(f"/{name}/{i}", *error))
    for i, person in enumerate(case.people):
        if not person.assignments:
            detail = (
                f"{person.id} has no assignment, which says from when the plan holds and for which account."
            )
            errors.append(DocumentError(f"/people/{i}/assignments", "assignment_missing", detail))
    if case.plan is not None and case.calendar is not None:
        expected = PERIODS_A_YEAR[case.plan.period]
        for i, year in enumerate(case.calendar.years):
            if len(year.periods) != expected:
                has = f"{year.name} has {len(year.periods)} periods"
                detail = f"{has}; a plan that pays by {case.plan.period} has {expected}."
                errors.append(DocumentError(f"/calendar/years/{i}/periods", "periods_of_year", detail))
    return errors


def _result_error(result: CaseResult) -> tuple[str, str] | None:
    if (result.numerator is None) != (result.denominator is None):
        return (
            "half_a_ratio",
            f"{result.metric}: a numerator and a denominator go together; a plain figure is `actual`.",
        )
    if result.actual is not None and result.numerator is not None:
        return "said_twice", f"{result.metric}: give `actual`, or `numerator` and `denominator`, not both."
    if result.known is None and result.carried is None:
        return (
            "result_empty",
            f"{result.metric}: neither `actual` nor `numerator` and `denominator` is given.",
        )
    return None
