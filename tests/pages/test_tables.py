"""A list: sorted, filtered, summed by currency, paged, and as files of exactly the rows shown."""

import csv
import io
from decimal import Decimal

import openpyxl
import pytest
from django import forms
from django.contrib.auth import get_user_model
from django.test import RequestFactory

from kamcomp.pages.tables import FilterForm, Kind, TableColumn, TableScreen
from payouts.models import ClawbackCase
from teams.models import Person

pytestmark = pytest.mark.django_db


class CauseFilter(FilterForm):
    cause = forms.CharField(required=False)

    def filtered(self, rows):
        cause = self.cleaned_data["cause"]
        return rows.filter(cause__startswith=cause) if cause else rows


class Cases(TableScreen):
    title = "Clawbacks"
    file_name = "clawbacks"
    order = "person"
    filter_class = CauseFilter
    empty_title = "Nothing is to be taken back"
    columns = (
        TableColumn(name="person", label="Person", path="person__employee_id", order="person__employee_id"),
        TableColumn(name="cause", label="Cause"),
        TableColumn(name="recoverable", label="Amount", kind=Kind.MONEY, order="recoverable", total=True),
        TableColumn(name="currency", label="Currency"),
    )

    def rows(self):
        return ClawbackCase.objects.select_related("person")


@pytest.fixture
def user():
    return get_user_model().objects.create_user("maren")


def case(number, *, cause="late", recoverable="10.00", currency="EUR"):
    person, _made = Person.objects.get_or_create(employee_id=f"P-{number:04}")
    return ClawbackCase.objects.create(
        person=person, cause=cause, recoverable=Decimal(recoverable), currency=currency
    )


def answer(user, query=""):
    request = RequestFactory().get(f"/cases?{query}")
    request.user = user
    found = Cases.as_view()(request)
    return found.render() if hasattr(found, "render") else found


def page(user, query=""):
    return answer(user, query).content.decode()


class TestTable:
    def test_sums_each_currency_apart(self, user):
        case(1, recoverable="10.10")
        case(2, recoverable="0.05")
        case(3, recoverable="7", currency="JPY")

        shown = page(user)

        assert "Total EUR" in shown
        assert ">10.15<" in shown
        assert "Total JPY" in shown
        assert ">7<" in shown

    def test_sums_what_passes_the_filter_and_says_so(self, user):
        case(1, cause="late", recoverable="10")
        case(2, cause="error", recoverable="5")

        shown = page(user, "cause=err")

        assert "1 of 2, filtered" in shown
        assert ">5.00<" in shown
        assert ">15.00<" not in shown

    def test_sorts_both_ways_and_says_which(self, user):
        case(1, recoverable="5")
        case(2, recoverable="50")

        shown = page(user, "sort=-recoverable")

        assert shown.index("P-0002") < shown.index("P-0001")
        assert 'aria-sort="descending"' in shown

    def test_takes_no_order_that_is_not_a_column(self, user):
        case(1)

        assert "P-0001" in page(user, "sort=person__user__password")

    def test_turns_pages_and_sums_all_of_them(self, user):
        for number in range(105):
            case(number, recoverable="1")

        shown = page(user, "page=2")

        assert "Page 2 of 2" in shown
        assert "P-0104" in shown
        assert "P-0000" not in shown
        assert ">105.00<" in shown

    def test_says_what_stands_here_when_it_is_empty(self, user):
        assert "Nothing is to be taken back" in page(user)

    def test_offers_a_way_out_of_a_filter_that_nothing_passes(self, user):
        case(1)

        assert "Show everything" in page(user, "cause=zzz")

    def test_costs_the_same_queries_with_more_rows(self, user, django_assert_num_queries):
        for number in range(3):
            case(number)
        with django_assert_num_queries(4):
            page(user)
        for number in range(3, 60):
            case(number)
        with django_assert_num_queries(4):
            page(user)

    def test_writes_markup_as_text(self, user):
        case(1, cause="<b>1</b>")

        assert "&lt;b&gt;1&lt;/b&gt;" in page(user)


class TestFiles:
    def rows_of_csv(self, user, query):
        text = b"".join(answer(user, query).streaming_content).decode("utf-8-sig")
        return list(csv.reader(io.StringIO(text)))

    def test_csv_has_the_rows_and_the_order_of_the_page(self, user):
        case(1, recoverable="5")
        case(2, recoverable="50", cause="late, very")
        case(3, recoverable="7", cause="error")

        rows = self.rows_of_csv(user, "format=csv&sort=-recoverable&cause=late")

        assert rows == [
            ["person", "cause", "recoverable", "currency"],
            ["P-0002", "late, very", "50.000000", "EUR"],
            ["P-0001", "late", "5.000000", "EUR"],
        ]

    def test_no_text_runs_as_a_formula(self, user):
        case(1, cause="=1+1")

        assert self.rows_of_csv(user, "format=csv")[1][1] == "'=1+1"

    def test_xlsx_says_what_it_is(self, user):
        case(1, cause="=1+1", recoverable="12.5")

        book = openpyxl.load_workbook(io.BytesIO(answer(user, "format=xlsx&cause=%3D").content))
        about = {row[0].value: row[1].value for row in book["About"].rows}

        assert [cell.value for cell in list(book["clawbacks"].rows)[1]] == ["P-0001", "'=1+1", 12.5, "EUR"]
        assert about["filter"] == "cause=%3D"
        assert about["made by"] == "maren"
        assert about["rows"] == "1"
