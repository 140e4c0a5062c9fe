"""
The oracle: what a payee is paid, computed a second time from docs/reference/formulas.md.

It shares no code with the product and imports none of it. One payee at a time, plain
`Fraction`, the document as it was drawn with its defaults left out: slow, short, and
written from the page alone, so that a disagreement is an error in the engine, in the
page, or here.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from tests.oracle.basics import DIGITS, ONE, ZERO, Blocked, NotEligible, settled, value_of
from tests.oracle.facts import Payee, Sheet, Stint
from tests.oracle.payment import paid_now
from tests.oracle.plans import window_word
from tests.oracle.proration import Proration
from tests.oracle.tables import grid_height, height

Values = dict[tuple[str, int], Fraction]


@dataclass(frozen=True)
class Answer:
    """What the page says a payee gets, in minor units; `exact` is the sum before settling."""

    exact: Fraction
    due: int
    payout: int
    carried: int
    excess: int
    payable: int
    bank: int
    draw: int
    recoverable: int

    @property
    def figures(self) -> tuple[int, ...]:
        """Return everything but `exact`, amounts first, then the closing balances."""
        amounts = (self.due, self.payout, self.carried, self.excess)
        return (*amounts, self.payable, self.bank, self.draw, self.recoverable)


def answer(plan: dict[str, Any], sheet: Sheet, payee: Payee) -> Answer:
    """
    Return a payee's payout of the sheet's period; `plan` has been through `numbers`.

    :raises Blocked: if a node's policy is to block and its result cannot be read.
    """
    digits = DIGITS[plan["currency"]]
    exact = sum((StintOracle(plan, sheet, stint).earned() for stint in payee.stints), ZERO)
    due = settled(exact, digits)
    difference = Fraction(due) - payee.posted.fraction * 10**digits
    amount, excess = difference, ZERO
    if cap := plan.get("payout_cap"):
        limit = value_of(cap["amount"], payee.stints[0]) * 10**digits
        whole = difference + payee.excess.fraction * 10**digits
        amount = min(limit, whole)
        if cap["excess"] == "carried":
            excess = whole - amount
    carried = payee.carried.fraction * 10**digits
    payout = amount
    if not plan.get("payment", {}).get("deferral"):
        payout, carried = max(ZERO, amount + carried), min(ZERO, amount + carried)
    payable, bank, draw, recoverable = paid_now(plan, sheet, payee, _whole(payout))
    return Answer(
        exact=exact,
        due=due,
        payout=_whole(payout),
        carried=_whole(carried),
        excess=_whole(excess),
        payable=payable,
        bank=bank,
        draw=draw,
        recoverable=recoverable,
    )


def _whole(units: Fraction) -> int:
    assert units.denominator == 1, units
    return units.numerator


class StintOracle:
    """Everything one stint earns, before settling."""

    def __init__(self, plan: dict[str, Any], sheet: Sheet, stint: Stint) -> None:
        self.plan, self.sheet, self.stint = plan, sheet, stint
        self.proration = Proration(plan, sheet, stint)

    def earned(self) -> Fraction:
        total = ZERO
        root = self.plan.get("incentive", {})
        if root.get("children"):
            values = self.branch(
                {"weight": ONE, **root},
                {"level": "team", "segment": "", "accumulation": "period", "years": 1},
            )
            for (window, years), value in values.items():
                total += value * self.proration.incentive(window, years)
            if left := self.proration.incentive("period", on_leave=True):
                total += left * value_of({"parameter": "history_average"}, self.stint)
        for leaf in self.plan.get("commissions", []):
            total += self.money(leaf)
        return total

    # The tree ---------------------------------------------------------------------------------------------

    def node(self, node: dict[str, Any], inherited: dict[str, Any]) -> Values:
        """Return a node's weighted value by window, after its own order."""
        if "children" in node:
            return self.branch(node, inherited)
        own = inherited | {key: node[key] for key in inherited if key in node}
        span = (own["accumulation"], int(own["years"]) if own["accumulation"] == "multi_year" else 1)
        if not self.owed(own):
            return {span: ZERO}
        return {span: node["weight"] * self.ordered(node, own, self.leaf(node, own))}

    def owed(self, own: dict[str, Any]) -> bool:
        """Return whether a node is owed in this period, and so reads anything."""
        return own["accumulation"] != "multi_year" or (
            self.sheet.year == own["years"] - 1 and self.sheet.is_year_end
        )

    def branch(self, node: dict[str, Any], inherited: dict[str, Any]) -> Values:
        own = inherited | {key: node[key] for key in inherited if key in node}
        children = [(child["weight"], self.node(child, own)) for child in node["children"]]
        if hurdle := node.get("hurdle"):
            results = [sum(values.values(), ZERO) / weight for weight, values in children]
            if any(result < hurdle["at_least"] for result in results):
                limit = hurdle.get("limit", ONE)
                children = [
                    (weight, scaled(values, result, min(result, limit)))
                    for (weight, values), result in zip(children, results, strict=True)
                ]
        whole: Values = {}
        for _, values in children:
            for window, value in values.items():
                whole[window] = whole.get(window, ZERO) + value
        ratio = sum(whole.values(), ZERO) / node["weight"]
        return scaled(whole, ratio, self.ordered(node, own, ratio))

    def leaf(self, node: dict[str, Any], own: dict[str, Any]) -> Fraction:
        kind = node["kind"]
        if kind == "goal":
            return self.goal(node, own)
        if kind == "matrix":
            return self.matrix(node, own)
        if kind == "objectives":
            total = ZERO
            for item in node["items"]:
                rating = self.stint.ratings[node["code"], item["code"]]
                total += item["weight"] * (self.unjudged(node) if rating is None else rating.fraction)
            return total
        reached = self.stint.milestones[node["code"]]
        if reached is None:
            return self.unjudged(node)
        return sum((stage["share"] for stage in node["stages"][:reached]), ZERO)

    def unjudged(self, node: dict[str, Any]) -> Fraction:
        policy = node.get("missing", "block")
        if policy == "block":
            raise Blocked(node["code"])
        return ONE if policy == "neutral" else ZERO

    def goal(self, node: dict[str, Any], own: dict[str, Any]) -> Fraction:
        try:
            read = self.read(node, own, reads="attainment")
        except NotEligible:
            return ZERO
        if isinstance(read, str):
            return ONE if read == "neutral" else ZERO
        return height(node["curve"], read)

    def matrix(self, node: dict[str, Any], own: dict[str, Any]) -> Fraction:
        try:
            x = self.read(node["x"], own, reads="attainment")
            y = self.read(node["y"], own, reads="attainment")
        except NotEligible:
            return ZERO
        for read in (y, x):
            if isinstance(read, str):
                return ONE if read == "neutral" else ZERO
        return grid_height(node, x, y)  # type: ignore[arg-type]

    def ordered(self, node: dict[str, Any], own: dict[str, Any], ratio: Fraction) -> Fraction:
        """Return a ratio after modifiers, gate, cap and interim cap."""
        for modifier in node.get("modifiers", []):
            if self.owed(own) or modifier.get("window"):
                ratio *= self.factor(modifier, own)
        gate = node.get("gate")
        if gate and (self.owed(own) or gate.get("window")) and not self.open(gate, own):
            ratio = closed(gate, ratio)
        if "cap" in node:
            ratio = min(ratio, value_of(node["cap"], self.stint))
        if "interim_cap" in node and not self.sheet.is_year_end:
            ratio = min(ratio, node["interim_cap"])
        return ratio

    def factor(self, modifier: dict[str, Any], own: dict[str, Any]) -> Fraction:
        try:
            read = self.read(modifier, own, reads="value")
        except NotEligible:
            return ZERO
        if isinstance(read, str):
            return ONE if read == "neutral" else ZERO
        return height(modifier["table"], read)

    def open(self, gate: dict[str, Any], own: dict[str, Any]) -> bool:
        try:
            read = self.read(gate, own, reads="value")
        except NotEligible:
            return False
        if isinstance(read, str):
            return read == "neutral"
        return (
            ("at_least" in gate and read >= gate["at_least"])
            or ("more_than" in gate and read > gate["more_than"])
            or ("at_most" in gate and read <= gate["at_most"])
            or ("less_than" in gate and read < gate["less_than"])
        )

    def read(self, reading: dict[str, Any], own: dict[str, Any], *, reads: str) -> Fraction | str:
        """Return what is read, or the policy that stands in its place: neutral or zero."""
        level, segment = reading.get("level", own["level"]), reading.get("segment", own["segment"])
        window = window_word(reading, own["accumulation"])
        reads = reading.get("reads", reads)
        result = self.stint.results[reading["metric"], window, level, segment]
        scale = reading.get("target_share", ONE)
        scale = value_of(scale, self.stint)
        if reads == "attainment" and level == "individual" and "target" in self.proration.prorated:
            presence = self.proration.presence(window, int(own.get("years", 1)))
            if not presence:
                raise NotEligible
            scale = scale * presence
        if result.state != "final" or (result.denominator is not None and not result.denominator.fraction):
            return self.policy(reading.get("missing", "block"), result)
        actual = result.numerator.fraction
        if result.denominator is not None:
            actual /= result.denominator.fraction
        if reads == "value":
            return actual
        if "target" in reading:
            target = value_of(reading["target"], self.stint)
        elif result.target is None:
            return self.policy(reading.get("missing", "block"), result)
        else:
            target = result.target.fraction
        attained = attainment(reading.get("attainment", {}), actual, target * scale)
        if attained is None:
            return self.policy(reading.get("zero_target", "block"), result)
        return attained

    def policy(self, policy: str, result: Any) -> Fraction | str:
        if policy == "block" or (policy == "carry" and result.carried is None):
            raise Blocked(policy)
        return result.carried.fraction if policy == "carry" else policy

    # Money leaves -----------------------------------------------------------------------------------------

    def money(self, leaf: dict[str, Any]) -> Fraction:
        own = {
            "level": leaf.get("level", "individual"),
            "segment": leaf.get("segment", ""),
            "accumulation": leaf.get("accumulation", "period"),
        }
        amount = {"commission": self.commission, "unit_bonus": self.unit_bonus, "fixed": self.fixed}[
            leaf["kind"]
        ](leaf, own)
        for modifier in leaf.get("modifiers", []):
            amount *= self.factor(modifier, own)
        if "gate" in leaf and not self.open(leaf["gate"], own):
            amount = closed(leaf["gate"], amount)
        return min(amount, value_of(leaf["cap"], self.stint)) if "cap" in leaf else amount

    def fixed(self, leaf: dict[str, Any], own: dict[str, Any]) -> Fraction:
        amount = value_of(leaf["amount"], self.stint)
        return amount if leaf.get("prorated", True) is False else amount * self.proration.presence("period")

    def unit_bonus(self, leaf: dict[str, Any], own: dict[str, Any]) -> Fraction:
        read = self.read(leaf, own, reads="value")
        if isinstance(read, str):
            return ZERO
        threshold = leaf.get("threshold", ZERO)
        units = min(read, leaf["units_at_most"]) if "units_at_most" in leaf else read
        if units < threshold:
            return ZERO
        counted = units - threshold if leaf.get("counts", "above_threshold") == "above_threshold" else units
        return value_of(leaf["amount"], self.stint) * counted

    def commission(self, leaf: dict[str, Any], own: dict[str, Any]) -> Fraction:
        attained: Fraction | None = None
        if "axis_reading" in leaf:
            try:
                read = self.read(leaf["axis_reading"], own, reads="attainment")
            except NotEligible:
                read = "zero"
            attained = {"neutral": ONE, "zero": ZERO}[read] if isinstance(read, str) else read
        axis, total = leaf.get("axis", "value"), ZERO
        groups: dict[int, list[tuple[Fraction, Fraction, Fraction]]] = {}
        for credit in self.stint.credits:
            if credit.credit_type not in leaf.get("credit_types", ["direct", "split", "crossover"]):
                continue
            if not credit.in_period and own["accumulation"] == "period":
                continue
            groups.setdefault(self.rule(leaf, credit), []).append(self.credited(leaf, credit))
        if leaf.get("basis", "credited_value") != "credited_value" or axis == "attainment":
            groups.setdefault(-1, [])
        for rule, deals in groups.items():
            table = leaf.get("tiers", []) if rule < 0 else leaf["rates"][rule]["tiers"]
            if leaf.get("per", "period") == "period":
                whole = sum((value * earned for value, _, earned in deals), ZERO)
                deals = [(whole, sum((units * earned for _, units, earned in deals), ZERO), ONE)]
            for value, units, earned in deals:
                position = {"value": value, "units": units, "attainment": attained}[axis]
                amount = self.rated(leaf, table, position, self.basis(leaf, own, value, attained))
                if leaf.get("per", "period") == "deal" and "deal_cap" in leaf:
                    amount = min(amount, value_of(leaf["deal_cap"], self.stint))
                total += amount * earned
        return total

    def basis(
        self, leaf: dict[str, Any], own: dict[str, Any], value: Fraction, attained: Fraction | None
    ) -> Fraction:
        basis = leaf.get("basis", "credited_value")
        if basis == "credited_value":
            return value
        incentive = self.proration.incentive(own["accumulation"])
        return incentive if basis == "target_incentive" else incentive * attained  # type: ignore[operator]

    def credited(self, leaf: dict[str, Any], credit: Any) -> tuple[Fraction, Fraction, Fraction]:
        """Return the credited value and units of a whole deal, and what of it is earned."""
        deal = credit.bases[leaf.get("base", "revenue")].fraction
        for minimum in leaf.get("minimums", []):
            if minimum.get("deal_kind") in (None, credit.deal_kind):
                if "deal" in minimum and 0 <= deal < minimum["deal"]:
                    return ZERO, ZERO, ZERO
                revenue, margin = credit.bases["revenue"].fraction, credit.bases["margin"].fraction
                side = -1 if revenue < 0 else 1  # a credit note counts where its sale did
                if "margin" in minimum and side * margin < side * minimum["margin"] * revenue:
                    return ZERO, ZERO, ZERO
        earned = ONE
        if leaf.get("earned_on"):
            earned = sum(
                (one["share"] * credit.earned[one["event"]].fraction for one in leaf["earned_on"]), ZERO
            )
        return deal * credit.share.fraction, credit.units.fraction * credit.share.fraction, earned

    def rule(self, leaf: dict[str, Any], credit: Any) -> int:
        """Return the number of the most specific rate rule that fits, -1 for the leaf's own tiers."""
        fitting = [
            ("product" in rule, "category" in rule, "deal_kind" in rule, number)
            for number, rule in enumerate(leaf.get("rates", []))
            if all(
                rule.get(name) in (None, getattr(credit, name))
                for name in ("product", "category", "deal_kind")
            )
        ]
        return max(fitting)[3] if fitting else -1

    def rated(
        self, leaf: dict[str, Any], tiers: list[dict[str, Any]], p: Fraction, basis: Fraction
    ) -> Fraction:
        """Return what a rate table gives at position p on a basis."""
        rates = [(tier["from"], value_of(tier["rate"], self.stint)) for tier in tiers]
        if not rates:
            return ZERO
        if p < 0:
            return basis * rates[0][1] if leaf.get("negative", "first_rate") == "first_rate" else ZERO
        at_least = leaf.get("bound", "at_least") == "at_least"
        reached = [
            number for number, (start, _) in enumerate(rates) if p > start or (at_least and p == start)
        ]
        if not reached:
            return ZERO
        top, reading = reached[-1], leaf.get("reading", "marginal")
        if reading == "whole_amount":
            return basis * rates[top][1]
        if reading == "reached_on_excess":
            excess_over = value_of(leaf.get("excess_over", ONE), self.stint)
            return basis * (p - excess_over) / p * rates[top][1] if p > excess_over else ZERO
        if reading == "interpolated":
            (start, rate) = rates[top]
            if top + 1 < len(rates):
                next_start, next_rate = rates[top + 1]
                rate += (p - start) * (next_rate - rate) / (next_start - start)
            return basis * rate
        if p == 0:
            return basis * rates[0][1]
        ends = [start for start, _ in rates[1:]] + [p]
        slices = sum((rates[k][1] * (min(p, ends[k]) - rates[k][0]) for k in reached), ZERO)
        return basis * slices / p


def closed(gate: dict[str, Any], ratio: Fraction) -> Fraction:
    """Return what a closed gate leaves of a ratio (or of money, where only zero and a factor occur)."""
    otherwise = gate.get("otherwise", "zero")
    limit = otherwise.get("limit") if isinstance(otherwise, dict) else None
    factor = ZERO if otherwise == "zero" else otherwise.get("factor")
    if gate.get("part", "all") == "all":
        return min(ratio, limit) if limit is not None else ratio * factor
    if ratio <= 1:
        return ratio
    return 1 + (min(ratio - 1, max(limit - 1, ZERO)) if limit is not None else (ratio - 1) * factor)


def attainment(options: dict[str, Any], actual: Fraction, target: Fraction) -> Fraction | None:
    """Return the bounded attainment, None where the target cannot be read."""
    rule = options.get("rule", "ratio")
    if rule == "distance":
        if not target:
            return None
        attained = 1 + (actual - target) / abs(target)
    elif target <= 0 or (rule == "lower_is_better" and actual <= 0):
        return None
    else:
        attained = actual / target if rule == "ratio" else target / actual
    if "floor" in options:
        attained = max(attained, options["floor"])
    if "ceiling" in options:
        attained = min(attained, options["ceiling"])
    return attained


def scaled(values: Values, before: Fraction, after: Fraction) -> Values:
    """Return values by window after a rule made `after` of `before`, spread in proportion."""
    if before == after or not before:
        return values
    return {window: value * after / before for window, value in values.items()}
