"""Reads about the review of a run: whose word is still out, and until when it is waited for."""

from __future__ import annotations

from datetime import date, timedelta

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, F, Func, OuterRef, QuerySet

from kamcomp.policy.selectors import policy_value
from payouts.choices import ReviewOutcome
from payouts.models import AccountReview, PayoutLine, Run
from teams.choices import AccountStatus, Seat
from teams.models import Membership, Person, StrategicAccount

WINDOW_SETTING = "account_review_days"
WINDOW_DAYS = 3
"""Days after the period's cut-off in which KAMs look at their accounts; a judgement, so a setting."""


def account_kam(*, account: StrategicAccount, on: date) -> Person | None:
    """Return the account's key account manager on a day."""
    seat = (
        Membership.objects.filter(account=account, seat=Seat.KAM, valid__contains=on)
        .select_related("person")
        .first()
    )
    return seat.person if seat else None


def objections_open(*, run: Run | OuterRef) -> QuerySet[AccountReview]:
    """Return the objections of a run that nobody has settled, by account."""
    return (
        AccountReview.objects.filter(run=run, outcome=ReviewOutcome.OBJECTED, settled_at=None)
        .select_related("account__node")
        .order_by("account__node__code")
    )


def review_window_closed(*, run: Run, on: date) -> bool:
    """Tell whether a day lies after the window in which KAMs look at their accounts."""
    days = policy_value(key=WINDOW_SETTING, on=on, default=WINDOW_DAYS)
    return on > run.period.cut_off_on + timedelta(days=days)


def accounts_not_seen(*, run: Run) -> QuerySet[StrategicAccount]:
    """
    Return the active accounts with money in a run that have a KAM and no word from them yet, by code.

    Which accounts have money is read once, as an array: the database knows little of a run that has just ended, and
    joined to the rest of the question it may choose to read the run's lines once for each account.
    """
    lines = PayoutLine.objects.filter(payout__run=run, period_id=run.period_id, account__isnull=False)
    paid = lines.order_by().values_list("account_id", flat=True).distinct()
    return (
        StrategicAccount.objects.filter(_Among(F("pk"), ArraySubquery(paid)), status=AccountStatus.ACTIVE)
        .filter(
            memberships__seat=Seat.KAM, memberships__valid__contains=run.period.days.upper - timedelta(days=1)
        )
        .exclude(reviews__run=run)
        .select_related("node")
        .order_by("node__code")
        .distinct()
    )


class _Among(Func):
    """Whether a value stands in an array."""

    template = "%(expressions)s)"
    arg_joiner = " = ANY("
    output_field = BooleanField()
