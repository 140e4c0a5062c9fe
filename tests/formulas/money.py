"""How the worked tables from the payout on are computed: pools, payment, currency, controls."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Any

from kamcomp.columns import EXACT
from kamcomp.spans import Span
from payouts.engine.accumulation import corrections
from payouts.engine.allocation import Guideline, Member, allocation_limits, guideline_shares
from payouts.engine.calculator import calculate
from payouts.engine.clawback import look_back_from, overpaid, recovery
from payouts.engine.conversion import Rate, converted_once
from payouts.engine.deferral import instalments
from payouts.engine.filling import fill, spread_rest
from payouts.engine.pool import scaled_pools
from payouts.engine.pool_case import PoolCase, allocation_rule, pool_figures
from payouts.engine.pool_members import (
    Candidate,
    PoolMember,
    Promise,
    Service,
    Stint,
    period_part,
    pool_member,
)
from payouts.selectors.ceilings import ceiling_effect as effect_of_ceiling
from payouts.selectors.inputs.earned import ContractTerms, Deal, Earnings
from payouts.selectors.replays import credits_without
from plans.engine.codec import read
from plans.engine.conventions import EarningEvent
from plans.engine.document import plan_from_document
from plans.engine.horizon import horizon_months
from plans.engine.inputs import Credits
from plans.engine.pool_terms import PoolTerms
from teams.models import PayPackage
from tests.formulas.cases import (
    commission_plan,
    goal,
    paid,
    paid_on,
    payout,
    plan,
    result,
)
from tests.formulas.page import Row, defined, document, number, numbers, works_out

ZERO, ONE = Decimal(0), Decimal(1)
QUARTER = Span(date(2026, 7, 1), date(2026, 10, 1))
K = {"points": [["0.85", "0.50"], ["1.00", "1.00"], ["1.10", "1.50"], ["1.20", "2.00"]]}


def column(amount: Decimal) -> Any:
    return EXACT.column([amount])


# Replays -----------------------------------------------------------------------------------------------------


@works_out("Replays", "credits")
def shares_without(row: Row) -> list[Decimal]:
    held = document(row["credits"])
    credits = Credits(
        ids=tuple(f"erp/INV/1/{each['person']}/{each['credit_type']}" for each in held),
        credit_type=tuple(each["credit_type"] for each in held),
        share=EXACT.column([each["share"] for each in held]),
    )
    shares = [
        Decimal(each["share"]) for each in held if (each["person"], each["credit_type"]) == ("kam", "split")
    ]
    made = credits_without(credits=credits, taken={"erp/INV/1": sum(shares, ZERO)}, people={"kam"})
    return list(made.share)


# When a deal is earned -------------------------------------------------------------------------------------


@works_out("When a deal is earned", "booked", "invoiced", "collected", "renewal signed", "quarter")
def events_of_a_quarter(row: Row) -> str:
    first = date(2026, 3 * int(row["quarter"][1]) - 2, 1)
    days = Span(first, date(2026 + first.month // 10, (first.month + 2) % 12 + 1, 1))
    parts = [part.split(" on ") for part in re.split(r", (?=-?\d+,\d+ on)", row["collected"]) if part]
    deal = Deal(("erp", "INV-1", 1), _day(row["invoiced"]), _day(row["booked"]), "K1", Decimal(120_000))
    known = Earnings(
        since=days.since,
        until=days.until or days.since,
        years=[(date(2026, 1, 1), date(2027, 1, 1))],
        billed={deal.invoice: deal.revenue},
        collected={deal.invoice: [(date.fromisoformat(on), number(amount)) for amount, on in parts]},
        contracts={"K1": ContractTerms(ONE, "EUR", _day(row["renewal signed"]), deal.key)},
    )
    reached: dict[str, Decimal] = defaultdict(Decimal)
    for each in known.happenings(deal):
        reached[each.event] += each.part
    return ", ".join(f"{event} {_cut(reached[event])}" for event in EarningEvent if event in reached)


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _cut(part: Decimal) -> str:
    """Return a part as the page writes it: cut off after six decimals where it has more."""
    text = f"{part.normalize() + 0:f}"
    return text if len(text) < 9 else f"{text[:8]}…"


# The payout ------------------------------------------------------------------------------------------------


def quarters(says: dict[str, Any], attainments: str) -> list[dict[str, Any]]:
    """Return the quarters of 30,000 a year on curve K, at these attainments of the goal's own window."""
    window = says.get("accumulation", "period")
    reached = [
        result("A", actual, period=f"Q{i + 1}", window=window)
        for i, actual in enumerate(numbers(attainments))
    ]
    document_ = plan(goal("A", reads="value", curve=K, **says), period="quarter")
    return paid(document_, pay=len(reached), target="30000", results=reached)


@works_out("From the tree to the payout", "goal", "attainment")
def payouts(row: Row) -> list[str]:
    return [each["payout"] for each in quarters(document(row["goal"]), row["attainment"])]


@works_out("Accumulation", "goal", "attainment to date")
def due_to_date(row: Row) -> list[str]:
    return [each["due"] for each in quarters(document(row["goal"]), row["attainment to date"])]


@works_out("Accumulation", "earned in the quarter", "what")
def carried(row: Row) -> list[str]:
    document_ = commission_plan({"accumulation": "year_to_date"}, period="quarter")
    found = paid_on(document_, numbers(row["earned in the quarter"]))
    return [each["closing"]["carried"] if row["what"] == "carried" else each[row["what"]] for each in found]


@works_out("Caps on money", "payout_cap", "earned")
def capped(row: Row) -> list[str]:
    document_ = commission_plan(payout_cap=document(row["payout_cap"]), period="quarter")
    return [each["payout"] for each in paid_on(document_, numbers(row["earned"]))]


@works_out("Corrections", "due", "posted")
def corrected(row: Row) -> list[Decimal]:
    due, posted = (dict(enumerate(numbers(row[name]))) for name in ("due", "posted"))
    named = [{f"P{i}": amount for i, amount in each.items()} for each in (due, posted)]
    found = corrections(due=named[0], posted=named[1], currency="EUR")
    amounts = {each.period: each.amount for each in found}
    return [amounts.get(period, ZERO) for period in named[0]]


@works_out("Long term", "weight", "target incentive", "years", "ratio")
def long_term(row: Row) -> Decimal:
    years, weight = int(row["years"]), number(row["weight"])
    long = goal("L", weight, reads="value", accumulation="multi_year", years=years)
    end = f"Y{years}"
    found = [
        result("L", number(row["ratio"]), period=end, window="multi_year"),
        *(result("R", ZERO, period=f"Y{i + 1}") for i in range(years)),
    ]
    document_ = plan(long, goal("R", 1 - weight, reads="value"))
    return payout(document_, *found, pay=years, target=str(number(row["target incentive"])))


@works_out("Horizon", "plan", "goal")
def horizon(row: Row) -> int:
    made = plan_from_document(plan(goal("A", **document(row["goal"])), **document(row["plan"])))
    return horizon_months(plan=made, node=made.incentive.children[0])


# Pools -----------------------------------------------------------------------------------------------------


def pool_terms(says: dict[str, Any]) -> PoolTerms:
    return read(PoolTerms, says)


def funding_member(key: int, target: Decimal) -> PoolMember:
    return PoolMember(
        key=str(key), role="any", link="direct", dedication=ONE, eligible_days=90, role_weight=ONE,
        target=target, ceiling=None, eligible=True, reason="",
    )  # fmt: skip


@works_out("Pool funding", "funding", "targets", "read")
def funded(row: Row) -> Decimal:
    reads = {name: Decimal(value) for name, value in document(row["read"]).items()}
    case = PoolCase(
        terms=pool_terms({"funding": document(row["funding"])}),
        members=tuple(funding_member(i, target) for i, target in enumerate(numbers(row["targets"]))),
        period_days=90,
        currency="EUR",
        results={name: value for name, value in reads.items() if name != "contribution"},
        contribution=reads.get("contribution"),
    )
    return pool_figures(case=case).funded


@works_out("Pool funding", "asked", "available")
def scaled(row: Row) -> list[Decimal]:
    asked = {str(i): amount for i, amount in enumerate(numbers(row["asked"]))}
    return list(scaled_pools(funded=asked, available=number(row["available"]), currency="EUR").values())


@works_out("Pool members", "yearly target", "periods")
def parts(row: Row) -> list[Decimal]:
    yearly, count = number(row["yearly target"]), int(row["periods"])
    return [period_part(yearly=yearly, number=i + 1, periods=count, currency="EUR") for i in range(count)]


@works_out("Pool members", "target_by", "part", "dedication here", "elsewhere", "days")
def member_target(row: Row) -> Decimal:
    always, here = Span(date(2020, 1, 1)), number(row["dedication here"])
    days = int(row["days"])
    served = Span(date.fromordinal(QUARTER.until.toordinal() - days), QUARTER.until)
    services = [Service(span=always, dedication=share) for share in (here, number(row["elsewhere"]))]
    found = pool_member(
        candidate=Candidate(
            key="1",
            stints=[Stint(span=served, role="any", link="direct", dedication=here, role_weight=ONE)],
            services=services,
            promises=[Promise(span=always, period_target=number(row["part"]))],
            employed=[always],
        ),
        period=QUARTER,
        terms=pool_terms({"target_by": document(row["target_by"])}),
    )
    return found.target


def members_named(name: str) -> list[Member]:
    found = defined("Pool allocation", name)
    return [
        Member(
            key=key,
            role=each.get("role", key),
            link=each.get("link", "direct"),
            dedication=Decimal(each.get("dedication", "1")),
            eligible_days=each.get("days", 90),
            role_weight=Decimal(each.get("role_weight", "1")),
            ceiling=Decimal(each["ceiling"]) if "ceiling" in each else None,
        )
        for key, each in found.items()
    ]


def guideline_of(row: Row) -> tuple[Guideline, Decimal, str, list[Member], Any]:
    total, currency = row["pool"].split()
    members, rule = members_named(row["members"]), allocation_rule(terms=pool_terms(document(row["terms"])))
    found = guideline_shares(
        total=number(total), members=members, rule=rule, period_days=90, currency=currency
    )
    return found, number(total), currency, members, rule


@works_out("Pool allocation", "pool", "members", "terms")
def shares(row: Row) -> list[Decimal]:
    found, _, _, members, _ = guideline_of(row)
    return [found.shares[member.key] for member in members]


@works_out("Pool allocation", "pool", "members", "terms", "wish")
def wished(row: Row) -> list[Decimal]:
    found, total, currency, members, rule = guideline_of(row)
    limits = allocation_limits(
        total=total, members=members, guideline=found.shares, rule=rule, currency=currency
    )
    wishes = dict(zip([member.key for member in members], numbers(row["wish"]), strict=True))
    amounts = fill(total=total, wishes=wishes, limits=limits, currency=currency)
    return [amounts[member.key] for member in members]


@works_out("Pool allocation", "pool", "members", "terms", "typed")
def rest_spread(row: Row) -> list[Decimal]:
    found, total, currency, members, rule = guideline_of(row)
    limits = allocation_limits(
        total=total, members=members, guideline=found.shares, rule=rule, currency=currency
    )
    typed = {key: Decimal(amount) for key, amount in document(row["typed"]).items()}
    amounts = spread_rest(total=total, typed=typed, guideline=found.shares, limits=limits, currency=currency)
    return [amounts[member.key] for member in members]


# Payment ---------------------------------------------------------------------------------------------------


@works_out("Draws and guarantees", "payment", "earned", "what")
@works_out("Deferral", "payment", "earned", "what")
def payment(row: Row) -> list[str]:
    says = document(row["payment"])
    period = "year" if "deferral" in says else "month"
    found = paid_on(commission_plan(payment=says, period=period), numbers(row["earned"]))
    balance = {"draw left": "draw", "bank left": "bank"}
    what = row["what"]
    return [each["payable"] if what == "paid" else each["closing"][balance[what]] for each in found]


@works_out("Deferral", "amount", "shares")
def in_instalments(row: Row) -> list[Decimal]:
    shares = numbers(row["shares"])
    return [
        part[0] for part in instalments(amount=column(number(row["amount"])), shares=shares, currency="EUR")
    ]


@works_out("Clawback", "paid", "recomputed")
def paid_too_much(row: Row) -> Decimal:
    amounts = {name: column(number(row[name])) for name in ("paid", "recomputed")}
    return overpaid(**amounts, currency="EUR")[0]


@works_out("Clawback", "owed", "payouts", "at most", "law")
def recovered(row: Row) -> list[Decimal]:
    owed, taken = column(number(row["owed"])), []
    law = number(row["law"]) if row["law"] != "-" else None
    for amount in numbers(row["payouts"]):
        found = recovery(
            owed=owed, payout=column(amount), at_most=number(row["at most"]), law_at_most=law, currency="EUR"
        )
        owed, taken = found.owed, [*taken, found.taken[0]]
    return taken


@works_out("Clawback", "found on", "months")
def looks_back(row: Row) -> str:
    return look_back_from(found_on=date.fromisoformat(row["found on"]), months=int(row["months"])).isoformat()


# Currency, ceilings, controls ------------------------------------------------------------------------------


@works_out("Currency", "lines", "rate")
def converted(row: Row) -> list[Decimal]:
    quote, rate = row["rate"].split()
    found = converted_once(
        lines={str(i): amount for i, amount in enumerate(numbers(row["lines"]))},
        currency="EUR",
        rate=Rate(key="payroll", base="EUR", quote=quote, value=number(rate)),
        payroll_currency=quote,
    )
    return [found.amount, sum(found.lines.values(), ZERO), found.difference]


@works_out("Currency", "revenue", "plan rates")
def in_plan_currency(row: Row) -> str:
    asked = {
        "format": "kamcomp.case/1",
        "currency": "EUR",
        "metrics": [{"metric": "M01", "account": "ACME", "from": "2026-01-01", "to": "2026-12-31"}],
        "rates": [
            {"rate_set": "plan", "from": "EUR", "to": to, "rate": rate}
            for to, rate in document(row["plan rates"]).items()
        ],
        "facts": {
            "sales": [
                {"on": "2026-02-10", "account": "ACME", "revenue": revenue, "currency": currency}
                for currency, revenue in document(row["revenue"]).items()
            ]
        },
    }
    return f"{Decimal(calculate(asked)['metrics'][0]['value']):,.2f}"


@works_out("Personal ceiling", "ceiling", "paid before", "this period", "brought", "excess")
def ceiling_effect(row: Row) -> Decimal:
    ceiling, before, amount, brought = (
        number(row[name]) for name in ("ceiling", "paid before", "this period", "brought")
    )
    return effect_of_ceiling(
        package=PayPackage(),
        currency="EUR",
        ceiling=ceiling,
        amount=amount,
        before=before,
        brought=brought,
        excess=row["excess"],
    ).amount


@works_out("Controls", "control", "figure")
def control(row: Row) -> Decimal:
    asked = {"format": "kamcomp.case/1", "controls": [defined("Controls", row["control"])]}
    found: Any = calculate(asked)["controls"][0]
    for part in row["figure"].split():
        found = found[part]
    return Decimal(found)


@works_out("Overtime on a bonus", "bonus", "weeks", "method")
def overtime(row: Row) -> Decimal:
    weeks: list[str] = []
    for part in row["weeks"].split(" + "):
        count, hours = part.split(" × ")
        weeks += [hours] * int(count)
    asked = {
        "kind": "overtime_true_up",
        "currency": "USD",
        "bonus": str(number(row["bonus"])),
        "weekly_hours": weeks,
        "method": row["method"],
    }
    return Decimal(calculate({"format": "kamcomp.case/1", "controls": [asked]})["controls"][0]["owed"])
