"""
Disputes and questions: opened by the payee from their statement, answered by somebody else, upheld by an adjustment.

The case goes to somebody who neither prepared nor allocated what it is about, and is not
paid it. To uphold is to propose an adjustment into the open period; a second person decides
on that one, as on any other. Nothing that was paid changes.
States: docs/reference/states.md, "Dispute".
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import connection
from django.db.models import Max

from kamcomp.audit.context import act
from kamcomp.identity.models import User
from kamcomp.identity.selectors import role_check
from kamcomp.lawful import refusing
from kamcomp.refusal import Refusal, Word
from payouts.choices import (
    AdjustmentKind,
    AdjustmentStatus,
    DisputeKind,
    DisputeStatus,
    PayoutEventKind,
    RunStatus,
)
from payouts.models import Dispute, DisputeMessage, PayoutEvent
from payouts.models.cases import UNANSWERED
from payouts.selectors.adjustments import open_period
from payouts.selectors.disputes import (
    ANSWERERS,
    Subject,
    answer_due_on,
    answerer_next,
    line_counts_alone,
    subject_of,
    window_ends_on,
)
from payouts.services.adjustments import AdjustmentAmountUnsound, Corrects, adjustment_propose
from payouts.services.events import dispute_opened_event
from payouts.services.telling import (
    dispute_answer_told,
    dispute_closed_told,
    dispute_message_told,
    dispute_told,
)
from plans.models import PlanVersion

ZERO = Decimal(0)
NUMBERING = 4_402_118
"""The advisory lock under which cases get their numbers."""


class ClaimMissing(Refusal):
    """A case says what is asked or disputed."""


class NotYourPay(Refusal):
    """A case is opened by the payee about their own pay."""


class DisputeWindowClosed(Refusal):
    """The days in which a statement can be disputed are over."""


class DisputeOpenAlready(Refusal):
    """The same line, share or adjustment has a case that nobody has answered yet."""


class DisputeAnswered(Refusal):
    """The case was answered before, or is closed."""


class NotTheAnswerer(Refusal):
    """Who prepared, allocated or is paid what a case is about does not answer it."""


class AnswerMissing(Refusal):
    """An answer, or a message, says something."""


class QuestionNotDisputed(Refusal):
    """A question is answered; only a dispute is upheld or rejected."""


class AdjustmentWaits(Refusal):
    """An upheld dispute is closed once its adjustment has been decided."""


OPEN_TWICE = DisputeOpenAlready("A case about this is open already: write in it, it goes to the same person.")
OPEN_ONCE: dict[str, Refusal | type[Refusal]] = {
    "disputes_one_open_a_line": OPEN_TWICE,
    "disputes_one_open_a_share": OPEN_TWICE,
    "disputes_one_open_an_adjustment": OPEN_TWICE,
}


@act
def dispute_open(
    *, subject: Subject, kind: DisputeKind, claim: str, claimed: Decimal | None = None, by: User, at: datetime
) -> Dispute:
    """
    Open a question or a dispute about one thing on the payee's own statement.

    Units: `claimed` is what the payee says is missing, above zero, in the subject's currency.

    :raises NotYourPay: if it is not the pay of `by`.
    :raises ClaimMissing: if nothing is said, or the amount claimed is not above zero.
    :raises DisputeWindowClosed: if the days after the pay day are over.
    :raises DisputeOpenAlready: if an unanswered case is about the same.
    """
    if subject.person.user_id != by.pk:
        raise NotYourPay("%(by)s can ask about their own pay only: who is paid opens the case.", by=by)
    if not claim.strip() or (claimed is not None and claimed <= 0):
        raise ClaimMissing("Say what you ask or dispute; an amount that is missing is above zero.")
    last = window_ends_on(subject=subject, on=at.date())
    if last is not None and at.date() > last:
        raise DisputeWindowClosed(
            "It could be disputed until %(last)s; a compensation admin can still propose an adjustment.",
            last=last,
        )
    answerer = answerer_next(subject=subject, on=at.date())
    with refusing(OPEN_ONCE):
        dispute = Dispute.objects.create(
            number=_number_next(),
            person=subject.person,
            period_id=_period_id(subject),
            payout=subject.payout,
            line=subject.line.number if subject.line else None,
            allocation=subject.share,
            about=subject.about,
            kind=kind,
            claim=claim.strip(),
            claimed=claimed if kind == DisputeKind.DISPUTE else None,
            currency=subject.currency,
            assigned_to=answerer,
            due_on=answer_due_on(opened_on=at.date()),
            created_by=by,
        )
    _event_put(dispute=dispute, subject=subject, by=by)
    dispute_told(dispute=dispute, at=at)
    dispute_opened_event(dispute=dispute, at=at)
    return dispute


@act
def dispute_take(*, dispute_id: UUID, by: User, at: datetime) -> Dispute:
    """
    Take a case up: it is in review, with `by`.

    :raises DisputeAnswered: if it was answered before.
    :raises NotTheAnswerer: if `by` prepared, allocated or is paid what it is about.
    """
    return _in_review(dispute_id=dispute_id, by=by, at=at)


@act
def dispute_write(*, dispute_id: UUID, text: str, by: User, at: datetime) -> DisputeMessage:
    """
    Add a message to the thread of a case that is not closed.

    :raises AnswerMissing: if nothing is said.
    :raises DisputeAnswered: if the case is closed.
    :raises NotTheAnswerer: if `by` is neither the payee nor somebody who may answer.
    """
    dispute = _locked(dispute_id)
    if not text.strip():
        raise AnswerMissing("Write something first.")
    if dispute.status == DisputeStatus.CLOSED:
        raise DisputeAnswered("%(dispute)s is closed: open another one from the statement.", dispute=dispute)
    if dispute.person.user_id != by.pk:
        _refuse_others(dispute=dispute, by=by, at=at)
    message = DisputeMessage.objects.create(dispute=dispute, by=by, at=at, text=text.strip(), created_by=by)
    dispute_message_told(message=message, at=at)
    return message


@act
def dispute_uphold(
    *, dispute_id: UUID, amount: Decimal, answer: str, facts_follow: bool = False, by: User, at: datetime
) -> Dispute:
    """
    Uphold a dispute, or a part of it: an adjustment is proposed into the open period, for a second person.

    Less than what was claimed upholds it partly. Where the facts behind the line are wrong and will be restated
    (`facts_follow`), the adjustment is a correction, which the recalculation that follows counts as posted;
    otherwise it stands on its own.

    :raises QuestionNotDisputed: if it is a question.
    :raises DisputeAnswered, NotTheAnswerer, AnswerMissing: as for every answer.
    :raises AdjustmentAmountUnsound: if it would take money from the payee; and as `adjustment_propose`.
    :raises PeriodUnderReview, OwnAdjustment: as `adjustment_propose`.
    :raises NoOpenPeriod: if no open period could pay it.
    """
    dispute = _to_answer(dispute_id=dispute_id, answer=answer, by=by, at=at)
    if dispute.kind != DisputeKind.DISPUTE:
        raise QuestionNotDisputed(
            "%(dispute)s asks: answer it. Only what is disputed is upheld.", dispute=dispute
        )
    if amount < 0:
        raise AdjustmentAmountUnsound(
            "What is disputed is upheld with an amount above zero. To take pay back, propose an adjustment."
        )
    subject = subject_of(dispute=dispute)
    dispute.adjustment = adjustment_propose(
        period=open_period(calendar=dispute.period.calendar),
        kind=AdjustmentKind.CORRECTION if facts_follow else AdjustmentKind.DISPUTE,
        amount=amount,
        currency=dispute.currency,
        reason=answer,
        person=dispute.person,
        plan_version=_plan_version(subject),
        corrects=_corrects(dispute, subject, amount=amount),
        by=by,
        at=at,
    )
    partly = dispute.claimed is not None and amount < dispute.claimed
    status = DisputeStatus.PARTLY_UPHELD if partly else DisputeStatus.UPHELD
    return _answered(dispute, status=status, answer=answer, by=by, at=at)


@act
def dispute_reject(*, dispute_id: UUID, answer: str, by: User, at: datetime) -> Dispute:
    """
    Reject a dispute with the reason, or answer a question.

    :raises DisputeAnswered, NotTheAnswerer, AnswerMissing: as for every answer.
    """
    dispute = _to_answer(dispute_id=dispute_id, answer=answer, by=by, at=at)
    asks = dispute.kind == DisputeKind.QUESTION
    status = DisputeStatus.ANSWERED if asks else DisputeStatus.REJECTED
    return _answered(dispute, status=status, answer=answer, by=by, at=at)


@act
def dispute_close(*, dispute_id: UUID, by: User, at: datetime) -> Dispute:
    """
    Close an answered case: the payee has read it, or who answered ends it.

    :raises DisputeAnswered: if it is not answered yet, or is closed.
    :raises AdjustmentWaits: if it is upheld and nobody has decided on its adjustment.
    :raises NotTheAnswerer: if `by` is neither the payee nor somebody who may answer.
    """
    dispute = _locked(dispute_id)
    if dispute.status in UNANSWERED or dispute.status == DisputeStatus.CLOSED:
        raise DisputeAnswered(
            "%(dispute)s is %(status)s: an answered case is closed.",
            dispute=dispute,
            status=Word(dispute.get_status_display().lower()),
        )
    if dispute.person.user_id != by.pk:
        _refuse_others(dispute=dispute, by=by, at=at)
    if dispute.adjustment is not None and dispute.adjustment.status == AdjustmentStatus.PROPOSED:
        raise AdjustmentWaits(
            "%(adjustment)s waits for a second person: %(dispute)s is closed after that.",
            adjustment=dispute.adjustment,
            dispute=dispute,
        )
    dispute.status, dispute.closed_by, dispute.closed_at = DisputeStatus.CLOSED, by, at
    dispute.save(update_fields=["status", "closed_by", "closed_at"])
    dispute_closed_told(dispute=dispute, at=at)
    return dispute


def _locked(dispute_id: UUID) -> Dispute:
    rows = Dispute.objects.select_for_update(of=("self",), no_key=True).select_related(
        "person", "period__calendar", "adjustment", "payout__run", "payout__plan_version", "payout__person",
        "allocation__pool__allocator", "allocation__pool__plan_version", "allocation__pool__run",
        "allocation__person", "about__person", "about__plan_version", "about__run",
    )  # fmt: skip
    return rows.get(pk=dispute_id)


def _refuse_others(*, dispute: Dispute, by: User, at: datetime) -> None:
    role_check(user=by, roles=ANSWERERS, on=at.date(), act="Answering a dispute")
    if by.pk in subject_of(dispute=dispute).apart:
        raise NotTheAnswerer(
            "%(by)s prepared, handed out or is paid what %(dispute)s is about: somebody else answers it.",
            by=by,
            dispute=dispute,
        )


def _in_review(*, dispute_id: UUID, by: User, at: datetime) -> Dispute:
    dispute = _locked(dispute_id)
    if dispute.status not in UNANSWERED:
        raise DisputeAnswered(
            "%(dispute)s is %(status)s already.",
            dispute=dispute,
            status=Word(dispute.get_status_display().lower()),
        )
    _refuse_others(dispute=dispute, by=by, at=at)
    dispute.status, dispute.assigned_to = DisputeStatus.IN_REVIEW, by
    dispute.save(update_fields=["status", "assigned_to"])
    return dispute


def _to_answer(*, dispute_id: UUID, answer: str, by: User, at: datetime) -> Dispute:
    if not answer.strip():
        raise AnswerMissing("Say why: the payee reads it.")
    return _in_review(dispute_id=dispute_id, by=by, at=at)


def _answered(dispute: Dispute, *, status: DisputeStatus, answer: str, by: User, at: datetime) -> Dispute:
    dispute.status, dispute.answer = status, answer.strip()
    dispute.answered_by, dispute.answered_at = by, at
    dispute.save(update_fields=["status", "answer", "answered_by", "answered_at", "adjustment"])
    dispute_answer_told(dispute=dispute, at=at)
    return dispute


def _number_next() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [NUMBERING])
    return int(Dispute.objects.aggregate(last=Max("number"))["last"] or 0) + 1


def _period_id(subject: Subject) -> UUID:
    if subject.payout is not None:
        return subject.payout.period_id
    if subject.share is not None:
        return subject.share.pool.period_id
    return subject.about.period_id  # type: ignore[union-attr]


def _corrects(dispute: Dispute, subject: Subject, *, amount: Decimal) -> Corrects:
    """Return what an upheld case corrects: of an adjustment, what that one corrected."""
    if subject.about is not None:
        about = subject.about
        return Corrects(
            period=about.corrects_period or dispute.period,
            payout=about.corrects_payout,
            line=about.corrects_line,
            pool=about.corrects_pool,
            alone=amount
            if line_counts_alone(payout=about.corrects_payout, number=about.corrects_line)
            else ZERO,
        )
    pool = subject.share.pool if subject.share else None
    alone = amount if line_counts_alone(payout=subject.payout, number=dispute.line) else ZERO
    return Corrects(period=dispute.period, payout=subject.payout, line=dispute.line, pool=pool, alone=alone)


def _plan_version(subject: Subject) -> PlanVersion | None:
    if subject.payout is not None:
        return subject.payout.plan_version
    return (
        subject.share.pool.plan_version
        if subject.share
        else subject.about.plan_version
        if subject.about
        else None
    )


def _event_put(*, dispute: Dispute, subject: Subject, by: User) -> None:
    """Say it beside what was paid; a question says nothing there, and before the lock nothing is paid yet."""
    run = subject.run
    if dispute.kind != DisputeKind.DISPUTE or run is None or run.status != RunStatus.LOCKED:
        return
    PayoutEvent.objects.create(
        payout=subject.payout,
        allocation=subject.share,
        adjustment=subject.about,
        kind=PayoutEventKind.DISPUTED,
        by=by,
        reason=dispute.claim,
        reference=str(dispute.number),
    )
