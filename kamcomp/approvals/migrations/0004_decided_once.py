"""A decision is made once, about what was put before the decider, and stays."""

from django.db import migrations

from kamcomp.laws import append_only, function, operations, trigger


class Migration(migrations.Migration):
    dependencies = [("approvals", "0003_audit")]

    operations = operations(
        function(
            "law_decided_once",
            """
BEGIN
    IF OLD.decision <> 'pending' THEN
        PERFORM law_refuse('approvals_are_decided_once', format(
            'the %s of %s %s was %s already; ask for a new decision', OLD.step, OLD.subject_table, OLD.subject_id,
            OLD.decision));
    ELSIF (to_jsonb(NEW) - '{decision,decided_by_id,decided_at,comment}'::text[])
            <> (to_jsonb(OLD) - '{decision,decided_by_id,decided_at,comment}'::text[]) THEN
        PERFORM law_refuse('approvals_are_decided_once', format(
            'the %s of %s %s is bound to what was put before the decider; ask for a new decision', OLD.step,
            OLD.subject_table, OLD.subject_id));
    END IF;
    RETURN NEW;
END""",
        ),
        trigger(
            "approvals_are_decided_once",
            on="approvals_approval",
            when="BEFORE UPDATE",
            runs="law_decided_once",
        ),
        append_only("approvals_approval", law="approvals_stay", may_update=True),
    )
