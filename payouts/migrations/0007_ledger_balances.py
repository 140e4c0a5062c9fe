"""The entries of a posting sum to 0 in each currency, are made with it, and belong to its period."""

from django.db import migrations, models

from kamcomp.laws import function, operations, statement_triggers, status_moves, trigger


class Migration(migrations.Migration):
    dependencies = [("payouts", "0006_pools_are_whole")]

    operations = operations(
        migrations.AddField(
            "posting",
            "closed",
            models.BooleanField(
                default=False, editable=False, help_text="Set by the database once it has summed the entries."
            ),
        ),
        function(
            "law_posting_open",
            """
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.closed := false;
        RETURN NEW;
    ELSIF to_jsonb(NEW) - 'closed' <> to_jsonb(OLD) - 'closed' OR OLD.closed THEN
        PERFORM law_refuse('postings_stay', format('posting %s stays as it was made', OLD.id));
    END IF;
    RETURN NEW;
END""",
        ),
        trigger(
            "postings_are_made_open",
            on="payouts_posting",
            when="BEFORE INSERT OR UPDATE",
            runs="law_posting_open",
        ),
        function(
            "law_posting_balances",
            """
DECLARE
    uneven record;
BEGIN
    SELECT currency, sum(amount) AS rest INTO uneven
      FROM payouts_ledgerentry WHERE posting_id = NEW.id
     GROUP BY currency HAVING sum(amount) <> 0 ORDER BY currency LIMIT 1;
    IF uneven.currency IS NOT NULL THEN
        PERFORM law_refuse('postings_sum_to_zero', format(
            'the entries of posting %s (%s) sum to %s %s, not to 0', NEW.id, NEW.act, trim_scale(uneven.rest),
            uneven.currency));
    END IF;
    -- Closed by this check, so that nothing is added behind it; only this function may say so.
    UPDATE payouts_posting SET closed = true WHERE id = NEW.id AND NOT closed;
    RETURN NULL;
END""",
        ),
        trigger(
            "postings_sum_to_zero",
            on="payouts_posting",
            when="AFTER INSERT",
            runs="law_posting_balances",
            deferred=True,
        ),
        function(
            "law_entry_of_open_posting",
            """
DECLARE
    wrong record;
BEGIN
    SELECT entry.id, posting.id AS posting_id, posting.closed INTO wrong
      FROM new_rows AS entry LEFT JOIN payouts_posting AS posting ON posting.id = entry.posting_id
     WHERE posting.id IS NULL OR posting.closed OR posting.period_id <> entry.period_id
     LIMIT 1;
    IF wrong.id IS NOT NULL THEN
        PERFORM law_refuse('ledger_entries_are_made_with_their_posting', format(
            'entry %s is not made with its posting %s, or not in its period', wrong.id, wrong.posting_id));
    END IF;
    RETURN NULL;
END""",
        ),
        statement_triggers(
            "ledger_entries_are_made_with_their_posting",
            on="payouts_ledgerentry",
            runs="law_entry_of_open_posting",
            events=["INSERT"],
        ),
        status_moves(
            "payouts_adjustment",
            law="adjustments_move_on",
            born=["proposed", "approved"],
            moves=[
                ("proposed", "approved"),
                ("proposed", "rejected"),
                ("approved", "posted"),
                ("approved", "rejected"),
            ],
        ),
        function(
            "law_adjustment_posted",
            """
BEGIN
    IF OLD.status = 'posted' THEN
        PERFORM law_refuse('adjustments_posted_stay', format(
            'adjustment %s is posted and stays as it is; post a further one', OLD.id));
    ELSIF OLD.status = 'approved' AND to_jsonb(NEW) - '{status,run_id,period_id}'::text[]
                                   <> to_jsonb(OLD) - '{status,run_id,period_id}'::text[] THEN
        PERFORM law_refuse('adjustments_approved_stay', format(
            'adjustment %s is approved as it stands; propose another one', OLD.id));
    END IF;
    RETURN NEW;
END""",
        ),
        trigger(
            "adjustments_posted_stay",
            on="payouts_adjustment",
            when="BEFORE UPDATE",
            runs="law_adjustment_posted",
        ),
    )
