"""A run's status moves as its states say; a chunk that is done stays; nothing is added to a reviewed run."""

from django.db import migrations

from kamcomp.laws import function, operations, statement_triggers, status_moves, trigger

BEFORE_REVIEW = ["draft", "queued", "calculating", "calculated", "with_errors", "failed"]


class Migration(migrations.Migration):
    dependencies = [("payouts", "0004_locked_periods_refuse")]

    operations = operations(
        status_moves(
            "payouts_run",
            law="runs_move_on",
            born=["draft", "queued", "calculating", "calculated"],
            moves=[
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
                *((before, "superseded") for before in [*BEFORE_REVIEW, "reviewed", "allocating"]),
            ],
        ),
        status_moves(
            "payouts_runchunk",
            law="run_chunks_move_on",
            born=["waiting", "running", "done"],
            moves=[
                ("waiting", "running"),
                ("running", "waiting"),
                ("running", "done"),
                ("running", "failed"),
                ("waiting", "failed"),
                ("failed", "waiting"),
            ],
        ),
        function(
            "law_chunk_done_stays",
            """
BEGIN
    IF OLD.status = 'done' THEN
        PERFORM law_refuse('run_chunks_done_stay', format(
            'chunk %s of run %s is done and stays as it is', OLD.number, OLD.run_id));
    ELSIF TG_OP = 'UPDATE' AND NEW.epoch < OLD.epoch THEN
        PERFORM law_refuse('run_chunks_epoch_rises', format(
            'chunk %s of run %s was taken at epoch %s already', OLD.number, OLD.run_id, OLD.epoch));
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END""",
        ),
        trigger(
            "run_chunks_done_stay",
            on="payouts_runchunk",
            when="BEFORE UPDATE OR DELETE",
            runs="law_chunk_done_stays",
        ),
        function(
            "law_run_computing",
            """
DECLARE
    run record;
BEGIN
    FOR run IN
        SELECT id, number, status FROM payouts_run
         WHERE id IN (SELECT DISTINCT run_id FROM new_rows) ORDER BY id FOR SHARE
    LOOP
        IF run.status IN ('reviewed', 'allocating', 'approved', 'locked', 'superseded') THEN
            PERFORM law_refuse('payouts_belong_to_a_run_not_reviewed', format(
                'run no. %s is %s: no payout is added to it; start a new run', run.number, run.status));
        END IF;
    END LOOP;
    RETURN NULL;
END""",
        ),
        statement_triggers(
            "payouts_belong_to_a_run_not_reviewed",
            on="payouts_payout",
            runs="law_run_computing",
            events=["INSERT"],
        ),
        function(
            "law_locks_together",
            """
DECLARE
    apart record;
BEGIN
    SELECT period.code, run.number INTO apart
      FROM payouts_run AS run JOIN calendar_period AS period ON period.id = run.period_id
     WHERE period.id = (CASE TG_TABLE_NAME WHEN 'calendar_period' THEN to_jsonb(NEW) ->> 'id'
                                           ELSE to_jsonb(NEW) ->> 'period_id' END)::uuid
       AND run.is_current AND (run.status = 'locked') <> (period.status = 'locked');
    IF apart.code IS NOT NULL THEN
        PERFORM law_refuse('runs_lock_with_their_period', format(
            'period %s and its run no. %s are locked together or not at all', apart.code, apart.number));
    END IF;
    RETURN NULL;
END""",
        ),
        trigger(
            "runs_lock_with_their_period",
            on="payouts_run",
            when="AFTER UPDATE OF status",
            condition="NEW.status = 'locked'",
            runs="law_locks_together",
            deferred=True,
        ),
        trigger(
            "periods_lock_with_their_run",
            on="calendar_period",
            when="AFTER UPDATE OF status",
            condition="NEW.status = 'locked'",
            runs="law_locks_together",
            deferred=True,
        ),
    )
