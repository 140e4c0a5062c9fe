"""
Keeping a set of processes alive: web, worker and beat are started again when they die, at most a few times a
minute; the end of PostgreSQL or Valkey ends everything, with one sentence.
"""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from kamcomp.embedded.processes import Child
from kamcomp.embedded.services import Services

LOOK_SECONDS = 0.2
STARTS_A_MINUTE = 10


@dataclass
class Kept:
    """A process to be kept running, and when it was started lately."""

    begin: Callable[[], Child]
    child: Child
    starts: list[float] = field(default_factory=list)


class Supervisor:
    """Watch the services and the processes on them until a signal or a death ends it."""

    def __init__(self, *, services: Services, say: Callable[[str], None]) -> None:
        self.services = services
        self.say = say
        self.essential = list(services.children)
        self.kept: list[Kept] = []
        self.asked_by: signal.Signals | None = None
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._asked)

    def _asked(self, number: int, _frame: object) -> None:
        self.asked_by = signal.Signals(number)

    def keep(self, begin: Callable[[], Child]) -> Child:
        """Start a process and keep it running."""
        kept = Kept(begin=begin, child=self.services.add(begin()), starts=[time.monotonic()])
        self.kept.append(kept)
        return kept.child

    @contextmanager
    def without(self, *children: Child) -> Iterator[None]:
        """Stop some of what is kept running for the block, and start it again after it."""
        stopped = [kept for kept in self.kept if kept.child in children]
        for kept in stopped:
            kept.child.stop()
            self.services.remove(kept.child)
        yield
        for kept in stopped:
            kept.child = self.services.add(kept.begin())

    def asked_to_stop(self) -> bool:
        """Return whether a signal has come."""
        return self.asked_by is not None

    def watch(self, *, look: Callable[[], None] = lambda: None) -> int:
        """Return 0 when a signal asked for the end, 1 when an essential process died; `look` between two looks."""
        while not self.asked_to_stop():
            dead = next((child for child in self.essential if not child.alive()), None)
            if dead:
                self.say(
                    f"{dead.name} ended ({dead.ending()}), so everything stops; `make run` starts it again."
                )
                return 1
            for kept in self.kept:
                if not kept.child.alive() and not self._again(kept=kept):
                    return 1
            look()
            time.sleep(LOOK_SECONDS)
        return 0

    def _again(self, *, kept: Kept) -> bool:
        now, dead = time.monotonic(), kept.child
        kept.starts = [start for start in kept.starts if start > now - 60]
        if len(kept.starts) >= STARTS_A_MINUTE:
            self.say(f"{dead.name} keeps ending ({dead.ending()}), so everything stops.")
            return False
        self.say(f"{dead.name} ended ({dead.ending()}); starting it again.")
        self.services.remove(dead)
        kept.starts.append(now)
        kept.child = self.services.add(kept.begin())
        return True
