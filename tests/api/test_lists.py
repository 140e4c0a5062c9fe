"""Lists: parameters, pages, order, shape, times, and whole lists as files."""

import csv
import hashlib
import io
import json
from datetime import date, timedelta

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from kamcomp.api.paging import Order, cursor_of, cursor_read
from kamcomp.api.resources import all_resources
from kamcomp.jobs.models import Job
from tests.api.caller import told

pytestmark = pytest.mark.django_db


@pytest.fixture
def maren(caller):
    return caller("maren")


class TestParameters:
    @pytest.mark.parametrize(
        ("asked", "code", "name"),
        [
            ("jobs?x=1", "parameter_unknown", "x"),
            ("jobs?kind=a&kind=b", "parameter_invalid", "kind"),
            ("jobs?state=gone", "parameter_invalid", "state"),
            ("jobs?limit=0", "parameter_invalid", "limit"),
            ("jobs?limit=501", "parameter_invalid", "limit"),
            ("jobs?limit=%C2%B2", "parameter_invalid", "limit"),
            ("jobs?ordering=id;", "ordering_unknown", "ordering"),
            ("jobs?fields=kind,secret", "parameter_invalid", "fields"),
            ("jobs?updated_since=yesterday", "parameter_invalid", "updated_since"),
            ("jobs?updated_since=2026-01-01T00:00:00", "parameter_invalid", "updated_since"),
            ("jobs?ordering=", "ordering_unknown", "ordering"),
            ("jobs?fields=", "parameter_invalid", "fields"),
            ("jobs?fields=kind,", "parameter_invalid", "fields"),
            ("payouts?expand=", "parameter_invalid", "expand"),
            ("payouts?run=run_0123456789abc", "parameter_invalid", "run"),
            ("jobs?cursor=abc", "cursor_invalid", "cursor"),
            ("jobs?cursor=%00", "cursor_invalid", "cursor"),
            ("jobs?format=csv&limit=0", "parameter_invalid", "limit"),
            ("jobs?format=xlsx&cursor=abc", "cursor_invalid", "cursor"),
            ("jobs?format=ndjson&totals=2", "parameter_invalid", "totals"),
            ("teams/by-external-id/KES?as_of=today", "parameter_invalid", "as_of"),
            ("jobs?format=pdf", "parameter_invalid", "format"),
            ("jobs?format=", "parameter_invalid", "format"),
            ("people?external_id=%00", "parameter_invalid", "external_id"),
            ("memberships?person=pay_01k8z3v2m5f7q9s1t4w6x8y0za%00", "parameter_invalid", "person"),
            ("payouts?run=run_0000000000001", "parameter_invalid", "run"),
            ("memberships?as_of=2026-02-30", "parameter_invalid", "as_of"),
            ("memberships?person__details__legal_name=x", "parameter_unknown", "person__details__legal_name"),
            ("payouts?expand=run", "parameter_invalid", "expand"),
        ],
    )
    def test_that_are_not_understood_are_refused_by_name(self, maren, asked, code, name):
        answer = maren.get(asked)

        problem = answer.json()
        assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/problem+json")
        assert (problem["code"], problem["errors"][0]["parameter"]) == (code, name)

    def test_narrow_a_list(self, maren, made):
        by_id = maren.get(f"people/by-external-id/{made.people['sofia'].employee_id}").json()["id"]

        assert [row["person_id"] for row in maren.rows(f"memberships?person={by_id}")] == [by_id]
        assert maren.rows("memberships?person=SOFIA") == maren.rows(f"memberships?person={by_id}")
        assert maren.rows("memberships?person=nobody") == []
        assert {row["seat"] for row in maren.rows("memberships?seat=kam,deputy")} == {"kam"}


class TestPages:
    def test_give_every_row_once_in_any_order(self, maren):
        whole = [row["id"] for row in maren.get("memberships").json()["data"]]

        for order in ("", "&ordering=first_day", "&ordering=-first_day"):
            ids = [row["id"] for row in maren.rows(f"memberships?limit=2{order}")]
            assert sorted(ids) == sorted(whole)
            assert len(set(ids)) == len(ids)

    def test_go_on_behind_the_last_row_whatever_comes_or_goes(self, maren, made):
        for _job in range(4):
            Job.objects.create(kind="export", created_by=made.user("maren"))
        first = maren.get("jobs?limit=2").json()
        Job.objects.create(kind="later", created_by=made.user("maren"))

        rest = maren.get(f"jobs?limit=5&cursor={first['next_cursor']}").json()["data"]

        assert len(rest) == 3
        assert {row["id"] for row in rest}.isdisjoint(row["id"] for row in first["data"])

    def test_say_where_the_next_one_is(self, maren):
        answer = maren.get("memberships?limit=1")

        assert answer.json()["has_more"]
        assert answer.headers["Link"].endswith(f'cursor={answer.json()["next_cursor"]}>; rel="next"')

    def test_that_were_never_given_are_refused(self, maren):
        answer = maren.get(f"memberships?cursor={'A' * 60}")

        assert (answer.status_code, answer.json()["code"]) == (422, "cursor_invalid")

    def test_gives_what_changed_in_the_order_it_changed(self, caller):
        maren = caller("maren")
        rows = maren.rows("audit-events?updated_since=2026-01-01T00:00:00Z&limit=7")

        assert [row["at"] for row in rows] == sorted(row["at"] for row in rows)
        since = [row["id"] for row in maren.rows("audit-events") if row["at"] >= "2026-01-01"]
        assert sorted(row["id"] for row in rows) == sorted(since)

    def test_takes_every_cursor_it_gives(self):
        order, values = Order(columns=(("name", False), ("pk", False))), ["\U0001f3d7" * 200, 7]

        cursor = cursor_of(order=order, digest="of this list", values=values)

        assert cursor_read(cursor=cursor, order=order, digest="of this list") == values

    def test_belong_to_their_list(self, maren):
        cursor = maren.get("memberships?limit=1").json()["next_cursor"]

        answer = maren.get(f"memberships?limit=1&seat=member&cursor={cursor}")

        assert (answer.status_code, answer.json()["code"]) == (422, "cursor_invalid")

    def test_of_lines_without_ids_go_by_payout_and_number(self, maren):
        whole = maren.get("payout-lines").json()["data"]

        assert maren.rows("payout-lines?limit=1") == whole
        assert len(whole) > 1

    def test_go_on_though_rows_go_while_they_are_read(self, caller):
        maren, read = caller("maren"), []

        def gone_after_the_keys(execute, sql, params, many, context):
            if 'FROM "payouts_payoutline"' in sql:
                read.append(sql)
                if len(read) > 1:
                    sql = f"SELECT * FROM ({sql}) AS gone WHERE false"
            return execute(sql, params, many, context)

        with connection.execute_wrapper(gone_after_the_keys):
            page = maren.get("payout-lines?limit=1").json()

        assert (page["data"], len(read)) == ([], 2)
        assert page["next_cursor"] is not None


class TestShape:
    def test_is_what_was_asked_for(self, maren):
        (row, *_rest) = maren.get("payouts?fields=id,amount").json()["data"]

        assert set(row) == {"id", "amount"}
        assert row["amount"]["currency"] == "EUR"

    def test_lays_in_what_the_caller_may_see(self, caller):
        (mine,) = caller("sofia").get("payouts?expand=person,lines,period").json()["data"]

        assert mine["person"]["external_id"] == "SOFIA"
        assert mine["period"]["code"] == "2026-Q3"
        assert {line["payout_id"] for line in mine["lines"]} == {mine["id"]}

    def test_carries_money_with_the_digits_of_its_currency(self, maren, made):
        shown = {row["employee_id"]: row["amount"] for row in maren.rows("payouts")}

        assert shown["SOFIA"] == {"amount": f"{made.payouts['sofia'].amount:.2f}", "currency": "EUR"}


class TestTimes:
    def test_as_of_looks_into_the_spans(self, maren):
        assert maren.rows("memberships?as_of=2020-01-01") == []
        now = {row["id"] for row in maren.rows(f"memberships?as_of={date(2026, 11, 1)}")}
        assert 0 < len(now) <= len(maren.rows("memberships"))

    def test_known_at_shows_what_was_believed(self, maren):
        assert maren.rows("targets?known_at=2020-01-01T00:00:00Z") == []
        assert len(maren.rows("targets")) == len(maren.rows(f"targets?known_at={_later()}")) > 0

    def test_updated_since_reads_the_trail(self, maren, made):
        account = made.account
        before = timezone.now()
        assert maren.rows(f"accounts?updated_since={_later()}") == []

        account.tier = "one"
        account.save(update_fields=["tier"])

        at = (before - timedelta(hours=1)).isoformat().replace("+00:00", "Z")
        assert "KES" in {row["external_id"] for row in maren.rows(f"accounts?updated_since={at}")}

    def test_members_of_a_team_are_those_of_the_day(self, maren):
        path = "teams/by-external-id/KES?expand=members"

        assert maren.get(f"{path}&as_of=2020-01-01").json()["members"] == []
        assert len(maren.get(f"{path}&as_of=2026-11-01").json()["members"]) == 2


class TestWholeLists:
    def test_as_ndjson_end_with_what_was_sent(self, maren):
        body = told(maren.get("payouts", accept="application/x-ndjson"))

        *rows, last = body.splitlines(keepends=True)
        summary = json.loads(last)["_summary"]
        assert [json.loads(row) for row in rows] == maren.rows("payouts")
        assert summary["sha256"] == hashlib.sha256(b"".join(rows)).hexdigest()
        assert summary["rows"] == len(rows)
        assert summary["totals"] == maren.get("payouts?totals=true").json()["totals"]["amounts"]

    def test_as_csv_have_money_in_two_columns_and_no_formulas(self, maren):
        rows = list(csv.DictReader(io.StringIO(told(maren.get("payouts?format=csv")).decode())))
        names = told(maren.get("person-details?format=csv&fields=name")).decode().splitlines()

        assert {row["amount_currency"] for row in rows} == {"EUR"}
        assert [row["id"] for row in rows] == [row["id"] for row in maren.rows("payouts")]
        assert "'=KAM Doe" in names

    def test_as_xlsx_are_typed(self, maren):
        book = openpyxl.load_workbook(io.BytesIO(told(maren.get("payouts?format=xlsx"))))

        heads, first, *_rest = book.active.iter_rows(values_only=True)
        assert isinstance(dict(zip(heads, first, strict=True))["amount"], int | float)

    @pytest.mark.parametrize("of_pages", ["limit=2", f"cursor={'A' * 60}", "expand=person", "totals=true"])
    def test_are_whole_and_take_nothing_that_is_for_pages(self, maren, of_pages):
        answer = maren.get(f"payouts?format=ndjson&{of_pages}")

        assert (answer.status_code, answer.json()["code"]) == (422, "not_with_files")
        assert answer.json()["errors"][0]["parameter"] == of_pages.partition("=")[0]
        assert maren.get("jobs?format=ndjson&totals=false").status_code == 200

    def test_are_what_the_filters_leave(self, maren):
        body = told(maren.get("memberships?format=ndjson&seat=kam&fields=seat"))

        assert set(body.splitlines()[:-1]) == {b'{"seat":"kam"}'}


class TestQueries:
    def test_take_an_instant_of_any_offset_and_no_other_method(self, caller):
        maren = caller("maren")
        for said in (
            "1287-10-02T17:03:40-19:46",
            "8154-02-21T20:52:39%2B17:22",
            "0001-01-01t00:00:00%2B14:00",
            "9999-12-31T23:59:59-14:00",
        ):
            assert maren.get(f"rates?known_at={said}&updated_since={said}").status_code == 200
        for method, path in (
            ("trace", "rates?x=1"),
            ("put", "rates?x=1"),
            ("put", "acceptances/aa_0000000000000?expand=x"),
        ):
            assert maren.ask(method, path).status_code == 405

    @pytest.mark.parametrize("resource", [each.name for each in all_resources()])
    def test_are_as_many_for_every_list(self, caller, resource):
        asker = caller("paul")
        asker.get("me")

        with CaptureQueriesContext(connection) as seen:
            answer = asker.get(f"{resource}?limit=500")

        assert answer.status_code == 200
        assert len(seen) <= 12


def _later() -> str:
    return (timezone.now() + timedelta(hours=1)).isoformat().replace("+00:00", "Z")
