"""Somebody at a browser: signed in as a persona, at a size and in a theme, with everything noted that went wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Response

from tests.house.system import OWN_VARIABLES, PROJECT, System

PERSONAS = ("maren.holt", "ingrid.solheim", "priya.nair", "jonas.berg", "anders.vik", "ada.nyberg")
SIZES = {"desk": (1440, 900), "phone": (390, 844)}
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
SESSIONS = """
import json, django
django.setup()
from importlib import import_module
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from kamcomp.identity.models import User
store = import_module(settings.SESSION_ENGINE).SessionStore
made = {}
for user in User.objects.filter(is_active=True):
    session = store()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[-1]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    made[user.username] = session.session_key
print("SESSIONS " + json.dumps(made))
"""


@dataclass
class Seat:
    """A page with what it said and asked for."""

    page: Page
    base: str
    who: str
    size: str
    complaints: list[str] = field(default_factory=list)
    answers: list[Response] = field(default_factory=list)

    def go(self, path: str) -> Response:
        """Open a path and wait until it is quiet."""
        self.complaints.clear()
        self.answers.clear()
        answer = self.page.goto(self.base + path, wait_until="load")
        assert answer is not None
        return answer

    def off_origin(self) -> list[str]:
        """Return the addresses asked for that are not the system's own."""
        home = urlsplit(self.base).netloc
        return [each.url for each in self.answers if urlsplit(each.url).netloc not in (home, "")]

    def sideways(self) -> int:
        """Return by how many pixels the page can be scrolled sideways."""
        return self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")

    def axe(self) -> list[str]:
        """Return what hinders people who use the page with help, one line each."""
        only = {"runOnly": {"type": "tag", "values": WCAG}, "resultTypes": ["violations"]}
        found = Axe().run(self.page, options=only).response
        return [
            f"{each['id']}: {node['target']} {node['html'][:120]} {node.get('failureSummary', '')[:200]}"
            for each in found["violations"]
            for node in each["nodes"]
        ]

    def links(self) -> list[str]:
        """Return the paths that the page leads to."""
        found = self.page.eval_on_selector_all("a[href]:not([download])", "all => all.map(a => a.href)")
        home = urlsplit(self.base).netloc
        parts = [urlsplit(each) for each in found]
        return [each.path for each in parts if each.netloc == home]


@dataclass(frozen=True)
class Running:
    """A system that is up already: `make run` of this very folder, at an address."""

    address: str

    def command(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run one command as its guest, in its own environment and on its own services."""
        own = {key: value for key, value in os.environ.items() if key not in OWN_VARIABLES}
        return subprocess.run(
            [sys.executable, "-m", "kamcomp.embedded", *arguments],
            cwd=PROJECT,
            env={**own, **environ},
            capture_output=True,
            text=True,
            check=False,
        )


@dataclass
class Demo:
    """The demo company, running."""

    system: System | Running
    browser: Browser
    screenshots: Path

    @cached_property
    def sessions(self) -> dict[str, str]:
        """Return a session of every user."""
        done = self.system.command("python", "-c", SESSIONS, DJANGO_SETTINGS_MODULE="kamcomp.settings")
        assert done.returncode == 0, done.stderr
        line = next(line for line in done.stdout.splitlines() if line.startswith("SESSIONS "))
        return json.loads(line.removeprefix("SESSIONS "))

    def start_over(self) -> None:
        """Start the company over as a visitor does, and wait for it; every session ends with it."""
        with self.seat("") as seat:
            seat.go("/demo/start-over")
            seat.page.get_by_role("button", name="Start over").click()
            seat.page.get_by_role("button", name="Enter as Maren Holt").wait_for(timeout=300_000)
        self.__dict__.pop("sessions", None)

    @contextmanager
    def seat(self, who: str, *, size: str = "desk", theme: str = "light", scripts: bool = True):
        """Sit somebody down; without `scripts` the browser runs none."""
        width, height = SIZES[size]
        context = self.browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=theme,
            java_script_enabled=scripts,
            locale="en-GB",
            reduced_motion="reduce",
        )
        base = self.system.address.rstrip("/")
        if who:
            context.add_cookies([{"name": "sessionid", "value": self.sessions[who], "url": base}])
        page = context.new_page()
        seat = Seat(page=page, base=base, who=who, size=size)
        page.on("console", lambda said: seat.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: seat.complaints.append(str(error)))
        page.on("response", lambda answer: seat.answers.append(answer))
        try:
            yield seat
        finally:
            context.close()

    def keep(self, seat: Seat, name: str) -> None:
        """Take a screenshot; hiding the caret would put a style into the page, which its policy refuses."""
        seat.page.screenshot(path=self.screenshots / f"{name}-{seat.size}.png", caret="initial")
