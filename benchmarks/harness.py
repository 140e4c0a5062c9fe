"""
What measurements share: databases of a size, times and processor seconds, peak memory, tables.

A figure stands beside its goal and says by itself whether it reaches it. Where two things
are compared they take turns, and the median of their ratios counts, with the smallest and
the largest beside it: a machine that others use makes both slower at once.
"""

from __future__ import annotations

import os
import platform
import resource
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

ADDRESSES = ("DATABASE_URL", "DATABASE_OWNER_URL")
PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "performance.md"
PAID_TABLES = ("payouts_payout", "payouts_payoutline")


@dataclass(frozen=True)
class Asked:
    """How large a measurement is: people, and how often what is compared takes turns."""

    people: int = 200_000
    pairs: int = 5


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A measured figure: in words, with its goal; `reached` is None where there is no goal."""

    what: str
    value: str
    goal: str = ""
    reached: bool | None = None

    def as_row(self) -> dict[str, Any]:
        """Return the figure as plain data."""
        return asdict(self)


@dataclass
class Spent:
    """What a stretch of work took: by the clock, and by processor, of this process and of the database."""

    wall: float = 0.0
    python: float = 0.0
    database: float = 0.0

    @property
    def cpu(self) -> float:
        """Return all processor seconds."""
        return self.python + self.database


@contextmanager
def spent() -> Iterator[Spent]:
    """Measure a block."""
    found = Spent()
    wall, python, database = time.perf_counter(), time.process_time(), database_seconds()
    yield found
    found.wall = time.perf_counter() - wall
    found.python = time.process_time() - python
    found.database = database_seconds() - database


def database_seconds() -> float:
    """Return the processor seconds of this machine's PostgreSQL, as far as it lets them be read; else 0."""
    folder = _data_folder()
    ticks = 0
    for entry in Path("/proc").iterdir() if folder else ():
        if not entry.name.isdigit():
            continue
        try:
            if os.readlink(entry / "cwd") != folder:
                continue
            fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            own = int(fields[11]) + int(fields[12])
            # The postmaster's ended children count too.
            ended = int(fields[13]) + int(fields[14]) if (entry / "exe").is_symlink() and _leads(entry) else 0
        except OSError:
            continue
        ticks += own + ended
    return ticks / os.sysconf("SC_CLK_TCK")


def _leads(entry: Path) -> bool:
    return b"-D" in (entry / "cmdline").read_bytes().split(b"\0")


def _data_folder() -> str:
    from django.db import connections

    if "data" not in _KNOWN:
        with connections["owner"].cursor() as cursor:
            cursor.execute("SELECT pg_postmaster_start_time()::text, pg_backend_pid()")
            _started, pid = cursor.fetchone()
        try:
            _KNOWN["data"] = os.readlink(f"/proc/{pid}/cwd")
        except OSError:
            _KNOWN["data"] = ""
    return _KNOWN["data"]


_KNOWN: dict[str, str] = {}


def peak_megabytes() -> float:
    """Return the largest resident memory this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def median(values: Sequence[float]) -> float:
    """Return the median."""
    return statistics.median(values)


def spread(values: Sequence[float], *, digits: int = 2) -> str:
    """Return a median with the smallest and the largest."""
    return f"{median(values):,.{digits}f} ({min(values):,.{digits}f} to {max(values):,.{digits}f})"


def at_most(
    what: str, values: Sequence[float], goal: float, *, unit: str = "times", digits: int = 2
) -> Figure:
    """Return a figure that should not be larger than its goal."""
    return Figure(
        what=what,
        value=f"{spread(values, digits=digits)} {unit}",
        goal=f"at most {goal:,.2f}".rstrip("0").rstrip("."),
        reached=median(values) <= goal,
    )


def at_least(
    what: str, values: Sequence[float], goal: float, *, unit: str = "times", digits: int = 2
) -> Figure:
    """Return a figure that should not be smaller than its goal."""
    return Figure(
        what=what,
        value=f"{spread(values, digits=digits)} {unit}",
        goal=f"at least {goal:,.1f}".removesuffix(".0"),
        reached=median(values) >= goal,
    )


# Databases -------------------------------------------------------------------------------------------------


def database_use(*, name: str) -> None:
    """Point the addresses of this process at another database of the same server, before Django starts."""
    for variable in ADDRESSES:
        os.environ[variable] = urlunsplit(urlsplit(os.environ[variable])._replace(path=f"/{name}"))


def database_of(*, people: int) -> None:
    """Use the database with a company of so many people, made at first use from the migrated one."""
    import psycopg2

    name, fresh = f"bench_{people}", False
    administered = urlunsplit(urlsplit(os.environ["DATABASE_OWNER_URL"])._replace(path="/postgres"))
    original = urlsplit(os.environ["DATABASE_OWNER_URL"]).path.lstrip("/")
    server = psycopg2.connect(administered)
    server.autocommit = True
    try:
        with server.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
            if cursor.fetchone() is None:
                cursor.execute(f"CREATE DATABASE {name} TEMPLATE {original}")
                fresh = True
    finally:
        server.close()
    database_use(name=name)
    django_up()
    if fresh:
        from benchmarks.company import company_make

        company_make(people=people)


def django_up() -> None:
    """Start Django, quiet."""
    import logging

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kamcomp.settings")
    django.setup()
    logging.disable(logging.WARNING)


def paid_empty() -> None:
    """Empty the tables of payouts and lines, as only their owner can."""
    from django.db import connections, transaction

    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        laws(cursor, on=False)
        cursor.execute(f"TRUNCATE {', '.join(PAID_TABLES)} CASCADE")
        laws(cursor, on=True)


def laws(cursor: Any, *, on: bool) -> None:
    """Switch the triggers of payouts and lines, and of each partition, on or off, as only their owner can."""
    cursor.execute(
        "SELECT relid::regclass::text FROM unnest(%s) AS paid, pg_partition_tree(paid::regclass)"
        " UNION SELECT unnest(%s)",
        [list(PAID_TABLES), list(PAID_TABLES)],
    )
    for (table,) in cursor.fetchall():
        cursor.execute(f"ALTER TABLE {table} {'ENABLE' if on else 'DISABLE'} TRIGGER USER")


# The page --------------------------------------------------------------------------------------------------


def machine() -> str:
    """Return the machine in a line: processor, cores, memory, Python, PostgreSQL."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in _lines("/proc/cpuinfo")
            if line.startswith(("model name", "Model"))
        ),
        platform.machine(),
    )
    memory = next(
        (int(line.split()[1]) // 1024**2 for line in _lines("/proc/meminfo") if line.startswith("MemTotal")),
        0,
    )
    return f"{model}, {os.cpu_count()} cores, {memory} GB, Python {platform.python_version()}"


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines() if Path(path).is_file() else []


def moment() -> str:
    """Return when a measurement was made, and how busy the machine was."""
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, load {os.getloadavg()[0]:.1f}"


def table(figures: Sequence[Figure]) -> str:
    """Return figures as a table with goals beside them."""
    words = {True: "reached", False: "**missed**", None: ""}
    rows = [f"| {f.what} | {f.value} | {f.goal} | {words[f.reached]} |" for f in figures]
    return "\n".join(["| what | measured | goal | |", "|---|---|---|---|", *rows])


def page_put(*, name: str, title: str, figures: Sequence[Figure], about: str, page: Path = PAGE) -> None:
    """Write a measurement's table into its place on the page; a new one goes to the end."""
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    body = f"{begin}\n## {title}\n\n{about}\n\n{table(figures)}\n\n{machine()}; {moment()}.\n{end}"
    text = page.read_text(encoding="utf-8") if page.is_file() else "# Performance\n"
    if begin in text:
        before, _mark, rest = text.partition(begin)
        text = before + body + rest.partition(end)[2]
    else:
        text = text.rstrip("\n") + "\n\n" + body + "\n"
    page.write_text(text, encoding="utf-8")
