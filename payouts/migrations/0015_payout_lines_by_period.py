"""
Where the lines are kept in partitions by period, a new period gets its own, under the same laws.

Whether they are is decided with `payouts partition`; without it these functions do nothing.
"""

from django.db import migrations

from kamcomp.laws import function, trigger


class Migration(migrations.Migration):
    dependencies = [("payouts", "0014_pool_budgets"), ("calendar", "0004_periods_move_on_and_lock")]

    operations = [
        function(
            "law_payout_lines_partition",
            """
DECLARE
    part text;
    law record;
BEGIN
    IF (SELECT relkind FROM pg_class WHERE oid = 'payouts_payoutline'::regclass) <> 'p' THEN
        RETURN NULL;
    END IF;
    SELECT left(format('payouts_payoutline_%s', regexp_replace(lower(code), '[^a-z0-9]+', '_', 'g')), 50)
           || '_' || right(replace(id::text, '-', ''), 12)
      INTO STRICT part FROM calendar_period WHERE id = a_period;
    IF to_regclass(format('public.%I', part)) IS NOT NULL THEN
        RETURN part;
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE payouts_payoutline INCLUDING DEFAULTS INCLUDING CONSTRAINTS '
                   'INCLUDING INDEXES INCLUDING STORAGE)', part);
    -- The table's laws look at a statement that names the table; these look at one that names the partition.
    FOR law IN
        SELECT pg_get_triggerdef(oid) AS said FROM pg_trigger
         WHERE tgrelid = 'payouts_payoutline'::regclass AND NOT tgisinternal ORDER BY tgname
    LOOP
        EXECUTE replace(law.said, ' ON public.payouts_payoutline ', format(' ON public.%I ', part));
    END LOOP;
    -- Web and workers reach the rows through the table only.
    EXECUTE format('REVOKE ALL ON TABLE %I FROM PUBLIC', part);
    EXECUTE format('ALTER TABLE payouts_payoutline ATTACH PARTITION %I FOR VALUES IN (%L)', part, a_period);
    RETURN part;
END""",
            arguments="a_period uuid",
            returns="text",
        ),
        function(
            "law_period_partition",
            """
BEGIN
    PERFORM law_payout_lines_partition(NEW.id);
    RETURN NULL;
END""",
        ),
        trigger(
            "periods_have_a_place_for_lines",
            on="calendar_period",
            when="AFTER INSERT",
            runs="law_period_partition",
        ),
    ]
