"""A scorecard goes from open to final, and a final one stays with its lines."""

from django.db import migrations

from kamcomp.laws import audited, function, numbers_only, operations, status_moves, trigger


class Migration(migrations.Migration):
    dependencies = [("scorecards", "0014_scorecards_are_kept")]

    operations = operations(
        audited("scorecards_scorecard"),
        audited("scorecards_scorecardline"),
        numbers_only("scorecards_scorecardline", "target", "actual", "attainment"),
        status_moves(
            "scorecards_scorecard", law="scorecards_move_on", born=["open"], moves=[("open", "final")]
        ),
        function(
            "law_scorecard_final",
            """
BEGIN
    IF OLD.status = 'final' THEN
        PERFORM law_refuse('scorecards_final_stay', format('scorecard %s is final and stays as it is', OLD.id));
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END""",
        ),
        trigger(
            "scorecards_final_stay",
            on="scorecards_scorecard",
            when="BEFORE UPDATE OR DELETE",
            runs="law_scorecard_final",
        ),
        function(
            "law_scorecard_line_open",
            """
DECLARE
    card uuid;
    state text;
BEGIN
    FOREACH card IN ARRAY ARRAY(
        SELECT DISTINCT id FROM unnest(ARRAY[
            CASE WHEN TG_OP <> 'INSERT' THEN OLD.scorecard_id END,
            CASE WHEN TG_OP <> 'DELETE' THEN NEW.scorecard_id END]) AS id WHERE id IS NOT NULL)
    LOOP
        -- The card first: while one transaction makes it final, another cannot add a line to it.
        SELECT status INTO state FROM scorecards_scorecard WHERE id = card FOR SHARE;
        IF state = 'final' THEN
            PERFORM law_refuse('scorecard_lines_of_a_final_card_stay', format(
                'the lines of scorecard %s are final and stay as they are', card));
        END IF;
    END LOOP;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END""",
        ),
        trigger(
            "scorecard_lines_of_a_final_card_stay",
            on="scorecards_scorecardline",
            when="BEFORE INSERT OR UPDATE OR DELETE",
            runs="law_scorecard_line_open",
        ),
    )
