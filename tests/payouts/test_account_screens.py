"""Key accounts in the browser: the list with a year's figures, and one account with all that concerns it."""

from datetime import date

import pytest
from django.test import Client
from django.urls import reverse
from psycopg2.extras import DateRange

from kamcomp.spans import Span
from scorecards.models import AccountPnl
from scorecards.selectors.pnl import PnlRow, pnl_totals, tree_sum
from teams.models import AccountNode, StrategicAccount
from tests.payouts.company import START, D, calculated_run, company

pytestmark = pytest.mark.django_db
Q2, Q3 = DateRange(date(2026, 4, 1), date(2026, 7, 1)), DateRange(date(2026, 7, 1), date(2026, 10, 1))


@pytest.fixture
def made(db):
    found = company()
    south = AccountNode.objects.create(
        code="MER-S", name="Meridian South", currency="EUR", parent=found.account.node
    )
    for node, days, revenue, cogs, direct in (
        (found.account.node, Q2, 1000, 600, 100),
        (found.account.node, Q3, 2000, 1300, 200),
        (south, Q3, 500, 400, 200),
    ):
        AccountPnl.objects.create(
            node=node, days=days, revenue=revenue, cogs=cogs, direct_cost=direct, currency="EUR"
        )
    return found


def browser(made, name):
    client = Client()
    client.force_login(made.user(name))
    return client


def show(made, name="maren", **query):
    return browser(made, name).get(reverse("payouts:account-show", args=[made.account.pk]), query)


class TestAccountList:
    def test_sums_whole_trees_over_twelve_months(self, made):
        page = browser(made, "maren").get(reverse("payouts:account-list")).content.decode()

        assert '<td class="n">3,500.00</td>' in page
        assert "700.00" in page
        assert "20.0%" in page
        assert "from 1 Oct 2025 to 30 Sep 2026" in page

    def test_filters_and_is_a_file(self, made):
        maren, url = browser(made, "maren"), reverse("payouts:account-list")

        assert "Nothing passes this filter" in maren.get(url, {"name": "nothing"}).content.decode()
        text = b"".join(maren.get(url, {"format": "csv"})).decode("utf-8-sig")
        assert "Meridian,'=KAM Doe,Grow,,3500" in text

    def test_is_for_those_who_watch_the_whole(self, made):
        for name in ("ingrid", "priya"):
            assert browser(made, name).get(reverse("payouts:account-list")).status_code == 404

    def test_costs_the_same_queries_at_two_sizes(self, made, django_assert_max_num_queries):
        client = browser(made, "maren")
        for size in (1, 12):
            for number in range(size - 1):
                node = AccountNode.objects.create(code=f"N{number}", name=f"N {number}", currency="EUR")
                StrategicAccount.objects.create(node=node, programme_start=START, plan_currency="EUR")
            with django_assert_max_num_queries(10):
                client.get(reverse("payouts:account-list"))


class TestAccountShow:
    def test_shows_pnl_tree_plan_and_runs(self, made):
        calculated_run(made)

        page = show(made, as_of="2026-09-01").content.decode()

        assert "€2,500.00" in page  # revenue of the tree in the third quarter
        assert "16.0%" in page  # 400 of 2,500
        assert "Meridian South" in page
        assert '<td class="n">€500.00</td>' in page  # the site's own
        assert "Growth" in page
        assert "€6,457.50" in page

    def test_adds_no_currencies(self):
        rows = [
            PnlRow(span=None, currency=code, revenue=D(10), cogs=D(1), direct_cost=D(1), contribution=D(8))
            for code in ("EUR", "USD", "EUR")
        ]

        assert [(row.currency, row.revenue, row.margin) for row in pnl_totals(rows=rows)] == [
            ("EUR", D(20), D("0.8")),
            ("USD", D(10), D("0.8")),
        ]

    def test_of_the_kams_own_account_says_no_more_than_they_see(self, made):
        calculated_run(made)

        page = show(made, "ingrid").content.decode()

        assert "€2,500.00" in page
        assert "P-KAM" not in page
        assert f'href="{reverse("payouts:account-list")}"' not in page

    def test_hides_incentives_from_an_executive(self, made):
        calculated_run(made)

        page = show(made, "anders").content.decode()

        assert "€6,457.50" not in page
        assert "Incentives" not in page

    def test_of_another_is_not_there(self, made):
        assert show(made, "priya").status_code == 404
        made.people["KAM"].user = None
        made.people["KAM"].save()
        assert show(made, "ingrid").status_code == 404

    def test_is_a_file_of_the_pnl(self, made):
        text = b"".join(show(made, format="csv")).decode("utf-8-sig")

        assert "2026-Q3,2026-07-01,2026-09-30,2500" in text

    def test_costs_few_queries(self, made, django_assert_max_num_queries):
        calculated_run(made)
        client = browser(made, "maren")

        with django_assert_max_num_queries(24):
            client.get(reverse("payouts:account-show", args=[made.account.pk]))


def test_only_figures_of_a_pnl_are_summed():
    with pytest.raises(KeyError):
        tree_sum(column="id; DROP TABLE", within=Span(START))
