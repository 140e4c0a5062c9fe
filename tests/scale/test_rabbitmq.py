"""RabbitMQ as the broker, by its URL alone: a quorum queue, and runs as on Valkey."""

import signal

import kombu
import pytest
from celery import Celery

from kamcomp.addresses import WrongAddress, any_broker, is_rabbitmq
from kamcomp.doorbell import BrokerSilent, broker_ask, broker_kind, messages_waiting
from kamcomp.embedded import own_servers
from kamcomp.embedded.places import CannotStart
from kamcomp.embedded.rabbitmq import free_port
from payouts.services.runs import LOOK_TASK, run_request
from tests.faults.blows import strike
from tests.faults.conftest import until
from tests.faults.story import Story
from tests.payouts.crowd import AT
from tests.scale.conftest import Processes, ended, same_as


@pytest.fixture
def processes(environment, node, tmp_path):
    made = Processes(environment | {"BROKER_URL": node.url(number=3), "KAMCOMP_POLL_SECONDS": "30"}, tmp_path)
    yield made
    made.end()


def ring(node, run) -> None:
    """Send the message that this process, whose settings name Valkey, has sent there."""
    bell = Celery("bell", broker=node.url(number=3), set_as_current=False)
    bell.conf.update(task_default_queue="kamcomp", task_default_queue_type="quorum")
    for _free_slot in range(2):
        bell.send_task(LOOK_TASK, args=[str(run.pk)], ignore_result=True)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
class TestRabbitMQ:
    def test_rings_for_a_run_and_a_killed_worker_loses_none(
        self, undisturbed, made, processes, node, story: Story
    ):
        first, _second = processes.worker(), processes.worker()

        def ask():
            run = run_request(period=made.period, by=made.users["maren"], at=AT, whole=True)
            ring(node, run)
            return run

        struck = strike(ask, signal.SIGKILL, story=story, within=0)
        run = ended(struck.run)

        assert first.poll() is None, "a child was killed, not the worker"
        assert run.chunks.get(number=struck.number).epoch >= 2, "nobody took the chunk again"
        # Thirty seconds pass between two looks at the table, so it was messages that moved the run.
        assert "working on them without" not in processes.logs()
        same_as(run, undisturbed)

    def test_keeps_messages_in_a_quorum_queue(self, processes, node):
        processes.worker()

        with kombu.Connection(node.url(number=3)) as connection:
            channel = connection.channel()
            channel.queue_declare(
                "kamcomp", durable=True, auto_delete=False, arguments={"x-queue-type": "quorum"}
            )
            with pytest.raises(connection.channel_errors, match="inequivalent arg 'x-queue-type'"):
                channel.queue_declare("kamcomp", durable=True, auto_delete=False)

    def test_needs_no_redis(self, processes):
        without = {name: value for name, value in processes.environment.items() if name != "REDIS_URL"}
        alone = Processes(without, processes.folder)

        assert "CELERY_BROKER_URL = 'amqp://" in alone.manage("diffsettings")

    def test_is_asked_before_anything_starts(self, node):
        assert own_servers.checked(environ={"BROKER_URL": node.url(number=1)}) == {
            "BROKER_URL": node.url(number=1)
        }
        wrong = node.url(number=1).replace("kamcomp:", "kamcomp:x")
        with pytest.raises(
            CannotStart, match="^BROKER_URL does not lead to RabbitMQ server: .*ACCESS_REFUSED"
        ):
            own_servers.checked(environ={"BROKER_URL": wrong})


class TestAddress:
    @pytest.mark.parametrize("url", ["amqp://me:secret@host:5672/pay", "amqps://host", "redis://host:6379/2"])
    def test_takes_either_kind(self, url):
        assert any_broker(variable="X", url=url) == url
        assert is_rabbitmq(url) == url.startswith("amqp")

    @pytest.mark.parametrize("url", ["amqp://", "amqp://host:port/", "http://host", "localhost"])
    def test_refuses_anything_else(self, url):
        with pytest.raises(WrongAddress, match="^X "):
            any_broker(variable="X", url=url)

    def test_says_that_nobody_answers(self):
        with pytest.raises(BrokerSilent, match="refused"):
            broker_ask(url=f"amqp://a:b@127.0.0.1:{free_port()}/", seconds=2)


class TestMessagesWaiting:
    def test_are_counted_and_none_where_there_is_no_queue(self, node):
        url = node.url(number=2)
        assert messages_waiting(url=url, queue="kamcomp", seconds=3) == 0

        bell = Celery("bell", broker=url, set_as_current=False)
        bell.conf.update(task_default_queue="kamcomp", task_default_queue_type="quorum")
        for _each in range(3):
            bell.send_task(LOOK_TASK, args=["nobody"], ignore_result=True)

        until(lambda: messages_waiting(url=url, queue="kamcomp", seconds=3) == 3, saying="three messages")
        assert broker_kind(url=url) == "rabbitmq"
