"""A whole system with the demo company, started once, and a browser in front of it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.chromium import FLAGS, chromium_path
from tests.browser.seat import Demo, Running
from tests.house.system import PROJECT, System

PATIENCE = 90_000
"""Milliseconds until what a page should show counts as missing: Playwright's five seconds are few on a busy machine."""
expect.set_options(timeout=PATIENCE)
SCREENSHOTS = Path(os.environ.get("KAMCOMP_SCREENSHOTS") or PROJECT / ".kamcomp" / "screenshots")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep these tests on one process: they share one system."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.xdist_group("browser"))


# Playwright's loop stays open in this process between the browser's tests and those that come after them; Django
# takes an open loop for code that must not wait, which none of our tests is.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return Chromium, started once."""
    path = chromium_path()
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield started
        started.close()


@pytest.fixture(scope="session")
def demo(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """
    Return the demo company, running: web, workers and clock as `make run` starts them.

    KAMCOMP_BROWSER_AT names one that is up already (with an untouched demo company), to save its start.
    """
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    if os.environ.get("KAMCOMP_BROWSER_AT"):
        running = Running(address=os.environ["KAMCOMP_BROWSER_AT"])
        yield Demo(system=running, browser=browser, screenshots=SCREENSHOTS)
        return
    system = System(folder=tmp_path_factory.mktemp("browser") / "kamcomp")
    try:
        system.start(KAMCOMP_DEMO="1")
        yield Demo(system=system, browser=browser, screenshots=SCREENSHOTS)
    finally:
        system.clean()
