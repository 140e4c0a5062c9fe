"""Writes: once whatever is sent twice, over what was seen, many at once, long work."""

from decimal import Decimal

import pytest

from kamcomp.api.models import KeptAnswer
from kamcomp.api.resources import resource_named
from payouts.models import Dispute, Pool, Run
from scorecards.models import Target

pytestmark = pytest.mark.django_db


@pytest.fixture
def maren(caller):
    return caller("maren")


@pytest.fixture
def question(made, caller):
    """Return what Paul asks about his own pay."""
    paul = caller("paul")
    (payout,) = (row for row in paul.rows("payouts?expand=lines") if row["employee_id"] == "PAUL")
    return {
        "kind": "question",
        "claim": "Why?",
        "payout_id": payout["id"],
        "line": payout["lines"][0]["number"],
    }


class TestIdempotency:
    def test_says_the_first_answer_again(self, caller, question):
        paul = caller("paul")
        first = paul.post("disputes", question, idempotency_key="k1")

        again = paul.post("disputes", question, idempotency_key="k1")

        assert (first.status_code, again.status_code) == (201, 201)
        assert again.json() == first.json()
        assert again.headers["Idempotent-Replayed"] == "true"
        assert again.headers["Location"] == first.headers["Location"]
        assert "Idempotent-Replayed" not in first.headers
        assert Dispute.objects.filter(person__user=paul.user).count() == 1

    def test_refuses_a_key_that_came_with_another_body(self, caller, question):
        paul = caller("paul")
        paul.post("disputes", question, idempotency_key="k1")

        answer = paul.post("disputes", {**question, "claim": "Another"}, idempotency_key="k1")

        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")

    def test_keeps_no_answer_of_what_was_refused(self, caller, question):
        paul = caller("paul")
        assert paul.post("disputes", {**question, "line": 999}, idempotency_key="k1").status_code == 422

        assert paul.post("disputes", question, idempotency_key="k1").status_code == 201

    def test_is_each_callers_own(self, caller, question):
        caller("paul").post("disputes", question, idempotency_key="k1")

        answer = caller("sofia").post("disputes", question, idempotency_key="k1")

        assert (answer.status_code, answer.json()["code"]) == (422, "payout_unknown")

    def test_forgets_a_key_after_a_day(self, caller, question):
        paul = caller("paul")
        paul.post("disputes", question, idempotency_key="k1")
        KeptAnswer.objects.update(kept_at="2026-01-01T00:00:00Z")

        answer = paul.post("disputes", question, idempotency_key="k1")

        assert (answer.status_code, answer.json()["code"]) == (409, "dispute_open_already")


class TestConditions:
    @pytest.fixture
    def pool(self, caller, made):
        return caller("paul").rows("pools?account=KES")[0]

    def test_a_read_is_not_said_twice(self, caller, pool):
        paul = caller("paul")
        etag = paul.get(f"pools/{pool['id']}").headers["ETag"]

        answer = paul.get(f"pools/{pool['id']}", if_none_match=etag)

        assert (answer.status_code, answer.content, answer.headers["ETag"]) == (304, b"", etag)
        assert etag.startswith(f'"v{pool["version"]}-')

    def test_a_write_says_what_it_has_seen(self, caller, pool):
        answer = caller("paul").post(f"pools/{pool['id']}:save", {"shares": []})

        assert (answer.status_code, answer.json()["code"]) == (428, "precondition_required")

    def test_a_write_over_something_newer_is_told_what_stands(self, caller, pool):
        paul = caller("paul")
        etag = paul.get(f"pools/{pool['id']}").headers["ETag"]
        Pool.objects.filter(status=pool["status"]).update(version=pool["version"] + 1)

        answer = paul.post(f"pools/{pool['id']}:save", {"shares": []}, if_match=etag)

        assert (answer.status_code, answer.json()["code"]) == (412, "changed_meanwhile")
        assert answer.json()["current"]["version"] == pool["version"] + 1
        assert answer.json()["current"]["id"] == pool["id"]

    def test_the_service_refuses_whoever_may_not(self, caller, pool):
        maren = caller("maren")
        etag = maren.get(f"pools/{pool['id']}").headers["ETag"]

        answer = maren.post(f"pools/{pool['id']}:save", {"shares": []}, if_match=etag)

        assert answer.status_code in (403, 409)
        assert caller("sofia").post(f"pools/{pool['id']}:save", {}, if_match=etag).status_code == 404


class TestBatch:
    def rows(self, made):
        return [
            {"metric_code": "M01", "account_code": "KES", "from": "2026-10-01", "to": "2026-12-31"}
            | {"target": "500000.00", "currency": "EUR"}
        ]

    def test_tries_first_and_writes_then(self, maren, made):
        rows = self.rows(made)
        tried = maren.post("targets:batch", {"rows": rows, "dry_run": True}).json()
        assert (tried["accepted"], tried["new"], tried["errors"]) == (True, 1, []), tried
        assert not Target.objects.filter(value="500000").exists()

        written = maren.post("targets:batch", {"rows": rows}).json()
        again = maren.post("targets:batch", {"rows": rows}).json()

        assert (written["new"], written["already"], again["already"]) == (1, False, True)
        assert again["batch_id"] == written["batch_id"]
        assert Target.objects.filter(value="500000").count() == 1

    def test_names_each_error_by_the_index_of_its_row(self, maren, made):
        (row,) = self.rows(made)
        rows = [row, {**row, "metric_code": "NONE"}, {**row, "target": "many"}]

        answer = maren.post("targets:batch", {"rows": rows})

        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (422, "rows_rejected")
        assert {each["index"] for each in problem["errors"]} == {1, 2}
        assert {each["pointer"] for each in problem["errors"]} == {"/rows/1/metric_code", "/rows/2/target"}
        assert not Target.objects.filter(value="500000").exists()

    @pytest.mark.parametrize("row", [{"what": "x"}, {"target": 1.5}, {"target": {"amount": "1"}}])
    def test_refuses_columns_and_values_that_are_none(self, maren, row):
        answer = maren.post("targets:batch", {"rows": [row]})

        assert (answer.status_code, answer.json()["errors"][0]["index"]) == (422, 0)

    def test_is_for_those_who_import(self, caller, made):
        answer = caller("paul").post("targets:batch", {"rows": self.rows(made)})

        assert (answer.status_code, answer.json()["code"]) == (403, "role_missing")

    def test_puts_one_row_by_the_companys_own_key(self, maren):
        first = maren.ask(
            "put", "people/by-external-id/HR-1042", {"name": "Hana Novak", "cost_centre": "CC9"}
        )
        again = maren.ask(
            "put", "people/by-external-id/HR-1042", {"name": "Hana Novak", "cost_centre": "CC8"}
        )

        assert (first.status_code, again.status_code) == (201, 200), first.json()
        assert again.json()["id"] == first.json()["id"]
        assert again.json()["cost_centre"] == "CC8"


class TestLongWork:
    def test_is_accepted_and_told_where_to_look(self, maren, made):
        answer = maren.post("runs", {"period": "2026-Q4"}, idempotency_key="run 1")

        assert answer.status_code == 202
        assert answer.headers["Location"] == f"/api/v1/runs/{answer.json()['id']}"
        assert answer.json()["status"] == "queued"
        assert maren.get(f"runs/{answer.json()['id']}/progress").json()["status"] == "queued"
        assert maren.post("runs", {"period": "2026-Q4"}, idempotency_key="run 1").json() == answer.json()
        assert Run.objects.filter(period__code="2026-Q4").count() == 1

    def test_is_waited_for_as_long_as_is_preferred(self, maren, made):
        answer = maren.post("runs", {"period": "2026-Q4"}, prefer="wait=1")

        assert answer.headers["Preference-Applied"] == "wait=1"
        assert answer.json()["status"] == "queued"


class TestStatement:
    def test_is_one_document_of_what_is_paid_and_from_what(self, caller, made):
        sofia = caller("sofia")
        (payout,) = sofia.rows("payouts")

        found = sofia.get(f"statements/{payout['person_id']}/2026-Q3").json()

        assert found["plans"][0]["payout_id"] == payout["id"]
        assert found["plans"][0]["amount"] == payout["amount"]
        lines = found["plans"][0]["lines"]
        assert sum(Decimal(line["amount"]["amount"]) for line in lines) == Decimal(payout["amount"]["amount"])
        for period in ("1999-Q1", "%00", "2026-Q3?calendar=%00"):
            assert caller("paul").get(f"statements/{payout['person_id']}/{period}").status_code == 404

    def test_of_another_is_not_there(self, caller, made):
        stranger = resource_named("people").id_of(made.people["KAM"].pk)

        assert caller("sofia").get(f"statements/{stranger}/2026-Q3").status_code == 404
        assert caller("jonas").get(f"statements/{stranger}/2026-Q3").status_code == 200


class TestTrace:
    def test_is_every_step_computed_again(self, caller, made):
        sofia = caller("sofia")
        (payout,) = sofia.rows("payouts")

        trace = sofia.get(f"payouts/{payout['id']}/trace").json()

        assert trace["equal"]
        assert len(trace["steps"]) > 0
