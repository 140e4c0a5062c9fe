"""The broker in a test's hands: a Valkey of its own to be killed, and a post that doubles, mixes or loses messages."""

import json
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from math import ceil
from pathlib import Path
from threading import Event, Thread
from uuid import uuid4

import redis
from django.conf import settings as django_settings

from kamcomp.addresses import broker, client
from kamcomp.embedded.valkey import binary_found

QUEUE, DELIVERED = "celery", "delivered"
LISTENING = ("-Q", DELIVERED)
SWIFT, SLOW = 0.01, 0.15


def shared_broker() -> redis.Redis:
    """Return a client of the broker that all tests of this process share."""
    return redis.Redis.from_url(client(url=django_settings.CELERY_BROKER_URL))


class Post(Thread):
    """
    Whatever stands between who rings and who hears; faithful, until told to lose, copy and mix what it carries.

    Senders write to the ordinary queue; the workers of these tests read from another one, where only what the
    post carries over arrives.
    """

    def __init__(self) -> None:
        super().__init__(name="post", daemon=True)
        self.chance = random.Random(0)
        self.copies, self.lost, self.every = 1, 0.0, SWIFT
        self.taken = self.dropped = self.delivered = 0
        self._ended = Event()
        self._broker = shared_broker()
        self._broker.delete(QUEUE, DELIVERED)

    def meddle(self, *, chance: random.Random, copies: int = 1, lost: float = 0.0) -> None:
        """
        Gather for a while from now on, lose this share or a little more, deliver copies of the rest in any order.
        """
        self.chance, self.copies, self.lost, self.every = chance, copies, lost, SLOW
        self.taken = self.dropped = self.delivered = 0

    def run(self) -> None:
        while not self._ended.wait(self.every):
            bag = self._broker.lpop(QUEUE, 1_000) or []
            losing = max(0, ceil(self.lost * (self.taken + len(bag))) - self.dropped)
            gone = set(self.chance.sample(range(len(bag)), min(losing, len(bag))))
            kept = [letter for place, letter in enumerate(bag) if place not in gone]
            letters = kept * self.copies
            if self.every == SLOW:
                self.chance.shuffle(letters)
            for letter in letters:
                self._deliver(letter)
            self.taken += len(bag)
            self.dropped += len(bag) - len(kept)
        self._broker.close()

    def _deliver(self, letter: bytes) -> None:
        said = json.loads(letter)
        said["properties"]["delivery_tag"] = str(uuid4())
        said["properties"]["delivery_info"]["routing_key"] = DELIVERED
        self._broker.lpush(DELIVERED, json.dumps(said))
        self.delivered += 1

    def end(self) -> None:
        """Carry nothing any more."""
        self._ended.set()
        self.join(timeout=60)


class OwnValkey:
    """A Valkey of one test, which may be killed, emptied, set back, filled up or locked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.folder.mkdir()
        self.socket = folder / "v"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self.socket}?db=0"

    def start(self, *options: str) -> None:
        command = [str(binary_found()), "--port", "0", "--unixsocket", str(self.socket), "--save", ""]
        self.process = subprocess.Popen(
            [*command, "--dir", str(self.folder), "--appendonly", "yes", "--appendfsync", "always", *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        end = time.monotonic() + 120
        while time.monotonic() < end:
            with suppress(redis.RedisError):
                self.client().ping()
                return
            time.sleep(0.02)
        raise AssertionError("the test's own Valkey did not start")

    def client(self, **options) -> redis.Redis:
        return redis.Redis.from_url(self.url, **options)

    def kill(self) -> None:
        if self.process is not None:
            with suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGKILL)
            self.process.wait(timeout=10)
        self.socket.unlink(missing_ok=True)

    def forget(self) -> None:
        """Take away what it keeps on disk; it must not be running."""
        shutil.rmtree(self.folder / "appendonlydir", ignore_errors=True)

    def remember(self, aside: Path) -> None:
        """Keep a copy of what is on disk now."""
        shutil.copytree(self.folder / "appendonlydir", aside)

    def told(self, words: str) -> int:
        """Return how often something is said in what is on disk."""
        kept = (path.read_text(errors="replace") for path in self.folder.glob("appendonlydir/*.aof"))
        return sum(each.count(words) for each in kept)

    def set_back(self, aside: Path) -> None:
        """Put an older copy in place of what is on disk; it must not be running."""
        self.forget()
        shutil.copytree(aside, self.folder / "appendonlydir")


@contextmanager
def ringing_at(url: str) -> Iterator[None]:
    """Let this process ring at another broker."""
    before = django_settings.CELERY_BROKER_URL
    _ring_at(broker(variable="REDIS_URL", url=url))
    try:
        yield
    finally:
        _ring_at(before)


def _ring_at(url: str) -> None:
    from kamcomp.celery import app

    app.conf.broker_url = url
    app._pool = app.amqp._producer_pool = None
