"""
What a statement shows of a goal's line: where on its curve the result lies, and what one step further pays.

A curve of money pays 50 % at 3,000,000 and 100 % at 4,000,000; one of shares the same at 80 % and 100 %.
"""

from decimal import Decimal

import pytest
from django.utils import translation

from payouts.exports.statement_pdf import curve_text
from payouts.models import Payout, PayoutLine
from payouts.selectors.statements import statement_line
from plans.models import PlanVersion
from scorecards.models import Metric

D = Decimal
MONEY = {"X": Metric(code="X", name="Revenue", unit="money")}
SHARES = {"X": Metric(code="X", name="Renewed", unit="percent")}


def line(
    *, metrics=MONEY, attainment=None, actual="3500000", points=(("3000000", "0.5"), ("4000000", "1")), **goal
):
    node = {
        "code": "G",
        "name": "Goal",
        "metric": "X",
        "curve": {"points": [list(each) for each in points]},
        **goal,
    }
    payout = Payout(
        plan_version=PlanVersion(document={"incentive": {"children": [node]}}),
        target_incentive=D(6000),
        currency="EUR",
    )
    row = PayoutLine(
        leaf="G", kind="leaf", metric="X", weight=D(1), payout_ratio=D("0.75"), amount=D(4500), actual=D(actual),
        attainment=attainment,
    )  # fmt: skip
    return statement_line(row, payout=payout, metrics=metrics, sources={})


class TestStatementLine:
    def test_lays_a_value_in_money_on_its_curve(self):
        shown = line(reads="value")

        assert shown.is_goal
        assert (shown.position, shown.scale, list(shown.points)) == (
            D(3500000),
            "money",
            [D(3000000), D(4000000)],
        )
        assert curve_text(shown) == "50.0% + 500,000 ÷ 1,000,000 × 50.0%"

    def test_lays_a_share_that_is_read_as_it_is_on_its_curve(self):
        shown = line(metrics=SHARES, actual="0.925", points=(("0.85", "0.5"), ("0.95", "1")), reads="value")

        assert list(shown.points) == [D(85), D(95)]
        with translation.override("de"):
            assert curve_text(shown) == "50,0\N{NO-BREAK SPACE}% + 7,50\N{NO-BREAK SPACE}% × 5"

    def test_lays_no_result_on_a_curve_of_attainment_where_there_is_none(self):
        assert not line(target="0").is_goal

    @pytest.mark.parametrize(
        ("metrics", "gate", "shown"),
        [
            (MONEY, {"metric": "X", "at_least": "1000"}, ("Revenue", "≥", "money")),
            (MONEY, {"metric": "X", "reads": "attainment", "more_than": "0.9"}, ("Revenue", ">", "percent")),
            ({}, {"metric": "X", "at_most": "7"}, ("X", "≤", "")),
        ],
    )
    def test_names_a_gate_in_the_unit_of_what_it_reads(self, metrics, gate, shown):
        (said,) = line(metrics=metrics, reads="value", gate=gate).gates

        assert (said.metric, said.sign, said.unit) == shown
