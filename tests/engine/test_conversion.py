"""To payroll currency: docs/reference/formulas.md, "Currency"; laws I18, I19, I20."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamcomp.columns import EXACT
from kamcomp.money import minor_unit
from payouts.engine.conversion import (
    Rate,
    RateForAnotherPair,
    RateMissing,
    RateUnsound,
    converted_once,
    payroll_amounts,
    rate_for,
)

D = Decimal
GBP = Rate(key="7", base="EUR", quote="GBP", value=D("0.8437"))
JPY = Rate(key="8", base="EUR", quote="JPY", value=D("161.27"))
RATES = {("EUR", "GBP"): GBP, ("EUR", "JPY"): JPY}
lines_drawn = st.dictionaries(
    st.text("abc", min_size=1, max_size=3),
    st.integers(-(10**6), 10**7).map(lambda c: D(c).scaleb(-2)),
    max_size=8,
)


def converted(lines, rate):
    return converted_once(
        lines={key: D(line) for key, line in lines.items()},
        currency=rate.base,
        rate=rate,
        payroll_currency=rate.quote,
    )


class TestConvertedOnce:
    @pytest.mark.parametrize(("rate", "paid"), [(GBP, D("6163.23")), (JPY, D(1178077))])
    def test_settles_in_the_payroll_currency(self, rate, paid):
        assert converted({"REV": "7305.00"}, rate).amount == paid

    def test_names_the_difference_to_the_lines(self):
        found = converted({"REV": "1.51", "MAR": "1.51"}, JPY)

        assert found.lines == {"REV": D(244), "MAR": D(244)}
        assert (found.amount, found.difference) == (D(487), D(-1))

    def test_keeps_the_rate_it_used(self):
        assert converted({"REV": "1.00"}, GBP).rate_key == "7"

    @given(lines=lines_drawn, rate=st.sampled_from([GBP, JPY]))
    def test_lines_and_difference_are_what_is_paid(self, lines, rate):
        found = converted(lines, rate)

        assert sum(found.lines.values()) + found.difference == found.amount
        assert abs(found.difference) <= minor_unit(rate.quote) * (len(lines) + 1) / 2

    @given(lines=lines_drawn)
    def test_changes_nothing_within_one_currency(self, lines):
        found = converted(lines, rate_for(rates={}, base="EUR", quote="EUR"))

        assert (found.amount, found.difference) == (sum(lines.values()), 0)

    @given(cents=st.integers(0, 10**9))
    def test_there_and_back_differs_by_at_most_what_one_minor_unit_is_worth(self, cents):
        back = Rate(key="9", base="GBP", quote="EUR", value=1 / GBP.value)
        amount = D(cents).scaleb(-2)

        there = converted({"x": amount}, GBP).amount
        again = converted({"x": there}, back).amount

        assert abs(again - amount) <= D("0.01")

    def test_refuses_the_rate_of_another_pair(self):
        with pytest.raises(RateForAnotherPair, match="EUR to GBP cannot convert USD to GBP"):
            converted_once(lines={"x": D(1)}, currency="USD", rate=GBP, payroll_currency="GBP")


class TestPayrollAmounts:
    def test_converts_each_payee_once(self):
        paid = payroll_amounts(
            amounts=EXACT.column([D("7305.00"), D("0.00")]), currency="EUR", rate=GBP, payroll_currency="GBP"
        )

        assert list(paid) == [D("6163.23"), D("0.00")]

    def test_refuses_the_rate_turned_round(self):
        with pytest.raises(RateForAnotherPair):
            payroll_amounts(amounts=EXACT.column([D(1)]), currency="GBP", rate=GBP, payroll_currency="EUR")


class TestRateFor:
    def test_finds_the_stored_pair(self):
        assert rate_for(rates=RATES, base="EUR", quote="GBP") is GBP

    @pytest.mark.parametrize(("base", "quote"), [("GBP", "EUR"), ("GBP", "JPY")])
    def test_neither_turns_a_rate_round_nor_chains_two(self, base, quote):
        with pytest.raises(RateMissing, match=f"no stored rate from {base} to {quote}"):
            rate_for(rates=RATES, base=base, quote=quote)


class TestRate:
    def test_is_above_zero_and_one_to_itself(self):
        with pytest.raises(RateUnsound, match="above zero"):
            Rate(key="1", base="EUR", quote="GBP", value=D(0))
        with pytest.raises(RateUnsound, match="to itself"):
            Rate(key="1", base="EUR", quote="EUR", value=D("1.01"))
