"""The audit trail: an entry for every change, written by the database, sealed, and verified."""

import uuid

import psycopg2
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from kamcomp.audit.context import act, acting, audit_act, on_behalf
from kamcomp.audit.models import AuditEvent, AuditSeal
from kamcomp.audit.selectors import audit_anchor, audit_faults
from kamcomp.audit.services import audit_seal
from kamcomp.identity.models import User
from teams.models import JobRole, Person, PersonDetails

WITHOUT_ENTRIES = {
    "api_keptanswer": "an answer that is said again for a day; what was written has its own entry",
    "api_usage": "how often somebody asked this minute, not the company's data",
    "audit_auditevent": "the trail itself",
    "audit_auditseal": "the trail itself",
    "auth_permission": "made by migrations, as the code says",
    "cache_entries": "a cache",
    "django_content_type": "made by migrations, as the code says",
    "django_migrations": "made by migrations",
    "django_session": "what a browser is shown, not the company's data",
    "payouts_payout": "the entry of its chunk stands for it",
    "payouts_payoutline": "the entry of its chunk stands for it",
    "pulse_canary": "which worker is alive, not the company's data",
    "webhooks_webhookattempt": "one try of telling another system; only added to",
    "webhooks_webhookdelivery": "how far telling another system is; sending one again has its entry",
    "webhooks_webhookevent": "what other systems are told; the act it tells of has its entry",
}


def entries(**conditions):
    return AuditEvent.objects.filter(**conditions).order_by("id")


@pytest.mark.django_db
class TestAuditEntries:
    def test_are_written_for_every_table_but_the_named_ones(self):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT c.relname, count(t.tgname) FROM pg_class c"
                " LEFT JOIN pg_trigger t ON t.tgrelid = c.oid AND t.tgname LIKE '%\\_audit\\_%'"
                " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') GROUP BY 1"
            )
            triggers = dict(cursor.fetchall())

        assert {table for table, count in triggers.items() if count == 0} == set(WITHOUT_ENTRIES)
        assert {count for count in triggers.values() if count} == {3}

    def test_say_what_was_made_changed_and_taken_away(self):
        role = JobRole.objects.create(code="support", name="Support")
        JobRole.objects.filter(pk=role.pk).update(name="Customer support")
        JobRole.objects.filter(pk=role.pk).delete()

        made, changed, gone = entries(subject_table="teams_jobrole", subject_id=str(role.pk))
        assert (made.operation, made.before, made.after["name"]) == ("insert", None, "Support")
        assert (changed.before, changed.after) == ({"name": "Support"}, {"name": "Customer support"})
        assert (gone.operation, gone.before["name"], gone.after) == ("delete", "Customer support", None)

    def test_are_not_written_for_an_update_that_changes_nothing(self):
        role = JobRole.objects.create(code="support", name="Support")
        JobRole.objects.filter(pk=role.pk).update(name="Support")

        assert [entry.operation for entry in entries(subject_table="teams_jobrole")] == ["insert"]

    def test_never_carry_personal_values(self):
        person = Person.objects.create(employee_id="E1")
        PersonDetails.objects.create(person=person, legal_name="Ada Lovelace", email="ada@example.com")
        PersonDetails.objects.filter(person=person).update(legal_name="Ada King")

        made, changed = entries(subject_table="teams_persondetails")
        assert (made.after["legal_name"], made.after["email"]) == ("withheld", "withheld")
        assert (changed.before, changed.after) == ({"legal_name": "withheld"}, {"legal_name": "withheld"})
        assert "Ada" not in str(list(entries().values()))

    def test_never_carry_a_password(self):
        user = User.objects.create_user(username="ada", password="correct horse battery")
        user.set_password("another horse battery")
        user.save()

        made, changed = entries(subject_table="identity_user")
        assert made.after["password"] == "withheld"
        assert changed.after == {"password": "withheld"}

    def test_of_bulk_facts_say_their_extent_once_a_statement(self):
        from tests.laws.rows import transactions

        made = transactions(3)

        (entry,) = entries(subject_table="scorecards_transaction")
        assert entry.after == {"rows": 3, "first": made[0].pk, "last": made[-1].pk}

    def test_keep_decimals_as_they_were(self):
        JobRole.objects.create(code="support", name="Support", role_weight="1.10000000")

        (entry,) = entries(subject_table="teams_jobrole")
        assert str(entry.after["role_weight"]) == "1.10000000"


@pytest.mark.django_db
class TestActing:
    def test_tells_the_entries_who_which_request_and_which_act(self):
        user = User.objects.create_user(username="ada")

        @act
        def role_make(*, by):
            return JobRole.objects.create(code="support", name="Support", created_by=by)

        with on_behalf(request_id="request-1"):
            role_make(by=user)

        (entry,) = entries(subject_table="teams_jobrole")
        assert (entry.user_id, entry.request_id, entry.action) == (user.pk, "request-1", "role_make")

    def test_gives_the_outer_act_its_name_back(self):
        with acting(action="outer"):
            with acting(action="inner"):
                JobRole.objects.create(code="a", name="A")
            JobRole.objects.create(code="b", name="B")

        assert [entry.action for entry in entries(subject_table="teams_jobrole")] == ["inner", "outer"]

    def test_says_nothing_more_after_an_inner_act_failed(self):
        with acting(action="outer"):
            with pytest.raises(ZeroDivisionError), acting(action="inner"):
                1 / 0  # noqa: B018
            JobRole.objects.create(code="b", name="B")

        assert [entry.action for entry in entries(subject_table="teams_jobrole")] == ["outer"]

    def test_takes_its_entries_back_with_the_act(self):
        with pytest.raises(ZeroDivisionError), acting(action="outer"):
            JobRole.objects.create(code="b", name="B")
            1 / 0  # noqa: B018

        assert not entries(subject_table="teams_jobrole").exists()

    def test_one_entry_can_stand_for_many_rows(self):
        with acting(action="chunk_store"):
            audit_act(subject_table="payouts_runchunk", subject_id=7, detail={"amount": "12.30"})

        (entry,) = entries(operation="act", action="chunk_store")
        assert (entry.subject_id, entry.after) == ("7", {"amount": "12.30"})


class TestAuditTrail:
    """What the role of web and workers may not do to the trail, and what the owner cannot do unseen."""

    @pytest.mark.parametrize(
        "statement",
        [
            (
                "INSERT INTO audit_auditevent"
                " (at, request_id, action, session_role, operation, subject_table, subject_id)"
                " VALUES (now(), '', '', '', 'act', 'x', 'y')"
            ),
            "UPDATE audit_auditevent SET action = 'other'",
            "DELETE FROM audit_auditevent",
            "TRUNCATE audit_auditevent",
            "DELETE FROM audit_auditseal",
            "UPDATE audit_auditseal SET digest = ''",
            "ALTER TABLE teams_jobrole DISABLE TRIGGER ALL",
            "SET session_replication_role = replica",
            "DROP FUNCTION audit_changes() CASCADE",
            "CREATE OR REPLACE FUNCTION audit_changes() RETURNS trigger LANGUAGE plpgsql AS 'begin return null; end'",
        ],
    )
    def test_refuses_the_app_role(self, app_sql, statement):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            app_sql.execute(statement)

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE audit_auditevent SET action = ''",
            "DELETE FROM audit_auditevent",
            "TRUNCATE audit_auditevent",
        ],
    )
    def test_refuses_even_the_owner(self, owner_sql, statement):
        with pytest.raises(psycopg2.errors.CheckViolation) as refused:
            owner_sql.execute(statement)

        assert refused.value.diag.constraint_name == "audit_events_stay"

    def test_is_written_for_copy_and_raw_sql_too(self, app_sql):
        app_sql.execute(
            "INSERT INTO teams_person (id, employee_id, cost_centre, status) VALUES (%s, 'E1', '', 'active')",
            [str(uuid.uuid4())],
        )

        entry = AuditEvent.objects.get(subject_table="teams_person")
        assert (entry.action, entry.session_role) == ("", connection.settings_dict["USER"])


def tampered(owner_sql, statement, *values):
    owner_sql.execute("SET session_replication_role = replica")
    owner_sql.execute(statement, values)
    owner_sql.execute("SET session_replication_role = DEFAULT")


class TestAuditSeal:
    @pytest.fixture
    def trail(self, transactional_db):
        """Return the numbers of six entries under two seals, after a seal of what migrations made."""
        audit_seal(at=timezone.now())
        for code in "abcde":
            JobRole.objects.create(code=code, name=code)
        assert audit_seal(at=timezone.now()) == 5
        JobRole.objects.create(code="f", name="f")
        assert audit_seal(at=timezone.now()) == 1
        return list(entries(subject_table="teams_jobrole").values_list("pk", flat=True))[-6:]

    def test_finds_an_untouched_trail_whole(self, trail):
        assert list(audit_faults(anchor=audit_anchor())) == []
        assert [seal.events for seal in AuditSeal.objects.order_by("id")][-2:] == [5, 1]

    def test_seals_nothing_twice(self, trail):
        assert audit_seal(at=timezone.now()) == 0

    def test_names_a_changed_entry(self, trail, owner_sql):
        tampered(owner_sql, "UPDATE audit_auditevent SET after = '{}' WHERE id = %s", trail[2])

        assert [str(fault) for fault in audit_faults()] == [f"entry {trail[2]}: was changed"]

    def test_names_a_missing_entry(self, trail, owner_sql):
        tampered(owner_sql, "DELETE FROM audit_auditevent WHERE id = %s", trail[2])

        assert [str(fault) for fault in audit_faults()] == [f"entry {trail[2]}: was taken away"]
        with pytest.raises(CommandError, match=f"entry {trail[2]}: was taken away"):
            call_command("audit", "verify")

    def test_names_a_seal_made_to_fit(self, trail, owner_sql):
        tampered(owner_sql, "DELETE FROM audit_auditevent WHERE id = %s", trail[2])
        tampered(
            owner_sql,
            "UPDATE audit_auditseal SET event_ids = array_remove(event_ids, %s), event_digests ="
            " event_digests[1:2] || event_digests[4:] WHERE event_ids[1] = %s",
            trail[2],
            trail[0],
        )

        assert "was changed" in str(next(audit_faults()))

    def test_names_a_seal_taken_away(self, trail, owner_sql):
        tampered(owner_sql, "DELETE FROM audit_auditseal WHERE event_ids[1] = %s", trail[0])

        assert "does not follow the seal before it" in str(next(audit_faults()))

    def test_misses_an_end_taken_away_by_the_anchor_alone(self, trail, owner_sql):
        anchor = audit_anchor()
        tampered(owner_sql, "DELETE FROM audit_auditevent WHERE id = %s", trail[-1])
        tampered(owner_sql, "DELETE FROM audit_auditseal WHERE id = (SELECT max(id) FROM audit_auditseal)")

        assert list(audit_faults()) == []
        assert [fault.where for fault in audit_faults(anchor=anchor)] == ["the trail"]

    def test_waits_for_entries_that_are_not_committed_yet(self, trail, app_connection):
        """An entry numbered before the seal and committed after it would be lost to the chain."""
        writer = app_connection()
        writer.cursor().execute("UPDATE teams_jobrole SET name = 'late' WHERE code = 'a'")
        JobRole.objects.create(code="g", name="g")

        with pytest.raises(Exception, match="lock timeout"), transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '200ms'")
            audit_seal(at=timezone.now())
        writer.commit()
        assert audit_seal(at=timezone.now()) == 2
        assert list(audit_faults()) == []
