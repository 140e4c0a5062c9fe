"""
Reads of working drafts: the list, a draft as the version it will be, and what the checks find on it.

A draft is looked at as the version it would become on the day: the same checks, the same facts, the same limits.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Max, QuerySet
from psycopg2.extras import DateRange

from kamcomp.spans import Span
from kamcomp.visibility import Viewer, visible
from plans.checks.facts import CostFacts
from plans.checks.picture import Picture
from plans.checks.registry import Report, checked
from plans.checks.rule import Severity
from plans.choices import VersionStatus
from plans.engine.codec import DocumentError, DocumentInvalid
from plans.engine.document import written_digest
from plans.models import Draft, Plan, PlanVersion
from plans.selectors.limits import limits_on
from plans.selectors.pictures import picture_of_version
from plans.selectors.pictures.held import reads_held, reads_made
from teams.models import AccountObjective, StrategicAccount


@dataclass(frozen=True, kw_only=True)
class DraftLook:
    """
    What is found on a draft: broken laws of the language, and what the checks say once it holds far enough.

    `waived` are the sentences of findings that somebody let stand; `picture` is none while the laws forbid one.
    """

    broken: Sequence[DocumentError]
    report: Report | None
    picture: Picture | None
    waived: frozenset[str]

    @property
    def blocks(self) -> bool:
        """Tell whether the draft cannot be approved as it stands."""
        found = self.report.findings if self.report else ()
        stands = [one for one in found if one.severity is Severity.BLOCKS and one.kept_as not in self.waived]
        return bool(self.broken or stands)

    @property
    def cost(self) -> CostFacts:
        """Return what the plan costs at target, as far as it is known."""
        return (self.picture.facts.cost if self.picture else None) or CostFacts()

    def past(self, metric: str) -> Sequence[Decimal]:
        """Return the attainments of a metric in the last closed periods, of every account that is paid on it."""
        facts = self.picture.facts.metrics.get(metric) if self.picture else None
        return (facts.past if facts else None) or ()


def drafts_listed(*, viewer: Viewer) -> QuerySet[Draft]:
    """Return the working drafts a viewer may see."""
    rows = visible(Draft.objects.all(), to=viewer)
    return rows.select_related("plan", "changed_by", "created_by", "version")


def draft_as_version(*, draft: Draft) -> PlanVersion:
    """
    Return the version that a draft would become; it is not stored.

    :raises DocumentInvalid: if it ends before it starts.
    """
    document, span = draft.document, _span_of(draft.document)
    plan = draft.plan or Plan(
        id=draft.pk,
        code=document["code"],
        name=document["name"],
        plan_type=document["type"],
        calendar=draft.calendar,
        account=draft.account,
    )
    last = plan.versions.aggregate(last=Max("number"))["last"] if draft.plan_id else 0
    return PlanVersion(
        id=draft.pk,
        plan=plan,
        number=(last or 0) + 1,
        valid=DateRange(span.since, span.until),
        document=document,
        digest=written_digest(document),
        currency=document["currency"],
        status=VersionStatus.DRAFT,
        prepared_by=draft.changed_by,
        created_by=draft.created_by,
    )


def _span_of(document: Mapping[str, Any]) -> Span:
    first, last = (date.fromisoformat(document["effective"][end]) for end in ("from", "to"))
    if last < first:
        raise DocumentInvalid(
            [DocumentError("/effective/to", "ends_before_start", "The plan ends before it starts.")]
        )
    return Span.inclusive(first, last)


def draft_look(*, draft: Draft, on: date, at: datetime | None = None, held: bool = False) -> DraftLook:
    """
    Return what is found on a draft on a day.

    With `at` the company's facts are held from that moment on; with `held` those that are held are taken.
    """
    try:
        picture = _picture(draft=draft, on=on, at=at, held=held)
    except DocumentInvalid as invalid:
        return DraftLook(broken=invalid.errors, report=None, picture=None, waived=frozenset())
    report = checked(picture=picture, settings=limits_on(day=on))
    return DraftLook(broken=(), report=report, picture=picture, waived=frozenset(picture.facts.waived or ()))


def _picture(*, draft: Draft, on: date, at: datetime | None, held: bool) -> Picture:
    version = draft_as_version(draft=draft)
    if at is None:
        return picture_of_version(version=version, on=on)
    reads = (reads_held if held else reads_made)(version=version, on=on, at=at)
    return picture_of_version(version=version, on=on, reads=reads)


def plan_before(*, draft: Draft) -> Mapping[str, Any] | None:
    """Return the document that a draft is compared with: of the version it was begun from."""
    return draft.based_on.document if draft.based_on_id and draft.based_on else None


def programmes_named(*, names: Collection[str], viewer: Viewer) -> dict[str, UUID]:
    """Return which account's programme says more of accounts and objectives, by their codes; asks nothing for none."""
    if not names:
        return {}
    aims = visible(AccountObjective.objects.filter(code__in=names), to=viewer)
    accounts = visible(StrategicAccount.objects.filter(node__code__in=names), to=viewer)
    return dict(aims.values_list("code", "account_id")) | dict(accounts.values_list("node__code", "pk"))
