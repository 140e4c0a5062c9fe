"""
What can be found by its name: people, accounts with their teams, plans, metrics, runs and pools.

Each kind starts from what the viewer may see, and only what stands on a page is matched: never a payroll number, an
address or an amount. Every word has to occur in the name; at most eight of a kind are told, and that there are more.
Where a find leads is said by address names, the first that exists.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kamcomp.pages.nav import Words
from kamcomp.visibility import Viewer, visible
from payouts.choices import PoolStatus
from payouts.models import Pool, Run
from plans.models import Plan
from scorecards.models import Metric
from teams.models import PersonDetails, StrategicAccount

SHOWN = 8
SHORTEST = 2
MOST_WORDS = 6


@dataclass(frozen=True, kw_only=True)
class Find:
    """One thing found: its name, what tells it apart, and the addresses it may lead to (name, argument), best first."""

    name: str
    hint: str
    leads: tuple[tuple[str, object], ...]


@dataclass(frozen=True, kw_only=True)
class Finds:
    """What was found of one kind, and whether there is more of it."""

    kind: Words
    finds: Sequence[Find]
    more: bool


def words_of(typed: str) -> list[str]:
    """Return the words that are searched for, at most six; none if what was typed is too short to mean anything."""
    words = typed.split()[:MOST_WORDS]
    return words if len("".join(words)) >= SHORTEST else []


def found(*, words: Sequence[str], viewer: Viewer) -> list[Finds]:
    """Return what a viewer finds by words, by kind, kinds without a find left out."""
    if not words:
        return []
    told = []
    for kind, ask in KINDS:
        finds = list(ask(words, viewer))
        if finds:
            told.append(Finds(kind=kind, finds=finds[:SHOWN], more=len(finds) > SHOWN))
    return told


def matching(words: Iterable[str], *fields: str) -> Q:
    """Return the condition that every word occurs in one of the fields."""
    return reduce(
        and_, (reduce(or_, (Q(**{f"{name}__icontains": word}) for name in fields)) for word in words)
    )


def _people(words: Sequence[str], viewer: Viewer) -> Iterable[Find]:
    rows = visible(PersonDetails.objects.select_related("person"), to=viewer)
    rows = rows.filter(matching(words, "legal_name")).order_by("legal_name", "pk")[: SHOWN + 1]
    for row in rows:
        yield Find(
            name=row.legal_name,
            hint=row.person.employee_id,
            leads=(("teams:person-show", row.person_id),),
        )


def _account_rows(words: Sequence[str], viewer: Viewer) -> Iterable[StrategicAccount]:
    rows = visible(StrategicAccount.objects.select_related("node"), to=viewer)
    rows = rows.filter(matching(words, "node__name", "node__code"))
    return rows.order_by("node__name", "pk")[: SHOWN + 1]


def _accounts(words: Sequence[str], viewer: Viewer) -> Iterable[Find]:
    for row in _account_rows(words, viewer):
        yield Find(name=row.node.name, hint=row.node.code, leads=(("teams:account-show", row.pk),))


def _teams(words: Sequence[str], viewer: Viewer) -> Iterable[Find]:
    for row in _account_rows(words, viewer):
        yield Find(
            name=_("Team of %(account)s") % {"account": row.node.name},
            hint="",
            leads=(("teams:team-show", row.pk),),
        )


def _plans(words: Sequence[str], viewer: Viewer) -> Iterable[Find]:
    rows = visible(Plan.objects.all(), to=viewer).filter(matching(words, "name", "code"))
    for row in rows.order_by("name", "pk")[: SHOWN + 1]:
        yield Find(name=row.name, hint=_(row.get_plan_type_display()), leads=(("plans:plan-show", row.pk),))


def _metrics(words: Sequence[str], viewer: Viewer) -> Iterable[Find]:
    rows = visible(Metric.objects.all(), to=viewer).filter(matching(words, "name", "code"))
    for row in rows.order_by("code")[: SHOWN + 1]:
        yield Find(name=_(row.name), hint=row.code, leads=(("scorecards:metric-show", row.pk),))


def _runs(words: Sequence[str], viewer: Viewer) -> Iterable[Find]:
    rows = visible(Run.objects.select_related("period"), to=viewer).filter(matching(words, "period__code"))
    for row in rows.order_by("-period__days", "-number")[: SHOWN + 1]:
        yield Find(
            name=_("%(period)s, run no. %(number)s") % {"period": row.period.code, "number": row.number},
            hint=_(row.get_status_display()),
            leads=(("payouts:run-show", row.pk),),
        )


def _pools(words: Sequence[str], viewer: Viewer) -> Iterable[Find]:
    rows = visible(Pool.objects.select_related("account__node", "period"), to=viewer)
    rows = rows.exclude(status=PoolStatus.PLANNED)
    rows = rows.filter(matching(words, "account__node__name", "account__node__code", "period__code"))
    for row in rows.order_by("-period__days", "account__node__name")[: SHOWN + 1]:
        yield Find(
            name=_("Pool of %(account)s, %(period)s")
            % {"account": row.account.node.name, "period": row.period.code},
            hint=_(row.get_status_display()),
            leads=(("payouts:allocation-save", row.pk),),
        )


KINDS: tuple[tuple[Words, Callable[[Sequence[str], Viewer], Iterable[Find]]], ...] = (
    (gettext_lazy("People"), _people),
    (gettext_lazy("Accounts"), _accounts),
    (gettext_lazy("Teams"), _teams),
    (gettext_lazy("Plans"), _plans),
    (gettext_lazy("Metrics"), _metrics),
    (gettext_lazy("Runs"), _runs),
    (gettext_lazy("Pools"), _pools),
)
