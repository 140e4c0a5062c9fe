"""
A plan document read as words and tables: the tree of goals with weights, curves, conditions, rates, pool and payment.

What stands here is read from the terms that pay, never from the raw document, so that a default shows as what it does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as __

from kamcomp.pages.figures import money_text, number_text, percent_text
from kamcomp.pages.wording import worded as in_words
from plans.engine.parameter import Parameter
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
    Modifier,
    Objectives,
    Plan,
    SlopeCurve,
    UnitBonus,
)
from plans.engine.pool_terms import FundingRule, PoolTerms
from plans.views.curves import Drawing, drawing, points_of
from plans.views.words import worded


@dataclass(frozen=True, kw_only=True)
class NodeRow:
    """A node of the tree: how deep, its share of the whole plan, what it reads, its conditions."""

    depth: int
    code: str
    name: str
    kind: str
    weight: Decimal
    metric: str = ""
    conditions: Sequence[str] = ()
    behaviour: str = ""

    @property
    def indent(self) -> str:
        """Return the class that sets the row in."""
        return f"deep-{min(self.depth, 4)}"


@dataclass(frozen=True, kw_only=True)
class CurveTable:
    """A curve with its drawing and its points: share of target, what it pays, and what it paid just before a jump."""

    name: str
    drawing: Drawing
    points: Sequence[tuple[Decimal, Decimal, Decimal | None]]
    words: Sequence[str]
    of_target: bool


@dataclass(frozen=True, kw_only=True)
class GridTable:
    """A matrix of two metrics: the positions of both and what each cell pays."""

    name: str
    across: str
    down: str
    columns: Sequence[Decimal]
    rows: Sequence[tuple[Decimal, Sequence[Decimal]]]


@dataclass(frozen=True, kw_only=True)
class RateTable:
    """Rates by tier: from, to, rate, as texts in their units."""

    name: str
    words: Sequence[str]
    rows: Sequence[tuple[str, str, str]]


@dataclass(frozen=True, kw_only=True)
class PlanRead:
    """Everything a page says about a version's terms."""

    terms: Plan
    nodes: Sequence[NodeRow]
    curves: Sequence[CurveTable]
    grids: Sequence[GridTable]
    rates: Sequence[RateTable]
    pay: Sequence[tuple[str, str]]
    caps: Sequence[str]
    pool: Sequence[tuple[str, str]]
    payment: Sequence[tuple[str, str]]
    items: Sequence[tuple[str, Sequence[tuple[str, Decimal]]]] = field(default=())


def plan_read(*, terms: Plan, metrics: Mapping[str, str]) -> PlanRead:
    """Return the terms of a plan in words; `metrics` names the metrics by code."""
    rows = [(row, node) for row, node in _tree(terms.incentive, metrics)]
    nodes = [node for _row, node in rows]
    return PlanRead(
        terms=terms,
        nodes=[row for row, _node in rows],
        curves=[_curve(node.name or node.code, node.curve, node) for node in nodes if isinstance(node, Goal)]
        + [_curve(_of(node, each), each.table, each) for node in nodes for each in node.modifiers],
        grids=[_grid(node, metrics) for node in nodes if isinstance(node, Matrix)],
        rates=[_rates(leaf, terms.currency, metrics) for leaf in terms.commissions],
        pay=_pay(terms),
        caps=_caps(terms),
        pool=_pool(terms.pool, terms, metrics) if terms.pool else (),
        payment=_payment(terms),
        items=[
            (node.name or node.code, [(item.statement or item.code, item.weight) for item in node.items])
            for node in nodes
            if isinstance(node, Objectives)
        ]
        + [
            (node.name or node.code, [(stage.code, stage.share) for stage in node.stages])
            for node in nodes
            if isinstance(node, Milestone)
        ],
    )


def _tree(
    node: Incentive | Branch, metrics: Mapping[str, str], *, depth: int = 0
) -> Iterator[tuple[NodeRow, Any]]:
    for child in node.children:
        yield _row(child, metrics, depth=depth), child
        if isinstance(child, Branch):
            yield from _tree(child, metrics, depth=depth + 1)


def _row(node: Any, metrics: Mapping[str, str], *, depth: int) -> NodeRow:
    kinds = {
        "branch": __("Group"), "goal": __("Goal"), "matrix": __("Matrix of two metrics"),
        "objectives": __("Judged objectives"), "milestone": __("Milestones"),
    }  # fmt: skip
    metric = ""
    if isinstance(node, Goal):
        metric = _metric(node.metric, metrics)
    elif isinstance(node, Matrix):
        metric = f"{_metric(node.x.metric, metrics)} × {_metric(node.y.metric, metrics)}"
    return NodeRow(
        depth=depth, code=node.code, name=node.name or node.code, kind=kinds[node.kind], weight=node.weight,
        metric=metric, conditions=_conditions(node, metrics), behaviour=node.behaviour,
    )  # fmt: skip


def _conditions(node: Any, metrics: Mapping[str, str]) -> list[str]:
    found = [worded(node.level)]
    if node.segment:
        found.append(__("segment %(name)s") % {"name": node.segment})
    if node.accumulation != "period":
        found.append(worded(node.accumulation))
    if node.gate is not None:
        found.append(gate_sentence(node.gate, metrics))
    if node.cap is not None:
        found.append(__("pays at most %(share)s of its target") % {"share": percent_text(node.cap)})
    if isinstance(node, Branch) and node.hurdle is not None:
        found.append(
            __("if one part earns under %(least)s, none earns more than %(limit)s")
            % {"least": percent_text(node.hurdle.at_least), "limit": percent_text(node.hurdle.limit)}
        )
    return found


def gate_sentence(gate: Gate, metrics: Mapping[str, str]) -> str:
    """Return a gate as a sentence: what must be reached, and what happens while it is not."""
    shares = gate.reads == "attainment"
    bounds = (
        (gate.at_least, __("at least %(bound)s")), (gate.more_than, __("more than %(bound)s")),
        (gate.at_most, __("at most %(bound)s")), (gate.less_than, __("less than %(bound)s")),
    )  # fmt: skip
    said = [
        words % {"bound": percent_text(bound) if shares or abs(bound) <= 2 else number_text(bound)}
        for bound, words in bounds
        if bound is not None
    ]
    metric = _metric(gate.metric, metrics)
    what = (__("%(metric)s against its target") % {"metric": metric}) if shares else metric
    if gate.otherwise.limit is not None:
        then = __("otherwise at most %(share)s is paid") % {"share": percent_text(gate.otherwise.limit)}
    elif gate.otherwise.factor:
        then = __("otherwise only %(share)s is paid") % {"share": percent_text(gate.otherwise.factor)}
    else:
        then = __("otherwise nothing is paid")
    return __("Gate: %(what)s %(bounds)s, %(then)s") % {
        "what": what, "bounds": __(" and ").join(said), "then": then,
    }  # fmt: skip


def _curve(name: str, curve: Curve | SlopeCurve, reading: Goal | Modifier) -> CurveTable:
    of_target = reading.reads == "attainment"
    words = [worded(curve.below), worded(curve.above)]
    if isinstance(curve, Curve):
        words.insert(0, worded(curve.shape))
    points = [
        (point.x, point.payout, point.arriving if point.arriving != point.payout else None)
        for point in points_of(curve)
    ]
    return CurveTable(
        name=name,
        drawing=drawing(curve, of_target=of_target),
        points=points,
        words=words,
        of_target=of_target,
    )


def _of(node: Any, modifier: Modifier) -> str:
    return __("%(node)s, factor %(code)s") % {"node": node.name or node.code, "code": modifier.code}


def _grid(node: Matrix, metrics: Mapping[str, str]) -> GridTable:
    return GridTable(
        name=node.name or node.code,
        across=_metric(node.y.metric, metrics),
        down=_metric(node.x.metric, metrics),
        columns=node.y.at,
        rows=list(zip(node.x.at, node.grid, strict=True)),
    )


def _rates(leaf: Commission | UnitBonus | Fixed, currency: str, metrics: Mapping[str, str]) -> RateTable:
    name, words = leaf.name or leaf.code, [worded(leaf.level)]
    if leaf.gate is not None:
        words.append(gate_sentence(leaf.gate, metrics))
    if leaf.cap is not None:
        words.append(__("at most %(amount)s") % {"amount": _value(leaf.cap, currency)})
    if isinstance(leaf, Fixed):
        words.append(__("%(amount)s a period") % {"amount": _value(leaf.amount, currency)})
        return RateTable(name=name, words=words, rows=())
    if isinstance(leaf, UnitBonus):
        words.append(
            __("%(amount)s for each unit of %(metric)s above %(threshold)s")
            % {
                "amount": _value(leaf.amount, currency), "metric": _metric(leaf.metric, metrics),
                "threshold": number_text(leaf.threshold),
            }
        )  # fmt: skip
        return RateTable(name=name, words=words, rows=())
    words += [worded(leaf.base), worded(leaf.basis), worded(leaf.axis), worded(leaf.reading)]
    in_money = leaf.axis == "value"
    return RateTable(name=name, words=words, rows=list(_tiers(leaf, currency, in_money=in_money)))


def _tiers(leaf: Commission, currency: str, *, in_money: bool) -> Iterator[tuple[str, str, str]]:
    def position(value: Decimal | None) -> str:
        if value is None:
            return __("and up")
        if in_money:
            return money_text(value, currency)
        return percent_text(value) if leaf.axis == "attainment" else number_text(value)

    for tier in leaf.tiers:
        yield position(tier.since), position(tier.to), _rate(tier.rate)
    for rule in leaf.rates:
        which = ", ".join(part for part in (rule.product, rule.category, rule.deal_kind) if part)
        for tier in rule.tiers:
            yield f"{which}: {position(tier.since)}", position(tier.to), _rate(tier.rate)


def _rate(rate: Any) -> str:
    return _named(rate) if isinstance(rate, Parameter) else percent_text(rate, digits=2)


def _value(value: Any, currency: str) -> str:
    return _named(value) if isinstance(value, Parameter) else money_text(value, currency)


def _named(parameter: Parameter) -> str:
    return __("each person's own “%(name)s”") % {"name": parameter.parameter}


def _pay(terms: Plan) -> list[tuple[str, str]]:
    target = terms.target_incentive
    found = []
    if terms.pay.base_share is not None:
        base = percent_text(terms.pay.base_share, digits=0)
        variable = percent_text(1 - terms.pay.base_share, digits=0)
        mix = __("%(base)s base, %(variable)s variable") % {"base": base, "variable": variable}
        found.append((__("Pay mix"), mix))
    if terms.pay.elements:
        found.append((__("Elements"), ", ".join(terms.pay.elements)))
    source = worded(target.source)
    if target.share is not None:
        share = _named(target.share) if isinstance(target.share, Parameter) else percent_text(target.share)
        source = f"{source}: {share}"
    found.append((__("Target incentive"), source))
    found.append((__("Spread"), worded(target.spread)))
    found.append((__("Presence counts by"), worded(terms.proration.basis)))
    return found


def _caps(terms: Plan) -> list[str]:
    found = []
    incentive = terms.incentive
    if incentive.cap is not None:
        share = percent_text(incentive.cap)
        found.append(__("The whole incentive pays at most %(share)s of target.") % {"share": share})
    if incentive.interim_cap is not None:
        share = percent_text(incentive.interim_cap)
        found.append(__("Before the year's end it pays at most %(share)s of target.") % {"share": share})
    if terms.payout_cap is not None:
        amount = _value(terms.payout_cap.amount, terms.currency)
        excess = worded(terms.payout_cap.excess)
        found.append(
            __("A period pays at most %(amount)s: %(excess)s.") % {"amount": amount, "excess": excess}
        )
    return found


def _pool(pool: PoolTerms, terms: Plan, metrics: Mapping[str, str]) -> list[tuple[str, str]]:
    found = [
        (__("Funded by"), _funding(pool, terms, metrics)),
        (__("Guideline by"), ", ".join(worded(part) for part in pool.share_by)),
    ]
    if pool.bounds is not None:
        low, high = (percent_text(bound, digits=0) for bound in pool.bounds)
        found.append((__("A share"), __("%(low)s to %(high)s of its guideline") % {"low": low, "high": high}))
    if pool.zero_with_reason:
        found.append((__("Nothing at all"), __("with a reason")))
    of_pool = __("at most %(share)s of the pool")
    if pool.reason_beyond is not None:
        share = percent_text(pool.reason_beyond, digits=0)
        found.append((__("Reason needed"), __("beyond ±%(share)s of the guideline") % {"share": share}))
    if pool.per_person_at_most is not None:
        found.append((__("One person"), of_pool % {"share": percent_text(pool.per_person_at_most)}))
    if pool.matrix_at_least:
        least = __("at least %(share)s of the pool") % {"share": percent_text(pool.matrix_at_least)}
        found.append((__("Matrix members"), least))
    if pool.reserve:
        found.append((__("Reserve"), percent_text(pool.reserve)))
    days = __("%(days)s days, then %(late)s") % {"days": pool.window_days, "late": worded(pool.if_late)}
    return [*found, (__("Window"), days), (__("A late fact that lowers it"), worded(pool.less))]


def _funding(pool: PoolTerms, terms: Plan, metrics: Mapping[str, str]) -> str:
    funding = pool.funding
    if funding.rule is FundingRule.FIXED and funding.amount is not None:
        return __("%(amount)s a period") % {"amount": money_text(funding.amount, terms.currency)}
    if funding.rule is FundingRule.SHARE_OF_CONTRIBUTION and funding.share is not None:
        return __("%(share)s of %(metric)s above %(hurdle)s") % {
            "share": percent_text(funding.share, digits=2), "metric": _metric(funding.metric, metrics),
            "hurdle": money_text(funding.hurdle, terms.currency),
        }  # fmt: skip
    if funding.rule is FundingRule.BUCKETS:
        return ", ".join(
            __("%(share)s by %(node)s") % {"share": percent_text(each.share), "node": each.node}
            for each in funding.buckets
        )
    node = funding.node or __("the whole plan")
    return __("the members' pool targets times the result of %(node)s") % {"node": node}


def _payment(terms: Plan) -> list[tuple[str, str]]:
    payment, currency = terms.payment, terms.currency
    found = []
    if payment.deferral is not None:
        words = __("%(share)s goes to a bank that pays 1 part in %(parts)s a year")
        share, parts = percent_text(payment.deferral.share), payment.deferral.pay_one_in
        found.append((__("Deferral"), words % {"share": share, "parts": parts}))
    if payment.draw is not None:
        recovered = __("%(amount)s a period, recovered from later earnings")
        words = recovered if payment.draw.recoverable else __("%(amount)s a period, not recovered")
        found.append((__("Draw"), words % {"amount": _value(payment.draw.amount, currency)}))
    if payment.guarantee is not None:
        least = _value(payment.guarantee.amount, currency)
        found.append((__("Guarantee"), __("at least %(amount)s a period") % {"amount": least}))
    if payment.holdback is not None:
        words = __("%(share)s is held back for %(periods)s periods")
        share, periods = percent_text(payment.holdback.share), payment.holdback.periods
        found.append((__("Holdback"), words % {"share": share, "periods": periods}))
    if payment.clawback is not None:
        words = __("up to %(months)s months back, at most %(share)s of each later payout")
        share = percent_text(payment.clawback.per_payout_at_most, digits=0)
        found.append((__("Clawback"), words % {"months": payment.clawback.months, "share": share}))
    return found or [(__("Payment"), __("in full, with the period"))]


def _metric(code: str, metrics: Mapping[str, str]) -> str:
    return in_words(metrics.get(code, code))
