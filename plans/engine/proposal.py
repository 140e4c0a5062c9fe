"""
From strategy to a first draft: which type of plan fits an account, why, and how much of pay should be cash at risk.

Each answer speaks for a type with a weight; the heaviest sum is proposed with the reasons it won by. The weights are
judgement, and only propose: everything is chosen and edited afterwards. A type that the design checks call a misfit
(L56) is never proposed. Pure. Rule: docs/reference/plan-proposal.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from kamcomp import money
from plans.engine.conventions import PlanType

WIDE_TEAM, SMALLEST_TEAM = 5, 3
MANY_SEGMENTS, SOME_SEGMENTS = 3, 2
FULL = Decimal("0.60")
FEW_CHANCES, LONG_CYCLE = 4, 12
CLEAR, NEAR = 3, 2
LEAST_BASE, MOST_BASE = Decimal("0.75"), Decimal("0.85")
ZERO, ONE = Decimal(0), Decimal(1)


class Goal(StrEnum):
    """What the company wants of the account."""

    DEFEND = "defend"
    GROW = "grow"
    PROFIT = "profit"


@dataclass(frozen=True, kw_only=True)
class Answers:
    """
    What is known of the account: the goal; how many serve it, in how many countries; its segments; the share of its
    spend that is ours and how revenue moved over a year (ratios, none where nobody knows); months from first talk to
    order; opportunities a year; and how much the long run counts against the current year (0 to 1).
    """

    goal: Goal
    team: int
    countries: int
    segments: int
    saturation: Decimal | None
    trend: Decimal | None
    cycle_months: int
    opportunities: int
    long_run: Decimal

    @property
    def is_full(self) -> bool:
        """Tell whether most of what the customer spends is ours already."""
        return self.saturation is not None and self.saturation >= FULL

    @property
    def is_falling(self) -> bool:
        """Tell whether revenue is going down."""
        return self.trend is not None and self.trend < 0


@dataclass(frozen=True)
class Reason:
    """Something that speaks for a type of plan: a name, and how heavily it weighs."""

    name: str
    weight: int


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """
    The type proposed, what speaks for each type with the heaviest first, what rules a type out, and the base share.
    """

    type: PlanType
    speaks: Mapping[PlanType, Sequence[Reason]]
    misfits: Mapping[PlanType, str]
    base_share: Decimal

    @property
    def reasons(self) -> Sequence[Reason]:
        """Return what speaks for the type proposed, the heaviest first."""
        return self.speaks[self.type]

    def weight(self, plan_type: PlanType) -> int:
        """Return how much speaks for a type."""
        return sum(reason.weight for reason in self.speaks[plan_type])


@money.exactly
def proposal(*, answers: Answers) -> Proposal:
    """Return the type of plan that the answers speak for; of equals, the simpler one."""
    misfits = _misfits(answers)
    speaks = {
        PlanType.TEAM_PERFORMANCE: _for_team(answers),
        PlanType.RENEWAL: _for_renewal(answers),
        PlanType.PORTFOLIO: _for_portfolio(answers),
    }
    speaks[PlanType.HYBRID] = _for_hybrid(answers, speaks, misfits)
    ordered = {
        each: sorted(found, key=lambda reason: -reason.weight) for each, found in speaks.items()
    }  # fmt: skip
    fitting = [each for each in ordered if each not in misfits and ordered[each]] or [PlanType.HYBRID]
    best = max(fitting, key=lambda each: sum(reason.weight for reason in ordered[each]))
    return Proposal(
        type=best, speaks=ordered, misfits=misfits, base_share=base_share(long_run=answers.long_run)
    )


@money.exactly
def base_share(*, long_run: Decimal) -> Decimal:
    """
    Return the share of target pay that should be base: the more the long run counts, the less cash is at risk.

    Units: ratios. It runs straight from 75 % where only the current year counts to 85 % where only the long run does,
    so it never falls when the long run gains. Source: docs/reference/plan-proposal.md, "Cash share".
    """
    raw = LEAST_BASE + (MOST_BASE - LEAST_BASE) * min(max(long_run, ZERO), ONE)
    return money.to_decimals(raw, 2)


def _misfits(answers: Answers) -> dict[PlanType, str]:
    found = {
        PlanType.TEAM_PERFORMANCE: ("small_team", answers.team < SMALLEST_TEAM),
        PlanType.PORTFOLIO: ("no_segments", answers.segments < SOME_SEGMENTS),
        PlanType.RENEWAL: ("growing", answers.goal is Goal.GROW),
    }
    return {each: name for each, (name, holds) in found.items() if holds}


def _for_team(answers: Answers) -> list[Reason]:
    return _told(
        (answers.goal is Goal.PROFIT, "profit_together", 3),
        (answers.goal is Goal.GROW, "grow_together", 2),
        (answers.team >= WIDE_TEAM, "wide_team", 1),
        (answers.countries > 1, "many_countries", 1),
        (answers.segments < SOME_SEGMENTS, "one_whole", 1),
    )


def _for_portfolio(answers: Answers) -> list[Reason]:
    some = answers.segments >= SOME_SEGMENTS
    many = answers.segments >= MANY_SEGMENTS
    return _told(
        (many, "many_segments", 3),
        (some and not many, "two_segments", 2),
        (some and answers.goal is Goal.GROW, "spread_growth", 2),
        (some and answers.saturation is not None and not answers.is_full, "room_across", 1),
    )


def _for_renewal(answers: Answers) -> list[Reason]:
    return _told(
        (answers.goal is Goal.DEFEND, "defend", 4),
        (answers.is_full, "nothing_left", 2),
        (answers.is_falling, "falling", 2),
        (answers.opportunities <= FEW_CHANCES, "few_chances", 1),
        (answers.cycle_months >= LONG_CYCLE and answers.is_full, "long_cycle", 1),
    )


def _for_hybrid(
    answers: Answers, speaks: Mapping[PlanType, Sequence[Reason]], misfits: Mapping[PlanType, str]
) -> list[Reason]:
    """Return what speaks for mixing: keeping and winning weigh about the same, or no pure type fits."""
    sums = {each: sum(reason.weight for reason in found) for each, found in speaks.items()}
    keep = sums[PlanType.RENEWAL]
    winning = {
        PlanType.PORTFOLIO: "keep_and_spread",
        PlanType.TEAM_PERFORMANCE: "keep_and_grow",
    }
    rivals = {each: sums[each] for each in winning if each not in misfits and sums[each] >= CLEAR}
    beside = max(rivals, key=lambda each: rivals[each], default=None)
    wins = answers.goal is not Goal.DEFEND or beside is PlanType.PORTFOLIO
    if beside is not None and wins and keep >= CLEAR and abs(keep - rivals[beside]) <= NEAR:
        return [Reason(winning[beside], max(keep, rivals[beside]) + 1)]
    alone = [each for each in sums if each not in misfits and sums[each]]
    return [] if alone else [Reason("none_alone", 1)]


def _told(*rows: tuple[bool, str, int]) -> list[Reason]:
    return [Reason(name, weight) for holds, name, weight in rows if holds]
