"""
Targets that stand beside a version's draft and that publishing it issues: by period, for the account of its plan.

Rule: docs/reference/plan-proposal.md, "What the draft says".
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from dateutil.relativedelta import relativedelta

from kamcomp.calendar.choices import PeriodStatus
from kamcomp.calendar.models import Period
from plans.engine.conventions import Level
from plans.engine.document import plan_from_document
from plans.engine.needs import results_needed
from plans.models import DraftBrief, PlanVersion
from scorecards.models import Target


@dataclass(frozen=True, kw_only=True)
class TargetAsked:
    """A target to issue: of a period, by metric; money in its currency, anything else in its unit."""

    period: Period
    metric: str
    value: Decimal
    currency: str


def targets_asked(*, version: PlanVersion) -> list[TargetAsked]:
    """
    Return the targets that were put beside the draft a version came from and that nobody has agreed on yet.

    Each is for the period of the version's first year that begins on the day of the year the one it was reckoned from
    began on. Only what the version reads of the account as a whole is asked: not what was edited out of it.
    """
    brief = DraftBrief.objects.filter(draft_id=version.pk).only("targets").first()
    account = version.plan.account
    if brief is None or account is None:
        return []
    read = _metrics_read(version)
    lines = [line for line in brief.targets if line["code"] in read and line["asked"]]
    periods = _periods(version, {code for line in lines for code in line["periods"]})
    asked = [
        TargetAsked(
            period=periods[code], metric=line["code"], value=Decimal(value), currency=line["currency"]
        )
        for line in lines
        for code, value in zip(line["periods"], line["asked"], strict=True)
        if code in periods
    ]
    agreed = Target.objects.current().filter(  # type: ignore[attr-defined]
        node_id=account.node_id, segment=None, metric__code__in=read, days__overlap=version.valid
    )
    stands = list(agreed.values_list("metric__code", "days"))
    return [
        one
        for one in asked
        if not any(metric == one.metric and _meet(days, one.period.days) for metric, days in stands)
    ]


def _metrics_read(version: PlanVersion) -> set[str]:
    needs = results_needed(plan_from_document(version.document))
    return {need.key.metric for need in needs if need.key.level == Level.TEAM and not need.key.segment}


def _periods(version: PlanVersion, codes: set[str]) -> dict[str, Period]:
    """Return by the code of a past period the open one a year or more later that begins on the same day of the year."""
    of_calendar = Period.objects.filter(calendar_id=version.plan.calendar_id)
    past = of_calendar.filter(code__in=codes).values_list("code", "days")
    began = {(days.lower.month, days.lower.day): code for code, days in past}
    first = version.span.since
    rows = of_calendar.filter(
        days__contained_by=version.valid, days__startswith__lt=first + relativedelta(years=1)
    )
    open_rows = rows.exclude(status=PeriodStatus.LOCKED).order_by("days")
    found = {began.get((row.days.lower.month, row.days.lower.day)): row for row in open_rows}
    return {code: row for code, row in found.items() if code is not None}


def _meet(one: Any, other: Any) -> bool:
    return bool(one.lower < other.upper and other.lower < one.upper)
