"""Health tells the truth with everything up, with the broker gone, with PostgreSQL gone, and with no worker at work."""

import threading

import pytest
from django.db import OperationalError, connection
from django.test import Client

from kamcomp.celery import app
from kamcomp.pulse.choices import Door
from kamcomp.pulse.models import Canary
from kamcomp.pulse.services import canary_touch
from tests.house.system import eventually

NOWHERE = "redis://127.0.0.1:1/0"


def aged(door: Door, *, seconds: int, worker: str = "host:1") -> None:
    canary_touch(door=door, worker=worker)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE pulse_canary SET touched_at = clock_timestamp() - make_interval(secs => %s) WHERE door = %s",
            [seconds, door],
        )


@pytest.fixture
def postgresql_gone():
    """Point this thread's connection at a socket folder where no server listens, as after its end."""

    def ask(path: str) -> tuple[int, dict[str, object]]:
        answers = []

        def elsewhere() -> None:
            # A connection of its own, of a thread of its own: the test's stays as it is.
            from django.db import connections

            apart = connections["default"]
            apart.settings_dict = {**apart.settings_dict, "HOST": "/nonexistent"}
            with pytest.raises(OperationalError):
                apart.ensure_connection()
            answer = Client(headers={"cookie": "sessionid=of-somebody"}).get(path)
            answers.append((answer.status_code, answer.content))

        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
        return answers[0]

    return ask


@pytest.mark.django_db
class TestHealthLive:
    def test_is_well_after_a_touch_of_the_last_minute(self, client):
        canary_touch(door=Door.MESSAGE, worker="host:1")

        answer = client.get("/health/live")

        assert answer.status_code == 200
        assert answer.json() == {
            "work": "alive", "postgresql": "up", "valkey": "up",
            "doors": {"message": {"seconds_ago": 0, "workers": 1}},
        }  # fmt: skip
        assert "no-store" in answer["Cache-Control"]

    @pytest.mark.parametrize(("seconds", "status", "word"), [(58, 200, "alive"), (62, 503, "silent")])
    def test_goes_by_the_minute(self, client, seconds, status, word):
        aged(Door.MESSAGE, seconds=seconds)

        answer = client.get("/health/live")

        assert (answer.status_code, answer.json()["work"]) == (status, word)

    def test_is_silent_where_nobody_ever_worked(self, client):
        assert client.get("/health/live").status_code == 503

    def test_takes_a_workers_own_look_for_life_but_not_the_sweep(self, client):
        canary_touch(door=Door.SWEEP)
        assert client.get("/health/live").json()["work"] == "silent"

        canary_touch(door=Door.TABLE, worker="host:1")
        assert client.get("/health/live").json()["work"] == "alive"

    def test_names_the_broker_that_is_gone_while_workers_go_on(self, client, settings):
        settings.CELERY_BROKER_URL = NOWHERE
        canary_touch(door=Door.TABLE, worker="host:1")

        answer = client.get("/health/live")

        assert answer.status_code == 200
        assert (answer.json()["work"], answer.json()["valkey"]) == ("alive", "down")

    def test_says_what_it_does_not_know_without_postgresql(self, postgresql_gone):
        status, said = postgresql_gone("/health/live")

        assert status == 503
        assert b'"work": "unknown"' in said
        assert b'"postgresql": "down"' in said
        assert b'"valkey": "up"' in said


@pytest.mark.django_db
class TestHealthReady:
    def test_is_ready_with_every_migration(self, client):
        answer = client.get("/health/ready")

        assert answer.status_code == 200
        assert answer.json() == {"postgresql": "up", "valkey": "up", "migrations": "applied"}

    def test_is_not_ready_for_code_newer_than_the_tables(self, client, monkeypatch):
        from kamcomp.pulse import selectors

        assert client.get("/health/ready").status_code == 200
        monkeypatch.setattr(selectors, "_WANTED", {*selectors._WANTED, ("payouts", "9999_to_come")})

        answer = client.get("/health/ready")

        assert (answer.status_code, answer.json()["migrations"]) == (503, "1 missing")

    def test_is_ready_without_the_broker(self, client, settings):
        settings.CELERY_BROKER_URL = NOWHERE

        assert client.get("/health/ready").status_code == 200

    @pytest.mark.parametrize("path", ["/health/ready", "/healthz"])
    def test_is_not_ready_without_postgresql_even_for_who_has_a_session(self, postgresql_gone, path):
        status, said = postgresql_gone(path)

        assert status == 503
        assert b'"postgresql": "down"' in said

    def test_needs_no_known_host_and_no_https(self, client, settings):
        settings.SECURE_SSL_REDIRECT = True

        assert client.get("/health/ready", headers={"host": "10.1.2.3"}).status_code == 200


@pytest.mark.django_db
class TestCanaryTouch:
    def test_counts_the_touches_of_a_worker(self):
        for _time in range(3):
            canary_touch(door=Door.MESSAGE, worker="host:1")

        assert Canary.objects.get().touches == 3

    def test_forgets_workers_that_ended_long_ago_but_not_the_sweep(self):
        aged(Door.MESSAGE, seconds=4_000, worker="host:1")
        aged(Door.SWEEP, seconds=4_000, worker="")

        canary_touch(door=Door.TABLE, worker="host:2")

        assert set(Canary.objects.values_list("door", "worker")) == {("sweep", ""), ("table", "host:2")}


class TestWorker:
    def test_touches_by_message_and_by_its_own_look(self, worker_environment, request, transactional_db):
        worker_environment["KAMCOMP_POLL_SECONDS"] = "1"
        request.getfixturevalue("worker")
        app.send_task("pulse.canary")

        eventually(lambda: Canary.objects.count() == 2, what="two canaries touched")

        doors = {canary.door: canary.worker for canary in Canary.objects.all()}
        assert set(doors) == {Door.MESSAGE, Door.TABLE}
        assert doors[Door.MESSAGE] != doors[Door.TABLE]  # a process of the pool, and the worker's own
        assert Client().get("/health/live").status_code == 200
