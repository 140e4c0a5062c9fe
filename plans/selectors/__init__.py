"""Reads of plans and their versions."""

from datetime import date
from typing import Any

from kamcomp.refusal import Refusal, Word
from plans.choices import VersionStatus
from plans.models import Plan, PlanVersion


class PlanUnknown(Refusal):
    """No plan has this code."""


class VersionUnknown(Refusal):
    """The plan has no such version."""


def plan_named(code: str) -> Plan:
    """
    Return the plan of a code.

    :raises PlanUnknown: naming the plans there are.
    """
    plan = Plan.objects.select_related("calendar", "account").filter(code=code).first()
    if plan is None:
        codes = ", ".join(Plan.objects.order_by("code").values_list("code", flat=True)[:20])
        raise PlanUnknown(
            "There is no plan %(code)s; known are: %(codes)s.", code=code, codes=codes or Word("none yet")
        )
    return plan


def version_numbered(*, plan: Plan, number: int | None = None) -> PlanVersion:
    """
    Return a version of a plan, the last one if no number is given.

    :raises VersionUnknown: if there is none.
    """
    versions = PlanVersion.objects.select_related("plan").filter(plan=plan).order_by("number")
    version = versions.last() if number is None else versions.filter(number=number).first()
    if version is None:
        raise VersionUnknown(
            "Plan %(plan)s has no version%(value)s.",
            plan=plan.code,
            value="" if number is None else f" {number}",
        )
    return version


def version_in_force(*, plan: Plan, on: date) -> PlanVersion:
    """
    Return the published version in force on a day.

    :raises VersionUnknown: if none is.
    """
    version = PlanVersion.objects.filter(
        plan=plan, status=VersionStatus.PUBLISHED, valid__contains=on
    ).first()
    if version is None:
        raise VersionUnknown(
            "No version of plan %(plan)s is in force on %(on)s; publish one for that day.",
            plan=plan.code,
            on=on,
        )
    return version


def version_document(*, version: PlanVersion) -> dict[str, Any]:
    """Return the document of a version as it was stored: what was designed, approved and is computed."""
    document: dict[str, Any] = version.document
    return document


def version_state(*, version: PlanVersion, on: date) -> str:
    """Return what people call the state of a version on a day: active, superseded and expired follow from the days."""
    if version.status != VersionStatus.PUBLISHED:
        return version.get_status_display().lower()
    if on in version.span:
        return "active"
    if on < version.span.since:
        return "published"
    followed = PlanVersion.objects.filter(
        plan_id=version.plan_id, status=VersionStatus.PUBLISHED, valid__startswith__gte=version.span.until
    )
    return "superseded" if followed.exists() else "expired"
