"""Acceptances: what was put before somebody stays, and nobody answers for another."""

import pytest
from django.utils import timezone

from plans.models import Acceptance
from tests.laws import rows
from tests.laws.breaking import refused

pytestmark = pytest.mark.django_db(transaction=True)
SET = "UPDATE plans_acceptance SET {} WHERE id = %s"
OPENED = "status = 'opened', opened_at = now()"
SIGNED = "status = 'signed', answered_at = now(), answered_by_id = '{}'"


@pytest.fixture
def asked():
    person = rows.person()
    person.user = rows.user()
    person.save()
    return Acceptance.objects.create(
        version=rows.version(),
        person=person,
        language="en",
        text={"title": "t"},
        digest="0" * 64,
        sent_at=timezone.now(),
    )


class TestAcceptance:
    def test_is_answered_by_the_person_alone(self, app_sql, asked):
        app_sql.execute(SET.format(OPENED), [str(asked.pk)])

        with refused("acceptances_answered_by_their_own"):
            app_sql.execute(SET.format(SIGNED.format(rows.user().pk)), [str(asked.pk)])
        app_sql.execute(SET.format(SIGNED.format(asked.person.user_id)), [str(asked.pk)])
        with refused("acceptances_texts_stay", saying="stays as it was answered"):
            app_sql.execute(SET.format("reason = 'r'"), [str(asked.pk)])

    @pytest.mark.parametrize("change", ["text = '{}'", "digest = 'x'", "language = 'de'"])
    def test_stays_word_for_word(self, app_sql, asked, change):
        with refused("acceptances_texts_stay", saying="stays as it was sent"):
            app_sql.execute(SET.format(change), [str(asked.pk)])

    @pytest.mark.parametrize(
        ("change", "law"),
        [
            ("status = 'refused'", "acceptances_move_on"),
            ("status = 'lapsed', answered_at = now()", "acceptances_answers_are_whole"),
        ],
    )
    def test_moves_as_its_states_say(self, app_sql, asked, change, law):
        with refused(law):
            app_sql.execute(SET.format(change), [str(asked.pk)])

    def test_is_refused_with_a_reason(self, app_sql, asked):
        app_sql.execute(SET.format(OPENED), [str(asked.pk)])

        with refused("acceptances_refused_say_why"):
            app_sql.execute(
                SET.format(SIGNED.format(asked.person.user_id).replace("signed", "refused")), [str(asked.pk)]
            )

    def test_is_one_a_person_and_never_taken_away(self, app_sql, asked):
        columns = "version_id, person_id, language, text, digest, sent_at"

        with refused("acceptances_one_a_person"):
            app_sql.execute(
                f"INSERT INTO plans_acceptance (id, status, reason, {columns})"
                f" SELECT gen_random_uuid(), 'sent', '', {columns} FROM plans_acceptance"
            )
        with refused("acceptances_stay"):
            app_sql.execute("DELETE FROM plans_acceptance")
