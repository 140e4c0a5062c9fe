"""The auditor in the browser: the trail and a row as of then, a number reproduced, the controls and their proofs."""

import json

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from kamcomp.audit.models import AuditEvent
from kamcomp.audit.services import audit_seal
from kamcomp.notices.models import Notice
from kamcomp.policy.services import setting_put
from payouts.models import PayoutLine, Pool, Run
from payouts.selectors.controls import Standing, controls
from payouts.selectors.rederived import kept_of_chunk, kept_rows
from payouts.services.ledger_check import ledger_check
from payouts.services.reproduce import _lines, payout_reproduce, share_reproduce
from tests.payouts.company import START
from tests.visibility.two_teams import reviewed, two_teams

pytestmark = pytest.mark.django_db
AUDIT, AGAIN, CONTROLS, ACCESS = (
    reverse(f"payouts:{name}") for name in ("audit-list", "reproduce", "control-list", "access-list")
)


@pytest.fixture
def made(db):
    return reviewed(two_teams())


def browser(made, name="ada"):
    client = Client()
    client.force_login(made.user(name))
    return client


def body(answer):
    return b"".join(answer.streaming_content).decode("utf-8-sig")


class TestAuditList:
    def test_says_who_what_before_after_and_why(self, made):
        setting_put(
            key="metrics.satisfaction_best", value="10", since=START, reason="Our surveys ask so",
            by=made.user("maren"), at=timezone.now(),
        )  # fmt: skip

        page = browser(made).get(AUDIT, {"act": "setting put"}).content.decode()
        rows = json.loads(body(browser(made).get(AUDIT, {"act": "setting put", "format": "json"})))

        assert "Our surveys ask so" in page
        assert [(row["action"], row["name"], row["why"]) for row in rows] == [
            ("setting_put", "maren", "Our surveys ask so")
        ]
        assert rows[0]["after"]["value"] is not None

    def test_filters_by_kind_day_and_row(self, made):
        run = Run.objects.get()

        by_row = json.loads(body(browser(made).get(AUDIT, {"request_id": str(run.pk), "format": "json"})))
        later = json.loads(body(browser(made).get(AUDIT, {"since": "2999-01-01", "format": "json"})))
        table = body(browser(made).get(AUDIT, {"kind": "payouts_run", "format": "csv"}))

        assert {row["subject_id"] for row in by_row} == {str(run.pk)}
        assert later == []
        assert "run_review" in table.replace("Run review", "run_review")
        assert "payouts_pool" not in table

    def test_leaves_messages_to_people_out_unless_they_are_asked_for(self, made):
        notice = Notice.objects.create(
            user=made.user("maren"),
            kind="pool_allocate",
            key="audited",
            path="/",
            at=timezone.now(),
            mail_after=timezone.now(),
        )

        url = reverse("payouts:audit-show", args=[AuditEvent.objects.get(subject_id=str(notice.pk)).pk])

        def page(**asked):
            return browser(made).get(AUDIT, asked).content.decode()

        assert "/audit/" in page()
        assert url not in page()
        for asked in ({"messages": "shown"}, {"kind": "notices_notice"}, {"request_id": str(notice.pk)}):
            assert url in page(**asked)
        rows = json.loads(body(browser(made).get(AUDIT, {"format": "json"})))
        assert "notices_notice" in {row["subject_table"] for row in rows}, "a file leaves nothing out"

    def test_is_for_auditors_and_admins(self, made):
        assert browser(made, "maren").get(AUDIT).status_code == 200
        event = AuditEvent.objects.first()
        for name in ("jonas", "ingrid", "priya", "anders", "sigrid"):
            assert browser(made, name).get(AUDIT).status_code == 404
            assert browser(made, name).get(reverse("payouts:audit-show", args=[event.pk])).status_code == 404

    def test_costs_few_queries(self, made, django_assert_max_num_queries):
        client = browser(made)

        with django_assert_max_num_queries(12):
            client.get(AUDIT)


class TestAuditShow:
    def test_shows_the_row_as_of_then(self, made):
        run = Run.objects.get()
        of_run = AuditEvent.objects.filter(subject_table="payouts_run", subject_id=str(run.pk)).order_by("id")
        reviewed_then = next(each for each in of_run if (each.after or {}).get("status") == "reviewed")
        before = [each for each in of_run if each.pk < reviewed_then.pk][-1]

        then = browser(made).get(reverse("payouts:audit-show", args=[reviewed_then.pk])).content.decode()
        earlier = browser(made).get(reverse("payouts:audit-show", args=[before.pk])).content.decode()

        assert '<dt>status</dt><dd class="said">reviewed</dd>' in then
        assert '<dt>status</dt><dd class="said">calculated</dd>' in earlier
        assert "not yet" in then

    def test_names_the_seal(self, made):
        audit_seal(at=timezone.now())

        page = browser(made).get(reverse("payouts:audit-show", args=[AuditEvent.objects.first().pk]))

        assert "Sealed" in page.content.decode()
        assert "<dt>Seal</dt>" in page.content.decode()

    def test_is_not_there_for_no_entry(self, made):
        assert browser(made).get(reverse("payouts:audit-show", args=[999_999_999])).status_code == 404


def derived(payout):
    kept = kept_of_chunk(payout.chunk_id)
    (rows,) = kept_rows(kept=kept, inputs=kept.of_payee(payout.person.employee_id)).payees
    return rows


class TestReproduce:
    def test_finds_payouts_equal_to_their_kept_inputs(self, made):
        for payout in made.payouts.values():
            again = payout_reproduce(payout=payout)

            assert again.equal
            assert again.derived == payout.amount
            assert again.input_digest == payout.input_digest
            assert [line.equal for line in again.lines] == [True] * payout.lines.count()

    def test_shows_both_figures_and_the_digest(self, made):
        page = browser(made).get(AGAIN, {"person": "PAUL"}).content.decode()

        assert "Equal to the cent" in page
        assert page.count(made.payouts["paul"].input_digest) == 2
        assert "part of the run's digest" in page

    def test_names_a_line_that_is_not_what_comes_out(self, made):
        payout = made.payouts["paul"]
        line = PayoutLine.objects.filter(payout=payout).first()
        stored = [each for each in payout.lines.all() if each.number != line.number]
        line.amount += 1

        again = _lines([line, *stored], [text.split("\t") for text in derived(payout).lines])

        assert [each.equal for each in again].count(False) == 1

    def test_shows_shares_with_their_pool(self, made):
        pool = Pool.objects.first()
        share = pool.allocations.filter(eligible=True).first()

        assert share_reproduce(share=share).differences == []
        page = browser(made).get(AGAIN, {"person": share.person.employee_id}).content.decode()
        assert "Funding and guideline come out equal" in page

    def test_asks_who_is_meant_and_says_when_nobody_is(self, made):
        assert "Who is meant?" in browser(made).get(AGAIN, {"person": "doe"}).content.decode()
        assert "Nobody of this name" in browser(made).get(AGAIN, {"person": "zzz"}).content.decode()
        assert browser(made).get(AGAIN, {"period": "1999-Q1"}).status_code == 404

    def test_verifies_a_whole_run_and_leaves_the_proof(self, made):
        page = browser(made).post(AGAIN, {"period": "2026-Q3"}, follow=True).content.decode()

        assert "all equal" in page
        noted = AuditEvent.objects.get(action="run_verify")
        assert noted.after["findings"] == 0
        reproduced = next(each for each in controls(at=timezone.now()) if each.code == "C10")
        assert (reproduced.standing, reproduced.at) == (Standing.HOLDS, noted.at)

    def test_is_not_there_for_others(self, made):
        for name in ("ingrid", "priya", "anders", "sigrid"):
            assert browser(made, name).get(AGAIN).status_code == 404
            assert browser(made, name).post(AGAIN, {"period": "2026-Q3"}).status_code == 404


class TestControls:
    def test_say_nothing_without_a_proof(self, made):
        found = {each.code: each.standing for each in controls(at=timezone.now())}

        assert list(found) == [f"C{number}" for number in range(1, 13)]
        assert {found[code] for code in ("C4", "C8", "C9", "C10", "C11", "C12")} == {Standing.UNPROVED}
        assert {found[code] for code in ("C3", "C5", "C6")} == {Standing.HOLDS}

    def test_take_their_proof_from_the_check_of_the_books(self, made):
        check = ledger_check(at=timezone.now())

        found = {each.code: each for each in controls(at=timezone.now())}

        assert (found["C4"].standing, found["C4"].at) == (Standing.HOLDS, check.checked_at)
        assert found["C11"].standing == Standing.HOLDS

    def test_have_something_to_look_at_when_a_plan_is_not_what_was_approved(self, made):
        found = {each.code: each for each in controls(at=timezone.now())}

        assert found["C2"].standing == Standing.LOOK  # the test company's plan has a digest of zeros

    def test_are_shown_and_given_as_a_file(self, made):
        page = browser(made).get(CONTROLS).content.decode()
        rows = body(browser(made).get(CONTROLS, {"format": "csv"}))

        assert "What is locked stays" in page
        assert rows.count("\r\n") == 13
        for name in ("ingrid", "priya", "anders", "sigrid"):
            assert browser(made, name).get(CONTROLS).status_code == 404

    def test_cost_the_same_whatever_there_is(self, made):
        client, counts = browser(made), []
        for _time in range(2):
            with CaptureQueriesContext(connection) as found:
                client.get(CONTROLS)
            counts.append(len(found))
            audit_seal(at=timezone.now())
            ledger_check(at=timezone.now())

        assert counts == [11, 11]


class TestAccessList:
    def test_lists_roles_and_counts_as_a_review_when_taken_away(self, made):
        page = browser(made).get(ACCESS, {"role": "auditor"}).content.decode()
        assert "ada" in page
        assert not AuditEvent.objects.filter(action="access_take").exists()

        assert "maren" in body(browser(made).get(ACCESS, {"format": "csv"}))

        review = next(each for each in controls(at=timezone.now()) if each.code == "C8")
        assert review.standing == Standing.HOLDS

    def test_is_not_there_for_others(self, made):
        for name in ("ingrid", "priya", "anders", "jonas"):
            assert browser(made, name).get(ACCESS).status_code == 404
