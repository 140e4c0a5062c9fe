"""Budgets that pools share: only added to, and fixed from the moment a review funds the pools."""

from threading import Thread

import psycopg2
import pytest

from payouts.choices import RunStatus
from payouts.models import PoolBudget
from tests.laws import rows
from tests.laws.breaking import refused

STATE = (
    "INSERT INTO payouts_poolbudget (id, code, period_id, number, amount, currency, reason)"
    " VALUES (gen_random_uuid(), 'KEY', %s, %s, %s, 'EUR', 'r')"
)
REVIEW = "UPDATE payouts_run SET status = 'reviewed', reviewed_by_id = %s, reviewed_at = now() WHERE id = %s"


class TestPoolBudget:
    @pytest.mark.parametrize("status", [RunStatus.REVIEWED, RunStatus.ALLOCATING, RunStatus.APPROVED])
    def test_is_fixed_by_the_review(self, app_sql, status):
        run = rows.run(status=RunStatus.CALCULATED)
        app_sql.execute(STATE, [str(run.period_id), 1, 100])
        moves = [RunStatus.REVIEWED, RunStatus.ALLOCATING, RunStatus.APPROVED]
        rows.run_move(run, *moves[: moves.index(status) + 1])

        with refused("pool_budgets_are_fixed_by_the_review", saying=f"is {status}, and its pools are funded"):
            app_sql.execute(STATE, [str(run.period_id), 2, 200])

    def test_may_be_stated_again_once_the_reviewed_run_is_superseded(self, app_sql):
        run = rows.run(status=RunStatus.CALCULATED)
        rows.run_move(run, RunStatus.REVIEWED, RunStatus.ALLOCATING, RunStatus.SUPERSEDED)
        type(run).objects.filter(pk=run.pk).update(is_current=False)

        app_sql.execute(STATE, [str(run.period_id), 1, 100])

        assert PoolBudget.objects.get().amount == 100

    def test_of_a_locked_period_stays(self, app_sql):
        period = rows.period()
        rows.period_lock(period)

        with refused("pool_budgets_of_a_locked_period_stay"):
            app_sql.execute(STATE, [str(period.pk), 1, 100])

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE payouts_poolbudget SET amount = amount + 1",
            "DELETE FROM payouts_poolbudget",
            "TRUNCATE payouts_poolbudget",
        ],
    )
    def test_is_only_added_to(self, app_connection, owner_sql, statement):
        rows.pool_budget(rows.period())

        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            app_connection().cursor().execute(statement)
        with refused("pool_budgets_stay"):
            owner_sql.execute(statement)

    def test_waits_for_a_review_under_way_and_then_sees_it(self, app_connection):
        """The race: stated while the review funds the pools, it is either known to the review, or refused."""
        run, by = rows.run(status=RunStatus.CALCULATED), rows.user()
        reviewer, stater = app_connection(), app_connection()
        reviewer.cursor().execute(REVIEW, [by.pk, str(run.pk)])
        outcome = []

        def state():
            try:
                stater.cursor().execute(STATE, [str(run.period_id), 1, 100])
                outcome.append("stated")
            except psycopg2.Error as error:
                outcome.append(error.diag.constraint_name)

        thread = Thread(target=state)
        thread.start()
        thread.join(timeout=0.5)
        assert outcome == []
        reviewer.commit()
        thread.join(timeout=120)

        assert outcome == ["pool_budgets_are_fixed_by_the_review"]
