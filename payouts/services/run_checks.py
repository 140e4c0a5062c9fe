"""
Acts that ask the checks of a run's moment: what it paid, and what would be taken back from somebody.

A run's findings stand beside the run on its console, in place of those kept before. A recovery that a reminder of
local law blocks is refused; what cannot be known of it is kept on the proposal, for the second person to look at.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from kamcomp.approvals.choices import FindingStatus, Severity
from kamcomp.approvals.models import Finding
from kamcomp.audit.context import act
from kamcomp.identity.models import User
from kamcomp.refusal import Listing, Refusal, Sentence, Word
from payouts.models import Adjustment, Payout, Run
from payouts.selectors.run_checks import (
    picture_of_claim,
    picture_of_recovery,
    picture_of_run,
    versions_of_run,
)
from plans.checks.registry import Report, checked
from plans.checks.rule import Moment
from plans.models import PlanVersion
from plans.selectors.limits import limits_on
from plans.services.checks import findings_keep
from teams.models import Person

RUN_TABLE, ADJUSTMENT_TABLE = "payouts_run", "payouts_adjustment"


class RecoveryAgainstLocalLaw(Refusal):
    """A reminder of local law blocks taking money back."""


@act
def run_check(*, run_id: UUID, by: User, at: datetime) -> Mapping[PlanVersion, Report]:
    """Ask the checks of a run of every plan version it paid by, and keep the findings beside the run."""
    run = Run.objects.select_related("period__calendar").get(pk=run_id)
    limits = limits_on(day=at.date())
    reports = {
        version: checked(picture=picture_of_run(run=run, version=version), settings=limits, moment=Moment.RUN)
        for version in versions_of_run(run=run)
    }
    found = [finding for report in reports.values() for finding in report.findings]
    findings_keep(table=RUN_TABLE, subject_id=run.pk, found=found, at=at)
    return reports


def recovery_report(*, payout: Payout, amount: Decimal, at: datetime) -> Report:
    """
    Ask the reminders of local law before money is taken back.

    :raises RecoveryAgainstLocalLaw: naming each reminder that blocks it.
    """
    picture = picture_of_recovery(payout=payout, amount=amount, on=at.date())
    report = checked(picture=picture, settings=limits_on(day=at.date()), moment=Moment.RECOVERY)
    if report.blocks:
        said = (Sentence("%(rule)s: %(said)s", rule=one.rule, said=one.message) for one in report.blocks)
        raise RecoveryAgainstLocalLaw(Listing(said, " "))
    return report


def claim_forbidden(*, adjustment: Adjustment, person: Person, amount: Decimal, at: datetime) -> bool:
    """
    Tell whether a reminder of the law where somebody works blocks taking a claim from their pay.

    Which one does is kept beside the adjustment that the claim comes from; without a plan nothing is taken anyway.
    """
    if adjustment.plan_version is None:
        return False
    picture = picture_of_claim(version=adjustment.plan_version, person=person, amount=amount, on=at.date())
    blocks = checked(picture=picture, moment=Moment.RECOVERY).blocks
    if blocks:
        findings_keep(table=ADJUSTMENT_TABLE, subject_id=adjustment.pk, found=blocks, at=at)
    return bool(blocks)


def recovery_keep(*, adjustment: Adjustment, report: Report, at: datetime) -> None:
    """Keep on a proposed recovery what the reminders found, and what they would have to know."""
    findings_keep(table=ADJUSTMENT_TABLE, subject_id=adjustment.pk, found=report.findings, at=at)
    Finding.objects.bulk_create(
        Finding(
            subject_table=ADJUSTMENT_TABLE,
            subject_id=str(adjustment.pk),
            rule=one.rule,
            message=Sentence("%(title)s: not known is %(lacks)s.", title=Word(one.title), lacks=one.lacks),
            severity=Severity.TO_LOOK_AT,
            status=FindingStatus.OPEN,
            found_at=at,
        )
        for one in report.not_known
    )
