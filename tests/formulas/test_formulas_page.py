"""docs/reference/formulas.md against the product: every worked figure computed again, from its own row."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from tests.formulas import books, money, tree  # noqa: F401 - they register the rules of the tables
from tests.formulas.page import RULES, WorkedRow, computed, sections, worked_rows

ROWS = worked_rows()
DESCRIBES = {"Documents", "Conventions", "Inputs", "Columns", "Trace", "Estimates", "Simulation"}
"""Sections without a formula of their own."""
ELSEWHERE = {"Metrics"}
"""Sections whose figures are in a page of their own, with a test of its own."""
SAID_BY = r"by hand: |published: |ISO 4217"


def name(row: WorkedRow) -> str:
    return f"{row.section}, line {row.line}"


class TestWorkedFigures:
    @pytest.mark.parametrize("row", [row for row in ROWS if row.section not in books.SECTIONS], ids=name)
    def test_is_what_the_product_computes(self, row):
        assert computed(row) == row.gives

    @pytest.mark.django_db
    @pytest.mark.parametrize("row", [row for row in ROWS if row.section in books.SECTIONS], ids=name)
    def test_is_what_the_books_say(self, row):
        assert computed(row) == row.gives

    def test_are_all_of_the_tables_that_have_a_rule(self):
        assert {row.key for row in ROWS} == set(RULES)

    def test_say_where_they_come_from(self):
        unsaid = [row for row in ROWS if not row.origin]

        assert not unsaid

    def test_are_three_from_elsewhere_in_every_section_with_a_formula(self):
        outside = Counter(row.section for row in ROWS if re.match(SAID_BY, row.origin))

        assert {s for s in sections() if outside[s] < 3} == DESCRIBES | ELSEWHERE

    def test_name_their_units(self):
        without = {
            section
            for section, lines in sections().items()
            if not any(re.search(r"\bunits?\b", line, re.IGNORECASE) for _, line in lines)
        }

        assert without <= DESCRIBES
