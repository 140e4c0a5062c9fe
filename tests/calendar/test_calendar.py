"""Fiscal calendars: regular and own periods, and how periods move on."""

from datetime import date
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from kamcomp.calendar import services
from kamcomp.calendar.choices import Frequency, PeriodStatus
from kamcomp.calendar.models import FiscalCalendar, Period
from kamcomp.identity.choices import Role
from kamcomp.identity.services import user_make
from kamcomp.spans import Span

pytestmark = pytest.mark.django_db


@pytest.fixture
def maren():
    return user_make(username="maren", roles=[Role.COMP_ADMIN], since=date(2026, 1, 1), by=None)


@pytest.fixture
def quarters(maren):
    return services.calendar_make(
        code="FY",
        name="Fiscal year",
        frequency=Frequency.QUARTER,
        periods=services.regular_periods(first_day=date(2026, 1, 1), frequency=Frequency.QUARTER, years=2),
        by=maren,
    )


class TestRegularPeriods:
    def test_name_the_fiscal_year_for_the_year_it_ends_in(self):
        drafts = services.regular_periods(first_day=date(2025, 7, 1), frequency=Frequency.QUARTER, years=1)

        assert [draft.code for draft in drafts] == ["2026-Q1", "2026-Q2", "2026-Q3", "2026-Q4"]
        assert drafts[-1].span == Span(date(2026, 4, 1), date(2026, 7, 1))

    def test_of_years_are_named_for_the_year(self):
        drafts = services.regular_periods(first_day=date(2026, 1, 1), frequency=Frequency.YEAR, years=2)

        assert [draft.code for draft in drafts] == ["2026", "2027"]


class TestPeriodsAdd:
    def test_refuses_a_gap_and_names_the_days(self, quarters, maren):
        late = services.PeriodDraft(
            "2028-Q2", 2028, 2, Span(date(2028, 4, 1), date(2028, 7, 1)), date(2028, 7, 9), None
        )

        with pytest.raises(
            services.PeriodsNotContiguous, match="2028-04-01 must begin the day after 2027-12-31"
        ):
            services.periods_add(calendar=quarters, periods=[late], by=maren)

        assert quarters.periods.count() == 8


class TestPeriodsAdvance:
    def test_opens_on_the_first_day_and_collects_after_the_last(self, quarters):
        services.periods_advance(on=date(2026, 4, 1))

        states = dict(Period.objects.values_list("code", "status"))
        assert states["2026-Q1"] == PeriodStatus.COLLECTING
        assert states["2026-Q2"] == PeriodStatus.OPEN
        assert states["2026-Q3"] == PeriodStatus.FUTURE

    def test_twice_on_a_day_changes_nothing(self, quarters):
        services.periods_advance(on=date(2026, 4, 1))

        assert services.periods_advance(on=date(2026, 4, 1)) == []


class TestCalendarCommand:
    def test_reads_periods_of_ones_own(self, maren, tmp_path):
        path = tmp_path / "periods.csv"
        path.write_text(
            "code,fiscal_year,number,from,to,cut_off_on,pay_on\n"
            "A,2012,1,2011-05-31,2011-08-30,2011-09-05,\nB,2012,2,2011-08-31,2011-11-30,2011-12-05,2011-12-31\n"
        )

        call_command(
            "calendar", "make", "AW", name="Quota periods", periods=path, by="maren", stdout=StringIO()
        )

        assert [period.span.days for period in FiscalCalendar.objects.get().periods.all()] == [92, 92]

    def test_names_the_line_that_is_wrong(self, maren, tmp_path):
        path = tmp_path / "periods.csv"
        path.write_text(
            "code,fiscal_year,number,from,to,cut_off_on,pay_on\nA,2012,1,2011-05-31,soon,2011-09-05,\n"
        )

        with pytest.raises(CommandError, match=r"periods\.csv, line 2: .*soon"):
            call_command("calendar", "make", "AW", name="Quota periods", periods=path, by="maren")

        assert not FiscalCalendar.objects.exists()


class TestCalendarMakeRefuses:
    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ({"years": 0}, "0 year.s. from 2026-01-01 make no calendar"),
            ({"years": 100_000}, "say 1 to 50 years"),
            ({"first_day": date(9999, 1, 1)}, "begin in 2999 at the latest"),
            ({"code": " "}, "A calendar has a code"),
        ],
    )
    def test_a_calendar_of_nothing(self, maren, options, words):
        given = {"code": "FY", "name": "Quarters", "first_day": date(2026, 1, 1), "by": "maren"} | options

        with pytest.raises(CommandError, match=words):
            call_command("calendar", "make", given.pop("code"), **given)

        assert not FiscalCalendar.objects.exists()

    def test_a_file_that_cannot_be_read(self, maren, tmp_path):
        (tmp_path / "bin.csv").write_bytes(b"\xff\xfe\x00")
        (tmp_path / "far.csv").write_text(
            "code,fiscal_year,number,from,to,cut_off_on,pay_on\nA,99999999999,1,2026-01-01,2026-03-31,2026-04-01,\n"
        )

        for name, words in (
            ("none.csv", "No such file"),
            (".", "Is a directory"),
            ("bin.csv", "not UTF-8"),
            ("far.csv", r"far\.csv, line 2: fiscal_year '99999999999' is not a whole number from 1 to 2999"),
        ):
            with pytest.raises(CommandError, match=words):
                call_command("calendar", "make", "FY", name="Q", periods=tmp_path / name, by="maren")
