"""Locked periods: no way back, no way in, and no way past a writer who was there first."""

from io import StringIO
from operator import methodcaller
from threading import Thread

import psycopg2
import pytest
from django.db import connection

from kamcomp.calendar.choices import PeriodStatus
from kamcomp.calendar.models import Period
from payouts.choices import RunStatus
from payouts.models import Adjustment, Payout, Posting
from tests.faults.conftest import until
from tests.laws import rows
from tests.laws.breaking import MADE, WRITERS, refused, together

MOVE = "UPDATE calendar_period SET status = %s WHERE id = %s"
LOCK = "UPDATE calendar_period SET status = 'locked' WHERE id = %s"


def payout_insert(run, **values):
    """Return what a raw insert of a further payout of the run executes."""
    return rows.payout_insert(rows.payout_columns(run, **values))


class TestPeriod:
    @pytest.mark.parametrize(
        ("was", "becomes"),
        [
            ("future", "collecting"),
            ("future", "locked"),
            ("open", "future"),
            ("open", "locked"),
            ("collecting", "open"),
            ("collecting", "future"),
        ],
    )
    def test_only_moves_on_step_by_step(self, app_sql, was, becomes):
        period = rows.period(status=PeriodStatus.FUTURE)
        steps = [PeriodStatus.OPEN, PeriodStatus.COLLECTING]
        for status in steps[: ["future", "open", "collecting"].index(was)]:
            Period.objects.filter(pk=period.pk).update(status=status)

        with refused("periods_move_on", saying=f"is {was} and cannot become {becomes}"):
            app_sql.execute(MOVE, [becomes, str(period.pk)])

    @pytest.mark.parametrize(
        "statement",
        [
            *(
                f"UPDATE calendar_period SET status = '{status}' WHERE id = %s"
                for status in ("open", "collecting")
            ),
            "UPDATE calendar_period SET pay_on = '2026-05-01' WHERE id = %s",
            "UPDATE calendar_period SET days = '[2026-01-01,2026-04-02)' WHERE id = %s",
            "DELETE FROM calendar_period WHERE id = %s",
        ],
    )
    def test_stays_as_it_is_once_locked(self, app_sql, statement):
        period = rows.period()
        rows.period_lock(period)

        with refused("periods_locked_stay", saying="correction belongs to the open period"):
            app_sql.execute(statement, [str(period.pk)])

    def test_is_not_born_locked(self, app_sql):
        period = rows.period()

        with refused("periods_move_on"):
            app_sql.execute(
                "INSERT INTO calendar_period (id, calendar_id, code, fiscal_year, number, days, cut_off_on, status)"
                " VALUES (gen_random_uuid(), %s, 'x', 2027, 1, '[2027-01-01,2027-04-01)', '2027-04-09', 'locked')",
                [str(period.calendar_id)],
            )

    def test_is_locked_together_with_its_run(self, app_sql):
        run = rows.run()

        with refused("runs_lock_with_their_period"):
            app_sql.execute(LOCK, [str(run.period_id)])
        rows.run_move(run, RunStatus.CALCULATED, RunStatus.REVIEWED, RunStatus.APPROVED)
        with refused("runs_lock_with_their_period"):
            app_sql.execute("UPDATE payouts_run SET status = 'locked' WHERE id = %s", [str(run.pk)])


@pytest.fixture
def locked(app_connection):
    """Return the rows of a period that is locked: run, chunk, payout, line, pool, allocation, adjustment, entry."""
    run = rows.run()
    chunk = rows.chunk(run)
    payout = rows.payout(run, chunk=chunk)
    line = rows.payout_line(payout)
    pool = rows.pool(period=run.period, reserve="60.00")
    allocation = rows.allocation(pool, "40.00")
    adjustment = Adjustment.objects.create(
        period=run.period, person=payout.person, kind="goodwill", amount="5", currency="EUR", reason="r",
        proposed_by=rows.user(),
    )  # fmt: skip
    rows.run_move(run, RunStatus.CALCULATED, RunStatus.REVIEWED, RunStatus.APPROVED)
    with app_connection() as connection, connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO payouts_posting (id, period_id, run_id, act, at) VALUES (gen_random_uuid(), %s, %s,"
            " 'run_lock', now()) RETURNING id",
            [str(run.period_id), str(run.pk)],
        )
        (posting_id,) = cursor.fetchone()
        cursor.executemany(
            "INSERT INTO payouts_ledgerentry (posting_id, period_id, account, cost_centre, amount, currency)"
            " VALUES (%s, %s, %s, '', %s, 'EUR')",
            [
                [posting_id, str(run.period_id), "expense", 10],
                [posting_id, str(run.period_id), "payable", -10],
            ],
        )
        cursor.execute("UPDATE payouts_run SET status = 'locked' WHERE id = %s", [str(run.pk)])
        cursor.execute(LOCK, [str(run.period_id)])
    return {
        "run": run, "chunk": chunk, "payout": payout, "line": line, "pool": pool, "allocation": allocation,
        "adjustment": adjustment, "posting": Posting.objects.get(), "period": run.period,
    }  # fmt: skip


class TestLockedPeriod:
    """The posting of the lock itself was made in the transaction of the lock; after it nothing moves."""

    @pytest.mark.parametrize(
        ("law", "statement", "of"),
        [
            ("runs_of_a_locked_period_stay", "UPDATE payouts_run SET error = 'x' WHERE id = %s", "run"),
            ("chunks_of_a_locked_period_stay", "UPDATE payouts_runchunk SET error = 'x' WHERE id = %s", "chunk"),
            ("pools_of_a_locked_period_stay", "UPDATE payouts_pool SET reserve = 1 WHERE id = %s", "pool"),
            ("allocations_of_a_locked_period_stay", "UPDATE payouts_allocation SET reason = 'x' WHERE id = %s",
             "allocation"),
            ("allocations_of_a_locked_period_stay", "DELETE FROM payouts_allocation WHERE id = %s", "allocation"),
            ("adjustments_of_a_locked_period_stay", "UPDATE payouts_adjustment SET amount = 6 WHERE id = %s",
             "adjustment"),
            ("problems_of_a_locked_period_stay", ("INSERT INTO payouts_runproblem (run_id, chunk_id, code, message)"
             " SELECT run_id, id, 'x', 'x' FROM payouts_runchunk WHERE id = %s"), "chunk"),
            ("postings_of_a_locked_period_stay", ("INSERT INTO payouts_posting (id, period_id, act, at)"
             " VALUES (gen_random_uuid(), %s, 'late', now())"), "period"),
            ("payout_lines_of_a_locked_period_stay", ("INSERT INTO payouts_payoutline (payout_id, number, period_id,"
             " kind, leaf, pay_element, metric, amount) SELECT id, 2, period_id, 'leaf', 'x', 'bonus', '', 1"
             " FROM payouts_payout WHERE id = %s"), "payout"),
            ("runs_stay", "DELETE FROM payouts_run WHERE id = %s", "run"),
            ("pools_stay", "DELETE FROM payouts_pool WHERE id = %s", "pool"),
        ],
    )  # fmt: skip
    def test_refuses_the_app_role(self, app_sql, locked, law, statement, of):
        with refused(law):
            app_sql.execute(statement, [str(locked[of].pk)])

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE payouts_payout SET amount = amount + 1",
            "DELETE FROM payouts_payout",
            "UPDATE payouts_payoutline SET amount = amount + 1",
            "DELETE FROM payouts_payoutline",
            "UPDATE payouts_ledgerentry SET amount = amount + 1",
            "DELETE FROM payouts_ledgerentry",
            "UPDATE payouts_posting SET closed = false",
            "TRUNCATE payouts_payout, payouts_payoutline CASCADE",
        ],
    )
    def test_gives_the_app_role_no_right_to_the_books(self, app_sql, locked, statement):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            app_sql.execute(statement)

    @pytest.mark.parametrize(
        ("law", "statement"),
        [
            ("payouts_are_only_added", "UPDATE payouts_payout SET amount = amount + 1"),
            ("payouts_are_only_added", "TRUNCATE payouts_payout CASCADE"),
            ("payout_lines_are_only_added", "DELETE FROM payouts_payoutline"),
            ("ledger_entries_are_only_added", "UPDATE payouts_ledgerentry SET amount = amount + 1"),
            ("postings_stay", "DELETE FROM payouts_posting"),
            ("postings_stay", "UPDATE payouts_posting SET closed = false"),
        ],
    )
    def test_refuses_even_the_owner(self, owner_sql, locked, law, statement):
        with refused(law):
            owner_sql.execute(statement)

    def test_refuses_a_further_payout(self, app_sql, locked):
        insert = payout_insert(locked["run"], chunk=locked["chunk"])

        with pytest.raises(psycopg2.errors.CheckViolation) as error:
            app_sql.execute(*insert)
        assert error.value.diag.constraint_name in (
            "payouts_of_a_locked_period_stay",
            "payouts_belong_to_a_run_not_reviewed",
        )

    def test_refuses_a_payout_of_another_run_by_copy(self, app_connection, locked):
        other = rows.period(calendar=locked["period"].calendar, days=rows.days("2026-04-01", "2026-07-01"))
        run = rows.run(other)
        columns = rows.payout_columns(run, period_id=locked["period"].pk)
        row = "\t".join("\\N" if value is None else str(value) for value in columns.values())

        with refused("payouts_of_a_locked_period_stay"):
            app_connection().cursor().copy_expert(
                f"COPY payouts_payout ({', '.join(columns)}) FROM STDIN", StringIO(row + "\n")
            )

    def test_lets_an_open_adjustment_leave_for_the_open_period(self, app_sql, locked):
        following = rows.period(
            calendar=locked["period"].calendar, days=rows.days("2026-04-01", "2026-07-01")
        )

        app_sql.execute(
            "UPDATE payouts_adjustment SET period_id = %s WHERE id = %s",
            [str(following.pk), str(locked["adjustment"].pk)],
        )

        assert Adjustment.objects.get().period_id == following.pk


def held_back(*, by) -> bool:
    """Tell whether some session waits for what a connection holds."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) > 0 FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))",
            [by.info.backend_pid],
        )
        return cursor.fetchone()[0]


class TestLockAgainstWriters:
    def test_waits_for_a_writer_who_was_there_first(self, app_connection):
        """The race: a payout on its way in while the period is locked is either in before, or refused."""
        run = rows.run(is_current=False)
        insert = payout_insert(run)
        writer, locker = app_connection(), app_connection()
        writer.cursor().execute(*insert)
        waited = []

        def lock():
            with locker, locker.cursor() as cursor:
                cursor.execute(LOCK, [str(run.period_id)])
                cursor.execute(
                    "SELECT sum(amount) FROM payouts_payout WHERE period_id = %s", [str(run.period_id)]
                )
                waited.append(cursor.fetchone()[0])

        thread = Thread(target=lock)
        thread.start()
        until(lambda: held_back(by=writer), saying="the lock to wait for the writer")
        assert waited == []
        writer.commit()
        thread.join(timeout=120)

        assert waited == [50]
        assert sum(Payout.objects.values_list("amount", flat=True)) == 50

    def test_refuses_a_writer_who_comes_while_it_is_under_way(self, app_connection):
        run = rows.run(is_current=False)
        insert = payout_insert(run)
        writer, locker = app_connection(), app_connection()
        locker.cursor().execute(LOCK, [str(run.period_id)])
        outcome = []

        def write():
            try:
                writer.cursor().execute(*insert)
            except psycopg2.IntegrityError as error:
                outcome.append(error.diag.constraint_name)

        thread = Thread(target=write)
        thread.start()
        until(lambda: held_back(by=locker), saying="the writer to wait for the lock")
        assert outcome == []
        locker.commit()
        thread.join(timeout=120)

        assert outcome == ["payouts_of_a_locked_period_stay"]

    def test_leaves_the_sum_it_saw_between_twelve_at_once(self, app_connection):
        run = rows.run(is_current=False)
        seen = []

        def lock(cursor):
            cursor.execute(LOCK, [str(run.period_id)])
            cursor.execute("SELECT coalesce(sum(amount), 0) FROM payouts_payout")
            seen.append(cursor.fetchone()[0])

        writers = [methodcaller("execute", *payout_insert(run)) for _ in range(WRITERS - 1)]
        outcomes = together(app_connection, [*writers[:6], lock, *writers[6:]])

        assert seen == [sum(Payout.objects.values_list("amount", flat=True))]
        assert outcomes[MADE] - 1 == Payout.objects.count()
        assert outcomes["payouts_of_a_locked_period_stay"] == WRITERS - outcomes[MADE]
