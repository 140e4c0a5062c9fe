"""How the worked tables of results, curves, nodes and the tree are computed."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from kamcomp.money import minor_units, settle, split, split_parts
from payouts.engine.team_result import node_ratios
from plans.engine.document import plan_from_document
from tests.engine.test_evaluation import inputs_of
from tests.formulas.cases import (
    calendar,
    credit,
    goal,
    paid,
    payout,
    period_answers,
    plan,
    ratio,
    result,
    somebody,
)
from tests.formulas.page import BETWEEN, Row, defined, document, number, numbers, works_out

MANAGERS = {"rep": "manager", "manager": "head", "head": None}


@works_out("Settling", "amount", "currency")
def settled(row: Row) -> Decimal:
    return settle(number(row["amount"]), currency=row["currency"])


@works_out("Settling", "currency")
def decimals_of_currency(row: Row) -> int:
    return minor_units(row["currency"])


@works_out("Splitting", "total", "weights")
def split_by_weights(row: Row) -> list[Decimal]:
    weights = numbers(row["weights"])
    total, currency = row["total"].split()
    return split(number(total), weights, currency=currency, keys=range(len(weights)))


@works_out("Splitting", "lines")
def split_into_lines(row: Row) -> list[Decimal]:
    lines = numbers(row["lines"])
    total = settle(sum(lines, Decimal(0)), currency="EUR")
    return split_parts(total, lines, currency="EUR", keys=range(len(lines)))


@works_out("Reading a result", "goal", "results")
def read_result(row: Row) -> Decimal:
    results = document(row["results"])
    found = [result("A", says, period=f"Q{i + 1}") for i, says in enumerate(results)]
    sums = {"metric_aggregation": {"A": "ratio_of_sums"}} if len(found) > 1 else {}
    return ratio(plan(goal("A", **document(row["goal"])), period="quarter"), *found, pay=len(found), **sums)


@works_out("Rolling windows", "goal", "results")
def rolling_result(row: Row) -> Decimal:
    results = document(row["results"])
    found = [result("A", says, period=f"Q{i + 1}") for i, says in enumerate(results) if says]
    days = calendar("quarter", len(results)) | {"pay": [f"Q{len(results)}"]}
    opening = dict.fromkeys(("posted", "carried", "excess", "bank", "draw", "recoverable"), "0")
    return ratio(
        plan(goal("A", **document(row["goal"])), period="quarter"), *found, calendar=days,
        person={"opening": opening}, metric_aggregation={"A": "ratio_of_sums"},
    )  # fmt: skip


@works_out("Attainment", "attainment", "actual", "target")
def attained(row: Row) -> Decimal:
    read = goal("A", attainment=document(row["attainment"]))
    return ratio(plan(read), result("A", {c: str(number(row[c])) for c in ("actual", "target")}))


@works_out("Attainment", "days on leave", "actual", "target")
def attained_while_present(row: Row) -> Decimal:
    own = {c: str(number(row[c])) for c in ("actual", "target")} | {"level": "individual", "subject": "kam"}
    read = plan(goal("A", level="individual"), period="quarter")
    return ratio(read, result("A", own, period="Q1"), person={"leaves": leave(row["days on leave"])})


def leave(days: str) -> list[dict[str, str]]:
    """Return a leave of so many days from the first of January 2026 on, at most 58."""
    count = int(days)
    last = f"2026-01-{count:02}" if count <= 31 else f"2026-02-{count - 31:02}"
    return [{"from": "2026-01-01", "to": last}] if count else []


@works_out("Missing results and zero targets", "node", "policy")
def without_a_result(row: Row) -> Decimal:
    policy = {"missing": row["policy"]}
    known = [result("B", {"carried": "0.9"})] if row["policy"] == "carry" else []
    reached = result("A", "1.3")
    read = {"metric": "B", "level": "team"} | policy
    value = {"reads": "value"}
    factor = read | {"code": "F", "table": {"points": [["0", "0"], ["2", "2"]]}}
    nodes: dict[str, Any] = {
        "goal": plan(goal("B", **policy, **value)),
        "modifier": plan(goal("A", **value, modifiers=[factor])),
        "gate": plan(goal("A", **value, gate=read | {"at_least": "1"})),
        "unit bonus": plan(commissions=[read | {"kind": "unit_bonus", "code": "U", "amount": "250"}]),
    }  # fmt: skip
    return payout(nodes[row["node"]], reached, *known)


@works_out("Payout curve", "curve", "reading")
def on_a_curve(row: Row) -> Decimal:
    read = goal("A", reads="value", curve=defined("Payout curve", row["curve"]))
    return ratio(plan(read), result("A", number(row["reading"])))


@works_out("Matrix", "matrix", "x", "y")
def on_a_grid(row: Row) -> Decimal:
    node = {"kind": "matrix", "code": "M", "weight": "1"} | defined("Matrix", row["matrix"])
    return ratio(plan(node), *(result(axis.upper(), number(row[axis])) for axis in "xy"))


@works_out("Objectives and milestones", "weights", "ratings")
def rated(row: Row) -> Decimal:
    weights, ratings = numbers(row["weights"]), numbers(row["ratings"])
    items = [{"code": f"I{i}", "weight": str(weight)} for i, weight in enumerate(weights)]
    node = {"kind": "objectives", "code": "O", "weight": "1", "level": "individual", "items": items}
    given = [
        {"person": "kam", "leaf": "O", "item": f"I{i}", "period": "Y1", "rating": str(rating)}
        for i, rating in enumerate(ratings)
    ]
    return ratio(plan(node), ratings=given)


@works_out("Objectives and milestones", "shares", "stage")
def reached(row: Row) -> Decimal:
    stages = [{"code": f"S{i}", "share": str(share)} for i, share in enumerate(numbers(row["shares"]))]
    node = {"kind": "milestone", "code": "M", "weight": "1", "level": "individual", "stages": stages}
    return ratio(
        plan(node), stages=[{"person": "kam", "leaf": "M", "period": "Y1", "stage": int(row["stage"])}]
    )


@works_out("The order at a node", "r", "node", "G")
def in_order(row: Row) -> Decimal:
    node = goal("A", reads="value", **document(row["node"]))
    return ratio(plan(node), result("A", number(row["r"])), result("G", number(row["G"])))


@works_out("The order at a node", "weights", "children", "hurdle")
def under_a_hurdle(row: Row) -> Decimal:
    children, results = weighted(row["weights"], row["children"])
    return ratio(plan(*children, incentive={"hurdle": document(row["hurdle"])}), *results)


def weighted(weights: str, ratios: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return goals of these weights and the results that bring them to these ratios."""
    pairs = list(zip(numbers(weights), numbers(ratios), strict=True))
    children = [goal(f"G{i}", weight, reads="value") for i, (weight, _) in enumerate(pairs)]
    return children, [result(f"G{i}", reached) for i, (_, reached) in enumerate(pairs)]


@works_out("The plan tree", "weights", "children", "target incentive")
def whole_plan(row: Row) -> Decimal:
    children, results = weighted(row["weights"], row["children"])
    return payout(plan(*children), *results, target=str(number(row["target incentive"])))


@works_out("The plan tree", "weights", "children")
def branch(row: Row) -> Decimal:
    weights, ratios = numbers(row["weights"]), numbers(row["children"])
    children = [goal(f"G{i}", weight, metric=f"M{i}", level="individual") for i, weight in enumerate(weights)]
    team = {"code": "TEAM", "weight": str(sum(weights)), "children": children}
    rest = goal("R", 1 - sum(weights), metric=f"M{len(weights)}", level="individual")
    document_ = plan(team, rest, period="quarter") | {"effective": {"from": "2027-01-01", "to": "2027-12-31"}}
    inputs = inputs_of([[str(reached * 100) for reached in [*ratios, Decimal(1)]]])
    return node_ratios(plan=plan_from_document(document_), inputs=inputs, nodes=["TEAM"])["TEAM"]


@works_out("Target incentive and proration", "target incentive", "plan", "person")
def prorated(row: Row) -> Decimal:
    says = document(row["plan"])
    packages = [entry.split() for entry in row["target incentive"].split(BETWEEN)]
    person = document(row["person"])
    started = {"from": packages[0][0], "to": None}
    ends = [day for day, _ in packages[1:]]
    somebody = {
        "employments": [{**started, "fte": person.get("fte", "1")}],
        "packages": [
            {"from": day, "to": to, "base_salary": "120000", "target_incentive": str(number(amount))}
            for (day, amount), to in zip(packages, [*map(day_before, ends), None], strict=True)
        ],
        "leaves": leave(person.get("days on leave", "0")),
        "assignments": [{**started, "account": "ACME", "dedication": person.get("dedication", "1")}],
    }
    period = "Q1" if says.get("period") == "quarter" else "Y1"
    document_ = plan(goal("A", reads="value"), **says)
    return Decimal(paid(document_, person=somebody, results=[result("A", "1", period=period)])[0]["payout"])


def day_before(day: str) -> str:
    """Return the last day of what ends where this day begins."""
    return (date.fromisoformat(day) - timedelta(days=1)).isoformat()


@works_out("Rate table", "table", "value")
def by_rate(row: Row) -> Decimal:
    leaf = {"kind": "commission", "code": "C"} | defined("Rate table", row["table"])
    return payout(plan(commissions=[leaf]), credits=[credit("1", {"revenue": str(number(row["value"]))})])


@works_out("Commission", "commission", "credits")
def on_credits(row: Row) -> Decimal:
    leaf = {"kind": "commission", "code": "C", "tiers": [{"from": "0", "rate": "0.10"}]}
    credits_ = [credit(f"d{i}", says) for i, says in enumerate(document(row["credits"]))]
    return payout(plan(commissions=[leaf | document(row["commission"])]), credits=credits_)


@works_out("Commission", "credit type", "credits of the rep", "credits of the manager")
def of_managers(row: Row) -> list[str]:
    tiers = [{"from": "0", "rate": "0.01"}]
    leaf = {"kind": "commission", "code": "C", "credit_types": [row["credit type"]], "tiers": tiers}
    credits_ = [
        credit(f"{who}{i}", says | {"person": who})
        for who in ("rep", "manager")
        for i, says in enumerate(document(row[f"credits of the {who}"]))
    ]
    people = [somebody(id=who, manager=above) for who, above in MANAGERS.items()]
    found = period_answers(plan(commissions=[leaf]), people=people, credits=credits_)[0]
    return [found[who]["payout"] for who in ("manager", "head")]


@works_out("Unit bonus", "unit bonus", "value read")
def per_unit(row: Row) -> Decimal:
    leaf = {"kind": "unit_bonus", "code": "U", "metric": "N", "level": "team"} | document(row["unit bonus"])
    return payout(plan(commissions=[leaf]), result("N", number(row["value read"])))


@works_out("Fixed amount", "fixed", "days on leave")
def fixed(row: Row) -> Decimal:
    leaf = {"kind": "fixed", "code": "F"} | document(row["fixed"])
    document_ = plan(commissions=[leaf], period="quarter")
    return payout(document_, person={"leaves": leave(row["days on leave"])})
