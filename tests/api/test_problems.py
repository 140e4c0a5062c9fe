"""Problems: every error below /api is one, with code, place and the id of the request."""

from base64 import b64encode
from datetime import timedelta

import pytest
from django.core import signing
from django.test import Client
from django.utils import timezone

from kamcomp.api import limits
from kamcomp.api.public_ids import NotAnId, own_id, public_id
from kamcomp.api.resources import resource_named
from kamcomp.ids import uuid7

pytestmark = pytest.mark.django_db
WORDS = {"type", "title", "status", "detail", "instance", "code", "errors", "request_id"}


@pytest.fixture
def time_machine_at(monkeypatch):
    """Let tokens be judged so many seconds later."""
    now = signing.time.time
    return lambda seconds: monkeypatch.setattr(signing.time, "time", lambda: now() + seconds)


class TestProblems:
    @pytest.mark.parametrize(
        ("method", "path", "status", "code"),
        [
            ("get", "nothing", 404, "not_found"),
            ("get", "jobs/job_01k8z3v2m5f7q9s1t4w6x8y0za", 404, "not_found"),
            ("get", "people/job_01k8z3v2m5f7q9s1t4w6x8y0za", 404, "not_found"),
            ("get", "people/per_7zzzzzzzzzzzz", 404, "not_found"),
            ("get", "people/by-external-id/%00", 404, "not_found"),
            ("post", "jobs", 405, "method_not_allowed"),
            ("delete", "people", 405, "method_not_allowed"),
            ("options", "people", 405, "method_not_allowed"),
        ],
    )
    def test_are_told_as_problems(self, caller, method, path, status, code):
        answer = caller("maren").ask(method, path)

        body = answer.json()
        assert answer.status_code == status
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert set(body) == WORDS
        assert (body["status"], body["code"]) == (status, code)
        assert body["request_id"] == answer.headers["X-Request-ID"]

    def test_are_told_where_no_form_fits(self, caller):
        answer = caller("maren").get("people", accept="image/png")

        assert (answer.status_code, answer.json()["code"]) == (406, "not_acceptable")

    @pytest.mark.parametrize(
        ("sent", "status", "code"),
        [
            (b"{", 400, "parse_error"),
            (b'{"period": "a", "period": "b"}', 400, "parse_error"),
            (b"[]", 400, "invalid"),
            (b'{"period": 1.5, "what": 1}', 400, "invalid"),
            (b'{"period": "2026-Q3", "status": "locked"}', 400, "invalid"),
            (b'{"period": "1999-Q1"}', 422, "period_unknown"),
            (b'{"period": "2026-Q3\\u0000"}', 400, "parse_error"),
            (b'{"period": "\xff"}', 400, "parse_error"),
            (b'{"period": "\\ud800"}', 400, "parse_error"),
            (b'{"period": 2026}', 400, "invalid"),
            (b'{"period": "\\t"}', 400, "invalid"),
            (b'{"period": "2026-Q3", "whole": "true"}', 400, "invalid"),
            (b'{"period": "2026-Q3", "whole": null}', 400, "invalid"),
            (b"[" * 100_000, 400, "parse_error"),
            (b'{"period": ' + b"9" * 5_000 + b"}", 400, "parse_error"),
        ],
    )
    def test_name_the_place_in_what_was_sent(self, caller, sent, status, code):
        asker = caller("maren")
        answer = asker.client.post(
            "/api/v1/runs",
            data=sent,
            content_type="application/json",
            headers={"authorization": f"Bearer {asker.secret}"},
        )

        assert (answer.status_code, answer.json()["code"]) == (status, code)

    def test_of_a_form_are_refused(self, caller):
        asker = caller("maren")
        answer = asker.client.post(
            "/api/v1/runs", {"period": "x"}, headers={"authorization": f"Bearer {asker.secret}"}
        )

        assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")

    def test_of_ours_say_so_and_nothing_more(self, caller, monkeypatch):
        def breaks(**_said):
            raise ZeroDivisionError("secret")

        asker = caller("maren")
        monkeypatch.setattr("kamcomp.api.views.page_of", lambda *_all, **_said: breaks())
        answer = asker.get("people")

        assert (answer.status_code, answer.json()["code"]) == (500, "broken")
        assert b"secret" not in answer.content

    def test_of_a_refusal_have_its_code(self, caller):
        answer = caller("sofia").post("runs", {"period": "2026-Q4"})

        assert (answer.status_code, answer.json()["code"]) == (403, "role_missing")

    def test_say_when_somebody_asks_too_often(self, caller, settings, monkeypatch):
        settings.API_PER_MINUTE = 2
        monkeypatch.setattr(limits.time, "time", lambda: 1_800_000_015.0)
        asker = caller("maren")

        answers = [asker.get("me") for _turn in range(3)]

        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert answers[1].headers["RateLimit"] == '"minute";r=0;t=45'
        assert answers[2].headers["Retry-After"] == "45"
        assert caller("jonas").get("me").status_code == 200


class TestLooking:
    def test_as_somebody_else_shows_what_they_see(self, client, made):
        client.force_login(made.user("maren"))
        client.post(f"/view-as/{made.user('sofia').pk}")

        rows = client.get("/api/v1/payouts").json()["data"]

        assert [row["employee_id"] for row in rows] == ["SOFIA"]


class TestKeys:
    @pytest.mark.parametrize("said", ["Bearer kc_live_wrong", "Bearer kc_test_abcdefgh_0", "Bearer kc_live_"])
    def test_that_are_not_in_force_let_nobody_in(self, made, said):
        answer = Client().get("/api/v1/me", headers={"authorization": said})

        assert (answer.status_code, answer.json()["code"]) == (401, "key_not_in_force")

    @pytest.mark.parametrize("ended", ["revoked", "expired", "inactive"])
    def test_that_ended_let_nobody_in(self, caller, ended):
        asker = caller("maren")
        now = timezone.now()
        if ended == "inactive":
            type(asker.user).objects.filter(pk=asker.user.pk).update(is_active=False)
        said = {
            "revoked": {"revoked_at": now, "revoked_by": asker.user},
            "expired": {"expires_at": now - timedelta(1)},
        }
        type(asker.key).objects.filter(pk=asker.key.pk).update(**said.get(ended, {"name": "as before"}))

        assert asker.get("me").status_code == 401

    def test_are_never_taken_from_the_address(self, caller):
        asker = caller("maren")

        assert Client().get(f"/api/v1/me?key={asker.secret}").status_code == 401

    def test_say_whom_they_act_as(self, caller):
        me = caller("paul", ["payouts:read"]).get("me").json()

        assert (me["username"], me["roles"], me["scopes"]) == ("paul", ["kam", "payee"], ["payouts:read"])


class TestTokens:
    def token(self, asker, **said):
        return Client().post("/api/v1/oauth/token", {"grant_type": "client_credentials", **said})

    def test_are_given_to_a_key_and_do_less(self, caller):
        asker = caller("maren", ["periods:read", "people:read"])
        given = self.token(
            asker, client_id=asker.key.prefix, client_secret=asker.secret, scope="periods:read"
        ).json()

        bearer = {"authorization": f"Bearer {given['access_token']}"}
        assert (given["token_type"], given["expires_in"], given["scope"]) == ("Bearer", 3600, "periods:read")
        assert Client().get("/api/v1/periods", headers=bearer).status_code == 200
        assert Client().get("/api/v1/people", headers=bearer).status_code == 403
        assert asker.secret not in given["access_token"]

    def test_end_with_their_key_and_after_an_hour(self, caller, time_machine_at):
        asker = caller("maren")
        said = {"authorization": f"Basic {b64encode(f'{asker.key.prefix}:{asker.secret}'.encode()).decode()}"}
        given = (
            Client().post("/api/v1/oauth/token", {"grant_type": "client_credentials"}, headers=said).json()
        )
        bearer = {"authorization": f"Bearer {given['access_token']}"}
        assert Client().get("/api/v1/me", headers=bearer).json()["username"] == "maren"

        time_machine_at(3601)
        assert Client().get("/api/v1/me", headers=bearer).status_code == 401
        time_machine_at(0)
        type(asker.key).objects.filter(pk=asker.key.pk).update(
            revoked_at=timezone.now(), revoked_by=asker.user
        )
        assert Client().get("/api/v1/me", headers=bearer).status_code == 401

    @pytest.mark.parametrize(
        ("said", "status", "error"),
        [
            ({"client_secret": "kc_live_wrong"}, 401, "invalid_client"),
            ({"client_id": "kc_live_aaaaaaaa"}, 401, "invalid_client"),
            ({"scope": "runs:write"}, 400, "invalid_scope"),
            ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ],
    )
    def test_are_refused_as_the_protocol_says(self, caller, said, status, error):
        asker = caller("maren", ["periods:read"])
        answer = self.token(asker, **{"client_id": asker.key.prefix, "client_secret": asker.secret} | said)

        assert (answer.status_code, answer.json()["error"]) == (status, error)


class TestPublicIds:
    def test_are_each_others_reverse(self):
        for pk in (uuid7(), 1, 2**62):
            assert own_id("per", public_id("per", pk)) == pk

    @pytest.mark.parametrize(
        "said", ["per_", "per_01", "pay_01k8z3v2m5f7q9s1t4w6x8y0za", "per_u" + "0" * 25, "per_z" + "0" * 25]
    )
    def test_of_another_kind_are_none(self, said):
        with pytest.raises(NotAnId):
            own_id("per", said)

    def test_of_numbers_are_no_ids_of_uuids(self):
        assert resource_named("people").pk_of(public_id("per", 7)) is None
