"""The direct and split credits of an invoice line sum to exactly 1, or the line has none."""

from django.db import migrations

from kamcomp.laws import function, trigger

COUNTED = "credit_type IN ('direct', 'split')"


class Migration(migrations.Migration):
    dependencies = [("scorecards", "0004_targets_keep_their_history")]

    operations = [
        function(
            "law_credits_whole",
            f"""
DECLARE
    credited record;
BEGIN
    PERFORM law_reads_committed('credits_of_a_line_are_whole');
    -- The invoice line first: of two credits given at once, the second sees the first.
    PERFORM FROM scorecards_transaction
      WHERE source = NEW.source AND source_id = NEW.source_id AND line = NEW.line AND superseded_at IS NULL
        FOR NO KEY UPDATE;
    IF NOT FOUND AND NEW.superseded_at IS NULL THEN
        PERFORM law_refuse('credits_are_of_a_known_line', format(
            'there is no line %s/%s of %s to credit; import the transaction first',
            NEW.source_id, NEW.line, NEW.source));
    END IF;
    SELECT sum(share) AS whole INTO credited
      FROM scorecards_credit
     WHERE source = NEW.source AND source_id = NEW.source_id AND line = NEW.line AND superseded_at IS NULL
       AND {COUNTED};
    IF credited.whole <> 1 THEN
        PERFORM law_refuse('credits_of_a_line_are_whole', format(
            'direct and split credits of line %s/%s of %s sum to %s %%, not to 100 %%',
            NEW.source_id, NEW.line, NEW.source, trim_scale(credited.whole * 100)));
    END IF;
    RETURN NULL;
END""",
        ),
        trigger(
            "credits_of_a_line_are_whole",
            on="scorecards_credit",
            when="AFTER INSERT OR UPDATE",
            condition=f"NEW.{COUNTED}",
            runs="law_credits_whole",
            deferred=True,
        ),
    ]
