"""
The act: each locked period is computed again on the facts known now, and its differences are proposed.

Nothing locked is edited. What is due so far minus what has been posted so far (earlier
corrections included) is proposed as an adjustment in the open period, linked to the payout and
line, or pool, it corrects. A second person decides. Asked twice, it proposes nothing new.
Rule: docs/reference/formulas.md, "Corrections".
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from kamcomp.audit.context import act
from kamcomp.calendar.models import Period
from kamcomp.identity.models import User
from kamcomp.identity.selectors import role_check
from kamcomp.refusal import Refusal
from payouts.choices import RunStatus
from payouts.models import Run
from payouts.selectors.adjustments import open_period
from payouts.selectors.recalculation import Recalculation, run_versions
from payouts.selectors.rederived import Kept
from payouts.selectors.run_needs import run_needs
from payouts.selectors.variable_paid import variable_paid
from payouts.services.adjustments import PROPOSERS
from payouts.services.late_facts.found import LateFacts
from payouts.services.late_facts.payouts import payouts_corrected
from payouts.services.late_facts.pools import pools_corrected
from payouts.services.runs import database_clock
from scorecards.services import results_compute

YEARS_BACK = 1
"""Locked periods of the open period's fiscal year and of so many before it are computed again."""


class NotTheOpenPeriod(Refusal):
    """Corrections go to the calendar's open period, and to no other."""


@act
def late_facts(*, period: Period, by: User, at: datetime) -> LateFacts:
    """
    Propose in the open `period` what late facts of locked periods changed, payout by payout and pool by pool.

    A pool that should have been larger adds to the account's pool of the open period; one
    that should have been smaller is borne by the company, unless its plan says otherwise; so is
    what was paid too much longer ago than a plan's clawback looks back, unless the next run would
    settle it. Earlier corrections are taken back whenever they prove wrong.

    :raises NotTheOpenPeriod: if `period` is not where corrections go.
    :raises PeriodUnderReview: if its run has been reviewed already.
    """
    role_check(user=by, roles=PROPOSERS, on=at.date(), act="Correcting late facts")
    open_now = open_period(calendar=period.calendar)
    if open_now.pk != period.pk:
        raise NotTheOpenPeriod(
            "Corrections of %(calendar)s go to %(open_now)s, not to %(period)s.",
            calendar=period.calendar,
            open_now=open_now,
            period=period,
        )
    again, found = Recalculation(known_at=database_clock()), LateFacts(period=period)
    for run in _locked_runs(period=period):
        results_compute(
            period=run.period,
            needed=run_needs(period=run.period),
            by=by,
            at=again.known_at,
            variable_paid=variable_paid(period=run.period, known_at=again.known_at),
        )
        kept: dict[UUID, Sequence[Kept]] = {}
        for version in run_versions(run=run):
            kept[version.pk], people = again.version_again(run=run, version=version)
            payouts_corrected(found, run=run, version=version, people=list(people), by=by, at=at)
        pools_corrected(found, run=run, kept=kept, known_at=again.known_at, by=by, at=at)
    found.notes += again.problems
    return found


def _locked_runs(*, period: Period) -> list[Run]:
    runs = Run.objects.filter(
        calendar_id=period.calendar_id,
        is_current=True,
        status=RunStatus.LOCKED,
        period__days__startswith__lt=period.days.lower,
        period__fiscal_year__gte=period.fiscal_year - YEARS_BACK,
    )
    return list(runs.select_related("period__calendar", "calendar").order_by("period__days"))
