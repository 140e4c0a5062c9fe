"""A point of a curve is dragged in the designer, and what the last four periods would have cost is on the screen."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from benchmarks.designer import GOAL, a_draft, changed, took
from benchmarks.harness import Asked, Figure, at_most, database_use, django_up
from benchmarks.periods import apart, name_of
from benchmarks.screen import Traffic, page_up, session_of
from benchmarks.web import Web, web_up

TITLE = "A dragged point on the last four periods"
ABOUT = (
    "1,000 people on the plan that is designed, of 4,000, with six goals each and twenty-three locked months, of which "
    "the last four are replayed. On screen: a point of a curve is dragged in Chromium, with the web server as "
    "`make run` starts it, the database and the browser on the same cores. A single move, and a hand that moves twelve "
    "times and rests: by the browser's clock, from the (last) move of the hand to what the four months would have "
    "cost, who gains and who loses, painted beside the curve, as it stays. Let go, the point is kept as a step, and "
    "the sheet with all checks is new then. In the server: the same answers by the clock, from the request to the "
    "answer. The replay is in float64; people are these whatever else is asked for."
)
PEOPLE, KEPT = 4_000, 23
"""A quarter of them is on the plan that is designed."""
MOVES, FAR = 12, 12
"""How often a hand moves before it rests, and by how many pixels in all."""
READ_SECONDS, AT_ONCE, CALM_ROUNDS, CALM_SECONDS = 120, 4, 5, 1.0
WATCHED = """() => {
  window.drag = {};
  const text = () => (document.querySelector("#past-figures dl") || { textContent: "" }).textContent;
  const step = () => (document.querySelector('#designer [name="step"]') || { value: "" }).value;
  const shown = { cost: text(), step: step() };
  const painted = (name) => requestAnimationFrame(() => setTimeout(() => { window.drag[name] = performance.now(); }));
  new MutationObserver(() => {
    if (text() && text() !== shown.cost) { shown.cost = text(); painted("cost"); }
    if (step() && step() !== shown.step) { shown.step = step(); painted("kept"); }
  }).observe(document.body, { childList: true, subtree: true });
  const hand = (name) => (event) => { window.drag[name] = event.timeStamp; };
  document.addEventListener("pointermove", hand("moved"), { capture: true });
  document.addEventListener("pointerup", hand("let_go"), { capture: true });
}"""


def measure(asked: Asked) -> list[Figure]:
    """Return the milliseconds on the screen, and those of the server's answers; and how much is read at first."""
    apart("benchmarks.periods.make()", PEOPLE, kept=0)
    database_use(name=name_of(PEOPLE, kept=KEPT))
    django_up()
    from django.conf import settings

    settings.ALLOWED_HOSTS = ["*"]
    draft, user = a_draft()
    turns = max(asked.pairs, 5) * 2
    return [*on_screen(draft, user, turns), *in_the_server(draft, user, turns)]


def on_screen(draft: Any, user: Any, turns: int) -> list[Figure]:
    """Return what somebody waits for who drags the point in a browser."""
    session = session_of(user)
    design = f"/plans/drafts/{draft.pk}"
    with web_up() as web:
        _read_everywhere(web, f"{design}/past?at={GOAL}", session)
        with page_up(web.at, session) as page:
            traffic = Traffic(page, part=design)
            page.goto(f"{web.at}{design}?at={GOAL}")
            page.locator("#past-figures dl").wait_for()
            traffic.quiet()
            page.evaluate(WATCHED)
            single = [_dragged(page, traffic, turn=turn, moves=1) for turn in range(turns)]
            many = [_dragged(page, traffic, turn=turn, moves=MOVES) for turn in range(turns)]
    kept = [let_go for _cost, let_go in [*single[1:], *many[1:]]]
    return [
        _within("on screen: a move, to the new cost", [cost for cost, _kept in single[1:]]),
        _within(
            "on screen: a hand that moved on and rests, to the last cost", [cost for cost, _ in many[1:]]
        ),
        _within("on screen: let go, to the step kept and the sheet with all checks", kept),
    ]


def _dragged(page: Any, traffic: Traffic, *, turn: int, moves: int) -> tuple[float, float]:
    """Drag the middle point up or down; return the milliseconds to its cost, and from letting go to the new sheet."""
    grip = page.locator(".curve-grip").nth(1)
    grip.scroll_into_view_if_needed()
    box = grip.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.evaluate("window.drag = {}")
    page.mouse.down()
    page.mouse.move(x, y + (FAR if turn % 2 else -FAR), steps=moves)
    traffic.quiet()
    cost = _between(page, "moved", "cost")
    page.mouse.up()
    traffic.quiet()
    return cost, _between(page, "let_go", "kept")


def _between(page: Any, hand: str, shown: str) -> float:
    seen = page.evaluate("window.drag")
    if shown not in seen or hand not in seen or seen[shown] < seen[hand]:
        raise RuntimeError(f"nothing new was shown ({shown}) after the hand ({hand}): {seen}")
    return float(seen[shown] - seen[hand])


def _read_everywhere(web: Web, path: str, session: str) -> None:
    """Ask until every process of the server holds the past in memory, as after somebody's first look."""

    def ask(_number: int) -> float:
        connection, started = web.connection(), time.perf_counter()
        connection.request("GET", path, headers={"Cookie": f"sessionid={session}", "HX-Request": "true"})
        answer = connection.getresponse()
        if b"would gain" not in answer.read():
            raise RuntimeError(f"no cost beside the curve: {answer.status}")
        connection.close()
        return time.perf_counter() - started

    until, calm = time.monotonic() + READ_SECONDS, 0
    with ThreadPoolExecutor(AT_ONCE) as asking:
        while calm < CALM_ROUNDS:
            if time.monotonic() > until:
                raise RuntimeError("the past was not read in time")
            calm = calm + 1 if max(asking.map(ask, range(AT_ONCE))) < CALM_SECONDS else 0


def in_the_server(draft: Any, user: Any, turns: int) -> list[Figure]:
    """Return how long the server takes for the step that is kept, and for the cost beside the curve."""
    from django.test import Client
    from django.urls import reverse

    client, url = Client(), reverse("plans:draft-design", args=[draft.pk])
    beside = reverse("payouts:draft-past", args=[draft.pk]) + f"?at={GOAL}"
    client.force_login(user)
    client.get(url)
    first = took(lambda: _figures(client, beside))
    changes, costs = [], []
    for turn in range(turns):
        changes.append(took(_change(client, url, 50 + turn)))
        costs.append(took(lambda: _figures(client, beside)))
    return [
        Figure(what="in the server: the last four months read, once a draft", value=f"{first:,.0f} ms"),
        _within("in the server: a point kept, checks and sheet", changes[1:]),
        _within("in the server: new cost of 1,000 people x 4 periods", costs[1:]),
    ]


def _change(client: Any, url: str, pays: int) -> Callable[[], Any]:
    return lambda: changed(client, url, pays)


def _within(what: str, values: list[float]) -> Figure:
    return at_most(what, values, 300, unit="ms", digits=0)


def _figures(client: Any, url: str) -> Any:
    answer = client.get(url, headers={"HX-Request": "true"})
    if b"would gain" not in answer.content:
        raise RuntimeError(f"no cost beside the curve: {answer.content[:300]!r}")
    return answer
