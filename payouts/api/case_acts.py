"""
What is written of corrections, exceptions and holds over REST: proposed, asked for, decided by somebody else.

A hold is of all that a locked run pays a person, so it is asked on any of their payouts of it.
"""

from __future__ import annotations

from decimal import Decimal
from http import HTTPStatus

from rest_framework import serializers

from kamcomp.api.acts import Act, Asked, Done
from kamcomp.api.fields import DECIMAL, MoneySerializer
from kamcomp.api.named import LONGEST, row_named
from kamcomp.api.problems import answered_with
from kamcomp.api.sent import StrictSerializer
from payouts.api.runs import period_said
from payouts.choices import AdjustmentKind, ExceptionKind
from payouts.services.adjustments import (
    AdjustmentDecided,
    AdjustmentPeriodClosed,
    OwnAdjustment,
    PeriodUnderReview,
    ProposerCannotDecide,
    adjustment_approve,
    adjustment_propose,
    adjustment_reject,
)
from payouts.services.exceptions import (
    ExceptionMovedOn,
    OwnException,
    RequesterCannotDecide,
    exception_decide,
    exception_request,
    exception_review,
)
from payouts.services.holds import (
    HeldAlready,
    NotHeld,
    NotLockedYet,
    OwnHold,
    PayrollWasTold,
    payout_hold,
    payout_release,
)

answered_with(
    HTTPStatus.FORBIDDEN, OwnAdjustment, ProposerCannotDecide, OwnException, RequesterCannotDecide, OwnHold
)
answered_with(
    HTTPStatus.CONFLICT,
    AdjustmentDecided,
    AdjustmentPeriodClosed,
    PeriodUnderReview,
    ExceptionMovedOn,
    HeldAlready,
    NotHeld,
    NotLockedYet,
    PayrollWasTold,
)
LONGEST_REASON = 2_000
MOST_DIGITS = 15
"""Characters of an amount that is sent, with its point and its sign; no money has more."""


class SentMoneySerializer(StrictSerializer, MoneySerializer):
    """An amount, in whole minor units of its currency."""

    amount = serializers.RegexField(DECIMAL, max_length=MOST_DIGITS, help_text="A decimal: 6457.50")
    currency = serializers.RegexField(r"\A[A-Z]{3}\Z", help_text="ISO 4217: EUR")


class WithReasonSerializer(StrictSerializer):
    """Why."""

    reason = serializers.CharField(max_length=LONGEST_REASON)


class WithWordsSerializer(StrictSerializer):
    """What is said with a decision, if anything."""

    words = serializers.CharField(default="", allow_blank=True, max_length=LONGEST_REASON)


class AdjustmentProposeSerializer(WithReasonSerializer):
    """An amount for a person in a period that takes adjustments; below zero takes away."""

    period = serializers.CharField(max_length=LONGEST, help_text="An id or a code: 2026-Q4.")
    person = serializers.CharField(max_length=LONGEST, help_text="An id, or the company's own.")
    kind = serializers.ChoiceField(choices=AdjustmentKind.choices)
    amount = SentMoneySerializer()


class ExceptionRequestSerializer(WithReasonSerializer):
    """A departure from a plan for a person in a period: what it costs, until when it stands."""

    plan = serializers.CharField(max_length=LONGEST, help_text="An id or a code.")
    period = serializers.CharField(max_length=LONGEST, help_text="An id or a code: 2026-Q4.")
    person = serializers.CharField(max_length=LONGEST, help_text="An id, or the company's own.")
    kind = serializers.ChoiceField(choices=ExceptionKind.choices)
    precedent = serializers.CharField(default="", allow_blank=True, max_length=LONGEST_REASON)
    amount = SentMoneySerializer()
    expires_on = serializers.DateField()


def _amount(asked: Asked) -> Decimal:
    return Decimal(asked.typed["amount"]["amount"])


def _proposed(asked: Asked) -> Done:
    adjustment = adjustment_propose(
        period=period_said(said=asked.typed["period"]),
        person=row_named(asked, field="person", resource="people"),
        kind=AdjustmentKind(asked.typed["kind"]),
        amount=_amount(asked),
        currency=asked.typed["amount"]["currency"],
        reason=asked.typed["reason"],
        by=asked.user,
        at=asked.at,
    )
    return Done(pk=adjustment.pk, status=HTTPStatus.CREATED)


def _approved(asked: Asked) -> Done:
    return Done(pk=adjustment_approve(adjustment_id=asked.row.pk, by=asked.user, at=asked.at).pk)


def _rejected(asked: Asked) -> Done:
    adjustment = adjustment_reject(
        adjustment_id=asked.row.pk, reason=asked.typed["reason"], by=asked.user, at=asked.at
    )
    return Done(pk=adjustment.pk)


def _requested(asked: Asked) -> Done:
    exception = exception_request(
        plan=row_named(asked, field="plan", resource="plans"),
        person=row_named(asked, field="person", resource="people"),
        period=period_said(said=asked.typed["period"]),
        kind=ExceptionKind(asked.typed["kind"]),
        reason=asked.typed["reason"],
        precedent=asked.typed["precedent"],
        amount=_amount(asked),
        currency=asked.typed["amount"]["currency"],
        expires_on=asked.typed["expires_on"],
        by=asked.user,
        at=asked.at,
    )
    return Done(pk=exception.pk, status=HTTPStatus.CREATED)


def _reviewed(asked: Asked) -> Done:
    return Done(pk=exception_review(exception_id=asked.row.pk, by=asked.user, at=asked.at).pk)


def _decided(asked: Asked, *, approve: bool, words: str) -> Done:
    exception = exception_decide(
        exception_id=asked.row.pk, approve=approve, words=words, by=asked.user, at=asked.at
    )
    return Done(pk=exception.pk)


def _exception_approved(asked: Asked) -> Done:
    return _decided(asked, approve=True, words=asked.typed["words"])


def _exception_rejected(asked: Asked) -> Done:
    return _decided(asked, approve=False, words=asked.typed["reason"])


def _held(asked: Asked) -> Done:
    payout = asked.row
    payout_hold(
        run_id=payout.run_id, person=payout.person, reason=asked.typed["reason"], by=asked.user, at=asked.at
    )
    return Done(pk=payout.pk)


def _released(asked: Asked) -> Done:
    payout = asked.row
    payout_release(
        run_id=payout.run_id, person=payout.person, reason=asked.typed["reason"], by=asked.user, at=asked.at
    )
    return Done(pk=payout.pk)


ADJUSTMENT_ACTS = (
    Act(
        noun="adjustment_propose",
        about="Propose an amount for a person in an open period, for a second person to decide on.",
        perform=_proposed,
        body=AdjustmentProposeSerializer,
        statuses=(201,),
        example={
            "period": "2026-Q4",
            "person": "HR-1042",
            "kind": "goodwill",
            "amount": {"amount": "120.00", "currency": "EUR"},
            "reason": "Stood in for a colleague in August.",
        },
    ),
    Act(
        noun="adjustment_approve",
        name="approve",
        about="Approve an adjustment. It is posted with its period's lock.",
        perform=_approved,
        on_row=True,
        matched=True,
    ),
    Act(
        noun="adjustment_reject",
        name="reject",
        about="Reject an adjustment with a reason.",
        perform=_rejected,
        on_row=True,
        body=WithReasonSerializer,
        matched=True,
        example={"reason": "It is in the statement already."},
    ),
)
EXCEPTION_ACTS = (
    Act(
        noun="exception_request",
        about="Ask for a departure from a plan for a person in a period. Others review it and decide.",
        perform=_requested,
        body=ExceptionRequestSerializer,
        statuses=(201,),
        example={
            "plan": "KEY-ACCOUNTS",
            "period": "2026-Q4",
            "person": "HR-1042",
            "kind": "deal",
            "reason": "The deal was split between two years by the customer.",
            "amount": {"amount": "900.00", "currency": "EUR"},
            "expires_on": "2026-12-31",
        },
    ),
    Act(
        noun="exception_review",
        name="review",
        about="Say that an exception is complete and can be decided, as somebody who did not ask for it.",
        perform=_reviewed,
        on_row=True,
        matched=True,
    ),
    Act(
        noun="exception_approve",
        name="approve",
        about="Approve a reviewed exception. Terms of its own hold from then on.",
        perform=_exception_approved,
        on_row=True,
        body=WithWordsSerializer,
        matched=True,
        example={"words": "As agreed for the renewal of 2026."},
    ),
    Act(
        noun="exception_reject",
        name="reject",
        about="Reject a reviewed exception with a reason.",
        perform=_exception_rejected,
        on_row=True,
        body=WithReasonSerializer,
        matched=True,
        example={"reason": "The plan pays for this already."},
    ),
)
PAYOUT_ACTS = (
    Act(
        noun="payout_hold",
        name="hold",
        locked=False,
        about="Hold all that the payout's locked run pays the person. Nothing of it comes with the next payroll file.",
        perform=_held,
        on_row=True,
        body=WithReasonSerializer,
        example={"reason": "The bank account is being checked."},
    ),
    Act(
        noun="payout_release",
        name="release",
        locked=False,
        about="Release what is held of the person in the payout's run. It comes with the next payroll file.",
        perform=_released,
        on_row=True,
        body=WithReasonSerializer,
        example={"reason": "The bank account is right."},
    ),
)
