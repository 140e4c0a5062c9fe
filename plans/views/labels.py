"""
What people call each field of a plan document, and in which unit it is written.

One entry a field of the records of plans/engine/plan.py and its sections; a test walks the records, so that a
new field is named here before it lands. The label stands alone (in a table) and before its owner's name
("Weight of Revenue").
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Unit(StrEnum):
    """How a field's value is written."""

    SHARE = "share"
    MONEY = "money"
    NUMBER = "number"
    RESULT = "result"
    MEASURED = "measured"
    POSITION = "position"
    TEXT = "text"
    CHOICE = "choice"
    METRIC = "metric"
    NODE = "node"
    DAY = "day"
    RECORD = "record"


@dataclass(frozen=True)
class Label:
    """The name of a field and the unit it is written in."""

    words: str | Promise
    unit: Unit


def _of(unit: Unit, **words: str | Promise) -> dict[str, Label]:
    return {name: Label(label, unit) for name, label in words.items()}


READING = (
    _of(Unit.METRIC, metric=_("Metric"))
    | _of(
        Unit.CHOICE,
        level=_("Whose result"), window=_("Read over"), when_short=_("Too few periods"), reads=_("Reads"),
        missing=_("Missing result"), zero_target=_("Target of zero"),
    )
    | _of(Unit.TEXT, segment=_("Segment"))
    | _of(Unit.NUMBER, periods=_("Number of periods"))
    | _of(Unit.RECORD, attainment=_("Attainment"))
    | _of(Unit.MEASURED, target=_("Target"))
    | _of(Unit.SHARE, target_share=_("Share of the target"))
)  # fmt: skip
NODE = (
    _of(
        Unit.TEXT, code=_("Code"), name=_("Name"), segment=_("Segment"), legal_type=_("Legal type"),
        behaviour=_("Behaviour wanted"), objective=_("Objective"),
    )
    | _of(Unit.SHARE, weight=_("Weight"), cap=_("Cap"), interim_cap=_("Cap before the year's end"))
    | _of(Unit.CHOICE, level=_("Whose result"), accumulation=_("Measured over"))
    | _of(Unit.NUMBER, years=_("Years"))
    | _of(Unit.RECORD, modifiers=_("Factor"), gate=_("Gate"), whole=_("Goal"))
    | _of(Unit.NODE, parent=_("Stands in"), children=_("Order of the goals"))
)  # fmt: skip
MONEY_LEAF = NODE | _of(Unit.MONEY, cap=_("Cap"))
CURVE = _of(Unit.CHOICE, below=_("Below the first point"), above=_("Above the last point"))

LABELS: dict[str, dict[str, Label]] = {
    "Plan": _of(
        Unit.TEXT, format=_("Format"), code=_("Code"), name=_("Name"), strategy=_("Strategy"), currency=_("Currency")
    )
    | _of(Unit.CHOICE, type=_("Type"), period=_("Paid"))
    | _of(
        Unit.RECORD,
        effective=_("Days"), pay=_("Pay"), target_incentive=_("Target incentive"), proration=_("Presence"),
        rounding=_("Rounding"), incentive=_("Goals"), payout_cap=_("Cap of a period"), pool=_("Team pool"),
        payment=_("Payment"),
    )
    | _of(Unit.NODE, commissions=_("Order of the commissions")),
    "Span": _of(Unit.DAY, since=_("First day"), to=_("Last day")),
    "PayDesign": _of(Unit.SHARE, base_share=_("Base share")) | _of(Unit.TEXT, elements=_("Elements")),
    "TargetIncentive": _of(Unit.CHOICE, source=_("Comes from"), spread=_("Spread"))
    | _of(Unit.SHARE, share=_("Share of base salary"), weights=_("Weights of the periods")),
    "Proration": _of(
        Unit.CHOICE,
        basis=_("Counts by"), of=_("Scales"), leave=_("Leave"), partial_month=_("Part of a month"),
        part_time=_("Part time"), dedication=_("Dedication"),
    ),
    "Rounding": _of(Unit.CHOICE, mode=_("Mode")),
    "PayoutCap": _of(Unit.MONEY, amount=_("Amount")) | _of(Unit.CHOICE, excess=_("What is above")),
    "Incentive": NODE | _of(Unit.RECORD, hurdle=_("Hurdle")),
    "Branch": NODE | _of(Unit.RECORD, hurdle=_("Hurdle")),
    "Hurdle": _of(Unit.SHARE, at_least=_("At least"), limit=_("Otherwise at most")),
    "Goal": READING | NODE | _of(Unit.RECORD, curve=_("Curve")),
    "Matrix": NODE
    | _of(Unit.RECORD, x=_("Rows"), y=_("Columns"))
    | _of(Unit.SHARE, grid=_("Pays"))
    | _of(Unit.CHOICE, reading=_("Between the lines")),
    "Axis": READING | _of(Unit.RESULT, at=_("Lines")),
    "Objectives": NODE
    | _of(Unit.RECORD, items=_("Objective"))
    | _of(Unit.SHARE, scale=_("Scale"))
    | _of(Unit.CHOICE, missing=_("Missing rating")),
    "ObjectiveItem": _of(Unit.TEXT, code=_("Code"), statement=_("Words")) | _of(Unit.SHARE, weight=_("Weight")),
    "Milestone": NODE | _of(Unit.RECORD, stages=_("Stage")) | _of(Unit.CHOICE, missing=_("Missing stage")),
    "Stage": _of(Unit.TEXT, code=_("Code")) | _of(Unit.SHARE, share=_("Share")),
    "AttainmentOptions": _of(Unit.CHOICE, rule=_("Rule")) | _of(Unit.SHARE, floor=_("At least"), ceiling=_("At most")),
    "Curve": CURVE | _of(Unit.CHOICE, shape=_("Between the points")) | _of(Unit.SHARE, points=_("Point")),
    "SlopeCurve": CURVE | _of(Unit.RECORD, slopes=_("Slope")) | _of(Unit.SHARE, through=_("Runs through")),
    "Slope": _of(Unit.RESULT, since=_("From"), to=_("To")) | _of(Unit.NUMBER, slope=_("Points for each point")),
    "Gate": READING
    | _of(
        Unit.RESULT, at_least=_("At least"), more_than=_("More than"), at_most=_("At most"), less_than=_("Less than")
    )
    | _of(Unit.SHARE, otherwise=_("Otherwise"))
    | _of(Unit.CHOICE, part=_("Acts on")),
    "Modifier": READING | _of(Unit.TEXT, code=_("Code")) | _of(Unit.RECORD, table=_("Table")),
    "Reading": READING,
    "Commission": MONEY_LEAF
    | _of(
        Unit.CHOICE,
        base=_("Credited"), credit_types=_("Counts credits"), per=_("Table read"), axis=_("Looked up"),
        basis=_("Rate applies"), reading=_("Rates read"), bound=_("A tier is reached"), negative=_("Negative value"),
    )
    | _of(
        Unit.RECORD, axis_reading=_("Result looked up"), tiers=_("Tier"), rates=_("Rates for"),
        minimums=_("Minimum for"), earned_on=_("Earned on"),
    )
    | _of(Unit.POSITION, excess_over=_("Paid on what is above"))
    | _of(Unit.MONEY, deal_cap=_("Cap of a deal")),
    "Tier": _of(Unit.POSITION, since=_("From"), to=_("To")) | _of(Unit.SHARE, rate=_("Rate")),
    "RateRule": _of(Unit.TEXT, product=_("Product"), category=_("Category"), deal_kind=_("Kind of deal"))
    | _of(Unit.RECORD, tiers=_("Tier")),
    "Minimum": _of(Unit.TEXT, deal_kind=_("Kind of deal"))
    | _of(Unit.MONEY, deal=_("Least deal"))
    | _of(Unit.SHARE, margin=_("Least margin")),
    "EarningShare": _of(Unit.CHOICE, event=_("Event")) | _of(Unit.SHARE, share=_("Share")),
    "UnitBonus": READING
    | MONEY_LEAF
    | _of(Unit.MONEY, amount=_("Amount for each unit"))
    | _of(Unit.NUMBER, threshold=_("Threshold"), units_at_most=_("Units at most"))
    | _of(Unit.CHOICE, counts=_("Counts")),
    "Fixed": MONEY_LEAF | _of(Unit.MONEY, amount=_("Amount")) | _of(Unit.CHOICE, prorated=_("By presence")),
    "PoolTerms": _of(Unit.RECORD, funding=_("Funding"), eligibility=_("Who may share"))
    | _of(
        Unit.CHOICE,
        target_by=_("Targets scaled by"), share_by=_("Guideline by"), when_role_empty=_("Role that nobody holds"),
        allocator=_("Handed out by"), if_late=_("When the window has passed"), less=_("A late fact that lowers it"),
        zero_with_reason=_("Nothing, with a reason"),
    )
    | _of(
        Unit.SHARE,
        role_shares=_("Share of the role"), bounds=_("Share of the guideline"), reason_beyond=_("Reason needed beyond"),
        per_person_at_most=_("One person at most"), matrix_at_least=_("Matrix members at least"), reserve=_("Reserve"),
    )
    | _of(Unit.NUMBER, window_days=_("Days of the window")),
    "Funding": _of(Unit.CHOICE, rule=_("Rule"))
    | _of(Unit.NODE, node=_("Result of"))
    | _of(Unit.METRIC, metric=_("Metric"))
    | _of(Unit.MONEY, hurdle=_("Hurdle"), amount=_("Amount"))
    | _of(Unit.SHARE, share=_("Share"))
    | _of(Unit.RECORD, buckets=_("Part"))
    | _of(Unit.TEXT, budget=_("Shared budget")),
    "FundingBucket": _of(Unit.TEXT, code=_("Code"))
    | _of(Unit.SHARE, share=_("Share"))
    | _of(Unit.NODE, node=_("Result of")),
    "Eligibility": _of(Unit.CHOICE, employed_on_last_day=_("Employed on the last day"))
    | _of(Unit.NUMBER, least_days=_("Least days")),
    "Payment": _of(
        Unit.RECORD, deferral=_("Deferral"), draw=_("Draw"), guarantee=_("Guarantee"), holdback=_("Holdback"),
        clawback=_("Clawback"),
    ),
    "Draw": _of(Unit.MONEY, amount=_("Amount"))
    | _of(Unit.CHOICE, recoverable=_("Recoverable"), at_end=_("At the end"))
    | _of(
        Unit.NUMBER, periods=_("Number of periods"), recovery_delay=_("Recovered after periods"),
        recovery_end=_("Recovered until period"),
    )
    | _of(Unit.SHARE, recovery_rate=_("Recovered of each payout")),
    "Guarantee": _of(Unit.MONEY, amount=_("Amount")) | _of(Unit.NUMBER, periods=_("Number of periods")),
    "Deferral": _of(Unit.SHARE, share=_("Share")) | _of(Unit.NUMBER, pay_one_in=_("Paid out over years")),
    "Holdback": _of(Unit.SHARE, share=_("Share"), instalments=_("Instalments"))
    | _of(Unit.NUMBER, periods=_("Number of periods")),
    "Clawback": _of(Unit.NUMBER, months=_("Months back"))
    | _of(Unit.SHARE, per_payout_at_most=_("Of each later payout at most")),
}  # fmt: skip


def label_of(record: object, field: str) -> Label:
    """
    Return what a field of a record is called and how it is written.

    :raises KeyError: for a field that has no label yet.
    """
    return LABELS[type(record).__name__][field]
