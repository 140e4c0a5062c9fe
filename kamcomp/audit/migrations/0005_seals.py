"""Seal entries: a digest of each, and a chain over the seals."""

from django.db import migrations

from kamcomp.laws import function

ENTRIES_A_SEAL = 1000


class Migration(migrations.Migration):
    dependencies = [("audit", "0004_entries_by_the_database")]

    operations = [
        function(
            "audit_digest",
            """
BEGIN
    RETURN encode(sha256(convert_to(jsonb_build_array(
        entry.id, to_char(entry.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), entry.user_id,
        entry.request_id, entry.action, entry.session_role, entry.operation, entry.subject_table, entry.subject_id,
        entry.before, entry.after)::text, 'UTF8')), 'hex');
END""",
            arguments="entry audit_auditevent",
            returns="text",
            volatility="STABLE",
        ),
        function(
            "audit_link",
            """
BEGIN
    RETURN encode(sha256(convert_to(previous || E'\\n' || array_to_string(ids, ',') || E'\\n'
                                    || array_to_string(digests, ','), 'UTF8')), 'hex');
END""",
            arguments="previous text, ids bigint[], digests text[]",
            returns="text",
            volatility="IMMUTABLE",
        ),
        function(
            "audit_seal",
            f"""
DECLARE
    last_link audit_auditseal;
    ids bigint[];
    digests text[];
    sealed bigint := 0;
BEGIN
    PERFORM law_reads_committed('audit_seals_follow_commits');
    LOCK TABLE audit_auditseal IN SHARE ROW EXCLUSIVE MODE;
    -- Numbers are given out before their transactions commit: with writers held off, every number up to the
    -- highest one seen is committed or will never be.
    LOCK TABLE audit_auditevent IN SHARE MODE;
    LOOP
        SELECT * INTO last_link FROM audit_auditseal ORDER BY id DESC LIMIT 1;
        SELECT array_agg(entry.id ORDER BY entry.id), array_agg(audit_digest(entry) ORDER BY entry.id)
          INTO ids, digests
          FROM (SELECT * FROM audit_auditevent WHERE id > coalesce(last_link.last_event, 0)
                 ORDER BY id LIMIT {ENTRIES_A_SEAL}) AS entry;
        EXIT WHEN ids IS NULL;
        INSERT INTO audit_auditseal (sealed_at, first_event, last_event, events, event_ids, event_digests,
                                     previous_digest, digest)
        VALUES (sealed_at, ids[1], ids[cardinality(ids)], cardinality(ids), ids, digests,
                coalesce(last_link.digest, ''), audit_link(coalesce(last_link.digest, ''), ids, digests));
        sealed := sealed + cardinality(ids);
    END LOOP;
    RETURN sealed;
END""",
            arguments="sealed_at timestamptz",
            returns="bigint",
        ),
    ]
