"""The laws of the REST interface: keys that end, and one answer, and one effect, for each idempotency key."""

from collections import Counter
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.utils import timezone

from kamcomp.api.models import ApiKey, KeptAnswer
from kamcomp.identity.models import User
from payouts.models import Run
from tests.api.caller import Caller
from tests.laws.breaking import refused
from tests.payouts.company import company


def key(user, **said):
    return ApiKey.objects.create(
        **{"user": user, "name": "a", "prefix": "kc_live_aaaaaaaa", "digest": "0" * 64, "scopes": [],
           "expires_at": timezone.now() + timedelta(days=1)} | said
    )  # fmt: skip


@pytest.mark.django_db
class TestApiKey:
    @pytest.fixture
    def user(self):
        return User.objects.create_user(username="ada")

    def test_has_a_secret_of_its_own(self, user):
        key(user)

        with refused("api_keys_one_secret"):
            key(user, prefix="kc_live_bbbbbbbb")

    def test_ends_within_a_year(self, user):
        with refused("api_keys_expire_within_a_year"):
            key(user, expires_at=timezone.now() + timedelta(days=367))

    def test_is_revoked_by_someone(self, user):
        made = key(user)

        with refused("api_keys_revoked_by_someone"):
            ApiKey.objects.filter(pk=made.pk).update(revoked_at=timezone.now())

    def test_leaves_no_digest_in_the_trail(self, user):
        from kamcomp.audit.models import AuditEvent

        key(user)

        (entry,) = AuditEvent.objects.filter(subject_table="api_apikey")
        assert entry.after["digest"] == "withheld"


class TestKeptAnswer:
    @pytest.mark.django_db
    def test_is_one_a_key(self):
        user = User.objects.create_user(username="ada")
        said = {"user": user, "key": "k", "body_digest": "0" * 64, "status": 201}
        KeptAnswer.objects.create(**said)

        with refused("kept_answers_one_each"):
            KeptAnswer.objects.create(**said)

    def test_stands_for_one_effect_however_often_and_at_once_it_is_sent(self, transactional_db):
        made = company()
        asker, answers, begin = Caller(made.user("maren")), [], Barrier(10)

        def send():
            begin.wait(timeout=30)
            answers.append(asker.post("runs", {"period": "2026-Q3", "whole": True}, idempotency_key="one"))
            connection.close()

        threads = [Thread(target=send) for _turn in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)

        seen = Counter(answer.status_code for answer in answers)
        assert set(seen) <= {202, 409}
        written = [each for each in answers if each.status_code == 202]
        assert len([each for each in written if "Idempotent-Replayed" not in each.headers]) == 1
        assert {each.json()["id"] for each in written} == {each["id"] for each in asker.rows("runs")}
        assert Run.objects.count() == 1
        assert KeptAnswer.objects.count() == 1
        again = asker.post("runs", {"period": "2026-Q3", "whole": True}, idempotency_key="one")
        assert again.headers["Idempotent-Replayed"] == "true"
