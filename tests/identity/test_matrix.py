"""Every address, every role: what is expected stands in matrix.yaml, and an address missing there fails."""

import os

import pytest

from tests.identity.matrix import PAGE, USERS, addresses, company, expected, observed, written

pytestmark = pytest.mark.django_db
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


class TestMatrix:
    def test_is_what_every_address_answers(self, settings, tmp_path):
        settings.DEMO_MODE, settings.EXPORT_ROOT = False, tmp_path

        answers = observed(company())

        if os.environ.get("KAMCOMP_MATRIX") == "write":
            PAGE.write_text(written(answers), encoding="utf-8")
        said = expected()
        assert sorted(said) == sorted(answers), "an address is missing, or is there no more"
        different = {route: answers[route] for route in answers if answers[route] != said[route]}
        assert different == {}, f"these answer otherwise than expected:\n{written(different)}"

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
