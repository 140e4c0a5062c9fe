"""
The laws of a plan document: what its JSON Schema cannot say.

Weights sum exactly, curves and tiers run upward without gaps, codes are unique, every
choice that needs a companion has it. Each broken law is one error with a JSON pointer;
all are gathered, none is thrown. Pure.
Rule: docs/reference/formulas.md, "The plan tree", and the section of each form.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any

from kamcomp.money import MINOR_DIGITS
from kamcomp.sentences import Sentence, Word, ours
from plans.engine.codec import DocumentError, pointer
from plans.engine.conventions import (
    Above,
    Accumulation,
    Basis,
    CommissionPer,
    CreditBase,
    CurveShape,
    GatedPart,
    PlanPeriod,
    Policy,
    Spread,
    TargetSource,
    TierAxis,
    TierReading,
    Window,
)
from plans.engine.needs import node_readings
from plans.engine.plan import (
    Branch,
    Commission,
    Curve,
    Fixed,
    Gate,
    Goal,
    Incentive,
    Matrix,
    Milestone,
    MoneyLeaf,
    Node,
    Objectives,
    Plan,
    RateRule,
    SlopeCurve,
    Tier,
    UnitBonus,
)
from plans.engine.terms_laws import payment_errors, pool_errors
from plans.engine.window_laws import window_errors

Path = tuple[str | int, ...]
Errors = Iterator[DocumentError]
PERIODS_A_YEAR = {PlanPeriod.MONTH: 12, PlanPeriod.QUARTER: 4, PlanPeriod.HALF_YEAR: 2, PlanPeriod.YEAR: 1}


def law_errors(plan: Plan) -> list[DocumentError]:
    """Return every broken law of a plan, in the order of the document."""
    return [
        *_header(plan),
        *_codes(plan),
        *_root(plan.incentive, ("incentive",)),
        *(
            error
            for i, leaf in enumerate(plan.commissions)
            for error in _money_leaf(leaf, ("commissions", i))
        ),
        *(pool_errors(plan.pool, nodes=_tree_codes(plan)) if plan.pool is not None else ()),
        *payment_errors(plan.payment),
        *window_errors(plan),
    ]


def _tree_codes(plan: Plan) -> frozenset[str]:
    return frozenset(code for path, code in _coded(plan) if path[0] == "incentive")


def _error(path: Path, code: str, detail: str) -> DocumentError:
    return DocumentError(pointer=pointer(path), code=code, detail=detail)


def _header(plan: Plan) -> Errors:
    if plan.format != "kamcomp.plan/1":
        yield _error(
            ("format",),
            "format_unknown",
            Sentence("%(format)s is not kamcomp.plan/1.", format=repr(plan.format)),
        )
    if plan.currency not in MINOR_DIGITS:
        yield _error(
            ("currency",),
            "currency_unknown",
            Sentence("%(currency)s is not an ISO 4217 currency code.", currency=repr(plan.currency)),
        )
    if plan.effective.to < plan.effective.since:
        yield _error(("effective", "to"), "ends_before_start", "The plan ends before it starts.")
    if plan.rounding.mode != "half_up":
        yield _error(("rounding", "mode"), "not_a_choice", "The only mode of settling is half_up.")
    if not plan.incentive.children and not plan.commissions:
        yield _error(("incentive", "children"), "plan_empty", "The plan has neither a goal nor a commission.")
    yield from _target_incentive(plan)


def _target_incentive(plan: Plan) -> Errors:
    incentive, path = plan.target_incentive, ("target_incentive",)
    if (incentive.source is TargetSource.SHARE_OF_BASE) != (incentive.share is not None):
        yield _error(
            (*path, "share"),
            "share_and_source",
            "A share goes with the source share_of_base, and only with it.",
        )
    periods = PERIODS_A_YEAR[plan.period]
    if incentive.spread is Spread.WEIGHTS:
        if len(incentive.weights) != periods or sum(incentive.weights) != 1:
            yield _error(
                (*path, "weights"),
                "weights_sum",
                Sentence("Period weights are %(periods)s numbers that sum to 1.", periods=periods),
            )
    elif incentive.weights:
        yield _error((*path, "weights"), "weights_unused", "Period weights need the spread weights.")


def _codes(plan: Plan) -> Errors:
    seen: dict[str, str] = {"PLAN": Word("the plan itself")}
    for path, code in _coded(plan):
        if code in seen:
            yield _error(
                (*path, "code"),
                "code_not_unique",
                Sentence("The code %(code)s is already that of %(seen)s.", code=repr(code), seen=seen[code]),
            )
        seen.setdefault(code, pointer(path))


def _coded(plan: Plan) -> Iterator[tuple[Path, str]]:
    def below(node: Incentive | Node, path: Path) -> Iterator[tuple[Path, str]]:
        for i, child in enumerate(getattr(node, "children", ())):
            yield (*path, "children", i), child.code
            yield from below(child, (*path, "children", i))

    yield from below(plan.incentive, ("incentive",))
    yield from (((("commissions", i)), leaf.code) for i, leaf in enumerate(plan.commissions))


def _root(root: Incentive, path: Path) -> Errors:
    if root.weight != 1:
        yield _error((*path, "weight"), "weights_sum", "The weight of the whole plan is 1.")
    yield from _children(root, path)
    yield from _order(root, path)


def _children(node: Incentive | Branch, path: Path) -> Errors:
    total = sum((child.weight for child in node.children), Decimal(0))
    if node.children and total != node.weight:
        yield _error(
            (*path, "children"),
            "weights_sum",
            Sentence(
                "The weights of the children sum to %(total)s, not to %(weight)s: a weight is a share of "
                "the whole plan, so children sum exactly to their branch.",
                total=total,
                weight=node.weight,
            ),
        )
    for i, child in enumerate(node.children):
        yield from _node(child, (*path, "children", i))


def _node(node: Node, path: Path) -> Errors:
    if node.weight < 0:
        yield _error((*path, "weight"), "weight_negative", "A weight is never negative.")
    yield from _order(node, path)
    if isinstance(node, Branch):
        if not node.children:
            yield _error((*path, "children"), "branch_empty", "A branch has at least one child.")
        yield from _children(node, path)
    elif isinstance(node, Goal):
        yield from _curve(node.curve, (*path, "curve"))
    elif isinstance(node, Matrix):
        yield from _matrix(node, path)
    elif isinstance(node, Objectives):
        yield from _sums_to_one([item.weight for item in node.items], (*path, "items"), "weights")
        yield from _rises(node.scale, (*path, "scale"), "The scale")
    elif isinstance(node, Milestone):
        yield from _sums_to_one([stage.share for stage in node.stages], (*path, "stages"), "shares")


def _order(node: Incentive | Node | MoneyLeaf, path: Path) -> Errors:
    for i, modifier in enumerate(node.modifiers):
        yield from _curve(modifier.table, (*path, "modifiers", i, "table"))
    if node.gate:
        yield from _gate(node.gate, (*path, "gate"))
    if isinstance(node.cap, Decimal) and node.cap < 0:
        yield _error((*path, "cap"), "cap_negative", "A cap is never negative.")
    if node.accumulation is Accumulation.MULTI_YEAR and node.years < 2:
        yield _error((*path, "years"), "years_missing", "A multi_year node names how many years: 2 or more.")
    if node.accumulation is not Accumulation.MULTI_YEAR:
        for reading in node_readings(node):
            if reading.window is Window.MULTI_YEAR:
                detail = Sentence(
                    "%(metric)s is read over several years, which only a multi_year node names.",
                    metric=reading.metric,
                )
                yield _error(path, "window_without_years", detail)
    interim = getattr(node, "interim_cap", None)
    if interim is not None and node.accumulation is not Accumulation.YEAR_TO_DATE:
        yield _error(
            (*path, "interim_cap"), "interim_cap_unused", "An interim cap needs year_to_date accumulation."
        )


def _gate(gate: Gate, path: Path) -> Errors:
    conditions = [gate.at_least, gate.more_than, gate.at_most, gate.less_than]
    if sum(condition is not None for condition in conditions) != 1:
        yield _error(
            path, "gate_condition", "A gate has exactly one of at_least, more_than, at_most, less_than."
        )


def curve_errors(*, curve: Curve | SlopeCurve) -> list[DocumentError]:
    """Return what is wrong with a curve that stands by itself, each with its place in the curve's document."""
    return list(_curve(curve, ()))


def _curve(curve: Curve | SlopeCurve, path: Path) -> Errors:
    if isinstance(curve, SlopeCurve):
        yield from _slopes(curve, path)
        return
    if not curve.points:
        yield _error((*path, "points"), "curve_empty", "A curve has at least one point.")
    for i, (low, high) in enumerate(pairwise(curve.points), start=1):
        if high.x <= low.x:
            yield _error(
                (*path, "points", i),
                "curve_not_increasing",
                Sentence(
                    "%(high)s comes after %(low)s: the points of a curve run strictly upward.",
                    high=_percent(high.x),
                    low=_percent(low.x),
                ),
            )
    if curve.above is Above.EXTEND and (curve.shape is CurveShape.STEP or len(curve.points) < 2):
        yield _error(
            (*path, "above"), "curve_extend", "Only a linear curve of two points or more can be extended."
        )
    if curve.shape is CurveShape.STEP:
        for i, point in enumerate(curve.points):
            if point.arriving != point.payout:
                yield _error((*path, "points", i), "step_with_jump", "A step curve's point is [x, payout].")


def _slopes(curve: SlopeCurve, path: Path) -> Errors:
    if not curve.slopes:
        yield _error((*path, "slopes"), "curve_empty", "A curve by slopes has at least one slope.")
        return
    for i, slope in enumerate(curve.slopes):
        if slope.to <= slope.since:
            yield _error((*path, "slopes", i), "curve_not_increasing", "A slope ends after it starts.")
    for i, (low, high) in enumerate(pairwise(curve.slopes), start=1):
        if high.since != low.to:
            yield _error(
                (*path, "slopes", i, "from"),
                "tiers_gap",
                Sentence(
                    "Starts at %(since)s, but the one before ends at %(to)s.", since=high.since, to=low.to
                ),
            )
    if not curve.slopes[0].since <= curve.through.x <= curve.slopes[-1].to:
        yield _error(
            (*path, "through"), "through_outside", "The point the curve runs through lies outside its slopes."
        )


def _percent(ratio: Decimal) -> str:
    return f"{(ratio * 100).normalize():f}%"


def _matrix(matrix: Matrix, path: Path) -> Errors:
    for name, axis in (("x", matrix.x), ("y", matrix.y)):
        yield from _rises(axis.at, (*path, name, "at"), "The positions of an axis")
        if len(axis.at) < 2:
            yield _error((*path, name, "at"), "axis_short", "An axis has at least two positions.")
    if len(matrix.grid) != len(matrix.x.at) or any(len(row) != len(matrix.y.at) for row in matrix.grid):
        yield _error(
            (*path, "grid"),
            "grid_size",
            Sentence(
                "The grid is %(rows)s rows (positions of x) of %(columns)s payouts (positions of y).",
                rows=len(matrix.x.at),
                columns=len(matrix.y.at),
            ),
        )


def _rises(numbers: Sequence[Decimal], path: Path, what: str) -> Errors:
    if any(high <= low for low, high in pairwise(numbers)):
        yield _error(path, "not_increasing", Sentence("%(what)s run strictly upward.", what=ours(what)))


def _sums_to_one(numbers: Sequence[Decimal], path: Path, what: str) -> Errors:
    if sum(numbers) != 1:
        yield _error(
            path,
            "weights_sum",
            Sentence("The %(what)s sum to %(total)s, not to 1.", what=ours(what), total=sum(numbers)),
        )


def _money_leaf(leaf: MoneyLeaf, path: Path) -> Errors:
    yield from _order(leaf, path)
    if leaf.gate and (leaf.gate.otherwise.limit is not None or leaf.gate.part is GatedPart.ABOVE_TARGET):
        yield _error(
            (*path, "gate"),
            "gate_on_money",
            "A gate on money is zero or a factor: money has no target ratio.",
        )
    if isinstance(leaf, Commission):
        yield from _commission(leaf, path)
    if isinstance(leaf, Fixed) and leaf.accumulation is not Accumulation.PERIOD:
        yield _error(
            (*path, "accumulation"), "fixed_accumulates", "A fixed amount is an amount of each period."
        )
    if leaf.accumulation is Accumulation.MULTI_YEAR:
        yield _error(
            (*path, "accumulation"), "money_multi_year", "A money leaf pays by period or year to date."
        )
    if isinstance(leaf, UnitBonus) and Policy.NEUTRAL in (leaf.missing, leaf.zero_target):
        yield _error(
            (*path, "missing"), "neutral_on_money", "neutral means a result of 100 %; money leaves have none."
        )
    if isinstance(leaf, UnitBonus) and leaf.units_at_most is not None and leaf.units_at_most < leaf.threshold:
        yield _error(
            (*path, "units_at_most"), "cap_below_threshold", "The most units are fewer than the threshold."
        )


def _commission(leaf: Commission, path: Path) -> Errors:
    if not leaf.tiers and not leaf.rates:
        yield _error(
            (*path, "tiers"),
            "rates_missing",
            "A commission has tiers, or rates by product, category or kind.",
        )
    for i, rule in enumerate(leaf.rates):
        if not rule.tiers:
            yield _error((*path, "rates", i, "tiers"), "rates_missing", "A rate rule has at least one tier.")
        yield from _tiers(rule.tiers, (*path, "rates", i, "tiers"))
    yield from _tiers(leaf.tiers, (*path, "tiers"))
    yield from _rate_ties(leaf.rates, (*path, "rates"))
    yield from _companions(leaf, path)
    if leaf.rates and leaf.basis is not Basis.CREDITED_VALUE:
        yield _error((*path, "rates"), "rates_unused", "Rates by deal need the basis credited_value.")
    if leaf.deal_cap is not None and leaf.per is not CommissionPer.DEAL:
        yield _error((*path, "deal_cap"), "deal_cap_unused", "A cap on a deal needs a commission per deal.")
    events = [share.event for share in leaf.earned_on]
    if events and (sum(share.share for share in leaf.earned_on) != 1 or len(set(events)) != len(events)):
        yield _error(
            (*path, "earned_on"), "weights_sum", "The shares of the events sum to 1, each event named once."
        )
    if events and leaf.base is CreditBase.COLLECTED:
        yield _error(
            (*path, "earned_on"),
            "collected_twice",
            "Collected cash counts when it is collected: leave earned_on out, or take the base revenue "
            "with the event payment.",
        )


def _companions(leaf: Commission, path: Path) -> Errors:
    needs_reading = leaf.axis is TierAxis.ATTAINMENT or leaf.basis is Basis.TARGET_INCENTIVE_X_ATTAINMENT
    if needs_reading != (leaf.axis_reading is not None):
        yield _error(
            (*path, "axis_reading"),
            "axis_reading",
            "axis_reading names the metric whose attainment is read; only an axis or basis of attainment has one.",
        )
    if (
        leaf.reading is TierReading.REACHED_ON_EXCESS
        and leaf.excess_over is None
        and leaf.axis is not TierAxis.ATTAINMENT
    ):
        yield _error(
            (*path, "excess_over"),
            "excess_over",
            "reached_on_excess names the position its excess starts at.",
        )


def _tiers(tiers: Sequence[Tier], path: Path) -> Errors:
    for i, (low, high) in enumerate(pairwise(tiers), start=1):
        if high.since <= low.since:
            yield _error(
                (*path, i, "from"),
                "tiers_overlap",
                Sentence(
                    "The tier from %(high)s comes after the one from %(low)s.", high=high.since, low=low.since
                ),
            )
        elif low.to is not None and low.to != high.since:
            word = "tiers_gap" if low.to < high.since else "tiers_overlap"
            yield _error(
                (*path, i, "from"),
                word,
                Sentence(
                    "Starts at %(since)s, but the tier before ends at %(to)s.", since=high.since, to=low.to
                ),
            )
    if tiers and tiers[-1].to is not None:
        yield _error(
            (*path, len(tiers) - 1, "to"),
            "tiers_gap",
            "The last tier is open: above it nothing would be defined.",
        )


def _rate_ties(rules: Sequence[RateRule], path: Path) -> Errors:
    seen: dict[tuple[Any, ...], int] = {}
    for i, rule in enumerate(rules):
        when = (rule.product, rule.category, rule.deal_kind)
        if when == (None, None, None):
            yield _error(
                (*path, i),
                "rate_without_condition",
                "A rate rule names a product, category or kind; the rest is `tiers`.",
            )
        if when in seen:
            yield _error(
                (*path, i),
                "rates_tie",
                Sentence("Says the same deals as rule %(seen)s: two rates for one deal.", seen=seen[when]),
            )
        seen.setdefault(when, i)
