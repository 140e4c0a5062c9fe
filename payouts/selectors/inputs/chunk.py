"""The inputs of one chunk: who is in it, what they are promised, what was achieved, what they bring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import numpy as np

from kamcomp.calendar.models import Period
from kamcomp.columns import RowState, as_column
from kamcomp.sentences import Sentence
from payouts.engine.kept import in_order
from payouts.selectors.inputs.balances import opening_balances
from payouts.selectors.inputs.carried import with_carried
from payouts.selectors.inputs.credit_columns import credit_columns
from payouts.selectors.inputs.credits import credited
from payouts.selectors.inputs.judged import milestone_columns, rating_columns
from payouts.selectors.inputs.people import people_facts, stint_spans
from payouts.selectors.inputs.reach import Reach, version_reach
from payouts.selectors.inputs.reads import PlanReads, plan_of, plan_reads
from payouts.selectors.inputs.results import company_node, measured, result_columns
from payouts.selectors.inputs.rows import (
    Chosen,
    Conversion,
    InputProblem,
    Problems,
    StintRow,
    plan_rates,
    stint_rows,
)
from plans.engine.conventions import Window
from plans.engine.inputs import Inputs, Stated, rows_of, without_rows
from plans.engine.plan import Plan
from plans.models import PlanVersion

ZERO = Decimal(0)
FINAL, MISSING = int(RowState.FINAL), int(RowState.MISSING)


@dataclass(frozen=True)
class ChunkInputs:
    """
    The engine's inputs of a chunk, and what its rows are called in the tables.

    `people` maps employee ids to person ids (of those with problems too), `accounts` the
    codes of stints' accounts to account ids; ids are text.
    """

    plan: Plan
    inputs: Inputs
    problems: tuple[InputProblem, ...]
    people: dict[str, str]
    accounts: dict[str, str]


def chunk_inputs(
    *, version: PlanVersion, period: Period, assignments: Chosen, known_at: datetime
) -> ChunkInputs:
    """
    Return the inputs of a chunk's assignments on facts known at an instant.

    A dozen set-based queries at most, whatever the number of people. Somebody none of whose
    assignments falls into the period is a payee without a stint. People whose inputs
    cannot be made are left out and named in `problems`.

    :raises FiscalYearIncomplete: if a fiscal year the plan reads lacks periods.
    """
    plan = plan_of(version.document)
    reads, reach, problems = plan_reads(plan), version_reach(version=version, period=period), Problems()
    stints, gone = stint_rows(assignments=assignments, reach=reach, period=period)
    facts = people_facts(stints=stints, reads=reads, since=reach.since, until=reach.until)
    company = company_node(reads=reads, on=period.days.lower)
    found = measured(
        stints=stints, reads=reads, period=period, company=company, known_at=known_at,
        days=_measured_days(reads, reach), years_since=reach.calendar.years[0].periods[0].since,
    )  # fmt: skip
    deals = credited(stints=stints, reads=reads, reach=reach, known_at=known_at, problems=problems)
    rates = plan_rates(
        currencies=facts.currencies | found.currencies | deals.currencies,
        plan_currency=plan.currency, on=period.days.lower, known_at=known_at,
    )  # fmt: skip
    conversion = Conversion(currency=plan.currency, rates=rates, stints=stints, problems=problems)
    results = result_columns(reads=reads, found=found, reach=reach, company=company, conversion=conversion)
    spans = stint_spans(stints=stints, facts=facts, reads=reads, conversion=conversion)
    credits = credit_columns(credited=deals, reach=reach, conversion=conversion)
    people = {stint.employee_id: stint.person_id for stint in stints} | gone
    balances = opening_balances(people=list(people.values()), version=version, period=period)
    place = {employee: number for number, employee in enumerate(people)}
    inputs = Inputs(
        calendar=reach.calendar,
        stints=tuple(stint.name for stint in stints),
        payees=tuple(people),
        payee=np.array([place[stint.employee_id] for stint in stints], dtype=np.int64),
        spans=spans,
        parameters=parameter_columns(stints=stints, problems=problems) | rate_columns(conversion=conversion),
        results=with_carried(
            results=results, stints=stints, reads=reads, period=period, company=company, known_at=known_at
        ),
        ratings=rating_columns(stints=stints, reads=reads, period=period, known_at=known_at),
        milestones=milestone_columns(stints=stints, reads=reads, known_at=known_at),
        credits=credits,
        balances=balances,
    )
    accounts = {stint.account_code: stint.account_id for stint in stints if stint.account_id is not None}
    sound = in_order(_without(inputs, problems.people))
    return ChunkInputs(plan, sound, tuple(problems.found.values()), people, accounts)


def _measured_days(reads: PlanReads, reach: Reach) -> tuple[date, date]:
    """Return the days that all windows of a plan's results together lie on."""
    found = [reach.key_days(read.key, years=reads.years) for read in reads.keys]
    days = [each for each in found if each is not None] or [reach.window_days(Window.PERIOD, years=1)]
    return min(since for since, _until in days), max(until for _since, until in days)


def parameter_columns(*, stints: Sequence[StintRow], problems: Problems) -> dict[str, Stated]:
    """Return the personal parameters of assignments as columns; one that is no decimal is a problem."""
    names = sorted({name for stint in stints for name in stint.parameters})
    return {name: _parameter(name, stints, problems) for name in names}


def rate_columns(*, conversion: Conversion) -> dict[str, Stated]:
    """Return the rates that stints' figures were converted at, as parameters of those stints."""
    size = len(conversion.stints)
    return {
        name: Stated(
            value=as_column([used.get(row, ZERO) for row in range(size)]),
            state=np.array([FINAL if row in used else MISSING for row in range(size)], dtype=np.int8),
        )
        for name, used in conversion.parameters().items()
    }


def _parameter(name: str, stints: Sequence[StintRow], problems: Problems) -> Stated:
    values, states = [], []
    for stint in stints:
        given = stint.parameters.get(name)
        value = _decimal(given)
        if given is not None and value is None:
            problems.note(
                employee_id=stint.employee_id,
                code="parameter_unreadable",
                message=Sentence(
                    "The assignment of %(employee_id)s says %(name)s = %(given)s: write a decimal as a string.",
                    employee_id=stint.employee_id,
                    name=name,
                    given=repr(given),
                ),
            )
        values.append(ZERO if value is None else value)
        states.append(MISSING if value is None else FINAL)
    return Stated(value=as_column(values), state=np.array(states, dtype=np.int8))


def _decimal(given: object) -> Decimal | None:
    if isinstance(given, bool) or not isinstance(given, str | int):
        return None
    text = str(given)
    whole, _point, part = text.removeprefix("-").partition(".")
    digits = whole.isascii() and whole.isdigit() and (not _point or (part.isascii() and part.isdigit()))
    return Decimal(text) if digits else None


def _without(inputs: Inputs, employee_ids: set[str]) -> Inputs:
    if not employee_ids:
        return inputs
    kept = [row for row in range(inputs.size) if inputs.payees[inputs.payee[row]] not in employee_ids]
    gone = np.flatnonzero(without_rows(inputs)).tolist()
    return rows_of(inputs, np.array(kept, dtype=np.int64), payees_too=gone)
