"""Nobody is on a version that is not published, or on a day on which it is not in force."""

from django.db import migrations

from kamcomp.laws import function, trigger


class Migration(migrations.Migration):
    dependencies = [("plans", "0003_versions_are_not_edited")]

    operations = [
        function(
            "law_assignment_in_force",
            """
DECLARE
    version_id uuid := CASE TG_TABLE_NAME WHEN 'plans_assignment' THEN (to_jsonb(NEW) ->> 'plan_version_id')::uuid
                                          ELSE NEW.id END;
    version record;
    outside record;
BEGIN
    PERFORM law_reads_committed('assignments_are_in_force');
    SELECT plan_id, number, status, valid INTO version FROM plans_planversion WHERE id = version_id FOR SHARE;
    SELECT person.employee_id, assignment.valid INTO outside
      FROM plans_assignment AS assignment JOIN teams_person AS person ON person.id = assignment.person_id
     WHERE assignment.plan_version_id = version_id
       AND (TG_TABLE_NAME <> 'plans_assignment' OR assignment.id = NEW.id)
       AND (version.status <> 'published' OR NOT assignment.valid <@ version.valid
            OR assignment.plan_id <> version.plan_id)
     LIMIT 1;
    IF outside.employee_id IS NOT NULL THEN
        PERFORM law_refuse('assignments_are_in_force', format(
            '%s is on %s v%s over %s, but that version is %s and holds over %s', outside.employee_id,
            (SELECT code FROM plans_plan WHERE id = version.plan_id), version.number, outside.valid, version.status,
            version.valid));
    END IF;
    RETURN NULL;
END""",
        ),
        trigger(
            "assignments_are_in_force",
            on="plans_assignment",
            when="AFTER INSERT OR UPDATE",
            runs="law_assignment_in_force",
            deferred=True,
        ),
        trigger(
            "plan_versions_cover_their_assignments",
            on="plans_planversion",
            when="AFTER UPDATE",
            condition="OLD.valid <> NEW.valid OR OLD.status <> NEW.status",
            runs="law_assignment_in_force",
            deferred=True,
        ),
    ]
