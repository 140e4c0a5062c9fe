"""An active account has a key account manager on every day of its programme; else it is in review."""

from django.db import migrations

from kamcomp.laws import function, trigger


class Migration(migrations.Migration):
    dependencies = [("teams", "0004_account_tree")]

    operations = [
        migrations.RunSQL(
            sql="ALTER TABLE teams_strategicaccount ADD CONSTRAINT strategic_accounts_end_after_they_start "
            "CHECK (programme_end > programme_start)",
            reverse_sql="ALTER TABLE teams_strategicaccount DROP CONSTRAINT strategic_accounts_end_after_they_start",
        ),
        function(
            "law_kam_every_day",
            """
DECLARE
    account_ids uuid[];
    account record;
    covered datemultirange;
    without datemultirange;
BEGIN
    PERFORM law_reads_committed('strategic_accounts_active_have_a_kam');
    IF TG_TABLE_NAME = 'teams_strategicaccount' THEN
        account_ids := ARRAY[NEW.id];
    ELSIF TG_OP = 'INSERT' THEN
        account_ids := ARRAY[NEW.account_id];
    ELSIF TG_OP = 'DELETE' THEN
        account_ids := ARRAY[OLD.account_id];
    ELSE
        account_ids := ARRAY[OLD.account_id, NEW.account_id];
    END IF;
    FOR account IN
        SELECT id, node_id, status, daterange(programme_start, programme_end) AS programme
          FROM teams_strategicaccount WHERE id = ANY (account_ids) ORDER BY id FOR NO KEY UPDATE
    LOOP
        CONTINUE WHEN account.status <> 'active';
        SELECT coalesce(range_agg(valid), '{}') INTO covered
          FROM teams_membership WHERE account_id = account.id AND seat = 'kam';
        without := datemultirange(account.programme) - covered;
        IF NOT isempty(without) THEN
            PERFORM law_refuse('strategic_accounts_active_have_a_kam', format(
                'account %s is active but has no key account manager on %s; name one or put the account in review',
                (SELECT code FROM teams_accountnode WHERE id = account.node_id), without));
        END IF;
    END LOOP;
    RETURN NULL;
END""",
        ),
        trigger(
            "strategic_accounts_active_have_a_kam",
            on="teams_strategicaccount",
            when="AFTER INSERT OR UPDATE",
            condition="NEW.status = 'active'",
            runs="law_kam_every_day",
            deferred=True,
        ),
        trigger(
            "memberships_leave_no_day_without_kam",
            on="teams_membership",
            when="AFTER UPDATE OR DELETE",
            condition="OLD.seat = 'kam'",
            runs="law_kam_every_day",
            deferred=True,
        ),
    ]
