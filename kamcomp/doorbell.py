"""
What the broker is asked by others than Celery, be it Redis, Valkey or RabbitMQ: whether it answers, how much waits.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import kombu
import redis

from kamcomp import addresses


class BrokerSilent(Exception):
    """The broker gives no answer; the message is its library's reason in one line."""


def broker_kind(*, url: str) -> str:
    """Return what health and figures call the broker: `rabbitmq`, or `valkey` for whatever speaks Redis."""
    return "rabbitmq" if addresses.is_rabbitmq(url) else "valkey"


def broker_ask(*, url: str, seconds: float) -> None:
    """
    Ask a broker, by a URL of either spelling, whether it is there and takes us in; wait at most about `seconds`.

    :raises BrokerSilent: if it is not, or does not.
    """
    if addresses.is_rabbitmq(url):
        with _rabbitmq(url=url, seconds=seconds):
            return
    with _redis(url=url, seconds=seconds) as client:
        client.ping()


def messages_waiting(*, url: str, queue: str, seconds: float) -> int:
    """
    Return how many messages wait in a queue that no worker has taken; none if there is no such queue yet.

    :raises BrokerSilent: if the broker does not answer.
    """
    if not addresses.is_rabbitmq(url):
        with _redis(url=url, seconds=seconds) as client:
            return int(client.llen(queue))
    with _rabbitmq(url=url, seconds=seconds) as connection:
        try:
            return int(connection.channel().queue_declare(queue, passive=True).message_count)
        except connection.channel_errors:
            return 0


@contextmanager
def _redis(*, url: str, seconds: float) -> Iterator[Any]:
    try:
        address = addresses.client(url=url)
        with redis.Redis.from_url(address, socket_timeout=seconds, socket_connect_timeout=seconds) as client:
            yield client
    except (redis.RedisError, ValueError) as error:
        raise BrokerSilent(_in_a_line(error)) from None


@contextmanager
def _rabbitmq(*, url: str, seconds: float) -> Iterator[Any]:
    connection: Any = kombu.Connection(url, connect_timeout=seconds)
    try:
        connection.connect()
        yield connection
    except (*connection.connection_errors, *connection.channel_errors, OSError) as error:
        raise BrokerSilent(_in_a_line(error)) from None
    finally:
        connection.release()


def _in_a_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
