"""
Who gets what of a pool: guideline shares and the limits around them.

The guideline is what the plan would pay if nobody decided anything: dedication x days
x role weight. The KAM moves amounts inside limits around the guideline; `filling` keeps
them there, to the cent. Weights are exact rationals.
The rules are written down in docs/reference/formulas.md, "Pool allocation"; what a
proposed allocation may not do is in `guardrails`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from kamcomp import money
from kamcomp.refusal import Refusal, Sentence
from kamcomp.sentences import Word
from kamcomp.trace import NO_TRACE, Trace
from payouts.engine.filling import Limits, fill

ZERO = Decimal(0)
WHOLE = Decimal(1)
DIRECT, MATRIX = "direct", "matrix"
SHARE_BY = ("dedication", "days", "role_weight")
WHEN_ROLE_EMPTY = ("spread", "withhold")


class AllocationRuleUnsound(Refusal):
    """A pool's allocation rule contradicts itself."""


class MemberUnsound(Refusal):
    """A member's facts cannot give a share: more days than the period has, a negative weight."""


@dataclass(frozen=True, kw_only=True)
class Member:
    """
    A person who may share in a pool.

    `key` is the person's stable id, which breaks ties. `dedication` is a ratio of the
    person's working time; `eligible_days` are the days of the period on the account;
    `ceiling` is the money left under the person's personal ceiling over all pools.
    """

    key: str
    role: str
    link: str
    dedication: Decimal
    eligible_days: int
    role_weight: Decimal = WHOLE
    ceiling: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class AllocationRule:
    """
    How a plan lets a pool be shared (all ratios; None = no such limit).

    `low` and `high` bound a share as ratios of its guideline; `per_person_at_most` is a
    ratio of the pool; `matrix_at_least` is the ratio of the pool that matrix members
    share at least, when there are any; `reserve_at_most` is the ratio that may stay
    unallocated; beyond `reason_beyond` off the guideline a reason is due.
    `role_shares` splits the pool between roles first; a role nobody holds gives its
    share to the other roles ("spread") or leaves it out of the pool ("withhold").
    """

    share_by: tuple[str, ...] = SHARE_BY
    low: Decimal | None = None
    high: Decimal | None = None
    per_person_at_most: Decimal | None = None
    matrix_at_least: Decimal = ZERO
    zero_with_reason: bool = False
    reason_beyond: Decimal | None = None
    reserve_at_most: Decimal = ZERO
    role_shares: Mapping[str, Decimal] = field(default_factory=dict)
    when_role_empty: str = "spread"

    def __post_init__(self) -> None:
        if not self.share_by or set(self.share_by) - set(SHARE_BY):
            raise AllocationRuleUnsound(
                "share_by names %(share_by)s: it takes %(ways)s.",
                share_by=self.share_by,
                ways=", ".join(SHARE_BY),
            )
        if (self.low is not None and self.low > WHOLE) or (self.high is not None and self.high < WHOLE):
            raise AllocationRuleUnsound(
                "The bounds %(low)s to %(high)s leave out the guideline itself.", low=self.low, high=self.high
            )
        if self.role_shares and sum(self.role_shares.values(), ZERO) != WHOLE:
            raise AllocationRuleUnsound(
                "The role shares sum to %(total)s, not to 1.", total=sum(self.role_shares.values(), ZERO)
            )
        if self.when_role_empty not in WHEN_ROLE_EMPTY:
            raise AllocationRuleUnsound(
                "when_role_empty is %(when_role_empty)s: spread or withhold.",
                when_role_empty=self.when_role_empty,
            )


@dataclass(frozen=True, kw_only=True)
class Guideline:
    """The shares a rule gives, which sum with `withheld` (roles nobody holds) to the pool."""

    shares: Mapping[str, Decimal]
    withheld: Decimal


@money.exactly
def guideline_weights(
    *, members: Sequence[Member], rule: AllocationRule, period_days: int, trace: Trace = NO_TRACE
) -> dict[str, Fraction]:
    """
    Return each member's weight: dedication x eligible days / period days x role weight.

    Factors that the rule's `share_by` does not name count as 1, but a member with no
    eligible day weighs nothing. With role shares, a member's weight is the role's share
    in proportion to the weights inside the role.

    Shape: one exact rational by member key. Units: none, only proportions count.
    Source: docs/reference/formulas.md, "Pool allocation".

    :raises MemberUnsound: if a factor is negative, the days exceed the period, or a role has no share.
    """
    weights = {}
    for member in members:
        _check(member, rule=rule, period_days=period_days)
        weights[member.key] = _weight(member, share_by=rule.share_by, period_days=period_days)
        trace.step(
            f"weight of {member.key}",
            member.dedication * member.eligible_days * member.role_weight / period_days,
            unit="ratio",
            because=Sentence(
                "dedication %(dedication)s x %(eligible_days)s/%(period_days)s days x role weight "
                "%(role_weight)s, shared by %(share_by)s",
                dedication=member.dedication,
                eligible_days=member.eligible_days,
                period_days=period_days,
                role_weight=member.role_weight,
                share_by=", ".join(rule.share_by),
            ),
        )
    if rule.role_shares:
        return _within_roles(members=members, weights=weights, role_shares=rule.role_shares)
    return weights


@money.exactly
def guideline_shares(
    *,
    total: Decimal,
    members: Sequence[Member],
    rule: AllocationRule,
    period_days: int,
    currency: str,
    trace: Trace = NO_TRACE,
) -> Guideline:
    """
    Return what the plan would pay each member if nobody decided anything.

    The pool is split by weight, by largest remainder, ties by member key. Where a share
    passes the most per person or a personal ceiling, it stops there and the rest flows
    to the others; matrix members together get at least their part.

    Units: money in `currency`, whole minor units; shares + withheld = total, exactly.
    Source: docs/reference/formulas.md, "Pool allocation".

    :raises NobodyToShareWith: if there is money and nobody has a weight.
    :raises LimitsCannotHoldPool: if the most per person, a personal ceiling or the matrix part forbids it.
    """
    weights = guideline_weights(members=members, rule=rule, period_days=period_days, trace=trace)
    withheld = _withheld(
        total=total, weights=weights, members=members, rule=rule, currency=currency, trace=trace
    )
    limits = {member.key: _ceiling(member, total=total, rule=rule, currency=currency) for member in members}
    shares = fill(
        total=total - withheld,
        wishes=weights,
        limits=limits,
        matrix=matrix_keys(members=members),
        matrix_least=matrix_least(total=total, members=members, rule=rule, currency=currency),
        currency=currency,
    )
    for key in sorted(shares):
        trace.step(f"guideline share of {key}", shares[key], unit=currency, inputs=(f"weight of {key}",))
    return Guideline(shares=shares, withheld=withheld)


@money.exactly
def allocation_limits(
    *,
    total: Decimal,
    members: Sequence[Member],
    guideline: Mapping[str, Decimal],
    rule: AllocationRule,
    currency: str,
) -> dict[str, Limits]:
    """
    Return the least and most each member may get of a pool.

    A floor is the guideline times the low bound, rounded up to the minor unit; a
    ceiling is the guideline times the high bound, rounded down, and never above the
    most per person or what the personal ceiling leaves. So no amount inside the limits
    leaves a bound by a fraction of a cent, and the guideline itself is always inside.

    Units: money in `currency`; `total` is the whole pool, of which the most per person is a ratio.
    Source: docs/reference/formulas.md, "Pool allocation".
    """
    limits = {}
    for member in members:
        share, outer = guideline[member.key], _ceiling(member, total=total, rule=rule, currency=currency)
        low = ZERO if rule.low is None else money.ceiling_settled(share * rule.low, currency=currency)
        high, because = outer.high, outer.high_because
        if rule.high is not None:
            bound = money.floor_settled(share * rule.high, currency=currency)
            high, because = min((bound, Word("guideline ceiling")), (high, because))
        limits[member.key] = Limits(low=low, high=high, high_because=because)
    return limits


def matrix_keys(*, members: Sequence[Member]) -> frozenset[str]:
    """Return the keys of the matrix members who served in the period, with a day and a weight."""
    return frozenset(
        member.key
        for member in members
        if member.link == MATRIX and member.eligible_days and member.dedication and member.role_weight
    )


@money.exactly
def matrix_least(
    *, total: Decimal, members: Sequence[Member], rule: AllocationRule, currency: str
) -> Decimal:
    """Return the money the matrix members share at least, rounded up; nothing when there are none."""
    if not matrix_keys(members=members):
        return ZERO
    return money.ceiling_settled(total * rule.matrix_at_least, currency=currency)


def _check(member: Member, *, rule: AllocationRule, period_days: int) -> None:
    if member.dedication < ZERO or member.role_weight < ZERO or member.eligible_days < 0:
        raise MemberUnsound("%(key)s: dedication, days and role weight cannot be below zero.", key=member.key)
    if member.eligible_days > period_days:
        raise MemberUnsound(
            "%(key)s: %(eligible_days)s eligible days, the period has %(period_days)s.",
            key=member.key,
            eligible_days=member.eligible_days,
            period_days=period_days,
        )
    if rule.role_shares and member.role not in rule.role_shares:
        raise MemberUnsound(
            "%(key)s: the role %(role)s has no share of the pool; add it to role_shares.",
            key=member.key,
            role=member.role,
        )


def _weight(member: Member, *, share_by: Iterable[str], period_days: int) -> Fraction:
    if not member.eligible_days:
        return Fraction(0)
    factors = {
        "dedication": Fraction(member.dedication),
        "days": Fraction(member.eligible_days, period_days),
        "role_weight": Fraction(member.role_weight),
    }
    weight = Fraction(1)
    for name in share_by:
        weight *= factors[name]
    return weight


def _within_roles(
    *, members: Sequence[Member], weights: Mapping[str, Fraction], role_shares: Mapping[str, Decimal]
) -> dict[str, Fraction]:
    of_role = dict.fromkeys(role_shares, Fraction(0))
    for member in members:
        of_role[member.role] += weights[member.key]
    return {
        member.key: weights[member.key] * Fraction(role_shares[member.role]) / of_role[member.role]
        if of_role[member.role]
        else Fraction(0)
        for member in members
    }


def _withheld(
    *,
    total: Decimal,
    weights: Mapping[str, Fraction],
    members: Sequence[Member],
    rule: AllocationRule,
    currency: str,
    trace: Trace,
) -> Decimal:
    held = {member.role for member in members if weights[member.key]}
    empty = sorted(set(rule.role_shares) - held)
    if not empty:
        return ZERO
    if rule.when_role_empty == "spread":
        trace.step(
            "roles nobody holds",
            len(empty),
            unit="roles",
            because=lambda: Sentence("%(empty)s: spread over the others", empty=", ".join(empty)),
        )
        return ZERO
    withheld = money.settle(total * sum((rule.role_shares[role] for role in empty), ZERO), currency=currency)
    trace.step(
        "withheld",
        withheld,
        unit=currency,
        because=lambda: Sentence("nobody holds %(empty)s", empty=", ".join(empty)),
    )
    return withheld


def _ceiling(member: Member, *, total: Decimal, rule: AllocationRule, currency: str) -> Limits:
    high, because = total, Word("the pool")
    if rule.per_person_at_most is not None:
        most = money.floor_settled(total * rule.per_person_at_most, currency=currency)
        high, because = min((high, because), (most, Word("most per person")))
    if member.ceiling is not None:
        left = money.floor_settled(max(member.ceiling, ZERO), currency=currency)
        high, because = min((high, because), (left, Word("personal ceiling")))
    return Limits(low=ZERO, high=high, high_because=because)
