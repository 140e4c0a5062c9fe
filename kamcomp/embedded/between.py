"""
What a test run can put between itself and its services: `--through pgbouncer,rabbitmq,partitions`.

The suite then says of a larger installation what it says of a laptop: the same tests, with a pooler in transaction mode
before the database, with RabbitMQ and its quorum queues as the broker, or with the lines in partitions by period
(which tests/conftest.py makes, once there are tables).
"""

import os

from kamcomp.embedded import pgbouncer, rabbitmq
from kamcomp.embedded.places import CannotStart, sockets_folder
from kamcomp.embedded.services import Services

KINDS = ("pgbouncer", "rabbitmq", "partitions")


def put(*, names: str, services: Services) -> None:
    """
    Start what `names` says, with commas, on services that run, and lead the environment through it.

    :raises CannotStart: if there is no such thing, here or at all.
    """
    asked = [name.strip() for name in names.split(",") if name.strip()]
    for name in asked:
        if name not in KINDS:
            raise CannotStart(f"--through knows no {name!r}; there are {', '.join(KINDS)}.")
    if "pgbouncer" in asked:
        _pgbouncer(services=services)
    if "rabbitmq" in asked:
        _rabbitmq(services=services)


def _pgbouncer(*, services: Services) -> None:
    if pgbouncer.absent():
        raise CannotStart(f"--through pgbouncer cannot be: {pgbouncer.absent()}.")
    pooler = pgbouncer.pooler_for(
        place=services.place,
        sockets=sockets_folder(place=services.place),
        database=services.environ["DATABASE_URL"],
    )
    services.add(pgbouncer.launch(pooler=pooler))
    os.environ.update(DATABASE_URL=pooler.url, KAMCOMP_BEHIND_PGBOUNCER="1")


def _rabbitmq(*, services: Services) -> None:
    if rabbitmq.absent():
        raise CannotStart(f"--through rabbitmq cannot be: {rabbitmq.absent()}.")
    node = rabbitmq.node_for(place=services.place)
    for child in rabbitmq.launch(node=node):
        services.add(child)
    os.environ["BROKER_URL"] = node.url(number=0)
