"""Plans and metrics in the browser: read as words and tables, with curve and people, by who may see them."""

import copy
import csv
import json
import re
from datetime import date
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape
from psycopg2.extras import DateRange

from kamcomp.policy.models import PolicySetting
from plans.choices import PlanType
from plans.engine.document import plan_from_document
from plans.models import Plan
from plans.selectors.pictures.settings import ACCOUNT_MANAGER_PLAN
from plans.services import version_draft
from plans.templates_library import plan_template
from plans.views.curves import drawing, small_line
from plans.views.reading import plan_read
from scorecards.models import Metric, Result
from tests.payouts.company import company, document

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def made():
    return company()


def browser(made, name):
    client = Client()
    client.force_login(made.user(name))
    return client


def get(made, name, view, *args, **query):
    return browser(made, name).get(reverse(f"plans:{view}", args=args), query)


class TestPlanList:
    def test_shows_each_plan_with_its_newest_version_and_people(self, made):
        page = get(made, "maren", "plan-list").content.decode()

        assert made.plan.name in page
        assert "Team performance" in page

    def test_filters_by_type_and_day(self, made):
        assert made.plan.name in get(made, "maren", "plan-list", on="2026-06-01").content.decode()
        assert made.plan.name not in get(made, "maren", "plan-list", on="2031-06-01").content.decode()
        assert made.plan.name not in get(made, "maren", "plan-list", type="renewal").content.decode()

    def test_is_not_there_for_kams_and_payees(self, made):
        for name in ("ingrid", "priya"):
            assert get(made, name, "plan-list").status_code == 404
            assert get(made, name, "plan-show", made.plan.pk).status_code == 404
            assert get(made, name, "version-document", made.version.pk).status_code == 404

    def test_costs_the_same_queries_at_two_sizes(self, made):
        client, counts = browser(made, "maren"), []
        for start, count in ((0, 5), (5, 40)):
            Plan.objects.bulk_create(
                Plan(code=f"P{n}", name=f"P{n}", plan_type="renewal", calendar=made.calendar)
                for n in range(start, start + count)
            )
            with CaptureQueriesContext(connection) as asked:
                assert client.get(reverse("plans:plan-list")).status_code == 200
            counts.append(len(asked))
        assert counts[0] == counts[1] <= 12


class TestPlanShow:
    def test_reads_the_terms_as_words_and_tables(self, made):
        page = get(made, "jonas", "plan-show", made.plan.pk).content.decode()

        name = Metric.objects.get(code="M01").name
        for words in (name, "100.0%", "straight lines between the points", "€30,160.00 a period"):
            assert words in page
        assert "50% to 150% of its guideline" in page
        assert '<path class="curve-line"' in page
        assert made.version.digest in page

    def test_reads_the_weight_of_a_goal_as_its_share_of_the_whole(self):
        terms = plan_from_document(plan_template(plan_type=PlanType.TEAM_PERFORMANCE))

        goals = [row for row in plan_read(terms=terms, metrics={}).nodes if row.kind != "Group"]
        assert any(row.depth for row in goals)
        assert sum(row.weight for row in goals) == 1

    def test_draws_with_points_in_every_language(self, made):
        url = reverse("plans:plan-show", args=[made.plan.pk])

        page = browser(made, "maren").get(url, HTTP_ACCEPT_LANGUAGE="de").content.decode()

        assert "gerade Linien" in page
        assert re.findall(r' (?:x1|x2|y1|y2|cx|cy|x|y)="[^"]*,[^"]*"', page) == []

    def test_gives_the_document_as_it_was_stored(self, made):
        answer = get(made, "maren", "version-document", made.version.pk)

        assert json.loads(answer.content) == made.version.document
        assert "attachment" in answer["Content-Disposition"]

    def test_costs_a_bounded_number_of_queries(self, made):
        client = browser(made, "maren")

        with CaptureQueriesContext(connection) as asked:
            client.get(reverse("plans:plan-show", args=[made.plan.pk]))
        assert len(asked) <= 14


class TestDrawing:
    def test_joins_the_points_and_stays_in_its_box(self):
        curve = plan_from_document(document()).incentive.children[0].curve

        drawn = drawing(curve)

        places = [part.split() for part in drawn.path.lstrip("M").split(" L")]
        assert all(0 <= D(x) <= D(drawn.width) and 0 <= D(y) <= D(drawn.height) for x, y in places)
        assert [D(x) for x, _y in places] == sorted(D(x) for x, _y in places)
        assert len(drawn.dots) == 3
        assert drawn.target is not None

    def test_needs_two_results_for_a_line(self):
        assert small_line([("Q1", D(1))]) is None
        assert small_line([("Q1", D(1)), ("Q2", D(1))]).path == "M3.0 12.0 L77.0 12.0"


class TestMetricList:
    def test_shows_results_as_a_line_and_the_plans_that_read_a_metric(self, made):
        metric = Metric.objects.get(code="M01")
        for code, value in (("2026-Q2", 900), ("2026-Q3", 1000)):
            Result.objects.create(
                metric=metric, period=made.quarters[code], node=made.account.node, value=value, currency="EUR",
                recorded_at=timezone.now(),
            )  # fmt: skip

        page = get(made, "maren", "metric-list").content.decode()
        one = get(made, "maren", "metric-show", "M01").content.decode()

        assert page.count('class="small-line"') == 1
        assert "From 2026-Q2 to 2026-Q3, now 1,000" in page
        assert made.version.plan.name in page
        for words in ("2026-Q2", "900 EUR", made.version.plan.name, "Made from"):
            assert words in one

    def test_filters_and_is_not_there_for_payees(self, made):
        page = get(made, "ingrid", "metric-list", perspective="customer").content.decode()

        assert "Customer satisfaction" in page
        assert "Share of wallet" not in page
        assert get(made, "priya", "metric-list").status_code == 404
        assert get(made, "maren", "metric-show", "M99").status_code == 404

    def test_sorts_within_a_perspective_and_gives_what_it_shows_as_a_file(self, made):
        asked = {"perspective": "customer", "sort": "-metric"}
        page = get(made, "maren", "metric-list", **asked).content.decode()
        answer = get(made, "maren", "metric-list", **asked, format="csv")
        rows = list(csv.DictReader(StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))

        names = [row["metric"] for row in rows]
        wanted = Metric.objects.filter(perspective="customer").order_by("-name")
        assert names == list(wanted.values_list("name", flat=True))
        assert len(names) > 1
        places = [page.index(f">{escape(name)}</a>") for name in names]
        assert places == sorted(places)
        assert 'aria-sort="descending"' in page
        assert {row["perspective"] for row in rows} == {"Customer"}

    def test_costs_few_queries(self, made, django_assert_num_queries):
        client = browser(made, "maren")

        with django_assert_num_queries(7):
            client.get(reverse("plans:metric-list"))


class TestVersionCompare:
    def second(self, made):
        changed = copy.deepcopy(made.version.document) | {"code": made.plan.code}
        changed["incentive"]["children"][0]["curve"]["points"][2] = ["1.50", "1.80"]
        changed["pool"]["reserve"] = "0.05"
        at = timezone.now()
        return version_draft(plan=made.plan, document=changed, by=made.user("maren"), at=at)

    def test_says_in_words_what_became_another_value(self, made):
        later = self.second(made)

        page = get(made, "jonas", "version-compare", a=made.version.pk, b=later.pk).content.decode()

        for words in ("Point 150%", "<td>200%</td><td>180%</td>", "Reserve", "3 differences", "Curve"):
            assert words in page

    def test_gives_the_same_rows_as_a_file(self, made):
        later = self.second(made)

        answer = get(made, "maren", "version-compare", a=made.version.pk, b=later.pk, format="csv")

        assert b"".join(answer).decode("utf-8-sig").splitlines()[:3] == [
            "goal,part,what,before,after",
            ",,Code,“GAG-2026”,“GAG”",
            "REV,Curve,Point 150%,200%,180%",
        ]

    def test_lays_a_plan_beside_the_account_managers_with_the_reason_for_each_element(self, made):
        asked = {"a": "account-managers", "b": made.version.pk}

        page = get(made, "maren", "version-compare", **asked).content.decode()
        answer = get(made, "maren", "version-compare", **asked, table="elements", format="csv")

        for words in (
            "Usual account manager",
            "60/40",
            "nobody can be replayed on it",
            "5 of 8 elements differ",
        ):
            assert words in page
        lines = list(csv.reader(StringIO(b"".join(answer).decode("utf-8-sig"))))
        assert lines[0] == ["element", "theirs", "ours", "why"]
        assert lines[1][1:3] == ["60/40", "none"]
        assert all(line[3] for line in lines[1:])
        assert "Choose two versions" in get(
            made, "maren", "version-compare", a=made.version.pk, b="account-managers"
        ).content.decode()  # fmt: skip

    def test_lays_it_beside_the_account_managers_plan_that_the_company_named(self, made):
        later = self.second(made)
        PolicySetting.objects.create(
            key=ACCOUNT_MANAGER_PLAN,
            value=made.plan.code,
            valid=DateRange(date(2020, 1, 1), None),
            reason="ours",
        )

        page = get(made, "maren", "version-compare", a="account-managers", b=later.pk).content.decode()

        assert "the same: on purpose?" in page
        assert reverse("payouts:replay-compare", args=[later.pk, made.version.pk]) in page

    def test_asks_for_two_versions_and_keeps_the_one_that_was_chosen(self, made):
        page = get(made, "maren", "version-compare", b=made.version.pk).content.decode()

        assert "Choose two versions" in page
        assert f'<option value="{made.version.pk}" selected>' in page
        strange = get(made, "maren", "version-compare", a=made.plan.pk, b=made.version.pk).content.decode()
        assert "Choose two versions" in strange

    def test_is_led_to_from_the_later_version(self, made):
        later = self.second(made)

        page = get(made, "maren", "version-show", later.pk).content.decode()

        assert f"?a={made.version.pk}&amp;b={later.pk}" in page
        assert "Against version" not in get(made, "maren", "version-show", made.version.pk).content.decode()

    def test_is_not_there_for_kams_and_payees(self, made):
        for name in ("ingrid", "priya"):
            assert get(made, name, "version-compare", b=made.version.pk).status_code == 404

    def test_costs_a_bounded_number_of_queries(self, made):
        later, client = self.second(made), browser(made, "maren")

        for earlier in (made.version.pk, "account-managers"):
            with CaptureQueriesContext(connection) as asked:
                client.get(reverse("plans:version-compare"), {"a": earlier, "b": later.pk})
            assert len(asked) <= 12


class TestPlansDiff:
    def test_says_what_a_file_says_differently_from_a_stored_version(self, made, tmp_path):
        changed, told = made.version.document | {"name": "Growth of accounts"}, StringIO()
        file = tmp_path / "changed.json"
        file.write_text(json.dumps(changed))

        call_command("plans", "diff", "GAG:1", str(file), stdout=told)
        call_command("plans", "diff", "GAG", str(file), "--language", "de", stdout=told)
        call_command("plans", "diff", str(file), str(file), stdout=told)

        assert told.getvalue().splitlines() == [
            "Name “Global accounts growth” → “Growth of accounts”",
            "Name “Global accounts growth” → “Growth of accounts”",
            "No differences",
        ]

    def test_refuses_what_names_no_version(self, made):
        with pytest.raises(CommandError, match="say GAG:2 for version 2"):
            call_command("plans", "diff", "GAG:last", "GAG")
        with pytest.raises(CommandError, match="has no version 9"):
            call_command("plans", "diff", "GAG:9", "GAG")
