"""
What DATABASE_URL, DATABASE_OWNER_URL, REDIS_URL and BROKER_URL say, as settings; a wrong one becomes one clear
sentence.

PostgreSQL's own library reads the database URLs, so every form that `psql` takes is taken here, and nothing else.
"""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg2
from django.core.exceptions import ImproperlyConfigured
from psycopg2.extensions import parse_dsn


class WrongAddress(ImproperlyConfigured):
    """An address in the environment cannot be used; the message names the variable and the cure."""


def database(*, variable: str, url: str) -> dict[str, Any]:
    """
    Return a PostgreSQL URL as an entry of DATABASES without its options' defaults.

    :raises WrongAddress: if the URL is not PostgreSQL's, cannot be parsed, or lacks a user or a database.
    """
    form = "postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
    if not url.startswith(("postgresql://", "postgres://")):
        raise WrongAddress(f"{variable} must look like {form}; kamcomp runs on PostgreSQL only.")
    try:
        parts = parse_dsn(url)
    except psycopg2.ProgrammingError as error:
        reason = str(error).strip().splitlines()[0]
        raise WrongAddress(f"{variable} cannot be read ({reason}); it must look like {form}.") from None
    for part, word in (("user", "user"), ("dbname", "database name")):
        if not parts.get(part):
            raise WrongAddress(f"{variable} has no {word}; it must look like {form}.")
    port = parts.pop("port", "")
    if port and not (port.isascii() and port.isdigit()):
        raise WrongAddress(
            f"{variable} has the port {port!r}, which is not a number; it must look like {form}."
        )
    return {
        "NAME": parts.pop("dbname"),
        "USER": parts.pop("user"),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": port,
        "OPTIONS": parts,
    }


def broker(*, variable: str, url: str) -> str:
    """
    Return a Redis URL as Celery writes it: `unix:///path?db=N` becomes `redis+socket:///path?virtual_host=N`.

    :raises WrongAddress: if it is not a Redis URL.
    """
    form = "redis://HOST:PORT/NUMBER, rediss://... or unix:///PATH?db=NUMBER"
    try:
        parts = urlsplit(url)
        _port = parts.port
    except ValueError as error:
        raise WrongAddress(f"{variable} cannot be read ({error}); it must look like {form}.") from None
    if parts.scheme in ("redis", "rediss") and parts.hostname:
        return url
    if parts.scheme == "unix" and parts.path.startswith("/"):
        number = parse_qs(parts.query).get("db", ["0"])[0]
        return f"redis+socket://{parts.path}?virtual_host={number}"
    raise WrongAddress(f"{variable} must look like {form}.")


def any_broker(*, variable: str, url: str) -> str:
    """
    Return the URL of a broker of either kind as Celery writes it: RabbitMQ, or Redis as in `broker`.

    :raises WrongAddress: if it is neither.
    """
    form = "amqp://USER:PASSWORD@HOST:PORT/VHOST, amqps://... or an address of Redis"
    try:
        parts = urlsplit(url)
        _port = parts.port
    except ValueError as error:
        raise WrongAddress(f"{variable} cannot be read ({error}); it must look like {form}.") from None
    if parts.scheme in ("amqp", "amqps"):
        if parts.hostname:
            return url
        raise WrongAddress(f"{variable} must look like {form}.")
    return broker(variable=variable, url=url)


def is_rabbitmq(url: str) -> bool:
    """Tell whether a broker's URL names RabbitMQ."""
    return url.startswith(("amqp://", "amqps://"))


def client(*, url: str) -> str:
    """Return a broker's address as the Redis client writes it: the way back from `broker`."""
    if not url.startswith("redis+socket://"):
        return url
    return url.replace("redis+socket://", "unix://", 1).replace("?virtual_host=", "?db=", 1)
