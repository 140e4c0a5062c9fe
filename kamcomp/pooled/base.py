"""
PostgreSQL behind a pooler in transaction mode.

Django reads long answers through a cursor that the server keeps open, outside a transaction for as long as the
connection lives. Behind such a pooler the next FETCH may meet another server process, which knows of no cursor.
Inside a transaction it cannot: there the server's cursor is kept, so that a large export still takes little memory.
"""

from typing import Any

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that keeps nothing between two transactions."""

    def chunked_cursor(self) -> Any:
        """Return a cursor of the server's inside a transaction, and an ordinary one outside."""
        return super().chunked_cursor() if self.in_atomic_block else self.cursor()
