"""
Facts as the metrics read them: small frozen rows, whatever they came from.

The calculator makes them from a case, the selectors from the database; the arithmetic
that follows is the same. Amounts are decimals in the currency of their row, dates are
days, spans are half-open. Codes are text. Where each kind comes from and what its
columns mean: docs/reference/metrics.md, "Facts".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from scorecards.engine.windows import Window

ZERO = Decimal(0)
ONE = Decimal(1)

CREDITED = ("direct", "split")
"""Kinds of credit that sum to the whole of a sale: a person's own share of it."""

OVERLAY = ("overlay", "crossover")
"""Kinds of credit outside the hundred percent."""


@dataclass(frozen=True, slots=True)
class AccountNode:
    """One place in the account tree over a span of days; `parent` None is the root."""

    code: str
    parent: str | None = None
    kind: str = "parent"
    region: str | None = None
    segment: str | None = None
    since: date = date.min
    until: date = date.max
    first_invoice_on: date | None = None


@dataclass(frozen=True, slots=True)
class Product:
    """A product with its family and its segment."""

    code: str
    family: str
    segment: str | None = None


@dataclass(frozen=True, slots=True)
class Credit:
    """A person's part of a sale; `share` 1 is all of it."""

    person: str
    kind: str = "direct"
    share: Decimal = ONE


@dataclass(frozen=True, slots=True)
class Sale:
    """
    One invoiced line, or the sum of lines that agree in everything but the amounts.

    A credit note is a sale with a negative revenue and quantity. `order` is the source's
    order number; `credits` say who is credited.
    """

    on: date
    account: str
    revenue: Decimal
    currency: str
    cost: Decimal | None = None
    quantity: Decimal | None = None
    product: str | None = None
    segment: str | None = None
    order: str | None = None
    credits: tuple[Credit, ...] = ()


@dataclass(frozen=True, slots=True)
class ProfitLoss:
    """An account's own profit and loss over a window of whole days, by segment or as a whole."""

    account: str
    window: Window
    revenue: Decimal
    cogs: Decimal
    direct_cost: Decimal
    currency: str
    segment: str | None = None


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract in force on `[since, until)`; `renews` names the contract it continues."""

    code: str
    account: str
    since: date
    until: date
    value: Decimal
    currency: str
    renews: str | None = None
    notice_on: date | None = None


@dataclass(frozen=True, slots=True)
class SurveyAnswer:
    """An answer to a survey, or `count` equal answers; `about` is the person it is about, if one."""

    survey: str
    account: str
    on: date
    score: Decimal
    group: str = ""
    count: int = 1
    about: str | None = None


@dataclass(frozen=True, slots=True)
class WalletEstimate:
    """A customer's spend in a category in twelve months, with its source and its day."""

    account: str
    category: str
    spend: Decimal
    currency: str
    source: str
    as_of: date


@dataclass(frozen=True, slots=True)
class Opportunity:
    """A named opportunity: `stage` of `stages` reached, won on a day or not yet."""

    code: str
    account: str
    stage: int
    stages: int
    owner: str | None = None
    value: Decimal = ZERO
    currency: str = ""
    won_on: date | None = None
    due_on: date | None = None
    new_application: bool = False


@dataclass(frozen=True, slots=True)
class Objective:
    """An objective of an account plan: what became of it, and its weight where it is rated for pay."""

    code: str
    account: str
    owner: str | None
    weight: Decimal | None = None
    due_on: date | None = None
    met_on: date | None = None


@dataclass(frozen=True, slots=True)
class Rating:
    """The rating of an objective for a window; 1 is 100 %."""

    objective: str
    window: Window
    rating: Decimal


@dataclass(frozen=True, slots=True)
class Inventory:
    """An account's average inventory and cost of goods sold over a window."""

    account: str
    window: Window
    average: Decimal
    cogs: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class TeamPay:
    """What an account's team cost over a window: base pay and variable pay."""

    account: str
    window: Window
    base: Decimal
    variable: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A named outside figure to compare with; `value` is a ratio, 1 is 100 %."""

    metric: str
    source: str
    value: Decimal
    as_of: date


@dataclass(frozen=True)
class Facts:
    """
    Everything that is known of the accounts asked about; rows in any order.

    A person's sales are read from the credits of `sales`, and from `credited`, where a
    source has summed them by person beforehand: each row has the one credit it is of.
    `segment_kinds` says what kind each segment is of (vertical, product, ...): a sale
    lies in at most one segment of a kind.
    """

    nodes: tuple[AccountNode, ...] = ()
    products: tuple[Product, ...] = ()
    sales: tuple[Sale, ...] = ()
    credited: tuple[Sale, ...] = ()
    pnl: tuple[ProfitLoss, ...] = ()
    contracts: tuple[Contract, ...] = ()
    answers: tuple[SurveyAnswer, ...] = ()
    wallet: tuple[WalletEstimate, ...] = ()
    opportunities: tuple[Opportunity, ...] = ()
    objectives: tuple[Objective, ...] = ()
    ratings: tuple[Rating, ...] = ()
    inventory: tuple[Inventory, ...] = ()
    team_pay: tuple[TeamPay, ...] = ()
    benchmarks: tuple[Benchmark, ...] = ()
    segment_kinds: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Subject:
    """
    Whom or what a metric is about, as cuts of the facts.

    `accounts` are tops of trees (all below them belongs to them), `segments` and
    `regions` cut further; an empty cut lets everything through. `person` reads a
    person's own credits, opportunities and objectives.
    """

    level: str
    code: str
    accounts: frozenset[str] = frozenset()
    segments: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    person: str | None = None

    def __str__(self) -> str:
        return f"{self.level} {self.code}" if self.code else self.level

    @classmethod
    def account(cls, code: str, *, segments: Iterable[str] = (), regions: Iterable[str] = ()) -> Subject:
        """Return the account's whole tree, or the part of it in some segments or regions."""
        return cls("account", code, frozenset({code}), frozenset(segments), frozenset(regions))

    @classmethod
    def segment(cls, code: str, *, accounts: Iterable[str] = ()) -> Subject:
        """Return a segment over all accounts, or over some."""
        return cls("segment", code, frozenset(accounts), frozenset({code}))

    @classmethod
    def region(cls, code: str, *, accounts: Iterable[str] = ()) -> Subject:
        """Return a region over all accounts, or over some."""
        return cls("region", code, frozenset(accounts), regions=frozenset({code}))

    @classmethod
    def of_person(
        cls,
        code: str,
        *,
        accounts: Iterable[str] = (),
        segments: Iterable[str] = (),
        regions: Iterable[str] = (),
    ) -> Subject:
        """Return what is credited to or owned by a person, or the slice of it named."""
        return cls("person", code, frozenset(accounts), frozenset(segments), frozenset(regions), code)

    @classmethod
    def company(cls, *, segments: Iterable[str] = ()) -> Subject:
        """Return everything, or everything in some segments."""
        return cls("company", "", segments=frozenset(segments))


@dataclass(frozen=True)
class Conventions:
    """
    The counting rules that a company may set, with the defaults of the metric library.

    Survey names say which questionnaire a metric reads; months are how far back a
    metric looks; `order_minimum` is in plan currency. `contract_value` compares contracts
    `as_stated`, or `per_year` where the value stated is that of the whole term.
    """

    satisfaction_survey: str = "csat"
    satisfaction_top_from: Decimal = Decimal(4)
    satisfaction_best: Decimal = Decimal(5)
    promoter_survey: str = "nps"
    promoter_from: Decimal = Decimal(9)
    detractor_to: Decimal = Decimal(6)
    relationship_survey: str = "relationship"
    relationship_groups: frozenset[str] = frozenset({"colleague"})
    leadership_survey: str = "leadership"
    leadership_groups: frozenset[str] = frozenset({"member"})
    repeat_months: int = 12
    unsold_months: int = 24
    wallet_months: int = 12
    all_categories: frozenset[str] = field(default_factory=lambda: frozenset({"", "*", "all"}))
    order_minimum: Decimal = ZERO
    contract_value: str = "as_stated"
