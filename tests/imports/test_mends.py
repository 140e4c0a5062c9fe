"""What was mended in a file: by line and column, applied to the table, kept with its first text."""

import pytest

from kamcomp.imports.files import read_csv
from kamcomp.imports.mends import NO_MENDS, CellMend, MendUnusable, mends_of


def table():
    return read_csv("a,b\n1,2\n3,4\n5,6,7\n")


class TestMends:
    def test_change_the_cell_and_nothing_else(self):
        mends = NO_MENDS.and_also([CellMend(line=3, column="b", before="4", text="40")])

        assert mends.applied(table()).columns == [["1", "3"], ["2", "40"]]

    def test_leave_rows_out_with_what_was_found_about_them(self):
        mends = NO_MENDS.and_also([CellMend(line=2), CellMend(line=4)])

        left = mends.applied(table())

        assert (left.lines, left.columns, left.findings) == ([3], [["3"], ["4"]], [])

    def test_keep_the_first_text_of_a_cell_mended_twice_and_forget_one_put_back(self):
        once = NO_MENDS.and_also([CellMend(line=2, column="a", before="1", text="x")])

        twice = once.and_also([CellMend(line=2, column="a", before="x", text="y")])
        back = twice.and_also([CellMend(line=2, column="a", before="y", text="1")])

        assert twice.document == [{"line": 2, "column": "a", "before": "1", "text": "y"}]
        assert not back

    def test_refuse_a_cell_that_is_not_there(self):
        with pytest.raises(MendUnusable, match="Line 9 has no column 'a'"):
            NO_MENDS.and_also([CellMend(line=9, column="a", text="x")]).applied(table())

    def test_come_back_from_what_is_kept(self):
        mends = NO_MENDS.and_also([CellMend(line=2), CellMend(line=3, column="b", before="4", text="5")])

        assert mends_of(mends.document) == mends
        assert mends.digest != NO_MENDS.digest
