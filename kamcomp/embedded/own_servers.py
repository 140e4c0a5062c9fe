"""
The check of servers that somebody else runs: reachable, the right product, new enough, two roles that differ.
Each failure is one sentence that names the variable, so that nobody meets it later as a stack of errors.
"""

import os
import sys
from collections.abc import Mapping

import psycopg2
from django.core.exceptions import ImproperlyConfigured

from kamcomp import addresses
from kamcomp.doorbell import BrokerSilent, broker_ask
from kamcomp.embedded.places import CannotStart

OLDEST_POSTGRESQL = 15
ANSWER_SECONDS = 5


def checked(*, environ: Mapping[str, str]) -> dict[str, str]:
    """
    Return which of the address variables are set, after trying each of them.

    :raises CannotStart: at the first one that cannot be used, or when one of the database's two is missing.
    """
    given = {
        name: environ[name]
        for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "BROKER_URL")
        if environ.get(name)
    }
    try:
        if "DATABASE_URL" in given or "DATABASE_OWNER_URL" in given:
            _databases(given=given)
        for name in ("REDIS_URL", "BROKER_URL"):
            if name in given:
                _broker(variable=name, url=given[name])
    except ImproperlyConfigured as error:
        raise CannotStart(str(error)) from None
    return given


def _databases(*, given: Mapping[str, str]) -> None:
    for name, other in (("DATABASE_URL", "DATABASE_OWNER_URL"), ("DATABASE_OWNER_URL", "DATABASE_URL")):
        if name not in given:
            raise CannotStart(
                f"{other} is set but {name} is not: kamcomp needs both, DATABASE_URL for the role of web and "
                "workers and DATABASE_OWNER_URL for the role that owns the tables."
            )
    app = _server(variable="DATABASE_URL", url=given["DATABASE_URL"])
    owner = _server(variable="DATABASE_OWNER_URL", url=given["DATABASE_OWNER_URL"])
    if app["user"] == owner["user"]:
        raise CannotStart(
            f"DATABASE_URL and DATABASE_OWNER_URL both name the role {app['user']}: web and workers must "
            "connect as a role that owns nothing."
        )
    if app["superuser"]:
        raise CannotStart(
            f"DATABASE_URL names the superuser {app['user']}: give web and workers a role of their own."
        )
    if app["database"] != owner["database"]:
        raise CannotStart("DATABASE_URL and DATABASE_OWNER_URL name different databases.")


def _server(*, variable: str, url: str) -> dict[str, object]:
    addresses.database(variable=variable, url=url)
    try:
        connection = psycopg2.connect(url, connect_timeout=ANSWER_SECONDS)
    except psycopg2.OperationalError as error:
        reason = " ".join(str(error).split())
        raise CannotStart(f"{variable} does not lead to a database: {reason}") from None
    try:
        if connection.server_version < OLDEST_POSTGRESQL * 10_000:
            raise CannotStart(
                f"{variable} leads to PostgreSQL {connection.server_version // 10_000}; "
                f"kamcomp needs {OLDEST_POSTGRESQL} or later."
            )
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT rolname, rolsuper, current_database() FROM pg_roles WHERE rolname = current_user"
            )
            user, superuser, database = cursor.fetchone()
        return {"user": user, "superuser": superuser, "database": database}
    finally:
        connection.close()


def _broker(*, variable: str, url: str) -> None:
    if variable == "REDIS_URL":
        addresses.broker(variable=variable, url=url)
    addresses.any_broker(variable=variable, url=url)
    try:
        broker_ask(url=url, seconds=ANSWER_SECONDS)
    except BrokerSilent as error:
        kind = "RabbitMQ" if addresses.is_rabbitmq(url) else "a Redis or Valkey"
        raise CannotStart(f"{variable} does not lead to {kind} server: {error}") from None


def main() -> int:
    """Check the addresses in the environment; for containers, before they migrate."""
    try:
        checked(environ=os.environ)
    except CannotStart as refusal:
        print(f"kamcomp: {refusal}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
