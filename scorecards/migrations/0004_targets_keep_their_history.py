"""An issued target is not edited: a revision is a new row, and the old one learns until when it held."""

from django.db import migrations

from kamcomp.laws import function, operations, status_moves, trigger


class Migration(migrations.Migration):
    dependencies = [("scorecards", "0003_facts_are_not_edited")]

    operations = operations(
        function(
            "law_target_history",
            """
BEGIN
    IF OLD.status = 'draft' THEN
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    ELSIF TG_OP = 'DELETE'
        OR to_jsonb(NEW) - '{status,superseded_at,note}'::text[] <> to_jsonb(OLD) - '{status,superseded_at,note}'::text[]
        OR (OLD.superseded_at IS NOT NULL AND NEW.superseded_at IS DISTINCT FROM OLD.superseded_at) THEN
        PERFORM law_refuse('targets_keep_their_history', format(
            'target %s was issued and stays as agreed; revise it with a new row', OLD.id));
    END IF;
    RETURN NEW;
END""",
        ),
        trigger(
            "targets_keep_their_history",
            on="scorecards_target",
            when="BEFORE UPDATE OR DELETE",
            runs="law_target_history",
        ),
        status_moves(
            "scorecards_target",
            law="targets_status_moves_on",
            born=["draft", "issued", "accepted", "disputed", "revised"],
            moves=[
                ("draft", "issued"),
                ("issued", "accepted"),
                ("issued", "disputed"),
                ("disputed", "accepted"),
                ("issued", "revised"),
                ("accepted", "revised"),
                ("disputed", "revised"),
            ],
        ),
    )
