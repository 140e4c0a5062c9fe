"""Which computed results a run needs before its chunks are computed: what its plans read, and what has a target."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from uuid import UUID

from kamcomp.calendar.models import Period
from kamcomp.refusal import Refusal
from payouts.selectors.inputs.reach import Reach, read_now, version_reach
from payouts.selectors.inputs.reads import plan_reads
from payouts.selectors.inputs.results import SubjectId, company_node, subjects_of
from payouts.selectors.inputs.rows import stint_rows, uuid_array
from payouts.selectors.runs import period_assignments
from plans.engine.conventions import Level
from plans.engine.document import plan_from_document
from plans.engine.inputs import ResultKey
from plans.models import Assignment, PlanVersion
from scorecards.choices import MetricSource, Window
from scorecards.models import Metric
from scorecards.selectors.needs import ResultNeed, result_needs
from teams.models import Segment


class YearsDisagree(Refusal):
    """Two plans read one result over several years that begin on different days."""


def run_needs(*, period: Period) -> list[ResultNeed]:
    """
    Return the computed results a run of a period needs, each once.

    What a plan in force reads of its people and accounts is wanted by name, so that one
    without a value is told as missing; what has a target, and the library's metrics of the
    programme's accounts, come along for scorecards and reviews.

    :raises YearsDisagree: if two plans read one result over years that begin on different days.
    """
    computed = set(Metric.objects.filter(source=MetricSource.COMPUTED).values_list("code", flat=True))
    segments = dict(Segment.objects.values_list("code", "pk"))
    versions = PlanVersion.objects.filter(pk__in=period_assignments(period=period).values("plan_version_id"))
    needs = {need.key: need for need in result_needs(period=period)}
    for version in versions.order_by("plan__code", "number"):
        for need in _version_needs(version=version, period=period, computed=computed, segments=segments):
            known = needs.get(need.key, need)
            if need.since != known.since and not known.optional:
                raise YearsDisagree(
                    "%(version)s reads %(metric)s over several years from %(since)s, and another plan "
                    "from %(known_since)s, of the same account or person: end one of the goals in another "
                    "period.",
                    version=version,
                    metric=need.metric,
                    since=need.since,
                    known_since=known.since,
                )
            needs[need.key] = need
    return list(needs.values())


def _version_needs(
    *, version: PlanVersion, period: Period, computed: set[str], segments: dict[str, UUID]
) -> Iterator[ResultNeed]:
    reads = plan_reads(plan_from_document(version.document))
    reach = version_reach(version=version, period=period)
    keys = [
        read.key for read in reads.keys if read.key.metric in computed and read_now(read=read, reach=reach)
    ]
    if not keys:
        return
    now = period_assignments(period=period).filter(plan_version=version)
    chosen = Assignment.objects.filter(
        plan_version=version, person__in=now.values("person"), valid__overlap=(reach.since, reach.until)
    )
    ids = uuid_array(chosen.values_list("pk", flat=True))
    stints, _gone = stint_rows(assignments=ids, reach=reach, period=period)
    company = company_node(reads=reads, on=period.days.lower)
    for key in keys:
        since = _window_since(key=key, reach=reach)
        for name in subjects_of(key=key, stints=stints, company=company).ids:
            need = _need(key, name, segments, version.currency, since)
            if need is not None:
                yield need


def _window_since(*, key: ResultKey, reach: Reach) -> date | None:
    """Return the first day of a window that no fiscal year says: of several years, of a rolling one."""
    if key.rolling is not None:
        return reach.calendar.rolling(key.rolling)[0][1].since
    return reach.calendar.years[0].periods[0].since if key.window == Window.MULTI_YEAR else None


def _need(
    key: ResultKey, name: SubjectId, segments: dict[str, UUID], currency: str, since: date | None
) -> ResultNeed | None:
    """Return the need of a subject's result; None of a segment that nobody made."""
    subject, _slash, segment = name.partition("/")
    if segment and segment not in segments:
        return None
    personal = key.level == Level.INDIVIDUAL
    return ResultNeed(
        metric=key.metric,
        window=key.window,
        node_id=None if personal else UUID(subject),
        person_id=UUID(subject) if personal else None,
        segment_id=segments[segment] if segment else None,
        currency=currency,
        since=since,
    )
