"""
The engine's side of the oracle: drawn facts become the engine's inputs, its columns become answers.

Only the product's public entry points are used: reading a plan document, the input
records, and `evaluate`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import numpy as np

from kamcomp.columns import EXACT, RowState, as_column
from payouts.engine.evaluation import Outcome, evaluate
from plans.engine.document import plan_from_document
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
)
from tests.oracle.facts import Figure, Result, Sheet, Stint

STATE = {
    "final": RowState.FINAL,
    "missing": RowState.MISSING,
    "insufficient": RowState.INSUFFICIENT_SAMPLE,
}


def outcome(document: dict[str, Any], sheet: Sheet) -> Outcome:
    """Return what the engine pays the sheet's payees under a drawn plan."""
    return evaluate(plan=plan_from_document(document), inputs=inputs(sheet), numbers=EXACT)


def figures(outcome: Outcome, place: int, *, digits: int) -> tuple[int, ...] | None:
    """Return a payee's amounts and closing balances in minor units; None where the engine refuses."""
    if outcome.blocked[place]:
        return None
    closing = outcome.closing
    columns = (
        outcome.due,
        outcome.payout,
        closing.carried,
        closing.excess,
        outcome.payable,
        closing.bank,
        closing.draw,
        closing.recoverable,
    )
    return tuple(int(column[place].scaleb(digits)) for column in columns)


def inputs(sheet: Sheet) -> Inputs:
    """Return the sheet as the engine's columns."""
    stints = [stint for payee in sheet.payees for stint in payee.stints]
    owner = [number for number, payee in enumerate(sheet.payees) for _ in payee.stints]
    return Inputs(
        calendar=_calendar(sheet),
        stints=tuple(stint.key for stint in stints),
        payees=tuple(payee.key for payee in sheet.payees),
        payee=np.array(owner, dtype=np.int64),
        spans=_spans(stints),
        parameters={
            name: _stated([stint.parameters.get(name) for stint in stints])
            for name in sorted({name for stint in stints for name in stint.parameters})
        },
        results={ResultKey(*name): _results(stints, name) for name in stints[0].results},
        ratings={key: _stated([stint.ratings[key] for stint in stints]) for key in stints[0].ratings},
        milestones={
            code: _stages([stint.milestones[code] for stint in stints]) for code in stints[0].milestones
        },
        credits=_credits(stints),
        balances=Balances(
            posted=_figures([payee.posted for payee in sheet.payees]),
            carried=_figures([payee.carried for payee in sheet.payees]),
            excess=_figures([payee.excess for payee in sheet.payees]),
            bank=_figures([payee.bank for payee in sheet.payees]),
            draw=_figures([payee.draw for payee in sheet.payees]),
            recoverable=_figures([payee.recoverable for payee in sheet.payees]),
        ),
    )


def _calendar(sheet: Sheet) -> Calendar:
    years = tuple(
        Year(
            name=f"Y{year}",
            periods=tuple(Period(f"Y{year}-{n}", since, until) for n, (since, until) in enumerate(periods)),
        )
        for year, periods in enumerate(sheet.years)
    )
    return Calendar(years=years, year=sheet.year, period=sheet.period, holidays=sheet.holidays)


def _figures(figures: Sequence[Figure]) -> Any:
    return as_column([figure.decimal for figure in figures])


def _stated(figures: Sequence[Figure | None]) -> Stated:
    return Stated(
        value=as_column([Figure(0).decimal if figure is None else figure.decimal for figure in figures]),
        state=np.array(
            [RowState.MISSING if figure is None else RowState.FINAL for figure in figures], dtype=np.int8
        ),
    )


def _stages(reached: Sequence[int | None]) -> Stated:
    return _stated([None if stage is None else Figure(stage) for stage in reached])


def _spans(stints: Sequence[Stint]) -> Spans:
    rows = [(row, span) for row, stint in enumerate(stints) for span in stint.spans]

    def figures(read: Callable[[Any], Figure]) -> Any:
        return _figures([read(span) for _, span in rows])

    def days(read: Callable[[Any], date]) -> Any:
        return np.array([read(span).toordinal() for _, span in rows], dtype=np.int64)

    return Spans(
        row=np.array([row for row, _ in rows], dtype=np.int64),
        since=days(lambda span: span.since),
        until=days(lambda span: span.until),
        target_incentive=figures(lambda span: span.target_incentive),
        base_salary=figures(lambda span: span.base_salary),
        fte=figures(lambda span: span.fte),
        dedication=figures(lambda span: span.dedication),
        on_leave=np.array([span.on_leave for _, span in rows], dtype=bool),
    )


def _results(stints: Sequence[Stint], name: tuple[str, str, str, str]) -> Results:
    subjects: dict[int, tuple[int, Result]] = {}
    index = []
    for stint in stints:
        result = stint.results[name]
        place, _ = subjects.setdefault(id(result), (len(subjects), result))
        index.append(place)
    results = [result for _, result in subjects.values()]
    return Results(
        subjects=tuple(str(number) for number in range(len(results))),
        index=np.array(index, dtype=np.int64),
        numerator=_figures([result.numerator for result in results]),
        denominator=_denominators(results),
        state=np.array([STATE[result.state] for result in results], dtype=np.int8),
        target=_stated([result.target for result in results]),
        carried=_stated([result.carried for result in results]),
    )


def _denominators(results: Sequence[Result]) -> Any:
    """Return a column of denominators, 1 where a result is no ratio; none where no result is one."""
    if all(result.denominator is None for result in results):
        return None
    return _figures([result.denominator or Figure(1) for result in results])


def _credits(stints: Sequence[Stint]) -> Credits:
    rows = [(row, credit) for row, stint in enumerate(stints) for credit in stint.credits]
    if not rows:
        return Credits()
    bases, events = rows[0][1].bases, rows[0][1].earned
    return Credits(
        ids=tuple(f"{number:06d}" for number in range(len(rows))),
        row=np.array([row for row, _ in rows], dtype=np.int64),
        product=tuple(credit.product for _, credit in rows),
        category=tuple(credit.category for _, credit in rows),
        deal_kind=tuple(credit.deal_kind for _, credit in rows),
        credit_type=tuple(credit.credit_type for _, credit in rows),
        in_period=np.array([credit.in_period for _, credit in rows], dtype=bool),
        share=_figures([credit.share for _, credit in rows]),
        units=_figures([credit.units for _, credit in rows]),
        bases={name: _stated([credit.bases[name] for _, credit in rows]) for name in bases},
        earned={event: _stated([credit.earned[event] for _, credit in rows]) for event in events},
    )
