"""A point of a curve is dragged in the designer, and what the last four periods would have cost is on the screen."""

from __future__ import annotations

from typing import Any

from benchmarks.designer import GOAL, a_draft, changed, took
from benchmarks.harness import Asked, Figure, at_most, database_use, django_up
from benchmarks.periods import apart, name_of

TITLE = "A dragged point on the last four periods"
ABOUT = (
    "1,000 people on the plan that is designed, of 4,000, with six goals each and twenty-three locked months, of which "
    "the last four are replayed. A point of a curve is changed on a working draft: the step is kept and the whole "
    "sheet with all checks answered; then the part beside the curve is asked for, with what the four months would have "
    "cost, who gains and who loses, in float64. By the clock, from the requests to the answers, within the server's "
    "process; people are these whatever else is asked for."
)
PEOPLE, KEPT = 4_000, 23
"""A quarter of them is on the plan that is designed."""


def measure(asked: Asked) -> list[Figure]:
    """Return the milliseconds of a change, of the new cost beside it, and of both; and how much is read at first."""
    apart("benchmarks.periods.make()", PEOPLE, kept=0)
    database_use(name=name_of(PEOPLE, kept=KEPT))
    django_up()
    from django.conf import settings
    from django.test import Client
    from django.urls import reverse

    settings.ALLOWED_HOSTS = ["*"]
    draft, user = a_draft()
    client, url = Client(), reverse("plans:draft-design", args=[draft.pk])
    beside = reverse("payouts:draft-past", args=[draft.pk]) + f"?at={GOAL}"
    client.force_login(user)
    client.get(url)
    first = took(lambda: _figures(client, beside))
    changes, costs = [], []
    for turn in range(max(asked.pairs, 5) * 2):
        changes.append(took(lambda turn=turn: changed(client, url, 50 + turn)))  # type: ignore[misc]
        costs.append(took(lambda: _figures(client, beside)))
    both = [one + other for one, other in zip(changes, costs, strict=True)]
    return [
        Figure(what="the last four months read, once a draft", value=f"{first:,.0f} ms"),
        at_most("a point changed: checks and sheet", changes[1:], 300, unit="ms", digits=0),
        at_most("new cost of 1,000 people x 4 periods", costs[1:], 300, unit="ms", digits=0),
        at_most("from the point to the new cost", both[1:], 300, unit="ms", digits=0),
    ]


def _figures(client: Any, url: str) -> Any:
    answer = client.get(url, headers={"HX-Request": "true"})
    if b"would gain" not in answer.content:
        raise RuntimeError(f"no cost beside the curve: {answer.content[:300]!r}")
    return answer
