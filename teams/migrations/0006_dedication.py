"""Over all memberships of a person, dedication is at most 1 on any day."""

from django.db import migrations

from kamcomp.laws import function, trigger


class Migration(migrations.Migration):
    dependencies = [("teams", "0005_kam_every_day")]

    operations = [
        function(
            "law_dedication",
            """
DECLARE
    person text;
    worst record;
BEGIN
    PERFORM law_reads_committed('memberships_dedication_is_at_most_one');
    -- The person's row first: of two memberships given at once, the second sees the first.
    SELECT employee_id INTO person FROM teams_person WHERE id = NEW.person_id FOR NO KEY UPDATE;
    -- The sum can only rise on a first day, so those are the days to look at.
    SELECT starting.day, sum(held.dedication) AS total INTO worst
      FROM (SELECT DISTINCT lower(valid) AS day FROM teams_membership WHERE person_id = NEW.person_id) AS starting
      JOIN teams_membership AS held ON held.person_id = NEW.person_id AND held.valid @> starting.day
     GROUP BY starting.day
    HAVING sum(held.dedication) > 1
     ORDER BY starting.day
     LIMIT 1;
    IF worst.day IS NOT NULL THEN
        PERFORM law_refuse('memberships_dedication_is_at_most_one', format(
            'from %s on, %s would give %s %% of their time to account teams; 100 %% is all there is',
            worst.day, person, trim_scale(worst.total * 100)));
    END IF;
    RETURN NULL;
END""",
        ),
        trigger(
            "memberships_dedication_is_at_most_one",
            on="teams_membership",
            when="AFTER INSERT OR UPDATE OF person_id, valid, dedication",
            runs="law_dedication",
            deferred=True,
        ),
    ]
