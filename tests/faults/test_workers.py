"""Workers die, stop and lose their messages in the middle of a run: it ends as if nothing had happened."""

import logging
import os
import signal
import time

import pytest
import redis
from django.conf import settings as django_settings
from django.db import connection

from payouts.choices import RunStatus
from payouts.models import Payout, PayoutLine, Run
from payouts.services.run_work import run_look
from payouts.services.runs import LOOK_TASK, run_request
from payouts.services.verify import verify_run
from tests.faults.conftest import Workers, ended, in_hand, until
from tests.payouts.crowd import AT, Crowd, crowd

logger = logging.getLogger("tests.faults")
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

PEOPLE = 600


def asked(made: Crowd) -> Run:
    return run_request(period=made.period, by=made.users["maren"], at=AT)


@pytest.fixture
def made(transactional_db, settings) -> Crowd:
    settings.KAMCOMP_CHUNK_PEOPLE = 200
    return crowd(PEOPLE)


@pytest.fixture
def undisturbed(made, settings) -> Run:
    """A run of the same facts in this process, cut otherwise, that nothing has happened to."""
    settings.KAMCOMP_CHUNK_PEOPLE = 333
    run = asked(made)
    run_look(run_id=run.pk)
    run.refresh_from_db()
    assert run.status == RunStatus.CALCULATED, run.error
    settings.KAMCOMP_CHUNK_PEOPLE = 200
    return run


def same_as(run: Run, undisturbed: Run) -> None:
    """Nothing lost, nothing doubled, the same digests, and everything follows from the kept inputs."""
    assert (run.status, run.error) == (RunStatus.CALCULATED, "")
    assert (run.input_digest, run.result_digest) == (undisturbed.input_digest, undisturbed.result_digest)
    assert run.totals == undisturbed.totals
    assert Payout.objects.filter(run=run).count() == PEOPLE
    assert PayoutLine.objects.filter(payout__run=run).count() == 3 * PEOPLE
    assert [finding.sentence for finding in verify_run(run=run).findings] == []


def struck(run: Run, blow: int) -> tuple[int, int]:
    """Send a signal to the process that has a chunk in hand, and return the chunk's number and the process."""
    chunk = until(lambda: in_hand(run), seconds=60, every=0.002, saying="a chunk in a worker's hands")
    pid = int(chunk.worker.rpartition(":")[2])
    os.kill(pid, blow)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT clock_timestamp() - started_at, people, status FROM payouts_runchunk WHERE id = %s",
            [chunk.pk],
        )
        after, people, status = cursor.fetchone()
    logger.warning(
        "signal %s to process %s, %s after it took chunk %s of %s people (now %s)",
        blow, pid, after, chunk.number, people, status,
    )  # fmt: skip
    assert people >= 200
    return chunk.number, pid


class TestWorkerKilled:
    def test_a_child_killed_in_the_middle_of_a_chunk(self, undisturbed, made, workers: Workers):
        workers.start()
        workers.start()
        run = asked(made)

        number, _pid = struck(run, signal.SIGKILL)
        ended(run)

        assert run.chunks.get(number=number).epoch >= 2, "the kill came after the chunk was stored"
        same_as(run, undisturbed)

    def test_the_whole_worker_killed_and_another_started(self, undisturbed, made, workers: Workers):
        first = workers.start()
        run = asked(made)
        until(lambda: in_hand(run), every=0.002, saying="a chunk in hand")
        workers.kill(first)
        stopped_at = run.chunks.filter(status="done").count()

        workers.start()
        ended(run)

        assert stopped_at < run.chunks.count()
        same_as(run, undisturbed)

    def test_a_worker_stopped_past_its_lease_and_woken(self, undisturbed, made, workers: Workers):
        workers.start()
        run = asked(made)
        number, pid = struck(run, signal.SIGSTOP)
        workers.start()

        until(
            lambda: run.chunks.get(number=number).epoch >= 2,
            seconds=60,
            every=0.1,
            saying="another to take it",
        )
        os.kill(pid, signal.SIGCONT)
        ended(run)
        time.sleep(1)

        same_as(run, undisturbed)

    def test_one_asked_to_stop_finishes_the_chunk_in_hand(self, undisturbed, made, workers: Workers):
        first = workers.start()
        run = asked(made)
        chunk = until(lambda: in_hand(run), every=0.002, saying="a chunk in hand")

        os.kill(first.pid, signal.SIGTERM)
        first.wait(timeout=60)

        assert run.chunks.get(pk=chunk.pk).status == "done"
        assert run.chunks.get(pk=chunk.pk).epoch == 1
        assert not run.chunks.filter(status="running").exists()
        workers.start()
        same_as(ended(run), undisturbed)


class TestMessages:
    def test_every_message_five_times(self, undisturbed, made, workers: Workers):
        from kamcomp.celery import app

        workers.start()
        workers.start()
        run = asked(made)
        for _copy in range(5):
            app.send_task(LOOK_TASK, args=[str(run.pk)])

        same_as(ended(run), undisturbed)

    def test_the_broker_emptied_in_the_middle(self, undisturbed, made, workers: Workers):
        workers.start()
        run = asked(made)
        until(lambda: in_hand(run), every=0.002, saying="a chunk in hand")

        redis.Redis.from_url(broker_url()).flushdb()

        same_as(ended(run), undisturbed)

    def test_no_broker_at_all(self, undisturbed, made, workers: Workers, monkeypatch):
        workers.start(ready=False, REDIS_URL="redis://127.0.0.1:1/0")
        run = asked(made)

        same_as(ended(run), undisturbed)

        assert "working on them without" in workers.logs()

    def test_two_workers_give_what_one_gives(self, undisturbed, made, workers: Workers):
        workers.start()
        workers.start()

        run = ended(asked(made))

        same_as(run, undisturbed)


def broker_url() -> str:
    """Return the address of this test's broker as the redis library reads it."""
    url = django_settings.CELERY_BROKER_URL
    path, _mark, query = url.partition("?")
    if not path.startswith("redis+socket://"):
        return url
    number = query.rpartition("virtual_host=")[2] or "0"
    return f"unix://{path.removeprefix('redis+socket://')}?db={number}"
