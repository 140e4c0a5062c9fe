"""Several acts at the same moment, each on its own connection."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event
from typing import Any

from django.db import connection, connections, transaction

PATIENCE_SECONDS = 300


class Hands(ThreadPoolExecutor):
    """So many hands, each with a connection of its own, which stay for round after round."""

    def __init__(self, number: int) -> None:
        super().__init__(max_workers=number)
        self.number = number

    def let_go(self) -> None:
        """Close every hand's connections and end them."""
        everybody = Barrier(self.number)

        def close() -> None:
            everybody.wait(timeout=PATIENCE_SECONDS)
            connections.close_all()

        list(self.map(lambda _hand: close(), range(self.number)))
        self.shutdown()


def together(acts: Sequence[Callable[[], Any]], *, hands: Hands | None = None) -> list[Any]:
    """
    Begin all acts at once, each by a hand of its own; return what each returned, or the error it raised.

    Each waits for its turn as long as it takes: that the last of twenty is told to try again after ten seconds
    is the machine's speed, and not what is tried here.
    """
    begin = Barrier(len(acts))
    at_work = hands or Hands(len(acts))

    def perform(act: Callable[[], Any]) -> Any:
        begin.wait(timeout=PATIENCE_SECONDS)
        with connection.cursor() as cursor:
            cursor.execute(f"SET lock_timeout = '{PATIENCE_SECONDS}s'")
        try:
            return act()
        except Exception as error:
            return error

    try:
        return list(at_work.map(perform, acts, timeout=2 * PATIENCE_SECONDS))
    finally:
        if hands is None:
            at_work.let_go()


def overlapping(first: Callable[[], Any], second: Callable[[], Any]) -> list[Any]:
    """
    Perform `first`, begin `second` before that is committed, and commit once `second` waits for it, or is over.

    Return what each returned, or the error it raised. No time is measured: where nothing makes the second wait, it
    has read what was before the first.
    """
    done, ended, other = Event(), Event(), list[int]()

    def leading() -> Any:
        with transaction.atomic():
            try:
                outcome = first()
            finally:
                done.set()
            while not ended.wait(timeout=0.02) and not (other and _waits_for_me(other[0])):
                pass
        return outcome

    def following() -> Any:
        try:
            assert done.wait(timeout=PATIENCE_SECONDS)
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                other.append(cursor.fetchone()[0])
            return second()
        finally:
            ended.set()

    return together([leading, following])


def _waits_for_me(pid: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid() = ANY(pg_blocking_pids(%s))", [pid])
        return bool(cursor.fetchone()[0])
