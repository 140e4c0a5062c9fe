"""What funds a pool: docs/reference/formulas.md, "Pool funding"."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamcomp.trace import RecordingTrace
from payouts.engine.pool import (
    Bucket,
    BucketSharesNotWhole,
    NegativeBudget,
    NegativePoolTarget,
    PoolAmountUnsound,
    bucketed_pool,
    fixed_pool,
    scaled_pools,
    share_of_contribution,
    targets_times_result,
)

D = Decimal
TARGETS = {"PM": D(9000), "CSR": D(5000), "SA": D(8000), "BIL": D(3000), "LOG": D(4000)}


class TestTargetsTimesResult:
    def test_funds_29000_at_104_percent(self):
        assert targets_times_result(targets=TARGETS, result=D("1.04"), currency="EUR") == D("30160.00")

    def test_settles_the_sum_once_not_each_target(self):
        thirds = {key: D("0.335") for key in "abc"}

        assert targets_times_result(targets=thirds, result=D(1), currency="EUR") == D("1.01")

    def test_funds_nothing_on_a_negative_result(self):
        assert targets_times_result(targets=TARGETS, result=D("-0.2"), currency="EUR") == 0

    def test_refuses_a_negative_target(self):
        with pytest.raises(NegativePoolTarget, match="pool target of b is -1 EUR"):
            targets_times_result(targets={"a": D(2), "b": D(-1)}, result=D(1), currency="EUR")

    def test_says_what_it_was_made_from(self):
        trace = RecordingTrace()

        targets_times_result(targets=TARGETS, result=D("1.04"), currency="EUR", trace=trace)

        last = trace.tree()[-1]
        assert last["inputs"] == {"pool target": "29000", "team result": "1.04"}
        assert last["value"] == "30160.00"


class TestShareOfContribution:
    def test_pays_the_share_of_what_is_above_the_hurdle(self):
        funded = share_of_contribution(
            contribution=D(2_400_000), hurdle=D(2_000_000), share=D("0.05"), currency="EUR"
        )

        assert funded == D("20000.00")

    @pytest.mark.parametrize("contribution", [D(2_000_000), D(1_999_999), D(-5)])
    def test_pays_nothing_at_or_below_the_hurdle(self, contribution):
        assert (
            share_of_contribution(
                contribution=contribution, hurdle=D(2_000_000), share=D("0.05"), currency="EUR"
            )
            == 0
        )


class TestFixedPool:
    def test_is_settled_to_the_currency(self):
        assert fixed_pool(amount=D("1000.5"), currency="JPY") == D(1001)


class TestBucketedPool:
    def test_funds_each_part_by_its_own_result(self):
        buckets = [
            Bucket(code="TEAM", share=D("0.6"), result=D("1.10")),
            Bucket(code="REGION", share=D("0.4"), result=D("0.85")),
        ]

        assert bucketed_pool(targets=TARGETS, buckets=buckets, currency="EUR") == D("29000.00")

    def test_does_not_let_one_bucket_take_from_another(self):
        buckets = [
            Bucket(code="TEAM", share=D("0.6"), result=D("1.00")),
            Bucket(code="REGION", share=D("0.4"), result=D("-0.50")),
        ]

        assert bucketed_pool(targets=TARGETS, buckets=buckets, currency="EUR") == D("17400.00")

    def test_refuses_shares_that_are_not_whole(self):
        with pytest.raises(BucketSharesNotWhole, match=r"sum to 0\.9, not to 1"):
            bucketed_pool(
                targets=TARGETS, buckets=[Bucket(code="T", share=D("0.9"), result=D(1))], currency="EUR"
            )


class TestScaledPools:
    def test_leaves_pools_that_fit(self):
        funded = {"A": D("30160.00"), "B": D("9840.00")}

        assert scaled_pools(funded=funded, available=D("40000.00"), currency="EUR") == funded

    def test_scales_all_pools_by_one_ratio(self):
        scaled = scaled_pools(
            funded={"B": D("9840.00"), "A": D("30160.00")}, available=D("30000.00"), currency="EUR"
        )

        assert scaled == {"A": D("22620.00"), "B": D("7380.00")}

    def test_refuses_a_negative_budget(self):
        with pytest.raises(NegativeBudget):
            scaled_pools(funded={"A": D(1)}, available=D("-0.01"), currency="EUR")

    def test_gives_the_cent_left_to_the_first_key_whatever_the_order(self):
        scaled = scaled_pools(
            funded={key: D("100.00") for key in "cab"}, available=D("100.00"), currency="EUR"
        )

        assert scaled == {"a": D("33.34"), "b": D("33.33"), "c": D("33.33")}

    @pytest.mark.parametrize(
        ("asked", "available", "words"),
        [
            ("100.005", "50.00", r"What the pool of a asks is 100\.005 EUR"),
            ("-1.00", "50.00", "What the pool of a asks is -1.00 EUR"),
            ("100.00", "50.001", r"The money available for pools is 50\.001 EUR"),
        ],
    )
    def test_refuses_parts_of_a_cent_by_name(self, asked, available, words):
        with pytest.raises(PoolAmountUnsound, match=words):
            scaled_pools(funded={"a": D(asked)}, available=D(available), currency="EUR")

    @given(
        funded=st.dictionaries(st.text("abcdef", min_size=1, max_size=3), st.integers(0, 10**9), min_size=1),
        available=st.integers(0, 10**9),
    )
    def test_never_spends_more_than_is_there_and_grows_no_pool(self, funded, available):
        pools = {key: D(cents).scaleb(-2) for key, cents in funded.items()}
        money = D(available).scaleb(-2)

        scaled = scaled_pools(funded=pools, available=money, currency="EUR")

        assert sum(scaled.values()) == min(money, sum(pools.values()))
        assert all(scaled[key] <= pools[key] for key in pools)
