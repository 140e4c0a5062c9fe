"""
The cases of the open quarter: what payees ask and dispute, and which departures from a plan were asked for.

Paul Reinders disputes a line of Kestrel, and waits. Nadia Haddad's dispute was upheld in part: its adjustment is paid
with the next quarter. One exception is allowed and ends soon; another waits for its approval. All of them are of the
day the company is loaded, so that what is due is still to come. None of them changes what the open quarter pays.
The growth plan was sent to its key account managers three weeks before: one does not accept it, one has opened it and
is overdue, the others signed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from kamcomp.calendar.models import Period
from kamcomp.identity.models import User
from payouts.choices import DisputeKind, ExceptionKind
from payouts.demo import company
from payouts.models import Dispute, PayoutLine
from payouts.selectors.disputes import Subject
from payouts.services.adjustments import adjustment_approve
from payouts.services.disputes import dispute_open, dispute_take, dispute_uphold, dispute_write
from payouts.services.exceptions import exception_decide, exception_request, exception_review
from plans.choices import VersionStatus
from plans.models import Plan, PlanVersion
from plans.services.acceptances import (
    acceptance_open,
    acceptance_refuse,
    acceptance_send,
    acceptance_sign,
    acceptances_remind,
)
from plans.views.agreements import agreements
from teams.models import Person

CLAIMED, UPHELD = Decimal("180.00"), Decimal("120.00")
ALLOWED, ASKED = Decimal("450.00"), Decimal("1200.00")
SOON, LATER = timedelta(days=12), timedelta(days=75)

SENT_BEFORE, REMINDED_AFTER, ANSWERED_AFTER = timedelta(days=21), timedelta(days=6), timedelta(days=1)
REFUSES, OVERDUE = "marco.bellini", "hana.kimura"
WHY_NOT = "Tramontana's second plant opens in March; the target of the first half counts it in full."

Users = Mapping[str, User]


def acceptances_told(*, plan: str, users: Users, at: datetime) -> None:
    """Put the version of a plan that is in force before those it pays, and let them answer."""
    sent_at = at - SENT_BEFORE
    published = PlanVersion.objects.filter(plan__code=plan, status=VersionStatus.PUBLISHED)
    version = published.get(valid__contains=sent_at.date())
    sent = acceptance_send(
        version_id=version.pk, texts=agreements(version=version), by=users["maren.holt"], at=sent_at
    )
    for one in sent:
        user, answered_at = one.person.user, sent_at + ANSWERED_AFTER
        if user is None:
            continue
        if user == users[OVERDUE]:
            acceptance_open(acceptance_id=one.pk, by=user, at=answered_at)
        elif user == users[REFUSES]:
            acceptance_refuse(acceptance_id=one.pk, reason=WHY_NOT, by=user, at=answered_at)
        else:
            acceptance_sign(acceptance_id=one.pk, digest=one.digest, by=user, at=answered_at)
    acceptances_remind(at=sent_at + REMINDED_AFTER)


def disputes_told(*, period: Period, users: Users, at: datetime) -> None:
    """Let one dispute wait for finance, and another be upheld in part with its adjustment approved."""
    waits = dispute(
        period,
        users["paul.reinders"],
        "The September order of Kestrel's second site is missing in the revenue.",
        at=at,
    )
    answerer = waits.assigned_to or users["jonas.berg"]
    dispute_take(dispute_id=waits.pk, by=answerer, at=at)
    question = "Which order is it? Please send its number."
    dispute_write(dispute_id=waits.pk, text=question, by=answerer, at=at)
    decided = dispute(
        period, users["nadia.haddad"], "Two invoices of Borealis were booked a day late.", CLAIMED, at=at
    )
    decided = dispute_uphold(
        dispute_id=decided.pk,
        amount=UPHELD,
        answer="One of the two invoices belongs to the quarter; it is paid with the next one.",
        by=users["jonas.berg"],
        at=at,
    )
    if decided.adjustment is not None:
        adjustment_approve(adjustment_id=decided.adjustment.pk, by=users["maren.holt"], at=at)


def dispute(
    period: Period, payee: User, claim: str, claimed: Decimal | None = None, *, at: datetime
) -> Dispute:
    """Open a dispute about the largest line of somebody's payout of a period."""
    lines = PayoutLine.objects.filter(
        payout__run__is_current=True, payout__period=period, payout__person__user=payee
    )
    line = lines.select_related("payout__run__period", "payout__person").order_by("-amount", "number")[0]
    return dispute_open(
        subject=Subject(payout=line.payout, line=line),
        kind=DisputeKind.DISPUTE,
        claim=claim,
        claimed=claimed,
        by=payee,
        at=at,
    )


def exceptions_told(*, period: Period, users: Users, at: datetime) -> None:
    """Allow one exception that ends twelve days after the story is told, and let another wait for approval."""
    allowed = asked(
        period, users["maren.holt"], person="Elise Moreau", kind=ExceptionKind.TIMING, amount=ALLOWED,
        reason="The roll-out at Falcon moved by two weeks at the customer's wish.", until=SOON, at=at,
    )  # fmt: skip
    exception_review(exception_id=allowed, by=users["jonas.berg"], at=at)
    exception_decide(exception_id=allowed, approve=True, by=users["anders.vik"], at=at)
    waits = asked(
        period, users["stefan.krause"], person="Paul Reinders", kind=ExceptionKind.CREDITING, amount=ASKED,
        reason="Kestrel's order was won together with the Lindgren team and booked there alone.", until=LATER, at=at,
    )  # fmt: skip
    exception_review(exception_id=waits, by=users["maren.holt"], at=at)


def asked(
    period: Period,
    by: User,
    *,
    person: str,
    kind: ExceptionKind,
    amount: Decimal,
    reason: str,
    until: timedelta,
    at: datetime,
) -> UUID:
    """Request an exception from the growth plan that ends so long after `at`; return its id."""
    exception = exception_request(
        plan=Plan.objects.get(code=company.GROWTH),
        person=Person.objects.get(details__legal_name=person),
        period=period,
        kind=kind,
        reason=reason,
        amount=amount,
        currency="EUR",
        expires_on=at.date() + until,
        by=by,
        at=at,
    )
    return exception.pk
