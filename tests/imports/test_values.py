"""Cells: ids are text, money is ASCII digits, nothing is guessed."""

import string
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamcomp.formula_guard import guarded, unguarded
from kamcomp.imports.values import (
    Amount,
    Codes,
    CurrencyCode,
    Day,
    Email,
    Flag,
    Identifier,
    Jurisdiction,
    OneOf,
    Reader,
    Text,
    Unfit,
    Whole,
    money,
    percent,
)


class TestMoney:
    @pytest.mark.parametrize(
        "text",
        [
            "1_000",
            "1,000",
            "1e5",
            "1E5",
            "1e400",
            "NaN",
            "inf",
            "-inf",
            "+1",
            "1.",
            ".5",
            "--1",
            "0x10",
            "-",
            "1.2.3",
            "€5",
            "5-",
            "١٢٣",
            "１２",
            "1.1234567",
            "1234567890123456",
            "1\n",
            "",
            " 1",
            "1 ",
        ],
    )
    def test_refuses_what_is_not_plain_digits(self, text: str) -> None:
        with pytest.raises(Unfit, match="not a number as files write it"):
            money().read(text)

    @pytest.mark.parametrize("text", ["0", "-0.5", "123456789012345.123456", "007", "900719925474099.300001"])
    def test_keeps_every_digit(self, text: str) -> None:
        assert money().read(text) == Decimal(text)

    @given(st.decimals(min_value=-(10**14), max_value=10**14, places=6))
    def test_reads_what_is_written_plainly(self, amount: Decimal) -> None:
        assert money().read(format(amount, "f")) == amount

    def test_a_column_says_which_cells_are_unfit(self) -> None:
        values, unfit = money().column(["1", "x", "", "x"])

        assert values == [Decimal(1), None, None, None]
        assert set(unfit) == {1, 3}

    def test_bounds_are_named(self) -> None:
        with pytest.raises(Unfit, match="below 0"):
            Amount(least="0").read("-1")
        with pytest.raises(Unfit, match="must be above 0"):
            Amount(above="0").read("0")
        with pytest.raises(Unfit, match="above 1, the most"):
            Amount(most="1").read("1.1")


class TestPercent:
    def test_is_a_ratio_inside(self) -> None:
        assert percent().read("12.5") == Decimal("0.125")

    def test_stays_within_a_whole(self) -> None:
        with pytest.raises(Unfit, match="above 100"):
            percent().read("100.1")


class TestIdentifier:
    @pytest.mark.parametrize("text", ["007", "NA", "null", "None", "1E5", "1e400", "TRUE", "-1", "ÅÄÖ"])
    def test_is_text_always(self, text: str) -> None:
        assert Identifier().read(text) == text

    def test_refuses_blanks_around_and_control_characters(self) -> None:
        with pytest.raises(Unfit, match="blanks around"):
            Identifier().read(" 007")
        with pytest.raises(Unfit, match="control character"):
            Identifier().read("00\x007")
        with pytest.raises(Unfit, match="at most 60"):
            Identifier().read("x" * 61)


class TestOthers:
    @pytest.mark.parametrize(
        "text", ["31.01.2026", "2026-1-5", "2026-02-30", "20260105", "2026-01-05T00:00:00", "٢٠٢٦-01-05"]
    )
    def test_a_day_is_iso(self, text: str) -> None:
        with pytest.raises(Unfit):
            Day().read(text)

    def test_a_day_far_away_is_no_end(self) -> None:
        with pytest.raises(Unfit, match="leave the cell empty for no end"):
            Day().read("9999-12-31")

    @pytest.mark.parametrize(
        ("reader", "text"),
        [
            (CurrencyCode(), "EURO"),
            (CurrencyCode(), "eur"),
            (Jurisdiction(), "Germany"),
            (Flag(), "yes"),
            (Whole(), "1.0"),
            (Whole(most=5), "6"),
            (OneOf(["direct"]), "Direct"),
            (Email(), "ada"),
            (Codes(), "a||b"),
            (Codes(), "a|a"),
            (Text(3), "long"),
            (Text(9), "a\nb"),
        ],
    )
    def test_refuse_what_they_do_not_know(self, reader: Reader, text: str) -> None:
        with pytest.raises(Unfit):
            reader.read(text)

    def test_text_keeps_lines_where_allowed(self) -> None:
        assert Text(9, lines=True).read(" a\nb ") == "a\nb"


class TestFormulaGuard:
    @given(st.text(alphabet=st.sampled_from("'=+-@\t\r\x00" + string.ascii_letters), max_size=6))
    def test_out_and_in_is_the_same_text(self, text: str) -> None:
        assert unguarded(guarded(text)) == text

    @given(st.text(alphabet=st.sampled_from("'=+-@\t\r\x00ab"), min_size=1, max_size=6))
    def test_nothing_that_goes_out_runs(self, text: str) -> None:
        assert guarded(text)[0] not in "=+-@\t\r\x00"

    def test_reading_takes_exactly_one_guard(self) -> None:
        assert Text(40).read("'=SUM(A1)") == "=SUM(A1)"
        assert Text(40).read("''=SUM(A1)") == "'=SUM(A1)"
        assert Identifier().read("'-7") == "-7"
        assert Text(40).read("'quoted'") == "'quoted'"
