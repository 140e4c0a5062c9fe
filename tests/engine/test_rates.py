"""Rate tables in their four readings: docs/reference/formulas.md, "Rate table"."""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kamcomp.columns import EXACT
from kamcomp.money import CONTEXT
from plans.engine.conventions import Negative, TierBound, TierReading
from plans.engine.rates import tier_amount

D = Decimal
STARTS, RATES = ["0", "1000000", "1500000"], ["0.010", "0.015", "0.020"]


def amount(
    reading: str, *positions: str, basis: str | None = None, over: str | None = None, **options: Any
) -> list[Decimal]:
    size = len(positions)
    with localcontext(CONTEXT):
        position = EXACT.column(positions)
        return list(
            tier_amount(
                starts=[D(start) for start in options.pop("starts", STARTS)],
                rates=[EXACT.full(size, rate) for rate in options.pop("rates", RATES)],
                reading=TierReading(reading),
                bound=TierBound(options.pop("bound", "at_least")),
                position=position,
                basis=position if basis is None else EXACT.full(size, basis),
                excess_over=None if over is None else EXACT.full(size, over),
                **options,
            )
        )


class TestTierAmount:
    def test_pays_each_slice_at_its_rate(self):
        assert amount("marginal", "1800000", "1000000", "0") == [D(23500), D(10000), D(0)]

    def test_pays_the_whole_at_the_rate_reached(self):
        assert amount("whole_amount", "1800000", "1499999", "1500000") == [D(36000), D("22499.985"), D(30000)]

    def test_pays_the_reached_rate_on_the_excess(self):
        assert amount("reached_on_excess", "1800000", "1000000", "900000", over="1000000") == [D(16000), 0, 0]

    def test_reads_the_rate_between_tiers(self):
        assert amount("interpolated", "1250000", "2000000") == [D(21875), D(40000)]

    def test_is_more_than_only_beyond_the_start(self):
        assert amount("whole_amount", "1500000", "1500001", bound="more_than") == [D("22500"), D("30000.02")]

    def test_takes_back_at_the_first_rate_when_negative(self):
        assert amount("marginal", "-5000") == [D("-50")]
        assert amount("marginal", "-5000", negative=Negative.ZERO) == [0]

    def test_shares_another_basis_in_proportion_to_the_slices(self):
        # Attainment 120 %: 100 points at 1, 20 points at 2 = 1.4 over 1.2, of 6,000.
        paid = amount("marginal", "1.2", basis="6000", starts=["0", "1"], rates=["1", "2"])

        assert paid == [D(7000)]

    def test_earns_nothing_below_the_first_tier(self):
        assert amount("marginal", "50", starts=["100"], rates=["0.1"]) == [0]

    @given(st.integers(0, 3_000_000), st.integers(0, 3_000_000))
    def test_marginal_never_falls_and_never_jumps(self, one, other):
        low, high = sorted((one, other))
        first, second = amount("marginal", str(low), str(high))

        assert 0 <= second - first <= D("0.02") * (high - low)
