"""Opening one line: the trace derived again from kept inputs, and compared with what is stored."""

from __future__ import annotations

import time

from benchmarks.harness import Asked, Figure, at_most, database_of

TITLE = "One line's trace"
ABOUT = (
    "A payout of the company of {people} people is opened: its chunk's kept inputs are read, the engine runs on the "
    "person's own with a recording trace, and what comes out is compared with the stored rows. The first opening "
    "of a chunk unpacks the inputs of all its people; the next of the same chunk finds them unpacked."
)


def measure(asked: Asked) -> list[Figure]:
    """Return milliseconds of a first opening and of the next."""
    database_of(people=asked.people)
    from benchmarks.whole_run import run_once
    from payouts.models import Payout
    from payouts.selectors.rederived import kept_of_chunk, payout_explain

    run = run_once()
    chosen = list(Payout.objects.filter(run=run).select_related("person").order_by("id")[: 4 * asked.pairs])
    first, again = [], []
    for payout in chosen:
        kept_of_chunk.cache_clear()
        for found in (first, again):
            started = time.perf_counter()
            if payout_explain(payout=payout).differences:
                raise RuntimeError("a trace does not equal what is stored")
            found.append((time.perf_counter() - started) * 1000)
    return [
        at_most("a payout's trace, its chunk unpacked before", again, 50, unit="ms"),
        Figure(what="the first of its chunk", value=f"{min(first):.0f} to {max(first):.0f} ms"),
    ]
