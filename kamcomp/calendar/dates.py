"""
Acts on the dates of a period and on private calendar addresses.

A date is moved with a reason and keeps its history; what hangs on it (the review window, the clock) follows. A private
address is a long random token; the database keeps only its digest, so that nobody can read it there.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import date, datetime
from uuid import UUID

from kamcomp.audit.context import act
from kamcomp.calendar.choices import DateKind, PeriodStatus
from kamcomp.calendar.models import CalendarFeed, DateChange, Period
from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.identity.selectors import role_check
from kamcomp.refusal import Refusal

MOVERS = [Role.COMP_ADMIN, Role.FINANCE]
TOKEN_BYTES = 32
FIELDS = {DateKind.CUT_OFF: "cut_off_on", DateKind.PAY_DAY: "pay_on"}


class DateReasonMissing(Refusal):
    """A date is moved with a reason."""


class PeriodIsLocked(Refusal):
    """The dates of a locked period stand."""


class DateOutOfOrder(Refusal):
    """The dates of a period follow each other: its last day, the cut-off, pay day."""


class DateMovedMeanwhile(Refusal):
    """Somebody else moved the date after the page was opened."""


@act
def period_date_move(
    *, period_id: UUID, kind: DateKind, to: date, seen: date | None, reason: str, by: User, at: datetime
) -> DateChange:
    """
    Move the cut-off or the pay day of a period that is not locked; `seen` is the date as the mover saw it.

    :raises RoleMissing: if `by` is neither a compensation admin nor finance.
    :raises DateReasonMissing: if there is no reason.
    :raises PeriodIsLocked: if the period is locked.
    :raises DateMovedMeanwhile: if it is another date by now.
    :raises DateOutOfOrder: if it would lie before what comes first.
    """
    period = period_opened(period_id=period_id, reason=reason, by=by, at=at)
    before: date | None = getattr(period, FIELDS[kind])
    check_seen(seen=seen, now=before)
    setattr(period, FIELDS[kind], to)
    last = period.span.last or period.span.since
    if period.cut_off_on < last:
        raise DateOutOfOrder(
            "Results of %(period)s are collected until %(last)s, its last day, or later.",
            period=period,
            last=last,
        )
    if period.pay_on is not None and period.pay_on < period.cut_off_on:
        raise DateOutOfOrder(
            "Pay day of %(period)s is %(cut_off_on)s, the cut-off, or later.",
            period=period,
            cut_off_on=period.cut_off_on,
        )
    period.save(update_fields=[FIELDS[kind]])
    return date_change_keep(period=period, kind=kind, before=before, after=to, reason=reason, by=by)


def period_opened(*, period_id: UUID, reason: str, by: User, at: datetime) -> Period:
    """
    Return a period whose dates may be moved, its row locked.

    :raises RoleMissing: if `by` is neither a compensation admin nor finance.
    :raises DateReasonMissing: if there is no reason.
    :raises PeriodIsLocked: if the period is locked.
    """
    role_check(user=by, roles=MOVERS, on=at.date(), act="Moving a date of the calendar")
    if not reason.strip():
        raise DateReasonMissing("Say why: everybody whose work hangs on the date reads it.")
    period = Period.objects.select_for_update(no_key=True).get(pk=period_id)
    if period.status == PeriodStatus.LOCKED:
        raise PeriodIsLocked("%(period)s is locked: its dates stand.", period=period)
    return period


def check_seen(*, seen: date | None, now: date | None) -> None:
    """
    Check that a date is as its mover saw it.

    :raises DateMovedMeanwhile: naming what it is by now.
    """
    if seen != now:
        raise DateMovedMeanwhile(
            "Somebody moved this date to %(now)s after you opened the page; look again.", now=now
        )


def date_change_keep(
    *, period: Period, kind: DateKind, before: date | None, after: date, reason: str, by: User
) -> DateChange:
    """Keep that a date was moved, within the act that moves it."""
    return DateChange.objects.create(
        period=period, kind=kind, before=before, after=after, reason=reason.strip(), created_by=by
    )


@act
def calendar_feed_make(*, by: User) -> str:
    """Make a user's private calendar address anew; return its token, which is said once. The one before ends."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    CalendarFeed.objects.update_or_create(
        user=by, defaults={"token_digest": token_digest(token), "created_by": by}
    )
    return token


@act
def calendar_feed_end(*, by: User) -> None:
    """End a user's private calendar address."""
    CalendarFeed.objects.filter(user=by).delete()


def token_digest(token: str) -> str:
    """Return the digest under which a token is known."""
    return hashlib.sha256(token.encode()).hexdigest()


def feed_user(*, token: str) -> User | None:
    """Return the user whose private address has this token, none if nobody's has, or the user is closed."""
    feed = CalendarFeed.objects.select_related("user").filter(token_digest=token_digest(token)).first()
    return feed.user if feed is not None and feed.user.is_active else None
