"""What a message can ask of a worker: a run, a file, a sweep, a check of the books. Ids in, one service call."""

from uuid import UUID

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from payouts.services.exceptions import exceptions_expire
from payouts.services.export_jobs import EXPORTS, export_work, exports_sweep
from payouts.services.ledger_check import ledger_check
from payouts.services.replay_jobs import REPLAYS, replay_work, replays_sweep
from payouts.services.run_work import look_limit, run_look, runs_sweep
from payouts.services.runs import LOOK_TASK
from payouts.services.windows import windows_close
from payouts.workers import stopping


@shared_task(name=LOOK_TASK, time_limit=look_limit())
def run_look_at(run_id: str) -> None:
    """Look at run `run_id`; a message too many, or too late, finds nothing to do."""
    run_look(run_id=UUID(run_id), stop=stopping)


@shared_task(name="payouts.runs_sweep")
def runs_sweep_all() -> None:
    """Ring again for chunks whose lease ran out, and for files and replays nobody makes: the clock's task."""
    runs_sweep()
    exports_sweep()
    replays_sweep()


@shared_task(name=EXPORTS.task)
def export_work_on(job_id: str) -> None:
    """Write the file of job `job_id`; a message too many finds it held, or ended."""
    export_work(job_id=UUID(job_id), at=timezone.now())


@shared_task(name=REPLAYS.task)
def replay_work_on(job_id: str) -> None:
    """Make the replay of job `job_id`; a message too many finds it held, or ended."""
    replay_work(job_id=UUID(job_id), at=timezone.now())


@shared_task(name="payouts.ledger_check")
def ledger_check_all() -> None:
    """Check the books of every locked run: the clock's daily task."""
    ledger_check(at=timezone.now())


@shared_task(name="payouts.windows_close")
def windows_close_due() -> None:
    """Close the allocation windows that have passed: the clock's task. The demo company's days stand still."""
    if not settings.DEMO_MODE:
        windows_close(at=timezone.now())


@shared_task(name="payouts.exceptions_expire")
def exceptions_expire_all() -> None:
    """End the exceptions whose last day is over: the clock's daily task."""
    exceptions_expire(on=timezone.localdate())
