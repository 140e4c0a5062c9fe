"""A change in the designer: how long the server takes from the form to the answered sheet, and how many queries."""

from __future__ import annotations

import time
from typing import Any

from benchmarks.harness import Asked, Figure, at_most, database_of

TITLE = "A change in the designer"
ABOUT = (
    "A point of a curve is changed on a working draft of one of the four plans: the step is kept, the whole sheet with "
    "all checks is answered. By the clock, from the request to the answer, within the server's process."
)
PEOPLE = 480
"""A quarter of them is on the plan that is designed."""
GOAL = "/incentive/children/0"


def measure(asked: Asked) -> list[Figure]:
    """Return the milliseconds of opening a draft and of a change, and the queries of a change."""
    database_of(people=min(asked.people, PEOPLE))
    from django.conf import settings
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext
    from django.urls import reverse

    settings.ALLOWED_HOSTS = ["*"]
    draft, user = a_draft()
    client, url = Client(), reverse("plans:draft-design", args=[draft.pk])
    client.force_login(user)
    opened, changes = [], []
    for turn in range(max(asked.pairs, 5) * 2):
        opened.append(took(lambda: client.get(url)))
        changes.append(took(lambda turn=turn: changed(client, url, 50 + turn)))
    with CaptureQueriesContext(connection) as queries:
        changed(client, url, 90)
    return [
        at_most("a curve point changed", changes[1:], 300, unit="ms", digits=0),
        Figure(
            what="queries of a change", value=f"{len(queries)}", goal="at most 20", reached=len(queries) <= 20
        ),
        at_most("the page opened", opened[1:], 300, unit="ms", digits=0),
    ]


def took(answered: Any) -> float:
    """Return the milliseconds until a request is answered."""
    started = time.perf_counter()
    answer = answered()
    if answer.status_code != 200:
        raise RuntimeError(f"the designer answered {answer.status_code}")
    return (time.perf_counter() - started) * 1000


def changed(client: Any, url: str, pays: int) -> Any:
    """Answer a change of a point, as the designer sends it."""
    point = f"point:{GOAL}/curve/points/0"
    typed = {f"{point}:x": "80", f"{point}:payout": str(pays), f"{point}:before": "0"}
    # The step seen lies ahead of any, as of a page that saw them all.
    return client.post(
        url, {"step": 10_000, "act": "save", "at": GOAL, **typed}, headers={"HX-Request": "true"}
    )


def a_draft() -> tuple[Any, Any]:
    """Return a working draft of one of the plans, and who designs it."""
    from datetime import UTC, datetime

    from kamcomp.identity.models import User
    from plans.models import PlanVersion
    from plans.services import draft_begin

    user = User.objects.get(username="bench")
    version = PlanVersion.objects.select_related("plan").earliest("plan__code")
    document = version.document
    draft = draft_begin(
        document=document,
        plan=version.plan,
        based_on=version,
        by=user,
        at=datetime(2026, 12, 31, 9, tzinfo=UTC),
    )
    return draft, user
