"""
Starting the demo over, the web server's side: asking for it by a file, and one page for everybody until it is done.

The file is named by the launcher in KAMCOMP_START_OVER, and is there from the moment somebody asks to the moment it is
done; what it says is the step. Where no launcher names one (servers of one's own, containers) the demo cannot be
started over from the browser. The page needs no database: there is none meanwhile.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from enum import Enum
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from kamcomp.refusal import Refusal

VARIABLE = "KAMCOMP_START_OVER"
ASKS_AGAIN_SECONDS = 2


class CannotStartOver(Refusal):
    """Only the launcher of an embedded demo can start it over."""


class Step(Enum):
    """How far it is."""

    ASKED = "asked"
    LOADING = "loading"
    STARTING = "starting"


WORDS = {
    Step.ASKED: _("The workers finish what they have begun."),
    Step.LOADING: _("The company is put back as it was at first."),
    Step.STARTING: _("The workers start again."),
}


def step_of(file: Path) -> Step | None:
    """Return how far the starting over is that a file tells of; None if there is no file."""
    try:
        said = file.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
    return Step(said) if said in {step.value for step in Step} else Step.ASKED


def offered() -> Path | None:
    """Return the file by which the demo is started over from here; None where it is not, or is no demo."""
    file: Path | None = settings.START_OVER_FILE
    return file if settings.DEMO_MODE else None


def start_over_ask() -> None:
    """
    Ask the launcher to start the demo over; asking twice is asking once.

    :raises CannotStartOver: outside of demo mode, and where no launcher listens.
    """
    file = offered()
    if file is None:
        raise CannotStartOver("Only a demo that `make run` started can be started over from the browser.")
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(Step.ASKED.value)


class StartingOverMiddleware:
    """Answer every page with one that waits, while the company is put back."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        file = offered()
        step = step_of(file) if file else None
        if step is None:
            return self.get_response(request)
        answer = _waits(request, step)
        answer["Retry-After"] = str(ASKS_AGAIN_SECONDS)
        answer["Cache-Control"] = "no-store"
        return answer


def _waits(request: HttpRequest, step: Step) -> HttpResponse:
    """Return the page that waits, or below /api a problem."""
    from kamcomp.api.problems import (  # the launcher reads this module before Django is set up
        AREA,
        plain_problem,
    )

    if request.path.startswith(AREA):
        detail = "The demo company is put back as it was at first: ask again in a while."
        return plain_problem(request, status=503, code="starting_over", detail=detail)
    answer = render(request, "pages/starting_over.html", {"words": WORDS[step]}, status=503)
    answer["Refresh"] = f"{ASKS_AGAIN_SECONDS}; url=/demo"
    return answer
