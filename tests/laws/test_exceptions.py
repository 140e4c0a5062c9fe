"""Exceptions: reviewed and decided by others than asked for them, and kept as they were asked for and decided."""

from datetime import date

import pytest

from payouts.models import PlanException
from tests.laws import rows
from tests.laws.breaking import refused
from tests.laws.rows import NUMBERS

pytestmark = pytest.mark.django_db(transaction=True)
SET = "UPDATE payouts_planexception SET {} WHERE id = %s"
REVIEW = "status = 'reviewed', reviewed_at = now(), reviewed_by_id = '{}'"
DECIDE = "status = '{}', decided_at = now(), decided_by_id = '{}'"


def exception(**values):
    return PlanException.objects.create(
        **{
            "number": next(NUMBERS),
            "plan": rows.plan(),
            "person": rows.person(),
            "period": rows.period(),
            "kind": "deal",
            "reason": "r",
            "amount": "10.00",
            "currency": "EUR",
            "expires_on": date(2026, 12, 31),
            "requested_by": rows.user(),
            **values,
        }
    )


class TestPlanException:
    def test_is_reviewed_and_decided_by_others_than_asked(self, app_sql):
        asked = exception()
        own, other = str(asked.requested_by_id), str(rows.user().pk)

        with refused("exceptions_requester_neither_reviews_nor_approves"):
            app_sql.execute(SET.format(REVIEW.format(own)), [str(asked.pk)])
        app_sql.execute(SET.format(REVIEW.format(other)), [str(asked.pk)])
        with refused("exceptions_requester_neither_reviews_nor_approves"):
            app_sql.execute(SET.format(DECIDE.format("approved", own)), [str(asked.pk)])

    @pytest.mark.parametrize("status", ["approved", "rejected", "expired"])
    def test_moves_as_its_states_say(self, app_sql, status):
        asked = exception()

        with refused("exceptions_move_on"):
            app_sql.execute(SET.format(f"status = '{status}'"), [str(asked.pk)])

    @pytest.mark.parametrize("change", ["amount = 11", "reason = 's'", "expires_on = '2027-01-01'"])
    def test_stays_as_it_was_asked_for(self, app_sql, change):
        asked = exception()

        with refused("exceptions_requests_stay", saying="stays as it was requested"):
            app_sql.execute(SET.format(change), [str(asked.pk)])

    def test_stays_as_it_was_decided(self, app_sql):
        asked, other = exception(), str(rows.user().pk)
        app_sql.execute(SET.format(REVIEW.format(other)), [str(asked.pk)])
        app_sql.execute(SET.format(DECIDE.format("approved", other)), [str(asked.pk)])

        with refused("exceptions_requests_stay", saying="stays as it was decided"):
            app_sql.execute(SET.format("decision = 'another'"), [str(asked.pk)])
        with refused("exceptions_stay"):
            app_sql.execute("DELETE FROM payouts_planexception")

    @pytest.mark.parametrize(
        ("law", "values"),
        [
            ("exceptions_are_whole", {"amount": 0}),
            ("exceptions_are_whole", {"reason": ""}),
            ("exceptions_terms_are_of_an_assignment", {"terms": {"share": "1"}}),
        ],
    )
    def test_is_whole(self, law, values):
        with refused(law):
            exception(**values)

    def test_knows_who_reviewed_it(self, app_sql):
        with refused("exceptions_steps_have_somebody"):
            app_sql.execute(SET.format("status = 'reviewed'"), [str(exception().pk)])

    def test_costs_a_number(self, app_sql):
        asked = exception()
        app_sql.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'payouts_planexception'"
        )
        columns = [name for (name,) in app_sql.fetchall()]
        other = {"id": "gen_random_uuid()", "number": "number + 1000000", "amount": "'NaN'"}
        values = ", ".join(other.get(name, name) for name in columns)

        with refused("payouts_planexception_amounts_are_numbers"):
            app_sql.execute(
                f"INSERT INTO payouts_planexception ({', '.join(columns)}) SELECT {values}"
                " FROM payouts_planexception WHERE id = %s",
                [str(asked.pk)],
            )
