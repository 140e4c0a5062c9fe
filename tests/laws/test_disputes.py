"""Disputes: one open a line, answered by others than prepared or are paid it, and kept as they were opened."""

from datetime import date
from uuid import uuid4

import pytest

from payouts.choices import DisputeKind, DisputeStatus
from payouts.models import Adjustment, Dispute, DisputeMessage
from tests.laws import rows
from tests.laws.breaking import MADE, refused, together
from tests.laws.rows import NOON, NUMBERS

OPEN = (
    "INSERT INTO payouts_dispute (id, number, person_id, period_id, payout_id, line, kind, claim, currency, status,"
    " due_on, answer, created_by_id) VALUES (%s, %s, %s, %s, %s, 1, 'dispute', 'c', 'EUR', 'open', now(), '', %s)"
)
SET = "UPDATE payouts_dispute SET {} WHERE id = %s"
pytestmark = pytest.mark.django_db(transaction=True)
ANSWERED = "status = '{}', answer = 'a', answered_at = now(), answered_by_id = %s"


def payout():
    paid = rows.payout(rows.run(), person=rows.person(user=rows.user()))
    rows.payout_line(paid)
    return paid


def dispute(paid=None, **values):
    paid = paid or payout()
    subject = {} if {"allocation", "about"} & set(values) else {"payout": paid, "line": 1}
    return Dispute.objects.create(
        **{
            "number": next(NUMBERS),
            "person": paid.person,
            "period_id": paid.period_id,
            "kind": DisputeKind.DISPUTE,
            "claim": "c",
            "currency": "EUR",
            "due_on": date(2026, 5, 1),
            "created_by": paid.person.user,
            **subject,
            **values,
        }
    )


def move(cursor, case, *statuses, by=None):
    for status in statuses:
        answer = ANSWERED.format(status)
        if status in ("open", "in_review"):
            cursor.execute(SET.format(f"status = '{status}'"), [str(case.pk)])
        else:
            cursor.execute(SET.format(answer), [str((by or rows.user()).pk), str(case.pk)])


class TestDispute:
    def test_is_answered_by_others(self, app_sql):
        case = dispute()
        for column in ("assigned_to_id", "answered_by_id"):
            for user in (case.person.user, case.payout.run.started_by):
                with refused("disputes_are_answered_by_others"):
                    app_sql.execute(SET.format(f"{column} = %s"), [str(user.pk), str(case.pk)])

        app_sql.execute(SET.format("assigned_to_id = %s"), [str(rows.user().pk), str(case.pk)])

        assert app_sql.rowcount == 1

    def test_of_a_share_is_not_answered_by_its_allocator(self, app_sql):
        pool = rows.pool(submitted_by=rows.user())
        pool.allocator.user = rows.user()
        pool.allocator.save()
        share = rows.allocation(pool, "10.00")
        case = dispute(rows.payout(rows.run(), person=share.person), allocation=share, created_by=None)

        for user in (pool.submitted_by, pool.allocator.user):
            with refused("disputes_are_answered_by_others"):
                app_sql.execute(SET.format("assigned_to_id = %s"), [str(user.pk), str(case.pk)])

    def test_of_a_line_is_open_once_of_eight_at_once(self, app_connection):
        paid = payout()

        def open_one(cursor):
            values = [uuid4(), next(NUMBERS), paid.person_id, paid.period_id, paid.pk, paid.person.user_id]
            cursor.execute(OPEN, [str(each) if not isinstance(each, int) else each for each in values])

        assert together(app_connection, [open_one] * 8) == {MADE: 1, "disputes_one_open_a_line": 7}

    def test_of_a_share_and_of_an_adjustment_is_open_once(self):
        share = rows.allocation(rows.pool(), "10.00")
        adjustment = Adjustment.objects.create(
            period=rows.period(), person=rows.person(), kind="goodwill", amount=5, currency="EUR", reason="r",
            proposed_by=rows.user(),
        )  # fmt: skip

        for law, subject in (
            ("disputes_one_open_a_share", {"allocation": share}),
            ("disputes_one_open_an_adjustment", {"about": adjustment}),
        ):
            dispute(**subject)
            with refused(law):
                dispute(**subject)

    @pytest.mark.parametrize(
        "statuses", [["rejected"], ["closed"], ["in_review", "open"], ["in_review", "rejected", "in_review"]]
    )
    def test_moves_as_its_states_say(self, app_sql, statuses):
        case = dispute()

        with refused("disputes_move_on"):
            for status in statuses[:-1]:
                move(app_sql, case, status)
            app_sql.execute(SET.format(f"status = '{statuses[-1]}'"), [str(case.pk)])

    @pytest.mark.parametrize("change", ["claim = 'd'", "line = 2", "currency = 'USD'", "claimed = 5"])
    def test_stays_as_it_was_opened(self, app_sql, change):
        case = dispute()

        with refused("disputes_claims_stay"):
            app_sql.execute(SET.format(change), [str(case.pk)])

    def test_stays_once_closed(self, app_sql):
        case = dispute()
        move(app_sql, case, "in_review", "rejected")
        closed = "status = 'closed', closed_at = now(), closed_by_id = answered_by_id"
        app_sql.execute(SET.format(closed), [str(case.pk)])

        with refused("disputes_claims_stay"):
            app_sql.execute(SET.format("answer = 'another'"), [str(case.pk)])
        with refused("disputes_stay"):
            app_sql.execute("DELETE FROM payouts_dispute")

    @pytest.mark.parametrize(
        ("law", "change"),
        [
            ("disputes_answer_is_whole", "status = 'in_review', answer = 'early'"),
            ("disputes_answer_is_whole", "status = 'rejected', answer = 'by nobody', answered_at = now()"),
            ("disputes_closed_by_someone", "closed_at = now()"),
        ],
    )
    def test_is_whole(self, app_sql, law, change):
        case = dispute()
        if "rejected" in change:
            move(app_sql, case, "in_review")

        with refused(law):
            app_sql.execute(SET.format(change), [str(case.pk)])

    def test_upheld_has_its_adjustment(self, app_sql):
        case = dispute()
        move(app_sql, case, "in_review")

        with refused("disputes_upheld_have_an_adjustment"):
            move(app_sql, case, "upheld")

    def test_asked_is_answered_and_never_rejected(self, app_sql):
        case = dispute(kind=DisputeKind.QUESTION)
        move(app_sql, case, "in_review")

        with refused("disputes_questions_are_answered"):
            move(app_sql, case, "rejected")
        move(app_sql, case, "answered")

        assert Dispute.objects.get().status == DisputeStatus.ANSWERED

    @pytest.mark.parametrize(
        ("law", "values"),
        [
            ("disputes_have_a_claim", {"claim": ""}),
            ("disputes_have_a_claim", {"claimed": 0}),
            ("disputes_have_one_subject", {"payout": None, "line": None}),
            ("disputes_have_one_subject", {"line": None}),
        ],
    )
    def test_says_what_about_one_thing(self, law, values):
        with refused(law):
            dispute(**values)

    def test_claims_a_number(self, app_sql):
        paid = payout()
        values = [uuid4(), next(NUMBERS), paid.person_id, paid.period_id, paid.pk, paid.person.user_id]
        claiming = OPEN.replace("answer,", "answer, claimed,").replace("'',", "'', 'NaN',")

        with refused("payouts_dispute_amounts_are_numbers"):
            app_sql.execute(claiming, [str(each) if not isinstance(each, int) else each for each in values])

    def test_keeps_its_thread(self, app_sql):
        case = dispute()
        DisputeMessage.objects.create(dispute=case, by=rows.user(), at=NOON, text="t")

        for statement in (
            "UPDATE payouts_disputemessage SET text = 'u'",
            "DELETE FROM payouts_disputemessage",
        ):
            with refused("dispute_messages_stay"):
                app_sql.execute(statement)
        with refused("dispute_messages_say_something"):
            DisputeMessage.objects.create(dispute=case, by=rows.user(), at=NOON, text="")
