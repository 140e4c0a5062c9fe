"""
The compensation cost of sales of a locked period: only the payouts know what was paid.

A period's run cannot read it, since its own payouts are part of it; it is measured when the
period is locked, and nobody is paid on it. Rule: docs/reference/metrics.md, "M27".
"""

from __future__ import annotations

from datetime import datetime

from kamcomp.audit.context import act
from kamcomp.calendar.models import Period
from kamcomp.identity.models import User
from payouts.selectors.variable_paid import variable_paid
from scorecards.selectors.needs import team_pay_needs
from scorecards.services.results import ResultsComputed, results_compute


@act
def team_costs_measure(*, period: Period, by: User, known_at: datetime) -> ResultsComputed:
    """
    Measure what each account's team cost in a locked period and in its year so far.

    :raises ResultsNewer: if results of the period were computed after `known_at`.
    """
    return results_compute(
        period=period,
        needed=team_pay_needs(period=period),
        by=by,
        at=known_at,
        variable_paid=variable_paid(period=period, known_at=known_at),
    )
