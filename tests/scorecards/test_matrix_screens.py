"""The scorecard matrix in the browser: what is there and missing, cells typed and pasted, mine against theirs."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from kamcomp.imports.models import ImportBatch
from scorecards.choices import MetricSource, Unit
from scorecards.models import Metric, Result, Target
from scorecards.services.cells import CellSet, MetricComputed, results_set
from teams.choices import AccountStatus
from teams.models import AccountNode, StrategicAccount
from tests.imports.company import lock
from tests.payouts.company import company

pytestmark = pytest.mark.django_db
D = Decimal
PERIOD = "2026-Q4"


@pytest.fixture
def made():
    made = company()
    for code, value, currency in (("M01", 1000000, "EUR"), ("M06", D("0.8"), "")):
        Target.objects.create(
            metric=Metric.objects.get(code=code), node=made.account.node, days=made.quarters[PERIOD].days,
            value=value, currency=currency,
        )  # fmt: skip
    Result.objects.create(
        metric=Metric.objects.get(code="M01"), period=made.quarters[PERIOD], node=made.account.node,
        value=1052500, currency="EUR",
    )  # fmt: skip
    return made


def browser(made, name):
    client = Client()
    client.force_login(made.user(name))
    return client


def show(made, name, **query):
    return browser(made, name).get(reverse("scorecards:scorecard-matrix"), {"period": PERIOD, **query})


def place(made, code):
    return f"{made.account.node_id}__~{code}"


def send(made, name="maren", *, what="targets", step="look", block="", **cells):
    data = {"period": PERIOD, "what": what, "step": step, "block": block, **cells}
    return browser(made, name).post(reverse("scorecards:matrix-edit"), data, follow=True)


def target(made, code):
    rows = Target.objects.current().filter(metric__code=code, node=made.account.node)
    return rows.get(days=made.quarters[PERIOD].days).value


class TestScorecardMatrix:
    def test_shows_target_result_share_and_what_is_missing(self, made):
        page = show(made, "maren").content.decode()

        for figure in (
            "1,052,500",
            "105.3%",
            "of 1,000,000",
            "of 80.0%",
            "1 result missing",
            "Computed from facts",
        ):
            assert figure in page
        assert page.count(">missing<") == 1

    def test_takes_one_perspective(self, made):
        page = show(made, "maren", perspective="customer").content.decode()

        assert "of 80.0%" in page
        assert "1,052,500" not in page

    def test_is_not_there_for_kams_and_payees_nor_for_a_period_that_is_not(self, made):
        assert show(made, "ingrid").status_code == 404
        assert show(made, "priya").status_code == 404
        assert show(made, "maren", period="2031-Q9").status_code == 404

    def test_starts_a_period_without_targets_with_the_metrics_agreed_before(self, made):
        page = show(made, "maren", period="2027-Q1").content.decode()
        sheet = browser(made, "maren").get(reverse("scorecards:matrix-edit"), {"period": "2027-Q1"})

        assert "No targets in this period" in page
        assert f"cell~{place(made, 'M01')}" in sheet.content.decode()

    def test_gives_its_cells_as_a_file(self, made):
        text = b"".join(show(made, "jonas", format="csv").streaming_content).decode("utf-8-sig")

        lines = [line.split(",") for line in text.splitlines()]
        assert lines[0][:4] == ["account", "name", "segment", "metric"]
        assert [line[7] for line in lines[1:]] == ["1000000.000000", "0.800000"]

    def test_costs_the_same_queries_at_two_sizes(self, made):
        counts, client = [], browser(made, "maren")
        for number in (1, 21):
            for each in range(number):
                node = AccountNode.objects.create(
                    code=f"X{number}-{each}", name=f"X{number}-{each}", currency="EUR"
                )
                StrategicAccount.objects.create(
                    node=node,
                    programme_start=date(2026, 1, 1),
                    plan_currency="EUR",
                    status=AccountStatus.CANDIDATE,
                )
                Target.objects.create(
                    metric=Metric.objects.get(code="M01"), node=node, days=made.quarters[PERIOD].days, value=1,
                    currency="EUR",
                )  # fmt: skip
            with CaptureQueriesContext(connection) as asked:
                assert (
                    client.get(reverse("scorecards:scorecard-matrix"), {"period": PERIOD}).status_code == 200
                )
            counts.append(len(asked))
        assert counts[0] == counts[1] <= 12


class TestMatrixEdit:
    def test_shows_what_changes_then_saves_and_takes_it_back(self, made):
        cell = {f"cell~{place(made, 'M01')}": "1.200.000,50", f"was~{place(made, 'M01')}": "1000000.000000"}

        looked = send(made, **cell).content.decode()
        assert "Save 1 cell" in looked
        assert target(made, "M01") == 1000000
        saved = send(made, step="save", **cell)

        assert "Saved: 1 cell." in saved.content.decode()
        assert target(made, "M01") == D("1200000.50")
        batch = ImportBatch.objects.get()
        undone = browser(made, "maren").post(reverse("scorecards:cells-undo", args=[batch.pk]), follow=True)
        assert "stand again" in undone.content.decode()
        assert target(made, "M01") == 1000000

    def test_goes_back_to_an_earlier_figure(self, made):
        for before, text in (("1000000", "5"), ("5", "1,000,000"), ("1000000", "5")):
            send(
                made, step="save", **{f"cell~{place(made, 'M01')}": text, f"was~{place(made, 'M01')}": before}
            )

        assert target(made, "M01") == 5

    @pytest.mark.parametrize(
        "block",
        [
            "Konto\tM01\tM06\nMERIDIAN\t2.000.000\t82,5 %\n",
            "M06\tM01\n82.5%\t2,000,000\n",
            "MERIDIAN\t2000000\t82.5\n",
            "2 000 000\t82,5",
        ],
    )
    def test_takes_a_block_with_or_without_its_names(self, made, block):
        block = block.replace("MERIDIAN", made.account.node.code)

        send(made, step="save", block=block)

        assert (target(made, "M01"), target(made, "M06")) == (2000000, D("0.825"))

    @pytest.mark.parametrize(
        ("block", "words"),
        [
            ("Nobody\t1\nMER\t2", "no account of this period"),
            ("\tM01\tM99\nMER\t2\t3", "no metric that can be filled in"),
            ("1\t2\t3", "3 columns of figures"),
            ("1\n2", "more lines than the 1 rows"),
        ],
    )
    def test_refuses_a_block_without_a_place_and_keeps_it(self, made, block, words):
        block = block.replace("MER", made.account.node.code)

        answer = send(made, block=block)

        assert answer.status_code == 422
        assert words in answer.content.decode()
        assert block.split("\n")[-1] + "</textarea>" in answer.content.decode()

    def test_marks_what_it_cannot_read_and_keeps_it(self, made):
        answer = send(made, step="save", **{f"cell~{place(made, 'M01')}": "a lot"})

        assert answer.status_code == 422
        assert 'value="a lot"' in answer.content.decode()
        assert "is not an amount" in answer.content.decode()
        assert target(made, "M01") == 1000000

    def test_lays_mine_beside_theirs_and_keeps_mine_when_asked(self, made):
        cell = {f"cell~{place(made, 'M01')}": "3000000", f"was~{place(made, 'M01')}": "1000000.000000"}
        send(made, "jonas", step="save", **{**cell, f"cell~{place(made, 'M01')}": "2000000"})

        answer = send(made, step="save", **cell)
        page = answer.content.decode()

        assert answer.status_code == 409
        for figure in ("1,000,000", "3,000,000", "2,000,000"):
            assert figure in page
        assert target(made, "M01") == 2000000
        send(made, step="save", **{**cell, f"was~{place(made, 'M01')}": "2000000.000000"})
        assert target(made, "M01") == 3000000

    def test_takes_results_of_external_metrics_alone(self, made):
        Metric.objects.create(
            code="X01",
            name="Own count",
            perspective="internal",
            unit=Unit.COUNT,
            source=MetricSource.EXTERNAL,
        )

        send(made, what="results", step="save", **{f"cell~{place(made, 'X01')}": "12"})
        send(made, what="results", step="save", **{f"cell~{place(made, 'M01')}": "7"})

        found = Result.objects.current().get(metric__code="X01")
        assert (found.value, found.status, found.period.code) == (12, "final", PERIOD)
        assert Result.objects.current().get(metric__code="M01").value == 1052500
        with pytest.raises(MetricComputed, match="computed from facts"):
            results_set(
                period=made.quarters[PERIOD],
                cells=[
                    CellSet(subject=(made.account.node_id, None, None), metric="M01", value=D(1), seen=None)
                ],
                by=made.user("maren"),
                at=timezone.now(),
            )

    def test_refuses_a_locked_period_and_who_may_not(self, made):
        cell = {f"cell~{place(made, 'M01')}": "5", f"was~{place(made, 'M01')}": "1000000"}
        assert send(made, "anders", **cell).status_code == 404
        lock(made.quarters[PERIOD])

        answer = send(made, step="save", **cell)

        assert answer.status_code == 422
        assert "is locked" in answer.content.decode()
        assert target(made, "M01") == 1000000
