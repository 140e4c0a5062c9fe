"""
What is written of disputes over REST: opened by whose pay it is, answered by somebody apart from it, and closed.

Who prepared, handed out or is paid what a case is about is refused by the services, as in the browser.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from rest_framework import serializers

from kamcomp.api.acts import Act, Asked, Done, Part
from kamcomp.api.fields import DECIMAL, moment_text
from kamcomp.api.problems import Problem, answered_with
from kamcomp.api.public_ids import public_id
from kamcomp.api.resources import resource_named
from kamcomp.api.sent import StrictSerializer
from kamcomp.visibility import visible
from payouts.api.case_acts import LONGEST_REASON, amount_said
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
LARGEST = 21


class DisputeOpenSerializer(StrictSerializer):
    """A question or a dispute about one thing: a line of a payout, a share of a pool, or an adjustment."""

    kind = serializers.ChoiceField(choices=DisputeKind.choices)
    claim = serializers.CharField(max_length=4_000)
    claimed = serializers.RegexField(
        DECIMAL, max_length=21, required=False, help_text="What is missing, above 0."
    )
    payout_id = serializers.CharField(required=False, max_length=40)
    line = serializers.IntegerField(required=False, min_value=1, max_value=32_000)
    allocation_id = serializers.CharField(required=False, max_length=40)
    adjustment_id = serializers.CharField(required=False, max_length=40)


def _seen(asked: Asked, field: str, resource_name: str) -> Any:
    """Return the row that a field of the body names, as far as the caller may see it."""
    resource = resource_named(resource_name)
    pk = resource.pk_of(asked.typed[field])
    row = None if pk is None else resource.rows(viewer=asked.viewer).filter(pk=pk).first()
    if row is None:
        raise _wrong(field, "There is nothing of this id that you may see.")
    return row


def _wrong(field: str, detail: str) -> Problem:
    return Problem(
        422,
        code="subject_unknown",
        detail=f"{field}: {detail}",
        errors=[{"pointer": f"/{field}", "code": "subject_unknown", "detail": detail}],
    )


def _subject(asked: Asked) -> Subject:
    typed = asked.typed
    named = [name for name in ("payout_id", "allocation_id", "adjustment_id") if name in typed]
    if len(named) != 1 or ("line" in typed) != (named == ["payout_id"]):
        raise _wrong("payout_id", "Name one thing: payout_id with line, allocation_id, or adjustment_id.")
    if named == ["allocation_id"]:
        return Subject(share=_seen(asked, "allocation_id", "allocations"))
    if named == ["adjustment_id"]:
        return Subject(about=_seen(asked, "adjustment_id", "adjustments"))
    payout = _seen(asked, "payout_id", "payouts")
    line = PayoutLine.objects.visible_to(asked.viewer).filter(payout=payout, number=typed["line"]).first()
    if line is None:
        raise _wrong("line", "The payout has no such line.")
    return Subject(payout=payout, line=line)


def _open(asked: Asked) -> Done:
    claimed = asked.typed.get("claimed")
    dispute = dispute_open(
        subject=_subject(asked),
        kind=DisputeKind(asked.typed["kind"]),
        claim=asked.typed["claim"],
        claimed=None if claimed is None else amount_said(claimed, field="claimed"),
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
        DECIMAL, max_length=LARGEST, help_text="Less than claimed upholds it partly."
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
        amount=amount_said(asked.typed["amount"], field="amount"),
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
            "payout_id": "pay_01k8z3v2m5f7q9s1t4w6x8y0za",
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
