"""
What the acts of the money tell programs of other systems: one event an act, in its transaction.

An event has public ids and codes, never a name or an amount; whoever may see the rest asks for it. So that a period of
a hundred thousand people is one event and not as many, what concerns a whole run is told of the run.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from kamcomp.api.public_ids import public_id
from kamcomp.webhooks.choices import EventType
from kamcomp.webhooks.outbox import event_put
from payouts.models import Dispute, Pool, Run


def run_completed_event(*, run: Run, at: datetime) -> None:
    """Tell that a run has been calculated, whole or with errors."""
    data = {**_of_run(run), "status": run.status}
    event_put(kind=EventType.RUN_COMPLETED, key=str(run.pk), data=data, at=at)


def payouts_approved_event(*, run: Run, at: datetime) -> None:
    """Tell that everything a run pays has its second approval."""
    event_put(kind=EventType.PAYOUT_APPROVED, key=str(run.pk), data=_of_run(run), at=at)


def statements_published_event(*, run: Run, at: datetime) -> None:
    """Tell that the statements of a run's period are final."""
    event_put(kind=EventType.STATEMENT_PUBLISHED, key=str(run.pk), data=_of_run(run), at=at)


def allocation_submitted_event(*, pool: Pool, at: datetime) -> None:
    """Tell that a pool was handed in, each time it was."""
    data = {
        "pool_id": public_id("pool", pool.pk),
        "account_id": public_id("acc", pool.account_id),
        "period_id": public_id("prd", pool.period_id),
        "period_code": pool.period.code,
        "version": pool.version,
    }
    event_put(kind=EventType.ALLOCATION_SUBMITTED, key=f"{pool.pk}:{pool.version}", data=data, at=at)


def dispute_opened_event(*, dispute: Dispute, at: datetime) -> None:
    """Tell that a payee opened a question or a dispute."""
    data = {
        "dispute_id": public_id("dsp", dispute.pk),
        "number": dispute.number,
        "kind": dispute.kind,
        "period_id": public_id("prd", dispute.period_id) if dispute.period_id else None,
    }
    event_put(kind=EventType.DISPUTE_OPENED, key=str(dispute.pk), data=data, at=at)


def _of_run(run: Run) -> dict[str, Any]:
    return {
        "run_id": public_id("run", run.pk),
        "period_id": public_id("prd", run.period_id),
        "period_code": run.period.code,
        "number": run.number,
    }
