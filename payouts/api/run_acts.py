"""The decisions on a run that are made over REST: each by whoever may make it in the browser, over what they saw."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from kamcomp.api.acts import Act, Asked, Done
from kamcomp.api.problems import answered_with
from payouts.models import Run
from payouts.services.approvals import (
    AllocatorCannotApproveRun,
    PreparerCannotApprove,
    RunNotAllocating,
    run_approve,
)
from payouts.services.locks import ApprovalVoid, RunNotApproved, run_lock
from payouts.services.reviews import RunNotCalculated, RunSuperseded, StarterCannotReview, run_review

answered_with(
    HTTPStatus.CONFLICT, RunNotCalculated, RunSuperseded, RunNotAllocating, RunNotApproved, ApprovalVoid
)
answered_with(HTTPStatus.FORBIDDEN, StarterCannotReview, PreparerCannotApprove, AllocatorCannotApproveRun)


def _decided(service: Callable[..., Run]) -> Callable[[Asked], Done]:
    def perform(asked: Asked) -> Done:
        return Done(pk=service(run_id=asked.row.pk, by=asked.user, at=asked.at).pk)

    return perform


RUN_DECISIONS = tuple(
    Act(noun=noun, name=name, about=about, perform=_decided(service), on_row=True, matched=True)
    for noun, name, about, service in (
        (
            "run_review",
            "review",
            "Give a run its first approval. Results are fixed, pools are funded and open for allocation.",
            run_review,
        ),
        (
            "run_approve",
            "approve",
            "Approve what a run, its pools and its period's adjustments will pay, as finance.",
            run_approve,
        ),
        (
            "run_lock",
            "lock",
            "Lock an approved run and its period. Nothing of it changes any more.",
            run_lock,
        ),
    )
)
