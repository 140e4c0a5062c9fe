"""A list page of the REST interface when the server is idle, when it can do no more, and at half of that."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable
from itertools import count

from benchmarks.harness import Asked, Figure, at_most, median, spread
from benchmarks.periods import kept_use
from benchmarks.pulls import LINES_A_PERSON
from benchmarks.web import Web, key_made, web_up

TITLE = "A list page under load"
ABOUT = (
    "`GET /api/v1/payouts?limit=100` over loopback from the server as `make run` starts it, with its database and the "
    "clients on the same cores. Idle is one client that asks one page after the other. Saturation is the most pages "
    "a second that 4, 8 or 16 such clients are given. Half of it is asked at even intervals, whatever the "
    "answers take, and each answer is timed from the instant it should have been asked at. Bounded in time, in turns."
)
PATH = "/api/v1/payouts?limit=100"
IDLE_PAGES, WARM_PAGES = 60, 10
CROWDS = (4, 8, 16)
CROWD_SECONDS, HALF_SECONDS = 5.0, 15.0
CALLERS = 32
QUIET_SECONDS = 1.0


class Caller:
    """A client that keeps its connection, as clients do, and opens another when it lay idle."""

    def __init__(self, web: Web) -> None:
        self.web, self.connection, self.last = web, web.connection(), time.perf_counter()

    def ask(self) -> None:
        """
        Ask for the page.

        :raises RuntimeError: if it is refused.
        """
        if time.perf_counter() - self.last > QUIET_SECONDS:
            self.connection.close()
        try:
            status = self._asked()
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            self.connection.close()
            status = self._asked()
        self.last = time.perf_counter()
        if status != 200:
            raise RuntimeError(f"a page was answered {status}")

    def _asked(self) -> int:
        self.connection.request("GET", PATH, headers=self.web.headers)
        answer = self.connection.getresponse()
        answer.read()
        return answer.status


def measure(asked: Asked) -> list[Figure]:
    """Return the idle time of a page, the saturation, and the times at half of it."""
    kept_use(people=max(-(-asked.people * 5 // LINES_A_PERSON), 80))
    idle, most, half = [], [], []
    with web_up(key=key_made()) as web:
        for _turn in range(min(asked.pairs, 3)):
            idle.append(median(idle_seconds(web)))
            most.append(max(saturated(web, callers) for callers in CROWDS))
            half.append(paced(web, rate=most[-1] / 2))
    late = [percentile(times, 95) / quiet for times, quiet in zip(half, idle, strict=True)]
    return [
        Figure(what="idle, median", value=f"{spread([1000 * each for each in idle], digits=1)} ms"),
        Figure(what="saturation", value=f"{spread(most, digits=0)} pages a second"),
        Figure(what="at half of it: median", value=f"{_milliseconds(half, 50)} ms"),
        Figure(what="at half of it: p95", value=f"{_milliseconds(half, 95)} ms"),
        Figure(what="at half of it: p99", value=f"{_milliseconds(half, 99)} ms"),
        at_most("p95 at half / idle median", late, 4),
    ]


def idle_seconds(web: Web) -> list[float]:
    """Return what each of a row of pages takes when nobody else asks."""
    caller, found = Caller(web), []
    for _page in range(WARM_PAGES + IDLE_PAGES):
        started = time.perf_counter()
        caller.ask()
        found.append(time.perf_counter() - started)
    return found[WARM_PAGES:]


def saturated(web: Web, callers: int) -> float:
    """Return how many pages a second so many clients are given who ask again at once."""
    until, done = time.perf_counter() + CROWD_SECONDS, [0] * callers

    def ask(number: int) -> None:
        caller = Caller(web)
        while time.perf_counter() < until:
            caller.ask()
            done[number] += 1

    _at_once(callers, ask)
    return sum(done) / CROWD_SECONDS


def paced(web: Web, *, rate: float) -> list[float]:
    """Return what each page takes from the instant it was due, at so many a second."""
    began, due, found = time.perf_counter() + 0.2, count(), []

    def ask(_number: int) -> None:
        caller = Caller(web)
        while (at := began + next(due) / rate) < began + HALF_SECONDS:
            time.sleep(max(at - time.perf_counter(), 0))
            caller.ask()
            found.append(time.perf_counter() - at)

    _at_once(CALLERS, ask)
    return found


def _at_once(callers: int, work: Callable[[int], None]) -> None:
    broken: list[BaseException] = []

    def kept(number: int) -> None:
        try:
            work(number)
        except BaseException as error:
            broken.append(error)

    threads = [threading.Thread(target=kept, args=[number]) for number in range(callers)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    if broken:
        raise broken[0]


def percentile(times: list[float], share: int) -> float:
    """Return the time within which so many of a hundred ended."""
    return sorted(times)[min(len(times) * share // 100, len(times) - 1)]


def _milliseconds(turns: list[list[float]], share: int) -> str:
    return spread([1000 * percentile(times, share) for times in turns], digits=1)
