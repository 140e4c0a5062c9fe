"""
The facts beside a plan document that checks look at, as frozen records.

Everything may be left out: what is None is not known, and a rule that needs it says so. The same records are read
from the database, and from a JSON file by `manage.py plans check --facts`. Money is in the plan's currency, shares
and ratios are 1 for 100 %, days are inclusive as in files. Pure.
Rule: docs/reference/checks.md, "What is looked at".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any


class Stage(StrEnum):
    """What is about to happen to the plan when it is looked at."""

    DRAFT = "draft"
    APPROVAL = "approval"
    PUBLISHING = "publishing"
    HISTORY = "history"


class Way(StrEnum):
    """How an employment ended."""

    RESIGNED = "resigned"
    DISMISSED = "dismissed"
    DISMISSED_WITHOUT_FAULT = "dismissed_without_fault"


@dataclass(frozen=True, kw_only=True)
class MetricFacts:
    """
    A metric as the company has it: scores of 0 to 3, how late its figures come, what was achieved before.

    `missing_lately` counts the last two closed periods without a result; `past` are attainments of closed periods.
    """

    direction: str | None = None
    perspective: str | None = None
    has_source: bool | None = None
    alignment: int | None = None
    controllability: int | None = None
    latency_days: int | None = None
    missing_lately: int | None = None
    answers: int | None = None
    response_rate: Decimal | None = None
    past: tuple[Decimal, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class MemberFacts:
    """
    A person on an account team; `measures` are the metrics they are paid on, with the share of their variable pay.

    `covered` says whether a plan or a pool pays them; `whole_dedication` is over all their accounts.
    """

    person: str
    role: str
    seat: str = "member"
    link: str = "direct"
    dedication: Decimal = Decimal(1)
    whole_dedication: Decimal | None = None
    leader: str = ""
    on_plan: bool | None = None
    pool_eligible: bool = False
    opt_out: str = ""
    measures: Mapping[str, Decimal] | None = field(default=None, hash=False)


@dataclass(frozen=True, kw_only=True)
class ObjectiveFacts:
    """An objective of an account plan; `outcome` tells a result from an activity."""

    code: str
    statement: str = ""
    metric: str = ""
    perspective: str = ""
    horizon_months: int | None = None
    outcome: bool | None = None


@dataclass(frozen=True, kw_only=True)
class CascadeFacts:
    """A metric's target for the account, and what the individual targets come to."""

    metric: str
    account: Decimal
    individuals: Decimal


@dataclass(frozen=True, kw_only=True)
class WalletFacts:
    """The newest estimate of what the customer spends: where it is from, and of which day."""

    as_of: date
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class ReviewFacts:
    """A review of the account so many months into the programme: what changed since its start, as ratios."""

    months: int
    revenue: Decimal
    profit: Decimal
    satisfaction: Decimal


@dataclass(frozen=True, kw_only=True)
class BulgeFacts:
    """The last month of a period over the period's monthly mean, and the share of it reversed in the next."""

    period: str
    last_over_mean: Decimal
    reversed_next: Decimal


@dataclass(frozen=True, kw_only=True)
class AccountFacts:
    """A strategic account that the plan pays for."""

    code: str
    strategy: str = ""
    horizon_months: int | None = None
    long_emphasis: Decimal | None = None
    start_up: bool = False
    has_pnl: bool | None = None
    cycle_months: Decimal | None = None
    opportunities_a_year: Decimal | None = None
    largest_deal: Decimal | None = None
    quota: Decimal | None = None
    members: tuple[MemberFacts, ...] | None = None
    objectives: tuple[ObjectiveFacts, ...] | None = None
    expected_roles: tuple[str, ...] | None = None
    cascade: tuple[CascadeFacts, ...] | None = None
    wallet: WalletFacts | None = None
    reviews: tuple[ReviewFacts, ...] | None = None
    bulges: tuple[BulgeFacts, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class PersonFacts:
    """
    Somebody the plan pays, or who shares in its pool: pay a year, and where and under which law they work.

    `place` is ISO 3166-2, or a country's two letters. `account` is empty where no customer is named.
    """

    person: str
    role: str = ""
    seat: str = "member"
    link: str = "direct"
    account: str = ""
    on_plan: bool = True
    place: str = ""
    language: str = ""
    salaried: bool | None = None
    overtime: str | None = None
    works_council: bool | None = None
    base: Decimal | None = None
    variable: Decimal | None = None
    pool_target: Decimal | None = None
    revenue_impact: Decimal | None = None
    compa_ratio: Decimal | None = None
    sole_contact: bool | None = None
    successor: bool | None = None
    rewarded_on: date | None = None
    reward_known: bool = False
    signed: bool | None = None
    receipt: bool | None = None
    terms_signed: tuple[str, ...] | None = None
    targets_set: bool | None = None
    targets_agreed: bool | None = None
    talks_logged: bool | None = None
    consented: bool | None = None
    paid_total: Decimal | None = None
    legal_minimum: Decimal | None = None
    category: str = ""
    sex: str = ""


@dataclass(frozen=True, kw_only=True)
class VersionFacts:
    """A version on its way: who made and approved it, its days so far, its texts, and what it changes."""

    prepared_by: str = ""
    approved_by: str = ""
    frozen_on: date | None = None
    published_on: date | None = None
    paid_until: date | None = None
    first: bool | None = None
    languages: tuple[str, ...] | None = None
    topics: tuple[str, ...] | None = None
    works_council_reference: str | None = None
    works_council_consent: bool | None = None
    promised_pay_on: date | None = None
    deferral_schedule_fixed: bool | None = None
    expired_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class EvidenceFacts:
    """
    Stored replays and simulations: closed periods there are, replayed ones, levels of result, each
    rep's change.
    """

    closed_periods: int | None = None
    replayed_periods: int | None = None
    scenarios: tuple[Decimal, ...] | None = None
    rep_changes: Mapping[str, Decimal] | None = field(default=None, hash=False)


@dataclass(frozen=True, kw_only=True)
class YearFacts:
    """Cost of pay, revenue and profit of a year."""

    cost: Decimal
    revenue: Decimal
    profit: Decimal


@dataclass(frozen=True, kw_only=True)
class CostFacts:
    """What the plan costs at target, what was approved for it, and the accounts' year before and with it."""

    at_target: Decimal | None = None
    budget: Decimal | None = None
    before: YearFacts | None = None
    after: YearFacts | None = None


@dataclass(frozen=True, kw_only=True)
class ExceptionFacts:
    """A departure from the plan that is to be paid."""

    code: str
    kind: str = ""
    reason: str = ""
    approver: str = ""
    amount: Decimal | None = None
    expires_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class AllocationFacts:
    """One person's part of a pool: the guideline's share, what was proposed, and why."""

    person: str
    pool: str = ""
    guideline: Decimal
    amount: Decimal
    dedication: Decimal = Decimal(1)
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class CreditFacts:
    """
    A transaction that paid a person through a component; components that are declared as linked share a
    name.
    """

    transaction: str
    person: str
    component: str
    linked: str = ""


@dataclass(frozen=True, kw_only=True)
class PayAndGrowth:
    """What a payee earned of target, and how their account grew."""

    person: str
    payout_ratio: Decimal
    growth: Decimal


@dataclass(frozen=True, kw_only=True)
class RunFacts:
    """What a run, or a period, paid and how."""

    lines: int | None = None
    paid: Decimal | None = None
    exceptions: tuple[ExceptionFacts, ...] | None = None
    allocations: tuple[AllocationFacts, ...] | None = None
    ratings: tuple[Decimal, ...] | None = None
    outcomes: tuple[PayAndGrowth, ...] | None = None
    credits: tuple[CreditFacts, ...] | None = None
    credited: Decimal | None = None
    booked: Decimal | None = None
    zero_payouts: tuple[str, ...] | None = None
    evidence_kept: bool | None = None
    human_approval: bool | None = None
    earned_on: date | None = None
    vested_on: date | None = None
    pays_on: date | None = None
    on_leave: tuple[str, ...] | None = None
    ends_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class ClawbackFacts:
    """A recovery from somebody: what, whether it had been earned, and which words were signed before."""

    person: str
    amount: Decimal
    earned: bool | None = None
    clause_signed: bool | None = None
    consented: bool | None = None
    sale_undone: bool = False


@dataclass(frozen=True, kw_only=True)
class LeaverFacts:
    """Somebody who leaves: how, what is open, and which words of the plan or contract cover it."""

    person: str
    way: Way = Way.RESIGNED
    last_day: date | None = None
    amount: Decimal = Decimal(0)
    earned: bool = True
    pays_on: date | None = None
    forfeits: bool = False
    condition_signed: bool | None = None
    condition_before_period: bool | None = None
    condition_in_rules: bool | None = None
    paid_late: bool | None = None
    notice_amount: Decimal | None = None
    formula_pay: bool = True
    destination: str = ""
    delete_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class Facts:
    """
    Everything beside the document, as of a day; what is left out is not known.

    `waived` are the sentences of findings that somebody let stand.
    """

    on: date | None = None
    stage: Stage = Stage.DRAFT
    first_month_of_year: int = 1
    close_days: int | None = None
    metrics: Mapping[str, MetricFacts] = field(default_factory=dict, hash=False)
    metrics_known: bool = False
    accounts: tuple[AccountFacts, ...] | None = None
    people: tuple[PersonFacts, ...] | None = None
    version: VersionFacts | None = None
    evidence: EvidenceFacts | None = None
    cost: CostFacts | None = None
    run: RunFacts | None = None
    clawbacks: tuple[ClawbackFacts, ...] | None = None
    leavers: tuple[LeaverFacts, ...] | None = None
    account_manager_plan: Any = None
    waived: tuple[str, ...] = ()
