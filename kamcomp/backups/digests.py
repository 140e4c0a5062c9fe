"""
What a database holds, in a form to compare: rows by table, and the rules that guard them.

A table's digest is the sum of 128 bits of each row's SHA-256, so it does not depend on the order of rows, which a
restore changes. Rules are compared by name and state: a trigger that is switched off, a law that was never
checked, a function with another text or a right too many is a difference. Cursors are plain psycopg2 ones.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from psycopg2 import sql

Rows = dict[str, dict[str, str | int]]
Rules = dict[str, list[str]]

FORM = (
    "SET TimeZone TO 'UTC'",
    "SET DateStyle TO 'ISO, YMD'",
    "SET IntervalStyle TO 'postgres'",
    "SET bytea_output TO 'hex'",
    "SET extra_float_digits TO 1",
)
TABLES = """
    SELECT relname FROM pg_class
     WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY relname COLLATE "C"
"""
ROWS = """
    SELECT count(*),
           coalesce(sum(('x' || encode(substring(digest FROM 1 FOR 8), 'hex'))::bit(64)::bigint::numeric), 0),
           coalesce(sum(('x' || encode(substring(digest FROM 9 FOR 8), 'hex'))::bit(64)::bigint::numeric), 0)
      FROM (SELECT sha256(convert_to(t::text, 'UTF8')) AS digest FROM {table} t) hashed
"""
RULES = {
    "triggers": """
        SELECT c.relname || '.' || t.tgname || ' ' || t.tgenabled::text FROM pg_trigger t
          JOIN pg_class c ON c.oid = t.tgrelid
         WHERE NOT t.tgisinternal AND c.relnamespace = 'public'::regnamespace
    """,
    "constraints": """
        SELECT c.relname || '.' || k.conname || CASE WHEN k.convalidated THEN '' ELSE ' not checked' END
          FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
         WHERE k.connamespace = 'public'::regnamespace AND k.contype <> 'n'
    """,
    "indexes": """
        SELECT c.relname || CASE WHEN i.indisunique THEN ' unique' ELSE '' END
               || CASE WHEN i.indisvalid THEN '' ELSE ' not valid' END
          FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relnamespace = 'public'::regnamespace
    """,
    "functions": """
        SELECT p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ') '
               || encode(sha256(convert_to(p.prosrc, 'UTF8')), 'hex')
               || CASE WHEN p.prosecdef THEN ' as owner' ELSE '' END || coalesce(' ' || p.proconfig::text, '')
          FROM pg_proc p
         WHERE p.pronamespace = 'public'::regnamespace
           AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
    """,
    "rights": """
        SELECT c.relname || coalesce('.' || a.attname, '') || ' ' || g.grantee::regrole::text || ' ' || g.privilege_type
          FROM pg_class c
          LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attacl IS NOT NULL
         CROSS JOIN LATERAL aclexplode(coalesce(a.attacl, c.relacl)) g
         WHERE c.relnamespace = 'public'::regnamespace AND g.grantee <> 0 AND g.grantee <> c.relowner
    """,
}


def rows_digests(*, cursor: Any) -> Rows:
    """Return by table how many rows it has and their digest, as the cursor's transaction sees them."""
    for statement in FORM:
        cursor.execute(statement)
    cursor.execute(TABLES)
    found: Rows = {}
    for (name,) in cursor.fetchall():
        cursor.execute(sql.SQL(ROWS).format(table=sql.Identifier(name)))
        rows, first, second = cursor.fetchone()
        found[name] = {"rows": int(rows), "digest": _hex(f"{first} {second}")}
    return found


def rules_found(*, cursor: Any) -> Rules:
    """Return what guards the rows: triggers, constraints, indexes, functions and rights, each sorted."""
    found: Rules = {}
    for name, query in RULES.items():
        cursor.execute(query)
        found[name] = sorted({entry for (entry,) in cursor.fetchall()})
    return found


def differences(*, kept: Mapping[str, Any], rows: Rows, rules: Rules) -> list[str]:
    """Return what differs from a kept state, a sentence each; none if nothing does."""
    said = []
    for table in sorted({*kept["tables"], *rows}):
        was, now = kept["tables"].get(table), rows.get(table)
        if was != now:
            said.append(
                f"table {table}: {was['rows'] if was else 'no'} rows were kept, {now['rows'] if now else 'none'} "
                "are there" + (" with other values" if was and now and was["rows"] == now["rows"] else "")
            )
    for name in RULES:
        was_there, is_there = set(kept["rules"].get(name, [])), set(rules.get(name, []))
        said += [f"{name}: {entry} is missing" for entry in sorted(was_there - is_there)]
        said += [f"{name}: {entry} was not there" for entry in sorted(is_there - was_there)]
    return said


def whole_digest(*, rows: Rows) -> str:
    """Return one digest of all tables' digests."""
    return _hex(json.dumps(rows, sort_keys=True))


def _hex(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
