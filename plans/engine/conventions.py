"""
The words a plan can choose between.

Every convention that two companies read differently is one of these named choices, with
a default that the plan document shows. Each word's meaning is in the page named below,
under the heading of its class. Pure.
Rule: docs/reference/formulas.md, "Conventions".
"""

from __future__ import annotations

from enum import StrEnum

from scorecards.engine.attainment import AttainmentRule as AttainmentRule


class PlanType(StrEnum):
    """The shape of a plan: a label, the tree says what is paid."""

    TEAM_PERFORMANCE = "team_performance"
    PORTFOLIO = "portfolio"
    RENEWAL = "renewal"
    HYBRID = "hybrid"


class PlanPeriod(StrEnum):
    """How often the plan pays."""

    MONTH = "month"
    QUARTER = "quarter"
    HALF_YEAR = "half_year"
    YEAR = "year"


class Level(StrEnum):
    """Whose result a node reads."""

    INDIVIDUAL = "individual"
    TEAM = "team"
    REGION = "region"
    COMPANY = "company"


class Reads(StrEnum):
    """What a node reads of a result: actual over target, or the raw value."""

    ATTAINMENT = "attainment"
    VALUE = "value"


class Policy(StrEnum):
    """What a missing result or a zero target does to the node that reads it."""

    BLOCK = "block"
    NEUTRAL = "neutral"
    ZERO = "zero"
    CARRY = "carry"


class Accumulation(StrEnum):
    """Over which time a node measures and owes."""

    PERIOD = "period"
    YEAR_TO_DATE = "year_to_date"
    MULTI_YEAR = "multi_year"


class Window(StrEnum):
    """Over which time a result is read."""

    PERIOD = "period"
    YEAR_TO_DATE = "year_to_date"
    YEAR = "year"
    MULTI_YEAR = "multi_year"
    ROLLING = "rolling"


class WhenShort(StrEnum):
    """What a rolling window is where the calendar has fewer periods than it names."""

    MISSING = "missing"
    SHORTER = "shorter"


class CurveShape(StrEnum):
    """How a curve runs between its points."""

    LINEAR = "linear"
    STEP = "step"


class Below(StrEnum):
    """What a curve pays below its first point."""

    ZERO = "zero"
    FIRST = "first"


class Above(StrEnum):
    """What a curve pays above its last point."""

    CAP = "cap"
    EXTEND = "extend"
    ZERO = "zero"


class GridReading(StrEnum):
    """How a matrix is read between its grid points."""

    BILINEAR = "bilinear"
    STEP = "step"


class TierReading(StrEnum):
    """What the rates of a rate table are applied to."""

    MARGINAL = "marginal"
    WHOLE_AMOUNT = "whole_amount"
    REACHED_ON_EXCESS = "reached_on_excess"
    INTERPOLATED = "interpolated"


class TierBound(StrEnum):
    """Whether a tier is reached at its start, or only beyond it."""

    AT_LEAST = "at_least"
    MORE_THAN = "more_than"


class TierAxis(StrEnum):
    """What a rate table is looked up by."""

    VALUE = "value"
    ATTAINMENT = "attainment"
    UNITS = "units"


class Basis(StrEnum):
    """What a commission rate is multiplied with."""

    CREDITED_VALUE = "credited_value"
    TARGET_INCENTIVE = "target_incentive"
    TARGET_INCENTIVE_X_ATTAINMENT = "target_incentive_x_attainment"


class CreditBase(StrEnum):
    """Which amount of a deal is credited."""

    REVENUE = "revenue"
    MARGIN = "margin"
    COLLECTED = "collected"
    CONTRACT_VALUE = "contract_value"


class CreditType(StrEnum):
    """Why a person is credited with a deal."""

    DIRECT = "direct"
    SPLIT = "split"
    OVERLAY = "overlay"
    CROSSOVER = "crossover"
    ROLLUP = "rollup"
    OVERRIDE = "override"


class CommissionPer(StrEnum):
    """Whether a rate table is read once a period or once a deal."""

    PERIOD = "period"
    DEAL = "deal"


class EarningEvent(StrEnum):
    """What must have happened to a deal before its commission is earned."""

    BOOKING = "booking"
    INVOICE = "invoice"
    PAYMENT = "payment"
    RENEWAL = "renewal"
    YEAR_END = "year_end"


class Excess(StrEnum):
    """What happens to money above a cap."""

    LOST = "lost"
    CARRIED = "carried"


class Negative(StrEnum):
    """What a negative credited value earns."""

    FIRST_RATE = "first_rate"
    ZERO = "zero"


class UnitCount(StrEnum):
    """Which units a unit bonus counts once its threshold is passed."""

    ABOVE_THRESHOLD = "above_threshold"
    ALL_FROM_THRESHOLD = "all_from_threshold"


class GatedPart(StrEnum):
    """Which part of a result a gate acts on."""

    ALL = "all"
    ABOVE_TARGET = "above_target"


class ProrationBasis(StrEnum):
    """How presence is counted."""

    CALENDAR_DAYS = "calendar_days"
    WORKING_DAYS = "working_days"
    FULL_MONTHS = "full_months"


class ProrationOf(StrEnum):
    """What presence scales."""

    INCENTIVE = "incentive"
    TARGET = "target"


class PartialMonth(StrEnum):
    """When a month with only some days present counts, under full_months."""

    COUNTS = "counts"
    DOES_NOT_COUNT = "does_not_count"
    COUNTS_FROM_HALF = "counts_from_half"


class Leave(StrEnum):
    """What days of leave do to the target incentive."""

    PRORATE = "prorate"
    NO_CHANGE = "no_change"
    HISTORY_AVERAGE = "history_average"


class Scaling(StrEnum):
    """Whether part time or dedication scales the target incentive."""

    PRORATE = "prorate"
    IGNORE = "ignore"


class TargetSource(StrEnum):
    """Where a person's target incentive comes from."""

    MONEY = "money"
    SHARE_OF_BASE = "share_of_base"


class Spread(StrEnum):
    """How a year's target incentive is spread over its periods."""

    EVEN = "even"
    DAYS = "days"
    WEIGHTS = "weights"
