"""
A newcomer's way from a new programme to a signed plan, in one go: answers, draft, a scenario as it has no past,
operations, finance and HR, publishing, the account's manager put on it, the plan put before her, her signature.

Every page is photographed in both sizes as it is left, scrolls nowhere sideways, and says nothing on the console. Half
a minute long, so that it is walked by `make crawl`; its acts have their own tests beside the screens.
"""

from __future__ import annotations

import os
import re

import pytest
from playwright.sync_api import expect

from tests.browser.seat import SIZES, Demo, Seat

NAME, CODE = "Meridian programme 2027", "MERIDIAN-P27"
DECIDERS = ("anders.vik", "jonas.berg", "sigrid.moe")
"""Operations, finance, HR and legal, in the order of the company's setting."""


class Walk:
    """A walk with its pictures, numbered as they are taken."""

    def __init__(self, demo: Demo) -> None:
        self.demo, self.taken, self.wrong = demo, 0, list[str]()

    def leave(self, seat: Seat, name: str) -> None:
        """Take the page's picture, and note what is wrong with it."""
        self.taken += 1
        for seat.size in SIZES:
            width, height = SIZES[seat.size]
            seat.page.set_viewport_size({"width": width, "height": height})
            self.demo.keep(seat, f"programme-{self.taken:02}-{name}")
            if seat.sideways() > 0:
                self.wrong.append(f"{name} scrolls sideways by {seat.sideways()} px ({seat.size})")
        self.wrong += [f"{name}: {said}" for said in seat.complaints]
        seat.complaints.clear()

    def press(self, seat: Seat, button: str) -> None:
        """Press a button of the page and wait for what it leads to."""
        with seat.page.expect_navigation(wait_until="load"):
            seat.page.get_by_role("button", name=button, exact=True).first.click()


def version_path(walk: Walk, seat: Seat) -> str:
    """Go from a new programme to a version that is handed in, and return its path."""
    seat.go("/plans/new")
    seat.page.get_by_label("Account").select_option(label="Meridian Retail Group")
    walk.leave(seat, "for-whom")
    for name in ("what-is-known", "what-is-proposed"):
        walk.press(seat, "Next")
        walk.leave(seat, name)
    walk.press(seat, "Next")
    for box in seat.page.locator("input[name=ticked]").all():
        box.check()
    seat.page.get_by_label("Name", exact=True).fill(NAME)
    seat.page.get_by_label("Code", exact=True).fill(CODE)
    walk.leave(seat, "the-draft")
    walk.press(seat, "Begin the draft")
    walk.leave(seat, "designer")
    draft = seat.page.url.removeprefix(seat.base).partition("?")[0]

    seat.go(f"{draft}/simulate")
    seat.page.get_by_label("Keep this scenario as").fill("First look")
    walk.press(seat, "Keep")
    expect(seat.page.get_by_role("link", name="First look")).to_be_visible()
    walk.leave(seat, "simulated")

    seat.go(f"{draft}/submit")
    walk.leave(seat, "to-submit")
    walk.press(seat, "Submit for approval")
    return seat.page.url.removeprefix(seat.base)


@pytest.mark.skipif(os.environ.get("KAMCOMP_CRAWL") != "all", reason="half a minute: part of `make crawl`")
def test_a_newcomer_takes_a_programme_to_a_signed_plan(demo):
    walk = Walk(demo)
    with demo.seat("maren.holt") as maren:
        path = version_path(walk, maren)
        for number, who in enumerate(DECIDERS):
            with demo.seat(who, size="phone" if number % 2 else "desk") as decider:
                decider.go(f"{path}/approval")
                decider.page.get_by_label("Comment").fill("Read and agreed")
                walk.leave(decider, f"{who}-decides")
                walk.press(decider, "Approve this version")

        maren.go(f"{path}/approval")
        walk.leave(maren, "to-publish")
        walk.press(maren, "Publish this version")
        walk.leave(maren, "published")

        maren.go(f"{path}/people")
        maren.page.get_by_label("Ingrid Solheim").check()
        maren.page.get_by_label("From", exact=True).fill("2027-01-01")
        walk.leave(maren, "who-is-on-it")
        walk.press(maren, "Put those ticked on it")
        maren.go(path)
        walk.press(maren, "Send for acceptance")
        walk.leave(maren, "sent")

    with demo.seat("ingrid.solheim", size="phone") as ingrid:
        ingrid.go("/acceptances")
        ingrid.page.get_by_role("link", name=NAME).first.click()
        ingrid.page.wait_for_url(re.compile("/acceptances/"))
        walk.leave(ingrid, "to-sign")
        walk.press(ingrid, "Sign")
        expect(ingrid.page.locator("main")).to_contain_text("Signed")
        walk.leave(ingrid, "signed")

    assert not walk.wrong, "\n".join(walk.wrong)
