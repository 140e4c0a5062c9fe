"""
From a case to the engine's inputs: the same columns that selectors fill from stored facts.

Stretches of employment, package, leave and assignment are cut into spans in which
nothing changes; results are added up over the windows the plan reads; what the plan
needs and the case does not say is left missing, so that the evaluation names it. Pure.
Rule: docs/reference/calculator.md, "How a case is read".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, localcontext
from itertools import pairwise
from typing import Any

import numpy as np

from kamcomp.columns import EXACT, RowState, as_column
from kamcomp.money import CONTEXT
from kamcomp.refusal import Refusal
from payouts.engine.case import (
    Aggregation,
    Case,
    CaseAssignment,
    CaseCredit,
    CasePerson,
    CaseResult,
)
from payouts.engine.crediting import manager_credits
from plans.engine.conventions import Accumulation, Window
from plans.engine.inputs import (
    Balances,
    Calendar,
    Credits,
    Inputs,
    Period,
    ResultKey,
    Results,
    Spans,
    Stated,
    Year,
    held_columns,
)
from plans.engine.needs import (
    milestones_needed,
    parameters_needed,
    plan_nodes,
    ratings_needed,
    results_needed,
)
from plans.engine.plan import Plan
from scorecards.engine.library import LIBRARY

DAY = timedelta(days=1)
FINAL, MISSING = int(RowState.FINAL), int(RowState.MISSING)
BALANCES = ("posted", "carried", "excess", "bank", "draw", "recoverable")
BASES = ("revenue", "margin", "collected", "contract_value")


class CaseIncomplete(Refusal):
    """A case leaves out something that its plan or question needs."""


class CaseContradicts(Refusal):
    """A case says one thing twice, or names something it does not have."""


@dataclass(frozen=True)
class Row:
    """A stint of the case: the person and one of their assignments."""

    id: str
    person: CasePerson
    assignment: CaseAssignment


def case_calendar(*, case: Case, pay: str) -> Calendar:
    """
    Return the case's calendar with the period named `pay` as the current one.

    :raises CaseIncomplete: if the case has no calendar.
    :raises CaseContradicts: if no period has the name, or periods leave gaps or overlap.
    """
    if case.calendar is None:
        raise CaseIncomplete("/calendar: the case has no calendar, which says what periods there are.")
    years = tuple(
        Year(year.name, tuple(Period(p.name, p.since, p.to + DAY) for p in year.periods))
        for year in case.calendar.years
    )
    periods = [period for year in years for period in year.periods]
    for low, high in pairwise(periods):
        if low.until != high.since:
            raise CaseContradicts(
                "/calendar: %(high)s starts on %(since)s, but %(low)s ends before %(until)s.",
                high=high.name,
                since=high.since,
                low=low.name,
                until=low.until,
            )
    for y, year in enumerate(years):
        for p, period in enumerate(year.periods):
            if period.name == pay:
                return Calendar(years=years, year=y, period=p, holidays=case.calendar.holidays)
    raise CaseContradicts("/calendar/pay: %(pay)s is not a period of the calendar.", pay=repr(pay))


def case_inputs(*, case: Case, plan: Plan, calendar: Calendar, balances: Balances) -> Inputs:
    """
    Return the inputs of the current period: a row for each assignment that touches what the plan owes.

    Shape: payees are the case's people in order of id; `balances` are columns over them.

    :raises CaseIncomplete: if a person has no package or employment where a package is needed.
    """
    people = sorted(case.people, key=lambda person: person.id)
    _once([person.id for person in people], "/people", "person")
    rows = _rows(people, plan, calendar)
    payees = tuple(person.id for person in people)
    place = {payee: i for i, payee in enumerate(payees)}
    with localcontext(CONTEXT):
        return Inputs(
            calendar=calendar,
            stints=tuple(row.id for row in rows),
            payees=payees,
            payee=np.array([place[row.person.id] for row in rows], dtype=np.int64),
            spans=_spans(rows, calendar),
            parameters={name: _parameter(name, rows) for name in parameters_needed(plan)},
            results=case_results(
                case=case, plan=plan, calendar=calendar, subjects=[_subjects(row) for row in rows]
            ),
            ratings={need: _rating(need, case, rows, calendar) for need in ratings_needed(plan)},
            milestones={code: _stage(code, case, rows, calendar) for code in milestones_needed(plan)},
            credits=_credits(_all_credits(case, plan), rows, calendar),
            balances=balances,
        )


def case_results(
    *, case: Case, plan: Plan, calendar: Calendar, subjects: Sequence[dict[str, str]]
) -> dict[ResultKey, Results]:
    """Return every result the plan reads, for rows whose subject at each level is given."""
    found = _by_place(case.results)
    needs: dict[ResultKey, int] = {}
    for need in results_needed(plan):
        if need.key not in needs or calendar.ends(years=need.years):
            needs[need.key] = need.years
    return {key: _results(key, years, case, calendar, subjects, found) for key, years in needs.items()}


def opening_balances(*, case: Case, calendar: Calendar) -> Balances:
    """
    Return what the case's people bring: zero at the start of the calendar, else what `opening` says.

    :raises CaseIncomplete: if the case starts later and a person has no `opening`.
    """
    at_start = calendar.year == 0 and calendar.period == 0
    columns: dict[str, list[Decimal]] = {name: [] for name in BALANCES}
    for person in sorted(case.people, key=lambda person: person.id):
        if person.opening is None and not at_start:
            raise CaseIncomplete(
                "%(id)s has no `opening`: %(current)s is not the first period of the calendar, so what was "
                "posted, carried, banked, drawn and is recoverable must be said (0 where nothing).",
                id=person.id,
                current=calendar.current.name,
            )
        for name in BALANCES:
            columns[name].append(getattr(person.opening, name) if person.opening else Decimal(0))
    held = [
        {
            f"held_{n}": amount
            for n, amount in enumerate(person.opening.held if person.opening else (), start=1)
        }
        for person in sorted(case.people, key=lambda person: person.id)
    ]
    return Balances(**{name: as_column(column) for name, column in columns.items()}, held=held_columns(held))


def _once(names: Sequence[str], place: str, what: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise CaseContradicts(
                "%(place)s: the %(what)s %(name)s is there twice.", place=place, what=what, name=repr(name)
            )
        seen.add(name)


def _rows(people: Sequence[CasePerson], plan: Plan, calendar: Calendar) -> list[Row]:
    first, last = _owed_days(plan, calendar)
    rows = []
    for person in people:
        for number, assignment in enumerate(person.assignments, start=1):
            if assignment.since < last and (assignment.to is None or assignment.to >= first):
                rows.append(Row(f"{person.id}/{number}", person, assignment))
    return sorted(rows, key=lambda row: row.id)


def _owed_days(plan: Plan, calendar: Calendar) -> tuple[date, date]:
    """Return the days, half-open, that what the plan owes now is measured over."""
    owed = {node.accumulation for _, node in plan_nodes(plan)}
    first = calendar.current.since
    if Accumulation.YEAR_TO_DATE in owed:
        first = calendar.years[calendar.year].periods[0].since
    if Accumulation.MULTI_YEAR in owed:
        first = calendar.years[0].periods[0].since
    return first, calendar.current.until


def _subjects(row: Row) -> dict[str, str]:
    return {
        "individual": row.person.id,
        "team": row.assignment.account,
        "region": row.person.region or "",
        "company": "company",
    }


# Spans -----------------------------------------------------------------------------------------------------


def _spans(rows: Sequence[Row], calendar: Calendar) -> Spans:
    first, last = calendar.years[0].periods[0].since, calendar.years[-1].periods[-1].until
    cut: list[tuple[Any, ...]] = []
    for number, row in enumerate(rows):
        spans = [(number, *span) for span in _cut(row, first, last)]
        if not spans:
            raise CaseIncomplete(
                "%(id)s has no employment in force on any day of the assignment: add one.", id=row.person.id
            )
        cut += spans
    columns = list(zip(*cut, strict=True)) if cut else [()] * 8
    return Spans(
        row=np.array(columns[0], dtype=np.int64),
        since=np.array([day.toordinal() for day in columns[1]], dtype=np.int64),
        until=np.array([day.toordinal() for day in columns[2]], dtype=np.int64),
        target_incentive=as_column(columns[3]),
        base_salary=as_column(columns[4]),
        fte=as_column(columns[5]),
        dedication=as_column(columns[6]),
        on_leave=np.array(columns[7], dtype=bool),
    )


def _cut(row: Row, first: date, last: date) -> Iterable[tuple[Any, ...]]:
    """Yield the stretches of an assignment in which employment, package and leave are constant."""
    person, assignment = row.person, row.assignment
    low, high = max(assignment.since, first), min(_until(assignment.to, last), last)
    edges = {low, high}
    dated_facts: tuple[Any, ...] = (*person.employments, *person.packages, *person.leaves)
    for dated in dated_facts:
        edges |= {dated.since, _until(dated.to, last)}
    days = sorted(day for day in edges if low <= day <= high)
    for since, until in pairwise(days):
        employment = _in_force(person.employments, since, "employment", person)
        if employment is None:
            continue
        package = _in_force(person.packages, since, "package", person)
        if package is None:
            raise CaseIncomplete(
                "%(id)s has no package in force on %(since)s, though employed and on the plan: add one.",
                id=person.id,
                since=since,
            )
        on_leave = _in_force(person.leaves, since, "leave", person) is not None
        yield (
            since,
            until,
            package.target_incentive,
            package.base_salary,
            employment.fte,
            assignment.dedication,
            on_leave,
        )


def _until(to: date | None, last: date) -> date:
    return last if to is None else to + DAY


def _in_force(dated: Sequence[Any], day: date, what: str, person: CasePerson) -> Any:
    found = [item for item in dated if item.since <= day and (item.to is None or day <= item.to)]
    if len(found) > 1:
        raise CaseContradicts(
            "%(id)s has two entries of %(what)s in force on %(day)s.", id=person.id, what=what, day=day
        )
    return found[0] if found else None


# Values by row ---------------------------------------------------------------------------------------------


def _stated(values: Sequence[Decimal | None]) -> Stated:
    state = np.array([MISSING if value is None else FINAL for value in values], dtype=np.int8)
    return Stated(value=EXACT.column([value or 0 for value in values]), state=state)


def _parameter(name: str, rows: Sequence[Row]) -> Stated:
    return _stated([row.assignment.parameters.get(name) for row in rows])


def _rating(need: tuple[str, str], case: Case, rows: Sequence[Row], calendar: Calendar) -> Stated:
    given = {
        rating.person: rating.rating
        for rating in case.ratings
        if (rating.leaf, rating.item) == need and rating.period == calendar.current.name
    }
    return _stated([given.get(row.person.id) for row in rows])


def _stage(code: str, case: Case, rows: Sequence[Row], calendar: Calendar) -> Stated:
    given = {
        stage.person: Decimal(stage.stage)
        for stage in case.stages
        if stage.leaf == code and stage.period == calendar.current.name
    }
    return _stated([given.get(row.person.id) for row in rows])


# Results ---------------------------------------------------------------------------------------------------

Place = tuple[str, str, str, str, str, str]


def _by_place(results: Sequence[CaseResult]) -> dict[Place, CaseResult]:
    found: dict[Place, CaseResult] = {}
    for result in results:
        place = (
            result.metric,
            result.level,
            result.subject,
            result.segment or "",
            result.period,
            result.window,
        )
        if place in found:
            raise CaseContradicts(
                "/results: %(filter)s is there twice.", filter=" ".join(filter(None, place))
            )
        found[place] = result
    return found


def _results(
    key: ResultKey, years: int, case: Case, calendar: Calendar, subjects: Sequence[dict[str, str]],
    found: dict[Place, CaseResult],
) -> Results:  # fmt: skip
    names = [each[key.level] for each in subjects]
    known = sorted(set(names))
    results = [_window_result(key, name, years, case, calendar, found) for name in known]
    place = {name: i for i, name in enumerate(known)}
    ratio = any(result is not None and result.denominator is not None for result in results)
    actuals = [None if result is None else result.known for result in results]
    return Results(
        subjects=tuple(known),
        index=np.array([place[name] for name in names], dtype=np.int64),
        numerator=EXACT.column([actual or 0 for actual in actuals]),
        denominator=EXACT.column([_denominator(result) for result in results]) if ratio else None,
        state=_stated(actuals).state,
        target=_stated([None if result is None else result.target for result in results]),
        carried=_stated([None if result is None else result.carried for result in results]),
    )


def _denominator(result: CaseResult | None) -> Decimal:
    return Decimal(1) if result is None or result.denominator is None else result.denominator


def _window_result(
    key: ResultKey, subject: str, years: int, case: Case, calendar: Calendar, found: dict[Place, CaseResult]
) -> CaseResult | None:
    """Return a result over the key's window: as given for it, or added up from those of its periods."""
    stem = (key.metric, key.level, subject, key.segment)
    given = found.get((*stem, calendar.current.name, key.window))
    if given is not None or key.window == Window.PERIOD:
        return given
    rolling = key.rolling
    chosen = calendar.rolling(rolling) if rolling else calendar.window(Window(key.window), years=years)
    if not chosen:
        return None
    periods = [period for _, period in chosen]
    parts = [found.get((*stem, period.name, "period")) for period in periods]
    if any(part is None or part.known is None for part in parts):
        return None
    return added_up([part for part in parts if part is not None], how=_aggregation(key.metric, case))


def added_up(parts: Sequence[CaseResult], *, how: Aggregation) -> CaseResult:
    """
    Return results of periods as one result over all of them.

    `sum` adds actuals and targets; `ratio_of_sums` adds actuals and denominators and takes
    the last period's target; `last` is the last period's result.
    """
    last = parts[-1]
    if how is Aggregation.LAST:
        return last
    total = sum((part.known for part in parts if part.known is not None), Decimal(0))
    if how is Aggregation.RATIO_OF_SUMS:
        denominator = sum((_denominator(part) for part in parts), Decimal(0))
        return _replaced(last, actual=None, numerator=total, denominator=denominator)
    targets = [part.target for part in parts]
    target = None if None in targets else sum((each for each in targets if each is not None), Decimal(0))
    return _replaced(last, actual=total, target=target)


def _replaced(result: CaseResult, **changes: Any) -> CaseResult:
    return CaseResult(**{**vars(result), **changes})


def _aggregation(metric: str, case: Case) -> Aggregation:
    if metric in case.metric_aggregation:
        return case.metric_aggregation[metric]
    known = LIBRARY[metric].aggregation if metric in LIBRARY else None
    if known in ("sum", "ratio_of_sums"):
        return Aggregation(known)
    raise CaseIncomplete(
        "/metric_aggregation/%(metric)s: how %(metric)s adds up over periods is not known: say "
        "sum, ratio_of_sums or last, or give its result for the window.",
        metric=metric,
    )


# Credits ---------------------------------------------------------------------------------------------------


def _all_credits(case: Case, plan: Plan) -> tuple[CaseCredit, ...]:
    """Return the case's credits, and those they give to managers where a commission reads such credits."""
    read = frozenset(kind for leaf in plan.commissions for kind in getattr(leaf, "credit_types", ()))
    managers = {person.id: person.manager for person in case.people if person.manager is not None}
    return (*case.credits, *manager_credits(credits=case.credits, managers=managers, kinds=read))


def _credits(credits: Sequence[CaseCredit], rows: Sequence[Row], calendar: Calendar) -> Credits:
    periods = {period.name: period for period in calendar.years[calendar.year].periods[: calendar.period + 1]}
    _once([credit.id for credit in credits], "/credits", "credit")
    found: list[tuple[CaseCredit, int]] = []
    for credit in sorted(credits, key=lambda credit: credit.id):
        if credit.period in periods:
            row = _credited_row(credit, periods[credit.period], rows)
            if row is not None:
                found.append((credit, row))
    events = sorted({event for credit, _ in found for event in credit.earned})
    return Credits(
        ids=tuple(credit.id for credit, _ in found),
        row=np.array([row for _, row in found], dtype=np.int64),
        product=tuple(credit.product for credit, _ in found),
        category=tuple(credit.category for credit, _ in found),
        deal_kind=tuple(credit.deal_kind for credit, _ in found),
        credit_type=tuple(credit.credit_type for credit, _ in found),
        in_period=np.array([credit.period == calendar.current.name for credit, _ in found], dtype=bool),
        share=EXACT.column([credit.share for credit, _ in found]),
        units=EXACT.column([credit.units for credit, _ in found]),
        bases={base: _stated([getattr(credit, base) for credit, _ in found]) for base in BASES},
        earned={event: _stated([credit.earned.get(event) for credit, _ in found]) for event in events},
    )


def _credited_row(credit: CaseCredit, period: Period, rows: Sequence[Row]) -> int | None:
    """Return the person's stint that covers the end of the credit's period, else the last that touches it."""
    mine = [
        (row.assignment.since, number)
        for number, row in enumerate(rows)
        if row.person.id == credit.person
        and row.assignment.since < period.until
        and (row.assignment.to is None or row.assignment.to >= period.since)
    ]
    return max(mine)[1] if mine else None
