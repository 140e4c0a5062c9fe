"""Own servers: every wrong address is one sentence that names the variable and what is wrong with it."""

import os
from urllib.parse import urlsplit

import pytest

from kamcomp.addresses import WrongAddress, broker, client, database
from kamcomp.embedded import own_servers
from kamcomp.embedded.places import CannotStart


def given(**changed: str) -> dict[str, str]:
    """Return the addresses of the test services, with changes."""
    names = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL")
    return {name: os.environ[name] for name in names} | changed


class TestDatabase:
    def test_reads_what_psql_reads(self):
        entry = database(variable="X", url="postgresql://me:p%40ss@%2Frun%2Fpg:5433/pay?sslmode=require")

        assert entry == {
            "NAME": "pay",
            "USER": "me",
            "PASSWORD": "p@ss",
            "HOST": "/run/pg",
            "PORT": "5433",
            "OPTIONS": {"sslmode": "require"},
        }

    @pytest.mark.parametrize(
        ("url", "reason"),
        [
            ("mysql://a:b@c/d", "PostgreSQL only"),
            ("sqlite:///db.sqlite3", "PostgreSQL only"),
            ("postgresql://host/", "has no user"),
            ("postgresql://me@host", "has no database name"),
            ("postgresql://me@host:port/pay", "not a number"),
            ("postgresql://me@[host/pay", "cannot be read"),
            ("postgresql://me@host/pay?colour=blue", "cannot be read"),
        ],
    )
    def test_refuses_anything_else(self, url, reason):
        with pytest.raises(WrongAddress, match=f"^X .*{reason}"):
            database(variable="X", url=url)


class TestBroker:
    @pytest.mark.parametrize(
        ("url", "celery"),
        [
            ("redis://:secret@host:6379/2", "redis://:secret@host:6379/2"),
            ("rediss://host/0", "rediss://host/0"),
            ("unix:///run/valkey.sock?db=3", "redis+socket:///run/valkey.sock?virtual_host=3"),
            ("unix:///run/valkey.sock", "redis+socket:///run/valkey.sock?virtual_host=0"),
        ],
    )
    def test_is_said_as_celery_says_it(self, url, celery):
        assert broker(variable="X", url=url) == celery
        assert broker(variable="X", url=client(url=celery)) == celery

    @pytest.mark.parametrize(
        "url", ["localhost:6379", "amqp://host", "redis://", "unix://relative", "redis://h:x/0"]
    )
    def test_refuses_anything_else(self, url):
        with pytest.raises(WrongAddress, match="^X "):
            broker(variable="X", url=url)


class TestChecked:
    def test_takes_servers_that_are_as_they_should_be(self):
        assert own_servers.checked(environ=given()) == given()

    @pytest.mark.parametrize(
        ("missing", "words"),
        [
            ("DATABASE_URL", "DATABASE_OWNER_URL is set but DATABASE_URL is not"),
            ("DATABASE_OWNER_URL", "DATABASE_URL is set but DATABASE_OWNER_URL is not"),
        ],
    )
    def test_wants_both_roles(self, missing, words):
        with pytest.raises(CannotStart, match=words):
            own_servers.checked(environ=given(**{missing: ""}))

    def test_wants_two_roles_that_differ(self):
        with pytest.raises(CannotStart, match="both name the role kamcomp_owner"):
            own_servers.checked(environ=given(DATABASE_URL=given()["DATABASE_OWNER_URL"]))

    def test_wants_one_database(self):
        elsewhere = urlsplit(given()["DATABASE_URL"])._replace(path="/postgres").geturl()

        with pytest.raises(CannotStart, match="different databases"):
            own_servers.checked(environ=given(DATABASE_URL=elsewhere))

    def test_says_that_a_password_is_wrong(self):
        url = given()["DATABASE_URL"].replace("kamcomp_app:", "kamcomp_app:x")

        with pytest.raises(
            CannotStart, match="^DATABASE_URL does not lead to a database: .*password"
        ) as refusal:
            own_servers.checked(environ=given(DATABASE_URL=url))
        assert "\n" not in str(refusal.value)

    def test_says_that_nobody_answers(self):
        with pytest.raises(CannotStart, match="^DATABASE_URL does not lead to a database"):
            own_servers.checked(environ=given(DATABASE_URL="postgresql://a:b@127.0.0.1:1/pay"))

    def test_says_that_a_server_is_too_old(self, monkeypatch):
        monkeypatch.setattr(own_servers, "OLDEST_POSTGRESQL", 99)

        with pytest.raises(CannotStart, match=r"leads to PostgreSQL \d\d; kamcomp needs 99 or later"):
            own_servers.checked(environ=given())
