"""Workers die and stop in the middle of a run: it ends as if nothing had happened."""

import os
import signal
from functools import partial

import pytest

from payouts.models import Payout, Run
from payouts.services.runs import database_clock
from tests.faults.blows import DRAWS, SMALLEST, strike
from tests.faults.conftest import PEOPLE, Workers, asked, begun, ended, until, usual_seconds
from tests.faults.story import Story, seeds, shown

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def stored(run: Run) -> int:
    """Return how many people's payouts of a run are committed."""
    return Payout.objects.filter(run=run).count()


class TestWorkerKilled:
    @seeds(2)
    def test_a_child_killed_in_the_middle_of_a_chunk(
        self, seed, undisturbed, made, workers: Workers, story: Story
    ):
        workers.start()
        workers.start()

        ask, usual = partial(asked, made), usual_seconds(undisturbed)
        struck = strike(ask, signal.SIGKILL, story=story, within=usual)
        before, on_show, after = stored(struck.run), shown(struck.run), stored(struck.run)
        run = ended(struck.run)

        assert before <= on_show.done <= after
        assert (on_show.of, on_show.running) == (run.people, on_show.done < run.people)

        assert run.chunks.get(number=struck.number).epoch >= 2, "nobody took the chunk again"
        story.ends_as(run, undisturbed)

    @seeds(1)
    def test_the_whole_worker_killed_and_another_started(
        self, seed, undisturbed, made, workers: Workers, story: Story
    ):
        for _draw in range(DRAWS):
            first = workers.start()
            run = asked(made)
            chunk = begun(run)
            workers.kill(first)
            after = (database_clock() - chunk.started_at).total_seconds()
            in_hand = run.chunks.filter(status="running", number__gte=chunk.number)
            story.blow(
                f"chunk {chunk.number} of {chunk.people}, {after:.3f} s in, {stored(run)} of {PEOPLE} stored"
            )
            assert chunk.people >= SMALLEST
            if in_hand.exists():
                break
        assert in_hand.exists()

        workers.start()
        ended(run)

        story.ends_as(run, undisturbed)

    @seeds(1)
    def test_a_worker_stopped_past_its_lease_and_woken(
        self, seed, undisturbed, made, workers: Workers, story: Story
    ):
        workers.start()
        ask, usual = partial(asked, made), usual_seconds(undisturbed)
        struck = strike(ask, signal.SIGSTOP, story=story, within=usual / 2)
        run = struck.run
        workers.start()

        until(lambda: run.chunks.get(number=struck.number).epoch >= 2, every=0.1, saying="another to take it")
        os.kill(struck.pid, signal.SIGCONT)
        ended(run)
        until(
            lambda: "nothing of this one is kept" in workers.logs() or "met the database" in workers.logs(),
            every=0.1, saying="the late write to be refused",
        )  # fmt: skip

        story.ends_as(run, undisturbed)

    def test_a_child_that_has_grown_too_large_is_replaced_after_its_task(
        self, undisturbed, made, workers: Workers, story: Story
    ):
        workers.start(KAMCOMP_WORKER_MEGABYTES="64")

        runs = [ended(asked(made)) for _run in range(2)]

        first, second = ({chunk.worker for chunk in run.chunks.defer("inputs")} for run in runs)
        assert not first & second
        story.ends_as(runs[1], undisturbed)

    def test_one_asked_to_stop_finishes_the_chunk_in_hand(
        self, undisturbed, made, workers: Workers, story: Story
    ):
        first = workers.start()
        run = asked(made)
        chunk = begun(run)

        os.kill(first.pid, signal.SIGTERM)
        first.process.wait(timeout=180)
        story.blow(f"asked to stop with chunk {chunk.number} in hand")

        assert run.chunks.get(pk=chunk.pk).status == "done"
        assert run.chunks.get(pk=chunk.pk).epoch == 1
        assert not run.chunks.filter(status="running").exists()
        workers.start()
        story.ends_as(ended(run), undisturbed)
