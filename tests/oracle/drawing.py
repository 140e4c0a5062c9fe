"""
Random facts for a drawn plan: calendars, people, results, credits and balances.

Figures are drawn round on purpose, on and around the places where the plan's curves,
gates and tiers turn. `on_half_cents` then moves a payee's target incentive to where the
exact payout lies on half a minor unit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from random import Random
from typing import Any

from tests.oracle.basics import DIGITS, Blocked, numbers
from tests.oracle.facts import Credit, Figure, Payee, Result, ResultName, Sheet, Span, Stint
from tests.oracle.plans import (
    CATEGORIES,
    CREDIT_TYPES,
    DEAL_KINDS,
    EVENTS,
    PERIODS_A_YEAR,
    PRODUCTS,
    Document,
    window_word,
)
from tests.oracle.reference import StintOracle

MONEY_METRICS = ("M01", "M04")
UNIT_METRIC = "M22"
SCALE = ((0, 0), (50, 2), (100, 2), (125, 2), (150, 2))
BASES = ("revenue", "margin", "collected", "contract_value")
ZERO = Figure(0)


def drawn_sheet(rng: Random, document: Document, *, payees: int) -> Sheet:
    """Return the facts of so many payees for one period of a drawn plan."""
    year, count = rng.choice((2026, 2027, 2028)), PERIODS_A_YEAR[document["period"]]
    month = rng.choice((1, 1, 1, 4, 7, 10))
    length = _years(document)
    firsts = [_first(year, month + number * 12 // count) for number in range(count * length + 1)]
    periods = tuple(pairwise(firsts))
    sheet = Sheet(
        years=tuple(periods[number * count : (number + 1) * count] for number in range(length)),
        year=length - 1 if rng.random() < 0.8 else 0,
        period=count - 1 if length > 1 and rng.random() < 0.7 else rng.randrange(count),
        holidays=tuple(sorted({firsts[0] + timedelta(days=rng.randrange(365)) for _ in range(8)})),
    )
    aims: dict[ResultName, list[Fraction]] = {}
    for name, reading in readings(document):
        aims.setdefault(name, []).extend(_aims(reading))
    subjects = {
        name: [_result(rng, name, aims[name]) for _ in range(max(2, payees // 3))] for name in sorted(aims)
    }
    people = tuple(_payee(rng, document, sheet, subjects, number) for number in range(payees))
    return replace(sheet, payees=on_half_cents(rng, document, sheet, people))


def _years(node: Document) -> int:
    """Return the most years that a node of a document measures over."""
    below = [_years(child) for child in [node.get("incentive"), *node.get("children", [])] if child]
    return max([node.get("years", 1), *below])


def _first(year: int, month: int) -> date:
    return date(year + (month - 1) // 12, (month - 1) % 12 + 1, 1)


def readings(document: Document) -> Iterator[tuple[ResultName, Document]]:
    """Yield every reading of a document's nodes, and which (metric, window, level, segment) it reads."""
    root = {"level": "team", "segment": "", "accumulation": "period"}
    if document["incentive"]:
        yield from _readings(document["incentive"], root)
    for leaf in document["commissions"]:
        yield from _readings(leaf, {**root, "level": "individual"})


def _readings(node: Document, inherited: dict[str, str]) -> Iterator[tuple[ResultName, Document]]:
    own = inherited | {key: node[key] for key in inherited if key in node}
    found = [node, node.get("gate"), node.get("x"), node.get("y"), node.get("axis_reading")]
    for reading in [*found, *node.get("modifiers", [])]:
        if reading and "metric" in reading:
            window = window_word(reading, own["accumulation"])
            level, segment = reading.get("level", own["level"]), reading.get("segment", own["segment"])
            yield (reading["metric"], window, level, segment), reading
    for child in node.get("children", []):
        yield from _readings(child, own)


def _aims(reading: Document) -> Iterator[Fraction]:
    """Yield readings at which a curve pays a ratio that hurdles and gates ask for, most of them no decimals."""
    points = numbers(reading.get("curve") or reading.get("table") or {}).get("points", [])
    for low, high in pairwise(points):
        for pays in (Fraction(1, 2), Fraction(4, 5), Fraction(1)):
            if low[-1] < pays < high[1]:
                yield low[0] + (pays - low[-1]) * (high[0] - low[0]) / (high[1] - low[-1])


def _result(rng: Random, name: ResultName, aims: list[Fraction]) -> Result:
    if aims and rng.random() < 0.15:
        aim, scale = rng.choice(aims), rng.choice((1, 1, 7, 1000))
        actual, whole = Figure(aim.numerator * scale), Figure(aim.denominator * scale)
        if rng.random() < 0.5:
            return Result(actual, None, whole, "final", None)
        return Result(actual, whole, Figure(1), "final", None)
    state = "final" if rng.random() < 0.985 else rng.choice(("missing", "insufficient"))
    carried = Figure(rng.randint(8, 26) * 5, 2) if rng.random() < 0.8 else None
    if name[0] == UNIT_METRIC:
        return Result(
            Figure(rng.choice((rng.randint(0, 40), rng.randint(0, 4000))), rng.choice((0, 2))),
            None,
            None,
            state,
            carried,
        )
    percent = Figure(rng.choice((rng.randint(8, 30) * 5, rng.randint(40, 160), 100)), 2)
    if name[0] in MONEY_METRICS:
        target = Figure(rng.choice((100_000, 90_000, 70_000, 30_000, 1_000_000, rng.randint(1, 999_999))))
        actual = (
            Figure(target.units * percent.units, 2)
            if rng.random() < 0.6
            else Figure(rng.randint(1, 10**8), 2)
        )
    else:
        target = Figure(rng.choice((100, 100, 80, 125, 90, 30, 70)), 2)
        actual = percent
    if rng.random() < 0.02:
        target = Figure(rng.choice((0, -50)), 2)
    if rng.random() < 0.03:
        actual = Figure(-actual.units, actual.digits)
    denominator = None
    if rng.random() < 0.3:
        denominator = Figure(rng.choice((3, 3, 3, 7, 9, 12, 80, 165, 0 if rng.random() < 0.1 else 6)))
        actual = Figure(actual.units * max(1, denominator.units - rng.choice((0, 1, 2))), actual.digits)
    return Result(actual, denominator, target if rng.random() < 0.99 else None, state, carried)


def _payee(
    rng: Random, document: Document, sheet: Sheet, subjects: dict[ResultName, list[Result]], number: int
) -> Payee:
    digits = DIGITS[document["currency"]]
    count = 2 if rng.random() < 0.06 else 1
    stints = tuple(_stint(rng, document, sheet, subjects, f"{number:04d}-{place}") for place in range(count))
    year_to_date = any(accumulation == "year_to_date" for accumulation in accumulations(document))
    payment = document.get("payment", {})
    excess = document.get("payout_cap", {}).get("excess") == "carried" and rng.random() < 0.5
    return Payee(
        key=f"{number:04d}",
        stints=stints,
        posted=Figure(rng.randint(0, 10_000 * 10**digits), digits) if year_to_date and sheet.period else ZERO,
        carried=Figure(-rng.randint(0, 500 * 10**digits), digits) if rng.random() < 0.2 else ZERO,
        excess=Figure(rng.randint(0, 3_000 * 10**digits), digits) if excess else ZERO,
        bank=_balance(rng, digits, least=-500) if "deferral" in payment else ZERO,
        draw=_balance(rng, digits) if payment.get("draw", {}).get("recoverable") else ZERO,
        recoverable=_balance(rng, digits) if "clawback" in payment else ZERO,
    )


def _balance(rng: Random, digits: int, *, least: int = 0) -> Figure:
    return Figure(rng.randint(least * 10**digits, 3_000 * 10**digits), digits) if rng.random() < 0.6 else ZERO


def accumulations(document: Document) -> Iterator[str]:
    """Yield what every leaf of a document accumulates over."""

    def below(node: Document, inherited: str) -> Iterator[str]:
        own = node.get("accumulation", inherited)
        if "children" not in node:
            yield own
        for child in node.get("children", []):
            yield from below(child, own)

    if document["incentive"]:
        yield from below(document["incentive"], "period")
    yield from (leaf.get("accumulation", "period") for leaf in document["commissions"])


def _stint(
    rng: Random, document: Document, sheet: Sheet, subjects: dict[ResultName, list[Result]], key: str
) -> Stint:
    ratings: dict[tuple[str, str], Figure | None] = {}
    milestones: dict[str, int | None] = {}
    for leaf in _judged(document["incentive"]):
        if leaf["kind"] == "milestone":
            milestones[leaf["code"]] = rng.randint(0, len(leaf["stages"])) if rng.random() < 0.97 else None
            continue
        for item in leaf["items"]:
            ratings[leaf["code"], item["code"]] = Figure(*rng.choice(SCALE)) if rng.random() < 0.97 else None
    return Stint(
        key=key,
        spans=_spans(rng, sheet),
        parameters={
            "rate": Figure(rng.choice((100, 150, 175, 333)), 4),
            "amount": Figure(rng.choice((500, 1000, 2500, 12_345))),
            "history_average": Figure(rng.choice((100, 95, 110)), 2),
            "factor": Figure(rng.choice((25, 50, 80, 100)), 2),
        },
        results={name: rng.choice(drawn) for name, drawn in subjects.items()},
        ratings=ratings,
        milestones=milestones,
        credits=_credits(rng, document) if document["commissions"] else (),
    )


def _judged(node: Document) -> Iterator[Document]:
    if node.get("kind") in ("objectives", "milestone"):
        yield node
    for child in node.get("children", []):
        yield from _judged(child)


def _spans(rng: Random, sheet: Sheet) -> tuple[Span, ...]:
    """Return spans inside the year: mostly one whole year, else cut and left out here and there."""
    first, after = sheet.years[0][0][0], sheet.years[-1][-1][1]
    if rng.random() < 0.6:
        return (_span(rng, first, after),)
    if rng.random() < 0.3:
        cut = first + timedelta(days=rng.randrange(1, (after - first).days))
        return _span(rng, first, cut), _span(rng, cut, after)
    if rng.random() < 0.4:
        return (_span(rng, _first(first.year, first.month + rng.randrange(12)), after),)
    edges = sorted(
        {first + timedelta(days=rng.randrange((after - first).days)) for _ in range(rng.choice((1, 2, 3)))}
    )
    edges = [*([first] if rng.random() < 0.6 else []), *edges, after]
    if rng.random() < 0.3:
        edges = [date(edge.year, edge.month, 1) for edge in edges]
    edges = sorted(set(edges))
    spans = [_span(rng, low, high) for low, high in pairwise(edges)]
    kept = [span for span in spans if rng.random() < 0.9]
    return tuple(kept or spans or [_span(rng, first, after)])


def _span(rng: Random, since: date, until: date) -> Span:
    yearly = rng.choice((30_000, 24_000, 36_000, 12_345, 10_000, 99_999, rng.randint(1, 60_000)))
    return Span(
        since=since,
        until=until,
        target_incentive=Figure(yearly * rng.choice((1, 100)), 2) if rng.random() < 0.5 else Figure(yearly),
        base_salary=Figure(rng.randint(20, 200) * 1000),
        fte=Figure(rng.choice((100, 100, 100, 80, 50, 75)), 2),
        dedication=Figure(rng.choice((100, 100, 60, 33)), 2),
        on_leave=rng.random() < 0.06,
    )


def _credits(rng: Random, document: Document) -> tuple[Credit, ...]:
    kinds = CREDIT_TYPES
    return tuple(
        Credit(
            product=rng.choice(PRODUCTS),
            category=rng.choice(CATEGORIES),
            deal_kind=rng.choice(DEAL_KINDS),
            credit_type=rng.choice(kinds),
            in_period=rng.random() < 0.7,
            share=Figure(rng.choice((100, 100, 50, 33, 25)), 2),
            units=Figure(rng.randint(0, 12)),
            bases=_bases(rng),
            earned={event: Figure(rng.choice((0, 25, 50, 100, 100)), 2) for event in EVENTS},
        )
        for _ in range(rng.choice((0, 1, 2, 3, 5)))
    )


def _bases(rng: Random) -> dict[str, Figure]:
    revenue = rng.choice((1000, 10_000, 20_000, 999, 1_000_000 // 3, rng.randint(1, 80_000)))
    sign = -1 if rng.random() < 0.08 else 1
    cents = rng.choice((0, 0, rng.randrange(100)))
    return {name: Figure(sign * (revenue * rng.choice((100, 100, 50, 20, 10)) + cents), 2) for name in BASES}


def on_half_cents(
    rng: Random, document: Document, sheet: Sheet, payees: tuple[Payee, ...]
) -> tuple[Payee, ...]:
    """
    Return the payees, some with a target incentive that puts the exact sum on half a minor unit.

    Earnings of the tree are in proportion to the target incentive. With what 1 earns as a
    reduced fraction p/q, an incentive of q x m / (2 x minor units) earns m x p / (2 x minor
    units): half a unit where m and p are odd.
    """
    if document["commissions"] or not document["incentive"]:
        return payees
    plan = numbers(document)
    return tuple(
        _on_half_cent(rng, plan, sheet, payee) if rng.random() < 0.12 and len(payee.stints) == 1 else payee
        for payee in payees
    )


def _on_half_cent(rng: Random, plan: dict[str, Any], sheet: Sheet, payee: Payee) -> Payee:
    (stint,) = payee.stints
    try:
        earned = StintOracle(plan, sheet, _paid(stint, Figure(1))).earned()
    except Blocked:
        return payee
    if earned <= 0 or earned.numerator % 2 == 0:
        return payee
    units = 10 ** DIGITS[plan["currency"]]
    least = earned.denominator / (2 * units)
    odd = 2 * rng.randint(0, max(0, int(30_000 / least) // 2)) + 1
    yearly = earned.denominator * odd * 10**6 // (2 * units)
    if yearly > 10**16 or earned.denominator * odd * 10**6 % (2 * units):
        return payee
    return replace(payee, stints=(_paid(stint, Figure(yearly, 6)),))


def _paid(stint: Stint, yearly: Figure) -> Stint:
    """Return a stint whose spans pay one target incentive, from it or from a base salary."""
    return replace(
        stint,
        spans=tuple(replace(span, target_incentive=yearly, base_salary=yearly) for span in stint.spans),
    )
