"""The link to the database or the broker is cut, slow, closed on one side or silent, in the middle of a run."""

import re
import signal
import subprocess
import sys
import time
from urllib.parse import quote

import pytest
from django.db import connections

from payouts import tasks
from payouts.selectors.runs import run_progress
from payouts.services.run_work import run_look
from payouts.services.runs import run_ring
from tests.conftest import PROJECT
from tests.faults.brokers import shared_broker
from tests.faults.conftest import PACE, SETTINGS, Worker, Workers, asked, begun, ended, until, usual_seconds
from tests.faults.link import Link
from tests.faults.story import Story, seeds

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def database_link() -> Link:
    """Return a link to the test's PostgreSQL, wherever it listens."""
    said = connections["default"].settings_dict
    port = said["PORT"] or "5432"
    host = said["HOST"] or "localhost"
    return Link(f"{host}/.s.PGSQL.{port}" if host.startswith("/") else (host, int(port)))


def address_by(link: Link) -> str:
    """Return the URL of the test's database by way of a link."""
    said = connections["default"].settings_dict
    user, password, name = (quote(str(said[part]), safe="") for part in ("USER", "PASSWORD", "NAME"))
    return f"postgresql://{user}:{password}@127.0.0.1:{link.port}/{name}"


def broker_link() -> Link:
    """Return a link to the test's broker."""
    where = shared_broker().connection_pool.connection_kwargs
    return Link(where["path"] if "path" in where else (where["host"], where["port"]))


def broker_by(link: Link) -> str:
    return f"redis://127.0.0.1:{link.port}/{shared_broker().connection_pool.connection_kwargs['db']}"


@pytest.fixture
def link(transactional_db):
    made = database_link()
    made.start()
    yield made
    made.mend()
    made.end()


@pytest.fixture
def doorbell():
    made = broker_link()
    made.start()
    yield made
    made.mend()
    made.end()


class TestLinkToTheDatabase:
    @seeds(1)
    def test_cut_for_two_seconds_then_half_closed(
        self, seed, undisturbed, made, workers: Workers, story: Story, link: Link
    ):
        workers.start(DATABASE_URL=address_by(link))
        run = asked(made)
        chunk = begun(run)
        wait = story.random.uniform(0, usual_seconds(undisturbed))
        time.sleep(wait)
        link.cut()
        story.blow(f"cut {wait:.2f} s after chunk {chunk.number} was taken")
        time.sleep(2)
        link.mend()
        first = ended(run)
        story.ends_as(first, undisturbed)

        again = asked(made)
        chunk = begun(again)
        link.half_close()
        story.blow(f"half closed with chunk {chunk.number} in hand")
        story.ends_as(ended(again), undisturbed)
        assert workers.running[0].alive

    def test_slow(self, undisturbed, made, workers: Workers, story: Story, link: Link):
        workers.start(DATABASE_URL=address_by(link))
        link.slow(0.02)
        story.blow("20 ms late in both directions from the start")

        run = ended(asked(made))

        story.ends_as(run, undisturbed)

    def test_silent_in_the_middle_of_a_store(
        self, undisturbed, made, workers: Workers, story: Story, link: Link
    ):
        # It works by message alone, so that it is the look a message began that falls silent and has to be ended:
        # by the worker's own limit, though who rings knows the task, and allows it more.
        assert tasks.run_look_at.time_limit > 100
        silent = workers.start(
            DATABASE_URL=address_by(link), KAMCOMP_LOOK_SECONDS="2", KAMCOMP_POLL_SECONDS="3600"
        )
        link.silence_at(b"COPY payouts_payout ")
        run = asked(made)
        until(link.silenced.is_set, saying="the first COPY")
        story.blow("after the first COPY was begun")
        workers.start()

        ended(run)
        story.ends_as(run, undisturbed)
        # Its process would wait for ever; it is ended, and the slot is free while the link still carries nothing.
        until(lambda: free_again(silent, run), every=0.5, saying="the silent look to be ended")

        link.mend()
        again = ended(asked(made))
        story.ends_as(again, undisturbed)

    def test_silent_under_the_process_that_works_without_messages(
        self, undisturbed, made, worker_environment, story: Story, link: Link
    ):
        link.silence_at(b"COPY payouts_payout ")
        environment = {**worker_environment, **SETTINGS, "DATABASE_URL": address_by(link)}
        environment |= {"KAMCOMP_LOOK_SECONDS": "1", "KAMCOMP_CHUNK_LEASE_SECONDS": str(PACE.lease)}
        run = asked(made)

        ended_by = subprocess.run(
            [sys.executable, "manage.py", "payouts", "work"], env=environment, cwd=PROJECT
        )

        assert link.silenced.is_set()
        assert ended_by.returncode == -signal.SIGALRM
        story.blow("after the first COPY was begun")
        until(lambda: looked_at_again(run), every=0.2, saying=f"{run} to end")
        story.ends_as(run, undisturbed)


def free_again(worker: Worker, run) -> bool:
    """Ring once more, and tell whether a worker's first look was ended, or it has another message in hand by now."""
    run_ring(run_id=run.pk)
    said = worker.said()
    return "Hard time limit" in said or len(re.findall(r"payouts\.run_look\S+ received", said)) > 1


def looked_at_again(run) -> bool:
    """Look as a worker would, and tell whether nothing is left; what died with its process is taken after its lease."""
    run_look(run_id=run.pk)
    return run_progress(run_id=run.pk).ended


class TestLinkToTheBroker:
    def test_cut_then_half_closed_then_silent(
        self, undisturbed, made, workers: Workers, story: Story, doorbell: Link
    ):
        workers.start("-Q", "celery", REDIS_URL=broker_by(doorbell))
        worker = workers.running[0]
        for blow in (doorbell.cut, doorbell.half_close, doorbell.silence):
            run = asked(made)
            chunk = begun(run)
            blow()
            story.blow(f"{blow.__name__} with chunk {chunk.number} in hand")
            story.ends_as(ended(run), undisturbed)
            doorbell.mend()
            assert worker.alive
