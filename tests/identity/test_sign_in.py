"""Signing in: passwords, second factors, limits, sessions, and what is noted of it."""

import base64
import re
from datetime import date

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core import mail
from django.core.cache import cache
from django.urls import reverse

from kamcomp.audit.models import AuditEvent
from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.identity.services import user_make

pytestmark = pytest.mark.django_db
PASSWORD = "a password of some length"


@pytest.fixture
def user():
    return user_make(
        username="maren",
        email="maren@halden.example",
        password=PASSWORD,
        roles=[Role.COMP_ADMIN],
        since=date(2026, 1, 1),
        by=None,
    )


@pytest.fixture(autouse=True)
def quick(settings):
    """Start with no limit reached, and let the hash of a password cost nothing."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cache.clear()


def sign_in(client, login="maren", password=PASSWORD, **more):
    return client.post("/sign-in", {"login": login, "password": password}, **more)


def confirmed(client):
    sign_in(client)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})


def signed_in(client):
    return "_auth_user_id" in client.session


def noted(action):
    return AuditEvent.objects.filter(action=action).order_by("id")


class TestPassword:
    def test_is_hashed_slowly_in_earnest(self):
        from kamcomp import settings as ours

        assert not hasattr(ours, "PASSWORD_HASHERS")

    @pytest.mark.parametrize("login", ["maren", "maren@halden.example", "MAREN@Halden.example"])
    def test_lets_in_by_name_or_address(self, client, user, login):
        answer = sign_in(client, login)

        assert (answer.status_code, answer["Location"]) == (302, "/")
        assert signed_in(client)

    @pytest.mark.parametrize(
        ("login", "password"), [("maren", "wrong"), ("nobody", "wrong"), ("maren", PASSWORD + " ")]
    )
    def test_says_the_same_whatever_was_wrong(self, client, user, login, password):
        answer = sign_in(client, login, password)

        assert not signed_in(client)
        assert re.search(r'role="alert">.*?are not correct', answer.content.decode(), re.S)

    def test_of_somebody_who_may_no_longer_sign_in_is_not_taken(self, client, user):
        User.objects.update(is_active=False)

        sign_in(client)

        assert not signed_in(client)

    def test_cannot_be_made_by_a_visitor(self, client):
        answer = client.post(
            reverse("account_signup"), {"username": "eve", "password1": PASSWORD, "password2": PASSWORD}
        )

        assert "Nobody makes an account here by themselves" in answer.content.decode()
        assert not User.objects.exists()

    def test_forgotten_is_set_anew_by_mail(self, client, user):
        client.post(reverse("account_reset_password"), {"email": user.email})
        (address,) = re.findall(r"http://testserver(\S+)", mail.outbox[0].body)
        page = client.get(address, follow=True)
        new = "quite another password"
        client.post(page.redirect_chain[-1][0], {"password1": new, "password2": new})

        sign_in(client, password=new)

        assert signed_in(client)

    def test_forgotten_says_the_same_of_an_address_that_nobody_has(self, client, user):
        pages = [
            client.post(reverse("account_reset_password"), {"email": email}, follow=True).content
            for email in (user.email, "nobody@halden.example")
        ]

        assert pages[0] == pages[1]

    @pytest.mark.parametrize(
        "onward", ["//evil.example/", "https:evil.example", "/\\evil.example", "javascript:alert(1)"]
    )
    def test_leads_nowhere_else(self, client, user, onward):
        answer = client.post("/sign-in", {"login": "maren", "password": PASSWORD, "next": onward})

        assert answer["Location"] == "/"

    def test_page_of_another_host_is_refused(self, client):
        assert client.get("/sign-in", headers={"host": "evil.example"}).status_code == 400


class Counting(MD5PasswordHasher):
    """A hasher that counts how often a password was hashed."""

    hashed = 0

    def encode(self, password, salt):
        type(self).hashed += 1
        return super().encode(password, salt)


class TestEffort:
    def test_is_the_same_for_a_name_that_nobody_has(self, client, user, settings):
        settings.PASSWORD_HASHERS = [f"{__name__}.Counting"]
        counts = []
        for login in ("maren", "nobody", "nobody@halden.example"):
            Counting.hashed = 0
            sign_in(client, login, "no")
            counts.append(Counting.hashed)

        assert counts == [1, 1, 1]


class TestCaches:
    def test_keep_nothing_of_a_reader(self, client, user):
        sign_in(client)

        page = client.get("/")

        assert "no-store" in page["Cache-Control"]
        assert "Cookie" in page["Vary"]

    def test_may_keep_what_everybody_sees(self, client):
        assert "no-store" not in client.get("/account/password/sent").headers.get("Cache-Control", "")


class TestLimits:
    def test_stop_the_eleventh_try_at_one_user_and_nobody_else(self, client, user):
        user_make(username="jonas", password=PASSWORD, roles=[], since=date(2026, 1, 1), by=None)
        for _try in range(10):
            sign_in(client, password="wrong")

        stopped = sign_in(client)

        assert not signed_in(client)
        assert "Too many failed" in stopped.content.decode() or stopped.status_code == 429
        sign_in(client, "jonas")
        assert signed_in(client)

    def test_are_kept_in_the_database(self, settings, client, user):
        settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"

        for _try in range(10):
            sign_in(client, password="wrong")
        sign_in(client)

        assert not signed_in(client)
        assert settings.CACHES["default"]["BACKEND"] == "django.core.cache.backends.db.DatabaseCache"


class TestSession:
    def test_gets_a_new_name_at_sign_in(self, client, user):
        client.get("/sign-in")
        session = client.session
        session["kept"] = "from before"
        session.save()
        before = session.session_key

        sign_in(client)

        assert client.session.session_key != before

    def test_ends_when_it_was_idle(self, client, user, settings):
        sign_in(client)
        session = client.session
        session["seen_at"] -= settings.SESSION_IDLE_SECONDS + 1
        session.save()

        client.get("/")

        assert not signed_in(client)

    def test_ends_after_its_time_however_busy(self, client, user, settings):
        sign_in(client)
        session = client.session
        session["begun_at"] -= settings.SESSION_COOKIE_AGE + 1
        session.save()

        client.get("/")

        assert not signed_in(client)

    def test_ends_with_a_new_password_elsewhere(self, client, user):
        sign_in(client)
        user.set_password("quite another password")
        user.save(update_fields=["password"])

        client.get("/")

        assert client.get("/").wsgi_request.user.is_anonymous

    def test_is_noted_from_its_beginning_to_its_end(self, client, user):
        sign_in(client, password="wrong")
        sign_in(client, "nobody", "my password typed here")
        sign_in(client)
        client.post("/sign-out")

        assert [entry.subject_id for entry in noted("sign_in_failed")] == [str(user.pk), "unknown"]
        assert noted("sign_in").get().user_id == user.pk
        assert noted("sign_out").get().user_id == user.pk


def code_now(secret):
    counter = next(iter(yield_hotp_counters_from_time()))
    return format_hotp_value(hotp_value(secret, counter))


class TestSecondFactor:
    def activated(self, client):
        confirmed(client)
        page = client.get(reverse("mfa_activate_totp"))
        secret = page.context["form"].secret
        client.post(reverse("mfa_activate_totp"), {"code": code_now(secret)})
        return secret

    def test_is_asked_for_once_switched_on(self, client, user):
        secret = self.activated(client)
        client.post("/sign-out")

        answer = sign_in(client)

        assert answer["Location"].startswith(reverse("mfa_authenticate"))
        assert not signed_in(client)
        cache.clear()  # one code is good for one use
        client.post(reverse("mfa_authenticate"), {"code": code_now(secret)})
        assert signed_in(client)

    def test_secret_is_sealed_in_the_database(self, client, user):
        secret = self.activated(client)
        cache.clear()  # one code is good for one use

        stored = Authenticator.objects.get(type=Authenticator.Type.TOTP)
        assert secret not in str(stored.data)
        assert stored.wrap().validate_code(code_now(secret))

    def test_recovery_code_works_once(self, client, user):
        self.activated(client)
        codes = Authenticator.objects.get(type=Authenticator.Type.RECOVERY_CODES).wrap().get_unused_codes()
        for expected in (True, False):
            client.post("/sign-out")
            cache.clear()
            sign_in(client)
            client.post(reverse("mfa_authenticate"), {"code": codes[0]})
            assert signed_in(client) is expected

    def test_drawing_of_the_secret_carries_no_style(self, client, user):
        confirmed(client)

        page = client.get(reverse("mfa_activate_totp")).content.decode()

        assert "<svg" in page
        assert "style=" not in page
        assert "data:image" not in page

    def test_passkey_can_be_added_and_asked_for(self, client, user):
        confirmed(client)

        page = client.get(reverse("mfa_add_webauthn"))

        assert page.status_code == 200
        challenge = page.context["js_data"]["creation_options"]["publicKey"]["challenge"]
        assert len(base64.urlsafe_b64decode(challenge + "==")) >= 16
        client.post("/sign-out")
        asked = client.get(
            reverse("mfa_login_webauthn"), headers={"x-requested-with": "XMLHttpRequest"}
        ).json()
        assert asked["request_options"]["publicKey"]["challenge"] != challenge

    def test_changes_are_noted_without_the_secret(self, client, user):
        secret = self.activated(client)

        entries = AuditEvent.objects.filter(subject_table="mfa_authenticator")
        assert entries.exists()
        assert not [entry for entry in entries if secret in f"{entry.before}{entry.after}"]


PAGES = (
    "sign-in",
    "account_signup",
    "account_inactive",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key_done",
    "socialaccount_login_cancelled",
    "socialaccount_login_error",
)
OWN_PAGES = (
    "sign-out",
    "account_change_password",
    "account_reauthenticate",
    "mfa_index",
    "mfa_activate_totp",
    "mfa_list_webauthn",
    "mfa_add_webauthn",
    "socialaccount_connections",
    "view-as",
)


class TestPages:
    @pytest.mark.parametrize("name", PAGES + OWN_PAGES)
    def test_stand_in_our_frame_under_the_policy(self, client, user, name):
        if name in OWN_PAGES:
            confirmed(client)

        answer = client.get(reverse(name))

        page = answer.content.decode()
        assert answer.status_code in (200, 401)
        assert "unsafe" not in answer["Content-Security-Policy"]
        assert '<a class="skip"' in page
        assert "<h1>" in page
        assert not re.search(r"\sstyle=|\son[a-z]+=|<style", page)
        inline = re.findall(r"<script(?![^>]*\bsrc=)([^>]*)>", page)
        assert all('type="application/json"' in attributes for attributes in inline)


class TestPasswordByHeader:
    CASE = {"format": "kamcomp.case/1"}

    def asked(self, client, password=PASSWORD):
        credentials = base64.b64encode(f"maren:{password}".encode()).decode()
        return client.post(
            "/api/v1/calculations",
            self.CASE,
            content_type="application/json",
            headers={"authorization": f"Basic {credentials}"},
        )

    def test_is_taken_by_the_interface(self, client, user):
        assert self.asked(client).status_code == 422
        assert self.asked(client, "wrong").status_code in (401, 403)

    def test_is_counted_like_any_other(self, client, user):
        for _try in range(10):
            self.asked(client, "wrong")

        assert self.asked(client).status_code in (401, 403)

    def test_is_not_enough_for_who_has_a_second_factor(self, client, user):
        TestSecondFactor().activated(client)
        client.post("/sign-out")
        cache.clear()

        assert "second factor" in self.asked(client).content.decode()
