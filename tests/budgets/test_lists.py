"""
Every list page at ten rows of each kind and at a thousand: the same number of queries, and at most twelve.

What is paged, summed, joined and hidden is asked of the database, so a long list costs time there and no question more.
A new list has to stand here, or among those that are counted by their own tests. The lists of the REST interface are
counted in the same way, with all that can be laid in and the totals.
"""

from __future__ import annotations

from uuid import UUID

import pytest
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import resolve

from kamcomp.api.resources import all_resources
from kamcomp.pages.tables import TableScreen
from tests.api.caller import Caller
from tests.budgets.many import Many
from tests.identity.matrix import company, objects_of

FEW, MANY, MOST = 10, 1_000, 12
NOBODY = UUID(int=0)
BESIDE = {"CareTable", "KeyList", "RepProof", "ReplayCompare", "RoleList", "VersionReplays", "WebhookList"}
"""Lists whose own tests count them: keys, webhooks, the people side, replays of versions, what a plan moved."""
LISTS = [
    ("maren", "/accounts"),
    ("ingrid", "/my/accounts"),
    ("maren", "/reviews?period=2026-Q3"),
    ("ingrid", "/my/support"),
    ("sofia", "/my/support"),
    ("sofia", "/my/statements"),
    ("jonas", "/adjustments"),
    ("ingrid", "/adjustments"),
    ("maren", "/people"),
    ("maren", "/disputes"),
    ("sofia", "/disputes"),
    ("maren", "/exceptions"),
    ("maren", "/runs"),
    ("jonas", "/payouts?period=all"),
    ("jonas", "/exports"),
    ("ada", "/audit"),
    ("ada", "/controls/access"),
    ("ingrid", "/pools"),
    ("anders", "/pools"),
    ("maren", "/teams"),
    ("ingrid", "/teams"),
    ("maren", "/plans"),
    ("maren", "/plans/drafts"),
    ("maren", "/acceptances"),
    ("ingrid", "/acceptances"),
    ("maren", "/metric-library"),
    ("maren", "/scorecards?period=2026-Q3"),
    ("sofia", "/my/objectives"),
    ("maren", "/imports"),
    ("jonas", "/accruals"),
    ("ingrid", "/notices"),
    ("maren", "/view-as"),
    ("maren", "/plans/versions/{version}/replay"),
    ("sofia", "/payouts/{payout}/lines/1"),
]
"""Who asks for which list: those who see many rows because all are theirs to see, or because they are their own."""
OF_A_KAM = {"payouts", "payout-lines", "memberships", "pools", "results", "targets", "statements"}
"""Lists of the REST interface that a KAM's rules make the dearest."""


@pytest.mark.django_db(transaction=True)
def test_lists_cost_the_same_queries_at_ten_rows_and_at_a_thousand():
    made = company()
    objects_of(made)
    many = Many(made)

    callers = {who: Caller(made.user(who)) for who in ("maren", "ingrid")}

    many.grow(FEW)
    few, few_pulled = {one: cost(many, *one) for one in LISTS}, pulled(callers)
    many.grow(MANY)
    analyzed()
    more, more_pulled = {one: cost(many, *one) for one in LISTS}, pulled(callers)

    assert {one: (few[one], more[one]) for one in LISTS if not few[one] == more[one] <= MOST} == {}
    assert few_pulled == more_pulled


def test_every_list_is_counted():
    counted = {
        resolve(path.format(version=NOBODY, payout=NOBODY).partition("?")[0]).func.view_class
        for _who, path in LISTS
    }

    left = [
        one
        for one in lists_below(TableScreen) - counted
        if not BESIDE & {each.__name__ for each in one.mro()}
    ]
    assert [one.__name__ for one in left] == []


def cost(many: Many, who: str, path: str) -> int:
    """Return how many queries a page asks."""
    client = Client()
    client.force_login(many.made.user(who))
    with CaptureQueriesContext(connection) as asked:
        answer = client.get(path.format(**many.named))
    assert answer.status_code == 200, (who, path)
    return len(asked)


def pulled(callers: dict[str, Caller]) -> dict[tuple[str, str], int]:
    """Return how many queries a page of each list of the REST interface asks, with all that it offers."""
    found = {}
    for resource in all_resources():
        parts = ",".join(each.name for each in resource.expands)
        path = f"{resource.name}?limit=50&totals=true" + (f"&expand={parts}" if parts else "")
        for who in ("maren", "ingrid") if resource.name in OF_A_KAM else ("maren",):
            callers[who].get("me")  # notes that the key was used, once a minute
            with CaptureQueriesContext(connection) as asked:
                answer = callers[who].get(path)
            assert answer.status_code == 200, (who, path, answer.json())
            assert len(asked) <= MOST + len(resource.expands), (who, path, len(asked))
            found[who, path] = len(asked)
    return found


def analyzed() -> None:
    """Have the database know how many rows there are, as it does in use."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("ANALYZE")


def lists_below(screen: type[TableScreen]) -> set[type[TableScreen]]:
    """Return the list pages of ours that there are."""
    found = {one for one in screen.__subclasses__() if not one.__module__.startswith("tests.")}
    return found.union(*(lists_below(one) for one in found))
