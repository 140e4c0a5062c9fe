"""The calendar: whose dates are whose, dates moved with a reason, windows closed by the clock, the private feed."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from kamcomp.audit.models import AuditEvent
from kamcomp.calendar.choices import DateKind, PeriodStatus
from kamcomp.calendar.dates import (
    DateMovedMeanwhile,
    DateOutOfOrder,
    PeriodIsLocked,
    calendar_feed_make,
    feed_user,
    period_date_move,
)
from kamcomp.calendar.models import CalendarFeed, DateChange, Period
from kamcomp.calendar.tasks import periods_advance
from kamcomp.identity.selectors import RoleMissing
from payouts.choices import PoolStatus
from payouts.exports.ical import IcalEvent, ical_text
from payouts.models import Pool
from payouts.services.reviews import run_review
from payouts.services.windows import NoWindowOpen, period_window_move, windows_close
from payouts.tasks import windows_close_due
from tests.payouts.company import AT, TERMS, calculated_run, company

pytestmark = pytest.mark.django_db
CUT_OFF = date(2026, 10, 9)


@pytest.fixture
def made(db):
    return company()


@pytest.fixture
def pool(made):
    run_review(run_id=calculated_run(made).pk, by=made.user("anders"), at=AT)
    return Pool.objects.get()


def browser(made, name):
    client = Client()
    client.force_login(made.user(name))
    return client


def page(made, name="maren", **query):
    return browser(made, name).get(reverse("payouts:calendar-show"), {"year": "2026", **query})


def move(made, to, *, kind=DateKind.CUT_OFF, period="2026-Q3", seen=CUT_OFF, by="maren", reason="late files"):
    return period_date_move(
        period_id=made.quarters[period].pk,
        kind=kind,
        to=to,
        seen=seen,
        reason=reason,
        by=made.user(by),
        at=AT,
    )


class TestCalendarShow:
    def test_shows_every_date_of_the_year(self, made, pool):
        shown = page(made).content.decode()

        assert "9 Oct 2026" in shown  # results of the third quarter
        assert "12 Oct 2026" in shown  # review, three days later
        assert "24 Oct 2026" in shown  # the pool's window, ten days after the review of the run
        assert "30 Oct 2026" in shown  # pay day

    def test_shows_each_role_its_own_dates(self, made, pool):
        payee, kam = page(made, "priya").content.decode(), page(made, "ingrid").content.decode()

        assert "30 Oct 2026" in payee
        assert "24 Oct 2026" not in payee
        assert "9 Oct 2026" not in payee
        assert "24 Oct 2026" in kam
        assert "Move" not in kam + payee

    def test_is_a_file_of_the_same_dates(self, made, pool):
        text = b"".join(page(made, format="csv")).decode("utf-8-sig")

        assert text.splitlines()[0] == "period,since,last_day,cut_off,review,window,pay_day"
        assert "2026-Q3,2026-07-01,2026-09-30,2026-10-09,2026-10-12,2026-10-24,2026-10-30" in text

    def test_costs_few_queries(self, made, pool, django_assert_max_num_queries):
        client = browser(made, "maren")

        with django_assert_max_num_queries(12):
            client.get(reverse("payouts:calendar-show"))


class TestPeriodDateMove:
    def test_moves_the_date_with_its_reason(self, made):
        url = reverse("payouts:period-date-move", args=[made.quarters["2026-Q3"].pk, "cut_off"])

        shown = browser(made, "maren").post(
            url, {"to": "2026-10-16", "reason": "The ERP was down", "seen": "2026-10-09"}, follow=True
        )

        assert "16 Oct 2026" in shown.content.decode()
        assert "The ERP was down" in shown.content.decode()
        assert "19 Oct 2026" in shown.content.decode()  # the review window follows
        assert AuditEvent.objects.filter(action="period_date_move", subject_table="calendar_period").exists()

    @pytest.mark.parametrize(
        ("typed", "words"),
        [
            ({"to": "2026-09-15"}, "collected until 30 Sep 2026, its last day, or later"),
            ({"to": "2026-11-15"}, "Pay day of 2026-Q3 is 15 Nov 2026, the cut-off, or later"),
            ({"reason": "  "}, "This field is required"),
            ({"to": "soon"}, "Enter a valid date"),
        ],
    )
    def test_refuses_and_keeps_what_was_typed(self, made, typed, words):
        url = reverse("payouts:period-date-move", args=[made.quarters["2026-Q3"].pk, "cut_off"])

        answer = browser(made, "maren").post(
            url, {"to": "2026-10-16", "reason": "kept as typed", "seen": "2026-10-09", **typed}
        )

        assert answer.status_code == 422
        assert words in answer.content.decode()
        assert typed.get("reason", "kept as typed").strip() in answer.content.decode()
        assert not DateChange.objects.exists()

    def test_lays_mine_beside_theirs(self, made):
        move(made, date(2026, 10, 12))
        url = reverse("payouts:period-date-move", args=[made.quarters["2026-Q3"].pk, "cut_off"])
        mine = {"to": "2026-10-16", "reason": "mine", "seen": "2026-10-09"}

        answer = browser(made, "jonas").post(url, mine)
        kept = browser(made, "jonas").post(url, {**mine, "seen": "2026-10-12"})

        assert answer.status_code == 409
        for day in ("9 Oct 2026", "16 Oct 2026", "12 Oct 2026"):
            assert day in answer.content.decode()
        assert kept.status_code == 302
        with pytest.raises(DateMovedMeanwhile):
            move(made, date(2026, 10, 20))

    def test_is_not_there_for_others_nor_after_the_lock(self, made):
        url = reverse("payouts:period-date-move", args=[made.quarters["2026-Q3"].pk, "cut_off"])
        assert browser(made, "anders").get(url).status_code == 404
        assert browser(made, "maren").get(url.replace("cut_off", "anything")).status_code == 404
        with pytest.raises(RoleMissing):
            move(made, date(2026, 10, 16), by="anders")
        Period.objects.filter(code="2026-Q1").update(status=PeriodStatus.LOCKED)
        with pytest.raises(PeriodIsLocked):
            move(made, date(2026, 4, 20), period="2026-Q1", seen=date(2026, 4, 9))


class TestWindows:
    def test_is_moved_for_the_pools_that_are_open(self, made, pool):
        url = reverse("payouts:period-date-move", args=[pool.period_id, "window"])
        to = timezone.localdate() + timedelta(days=30)
        typed = {"to": to.isoformat(), "reason": "two KAMs are ill", "seen": pool.closes_on.isoformat()}

        assert browser(made, "maren").post(url, typed).status_code == 302

        pool.refresh_from_db()
        assert pool.closes_on == to
        assert DateChange.objects.get().kind == DateKind.WINDOW

    def test_is_not_moved_into_the_past_nor_where_there_is_none(self, made, pool):
        asked = {"reason": "x", "by": made.user("maren"), "at": AT}
        with pytest.raises(DateOutOfOrder):
            period_window_move(period_id=pool.period_id, to=date(2026, 10, 1), seen=pool.closes_on, **asked)
        with pytest.raises(NoWindowOpen):
            period_window_move(
                period_id=made.quarters["2026-Q4"].pk, to=date(2026, 12, 1), seen=None, **asked
            )

    def test_closes_by_the_clock_on_its_day_and_not_before(self, made, pool):
        before, after = datetime(2026, 10, 24, 23, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)

        assert windows_close(at=before) == []
        assert windows_close(at=after) == [pool]
        assert windows_close(at=after) == []

        pool.refresh_from_db()
        assert (pool.status, pool.by_guideline, pool.submitted_by_id) == (PoolStatus.SUBMITTED, True, None)
        assert TERMS["if_late"] == "guideline"

    def test_stands_still_in_the_demo_company(self, made, pool, settings):
        Pool.objects.update(closes_on=date(2020, 1, 1))
        Period.objects.filter(code="2027-Q1").update(days=("2020-01-01", "2020-04-01"))

        settings.DEMO_MODE = True
        windows_close_due()
        periods_advance()
        still = (Pool.objects.get().status, Period.objects.get(code="2027-Q1").status)
        settings.DEMO_MODE = False
        windows_close_due()
        periods_advance()

        assert still == (PoolStatus.FUNDED, PeriodStatus.FUTURE)
        assert Pool.objects.get().status == PoolStatus.SUBMITTED
        assert Period.objects.get(code="2027-Q1").status == PeriodStatus.COLLECTING


class TestCalendarFeed:
    def test_is_private_said_once_and_ended(self, made):
        ingrid, url = browser(made, "ingrid"), reverse("payouts:calendar-feed-make")
        first = ingrid.post(url, {"act": "make"}, follow=True).content.decode()
        again = ingrid.get(reverse("payouts:calendar-show")).content.decode()
        address = first.split("<code>")[1].split("</code>")[0]

        answer = Client().get(address)
        ingrid.post(url, {"act": "end"})

        assert "text/calendar" in answer["Content-Type"]
        assert address.split("/")[-1] not in again
        assert address.split("/")[-1].removesuffix(".ics?in=en") not in str(CalendarFeed.objects.values())
        assert Client().get(address).status_code == 404

    def test_carries_dates_of_its_user_and_no_figure(self, made, pool):
        token = calendar_feed_make(by=made.user("ingrid"))

        text = Client().get(reverse("payouts:calendar-feed", args=[token])).content.decode()

        assert "SUMMARY:2026-Q3: Pools allocated until" in text
        assert "Results collected" not in text
        assert "30160" not in text.replace(",", "")
        assert "DTSTART;VALUE=DATE:20261024" in text

    def test_of_somebody_closed_is_not_there(self, made):
        token = calendar_feed_make(by=made.user("ingrid"))
        ingrid = made.user("ingrid")
        ingrid.is_active = False
        ingrid.save()

        assert feed_user(token=token) is None
        assert feed_user(token="another") is None


def test_a_calendar_is_folded_and_escaped_as_the_standard_says():
    event = IcalEvent(uid="1@x", on=date(2026, 10, 9), summary="ä;,\\" * 40)

    text = ical_text(name="a, b", events=[event], at=AT)

    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert text.replace("\r\n ", "").count("ä\\;\\,\\\\") == 40
    assert "DTEND;VALUE=DATE:20261010" in text
