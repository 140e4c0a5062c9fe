"""
Credited lines as flat columns, a row for each stint and period that a deal falls to.

A credit belongs to the stint that held on the day: one on the account in whose tree the
deal lies, else one on no account. An invoice line is booked and invoiced in full on its
day, one row; where a plan earns commission on events, a deal has a row for each period in
which one reached it, and the stint is that of the event's day.
Rule: docs/reference/formulas.md, "When a deal is earned".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np

from kamcomp.columns import RowState, as_column
from kamcomp.money import CONTEXT
from payouts.selectors.inputs.credits import CreditedLine, CreditedLines
from payouts.selectors.inputs.earned import Earnings, Happening
from payouts.selectors.inputs.reach import Reach
from payouts.selectors.inputs.rows import Conversion, StintRow
from plans.engine.conventions import CreditBase, EarningEvent
from plans.engine.inputs import DEAL_DAY, Credits, Period, Stated

ZERO, ONE = Decimal(0), Decimal(1)
FINAL, MISSING = int(RowState.FINAL), int(RowState.MISSING)
INVOICED = {str(EarningEvent.BOOKING): ONE, str(EarningEvent.INVOICE): ONE}
Figures = Sequence[Decimal | None]


@dataclass(frozen=True)
class Part:
    """
    What of a credited line falls to a stint (`place`) in a period.

    `earned` says how far each event came; None where nobody can know.
    """

    id: str
    place: int
    line: CreditedLine
    in_period: bool
    earned: Mapping[str, Decimal | None]


def credit_columns(*, credited: CreditedLines, reach: Reach, conversion: Conversion) -> Credits:
    """Return the credits as columns, money in plan currency; a line without a rate to it is left out."""
    parts, revenue = [], []
    for part in _parts(credited, reach, conversion.stints):
        amount = _money(conversion, part.line.deal.revenue, part)
        if amount is not None:
            parts.append(part)
            revenue.append(amount)
    bases: dict[str, Figures] = {
        str(CreditBase.REVENUE): revenue,
        str(CreditBase.MARGIN): _margins(parts, revenue, conversion),
    }
    if CreditBase.COLLECTED in credited.bases:
        bases[str(CreditBase.COLLECTED)] = _collected(parts, revenue)
    if credited.earnings is not None and CreditBase.CONTRACT_VALUE in credited.bases:
        bases[str(CreditBase.CONTRACT_VALUE)] = _contract_values(parts, credited.earnings, conversion)
    return _columns(parts, bases, credited.events or tuple(INVOICED))


def _parts(credited: CreditedLines, reach: Reach, stints: Sequence[StintRow]) -> Iterator[Part]:
    by_person: dict[str, list[int]] = defaultdict(list)
    for place, stint in enumerate(stints if credited.lines else ()):
        by_person[stint.employee_id].append(place)
    periods = [period for year in reach.calendar.years for period in year.periods]
    for line in credited.lines:
        places = by_person.get(line.person, ())
        if credited.earnings is None:
            yield from _on_its_day(line, places, stints, reach.calendar.current)
        else:
            happened = [
                each for each in credited.earnings.happenings(line.deal) if each.event in credited.events
            ]
            for group in _grouped(happened, line, places, stints, periods):
                yield _reached(*group, line=line, credited=credited, current=reach.calendar.current)


def _on_its_day(
    line: CreditedLine, places: Sequence[int], stints: Sequence[StintRow], current: Period
) -> Iterator[Part]:
    day = line.deal.invoiced_on
    if day is not None and (place := _stint_on(day, line, places, stints)) is not None:
        yield Part(line.id, place, line, current.since <= day < current.until, INVOICED)


def _grouped(
    happened: Sequence[Happening],
    line: CreditedLine,
    places: Sequence[int],
    stints: Sequence[StintRow],
    periods: Sequence[Period],
) -> Iterator[tuple[int, Period, list[Happening]]]:
    """Yield what happened to a line by stint and period, in order of the periods."""
    groups: dict[tuple[date, int], tuple[Period, list[Happening]]] = {}
    for each in happened:
        place = _stint_on(each.on, line, places, stints)
        period = next((period for period in periods if period.since <= each.on < period.until), None)
        if place is not None and period is not None:
            groups.setdefault((period.since, place), (period, []))[1].append(each)
    for (_since, place), (period, found) in sorted(groups.items(), key=lambda group: group[0]):
        yield place, period, found


def _reached(
    place: int,
    period: Period,
    happened: Sequence[Happening],
    *,
    line: CreditedLine,
    credited: CreditedLines,
    current: Period,
) -> Part:
    """Return the part of a line that events reached in a period; away from its own day its id says the last of them."""
    assert credited.earnings is not None
    earned: dict[str, Decimal | None] = {}
    for event in credited.events:
        parts = (each.part for each in happened if each.event == event)
        earned[event] = sum(parts, ZERO) if credited.earnings.knows(line.deal, event) else None
    own = any(each.event == DEAL_DAY for each in happened)
    name = line.id if own else f"{line.id}@{max(each.on for each in happened)}"
    return Part(name, place, line, period.since == current.since, earned)


def _stint_on(day: date, line: CreditedLine, places: Sequence[int], stints: Sequence[StintRow]) -> int | None:
    here = [place for place in places if stints[place].since <= day < stints[place].until]
    on_account = [place for place in here if stints[place].node_id in line.nodes]
    on_none = [place for place in here if stints[place].node_id is None]
    return next(iter(on_account or on_none), None)


def _money(
    conversion: Conversion, amount: Decimal, part: Part, *, source: str | None = None
) -> Decimal | None:
    return conversion.of(amount, source=part.line.currency if source is None else source, rows=[part.place])


def _margins(parts: Sequence[Part], revenue: Sequence[Decimal], conversion: Conversion) -> Figures:
    costs = [None if part.line.cost is None else _money(conversion, part.line.cost, part) for part in parts]
    return [
        None if cost is None else CONTEXT.subtract(income, cost)
        for income, cost in zip(revenue, costs, strict=True)
    ]


def _collected(parts: Sequence[Part], revenue: Sequence[Decimal]) -> Figures:
    paid = [part.earned[EarningEvent.PAYMENT] for part in parts]
    return [
        None if share is None else CONTEXT.multiply(income, share)
        for income, share in zip(revenue, paid, strict=True)
    ]


def _contract_values(parts: Sequence[Part], earnings: Earnings, conversion: Conversion) -> Figures:
    values: list[Decimal | None] = []
    for part in parts:
        known = earnings.contract_value(part.line.deal)
        values.append(None if known is None else _money(conversion, known[0], part, source=known[1]))
    return values


def _columns(parts: Sequence[Part], bases: Mapping[str, Figures], events: Sequence[str]) -> Credits:
    lines = [part.line for part in parts]
    return Credits(
        ids=tuple(part.id for part in parts),
        row=np.array([part.place for part in parts], dtype=np.int64),
        product=tuple(line.product for line in lines),
        category=tuple(line.family for line in lines),
        deal_kind=tuple(line.deal_kind for line in lines),
        credit_type=tuple(line.credit_type for line in lines),
        in_period=np.array([part.in_period for part in parts], dtype=bool),
        share=as_column([line.share for line in lines]),
        units=as_column([ZERO if line.quantity is None else line.quantity for line in lines]),
        bases={name: _stated(figures) for name, figures in bases.items()},
        earned={event: _stated([part.earned[event] for part in parts]) for event in events},
    )


def _stated(values: Figures) -> Stated:
    return Stated(
        value=as_column([ZERO if value is None else value for value in values]),
        state=np.array([MISSING if value is None else FINAL for value in values], dtype=np.int8),
    )
