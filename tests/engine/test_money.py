"""Settling and splitting: docs/reference/formulas.md, "Settling" and "Splitting"."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamcomp.columns import as_column
from kamcomp.money import (
    CONTEXT,
    CurrencyMismatch,
    Money,
    NothingToSplitBy,
    NotInMinorUnits,
    UnknownCurrency,
    minor_units,
    settle,
    split,
    split_columns,
    split_parts,
)

D = Decimal


class TestMinorUnits:
    def test_are_those_of_iso_4217(self):
        assert [minor_units(code) for code in ("EUR", "JPY", "KWD", "CLF", "IQD")] == [2, 0, 3, 4, 3]

    def test_refuses_an_unknown_code(self):
        with pytest.raises(UnknownCurrency, match="'EUO' is not an ISO 4217"):
            minor_units("EUO")


class TestSettle:
    def test_pays_a_half_cent_up(self):
        assert settle(D("11615.525"), currency="EUR") == D("11615.53")

    def test_removes_the_tail_of_a_quotient_first(self):
        with localcontext(CONTEXT):
            quotient = D("34846.575") / 3  # 11615.525 exactly
            tail = D("11615.52499999999999999999999999999")

        assert settle(quotient, currency="EUR") == settle(tail, currency="EUR") == D("11615.53")

    def test_settles_an_amount_and_its_reversal_alike(self):
        assert settle(D("-0.005"), currency="EUR") == -settle(D("0.005"), currency="EUR") == D("-0.01")

    def test_follows_the_currency(self):
        amount = D("7305.00") * D("161.27")

        assert settle(amount, currency="JPY") == D("1178077")
        assert settle(D("1.0005"), currency="KWD") == D("1.001")

    @given(st.integers(-(10**16), 10**16), st.integers(1, 97))
    def test_agrees_with_rationals(self, numerator, denominator):
        with localcontext(CONTEXT):
            settled = settle(D(numerator) / denominator, currency="EUR")
        exact = Fraction(numerator, denominator) * 100
        half_up = (abs(exact) + Fraction(1, 2)).__floor__() * (1 if exact >= 0 else -1)

        assert settled * 100 == half_up

    def test_works_on_columns(self):
        assert list(settle(as_column([D("1.005"), D("2")]), currency="EUR")) == [D("1.01"), D("2.00")]


class TestSplit:
    def test_gives_the_odd_cent_to_the_first_key(self):
        assert split(D("100.00"), [1, 1, 1], currency="EUR", keys="abc") == [
            D("33.34"),
            D("33.33"),
            D("33.33"),
        ]
        assert split(D("100.00"), [1, 1, 1], currency="EUR", keys="cba") == [
            D("33.33"),
            D("33.33"),
            D("33.34"),
        ]

    def test_knows_currencies_without_minor_units(self):
        assert split(D(100001), [1, 1, 1], currency="JPY", keys="abc") == [D(33334), D(33334), D(33333)]

    @given(
        st.integers(0, 10**9), st.lists(st.integers(0, 10**6), min_size=1, max_size=12), st.integers(1, 99)
    )
    def test_sums_to_the_whole_and_ignores_scale(self, cents, weights, scale):
        if not any(weights):
            return
        total, keys = D(cents).scaleb(-2), range(len(weights))
        parts = split(total, weights, currency="EUR", keys=keys)

        assert sum(parts) == total
        assert parts == split(total, [w * scale for w in weights], currency="EUR", keys=keys)
        exact = [Fraction(cents * weight, sum(weights)) for weight in weights]
        assert all(abs(Fraction(part) * 100 - share) < 1 for part, share in zip(parts, exact, strict=True))

    def test_refuses_an_unsettled_total(self):
        with pytest.raises(NotInMinorUnits, match=r"1.005 EUR is not a whole number of 0.01"):
            split(D("1.005"), [1], currency="EUR", keys="a")

    @pytest.mark.parametrize("weights", [[0, 0], [2, -1]])
    def test_refuses_weights_that_cannot_share(self, weights):
        with pytest.raises(NothingToSplitBy):
            split(D("1.00"), weights, currency="EUR", keys="ab")


class TestSplitParts:
    def test_keeps_signed_parts_within_a_cent(self):
        parts = [D("10.005"), D("5.0025"), D("-3.0025")]

        assert split_parts(D("12.01"), parts, currency="EUR", keys="abc") == [
            D("10.01"),
            D("5.00"),
            D("-3.00"),
        ]

    def test_refuses_parts_of_another_total(self):
        with pytest.raises(NotInMinorUnits, match="do not settle"):
            split_parts(D("99.00"), [D("1.00")], currency="EUR", keys="a")


class TestSplitColumns:
    @given(
        figures=st.lists(
            st.lists(st.integers(-(10**6), 10**6), min_size=3, max_size=3), min_size=1, max_size=6
        ),
        currency=st.sampled_from(["EUR", "JPY", "KWD"]),
        data=st.data(),
    )
    def test_splits_each_payee_as_one_is_split(self, figures, currency, data):
        """Sevenths of cents, with ties: rows of their own, and those of payees mixed, some without."""
        rows = [[D(figure) / D(700) for figure in row] for row in figures]
        parts = [as_column(list(column)) for column in zip(*rows, strict=True)]
        mixed = data.draw(st.lists(st.integers(0, 4), min_size=len(rows), max_size=len(rows)))
        for payee in (np.arange(len(rows)), np.array(mixed)):
            whose = [
                [row for row, who in enumerate(payee.tolist()) if who == one] for one in range(max(payee) + 1)
            ]
            owed = [[part for row in mine for part in rows[row]] for mine in whose]
            with localcontext(CONTEXT):
                totals = settle(as_column([sum(each, D(0)) for each in owed]), currency=currency)
                split = split_columns(totals=totals, payee=payee, parts=parts, currency=currency)

            given = [[column[row] for row in mine for column in split] for mine in whose]

            assert given == [
                split_parts(total, each, currency=currency, keys=range(len(each)))
                for total, each in zip(totals, owed, strict=True)
            ]

    def test_refuses_a_total_its_parts_do_not_come_to(self):
        parts = [as_column([D("1.10")]), as_column([D("2.20")])]

        with pytest.raises(NotInMinorUnits, match="parts of 4.00 EUR"):
            split_columns(totals=as_column([D("4.00")]), payee=np.arange(1), parts=parts, currency="EUR")


class TestMoney:
    def test_never_adds_two_currencies(self):
        with pytest.raises(CurrencyMismatch, match="EUR and USD cannot be added"):
            Money(D(1), "EUR") + Money(D(1), "USD")
