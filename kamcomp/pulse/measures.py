"""
The figures for Prometheus, read from the tables at the moment they are asked for.

Nothing is counted in a process: any number of web processes and workers, started and ended as they like,
give the same figures, because what happened stands in PostgreSQL. A room adds a reading with `measure`.
The names are listed in docs/how-to/operate.md. No figure names a person or an amount somebody is paid.
"""

from collections.abc import Callable, Iterable, Iterator

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from kamcomp.doorbell import BrokerSilent, broker_kind, messages_waiting
from kamcomp.pulse.choices import Door
from kamcomp.pulse.selectors import pulses

CONTENT_TYPE = CONTENT_TYPE_LATEST

Reading = Callable[[], Iterable[Metric]]
_READINGS: list[Reading] = []


def measure(reading: Reading) -> Reading:
    """Add a reading of the database to the figures; it is asked anew each time."""
    _READINGS.append(reading)
    return reading


def gauge(name: str, says: str, value: float) -> Metric:
    """Return one figure that goes up and down."""
    return GaugeMetricFamily(f"kamcomp_{name}", says, value=value)


class Tables(Collector):
    """All readings; with PostgreSQL gone only that it is."""

    def collect(self) -> Iterator[Metric]:
        """Yield the figures."""
        yield from broker()
        try:
            read = [metric for reading in _READINGS for metric in reading()]
        except (DatabaseError, InterfaceError):
            yield gauge("postgresql_up", "Whether PostgreSQL answers.", 0)
            return
        finally:
            if not connection.in_atomic_block:
                connection.close_if_unusable_or_obsolete()
        yield gauge("postgresql_up", "Whether PostgreSQL answers.", 1)
        yield from read


def measured() -> bytes:
    """Return all figures as Prometheus reads them."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Tables())
    return generate_latest(registry)


def broker() -> Iterator[Metric]:
    """Yield whether the broker answers, and how many messages wait in it."""
    url = settings.CELERY_BROKER_URL
    kind = broker_kind(url=url)
    try:
        waiting = messages_waiting(url=url, queue=settings.CELERY_TASK_DEFAULT_QUEUE, seconds=3)
    except BrokerSilent:
        yield gauge(f"{kind}_up", "Whether the broker answers.", 0)
        return
    yield gauge(f"{kind}_up", "Whether the broker answers.", 1)
    yield gauge("messages_waiting", "Messages in the broker that no worker has taken.", waiting)


@measure
def canaries() -> Iterator[Metric]:
    """Yield how long ago each door was used, by how many workers, and how often the sweep went round."""
    doors = pulses()
    age = GaugeMetricFamily(
        "kamcomp_canary_age_seconds", "Seconds since a canary was touched.", labels=["door"]
    )
    for name, pulse in doors.items():
        age.add_metric([name], pulse.seconds)
    yield age
    table, sweep = doors.get(Door.TABLE), doors.get(Door.SWEEP)
    yield gauge(
        "workers", "Workers that looked at the table in the last minute.", table.workers if table else 0
    )
    yield CounterMetricFamily(
        "kamcomp_sweeps", "Sweeps for work whose worker went silent.", value=sweep.touches if sweep else 0
    )
