"""Workers die and stop in the middle of a run: it ends as if nothing had happened."""

import os
import signal
from functools import partial

import pytest

from tests.faults.blows import DRAWS, strike
from tests.faults.conftest import Workers, asked, begun, ended, until, usual_seconds
from tests.faults.story import Story, seeds

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


class TestWorkerKilled:
    @seeds(2)
    def test_a_child_killed_in_the_middle_of_a_chunk(
        self, seed, undisturbed, made, workers: Workers, story: Story
    ):
        workers.start()
        workers.start()

        ask, usual = partial(asked, made), usual_seconds(undisturbed)
        struck = strike(ask, signal.SIGKILL, story=story, within=usual)
        run = ended(struck.run)

        assert run.chunks.get(number=struck.number).epoch >= 2, "nobody took the chunk again"
        story.ends_as(run, undisturbed)

    @seeds(1)
    def test_the_whole_worker_killed_and_another_started(
        self, seed, undisturbed, made, workers: Workers, story: Story
    ):
        for _draw in range(DRAWS):
            first = workers.start()
            run = asked(made)
            begun(run)
            workers.kill(first)
            stopped_at = run.chunks.filter(status="done").count()
            story.blow(f"{stopped_at} of {run.chunks.count()} chunks done")
            if stopped_at < run.chunks.count():
                break
        assert stopped_at < run.chunks.count()

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
