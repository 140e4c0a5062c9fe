"""A period's status only moves on; a locked period, and every row that belongs to it, refuses change."""

from django.db import migrations

from kamcomp.laws import function, status_moves, trigger


class Migration(migrations.Migration):
    dependencies = [("calendar", "0003_audit")]

    operations = [
        status_moves(
            "calendar_period",
            law="periods_move_on",
            born=["future", "open", "collecting"],
            moves=[("future", "open"), ("open", "collecting"), ("collecting", "locked")],
        ),
        function(
            "law_locked_stays",
            """
BEGIN
    IF OLD.status = 'locked' THEN
        PERFORM law_refuse('periods_locked_stay', format(
            'period %s is locked: it is neither changed nor taken away; a correction belongs to the open period',
            OLD.code));
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END""",
        ),
        trigger(
            "periods_locked_stay",
            on="calendar_period",
            when="BEFORE UPDATE OR DELETE",
            runs="law_locked_stays",
        ),
        function(
            "law_period_open",
            """
DECLARE
    law text := TG_ARGV[0];
    path text := TG_ARGV[1];
    through text := TG_ARGV[2];
    rows text := '';
    period_ids uuid[];
    period record;
BEGIN
    IF TG_OP <> 'DELETE' THEN
        rows := format('SELECT %I AS led_by FROM new_rows', path);
    END IF;
    IF TG_OP = 'DELETE' OR (TG_OP = 'UPDATE' AND TG_ARGV[3] = 'both') THEN
        rows := concat_ws(' UNION ', nullif(rows, ''), format('SELECT %I AS led_by FROM old_rows', path));
    END IF;
    IF through = '' THEN
        EXECUTE format('SELECT array_agg(DISTINCT led_by) FROM (%s) AS touched', rows) INTO period_ids;
    ELSE
        EXECUTE format('SELECT array_agg(DISTINCT parent.period_id) FROM (%s) AS touched'
                       ' JOIN %I AS parent ON parent.id = touched.led_by', rows, through) INTO period_ids;
    END IF;
    IF period_ids IS NULL THEN
        RETURN NULL;
    END IF;
    -- The share lock makes whoever locks the period wait for this transaction, and this one for them; the status
    -- is read from the row as locked, not as it stood when the statement began.
    FOR period IN SELECT id, code, status FROM calendar_period WHERE id = ANY (period_ids) ORDER BY id FOR SHARE LOOP
        IF period.status = 'locked' THEN
            PERFORM law_refuse(law, format('period %s is locked: %s of %s refused; post the difference in the'
                ' open period', period.code, lower(TG_OP), TG_TABLE_NAME));
        END IF;
    END LOOP;
    RETURN NULL;
END""",
        ),
    ]
