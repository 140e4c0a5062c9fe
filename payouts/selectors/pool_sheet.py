"""
A team's pool as the sheet its KAM allocates on: people with guideline and amount, sums, guardrails, funding.

Everything is read from the pool's rows and the inputs kept with it; shares and deviations
are ratios of settled amounts. What shapes the bars is worked out here too, since a page
has no inline style.
Rules: docs/reference/formulas.md, "Pool allocation".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, Q

from kamcomp import money
from kamcomp.identity.models import User
from kamcomp.sentences import renamed
from payouts.choices import PoolStatus
from payouts.engine import guardrails
from payouts.engine.pool_case import (
    PoolFigures,
    case_from_document,
    funded_by_rule,
    pool_figures,
    pool_granted,
    proposal,
)
from payouts.models import Allocation, PayoutLine, Pool
from plans.engine.pool_terms import IfLate
from teams.choices import Link, ObjectiveStatus, Seat
from teams.models import AccountObjective, Membership

ZERO = Decimal(0)
OPEN = (PoolStatus.FUNDED, PoolStatus.ALLOCATING, PoolStatus.RETURNED)
BAR_WIDTH = 1000
BAR_GAP = 2
DEVIATION_WIDTH, DEVIATION_FULL = 52, Decimal("0.50")


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A piece of a bar: where it begins, how wide it is, what it is of."""

    x: int
    width: int
    tone: str


@dataclass(frozen=True, kw_only=True)
class SheetRow:
    """
    One person of the pool. `share` and `deviation` are ratios: of the pool, and off the guideline.

    `goals` are the objectives of the account plan they met, and those they had in the period; None where they had none.
    """

    person_id: UUID
    employee_id: str
    name: str
    role: str
    family: str
    link: str
    dedication: Decimal
    goals: tuple[int, int] | None
    before: Decimal | None
    guideline: Decimal
    amount: Decimal | None
    reason: str
    eligible: bool
    why_not: str
    share: Decimal | None
    deviation: Decimal | None
    needs_reason: bool
    bar: Bar | None


@dataclass(frozen=True, kw_only=True)
class SheetGroup:
    """The direct or the matrix people, with their sums."""

    link: str
    rows: Sequence[SheetRow]
    before: Decimal
    guideline: Decimal
    amount: Decimal
    share: Decimal


@dataclass(frozen=True, kw_only=True)
class FundingLine:
    """One goal of the team and what it brings: weight x payout ratio."""

    name: str
    weight: Decimal
    ratio: Decimal
    weighted: Decimal


@dataclass(frozen=True, kw_only=True)
class PoolSheet:
    """The whole sheet of one pool; `untaken` is what its corrections would take beyond what it holds."""

    pool: Pool
    groups: Sequence[SheetGroup]
    out: Sequence[SheetRow]
    before_code: str
    before: Decimal
    allocated: Decimal
    left: Decimal
    segments: Sequence[Bar]
    findings: Sequence[guardrails.Finding]
    funding: Sequence[FundingLine]
    team_weight: Decimal
    approver: str
    asked: Decimal
    granted: Decimal
    untaken: Decimal

    @property
    def rows(self) -> list[SheetRow]:
        """Return everybody who may get a share."""
        return [row for group in self.groups for row in group.rows]

    @property
    def blocking(self) -> list[guardrails.Finding]:
        """Return what has to be mended before the allocation can be handed in."""
        return [finding for finding in self.findings if finding.severity == guardrails.BLOCK]

    @property
    def largest(self) -> SheetRow | None:
        """Return who gets most."""
        given = [row for row in self.rows if row.amount]
        return max(given, key=lambda row: (row.amount or ZERO, row.employee_id), default=None)

    @property
    def reasons(self) -> int:
        """Return how many amounts have a reason."""
        return sum(1 for row in self.rows if row.reason)

    @property
    def matrix_share(self) -> Decimal:
        """Return the part of the pool that goes to matrix roles."""
        return sum((group.share for group in self.groups if group.link == Link.MATRIX), ZERO)


def pool_findings(*, pool: Pool) -> tuple[guardrails.Finding, ...]:
    """Return all that speaks against a pool's amounts as they stand, gravest first; an amount not set is missing."""
    case = case_from_document(pool.inputs)
    return _findings(
        pool=pool,
        figures=pool_figures(case=case),
        rows=list(pool.allocations.select_related("person")),
    )


@money.exactly
def pool_sheet(*, pool: Pool) -> PoolSheet:
    """Return a funded pool as a sheet, in six queries."""
    allocations = list(
        pool.allocations.select_related("person__details", "role").order_by("link", "person__employee_id")
    )
    case = case_from_document(pool.inputs)
    figures = pool_figures(case=case)
    before_pool = _pool_before(pool)
    before = {} if before_pool is None else _amounts(before_pool)
    goals = _goals(pool)
    rows = [_row(allocation, pool=pool, before=before, goals=goals) for allocation in allocations]
    allocated = sum((row.amount or ZERO for row in rows), ZERO)
    inside = [row for row in rows if row.eligible]
    funding = list(_funding(pool))
    return PoolSheet(
        pool=pool,
        groups=[_group(link, inside, pool=pool) for link in (Link.DIRECT, Link.MATRIX)],
        out=[row for row in rows if not row.eligible],
        before_code=before_pool.period.code if before_pool else "",
        before=sum((row.before or ZERO for row in inside), ZERO),
        allocated=allocated,
        left=(pool.funded or ZERO) - allocated - pool.reserve,
        segments=list(_segments(inside, pool=pool)),
        findings=[
            _named(finding, rows) for finding in _findings(pool=pool, figures=figures, rows=allocations)
        ],
        funding=funding,
        team_weight=sum((line.weight for line in funding), ZERO),
        approver=_approver(pool),
        asked=funded_by_rule(case=case),
        granted=pool_granted(case=case),
        untaken=figures.corrected - case.correction,
    )


def pool_allocates(*, pool: Pool, user: User, on: date) -> bool:
    """Tell whether somebody hands this pool out: its KAM, or a deputy; never one of its people."""
    if pool.allocations.filter(person__user=user).exists():
        return False
    if pool.allocator is not None and pool.allocator.user_id == user.pk:
        return True
    seats = Membership.objects.filter(account_id=pool.account_id, seat=Seat.DEPUTY, person__user=user)
    return seats.filter(valid__contains=on).exists()


def window_over(*, pool: Pool, on: date) -> bool:
    """Tell whether a pool's window has passed and its plan does not wait for the KAM: the late rule hands it in."""
    if pool.closes_on is None or on <= pool.closes_on:
        return False
    return case_from_document(pool.inputs).terms.if_late is not IfLate.WAIT


def _findings(
    *, pool: Pool, figures: PoolFigures, rows: Sequence[Allocation]
) -> tuple[guardrails.Finding, ...]:
    eligible = [row for row in rows if row.eligible]
    return guardrails.guardrails(
        proposal=proposal(
            case=case_from_document(pool.inputs),
            figures=figures,
            amounts={
                row.person.employee_id: money.settle(row.amount, currency=pool.currency)
                for row in eligible
                if row.amount is not None
            },
            reasons={row.person.employee_id: row.reason for row in eligible},
            reserve=money.settle(pool.reserve - figures.withheld, currency=pool.currency),
            allocator=pool.allocator.employee_id if pool.allocator else "",
        )
    )


def _named(finding: guardrails.Finding, rows: Sequence[SheetRow]) -> guardrails.Finding:
    """Return a finding that names people as readers know them, not by their number."""
    names = {row.employee_id: row.name for row in rows}
    return guardrails.Finding(
        rule=finding.rule,
        subject=finding.subject,
        value=finding.value,
        limit=finding.limit,
        severity=finding.severity,
        message=renamed(finding.message, names=names),
    )


def _pool_before(pool: Pool) -> Pool | None:
    earlier = Pool.objects.filter(account_id=pool.account_id, status=PoolStatus.APPROVED)
    return (
        earlier.filter(period__days__startswith__lt=pool.period.days.lower)
        .select_related("period")
        .order_by("-period__days")
        .first()
    )


def _amounts(pool: Pool) -> dict[UUID, Decimal | None]:
    return dict(pool.allocations.values_list("person_id", "amount"))


def _goals(pool: Pool) -> Mapping[UUID, tuple[int, int]]:
    """Return by person how many objectives of the account plan, due in the pool's period, they met and had."""
    rows = (
        AccountObjective.objects.filter(
            account_id=pool.account_id, due_on__gte=pool.period.days.lower, due_on__lt=pool.period.days.upper
        )
        .exclude(status__in=[ObjectiveStatus.DRAFT, ObjectiveStatus.DROPPED])
        .order_by()
        .values_list("owner_id")
        .annotate(met=Count("pk", filter=Q(status=ObjectiveStatus.MET)), had=Count("pk"))
    )
    return {owner: (met, had) for owner, met, had in rows}


def _row(
    row: Allocation,
    *,
    pool: Pool,
    before: Mapping[UUID, Decimal | None],
    goals: Mapping[UUID, tuple[int, int]],
) -> SheetRow:
    funded = pool.funded or ZERO
    deviation = None
    if row.amount is not None and row.guideline:
        deviation = row.amount / row.guideline - 1
    beyond = pool.terms.get("reason_beyond")
    zero = row.amount is not None and not row.amount and pool.terms.get("zero_with_reason")
    return SheetRow(
        person_id=row.person_id,
        employee_id=row.person.employee_id,
        name=_name(row),
        role=row.role.name,
        family=row.role.family if row.link == Link.MATRIX else "",
        link=row.link,
        dedication=row.dedication,
        goals=goals.get(row.person_id),
        before=before.get(row.person_id),
        guideline=row.guideline,
        amount=row.amount,
        reason=row.reason,
        eligible=row.eligible,
        why_not=row.why_not,
        share=row.amount / funded if row.amount is not None and funded else None,
        deviation=deviation,
        needs_reason=bool(zero)
        or (deviation is not None and beyond is not None and abs(deviation) > Decimal(beyond)),
        bar=_deviation_bar(deviation),
    )


def _name(row: Allocation) -> str:
    details = getattr(row.person, "details", None)
    return str(details) if details is not None else row.person.employee_id


def _deviation_bar(deviation: Decimal | None) -> Bar | None:
    if deviation is None:
        return None
    half = DEVIATION_WIDTH // 2
    width = int(min(abs(deviation) / DEVIATION_FULL, Decimal(1)) * half)
    return Bar(x=half if deviation > 0 else half - width, width=width, tone="up" if deviation > 0 else "down")


def _group(link: str, rows: Sequence[SheetRow], *, pool: Pool) -> SheetGroup:
    mine = [row for row in rows if row.link == link]
    amount = sum((row.amount or ZERO for row in mine), ZERO)
    return SheetGroup(
        link=link,
        rows=mine,
        before=sum((row.before or ZERO for row in mine), ZERO),
        guideline=sum((row.guideline for row in mine), ZERO),
        amount=amount,
        share=amount / pool.funded if pool.funded else ZERO,
    )


def _segments(rows: Sequence[SheetRow], *, pool: Pool) -> Iterator[Bar]:
    """Yield one piece of the pool's bar for each amount, in the order of the sheet."""
    if not pool.funded:
        return
    gone = ZERO
    for row in rows:
        if row.amount:
            start, gone = gone, gone + row.amount
            left, right = (int(part / pool.funded * BAR_WIDTH) for part in (start, gone))
            yield Bar(
                x=left,
                width=max(right - left - BAR_GAP, 1),
                tone="matrix" if row.link == Link.MATRIX else "way",
            )


def _approver(pool: Pool) -> str:
    manager = pool.allocator.manager if pool.allocator else None
    if manager is None:
        return ""
    details = getattr(manager, "details", None)
    return str(details) if details is not None else str(manager)


def _funding(pool: Pool) -> Iterator[FundingLine]:
    """Yield the goals under the plan's node that funds the pool, with what each paid in the run that funded it."""
    node = _node(pool.plan_version.document.get("incentive") or {}, pool.terms.get("funding", {}).get("node"))
    goals = {goal["code"]: goal for goal in (node or {}).get("children", ()) if goal.get("kind") == "goal"}
    if not goals or pool.run_id is None or pool.allocator_id is None:
        return
    lines = PayoutLine.objects.filter(
        payout__run_id=pool.run_id,
        payout__person_id=pool.allocator_id,
        account_id=pool.account_id,
        leaf__in=goals,
    ).order_by("number")
    for line in lines:
        if line.payout_ratio is not None and line.weight is not None:
            yield FundingLine(
                name=goals[line.leaf]["name"],
                weight=line.weight,
                ratio=line.payout_ratio,
                weighted=line.weight * line.payout_ratio,
            )


def _node(node: Mapping[str, Any], code: str | None) -> Mapping[str, Any] | None:
    if node.get("code") == code:
        return node
    found = (_node(child, code) for child in node.get("children", ()))
    return next((each for each in found if each is not None), None)
