"""Banks, holdbacks, instalments, events: docs/reference/formulas.md, "Deferral"."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamcomp.columns import EXACT
from payouts.engine.deferral import (
    ShareOutOfRange,
    SharesNotWhole,
    deferral_bank,
    holdback,
    instalments,
    released,
)

D = Decimal
amounts = st.integers(0, 10**8).map(lambda cents: D(cents).scaleb(-2))


def column(*values):
    return EXACT.column([D(value) for value in values])


class TestDeferralBank:
    def in_turn(self, earned, *, share=Fraction(1, 3)):
        balance, years = column("0.00"), []
        for amount in earned:
            year = deferral_bank(balance=balance, earned=column(amount), pay_share=share, currency="EUR")
            balance = year.balance
            years.append((year.paid[0], year.balance[0]))
        return years

    def test_pays_a_third_of_its_positive_balance(self):
        assert self.in_turn(["12000.00", "15000.00", "-3000.00"]) == [
            (D("4000.00"), D("8000.00")),
            (D("7666.67"), D("15333.33")),
            (D("4111.11"), D("8222.22")),
        ]

    def test_pays_nothing_while_it_is_below_zero_and_waits(self):
        assert self.in_turn(["-900.00", "300.00", "900.00"]) == [
            (D(0), D("-900.00")),
            (D(0), D("-600.00")),
            (D("100.00"), D("200.00")),
        ]

    @given(
        earned=st.lists(st.integers(-(10**7), 10**7).map(lambda c: D(c).scaleb(-2)), min_size=1, max_size=8)
    )
    def test_keeps_every_cent(self, earned):
        years = self.in_turn(earned)

        assert sum(paid for paid, _ in years) + years[-1][1] == sum(earned)
        assert all(paid >= 0 for paid, _ in years)

    @pytest.mark.parametrize("share", [Fraction(0), Fraction(4, 3)])
    def test_refuses_a_share_it_cannot_pay(self, share):
        with pytest.raises(ShareOutOfRange):
            self.in_turn(["1.00"], share=share)


class TestHoldback:
    @given(amount=amounts, share=st.integers(0, 1000).map(lambda value: D(value).scaleb(-3)))
    def test_sums_to_the_whole(self, amount, share):
        parts = holdback(amount=column(amount), share=share, currency="EUR")

        assert parts.now[0] + parts.held[0] == amount
        assert min(parts.now[0], parts.held[0]) >= 0

    def test_settles_the_part_held_half_up(self):
        parts = holdback(amount=column("10.05"), share=D("0.10"), currency="EUR")

        assert (parts.held[0], parts.now[0]) == (D("1.01"), D("9.04"))


def shared(amount, *shares):
    return [parts[0] for parts in instalments(amount=column(amount), shares=shares, currency="EUR")]


class TestInstalments:
    def test_sum_to_the_amount_with_the_odd_cents_first(self):
        third = D("0.3333333333")

        assert shared("100.00", D("0.50"), D("0.25"), D("0.25")) == [D("50.00"), D("25.00"), D("25.00")]
        assert shared("0.02", third, third, 1 - 2 * third) == [D("0.01"), D("0.00"), D("0.01")]
        assert shared("0.01", D("0.5"), D("0.5")) == [D("0.01"), D(0)]

    @given(amount=amounts, cuts=st.lists(st.integers(0, 100), min_size=1, max_size=5))
    def test_always_sum_to_the_amount(self, amount, cuts):
        edges = [0, *sorted(cuts), 100]
        shares = [D(high - low).scaleb(-2) for low, high in pairwise(edges)]

        parts = shared(amount, *shares)

        assert sum(parts) == amount
        assert all(abs(part - amount * share) < D("0.01") for part, share in zip(parts, shares, strict=True))

    def test_refuse_shares_that_are_not_whole(self):
        with pytest.raises(SharesNotWhole, match=r"instalment shares sum to 0\.8"):
            shared("1.00", D("0.5"), D("0.3"))


class TestReleased:
    def test_shifts_what_waits_and_adds_what_is_held_back_now(self):
        waiting = np.array([[D("5.00"), D("3.00")], [D("0.00"), D("7.00")]], dtype=object)
        parts = [column("4.00", "1.00"), column("2.00", "1.00")]

        out = released(waiting=waiting, parts=parts, wait=2, currency="EUR")

        assert list(out.now) == [D("5.00"), D("0.00")]
        assert out.waiting.tolist() == [[D("3.00"), D("4.00"), D("2.00")], [D("7.00"), D("1.00"), D("1.00")]]
