"""
The schedule of the review of results: each account of a period with who owns it, by which day, and how it stands.

The day is the calendar's: the cut-off and the days that KAMs have to look at their accounts. The owner is the
account's key account manager on the period's last day. States: docs/reference/states.md, "Run".
"""

from __future__ import annotations

from datetime import date, timedelta

from django.db.models import (
    Case,
    CharField,
    DateField,
    F,
    OuterRef,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Concat

from kamcomp.calendar.models import Period
from kamcomp.policy.selectors import policy_value
from kamcomp.visibility import Viewer, visible
from payouts.choices import ReviewOutcome, ReviewState, RunStatus
from payouts.models import AccountReview, Run
from payouts.selectors.reviews import WINDOW_DAYS, WINDOW_SETTING
from teams.choices import AccountStatus, Seat
from teams.models import Membership, StrategicAccount

NOT_THERE = (
    RunStatus.DRAFT,
    RunStatus.QUEUED,
    RunStatus.CALCULATING,
    RunStatus.FAILED,
    RunStatus.WITH_ERRORS,
)


def review_due_on(*, period: Period) -> date:
    """Return the last day on which an account's word is waited for."""
    days = policy_value(key=WINDOW_SETTING, on=period.cut_off_on, default=WINDOW_DAYS)
    return period.cut_off_on + timedelta(days=int(days))


def review_schedule(*, period: Period, viewer: Viewer) -> QuerySet[StrategicAccount]:
    """
    Return the active accounts that a reader sees, with `owner`, `due_on`, `state` and `said_at` of a period.

    `place` sorts them: what needs somebody first, then by name.
    """
    run = Run.objects.filter(period=period, is_current=True).first()
    due_on, last = review_due_on(period=period), period.span.last
    seats = Membership.objects.filter(account=OuterRef("pk"), seat=Seat.KAM, valid__contains=last)
    words = AccountReview.objects.filter(account=OuterRef("pk"), run=run)
    owner = Coalesce(F("person__details__legal_name"), F("person__employee_id"))
    accounts = visible(StrategicAccount.objects.filter(status=AccountStatus.ACTIVE), to=viewer)
    return accounts.select_related("node").annotate(
        owner=Subquery(seats.values(name=owner)[:1]),
        due_on=Value(due_on, output_field=DateField()),
        period_code=Value(period.code),
        said_at=Subquery(words.values("at")[:1]),
        outcome=Subquery(words.values("outcome")[:1]),
        state=Case(
            When(outcome=ReviewOutcome.CONFIRMED, then=Value(ReviewState.CONFIRMED)),
            When(outcome=ReviewOutcome.OBJECTED, then=Value(ReviewState.OBJECTED)),
            default=Value(_without_word(run=run, due_on=due_on, on=viewer.on)),
            output_field=CharField(),
        ),
        place=Concat(
            Case(*(When(state=state, then=Value(str(rank))) for rank, state in enumerate(ReviewState))),
            F("node__name"),
            output_field=CharField(),
        ),
    )


def _without_word(*, run: Run | None, due_on: date, on: date) -> ReviewState:
    """Return how an account stands on which nothing was said."""
    if run is None or run.status in NOT_THERE:
        return ReviewState.PLANNED if on <= due_on else ReviewState.LATE_RUN
    if run.status == RunStatus.CALCULATED:
        return ReviewState.WAITS if on <= due_on else ReviewState.OVERDUE
    return ReviewState.SEEN
