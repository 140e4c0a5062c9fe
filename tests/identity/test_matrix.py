"""Every address, every role: what is expected stands in matrix.yaml, and an address missing there fails."""

import os
from pprint import pformat

import pytest

from tests.identity.matrix import PAGE, USERS, addresses, company, expected, observed, written
from tests.pages.english import found_english

pytestmark = pytest.mark.django_db
MANUAL = "help/<path:page>"
OPEN = {
    "healthz",
    "health/live",
    "health/ready",
    "metrics",
    "sign-in",
    "sign-out",
    "account/closed",
    "account/inactive",
    "account/password/forgotten",
    "account/password/sent",
    "account/^password/new/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)$",
    "account/password/changed",
    "account/second-factor/webauthn/login/",
    "account/providers/cancelled",
    "account/providers/failed",
    "/",
}
"""What somebody who has not signed in is shown; everything else sends them to sign in, or is not there."""


def note(english: dict[str, set[str]], route: str, page: str) -> None:
    """Note the English sentences of ours on a page that is read in German; the manual is English."""
    if route != MANUAL and (found := found_english(page)):
        english.setdefault(route, set()).update(found)


class TestMatrix:
    def test_is_what_every_address_answers(self, settings, tmp_path):
        settings.DEMO_MODE, settings.EXPORT_ROOT = False, tmp_path

        english: dict[str, set[str]] = {}
        answers = observed(company(), reads=lambda route, page: note(english, route, page))

        if os.environ.get("KAMCOMP_MATRIX") == "write":
            PAGE.write_text(written(answers), encoding="utf-8")
        said = expected()
        assert sorted(said) == sorted(answers), "an address is missing, or is there no more"
        different = {route: answers[route] for route in answers if answers[route] != said[route]}
        assert different == {}, f"these answer otherwise than expected:\n{written(different)}"
        assert english == {}, f"who reads German is told in English:\n{pformat(english, width=150)}"

    def test_names_every_role_once_for_each_question(self):
        for route, methods in expected().items():
            for by_label in methods.values():
                for label, by_status in by_label.items():
                    roles = sorted(role for roles in by_status.values() for role in roles)
                    assert roles == sorted(USERS), (route, label)

    def test_shows_no_stranger_to_a_kam_or_payee(self):
        for route, methods in expected().items():
            for method, by_label in methods.items():
                for status, roles in by_label.get("stranger's", {}).items():
                    if {"kam", "payee"} & set(roles):
                        assert status in (404, 405), (route, method)

    def test_shows_visitors_only_what_is_named(self):
        for route, methods in expected().items():
            for by_label in methods.values():
                for by_status in by_label.values():
                    (status,) = [status for status, roles in by_status.items() if "nobody" in roles]
                    assert status != 200 or route in OPEN, route

    def test_finds_no_fault_of_ours(self):
        statuses = {
            status
            for methods in expected().values()
            for by_label in methods.values()
            for by_status in by_label.values()
            for status in by_status
        }

        assert {status for status in statuses if status >= 500 and status != 503} == set()

    def test_reads_addresses_from_the_urlconf(self):
        routes = [address.route for address in addresses()]

        assert "view-as/<uuid:user_id>" in routes
        assert len(routes) == len(set(routes)) > 30


class TestEnglish:
    def test_is_told_from_german(self):
        page = "<p>It cannot be handed in yet.</p><b aria-label='x'>Es fehlt</b><script>All findings of a run</script>"

        assert found_english(page) == ["It cannot be handed in yet"]
        assert found_english("<p>Es lässt sich noch nicht einreichen.</p>") == []
