"""A point of a curve is dragged in the designer, and what the last four periods would have cost is on the screen."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.designer import GOAL, a_draft, changed, took
from benchmarks.harness import Asked, Figure, at_most, database_use, django_up
from benchmarks.periods import apart, name_of
from benchmarks.web import web_up

TITLE = "A dragged point on the last four periods"
ABOUT = (
    "1,000 people on the plan that is designed, of 4,000, with six goals each and twenty-three locked months, of which "
    "the last four are replayed. On screen: a point of a curve is dragged in Chromium, with the web server as "
    "`make run` starts it, the database and the browser on the same cores; from the move of the hand to what the four "
    "months would have cost, who gains and who loses, painted beside the curve; let go, it is kept as a step, and the "
    "sheet with all checks is new then. In the server: the same answers by the clock, from the request to the answer. "
    "The replay is in float64; people are these whatever else is asked for."
)
PEOPLE, KEPT = 4_000, 23
"""A quarter of them is on the plan that is designed."""
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
PATIENCE = 60_000
WATCHED = """() => {
  const text = () => (document.querySelector("#past-figures dl") || { textContent: "" }).textContent;
  const step = () => (document.querySelector('#designer [name="step"]') || { value: "" }).value;
  const now = { cost: text(), step: step() };
  const painted = (name, from) => requestAnimationFrame(() => {
    setTimeout(() => { window.seen[name] = performance.now() - from; });
  });
  new MutationObserver(() => {
    if (text() && text() !== now.cost) { now.cost = text(); painted("cost", window.at.move); }
    if (step() && step() !== now.step) { now.step = step(); painted("kept", window.at.up); }
  }).observe(document.body, { childList: true, subtree: true });
  window.seen = {};
  window.at = {};
  document.addEventListener("pointermove", () => { window.at.move = performance.now(); }, { capture: true });
  document.addEventListener("pointerup", () => { window.at.up = performance.now(); }, { capture: true });
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
    costs, kept = [], []
    with web_up() as web, _page(web.at, user) as page:
        page.goto(f"{web.at}/plans/drafts/{draft.pk}?at={GOAL}")
        page.locator("#past-figures dl").wait_for(timeout=PATIENCE)
        page.evaluate(WATCHED)
        grip = page.locator(".curve-grip").nth(1)
        for turn in range(turns):
            grip.scroll_into_view_if_needed()
            box = grip.bounding_box()
            x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
            page.evaluate("window.seen = {}")
            page.mouse.move(x, y)
            page.mouse.down()
            page.mouse.move(x, y + (9 if turn % 2 else -9))
            page.wait_for_function("window.seen.cost !== undefined", timeout=PATIENCE)
            costs.append(page.evaluate("window.seen.cost"))
            page.mouse.up()
            page.wait_for_function("window.seen.kept !== undefined", timeout=PATIENCE)
            kept.append(page.evaluate("window.seen.kept"))
            page.wait_for_load_state("networkidle")
    return [
        at_most("on screen: from the move to the new cost", costs[1:], 300, unit="ms", digits=0),
        at_most(
            "on screen: from letting go to the sheet with all checks", kept[1:], 300, unit="ms", digits=0
        ),
    ]


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
        changes.append(took(lambda turn=turn: changed(client, url, 50 + turn)))  # type: ignore[misc]
        costs.append(took(lambda: _figures(client, beside)))
    return [
        Figure(what="in the server: the last four months read, once a draft", value=f"{first:,.0f} ms"),
        at_most("in the server: a point kept, checks and sheet", changes[1:], 300, unit="ms", digits=0),
        at_most("in the server: new cost of 1,000 people x 4 periods", costs[1:], 300, unit="ms", digits=0),
    ]


def _figures(client: Any, url: str) -> Any:
    answer = client.get(url, headers={"HX-Request": "true"})
    if b"would gain" not in answer.content:
        raise RuntimeError(f"no cost beside the curve: {answer.content[:300]!r}")
    return answer


@contextmanager
def _page(address: str, user: Any) -> Iterator[Any]:
    """Have somebody's page in a browser; its loop would be taken for code that must not wait, so a session is first."""
    session = _session(user)
    path = os.environ.get("KAMCOMP_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        raise RuntimeError("there is no Chromium here: install it, or name it in KAMCOMP_CHROMIUM")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        context = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
        context.add_cookies([{"name": "sessionid", "value": session, "url": address}])
        try:
            yield context.new_page()
        finally:
            browser.close()


def _session(user: Any) -> str:
    from importlib import import_module

    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[-1]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return str(session.session_key)
