"""The oracle itself, against figures worked by hand on the page: an oracle that errs finds nothing."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from tests.oracle.basics import numbers, settled
from tests.oracle.facts import Figure, Payee, Result, Sheet, Span, Stint
from tests.oracle.reference import answer

ZERO = Figure(0)
CURVE = {"points": [["0.85", "0.50"], ["1.00", "1.00"], ["1.10", "1.50"], ["1.20", "2.00"]]}
QUARTERS = tuple(
    (date(2026, month, 1), date(2026 + month // 10, (month + 2) % 12 + 1, 1)) for month in (1, 4, 7, 10)
)


def goal(code: str, weight: str, metric: str, **rest: Any) -> dict[str, Any]:
    return {"code": code, "weight": weight, "kind": "goal", "metric": metric, "curve": CURVE, **rest}


def paid(
    document: dict[str, Any],
    attained: dict[str, int],
    *,
    period: int = 0,
    quarters: Any = QUARTERS,
    **known: Any,
) -> Any:
    """Return the oracle's answer for one person of 30,000 a year with the attainments (in %) given by metric."""
    window = document["incentive"].get("accumulation", "period")
    results = {
        (metric, window, "team", ""): Result(Figure(percent, 4), None, Figure(1), "final", None)
        for metric, percent in attained.items()
    }
    first, after = quarters[0][0], quarters[-1][1]
    span = Span(known.get("since", first), after, Figure(30_000), ZERO, Figure(1), Figure(1), False)
    stint = Stint("s", (span,), {}, results, {}, {}, ())
    payee = Payee(
        "p", (stint,), known.get("posted", ZERO), known.get("carried", ZERO), ZERO, ZERO, ZERO, ZERO
    )
    sheet = Sheet(years=(quarters,), year=0, period=period, holidays=())
    return answer(numbers({"currency": "EUR", "commissions": [], **document}), sheet, payee)


YEAR = ((date(2026, 1, 1), date(2027, 1, 1)),)
TEAM = {
    "children": [
        goal("REV", "0.40", "REV"),
        goal("GRO", "0.20", "GRO"),
        goal("GM", "0.20", "GM"),
        goal("CSAT", "0.20", "CSAT"),
    ]
}
PORTFOLIO = {
    "children": [
        {"code": code, "weight": weight, "children": [goal(f"{code}1", weight, code)]}
        for code, weight in (("AUTO", "0.50"), ("AERO", "0.30"), ("ENER", "0.20"))
    ]
}
SEGMENTS = {"AUTO": 10_300, "AERO": 9_880, "ENER": 0}


class TestAnswer:
    def test_weighs_a_team_plan(self):
        attained = {"REV": 10_200, "GRO": 9_400, "GM": 10_000, "CSAT": 10_400}

        assert paid({"incentive": TEAM}, attained, quarters=YEAR).payout == 3_120_000

    def test_limits_a_portfolio_that_misses_its_hurdle(self):
        free = paid({"incentive": PORTFOLIO}, SEGMENTS, quarters=YEAR)
        held = paid({"incentive": PORTFOLIO | {"hurdle": {"at_least": "0.50"}}}, SEGMENTS, quarters=YEAR)

        assert free.payout == 2_589_000
        assert held.payout == 2_364_000

    def test_keeps_the_order_of_modifier_and_cap(self):
        node = {**goal("A", "0.60", "A"), "cap": "1.50"}
        modifier = {"code": "M", "metric": "GM", "table": {"shape": "step", "points": [["0", "1.15"]]}}
        incentive = {"children": [node, goal("B", "0.40", "B")], "modifiers": [modifier], "cap": "1.40"}

        assert (
            paid({"incentive": incentive}, {"A": 12_000, "B": 10_000, "GM": 100}, quarters=YEAR).payout
            == 4_200_000
        )

    @pytest.mark.parametrize(
        ("period", "attained", "posted", "payout"),
        [
            (0, 9_000, 0, 500_000),
            (1, 10_000, 500_000, 1_000_000),
            (2, 9_500, 1_500_000, 375_000),
            (3, 10_125, 1_875_000, 1_312_500),
        ],
    )
    def test_pays_a_year_to_date_less_what_was_posted(self, period, attained, posted, payout):
        incentive = {"children": [goal("A", "1", "A")], "accumulation": "year_to_date", "interim_cap": "1.00"}

        found = paid({"incentive": incentive}, {"A": attained}, period=period, posted=Figure(posted, 2))

        assert found.payout == payout

    def test_prorates_a_joiner_by_days(self):
        found = paid(
            {"incentive": {"children": [goal("A", "1", "A")]}},
            {"A": 10_000},
            quarters=YEAR,
            since=date(2026, 3, 16),
        )

        assert found.payout == 2_391_781

    def test_carries_what_is_below_zero(self):
        incentive = {"children": [goal("A", "1", "A")]}

        found = paid({"incentive": incentive}, {"A": 0}, carried=Figure(-100_000, 2))

        assert (found.payout, found.carried) == (0, -100_000)


class TestSettled:
    @pytest.mark.parametrize(
        ("exact", "digits", "units"),
        [
            (Fraction("11615.525"), 2, 1_161_553),
            (Fraction("1178077.35"), 0, 1_178_077),
            (Fraction("1.0005"), 3, 1_001),
            (Fraction("-0.005"), 2, -1),
            (Fraction("11615.52499999999999999999999"), 2, 1_161_553),
            (Fraction("11615.5249999999999"), 2, 1_161_552),
        ],
    )
    def test_rounds_twice(self, exact, digits, units):
        assert settled(exact, digits) == units
