"""The functions every law refuses with: named refusal, append-only rows, status moves, read committed."""

from django.db import migrations

from kamcomp.laws import function


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_session_role_and_seal_entries")]

    operations = [
        function(
            "law_refuse",
            """
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', MESSAGE = message, CONSTRAINT = law;
END""",
            arguments="law text, message text",
            returns="void",
        ),
        function(
            "law_reads_committed",
            """
BEGIN
    -- A law that sums what others wrote first waits for them, then reads: a snapshot taken before the wait
    -- would not show what they committed.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        PERFORM law_refuse(law, format(
            'this is written in a transaction that reads committed rows, not at isolation level %s',
            current_setting('transaction_isolation')));
    END IF;
END""",
            arguments="law text",
            returns="void",
        ),
        function(
            "law_append_only",
            """
BEGIN
    PERFORM law_refuse(TG_ARGV[0], format(
        '%s of %s refused: its rows are added and then stay as they are; add a correcting row',
        lower(TG_OP), TG_TABLE_NAME));
    RETURN NULL;
END""",
        ),
        function(
            "law_status_moves",
            """
DECLARE
    law text := TG_ARGV[0];
    now_is text := to_jsonb(NEW) ->> TG_ARGV[1];
    was text;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF now_is <> ALL (string_to_array(TG_ARGV[2], ',')) THEN
            PERFORM law_refuse(law, format('a new row of %s begins as %s, not as %s',
                TG_TABLE_NAME, replace(TG_ARGV[2], ',', ' or '), now_is));
        END IF;
        RETURN NEW;
    END IF;
    was := to_jsonb(OLD) ->> TG_ARGV[1];
    IF was <> now_is AND was || '>' || now_is <> ALL (string_to_array(TG_ARGV[3], ',')) THEN
        PERFORM law_refuse(law, format('%s %s is %s and cannot become %s',
            TG_TABLE_NAME, to_jsonb(NEW) ->> 'id', was, now_is));
    END IF;
    RETURN NEW;
END""",
        ),
    ]
