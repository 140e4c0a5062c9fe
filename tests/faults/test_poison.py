"""One person, or one chunk, that cannot be computed: everybody else is, the run says so, and nothing spins."""

import os
import signal
import time
from contextlib import suppress

import pytest

from payouts.choices import ChunkStatus, RunStatus
from payouts.models import Payout, RunProblem
from payouts.selectors.runs import run_movement
from payouts.services.reviews import RunHasProblems, run_review
from payouts.services.runs import run_resume
from plans.models import Assignment
from tests.faults.blows import DRAWS
from tests.faults.conftest import PEOPLE, Workers, asked, begun, ended
from tests.faults.story import Story, paid
from tests.payouts.crowd import AT, crowd, document

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def killed_by(fatal: int, run) -> int:
    """Kill whoever takes a chunk, each time, until the run has ended; return how often that was."""
    kills = 0
    while True:
        chunk = run.chunks.defer("inputs").get(number=fatal)
        if chunk.status == ChunkStatus.RUNNING and chunk.epoch > kills:
            with suppress(ProcessLookupError):
                os.kill(int(chunk.worker.rpartition(":")[2]), signal.SIGKILL)
            kills = chunk.epoch
        run.refresh_from_db()
        if run.status not in (RunStatus.QUEUED, RunStatus.CALCULATING):
            return kills
        time.sleep(0.002)


class TestPoison:
    def test_of_one_person_stops_nobody_else_and_nothing_spins(
        self, settings, workers: Workers, story: Story
    ):
        leaf = {"code": "ALLOWANCE", "kind": "fixed", "amount": {"parameter": "allowance"}}
        made = crowd(PEOPLE, plan=document(incentive={"weight": "1", "children": []}, commissions=[leaf]))
        settings.KAMCOMP_CHUNK_PEOPLE = 200
        Assignment.objects.update(parameters={"allowance": "100"})
        poisoned = made.people[story.random.randrange(PEOPLE)]
        poisoned.assignments.update(parameters={"allowance": "1" + 50 * "0"})
        story.blow(f"{poisoned.employee_id} of {PEOPLE}")
        workers.start()
        workers.start()

        run = ended(asked(made))
        story.recovered()
        moved = run_movement(run_id=run.pk)
        time.sleep(2.5)

        assert run.status == RunStatus.WITH_ERRORS
        assert RunProblem.objects.get(run=run).person == poisoned
        amounts = paid(run)
        assert len(amounts) == PEOPLE - 1
        assert set(amounts.values()) == {100}
        assert run.totals == {"EUR": f"{100 * (PEOPLE - 1)}.00"}
        assert [chunk.attempt for chunk in run.chunks.all()] == [1, 1, 1]
        assert run_movement(run_id=run.pk) == moved, "the run is still being worked on"
        with pytest.raises(RunHasProblems):
            run_review(run_id=run.pk, by=made.users["anders"], at=AT)
        story.row.verdict = "completed with errors, named"

    def test_that_kills_whoever_touches_it_fails_one_chunk_which_can_be_taken_up_again(
        self, undisturbed, made, workers: Workers, story: Story
    ):
        workers.start()
        for _draw in range(DRAWS):
            run = asked(made)
            fatal = begun(run).number
            kills = killed_by(fatal, run)
            story.blow(f"chunk {fatal} killed {kills} times")
            if run.chunks.get(number=fatal).status == ChunkStatus.FAILED:
                break  # or a kill came when the chunk was stored already, which says nothing

        assert (run.status, kills) == (RunStatus.WITH_ERRORS, 3)
        assert f"Chunk {fatal} failed: begun 3 times and never ended" in run.error
        others = run.chunks.exclude(number=fatal)
        assert {chunk.status for chunk in others} == {ChunkStatus.DONE}
        assert Payout.objects.filter(run=run).count() == sum(chunk.people for chunk in others)

        run_resume(run=run, by=made.users["maren"], at=AT)
        story.ends_as(ended(run), undisturbed)
