"""Pools and their allocation: read, saved as a draft, handed in, decided on."""

from collections.abc import Mapping
from decimal import Decimal
from http import HTTPStatus
from typing import Any
from uuid import UUID

from rest_framework import serializers

from kamcomp.api import filters as by
from kamcomp.api.acts import Act, Asked, Done
from kamcomp.api.fields import DECIMAL, choice, day, flag, moment, money, ratio, ref, text, whole
from kamcomp.api.problems import Problem, answered_with
from kamcomp.api.public_ids import NotAnId, example_id, own_uuid
from kamcomp.api.resources import Expand, Resource, register
from kamcomp.api.sent import StrictSerializer
from payouts.choices import PoolStatus
from payouts.models import Allocation, Pool
from payouts.services.allocations import (
    NotTheAllocator,
    PoolChangedMeanwhile,
    allocation_save,
    allocation_submit,
)
from payouts.services.pools import (
    AllocatorCannotApprove,
    PayeeCannotApprove,
    PoolNotOpen,
    PoolNotSubmitted,
    pool_approve,
    pool_return,
)
from teams.choices import Link

answered_with(HTTPStatus.PRECONDITION_FAILED, PoolChangedMeanwhile)
answered_with(HTTPStatus.FORBIDDEN, NotTheAllocator, AllocatorCannotApprove, PayeeCannotApprove)
answered_with(HTTPStatus.CONFLICT, PoolNotOpen, PoolNotSubmitted)
LARGEST, LONGEST_REASON = 21, 2_000


class ShareSerializer(StrictSerializer):
    """What one person is given, in the pool's currency."""

    person_id = serializers.CharField(max_length=40)
    amount = serializers.RegexField(
        DECIMAL, max_length=LARGEST, allow_null=True, help_text="null takes it back."
    )
    reason = serializers.CharField(required=False, allow_blank=True, max_length=LONGEST_REASON)


class GivenSharesSerializer(StrictSerializer):
    """Amounts of a pool; who is not named keeps what they have."""

    shares = ShareSerializer(many=True, required=False)
    reserve = serializers.RegexField(
        DECIMAL, max_length=LARGEST, required=False, help_text="Left unallocated by choice."
    )


def _shares(typed: Mapping[str, Any]) -> dict[str, Any]:
    """Return the amounts, reasons and reserve of what was sent, by person."""
    amounts: dict[UUID, Decimal | None] = {}
    reasons: dict[UUID, str] = {}
    for index, share in enumerate(typed.get("shares", ())):
        person = _person(share["person_id"], index=index)
        if person in amounts:
            raise _at(index, "person_twice", "This person is there twice.")
        amounts[person] = None if share["amount"] is None else Decimal(share["amount"])
        if "reason" in share:
            reasons[person] = share["reason"]
    reserve = typed.get("reserve")
    return {"amounts": amounts, "reasons": reasons, "reserve": None if reserve is None else Decimal(reserve)}


def _person(said: str, *, index: int) -> UUID:
    try:
        return own_uuid("per", said)
    except NotAnId as error:
        raise _at(index, "person_unknown", str(error)) from error


def _at(index: int, code: str, detail: str) -> Problem:
    pointer = f"/shares/{index}/person_id"
    return Problem(
        422, code=code, detail=detail, errors=[{"pointer": pointer, "code": code, "detail": detail}]
    )


def _save(asked: Asked) -> Done:
    pool = asked.row
    allocation_save(pool_id=pool.pk, version=pool.version, by=asked.user, at=asked.at, **_shares(asked.typed))
    return Done(pk=pool.pk)


def _submit(asked: Asked) -> Done:
    pool = asked.row
    allocation_submit(
        pool_id=pool.pk, version=pool.version, by=asked.user, at=asked.at, **_shares(asked.typed)
    )
    return Done(pk=pool.pk)


class PoolReturnSerializer(StrictSerializer):
    """What has to change."""

    reason = serializers.CharField(max_length=LONGEST_REASON)


def _approved(asked: Asked) -> Done:
    return Done(pk=pool_approve(pool_id=asked.row.pk, by=asked.user, at=asked.at).pk)


def _returned(asked: Asked) -> Done:
    pool = pool_return(pool_id=asked.row.pk, reason=asked.typed["reason"], by=asked.user, at=asked.at)
    return Done(pk=pool.pk)


EXAMPLE = {"shares": [{"person_id": example_id("per"), "amount": "1200.00", "reason": "Ran the launch"}]}
POOLS = Resource(
    name="pools",
    noun="pool",
    prefix="pool",
    model=Pool,
    about="The team's money of an account and a period, which its KAM hands out.",
    fields=(
        ref("id", "pool", "pk"),
        ref("account_id", "acc"),
        ref("period_id", "prd"),
        text("period_code", "period__code"),
        ref("run_id", "run"),
        ref("allocator_id", "per"),
        money("target_amount"),
        ratio("result_ratio", about="Of the target; null: funded by another rule."),
        money("funded"),
        money("correction", about="Added by late facts; in `funded`."),
        money("reserve"),
        choice("status", PoolStatus),
        day("closes_on", about="Last day of the allocation window."),
        flag("by_guideline"),
        text("returned_reason"),
        moment("submitted_at"),
        moment("approved_at"),
        whole("version", about="Counts every change of the allocation."),
    ),
    filters=(
        by.by_id("period", "prd", "period_id", code="period__code"),
        by.by_id("account", "acc", "account_id", code="account__node__code"),
        by.by_choice("status", PoolStatus),
    ),
    changed="audit",
    version="version",
    total="funded",
    expands=(
        Expand(name="allocations", resource="allocations", many="pool_id"),
        Expand(name="account", resource="accounts", source="account_id"),
        Expand(name="period", resource="periods", source="period_id"),
    ),
    acts=(
        Act(
            noun="allocation_save",
            name="save",
            on_row=True,
            about="Keep a draft of a pool's allocation. Who is not named keeps what they have.",
            perform=_save,
            body=GivenSharesSerializer,
            matched=True,
            example=EXAMPLE,
        ),
        Act(
            noun="allocation_submit",
            name="submit",
            on_row=True,
            about="Hand a pool's allocation to the approver. The amounts and the reserve are then exactly the pool.",
            perform=_submit,
            body=GivenSharesSerializer,
            matched=True,
            example=EXAMPLE,
        ),
        Act(
            noun="pool_approve",
            name="approve",
            on_row=True,
            about="Approve an allocation that was handed in. Its shares are final.",
            perform=_approved,
            matched=True,
        ),
        Act(
            noun="pool_return",
            name="return",
            on_row=True,
            about="Send an allocation back to who allocated, with a reason.",
            perform=_returned,
            body=PoolReturnSerializer,
            matched=True,
            example={"reason": "Nobody of logistics has a share."},
        ),
    ),
)
ALLOCATIONS = Resource(
    name="allocations",
    noun="allocation",
    prefix="alc",
    scope="pools",
    model=Allocation,
    about="One person's share of a pool: the guideline, and what was decided.",
    fields=(
        ref("id", "alc", "pk"),
        ref("pool_id", "pool"),
        ref("person_id", "per"),
        text("role", "role__code"),
        choice("link", Link),
        ratio("dedication"),
        whole("days_eligible"),
        flag("eligible"),
        text("ineligible_reason"),
        money("guideline", currency="pool__currency"),
        money("amount", currency="pool__currency", about="null until the KAM has set it."),
        text("reason"),
    ),
    filters=(
        by.by_id("pool", "pool", "pool_id"),
        by.by_id("person", "per", "person_id", code="person__employee_id"),
        by.by_id("period", "prd", "pool__period_id", code="pool__period__code"),
        by.by_flag("eligible"),
    ),
    changed="audit",
    total="amount",
    expands=(Expand(name="person", resource="people", source="person_id"),),
)

register(POOLS, ALLOCATIONS)
