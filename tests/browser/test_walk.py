"""
Every page that a persona can reach by links, in a real browser: it answers, says nothing on the console (so breaks no
policy), asks nobody else for anything, does not scroll sideways, and axe finds nothing.

Each kind of page is taken once a persona, alternating size and theme; KAMCOMP_CRAWL=all (`make crawl`) takes every kind
in all four.
"""

import itertools
import os
import re

import pytest
from django.urls import Resolver404, resolve

from tests.browser.seat import PERSONAS

WAYS = (("desk", "light"), ("phone", "dark"), ("phone", "light"), ("desk", "dark"))
MOST_KINDS = 40
LEFT_OUT = {"sign-out", "health", "metrics", "health-live", "health-ready"}


def kind_of(path: str) -> str:
    try:
        return resolve(path).view_name
    except Resolver404:
        return path


def walked(demo, who: str) -> dict[str, str]:
    """Return one path for each kind of page that somebody reaches by links."""
    found, queue = {}, ["/"]
    with demo.seat(who) as seat:
        while queue and len(found) < MOST_KINDS:
            path = queue.pop(0)
            kind = kind_of(path)
            if kind in found or kind in LEFT_OUT or path.startswith("/api/"):
                continue
            answer = seat.go(path)
            assert answer.status == 200, f"{path} answers {answer.status} to {who or 'a visitor'}"
            found[kind] = path
            queue += seat.links()
    return found


@pytest.mark.parametrize("who", ["", *PERSONAS], ids=lambda who: who or "visitor")
def test_every_page_is_sound(demo, who):
    wrong = []
    pages = walked(demo, who)
    for number, (kind, path) in enumerate(pages.items()):
        ways = WAYS if os.environ.get("KAMCOMP_CRAWL") == "all" else [WAYS[(number + len(who)) % len(WAYS)]]
        for size, theme in ways:
            with demo.seat(who, size=size, theme=theme) as seat:
                seat.go(path)
                said = list(seat.complaints)
                name = re.sub(r"\W+", "-", kind).strip("-") or "page"
                demo.keep(seat, f"{who or 'visitor'}-{name}-{theme}")
                found = [
                    *(f"console: {each}" for each in said),
                    *(f"off the origin: {each}" for each in seat.off_origin()),
                    *(f"sideways by {seat.sideways()} px" for _ in range(seat.sideways() > 0)),
                    *(f"axe: {each}" for each in seat.axe()),
                ]
                wrong += [f"{path} ({size}, {theme}) {each}" for each in found]

    assert not wrong, "\n".join(wrong)
    assert len(pages) >= 1


def test_a_fault_in_a_page_is_found(demo):
    with demo.seat("maren.holt") as seat:
        seat.go("/")
        seat.page.evaluate(
            "document.querySelector('main').insertAdjacentHTML('beforeend', '<img src=\"/static/kamcomp/icon.svg\">')"
        )
        seat.page.evaluate("document.querySelector('h1').setAttribute('style', 'width: 3000px')")

        assert any("image-alt" in each for each in seat.axe())
        assert any("Content Security Policy" in each for each in seat.complaints)


def test_the_personas_reach_what_is_theirs(demo):
    kinds = {who: set(walked(demo, who)) for who in ("ingrid.solheim", "maren.holt")}

    assert "payouts:allocation-save" in kinds["ingrid.solheim"]
    assert all(itertools.chain(kinds.values()))
