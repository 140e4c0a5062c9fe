"""
Reads of disputes and questions: what a case is about, who may answer it, by when, until when one may be opened.

Who prepared, allocated or is paid what a case is about never answers it: not the starter of
the run, not who handed the pool out, not who proposed or decided the adjustment.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.policy.selectors import policy_value
from kamcomp.visibility import Viewer, visible
from payouts.choices import DisputeStatus
from payouts.models import Adjustment, Allocation, Dispute, Payout, PayoutLine, Run
from payouts.models.cases import UNANSWERED
from payouts.selectors.inputs.reads import counts_alone
from plans.engine.document import plan_from_document
from teams.models import Person

ANSWERERS = [Role.FINANCE, Role.COMP_ADMIN]
ANSWER_DAYS, ANSWER_DAYS_DEFAULT = "dispute_answer_days", 10
WINDOW_DAYS, WINDOW_DAYS_DEFAULT = "dispute_window_days", 30
SATURDAY = 5


@dataclass(frozen=True, kw_only=True)
class Subject:
    """One thing on a statement: a line of a payout, a share of a pool, or an adjustment of a person."""

    payout: Payout | None = None
    line: PayoutLine | None = None
    share: Allocation | None = None
    about: Adjustment | None = None

    @property
    def person(self) -> Person:
        """Return whose it is."""
        owner = self.payout or self.share or self.about
        if owner is None or owner.person is None:
            raise LookupError("A subject is a line, a share, or an adjustment of a person.")
        return owner.person

    @property
    def run(self) -> Run | None:
        """Return the run that paid it, None for what has not been posted."""
        if self.payout is not None:
            return self.payout.run
        return self.share.pool.run if self.share else self.about.run if self.about else None

    @property
    def amount(self) -> Decimal:
        """Return what the statement says."""
        if self.line is not None:
            return self.line.amount
        return (self.share.amount if self.share else self.about.amount if self.about else None) or Decimal(0)

    @property
    def currency(self) -> str:
        """Return the currency of the amount."""
        if self.payout is not None:
            return self.payout.currency
        return self.share.pool.currency if self.share else self.about.currency if self.about else ""

    @property
    def apart(self) -> set[UUID]:
        """Return the users who prepared it, handed it out, or are paid it: none of them answers."""
        found = {self.person.user_id}
        if self.payout is not None:
            found.add(self.payout.run.started_by_id)
        if self.share is not None:
            allocator = self.share.pool.allocator
            found |= {self.share.pool.submitted_by_id, allocator.user_id if allocator else None}
        if self.about is not None:
            found |= {self.about.proposed_by_id, self.about.decided_by_id}
        return {each for each in found if each is not None}


def subject_of(*, dispute: Dispute) -> Subject:
    """Return what a case is about."""
    line = None
    if dispute.payout is not None and dispute.line is not None:
        lines = PayoutLine.objects.filter(payout=dispute.payout, number=dispute.line)
        line = lines.select_related("account__node").first()
    return Subject(payout=dispute.payout, line=line, share=dispute.allocation, about=dispute.about)


def disputes_read(rows: QuerySet[Dispute]) -> QuerySet[Dispute]:
    """Return cases with what a page shows of them joined in."""
    return rows.select_related(
        "person__details", "period__calendar", "payout__run__period", "payout__plan_version__plan",
        "payout__person", "payout__period", "allocation__pool__account__node",
        "allocation__pool__allocator__details", "allocation__pool__run", "allocation__pool__period",
        "allocation__person", "allocation__role", "about__person", "about__run", "about__period",
        "assigned_to", "answered_by", "closed_by", "adjustment__period", "created_by",
    )  # fmt: skip


def answer_due_on(*, opened_on: date) -> date:
    """Return the day by which an answer is due: working days (Monday to Friday) after the opening, as policy says."""
    left = int(policy_value(key=ANSWER_DAYS, on=opened_on, default=ANSWER_DAYS_DEFAULT))
    day = opened_on
    while left > 0:
        day += timedelta(days=1)
        left -= day.weekday() < SATURDAY
    return day


def window_ends_on(*, subject: Subject, on: date) -> date | None:
    """Return the last day on which a case may be opened: days after the pay day, as policy says; None while open."""
    run = subject.run
    if run is None or run.locked_at is None:
        return None
    paid_on = run.period.pay_on or run.locked_at.date()
    days = int(policy_value(key=WINDOW_DAYS, on=on, default=WINDOW_DAYS_DEFAULT))
    return max(paid_on, run.locked_at.date()) + timedelta(days=days)


def answerers(*, subject: Subject, on: date) -> QuerySet[User]:
    """Return who may answer a case about this on a day."""
    return (
        User.objects.filter(is_active=True, role_grants__role__in=ANSWERERS, role_grants__valid__contains=on)
        .exclude(pk__in=subject.apart)
        .distinct()
    )


def answerer_next(*, subject: Subject, on: date) -> User | None:
    """Return who a new case goes to: of those who may answer, who has the fewest open; None if nobody may."""
    may = list(answerers(subject=subject, on=on).order_by("username"))
    open_now = Dispute.objects.filter(status__in=UNANSWERED, assigned_to__in=may)
    load = Counter(open_now.values_list("assigned_to_id", flat=True))
    return min(may, key=lambda user: (load[user.pk], user.username), default=None)


def statement_cases(*, person: Person, period_id: UUID, viewer: Viewer) -> dict[object, Dispute]:
    """Return the newest case about each thing on a person's statement that the viewer may see, by the thing's key."""
    rows = visible(Dispute.objects.filter(person=person, period_id=period_id), to=viewer).order_by("number")
    found: dict[object, Dispute] = {}
    for dispute in rows:
        line = (dispute.payout_id, dispute.line)
        found[line if dispute.payout_id else dispute.allocation_id or dispute.about_id] = dispute
    return found


def disputes_to_answer(*, user: User, answers: bool) -> QuerySet[Dispute]:
    """
    Return the cases that wait for this user's answer: assigned to them, or to nobody.

    `answers`: they hold a role that answers; without it only what is assigned to them.
    """
    nobodys = Q(assigned_to=None) if answers else Q(pk=None)
    waiting = Dispute.objects.filter(Q(assigned_to=user) | nobodys, status__in=UNANSWERED)
    return waiting.order_by("due_on", "number")


def disputes_to_close(*, user: User) -> QuerySet[Dispute]:
    """Return the user's own cases that have been answered and wait for them to read it."""
    answered = [
        DisputeStatus.UPHELD,
        DisputeStatus.PARTLY_UPHELD,
        DisputeStatus.REJECTED,
        DisputeStatus.ANSWERED,
    ]
    return Dispute.objects.filter(person__user=user, status__in=answered).order_by("answered_at")


def disputes_late(*, on: date) -> QuerySet[Dispute]:
    """Return the cases whose answer was due before a day."""
    return Dispute.objects.filter(status__in=UNANSWERED, due_on__lt=on)


def line_named(*, line: PayoutLine, payout: Payout) -> str:
    """Return what the statement calls a line: its goal's name in the plan, or its code."""
    document: dict[str, Any] = payout.plan_version.document
    waiting: list[dict[str, Any]] = [document.get("incentive") or {}, *(document.get("commissions") or ())]
    while waiting:
        node = waiting.pop()
        if node.get("code") == line.leaf:
            return str(node.get("name") or line.leaf)
        waiting += node.get("children") or []
    return line.leaf


def line_counts_alone(*, payout: Payout | None, number: int | None) -> bool:
    """Tell whether a payout's line is of a leaf that counts a period alone, while others of the plan accumulate."""
    if payout is None or number is None:
        return False
    line = payout.lines.filter(period_id=payout.period_id, number=number).first()
    plan = plan_from_document(payout.plan_version.document)
    return line is not None and counts_alone(plan, leaf=line.leaf)
