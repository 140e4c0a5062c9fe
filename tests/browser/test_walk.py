"""
Every page that a persona can reach by links, in a real browser: it answers, says nothing on the console (so breaks no
policy), asks nobody else for anything, does not scroll sideways, and axe finds nothing.

Each kind of page is opened once a persona, alternating size and theme, and is checked, photographed and followed in the
same visit: so the cost stays one visit a kind and persona. KAMCOMP_CRAWL=all (`make crawl`) takes each in all four.
"""

import os
import re
from contextlib import ExitStack

import pytest
from django.urls import Resolver404, resolve

from tests.browser.seat import PERSONAS, Demo, Seat

WAYS = (("desk", "light"), ("phone", "dark"), ("phone", "light"), ("desk", "dark"))
MOST_KINDS = 150
LEFT_OUT = {"sign-out", "health", "metrics", "health-live", "health-ready"}
WALKED: dict[str, list[str]] = {}


def kind_of(path: str) -> str:
    try:
        return resolve(path).view_name
    except Resolver404:
        return path


def faults(demo: Demo, seat: Seat, *, name: str) -> list[str]:
    """Take a picture of the page that is open, and return what is wrong with it."""
    said, sideways = list(seat.complaints), seat.sideways()
    demo.keep(seat, name)
    return [
        *(f"console: {each}" for each in said),
        *(f"off the origin: {each}" for each in seat.off_origin()),
        *([f"sideways by {sideways} px"] if sideways > 0 else []),
        *(f"axe: {each}" for each in seat.axe()),
    ]


def walked(demo: Demo, who: str) -> list[str]:
    """Open every kind of page that somebody reaches by links, note the kinds, and return what is wrong."""
    kinds: list[str] = []
    queue, wrong = ["/"], []
    every = os.environ.get("KAMCOMP_CRAWL") == "all"
    with ExitStack() as stack:
        seats = {way: stack.enter_context(demo.seat(who, size=way[0], theme=way[1])) for way in WAYS}
        while queue and len(kinds) < MOST_KINDS:
            path = queue.pop(0)
            kind = kind_of(path)
            if kind in kinds or kind in LEFT_OUT or path.startswith("/api/"):
                continue
            way = WAYS[(len(kinds) + len(who)) % len(WAYS)]
            kinds.append(kind)
            for each in WAYS if every else [way]:
                seat = seats[each]
                answer = seat.go(path)
                assert answer.status == 200, f"{path} answers {answer.status} to {who or 'a visitor'}"
                name = re.sub(r"\W+", "-", kind).strip("-") or "page"
                found = faults(demo, seat, name=f"{who or 'visitor'}-{name}-{each[1]}")
                wrong += [f"{path} ({', '.join(each)}) {fault}" for fault in found]
            queue += seats[way].links()
    WALKED[who] = kinds
    return wrong


@pytest.mark.parametrize("who", ["", *PERSONAS], ids=lambda who: who or "visitor")
def test_every_page_is_sound(demo, who):
    wrong = walked(demo, who)

    assert not wrong, "\n".join(wrong)
    assert 0 < len(WALKED[who]) < MOST_KINDS


def test_a_fault_in_a_page_is_found(demo):
    with demo.seat("maren.holt") as seat:
        seat.go("/")
        seat.page.evaluate(
            "document.querySelector('main').insertAdjacentHTML('beforeend', '<img src=\"/static/kamcomp/icon.svg\">')"
        )
        seat.page.evaluate("document.querySelector('h1').setAttribute('style', 'width: 3000px')")

        assert any("image-alt" in each for each in seat.axe())
        assert any("Content Security Policy" in each for each in seat.complaints)


@pytest.mark.parametrize(
    ("who", "kinds"),
    [
        (
            "ingrid.solheim",
            {"payouts:allocation-save", "payouts:statement-show", "payouts:payout-proof", "help"},
        ),
        ("maren.holt", {"payouts:run-show", "teams:team-show", "search", "demo-reset"}),
    ],
)
def test_the_personas_reach_what_is_theirs(demo, who, kinds):
    if who not in WALKED:
        walked(demo, who)

    assert kinds <= set(WALKED[who])


@pytest.mark.parametrize(
    ("who", "path"),
    [("ingrid.solheim", "/statements"), ("ingrid.solheim", "/pools"), ("jonas.berg", "/closing")],
)
def test_a_page_prints_without_its_frame(demo, who, path):
    with demo.seat(who) as seat:
        seat.go(path)
        seat.page.emulate_media(media="print")

        assert not seat.page.locator(".side").is_visible()
        assert not seat.page.locator(".top").is_visible()
        assert seat.page.locator("main h1").first.is_visible()


def test_help_and_search_are_a_key_away(demo):
    with demo.seat("maren.holt") as seat:
        seat.go("/runs")
        seat.page.keyboard.press("?")
        panel = seat.page.locator("#help")
        panel.get_by_text("Runs are numbered and kept").wait_for()
        demo.keep(seat, "help")
        seat.page.keyboard.press("Escape")
        panel.wait_for(state="hidden")
        seat.page.keyboard.press("/")
        seat.page.keyboard.type("meridian 2026-q3")
        seat.page.keyboard.press("Enter")
        seat.page.get_by_role("link", name="Pool of Meridian Retail Group, 2026-Q3").wait_for()
        seat.page.locator("#find").fill("2026-Q2")
        seat.page.get_by_role("link", name="2026-Q2, run no. 1").wait_for()

        assert seat.page.url.endswith("/search?q=2026-Q2")
        assert not seat.complaints
