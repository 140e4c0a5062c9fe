"""What is collected for an invoice stays between nothing and the sum of its lines, in their currency."""

from django.db import migrations

from kamcomp.laws import audited_in_bulk, function, not_edited, numbers_only, operations, trigger

INVOICE = "source = NEW.source AND source_id = NEW.source_id AND superseded_at IS NULL"


class Migration(migrations.Migration):
    dependencies = [("scorecards", "0010_when_a_deal_is_earned")]

    operations = operations(
        audited_in_bulk("scorecards_collection"),
        numbers_only("scorecards_collection", "amount"),
        not_edited("scorecards_collection", law="collections_are_not_edited", stay="collections_stay"),
        function(
            "law_collections_within",
            f"""
DECLARE
    billed record;
    collected record;
BEGIN
    PERFORM law_reads_committed('collections_stay_within_the_invoice');
    -- The invoice's lines first: of two parts collected at once, the second sees the first.
    -- A line that is replaced is locked already; one that takes away has to wait for them as well.
    IF TG_TABLE_NAME = 'scorecards_collection' THEN
        PERFORM FROM scorecards_transaction WHERE {INVOICE} ORDER BY id FOR NO KEY UPDATE;
    ELSIF NEW.revenue < 0 THEN
        PERFORM FROM scorecards_transaction WHERE {INVOICE} ORDER BY id FOR NO KEY UPDATE;
    END IF;
    SELECT sum(amount) AS total, min(currency) AS one, max(currency) AS other INTO collected
      FROM scorecards_collection WHERE {INVOICE};
    IF collected.total IS NULL THEN
        RETURN NULL;
    END IF;
    SELECT sum(revenue) AS total, min(currency) AS one, max(currency) AS other INTO billed
      FROM scorecards_transaction WHERE {INVOICE};
    IF billed.total IS NULL THEN
        PERFORM law_refuse('collections_are_of_a_known_invoice', format(
            'there is no invoice %s of %s to collect for; import the transactions first',
            NEW.source_id, NEW.source));
    END IF;
    IF (billed.one, billed.other) IS DISTINCT FROM (collected.one, collected.other) OR billed.one <> billed.other THEN
        PERFORM law_refuse('collections_keep_the_invoices_currency', format(
            'invoice %s of %s is in %s, what is collected for it in %s', NEW.source_id, NEW.source,
            concat_ws(' and ', billed.one, nullif(billed.other, billed.one)),
            concat_ws(' and ', collected.one, nullif(collected.other, collected.one))));
    END IF;
    IF NOT collected.total BETWEEN least(billed.total, 0) AND greatest(billed.total, 0) THEN
        PERFORM law_refuse('collections_stay_within_the_invoice', format(
            'invoice %s of %s comes to %s %s, what is collected for it to %s', NEW.source_id, NEW.source,
            trim_scale(billed.total), billed.one, trim_scale(collected.total)));
    END IF;
    RETURN NULL;
END""",
        ),
        migrations.RunSQL(
            # A table that the same import has just filled still counts as empty: its index is used all the same.
            sql="ALTER FUNCTION law_collections_within() SET enable_seqscan = off",
            reverse_sql="ALTER FUNCTION law_collections_within() RESET enable_seqscan",
        ),
        *(
            trigger(
                name,
                on=table,
                when="AFTER INSERT OR UPDATE",
                runs="law_collections_within",
                deferred=True,
            )
            for name, table in (
                ("collections_stay_within_the_invoice", "scorecards_collection"),
                ("collections_still_fit_the_invoice", "scorecards_transaction"),
            )
        ),
    )
