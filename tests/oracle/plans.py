"""
Random plan documents for the oracle: every mechanic of the plan language, in any nesting.

A document is drawn from a seed and nothing else. Figures are mostly round, as in real
plans, because round figures are where boundaries, ties and half cents are met exactly;
some are odd, so that quotients do not end.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from random import Random
from typing import Any

Document = dict[str, Any]

PERIODS_A_YEAR = {"month": 12, "quarter": 4, "half_year": 2, "year": 1}
TYPES = ("team_performance", "portfolio", "renewal", "hybrid")
METRICS = ("M01", "M03", "M04", "M06", "M13", "M19")
LEVELS = ("individual", "team", "region", "company")
POLICIES = ("block", "neutral", "zero", "carry")
EVENTS = ("booking", "invoice", "payment", "renewal", "year_end")
CREDIT_TYPES = ("direct", "split", "overlay", "crossover", "rollup", "override")
PRODUCTS, CATEGORIES, DEAL_KINDS = ("pump", "valve"), ("hardware", "service"), ("new", "renewal")
LEAVES = ("prorate", "no_change", "history_average")


def decimal_text(numerator: int, digits: int) -> str:
    """Return numerator / 10**digits in plain notation, the way a person writes it."""
    sign, digits_text = ("-" if numerator < 0 else ""), str(abs(numerator)).rjust(digits + 1, "0")
    return sign + (f"{digits_text[:-digits]}.{digits_text[-digits:]}" if digits else digits_text)


def plan_document(rng: Random) -> Document:
    """Return a random plan document; it says what it means, so few defaults are left to be filled in."""
    period = rng.choice(("month", "quarter", "quarter", "quarter", "half_year", "year"))
    drawing = _Drawing(rng)
    kind = rng.random()
    document: Document = {
        "format": "kamcomp.plan/1",
        "code": f"P{rng.randrange(10**6)}",
        "name": "Drawn plan",
        "type": rng.choice(TYPES),
        "currency": rng.choice(("EUR", "EUR", "EUR", "USD", "JPY", "KWD")),
        "effective": {"from": "2024-01-01", "to": "2028-12-31"},
        "period": period,
        "target_incentive": _target_incentive(rng, PERIODS_A_YEAR[period]),
        "proration": _proration(rng),
        "incentive": drawing.root() if kind < 0.88 else {},
        "commissions": drawing.money_leaves() if kind > 0.70 else [],
    }
    if rng.random() < 0.15:
        document["payout_cap"] = {
            "amount": _value(rng, "amount", decimal_text(rng.randint(5, 400) * 100, 0)),
            "excess": rng.choice(("lost", "carried")),
        }
    if rng.random() < 0.3:
        document["payment"] = _payment(rng)
    _roll(rng, document)
    return document


def _roll(rng: Random, document: Document) -> None:
    """Let some readings of a drawn plan look over a rolling window, where a plan may."""
    nodes = list(_all_nodes(document))
    if any(node.get("accumulation") == "multi_year" for node, _level in nodes):
        return
    prorates = "target" in document["proration"].get("of", ["incentive", "target"])
    for node, level in nodes:
        found = [(node, "attainment")] if node.get("kind") == "goal" else []
        found += [(node.get("gate"), "value"), (node.get("x"), "attainment"), (node.get("y"), "attainment")]
        found += [(modifier, "value") for modifier in node.get("modifiers", [])]
        for reading, reads in found:
            if not reading or rng.random() > 0.2:
                continue
            personal = reading.get("level", level) == "individual"
            if personal and prorates and reading.get("reads", reads) == "attainment":
                continue
            reading |= {"window": "rolling", "periods": rng.choice((2, 3, 4, 6))}
            if rng.random() < 0.4:
                reading["when_short"] = "shorter"


def _all_nodes(document: Document) -> Iterator[tuple[Document, str]]:
    """Yield every node of a document, each with its level."""

    def below(node: Document, level: str) -> Iterator[tuple[Document, str]]:
        level = node.get("level", level)
        yield node, level
        for child in node.get("children", []):
            yield from below(child, level)

    if document["incentive"]:
        yield from below(document["incentive"], "team")
    for leaf in document["commissions"]:
        yield leaf, leaf.get("level", "individual")


def window_word(reading: Document, accumulation: str) -> str:
    """Return the word that a reading's result is known by."""
    if reading.get("window") != "rolling":
        return str(reading.get("window") or accumulation)
    fewer = "_or_fewer" if reading.get("when_short") == "shorter" else ""
    return f"rolling_{reading['periods']}{fewer}"


def _payment(rng: Random) -> Document:
    """Return payment terms: a bank, a holdback, a draw or guarantee, a clawback, each now and then."""
    payment: Document = {}
    if rng.random() < 0.35:
        payment["deferral"] = {
            "share": decimal_text(rng.randint(1, 20) * 5, 2),
            "pay_one_in": rng.choice((1, 2, 3, 4)),
        }
    if rng.random() < 0.35:
        payment["holdback"] = {
            "share": decimal_text(rng.randint(0, 20) * 5, 2),
            "periods": rng.choice((1, 2)),
        }
    amount = _value(rng, "amount", decimal_text(rng.randint(0, 60) * 50, 0))
    kind = rng.choice(("draw", "draw", "guarantee", ""))
    if kind:
        payment[kind] = {"amount": amount, "periods": rng.choice((None, 1, 2, 3, 6))}
    if kind == "draw":
        delay = rng.choice((0, 0, 1, 2))
        payment["draw"] |= {
            "recoverable": rng.random() < 0.75,
            "recovery_rate": rng.choice(("1", "1", "0.50", "0.333")),
            "recovery_delay": delay,
            "recovery_end": rng.choice((None, None, delay + 1, delay + 3)),
            "at_end": rng.choice(("owed", "forgiven")),
        }
    if rng.random() < 0.4:
        payment["clawback"] = {"months": 12, "per_payout_at_most": rng.choice(("0.25", "0.10", "1", "0.333"))}
    return payment


def _target_incentive(rng: Random, periods: int) -> Document:
    incentive: Document = {"source": "money"}
    if rng.random() < 0.2:
        incentive = {
            "source": "share_of_base",
            "share": _value(rng, "factor", decimal_text(rng.randint(5, 50), 2)),
        }
    spread = rng.choice(("even", "even", "days", "weights"))
    incentive["spread"] = spread
    if spread == "weights":
        incentive["weights"] = [decimal_text(part, 2) for part in _parts(rng, 100, periods)]
    return incentive


def _proration(rng: Random) -> Document:
    if rng.random() < 0.4:
        return {}
    basis = rng.choice(("calendar_days", "calendar_days", "working_days", "full_months"))
    return {
        "basis": basis,
        "of": rng.choice((["incentive", "target"], ["incentive"], ["target"], [])),
        "leave": rng.choice(("prorate", "no_change")) if basis == "full_months" else rng.choice(LEAVES),
        "partial_month": rng.choice(("counts", "does_not_count", "counts_from_half")),
        "part_time": rng.choice(("prorate", "ignore")),
        "dedication": rng.choice(("prorate", "ignore")),
    }


def _parts(rng: Random, whole: int, count: int) -> list[int]:
    """Return `count` whole numbers above zero that sum to `whole`, mostly multiples of five."""
    step = 5 if whole % 5 == 0 and whole // 5 >= count and rng.random() < 0.8 else 1
    cuts = sorted(rng.sample(range(1, whole // step), count - 1))
    edges = [0, *cuts, whole // step]
    return [(high - low) * step for low, high in itertools.pairwise(edges)]


def _value(rng: Random, name: str, literal: str) -> Any:
    """Return a literal, or now and then the name of a personal parameter."""
    return {"parameter": name} if rng.random() < 0.15 else literal


class _Drawing:
    """The nodes of one plan, each with a code of its own."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.count = 0
        self.accumulations = rng.choice(
            (("period",), ("period",), ("year_to_date",), ("period", "year_to_date"))
        )

    def root(self) -> Document:
        rng = self.rng
        root: Document = {"weight": "1", "children": self._children(10_000, depth=1)}
        root |= self._order(money=False)
        root["accumulation"] = rng.choice(self.accumulations)
        if root["accumulation"] == "year_to_date" and rng.random() < 0.3:
            root["interim_cap"] = "1.00"
        if rng.random() < 0.2:
            root["hurdle"] = self._hurdle()
        return root

    def money_leaves(self) -> list[Document]:
        return [self._money_leaf() for _ in range(self.rng.choice((1, 1, 2)))]

    def _code(self) -> str:
        self.count += 1
        return f"N{self.count}"

    def _children(self, weight: int, *, depth: int) -> list[Document]:
        rng = self.rng
        count = rng.choice((1, 2, 2, 3, 4)) if depth == 1 else rng.choice((1, 2, 3))
        units = weight // 100
        parts = [part * 100 for part in _parts(rng, units, count)] if units >= count else [weight]
        return [self._node(part, depth=depth) for part in parts]

    def _node(self, weight: int, *, depth: int) -> Document:
        rng = self.rng
        node: Document = {"code": self._code(), "weight": decimal_text(weight, 4)}
        if rng.random() < 0.5:
            node["level"] = rng.choice(LEVELS)
        if rng.random() < 0.15:
            node["segment"] = rng.choice(("north", "steel"))
        if rng.random() < 0.3:
            node["accumulation"] = rng.choice(self.accumulations)
            if node["accumulation"] == "year_to_date" and rng.random() < 0.3:
                node["interim_cap"] = rng.choice(("1.00", "0.80", "1.20"))
        node |= self._order(money=False)
        if rng.random() < 0.05:
            node.pop("interim_cap", None)
            node |= {"accumulation": "multi_year", "years": rng.choice((2, 3))}
        if depth < 3 and weight >= 300 and rng.random() < 0.3:
            node["children"] = self._children(weight, depth=depth + 1)
            if rng.random() < 0.35:
                node["hurdle"] = self._hurdle()
            return node
        return node | self._leaf()

    def _leaf(self) -> Document:
        rng = self.rng
        kind = rng.choice(("goal",) * 7 + ("matrix", "objectives", "milestone"))
        if kind == "goal":
            return {"kind": "goal", **self._reading(), "curve": self._curve()}
        if kind == "matrix":
            return self._matrix()
        if kind == "objectives":
            count = rng.choice((1, 2, 3))
            items = [
                {"code": f"O{number}", "weight": decimal_text(part, 2)}
                for number, part in enumerate(_parts(rng, 100, count))
            ]
            return {"kind": "objectives", "items": items, "missing": rng.choice(("block", "neutral", "zero"))}
        stages = [
            {"code": f"S{number}", "share": decimal_text(part, 2)}
            for number, part in enumerate(_parts(rng, 100, rng.choice((1, 2, 4))))
        ]
        return {"kind": "milestone", "stages": stages, "missing": rng.choice(("block", "neutral", "zero"))}

    def _reading(self, *, value: bool | None = None) -> Document:
        """Return what is read of a metric: attainment mostly, else the raw value."""
        rng = self.rng
        reading: Document = {"metric": rng.choice(METRICS), "missing": rng.choice(POLICIES)}
        if value or (value is None and rng.random() < 0.25):
            return reading | {"reads": "value"}
        reading |= {"reads": "attainment", "zero_target": rng.choice(POLICIES)}
        if rng.random() < 0.35:
            options: Document = {"rule": rng.choice(("ratio", "lower_is_better", "distance"))}
            if rng.random() < 0.5:
                options["floor"] = rng.choice(("0.50", "0", "0.85"))
            if rng.random() < 0.5:
                options["ceiling"] = rng.choice(("1.20", "1.50", "2"))
            reading["attainment"] = options
        if rng.random() < 0.1:
            reading["target"] = _value(rng, "amount", decimal_text(rng.randint(1, 90) * 1000, 0))
        if rng.random() < 0.1:
            reading["target_share"] = _value(rng, "factor", decimal_text(rng.randint(1, 20) * 5, 2))
        return reading

    def _curve(self) -> Document:
        """Return a curve over a ratio: points rise in x; payouts may rise, fall or jump."""
        rng = self.rng
        if rng.random() < 0.15:
            return self._slopes()
        shape = rng.choice(("linear", "linear", "linear", "step"))
        count = rng.choice((1, 2, 3, 4, 5)) if shape == "step" else rng.choice((2, 2, 3, 4))
        xs = sorted(rng.sample(range(10, 45), count))
        falls = rng.random() < 0.2
        ys = sorted((rng.randint(0, 50) * 5 for _ in xs), reverse=falls)
        points = []
        for x, y in zip(xs, ys, strict=True):
            point = [decimal_text(x * 5, 2), decimal_text(y, 2)]
            if shape == "linear" and rng.random() < 0.2:
                point.insert(1, decimal_text(max(0, y - rng.choice((10, 25, 40))), 2))
            points.append(point)
        return {
            "shape": shape,
            "points": points,
            "below": rng.choice(("zero", "zero", "first")),
            "above": rng.choice(("cap", "cap", "extend", "zero"))
            if shape == "linear"
            else rng.choice(("cap", "zero")),
        }

    def _slopes(self) -> Document:
        rng = self.rng
        edges = sorted(rng.sample(range(12, 40), rng.choice((2, 3, 4))))
        slopes = [
            {
                "from": decimal_text(low * 5, 2),
                "to": decimal_text(high * 5, 2),
                "slope": decimal_text(rng.choice((0, 5, 10, 20, 25, 30, 40)), 1),
            }
            for low, high in itertools.pairwise(edges)
        ]
        through = rng.choice(range(edges[0], edges[-1] + 1))
        return {
            "slopes": slopes,
            "through": [decimal_text(through * 5, 2), "1.00"],
            "below": rng.choice(("zero", "first")),
            "above": rng.choice(("cap", "extend", "zero")),
        }

    def _matrix(self) -> Document:
        rng = self.rng
        axes = []
        for _ in "xy":
            places = sorted(rng.sample(range(14, 30), rng.choice((2, 3, 4))))
            axes.append({**self._reading(), "at": [decimal_text(place * 5, 2) for place in places]})
        grid = [[decimal_text(rng.randint(0, 40) * 5, 2) for _ in axes[1]["at"]] for _ in axes[0]["at"]]
        return {
            "kind": "matrix",
            "x": axes[0],
            "y": axes[1],
            "grid": grid,
            "reading": rng.choice(("bilinear", "bilinear", "step")),
        }

    def _hurdle(self) -> Document:
        return {
            "at_least": self.rng.choice(("0.50", "0.80", "1.00")),
            "limit": self.rng.choice(("1.00", "0.50", "0")),
        }

    def _order(self, *, money: bool) -> Document:
        """Return modifiers, a gate and a cap, each now and then."""
        rng = self.rng
        order: Document = {}
        if rng.random() < 0.12:
            order["modifiers"] = [self._modifier() for _ in range(rng.choice((1, 1, 2)))]
        if rng.random() < 0.18:
            order["gate"] = self._gate(money=money)
        if rng.random() < 0.15:
            literal = (
                decimal_text(rng.randint(1, 60) * 500, 0)
                if money
                else rng.choice(("1.00", "1.25", "1.5", "0.8"))
            )
            order["cap"] = _value(rng, "amount", literal) if money else literal
        return order

    def _modifier(self) -> Document:
        return {"code": self._code(), **self._reading(value=self.rng.random() < 0.5), "table": self._curve()}

    def _gate(self, *, money: bool) -> Document:
        rng = self.rng
        gate = {**self._reading(value=rng.random() < 0.5)}
        gate[rng.choice(("at_least", "at_least", "more_than", "at_most", "less_than"))] = decimal_text(
            rng.randint(12, 26) * 5, 2
        )
        effects: list[Any] = ["zero", {"factor": rng.choice(("0.50", "0.75", "1.10"))}]
        gate["otherwise"] = rng.choice(
            effects if money else [*effects, {"limit": rng.choice(("1.00", "0.80"))}]
        )
        if rng.random() < 0.3:
            gate["window"] = rng.choice(("period", "year_to_date", "year"))
        if not money and rng.random() < 0.3:
            gate["part"] = "above_target"
        return gate

    def _money_leaf(self) -> Document:
        rng = self.rng
        kind = rng.choice(("commission", "commission", "commission", "unit_bonus", "fixed"))
        leaf: Document = {"kind": kind, "code": self._code(), **self._order(money=True)}
        leaf["accumulation"] = rng.choice(self.accumulations)
        if kind == "fixed":
            return leaf | {
                "accumulation": "period",
                "amount": _value(rng, "amount", decimal_text(rng.randint(1, 40_000), 2)),
                "prorated": rng.random() < 0.5,
            }
        if kind == "unit_bonus":
            bonus = (
                leaf
                | self._reading(value=True)
                | {
                    "metric": "M22",
                    "missing": rng.choice(("block", "zero", "carry")),
                    "amount": _value(rng, "amount", decimal_text(rng.randint(1, 9_999), 2)),
                    "threshold": decimal_text(rng.randint(0, 10), 0),
                    "counts": rng.choice(("above_threshold", "all_from_threshold")),
                }
            )
            if rng.random() < 0.4:
                bonus["units_at_most"] = decimal_text(rng.randint(10, 30), 0)
            return bonus
        return leaf | self._commission()

    def _commission(self) -> Document:
        rng = self.rng
        axis = rng.choice(("value", "value", "value", "units", "attainment"))
        commission: Document = {
            "base": rng.choice(("revenue", "margin", "collected", "contract_value")),
            "credit_types": rng.sample(CREDIT_TYPES, rng.randint(2, 5)),
            "per": rng.choice(("period", "period", "deal")) if axis != "attainment" else "period",
            "axis": axis,
            "basis": "credited_value",
            "reading": rng.choice(("marginal", "whole_amount", "reached_on_excess", "interpolated")),
            "bound": rng.choice(("at_least", "more_than")),
            "negative": rng.choice(("first_rate", "zero")),
        }
        if axis != "attainment" and commission["per"] == "period" and rng.random() < 0.15:
            commission["basis"] = "target_incentive"
        if axis == "attainment":
            commission["axis_reading"] = self._reading(value=False)
            commission["basis"] = rng.choice(
                ("credited_value", "target_incentive", "target_incentive_x_attainment")
            )
        if commission["reading"] == "reached_on_excess":
            commission["excess_over"] = self._position(axis, rng.randint(0, 8))
        commission["tiers"] = self._tiers(axis)
        if axis != "attainment" and commission["basis"] == "credited_value" and rng.random() < 0.25:
            commission["rates"] = self._rate_rules(axis)
        if rng.random() < 0.25:
            commission["minimums"] = [{"deal": "1000"}, {"deal_kind": "new", "margin": "0.20"}][
                : rng.choice((1, 2))
            ]
        if rng.random() < 0.2 and commission["base"] != "collected":
            events = rng.sample(EVENTS, rng.choice((1, 2, 3)))
            commission["earned_on"] = [
                {"event": event, "share": decimal_text(part, 2)}
                for event, part in zip(events, _parts(rng, 100, len(events)), strict=True)
            ]
        if commission["per"] == "deal" and rng.random() < 0.4:
            commission["deal_cap"] = _value(rng, "amount", decimal_text(rng.randint(1, 30) * 100, 0))
        return commission

    def _position(self, axis: str, place: int) -> str:
        if axis == "attainment":
            return decimal_text(50 + place * 10, 2)
        return decimal_text(place * (5 if axis == "units" else 10_000), 0)

    def _tiers(self, axis: str) -> list[Document]:
        rng = self.rng
        places = sorted(rng.sample(range(9), rng.choice((1, 2, 3, 4))))
        if rng.random() < 0.7:
            places[0] = 0 if axis != "attainment" else places[0]
        return [
            {
                "from": self._position(axis, place),
                "rate": _value(
                    rng, "rate", decimal_text(rng.choice((0, 50, 75, 100, 125, 150, 200, 325)), 4)
                ),
            }
            for place in sorted(set(places))
        ]

    def _rate_rules(self, axis: str) -> list[Document]:
        rng = self.rng
        conditions = [
            {"product": rng.choice(PRODUCTS)},
            {"category": rng.choice(CATEGORIES)},
            {"deal_kind": rng.choice(DEAL_KINDS)},
            {"product": rng.choice(PRODUCTS), "deal_kind": rng.choice(DEAL_KINDS)},
        ]
        chosen = rng.sample(conditions, rng.choice((1, 2)))
        return [{**condition, "tiers": self._tiers(axis)} for condition in chosen]
