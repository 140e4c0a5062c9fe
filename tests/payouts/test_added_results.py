"""Results of periods added up to one: by the metric's own word, or not at all."""

from decimal import Decimal

import pytest

from payouts.selectors.inputs.added import ResultRow, row_added
from scorecards.choices import Aggregation, ResultStatus

D = Decimal


def part(value, *, numerator=None, denominator=None, currency="", status=ResultStatus.FINAL):
    figures = [None if each is None else D(each) for each in (numerator, denominator, value)]
    return ResultRow("X", "period", None, None, None, *figures, currency, status)


def added(*parts, how):
    rows = list(row_added(parts=parts, how=how, window="rolling_2"))
    assert all(row.window == "rolling_2" for row in rows)
    return [(row.numerator, row.denominator, row.value) for row in rows]


class TestRowAdded:
    @pytest.mark.parametrize(
        ("how", "whole"),
        [
            (Aggregation.SUM, (None, None, D(5))),
            (Aggregation.AVERAGE, (D(5), D(2), D("2.5"))),
            (Aggregation.LAST, (None, None, D(3))),
        ],
    )
    def test_is_by_the_metrics_word(self, how, whole):
        assert added(part(2), part(3), how=how) == [whole]

    def test_sums_numerators_and_denominators_and_never_means_ratios(self):
        ratios = part("0.1", numerator=10, denominator=100), part("0.9", numerator=270, denominator=300)

        assert added(*ratios, how=Aggregation.RATIO_OF_SUMS) == [(D(280), D(400), D("0.7"))]
        assert added(part("0.1"), part("0.9"), how=Aggregation.RATIO_OF_SUMS) == []
        assert added(ratios[0], part("0.9"), how=Aggregation.RATIO_OF_SUMS) == []

    @pytest.mark.parametrize("how", list(Aggregation))
    def test_is_none_where_a_period_has_none_or_currencies_differ(self, how):
        whole = part(1, numerator=1, denominator=1, currency="EUR")

        assert added(whole, None, how=how) == []
        assert added(whole, part(None, currency="EUR", status=ResultStatus.MISSING), how=how) == []
        assert added(whole, part(1, numerator=1, denominator=1, currency="USD"), how=how) == []
        assert len(added(whole, whole, how=how)) == 1
