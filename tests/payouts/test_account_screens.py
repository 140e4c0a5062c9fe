"""Key accounts in the browser: the list with a year's figures, and one account with all that concerns it."""

import html
import re
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
            with django_assert_max_num_queries(7):
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

        with django_assert_max_num_queries(22):
            client.get(reverse("payouts:account-show", args=[made.account.pk]))


def test_only_figures_of_a_pnl_are_summed():
    with pytest.raises(KeyError):
        tree_sum(column="id; DROP TABLE", within=Span(START))


class TestAccountState:
    def put(self, made, name="maren", **told):
        url = reverse("payouts:account-state-put", args=[made.account.pk])
        seen = StrategicAccount.objects.get(pk=made.account.pk).status
        return browser(made, name).post(url, {"seen": seen, "last_day": "", **told}, follow=True)

    def test_goes_to_review_and_back(self, made):
        StrategicAccount.objects.filter(pk=made.account.pk).update(status="active")

        page = self.put(made, status="review").content.decode()

        assert "is now: In review" in page
        undo = html.unescape(re.search(r'action="([^"]*/state/undo[^"]*)"', page)[1])
        assert "Undone" in browser(made, "maren").post(undo, follow=True).content.decode()
        assert StrategicAccount.objects.get(pk=made.account.pk).status == "active"

    def test_leaves_after_a_last_day_and_does_not_come_back(self, made):
        refused = self.put(made, status="exited")
        self.put(made, status="exited", last_day="2026-12-31")
        again = self.put(made, status="active")

        assert refused.status_code == again.status_code == 422
        assert "Say the last day in the programme." in refused.content.decode()
        assert StrategicAccount.objects.get(pk=made.account.pk).programme_end == date(2027, 1, 1)

    def test_lays_mine_beside_theirs(self, made):
        answer = self.put(made, status="review", seen="exited")

        assert answer.status_code == 409
        assert "look at it again" in answer.content.decode()

    def test_is_the_compensation_admins(self, made):
        for name in ("jonas", "ingrid"):
            assert self.put(made, name, status="review").status_code == 404


class TestAccountPart:
    def url(self, made, code):
        return reverse(
            "payouts:account-part-put", args=[made.account.pk, AccountNode.objects.get(code=code).pk]
        )

    def typed(self, client, url, **told):
        form = client.get(url).context["form"]
        was = {name: form[name].value() for name in form.fields}
        return {name: "" if value is None else value for name, value in {**was, **told}.items()}

    def test_stands_under_another_part_and_is_put_back(self, made):
        south = AccountNode.objects.get(code="MER-S")
        west = AccountNode.objects.create(
            code="MER-W", name="Meridian West", currency="EUR", parent=made.account.node
        )
        client, url = browser(made, "maren"), self.url(made, "MER-W")

        page = client.post(url, self.typed(client, url, parent_id=south.pk, country="de"), follow=True)

        west.refresh_from_db()
        assert (west.parent_id, west.country) == (south.pk, "DE")
        undo = html.unescape(re.search(r'action="([^"]*/parts/undo[^"]*)"', page.content.decode())[1])
        client.post(undo)
        west.refresh_from_db()
        assert (west.parent_id, west.country) == (made.account.node_id, "")

    def test_refuses_what_is_no_place_and_keeps_what_was_typed(self, made):
        client, url = browser(made, "maren"), self.url(made, "MER-S")
        own = AccountNode.objects.get(code="MER-S").pk

        answer = client.post(url, self.typed(client, url, parent_id=own, name="South of Meridian"))
        same = client.post(url, self.typed(client, url))

        assert answer.status_code == same.status_code == 422
        assert 'value="South of Meridian"' in answer.content.decode()
        assert "Nothing is different" in same.content.decode()

    def test_lays_mine_beside_theirs(self, made):
        client, url = browser(made, "maren"), self.url(made, "MER-S")
        mine = self.typed(client, url, name="Mine")
        AccountNode.objects.filter(code="MER-S").update(name="Theirs")

        answer = client.post(url, mine)

        assert answer.status_code == 409
        assert all(words in answer.content.decode() for words in ("Meridian South", "Mine", "Theirs"))
