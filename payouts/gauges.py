"""
What this room adds to the figures for Prometheus (`kamcomp.pulse.measures`): runs, chunks, queues, the books.

Their names and what to do about each stand in docs/how-to/operate.md.
"""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import Metric
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

from kamcomp.pulse.measures import gauge, measure
from payouts.selectors.operations import (
    Durations,
    chunk_durations,
    chunk_retries,
    last_check,
    queues,
    run_durations,
    work_by_status,
)


def join() -> None:
    """Add the readings; importing this module has done it."""


@measure
def durations() -> Iterator[Metric]:
    """Yield how long runs and chunks took, and how often a chunk was taken again."""
    yield _histogram("run_seconds", "From the request of a run to its end.", run_durations())
    yield _histogram("chunk_seconds", "From the taking of a chunk to its commit.", chunk_durations())
    yield CounterMetricFamily(
        "kamcomp_chunk_retries",
        "Chunks taken again after an error or a worker's death.",
        value=chunk_retries(),
    )


@measure
def waiting() -> Iterator[Metric]:
    """Yield what waits, for how long, and in which state the work under way is."""
    length = GaugeMetricFamily("kamcomp_queue_length", "Pieces of work nobody has in hand.", labels=["queue"])
    age = GaugeMetricFamily(
        "kamcomp_queue_age_seconds", "How long the oldest of them has waited.", labels=["queue"]
    )
    for queue in queues():
        length.add_metric([queue.name], queue.waiting)
        age.add_metric([queue.name], queue.oldest_seconds)
    states = GaugeMetricFamily(
        "kamcomp_work", "Current runs and their chunks by state.", labels=["kind", "status"]
    )
    for kind, status, count in work_by_status():
        states.add_metric([kind, status], count)
    yield from (length, age, states)


@measure
def books() -> Iterator[Metric]:
    """Yield what the last check of the books left unexplained; nothing before the first check."""
    check = last_check()
    if check is None:
        return
    cents = GaugeMetricFamily(
        "kamcomp_unexplained_cents", "Minor units that the last check could not explain.", labels=["currency"]
    )
    for currency, count in check.unexplained_cents.items():
        cents.add_metric([currency], count)
    yield cents
    yield gauge("ledger_findings", "Findings of the last check of the books.", check.found)
    yield gauge("ledger_check_age_seconds", "Seconds since the last check of the books.", check.seconds_ago)


def _histogram(name: str, says: str, durations: Durations) -> Metric:
    buckets = [(str(float(bound)), count) for bound, count in durations.within]
    buckets.append(("+Inf", durations.ended))
    return HistogramMetricFamily(f"kamcomp_{name}", says, buckets=buckets, sum_value=durations.seconds)
