"""The laws of replays: evidence is written once, and its figures add up."""

from decimal import Decimal

import pytest
from django.db import transaction
from django.db.models.expressions import RawSQL
from django.utils import timezone

from payouts.models import ReplayPerson
from plans.models import Replay
from tests.laws import rows
from tests.laws.breaking import refused

pytestmark = pytest.mark.django_db
D = Decimal
NOT_A_NUMBER = RawSQL("'NaN'::numeric", ())


def replay(**changed):
    fields = {
        "version": rows.version(), "version_digest": "0" * 64, "at": timezone.now(), "periods": ["Q1"],
        "people_of": ["P"], "currency": "EUR", "people": 1, "paid": D(1), "replayed": D(2), "pools_paid": D(0),
        "pools_replayed": D(0), "figures": {}, "problems": [], "input_digest": "0" * 64, "result_digest": "0" * 64,
    }  # fmt: skip
    return Replay.objects.create(**fields | changed)


def payee(of, **changed):
    fields = {"replay": of, "person": rows.person(), "currency": "EUR", "target": D(1), "paid": D(1),
              "replayed": D(3), "difference": D(2), "figures": {}}  # fmt: skip
    return ReplayPerson.objects.create(**fields | changed)


class TestReplay:
    @pytest.mark.parametrize("changed", [{"periods": []}, {"people_of": []}])
    def test_is_of_periods_and_people(self, changed):
        with refused("replays_are_of_periods"), transaction.atomic():
            replay(**changed)

    def test_stays_as_it_was_written_with_its_people(self):
        one = payee(replay())

        for rows_of, law in ((Replay, "replays_stay"), (ReplayPerson, "replay_people_stay")):
            with refused(law), transaction.atomic():
                rows_of.objects.update(paid=D(5))
            with refused(law), transaction.atomic():
                rows_of.objects.filter(pk=(one.pk if rows_of is ReplayPerson else one.replay_id))._raw_delete(
                    "default"
                )

    def test_has_a_person_once_with_the_difference(self):
        one = payee(replay())

        with refused("replay_people_once"), transaction.atomic():
            payee(one.replay, person=one.person)
        with refused("replay_people_differ_by_the_difference"), transaction.atomic():
            payee(one.replay, difference=D(1))

    def test_holds_numbers_only(self):
        with refused("plans_replay_amounts_are_numbers"), transaction.atomic():
            replay(paid=NOT_A_NUMBER)
        of = replay()
        with refused("payouts_replayperson_amounts_are_numbers"), transaction.atomic():
            payee(of, target=NOT_A_NUMBER)
