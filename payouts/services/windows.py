"""
Acts on the windows in which pools are allocated: one is moved with a reason, and the clock closes those that passed.

Rule: docs/reference/states.md, "Pool".
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import structlog

from kamcomp.audit.context import act
from kamcomp.calendar.choices import DateKind
from kamcomp.calendar.dates import DateOutOfOrder, check_seen, date_change_keep, period_opened
from kamcomp.calendar.models import DateChange
from kamcomp.identity.models import User
from kamcomp.refusal import Refusal
from payouts.models import Pool
from payouts.services.pools import OPEN, pool_close_late, pools_late

log = structlog.get_logger(__name__)


class NoWindowOpen(Refusal):
    """No pool of the period is being allocated."""


@act
def period_window_move(
    *, period_id: UUID, to: date, seen: date | None, reason: str, by: User, at: datetime
) -> DateChange:
    """
    Move the day on which the windows of a period's open pools close; `seen` is the last one as the mover saw it.

    :raises RoleMissing: if `by` is neither a compensation admin nor finance.
    :raises DateReasonMissing: if there is no reason.
    :raises PeriodIsLocked: if the period is locked.
    :raises NoWindowOpen: if no pool of the period is open.
    :raises DateMovedMeanwhile: if it is another day by now.
    :raises DateOutOfOrder: if the day is over.
    """
    period = period_opened(period_id=period_id, reason=reason, by=by, at=at)
    rows = Pool.objects.select_for_update(no_key=True).filter(period=period, status__in=OPEN)
    pools = list(rows.order_by("pk"))
    if not pools:
        raise NoWindowOpen(
            "No pool of %(period)s is being allocated; its window opens with the review of a run.",
            period=period,
        )
    before = max((pool.closes_on for pool in pools if pool.closes_on), default=None)
    check_seen(seen=seen, now=before)
    if to < at.date():
        raise DateOutOfOrder("%(to)s is over: let the window close today or later.", to=to)
    for pool in pools:
        pool.closes_on = to
        pool.save(update_fields=["closes_on"])
    return date_change_keep(
        period=period, kind=DateKind.WINDOW, before=before, after=to, reason=reason, by=by
    )


def windows_close(*, at: datetime) -> list[Pool]:
    """
    Apply each plan's rule for lateness to the pools whose window has passed; return those it was applied to.

    Each pool is an act of its own: one that is submitted at the same moment, or cannot be closed, stops no other.
    """
    closed = []
    for pool in pools_late(at=at):
        try:
            closed.append(pool_close_late(pool_id=pool.pk, by=None, at=at))
        except Refusal as refusal:
            log.info("window_not_closed", pool=str(pool.pk), code=refusal.code)
    return closed
