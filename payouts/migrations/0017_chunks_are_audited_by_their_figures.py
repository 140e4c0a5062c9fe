"""
A chunk's audit entry is made without its bulk: thousands of ids and its kept inputs were turned into text to be withheld.

What is withheld still says that it changed: its size stands for it on the way to the entry.
"""

from django.db import migrations

from kamcomp.laws import audited, function, operations, statement_triggers

MASKED = ["inputs", "assignments", "input_digests", "result_digests"]
WHO = """clock_timestamp(), nullif(current_setting('kamcomp.user', true), '')::uuid,
           coalesce(current_setting('kamcomp.request', true), ''), coalesce(current_setting('kamcomp.act', true), ''),
           session_user"""
COLUMNS = "at, user_id, request_id, action, session_role, operation, subject_table, subject_id, before, after"
FIGURES = """jsonb_build_object(
               'id', id, 'run_id', run_id, 'number', number, 'plan_version_id', plan_version_id, 'status', status,
               'lease_until', lease_until, 'epoch', epoch, 'attempt', attempt, 'worker', worker, 'people', people,
               'input_digest', input_digest, 'result_digest', result_digest, 'started_at', started_at,
               'finished_at', finished_at, 'error', error, 'assignments', cardinality(assignments),
               'inputs', octet_length(inputs), 'input_digests', octet_length(input_digests),
               'result_digests', octet_length(result_digests))"""


class Migration(migrations.Migration):
    dependencies = [("payouts", "0016_one_index_a_question"), ("audit", "0005_seals")]

    operations = operations(
        function(
            "audit_chunk_changes",
            f"""
DECLARE
    masked text[] := string_to_array(TG_ARGV[1], ',');
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO audit_auditevent ({COLUMNS})
        SELECT {WHO}, 'insert', TG_TABLE_NAME, made.content ->> 'id', NULL, audit_shown(made.content, NULL, masked)
          FROM (SELECT {FIGURES} AS content FROM new_rows) AS made;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO audit_auditevent ({COLUMNS})
        SELECT {WHO}, 'delete', TG_TABLE_NAME, gone.content ->> 'id', audit_shown(gone.content, NULL, masked), NULL
          FROM (SELECT {FIGURES} AS content FROM old_rows) AS gone;
    ELSE
        INSERT INTO audit_auditevent ({COLUMNS})
        SELECT {WHO},
               CASE WHEN was.content IS NULL THEN 'insert' WHEN is_now.content IS NULL THEN 'delete' ELSE 'update' END,
               TG_TABLE_NAME, coalesce(is_now.content, was.content) ->> 'id',
               audit_shown(was.content, is_now.content, masked), audit_shown(is_now.content, was.content, masked)
          FROM (SELECT {FIGURES} AS content FROM old_rows) AS was
          FULL JOIN (SELECT {FIGURES} AS content FROM new_rows) AS is_now
            ON was.content ->> 'id' = is_now.content ->> 'id'
         WHERE was.content IS DISTINCT FROM is_now.content;
    END IF;
    RETURN NULL;
END""",
        ),
        [
            migrations.RunSQL(sql=step.reverse_sql, reverse_sql=step.sql)
            for step in audited("payouts_runchunk", masked=MASKED)
        ],
        statement_triggers(
            "payouts_runchunk_audit",
            on="payouts_runchunk",
            runs="audit_chunk_changes",
            arguments=["id", ",".join(MASKED), ""],
        ),
    )
