"""Accruals in the browser: months sum to their period, variance is explained, what is open is what reconciles."""

import csv
import io
from collections import defaultdict
from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from payouts.models import Adjustment, PayrollReturn
from payouts.selectors.accruals import Ground, accrual_totals, accruals
from payouts.selectors.reconciliation import run_reconciled
from payouts.services.reviews import run_review
from teams.models import Person
from tests.payouts.books import approved, locked
from tests.payouts.company import AT, calculated_run, company

D = Decimal
pytestmark = pytest.mark.django_db
PAGE = reverse("payouts:accrual-list")


@pytest.fixture
def made(db):
    return company()


def browser(made, name="jonas"):
    client = Client()
    client.force_login(made.user(name))
    return client


class TestAccruals:
    def test_sum_to_their_period_and_spread_it_by_days(self, made):
        locked(made, calculated_run(made, target="6000.00"))

        rows = accruals(fiscal_year=2026)

        third = [row for row in rows if row.month in (date(2026, 7, 1), date(2026, 8, 1), date(2026, 9, 1))]
        assert sum(row.results for row in third) == D("36617.50")
        assert {row.ground for row in third} == {Ground.FINAL}
        by_month = defaultdict(Decimal)
        for row in third:
            by_month[row.month] += row.results
        assert by_month[date(2026, 7, 1)] == D("12338.51")  # 31 of 92 days
        assert [row.variance for row in third] == [row.results - row.accrued for row in third]

    def test_end_where_the_reconciliation_closes(self, made):
        run = locked(made, calculated_run(made, target="6000.00"))
        PayrollReturn.objects.create(
            run=run, person=made.people["KAM"], amount="1000.00", currency="EUR", paid_on="2026-09-30"
        )

        rows = accruals(fiscal_year=2026)

        september = [row for row in rows if row.month == date(2026, 9, 1)]
        (closing,) = [line.closing for line in run_reconciled(run=run)]
        assert sum(row.balance for row in september) == closing == D("35617.50")
        assert sum(row.paid for row in rows) == D("1000.00")

    def test_forecast_the_rest_of_the_year_at_target(self, made):
        calculated_run(made, target="6000.00")

        rows = accruals(fiscal_year=2026)

        ahead = [row for row in rows if row.ground == Ground.FORECAST]
        assert {row.month for row in ahead} == {date(2026, 10, 1), date(2026, 11, 1), date(2026, 12, 1)}
        assert sum(row.accrued for row in ahead) == D("6000.00")  # 92 days, as the third quarter
        assert {row.variance for row in ahead} == {None}
        (total,) = accrual_totals(rows=rows)
        assert (total.accrued, total.variance) == (D("12000.00"), D("457.50"))

    def test_tell_corrections_from_results(self, made):
        run = calculated_run(made, target="6000.00")
        Adjustment.objects.create(
            period=run.period, person=made.people["KAM"], kind="goodwill", amount="100.00", currency="EUR",
            reason="Agreed", status="approved", proposed_by=made.user("maren"), decided_by=made.user("jonas"),
            decided_at=timezone.now(),
        )  # fmt: skip

        (total,) = accrual_totals(rows=accruals(fiscal_year=2026))

        assert (total.results, total.corrections, total.variance) == (D("6457.50"), D("100.00"), D("557.50"))

    def test_take_guidelines_until_a_pool_is_approved(self, made):
        run = calculated_run(made, target="6000.00")
        run_review(run_id=run.pk, by=made.user("anders"), at=AT)

        assert sum(row.results or 0 for row in accruals(fiscal_year=2026)) == D("36617.50")


class TestAccrualList:
    def test_gives_what_it_shows_as_a_file(self, made):
        approved(made, calculated_run(made, target="6000.00"))

        page = browser(made).get(PAGE, {"cost_centre": "CC1"}).content.decode()
        answer = browser(made).get(PAGE, {"cost_centre": "CC1", "format": "csv"})
        rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))

        assert "36,617.50" in page
        assert {row["cost_centre"] for row in rows} == {"CC1"}
        assert [row["month"] for row in rows][:3] == ["2026-07-01", "2026-08-01", "2026-09-01"]

    def test_is_not_there_for_others(self, made):
        for name in ("ingrid", "priya", "anders"):
            assert browser(made, name).get(PAGE).status_code == 404

    def test_says_what_comes_when_there_is_no_run(self, made):
        assert "Nothing to accrue yet" in browser(made).get(PAGE).content.decode()

    def test_costs_the_same_at_two_sizes(self, made):
        run = locked(made, calculated_run(made, target="6000.00"))
        client = browser(made)
        counts = []
        for size in (20, 40):
            with CaptureQueriesContext(connection) as found:
                client.get(PAGE)
            counts.append(len(found))
            for number in range(size):
                person = Person.objects.create(employee_id=f"X{size}-{number}", cost_centre=f"C{number}")
                PayrollReturn.objects.create(
                    run=run, person=person, amount="1.00", currency="EUR", paid_on="2026-09-30"
                )

        assert counts[0] == counts[1] <= 16
