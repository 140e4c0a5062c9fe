"""
What the role of web and workers may do: read and write rows, own nothing, truncate nothing.

After every `migrate` that role gets SELECT, INSERT, UPDATE and DELETE on each table **whose rights no migration
has set**. A table that has to be narrower says so in its own migration, with `narrowed`; what it says stays.
"""

from collections.abc import Sequence
from typing import Any

from django.core.management import call_command
from django.db import connections, migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

ROWS = ("SELECT", "INSERT", "UPDATE", "DELETE")
RIGHTS_BY_KIND = {"r": ROWS, "p": ROWS, "v": ("SELECT",), "m": ("SELECT",), "S": ("USAGE", "SELECT")}
READ_ONLY = ("django_migrations",)
UNTOUCHED = """
    SELECT c.relname, c.relkind::text
      FROM pg_class c
     WHERE c.relnamespace = current_schema()::regnamespace
       AND c.relowner = current_user::regrole
       AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
       AND c.relacl IS NULL
       AND NOT c.relispartition
"""


def app_role() -> str:
    """Return the name of the role that web and workers connect as."""
    return str(connections["default"].settings_dict["USER"])


def narrowed(table: str, *, to: Sequence[str]) -> migrations.RunPython:
    """
    Return a migration step that gives the app role exactly the rights `to` on `table`.

    Shape: `to` is some of SELECT, INSERT, UPDATE, DELETE, or UPDATE with columns, as `UPDATE (state)`; it may be empty.
    Undone, the table has the usual rights again.
    """

    def narrow(_apps: Any, editor: BaseDatabaseSchemaEditor) -> None:
        quote = editor.connection.ops.quote_name
        # The revoke also records rights on the table, which is how `after_migrate` knows to leave it alone.
        editor.execute(f"REVOKE ALL ON TABLE {quote(table)} FROM PUBLIC, {quote(app_role())}")
        if to:
            editor.execute(f"GRANT {', '.join(to)} ON TABLE {quote(table)} TO {quote(app_role())}")

    def widen(_apps: Any, editor: BaseDatabaseSchemaEditor) -> None:
        quote = editor.connection.ops.quote_name
        editor.execute(f"GRANT {', '.join(ROWS)} ON TABLE {quote(table)} TO {quote(app_role())}")

    return migrations.RunPython(narrow, widen, elidable=False)


def after_migrate(*, using: str, plan: object = None, **_signal: Any) -> None:
    """Make the cache's table if it is missing, and give the app role its rights on new tables."""
    if plan is None:  # a flush, which makes no tables
        return
    call_command("createcachetable", database=using, verbosity=0)
    connection = connections[using]
    quote, role = connection.ops.quote_name, app_role()
    if role == connection.settings_dict["USER"]:
        return
    with connection.cursor() as cursor:
        cursor.execute(UNTOUCHED)
        for name, kind in cursor.fetchall():
            rights = ("SELECT",) if name in READ_ONLY else RIGHTS_BY_KIND[kind]
            what = "SEQUENCE" if kind == "S" else "TABLE"
            cursor.execute(f"GRANT {', '.join(rights)} ON {what} {quote(name)} TO {quote(role)}")
