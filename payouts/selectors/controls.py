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
from typing import Any

from django.db import connection
from django.db.models import (
    DateTimeField,
    Exists,
    Expression,
    F,
    Func,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Value,
)
from django.db.models.functions import Cast
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
from kamcomp.said import spoken
from payouts.choices import AdjustmentStatus, RunStatus
from payouts.models import Adjustment, LedgerCheck, Payout, Run, RunProblem
from plans.choices import VersionStatus
from plans.engine.document import plan_digest, plan_from_document
from plans.models import Assignment, PlanVersion
from teams.models import Person

OUT_OF_PLAY = (RunStatus.SUPERSEDED, RunStatus.DRAFT)
FINDINGS_SHOWN = 100
DRILL_DAYS = 92
"""A review of access longer ago than a quarter is something to look at."""


class Standing(StrEnum):
    """How a control stands."""

    HOLDS = "holds"
    LOOK = "look"
    UNPROVED = "unproved"


@dataclass(frozen=True, kw_only=True)
class Control:
    """
    One control: its code and name, how it stands, the proof in a sentence, when it was last proved.

    `findings` are the sentences of what the proof found, where it keeps them.
    """

    code: str
    name: Words
    standing: Standing
    proof: str
    at: datetime | None
    url_name: str = ""
    findings: tuple[str, ...] = ()


Proof = tuple[Standing, str, datetime | None]


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the proofs are read from: the newest rows, and how many rows there are of what, with the last instant."""

    at: datetime
    run: Run | None
    check: LedgerCheck | None
    seal: AuditSeal | None
    acts: dict[str, AuditEvent]
    counts: dict[str, int]
    lasts: dict[str, datetime | None]


def controls(*, at: datetime) -> list[Control]:
    """Return all twelve controls with their last proof; `at` is now."""
    facts = _facts(at)
    return [
        Control(
            code=f"C{number}",
            name=name,
            standing=standing,
            proof=proof,
            at=proved_at,
            url_name=url_name,
            findings=_found(facts.check) if prove is _books_agree else (),
        )
        for number, (name, url_name, prove) in enumerate(CONTROLS, start=1)
        for standing, proof, proved_at in [prove(facts)]
    ]


def _found(check: LedgerCheck | None) -> tuple[str, ...]:
    """Return what the last check of the books found, with its pieces, for pages to word."""
    found = check.findings[:FINDINGS_SHOWN] if check else []
    return tuple(spoken(each["sentence"], each.get("said")) for each in found)


def _facts(at: datetime) -> Facts:
    runs = Run.objects.filter(is_current=True).exclude(result_digest="")
    run = runs.order_by("-period__days").select_related("period").first()
    seal = AuditSeal.objects.order_by("-id").defer("event_ids", "event_digests").first()
    acts = AuditEvent.objects.filter(action__in=["access_take", "run_verify"], operation="act")
    counts, lasts = _counted(*_reviewed_rows(at), *_run_rows(run), *_trail_rows(seal))
    return Facts(
        at=at,
        run=run,
        check=LedgerCheck.objects.order_by("-checked_at").first(),
        seal=seal,
        acts={act.action: act for act in acts.order_by("action", "-id").distinct("action")},
        counts=counts,
        lasts=lasts,
    )


Counted = tuple[str, QuerySet[Any], str]
"""A name, the rows to count, and the instant of which the newest is wanted ("": of none)."""


def _reviewed_rows(at: datetime) -> list[Counted]:
    decisions = Approval.objects.filter(decision__in=[Decision.APPROVED, Decision.REJECTED])
    corrections = Adjustment.objects.exclude(status=AdjustmentStatus.PROPOSED)
    users, approvers = User.objects.filter(is_active=True), Q(started_by=F("approved_by"))
    open_ones = Finding.objects.filter(status=FindingStatus.OPEN, subject_table__startswith="payouts_")
    return [
        ("decisions", decisions, "decided_at"),
        ("decided by who prepared", decisions.filter(prepared_by=F("decided_by")), ""),
        ("runs of one person", Run.objects.filter(approvers | Q(started_by=F("reviewed_by"))), ""),
        ("locked runs", Run.objects.filter(status=RunStatus.LOCKED), "locked_at"),
        ("locked periods", Period.objects.filter(status=PeriodStatus.LOCKED), ""),
        ("corrections", corrections, "decided_at"),
        ("bare corrections", corrections.filter(Q(reason="") | Q(decided_by=F("proposed_by"))), ""),
        ("corrections waiting", Adjustment.objects.filter(status=AdjustmentStatus.PROPOSED), ""),
        ("findings", open_ones, "found_at"),
        ("paid on no target", Payout.objects.filter(run__is_current=True, target_incentive=0, amount__gt=0), ""),
        ("users", users, ""),
        ("users never seen", users.filter(last_login=None), ""),
        ("grants", RoleGrant.objects.filter(valid__contains=at.date()), ""),
    ]  # fmt: skip


def _run_rows(run: Run | None) -> list[Counted]:
    if run is None:
        return []
    assigned = Assignment.objects.filter(
        plan__calendar_id=run.calendar_id, valid__overlap=(run.period.days.lower, run.period.days.upper)
    )
    problems = RunProblem.objects.filter(run=run)
    paid = Payout.objects.filter(run=run, person=OuterRef("person"))
    missing = assigned.exclude(Exists(paid)).exclude(Exists(problems.filter(person=OuterRef("person"))))
    return [
        ("people", Person.objects.filter(pk__in=assigned.values("person")), ""),
        ("people without result", Person.objects.filter(pk__in=missing.values("person")), ""),
        ("reasons", problems, ""),
    ]


def _trail_rows(seal: AuditSeal | None) -> list[Counted]:
    return [] if seal is None else [("unsealed", AuditEvent.objects.filter(id__gt=seal.last_event), "")]


def _counted(*parts: Counted) -> tuple[dict[str, int], dict[str, datetime | None]]:
    """Return how many rows each part has, and the newest of its instants, in one question for all parts."""
    asked = [
        rows.order_by()
        .annotate(
            part=Value(name),
            count=Func(F("pk"), function="COUNT", output_field=IntegerField()),
            last=_newest(instant),
        )
        .values_list("part", "count", "last")
        for name, rows, instant in parts
    ]
    found = list(asked[0].union(*asked[1:], all=True))
    return {name: count for name, count, _last in found}, {name: last for name, _count, last in found}


def _newest(instant: str) -> Expression:
    """Return the newest of a field's instants, or an instant of none."""
    if instant:
        return Func(F(instant), function="MAX", output_field=DateTimeField())
    return Cast(Value(None), output_field=DateTimeField())


def _judged(fault: object) -> Standing:
    return Standing.LOOK if fault else Standing.HOLDS


def _duties_apart(facts: Facts) -> Proof:
    counts = facts.counts
    count, same, runs = (
        counts["decisions"], counts["decided by who prepared"], counts["runs of one person"],
    )  # fmt: skip
    if not count:
        return Standing.UNPROVED, _("Nothing has been approved yet."), None
    words = _(
        "%(count)s decisions, %(same)s of them by who had prepared it; %(runs)s runs approved by their starter."
    )
    said = words % {"count": count, "same": same, "runs": runs}
    return _judged(same or runs), said, facts.lasts["decisions"]


def _versions_stay(facts: Facts) -> Proof:
    published = list(PlanVersion.objects.filter(status=VersionStatus.PUBLISHED).select_related("plan"))
    if not published:
        return Standing.UNPROVED, _("No plan version is published yet."), None
    off = [
        version
        for version in published
        if plan_digest(plan_from_document(version.document)) != version.digest
    ]
    words = _("%(count)s published versions digested again just now, %(off)s differ from what was approved.")
    return _judged(off), words % {"count": len(published), "off": len(off)}, facts.at


def _everybody_in(facts: Facts) -> Proof:
    run = facts.run
    if run is None:
        return Standing.UNPROVED, _("No run has been calculated yet."), None
    missing = facts.counts["people without result"]
    words = _(
        "%(run)s: %(people)s people on a plan, %(told)s with a stated reason, %(missing)s without a result."
    )
    said = words % {
        "run": run,
        "people": facts.counts["people"],
        "told": facts.counts["reasons"],
        "missing": missing,
    }
    return _judged(missing), said, run.finished_at


def _books_agree(facts: Facts) -> Proof:
    last = facts.check
    if last is None:
        return Standing.UNPROVED, _("The books have not been checked yet."), None
    words = _("Ledger, statements and pools of %(runs)s runs summed by a second way: %(found)s differences.")
    return _judged(last.found), words % {"runs": last.runs, "found": last.found}, last.checked_at


def _locked_stays(facts: Facts) -> Proof:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(*) FILTER (WHERE tgenabled = 'D') FROM pg_trigger"
            " WHERE NOT tgisinternal AND tgrelid IN (SELECT oid FROM pg_class WHERE relname LIKE 'payouts\\_%%')"
        )
        laws, off = cursor.fetchone()
    words = _(
        "%(locked)s periods locked; %(laws)s laws of the database guard the money, %(off)s switched off."
    )
    said = words % {"locked": facts.counts["locked periods"], "laws": laws, "off": off}
    return _judged(off), said, facts.lasts["locked runs"]


def _corrections_second(facts: Facts) -> Proof:
    counts = facts.counts
    bare, waiting = counts["bare corrections"], counts["corrections waiting"]
    words = _(
        "%(count)s corrections decided, %(bare)s without reason or second person; %(waiting)s wait for a decision."
    )
    said = words % {"count": counts["corrections"], "bare": bare, "waiting": waiting}
    return _judged(bare), said, facts.lasts["corrections"]


def _exceptions_seen(facts: Facts) -> Proof:
    count, zero = facts.counts["findings"], facts.counts["paid on no target"]
    words = _("%(count)s findings of runs and pools are open; %(zero)s current payouts stand on no target.")
    return _judged(count), words % {"count": count, "zero": zero}, facts.lasts["findings"] or facts.at


def _access_reviewed(facts: Facts) -> Proof:
    last, counts = facts.acts.get("access_take"), facts.counts
    found = {"users": counts["users"], "grants": counts["grants"], "never": counts["users never seen"]}
    words = (
        _("%(users)s active users hold %(grants)s roles today; %(never)s of them never signed in.") % found
    )
    if last is None:
        return Standing.UNPROVED, words, None
    return _judged(last.at < facts.at - timedelta(days=DRILL_DAYS)), words, last.at


def _changes_logged(facts: Facts) -> Proof:
    last = facts.seal
    if last is None:
        return Standing.UNPROVED, _("No seal has been made yet."), None
    words = _("Sealed up to entry %(entry)s, anchor %(anchor)s; %(waiting)s entries wait for the next seal.")
    said = words % {
        "entry": last.last_event,
        "anchor": last.digest[:16] + "…",
        "waiting": facts.counts["unsealed"],
    }
    return Standing.HOLDS, said, last.sealed_at


def _reproduced(facts: Facts) -> Proof:
    last = facts.acts.get("run_verify")
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


def _exports_tie(facts: Facts) -> Proof:
    last = facts.check
    if last is None:
        return Standing.UNPROVED, _("The books have not been checked yet."), None
    off = sum(1 for each in last.findings if str(each.get("code", "")).startswith("export"))
    words = _("%(files)s files compared with the ledger and their SHA-256: %(off)s differ.")
    return _judged(off), words % {"files": last.files, "off": off}, last.checked_at


def _restored(facts: Facts) -> Proof:
    last = Job.objects.filter(kind="backup", status=JobStatus.DONE).order_by("-started_at").first()
    if last is None:
        return Standing.UNPROVED, _("No backup has been made here yet: see the guide on operating."), None
    words = _("A backup is there; a restore of it happens elsewhere and is not seen from here.")
    return Standing.LOOK, words, last.started_at


CONTROLS: tuple[tuple[Words, str, Callable[[Facts], Proof]], ...] = (
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
