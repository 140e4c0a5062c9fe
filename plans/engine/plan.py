"""
The plan as frozen records: what a plan document says, one record a form.

These records define the document `kamcomp.plan/1`: its keys, its defaults and its JSON
Schema (plans/schema/plan.json) come from here. A plan is data; nothing in it is ever
evaluated as code. What each convention means is in the page named below.
Rule: docs/reference/formulas.md, "The plan tree" and "Conventions".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from plans.engine.codec import DECIMAL_PATTERN, UNSAID
from plans.engine.conventions import (
    Above,
    Accumulation,
    AttainmentRule,
    Basis,
    Below,
    CommissionPer,
    CreditBase,
    CreditType,
    CurveShape,
    EarningEvent,
    Excess,
    GatedPart,
    GridReading,
    Leave,
    Level,
    Negative,
    PartialMonth,
    PlanPeriod,
    PlanType,
    Policy,
    ProrationBasis,
    ProrationOf,
    Reads,
    Scaling,
    Spread,
    TargetSource,
    TierAxis,
    TierBound,
    TierReading,
    UnitCount,
    WhenShort,
    Window,
)
from plans.engine.parameter import Value
from plans.engine.payment_terms import Payment
from plans.engine.pool_terms import PoolTerms
from scorecards.engine.windows import Rolling

ZERO, ONE = Decimal(0), Decimal(1)


@dataclass(frozen=True)
class CurvePoint:
    """A point of a curve: [x, payout], or a jump [x, payout arriving from below, payout from x on]."""

    x: Any
    arriving: Any
    payout: Any

    SCHEMA: ClassVar[dict[str, Any]] = {
        "type": "array",
        "items": {"type": "string", "pattern": DECIMAL_PATTERN},
        "minItems": 2,
        "maxItems": 3,
        "description": "[x, payout], or a jump [x, payout arriving from below, payout from x on].",
    }

    @classmethod
    def from_document(cls, document: list[str]) -> CurvePoint:
        numbers = [Decimal(number) for number in document]
        return cls(x=numbers[0], arriving=numbers[1], payout=numbers[-1])

    def to_document(self) -> list[str]:
        numbers = (
            [self.x, self.payout] if self.arriving == self.payout else [self.x, self.arriving, self.payout]
        )
        return [f"{number:f}" for number in numbers]


@dataclass(frozen=True, kw_only=True)
class Slope:
    """Between two attainments the payout rises by `slope` points for each point of attainment."""

    since: Decimal = field(metadata={"key": "from"})
    to: Decimal
    slope: Decimal


@dataclass(frozen=True, kw_only=True)
class Curve:
    """Points joined by straight lines or steps; below the first and above the last by named rules."""

    shape: CurveShape = CurveShape.LINEAR
    points: tuple[CurvePoint, ...]
    below: Below = Below.ZERO
    above: Above = Above.CAP


@dataclass(frozen=True, kw_only=True)
class SlopeCurve:
    """A curve given percent per percent: slopes on both sides of a point it passes through."""

    slopes: tuple[Slope, ...]
    through: CurvePoint
    below: Below = Below.ZERO
    above: Above = Above.CAP


@dataclass(frozen=True, kw_only=True)
class AttainmentOptions:
    """How actual and target become an attainment, and its bounds before the curve."""

    rule: AttainmentRule = AttainmentRule.RATIO
    floor: Decimal | None = None
    ceiling: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class Reading:
    """
    A result that a node reads: which metric, whose, over which time, and what if there is none.

    The window `rolling` holds the `periods` periods up to this one, over the turn of the year too.
    """

    metric: str
    level: Level = Level.TEAM
    segment: str | None = None
    window: Window | None = None
    periods: int | None = field(default=None, metadata=UNSAID)
    when_short: WhenShort = field(default=WhenShort.MISSING, metadata=UNSAID)
    reads: Reads = Reads.ATTAINMENT
    attainment: AttainmentOptions = AttainmentOptions()
    target: Value | None = None
    target_share: Value = ONE
    missing: Policy = Policy.BLOCK
    zero_target: Policy = Policy.BLOCK

    @property
    def rolling(self) -> Rolling | None:
        """Return the rolling window that is read; None where it is another."""
        if self.window is not Window.ROLLING or self.periods is None:
            return None
        return Rolling(periods=self.periods, or_fewer=self.when_short is WhenShort.SHORTER)


@dataclass(frozen=True, kw_only=True)
class Closed:
    """What a closed gate does: "zero", {"limit": ratio} or {"factor": factor}."""

    limit: Any = None
    factor: Any = None

    SCHEMA: ClassVar[dict[str, Any]] = {
        "anyOf": [
            {"const": "zero"},
            *(
                {
                    "type": "object",
                    "properties": {effect: {"type": "string", "pattern": DECIMAL_PATTERN}},
                    "required": [effect],
                    "additionalProperties": False,
                }
                for effect in ("limit", "factor")
            ),
        ],
        "description": 'What a closed gate does: "zero", {"limit": ratio} or {"factor": factor}.',
    }

    @classmethod
    def from_document(cls, document: Any) -> Closed:
        if document == "zero":
            return cls(factor=ZERO)
        return cls(**{effect: Decimal(number) for effect, number in document.items()})

    def to_document(self) -> Any:
        if self.limit is not None:
            return {"limit": f"{self.limit:f}"}
        return {"factor": f"{self.factor:f}"} if self.factor else "zero"


@dataclass(frozen=True, kw_only=True)
class Gate(Reading):
    """A condition on a metric; while it is not met the gated part is zero, limited or reduced."""

    reads: Reads = Reads.VALUE
    at_least: Decimal | None = None
    more_than: Decimal | None = None
    at_most: Decimal | None = None
    less_than: Decimal | None = None
    otherwise: Closed = Closed(factor=ZERO)
    part: GatedPart = GatedPart.ALL


@dataclass(frozen=True, kw_only=True)
class Modifier(Reading):
    """A factor on the result of a node, read from a table of another metric."""

    code: str
    reads: Reads = Reads.VALUE
    table: Curve | SlopeCurve


@dataclass(frozen=True, kw_only=True)
class Hurdle:
    """If any child earns under `at_least`, every child is limited to `limit`."""

    at_least: Decimal
    limit: Decimal = ONE


@dataclass(frozen=True, kw_only=True)
class NodeCommon:
    """What every node of the weighted tree has."""

    code: str
    name: str = ""
    weight: Decimal
    level: Level = Level.TEAM
    segment: str | None = None
    accumulation: Accumulation = Accumulation.PERIOD
    years: int = 1
    modifiers: tuple[Modifier, ...] = ()
    gate: Gate | None = None
    cap: Decimal | None = None
    interim_cap: Decimal | None = None
    legal_type: str = ""
    behaviour: str = ""
    objective: str = ""


@dataclass(frozen=True, kw_only=True)
class Goal(Reading, NodeCommon):
    """A metric against its target through a curve."""

    kind: ClassVar[str] = "goal"
    curve: Curve | SlopeCurve


@dataclass(frozen=True, kw_only=True)
class Axis(Reading):
    """One side of a matrix: a reading and the positions of its grid lines."""

    at: tuple[Decimal, ...]


@dataclass(frozen=True, kw_only=True)
class Matrix(NodeCommon):
    """Two metrics on a grid: `grid[i][j]` is the payout at the i-th position of x, the j-th of y."""

    kind: ClassVar[str] = "matrix"
    x: Axis
    y: Axis
    grid: tuple[tuple[Decimal, ...], ...]
    reading: GridReading = GridReading.BILINEAR


@dataclass(frozen=True, kw_only=True)
class ObjectiveItem:
    """One judged objective and its share of the leaf."""

    code: str
    weight: Decimal
    statement: str = ""


MBO_SCALE = (ZERO, Decimal("0.50"), Decimal("1.00"), Decimal("1.25"), Decimal("1.50"))


@dataclass(frozen=True, kw_only=True)
class Objectives(NodeCommon):
    """Judged objectives (MBO), each rated on a fixed scale."""

    kind: ClassVar[str] = "objectives"
    items: tuple[ObjectiveItem, ...]
    scale: tuple[Decimal, ...] = MBO_SCALE
    missing: Policy = Policy.BLOCK


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One stage of a milestone and the share it earns when reached."""

    code: str
    share: Decimal


@dataclass(frozen=True, kw_only=True)
class Milestone(NodeCommon):
    """Stages in order; reaching one earns its share and those before it."""

    kind: ClassVar[str] = "milestone"
    stages: tuple[Stage, ...]
    missing: Policy = Policy.BLOCK


@dataclass(frozen=True, kw_only=True)
class Branch(NodeCommon):
    """A node whose result is that of its children, in proportion to their weights."""

    kind: ClassVar[str] = "branch"
    kind_may_be_left_out: ClassVar[bool] = True
    children: tuple[Branch | Goal | Matrix | Objectives | Milestone, ...]
    hurdle: Hurdle | None = None


Node = Branch | Goal | Matrix | Objectives | Milestone


@dataclass(frozen=True, kw_only=True)
class Tier:
    """A tier of a rate table: from a position (inclusive or not, see `bound`) at a rate."""

    since: Decimal = field(metadata={"key": "from"})
    to: Decimal | None = None
    rate: Value


@dataclass(frozen=True, kw_only=True)
class RateRule:
    """Rates for some deals only; product is more specific than category, category than deal kind."""

    product: str | None = None
    category: str | None = None
    deal_kind: str | None = None
    tiers: tuple[Tier, ...]


@dataclass(frozen=True, kw_only=True)
class Minimum:
    """Deals below a value or a margin share earn nothing; without `deal_kind`, every kind."""

    deal_kind: str | None = None
    deal: Decimal | None = None
    margin: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class EarningShare:
    """The share of a deal's commission that an event earns."""

    event: EarningEvent
    share: Decimal


@dataclass(frozen=True, kw_only=True)
class MoneyCommon:
    """What every money leaf (outside the weights) has."""

    code: str
    name: str = ""
    level: Level = Level.INDIVIDUAL
    segment: str | None = None
    accumulation: Accumulation = Accumulation.PERIOD
    years: int = 1
    modifiers: tuple[Modifier, ...] = ()
    gate: Gate | None = None
    cap: Value | None = None
    legal_type: str = ""
    behaviour: str = ""


@dataclass(frozen=True, kw_only=True)
class Commission(MoneyCommon):
    """A rate table applied to credited value, to the target incentive, or to it times attainment."""

    kind: ClassVar[str] = "commission"
    base: CreditBase = CreditBase.REVENUE
    credit_types: tuple[CreditType, ...] = (CreditType.DIRECT, CreditType.SPLIT, CreditType.CROSSOVER)
    per: CommissionPer = CommissionPer.PERIOD
    axis: TierAxis = TierAxis.VALUE
    axis_reading: Reading | None = None
    basis: Basis = Basis.CREDITED_VALUE
    reading: TierReading = TierReading.MARGINAL
    bound: TierBound = TierBound.AT_LEAST
    excess_over: Value | None = None
    negative: Negative = Negative.FIRST_RATE
    tiers: tuple[Tier, ...] = ()
    rates: tuple[RateRule, ...] = ()
    minimums: tuple[Minimum, ...] = ()
    earned_on: tuple[EarningShare, ...] = ()
    deal_cap: Value | None = None


@dataclass(frozen=True, kw_only=True)
class UnitBonus(Reading, MoneyCommon):
    """An amount per unit of a counted metric, from a threshold, for so many units at most."""

    kind: ClassVar[str] = "unit_bonus"
    reads: Reads = Reads.VALUE
    level: Level = Level.INDIVIDUAL
    amount: Value
    threshold: Decimal = ZERO
    counts: UnitCount = UnitCount.ABOVE_THRESHOLD
    units_at_most: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class Fixed(MoneyCommon):
    """An amount a period (an allowance, a guarantee, a kicker under a gate)."""

    kind: ClassVar[str] = "fixed"
    amount: Value
    prorated: bool = True


MoneyLeaf = Commission | UnitBonus | Fixed


@dataclass(frozen=True, kw_only=True)
class Span:
    """The days a plan version is meant for, both inclusive."""

    since: date = field(metadata={"key": "from"})
    to: date


@dataclass(frozen=True, kw_only=True)
class PayDesign:
    """The design of pay this plan is part of; it is shown and checked, and pays nothing itself."""

    base_share: Decimal | None = None
    elements: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TargetIncentive:
    """Where a person's yearly target incentive comes from, and how it is spread over the periods."""

    source: TargetSource = TargetSource.MONEY
    share: Value | None = None
    spread: Spread = Spread.EVEN
    weights: tuple[Decimal, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Proration:
    """What presence means for pay."""

    basis: ProrationBasis = ProrationBasis.CALENDAR_DAYS
    of: tuple[ProrationOf, ...] = (ProrationOf.INCENTIVE, ProrationOf.TARGET)
    leave: Leave = Leave.PRORATE
    partial_month: PartialMonth = PartialMonth.COUNTS_FROM_HALF
    part_time: Scaling = Scaling.PRORATE
    dedication: Scaling = Scaling.IGNORE


@dataclass(frozen=True, kw_only=True)
class Rounding:
    """How a payout is settled to the minor unit."""

    mode: str = "half_up"


@dataclass(frozen=True, kw_only=True)
class Incentive:
    """The root of the weighted tree."""

    weight: Decimal = ONE
    level: Level = Level.TEAM
    segment: str | None = None
    accumulation: Accumulation = Accumulation.PERIOD
    years: int = 1
    children: tuple[Node, ...] = ()
    hurdle: Hurdle | None = None
    modifiers: tuple[Modifier, ...] = ()
    gate: Gate | None = None
    cap: Decimal | None = None
    interim_cap: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class PayoutCap:
    """The most a payout of one period may be, in money; what is above is lost or carried."""

    amount: Value
    excess: Excess = Excess.LOST


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A version of a pay plan: the weighted tree, the money leaves, the pool and the payment terms."""

    format: str = "kamcomp.plan/1"
    code: str
    name: str
    type: PlanType
    strategy: str = ""
    currency: str
    effective: Span
    period: PlanPeriod
    pay: PayDesign = PayDesign()
    target_incentive: TargetIncentive = TargetIncentive()
    proration: Proration = Proration()
    rounding: Rounding = Rounding()
    incentive: Incentive = Incentive()
    commissions: tuple[MoneyLeaf, ...] = ()
    payout_cap: PayoutCap | None = None
    pool: PoolTerms | None = None
    payment: Payment = field(default_factory=Payment)
