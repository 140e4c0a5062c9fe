"""Every law of ours in a database: named constraints, partial unique indexes, triggers, and what functions raise."""

LAWS = r"""
    WITH raised AS (
        SELECT DISTINCT (regexp_matches(prosrc, $$law_refuse\('([a-z_]+)'$$, 'g'))[1] AS name
          FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    ), named AS (
        SELECT conname::text AS name FROM pg_constraint
         WHERE connamespace = 'public'::regnamespace AND contype IN ('c', 'x', 'u')
           AND conname !~ '_([0-9a-f]{8}_uniq|key|check)$' AND conname !~ '_[0-9a-f]{8}_'
        UNION
        SELECT i.relname::text FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
         WHERE x.indisunique AND NOT x.indisprimary AND i.relnamespace = 'public'::regnamespace
           AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.oid)
        UNION
        SELECT regexp_replace(tgname::text, '_(insert|update|delete)$', '') FROM pg_trigger t
          JOIN pg_class c ON c.oid = t.tgrelid
         WHERE NOT tgisinternal AND c.relnamespace = 'public'::regnamespace
           AND tgname !~ '_audit_(insert|update|delete)$'
    )
    SELECT name FROM named UNION SELECT name FROM raised ORDER BY name
"""


def laws_in_force(cursor) -> set[str]:
    """Return the names of the laws a database holds."""
    cursor.execute(LAWS)
    return {name for (name,) in cursor.fetchall()}
