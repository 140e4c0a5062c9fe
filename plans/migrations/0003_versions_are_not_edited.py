"""A plan version's status only moves on; from its approval the document stays, from its publishing all but its end."""

from django.db import migrations

from kamcomp.laws import function, operations, status_moves, trigger


class Migration(migrations.Migration):
    dependencies = [("plans", "0002_audit"), ("calendar", "0004_periods_move_on_and_lock")]

    operations = operations(
        status_moves(
            "plans_planversion",
            law="plan_versions_move_on",
            born=["draft", "approved", "published"],
            moves=[
                ("draft", "approved"),
                ("draft", "withdrawn"),
                ("approved", "published"),
                ("approved", "withdrawn"),
                ("published", "withdrawn"),
            ],
        ),
        function(
            "law_version_stays",
            """
DECLARE
    -- What an act may still write, by the state the version is in.
    open_columns CONSTANT text[] := CASE OLD.status
        WHEN 'approved' THEN '{status,published_by_id,published_at}'::text[]
        WHEN 'published' THEN '{status,valid}'::text[]
        ELSE '{}'::text[] END;
    name text := (SELECT code FROM plans_plan WHERE id = OLD.plan_id) || ' v' || OLD.number;
    locked_until date;
BEGIN
    IF OLD.status = 'draft' THEN
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    ELSIF TG_OP = 'DELETE' OR to_jsonb(NEW) - open_columns <> to_jsonb(OLD) - open_columns THEN
        PERFORM law_refuse('plan_versions_are_not_edited', format(
            'plan %s is %s and stays as it is; draft the next version', name, OLD.status));
    END IF;
    IF NEW.status = 'withdrawn' AND OLD.status = 'published' AND lower(OLD.valid) <= current_date THEN
        PERFORM law_refuse('plan_versions_withdrawn_before_in_force', format(
            'plan %s has been in force since %s; publish the next version instead', name, lower(OLD.valid)));
    END IF;
    IF NEW.valid <> OLD.valid THEN
        SELECT max(upper(period.days)) INTO locked_until
          FROM calendar_period AS period JOIN plans_plan AS plan ON plan.calendar_id = period.calendar_id
         WHERE plan.id = OLD.plan_id AND period.status = 'locked' AND period.days && OLD.valid;
        IF lower(NEW.valid) <> lower(OLD.valid) OR NOT NEW.valid <@ OLD.valid
            OR upper(NEW.valid) < locked_until THEN
            PERFORM law_refuse('plan_versions_end_is_only_brought_forward', format(
                'the end of plan %s can come earlier, to make room for the next version, but not before %s and never'
                ' later', name, coalesce(locked_until, lower(OLD.valid) + 1)));
        END IF;
    END IF;
    RETURN NEW;
END""",
        ),
        trigger(
            "plan_versions_are_not_edited",
            on="plans_planversion",
            when="BEFORE UPDATE OR DELETE",
            runs="law_version_stays",
        ),
    )
