"""
The KAM hands out the team's pool: drafts, the guideline, and the hand-over to the approver.

The pool's row is locked first, whatever comes: of twelve submissions at once the first
wins and the others meet a newer version. At no commit do the amounts and the reserve pass
the pool. Guardrails: payouts/engine/guardrails.py; states: docs/reference/states.md, "Pool".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from kamcomp import money
from kamcomp.approvals.choices import FindingStatus, Severity
from kamcomp.approvals.models import Finding
from kamcomp.audit.context import act
from kamcomp.identity.models import User
from kamcomp.refusal import Listing, Refusal
from payouts.choices import PoolStatus
from payouts.engine import guardrails
from payouts.engine.filling import spread_rest
from payouts.engine.pool_case import case_from_document, pool_figures
from payouts.models import Allocation, Pool
from payouts.selectors.pool_sheet import pool_findings
from payouts.services.events import allocation_submitted_event
from payouts.services.pools import (
    APPROVERS,
    POOL_TABLE,
    allocate_guideline,
    finding_put,
    refuse_after_window,
    refuse_unless_open,
)
from payouts.services.telling import pool_submitted_told
from teams.choices import Seat
from teams.models import Membership

ZERO = Decimal(0)
GUARDRAIL = "guardrail:"


class NotTheAllocator(Refusal):
    """Only the account's KAM, or a deputy who takes no share, allocates its pool."""


class PoolChangedMeanwhile(Refusal):
    """Somebody changed the pool after this form was opened."""


class NotInThisPool(Refusal):
    """An amount names somebody who is not one of the pool's people."""


class PoolExceeded(Refusal):
    """The amounts together are more than the pool holds."""


class AmountNotPayable(Refusal):
    """An amount is below zero, not a whole minor unit, or given to somebody who is not eligible."""


class GuardrailBroken(Refusal):
    """An allocation breaks rules of the plan; `findings` says which, about whom, and by how much."""

    def __init__(self, findings: Sequence[guardrails.Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__(Listing((finding.message for finding in findings), " "))


class AllocationNotWhole(GuardrailBroken):
    """The amounts and the reserve do not sum to exactly the pool."""


class ReasonMissing(GuardrailBroken):
    """A zero, or an amount far off its guideline, has no reason."""


NAMED_REFUSALS: Mapping[str, type[GuardrailBroken]] = {
    "allocation_whole": AllocationNotWhole,
    "zero_has_reason": ReasonMissing,
    "deviation_has_reason": ReasonMissing,
}


@act
def allocation_save(
    *,
    pool_id: UUID,
    version: int,
    amounts: Mapping[UUID, Decimal | None],
    reasons: Mapping[UUID, str] | None = None,
    reserve: Decimal | None = None,
    by: User,
    at: datetime,
) -> Pool:
    """
    Keep a draft: the amounts and reasons given, by person; all others stay as they are.

    None takes an amount back, so that the person's is not set any more.

    Units: `amounts` and `reserve` in the pool's currency; `reserve` is what is left
    unallocated by choice, beside what nobody can get.

    :raises PoolNotOpen: if the pool is submitted, approved or locked.
    :raises WindowPassed: after the last day of its window, unless the plan waits for the KAM.
    :raises NotTheAllocator: if `by` is neither the account's KAM nor an unpaid deputy.
    :raises PoolChangedMeanwhile: if `version` is not the pool's.
    :raises NotInThisPool: if an amount names somebody else.
    :raises AmountNotPayable: if an amount cannot be paid as it stands.
    :raises PoolExceeded: if the amounts and the reserve pass the pool.
    """
    pool = _opened(pool_id=pool_id, version=version, by=by, at=at)
    _draft_put(pool=pool, amounts=amounts, reasons=reasons or {}, reserve=reserve)
    pool.status, pool.version = PoolStatus.ALLOCATING, pool.version + 1
    pool.save(update_fields=["status", "reserve", "version"])
    return pool


@act
def allocation_guideline(*, pool_id: UUID, version: int, by: User, at: datetime) -> Pool:
    """
    Set every amount of a draft to its guideline.

    :raises PoolNotOpen, WindowPassed, NotTheAllocator, PoolChangedMeanwhile: as `allocation_save`.
    """
    pool = _opened(pool_id=pool_id, version=version, by=by, at=at)
    allocate_guideline(pool=pool, case=case_from_document(pool.inputs))
    pool.status, pool.version = PoolStatus.ALLOCATING, pool.version + 1
    pool.save(update_fields=["status", "reserve", "version"])
    return pool


@act
def allocation_spread(
    *,
    pool_id: UUID,
    version: int,
    amounts: Mapping[UUID, Decimal],
    reasons: Mapping[UUID, str] | None = None,
    by: User,
    at: datetime,
) -> Pool:
    """
    Keep the amounts given in a draft, and spread what is left of the pool over all others by guideline.

    Nobody is given more or less than the plan's limits; the draft's own reserve stays. Units: the pool's currency.

    :raises PoolNotOpen, WindowPassed, NotTheAllocator, PoolChangedMeanwhile, NotInThisPool, AmountNotPayable,
        PoolExceeded: as `allocation_save`.
    :raises NobodyToShareWith: if money is left and nobody to give it to.
    :raises LimitsCannotHoldPool: if what is left does not fit into the others' limits.
    """
    pool = _opened(pool_id=pool_id, version=version, by=by, at=at)
    figures = pool_figures(case=case_from_document(pool.inputs))
    people = dict(pool.allocations.values_list("person_id", "person__employee_id"))
    spread = spread_rest(
        total=figures.shared - money.settle(pool.reserve - figures.withheld, currency=pool.currency),
        typed={people[person]: amount for person, amount in amounts.items() if person in people},
        guideline=figures.guideline,
        limits=figures.limits,
        currency=pool.currency,
    )
    whole: dict[UUID, Decimal | None] = {
        person: spread[name] for person, name in people.items() if name in spread
    }
    _draft_put(pool=pool, amounts=whole | dict(amounts), reasons=reasons or {}, reserve=None)
    pool.status, pool.version = PoolStatus.ALLOCATING, pool.version + 1
    pool.save(update_fields=["status", "reserve", "version"])
    return pool


@act
def allocation_spread_rest(*, pool_id: UUID, version: int, by: User, at: datetime) -> Pool:
    """
    Spread what is left of a pool over those who have no amount yet, by guideline.

    Where everybody has one, those whose amount is exactly their guideline take the rest: the others were decided.

    :raises PoolNotOpen, WindowPassed, NotTheAllocator, PoolChangedMeanwhile, NobodyToShareWith, LimitsCannotHoldPool:
        as `allocation_spread`.
    """
    rows = list(Allocation.objects.filter(pool_id=pool_id, eligible=True))
    kept = [row for row in rows if row.amount is not None]
    if len(kept) == len(rows):
        kept = [row for row in kept if row.amount != row.guideline]
    amounts = {row.person_id: row.amount for row in kept if row.amount is not None}
    return allocation_spread(pool_id=pool_id, version=version, amounts=amounts, by=by, at=at)


@act
def allocation_submit(
    *,
    pool_id: UUID,
    version: int,
    amounts: Mapping[UUID, Decimal] | None = None,
    reasons: Mapping[UUID, str] | None = None,
    reserve: Decimal | None = None,
    by: User,
    at: datetime,
) -> Pool:
    """
    Hand a pool's allocation to the approver: the draft, with the amounts given here laid over it.

    What speaks against it without stopping it is kept as findings of the pool.

    :raises PoolNotOpen, WindowPassed, NotTheAllocator, PoolChangedMeanwhile, NotInThisPool, AmountNotPayable,
        PoolExceeded: as `allocation_save`.
    :raises AllocationNotWhole: if the amounts and the reserve do not sum to exactly the pool.
    :raises ReasonMissing: if a zero, or an amount far off its guideline, has no reason.
    :raises GuardrailBroken: if an amount leaves another limit of the plan.
    """
    pool = _opened(pool_id=pool_id, version=version, by=by, at=at)
    _draft_put(pool=pool, amounts=amounts or {}, reasons=reasons or {}, reserve=reserve)
    findings = pool_findings(pool=pool)
    _refuse_if_blocked(findings)
    if pool.status == PoolStatus.FUNDED:
        pool.status = PoolStatus.ALLOCATING
        pool.save(update_fields=["status", "reserve"])
    _warnings_keep(pool=pool, findings=findings, by=by, at=at)
    pool.status, pool.submitted_by, pool.submitted_at = PoolStatus.SUBMITTED, by, at
    pool.by_guideline, pool.version = False, pool.version + 1
    pool.save(update_fields=["status", "reserve", "submitted_by", "submitted_at", "by_guideline", "version"])
    pool_submitted_told(pool=pool, approvers=APPROVERS, at=at)
    allocation_submitted_event(pool=pool, at=at)
    return pool


def _opened(*, pool_id: UUID, version: int, by: User, at: datetime) -> Pool:
    pool = (
        Pool.objects.select_for_update(of=("self",), no_key=True)
        .select_related("account__node", "period", "allocator")
        .get(pk=pool_id)
    )
    refuse_unless_open(pool=pool)
    _refuse_unless_allocator(pool=pool, by=by, at=at)
    refuse_after_window(pool=pool, at=at)
    if pool.version != version:
        raise PoolChangedMeanwhile(
            "The pool of %(pool)s changed since you opened it (version %(version)s, yours is "
            "%(yours)s): look at it again.",
            pool=pool,
            version=pool.version,
            yours=version,
        )
    return pool


def _refuse_unless_allocator(*, pool: Pool, by: User, at: datetime) -> None:
    if pool.allocations.filter(person__user=by, eligible=True).exists():
        raise NotTheAllocator(
            "%(by)s is one of the people of the pool of %(pool)s and cannot allocate it.", by=by, pool=pool
        )
    if pool.allocator is not None and pool.allocator.user_id == by.pk:
        return
    deputies = Membership.objects.filter(
        account=pool.account, seat=Seat.DEPUTY, person__user=by, valid__contains=at.date()
    )
    if not deputies.exists():
        raise NotTheAllocator(
            "The pool of %(pool)s is allocated by %(allocator)s, the account's KAM, not by %(by)s.",
            pool=pool,
            allocator=pool.allocator,
            by=by,
        )


def _draft_put(
    *,
    pool: Pool,
    amounts: Mapping[UUID, Decimal | None],
    reasons: Mapping[UUID, str],
    reserve: Decimal | None,
) -> None:
    rows = {row.person_id: row for row in pool.allocations.select_related("person")}
    for person_id in {*amounts, *reasons} - rows.keys():
        raise NotInThisPool(
            "%(person_id)s is not one of the people of the pool of %(pool)s: take the row out.",
            person_id=person_id,
            pool=pool,
        )
    for person_id, amount in amounts.items():
        if amount is not None:
            _refuse_unpayable(rows[person_id], amount=amount, currency=pool.currency)
        rows[person_id].amount = amount
    for person_id, reason in reasons.items():
        rows[person_id].reason = reason.strip()
    withheld = pool_figures(case=case_from_document(pool.inputs)).withheld
    if reserve is not None:
        if reserve < ZERO or not money.is_settled(reserve, currency=pool.currency):
            raise AmountNotPayable(
                "The reserve of %(reserve)s is not an amount of %(currency)s from 0 up.",
                reserve=reserve,
                currency=pool.currency,
            )
        pool.reserve = withheld + reserve
    _refuse_excess(pool=pool, rows=rows.values())
    Allocation.objects.bulk_update(rows.values(), ["amount", "reason"])


def _refuse_unpayable(row: Allocation, *, amount: Decimal, currency: str) -> None:
    name = row.person.employee_id
    if amount < ZERO:
        raise AmountNotPayable(
            "%(name)s: %(amount)s is below zero; nobody pays into a pool.", name=name, amount=amount
        )
    if not money.is_settled(amount, currency=currency):
        raise AmountNotPayable(
            "%(name)s: %(amount)s is not a whole minor unit of %(currency)s.",
            name=name,
            amount=amount,
            currency=currency,
        )
    if amount and not row.eligible:
        raise AmountNotPayable(
            "%(name)s is not eligible (%(ineligible_reason)s) and can only get nothing.",
            name=name,
            ineligible_reason=row.why_not,
        )


def _refuse_excess(*, pool: Pool, rows: Iterable[Allocation]) -> None:
    given = sum((row.amount or ZERO for row in rows), ZERO) + pool.reserve
    if given > (pool.funded or ZERO):
        over = money.settle(given - (pool.funded or ZERO), currency=pool.currency)
        raise PoolExceeded(
            "%(over)s %(currency)s more than the pool of %(pool)s holds: lower an amount or the reserve.",
            over=over,
            currency=pool.currency,
            pool=pool,
        )


def _refuse_if_blocked(findings: Sequence[guardrails.Finding]) -> None:
    blocking = [finding for finding in findings if finding.severity == guardrails.BLOCK]
    if not blocking:
        return
    kinds = {NAMED_REFUSALS.get(finding.rule, GuardrailBroken) for finding in blocking}
    for kind in (AllocationNotWhole, ReasonMissing, GuardrailBroken):
        if kind in kinds:
            raise kind(blocking)


def _warnings_keep(*, pool: Pool, findings: Sequence[guardrails.Finding], by: User, at: datetime) -> None:
    Finding.objects.filter(
        subject_table=POOL_TABLE,
        subject_id=str(pool.pk),
        rule__startswith=GUARDRAIL,
        status=FindingStatus.OPEN,
    ).update(status=FindingStatus.SETTLED, settled_by=by, settled_at=at, settled_reason="submitted anew")
    for finding in findings:
        finding_put(
            pool=pool,
            rule=GUARDRAIL + finding.rule,
            message=finding.message,
            severity=Severity.TO_LOOK_AT,
            value=str(finding.value),
            limit=str(finding.limit),
        )
