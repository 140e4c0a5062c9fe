"""Figures and dates as each language writes them; amounts as people type them."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from kamcomp.pages import figures
from kamcomp.pages.amounts import AmountUnreadable, amount_read, number_read

D = Decimal


@pytest.fixture(params=["en", "de"])
def language(request):
    with translation.override(request.param):
        yield request.param


class TestMoney:
    @pytest.mark.parametrize(
        ("language", "amount", "currency", "shown"),
        [
            ("en", "6457.5", "EUR", "€6,457.50"),
            ("de", "6457.5", "EUR", "6.457,50\xa0€"),
            ("en", "-240", "EUR", "−€240.00"),
            ("de", "-240", "EUR", "−240,00\xa0€"),
            ("en", "100001", "JPY", "¥100,001"),
            ("en", "1.5", "KWD", "KWD\xa01.500"),
            ("en", "123456789012345.675", "EUR", "€123,456,789,012,345.68"),
            ("en", "0", "EUR", "€0.00"),
        ],
        indirect=["language"],
    )
    def test_has_its_currency_and_every_minor_digit(self, language, amount, currency, shown):
        assert figures.money_text(D(amount), currency) == shown

    def test_says_its_sign_when_asked(self):
        assert figures.money_text(D("142.5"), "EUR", signed=True) == "+€142.50"
        assert figures.amount_text(D("-0.004"), "EUR", signed=True) == "0.00"

    def test_of_nothing_known_is_a_dash(self):
        assert figures.money_text(None, "EUR") == figures.percent_text(None) == "–"


class TestPercent:
    @pytest.mark.parametrize(
        ("ratio", "digits", "shown"),
        [
            ("1.0525", 2, "105.25%"),
            ("0.6245", 1, "62.5%"),
            ("-0.168", 1, "−16.8%"),
            ("1.09705888", 4, "109.7059%"),
        ],
    )
    def test_is_cut_half_up(self, ratio, digits, shown):
        assert figures.percent_text(D(ratio), digits=digits) == shown

    def test_tells_a_little_more_from_nothing(self):
        assert figures.percent_text(D("0.0001"), signed=True) == "+0.0%"
        assert figures.percent_text(D("0"), signed=True) == "0.0%"
        assert figures.percent_text(D("-0.0001"), signed=True) == "0.0%"

    def test_has_a_space_in_german(self):
        with translation.override("de"):
            assert figures.percent_text(D("1.0525"), digits=2) == "105,25\xa0%"


class TestDays:
    def test_are_written_by_language(self):
        day = date(2026, 10, 3)

        assert figures.day_text(day) == "3 Oct 2026"
        assert figures.day_text(day, form="weekday") == "Sat 3 Oct"
        with translation.override("de"):
            assert figures.day_text(day, form="long") == "3. Oktober 2026"

    def test_of_an_instant_are_the_companys(self, settings):
        settings.TIME_ZONE = "UTC"

        assert figures.moment_text(datetime(2026, 10, 12, 6, 14, tzinfo=UTC)) == "12 Oct 2026, 06:14"


class TestNumberRead:
    @pytest.mark.parametrize(
        ("language", "text", "number"),
        [
            ("en", "1,234.56", "1234.56"),
            ("en", "1.234,56", "1234.56"),
            ("de", "1.234,56", "1234.56"),
            ("de", "1,234.56", "1234.56"),
            ("en", "1.234", "1.234"),
            ("de", "1.234", "1234"),
            ("en", "1,234", "1234"),
            ("de", "1,234", "1.234"),
            ("en", "1,5", "1.5"),
            ("de", "1.5", "1.5"),
            ("en", "1.234.567", "1234567"),
            ("en", "1 234,50", "1234.50"),
            ("en", "1'234.50", "1234.50"),
        ],
        indirect=["language"],
    )
    def test_takes_both_ways_of_writing(self, language, text, number):
        assert number_read(text) == D(number)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "x",
            "1e5",
            "NaN",
            "١٢٣",
            "1_000",
            "1,23,4",
            "1.2,3.4",
            "--5",
            "9" * 40,
            "12%",
            "0x1",
            "1,,000.5",
        ],
    )
    def test_refuses_what_is_no_amount(self, language, text):
        with pytest.raises(AmountUnreadable, match="is not an amount: write it like"):
            number_read(text)

    @given(st.decimals(min_value=0, max_value=10**12, places=2))
    def test_reads_back_what_is_shown(self, amount):
        for language in ("en", "de"):
            with translation.override(language):
                assert amount_read(
                    figures.amount_text(amount, "EUR"), whole=D(0), before=D(0), currency="EUR"
                ) == (amount)


class TestAmountRead:
    def read(self, text, *, whole="19747.06", before="1000.00"):
        return amount_read(text, whole=D(whole), before=D(before), currency="EUR")

    def test_takes_a_share_of_the_whole(self):
        assert self.read("8%") == D("1579.76")

    def test_takes_a_step(self):
        assert self.read("+250") == D("1250.00")
        assert self.read("−0.50") == D("999.50")

    def test_refuses_a_step_below_zero(self):
        with pytest.raises(AmountUnreadable, match="below zero"):
            self.read("-1000.01")

    def test_refuses_a_part_of_a_cent(self):
        with pytest.raises(AmountUnreadable, match="more than 2 decimals"):
            self.read("1.005", whole="0")
