"""Guideline shares and limits: docs/reference/formulas.md, "Pool allocation"; laws I01-I05, I20."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamcomp.money import minor_unit
from payouts.engine.allocation import (
    AllocationRule,
    AllocationRuleUnsound,
    Member,
    MemberUnsound,
    allocation_limits,
    guideline_shares,
    guideline_weights,
)
from payouts.engine.filling import LimitsCannotHoldPool, NobodyToShareWith

D = Decimal


def member(key, *, dedication="1", days=90, role_weight="1", link="direct", role="", ceiling=None):
    return Member(
        key=key,
        role=role or key,
        link=link,
        dedication=D(dedication),
        eligible_days=days,
        role_weight=D(role_weight),
        ceiling=None if ceiling is None else D(ceiling),
    )


TEAM = [
    member("PM", role_weight="1.2"),
    member("CSR", dedication="0.60"),
    member("SA", dedication="0.40", days=60, role_weight="1.5", link="matrix"),
    member("BIL", dedication="0.15", role_weight="0.8", link="matrix"),
    member("LOG", dedication="0.25", link="matrix"),
]


def shares(members, *, total="30160.00", currency="EUR", **rule):
    return guideline_shares(
        total=D(total), members=members, rule=AllocationRule(**rule), period_days=90, currency=currency
    )


members_drawn = st.lists(
    st.builds(
        member,
        st.uuids().map(str),
        dedication=st.integers(0, 100).map(lambda cents: str(D(cents).scaleb(-2))),
        days=st.integers(0, 90),
        role_weight=st.integers(1, 30).map(lambda tenths: str(D(tenths).scaleb(-1))),
    ),
    min_size=1,
    max_size=12,
    unique_by=lambda drawn: drawn.key,
).filter(lambda drawn: any(one.dedication and one.eligible_days for one in drawn))
totals = st.integers(0, 10**9).map(lambda cents: str(D(cents).scaleb(-2)))


class TestGuidelineShares:
    def test_are_dedication_by_days_by_role_weight(self):
        assert shares(TEAM).shares == {
            "PM": D("14082.49"),
            "CSR": D("7041.25"),
            "SA": D("4694.16"),
            "BIL": D("1408.25"),
            "LOG": D("2933.85"),
        }

    def test_break_ties_by_member(self):
        assert shares([member(key) for key in "cab"], total="100.00").shares == {
            "a": D("33.34"),
            "b": D("33.33"),
            "c": D("33.33"),
        }

    def test_are_whole_yen(self):
        assert shares([member(key) for key in "abc"], total="100001", currency="JPY").shares == {
            "a": D(33334),
            "b": D(33334),
            "c": D(33333),
        }

    def test_count_only_the_factors_the_plan_names(self):
        assert shares(TEAM, total="500.00", share_by=("role_weight",)).shares["SA"] == D("136.36")

    def test_give_nothing_to_somebody_without_a_day_also_when_days_do_not_count(self):
        given_shares = shares([*TEAM, member("NEW", days=0)], share_by=("role_weight",)).shares

        assert given_shares["NEW"] == 0

    def test_stop_at_the_most_per_person_and_pass_the_rest_on(self):
        capped = shares(TEAM, per_person_at_most=D("0.25")).shares

        assert list(capped.values()) == [
            D("7540.00"),
            D("7540.00"),
            D("7540.00"),
            D("2445.41"),
            D("5094.59"),
        ]

    def test_stop_at_a_personal_ceiling(self):
        capped = shares([member("a", ceiling="10.005"), member("b")], total="100.00").shares

        assert capped == {"a": D("10.00"), "b": D("90.00")}

    def test_give_matrix_members_their_least(self):
        raised = shares(TEAM, matrix_at_least=D("0.50")).shares

        assert raised["SA"] + raised["BIL"] + raised["LOG"] == D("15080.00")
        assert raised["PM"] == D("10053.33")

    def test_ask_no_least_for_a_matrix_that_did_not_serve(self):
        away = [member("a"), member("m", link="matrix", days=0)]

        assert shares(away, total="100.00", matrix_at_least=D("0.5")).shares == {"a": D(100), "m": D(0)}

    def test_refuse_ceilings_that_cannot_hold_the_pool(self):
        with pytest.raises(LimitsCannotHoldPool, match=r"\(most per person\) reach 22620.00 EUR") as refused:
            shares(TEAM[:3], per_person_at_most=D("0.25"))

        assert refused.value.bound == "ceilings"
        assert refused.value.code == "limits_cannot_hold_pool"

    def test_refuse_a_pool_without_anybody(self):
        with pytest.raises(NobodyToShareWith):
            shares([member("a", days=0)])

    @given(members=members_drawn, total=totals)
    def test_sum_to_the_pool(self, members, total):
        assert sum(shares(members, total=total).shares.values()) == D(total)

    @given(members=members_drawn, total=totals)
    def test_are_within_a_minor_unit_of_the_exact_share(self, members, total):
        weights = guideline_weights(members=members, rule=AllocationRule(), period_days=90)
        whole = sum(weights.values())

        for key, share in shares(members, total=total).shares.items():
            assert abs(Fraction(share) - Fraction(D(total)) * weights[key] / whole) < Fraction(1, 100)

    @given(members=members_drawn, total=totals, shuffled=st.randoms(use_true_random=False))
    def test_do_not_depend_on_the_order_of_members(self, members, total, shuffled):
        other = list(members)
        shuffled.shuffle(other)

        assert shares(other, total=total).shares == shares(members, total=total).shares

    @given(members=members_drawn, total=totals, factor=st.integers(2, 1000))
    def test_do_not_change_when_all_weights_are_scaled(self, members, total, factor):
        scaled = [
            Member(
                key=one.key,
                role=one.role,
                link=one.link,
                dedication=one.dedication,
                eligible_days=one.eligible_days,
                role_weight=one.role_weight * factor,
            )
            for one in members
        ]

        assert shares(scaled, total=total).shares == shares(members, total=total).shares

    @given(members=members_drawn, total=totals, key=st.uuids().map(str))
    def test_do_not_change_when_somebody_of_no_weight_joins(self, members, total, key):
        joined = shares([*members, member(key, dedication="0")], total=total).shares

        assert joined.pop(key) == 0
        assert joined == shares(members, total=total).shares

    @given(
        members=members_drawn, currency=st.sampled_from(["JPY", "EUR", "KWD"]), units=st.integers(0, 10**9)
    )
    def test_are_whole_minor_units_of_their_currency(self, members, currency, units):
        total = units * minor_unit(currency)

        given_shares = shares(members, total=str(total), currency=currency).shares

        assert all(share % minor_unit(currency) == 0 for share in given_shares.values())


class TestRoleShares:
    ROLES = {"lead": D("0.5"), "service": D("0.3"), "finance": D("0.2")}

    def members(self, *roles):
        return [member(f"{role}-{number}", role=role) for number, role in enumerate(roles)]

    def test_split_the_pool_between_roles_first(self):
        found = shares(
            self.members("lead", "service", "service", "finance"), total="100.00", role_shares=self.ROLES
        )

        assert list(found.shares.values()) == [D("50.00"), D("15.00"), D("15.00"), D("20.00")]

    def test_spread_the_share_of_a_role_nobody_holds(self):
        found = shares(self.members("lead", "service"), total="100.00", role_shares=self.ROLES)

        assert found.shares == {"lead-0": D("62.50"), "service-1": D("37.50")}
        assert found.withheld == 0

    def test_withhold_it_where_the_plan_says_so(self):
        found = shares(
            self.members("lead", "service"),
            total="100.00",
            role_shares=self.ROLES,
            when_role_empty="withhold",
        )

        assert found.shares == {"lead-0": D("50.00"), "service-1": D("30.00")}
        assert found.withheld == D("20.00")

    def test_refuse_a_role_without_a_share(self):
        with pytest.raises(MemberUnsound, match="the role chef has no share"):
            shares(self.members("lead", "chef"), role_shares=self.ROLES)

    def test_refuse_shares_that_are_not_whole(self):
        with pytest.raises(AllocationRuleUnsound, match=r"sum to 0\.9"):
            AllocationRule(role_shares={"lead": D("0.9")})


class TestMember:
    def test_cannot_have_more_days_than_the_period(self):
        with pytest.raises(MemberUnsound, match="91 eligible days, the period has 90"):
            shares([member("a", days=91)])

    def test_cannot_weigh_less_than_nothing(self):
        with pytest.raises(MemberUnsound, match="cannot be below zero"):
            shares([member("a", role_weight="-1")])


class TestAllocationLimits:
    def limits(self, members=TEAM, **rule):
        rule = AllocationRule(**rule)
        total = D("30160.00")
        guideline = guideline_shares(
            total=total, members=members, rule=rule, period_days=90, currency="EUR"
        ).shares
        return allocation_limits(total=total, members=members, guideline=guideline, rule=rule, currency="EUR")

    def test_round_floors_up_and_ceilings_down(self):
        limits = self.limits(low=D("0.50"), high=D("1.50"))

        assert (limits["CSR"].low, limits["CSR"].high) == (D("3520.63"), D("10561.87"))

    def test_keep_the_most_per_person_below_the_bounds(self):
        limits = self.limits(low=D("0.50"), high=D("1.50"), per_person_at_most=D("0.30"))

        assert (limits["PM"].high, limits["PM"].high_because) == (D("9048.00"), "most per person")

    def test_refuse_bounds_that_leave_out_the_guideline(self):
        with pytest.raises(AllocationRuleUnsound, match="leave out the guideline"):
            AllocationRule(low=D("1.1"), high=D("1.5"))

    @given(members=members_drawn, low=st.integers(0, 100), high=st.integers(100, 300))
    def test_always_hold_the_guideline(self, members, low, high):
        rule = AllocationRule(low=D(low).scaleb(-2), high=D(high).scaleb(-2))
        total = D("1234.56")
        guideline = guideline_shares(
            total=total, members=members, rule=rule, period_days=90, currency="EUR"
        ).shares

        limits = allocation_limits(
            total=total, members=members, guideline=guideline, rule=rule, currency="EUR"
        )

        assert all(limits[key].low <= guideline[key] <= limits[key].high for key in guideline)
