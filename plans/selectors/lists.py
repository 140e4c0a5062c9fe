"""Reads of plans for their pages: the list with each plan's newest version, its versions, who is on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, F, Func, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from kamcomp.approvals.models import Approval
from kamcomp.visibility import Viewer, visible
from plans.choices import VersionStatus
from plans.models import Assignment, Plan, PlanVersion

VERSION_TABLE = PlanVersion._meta.db_table


def plans_listed(*, viewer: Viewer, on: date) -> QuerySet[Plan]:
    """Return the plans a viewer may see, each with its newest version and how many people are on it on a day."""
    versions = visible(PlanVersion.objects.all(), to=viewer).filter(plan=OuterRef("pk")).order_by("-number")
    people = (
        visible(Assignment.objects.all(), to=viewer)
        .filter(plan=OuterRef("pk"), valid__contains=on)
        .order_by()
        .annotate(
            count=Func(F("person_id"), function="COUNT", template="%(function)s(DISTINCT %(expressions)s)")
        )
        .values("count")
    )
    return visible(Plan.objects.all(), to=viewer).select_related("account__node", "calendar").annotate(
        newest_number=Subquery(versions.values("number")[:1]),
        newest_status=Subquery(versions.values("status")[:1]),
        newest_valid=Subquery(versions.values("valid")[:1]),
        newest_currency=Subquery(versions.values("currency")[:1]),
        people=Coalesce(Subquery(people, output_field=IntegerField()), 0),
    )  # fmt: skip


def newest_state(plan: Plan, *, on: date) -> str:
    """Return what people call the state of a listed plan's newest version on a day."""
    status, valid = plan.newest_status, plan.newest_valid  # type: ignore[attr-defined]
    if status is None:
        return "no version"
    if status != VersionStatus.PUBLISHED:
        return str(VersionStatus(status).label).lower()
    if valid.lower > on:
        return "published"
    return "active" if valid.upper is None or on < valid.upper else "expired"


@dataclass(frozen=True, kw_only=True)
class VersionStep:
    """A version of a plan with its state on a day and who prepared, approved and published it."""

    version: PlanVersion
    state: str


def versions_of(*, plan: Plan, viewer: Viewer, on: date) -> list[VersionStep]:
    """Return the versions of a plan a viewer may see, newest first, in one query."""
    rows = visible(PlanVersion.objects.filter(plan=plan), to=viewer)
    versions = list(
        rows.select_related("plan", "prepared_by", "approved_by", "published_by").order_by("-number")
    )
    published = [each for each in versions if each.status == VersionStatus.PUBLISHED]
    return [VersionStep(version=version, state=_state(version, published, on=on)) for version in versions]


def _state(version: PlanVersion, published: list[PlanVersion], *, on: date) -> str:
    if version.status != VersionStatus.PUBLISHED:
        return str(version.get_status_display()).lower()
    if on in version.span:
        return "active"
    if on < version.span.since:
        return "published"
    until = version.span.until
    followed = any(until is not None and each.span.since >= until for each in published)
    return "superseded" if followed else "expired"


def assignments_of(*, version: PlanVersion, viewer: Viewer) -> QuerySet[Assignment]:
    """Return who is or was on a version, as far as a viewer may see them."""
    rows = visible(Assignment.objects.filter(plan_version=version), to=viewer)
    return rows.select_related("person__details", "account__node").order_by(
        "person__details__legal_name", "valid"
    )


def people_on(*, version: PlanVersion, on: date) -> int:
    """Return how many people are on a version on a day."""
    rows = Assignment.objects.filter(plan_version=version, valid__contains=on)
    return int(rows.aggregate(count=Count("person", distinct=True))["count"])


def version_approvals(*, version: PlanVersion) -> list[Approval]:
    """Return the approvals of a version, oldest first."""
    rows = Approval.objects.filter(subject_table=VERSION_TABLE, subject_id=version.pk)
    return list(rows.select_related("prepared_by", "decided_by").order_by("created_at"))
