"""PostgreSQL is killed under writers and workers: what was acknowledged is there, what is unknown is asked again."""

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, InterfaceError, connection, connections

from kamcomp.imports.choices import BatchStatus
from kamcomp.imports.models import ImportBatch
from kamcomp.imports.services import ImportUnderWay
from payouts.choices import RunStatus
from payouts.models import LedgerEntry
from payouts.services.ledger_check import ledger_check
from payouts.services.locks import run_lock
from payouts.services.runs import run_request
from teams.models import Person
from tests.faults.conftest import Workers, until
from tests.faults.own_postgresql import OwnPostgresql
from tests.faults.story import Story, seeds
from tests.faults.test_races import closing_company
from tests.imports.company import commit
from tests.payouts.crowd import AT
from tests.payouts.quarters import after

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

WRITERS = 3
MANY = 24
"""A lock has more statements than these after its first posting."""
GONE = (DatabaseError, InterfaceError)  # a connection that broke is not always an OperationalError


@pytest.fixture
def own(undisturbed, tmp_path_factory):
    """A server of its own with the company and its undisturbed run."""
    server = OwnPostgresql(tmp_path_factory.mktemp("pg"))
    server.copy()
    with server.in_use():
        yield server
    server.end()


class Writers:
    """Several hands that import one small file after another, each until it is acknowledged."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self.acknowledged: list[str] = []
        self.unknown: list[str] = []
        self.found: list[str] = []
        self.failed: list[Exception] = []
        self.threads = [threading.Thread(target=self.write, args=(number,)) for number in range(WRITERS)]

    def got_on(self, *, after: int) -> bool:
        return len(self.acknowledged) > after + 3

    def write(self, writer: int) -> None:
        try:
            for number in range(10_000):
                if self.over.is_set():
                    break
                self.hand_in(f"W{writer}-{number:04}")
        except Exception as error:
            self.failed.append(error)
        finally:
            connections.close_all()

    def hand_in(self, name: str) -> None:
        """Import a file, again and again until the answer is known: the same file twice changes nothing."""
        while True:
            try:
                preview = commit("people", f"employee_id,name\n{name},Person {name}\n")
            except ImportUnderWay:
                continue
            except IntegrityError:
                raise
            except GONE:
                self.unknown.append(name)
                connection.close()
                time.sleep(0.05)
                continue
            if name in self.unknown and preview.already is not None:
                self.found.append(name)
            self.acknowledged.append(name)
            return


class TestPostgresqlKilled:
    @seeds(1)
    def test_under_writers_and_workers(
        self, seed, undisturbed, made, own: OwnPostgresql, workers: Workers, story: Story
    ):
        workers.start(DATABASE_URL=own.urls.app)
        writers = Writers()
        for thread in writers.threads:
            thread.start()
        run = None
        for blow in range(3):
            until(partial(writers.got_on, after=len(writers.acknowledged)), saying="writers to get on")
            if blow == 1:
                run = asked_again(made)
                time.sleep(story.random.uniform(0, 0.8))
            if story.random.random() < 0.5:
                own.kill()
                story.blow("the whole server")
                own.start()
            else:
                own.kill_one()
                story.blow("one session")
            until(own.answers, every=0.1, saying="PostgreSQL to answer again")
        until(lambda: ended_by_now(run), seconds=180, every=0.2, saying="the run to end")
        writers.over.set()
        for thread in writers.threads:
            thread.join(timeout=180)

        assert writers.failed == []
        people = Counter(
            Person.objects.filter(employee_id__startswith="W").values_list("employee_id", flat=True)
        )
        assert set(people) == set(writers.acknowledged), "an acknowledged import was lost"
        assert set(people.values()) == {1}
        batches = ImportBatch.objects.filter(kind="people", status=BatchStatus.COMMITTED)
        assert batches.count() == len(people), "an import was doubled"
        unknown = len(set(writers.unknown))
        story.row.moment += (
            f"; {len(people)} imports, {unknown} unknown, {len(set(writers.found))} of them done"
        )
        story.ends_as(run, undisturbed)
        assert workers.running[0].alive


class TestSessionEndedInTheLock:
    """A lock makes postings, closes the period and tells people in one transaction, or does nothing."""

    @seeds(1)
    def test_nothing_of_it_is_kept_and_the_next_is_whole(self, seed, app_sql, story: Story):
        made, run = closing_company()
        before = run.period.status
        lock = partial(run_lock, run_id=run.pk, by=made.users["jonas"], at=after(made, "2026-Q1"))

        for statement in sorted(story.random.sample(range(MANY), 3)):
            with (
                pytest.raises(GONE),
                connection.execute_wrapper(ending(app_sql, after=statement, story=story)),
            ):
                lock()
            connection.close()

            run.refresh_from_db()
            run.period.refresh_from_db()
            assert (run.status, run.period.status) == (RunStatus.APPROVED, before)
            assert not LedgerEntry.objects.exists()
        lock()
        check = ledger_check(at=AT)
        assert (check.found, check.runs) == (0, 1)
        assert LedgerEntry.objects.exists()
        story.recovered()


def ending(app_sql: Any, *, after: int, story: Story) -> Callable[..., Any]:
    """Return what stands around each statement: it ends the session some statements after the first posting."""
    left = itertools.count(after, -1)
    posted = False

    def perform(execute, sql, params, many, context):
        nonlocal posted
        answer = execute(sql, params, many, context)
        posted = posted or ("INSERT INTO" in sql and "payouts_ledgerentry" in sql)
        if posted and next(left) == 0:
            story.blow(f"after {' '.join(sql.split()[:3])}")
            app_sql.execute(
                "SELECT pg_terminate_backend(%s, 60000)", [connection.connection.info.backend_pid]
            )
        return answer

    return perform


def asked_again(made):
    def ask():
        try:
            return run_request(period=made.period, by=made.users["maren"], at=AT)
        except GONE:
            connection.close()

    return until(ask, every=0.1, saying="a run to be asked for")


def ended_by_now(run) -> bool:
    try:
        run.refresh_from_db()
    except GONE:
        connection.close()
        return False
    return run.status not in ("queued", "calculating")
