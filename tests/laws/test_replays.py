"""The laws of replays: evidence is written once, and its figures add up."""

from decimal import Decimal

import pytest
from django.db import transaction

from payouts.models import ReplayPerson
from plans.models import Draft, Replay, Scenario
from tests.laws import rows
from tests.laws.breaking import refused

pytestmark = pytest.mark.django_db
D = Decimal


class TestReplay:
    @pytest.mark.parametrize("changed", [{"periods": []}, {"people_of": []}])
    def test_is_of_periods_and_people(self, changed):
        with refused("replays_are_of_periods"), transaction.atomic():
            rows.replay(**changed)

    def test_is_of_a_version_or_of_a_working_draft(self):
        version = rows.version()
        draft = Draft.objects.create(
            calendar=version.plan.calendar, name="N", document={}, changed_by=version.prepared_by,
            changed_at=rows.NOON,
        )  # fmt: skip
        with refused("replays_are_of_one_document"), transaction.atomic():
            rows.replay(draft=draft, version=version)

    def test_stays_as_it_was_written_with_its_people(self):
        one = rows.replay_person(rows.replay())

        for rows_of, law in ((Replay, "replays_stay"), (ReplayPerson, "replay_people_stay")):
            with refused(law), transaction.atomic():
                rows_of.objects.update(paid=D(5))
            with refused(law), transaction.atomic():
                rows_of.objects.filter(pk=(one.pk if rows_of is ReplayPerson else one.replay_id))._raw_delete(
                    "default"
                )

    def test_has_a_person_once_with_the_difference(self):
        one = rows.replay_person(rows.replay())

        with refused("replay_people_once"), transaction.atomic():
            rows.replay_person(one.replay, person=one.person)
        with refused("replay_people_differ_by_the_difference"), transaction.atomic():
            rows.replay_person(one.replay, difference=D(1))


class TestScenario:
    def test_is_of_a_draft_or_a_version_and_has_a_name(self):
        with refused("scenarios_are_of_a_draft_or_a_version"), transaction.atomic():
            rows.scenario(draft=None)
        with refused("scenarios_have_a_name"), transaction.atomic():
            rows.scenario(name="")

    def test_stays_as_it_was_written(self):
        one = rows.scenario()

        with refused("scenarios_stay"), transaction.atomic():
            Scenario.objects.update(name="Other")
        with refused("scenarios_stay"), transaction.atomic():
            Scenario.objects.filter(pk=one.pk)._raw_delete("default")
