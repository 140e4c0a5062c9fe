"""Runs and chunks: one current run, states that move as listed, work that stays done."""

from operator import methodcaller

import psycopg2
import pytest

from payouts.choices import RunStatus
from payouts.models import Run
from tests.laws import rows
from tests.laws.breaking import MADE, WRITERS, refused, together
from tests.laws.test_periods import payout_insert

LISTED = {
    ("draft", "queued"),
    ("queued", "calculating"),
    ("queued", "failed"),
    ("calculating", "calculated"),
    ("calculating", "with_errors"),
    ("calculating", "failed"),
    ("with_errors", "queued"),
    ("failed", "queued"),
    ("calculated", "reviewed"),
    ("reviewed", "allocating"),
    ("reviewed", "approved"),
    ("allocating", "approved"),
    ("approved", "locked"),
    *(
        (status, "superseded")
        for status in RunStatus.values
        if status not in ("approved", "locked", "superseded")
    ),
}
WAY_TO = {
    "draft": [],
    "queued": ["queued"],
    "calculating": ["queued", "calculating"],
    "calculated": ["queued", "calculating", "calculated"],
    "with_errors": ["queued", "calculating", "with_errors"],
    "failed": ["queued", "failed"],
    "reviewed": ["queued", "calculating", "calculated", "reviewed"],
    "allocating": ["queued", "calculating", "calculated", "reviewed", "allocating"],
    "approved": ["queued", "calculating", "calculated", "reviewed", "approved"],
    "superseded": ["queued", "superseded"],
}


class TestRun:
    @pytest.mark.parametrize("was", WAY_TO)
    def test_moves_only_as_listed(self, app_connection, was):
        run = rows.run(status=RunStatus.DRAFT, is_current=False)
        rows.run_move(run, *WAY_TO[was])
        connection = app_connection()

        moved, laws = set(), set()
        for becomes in RunStatus.values:
            try:
                connection.cursor().execute(
                    "UPDATE payouts_run SET status = %s WHERE id = %s", [becomes, str(run.pk)]
                )
                moved.add((was, becomes))
            except psycopg2.errors.CheckViolation as error:
                laws.add(error.diag.constraint_name)
            connection.rollback()

        assert moved - {(was, was)} == {pair for pair in LISTED if pair[0] == was}
        assert laws == {"runs_move_on"}

    def test_has_one_current_of_a_period_between_twelve_at_once(self, app_connection):
        period = rows.period()
        runs = [rows.run(period, is_current=False) for _ in range(WRITERS)]
        claim = "UPDATE payouts_run SET is_current = true WHERE id = %s"

        outcomes = together(
            app_connection, [lambda cursor, run=run: cursor.execute(claim, [str(run.pk)]) for run in runs]
        )

        assert outcomes == {MADE: 1, "runs_one_current_a_period": WRITERS - 1}

    @pytest.mark.parametrize("column", ["reviewed_by_id", "approved_by_id"])
    def test_is_not_decided_by_who_started_it(self, app_sql, column):
        run = rows.run()

        with refused("runs_starter_neither_reviews_nor_approves"):
            app_sql.execute(f"UPDATE payouts_run SET {column} = started_by_id WHERE id = %s", [str(run.pk)])

    def test_is_not_approved_by_nobody(self, app_sql):
        run = rows.run(status=RunStatus.DRAFT)
        for status in WAY_TO["allocating"]:
            Run.objects.filter(pk=run.pk).update(status=status)

        with refused("runs_approved_by_someone"):
            app_sql.execute("UPDATE payouts_run SET status = 'approved' WHERE id = %s", [str(run.pk)])

    def test_is_kept(self, app_sql):
        rows.run()

        with refused("runs_stay"):
            app_sql.execute("DELETE FROM payouts_run")

    @pytest.mark.parametrize("status", ["reviewed", "approved", "superseded"])
    def test_takes_no_payout_after_its_review(self, app_sql, status):
        run = rows.run(status=RunStatus.DRAFT)
        insert = payout_insert(run)
        rows.run_move(run, *WAY_TO[status])

        with refused("payouts_belong_to_a_run_not_reviewed", saying="start a new run"):
            app_sql.execute(*insert)

    def test_takes_no_payout_behind_a_review_under_way(self, app_connection):
        """Twelve write payouts while the run is superseded: what is in was in before."""
        run = rows.run()
        writers = [methodcaller("execute", *payout_insert(run)) for _ in range(WRITERS - 1)]
        seen = []

        def supersede(cursor):
            cursor.execute("UPDATE payouts_run SET status = 'superseded' WHERE id = %s", [str(run.pk)])
            cursor.execute("SELECT count(*) FROM payouts_payout")
            seen.append(cursor.fetchone()[0])

        together(app_connection, [*writers[:6], supersede, *writers[6:]])

        assert seen == [Run.objects.get(pk=run.pk).payouts.count()]


class TestRunChunk:
    @pytest.fixture
    def done(self, transactional_db):
        return rows.chunk(rows.run(), status="done", inputs=b"kept")

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE payouts_runchunk SET inputs = 'other' WHERE id = %s",
            "UPDATE payouts_runchunk SET result_digest = 'other' WHERE id = %s",
            "UPDATE payouts_runchunk SET epoch = epoch + 1 WHERE id = %s",
            "DELETE FROM payouts_runchunk WHERE id = %s",
        ],
    )
    def test_stays_when_it_is_done(self, app_sql, done, statement):
        with refused("run_chunks_done_stay"):
            app_sql.execute(statement, [done.pk])

    def test_is_not_begun_again_when_it_is_done(self, app_sql, done):
        with pytest.raises(psycopg2.errors.CheckViolation) as error:
            app_sql.execute("UPDATE payouts_runchunk SET status = 'running' WHERE id = %s", [done.pk])
        assert error.value.diag.constraint_name in ("run_chunks_done_stay", "run_chunks_move_on")

    def test_is_not_done_without_its_inputs(self, app_sql):
        chunk = rows.chunk(rows.run(), status="running")

        with refused("run_chunks_done_keeps_inputs"):
            app_sql.execute("UPDATE payouts_runchunk SET status = 'done' WHERE id = %s", [chunk.pk])

    def test_is_never_given_an_older_epoch(self, app_sql):
        chunk = rows.chunk(rows.run(), status="running", epoch=3)

        with refused("run_chunks_epoch_rises"):
            app_sql.execute("UPDATE payouts_runchunk SET epoch = 2 WHERE id = %s", [chunk.pk])
