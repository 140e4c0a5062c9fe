"""PostgreSQL's clock is set back: what the dead had in hand is taken up at once, and nobody dead seems alive."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F

from kamcomp.jobs.models import Job
from kamcomp.jobs.services import job_request, job_take, jobs_waiting
from kamcomp.pulse.choices import Door
from kamcomp.pulse.models import Canary
from kamcomp.pulse.selectors import pulses, work_is_done
from kamcomp.pulse.services import canary_touch
from payouts.choices import RunStatus
from payouts.models import Run, RunChunk
from payouts.selectors.runs import run_progress, runs_to_look_at
from payouts.services import runs
from payouts.services.run_chunks import StaleLease, chunk_store, chunk_take
from payouts.services.run_compute import chunk_compute
from payouts.services.run_work import run_look
from tests.faults.conftest import asked
from tests.faults.story import Story
from tests.payouts.crowd import crowd

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

HOUR = timedelta(hours=1)


def looked_at(run: Run) -> Run:
    run_look(run_id=run.pk)
    run.refresh_from_db()
    return run


class TestRun:
    """What a worker noted before lies an hour ahead of the clock as it is now."""

    def test_whose_worker_died_before_is_taken_up_at_once(self, settings, story: Story):
        settings.KAMCOMP_CHUNK_PEOPLE = 3
        made = crowd(6)
        undisturbed = looked_at(asked(made))
        run = asked(made)
        runs.run_prepare(run_id=run.pk)
        dead = chunk_take(worker="dies", run_id=run.pk)
        computed = chunk_compute(chunk_id=dead.chunk_id)
        RunChunk.objects.filter(pk=dead.chunk_id).update(
            started_at=F("started_at") + HOUR, lease_until=F("lease_until") + HOUR
        )
        story.blow("set back an hour with a chunk in a dead worker's hands")

        assert (run_progress(run_id=run.pk).working, run_progress(run_id=run.pk).overdue) == (0, 1)
        assert runs_to_look_at() == [run.pk]
        looked_at(run)
        with pytest.raises(StaleLease):
            chunk_store(taken=dead, computed=computed)
        story.ends_as(run, undisturbed)

    def test_whose_preparation_died_before_is_prepared_at_once(self, story: Story):
        run = asked(crowd(2))
        runs._preparation_take(run_id=run.pk)
        Run.objects.filter(pk=run.pk).update(lease_until=F("lease_until") + HOUR)
        story.blow("set back an hour while a preparation had died")

        assert runs_to_look_at() == [run.pk]
        assert looked_at(run).status == RunStatus.CALCULATED
        story.recovered()


class TestJob:
    def test_whose_worker_died_before_is_taken_up_at_once(self):
        maren = crowd(1).users["maren"]
        job = job_request(kind="a", subject_table="b", subject_id="c", request={}, by=maren)
        job_take(job_id=job.pk, worker="dies")
        assert jobs_waiting(kind="a") == []
        Job.objects.filter(pk=job.pk).update(started_at=F("started_at") + HOUR)

        assert jobs_waiting(kind="a") == [job.pk]
        assert job_take(job_id=job.pk, worker="lives") == 2


class TestPulse:
    def test_of_who_died_before_is_not_taken_for_life(self):
        canary_touch(door=Door.TABLE, worker="dies")
        assert work_is_done(doors=pulses())
        for set_back in ("1 hour", "30 seconds"):
            with connection.cursor() as cursor:
                cursor.execute(
                    "UPDATE pulse_canary SET touched_at = clock_timestamp() + %s::interval", [set_back]
                )
            assert not work_is_done(doors=pulses())
        canary_touch(door=Door.TABLE, worker="lives")
        assert (pulses()[Door.TABLE].alive, pulses()[Door.TABLE].workers) == (True, 1)
        assert [canary.worker for canary in Canary.objects.all()] == ["lives"]
