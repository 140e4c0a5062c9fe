"""
Replays as work in the background: a short one is made at once, a long one by whichever worker takes it.

How a job goes: kamcomp/jobs/work.py. Rules: docs/reference/formulas.md, "Replays".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from kamcomp.audit.context import act
from kamcomp.identity.models import User
from kamcomp.identity.selectors import role_check
from kamcomp.jobs.models import Job
from kamcomp.jobs.work import JobKind, job_ask, job_work, jobs_look, jobs_sweep
from kamcomp.refusal import Refusal, Word
from payouts.selectors.replays import payouts_of
from payouts.services.replays import REPLAYERS, USUAL_PERIODS, draft_replay, plans_named, replay_make
from plans.models import Draft, PlanVersion, Replay
from plans.selectors.drafts import draft_as_version

AT_ONCE = 1_000
"""Payouts that are replayed while somebody waits for the page: a few seconds."""


class CalendarsDiffer(Refusal):
    """Two plans are replayed side by side on the periods of one calendar."""


def replay_request(
    *,
    subject: PlanVersion | Draft,
    by: User,
    at: datetime,
    periods: int = USUAL_PERIODS,
    people_of: Sequence[str] = (),
    at_once: int = AT_ONCE,
    ring: bool = True,
) -> Replay | Job:
    """
    Replay a version or a working draft: return what came of it, or the job that does it where it takes long.

    :raises RoleMissing: if `by` may not design or watch the money.
    :raises DocumentInvalid: naming every place of a draft that does not hold.
    :raises NoSuchPlans, NothingToReplay, ReplayInAnotherCurrency: as replaying does.
    """
    role_check(user=by, roles=REPLAYERS, on=at.date(), act="Replaying a plan")
    version = draft_as_version(draft=subject) if isinstance(subject, Draft) else subject
    plans = plans_named(version=version, codes=people_of)
    if payouts_of(version=version, periods=periods, plans=plans) > at_once:
        request = {"periods": str(periods), "people_of": ",".join(plans)}
        return job_ask(kind=REPLAYS, subject=subject, request=request, by=by, ring=ring)
    return _replayed(
        _is_draft(subject._meta.db_table), subject.pk, by=by, at=at, periods=periods, plans=plans
    )


@act
def replays_request(
    *,
    subjects: tuple[PlanVersion, PlanVersion | Draft],
    by: User,
    at: datetime,
    periods: int = USUAL_PERIODS,
    people_of: Sequence[str] = (),
    at_once: int = AT_ONCE,
    ring: bool = True,
) -> list[Replay | Job]:
    """
    Replay two versions, or a version and a working draft, on the same locked periods and people, to stand side by side.

    `people_of` are codes of plans; those of both if none are named, but for a plan that is only drafted yet. A version
    against itself is replayed once.

    :raises RoleMissing: if `by` may not design or watch the money.
    :raises DocumentInvalid: naming every place of a draft that does not hold.
    :raises CalendarsDiffer: if the two are not of one calendar.
    :raises NoSuchPlans, NothingToReplay, ReplayInAnotherCurrency: as replaying does.
    """
    before, later = subjects
    after = draft_as_version(draft=later) if isinstance(later, Draft) else later
    if before.plan.calendar_id != after.plan.calendar_id:
        raise CalendarsDiffer(
            "%(before)s is paid by the calendar %(one)s and %(after)s by %(other)s: their periods are not the same.",
            before=before, one=before.plan.calendar, after=after, other=after.plan.calendar,
        )  # fmt: skip
    there = {each.plan.code for each in (before, after) if not each.plan._state.adding}
    plans = sorted(set(people_of)) or sorted(there)
    asked: dict[str, Any] = {"by": by, "at": at, "periods": periods, "people_of": plans}
    each_at_once = at_once // 2
    return [
        replay_request(subject=one, at_once=each_at_once, ring=ring, **asked)
        for one in {each.pk: each for each in subjects}.values()
    ]


def replay_work(*, job_id: UUID, at: datetime) -> bool:
    """Do a job's replay, if nobody else does; return whether this call ended the job."""
    return job_work(kind=REPLAYS, job_id=job_id, at=at)


def replays_look(*, at: datetime) -> int:
    """Do every replay that waits; return how many jobs were ended."""
    return jobs_look(kind=REPLAYS, at=at)


def replays_sweep() -> int:
    """Ring for every replay that nobody works on; return how many."""
    return jobs_sweep(kind=REPLAYS)


def _is_draft(table: str) -> bool:
    return table == Draft._meta.db_table


def _replayed(
    is_draft: bool, subject_id: Any, *, by: User, at: datetime, periods: int, plans: Sequence[str]
) -> Replay:
    if is_draft:
        return draft_replay(draft_id=subject_id, by=by, at=at, periods=periods, people_of=plans)
    return replay_make(version_id=subject_id, by=by, at=at, periods=periods, people_of=plans)


def _done(job: Job, by: User, at: datetime) -> Mapping[str, Any]:
    replay = _replayed(
        _is_draft(job.subject_table), job.subject_id, by=by, at=at, periods=int(job.request["periods"]),
        plans=job.request["people_of"].split(","),
    )  # fmt: skip
    return {"replay": str(replay.pk), "people": replay.people}


REPLAYS = JobKind(
    name="replay",
    task="payouts.replay",
    noun="a replay",
    safe=Word("nothing of it was kept, and no payout is ever touched by one"),
    work=_done,
)
