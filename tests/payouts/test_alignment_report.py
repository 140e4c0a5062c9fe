"""The yearly alignment report: the programme account by account, as a page, a file and a document."""

import csv
import io
import re
from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pypdf import PdfReader

from payouts.exports.alignment_pdf import alignment_pdf
from payouts.models import AccountReview
from payouts.selectors.alignment_report import alignment_report
from teams.models import AccountObjective, StrategicAccount
from tests.laws import rows
from tests.payouts.company import AT, TERMS, D, calculated_run, company
from tests.payouts.test_executive_screens import quarter_before, year_of
from tests.plans.test_alignment import out_of_the_pool, paid_on

pytestmark = pytest.mark.django_db
ON = date(2026, 10, 2)
PAGE = reverse("payouts:alignment-report")


@pytest.fixture
def made(db):
    return company(pool=TERMS | {"funding": {"rule": "targets_times_result"}})


def report(made, on=ON):
    return alignment_report(on=on)


def browser(made, name="anders"):
    client = Client()
    client.force_login(made.user(name))
    return client


def ask(made, name="anders", **query):
    return browser(made, name).get(PAGE, {"as_of": ON.isoformat()} | query)


class TestAlignmentReport:
    def test_says_of_each_account_what_its_team_shares_and_what_is_left_out(self, made):
        (fits,) = report(made).rows
        assert (fits.name, fits.manager, fits.people, fits.fits) == ("Meridian", "=KAM Doe", 7, True)
        assert len(fits.shared) == 1

        out_of_the_pool(made.people["CSR"])
        paid_on(made, "LOG", "M03")
        AccountObjective.objects.create(
            account=made.account, code="O1", owner=made.people["KAM"], statement="Please", metric_code="M06",
            due_on=date(2026, 12, 31),
        )  # fmt: skip
        found = report(made)

        (row,) = found.rows
        assert (row.left_out, row.unpaid, row.objectives, row.fits) == (1, 1, 1, False)
        assert row.shared == ()
        assert {each.rule for each in found.found} >= {"L17", "L42"}
        assert {each.account for each in found.found} == {"Meridian"}

    def test_counts_the_words_on_results_of_the_fiscal_year(self, made):
        run = calculated_run(made)
        assert [(one.confirmed, one.objected) for one in report(made).rows] == [(0, 0)]

        AccountReview.objects.create(
            run=run, account=made.account, kam=made.people["KAM"], outcome="confirmed", at=AT
        )

        found = report(made)
        assert (found.year, found.periods, found.reviewed, found.reviews) == (2026, ("2026-Q3",), 1, 1)
        assert report(made, on=date(2026, 9, 1)).periods == ()

    def test_lays_cost_before_and_with_the_plan_beside_it(self, made):
        quarter_before(made)
        year_of(made, "2025-Q4", cost=640_000, revenue=12_000_000, profit=2_400_000)
        year_of(made, "2026-Q1", cost=690_000, revenue=12_200_000, profit=2_380_000)

        (row,) = report(made).rows

        assert row.cost.cost.extra_return == D("-0.4")

    def test_has_a_page_without_accounts_and_none_of_an_account_that_left(self, made):
        StrategicAccount.objects.update(status="exited", programme_end=date(2026, 9, 30))

        assert "No account yet" in ask(made).content.decode()


class TestAlignmentReportShow:
    def test_is_a_page_a_file_and_a_document_of_the_same_figures(self, made):
        out_of_the_pool(made.people["CSR"])

        page = ask(made).content.decode()
        (line,) = csv.DictReader(
            io.StringIO(b"".join(ask(made, format="csv").streaming_content).decode("utf-8-sig"))
        )
        document = ask(made, format="pdf")

        assert "1 of 7" in page
        assert "in no plan and no pool: =CSR Doe" in page
        assert "60,000" not in page  # nobody's pay
        assert (line["account"], line["nothing_pays"], line["people"]) == ("Meridian", "1", "7")
        said = "".join(sheet.extract_text() for sheet in PdfReader(io.BytesIO(document.content)).pages)
        assert "Meridian" in said
        assert "1 of 7" in said
        assert ask(made, format="xlsx")["Content-Type"].endswith("spreadsheetml.sheet")

    def test_shows_a_name_as_itself_in_the_document(self, made):
        strange = '#strong[x] "q" =1+1 $a$ <b>&amp; @x \u05e9\U0001f600'
        node = made.account.node
        node.name = strange
        node.save()

        sheets = PdfReader(io.BytesIO(ask(made, format="pdf").content)).pages

        said = re.sub(r"\s", "", "".join(sheet.extract_text() for sheet in sheets))
        assert re.sub(r"\s", "", strange.split("\u05e9")[0]) in said
        assert "\ufffd" not in said

    def test_gives_the_same_bytes_for_the_same_report(self, made):
        assert alignment_pdf(report(made)) == alignment_pdf(report(made))

    def test_is_not_there_for_others(self, made):
        for name in ("ingrid", "priya"):
            assert ask(made, name).status_code == 404
        assert ask(made, as_of="never").status_code == 200

    def test_costs_the_same_for_one_account_and_for_many(self, made):
        calculated_run(made)
        client, counts = browser(made), []
        client.get(PAGE)
        for more in (0, 8):
            for number in range(more):
                _another(made, number)
            with CaptureQueriesContext(connection) as asked:
                client.get(PAGE, {"as_of": ON.isoformat()})
            counts.append(len(asked))

        assert counts[0] == counts[1] <= 26


def _another(made, number):
    account, kam = rows.active_account()
    paid_on(made, "LOG", "M03", account=account, code=f"C{number}")
