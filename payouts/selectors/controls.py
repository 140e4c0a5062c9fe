"""
The twelve controls over pay, each with its last proof, read from facts.

A control holds, has something to look at, or has no proof yet. Nothing is claimed: each proof
is a count in the tables, a stored check with its date, or an entry of the audit trail.
What each control is: docs/explanation/controls.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import connection
from django.db.models import Count, Exists, F, Max, OuterRef, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kamcomp.approvals.choices import Decision, FindingStatus
from kamcomp.approvals.models import Approval, Finding
from kamcomp.audit.models import AuditEvent, AuditSeal
from kamcomp.calendar.choices import PeriodStatus
from kamcomp.calendar.models import Period
from kamcomp.identity.models import RoleGrant, User
from kamcomp.jobs.choices import JobStatus
from kamcomp.jobs.models import Job
from kamcomp.pages.nav import Words
from payouts.choices import AdjustmentStatus, RunStatus
from payouts.models import Adjustment, LedgerCheck, Payout, Run, RunProblem
from plans.choices import VersionStatus
from plans.engine.document import plan_digest, plan_from_document
from plans.models import Assignment, PlanVersion

OUT_OF_PLAY = (RunStatus.SUPERSEDED, RunStatus.DRAFT)
DRILL_DAYS = 92
"""A review of access longer ago than a quarter is something to look at."""


class Standing(StrEnum):
    """How a control stands."""

    HOLDS = "holds"
    LOOK = "look"
    UNPROVED = "unproved"


@dataclass(frozen=True, kw_only=True)
class Control:
    """One control: its code and name, how it stands, the proof in a sentence, when it was last proved."""

    code: str
    name: Words
    standing: Standing
    proof: str
    at: datetime | None
    url_name: str = ""


Proof = tuple[Standing, str, datetime | None]


def controls(*, at: datetime) -> list[Control]:
    """Return all twelve controls with their last proof; `at` is now."""
    return [
        Control(code=f"C{number}", name=name, standing=standing, proof=proof, at=proved_at, url_name=url_name)
        for number, (name, url_name, prove) in enumerate(CONTROLS, start=1)
        for standing, proof, proved_at in [prove(at)]
    ]


def _judged(fault: object) -> Standing:
    return Standing.LOOK if fault else Standing.HOLDS


def _duties_apart(at: datetime) -> Proof:
    decided = Approval.objects.filter(decision__in=[Decision.APPROVED, Decision.REJECTED])
    same = decided.filter(prepared_by=F("decided_by")).count()
    runs = Run.objects.filter(Q(started_by=F("reviewed_by")) | Q(started_by=F("approved_by"))).count()
    found = decided.aggregate(count=Count("pk"), last=Max("decided_at"))
    if not found["count"]:
        return Standing.UNPROVED, _("Nothing has been approved yet."), None
    words = _(
        "%(count)s decisions, %(same)s of them by who had prepared it; %(runs)s runs approved by their starter."
    )
    return _judged(same or runs), words % {"count": found["count"], "same": same, "runs": runs}, found["last"]


def _versions_stay(at: datetime) -> Proof:
    published = list(PlanVersion.objects.filter(status=VersionStatus.PUBLISHED).select_related("plan"))
    if not published:
        return Standing.UNPROVED, _("No plan version is published yet."), None
    off = [
        version
        for version in published
        if plan_digest(plan_from_document(version.document)) != version.digest
    ]
    words = _("%(count)s published versions digested again just now, %(off)s differ from what was approved.")
    return _judged(off), words % {"count": len(published), "off": len(off)}, at


def _everybody_in(at: datetime) -> Proof:
    run = (
        Run.objects.filter(is_current=True)
        .exclude(result_digest="")
        .order_by("-period__days")
        .select_related("period")
        .first()
    )
    if run is None:
        return Standing.UNPROVED, _("No run has been calculated yet."), None
    assigned = Assignment.objects.filter(
        plan__calendar_id=run.calendar_id, valid__overlap=(run.period.days.lower, run.period.days.upper)
    )
    paid = Payout.objects.filter(run=run, person=OuterRef("person"))
    told = RunProblem.objects.filter(run=run, person=OuterRef("person"))
    people = assigned.values("person").distinct().count()
    missing = assigned.exclude(Exists(paid)).exclude(Exists(told)).values("person").distinct().count()
    told_of = RunProblem.objects.filter(run=run).count()
    words = _(
        "%(run)s: %(people)s people on a plan, %(told)s with a stated reason, %(missing)s without a result."
    )
    said = words % {"run": run, "people": people, "told": told_of, "missing": missing}
    return _judged(missing), said, run.finished_at


def _books_agree(at: datetime) -> Proof:
    last = LedgerCheck.objects.order_by("-checked_at").first()
    if last is None:
        return Standing.UNPROVED, _("The books have not been checked yet."), None
    words = _("Ledger, statements and pools of %(runs)s runs summed by a second way: %(found)s differences.")
    return _judged(last.found), words % {"runs": last.runs, "found": last.found}, last.checked_at


def _locked_stays(at: datetime) -> Proof:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(*) FILTER (WHERE tgenabled = 'D') FROM pg_trigger"
            " WHERE NOT tgisinternal AND tgrelid IN (SELECT oid FROM pg_class WHERE relname LIKE 'payouts\\_%%')"
        )
        laws, off = cursor.fetchone()
    last = Run.objects.filter(status=RunStatus.LOCKED).aggregate(last=Max("locked_at"))["last"]
    locked = Period.objects.filter(status=PeriodStatus.LOCKED).count()
    words = _(
        "%(locked)s periods locked; %(laws)s laws of the database guard the money, %(off)s switched off."
    )
    return _judged(off), words % {"locked": locked, "laws": laws, "off": off}, last


def _corrections_second(at: datetime) -> Proof:
    decided = Adjustment.objects.exclude(status=AdjustmentStatus.PROPOSED)
    found = decided.aggregate(count=Count("pk"), last=Max("decided_at"))
    bare = decided.filter(Q(reason="") | Q(decided_by=F("proposed_by"))).count()
    waiting = Adjustment.objects.filter(status=AdjustmentStatus.PROPOSED).count()
    words = _(
        "%(count)s corrections decided, %(bare)s without reason or second person; %(waiting)s wait for a decision."
    )
    return _judged(bare), words % {"count": found["count"], "bare": bare, "waiting": waiting}, found["last"]


def _exceptions_seen(at: datetime) -> Proof:
    open_ones = Finding.objects.filter(status=FindingStatus.OPEN, subject_table__startswith="payouts_")
    found = open_ones.aggregate(count=Count("pk"), last=Max("found_at"))
    zero = Payout.objects.filter(run__is_current=True, target_incentive=0, amount__gt=0).count()
    words = _("%(count)s findings of runs and pools are open; %(zero)s current payouts stand on no target.")
    return _judged(found["count"]), words % {"count": found["count"], "zero": zero}, found["last"] or at


def _access_reviewed(at: datetime) -> Proof:
    last = AuditEvent.objects.filter(action="access_take", operation="act").order_by("-id").first()
    active = User.objects.filter(is_active=True)
    found = {
        "users": active.count(),
        "grants": RoleGrant.objects.filter(valid__contains=at.date()).count(),
        "never": active.filter(last_login=None).count(),
    }
    words = (
        _("%(users)s active users hold %(grants)s roles today; %(never)s of them never signed in.") % found
    )
    if last is None:
        return Standing.UNPROVED, words, None
    return _judged(last.at < at - timedelta(days=DRILL_DAYS)), words, last.at


def _changes_logged(at: datetime) -> Proof:
    last = AuditSeal.objects.order_by("-id").defer("event_ids", "event_digests").first()
    if last is None:
        return Standing.UNPROVED, _("No seal has been made yet."), None
    waiting = AuditEvent.objects.filter(id__gt=last.last_event).count()
    words = _("Sealed up to entry %(entry)s, anchor %(anchor)s; %(waiting)s entries wait for the next seal.")
    said = words % {"entry": last.last_event, "anchor": last.digest[:16] + "…", "waiting": waiting}
    return Standing.HOLDS, said, last.sealed_at


def _reproduced(at: datetime) -> Proof:
    last = AuditEvent.objects.filter(action="run_verify", operation="act").order_by("-id").first()
    if last is None or not isinstance(last.after, dict):
        return (
            Standing.UNPROVED,
            _("No run has been verified yet: verify one under Reproduce a number."),
            None,
        )
    run = Run.objects.filter(pk=last.subject_id).select_related("period").first()
    words = _("%(run)s: %(payouts)s payouts and %(lines)s lines worked out again, %(findings)s differences.")
    said = words % {
        "run": run or "–",
        "payouts": last.after.get("payouts"),
        "lines": last.after.get("lines"),
        "findings": last.after.get("findings"),
    }
    return _judged(last.after.get("findings")), said, last.at


def _exports_tie(at: datetime) -> Proof:
    last = LedgerCheck.objects.order_by("-checked_at").first()
    if last is None:
        return Standing.UNPROVED, _("The books have not been checked yet."), None
    off = sum(1 for each in last.findings if str(each.get("code", "")).startswith("export"))
    words = _("%(files)s files compared with the ledger and their SHA-256: %(off)s differ.")
    return _judged(off), words % {"files": last.files, "off": off}, last.checked_at


def _restored(at: datetime) -> Proof:
    last = Job.objects.filter(kind="backup", status=JobStatus.DONE).order_by("-started_at").first()
    if last is None:
        return Standing.UNPROVED, _("No backup has been made here yet: see the guide on operating."), None
    words = _("A backup is there; a restore of it happens elsewhere and is not seen from here.")
    return Standing.LOOK, words, last.started_at


CONTROLS: tuple[tuple[Words, str, Callable[[datetime], Proof]], ...] = (
    (gettext_lazy("Duties are apart: who prepares does not approve"), "payouts:run-list", _duties_apart),
    (gettext_lazy("Plan versions never change once published"), "", _versions_stay),
    (gettext_lazy("Everybody on a plan has a result or a stated reason"), "payouts:run-list", _everybody_in),
    (gettext_lazy("Amounts agree with a second way of summing them"), "payouts:reconciliation", _books_agree),
    (gettext_lazy("What is locked stays"), "payouts:run-list", _locked_stays),
    (
        gettext_lazy("Corrections have a reason and a second person"),
        "payouts:adjustment-list",
        _corrections_second,
    ),
    (gettext_lazy("What stands out is looked at"), "payouts:run-close-next", _exceptions_seen),
    (gettext_lazy("Who may do what is reviewed"), "payouts:access-list", _access_reviewed),
    (gettext_lazy("Every change is logged and sealed"), "payouts:audit-list", _changes_logged),
    (gettext_lazy("Any amount can be reproduced"), "payouts:reproduce", _reproduced),
    (gettext_lazy("Files out tie to the books"), "payouts:export-list", _exports_tie),
    (gettext_lazy("Backups are made, and proved by a restore"), "", _restored),
)
