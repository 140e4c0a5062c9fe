"""Pools that share a budget: told of each other, scaled together, and each shown again by itself."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamcomp.trace import RecordingTrace
from payouts.engine.pool_budget import budgets_shared
from payouts.engine.pool_case import (
    BudgetMoneyMissing,
    BudgetNotNamed,
    SharedBudget,
    case_document,
    case_from_document,
    pool_figures,
)
from tests.engine.test_pool_case import WORKED, case, terms

D = Decimal
KEYS = st.text("ABCDE", min_size=1, max_size=3)


def fixed(amount, budget="KEY", **fields):
    funding = {"rule": "fixed", "amount": f"{amount}"} | ({"budget": budget} if budget else {})
    return case(terms=terms(funding=funding), members=fields.pop("members", ()), **fields)


def funded(shared):
    return {key: pool_figures(case=each).funded for key, each in shared.items()}


def by_hand(asked, available):
    """Return what pools of whole cents get of too little money, in exact fractions and their own order."""
    total = sum(asked.values())
    if total <= available:
        return dict(asked)
    exact = {key: Fraction(cents * available, total) for key, cents in asked.items()}
    given_out = {key: int(share) for key, share in exact.items()}
    left = available - sum(given_out.values())
    for key in sorted(exact, key=lambda key: (given_out[key] - exact[key], key))[:left]:
        given_out[key] += 1
    return given_out


class TestBudgetsShared:
    def test_scale_the_pools_of_one_budget_and_leave_the_others(self):
        cases = {
            "MER": fixed("30160.00"),
            "NORD": fixed("9840.00"),
            "ALP": fixed("500.00", budget="OTHER"),
            "BET": fixed("700.00", budget=None),
        }

        shared = budgets_shared(cases=cases, available={"KEY": D("30000.00"), "OTHER": D("500.00")})

        assert funded(shared) == {"MER": D(22620), "NORD": D(7380), "ALP": D(500), "BET": D(700)}
        assert shared["MER"].budget == SharedBudget(
            available=D("30000.00"), pool="MER", others={"NORD": D("9840.00")}
        )
        assert shared["BET"].budget is None

    def test_share_out_the_scaled_pool_by_the_guideline(self):
        shared = budgets_shared(
            cases={"MER": fixed("30160.00", members=WORKED), "NORD": fixed("9840.00")},
            available={"KEY": D("30000.00")},
        )

        figures = pool_figures(case=shared["MER"])

        assert (figures.funded, sum(figures.guideline.values())) == (D("22620.00"), D("22620.00"))

    def test_add_corrections_outside_the_budget(self):
        cases = {"MER": fixed("30160.00", correction=D("250.00")), "NORD": fixed("9840.00")}

        assert funded(budgets_shared(cases=cases, available={"KEY": D("30000.00")})) == {
            "MER": D("22870.00"),
            "NORD": D("7380.00"),
        }

    def test_refuse_a_budget_that_holds_nothing_known(self):
        with pytest.raises(
            BudgetMoneyMissing, match="pools of MER share the budget KEY, .* stated are: KEYS"
        ):
            budgets_shared(cases={"MER": fixed("1.00")}, available={"KEYS": D(1)})

    def test_come_out_of_the_stored_document_the_same(self):
        shared = budgets_shared(
            cases={"MER": fixed("30160.00"), "NORD": fixed("9840.00")}, available={"KEY": D("30000.00")}
        )

        again = case_from_document(case_document(case=shared["NORD"]))

        assert again == shared["NORD"]
        assert pool_figures(case=again).funded == D("7380.00")

    def test_leave_the_document_of_a_pool_without_budget_as_it_was(self):
        assert "budget" not in case_document(case=fixed("1.00", budget=None))

    @given(
        asked=st.dictionaries(KEYS, st.integers(0, 10**9), min_size=1, max_size=9),
        available=st.integers(0, 2 * 10**9),
    )
    def test_give_together_the_lesser_of_the_money_and_what_is_asked(self, asked, available):
        cases = {key: fixed(D(cents).scaleb(-2)) for key, cents in asked.items()}

        got = funded(budgets_shared(cases=cases, available={"KEY": D(available).scaleb(-2)}))

        assert sum(got.values()) == min(D(available), D(sum(asked.values()))).scaleb(-2)
        assert all(got[key] <= D(cents).scaleb(-2) for key, cents in asked.items())
        assert {key: amount.scaleb(2) for key, amount in got.items()} == by_hand(asked, available)


class TestPoolGranted:
    def test_refuses_a_budget_whose_money_is_not_stated(self):
        with pytest.raises(BudgetMoneyMissing, match="shares the budget KEY"):
            pool_figures(case=fixed("100.00"))

    def test_refuses_money_of_a_budget_that_the_plan_does_not_name(self):
        budget = SharedBudget(available=D(1), pool="MER", others={})

        with pytest.raises(BudgetNotNamed, match=r"pool\.funding\.budget"):
            pool_figures(case=replace(fixed("100.00", budget=None), budget=budget))

    def test_explains_the_scaling_step_by_step(self):
        trace = RecordingTrace()
        shared = budgets_shared(
            cases={"MER": fixed("30160.00"), "NORD": fixed("9840.00")}, available={"KEY": D("30000.00")}
        )

        pool_figures(case=shared["MER"], trace=trace)

        steps = {step["name"]: step["value"] for step in trace.tree()}
        assert [steps[name] for name in ("pool funded", "pools asked", "money available", "pool granted")] == [
            "30160.00", "40000.00", "30000.00", "22620.00",
        ]  # fmt: skip
