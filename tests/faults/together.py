"""Several acts at the same moment, each on its own connection."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connections


class Hands(ThreadPoolExecutor):
    """So many hands, each with a connection of its own, which stay for round after round."""

    def __init__(self, number: int) -> None:
        super().__init__(max_workers=number)
        self.number = number

    def let_go(self) -> None:
        """Close every hand's connections and end them."""
        everybody = Barrier(self.number)

        def close() -> None:
            everybody.wait(timeout=60)
            connections.close_all()

        list(self.map(lambda _hand: close(), range(self.number)))
        self.shutdown()


def together(acts: Sequence[Callable[[], Any]], *, hands: Hands | None = None) -> list[Any]:
    """Begin all acts at once, each by a hand of its own; return what each returned, or the error it raised."""
    begin = Barrier(len(acts))
    at_work = hands or Hands(len(acts))

    def perform(act: Callable[[], Any]) -> Any:
        begin.wait(timeout=60)
        try:
            return act()
        except Exception as error:
            return error

    try:
        return list(at_work.map(perform, acts, timeout=120))
    finally:
        if hands is None:
            at_work.let_go()
