"""How a test tries to break a law: one statement as the app role, or twelve writers at the same moment."""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from threading import Barrier, Thread
from typing import Any

import psycopg2
import pytest
from django.db import IntegrityError
from psycopg2.extensions import connection as RawConnection
from psycopg2.extensions import cursor as RawCursor

from kamcomp.lawful import law_of

WRITERS = 12
MADE = "made"


@contextmanager
def refused(law: str, *, saying: str = ""):
    """Expect the database to refuse what follows, naming `law`."""
    with pytest.raises((psycopg2.IntegrityError, IntegrityError), match=saying or None) as error:
        yield
    assert law_of(error.value) == law


def together(
    connect: Callable[[], RawConnection],
    acts: Sequence[Callable[[RawCursor], Any]],
    *,
    commit_together: bool = False,
) -> Counter[str]:
    """
    Run each act in a transaction of its own connection, all at once; count what came of them.

    An act that commits counts as made, one that is refused under the name of the law. With `commit_together`
    every act has done its statements before any commits, which is when a deferred law alone is too late.
    """
    connections = [connect() for _ in acts]
    begin, end = Barrier(len(acts)), Barrier(len(acts))
    outcomes: Counter[str] = Counter()

    def write(connection: RawConnection, act: Callable[[RawCursor], Any]) -> None:
        begin.wait(timeout=30)
        try:
            act(connection.cursor())
            if commit_together:
                end.wait(timeout=30)
            connection.commit()
        except psycopg2.Error as error:
            connection.rollback()
            outcomes[error.diag.constraint_name or type(error).__name__] += 1
        else:
            outcomes[MADE] += 1

    threads = [Thread(target=write, args=pair) for pair in zip(connections, acts, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return outcomes
