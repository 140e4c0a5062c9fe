"""docs/reference/formulas.md against the product: every worked figure computed again, from its own row."""

from __future__ import annotations

import pytest

from tests.formulas import tree  # noqa: F401 - registers the rules of the tables
from tests.formulas.page import RULES, computed, worked_rows

ROWS = worked_rows()


class TestWorkedFigures:
    @pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.section}, line {row.line}")
    def test_is_what_the_product_computes(self, row):
        assert computed(row) == row.gives

    def test_are_all_of_the_tables_that_have_a_rule(self):
        assert {row.key for row in ROWS} == set(RULES)
