"""Workers on hosts of their own, in network namespaces: the same digest, also with one cut off in the middle."""

import os
import subprocess
import sys
import time

import pytest
from django.conf import settings as django_settings

from kamcomp.addresses import client
from payouts.models import RunChunk
from payouts.selectors.runs import run_progress
from payouts.services.runs import run_request
from tests.database import url_of
from tests.faults.blows import DRAWS
from tests.faults.conftest import until
from tests.payouts.crowd import AT, crowd
from tests.scale.conftest import Processes, ended, same_as
from tests.scale.hosts import Door, absent, hosts

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
PEOPLE, CHUNK = 1_200, 200


@pytest.fixture
def made(transactional_db):
    return crowd(PEOPLE)


@pytest.fixture
def two(transactional_db):
    """Two hosts, or a skip with the reason."""
    broker = client(url=django_settings.CELERY_BROKER_URL)
    reason = absent() or ("" if broker.startswith("unix://") else "the broker is not the embedded one")
    if reason or not os.environ["DATABASE_URL"].count("%2F"):
        pytest.skip(reason or "the test server is not the embedded one")
    with hosts(2) as made:
        yield made


@pytest.fixture
def on(environment, two, tmp_path):
    """Start a worker on a host."""
    from kamcomp.celery import app

    app.control.purge()
    started = []

    def start(host):
        addresses = host.environment(
            database=url_of("default"), broker=client(url=django_settings.CELERY_BROKER_URL)
        )
        folder = tmp_path / host.name
        folder.mkdir()
        settings = {"KAMCOMP_CHUNK_PEOPLE": str(CHUNK), "KAMCOMP_POLL_SECONDS": "1", "DATABASE_OWNER_URL": ""}
        started.append(Processes(environment | addresses | settings, folder))
        return started[-1].worker(before=host.inside())

    yield start
    for processes in started:
        processes.end()


@pytest.fixture(autouse=True)
def chunks(settings):
    settings.KAMCOMP_CHUNK_PEOPLE = CHUNK


def of(host, run):
    """Return the chunks of a run that a host has or had last."""
    return RunChunk.objects.filter(run=run, worker__startswith=f"{host.name}:").defer("inputs")


class TestHosts:
    def test_share_a_run(self, undisturbed, made, two, on):
        for host in two:
            on(host)

        for _draw in range(DRAWS):
            run = run_request(period=made.period, by=made.users["maren"], at=AT, whole=True)
            same_as(ended(run), undisturbed)
            shared = [of(host, run).exists() for host in two]
            if all(shared):
                break  # or one of them was so quick that nothing was left for the other
        assert shared == [True, True]
        assert sum(of(host, run).count() for host in two) == run.chunks.count() == PEOPLE // CHUNK

    def test_one_of_them_cut_off_with_a_chunk_in_hand(self, undisturbed, made, two, on):
        lost, stays = two
        on(lost)
        for _draw in range(DRAWS):
            run = run_request(period=made.period, by=made.users["maren"], at=AT, whole=True)
            chunk = self.cut_off(lost, run)
            if chunk is not None:
                break
        on(stays)

        ended(run)

        again = run.chunks.get(pk=chunk.pk)
        assert (again.epoch >= 2, again.worker.partition(":")[0]) == (True, stays.name)
        same_as(run, undisturbed)

    def test_that_is_cut_off_reaches_nothing(self, two):
        host, _other = two
        door = Door(address=host.near, target="/nowhere")
        host.doors.append(door)
        knock = f"import socket; socket.create_connection(({host.near!r}, {door.port}), timeout=2)"

        def reaches() -> bool:
            command = [*host.inside(), sys.executable, "-c", knock]
            return subprocess.run(command, capture_output=True, check=False).returncode == 0

        assert reaches()
        host.cut()
        assert not reaches()
        host.mend()
        until(reaches, saying="the host to be reached again")

    def cut_off(self, host, run):
        """Cut a host off while it has a chunk in hand, and return it; None if each was stored just before."""
        while not run_progress(run_id=run.pk).ended:
            chunk = of(host, run).filter(status="running").first()
            if chunk is None:
                time.sleep(0.001)
                continue
            host.cut()
            if run.chunks.get(pk=chunk.pk).status == "running":
                return chunk
            host.mend()
        return None
