"""Due to date, carried and corrected: docs/reference/formulas.md, "Accumulation"; laws I21, I16."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamcomp.columns import EXACT, FAST
from kamcomp.money import settle
from kamcomp.trace import RecordingTrace
from payouts.engine.accumulation import (
    CapReadingUnknown,
    CorrectionOutOfReach,
    capped_amount,
    corrections,
    interim_ratio,
    long_term_award,
    period_payable,
    to_date_payable,
)

D = Decimal
cents = st.integers(-(10**7), 10**7).map(lambda value: D(value).scaleb(-2))


def column(*values):
    return EXACT.column([D(value) for value in values])


def paid_in_turn(dues):
    """Pay a year of dues to date, period after period, and return what each paid."""
    posted, paid = column("0.00"), []
    for due in dues:
        payable = to_date_payable(due=column(due), posted=posted, currency="EUR")
        posted = posted + payable.amount
        paid.append((payable.amount[0], payable.carried[0]))
    return paid


class TestToDatePayable:
    def test_pays_a_year_of_due_to_date(self):
        ratios = {
            "0.90": "0.66666666666666666666666666666666667",
            "1.00": "1",
            "0.95": "0.8333333333333333333333333333333333",
            "1.0125": "1.0625",
        }
        dues = [
            settle(D(30000) * number / 4 * min(D(ratio), D(1) if number < 4 else D(2)), currency="EUR")
            for number, ratio in enumerate(ratios.values(), start=1)
        ]

        assert dues == [D("5000.00"), D("15000.00"), D("18750.00"), D("31875.00")]
        assert [amount for amount, _ in paid_in_turn(dues)] == [
            D("5000.00"),
            D("10000.00"),
            D("3750.00"),
            D("13125.00"),
        ]

    def test_pays_nothing_when_too_much_was_posted_and_recovers_it_later(self):
        assert paid_in_turn(["7500", "15000", "14000", "21000"]) == [
            (D(7500), D(0)),
            (D(7500), D(0)),
            (D(0), D(-1000)),
            (D(6000), D(0)),
        ]

    @given(dues=st.lists(cents.map(abs), min_size=1, max_size=12))
    def test_never_pays_below_zero_and_ends_at_the_highest_due(self, dues):
        paid = [amount for amount, _ in paid_in_turn(dues)]

        assert min(paid) >= 0
        assert sum(paid) == max(dues)

    def test_keeps_rows_apart(self):
        payable = to_date_payable(due=column("5", "1", "0"), posted=column("3", "3", "0"), currency="EUR")

        assert list(payable.amount) == [D(2), D(0), D(0)]
        assert list(payable.carried) == [D(0), D(-2), D(0)]
        assert all(type(amount) is Decimal for amount in [*payable.amount, *payable.carried])

    @given(due=cents, posted=cents)
    def test_gives_floats_the_same_answer(self, due, posted):
        exact = to_date_payable(due=column(due), posted=column(posted), currency="EUR")
        fast = to_date_payable(due=FAST.column([due]), posted=FAST.column([posted]), currency="EUR")

        assert float(exact.amount[0]) == pytest.approx(fast.amount[0])

    def test_says_when_a_difference_is_carried(self):
        trace = RecordingTrace()

        to_date_payable(due=column("14000.00"), posted=column("15000.00"), currency="EUR", trace=trace)

        assert [(step["name"], step["value"]) for step in trace.tree()] == [
            ("due to date", "14000.00"),
            ("posted so far", "15000.00"),
            ("this period", "0.00"),
            ("carried", "-1000.00"),
        ]
        assert "nothing is paid" in trace.tree()[2]["because"]


class TestPeriodPayable:
    @given(dues=st.lists(cents, min_size=1, max_size=12))
    def test_carries_what_is_below_zero_and_loses_nothing(self, dues):
        carried, total = column("0.00"), D(0)
        for due in dues:
            payable = period_payable(due=column(due), carried=carried, currency="EUR")
            carried, total = payable.carried, total + payable.amount[0]
            assert payable.amount[0] >= 0 >= carried[0]

        assert total + carried[0] == sum(dues)


class TestInterimRatio:
    def test_stops_at_the_cap_before_the_last_period(self):
        ratio = column("0.8", "1.0", "1.3")

        counted = interim_ratio(ratio=ratio, interim_cap=D(1), last=False)

        assert list(counted) == [D("0.8"), D("1.0"), D("1.0")]

    def test_does_not_stop_in_the_last_period(self):
        assert list(interim_ratio(ratio=column("1.3"), interim_cap=D(1), last=True)) == [D("1.3")]

    def test_works_on_floats(self):
        counted = interim_ratio(ratio=np.array([0.8, 1.3]), interim_cap=1.0, last=False)

        assert counted.tolist() == [0.8, 1.0]


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


class TestLongTermAward:
    def test_pays_its_share_of_the_years_at_the_cumulative_result(self):
        award = long_term_award(
            incentive=column("30000"), share=D("0.25"), years=3, ratio=column("1.20"), currency="EUR"
        )

        assert list(award) == [D("27000.00")]
