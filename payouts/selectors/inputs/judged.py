"""
Ratings of objectives and stages of opportunities, by stint.

An item of an objectives leaf names an objective by its code; a plan that serves many
accounts or people says a short code, and the objective's own code then begins with the
account's code or the employee id and a slash (`ACME/GROWTH`). The most specific counts:
the person's, then the account's, then the code by itself. Milestones find their
opportunity in the same way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

import numpy as np

from kamcomp.calendar.models import Period
from kamcomp.columns import RowState, as_column
from payouts.selectors.inputs.reads import PlanReads
from payouts.selectors.inputs.rows import StintRow
from plans.engine.inputs import Stated
from scorecards.models import ObjectiveRating, Opportunity

ZERO = Decimal(0)
FINAL, MISSING = int(RowState.FINAL), int(RowState.MISSING)


def rating_columns(
    *, stints: Sequence[StintRow], reads: PlanReads, period: Period, known_at: datetime
) -> dict[tuple[str, str], Stated]:
    """Return the ratings of a period, by leaf and item; a stint without one is missing."""
    codes = {
        code
        for _leaf, item in reads.ratings
        for stint in stints
        for code in named_codes(stint=stint, code=item)
    }
    if not codes:
        return {}
    rows = ObjectiveRating.objects.known_at(known_at).filter(period=period, objective__code__in=codes)
    known = dict(rows.values_list("objective__code", "rating"))
    return {(leaf, item): _stated(stints, item, known) for leaf, item in reads.ratings}


def milestone_columns(
    *, stints: Sequence[StintRow], reads: PlanReads, known_at: datetime
) -> dict[str, Stated]:
    """Return the stage each milestone has reached, by leaf; a stint without its opportunity is missing."""
    codes = {
        code
        for _leaf, name in reads.milestones
        for stint in stints
        for code in named_codes(stint=stint, code=name)
    }
    if not codes:
        return {}
    rows = Opportunity.objects.known_at(known_at).filter(opportunity_id__in=codes)
    known = {code: Decimal(stage) for code, stage in rows.values_list("opportunity_id", "stage")}
    return {leaf: _stated(stints, name, known) for leaf, name in reads.milestones}


def named_codes(*, stint: StintRow, code: str) -> tuple[str, ...]:
    """Return under which codes something of a stint may be stored, the most specific first."""
    return f"{stint.employee_id}/{code}", f"{stint.account_code}/{code}", code


def _stated(stints: Sequence[StintRow], code: str, known: Mapping[str, Decimal]) -> Stated:
    found = [
        next((known[each] for each in named_codes(stint=stint, code=code) if each in known), None)
        for stint in stints
    ]
    return Stated(
        value=as_column([ZERO if value is None else value for value in found]),
        state=np.array([MISSING if value is None else FINAL for value in found], dtype=np.int8),
    )
