"""What is decided over REST: by whoever may in the browser, over what they saw, and by two where two are needed."""

import pytest

from teams.models import Segment

pytestmark = pytest.mark.django_db
REASON = {"reason": "Stood in for a colleague"}


def row(asker, path):
    """Return the address and the ETag of the first row of a list."""
    name = path.partition("?")[0]
    address = f"{name}/{asker.rows(path)[0]['id']}"
    return address, asker.get(address).headers["ETag"]


class TestAdjustments:
    def test_are_proposed_by_one_and_approved_by_another(self, caller):
        asked = REASON | {
            "period": "2026-Q4",
            "person": "SOFIA",
            "kind": "goodwill",
            "amount": {"amount": "120.00", "currency": "EUR"},
        }
        maren, jonas = caller("maren"), caller("jonas")
        proposed = maren.post("adjustments", asked, idempotency_key="once")
        again = maren.post("adjustments", asked, idempotency_key="once")
        path, seen = f"adjustments/{proposed.json()['id']}", proposed.headers["ETag"]

        own = maren.post(f"{path}:approve", if_match=seen)
        approved = jonas.post(f"{path}:approve", if_match=seen)
        rejected = jonas.post(f"{path}:reject", REASON, if_match=approved.headers["ETag"])

        assert (proposed.status_code, proposed.json()["status"]) == (201, "proposed")
        assert again.json() == proposed.json()
        assert (own.status_code, own.json()["code"]) == (403, "proposer_cannot_decide")
        assert approved.json()["status"] == "approved"
        assert (rejected.status_code, rejected.json()["code"]) == (409, "adjustment_decided")

    @pytest.mark.parametrize(
        ("said", "status", "pointer"),
        [
            ({"person": "NOBODY"}, 422, "/person"),
            ({"period": "1999-Q1"}, 422, "/period"),
            ({"amount": {"amount": "1.5e3", "currency": "EUR"}}, 400, "/amount/amount"),
            ({"amount": {"amount": "1.001", "currency": "EUR"}}, 422, None),
            ({"amount": {"amount": "9999999999999999", "currency": "EUR"}}, 422, "/amount"),
            ({"amount": {"amount": "1.00", "currency": "XXZ"}}, 422, None),
        ],
    )
    def test_name_what_they_are_about(self, caller, said, status, pointer):
        asked = REASON | {
            "period": "2026-Q4",
            "person": "SOFIA",
            "kind": "goodwill",
            "amount": {"amount": "120.00", "currency": "EUR"},
        }

        answer = caller("maren").post("adjustments", asked | said)

        assert answer.status_code == status, answer.json()
        assert [each["pointer"] for each in answer.json()["errors"]] == ([pointer] if pointer else [])


class TestExceptions:
    def test_are_asked_for_until_a_day(self, caller, made):
        asked = REASON | {
            "plan": made.first.plan.code,
            "person": "SOFIA",
            "period": "2026-Q4",
            "kind": "deal",
            "amount": {"amount": "5.00", "currency": "EUR"},
            "expires_on": "2099-12-31",
        }

        answer = caller("maren").post("exceptions", asked)
        over = caller("maren").post("exceptions", asked | {"expires_on": "2020-01-01"})

        assert (answer.status_code, answer.json()["status"]) == (201, "requested")
        assert (over.status_code, over.json()["code"]) == (422, "exception_unsound")
        assert caller("ada").post("exceptions", asked).json()["code"] == "role_missing"


class TestPools:
    def test_are_handed_in_by_one_and_decided_on_by_another(self, caller):
        ingrid, anders = caller("ingrid"), caller("anders")
        path, seen = row(ingrid, "pools?account=MER")
        rows = ingrid.rows(f"allocations?pool={path.partition('/')[2]}")
        shares = [{"person_id": each["person_id"], "amount": each["guideline"]["amount"]} for each in rows]
        early = anders.post(f"{path}:approve", if_match=anders.get(path).headers["ETag"])

        handed_in = ingrid.post(f"{path}:submit", {"shares": shares}, if_match=seen)
        assert handed_in.status_code == 200, handed_in.json()
        own = ingrid.post(f"{path}:approve", if_match=handed_in.headers["ETag"])
        returned = anders.post(f"{path}:return", REASON, if_match=handed_in.headers["ETag"])
        handed_in = ingrid.post(f"{path}:submit", {}, if_match=returned.headers["ETag"])
        approved = anders.post(f"{path}:approve", if_match=handed_in.headers["ETag"])

        assert (early.status_code, early.json()["code"]) == (409, "pool_not_submitted")
        assert own.status_code == 403, own.json()
        assert (returned.json()["status"], returned.json()["returned_reason"]) == (
            "returned",
            REASON["reason"],
        )
        assert (approved.status_code, approved.json()["status"]) == (200, "approved"), approved.json()


class TestRuns:
    def test_are_decided_on_in_their_order_by_others_than_started_them(self, caller):
        jonas, anders = caller("jonas"), caller("anders")
        path, seen = row(jonas, "runs?current=true&period=2026-Q3")

        answers = {
            "unseen": jonas.post(f"{path}:approve"),
            "approve": jonas.post(f"{path}:approve", if_match=seen),
            "review": anders.post(f"{path}:review", if_match=seen),
            "lock": jonas.post(f"{path}:lock", if_match=seen),
            "stranger": caller("maren").post(f"{path}:approve", if_match=seen),
        }

        assert {name: (answer.status_code, answer.json()["code"]) for name, answer in answers.items()} == {
            "unseen": (428, "precondition_required"),
            "approve": (422, "pools_not_approved"),
            "review": (409, "run_not_calculated"),
            "lock": (409, "run_not_approved"),
            "stranger": (403, "role_missing"),
        }


class TestHolds:
    def test_are_of_a_locked_run(self, caller):
        path, _seen = row(caller("jonas"), "payouts?person=SOFIA")

        held = caller("jonas").post(f"{path}:hold", REASON)
        silent = caller("jonas").post(f"{path}:release")

        assert (held.status_code, held.json()["code"]) == (409, "not_locked_yet")
        assert silent.json()["errors"][0]["pointer"] == "/reason"
        assert caller("sofia").post(f"{path}:hold", REASON).status_code == 403


class TestPeriods:
    def test_have_a_date_moved_with_a_reason(self, caller):
        maren = caller("maren")
        path, seen = row(maren, "periods?code=2026-Q4")
        asked = {"kind": "pay_day", "to": "2027-03-12", "reason": "Payroll runs on Fridays"}

        moved = maren.post(f"{path}:move", asked, if_match=seen)
        late = maren.post(f"{path}:move", asked, if_match=seen)

        assert (moved.status_code, moved.json()["pay_on"]) == (200, "2027-03-12"), moved.json()
        assert (late.status_code, late.json()["current"]["pay_on"]) == (412, "2027-03-12")
        assert caller("sofia").post(f"{path}:move", asked, if_match=moved.headers["ETag"]).status_code == 403


class TestRows:
    def test_of_any_kind_come_in_and_are_taken_back(self, caller):
        rows = [{"segment_code": "SEG9", "kind": "vertical", "name": "Rail"}]
        maren = caller("maren")
        tried = maren.post("batches:send", {"kind": "segments", "rows": rows, "dry_run": True}).json()
        assert (tried["new"], tried["batch_id"], Segment.objects.filter(code="SEG9").exists()) == (
            1,
            None,
            False,
        )

        sent = maren.post("batches:send", {"kind": "segments", "rows": rows}, idempotency_key="rows").json()
        again = maren.post("batches:send", {"kind": "segments", "rows": rows}, idempotency_key="rows")
        undone = maren.post(f"batches/{sent['batch_id']}:undo")

        assert again.headers["Idempotent-Replayed"] == "true"
        assert (undone.status_code, undone.json()["status"]) == (200, "undone")
        assert not Segment.objects.filter(code="SEG9").exists()
        assert maren.post(f"batches/{sent['batch_id']}:undo").status_code == 409

    def test_are_of_a_kind_there_is_and_from_who_imports(self, caller):
        maren = caller("maren")
        unknown = maren.post("batches:send", {"kind": "plan_documents", "rows": [{}]}).json()

        assert (unknown["code"], unknown["errors"][0]["pointer"]) == ("kind_unknown", "/kind")
        hr_alone = maren.post("batches:send", {"kind": "candidates", "rows": [{}]})
        assert (hr_alone.status_code, hr_alone.json()["code"]) == (403, "role_missing")
        assert caller("sofia").post("batches:send", {"kind": "segments", "rows": [{}]}).status_code == 403

    def test_of_a_resource_need_its_own_scope(self, caller):
        cut = caller("maren", scopes=["batches:write"])
        people = {"kind": "people", "rows": [{"employee_id": "HR-1", "name": "Hana Novak"}], "dry_run": True}
        opportunities = {"kind": "opportunities", "rows": [{}], "dry_run": True}

        refused = cut.post("batches:send", people)
        assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
        assert cut.post("batches:send", opportunities).json().get("code") != "scope_missing"
        both = caller("maren", scopes=["batches:write", "people:write"])
        assert both.post("batches:send", people).status_code == 200
