"""Several acts at the same moment, each on its own connection."""

from collections.abc import Callable, Sequence
from threading import Barrier, Thread
from typing import Any

from django.db import connections


def together(acts: Sequence[Callable[[], Any]], *, seconds: float = 120) -> list[Any]:
    """Begin all acts at once, each in a thread of its own; return what each returned, or the error it raised."""
    begin = Barrier(len(acts))
    outcomes: list[Any] = [TimeoutError("did not end")] * len(acts)

    def perform(place: int) -> None:
        try:
            begin.wait(timeout=30)
            outcomes[place] = acts[place]()
        except Exception as error:
            outcomes[place] = error
        finally:
            connections.close_all()

    threads = [Thread(target=perform, args=(place,), daemon=True) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=seconds)
    return outcomes
