"""
How a service meets the laws of the database: a broken one becomes a refusal with a name and a sentence.

The database decides, because it alone sees what others write at the same moment; the service says it in words.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from django.db import connection, transaction
from django.db.utils import IntegrityError

from kamcomp.refusal import Refusal


def law_of(error: BaseException) -> str | None:
    """Return the name of the law that a database error says was broken, or None if it names none."""
    cause: BaseException | None = error
    while cause is not None:
        name = getattr(getattr(cause, "diag", None), "constraint_name", None)
        if name:
            return str(name)
        cause = cause.__cause__
    return None


def sentence_of(error: BaseException) -> str:
    """Return what the database said about a broken law, as a sentence."""
    said = getattr(getattr(error.__cause__, "diag", None), "message_primary", None) or str(error)
    return f"{said[:1].upper()}{said[1:]}."


@contextmanager
def refusing(
    refusals: Mapping[str, Refusal | type[Refusal]], *, at_once: Sequence[str] = ()
) -> Iterator[None]:
    """
    Turn laws broken in the block into their refusals; any other database error goes through.

    A refusal given as a class gets the database's own sentence. Laws that are checked when the transaction
    ends are named in `at_once` to be checked when the block ends.
    """
    try:
        with transaction.atomic():
            yield
            if at_once:
                names = ", ".join(connection.ops.quote_name(name) for name in at_once)
                with connection.cursor() as cursor:
                    cursor.execute(f"SET CONSTRAINTS {names} IMMEDIATE")
                    cursor.execute(f"SET CONSTRAINTS {names} DEFERRED")
    except IntegrityError as error:
        refusal = refusals.get(law_of(error) or "")
        if refusal is None:
            raise
        raise (refusal(sentence_of(error)) if isinstance(refusal, type) else refusal) from error
