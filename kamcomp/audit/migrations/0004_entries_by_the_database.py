"""Audit entries are written by functions of the owner, never by the app role, and stay."""

from django.db import migrations

from kamcomp.grants import narrowed
from kamcomp.laws import append_only, function, operations

COLUMNS = "at, user_id, request_id, action, session_role, operation, subject_table, subject_id, before, after"
WHO = """clock_timestamp(), nullif(current_setting('kamcomp.user', true), '')::uuid,
           coalesce(current_setting('kamcomp.request', true), ''), coalesce(current_setting('kamcomp.act', true), ''),
           session_user"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_refusals")]

    operations = operations(
        narrowed("audit_auditevent", to=["SELECT"]),
        narrowed("audit_auditseal", to=["SELECT"]),
        append_only("audit_auditevent", law="audit_events_stay"),
        append_only("audit_auditseal", law="audit_seals_stay"),
        function(
            "audit_shown",
            """
BEGIN
    RETURN (
        SELECT coalesce(jsonb_object_agg(entry.key, CASE WHEN entry.key = ANY (masked) AND entry.value <> 'null'
                                                         THEN '"withheld"' ELSE entry.value END), '{}')
          FROM jsonb_each(content) AS entry
         WHERE other IS NULL OR other -> entry.key IS DISTINCT FROM entry.value
    );
END""",
            arguments="content jsonb, other jsonb, masked text[]",
            returns="jsonb",
            volatility="IMMUTABLE",
        ),
        function(
            "audit_changes",
            f"""
DECLARE
    key text := TG_ARGV[0];
    masked text[] := string_to_array(TG_ARGV[1], ',');
    ignored text[] := string_to_array(TG_ARGV[2], ',');
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO audit_auditevent ({COLUMNS})
        SELECT {WHO}, 'insert', TG_TABLE_NAME, made.content ->> key,
               NULL, audit_shown(made.content - ignored, NULL, masked)
          FROM (SELECT to_jsonb(new_rows) AS content FROM new_rows) AS made;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO audit_auditevent ({COLUMNS})
        SELECT {WHO}, 'delete', TG_TABLE_NAME, gone.content ->> key,
               audit_shown(gone.content - ignored, NULL, masked), NULL
          FROM (SELECT to_jsonb(old_rows) AS content FROM old_rows) AS gone;
    ELSE
        -- A full join, so that a row whose key was changed is a row gone and a row made.
        INSERT INTO audit_auditevent ({COLUMNS})
        SELECT {WHO},
               CASE WHEN was.content IS NULL THEN 'insert' WHEN is_now.content IS NULL THEN 'delete' ELSE 'update' END,
               TG_TABLE_NAME, coalesce(is_now.content, was.content) ->> key,
               audit_shown(was.content, is_now.content, masked), audit_shown(is_now.content, was.content, masked)
          FROM (SELECT to_jsonb(old_rows) - ignored AS content FROM old_rows) AS was
          FULL JOIN (SELECT to_jsonb(new_rows) - ignored AS content FROM new_rows) AS is_now
            ON was.content ->> key = is_now.content ->> key
         WHERE was.content IS DISTINCT FROM is_now.content;
    END IF;
    RETURN NULL;
END""",
        ),
        function(
            "audit_extent",
            f"""
DECLARE
    extent jsonb;
BEGIN
    IF TG_OP = 'DELETE' THEN
        SELECT jsonb_build_object('rows', count(*), 'first', min(id), 'last', max(id)) INTO extent FROM old_rows;
    ELSE
        SELECT jsonb_build_object('rows', count(*), 'first', min(id), 'last', max(id)) INTO extent FROM new_rows;
    END IF;
    IF extent ->> 'rows' <> '0' THEN
        INSERT INTO audit_auditevent ({COLUMNS})
        SELECT {WHO}, lower(TG_OP), TG_TABLE_NAME, extent ->> 'first' || '-' || (extent ->> 'last'), NULL, extent;
    END IF;
    RETURN NULL;
END""",
        ),
        function(
            "audit_act",
            f"""
BEGIN
    INSERT INTO audit_auditevent ({COLUMNS})
    SELECT {WHO}, 'act', subject_table, subject_id, NULL, detail;
END""",
            arguments="subject_table text, subject_id text, detail jsonb",
            returns="void",
        ),
    )
