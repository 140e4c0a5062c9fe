"""With Valkey gone people go on: signing in, reading, handing out a pool, asking for a run; only time is lost."""

from datetime import date

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from payouts.choices import RunStatus
from payouts.models import Pool, Run
from payouts.services.run_work import run_look
from tests.faults.brokers import ringing_at
from tests.payouts.test_allocations import funded
from tests.payouts.test_pool_screens import sheet

NOBODY = "redis://127.0.0.1:1/0"
PASSWORD = "a password of some length"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def gone(settings):
    """Lead every message to a port where nobody listens."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cache.clear()
    with ringing_at(NOBODY):
        yield


def signed_in(user):
    user.set_password(PASSWORD)
    user.save()
    client = Client()
    client.post("/sign-in", {"login": user.username, "password": PASSWORD})
    assert "_auth_user_id" in client.session
    return client


def test_people_go_on(gone):
    made = funded()
    Pool.objects.update(closes_on=date(2099, 12, 31))
    pool = Pool.objects.get()
    ingrid, maren = signed_in(made.user("ingrid")), signed_in(made.user("maren"))

    for page in ("/", reverse("payouts:pool-list"), reverse("payouts:allocation-save", args=[pool.pk])):
        assert ingrid.get(page).status_code == 200
    ingrid.post(reverse("payouts:allocation-save", args=[pool.pk]), {**sheet(pool), "act": "guideline"})
    pool.refresh_from_db()
    ingrid.post(reverse("payouts:allocation-submit", args=[pool.pk]), {"version": str(pool.version)})
    pool.refresh_from_db()

    assert pool.status == "submitted"
    assert maren.get(reverse("payouts:run-list")).status_code == 200


def test_a_run_asked_for_meanwhile_is_found_by_the_workers_own_look(gone):
    made = funded()
    maren = signed_in(made.user("maren"))

    answer = maren.post(reverse("payouts:run-start"), {"period": made.quarters["2026-Q3"].pk}, follow=True)

    run = Run.objects.latest("created_at")
    assert (answer.status_code, run.status) == (200, RunStatus.QUEUED)
    run_look(run_id=run.pk)
    run.refresh_from_db()
    assert run.status in (RunStatus.CALCULATED, RunStatus.WITH_ERRORS)
    assert run.created_at <= timezone.now()
