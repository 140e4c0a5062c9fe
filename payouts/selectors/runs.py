"""Reads about runs: who is to be paid in a period, and how far a run has come."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet

from kamcomp.calendar.models import Period
from payouts.choices import RunStatus
from payouts.models import Run
from plans.choices import VersionStatus
from plans.models import Assignment

# A lease that was given in what is now the future says nothing: the clock was set back since, and a dead worker's
# would seem to hold for as long. Should the worker live, its epoch refuses what it brings.
LEASE_OVER = """
    (c.lease_until IS NULL OR c.lease_until < clock_timestamp()
     OR c.started_at > clock_timestamp() + interval '5 seconds')
"""
PREPARATION_LEASE_SECONDS = 20
PREPARATION_LEASE_OVER = f"""
    (r.lease_until IS NULL OR r.lease_until < clock_timestamp()
     OR r.lease_until > clock_timestamp() + interval '{PREPARATION_LEASE_SECONDS + 5} seconds')
"""


@dataclass(frozen=True)
class RunProgress:
    """
    How far a run has come, counted from the tables.

    `people_done` of `people` are computed and committed; `working` chunks are with a worker
    whose lease holds; `overdue` ones are with a worker that went silent. Of those done,
    `taken_over` came unchanged from the run before, and the others were computed.
    """

    run_id: UUID
    number: int
    status: str
    chunks: int
    done: int
    failed: int
    working: int
    overdue: int
    people: int
    people_done: int
    taken_over: int
    problems: int

    @property
    def computed(self) -> int:
        """Return how many of those done were computed."""
        return self.people_done - self.taken_over

    @property
    def ended(self) -> bool:
        """Tell whether nothing is left for workers to do."""
        return self.status not in (RunStatus.DRAFT, RunStatus.QUEUED, RunStatus.CALCULATING)


def period_assignments(*, period: Period) -> QuerySet[Assignment]:
    """Return the assignments to published plan versions of the period's calendar that fall into it."""
    return Assignment.objects.filter(
        valid__overlap=period.days,
        plan__calendar_id=period.calendar_id,
        plan_version__status=VersionStatus.PUBLISHED,
    )


def run_progress(*, run_id: UUID) -> RunProgress:
    """Return how far a run has come, in one query, by the database's clock."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT r.id, r.number, r.status, count(c.id),
                   count(*) FILTER (WHERE c.status = 'done'),
                   count(*) FILTER (WHERE c.status = 'failed'),
                   count(*) FILTER (WHERE c.status = 'running' AND NOT {LEASE_OVER}),
                   count(*) FILTER (WHERE c.status = 'running' AND {LEASE_OVER}),
                   coalesce(sum(c.people), 0),
                   coalesce(sum(c.people) FILTER (WHERE c.status = 'done'), 0),
                   coalesce(sum(c.taken_over), 0),
                   (SELECT count(*) FROM payouts_runproblem p WHERE p.run_id = r.id)
              FROM payouts_run r LEFT JOIN payouts_runchunk c ON c.run_id = r.id
             WHERE r.id = %s
             GROUP BY r.id
            """,
            [run_id],
        )
        row = cursor.fetchone()
    if row is None:
        raise Run.DoesNotExist(f"There is no run {run_id}.")
    return RunProgress(*row)


def run_same_as(*, run: Run) -> Run | None:
    """Return the latest earlier run of the period that used the same inputs and gave the same figures, if any."""
    if not run.result_digest:
        return None
    same = Run.objects.filter(
        period_id=run.period_id, number__lt=run.number,
        input_digest=run.input_digest, result_digest=run.result_digest,
    )  # fmt: skip
    return same.order_by("-number").first()


def runs_to_look_at() -> list[UUID]:
    """Return the runs that have something to take: a preparation, or a chunk nobody works on."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT r.id FROM payouts_run r
             WHERE (r.status = 'queued' AND {PREPARATION_LEASE_OVER})
                OR (r.status = 'calculating'
                    AND (EXISTS (SELECT FROM payouts_runchunk c
                                  WHERE c.run_id = r.id AND c.status IN ('waiting', 'running')
                                    AND {LEASE_OVER})
                         OR NOT EXISTS (SELECT FROM payouts_runchunk c
                                         WHERE c.run_id = r.id AND c.status IN ('waiting', 'running'))))
             ORDER BY r.created_at
            """
        )
        return [run_id for (run_id,) in cursor.fetchall()]


def run_movement(*, run_id: UUID) -> int:
    """Return a number that rises whenever someone takes up anything of a run: its attempts and its chunks' epochs."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT r.attempt + coalesce(sum(c.epoch), 0) + count(c.finished_at)
              FROM payouts_run r LEFT JOIN payouts_runchunk c ON c.run_id = r.id
             WHERE r.id = %s GROUP BY r.id
            """,
            [run_id],
        )
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def runs_unfinished() -> QuerySet[Run]:
    """Return the runs that are queued or being computed."""
    return Run.objects.filter(Q(status=RunStatus.QUEUED) | Q(status=RunStatus.CALCULATING))
