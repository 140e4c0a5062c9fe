"""
Money leaves: commissions, unit bonuses and fixed amounts, outside the weights.

They earn money directly, not a share of the target incentive, and then follow the same
order as every node: modifiers, gate, cap. Pure.
Rule: docs/reference/formulas.md, "Commission", "Unit bonus" and "Fixed amount".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from kamcomp.columns import Column, Mask, sums_by
from kamcomp.sentences import Sentence, Word
from kamcomp.trace import NO_TRACE, Trace
from plans.engine.conventions import (
    Accumulation,
    Basis,
    CommissionPer,
    CreditBase,
    TierAxis,
    UnitCount,
    Window,
)
from plans.engine.inputs import DEAL_DAY, Credits, Ints
from plans.engine.order import capped, changes
from plans.engine.plan import Commission, Fixed, MoneyLeaf, RateRule, Tier, UnitBonus
from plans.engine.rates import tier_amount
from plans.engine.reading import FINAL, WINDOW_OF, Computation, carried_read, policy_ratio, read_result


@dataclass(frozen=True)
class MoneyLine:
    """What a money leaf earns per row, after its own order, and whether it is owed to date."""

    code: str
    accumulates: bool
    amount: Column


@dataclass(frozen=True)
class CreditedDeals:
    """
    The credits a commission counts: their row, and the rate rule each falls under.

    `value` and `units` are the credited part of the whole deal, `earned` what of it its
    events have reached, `earned_value` and `earned_units` that part of them.
    """

    rows: Ints
    value: Column
    units: Column
    earned: Column
    rule: Ints

    @property
    def earned_value(self) -> Column:
        """Return the credited value as far as it is earned."""
        return self.value * self.earned

    @property
    def earned_units(self) -> Column:
        """Return the credited units as far as they are earned."""
        return self.units * self.earned


def money_line(*, leaf: MoneyLeaf, computation: Computation, trace: Trace = NO_TRACE) -> MoneyLine:
    """
    Return what a money leaf earns, per row: its amount, then modifiers, gate and cap.

    Units: money of the plan's currency, not rounded.
    Source: docs/reference/formulas.md, "Commission", "Unit bonus" and "Fixed amount".
    """
    window = WINDOW_OF[leaf.accumulation]
    with trace.within(f"{leaf.kind} {leaf.code}"):
        if isinstance(leaf, Commission):
            amount = _commission(leaf, window, computation, trace)
        elif isinstance(leaf, UnitBonus):
            amount = _unit_bonus(leaf, window, computation, trace)
        else:
            amount = _fixed(leaf, window, computation, trace)
        done = changes(
            node=leaf.code, scale=computation.numbers.number(1), value=amount, modifiers=leaf.modifiers, gate=leaf.gate,
            cap=None, interim_cap=None, window=window, years=leaf.years, computation=computation, trace=trace,
        )  # fmt: skip
        amount = done[-1].after if done else amount
        if leaf.cap is not None:
            amount = capped(value=amount, limit=computation.value(leaf.cap, node=leaf.code))
        trace.step(f"{leaf.code} amount", amount, unit="money")
    return MoneyLine(leaf.code, leaf.accumulation is Accumulation.YEAR_TO_DATE, amount)


def credited_deals(*, leaf: Commission, computation: Computation) -> CreditedDeals:
    """
    Return the credits a commission counts in its window, with the value each counts for.

    Counted are credits of the leaf's credit types, of the period (or the year so far where
    it accumulates). A credit counts base x share, as far as its earning events have come;
    nothing under a minimum. Rows with a credit that lacks the base, an event or a rate are blocked.
    """
    credits = computation.inputs.credits
    counted = np.array([kind in leaf.credit_types for kind in credits.credit_type], dtype=bool)
    if leaf.accumulation is Accumulation.PERIOD:
        counted &= credits.in_period
    chosen = np.flatnonzero(counted)
    numbers = computation.numbers
    base = _stated(credits.bases, leaf.base, credits, chosen, leaf, computation)
    value = base * numbers.convert(credits.share[chosen])
    small = _under_minimum(leaf, credits, chosen, base, computation)
    units = numbers.convert(credits.units[chosen]) * numbers.convert(credits.share[chosen])
    value[small], units[small] = numbers.number(0), numbers.number(0)
    return CreditedDeals(
        rows=credits.row[chosen],
        value=value,
        units=units,
        earned=_earned(leaf, credits, chosen, computation),
        rule=_rules(leaf, credits, chosen, computation),
    )


def _commission(leaf: Commission, window: Window, computation: Computation, trace: Trace) -> Column:
    if leaf.basis is not Basis.CREDITED_VALUE:
        return _target_commission(leaf, window, computation, trace)
    deals = credited_deals(leaf=leaf, computation=computation)
    size, amount = computation.inputs.size, computation.numbers.zeros(computation.inputs.size)
    value, units = deals.earned_value, deals.earned_units
    trace.step(
        "credited value",
        sums_by(deals.rows, value, size=size),
        unit="money",
        because=lambda: Sentence("%(base)s credited", base=leaf.base),
    )
    for number, tiers in enumerate(_tables(leaf)):
        if not tiers:
            continue  # deals that only the leaf's own tiers could pay have been named as without a rate
        mine = deals.rule == number
        if leaf.per is CommissionPer.DEAL:
            paid = _deal_amounts(leaf, tiers, deals, mine, computation, trace)
            amount = amount + sums_by(deals.rows[mine], paid, size=size)
        else:
            basis = sums_by(deals.rows[mine], value[mine], size=size)
            counted = sums_by(deals.rows[mine], units[mine], size=size)
            position = _position(leaf, window, basis, counted, computation, trace)
            amount = amount + _table_amount(leaf, tiers, position, basis, np.arange(size), computation, trace)
    return amount


def _deal_amounts(
    leaf: Commission,
    tiers: tuple[Tier, ...],
    deals: CreditedDeals,
    mine: Mask,
    computation: Computation,
    trace: Trace,
) -> Column:
    """Return what each deal pays: the table read at the whole deal, its cap, and of that what is earned."""
    rows, value = deals.rows[mine], deals.value[mine]
    position = deals.units[mine] if leaf.axis is TierAxis.UNITS else value
    if leaf.axis is TierAxis.ATTAINMENT:
        position = _attainment(leaf, WINDOW_OF[leaf.accumulation], computation, trace)[rows]
    paid = _table_amount(leaf, tiers, position, value, rows, computation, trace)
    if leaf.deal_cap is not None:
        paid = capped(value=paid, limit=computation.value(leaf.deal_cap, node=leaf.code)[rows])
    return paid * deals.earned[mine]


def _target_commission(leaf: Commission, window: Window, computation: Computation, trace: Trace) -> Column:
    """Return a rate table applied to the target incentive of the window, or to it times attainment."""
    rows = np.arange(computation.inputs.size)
    basis = computation.incentive(window, years=leaf.years, trace=trace).target
    deals = credited_deals(leaf=leaf, computation=computation)
    value = sums_by(deals.rows, deals.earned_value, size=len(rows))
    units = sums_by(deals.rows, deals.earned_units, size=len(rows))
    position = _position(leaf, window, value, units, computation, trace)
    if leaf.basis is Basis.TARGET_INCENTIVE_X_ATTAINMENT:
        basis = basis * _attainment(leaf, window, computation, trace)
    return _table_amount(leaf, leaf.tiers, position, basis, rows, computation, trace)


def _table_amount(
    leaf: Commission, tiers: tuple[Tier, ...], position: Column, basis: Column, rows: Ints,
    computation: Computation, trace: Trace,
) -> Column:  # fmt: skip
    over = None
    if leaf.excess_over is not None:
        over = computation.value(leaf.excess_over, node=leaf.code)[rows]
    elif leaf.axis is TierAxis.ATTAINMENT:
        over = computation.numbers.full(len(rows), 1)
    if not len(rows):
        return computation.numbers.zeros(0)
    return tier_amount(
        starts=[tier.since for tier in tiers],
        rates=[computation.value(tier.rate, node=leaf.code)[rows] for tier in tiers],
        reading=leaf.reading, bound=leaf.bound, position=position, basis=basis,
        excess_over=over, negative=leaf.negative, trace=trace,
    )  # fmt: skip


def _position(
    leaf: Commission, window: Window, value: Column, units: Column, computation: Computation, trace: Trace
) -> Column:
    if leaf.axis is TierAxis.ATTAINMENT:
        return _attainment(leaf, window, computation, trace)
    return units if leaf.axis is TierAxis.UNITS else value


def _attainment(leaf: Commission, window: Window, computation: Computation, trace: Trace) -> Column:
    reading = leaf.axis_reading
    assert reading is not None
    read = read_result(
        reading=reading, node=leaf.code, window=window, years=leaf.years, computation=computation, trace=trace
    )
    read = carried_read(reading=reading, read=read, window=window, computation=computation)
    one, zero = computation.numbers.number(1), computation.numbers.number(0)
    return policy_ratio(
        reading=reading, read=read, earned=read.value, node=leaf.code, computation=computation,
        neutral=one, closed=zero, trace=trace,
    )  # fmt: skip


def _stated(
    columns: Any, name: str, credits: Credits, chosen: Ints, leaf: Commission, computation: Computation
) -> Column:
    stated = columns.get(str(name))
    gone = np.ones(len(chosen), dtype=bool) if stated is None else stated.state[chosen] != FINAL
    for i in np.flatnonzero(gone):
        computation.block(
            credits.row[chosen[i : i + 1]],
            node=leaf.code,
            code="credit_incomplete",
            detail=Sentence(
                "%(leaf)s reads %(name)s of %(deal)s, which has none: supply it.",
                leaf=leaf.code,
                name=name,
                deal=credits.ids[chosen[i]],
            ),
        )
    if stated is None:
        return computation.numbers.zeros(len(chosen))
    value = stated.value[chosen].copy()
    value[gone] = 0
    return computation.numbers.convert(value)


def _earned(leaf: Commission, credits: Credits, chosen: Ints, computation: Computation) -> Column:
    if not leaf.earned_on:
        own = None if leaf.base is CreditBase.COLLECTED else credits.earned.get(DEAL_DAY)
        if own is None:
            return computation.numbers.full(len(chosen), 1)
        return computation.numbers.convert(own.value[chosen])
    earned = computation.numbers.zeros(len(chosen))
    for part in leaf.earned_on:
        earned = earned + part.share * _stated(credits.earned, part.event, credits, chosen, leaf, computation)
    return earned


def _under_minimum(
    leaf: Commission, credits: Credits, chosen: Ints, base: Column, computation: Computation
) -> Mask:
    under = np.zeros(len(chosen), dtype=bool)
    kinds = np.array([credits.deal_kind[i] for i in chosen], dtype=object)
    for minimum in leaf.minimums:
        meant = np.ones(len(chosen), dtype=bool) if minimum.deal_kind is None else kinds == minimum.deal_kind
        if minimum.deal is not None:
            under |= meant & (base < minimum.deal).astype(bool) & (base >= 0).astype(bool)
        if minimum.margin is not None:
            margin = _stated(credits.bases, "margin", credits, chosen, leaf, computation)
            revenue = _stated(credits.bases, "revenue", credits, chosen, leaf, computation)
            under |= meant & _thin(margin, minimum.margin * revenue, revenue)
    return under


def _thin(margin: Column, least: Column, revenue: Column) -> Mask:
    """Tell where a margin is under its least; a credit note is judged as what it takes back was."""
    returned = (revenue < 0).astype(bool)
    return np.where(returned, margin > least, margin < least).astype(bool)


def _tables(leaf: Commission) -> list[tuple[Tier, ...]]:
    return [*(rule.tiers for rule in leaf.rates), leaf.tiers]


def _rules(leaf: Commission, credits: Credits, chosen: Ints, computation: Computation) -> Ints:
    """Return for each credit the number of its rate rule: the most specific that fits, else the leaf's own tiers."""
    if not leaf.rates:
        return np.zeros(len(chosen), dtype=np.int64)
    ranked = sorted(range(len(leaf.rates)), key=lambda i: _specificity(leaf.rates[i]), reverse=True)
    rule = np.full(len(chosen), len(leaf.rates), dtype=np.int64)
    for place, i in enumerate(chosen):
        rule[place] = next((n for n in ranked if _applies(leaf.rates[n], credits, int(i))), len(leaf.rates))
        if rule[place] == len(leaf.rates) and not leaf.tiers:
            computation.block(
                credits.row[i : i + 1],
                node=leaf.code,
                code="rate_missing",
                detail=Sentence(
                    "%(leaf)s has no rate for %(deal)s (product %(product)s, category %(category)s, kind %(kind)s).",
                    leaf=leaf.code,
                    deal=credits.ids[i],
                    product=credits.product[i] or Word("none"),
                    category=credits.category[i] or Word("none"),
                    kind=credits.deal_kind[i] or Word("none"),
                ),
            )
    return rule


def _specificity(rule: RateRule) -> tuple[bool, bool, bool]:
    return rule.product is not None, rule.category is not None, rule.deal_kind is not None


def _applies(rule: RateRule, credits: Credits, i: int) -> bool:
    return all(
        wanted is None or wanted == given
        for wanted, given in (
            (rule.product, credits.product[i]),
            (rule.category, credits.category[i]),
            (rule.deal_kind, credits.deal_kind[i]),
        )
    )


def _unit_bonus(leaf: UnitBonus, window: Window, computation: Computation, trace: Trace) -> Column:
    """Return amount x units counted: those above the threshold, or all once it is reached; at most so many."""
    read = read_result(
        reading=leaf, node=leaf.code, window=window, years=leaf.years, computation=computation, trace=trace
    )
    read = carried_read(reading=leaf, read=read, window=window, computation=computation)
    zero = computation.numbers.number(0)
    units = policy_ratio(
        reading=leaf, read=read, earned=read.value, node=leaf.code, computation=computation,
        neutral=zero, closed=zero, trace=trace,
    ).copy()  # fmt: skip
    if leaf.units_at_most is not None:
        units = capped(value=units, limit=leaf.units_at_most)
    counted = units - leaf.threshold if leaf.counts is UnitCount.ABOVE_THRESHOLD else units.copy()
    counted[(units < leaf.threshold).astype(bool)] = zero
    trace.step(
        "units counted", counted, unit="count", because=str(leaf.counts), inputs={"threshold": leaf.threshold}
    )
    return counted * computation.value(leaf.amount, node=leaf.code)


def _fixed(leaf: Fixed, window: Window, computation: Computation, trace: Trace) -> Column:
    """Return the amount, scaled by presence in the period where the leaf is prorated."""
    amount = computation.value(leaf.amount, node=leaf.code)
    if not leaf.prorated:
        return amount
    incentive = computation.incentive(window, years=leaf.years, trace=trace)
    return amount * incentive.present / incentive.whole
