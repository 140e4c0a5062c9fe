"""The one act on the audit trail: seal what no seal covers yet."""

from datetime import datetime

from django.db import connection, transaction


@transaction.atomic
def audit_seal(*, at: datetime) -> int:
    """
    Seal every entry that no seal covers yet, and return how many.

    The database makes the seals; the app role cannot write one. Writers wait while it reads.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit_seal(%s)", [at])
        (entries,) = cursor.fetchone()
    return int(entries)
