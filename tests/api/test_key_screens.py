"""Keys in the browser and by command: made for oneself or a program, shown once, ended."""

import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from kamcomp.api.models import ApiKey
from kamcomp.api.services import (
    KeyExpiryUnsound,
    KeyForSomebodyElse,
    KeyRevoked,
    KeyWithoutScope,
    api_key_make,
    api_key_revoke,
)
from kamcomp.audit.models import AuditEvent
from kamcomp.identity.models import User
from kamcomp.identity.selectors import RoleMissing

pytestmark = pytest.mark.django_db
SECRET = re.compile(r"kc_(?:live|test)_[0-9a-z]{8}_[0-9a-f]{64}")


@pytest.fixture
def browser(made, db):
    def signed_in(name):
        client = Client()
        client.force_login(User.objects.get(username=name))
        return client

    return signed_in


def typed(**said):
    robot = User.objects.get(username="robot")
    return {"name": "Payroll", "user": robot.pk, "days": 30, "reads": ["payouts:read"]} | said


def make(made, **said):
    known = ["payouts:read"]
    given = {"name": "a", "user": made.user("robot"), "scopes": known, "known": known, "days": 1}
    return api_key_make(**given | {"by": made.user("maren"), "at": timezone.now()} | said)


class TestKeyMake:
    def test_shows_the_secret_once(self, browser):
        maren = browser("maren")
        page = maren.post(reverse("api-key-make"), typed())

        (secret,) = set(SECRET.findall(page.content.decode()))
        assert (
            Client().get("/api/v1/me", headers={"authorization": f"Bearer {secret}"}).json()["username"]
            == "robot"
        )
        key = ApiKey.objects.get(name="Payroll")
        assert secret not in maren.get(reverse("api-key-show", args=[key.pk])).content.decode()
        assert key.prefix in maren.get(reverse("api-key-list")).content.decode()
        assert secret not in str([*ApiKey.objects.values(), *AuditEvent.objects.values()])

    def test_refuses_and_keeps_what_was_typed(self, browser):
        page = browser("maren").post(reverse("api-key-make"), typed(reads=[]))

        assert page.status_code == 422
        assert "Payroll" in page.content.decode()
        assert "at least one scope" in page.content.decode()

    def test_offers_nobody_else(self, browser):
        page = browser("maren").get(reverse("api-key-make")).content.decode()

        assert "robot" in page
        assert "jonas" not in page

    @pytest.mark.parametrize(
        ("said", "refusal"),
        [
            ({"user": "jonas"}, KeyForSomebodyElse),
            ({"scopes": ["everything:write"]}, KeyWithoutScope),
            ({"days": 366}, KeyExpiryUnsound),
            ({"by": "jonas"}, RoleMissing),
        ],
    )
    def test_refuses_what_would_lend_rights(self, made, said, refusal):
        people = {name: made.user(value) for name, value in said.items() if name in ("user", "by")}

        with pytest.raises(refusal):
            make(made, **said | people)


class TestKeyShow:
    def test_ends_a_key(self, browser, made):
        key, secret = make(made)

        assert browser("maren").post(reverse("api-key-show", args=[key.pk])).status_code == 302

        assert Client().get("/api/v1/me", headers={"authorization": f"Bearer {secret}"}).status_code == 401
        with pytest.raises(KeyRevoked):
            api_key_revoke(key_id=key.pk, by=made.user("maren"), at=timezone.now())

    def test_hides_anothers(self, browser, made):
        key, _secret = make(made)

        assert browser("paul").get(reverse("api-key-show", args=[key.pk])).status_code == 404

    def test_lists_cost_the_same_at_any_length(self, browser, made, django_assert_max_num_queries):
        for _key in range(5):
            make(made)

        ada = browser("ada")
        ada.get(reverse("home"))
        with django_assert_max_num_queries(12):
            ada.get(reverse("api-key-list"))


class TestCommand:
    def test_makes_lists_and_ends_keys(self, made, db):
        out = StringIO()
        call_command(
            "api_keys", "add", "robot", "--by", "maren", "--name", "BI", "--scope", "read",
            stdout=out, stderr=StringIO(),
        )  # fmt: skip
        secret = out.getvalue().strip()
        key = ApiKey.objects.get(name="BI")
        listed, ended = StringIO(), StringIO()
        call_command("api_keys", "list", stdout=listed)
        call_command("api_keys", "revoke", key.prefix, "--by", "maren", stdout=ended)

        assert SECRET.fullmatch(secret)
        assert all(scope.endswith(":read") for scope in key.scopes)
        assert key.prefix in listed.getvalue()
        assert secret not in listed.getvalue()
        with pytest.raises(CommandError, match="revoked before"):
            call_command("api_keys", "revoke", key.prefix, "--by", "maren")
