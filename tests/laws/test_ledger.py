"""The books: entries that sum to 0, made with their posting and never after; adjustments and decisions that stay."""

from uuid import uuid4

import pytest
from django.db import transaction

from kamcomp.approvals.models import Approval
from payouts.models import Adjustment, LedgerEntry, Posting
from tests.laws import rows
from tests.laws.breaking import MADE, WRITERS, refused, together

POST = "INSERT INTO payouts_posting (id, period_id, act, at, closed) VALUES (%s, %s, 'tried', now(), true)"
ENTER = (
    "INSERT INTO payouts_ledgerentry (posting_id, period_id, account, cost_centre, amount, currency)"
    " VALUES (%s, %s, %s, '', %s, %s)"
)


def posting(cursor, period, *entries):
    """Make a posting with entries of (account, amount, currency)."""
    made = str(uuid4())
    cursor.execute(POST, [made, str(period.pk)])
    for entry in entries:
        cursor.execute(ENTER, [made, str(period.pk), *entry])
    return made


class TestPosting:
    def test_is_made_when_its_entries_sum_to_zero(self, app_connection):
        with app_connection() as connection, connection.cursor() as cursor:
            posting(cursor, rows.period(), ("expense", "10.01", "EUR"), ("payable", "-10.01", "EUR"))

        assert Posting.objects.get().closed
        assert LedgerEntry.objects.count() == 2

    @pytest.mark.parametrize(
        "entries",
        [
            [("expense", "10.01", "EUR"), ("payable", "-10.00", "EUR")],
            [("expense", "10.00", "EUR"), ("payable", "-10.00", "USD")],
            [("expense", "0.000001", "EUR")],
        ],
    )
    def test_refuses_entries_that_do_not(self, app_connection, entries):
        period = rows.period()

        with refused("postings_sum_to_zero", saying="not to 0"), app_connection() as connection:
            posting(connection.cursor(), period, *entries)

    def test_takes_no_entry_later(self, app_connection):
        period = rows.period()
        with app_connection() as connection:
            made = posting(connection.cursor(), period, ("expense", 5, "EUR"), ("payable", -5, "EUR"))

        with refused("ledger_entries_are_made_with_their_posting"):
            app_connection().cursor().execute(ENTER, [made, str(period.pk), "expense", 1, "EUR"])

    def test_takes_no_entry_behind_a_check_brought_forward(self, app_connection):
        period = rows.period()
        cursor = app_connection().cursor()
        made = posting(cursor, period, ("expense", 5, "EUR"), ("payable", -5, "EUR"))
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

        with refused("ledger_entries_are_made_with_their_posting"):
            cursor.execute(ENTER, [made, str(period.pk), "expense", 1, "EUR"])

    def test_takes_no_entry_of_another_period(self, app_connection):
        period, other = rows.period(), rows.period()
        cursor = app_connection().cursor()
        made = posting(cursor, period)

        with refused("ledger_entries_are_made_with_their_posting", saying="not in its period"):
            cursor.execute(ENTER, [made, str(other.pk), "expense", 1, "EUR"])

    def test_is_whole_between_twelve_at_once(self, app_connection):
        period = rows.period()

        def post(cursor, amount):
            posting(cursor, period, ("expense", 7, "EUR"), ("payable", amount, "EUR"))

        outcomes = together(
            app_connection,
            [lambda cursor, odd=index % 2: post(cursor, -8 if odd else -7) for index in range(WRITERS)],
            commit_together=True,
        )

        assert outcomes == {MADE: WRITERS // 2, "postings_sum_to_zero": WRITERS // 2}
        assert sum(LedgerEntry.objects.values_list("amount", flat=True)) == 0

    def test_of_a_later_act_goes_to_the_open_period(self, app_connection):
        """What payroll answers about a locked period's payout is posted in the open one."""
        run = rows.run(is_current=False)
        payout = rows.payout(run)
        rows.period_lock(run.period)
        following = rows.period(calendar=run.period.calendar, days=rows.days("2026-04-01", "2026-07-01"))
        entries = (("payable", 10, "EUR"), ("payroll", -10, "EUR"))

        with refused("postings_of_a_locked_period_stay"):
            posting(app_connection().cursor(), run.period, *entries)
        with app_connection() as connection, connection.cursor() as cursor:
            made = posting(cursor, following, *entries)
            cursor.execute(
                "INSERT INTO payouts_payoutevent (payout_id, kind, at, by_id, reason, reference)"
                " VALUES (%s, 'paid', now(), %s, '', '')",
                [str(payout.pk), str(rows.user().pk)],
            )

        assert LedgerEntry.objects.filter(posting_id=made, period=following).count() == 2


class TestAdjustment:
    @pytest.fixture
    def adjustment(self, transactional_db):
        return Adjustment.objects.create(
            period=rows.period(),
            person=rows.person(),
            kind="goodwill",
            amount="5",
            currency="EUR",
            reason="r",
            proposed_by=rows.user(),
        )

    def decided(self, adjustment, *statuses):
        Adjustment.objects.filter(pk=adjustment.pk).update(decided_by=rows.user(), decided_at=rows.NOON)
        for status in statuses:
            Adjustment.objects.filter(pk=adjustment.pk).update(status=status)

    def test_is_not_decided_by_who_proposed_it(self, app_sql, adjustment):
        with refused("adjustments_preparer_is_not_approver"):
            app_sql.execute(
                "UPDATE payouts_adjustment SET status = 'approved', decided_by_id = proposed_by_id WHERE id = %s",
                [str(adjustment.pk)],
            )

    def test_is_not_changed_after_its_approval(self, app_sql, adjustment):
        self.decided(adjustment, "approved")

        with refused("adjustments_approved_stay"):
            app_sql.execute("UPDATE payouts_adjustment SET amount = 6 WHERE id = %s", [str(adjustment.pk)])

    def test_stays_once_posted(self, app_sql, adjustment):
        self.decided(adjustment, "approved", "posted")

        with refused("adjustments_posted_stay"):
            app_sql.execute("UPDATE payouts_adjustment SET reason = 'x' WHERE id = %s", [str(adjustment.pk)])
        with refused("adjustments_stay"):
            app_sql.execute("DELETE FROM payouts_adjustment WHERE id = %s", [str(adjustment.pk)])

    def test_is_reversed_once(self, app_sql, adjustment):
        values = {"period": adjustment.period, "person": adjustment.person, "kind": "goodwill", "amount": "-5",
                  "currency": "EUR", "reason": "r", "proposed_by": adjustment.proposed_by}  # fmt: skip
        first = Adjustment.objects.create(reverses=adjustment, **values)
        with refused("adjustments_are_reversed_once"), transaction.atomic():
            Adjustment.objects.create(reverses=adjustment, **values)

        self.decided(first, "rejected")
        Adjustment.objects.create(reverses=adjustment, **values)

    @pytest.mark.parametrize(
        ("was", "becomes"), [("proposed", "posted"), ("approved", "proposed"), ("rejected", "approved")]
    )
    def test_moves_only_as_its_states_say(self, app_sql, adjustment, was, becomes):
        self.decided(adjustment, was)

        with refused("adjustments_move_on"):
            app_sql.execute(
                "UPDATE payouts_adjustment SET status = %s WHERE id = %s", [becomes, str(adjustment.pk)]
            )


class TestApproval:
    @pytest.fixture
    def approval(self, transactional_db):
        return Approval.objects.create(
            subject_table="plans_planversion",
            subject_id=uuid4(),
            step="approve",
            digest="d",
            prepared_by=rows.user(),
        )

    DECIDE = (
        "UPDATE approvals_approval SET decision = %s, decided_by_id = %s, decided_at = now() WHERE id = %s"
    )

    def test_is_not_given_by_who_prepared(self, app_sql, approval):
        with refused("approvals_preparer_is_not_approver"):
            app_sql.execute(self.DECIDE, ["approved", str(approval.prepared_by_id), str(approval.pk)])

    def test_is_decided_once_between_twelve_at_once(self, app_connection, approval):
        deciders = [rows.user() for _ in range(WRITERS)]

        outcomes = together(
            app_connection,
            [
                lambda cursor, by=by: cursor.execute(self.DECIDE, ["approved", str(by.pk), str(approval.pk)])
                for by in deciders
            ],
        )

        assert outcomes == {MADE: 1, "approvals_are_decided_once": WRITERS - 1}

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE approvals_approval SET digest = 'other' WHERE id = %s",
            "UPDATE approvals_approval SET subject_id = gen_random_uuid() WHERE id = %s",
        ],
    )
    def test_is_bound_to_what_was_shown(self, app_sql, approval, statement):
        with refused("approvals_are_decided_once", saying="bound to what was put before"):
            app_sql.execute(statement, [str(approval.pk)])

    def test_stays(self, app_sql, approval):
        with refused("approvals_stay"):
            app_sql.execute("DELETE FROM approvals_approval")
