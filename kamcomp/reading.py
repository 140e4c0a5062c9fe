"""
Transactions that only read, for as long as a slow client takes, and say so: a run that is asked for need not wait.

A run waits for every transaction that began before it and may still write a fact. One that streams a million rows
is open for minutes; PostgreSQL refuses it any write, and its name in the list of sessions tells the two apart.
"""

from django.db import connection

READER = "kamcomp reader"


def only_reading() -> None:
    """Let the transaction that is open write nothing any more, and have its session say so until it ends."""
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")
        cursor.execute("SELECT set_config('application_name', %s, true)", [READER])
