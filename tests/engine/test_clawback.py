"""Taking back: docs/reference/formulas.md, "Clawback"; law I21."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamcomp.columns import EXACT
from kamcomp.trace import RecordingTrace
from payouts.engine.clawback import (
    RecoveryLimitUnsound,
    look_back_from,
    overpaid,
    recovery,
)

D = Decimal
amounts = st.integers(0, 10**7).map(lambda cents: D(cents).scaleb(-2))


def column(*values):
    return EXACT.column([D(value) for value in values])


class TestOverpaid:
    def test_is_paid_less_recomputed(self):
        assert list(overpaid(paid=column("45000"), recomputed=column("33000"), currency="EUR")) == [D(12000)]

    def test_is_nothing_when_more_was_due(self):
        assert list(overpaid(paid=column("33000"), recomputed=column("45000"), currency="EUR")) == [D(0)]

    @given(paid=amounts, recomputed=st.integers(-(10**7), 10**7).map(D))
    def test_is_never_more_than_was_paid(self, paid, recomputed):
        owed = overpaid(paid=column(paid), recomputed=column(recomputed), currency="EUR")[0]

        assert 0 <= owed <= paid


class TestLookBack:
    @pytest.mark.parametrize(
        ("found_on", "months", "first"),
        [
            (date(2027, 3, 31), 1, date(2027, 2, 28)),
            (date(2028, 3, 31), 1, date(2028, 2, 29)),
            (date(2027, 1, 15), 12, date(2026, 1, 15)),
            (date(2027, 12, 31), 12, date(2026, 12, 31)),
            (date(2027, 6, 30), 0, date(2027, 6, 30)),
            (date(2027, 1, 31), 2, date(2026, 11, 30)),
            (date(2027, 12, 5), 24, date(2025, 12, 5)),
        ],
    )
    def test_reaches_the_same_day_so_many_months_before(self, found_on, months, first):
        assert look_back_from(found_on=found_on, months=months) == first


class TestRecovery:
    def in_turn(self, owed, payouts, **limits):
        balance, taken = column(owed), []
        for payout in payouts:
            step = recovery(owed=balance, payout=column(payout), currency="EUR", **limits)
            balance = step.owed
            taken.append(step.taken[0])
            assert step.taken[0] + step.paid[0] == D(payout)
        return taken

    def test_takes_at_most_its_share_of_each_payout(self):
        assert self.in_turn("12000.00", ["9000.00", "9000.00", "40000.00"], at_most=D("0.25")) == [
            D("2250.00"),
            D("2250.00"),
            D("7500.00"),
        ]

    def test_lets_local_law_go_first(self):
        assert self.in_turn("12000.00", ["9000.00"], at_most=D("0.25"), law_at_most=D("0.10")) == [
            D("900.00")
        ]
        assert self.in_turn("12000.00", ["9000.00"], at_most=D("0.25"), law_at_most=D(0)) == [D(0)]
        assert self.in_turn("12000.00", ["9000.00"], at_most=D("0.25"), law_at_most=D("0.5")) == [
            D("2250.00")
        ]

    def test_says_which_limit_counted(self):
        trace = RecordingTrace()

        recovery(
            owed=column("10.00"),
            payout=column("9.00"),
            at_most=D("0.25"),
            law_at_most=D("0.10"),
            currency="EUR",
            trace=trace,
        )

        assert trace.tree()[1]["because"] == "at most 0.10, local law's share of a payout"

    @given(owed=amounts, payouts=st.lists(amounts, max_size=8), share=st.integers(0, 100))
    def test_never_takes_more_than_is_owed(self, owed, payouts, share):
        assert sum(self.in_turn(owed, payouts, at_most=D(share).scaleb(-2))) <= owed

    def test_refuses_more_than_a_whole_payout(self):
        with pytest.raises(RecoveryLimitUnsound, match=r"plan's most per payout is 1\.5"):
            self.in_turn("1.00", ["1.00"], at_most=D("1.5"))
