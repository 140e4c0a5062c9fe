"""Due to date, carried and corrected: docs/reference/formulas.md, "Accumulation"; laws I21, I16."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamcomp.columns import EXACT, FAST
from kamcomp.trace import RecordingTrace
from payouts.engine.accumulation import (
    CapReadingUnknown,
    CorrectionOutOfReach,
    capped_amount,
    corrections,
    period_payable,
)

D = Decimal
cents = st.integers(-(10**7), 10**7).map(lambda value: D(value).scaleb(-2))


def column(*values):
    return EXACT.column([D(value) for value in values])


class TestPeriodPayable:
    def test_carries_a_negative_into_the_next_period(self):
        paid, carried = [], column("0.00")
        for due in ("7500", "7500", "-1000", "7000"):
            payable = period_payable(due=column(due), carried=carried, currency="EUR")
            carried = payable.carried
            paid.append((payable.amount[0], carried[0]))

        assert paid == [(D(7500), D(0)), (D(7500), D(0)), (D(0), D(-1000)), (D(6000), D(0))]

    def test_keeps_rows_apart(self):
        payable = period_payable(due=column("2", "-2", "0"), carried=column("0", "0", "0"), currency="EUR")

        assert list(payable.amount) == [D(2), D(0), D(0)]
        assert list(payable.carried) == [D(0), D(-2), D(0)]
        assert all(type(amount) is Decimal for amount in [*payable.amount, *payable.carried])

    @given(due=cents, carried=cents.map(abs))
    def test_gives_floats_the_same_answer(self, due, carried):
        exact = period_payable(due=column(due), carried=column(-carried), currency="EUR")
        fast = period_payable(due=FAST.column([due]), carried=FAST.column([-carried]), currency="EUR")

        assert float(exact.amount[0]) == pytest.approx(fast.amount[0])

    def test_says_when_a_difference_is_carried(self):
        trace = RecordingTrace()

        period_payable(due=column("-1000.00"), carried=column("0.00"), currency="EUR", trace=trace)

        assert [(step["name"], step["value"]) for step in trace.tree()] == [
            ("due this period", "-1000.00"),
            ("carried from before", "0.00"),
            ("this period", "0.00"),
            ("carried", "-1000.00"),
        ]
        assert "nothing is paid" in trace.tree()[2]["because"]

    @given(dues=st.lists(cents, min_size=1, max_size=12))
    def test_carries_what_is_below_zero_and_loses_nothing(self, dues):
        carried, total = column("0.00"), D(0)
        for due in dues:
            payable = period_payable(due=column(due), carried=carried, currency="EUR")
            carried, total = payable.carried, total + payable.amount[0]
            assert payable.amount[0] >= 0 >= carried[0]

        assert total + carried[0] == sum(dues)


class TestCappedAmount:
    def capped(self, earned, *, brought="0", excess):
        return capped_amount(
            earned=column(earned), cap=column("10000"), brought=column(brought), excess=excess, currency="EUR"
        )

    def test_loses_the_excess(self):
        capped = self.capped("12500", excess="lost")

        assert (capped.amount[0], capped.cut[0], capped.carried[0]) == (D(10000), D(2500), D(0))

    def test_carries_the_excess_into_a_later_period(self):
        first = self.capped("12500", excess="carried")
        second = self.capped("6000", brought=first.carried[0], excess="carried")

        assert first.carried[0] == D(2500)
        assert (second.amount[0], second.carried[0]) == (D(8500), D(0))

    def test_refuses_another_reading(self):
        with pytest.raises(CapReadingUnknown, match="'kept': it takes lost or carried"):
            self.capped("1", excess="kept")


class TestCorrections:
    def test_are_due_so_far_minus_posted_so_far_for_every_period(self):
        found = corrections(
            due={"Q1": D("5000.00"), "Q2": D("10500.00"), "Q3": D("3250.00")},
            posted={"Q1": D("5000.00"), "Q2": D("10000.00"), "Q3": D("3750.00")},
            currency="EUR",
        )

        assert [(one.period, one.amount) for one in found] == [("Q2", D("500.00")), ("Q3", D("-500.00"))]

    def test_correct_a_period_that_paid_nothing(self):
        (found,) = corrections(due={"Q1": D("10.00")}, posted={}, currency="EUR")

        assert found.amount == D("10.00")

    @given(due=st.dictionaries(st.sampled_from(["Q1", "Q2", "Q3", "Q4"]), cents, min_size=1), data=st.data())
    def test_correct_nothing_the_second_time(self, due, data):
        posted = {period: data.draw(cents) for period in due}
        for correction in corrections(due=due, posted=posted, currency="EUR"):
            posted[correction.period] += correction.amount

        assert posted == due
        assert corrections(due=due, posted=posted, currency="EUR") == ()

    def test_refuse_a_posting_they_cannot_reach(self):
        with pytest.raises(CorrectionOutOfReach, match="Q0"):
            corrections(due={"Q1": D(1)}, posted={"Q0": D(1)}, currency="EUR")
