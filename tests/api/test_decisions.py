"""What is decided over REST: by whoever may in the browser, over what they saw, and by two where two are needed."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone

from kamcomp.api.public_ids import public_id
from kamcomp.calendar.models import Period
from payouts.choices import ExceptionKind
from payouts.services.exceptions import Departure, exceptions_request
from plans.models import Assignment
from teams.models import JobRole, Membership, Person, Segment, TeamEdit

pytestmark = pytest.mark.django_db
REASON = {"reason": "Stood in for a colleague"}
JOINING = {"account": "KES", "person": "NEW-1", "role": "inside_sales", "since": "2027-01-01"}


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
            ({"amount": {"amount": "9999999999999999", "currency": "EUR"}}, 400, "/amount/amount"),
            ({"amount": {"amount": "1.00", "currency": "XXZ"}}, 422, None),
            ({"amount": {"amount": "1.00", "currency": "EU\x1f"}}, 400, "/amount/currency"),
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

    def test_are_reviewed_and_decided_on_by_others_than_asked(self, caller):
        maren, olga, anders = caller("maren"), caller("olga"), caller("anders")
        path, seen = row(maren, "exceptions?person=SOFIA&status=requested")

        nothing = anders.client.post(
            f"/api/v1/{path}:approve", "null", content_type="application/json",
            headers={"authorization": f"Bearer {anders.secret}", "if-match": seen},
        )  # fmt: skip
        early = anders.post(f"{path}:approve", if_match=seen)
        own = olga.post(f"{path}:review", if_match=seen)
        reviewed = maren.post(f"{path}:review", if_match=seen)
        silent = anders.post(f"{path}:reject", if_match=reviewed.headers["ETag"])
        approved = anders.post(f"{path}:approve", {"words": "As agreed"}, if_match=reviewed.headers["ETag"])
        late = anders.post(f"{path}:reject", REASON, if_match=approved.headers["ETag"])

        assert (nothing.status_code, nothing.json()["code"]) == (400, "invalid")
        assert (early.status_code, early.json()["code"]) == (409, "exception_moved_on")
        assert own.status_code == 403, own.json()
        assert (reviewed.status_code, reviewed.json()["status"]) == (200, "reviewed"), reviewed.json()
        asked, reviewer = (public_id("usr", each.user.pk) for each in (olga, maren))
        named = [reviewed.json()[name] for name in ("requested_by_id", "reviewed_by_id", "decided_by_id")]
        assert named == [asked, reviewer, None]
        assert silent.json()["errors"][0]["pointer"] == "/reason"
        assert (approved.json()["status"], approved.json()["decision"]) == ("approved", "As agreed")
        assert (late.status_code, late.json()["code"]) == (409, "exception_moved_on")

    def test_show_the_terms_that_are_asked_for(self, caller, made):
        assignment = Assignment.objects.get(person__employee_id="SOFIA")
        terms = {"share": "0.5", "usual": "1", "values": {}, "from": "2026-10-01", "to": "2026-12-31"}
        (asked,) = exceptions_request(
            departures=[Departure(person=assignment.person, assignment=assignment, terms=terms)],
            plan=assignment.plan, period=Period.objects.get(code="2026-Q4"), kind=ExceptionKind.TERMS,
            reason="Part time", precedent="As in 2025", amount=Decimal(5), currency="EUR",
            expires_on=date(2099, 12, 31), by=made.user("maren"), at=timezone.now(),
        )  # fmt: skip

        shown = caller("maren").get(f"exceptions/{public_id('exc', asked.pk)}").json()

        assert (shown["terms"], shown["precedent"]) == (terms, "As in 2025")
        assert shown["assignment_id"] == public_id("asg", assignment.pk)


class TestDisputes:
    def test_are_answered_by_somebody_apart_from_what_they_are_about(self, caller):
        sofia, maren, paul = caller("sofia"), caller("maren"), caller("paul")
        decided = caller("jonas")
        adjustment = sofia.rows("adjustments")[0]["id"]
        opened = sofia.post(
            "disputes",
            {"kind": "dispute", "claim": "Too little", "claimed": "5.00", "adjustment_id": adjustment},
        )
        assert opened.status_code == 201, opened.json()
        path, seen = f"disputes/{opened.json()['id']}", opened.headers["ETag"]

        own = sofia.post(f"{path}:uphold", {"amount": "5.00", "answer": "Yes"}, if_match=seen)
        allocator = paul.post(f"{path}:uphold", {"amount": "5.00", "answer": "Yes"}, if_match=seen)
        written = sofia.post(f"{path}:write", {"text": "Look at August"})
        apart = decided.post(f"{path}:take", if_match=seen)
        taken = maren.post(f"{path}:take", if_match=seen)
        endless = maren.post(
            f"{path}:uphold", {"amount": "9" * 20, "answer": "Yes"}, if_match=taken.headers["ETag"]
        )
        upheld = maren.post(
            f"{path}:uphold", {"amount": "2.50", "answer": "Half"}, if_match=taken.headers["ETag"]
        )
        waits = maren.post(f"{path}:close", if_match=upheld.headers["ETag"])
        again = maren.post(f"{path}:reject", {"answer": "No"}, if_match=upheld.headers["ETag"])

        assert (own.status_code, allocator.status_code) == (403, 404)
        assert (apart.status_code, apart.json()["code"]) == (403, "not_the_answerer")
        assert written.status_code == 200, written.json()
        assert [each["text"] for each in sofia.get(f"{path}/messages").json()["messages"]] == [
            "Look at August"
        ]
        assert (taken.status_code, taken.json()["status"]) == (200, "in_review"), taken.json()
        assert (endless.status_code, endless.json()["errors"][0]["pointer"]) == (400, "/amount")
        assert (upheld.status_code, upheld.json()["status"]) == (200, "partly_upheld"), upheld.json()
        assert upheld.json()["upheld_by_id"] is None, "the payee sees it once it is decided"
        (proposed,) = maren.rows("adjustments?person=SOFIA&kind=dispute")
        assert (proposed["amount"]["amount"], proposed["status"]) == ("2.50", "proposed")
        found = f"adjustments/{proposed['id']}"
        approved = caller("olga").post(f"{found}:approve", if_match=maren.get(found).headers["ETag"])
        assert approved.status_code == 200, approved.json()
        assert sofia.get(path).json()["upheld_by_id"] == proposed["id"]
        assert sofia.get(found).status_code == 200
        assert (waits.status_code, waits.json()["code"]) == (409, "adjustment_waits")
        assert (again.status_code, again.json()["code"]) == (409, "dispute_answered")


class TestMemberships:
    @pytest.fixture(autouse=True)
    def people(self, made, db):
        for name in ("NEW-1", "NEW-2"):
            Person.objects.create(employee_id=name, cost_centre="CC1")

    def test_are_begun_changed_handed_over_and_ended_by_date(self, caller):
        maren = caller("maren")
        asked = {
            "account": "KES",
            "person": "NEW-1",
            "role": "inside_sales",
            "since": "2027-01-01",
            "dedication": "0.4",
            "segments": [],
        }
        added = maren.post("memberships", asked, idempotency_key="rolf")
        assert added.status_code == 201, added.json()
        path, seen = f"memberships/{added.json()['id']}", added.headers["ETag"]

        twice = maren.post("memberships", asked)
        unseen = maren.ask("patch", path, {"since": "2027-02-01", "dedication": "0.5"})
        changed = maren.ask("patch", path, {"since": "2027-02-01", "dedication": "0.5"}, if_match=seen)
        stale = maren.post(f"{path}:end", {"last_day": "2027-01-10"}, if_match=seen)
        outside = maren.post(f"{path}:end", {"last_day": "2029-01-10"}, if_match="*")
        new = f"memberships/{changed.json()['id']}"
        given = maren.post(
            f"{new}:hand-over", {"to": "NEW-2", "since": "2027-03-01"}, if_match=changed.headers["ETag"]
        )
        ended = maren.post(
            f"memberships/{given.json()['id']}:end",
            {"last_day": "2027-03-31"},
            if_match=given.headers["ETag"],
        )

        assert maren.post("memberships", asked, idempotency_key="rolf").json() == added.json()
        assert (added.json()["seat"], added.json()["pool_eligible"]) == ("member", True)
        assert (twice.status_code, twice.json()["code"]) == (409, "member_already")
        assert (unseen.status_code, stale.status_code) == (428, 412)
        assert (outside.status_code, outside.json()["code"]) == (422, "day_outside")
        assert changed.status_code == 200, changed.json()
        assert (changed.json()["dedication"], changed.json()["first_day"]) == ("0.5", "2027-02-01")
        assert maren.get(path).json()["last_day"] == "2027-01-31"
        assert given.status_code == 200, given.json()
        assert maren.get(new).json()["last_day"] == "2027-02-28"
        assert (ended.status_code, ended.json()["last_day"]) == (200, "2027-03-31"), ended.json()

    def test_take_the_seat_and_the_link_of_their_role(self, caller):
        maren = caller("maren")
        asked = JOINING | {"person": "NEW-1", "role": "key_account_manager"}
        path, seen = row(maren, "memberships?account=KES&seat=kam")
        JobRole.objects.filter(code="key_account_manager").update(usual_link="matrix")

        second = maren.post("memberships", asked)
        maren.post(f"{path}:end", {"last_day": "2026-12-31"}, if_match=seen)
        added = maren.post("memberships", asked).json()
        said = maren.post(
            "memberships", asked | {"person": "NEW-2", "seat": "deputy", "link": "direct"}
        ).json()

        assert (second.status_code, second.json()["code"]) == (409, "kam_already")
        assert (added["seat"], added["link"], added["pool_eligible"]) == ("kam", "matrix", False)
        assert (said["seat"], said["link"], said["pool_eligible"]) == ("deputy", "direct", True)

    @pytest.mark.parametrize(
        ("said", "code"),
        [
            ({"last_day": "2026-12-31"}, "last_day_before_first"),
            ({"last_day": "9999-12-31"}, "day_beyond_calendar"),
            ({"since": "0001-01-01"}, "day_beyond_calendar"),
            ({"node": "MER"}, "node_elsewhere"),
            ({"role": "no_more"}, "role_retired"),
        ],
    )
    def test_are_refused_when_they_begin(self, caller, said, code):
        JobRole.objects.create(code="no_more", name="No more", retired=True)

        answer = caller("maren").post("memberships", JOINING | said)

        assert (answer.status_code, answer.json()["code"]) == (422, code)

    @pytest.mark.parametrize(
        ("act", "said", "code"),
        [
            ("", {"since": "9999-12-31", "dedication": "0.1"}, "day_beyond_calendar"),
            ("", {"since": "2027-01-01", "node": "MER"}, "node_elsewhere"),
            ("", {"since": "2027-01-01", "role": "no_more"}, "role_retired"),
            (
                "",
                {"since": "2027-01-01", "dedication": "0.50", "segments": [], "node": "KES"},
                "nothing_changes",
            ),
            (":end", {"last_day": "9999-12-31"}, "day_beyond_calendar"),
            (":hand-over", {"to": "NEW-1", "since": "0001-01-01"}, "day_beyond_calendar"),
        ],
    )
    def test_are_refused_what_cannot_be(self, caller, act, said, code):
        JobRole.objects.create(code="no_more", name="No more", retired=True)
        path, seen = row(caller("maren"), "memberships?account=KES&person=SOFIA")
        edits = TeamEdit.objects.count()

        answer = caller("maren").ask("post" if act else "patch", f"{path}{act}", said, if_match=seen)

        assert (answer.status_code, answer.json()["code"]) == (422, code)
        assert TeamEdit.objects.count() == edits

    def test_show_all_that_a_change_can_overwrite(self, caller):
        maren = caller("maren")
        Segment.objects.create(code="RAIL", name="Rail", kind="vertical")
        path, seen = row(maren, "memberships?account=KES&person=SOFIA")
        mine = {"since": "2027-01-01", "dedication": "0.4"}
        whole = {"since": maren.get(path).json()["first_day"]}

        theirs = maren.ask("patch", path, whole | {"segments": ["RAIL"]}, if_match=seen)
        narrowed = maren.ask("patch", path, mine, if_match=seen)
        opted = maren.ask(
            "patch", path, whole | {"opt_out_reason": "On leave"}, if_match=theirs.headers["ETag"]
        )
        late = maren.ask("patch", path, mine, if_match=theirs.headers["ETag"])

        assert theirs.json()["segment_ids"] == [maren.get("segments/by-external-id/RAIL").json()["id"]]
        assert (narrowed.status_code, narrowed.json()["current"]) == (412, theirs.json())
        assert (opted.json()["opt_out_reason"], opted.json()["segment_ids"]) == (
            "On leave",
            theirs.json()["segment_ids"],
        )
        assert (late.status_code, late.json()["current"]) == (412, opted.json())

    def test_are_shown_as_they_stand_when_somebody_was_faster_within_the_request(self, caller):
        maren = caller("maren")
        path, seen = row(maren, "memberships?account=KES&person=SOFIA")
        read, faster = [], []

        def changed_before_the_act(execute, sql, params, many, context):
            """Change the membership as somebody else, once the request has read it and before its act begins."""
            if read and not faster and sql.startswith("SAVEPOINT"):
                faster.append(sql)
                current = Membership.objects.filter(account__node__code="KES", person__employee_id="SOFIA")
                current.update(dedication="0.3")
            if sql.startswith("SELECT") and 'FROM "teams_membership"' in sql:
                read.append(sql)
            return execute(sql, params, many, context)

        with connection.execute_wrapper(changed_before_the_act):
            late = maren.post(f"{path}:end", {"last_day": "2026-12-31"}, if_match=seen)

        assert faster, "no act began after the membership was read"
        assert (late.status_code, late.json()["code"]) == (412, "membership_changed_meanwhile")
        assert late.json()["current"]["dedication"] == "0.3"
        assert late.headers["ETag"] != seen

    @pytest.mark.parametrize(
        ("said", "status", "pointer"),
        [
            ({"person": "NOBODY"}, 422, "/person"),
            ({"segments": ["NONE"]}, 422, "/segments/0"),
            ({"dedication": 0.4}, 400, "/dedication"),
            ({"pool_eligible": "yes"}, 400, "/pool_eligible"),
            ({"since": "2027-1-1"}, 400, "/since"),
        ],
    )
    def test_name_what_is_wrong(self, caller, said, status, pointer):
        asked = {"account": "KES", "person": "NEW-1", "role": "key_account_manager", "since": "2027-01-01"}

        answer = caller("maren").post("memberships", asked | said)

        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (status, pointer)

    @pytest.mark.parametrize("name", ["paul", "sofia", "jonas", "anders", "sigrid", "ada", "robot"])
    def test_are_for_who_edits_teams(self, caller, name):
        asker = caller(name)
        path, seen = row(asker, "memberships?account=KES&person=SOFIA")
        answers = [
            asker.post("memberships", JOINING | {"person": "SOFIA"}),
            asker.ask("patch", path, {"since": "2027-01-01", "dedication": "0.4"}, if_match=seen),
            asker.post(f"{path}:end", {"last_day": "2026-12-31"}, if_match=seen),
            asker.post(f"{path}:hand-over", {"to": "SOFIA", "since": "2027-01-01"}, if_match=seen),
        ]

        assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
            (403, "role_missing")
        ] * 4


class TestPools:
    def test_are_handed_in_by_one_and_decided_on_by_another(self, caller, made):
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

        priya = caller("priya")
        (share,) = [each["id"] for each in priya.rows("allocations") if each["pool_id"] in path]
        asked = {"kind": "dispute", "claim": "Too little", "claimed": "5.00", "allocation_id": share}
        opened = priya.post("disputes", asked)
        assert opened.status_code == 201, opened.json()
        case, seen = f"disputes/{opened.json()['id']}", opened.headers["ETag"]
        made.user("ingrid").role_grants.update(role="finance")
        answers = [
            ingrid.post(f"{case}:take", if_match=seen),
            ingrid.post(f"{case}:uphold", {"amount": "5.00", "answer": "Yes"}, if_match=seen),
            ingrid.post(f"{case}:reject", {"answer": "No"}, if_match=seen),
        ]
        told = [(each.status_code, each.json()["code"]) for each in answers]
        assert told == [(403, "not_the_answerer")] * 3, "who handed it out, though they are of finance too"


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
