"""
What is written of disputes over REST: opened by whose pay it is, answered by somebody apart from it, and closed.

Who prepared, handed out or is paid what a case is about is refused by the services, as in the browser.
"""

from __future__ import annotations

from decimal import Decimal
from http import HTTPStatus
from typing import Any

from rest_framework import serializers

from kamcomp.api.acts import Act, Asked, Done, Part
from kamcomp.api.fields import DECIMAL, moment_text
from kamcomp.api.named import field_problem, row_named
from kamcomp.api.problems import answered_with
from kamcomp.api.public_ids import example_id, public_id
from kamcomp.api.sent import StrictSerializer
from kamcomp.visibility import visible
from payouts.api.case_acts import LONGEST_REASON, MOST_DIGITS
from payouts.choices import DisputeKind
from payouts.models import DisputeMessage, PayoutLine
from payouts.selectors.disputes import Subject
from payouts.services.disputes import (
    AdjustmentWaits,
    DisputeAnswered,
    DisputeOpenAlready,
    NotTheAnswerer,
    NotYourPay,
    dispute_close,
    dispute_open,
    dispute_reject,
    dispute_take,
    dispute_uphold,
    dispute_write,
)

answered_with(HTTPStatus.CONFLICT, DisputeOpenAlready, DisputeAnswered, AdjustmentWaits)
answered_with(HTTPStatus.FORBIDDEN, NotYourPay, NotTheAnswerer)


class DisputeOpenSerializer(StrictSerializer):
    """A question or a dispute about one thing: a line of a payout, a share of a pool, or an adjustment."""

    kind = serializers.ChoiceField(choices=DisputeKind.choices)
    claim = serializers.CharField(max_length=4_000)
    claimed = serializers.RegexField(
        DECIMAL, max_length=MOST_DIGITS, required=False, help_text="What is missing, above 0."
    )
    payout_id = serializers.CharField(required=False, max_length=40)
    line = serializers.IntegerField(required=False, min_value=1, max_value=32_000)
    allocation_id = serializers.CharField(required=False, max_length=40)
    adjustment_id = serializers.CharField(required=False, max_length=40)


def _subject(asked: Asked) -> Subject:
    typed = asked.typed
    named = [name for name in ("payout_id", "allocation_id", "adjustment_id") if name in typed]
    if len(named) != 1 or ("line" in typed) != (named == ["payout_id"]):
        detail = "Name one thing: payout_id with line, allocation_id, or adjustment_id."
        raise field_problem(field="payout_id", code="subject_unknown", detail=detail)
    if named == ["allocation_id"]:
        return Subject(share=row_named(asked, field="allocation_id", resource="allocations"))
    if named == ["adjustment_id"]:
        return Subject(about=row_named(asked, field="adjustment_id", resource="adjustments"))
    payout = row_named(asked, field="payout_id", resource="payouts")
    line = PayoutLine.objects.visible_to(asked.viewer).filter(payout=payout, number=typed["line"]).first()
    if line is None:
        raise field_problem(field="line", code="line_unknown", detail="The payout has no such line.")
    return Subject(payout=payout, line=line)


def _open(asked: Asked) -> Done:
    claimed = asked.typed.get("claimed")
    dispute = dispute_open(
        subject=_subject(asked),
        kind=DisputeKind(asked.typed["kind"]),
        claim=asked.typed["claim"],
        claimed=None if claimed is None else Decimal(claimed),
        by=asked.user,
        at=asked.at,
    )
    return Done(pk=dispute.pk, status=HTTPStatus.CREATED)


class DisputeWriteSerializer(StrictSerializer):
    """A message of the thread."""

    text = serializers.CharField(max_length=LONGEST_REASON)


class DisputeAnswerSerializer(StrictSerializer):
    """An answer, which the payee reads."""

    answer = serializers.CharField(max_length=LONGEST_REASON)


class DisputeUpholdSerializer(DisputeAnswerSerializer):
    """How much is right, in the currency of the case, and why."""

    amount = serializers.RegexField(
        DECIMAL, max_length=MOST_DIGITS, help_text="Less than claimed upholds it partly."
    )
    facts_follow = serializers.BooleanField(
        default=False, help_text="The facts behind it will be restated: the adjustment counts as posted."
    )


class MessageSerializer(serializers.Serializer):
    """One message of a thread."""

    at = serializers.DateTimeField()
    user_id = serializers.CharField()
    text = serializers.CharField()


class ThreadSerializer(serializers.Serializer):
    """What was written of a case, the first message first."""

    messages = MessageSerializer(many=True)


def _thread(asked: Asked) -> dict[str, Any]:
    rows = visible(DisputeMessage.objects.filter(dispute=asked.row), to=asked.viewer).order_by("at", "pk")
    return {
        "messages": [
            {"at": moment_text(each.at), "user_id": public_id("usr", each.by_id), "text": each.text}
            for each in rows
        ]
    }


def _taken(asked: Asked) -> Done:
    return Done(pk=dispute_take(dispute_id=asked.row.pk, by=asked.user, at=asked.at).pk)


def _written(asked: Asked) -> Done:
    dispute_write(dispute_id=asked.row.pk, text=asked.typed["text"], by=asked.user, at=asked.at)
    return Done(pk=asked.row.pk)


def _upheld(asked: Asked) -> Done:
    dispute = dispute_uphold(
        dispute_id=asked.row.pk,
        amount=Decimal(asked.typed["amount"]),
        answer=asked.typed["answer"],
        facts_follow=asked.typed["facts_follow"],
        by=asked.user,
        at=asked.at,
    )
    return Done(pk=dispute.pk)


def _rejected(asked: Asked) -> Done:
    dispute = dispute_reject(
        dispute_id=asked.row.pk, answer=asked.typed["answer"], by=asked.user, at=asked.at
    )
    return Done(pk=dispute.pk)


def _closed(asked: Asked) -> Done:
    return Done(pk=dispute_close(dispute_id=asked.row.pk, by=asked.user, at=asked.at).pk)


THREAD = Part(
    name="messages",
    noun="dispute_messages",
    about="The thread of a case. What was written, by whom, when.",
    shown=_thread,
    body=ThreadSerializer,
)
DISPUTE_ACTS = (
    Act(
        noun="dispute_open",
        about="Open a question or a dispute. Only whose pay it is can.",
        perform=_open,
        body=DisputeOpenSerializer,
        statuses=(201,),
        example={
            "kind": "question",
            "claim": "Why is August missing?",
            "payout_id": example_id("pay"),
            "line": 1,
        },
    ),
    Act(
        noun="dispute_take",
        name="take",
        about="Take a case up. It is in review, with the caller.",
        perform=_taken,
        on_row=True,
        matched=True,
    ),
    Act(
        noun="dispute_write",
        name="write",
        about="Write in the thread of a case that is not closed.",
        perform=_written,
        on_row=True,
        body=DisputeWriteSerializer,
        example={"text": "The invoice of August is attached in the ERP."},
    ),
    Act(
        noun="dispute_uphold",
        name="uphold",
        about="Uphold a dispute, or a part of it. An adjustment is proposed, on which a second person decides.",
        perform=_upheld,
        on_row=True,
        body=DisputeUpholdSerializer,
        matched=True,
        example={"amount": "120.00", "answer": "The invoice of August counts."},
    ),
    Act(
        noun="dispute_reject",
        name="reject",
        about="Reject a dispute with the reason, or answer a question.",
        perform=_rejected,
        on_row=True,
        body=DisputeAnswerSerializer,
        matched=True,
        example={"answer": "August was paid with the second quarter."},
    ),
    Act(
        noun="dispute_close",
        name="close",
        about="Close an answered case, as who opened or who may answer it.",
        perform=_closed,
        on_row=True,
        matched=True,
    ),
)
