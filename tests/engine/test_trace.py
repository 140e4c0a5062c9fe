"""The trace keeps a tree and changes nothing."""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from kamcomp.columns import EXACT, FAST, as_column, sums_by
from kamcomp.trace import NO_TRACE, RecordingTrace, column_texts, decimal_texts, texts_remembered


class TestRecordingTrace:
    def test_gives_a_tree_with_decimals_as_strings(self):
        trace = RecordingTrace()
        with trace.within("goal REV"):
            trace.step(
                "attainment", as_column([Decimal("1.04")]), unit="ratio", inputs={"actual": Decimal("1E+2")}
            )
            trace.step(
                "payout ratio", Decimal("1.2"), unit="ratio", because=lambda: "above", inputs=("attainment",)
            )

        assert trace.tree() == [
            {
                "name": "goal REV",
                "steps": [
                    {"name": "attainment", "value": "1.04", "unit": "ratio", "inputs": {"actual": "100"}},
                    {
                        "name": "payout ratio",
                        "value": "1.2",
                        "unit": "ratio",
                        "because": "above",
                        "inputs": {"attainment": "1.04"},
                    },
                ],
            }
        ]


class TestNoTrace:
    def test_never_asks_for_the_reason(self):
        NO_TRACE.step("x", 1, unit="ratio", because=lambda: 1 // 0)


class TestColumns:
    def test_sums_by_group_in_both_systems(self):
        index = np.array([0, 2, 0])

        assert list(sums_by(index, EXACT.column(["1", "2", "0.5"]), size=3)) == [Decimal("1.5"), 0, 2]
        assert list(sums_by(index, FAST.column(["1", "2", "0.5"]), size=3)) == [1.5, 0.0, 2.0]


class TestColumnTexts:
    def test_writes_what_rows_share_once_and_what_they_do_not_apart(self):
        half, one = Decimal("0.50"), Decimal("1E+2")

        assert decimal_texts([half, one, half]) == ["0.50", "100", "0.50"]
        assert decimal_texts([half, half, half]) == ["0.50"] * 3
        assert decimal_texts([one, half, Decimal("0.5")]) == ["100", "0.50", "0.5"]
        assert decimal_texts([]) == []

    def test_are_remembered_of_a_column_as_long_as_told_to(self):
        column = as_column([Decimal("1.5"), Decimal("2")])

        with texts_remembered():
            assert column_texts(column) == ["1.5", "2"]
            assert column_texts(column) is column_texts(column)
            assert column_texts(as_column([Decimal("7")])) == ["7"]
        column[0] = Decimal("3")
        assert column_texts(column) == ["3", "2"]
