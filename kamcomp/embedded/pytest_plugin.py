"""
Real services under every pytest: when DATABASE_URL is not set, the process that leads the tests takes the
test lock, starts PostgreSQL and Valkey of their own (a warm start takes a fifth of a second) and stops them.

Loaded by `-p` in pyproject.toml, before anything reads the settings. A process of xdist inherits the
addresses and takes a part of the broker of its own, so that two processes' workers never meet.
"""

import hashlib
import os
import re
from contextlib import ExitStack
from pathlib import Path

import psycopg2
import pytest
from psycopg2 import sql

from kamcomp.embedded import between
from kamcomp.embedded.bootstrap import lock_take
from kamcomp.embedded.places import PROJECT, CannotStart, place_for
from kamcomp.embedded.services import services_up
from kamcomp.pages.making import made


class Held(ExitStack):
    """What the leading process holds until the tests have ended."""

    embedded = False


HELD = pytest.StashKey[Held]()
KEPT = pytest.StashKey[Path]()
FIRST_PART = 1
SHAPED_BY = (
    "requirements.lock",
    "*/migrations/*.py",
    "*/*/migrations/*.py",
    "kamcomp/*.py",
    "kamcomp/audit/*.py",
    "*/choices.py",
    "*/catalogue.py",
    "scorecards/engine/*.py",
)
"""What the tables and rows of a fresh database come from: the migrations and what they read."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the two switches of our own."""
    group = parser.getgroup("kamcomp")
    group.addoption(
        "--fresh-db", action="store_true", help="Make the test databases anew, whatever was kept."
    )
    group.addoption(
        "--through",
        default="",
        metavar="NAMES",
        help=f"Put these between the tests and their services, with commas: {', '.join(between.KINDS)}.",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Start the services, before the settings are read."""
    number = re.fullmatch(r"gw(\d+)", os.environ.get("PYTEST_XDIST_WORKER", ""))
    if number:
        _own_part_of_the_broker(number=int(number[1]) + FIRST_PART + 1)
        return
    held = Held()
    made()
    try:
        if not os.environ.get("DATABASE_URL"):
            place = place_for(kind="test")
            held.embedded = True
            lock = lock_take(place=place)
            os.set_inheritable(lock, False)
            held.callback(os.close, lock)
            services = held.enter_context(services_up(place=place))
            os.environ.update(services.environ)
            os.environ.setdefault("KAMCOMP_HTTPS", "0")
            between.put(names=early_config.known_args_namespace.through, services=services)
        elif early_config.known_args_namespace.through:
            raise CannotStart("--through is for the embedded services, and DATABASE_URL names your own.")
    except CannotStart as refusal:
        held.close()
        raise pytest.UsageError(str(refusal)) from None
    _own_part_of_the_broker(number=FIRST_PART)
    early_config.stash[HELD] = held


def _own_part_of_the_broker(*, number: int) -> None:
    for name in ("REDIS_URL", "BROKER_URL"):
        if os.environ.get(name):
            os.environ[name] = part_of_broker(url=os.environ[name], number=number)


def part_of_broker(*, url: str, number: int) -> str:
    """Return the URL of database `number` of a Valkey, or of virtual host `number` of a RabbitMQ."""
    if url.startswith("unix://"):
        return f"{url.split('?')[0]}?db={number}"
    return f"{url.rstrip('/').rsplit('/', 1)[0] if url.count('/') > 2 else url}/{number}"


def tables_digest(*, parted: bool = False) -> str:
    """Return a digest of everything that shapes a fresh database."""
    digest = hashlib.sha256(b"partitions" if parted else b"")
    for path in sorted(path for pattern in SHAPED_BY for path in PROJECT.glob(pattern)):
        digest.update(path.relative_to(PROJECT).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _kept_digest(*, config: pytest.Config) -> str:
    return tables_digest(parted="partitions" in config.getoption("through"))


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Keep the test databases from one run to the next, as long as no migration changed and no run was killed."""
    if HELD not in config.stash or not config.stash[HELD].embedded:
        return
    kept = place_for(kind="test").folder / "kept-databases"
    if (
        config.getoption("fresh_db")
        or not kept.is_file()
        or kept.read_text(encoding="utf-8") != _kept_digest(config=config)
    ):
        _test_databases_drop(url=os.environ["DATABASE_OWNER_URL"])
    config.option.reuse_db = True
    kept.unlink(missing_ok=True)
    config.stash[KEPT] = kept


def _test_databases_drop(*, url: str) -> None:
    connection = psycopg2.connect(url, dbname="postgres")
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE 'test\\_%'")
            for (name,) in cursor.fetchall():
                cursor.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
    finally:
        connection.close()


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Note that the databases can be kept, when the tests came to their end by themselves."""
    kept = session.config.stash.get(KEPT, None)
    if kept is not None and exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        kept.write_text(_kept_digest(config=session.config), encoding="utf-8")


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the services."""
    held = config.stash.get(HELD, None)
    if held is not None:
        held.close()
