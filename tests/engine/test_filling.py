"""Filling a pool inside limits: docs/reference/formulas.md, "Pool allocation"; laws I01-I05."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payouts.engine.filling import (
    Limits,
    LimitsCannotHoldPool,
    NobodyToShareWith,
    WishBelowZero,
    fill,
    spread_rest,
)

D = Decimal
CENT = D("0.01")
LIMITS = {
    "PM": Limits(low=D("7041.25"), high=D("21123.73")),
    "CSR": Limits(low=D("3520.63"), high=D("10561.87")),
    "SA": Limits(low=D("2347.08"), high=D("7041.24")),
    "BIL": Limits(low=D("704.13"), high=D("2112.37")),
    "LOG": Limits(low=D("1466.93"), high=D("4400.77")),
}
GUIDELINE = {
    "PM": D("14082.49"),
    "CSR": D("7041.25"),
    "SA": D("4694.16"),
    "BIL": D("1408.25"),
    "LOG": D("2933.85"),
}


@st.composite
def wishes_in_limits(draw):
    """Draw wishes, limits around a whole allocation, and the total: so that an answer exists."""
    keys = draw(st.lists(st.text("abcdefgh", min_size=1, max_size=4), min_size=1, max_size=8, unique=True))
    cents = {key: draw(st.integers(0, 100_000)) for key in keys}
    limits = {
        key: Limits(
            low=(cents[key] - draw(st.integers(0, cents[key]))) * CENT,
            high=(cents[key] + draw(st.integers(0, 50_000))) * CENT,
        )
        for key in keys
    }
    wishes = {key: draw(st.integers(1, 100)) for key in keys}
    return wishes, limits, sum(cents.values()) * CENT


class TestFill:
    def test_moves_a_wish_into_its_limits(self):
        wish = {"PM": 1, "CSR": 2, "SA": 1, "BIL": 1, "LOG": 1}

        assert fill(total=D("30160.00"), wishes=wish, limits=LIMITS, currency="EUR") == {
            "PM": D("7041.25"),
            "CSR": D("10561.87"),
            "SA": D("6043.74"),
            "BIL": D("2112.37"),
            "LOG": D("4400.77"),
        }

    def test_gives_a_wish_of_zero_its_floor(self):
        filled = fill(total=D("30160.00"), wishes=GUIDELINE | {"SA": 0}, limits=LIMITS, currency="EUR")

        assert filled["SA"] == D("2347.08")
        assert sum(filled.values()) == D("30160.00")

    def test_refuses_floors_above_the_pool_and_names_the_highest(self):
        with pytest.raises(
            LimitsCannotHoldPool, match=r"sum to 15080.02 EUR, 0.02 more .* 7041.25 for PM"
        ) as refused:
            fill(total=D("15080.00"), wishes=GUIDELINE, limits=LIMITS, currency="EUR")

        assert refused.value.bound == "floors"

    def test_refuses_ceilings_below_the_pool(self):
        with pytest.raises(
            LimitsCannotHoldPool, match=r"reach 45239\.98 EUR, 0\.02 less than the 45240\.00"
        ) as refused:
            fill(total=D("45240.00"), wishes=GUIDELINE, limits=LIMITS, currency="EUR")

        assert refused.value.bound == "ceilings"

    def test_refuses_a_matrix_least_that_cannot_be(self):
        with pytest.raises(LimitsCannotHoldPool, match=r"least of 16000\.00 EUR") as refused:
            fill(
                total=D("30160.00"),
                wishes=GUIDELINE,
                limits=LIMITS,
                currency="EUR",
                matrix=frozenset({"SA", "BIL", "LOG"}),
                matrix_least=D("16000.00"),
            )

        assert refused.value.bound == "matrix_at_least"

    def test_refuses_a_wish_below_zero(self):
        with pytest.raises(WishBelowZero, match="wish for LOG is -1"):
            fill(total=D("30160.00"), wishes=GUIDELINE | {"LOG": D(-1)}, limits=LIMITS, currency="EUR")

    def test_refuses_wishes_of_nothing(self):
        with pytest.raises(NobodyToShareWith):
            fill(total=D(1), wishes={"a": 0}, limits={"a": Limits(low=D(0), high=D(9))}, currency="EUR")

    def test_gives_an_empty_pool_to_nobody(self):
        assert fill(
            total=D(0), wishes={"a": 0}, limits={"a": Limits(low=D(0), high=D(9))}, currency="EUR"
        ) == {"a": D(0)}

    @given(drawn=wishes_in_limits())
    def test_sums_to_the_pool_and_leaves_no_limit(self, drawn):
        wishes, limits, total = drawn

        filled = fill(total=total, wishes=wishes, limits=limits, currency="EUR")

        assert sum(filled.values()) == total
        assert all(limits[key].low <= filled[key] <= limits[key].high for key in wishes)

    @given(drawn=wishes_in_limits())
    def test_shares_in_proportion_between_those_no_limit_stops(self, drawn):
        wishes, limits, total = drawn

        filled = fill(total=total, wishes=wishes, limits=limits, currency="EUR")

        free = [key for key in wishes if limits[key].low < filled[key] < limits[key].high]
        levels = [filled[key] / wishes[key] for key in free]
        steps = [CENT / wishes[key] for key in free]
        assert all(
            abs(levels[a] - levels[b]) <= steps[a] + steps[b]
            for a in range(len(free))
            for b in range(len(free))
        )

    @given(drawn=wishes_in_limits(), factor=st.integers(2, 9), shuffled=st.randoms(use_true_random=False))
    def test_depends_on_neither_scale_nor_order(self, drawn, factor, shuffled):
        wishes, limits, total = drawn
        keys = list(wishes)
        shuffled.shuffle(keys)

        other = fill(
            total=total, wishes={key: wishes[key] * factor for key in keys}, limits=limits, currency="EUR"
        )

        assert other == fill(total=total, wishes=wishes, limits=limits, currency="EUR")

    @given(drawn=wishes_in_limits(), part=st.integers(0, 100))
    def test_gives_the_matrix_its_least_or_says_why_not(self, drawn, part):
        wishes, limits, total = drawn
        matrix = frozenset(sorted(wishes)[::2])
        least = (total * part / 100).quantize(CENT)

        try:
            filled = fill(
                total=total, wishes=wishes, limits=limits, currency="EUR", matrix=matrix, matrix_least=least
            )
        except LimitsCannotHoldPool:
            others = sum(limits[key].low for key in wishes if key not in matrix)
            assert sum(limits[key].high for key in matrix) < least or total - least < others
        else:
            assert sum(filled.values()) == total
            assert sum(filled[key] for key in matrix) >= least


class TestSpreadRest:
    def test_keeps_what_was_typed_and_shares_the_rest_by_guideline(self):
        spread = spread_rest(
            total=D("30160.00"),
            typed={"PM": D("12000.00"), "CSR": D("8000.00")},
            guideline=GUIDELINE,
            limits=LIMITS,
            currency="EUR",
        )

        assert (spread["PM"], spread["CSR"]) == (D("12000.00"), D("8000.00"))
        assert (spread["SA"], spread["BIL"], spread["LOG"]) == (D("5277.92"), D("1583.38"), D("3298.70"))

    def test_refuses_when_more_was_typed_than_there_is(self):
        with pytest.raises(LimitsCannotHoldPool):
            spread_rest(
                total=D("100.00"),
                typed={"PM": D("100.01")},
                guideline=GUIDELINE,
                limits=LIMITS,
                currency="EUR",
            )

    def test_refuses_when_nobody_is_left_to_take_the_rest(self):
        with pytest.raises(NobodyToShareWith):
            spread_rest(
                total=D("30160.00"),
                typed=GUIDELINE | {"PM": D("14000.00")},
                guideline=GUIDELINE,
                limits=LIMITS,
                currency="EUR",
            )
