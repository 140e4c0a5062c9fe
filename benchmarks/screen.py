"""
A page in Chromium, for measurements of what somebody sees: signed in, and watched for what it asks the server.

Nothing waits by code that the page runs later: the product's policy refuses code made of text, and so the page is
only asked for what has been noted, between its questions to the server.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
PATIENCE = 60_000
LOOK, STILL = 25, 200
"""Milliseconds between two looks at what is under way, and how long nothing is until the page is quiet."""


class Traffic:
    """What a page asks the server for below a path, and whether an answer is still on its way."""

    def __init__(self, page: Any, *, part: str) -> None:
        self.page, self.part, self.under_way = page, part, dict[Any, str]()
        page.on("request", self._begun)
        page.on("requestfinished", self._ended)
        page.on("requestfailed", self._ended)

    def _begun(self, request: Any) -> None:
        if self.part in request.url:
            self.under_way[request] = request.url

    def _ended(self, request: Any) -> None:
        self.under_way.pop(request, None)

    def quiet(self) -> None:
        """Wait until nothing has been under way for a while."""
        until, still = time.monotonic() + PATIENCE / 1000, 0
        while still < STILL:
            if time.monotonic() > until:
                raise RuntimeError(f"no answer in time: {sorted(self.under_way.values())}")
            self.page.wait_for_timeout(LOOK)
            still = 0 if self.under_way else still + LOOK


@contextmanager
def page_up(address: str, session: str) -> Iterator[Any]:
    """Have the page of a session in a browser; while its loop runs, this process asks the database nothing."""
    path = os.environ.get("KAMCOMP_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        raise RuntimeError("there is no Chromium here: install it, or name it in KAMCOMP_CHROMIUM")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        try:
            context = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
            context.add_cookies([{"name": "sessionid", "value": session, "url": address}])
            page = context.new_page()
            page.set_default_timeout(PATIENCE)
            yield page
        finally:
            browser.close()


def session_of(user: Any) -> str:
    """Return the key of a new session of a user."""
    from importlib import import_module

    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[-1]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return str(session.session_key)
