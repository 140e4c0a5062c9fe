"""
The first look at a calculated run: each KAM on their accounts, then the first approval.

A KAM confirms or objects with a reason; an objection is a finding that somebody settles.
After the window an account without a word counts as seen. The first approval fixes the
results and funds the pools; from then on the run is under review and figures stand.
States: docs/reference/states.md, "Run" and "Pool".
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from kamcomp.approvals.choices import Decision, FindingStatus, Severity
from kamcomp.approvals.models import Approval, Finding
from kamcomp.audit.context import act
from kamcomp.identity.models import User
from kamcomp.identity.selectors import role_check
from kamcomp.refusal import Refusal, Sentence, Word
from payouts.choices import ReviewOutcome, RunStatus
from payouts.models import AccountReview, Run
from payouts.selectors.adjustments import adjustments_after_run, refuse_undecided
from payouts.selectors.reviews import account_kam, accounts_not_seen, objections_open, review_window_closed
from payouts.services.pools import pools_fund
from payouts.services.runs import REVIEWERS
from payouts.services.telling import pools_funded_told, run_reviewed_told
from teams.models import StrategicAccount

RUN_TABLE = "payouts_run"
OBJECTION_RULE = "account_objection"
NAMED = 5


class RunNotCalculated(Refusal):
    """A review is asked for while the run is not in the state that is reviewed."""


class RunHasProblems(Refusal):
    """Some people of the run could not be computed, so it cannot be reviewed."""


class RunSuperseded(Refusal):
    """A newer run of the period has taken this one's place."""


class StarterCannotReview(Refusal):
    """Who started a run does not give its first approval."""


class ObjectionsOpen(Refusal):
    """A KAM objected to the figures of an account, and nobody has settled it."""


class AccountsNotSeen(Refusal):
    """The review window is open and not every KAM has answered."""


class CorrectionsAfterRun(Refusal):
    """Corrections were decided after the run read what had been posted, so it did not know them."""


class NotTheAccountsManager(Refusal):
    """Only an account's KAM of the period says whether its figures are right."""


class ReviewClosed(Refusal):
    """The run has gone on, so an account's figures can no longer be confirmed or objected to."""


class ReasonMissing(Refusal):
    """An objection, a return or a rejection comes with a reason."""


class ObjectionNotOpen(Refusal):
    """There is no open objection to settle."""


@act
def review_confirm(*, run_id: UUID, account_id: UUID, by: User, at: datetime) -> AccountReview:
    """
    Record that the KAM finds the results and payouts of an account right; an objection of theirs is withdrawn.

    :raises ReviewClosed: if the run is no longer calculated.
    :raises NotTheAccountsManager: if `by` is not the account's KAM on the period's last day.
    """
    run, account = _reviewable(run_id=run_id, account_id=account_id)
    review = _review_put(run=run, account=account, by=by, at=at, outcome=ReviewOutcome.CONFIRMED, reason="")
    _findings_settle(run=run, account=account, by=by, at=at, reason="withdrawn: the KAM has confirmed")
    return review


@act
def review_object(*, run_id: UUID, account_id: UUID, reason: str, by: User, at: datetime) -> AccountReview:
    """
    Record that the KAM finds something wrong, as a finding that stops the review until it is settled.

    :raises ReasonMissing: if no reason is given.
    :raises ReviewClosed: if the run is no longer calculated.
    :raises NotTheAccountsManager: if `by` is not the account's KAM on the period's last day.
    """
    if not reason.strip():
        raise ReasonMissing("Say what is wrong with the account's figures: an objection needs a reason.")
    run, account = _reviewable(run_id=run_id, account_id=account_id)
    review = _review_put(
        run=run, account=account, by=by, at=at, outcome=ReviewOutcome.OBJECTED, reason=reason
    )
    Finding.objects.create(
        subject_table=RUN_TABLE,
        subject_id=str(run.pk),
        rule=OBJECTION_RULE,
        message=Sentence("%(account)s: %(reason)s", account=account, reason=reason),
        value=str(account.pk),
        severity=Severity.BLOCKS,
    )
    return review


@act
def review_settle(*, run_id: UUID, account_id: UUID, reason: str, by: User, at: datetime) -> AccountReview:
    """
    Settle a KAM's objection with a reason: the figures stand, or a newer run follows.

    :raises ReasonMissing: if no reason is given.
    :raises ObjectionNotOpen: if the account has no open objection.
    """
    if not reason.strip():
        raise ReasonMissing("Say how the objection was settled: what was checked, what was found.")
    role_check(user=by, roles=REVIEWERS, on=at.date(), act="Settling an objection")
    run, account = _reviewable(run_id=run_id, account_id=account_id)
    review = (
        objections_open(run=run).filter(account=account).select_for_update(of=("self",), no_key=True).first()
    )
    if review is None:
        raise ObjectionNotOpen("%(account)s has no open objection in %(run)s.", account=account, run=run)
    if review.created_by_id == by.pk:
        raise NotTheAccountsManager(
            "%(by)s objected and cannot settle it: confirm the figures, or let another settle.", by=by
        )
    review.settled_at, review.settled_by, review.settled_reason = at, by, reason
    review.save(update_fields=["settled_at", "settled_by", "settled_reason"])
    _findings_settle(run=run, account=account, by=by, at=at, reason=reason)
    return review


@act
def run_review(*, run_id: UUID, by: User, at: datetime) -> Run:
    """
    Give a run its first approval: results are fixed, pools are funded and open for allocation.

    :raises RunNotCalculated: if the run is not calculated, or not the period's current run.
    :raises RunHasProblems: if somebody in it could not be computed.
    :raises StarterCannotReview: if `by` started the run.
    :raises AdjustmentsUndecided: if an adjustment of the period waits for a decision.
    :raises CorrectionsAfterRun: if a correction was decided after the run read the books.
    :raises ObjectionsOpen: if an objection is not settled.
    :raises AccountsNotSeen: if the window is open and a KAM has not answered.
    :raises PoolsCannotBeFunded: naming every account whose pool has no figures, and why.
    """
    role_check(user=by, roles=REVIEWERS, on=at.date(), act="Reviewing a run")
    run = (
        Run.objects.select_for_update(of=("self",), no_key=True)
        .select_related("period", "calendar")
        .get(pk=run_id)
    )
    _refuse_unless_reviewable(run=run, by=by, at=at)
    run.status, run.reviewed_by, run.reviewed_at = RunStatus.REVIEWED, by, at
    run.save(update_fields=["status", "reviewed_by", "reviewed_at"])
    Approval.objects.create(
        subject_table=RUN_TABLE,
        subject_id=run.pk,
        step="run_review",
        digest=run.result_digest,
        prepared_by=run.started_by,
        decided_by=by,
        decided_at=at,
        decision=Decision.APPROVED,
        created_by=by,
    )
    pools = pools_fund(run=run, by=by, at=at)
    run.status = RunStatus.ALLOCATING
    run.save(update_fields=["status"])
    run_reviewed_told(run=run, at=at)
    pools_funded_told(pools=pools, at=at)
    return run


def _refuse_unless_reviewable(*, run: Run, by: User, at: datetime) -> None:
    if not run.is_current:
        raise RunSuperseded("%(run)s was superseded by a newer run: review that one.", run=run)
    problems = run.problems.count()
    if run.status == RunStatus.WITH_ERRORS or problems:
        raise RunHasProblems(
            "%(run)s could not compute %(problems)s people: settle `payouts status` problems and run again.",
            run=run,
            problems=problems,
        )
    if run.status != RunStatus.CALCULATED:
        raise RunNotCalculated(
            "%(run)s is %(status)s: only a calculated run is reviewed.",
            run=run,
            status=Word(run.get_status_display().lower()),
        )
    refuse_undecided(period=run.period)
    unknown = adjustments_after_run(run=run).count()
    if unknown:
        raise CorrectionsAfterRun(
            "Adjustments of %(period)s were decided after %(run)s was calculated (%(unknown)s): run again, so that it "
            "takes them into account.",
            unknown=unknown,
            period=run.period,
            run=run,
        )
    if run.started_by_id == by.pk:
        raise StarterCannotReview(
            "%(by)s started %(run)s and cannot review it: somebody else gives the first approval.",
            by=by,
            run=run,
        )
    objections = [str(review.account) for review in objections_open(run=run)[: NAMED + 1]]
    if objections:
        raise ObjectionsOpen(
            "The KAM objected to %(objections)s in %(run)s: settle it or run again.",
            objections=_some(objections),
            run=run,
        )
    if review_window_closed(run=run, on=at.date()):
        return
    unseen = [str(account) for account in accounts_not_seen(run=run)[: NAMED + 1]]
    if unseen:
        raise AccountsNotSeen(
            "%(unseen)s: the KAM has not answered yet, and the window is open. It counts as seen afterwards.",
            unseen=_some(unseen),
        )


def _some(names: list[str]) -> str:
    return ", ".join(names[:NAMED]) + (" and others" if len(names) > NAMED else "")


def _reviewable(*, run_id: UUID, account_id: UUID) -> tuple[Run, StrategicAccount]:
    run = Run.objects.select_for_update(of=("self",), no_key=True).select_related("period").get(pk=run_id)
    if run.status not in (RunStatus.CALCULATED, RunStatus.WITH_ERRORS) or not run.is_current:
        raise ReviewClosed(
            "%(run)s is %(status)s: its accounts are reviewed while it is calculated.",
            run=run,
            status=Word(run.get_status_display().lower()),
        )
    return run, StrategicAccount.objects.select_related("node").get(pk=account_id)


def _review_put(
    *, run: Run, account: StrategicAccount, by: User, at: datetime, outcome: ReviewOutcome, reason: str
) -> AccountReview:
    last_day = run.period.days.upper - timedelta(days=1)
    kam = account_kam(account=account, on=last_day)
    if kam is None or kam.user_id != by.pk:
        raise NotTheAccountsManager(
            "%(by)s was not the key account manager of %(account)s on %(last_day)s: %(kam)s was.",
            by=by,
            account=account,
            last_day=last_day,
            kam=kam or Word("nobody"),
        )
    review, _made = AccountReview.objects.update_or_create(
        run=run,
        account=account,
        defaults={
            "kam": kam,
            "outcome": outcome,
            "reason": reason,
            "at": at,
            "settled_at": None,
            "settled_by": None,
            "settled_reason": "",
            "created_by": by,
        },
    )
    return review


def _findings_settle(*, run: Run, account: StrategicAccount, by: User, at: datetime, reason: str) -> None:
    Finding.objects.filter(
        subject_table=RUN_TABLE,
        subject_id=str(run.pk),
        rule=OBJECTION_RULE,
        value=str(account.pk),
        status=FindingStatus.OPEN,
    ).update(status=FindingStatus.SETTLED, settled_by=by, settled_at=at, settled_reason=reason)
