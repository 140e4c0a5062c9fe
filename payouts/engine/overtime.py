"""
Overtime owed on a bonus (United States): the extra half of the bonus' hourly part.

A promised bonus of an overtime-eligible person counts into the regular rate of the
weeks it was earned in, so past overtime hours are owed half of that rate again. How a
quarter's bonus falls on its weeks is a setting with two readings. The rules are written
down in docs/reference/formulas.md, "Overtime on a bonus".
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from kamcomp import money
from kamcomp.refusal import Refusal, Sentence
from kamcomp.trace import NO_TRACE, Trace

ZERO = Decimal(0)
EQUAL_WEEKS, HOURS_WORKED = "equal_weeks", "hours_worked"
METHODS = (EQUAL_WEEKS, HOURS_WORKED)
WEEKLY_HOURS = Decimal(40)
HALF = Decimal("0.5")


class OvertimeMethodUnknown(Refusal):
    """The way a bonus is spread over weeks is not one of the readings."""


class HoursMissing(Refusal):
    """The weeks of a bonus period, or their hours, are not there."""


@money.exactly
def overtime_true_up(
    *,
    bonus: Decimal,
    weekly_hours: Sequence[Decimal],
    method: str,
    currency: str,
    threshold: Decimal = WEEKLY_HOURS,
    premium: Decimal = HALF,
    trace: Trace = NO_TRACE,
) -> Decimal:
    """
    Return the overtime owed on a bonus that was earned over several weeks.

    `equal_weeks`: each week carries an equal part of the bonus; its rate is that part
    over the week's hours, and each hour over the threshold is owed the premium of it.
    `hours_worked`: one rate, the bonus over all hours; every hour over a week's
    threshold is owed the premium of it.

    Shape: the hours worked of every week of the period; a week of no hours carries its
    part and owes nothing. Units: money in `currency`, settled; hours; `premium` is a ratio.
    Source: docs/reference/formulas.md, "Overtime on a bonus".

    :raises OvertimeMethodUnknown: if the method is neither.
    :raises HoursMissing: if there are no weeks, no hours at all, or hours below zero.
    """
    if method not in METHODS:
        raise OvertimeMethodUnknown(
            "The overtime method is '%(method)s': it takes %(methods)s.",
            method=method,
            methods=" or ".join(METHODS),
        )
    if not weekly_hours or min(weekly_hours) < ZERO or not sum(weekly_hours, ZERO):
        raise HoursMissing(
            "The hours of every week of the bonus period are needed, zero or more, some above zero."
        )
    over = [max(hours - threshold, ZERO) for hours in weekly_hours]
    trace.step("bonus", bonus, unit=currency)
    trace.step(
        "overtime hours",
        sum(over, ZERO),
        unit="hours",
        because=lambda: Sentence("above %(threshold)s a week", threshold=threshold),
    )
    if method == HOURS_WORKED:
        owed = bonus * sum(over, ZERO) * premium / sum(weekly_hours, ZERO)
    else:
        weeks = len(weekly_hours)
        owed = sum(
            (
                bonus * extra * premium / (hours * weeks)
                for hours, extra in zip(weekly_hours, over, strict=True)
                if hours
            ),
            ZERO,
        )
    settled = money.settle(owed, currency=currency)
    trace.step("overtime owed", settled, unit=currency, because=method, inputs=("bonus", "overtime hours"))
    return settled
