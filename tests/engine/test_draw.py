"""Draws and guarantees: docs/reference/formulas.md, "Draws and guarantees"; law I22."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamcomp.columns import EXACT
from payouts.engine.draw import DrawInputNegative, DrawTerms, DrawUnsound, guaranteed, recoverable_draw

D = Decimal
amounts = st.integers(0, 10**6).map(lambda cents: D(cents).scaleb(-2))


def column(*values):
    return EXACT.column([D(value) for value in values])


def in_turn(earned, *, draw="1500", **terms):
    """Pay one payee's periods in turn and return each period's outcome."""
    balance, outcomes = column("0"), []
    for number, amount in enumerate(earned, start=1):
        drawn = recoverable_draw(
            earned=column(amount),
            draw=column(draw),
            balance=balance,
            number=number,
            terms=DrawTerms(**terms),
            currency="EUR",
        )
        balance = drawn.balance
        outcomes.append(drawn)
    return outcomes


def pays(outcomes):
    return [(drawn.pay[0], drawn.balance[0]) for drawn in outcomes]


class TestRecoverableDraw:
    def test_advances_a_shortfall_and_recovers_it_from_the_excess(self):
        assert pays(in_turn(["500", "1800", "3200"])) == [
            (D(1500), D(1000)),
            (D(1500), D(700)),
            (D(2500), D(0)),
        ]

    def test_recovers_at_its_rate(self):
        assert pays(in_turn(["500", "1800", "3200"], recovery_rate=D("0.5"))) == [
            (D(1500), D(1000)),
            (D(1650), D(850)),
            (D(2350), D(0)),
        ]

    def test_waits_before_recovering(self):
        assert pays(in_turn(["500", "1800", "3200"], recovery_delay=2)) == [
            (D(1500), D(1000)),
            (D(1800), D(1000)),
            (D(2200), D(0)),
        ]

    def test_recovers_from_all_earnings_after_the_last_draw(self):
        assert pays(in_turn(["500", "600", "700"], periods=1)) == [
            (D(1500), D(1000)),
            (D(0), D(400)),
            (D(300), D(0)),
        ]

    def test_stops_recovering_at_its_end_and_still_shows_what_is_owed(self):
        assert pays(in_turn(["500", "1800", "3200"], recovery_end=2))[-1] == (D(3200), D(700))

    def test_forgives_what_is_left_where_the_plan_says_so(self):
        last = in_turn(["500", "1800", "3200"], recovery_end=2, at_end="forgiven")[1]

        assert (last.forgiven[0], last.balance[0]) == (D(700), D(0))

    @given(
        earned=st.lists(amounts, min_size=1, max_size=10),
        draw=amounts,
        rate=st.integers(1, 100),
        periods=st.none() | st.integers(1, 8),
        delay=st.integers(0, 4),
    )
    def test_never_owes_less_than_nothing_and_loses_no_cent(self, earned, draw, rate, periods, delay):
        outcomes = in_turn(
            earned, draw=draw, recovery_rate=D(rate).scaleb(-2), periods=periods, recovery_delay=delay
        )

        assert all(drawn.balance[0] >= 0 and drawn.pay[0] >= 0 for drawn in outcomes)
        assert sum(drawn.pay[0] for drawn in outcomes) == sum(earned) + outcomes[-1].balance[0]

    @given(earned=amounts, draw=amounts)
    def test_pays_at_least_the_draw(self, earned, draw):
        (only,) = in_turn([earned], draw=draw)

        assert only.pay[0] == max(earned, draw)

    def test_refuses_less_than_nothing_and_names_the_row(self):
        with pytest.raises(DrawInputNegative, match="Row 1: earned is -1"):
            recoverable_draw(
                earned=column("0", "-1"),
                draw=column("0", "0"),
                balance=column("0", "0"),
                number=1,
                terms=DrawTerms(),
                currency="EUR",
            )


class TestDrawTerms:
    @pytest.mark.parametrize(
        ("terms", "said"),
        [
            ({"recovery_rate": D(0)}, "recovery rate is 0"),
            ({"recovery_rate": D("1.01")}, "recovery rate is 1.01"),
            ({"at_end": "kept"}, "'kept'"),
            ({"recovery_delay": 3, "recovery_end": 3}, "before it starts"),
        ],
    )
    def test_refuse_what_contradicts_itself(self, terms, said):
        with pytest.raises(DrawUnsound, match=said):
            DrawTerms(**terms)


class TestGuaranteed:
    def paid(self, earned, *, number=1, periods=None):
        return list(
            guaranteed(
                earned=column(*earned),
                guarantee=column(*["1500"] * len(earned)),
                number=number,
                periods=periods,
                currency="EUR",
            )
        )

    def test_pays_the_greater(self):
        assert self.paid(["500", "1800", "3200"]) == [D(1500), D(1800), D(3200)]

    def test_ends_after_its_periods(self):
        assert self.paid(["500"], number=3, periods=3) == [D(1500)]
        assert self.paid(["500"], number=4, periods=3) == [D(500)]

    def test_refuses_less_than_nothing(self):
        with pytest.raises(DrawInputNegative, match="earned is -500"):
            self.paid(["-500"])
