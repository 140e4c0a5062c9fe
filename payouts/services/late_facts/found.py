"""What asking for late facts comes to, and the findings it keeps about what somebody has to look at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from kamcomp.approvals.choices import FindingStatus, Severity
from kamcomp.approvals.models import Finding
from kamcomp.calendar.models import Period
from kamcomp.identity.models import User
from payouts.choices import AdjustmentKind
from payouts.models import Adjustment

CORRECTING = (AdjustmentKind.CORRECTION, AdjustmentKind.CLAWBACK)
SETTLED_BECAUSE = "late facts were asked for again, and it does not hold any more"


@dataclass
class LateFacts:
    """What late facts came to: the adjustments proposed, and what somebody has to look at."""

    period: Period
    proposed: list[Adjustment] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass
class Noted:
    """
    The findings of late facts about the rows of one table, at most one open about each row.

    `subjects` are the rows that something was noted about this time.
    """

    table: str
    rule: str
    subjects: set[str] = field(default_factory=set)

    def put(self, *, subject_id: UUID, message: str) -> None:
        """Keep what is to be said about a row in the place of what was said before."""
        self.subjects.add(str(subject_id))
        about = {"subject_table": self.table, "subject_id": str(subject_id), "rule": self.rule}
        finding = Finding.objects.filter(**about, status=FindingStatus.OPEN).order_by("-pk").first()
        finding = finding or Finding(**about, severity=Severity.TO_LOOK_AT)
        finding.message = message
        finding.save()

    def settle_others(self, *, among: Iterable[UUID], by: User, at: datetime) -> None:
        """Settle what was said of rows that nothing is to be said about any more."""
        gone = {str(subject_id) for subject_id in among} - self.subjects
        Finding.objects.filter(
            subject_table=self.table, rule=self.rule, status=FindingStatus.OPEN, subject_id__in=gone
        ).update(status=FindingStatus.SETTLED, settled_by=by, settled_at=at, settled_reason=SETTLED_BECAUSE)
