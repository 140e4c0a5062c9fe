"""The page of laws and the database say the same, and every test the page names is there."""

import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PAGE = (HERE.parents[1] / "docs" / "reference" / "invariants.md").read_text(encoding="utf-8")
# Tables of the library that signs people in: their constraints are its own affair.
FOREIGN = "^(account|mfa|socialaccount)_"
ROWS = [line.split("|")[1:4] for line in PAGE.splitlines() if line.startswith("| `")]

LAWS = rf"""
    WITH raised AS (
        SELECT DISTINCT (regexp_matches(prosrc, $$law_refuse\('([a-z_]+)'$$, 'g'))[1] AS name
          FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    ), named AS (
        SELECT conname::text AS name FROM pg_constraint
         WHERE connamespace = 'public'::regnamespace AND contype IN ('c', 'x', 'u')
           AND conname !~ '_([0-9a-f]{{8}}_uniq|key|check)$' AND conname !~ '_[0-9a-f]{{8}}_'
           AND conrelid::regclass::text !~ '{FOREIGN}'
        UNION
        SELECT i.relname::text FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
         WHERE x.indisunique AND NOT x.indisprimary AND i.relnamespace = 'public'::regnamespace
           AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.oid)
           AND x.indrelid::regclass::text !~ '{FOREIGN}'
        UNION
        SELECT regexp_replace(tgname::text, '_(insert|update|delete)$', '') FROM pg_trigger t
          JOIN pg_class c ON c.oid = t.tgrelid
         WHERE NOT tgisinternal AND c.relnamespace = 'public'::regnamespace
           AND tgname !~ '_audit_(insert|update|delete)$'
    )
    SELECT name FROM named UNION SELECT name FROM raised
"""


def test_the_page_names_every_law_and_no_other(app_sql):
    app_sql.execute(LAWS)
    held = {name for (name,) in app_sql.fetchall()}
    written = {name for laws, _said, _test in ROWS for name in re.findall(r"`([a-z_]+)`", laws)}

    assert written - held == set()
    assert held - written == set()


@pytest.mark.parametrize(
    "named", sorted({test for *_, tests in ROWS for test in re.findall(r"\S+::\w+", tests)})
)
def test_the_page_names_tests_that_are_there(named):
    file, name = named.rstrip(",").split("::")

    assert re.search(rf"^class {name}\b", (HERE / file).read_text(encoding="utf-8"), re.MULTILINE)


def test_every_row_says_what_holds_and_where_it_is_broken():
    assert all(laws.strip() and said.strip().endswith(".") and "::" in test for laws, said, test in ROWS)


class TestLawFunctions:
    def test_run_as_their_owner_with_a_fixed_search_path(self, app_sql):
        app_sql.execute(
            "SELECT proname FROM pg_proc p JOIN pg_roles r ON r.oid = p.proowner"
            " WHERE pronamespace = 'public'::regnamespace AND (proname LIKE 'law\\_%' OR proname LIKE 'audit\\_%')"
            " AND (NOT prosecdef OR (proconfig @> ARRAY['search_path=public, pg_temp']) IS NOT TRUE"
            "      OR r.rolname = current_user)"
        )

        assert app_sql.fetchall() == []

    def test_leave_the_app_role_owner_of_nothing(self, app_sql):
        app_sql.execute(
            "SELECT relname FROM pg_class WHERE relowner = current_user::regrole"
            " UNION SELECT proname FROM pg_proc WHERE proowner = current_user::regrole"
        )

        assert app_sql.fetchall() == []

    def test_leave_the_app_role_no_right_to_truncate_or_to_make_triggers(self, app_sql):
        app_sql.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
            " AND (has_table_privilege(oid, 'TRUNCATE') OR has_table_privilege(oid, 'TRIGGER'))"
        )

        assert app_sql.fetchall() == []
