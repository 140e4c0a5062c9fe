"""Corrections, exceptions, and disputes: read, asked for, decided; a dispute is opened by whose pay it is."""

from dataclasses import replace
from uuid import UUID

from kamcomp.api import filters as by
from kamcomp.api.fields import choice, day, document, moment, money, ref, text, whole
from kamcomp.api.public_ids import public_id
from kamcomp.api.resources import Resource, register
from payouts.api.case_acts import ADJUSTMENT_ACTS, EXCEPTION_ACTS
from payouts.api.dispute_acts import DISPUTE_ACTS, THREAD
from payouts.choices import (
    AdjustmentKind,
    AdjustmentStatus,
    DisputeKind,
    DisputeStatus,
    ExceptionKind,
    ExceptionStatus,
)
from payouts.models import Adjustment, Dispute, PlanException
from payouts.visibility import DECIDED

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
        text("precedent", about="Where the like was allowed before, if it was."),
        ref("assignment_id", "asg", about="Which assignment has terms of its own, if one has."),
        document(
            "terms", about="Those it has once this is approved: share, values by name, days; null: none."
        ),
        money("amount"),
        day("expires_on"),
        choice("status", ExceptionStatus),
        ref("requested_by_id", "usr"),
        ref("reviewed_by_id", "usr"),
        ref("decided_by_id", "usr"),
        text("decision", about="What was said with the decision."),
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


def _upheld_by(pk: UUID | None, status: str | None) -> str | None:
    return None if pk is None or status not in DECIDED else public_id("adj", pk)


UPHELD_BY = replace(
    ref("upheld_by_id", "adj", about="The adjustment that pays for it, once somebody has approved it."),
    sources=("adjustment_id", "adjustment__status"),
    shown=_upheld_by,
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
        UPHELD_BY,
        moment("created_at"),
        moment("answered_at"),
        moment("closed_at"),
    ),
    filters=(*PEOPLE_AND_PERIODS, by.by_choice("kind", DisputeKind), by.by_choice("status", DisputeStatus)),
    orders={"number": "number", "due_on": "due_on"},
    changed="audit",
    acts=DISPUTE_ACTS,
    parts=(THREAD,),
)

register(ADJUSTMENTS, EXCEPTIONS, DISPUTES)
