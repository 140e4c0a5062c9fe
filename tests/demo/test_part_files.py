"""The tables within pages, each as a file: the names and figures of the page, and no table that the reader has not."""

import csv
import html
import io
import re
from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from kamcomp.imports.models import ImportBatch
from kamcomp.pages import figures
from payouts.models import Run
from plans.models import Plan
from teams.models import StrategicAccount
from tests.demo.test_screens import browser, open_database, person  # noqa: F401 - opens the database

pytestmark = pytest.mark.usefixtures("halden")
TABLES = [
    ("metric", "results", "maren.holt"),
    ("review", "goals", "ingrid.solheim"),
    ("review", "payouts", "ingrid.solheim"),
    ("review", "team", "ingrid.solheim"),
    ("closing", "sums", "jonas.berg"),
    ("closing", "changes", "jonas.berg"),
    ("run", "teams", "maren.holt"),
    ("run", "changes", "maren.holt"),
    ("person", "packages", "maren.holt"),
    ("person", "plans", "maren.holt"),
    ("person", "served", "maren.holt"),
    ("person", "employments", "maren.holt"),
    ("account", "tree", "maren.holt"),
    ("account", "runs", "maren.holt"),
    ("batch", "sums", "maren.holt"),
    ("reconciliation", "way", "jonas.berg"),
    ("reconciliation", "totals", "jonas.berg"),
    ("plan", "goals", "maren.holt"),
    ("plan", "people", "maren.holt"),
    ("plan", "curve-1", "maren.holt"),
    ("plan", "versions", "maren.holt"),
]


def address(page):
    account = StrategicAccount.objects.get(node__code="MERIDIAN").pk
    run = Run.objects.filter(period__code="2026-Q3").order_by("-number").first()
    summed = ImportBatch.objects.exclude(totals={}).order_by("pk").first()
    return {
        "metric": lambda: reverse("plans:metric-show", args=["M01"]),
        "review": lambda: reverse("payouts:account-review", args=[account]),
        "closing": lambda: reverse("payouts:run-close", args=[run.pk]),
        "run": lambda: reverse("payouts:run-show", args=[run.pk]),
        "person": lambda: reverse("payouts:person-show", args=[person("Ingrid Solheim").pk]),
        "account": lambda: reverse("payouts:account-show", args=[account]),
        "reconciliation": lambda: reverse("payouts:reconciliation"),
        "plan": lambda: reverse("plans:plan-show", args=[Plan.objects.get(code="REN").pk]),
        "batch": lambda: reverse("imports:batch-show", args=[summed.pk]),
    }[page]()


def words(page):
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


@pytest.mark.parametrize(("page", "table", "who"), TABLES)
class TestPartFile:
    def test_carries_what_the_page_shows(self, page, table, who):
        client, at = browser(who), address(page)
        shown = client.get(at).content.decode()

        answer = client.get(at, {"table": table, "format": "csv"})

        assert f"table={table}&amp;format=csv" in shown
        rows = list(csv.DictReader(io.StringIO(b"".join(answer).decode("utf-8-sig"))))
        assert rows
        for row in rows:
            first = next(iter(row.values()))
            named = (
                figures.day_text(date.fromisoformat(first))
                if re.fullmatch(r"\d{4}-\d\d-\d\d", first)
                else first
            )
            assert named in words(shown)
            for name in ("earned", "amount", "total", "base", "revenue", "kam_incentive", "now"):
                if row.get(name) and row.get("currency"):
                    assert figures.amount_text(Decimal(row[name]), row["currency"]) in shown, (name, row)

    def test_is_a_workbook_that_says_what_it_is(self, page, table, who):
        answer = browser(who).get(address(page), {"table": table, "format": "xlsx"})

        book = load_workbook(io.BytesIO(answer.content))
        about = {row[0].value: row[1].value for row in book["About"].iter_rows()}
        assert about["table"] == table
        assert about["made by"] == who


def test_has_no_table_of_what_the_reader_does_not_see():
    pay, books = address("person"), address("run")

    assert browser("paul.reinders").get(pay, {"table": "packages", "format": "csv"}).status_code == 404
    assert browser("sofia.marques").get(books, {"table": "changes", "format": "csv"}).status_code == 404
    assert browser("maren.holt").get(pay, {"table": "nothing", "format": "csv"}).status_code == 404
    assert b"".join(browser("anders.vik").get(books, {"table": "changes", "format": "csv"})).count(b"\n") == 1
