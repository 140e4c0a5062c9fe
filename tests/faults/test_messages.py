"""Messages come five times, in any order, to three workers, or not at all: a run ends as if each had come once."""

import pytest
import redis

from payouts.choices import RunStatus
from payouts.services.runs import run_ring
from tests.faults.brokers import OwnValkey, ringing_at, shared_broker
from tests.faults.conftest import Workers, asked, begun, ended
from tests.faults.story import Story, seeds

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


class TestMessages:
    @seeds(1)
    def test_every_message_five_times_in_any_order_to_three_workers(
        self, seed, undisturbed, made, workers: Workers, story: Story
    ):
        for _number in range(3):
            workers.start()
        workers.post.meddle(chance=story.random, copies=5)
        for _late in range(3):
            run_ring(run_id=undisturbed.pk)
        run = asked(made)
        story.blow("from the first message on")
        ended(run)
        story.recovered()
        workers.post.end()
        story.row.moment = f"{workers.post.taken} messages delivered {workers.post.delivered} times"

        assert workers.post.taken >= 4
        assert workers.post.delivered == 5 * workers.post.taken
        undisturbed.refresh_from_db()
        assert undisturbed.status == RunStatus.SUPERSEDED
        story.ends_as(run, undisturbed)

    @seeds(1)
    def test_thirty_of_a_hundred_messages_lost(self, seed, undisturbed, made, workers: Workers, story: Story):
        workers.start()
        workers.start()
        workers.post.meddle(chance=story.random, lost=0.3)
        run = asked(made)
        story.blow("from the first message on")
        ended(run)
        story.recovered()

        workers.post.end()
        story.row.moment = f"{workers.post.dropped} of {workers.post.taken} messages lost"
        assert 0.3 * workers.post.taken <= workers.post.dropped < workers.post.taken
        story.ends_as(run, undisturbed)

    def test_every_message_lost(self, undisturbed, made, workers: Workers, story: Story):
        worker = workers.start()
        workers.post.meddle(chance=story.random, lost=1.0)
        run = asked(made)
        story.blow("from the first message on")
        ended(run)

        workers.post.end()
        assert workers.post.taken == workers.post.dropped > 0
        assert "working on them without" in worker.said()
        story.ends_as(run, undisturbed)

    @pytest.mark.parametrize("number", [1, 2, 4])
    def test_any_number_of_workers_gives_the_same(
        self, number, undisturbed, made, workers: Workers, story: Story
    ):
        for _each in range(number):
            workers.start()

        run = ended(asked(made))

        story.row.moment = f"{number} worker(s)"
        story.ends_as(run, undisturbed)


class TestBroker:
    def test_emptied_in_the_middle(self, undisturbed, made, workers: Workers, story: Story):
        workers.start()
        run = asked(made)
        chunk = begun(run)

        shared_broker().flushdb()
        story.blow(f"chunk {chunk.number} in hand")

        story.ends_as(ended(run), undisturbed)

    def test_not_there_at_all(self, undisturbed, made, workers: Workers, story: Story):
        workers.start(ready=False, REDIS_URL="redis://127.0.0.1:1/0")
        story.blow("before the run")
        run = asked(made)

        story.ends_as(ended(run), undisturbed)

        assert "working on them without" in workers.logs()


@pytest.fixture
def valkey(tmp_path_factory):
    own = OwnValkey(tmp_path_factory.mktemp("own", numbered=True) / "v")
    own.start()
    with ringing_at(own.url):
        yield own
    own.kill()


class TestOwnBroker:
    """What is done to the whole server: each time, workers that were there before, and the run ends by itself."""

    def test_killed_and_started_empty_then_with_stale_messages(
        self, undisturbed, made, workers: Workers, story: Story, valkey: OwnValkey, tmp_path
    ):
        for _message in range(20):
            run_ring(run_id=undisturbed.pk)
        assert valkey.client().llen("celery") == 20
        valkey.remember(tmp_path / "stale")
        workers.start(REDIS_URL=valkey.url)
        run = asked(made)
        chunk = begun(run)
        valkey.kill()
        valkey.forget()
        valkey.start()
        story.blow(f"killed with chunk {chunk.number} in hand, started empty")
        first = ended(run)
        story.ends_as(first, undisturbed)

        valkey.kill()
        valkey.set_back(tmp_path / "stale")
        assert valkey.told(str(undisturbed.pk)) >= 20
        valkey.start()
        again = asked(made)
        story.blow("killed and set back to 20 old messages")
        ended(again)

        story.ends_as(again, undisturbed)
        undisturbed.refresh_from_db()
        assert undisturbed.status == RunStatus.SUPERSEDED

    def test_locked_by_a_password_nobody_knows(
        self, undisturbed, made, workers: Workers, story: Story, valkey: OwnValkey
    ):
        workers.start(REDIS_URL=valkey.url)
        admin = valkey.client()
        admin.config_set("requirepass", "changed in the night")
        admin.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        story.blow("before the run")
        run = asked(made)

        ended(run)

        with pytest.raises(redis.AuthenticationError):
            valkey.client().ping()
        assert workers.running[0].alive
        story.ends_as(run, undisturbed)

    def test_full(self, undisturbed, made, workers: Workers, story: Story, valkey: OwnValkey):
        workers.start(REDIS_URL=valkey.url)
        admin = valkey.client()
        admin.config_set("maxmemory-policy", "noeviction")
        admin.config_set("maxmemory", "1mb")
        with pytest.raises(redis.ResponseError, match="maxmemory"):
            while True:
                admin.rpush("ballast", "x" * 10_000)
        story.blow("before the run")
        run = asked(made)

        ended(run)
        story.ends_as(run, undisturbed)

        admin.config_set("maxmemory", "0")
        admin.delete("ballast")
        again = ended(asked(made))
        assert workers.running[0].alive
        story.ends_as(again, undisturbed)
