"""The figures for Prometheus: what they say, that they name nobody, and who may read them."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from prometheus_client.parser import text_string_to_metric_families

from kamcomp.pulse.choices import Door
from kamcomp.pulse.measures import measured
from kamcomp.pulse.services import canary_touch
from payouts.models import RunChunk
from payouts.services.run_chunks import chunk_give_back, chunk_take
from payouts.services.run_work import run_look, runs_sweep
from payouts.services.runs import run_prepare, run_request
from tests.payouts.crowd import AT, crowd


def figures() -> dict[tuple[str, ...], float]:
    """Return each figure by its name and the values of its labels."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(measured().decode())
        for sample in family.samples
    }


@pytest.mark.django_db(transaction=True)
class TestMeasured:
    def test_counts_runs_and_chunks_from_the_tables(self):
        made = crowd(3)
        run_look(run_id=run_request(period=made.period, by=made.users["maren"], at=AT).pk)

        found = figures()

        assert found["kamcomp_run_seconds_count",] == 1
        assert found["kamcomp_run_seconds_bucket", "+Inf"] == 1
        assert found["kamcomp_chunk_seconds_count",] == RunChunk.objects.count() > 0
        assert 0 < found["kamcomp_chunk_seconds_sum",] < 60
        assert found["kamcomp_work", "run", "calculated"] == 1
        assert found["kamcomp_chunk_retries_total",] == 0

    def test_tells_what_waits_and_was_tried_again(self, settings):
        settings.KAMCOMP_CHUNK_PEOPLE = 1
        made = crowd(3)
        run = run_request(period=made.period, by=made.users["maren"], at=AT)
        assert figures()["kamcomp_queue_length", "runs"] == 1
        run_prepare(run_id=run.pk)
        taken = chunk_take(worker="host:1", run_id=run.pk)
        assert figures()["kamcomp_chunk_retries_total",] == 0
        chunk_give_back(taken=taken, error="the engine broke")
        RunChunk.objects.filter(pk=taken.chunk_id).update(lease_until=None)
        chunk_take(worker="host:2", run_id=run.pk)

        found = figures()

        assert found["kamcomp_chunk_retries_total",] == 1
        assert found["kamcomp_queue_length", "runs"] == 0
        assert found["kamcomp_queue_length", "chunks"] == 2
        assert 0 < found["kamcomp_queue_age_seconds", "chunks"] < 60
        assert found["kamcomp_work", "chunk", "waiting"] == 2
        assert found["kamcomp_work", "chunk", "running"] == 1

    def test_counts_sweeps_and_workers(self):
        runs_sweep()
        runs_sweep()
        canary_touch(door=Door.TABLE, worker="host:1")
        canary_touch(door=Door.TABLE, worker="host:2")

        found = figures()

        assert found["kamcomp_sweeps_total",] == 2
        assert found["kamcomp_workers",] == 2
        assert found["kamcomp_canary_age_seconds", "table"] < 60

    def test_says_what_is_gone(self, settings):
        settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"

        found = figures()

        assert found["kamcomp_valkey_up",] == 0
        assert found["kamcomp_postgresql_up",] == 1
        assert ("kamcomp_messages_waiting",) not in found


@pytest.mark.django_db
class TestMetrics:
    def test_are_for_this_machine_only(self, client):
        assert client.get("/metrics", REMOTE_ADDR="127.0.0.1").status_code == 200
        assert client.get("/metrics", REMOTE_ADDR="::1").status_code == 200
        for elsewhere in ("10.0.0.7", "2001:db8::1", ""):
            assert client.get("/metrics", REMOTE_ADDR=elsewhere).status_code == 404

    def test_are_not_for_whoever_a_proxy_of_this_machine_lets_through(self, client, settings):
        passed_on = {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "203.0.113.9"}
        assert client.get("/metrics", **passed_on).status_code == 404

        settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
        assert client.get("/metrics", REMOTE_ADDR="127.0.0.1").status_code == 404

    def test_are_for_who_has_the_token(self, client, settings):
        settings.METRICS_TOKEN = "a long word"
        asked = {"REMOTE_ADDR": "10.0.0.7", "HTTP_X_FORWARDED_FOR": "203.0.113.9"}

        def answered(said: str) -> int:
            return client.get("/metrics", **asked, headers={"authorization": said}).status_code

        assert answered("Bearer a long word") == 200
        for wrong in ("Bearer a long wörd", "Bearer ", "a long word", "Bearer another word"):
            assert answered(wrong) == 404

    def test_are_not_for_an_empty_token_where_none_is_set(self, client):
        refused = client.get("/metrics", REMOTE_ADDR="10.0.0.7", headers={"authorization": "Bearer "})

        assert refused.status_code == 404

    def test_are_for_the_networks_of_the_settings(self, client, settings):
        settings.METRICS_FROM = ["10.0.0.0/8"]

        assert client.get("/metrics", REMOTE_ADDR="10.9.8.7").status_code == 200
        assert client.get("/metrics", REMOTE_ADDR="127.0.0.1").status_code == 404


class TestSettings:
    def test_refuse_a_network_that_is_none(self, monkeypatch):
        from kamcomp import settings as module

        monkeypatch.setitem(module.ENVIRONMENT, "KAMCOMP_METRICS_FROM", "10.0.0.0/8, here")

        with pytest.raises(ImproperlyConfigured, match=r"KAMCOMP_METRICS_FROM: 'here' does not appear to be"):
            module._networks("KAMCOMP_METRICS_FROM", default="127.0.0.1")
