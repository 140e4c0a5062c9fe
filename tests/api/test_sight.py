"""
Who sees which rows: role by resource by object, from table.yaml; and that nothing else tells what is not seen.

The table says whether each role is shown all rows, none, or how many. Written anew with KAMCOMP_MATRIX=write.
"""

import os
from pathlib import Path

import pytest
import yaml

from kamcomp.api.resources import all_resources, resource_named
from kamcomp.identity.models import User
from tests.api.caller import ROLES, told

pytestmark = pytest.mark.django_db
TABLE = Path(__file__).with_name("table.yaml")
IN_PART = ("kam", "payee", "executive", "api_client")
"""Those who see some rows of a table and not others; the rest see all of it or nothing."""


@pytest.fixture(scope="module")
def table():
    return yaml.safe_load(TABLE.read_text(encoding="utf-8")) if TABLE.is_file() else {}


@pytest.fixture
def callers(caller):
    return {role: caller(name) for role, name in ROLES.items()}


class TestSight:
    def test_is_what_the_table_says_in_lists_and_of_each_row(self, callers, table):
        seen = {}
        for resource in all_resources():
            by_role = {role: asker.rows(resource.name) for role, asker in callers.items()}
            seen[resource.name] = _part_seen(by_role)
            if resource.has_items:
                _each_row(resource, by_role, callers)

        if os.environ.get("KAMCOMP_MATRIX") == "write":
            TABLE.write_text(yaml.safe_dump(seen, sort_keys=False), encoding="utf-8")
        assert seen == table

    def test_of_one_who_is_not_signed_in_is_nothing(self, client, made):
        for resource in all_resources():
            answer = client.get(f"/api/v1/{resource.name}")
            assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")

    def test_ends_where_the_scopes_of_a_key_do(self, caller):
        narrow = caller("maren", ["periods:read"])

        assert narrow.get("periods").status_code == 200
        for resource in all_resources():
            if resource.reads != "periods:read":
                answer = narrow.get(resource.name)
                assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
        assert narrow.post("runs", {"period": "2026-Q4"}).status_code == 403


def _part_seen(by_role):
    """Return by role "all", "none" or a number of rows; what somebody sees most of is all of it."""
    counts = {role: len(rows) for role, rows in by_role.items()}
    most = max(counts.values())
    return {
        role: "none" if count == 0 else "all" if count == most else count for role, count in counts.items()
    }


def _each_row(resource, by_role, callers):
    """Ask for a row that the role is shown, and for one that it is not."""
    everything = {row["id"] for rows in by_role.values() for row in rows}
    for role in IN_PART:
        own = {row["id"] for row in by_role[role]}
        for status, ids in ((200, own), (404, everything - own)):
            for each in sorted(ids)[:1]:
                found = callers[role].get(f"{resource.name}/{each}").status_code
                assert found == status, (resource.name, role, each)


class TestWhatIsNotSeen:
    """Sofia is paid; what she asks about strangers is answered as if they were not there."""

    @pytest.fixture
    def sofia(self, caller):
        return caller("sofia")

    @pytest.fixture
    def stranger(self, made):
        people, payouts = resource_named("people"), resource_named("payouts")
        return {
            "person": people.id_of(made.people["KAM"].pk),
            "payout": payouts.id_of(made.payouts["KAM"].pk),
            "nobody": people.id_of(made.run.pk),
        }

    def test_is_not_told_by_filters_counts_or_files(self, sofia, stranger):
        for resource in ("payouts", "memberships", "assignments", "packages", "adjustments", "disputes"):
            asked = [f"{resource}?totals=true&person={stranger[who]}" for who in ("person", "nobody")]
            first, second = (sofia.get(path) for path in asked)
            assert first.json() == second.json()
            assert first.json()["totals"] == {"rows": 0, "amounts": []}
            assert first.headers["ETag"] == second.headers["ETag"]
            files = [told(sofia.get(f"{path.replace('totals=true&', '')}&format=csv")) for path in asked]
            assert files[0] == files[1]

    def test_is_answered_as_what_does_not_exist(self, sofia, stranger):
        of_stranger = sofia.get(f"payouts/{stranger['payout']}").json()
        of_nobody = sofia.get(f"payouts/{stranger['nobody'].replace('per_', 'pay_')}").json()

        for changing in ("instance", "request_id"):
            del of_stranger[changing], of_nobody[changing]
        assert of_stranger == of_nobody
        assert sofia.get(f"payouts/{stranger['payout']}/trace").status_code == 404

    def test_changes_no_etag_total_or_order(self, sofia, made):
        paths = (
            "payouts?totals=true&ordering=-amount",
            "memberships?totals=true",
            "people?expand=memberships",
        )
        before = [sofia.get(path).headers["ETag"] for path in paths]

        made.people["KAM"].cost_centre = "changed"
        made.people["KAM"].save(update_fields=["cost_centre"])
        membership = made.first.account.memberships.first()
        membership.dedication = "0.1"
        membership.save(update_fields=["dedication"])

        assert [sofia.get(path).headers["ETag"] for path in paths] == before

    def test_is_not_laid_in(self, caller, made):
        row = caller("robot").get("people/by-external-id/SOFIA?expand=details,memberships").json()
        assert row["details"]["name"] == "Sofia Doe"

        packages = caller("robot").get("packages?expand=person").json()

        assert packages["data"] == []

    def test_is_only_ones_own_with_a_session_too(self, client, made):
        client.force_login(User.objects.get(username="sofia"))

        rows = client.get("/api/v1/payouts").json()["data"]

        assert {row["employee_id"] for row in rows} == {"SOFIA"}
