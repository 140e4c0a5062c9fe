"""
Every mechanic of the plan language, through the calculator: small plans, figures worked by hand.

The target incentive is 40,000 a year, 10,000 a quarter; the straight line pays the
attainment itself, so figures can be followed without a calculator.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamcomp.refusal import Refusal
from payouts.engine.calculator import calculate
from payouts.engine.case import CaseCredit
from payouts.engine.crediting import ManagersLoop, manager_credits
from plans.engine.conventions import CreditType

D = Decimal
LINE = {"points": [["0", "0"], ["3", "3"]]}
QUARTERS = [
    ("Q1", "2027-01-01", "2027-03-31"),
    ("Q2", "2027-04-01", "2027-06-30"),
    ("Q3", "2027-07-01", "2027-09-30"),
    ("Q4", "2027-10-01", "2027-12-31"),
]


def goal(code: str, weight: str = "1", **extra: Any) -> dict[str, Any]:
    return {"kind": "goal", "code": code, "weight": weight, "metric": code, "curve": LINE} | extra


def plan(*children: dict[str, Any], **extra: Any) -> dict[str, Any]:
    incentive = {"children": list(children)} | extra.pop("incentive", {})
    return {
        "code": "T", "name": "T", "type": "hybrid", "currency": "EUR", "period": "quarter",
        "effective": {"from": "2027-01-01", "to": "2027-12-31"}, "incentive": incentive,
    } | extra  # fmt: skip


def result(
    metric: str, actual: str | None, target: str | None = "100", period: str = "Q1", **extra: Any
) -> dict[str, Any]:
    given = {
        "metric": metric,
        "level": "team",
        "subject": "ACME",
        "period": period,
        "actual": actual,
        "target": target,
    }
    return {key: value for key, value in given.items() if value is not None} | extra


def credit(amount: str, number: int = 1, period: str = "Q1", **extra: Any) -> dict[str, Any]:
    return {
        "id": f"d{number}", "person": "kam", "period": period, "credit_type": "direct", "share": "1", "revenue": amount,
    } | extra  # fmt: skip


def people(document: dict[str, Any], *, pay: tuple[str, ...] = ("Q1",), **case: Any) -> list[dict[str, Any]]:
    """Return what each paid quarter answers for the one person of the case."""
    parameters = case.pop("parameters", {})
    person = {
        "id": "kam",
        "employments": [{"from": "2027-01-01", "to": None, "fte": "1"}],
        "packages": [{"from": "2027-01-01", "to": None, "base_salary": "0", "target_incentive": "40000"}],
        "leaves": [],
        "assignments": [
            {"from": "2027-01-01", "to": None, "account": "ACME", "dedication": "1", "parameters": parameters}
        ],
    }
    periods = [{"name": n, "from": a, "to": b} for n, a, b in QUARTERS]
    answer = calculate(
        {
            "format": "kamcomp.case/1",
            "plan": document,
            "calendar": {"years": [{"name": "2027", "periods": periods}], "pay": list(pay)},
            "people": [person],
        }
        | case
    )
    return [period["people"][0] for period in answer["payouts"]]


def paid(document: dict[str, Any], **case: Any) -> Decimal:
    return D(people(document, **case)[0]["payout"])


def refusal(document: dict[str, Any], **case: Any) -> str:
    with pytest.raises(Refusal) as caught:
        people(document, **case)
    return str(caught.value)


class TestReading:
    def test_reads_the_distance_to_a_negative_target(self):
        distance = goal("A", attainment={"rule": "distance"})

        assert paid(plan(distance), results=[result("A", "-80", "-100")]) == D("12000.00")

    def test_reads_target_over_actual_only_where_named(self):
        lower = goal("A", attainment={"rule": "lower_is_better"})

        assert paid(plan(lower), results=[result("A", "80", "100")]) == D("12500.00")

    def test_bounds_attainment_before_the_curve(self):
        bounded = goal("A", attainment={"floor": "0.50", "ceiling": "1.10"})

        assert paid(plan(bounded), results=[result("A", "130")]) == D("11000.00")
        assert paid(plan(bounded), results=[result("A", "10")]) == D("5000.00")

    def test_takes_a_personal_target_and_a_ramp(self):
        personal = goal("A", target={"parameter": "quota"}, target_share={"parameter": "ramp"})

        assert paid(
            plan(personal), results=[result("A", "60", None)], parameters={"quota": "200", "ramp": "0.5"}
        ) == D("6000.00")

    def test_names_a_personal_parameter_that_is_not_there(self):
        personal = goal("A", target={"parameter": "quota"})

        assert "no 'quota', which A reads" in refusal(plan(personal), results=[result("A", "60")])

    def test_divides_sums_and_never_averages_ratios(self):
        to_date = plan(goal("M03", reads="value", accumulation="year_to_date"))
        halves = [
            {
                "metric": "M03",
                "level": "team",
                "subject": "ACME",
                "period": p,
                "numerator": n,
                "denominator": d,
            }
            for p, n, d in (("Q1", "10", "100"), ("Q2", "270", "300"))
        ]

        assert people(to_date, pay=("Q1", "Q2"), results=halves)[1]["ratio"] == "0.7"

    def test_carries_the_last_reading_where_named(self):
        carried = [{"metric": "A", "level": "team", "subject": "ACME", "period": "Q1", "carried": "0.9"}]

        assert paid(plan(goal("A", missing="carry")), results=carried) == D("9000.00")


class TestGate:
    def gate(self, actual: str, **gate: Any) -> Decimal:
        gated = goal("A", gate={"metric": "G", "at_least": "0.28"} | gate)
        return paid(plan(gated), results=[result("A", "130"), result("G", actual, None)])

    def test_opens_at_its_limit(self):
        assert self.gate("0.28") == D("13000.00")

    def test_closes_to_nothing_by_default(self):
        assert self.gate("0.2799999999") == 0

    def test_limits_or_reduces_where_named(self):
        assert self.gate("0", otherwise={"limit": "1.00"}) == D("10000.00")
        assert self.gate("0", otherwise={"factor": "0.5"}) == D("6500.00")

    def test_takes_only_what_lies_above_target_where_named(self):
        assert self.gate("0", part="above_target") == D("10000.00")
        assert self.gate("0", part="above_target", otherwise={"factor": "0.5"}) == D("11500.00")
        assert self.gate("0", part="above_target", otherwise={"limit": "1.20"}) == D("12000.00")

    @pytest.mark.parametrize(
        ("condition", "open_"),
        [("more_than", False), ("at_least", True), ("at_most", True), ("less_than", False)],
    )
    def test_knows_its_four_conditions(self, condition, open_):
        gated = goal("A", gate={"metric": "G", condition: "0.28"})

        assert (paid(plan(gated), results=[result("A", "100"), result("G", "0.28", None)]) > 0) is open_

    def test_reads_its_own_window(self):
        gated = goal("A", gate={"metric": "G", "at_least": "10", "window": "year_to_date"})
        results = [result("A", "100", period="Q2"), *(result("G", "5", None, p) for p in ("Q1", "Q2"))]
        opening = {"metric_aggregation": {"G": "sum"}}
        case = {"results": [*results, result("A", "100")], **opening}

        assert [p["payout"] for p in people(plan(gated), pay=("Q1", "Q2"), **case)] == ["0.00", "10000.00"]

    @pytest.mark.parametrize(("policy", "payout"), [("neutral", "10000.00"), ("zero", "0.00")])
    def test_follows_its_own_policy_without_a_result(self, policy, payout):
        gated = goal("A", gate={"metric": "G", "at_least": "1", "missing": policy})

        assert paid(plan(gated), results=[result("A", "100")]) == D(payout)

    def test_blocks_by_name_without_a_result(self):
        gated = goal("A", gate={"metric": "G", "at_least": "1"})

        assert "the gate of A reads G" in refusal(plan(gated), results=[result("A", "100")])


class TestTree:
    def test_caps_limits_and_gates_a_branch_by_its_own_result(self):
        branch = {"code": "B", "weight": "0.6", "children": [goal("A", "0.6")], "cap": "1.50"}
        capped = plan(branch, goal("C", "0.4"))
        person = people(capped, results=[result("A", "160"), result("C", "100")])[0]

        assert person["payout"] == "13000.00"
        assert [(line["code"], line["effect"], line["amount"]) for line in person["lines"]] == [
            ("A", "leaf", "9600.00"),
            ("B", "cap", "-600.00"),
            ("C", "leaf", "4000.00"),
        ]

    def test_spreads_a_cap_over_windows_in_proportion(self):
        # Q2: A to date 100 %, 0.5 x 20,000; C this quarter 200 %, 0.5 x 10,000. Sum of ratios 1.5, cap 1.2.
        mixed = plan(
            goal("A", "0.5", accumulation="year_to_date"), goal("C", "0.5"), incentive={"cap": "1.20"}
        )
        results = [
            result("A", "100"), result("A", "100", period="Q2"), result("C", "100"), result("C", "200", period="Q2"),
        ]  # fmt: skip
        first, second = people(mixed, pay=("Q1", "Q2"), results=results, metric_aggregation={"A": "sum"})

        assert first["payout"] == "10000.00"
        assert second["due"] == "16000.00"  # 0.5 x 0.8 x 20,000 + 1.0 x 0.8 x 10,000
        assert second["payout"] == "11000.00"  # 5,000 of A were posted in Q1

    def test_pays_a_milestone_by_the_stages_reached(self):
        stages = [{"code": f"S{i}", "share": "0.25"} for i in range(4)]
        milestone = {"kind": "milestone", "code": "M", "weight": "1", "level": "individual", "stages": stages}
        reached = [{"person": "kam", "leaf": "M", "period": "Q1", "stage": 2}]

        assert paid(plan(milestone), stages=reached) == D("5000.00")
        assert "M has no rating or stage" in refusal(plan(milestone))

    def test_refuses_a_rating_off_the_scale(self):
        items = [{"code": "I", "weight": "1"}]
        objectives = {"kind": "objectives", "code": "O", "weight": "1", "level": "individual", "items": items}
        rating = {"person": "kam", "leaf": "O", "item": "I", "period": "Q1"}

        assert paid(plan(objectives), ratings=[rating | {"rating": "1.25"}]) == D("12500.00")
        assert "not on the scale 0%, 50%, 100%, 125%, 150%" in refusal(
            plan(objectives), ratings=[rating | {"rating": "1.20"}]
        )

    @given(st.permutations([("A", "0.5", "97"), ("B", "0.3", "111"), ("C", "0.2", "64")]))
    def test_is_the_same_in_any_order_of_goals(self, order):
        found = paid(plan(*(goal(c, w) for c, w, _ in order)), results=[result(c, a) for c, _, a in order])

        assert found == D("9460.00")

    @given(actual=st.integers(0, 300))
    def test_ignores_a_goal_of_no_weight(self, actual):
        with_it = plan(goal("A"), goal("Z", "0"))

        assert paid(with_it, results=[result("A", "97"), result("Z", str(actual))]) == D("9700.00")

    @given(cents=st.integers(0, 20_000), step=st.integers(0, 100), scale=st.integers(1, 50))
    def test_a_cent_more_never_pays_less_and_scale_changes_nothing(self, cents, step, scale):
        def at(actual: int, factor: int = 1) -> Decimal:
            return paid(
                plan(goal("A")), results=[result("A", str(D(actual * factor) / 100), str(100 * factor))]
            )

        assert at(cents + step) >= at(cents) == at(cents, scale)


class TestCommission:
    def commission(
        self, *, credits: list[dict[str, Any]], parameters: dict[str, str] | None = None, **leaf: Any
    ) -> Any:
        document = plan(
            commissions=[{"kind": "commission", "code": "C", "tiers": [{"from": "0", "rate": "0.10"}]} | leaf]
        )
        return people(document, credits=credits, parameters=parameters or {})[0]

    def test_takes_each_persons_own_rate(self):
        found = self.commission(
            credits=[credit("1000")],
            tiers=[{"from": "0", "rate": {"parameter": "rate"}}],
            parameters={"rate": "0.015"},
        )

        assert found["payout"] == "15.00"

    def test_credits_shares_and_leaves_overlay_out_unless_named(self):
        deals = [credit("1000", share="0.4", credit_type="split"), credit("1000", 2, credit_type="overlay")]

        assert self.commission(credits=deals)["payout"] == "40.00"
        assert self.commission(credits=deals, credit_types=["overlay"])["payout"] == "100.00"

    def test_takes_the_most_specific_rate(self):
        rates = [
            {"category": "pumps", "tiers": [{"from": "0", "rate": "0.02"}]},
            {"product": "P1", "tiers": [{"from": "0", "rate": "0.05"}]},
            {"product": "P1", "deal_kind": "new", "tiers": [{"from": "0", "rate": "0.08"}]},
        ]
        deals = [
            credit("100", 1, product="P1", category="pumps", deal_kind="new"),
            credit("100", 2, product="P1", category="pumps", deal_kind="renewal"),
            credit("100", 3, product="P2", category="pumps"),
            credit("100", 4),
        ]

        assert self.commission(credits=deals, rates=rates)["payout"] == "25.00"  # 8 + 5 + 2 + 10

    def test_names_a_deal_without_a_rate(self):
        rates = [{"product": "P1", "tiers": [{"from": "0", "rate": "0.05"}]}]

        with pytest.raises(Refusal, match="C has no rate for d1"):
            self.commission(credits=[credit("100")], rates=rates, tiers=[])

    def test_pays_nothing_under_a_minimum_of_its_kind(self):
        minimums = [{"deal_kind": "new", "deal": "500"}, {"margin": "0.20"}]
        deals = [
            credit("400", 1, deal_kind="new", margin="200"),
            credit("400", 2, deal_kind="renewal", margin="200"),
            credit("1000", 3, margin="199"),
        ]

        assert self.commission(credits=deals, minimums=minimums)["payout"] == "40.00"

    def test_earns_in_named_shares_and_in_proportion_when_partly_paid(self):
        earned = [{"event": "booking", "share": "0.5"}, {"event": "payment", "share": "0.5"}]
        deal = credit("1000", earned={"booking": "1", "payment": "0.4"})

        assert self.commission(credits=[deal], earned_on=earned)["payout"] == "70.00"
        with pytest.raises(Refusal, match="reads payment of d1"):
            self.commission(credits=[credit("1000", earned={"booking": "1"})], earned_on=earned)

    def test_reads_the_table_at_each_deal_and_caps_it(self):
        tiers = [{"from": "0", "rate": "0.01"}, {"from": "1000", "rate": "0.02"}]
        deals = [credit("900", 1), credit("1000", 2), credit("9000", 3)]
        leaf = {"tiers": tiers, "reading": "whole_amount"}

        assert self.commission(credits=deals, per="deal", **leaf)["payout"] == "209.00"
        assert self.commission(credits=deals, per="deal", deal_cap="100", **leaf)["payout"] == "129.00"
        assert self.commission(credits=deals, **leaf)["payout"] == "218.00"

    def test_names_the_base_a_deal_lacks(self):
        with pytest.raises(Refusal, match="C reads margin of d1, which has none"):
            self.commission(credits=[credit("100")], base="margin")

    def test_reads_the_rate_by_attainment_of_target_incentive(self):
        leaf = {
            "kind": "commission", "code": "C", "axis": "attainment", "basis": "target_incentive",
            "axis_reading": {"metric": "A", "level": "team"}, "reading": "whole_amount",
            "tiers": [{"from": "0", "rate": "0.5"}, {"from": "1", "rate": "1"}],
        }  # fmt: skip

        assert paid(plan(commissions=[leaf]), results=[result("A", "99")]) == D("5000.00")
        assert paid(plan(commissions=[leaf]), results=[result("A", "100")]) == D("10000.00")
        attained = leaf | {"basis": "target_incentive_x_attainment"}
        assert paid(plan(commissions=[attained]), results=[result("A", "120")]) == D("12000.00")

    def test_is_cut_by_its_gate_factor_and_cap(self):
        gate = {"metric": "G", "at_least": "1"}
        document = plan(
            commissions=[
                {
                    "kind": "commission",
                    "code": "C",
                    "tiers": [{"from": "0", "rate": "0.1"}],
                    "gate": gate,
                    "cap": "50",
                }
            ]
        )
        results = [result("G", "1", None, level="individual", subject="kam")]

        assert paid(document, credits=[credit("1000")], results=results) == D("50.00")

    def test_reverses_at_the_first_rate_and_carries_the_negative(self):
        document = plan(
            commissions=[{"kind": "commission", "code": "C", "tiers": [{"from": "0", "rate": "0.1"}]}]
        )
        deals = [credit("1000"), credit("-400", 2, "Q2"), credit("1000", 3, "Q3")]
        quarters = people(document, pay=("Q1", "Q2", "Q3"), credits=deals)

        assert [q["payout"] for q in quarters] == ["100.00", "0.00", "60.00"]
        assert [q["closing"]["carried"] for q in quarters] == ["0.00", "-40.00", "0.00"]

    def test_tiers_of_the_year_to_date_pay_the_difference(self):
        tiers = [{"from": "0", "rate": "0.01"}, {"from": "1000", "rate": "0.02"}]
        document = plan(
            commissions=[{"kind": "commission", "code": "C", "tiers": tiers, "accumulation": "year_to_date"}]
        )
        quarters = people(document, pay=("Q1", "Q2"), credits=[credit("800"), credit("700", 2, "Q2")])

        assert [(q["due"], q["payout"]) for q in quarters] == [("8.00", "8.00"), ("20.00", "12.00")]


class TestManagerCredits:
    def credit(self, person: str, kind: str = "direct") -> CaseCredit:
        return CaseCredit(
            id=f"d-{person}", person=person, period="Q1", credit_type=kind, share=D(1), revenue=D(100)
        )

    def test_roll_up_to_every_manager_and_override_to_the_next(self):
        made = manager_credits(
            credits=[self.credit("rep"), self.credit("x", "overlay")],
            managers={"rep": "lead", "lead": "head", "x": "lead"},
            kinds=frozenset({CreditType.ROLLUP, CreditType.OVERRIDE}),
        )

        assert [(c.person, c.credit_type) for c in made] == [
            ("lead", "rollup"), ("lead", "override"), ("head", "rollup"),
        ]  # fmt: skip

    def test_refuses_managers_in_a_circle(self):
        with pytest.raises(ManagersLoop, match="come back to a"):
            manager_credits(
                credits=[self.credit("a")],
                managers={"a": "b", "b": "a"},
                kinds=frozenset({CreditType.ROLLUP}),
            )


class TestOtherMoney:
    def bonus(self, units: str, **leaf: Any) -> Decimal:
        bonus = {"kind": "unit_bonus", "code": "U", "metric": "N", "level": "team", "amount": "250"} | leaf
        return paid(plan(commissions=[bonus]), results=[result("N", units, None)])

    def test_pays_units_above_a_threshold_up_to_a_cap(self):
        assert self.bonus("7") == D("1750.00")
        assert self.bonus("7", threshold="5") == D("500.00")
        assert self.bonus("7", threshold="5", counts="all_from_threshold") == D("1750.00")
        assert self.bonus("4", threshold="5", counts="all_from_threshold") == 0
        assert self.bonus("70", units_at_most="10") == D("2500.00")

    def test_pays_a_kicker_under_its_gate(self):
        kicker = {
            "kind": "fixed", "code": "K", "amount": "1000", "gate": {"metric": "G", "at_least": "1", "level": "team"},
        }  # fmt: skip

        assert paid(plan(commissions=[kicker]), results=[result("G", "1", None)]) == D("1000.00")
        assert paid(plan(commissions=[kicker]), results=[result("G", "0", None)]) == 0

    @pytest.mark.parametrize(("excess", "second"), [("lost", "5000.00"), ("carried", "8000.00")])
    def test_caps_a_payout_in_money(self, excess, second):
        document = plan(goal("A"), payout_cap={"amount": "12000", "excess": excess})
        results = [result("A", "150"), result("A", "50", period="Q2")]

        assert [q["payout"] for q in people(document, pay=("Q1", "Q2"), results=results)] == [
            "12000.00",
            second,
        ]

    def test_releases_what_is_held_back_in_later_periods(self):
        held = {"share": "0.2", "periods": 1, "instalments": ["0.6", "0.4"]}
        document = plan(goal("A"), payment={"holdback": held})
        actual = ("100", "100", "0", "0")
        results = [result("A", each, period=f"Q{n}") for n, each in enumerate(actual, start=1)]

        quarters = people(document, pay=("Q1", "Q2", "Q3", "Q4"), results=results)

        full = D(quarters[0]["payout"])
        assert [D(q["payable"]) / full for q in quarters] == [D("0.8"), D("0.92"), D("0.2"), D("0.08")]
        assert D(quarters[1]["closing"]["held"][0]) == D("0.2") * full
        assert [D(amount) for amount in quarters[3]["closing"]["held"]] == [0, 0]

    def test_holds_back_a_share_and_guarantees_the_first_periods(self):
        document = plan(goal("A"), payment={"holdback": {"share": "0.2"}})
        guaranteed = plan(goal("A"), payment={"guarantee": {"amount": "9000", "periods": 1}})
        results = [result("A", "50"), result("A", "50", period="Q2")]

        assert people(document, results=results)[0]["payable"] == "4000.00"
        assert [q["payable"] for q in people(guaranteed, pay=("Q1", "Q2"), results=results)] == [
            "9000.00",
            "5000.00",
        ]


class TestLines:
    @given(st.lists(st.integers(0, 2000), min_size=3, max_size=3), st.integers(50, 150))
    def test_sum_to_the_payout_whatever_is_cut(self, actuals, cap):
        tree = plan(
            *(goal(f"G{i}", w) for i, w in enumerate(("0.5", "0.3", "0.2"))),
            incentive={"cap": str(D(cap) / 100), "hurdle": {"at_least": "0.5"}},
        )
        results = [result(f"G{i}", str(a), "1300") for i, a in enumerate(actuals)]
        person = people(tree, results=results)[0]

        assert sum(D(line["amount"]) for line in person["lines"]) == D(person["payout"])
