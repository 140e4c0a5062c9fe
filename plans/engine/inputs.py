"""
What a plan is computed from: frozen columns, one row a stint.

A stint is one person's assignment to one plan within the period; a person who changed
jobs has two, and is still settled once. Selectors fill these columns from stored facts,
the calculator from a case document, and the kept inputs of a run are exactly these.
Results of a team are stored once per team, with an index per row. Pure.
Rule: docs/reference/formulas.md, "Inputs".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from kamcomp.columns import Column, Mask, as_column
from plans.engine.conventions import Window
from scorecards.engine.windows import Rolling, rolling_of

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Period:
    """Days of one pay period, half-open, and the name people know it by."""

    name: str
    since: date
    until: date

    @property
    def days(self) -> int:
        return (self.until - self.since).days


@dataclass(frozen=True)
class Year:
    """A fiscal year and its periods, in order, without gaps."""

    name: str
    periods: tuple[Period, ...]

    @property
    def days(self) -> int:
        return sum(period.days for period in self.periods)


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """The fiscal years a plan runs over, and the period that is being paid."""

    years: tuple[Year, ...]
    year: int
    period: int
    holidays: tuple[date, ...] = ()

    @property
    def current(self) -> Period:
        return self.years[self.year].periods[self.period]

    @property
    def is_year_end(self) -> bool:
        return self.period == len(self.years[self.year].periods) - 1

    def window(self, window: Window, *, years: int = 1) -> tuple[tuple[Year, Period], ...]:
        """
        Return the periods of a window, each with its year: the period itself, the year up to
        and including it, the whole year, or the first `years` years of the calendar.
        """
        year = self.years[self.year]
        if window is Window.MULTI_YEAR:
            return tuple((each, period) for each in self.years[:years] for period in each.periods)
        chosen = {
            Window.PERIOD: (self.current,),
            Window.YEAR_TO_DATE: year.periods[: self.period + 1],
            Window.YEAR: year.periods,
        }[window]
        return tuple((year, period) for period in chosen)

    def rolling(self, rolling: Rolling) -> tuple[tuple[Year, Period], ...]:
        """
        Return the periods of a rolling window, the current one last, each with its year.

        None where the calendar has fewer than it names, unless fewer will do.
        """
        earlier = [(year, period) for year in self.years[: self.year] for period in year.periods]
        year = self.years[self.year]
        known = [*earlier, *((year, period) for period in year.periods[: self.period + 1])]
        if len(known) < rolling.periods and not rolling.or_fewer:
            return ()
        return tuple(known[-rolling.periods :])

    def ends(self, *, years: int) -> bool:
        """Tell whether the current period is the last of the calendar's first `years` years."""
        return self.year == years - 1 and self.is_year_end


class ResultKey(NamedTuple):
    """Which result: the metric, the window's word, whose level, and the segment ("" for the whole)."""

    metric: str
    window: str
    level: str
    segment: str

    @property
    def rolling(self) -> Rolling | None:
        """Return the rolling window of the result; None where its window is another."""
        return rolling_of(word=self.window)


@dataclass(frozen=True, kw_only=True)
class Stated:
    """Values with a state each; only rows whose state is FINAL hold a value."""

    value: Column
    state: npt.NDArray[np.int8]


@dataclass(frozen=True, kw_only=True)
class Results:
    """
    Results of m subjects, and which subject each row reads (-1: none).

    The actual is `numerator`, over `denominator` where the metric is a ratio. `carried` is
    the last known reading (attainment or value, whichever the node reads), for the policy
    carry. `target` is stated apart, since a metric read as a value needs none.
    """

    subjects: tuple[str, ...]
    index: Ints
    numerator: Column
    denominator: Column | None = None
    state: npt.NDArray[np.int8]
    target: Stated | None = None
    carried: Stated | None = None


@dataclass(frozen=True, kw_only=True)
class Spans:
    """
    Stretches of days on which a stint's pay facts are constant, as columns of s rows.

    `row` is the stint, `since` and `until` are day numbers (date.toordinal), half-open.
    Money is per year; `fte` and `dedication` are ratios; on leave the person is not present.
    """

    row: Ints
    since: Ints
    until: Ints
    target_incentive: Column
    base_salary: Column
    fte: Column
    dedication: Column
    on_leave: Mask


DEAL_DAY = "deal"
"""Beside the events: 1 on the row of a deal's own day, 0 where only an event reached it."""


@dataclass(frozen=True, kw_only=True)
class Credits:
    """
    Credited deals, as columns of c rows in the order of their ids.

    `row` is the stint credited, `share` its part of the deal; `bases` holds each amount of
    the deal (revenue, margin, collected, contract_value) in plan currency, `units` a count;
    `earned` holds, by event, the part of the deal that the event has reached; `in_period`
    tells this period's from those earlier in the year. Where a deal stands in several rows,
    one for each period in which an event reached it, `earned` holds under `DEAL_DAY` which
    of them is the deal's own: what is earned by no event counts there, once.
    """

    ids: tuple[str, ...] = ()
    row: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    product: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    deal_kind: tuple[str, ...] = ()
    credit_type: tuple[str, ...] = ()
    in_period: Mask = field(default_factory=lambda: np.zeros(0, dtype=bool))
    share: Column = field(default_factory=lambda: as_column([]))
    units: Column = field(default_factory=lambda: as_column([]))
    bases: Mapping[str, Stated] = field(default_factory=dict)
    earned: Mapping[str, Stated] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Balances:
    """
    What each payee brings into the period, as columns of p rows in plan currency.

    `posted`: recognised so far this year by nodes that accumulate; `carried`: a negative
    amount (zero or less) still to be worked off; `excess`: money above a payout cap, where
    the plan carries it; `bank`: the deferral bank; `draw`: the recoverable draw balance;
    `recoverable`: clawback still to be taken. `held` has a row a payee and a column a period
    ahead: what was held back and is released in this period, the next, and so on.
    """

    posted: Column
    carried: Column
    excess: Column
    bank: Column
    draw: Column
    recoverable: Column
    held: Column = field(default_factory=lambda: np.zeros((0, 0), dtype=object))

    def __post_init__(self) -> None:
        if len(self.held) != len(self.posted):
            object.__setattr__(self, "held", np.zeros((len(self.posted), 0), dtype=object))

    def held_named(self, place: int) -> dict[str, Decimal]:
        """Return what is still held of a payee as named amounts: `held_1` is released first."""
        return {f"held_{number}": amount for number, amount in enumerate(self.held[place], start=1)}


def held_columns(payees: Sequence[Mapping[str, Decimal]]) -> Column:
    """Return the rows of `Balances.held` from named amounts of each payee, filled up with zeros."""
    ahead = [name for named in payees for name in named if name.startswith("held_")]
    width = max((int(name.removeprefix("held_")) for name in ahead), default=0)
    rows = [[named.get(f"held_{n}", Decimal(0)) for n in range(1, width + 1)] for named in payees]
    return np.array(rows, dtype=object).reshape(len(payees), width)


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Everything a plan's payouts of one period are computed from."""

    calendar: Calendar
    stints: tuple[str, ...]
    payees: tuple[str, ...]
    payee: Ints
    spans: Spans
    parameters: Mapping[str, Stated] = field(default_factory=dict)
    results: Mapping[ResultKey, Results] = field(default_factory=dict)
    ratings: Mapping[tuple[str, str], Stated] = field(default_factory=dict)
    milestones: Mapping[str, Stated] = field(default_factory=dict)
    credits: Credits = Credits()
    balances: Balances

    @property
    def size(self) -> int:
        return len(self.stints)


def rows_of(inputs: Inputs, rows: Ints, *, payees_too: Iterable[int] = ()) -> Inputs:
    """
    Return the inputs of some rows only, with the payees, subjects, spans and credits they use.

    `payees_too` are places of payees who are kept without a row: somebody who left has none.
    """
    taken = np.asarray(rows, dtype=np.int64)
    payees = sorted({int(inputs.payee[row]) for row in taken} | set(payees_too))
    place = {payee: i for i, payee in enumerate(payees)}
    return Inputs(
        calendar=inputs.calendar,
        stints=tuple(inputs.stints[row] for row in taken),
        payees=tuple(inputs.payees[payee] for payee in payees),
        payee=np.array([place[int(inputs.payee[row])] for row in taken], dtype=np.int64),
        spans=_spans_of(inputs.spans, taken),
        parameters={name: _stated_of(stated, taken) for name, stated in inputs.parameters.items()},
        results={key: _results_of(results, taken) for key, results in inputs.results.items()},
        ratings={key: _stated_of(stated, taken) for key, stated in inputs.ratings.items()},
        milestones={code: _stated_of(stated, taken) for code, stated in inputs.milestones.items()},
        credits=_credits_of(inputs.credits, taken),
        balances=Balances(**{name: column[payees] for name, column in vars(inputs.balances).items()}),
    )


def by_payee(inputs: Inputs) -> Inputs:
    """
    Return the same inputs with the rows of each payee side by side, payee after payee.

    A payee's own rows keep their order, so that nothing that is computed of them changes. Where
    everybody has one row, rows and payees are then in the same places, and need not be gathered.
    """
    if (np.diff(inputs.payee) >= 0).all():
        return inputs
    order = np.argsort(inputs.payee, kind="stable")
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    moved = place[inputs.spans.row]
    spans = np.argsort(moved, kind="stable")
    columns: dict[str, Any] = {
        name: each[spans] for name, each in vars(inputs.spans).items() if name != "row"
    }
    return replace(
        inputs,
        stints=tuple(map(inputs.stints.__getitem__, order.tolist())),
        payee=inputs.payee[order],
        spans=Spans(row=moved[spans], **columns),
        parameters={name: _stated_of(stated, order) for name, stated in inputs.parameters.items()},
        results={key: replace(each, index=each.index[order]) for key, each in inputs.results.items()},
        ratings={key: _stated_of(stated, order) for key, stated in inputs.ratings.items()},
        milestones={code: _stated_of(stated, order) for code, stated in inputs.milestones.items()},
        credits=replace(inputs.credits, row=place[inputs.credits.row]),
    )


def payee_rows(inputs: Inputs, payee: str) -> Ints:
    """Return the row numbers of one payee, in order."""
    return np.flatnonzero(inputs.payee == inputs.payees.index(payee))


def payee_inputs(inputs: Inputs, payee: str) -> Inputs:
    """Return the inputs of one payee only, who may have no row."""
    return rows_of(inputs, payee_rows(inputs, payee), payees_too=(inputs.payees.index(payee),))


def without_rows(inputs: Inputs) -> Mask:
    """Return which payees have no row: they left, and are only paid what waits for them."""
    return np.bincount(inputs.payee, minlength=len(inputs.payees)) == 0


def _stated_of(stated: Stated, rows: Ints) -> Stated:
    return Stated(value=stated.value[rows], state=stated.state[rows])


def _new_rows(old: Ints, rows: Ints) -> tuple[Ints, Ints]:
    """Return which entries belong to the rows, and the new row number of each."""
    place = {int(row): i for i, row in enumerate(rows)}
    kept = np.flatnonzero(np.isin(old, rows))
    return kept, np.array([place[int(old[i])] for i in kept], dtype=np.int64)


def _spans_of(spans: Spans, rows: Ints) -> Spans:
    kept, row = _new_rows(spans.row, rows)
    columns: dict[str, Any] = {name: column[kept] for name, column in vars(spans).items() if name != "row"}
    return Spans(row=row, **columns)


def _results_of(results: Results, rows: Ints) -> Results:
    index = results.index[rows]
    subjects = sorted({int(i) for i in index if i >= 0})
    place = {subject: i for i, subject in enumerate(subjects)} | {-1: -1}
    return Results(
        subjects=tuple(results.subjects[i] for i in subjects),
        index=np.array([place[int(i)] for i in index], dtype=np.int64),
        numerator=results.numerator[subjects],
        denominator=None if results.denominator is None else results.denominator[subjects],
        state=results.state[subjects],
        target=None
        if results.target is None
        else _stated_of(results.target, np.array(subjects, dtype=np.int64)),
        carried=None
        if results.carried is None
        else _stated_of(results.carried, np.array(subjects, dtype=np.int64)),
    )


def _credits_of(credits: Credits, rows: Ints) -> Credits:
    kept, row = _new_rows(credits.row, rows)
    return Credits(
        ids=tuple(credits.ids[i] for i in kept),
        row=row,
        product=tuple(credits.product[i] for i in kept),
        category=tuple(credits.category[i] for i in kept),
        deal_kind=tuple(credits.deal_kind[i] for i in kept),
        credit_type=tuple(credits.credit_type[i] for i in kept),
        in_period=credits.in_period[kept],
        share=credits.share[kept],
        units=credits.units[kept],
        bases={name: _stated_of(stated, kept) for name, stated in credits.bases.items()},
        earned={name: _stated_of(stated, kept) for name, stated in credits.earned.items()},
    )
