"""The programme at a glance: its numbers, what is too small to show, and who may see it."""

import csv
import io
from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from psycopg2.extras import DateRange

from kamcomp import money
from kamcomp.calendar.choices import Frequency
from kamcomp.calendar.models import FiscalCalendar, Period
from payouts.choices import ExceptionKind
from payouts.selectors.executive import back, costs_compared, executive_page, executive_runs
from payouts.services.exceptions import exception_decide, exception_request, exception_review
from scorecards.models import AccountPnl, Metric, Result
from teams.models import Membership
from tests.payouts.books import allocated, locked
from tests.payouts.company import AT, START, calculated_run, company

D = Decimal
pytestmark = pytest.mark.django_db
PAGE = reverse("payouts:executive-show")


@pytest.fixture
def made(db):
    return company()


def browser(made, name="anders"):
    client = Client()
    client.force_login(made.user(name))
    return client


def pnl(made, first, until, revenue):
    AccountPnl.objects.create(
        node=made.account.node,
        days=DateRange(first, until),
        revenue=D(revenue),
        cogs=D(revenue) / 2,
        currency="EUR",
    )


def ccos(made, code, cost, revenue):
    Result.objects.create(
        metric=Metric.objects.get(code="M27"), period=made.quarters[code], node=made.account.node,
        numerator=D(cost), denominator=D(revenue), value=D(cost) / D(revenue), status="final",
    )  # fmt: skip


def satisfied(made, code, value):
    Result.objects.create(
        metric=Metric.objects.get(code="M06"), period=made.quarters[code], node=made.account.node,
        value=D(value), status="final",
    )  # fmt: skip


def page_of(run):
    return executive_page(run=run, among=list(executive_runs()))


def exactly_over(part, whole):
    return money.CONTEXT.divide(D(part), D(whole))


class TestExecutivePage:
    def test_holds_cost_against_target_over_the_year(self, made):
        locked(made, calculated_run(made, period="2026-Q2", amounts={"KAM": "5000.00"}, target="6000.00"))
        run = allocated(made, calculated_run(made, target="6000.00"))

        page = page_of(run)

        assert [(each.code, each.is_final) for each in page.costs] == [("2026-Q2", True), ("2026-Q3", False)]
        assert page.year.cost == D("35160.00") + D("36617.50")  # each with a pool of 30,160.00
        assert page.costs[1].cost == D("36617.50")
        assert page.currency == "EUR"

    def test_shares_pools_between_direct_and_matrix_only_of_groups_of_five(self, made):
        run = allocated(made, calculated_run(made))

        assert page_of(run).shares.direct is None  # two people are matrix members

        people = page_of(run).shares.people
        assert people == 5

    def test_hides_what_teams_of_fewer_than_five_cost(self, made):
        run = locked(made, calculated_run(made, period="2026-Q2", amounts={"KAM": "5000.00"}))
        ccos(made, "2026-Q2", "80", "1000")
        shown = page_of(run)

        leave = Membership.objects.filter(
            account=made.account, person__employee_id__in=["PM", "CSR", "BIL", "LOG"]
        )
        leave.update(valid=DateRange("2026-01-01", "2026-02-01"))
        hidden = page_of(run)

        assert shown.trends[0].cost_of_sales == [D("0.08")]
        assert hidden.trends[0].cost_of_sales == [None]

    def test_follows_cost_of_sales_from_period_to_period(self, made):
        locked(made, calculated_run(made, period="2026-Q2", amounts={"KAM": "5000.00"}))
        run = calculated_run(made)
        ccos(made, "2026-Q2", "80", "1000")
        ccos(made, "2026-Q3", "90", "1000")

        page = page_of(run)

        assert (page.cost_of_sales, page.cost_of_sales_period) == (D("0.09"), "2026-Q3")
        assert page.points == D("0.01")
        assert page.trends[0].cost_of_sales == [D("0.08"), D("0.09")]

    def test_tells_health_only_where_facts_cover_both_times(self, made):
        run = calculated_run(made)
        pnl(made, "2026-04-01", "2026-10-01", "1100")
        pnl(made, "2025-10-01", "2026-04-01", "1000")

        six, twelve, _two_years = page_of(run).health

        assert (six.revenue, six.contribution, six.accounts) == (D("0.1"), D("0.1"), 1)
        assert (twelve.revenue, twelve.accounts) == (None, 0)
        assert page_of(run).reach.months == 6

    @pytest.mark.parametrize(("now", "still"), [("0.40", [("Meridian", 6)]), ("0.41", [])])
    def test_names_what_has_not_moved_and_says_nothing_of_what_is_not_known(self, made, now, still):
        run = calculated_run(made)
        pnl(made, "2026-04-01", "2026-10-01", "900")
        pnl(made, "2025-10-01", "2026-04-01", "1000")
        assert page_of(run).not_moving == []  # nobody was asked how satisfied they are

        satisfied(made, "2026-Q1", "0.40")
        satisfied(made, "2026-Q3", now)

        assert [(each.name, each.months) for each in page_of(run).not_moving] == still
        page = browser(made).get(PAGE).content.decode()
        assert ("over 6 months neither revenue, contribution nor satisfaction" in page) == bool(still)

    def test_counts_the_exceptions_of_the_register(self, made):
        run = allocated(made, calculated_run(made))
        maren = made.user("maren")
        for approved in (True, False):
            exception = exception_request(
                plan=made.version.plan, person=made.people["KAM"], period=run.period, kind=ExceptionKind.PAYOUT,
                reason="Agreed", amount=D("366.17"), currency="EUR", expires_on=date(2026, 12, 31), by=maren, at=AT,
            )  # fmt: skip
            if approved:
                exception_review(exception_id=exception.pk, by=made.user("jonas"), at=AT)
                exception_decide(exception_id=exception.pk, approve=True, by=made.user("anders"), at=AT)

        page = page_of(run)

        assert page.exceptions == exactly_over(1, 6)  # one line and five shares; the second is not decided
        assert page.exceptions_of_money == exactly_over(D("366.17"), D("36617.50"))

    def test_steps_back_by_months(self):
        assert back(START, 6).isoformat() == "2025-07-01"


class TestExecutiveShow:
    def test_shows_the_page_and_gives_the_trends(self, made):
        locked(made, calculated_run(made, period="2026-Q2", amounts={"KAM": "5000.00"}))
        ccos(made, "2026-Q2", "80", "1000")

        page = browser(made).get(PAGE).content.decode()
        answer = browser(made).get(PAGE, {"format": "csv"})
        rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))

        assert "Programme at a glance" in page
        assert "8.00%" in page
        assert page.count('role="img"') == 2
        assert rows[0]["account"] == "Meridian"

    def test_says_what_comes_when_there_is_no_run(self, made):
        assert "Nothing to show yet" in browser(made).get(PAGE).content.decode()

    def test_is_not_there_for_others(self, made):
        calculated_run(made)

        for name in ("ingrid", "priya"):
            assert browser(made, name).get(PAGE).status_code == 404
        assert browser(made).get(PAGE, {"period": "1999-Q1"}).status_code == 404

    def test_costs_a_bounded_number_of_queries(self, made):
        allocated(made, calculated_run(made))
        client = browser(made)
        with CaptureQueriesContext(connection) as found:
            client.get(PAGE)

        assert len(found) == 24


def quarter_before(made):
    """Return the quarter before the plan began, which the calendar of these tests does not have."""
    days = DateRange(date(2025, 10, 1), START)
    common = {"calendar": made.calendar, "fiscal_year": 2025, "number": 4, "cut_off_on": date(2026, 1, 9)}
    made.quarters["2025-Q4"] = Period.objects.create(code="2025-Q4", days=days, **common)


def year_of(made, code, *, cost, revenue, profit):
    ccos(made, code, cost, revenue)
    days = made.quarters[code].days
    AccountPnl.objects.create(
        node=made.account.node, days=days, revenue=D(revenue), cogs=D(revenue) - D(profit), currency="EUR"
    )


class TestCostsCompared:
    APRIL = date(2026, 4, 1)

    def look(self, made, on=APRIL):
        return costs_compared(accounts=[made.account], on=on)

    @pytest.fixture
    def both(self, made):
        quarter_before(made)
        year_of(made, "2025-Q4", cost=640_000, revenue=12_000_000, profit=2_400_000)
        year_of(made, "2026-Q1", cost=690_000, revenue=12_200_000, profit=2_380_000)
        return made

    def test_lays_pay_beside_the_revenue_and_profit_it_brought(self, both):
        (row,) = self.look(both).rows

        assert (row.plan, row.since, row.periods) == ("Growth", START, 1)
        assert (row.cost.before, row.cost.after) == (
            exactly_over(640, 12_000), exactly_over(690, 12_200),
        )  # fmt: skip
        assert row.cost.extra_return == D("-0.4")
        assert row.cost.outruns

    def test_compares_as_many_periods_on_either_side_as_both_have(self, both):
        year_of(both, "2026-Q2", cost=1, revenue=1, profit=1)

        (row,) = self.look(both, on=date(2026, 7, 1)).rows

        assert (row.periods, row.after.revenue) == (1, 12_200_000)

    def test_needs_both_sides_and_a_profit_and_loss(self, made):
        year_of(made, "2026-Q1", cost=1, revenue=1, profit=1)
        assert [row.cost for row in self.look(made).rows] == [None]

        quarter_before(made)
        ccos(made, "2025-Q4", 1, 1)
        assert [row.cost for row in self.look(made).rows] == [None]

    def test_leaves_out_an_account_that_fewer_than_five_serve(self, both):
        Membership.objects.filter(person__in=[both.people["PM"], both.people["CSR"]]).delete()

        found = self.look(both)

        assert (list(found.rows), found.hidden) == ([], 1)

    def test_stands_on_the_account_for_those_who_watch_cost(self, both):
        url = reverse("payouts:account-show", args=[both.account.pk])

        for name in ("maren", "anders", "jonas"):
            page = browser(both, name).get(url, {"as_of": "2026-04-01"}).content.decode()
            assert "5.33%" in page
            assert "−0.40" in page
            assert "pay grew faster" in page
        assert "5.33%" not in browser(both, "ingrid").get(url, {"as_of": "2026-04-01"}).content.decode()

    def test_goes_with_the_trend_of_cost_and_retention(self, both):
        url = reverse("payouts:account-show", args=[both.account.pk])
        for code, kept in (("2025-Q4", "1.02"), ("2026-Q1", "0.98")):
            Result.objects.create(
                metric=Metric.objects.get(code="M19.net"), period=both.quarters[code], node=both.account.node,
                value=D(kept), status="final",
            )  # fmt: skip

        halves = FiscalCalendar.objects.create(code="HY", name="Half-years", frequency=Frequency.MONTH)
        both.quarters["2025-H2"] = Period.objects.create(
            calendar=halves, code="2025-H2", fiscal_year=2025, number=2, cut_off_on=date(2026, 1, 9),
            days=DateRange(date(2025, 7, 1), START),
        )  # fmt: skip
        ccos(both, "2025-H2", "1", "100")  # of another calendar: months and half-years make no line

        page = browser(both, "maren").get(url, {"as_of": "2026-04-01"})
        files = browser(both, "maren").get(url, {"as_of": "2026-04-01", "table": "trends", "format": "csv"})

        text = b"".join(files.streaming_content).decode("utf-8-sig")
        assert "From 2025-Q4 to 2026-Q1, now 98.00%" in page.content.decode()
        assert text.splitlines()[0] == "measure,2025-Q4,2026-Q1"
        (kept,) = [row for row in csv.DictReader(io.StringIO(text)) if row["measure"] == "net_retention"]
        assert [D(kept["2025-Q4"]), D(kept["2026-Q1"])] == [D("1.02"), D("0.98")]
        assert "net revenue retention" not in browser(both, "ingrid").get(url).content.decode()

    def test_keeps_back_each_period_in_which_fewer_than_five_served(self, both):
        url = reverse("payouts:account-show", args=[both.account.pk])
        served = Membership.objects.filter(person__in=[both.people["PM"], both.people["CSR"]])
        served.update(valid=DateRange(START, None))

        (cost,) = browser(both, "maren").get(url, {"as_of": "2026-04-01"}).context["trends"]
        assert (cost.name, cost.values[0], cost.values[1] is None) == ("cost_of_sales", None, False)

        served.delete()
        assert browser(both, "maren").get(url, {"as_of": "2026-04-01"}).context["trends"] == []

    def test_stands_on_the_programme_and_in_its_file(self, both):
        calculated_run(both)

        page = browser(both).get(PAGE).content.decode()
        answer = browser(both).get(PAGE, {"format": "csv"})

        (row,) = csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig")))
        assert "Cost of sales, before and with the plan" in page
        assert D(row["profit for 1 more pay"]) == D("-0.4")
