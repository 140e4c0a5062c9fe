"""Corrections, exceptions, and disputes: read, asked for, decided; a dispute is opened by whose pay it is."""

from decimal import Decimal
from http import HTTPStatus
from typing import Any

from rest_framework import serializers

from kamcomp.api import filters as by
from kamcomp.api.acts import Act, Asked, Done
from kamcomp.api.fields import DECIMAL, choice, day, moment, money, ref, text, whole
from kamcomp.api.problems import Problem, answered_with
from kamcomp.api.resources import Resource, register, resource_named
from kamcomp.api.views import StrictSerializer
from payouts.api.case_acts import ADJUSTMENT_ACTS, EXCEPTION_ACTS
from payouts.choices import (
    AdjustmentKind,
    AdjustmentStatus,
    DisputeKind,
    DisputeStatus,
    ExceptionKind,
    ExceptionStatus,
)
from payouts.models import Adjustment, Dispute, PayoutLine, PlanException
from payouts.selectors.disputes import Subject
from payouts.services.disputes import DisputeOpenAlready, NotYourPay, dispute_open

answered_with(HTTPStatus.CONFLICT, DisputeOpenAlready)
answered_with(HTTPStatus.FORBIDDEN, NotYourPay)


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
        claimed=None if claimed is None else Decimal(claimed),
        by=asked.user,
        at=asked.at,
    )
    return Done(pk=dispute.pk, status=HTTPStatus.CREATED)


PEOPLE_AND_PERIODS = (
    by.by_id("period", "prd", "period_id", code="period__code"),
    by.by_id("person", "per", "person_id", code="person__employee_id"),
)
ADJUSTMENTS = Resource(
    name="adjustments",
    noun="adjustment",
    prefix="adj",
    model=Adjustment,
    about="Amounts in the open period that correct or add; what they correct never changes.",
    fields=(
        ref("id", "adj", "pk"),
        ref("period_id", "prd"),
        ref("person_id", "per"),
        ref("pool_id", "pool"),
        choice("kind", AdjustmentKind),
        money("amount"),
        text("reason"),
        ref("corrects_period_id", "prd"),
        ref("corrects_payout_id", "pay"),
        whole("corrects_line"),
        ref("corrects_pool_id", "pool"),
        ref("run_id", "run", about="The run it is posted with."),
        choice("status", AdjustmentStatus),
        moment("created_at"),
        moment("decided_at"),
    ),
    filters=(
        *PEOPLE_AND_PERIODS,
        by.by_id("pool", "pool", "pool_id"),
        by.by_choice("kind", AdjustmentKind),
        by.by_choice("status", AdjustmentStatus),
    ),
    orders={"amount": "amount", "created_at": "created_at"},
    changed="audit",
    total="amount",
    acts=ADJUSTMENT_ACTS,
)
EXCEPTIONS = Resource(
    name="exceptions",
    noun="exception",
    prefix="exc",
    model=PlanException,
    about="Departures from a plan that are paid on purpose, with reason, money, approver and end.",
    fields=(
        ref("id", "exc", "pk"),
        whole("number"),
        ref("plan_id", "pln"),
        ref("person_id", "per"),
        ref("period_id", "prd"),
        choice("kind", ExceptionKind),
        text("reason"),
        money("amount"),
        day("expires_on"),
        choice("status", ExceptionStatus),
        moment("reviewed_at"),
        moment("decided_at"),
    ),
    filters=(
        *PEOPLE_AND_PERIODS,
        by.by_id("plan", "pln", "plan_id", code="plan__code"),
        by.by_choice("status", ExceptionStatus),
    ),
    orders={"number": "number", "amount": "amount"},
    changed="audit",
    total="amount",
    acts=EXCEPTION_ACTS,
)
DISPUTES = Resource(
    name="disputes",
    noun="dispute",
    prefix="dsp",
    model=Dispute,
    about="Questions about a statement, and disputes of it.",
    fields=(
        ref("id", "dsp", "pk"),
        whole("number"),
        ref("person_id", "per"),
        ref("period_id", "prd"),
        ref("payout_id", "pay"),
        whole("line"),
        ref("allocation_id", "alc"),
        ref("adjustment_id", "adj", "about_id"),
        choice("kind", DisputeKind),
        text("claim"),
        money("claimed"),
        choice("status", DisputeStatus),
        day("due_on", about="By when an answer is due."),
        text("answer"),
        moment("created_at"),
        moment("answered_at"),
        moment("closed_at"),
    ),
    filters=(*PEOPLE_AND_PERIODS, by.by_choice("kind", DisputeKind), by.by_choice("status", DisputeStatus)),
    orders={"number": "number", "due_on": "due_on"},
    changed="audit",
    acts=(
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
    ),
)

register(ADJUSTMENTS, EXCEPTIONS, DISPUTES)
