"""Rolling windows: their words, their periods, where a plan may read over one, and what the calculator adds up."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plans.engine.codec import DocumentInvalid
from plans.engine.document import plan_digest, plan_document, plan_from_document
from plans.engine.horizon import horizon_months
from plans.engine.inputs import Calendar, Period, Year
from scorecards.engine.windows import Rolling, rolling_of
from tests.formulas.cases import calendar, goal, paid, plan, result

ROLLING = {"window": "rolling", "periods": 4}
GATE = {"metric": "G", "at_least": "0.9"} | ROLLING


def quarters(*, years=2):
    made = []
    for year in range(2026, 2026 + years):
        firsts = [date(year, month, 1) for month in (1, 4, 7, 10)] + [date(year + 1, 1, 1)]
        made.append(Year(str(year), tuple(Period(f"{year}-Q{n + 1}", *firsts[n : n + 2]) for n in range(4))))
    return Calendar(years=tuple(made), year=0, period=0)


def names(periods):
    return [period.name for _, period in periods]


def refused(document):
    with pytest.raises(DocumentInvalid) as refusal:
        plan_from_document(document)
    return {(error.pointer, error.code) for error in refusal.value.errors}


class TestWord:
    @given(periods=st.integers(1, 99), or_fewer=st.booleans())
    def test_comes_back_as_the_window(self, periods, or_fewer):
        rolling = Rolling(periods=periods, or_fewer=or_fewer)

        assert rolling_of(word=rolling.word) == rolling

    @pytest.mark.parametrize(
        "word", ["period", "rolling", "rolling_0", "rolling_100", "rolling_4x", "xrolling_4"]
    )
    def test_of_another_window_is_none(self, word):
        assert rolling_of(word=word) is None


class TestCalendar:
    def test_holds_the_last_periods_over_the_turn_of_the_year(self):
        now = replace(quarters(), year=1, period=0)

        assert names(now.rolling(Rolling(periods=3))) == ["2026-Q3", "2026-Q4", "2027-Q1"]

    def test_has_no_window_longer_than_itself_unless_fewer_will_do(self):
        now = replace(quarters(), period=2)

        assert now.rolling(Rolling(periods=4)) == ()
        assert names(now.rolling(Rolling(periods=4, or_fewer=True))) == ["2026-Q1", "2026-Q2", "2026-Q3"]
        assert names(now.rolling(Rolling(periods=3))) == ["2026-Q1", "2026-Q2", "2026-Q3"]


class TestLaws:
    @pytest.mark.parametrize(
        ("document", "place", "code"),
        [
            (plan(goal("A", window="rolling")), "/incentive/children/0/periods", "rolling_periods"),
            (
                plan(goal("A", window="rolling", periods=1)),
                "/incentive/children/0/periods",
                "rolling_periods",
            ),
            (
                plan(goal("A", window="rolling", periods=61)),
                "/incentive/children/0/periods",
                "rolling_periods",
            ),
            (plan(goal("A", periods=4)), "/incentive/children/0/periods", "rolling_unused"),
            (
                plan(goal("A", window="year", when_short="shorter")),
                "/incentive/children/0/when_short",
                "rolling_unused",
            ),
            (
                plan(goal("A", gate=GATE | {"periods": None})),
                "/incentive/children/0/gate/periods",
                "rolling_periods",
            ),
            (
                plan(
                    goal("A", weight="0.5", accumulation="multi_year", years=2),
                    goal("B", weight="0.5", gate=GATE),
                ),
                "/incentive/children/1/gate/window",
                "rolling_and_years",
            ),
            (
                plan(goal("A", level="individual", **ROLLING)),
                "/incentive/children/0/window",
                "rolling_prorated",
            ),
            (
                plan(
                    commissions=[{"kind": "unit_bonus", "code": "U", "metric": "M", "amount": "5"} | ROLLING]
                ),
                "/commissions/0/window",
                "rolling_pays_again",
            ),
            (plan(goal("A", window="rolling_4")), "/incentive/children/0/window", "not_a_choice"),
        ],
    )
    def test_refuse_it_by_place_where_it_cannot_be_used(self, document, place, code):
        assert (place, code) in refused(document)

    @pytest.mark.parametrize(
        "document",
        [
            plan(goal("A", level="individual", **ROLLING), proration={"of": ["incentive"]}),
            plan(goal("A", level="individual", reads="value", **ROLLING)),
            plan(goal("A", accumulation="year_to_date", gate=GATE)),
            plan(
                commissions=[
                    {"kind": "unit_bonus", "code": "U", "metric": "M", "amount": "5", "gate": GATE},
                    {"kind": "commission", "code": "C", "tiers": [{"from": "0", "rate": "1"}], "gate": GATE},
                ]
            ),
        ],
    )
    def test_let_it_be_where_it_can(self, document):
        read = plan_from_document(document)

        assert plan_from_document(plan_document(read)) == read


class TestDocument:
    def test_of_a_plan_without_one_is_what_it_was(self):
        written = plan_document(plan_from_document(plan(goal("A", gate={"metric": "G", "at_least": "0.9"}))))

        node = written["incentive"]["children"][0]
        assert not {"periods", "when_short"} & {*node, *node["gate"]}

    def test_says_both_words_of_one(self):
        said = plan(goal("A", when_short="shorter", **ROLLING))
        node = plan_document(plan_from_document(said))["incentive"]["children"][0]

        assert (node["window"], node["periods"], node["when_short"]) == ("rolling", 4, "shorter")
        assert plan_digest(plan_from_document(said)) != plan_digest(
            plan_from_document(plan(goal("A", **ROLLING)))
        )


class TestHorizon:
    def test_is_that_of_the_goals_own_window_where_it_is_longer(self):
        two_years = plan_from_document(plan(goal("A", window="rolling", periods=8), period="quarter"))
        to_date = plan_from_document(
            plan(goal("A", window="rolling", periods=2, accumulation="year_to_date"), period="quarter")
        )

        assert horizon_months(plan=two_years, node=two_years.incentive.children[0]) == 24
        assert horizon_months(plan=to_date, node=to_date.incentive.children[0]) == 12


class TestCalculator:
    @given(
        kept=st.lists(st.tuples(st.integers(0, 500), st.integers(1, 500)), min_size=2, max_size=8),
        periods=st.integers(2, 6),
        least=st.integers(1, 99),
    )
    def test_opens_a_gate_on_the_sums_of_the_last_periods_and_nothing_else(self, kept, periods, least):
        gate = {"metric": "G", "at_least": f"0.{least:02}", "window": "rolling", "periods": periods}
        document = plan(goal("A", reads="value", gate=gate | {"when_short": "shorter"}), period="quarter")
        results = [result("A", "1", period=f"Q{n}") for n in range(1, len(kept) + 1)]
        results += [
            result("G", {"numerator": str(num), "denominator": str(den)}, period=f"Q{n}")
            for n, (num, den) in enumerate(kept, start=1)
        ]

        answers = paid(document, pay=len(kept), results=results, metric_aggregation={"G": "ratio_of_sums"})

        last = kept[-periods:]
        kept_ratio = Fraction(sum(num for num, _ in last), sum(den for _, den in last))
        opened = Decimal(answers[-1]["payout"]) > 0
        assert opened == (kept_ratio >= Fraction(least, 100))

    def test_names_the_window_that_has_no_result(self):
        document = plan(goal("A", reads="value", gate=GATE), period="quarter")
        days = calendar("quarter", 2) | {"pay": ["Q1"]}

        with pytest.raises(DocumentInvalid, match=r"the gate of A reads G \(team\) over the last 4 periods"):
            paid(document, calendar=days, results=[result("A", "1", period="Q1")])
