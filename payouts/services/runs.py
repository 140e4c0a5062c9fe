"""
A run from its request to its end: asked for once, prepared once, finished when its chunks are.

The table is the truth and a message only a doorbell: whatever is lost, doubled or late
costs time. Every moment a lease is judged by is PostgreSQL's own.
Rules: docs/reference/runs.md.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from datetime import datetime
from functools import partial
from uuid import UUID

from celery import current_app
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, Max, QuerySet, Sum

from kamcomp.audit.context import acting
from kamcomp.calendar.choices import PeriodStatus
from kamcomp.calendar.models import Period
from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.identity.selectors import role_check
from kamcomp.money import settle
from kamcomp.reading import READER
from kamcomp.refusal import Listing, Refusal, Sentence, Word
from payouts.choices import ChunkStatus, PoolStatus, RunStatus
from payouts.engine.formats import ENGINE_FORMAT
from payouts.models import Payout, Run, RunChunk, RunProblem
from payouts.selectors.leavers import period_leavers
from payouts.selectors.run_needs import run_needs
from payouts.selectors.runs import (
    PREPARATION_LEASE_OVER,
    PREPARATION_LEASE_SECONDS,
    period_assignments,
)
from payouts.selectors.unchanged import run_to_build_on
from payouts.services.events import run_completed_event
from payouts.services.run_chunks import chunks_plan
from payouts.services.run_compute import digest_of
from payouts.services.telling import run_calculated_told
from scorecards.services.results import results_compute

logger = logging.getLogger(__name__)

LOOK_TASK = "payouts.run_look"
ATTEMPTS = 3
WRITERS_SECONDS = PREPARATION_LEASE_SECONDS - 5
ACTIVE = (RunStatus.QUEUED, RunStatus.CALCULATING)
REVIEWERS = [Role.COMP_ADMIN, Role.EXECUTIVE]
STARTERS = [Role.COMP_ADMIN, Role.FINANCE]
FIXED = (RunStatus.REVIEWED, RunStatus.ALLOCATING, RunStatus.APPROVED)


class PeriodNotOpen(Refusal):
    """A run is asked for in a period that has not begun."""


class PeriodLocked(Refusal):
    """A run is asked for in a period whose books are closed."""


class RunUnderReview(Refusal):
    """A run is asked for while the period's current run is reviewed, allocated or approved."""


class NobodyToPay(Refusal):
    """A run is asked for in a period in which nobody is on a published plan."""


class FactsStillArriving(Refusal):
    """Writers that began before the run's moment have not ended, so what was known then is not settled."""


class RunNotFailed(Refusal):
    """A run is to be taken up again that did not fail."""


def run_request(*, period: Period, by: User, at: datetime, whole: bool = False) -> Run:
    """
    Return the period's run that is under way, or a new one, queued and current.

    The period's row is locked first, so of twenty requests at once one makes the run and
    the others get it. Facts recorded up to now, by the database's clock, are what the run
    will know. An older run that was not reviewed is superseded. Whose inputs are those of the
    last run is taken over from it, unless the run is to be `whole`.

    :raises RoleMissing: if `by` is neither a compensation admin nor of finance.
    :raises PeriodNotOpen: if the period has not begun.
    :raises PeriodLocked: if its books are closed.
    :raises RunUnderReview: if its current run is approved, or an allocation of it was handed in.
    :raises NobodyToPay: if no assignment to a published plan falls into it.
    """
    with acting(action="run_request", user=by):
        role_check(user=by, roles=STARTERS, on=at.date(), act="Starting a run")
        period = Period.objects.select_for_update(no_key=True).get(pk=period.pk)
        current = Run.objects.filter(period=period, is_current=True).first()
        if current is not None and current.status in ACTIVE:
            run_ring(run_id=current.pk)
            return current
        _refuse_unless_runnable(period=period, current=current)
        if current is not None:
            Run.objects.filter(pk=current.pk).update(status=RunStatus.SUPERSEDED, is_current=False)
        run = Run.objects.create(
            calendar_id=period.calendar_id,
            period=period,
            number=(Run.objects.filter(period=period).aggregate(last=Max("number"))["last"] or 0) + 1,
            status=RunStatus.QUEUED,
            is_current=True,
            started_by=by,
            created_by=by,
            engine_format=ENGINE_FORMAT,
            based_on=None if whole else run_to_build_on(period_id=period.pk, engine_format=ENGINE_FORMAT),
            known_at=database_clock(),
            started_at=at,
        )
        run_ring(run_id=run.pk)
        return run


def run_resume(*, run: Run, by: User, at: datetime) -> Run:
    """
    Queue a run again whose preparation or whose chunks failed; what is done stays done.

    :raises RoleMissing: if `by` is neither a compensation admin nor of finance.
    :raises RunNotFailed: if nothing of it failed.
    """
    with acting(action="run_resume", user=by):
        role_check(user=by, roles=STARTERS, on=at.date(), act="Taking up a run again")
        run = Run.objects.select_for_update(no_key=True).get(pk=run.pk)
        failed = run.chunks.filter(status=ChunkStatus.FAILED)
        if run.status not in (RunStatus.FAILED, RunStatus.WITH_ERRORS) or not run.is_current:
            raise RunNotFailed(
                "Run %(run)s is %(status)s: only a failed run is taken up again.",
                run=run,
                status=Word(run.get_status_display().lower()),
            )
        if run.chunks.exists() and not failed.exists():
            raise RunNotFailed(
                "No chunk of run %(run)s failed: settle its problems and start a new run.", run=run
            )
        failed.update(status=ChunkStatus.WAITING, attempt=0, lease_until=None, error="")
        run.status, run.attempt, run.lease_until, run.error = RunStatus.QUEUED, 0, None, ""
        run.save(update_fields=["status", "attempt", "lease_until", "error"])
        run_ring(run_id=run.pk)
        return run


def run_ring(*, run_id: UUID, messages: int = 1) -> None:
    """Tell workers, once the transaction has committed, to look at a run; a dead broker costs only time."""
    transaction.on_commit(partial(_ring, run_id=run_id, messages=messages), robust=True)


def bell_rung(*, run_id: UUID) -> bool:
    """Send one message to look at a run, now; return whether the broker took it."""
    try:
        # Without a limit in the message the worker's own holds, whatever the sender's settings say.
        current_app.send_task(
            LOOK_TASK,
            args=[str(run_id)],
            retry=False,
            ignore_result=True,
            time_limit=None,
            soft_time_limit=None,
        )
    except Exception as error:  # whatever the broker's library raises: the workers' own look finds the run
        logger.warning("no bell could be rung for run %s: %s", run_id, error)
        return False
    return True


def run_prepare(*, run_id: UUID) -> bool:
    """
    Compute the results the run reads and cut its people into chunks, all in one transaction.

    Return whether this caller did it: False if another worker has it, it is done, it
    failed for good, or writers that began before the run have not ended: it waits for those,
    however long they take, and says so. A refusal ends the run with its sentence; a
    preparation begun three times without an end does too.
    """
    lease = _preparation_take(run_id=run_id)
    if lease is None:
        return False
    try:
        _wait_for_older_writers(run_id=run_id)
    except FactsStillArriving as refusal:
        _preparation_leave(run_id=run_id, lease=lease, why=str(refusal))
        return False
    attempt = _preparation_begin(run_id=run_id, lease=lease)
    if attempt is None:
        return False
    try:
        return _prepare(run_id=run_id, attempt=attempt)
    except Refusal as refusal:
        _preparation_note(run_id=run_id, attempt=attempt, error=str(refusal), failed=True)
    except Exception as error:
        logger.exception("run %s could not be prepared (attempt %s)", run_id, attempt)
        sentence = f"The preparation failed: {type(error).__name__}: {error}"
        _preparation_note(run_id=run_id, attempt=attempt, error=sentence, failed=attempt >= ATTEMPTS)
    return False


def run_finish(*, run_id: UUID) -> bool:
    """
    Close a run whose last chunk is done: digests, totals, people, state.

    The digests are SHA-256 over the sorted digests of its payees, so they do not depend on
    how the payees were cut. A run with a problem or a failed chunk ends with errors and
    cannot be reviewed. Return whether this call closed it.
    """
    with acting(action="run_finish", user=None):
        run = Run.objects.select_for_update(no_key=True).get(pk=run_id)
        open_chunks = run.chunks.filter(status__in=[ChunkStatus.WAITING, ChunkStatus.RUNNING])
        if run.status != RunStatus.CALCULATING or open_chunks.exists():
            return False
        failed = list(run.chunks.filter(status=ChunkStatus.FAILED).order_by("number"))
        problems = RunProblem.objects.filter(run=run).count()
        chunks = run.chunks.filter(status=ChunkStatus.DONE)
        run.input_digest = digest_of(_digests_in(chunks.values_list("input_digests", flat=True)))
        run.result_digest = digest_of(_digests_in(chunks.values_list("result_digests", flat=True)))
        payouts = Payout.objects.filter(run=run)
        run.people = payouts.aggregate(people=Count("person", distinct=True))["people"]
        run.taken_over = chunks.aggregate(taken=Sum("taken_over"))["taken"] or 0
        sums = payouts.values("currency").annotate(total=Sum("amount")).order_by("currency")
        run.totals = {row["currency"]: f"{settle(row['total'], currency=row['currency']):f}" for row in sums}
        run.status = RunStatus.WITH_ERRORS if failed or problems else RunStatus.CALCULATED
        run.error = _ending_sentence(failed=failed, problems=problems)
        run.finished_at = now = database_clock()
        run.save()
        if run.status == RunStatus.CALCULATED:
            run_calculated_told(run=run, reviewers=REVIEWERS, at=run.started_at or now)
        run_completed_event(run=run, at=now)
        return True


def _refuse_unless_runnable(*, period: Period, current: Run | None) -> None:
    if period.status == PeriodStatus.FUTURE:
        raise PeriodNotOpen(
            "%(period)s has not begun: it opens on %(since)s.", period=period, since=period.span.since
        )
    if period.status == PeriodStatus.LOCKED:
        raise PeriodLocked(
            "%(period)s is locked: a late fact becomes an adjustment in the open period.", period=period
        )
    if current is not None and current.status in FIXED and stands(current):
        raise RunUnderReview(
            "Run %(current)s is %(status)s: return the allocations that were handed in before a "
            "new run is started; what is approved stands, and a late fact becomes an adjustment.",
            current=current,
            status=Word(current.get_status_display().lower()),
        )
    if not period_assignments(period=period).exists() and not period_leavers(period=period):
        raise NobodyToPay(
            "Nobody is on a published plan in %(period)s: assign people to a plan version first.",
            period=period,
        )


def stands(run: Run) -> bool:
    """Tell whether a reviewed run can no longer be replaced: it is approved, or an allocation was handed in."""
    handed_in = run.pools.filter(status__in=[PoolStatus.SUBMITTED, PoolStatus.APPROVED])
    return run.status == RunStatus.APPROVED or handed_in.exists()


def database_clock() -> datetime:
    """Return the present instant by PostgreSQL's clock, which every fact's recording is told by."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (moment,) = cursor.fetchone()
    return moment


def _ring(*, run_id: UUID, messages: int) -> None:
    for _message in range(messages):
        if not bell_rung(run_id=run_id):
            return


def _preparation_take(*, run_id: UUID) -> datetime | None:
    """Return until when the preparation is this caller's, and by that it is known as theirs; None if it is not."""
    with acting(action="run_prepare", user=None), connection.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE payouts_run SET lease_until = clock_timestamp() + make_interval(secs => %(lease)s)
             WHERE id = (SELECT r.id FROM payouts_run r
                          WHERE r.id = %(run)s AND r.status = 'queued' AND {PREPARATION_LEASE_OVER}
                            FOR UPDATE SKIP LOCKED)
            RETURNING lease_until
            """,
            {"run": run_id, "lease": PREPARATION_LEASE_SECONDS},
        )
        taken = cursor.fetchone()
    return None if taken is None else taken[0]


def _preparation_begin(*, run_id: UUID, lease: datetime) -> int | None:
    """
    Count that the preparation is begun, by whom it was taken until `lease`; return the attempt's number.

    Whoever dies while they wait for writers has begun nothing: only now can a preparation be what kills them.
    """
    with acting(action="run_prepare", user=None):
        with connection.cursor() as cursor:
            cursor.execute(
                """
                UPDATE payouts_run SET attempt = attempt + 1,
                       lease_until = clock_timestamp() + make_interval(secs => %(seconds)s)
                 WHERE id = %(run)s AND status = 'queued' AND lease_until = %(lease)s
                RETURNING attempt, error
                """,
                {"run": run_id, "lease": lease, "seconds": PREPARATION_LEASE_SECONDS},
            )
            taken = cursor.fetchone()
        if taken is None:
            return None
        attempt, error = taken
        if attempt <= ATTEMPTS:
            return int(attempt)
        sentence = f"The preparation was begun {ATTEMPTS} times and never ended. {error}".strip()
        Run.objects.filter(pk=run_id).update(status=RunStatus.FAILED, error=sentence)
        return None


def _prepare(*, run_id: UUID, attempt: int) -> bool:
    run = Run.objects.select_related("period", "calendar", "started_by").get(pk=run_id)
    with acting(action="run_prepare", user=run.started_by):
        mine = Run.objects.filter(pk=run_id, status=RunStatus.QUEUED, attempt=attempt)
        if not _held(mine):
            return False
        if not run.chunks.exists():
            results_compute(
                period=run.period, needed=run_needs(period=run.period), by=run.started_by, at=run.known_at
            )
            chunks = chunks_plan(run=run)
        else:
            chunks = run.chunks.filter(status=ChunkStatus.WAITING).count()
        mine.update(status=RunStatus.CALCULATING, lease_until=None, error="")
        run_ring(run_id=run_id, messages=min(chunks, settings.KAMCOMP_RUN_BELLS))
    return True


def _held(mine: QuerySet[Run], *, seconds: float = 2) -> bool:
    """
    Lock the run's row for its preparer; return whether it is still theirs.

    Others who looked at the same moment hold the row for an instant, which is waited for; an older preparer
    who is still at it holds it for long, and then the preparation is left to them.
    """
    patience = time.monotonic() + seconds
    while mine.exists():
        if mine.select_for_update(skip_locked=True, no_key=True).exists():
            return True
        if time.monotonic() > patience:
            return False
        time.sleep(0.05)
    return False


def _wait_for_older_writers(*, run_id: UUID) -> None:
    """
    Wait until no transaction of ours that began before the run's moment and may write is open.

    A fact carries the moment its transaction began; one that began before the run's moment
    and commits later would be seen by a late chunk and not by an early one. Who only reads,
    and has PostgreSQL hold them to it, is not waited for.

    :raises FactsStillArriving: if such a transaction is still open shortly before the lease is over.
    """
    known_at = Run.objects.values_list("known_at", flat=True).get(pk=run_id)
    patience = time.monotonic() + WRITERS_SECONDS
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                """
                SELECT count(*) FROM pg_stat_activity
                 WHERE datname = current_database() AND pid <> pg_backend_pid()
                   AND xact_start <= %s AND state <> 'disabled' AND application_name <> %s
                """,
                [known_at, READER],
            )
            (older,) = cursor.fetchone()
        if not older:
            return
        if time.monotonic() > patience:
            raise FactsStillArriving(
                "%(older)s writer(s) that began before the run was asked for have not ended, an import under "
                "way perhaps: the run waits for them.",
                older=older,
            )
        time.sleep(0.1)


def _preparation_leave(*, run_id: UUID, lease: datetime, why: str) -> None:
    """
    Leave the preparation to whoever looks next: the workers do by themselves, in seconds.

    No bell is rung for it: it would occupy a worker without pause for as long as others write.
    """
    with acting(action="run_prepare", user=None):
        mine = Run.objects.filter(pk=run_id, status=RunStatus.QUEUED, lease_until=lease)
        mine.update(lease_until=None, error=why)


def _preparation_note(*, run_id: UUID, attempt: int, error: str, failed: bool) -> None:
    with acting(action="run_prepare", user=None):
        mine = Run.objects.filter(pk=run_id, status=RunStatus.QUEUED, attempt=attempt)
        if failed:
            mine.update(status=RunStatus.FAILED, error=error, lease_until=None)
        else:
            mine.update(error=error)


def _digests_in(parts: Iterable[bytes | memoryview | None]) -> list[bytes]:
    """Return the digests, 32 bytes each, that chunks hold end to end."""
    return [
        held[place : place + 32]
        for held in (bytes(part or b"") for part in parts)
        for place in range(0, len(held), 32)
    ]


def _ending_sentence(*, failed: list[RunChunk], problems: int) -> str:
    words: list[str] = []
    if failed:
        words.append(
            Sentence("%(count)s chunk(s) failed: %(error)s", count=len(failed), error=failed[0].error)
        )
    if problems:
        words.append(
            Sentence("%(count)s problem(s) must be settled before the run can be reviewed.", count=problems)
        )
    return Listing(words, " ")
