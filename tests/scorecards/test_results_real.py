"""Results of a real company: 701 stores and 60,855 order lines, against plain sums of the file's own rows."""

import csv
import time
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.utils import timezone

from kamcomp.calendar.choices import Frequency
from kamcomp.calendar.models import Period
from kamcomp.calendar.services import PeriodDraft, calendar_make
from kamcomp.identity.choices import Role
from kamcomp.identity.services import user_make
from kamcomp.spans import Span
from scorecards.choices import Window
from scorecards.models import Credit, Product, Result, Transaction
from scorecards.selectors import ResultNeed
from scorecards.services import results_compute
from teams.models import AccountNode, Person

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.xdist_group("real results")]

SECONDS_A_PERIOD = 10


@pytest.fixture(scope="module")
def stores(shared_data: Path) -> Path:
    return shared_data / "adventureworks"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def sold(db, stores):
    """Store the accounts, people, order lines and their credits; return the lines and the periods."""
    at = timezone.now() - timedelta(hours=1)
    lines = rows(stores / "transactions.csv")
    nodes = {
        row["account"]: AccountNode(code=row["account"], name=row["name"], currency="USD")
        for row in rows(stores / "accounts.csv")
    }
    people = {row["person"]: Person(employee_id=row["person"]) for row in rows(stores / "people.csv")}
    products = {
        row["product_number"]: Product(
            code=row["product_number"], name=row["product"], family=row["subcategory"]
        )
        for row in rows(stores / "products.csv")
    }
    for table in (nodes, people, products):
        type(next(iter(table.values()))).objects.bulk_create(table.values())
    Transaction.objects.bulk_create(
        (
            Transaction(
                source_id=row["order_number"], line=row["line"], date=row["date"], node=nodes[row["account"]],
                product=products[row["product_number"]], quantity=row["quantity"], revenue=row["revenue"],
                cost=row["cost"], currency="USD", recorded_at=at,
            )
            for row in lines
        ),
        batch_size=5_000,
    )  # fmt: skip
    Credit.objects.bulk_create(
        (
            Credit(
                source_id=row["order_number"], line=row["line"], person=people[row["person"]], recorded_at=at
            )
            for row in lines
        ),
        batch_size=10_000,
    )
    maren = user_make(username="maren", roles=[Role.COMP_ADMIN], since=date(2010, 1, 1), by=None)
    quotas = [row for row in rows(stores / "quotas.csv") if row["person"] == "E275"]
    quarters = sorted({(row["period_start"], row["period_end"]) for row in quotas})
    drafts = [
        PeriodDraft(
            code=f"Q{number}", fiscal_year=2012 + number // 4, number=number % 4 + 1,
            span=Span.inclusive(date.fromisoformat(first), date.fromisoformat(last)),
            cut_off_on=date.fromisoformat(last), pay_on=None,
        )
        for number, (first, last) in enumerate(quarters)
    ]  # fmt: skip
    calendar_make(code="AW", name="Quota periods", frequency=Frequency.QUARTER, periods=drafts, by=maren)
    return lines, maren, nodes, people


class TestResultsOfARealCompany:
    def test_are_the_sums_of_the_file_by_store_seller_and_quarter(self, sold):
        lines, maren, nodes, people = sold
        by_store, by_seller = defaultdict(Decimal), defaultdict(Decimal)
        periods = list(Period.objects.select_related("calendar").order_by("days"))
        for row in lines:
            on = date.fromisoformat(row["date"])
            [period] = [each for each in periods if on in each.span]
            by_store[period.code, row["account"]] += Decimal(row["revenue"])
            by_seller[period.code, row["person"]] += Decimal(row["revenue"])
        needed = [ResultNeed(metric="M01", node_id=node.pk) for node in nodes.values()]
        needed += [
            ResultNeed(metric="M01", person_id=person.pk, currency="USD") for person in people.values()
        ]
        for code in ("M02", "M03.of_sales", "M10"):
            needed += [ResultNeed(metric=code, node_id=node.pk) for node in nodes.values()]

        for period in periods:
            began = time.monotonic()
            results_compute(period=period, needed=needed, by=maren, at=timezone.now())
            assert time.monotonic() - began < SECONDS_A_PERIOD

        revenue = Result.objects.filter(metric__code="M01", window=Window.PERIOD)
        stored = revenue.filter(node__isnull=False).values_list("period__code", "node__code", "value")
        assert {(p, n): v for p, n, v in stored if v} == {
            key: value for key, value in by_store.items() if value
        }
        stored = revenue.filter(person__isnull=False).values_list(
            "period__code", "person__employee_id", "value"
        )
        assert {(p, e): v for p, e, v in stored if v} == {
            key: value for key, value in by_seller.items() if value
        }
        assert Result.objects.filter(metric__code="M02", period__code="Q0", value=None).count() == len(nodes)
        assert Result.objects.filter(metric__code="M02", period__code="Q4").exclude(value=None).exists()
