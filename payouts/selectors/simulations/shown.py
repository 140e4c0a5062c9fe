"""A simulation as its page shows it: amounts, chances by measure, and two drawings in whole units of their boxes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from kamcomp import money
from payouts.engine.simulation.figures import CostFigures
from payouts.engine.simulation.kernel import BARS, LOW, WIDTH
from payouts.selectors.replays.shown import leaf_names
from payouts.selectors.simulations.made import Simulated
from plans.models import Scenario

BOX_WIDTH, BOX_HEIGHT, GROUND, TOP, LEFT = 640, 200, 168, 26, 44
LEAST_SHOWN = 0.002
"""Tenths of performance in which fewer people and draws stand are not drawn."""


@dataclass(frozen=True, kw_only=True)
class Amount:
    """An amount, and how far it is from the same of the document as it stands (None where nothing was moved)."""

    value: Decimal
    against: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class MeasureShown:
    """How often a leaf pays something, at least its target, its most (None: nothing ends it), and on average."""

    name: str
    pays: Decimal
    target: Decimal
    most: Decimal | None
    mean: Decimal


@dataclass(frozen=True, kw_only=True)
class Rect:
    """A bar of a drawing."""

    x: int
    y: int
    width: int
    height: int
    over: bool = False


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A line or a place in a drawing, with its figure."""

    at: int
    value: Decimal


@dataclass(frozen=True, kw_only=True)
class Histogram:
    """Costs of the drawn years: bars, the ends of the scale, the quantiles and the budget where it lies within."""

    bars: Sequence[Rect]
    scale: Sequence[Mark]
    quantiles: Sequence[Mark]
    budget: Mark | None


@dataclass(frozen=True, kw_only=True)
class PayPoint:
    """What people are paid on average, as a share of target, at a tenth of performance; and how many draws that is."""

    low: Decimal
    share: Decimal
    ratio: Decimal
    x: int
    y: int


@dataclass(frozen=True, kw_only=True)
class PayLine:
    """Pay against performance: the points, the line through them, and where 100 % is paid."""

    points: Sequence[PayPoint]
    path: str
    scale: Sequence[Mark]
    even: str


@dataclass(frozen=True, kw_only=True)
class SimulationShown:
    """Everything the figures of a page say."""

    currency: str
    low: Amount
    middle: Amount
    high: Amount
    mean: Amount
    people: Decimal
    pools: Decimal
    levels: Sequence[Amount]
    over_budget: Decimal | None
    measures: Sequence[MeasureShown]
    histogram: Histogram
    pay: PayLine


def simulation_shown(
    *, found: Simulated, document: Mapping[str, Any], budget: float | None
) -> SimulationShown:
    """Return a simulation for its page."""
    currency, cost, stands = found.plan.currency, found.cost, found.stands

    def amount(name: str) -> Amount:
        value = _money(getattr(cost, name), currency)
        return Amount(
            value=value, against=None if stands is None else value - _money(getattr(stands, name), currency)
        )

    levels = []
    for level, value in cost.levels.items():
        now = _money(value, currency)
        before = None if stands is None else _money(stands.levels[level], currency)
        levels.append(Amount(value=now, against=None if before is None else now - before))
    return SimulationShown(
        currency=currency, low=amount("low"), middle=amount("middle"), high=amount("high"), mean=amount("mean"),
        people=_money(cost.people, currency), pools=_money(cost.pools, currency), levels=levels,
        over_budget=None if cost.over_budget is None else _share(cost.over_budget),
        measures=measures_shown(document=document, leaves={
            code: (leaf.pays, leaf.target, leaf.most, leaf.mean) for code, leaf in found.drawn.leaves.items()
        }),
        histogram=_histogram(cost, currency, budget), pay=_pay_line(found),
    )  # fmt: skip


def measures_shown(
    *, document: Mapping[str, Any], leaves: Mapping[str, Sequence[float | None]]
) -> list[MeasureShown]:
    """Return the chances of each leaf, in the order of the document."""
    names = leaf_names(document)
    return [
        MeasureShown(
            name=names[code], pays=_share(pays or 0.0), target=_share(target or 0.0),
            most=None if most is None else _share(most), mean=_share(mean or 0.0),
        )
        for code in names
        if code in leaves
        for pays, target, most, mean in [leaves[code]]
    ]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class ScenarioShown:
    """A kept scenario with its figures as they were."""

    scenario: Scenario
    low: Decimal
    middle: Decimal
    high: Decimal
    mean: Decimal
    people: Decimal
    pools: Decimal
    levels: Sequence[Decimal]
    over_budget: Decimal | None
    measures: Sequence[MeasureShown]


def scenario_shown(*, scenario: Scenario) -> ScenarioShown:
    """Return a kept scenario for a page."""
    figures, currency = scenario.figures, scenario.currency

    def amount(name: str) -> Decimal:
        return _money(float(figures[name]), currency)

    leaves = {
        code: [None if each is None else float(each) for each in chances]
        for code, chances in figures["leaves"].items()
    }
    over = figures["over_budget"]
    document = (scenario.draft or scenario.version).document  # type: ignore[union-attr]
    return ScenarioShown(
        scenario=scenario, low=amount("low"), middle=amount("middle"), high=amount("high"), mean=amount("mean"),
        people=amount("people"), pools=amount("pools"),
        levels=[_money(float(value), currency) for _level, value in sorted(figures["levels"].items())],
        over_budget=None if over is None else _share(float(over)),
        measures=measures_shown(document=document, leaves=leaves),
    )  # fmt: skip


def _money(value: float, currency: str) -> Decimal:
    return money.settle(Decimal(repr(value)), currency=currency)


def _share(value: float) -> Decimal:
    return money.to_decimals(Decimal(repr(value)), 4)


def _histogram(cost: CostFigures, currency: str, budget: float | None) -> Histogram:
    low, high = cost.bars[0].low, cost.bars[-1].high
    width, most = high - low, max(bar.draws for bar in cost.bars) or 1

    def place(value: float) -> int:
        return LEFT + int((value - low) / width * (BOX_WIDTH - 2 * LEFT)) if width else BOX_WIDTH // 2

    bars = []
    for bar in cost.bars:
        tall = (GROUND - TOP) * bar.draws // most
        left = place(bar.low)
        over = budget is not None and bar.low >= budget
        bars.append(
            Rect(
                x=left + 1, y=GROUND - tall, width=max(place(bar.high) - left - 2, 1), height=tall, over=over
            )
        )
    marks = [
        Mark(at=place(value), value=_money(value, currency)) for value in (cost.low, cost.middle, cost.high)
    ]
    within = budget is not None and low <= budget <= high
    return Histogram(
        bars=bars,
        scale=[
            Mark(at=place(value), value=_money(value, currency)) for value in (low, (low + high) / 2, high)
        ],
        quantiles=marks,
        budget=Mark(at=place(budget), value=_money(budget, currency))
        if within and budget is not None
        else None,
    )


def _pay_line(found: Simulated) -> PayLine:
    counts, ratios = found.drawn.counts, found.drawn.pay_ratio
    whole = float(counts.sum()) or 1.0
    shown = [number for number in range(1, BARS + 1) if counts[number] / whole >= LEAST_SHOWN]
    top = max([1.2, *(float(ratios[number]) for number in shown)])

    def across(performance: float) -> int:
        return LEFT + int((performance - LOW) / (WIDTH * BARS) * (BOX_WIDTH - 2 * LEFT))

    def up(ratio: float) -> int:
        return GROUND - int(ratio / top * (GROUND - TOP))

    points = [
        PayPoint(
            low=_share(LOW + WIDTH * (number - 1)), share=_share(float(counts[number]) / whole),
            ratio=_share(float(ratios[number])), x=across(LOW + WIDTH * (number - 0.5)), y=up(float(ratios[number])),
        )
        for number in shown
    ]  # fmt: skip
    first, last = LOW, min(top, LOW + WIDTH * BARS)
    return PayLine(
        points=points,
        path=" ".join(f"{'L' if place else 'M'}{point.x} {point.y}" for place, point in enumerate(points)),
        scale=[Mark(at=across(value), value=_share(value)) for value in (0.6, 0.8, 1.0, 1.2, 1.4)],
        even=f"M{across(first)} {up(first)} L{across(last)} {up(last)}",
    )
