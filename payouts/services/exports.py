"""
Files out of a locked run: made once a profile and format, kept, and given back byte for byte.

Count, totals by currency and SHA-256 are stored with the act. Asked for again, the file
that lies there is checked against its digest and given; if it has gone it is written
again, and has to come out the same. Rules: docs/reference/exports.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Q

from kamcomp.audit.context import act, audit_act
from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.identity.selectors import role_check
from kamcomp.refusal import Refusal, Word
from payouts.choices import AdjustmentStatus, ExportFormat, ExportProfile, PayoutEventKind, RunStatus
from payouts.exports.profiles import PROFILES, to_be_paid
from payouts.exports.writers import About, SheetTooLong, Written, file_digest, file_write
from payouts.models import Export, Run
from payouts.selectors.payment_events import exported, payroll_members, payroll_stem
from teams.models import Person

EXPORTERS = [Role.FINANCE, Role.COMP_ADMIN, Role.AUDITOR]
NAMED = 10


class RunNotLocked(Refusal):
    """Files are made of what is final: a run that is locked."""


class PayrollNumbersMissing(Refusal):
    """People who are to be paid have no payroll number, so payroll could not pay them."""


class ExportChanged(Refusal):
    """A file written again does not have the digest it was first made with."""


class DiskTookNothing(Refusal):
    """The disk did not take a file; nothing of it was kept."""


class FormatCannotHold(Refusal):
    """The format asked for cannot hold so many rows."""


@dataclass(frozen=True, kw_only=True)
class Exported:
    """An export and where its file lies; `made` tells whether this call wrote it first."""

    export: Export
    path: Path
    made: bool


@act
def export_make(
    *, run: Run, profile: ExportProfile, file_format: ExportFormat, by: User, at: datetime
) -> Exported:
    """
    Return a profile of a locked run as a file, written now or given back as it was.

    :raises RunNotLocked: if the run is not locked.
    :raises PayrollNumbersMissing: if a payroll file would leave somebody out.
    :raises ExportChanged: if a file that had gone does not come out the same again.
    :raises DiskTookNothing: if it cannot be written; no part of it stays.
    """
    role_check(user=by, roles=EXPORTERS, on=at.date(), act="Exporting")
    run = _taken(run=run, with_earlier=profile == ExportProfile.PAYROLL)
    refuse_unless_locked(run=run)
    export = Export.objects.filter(run=run, profile=profile, format=file_format).first()
    if export is not None:
        return _given_back(export=export, run=run)
    if profile == ExportProfile.PAYROLL:
        _refuse_without_numbers(run=run)
        _mark_exported(run=run, by=by, at=at)
    path = export_path(run=run, filename=_filename(run, profile, file_format))
    written = _write(run=run, profile=profile, file_format=file_format, path=path, by=by, at=at)
    export = Export.objects.create(
        run=run,
        profile=profile,
        format=file_format,
        filename=path.name,
        rows=written.rows,
        totals=dict(written.totals),
        sha256=written.sha256,
        exported_at=at,
        created_by=by,
    )
    return Exported(export=export, path=path, made=True)


@act
def export_download(*, export_id: UUID, by: User, at: datetime) -> Path:
    """
    Return where a file lies that is byte for byte as it was made, and note who took it.

    :raises RoleMissing: if `by` may not export.
    :raises ExportChanged: if it had gone and does not come out the same again.
    :raises DiskTookNothing: if it has to be written again and cannot be.
    """
    role_check(user=by, roles=EXPORTERS, on=at.date(), act="Taking a file away")
    export = Export.objects.select_related("run__period", "run__calendar", "created_by").get(pk=export_id)
    given = _given_back(export=export, run=export.run)
    audit_act(
        subject_table=Export._meta.db_table,
        subject_id=export.pk,
        detail={"sha256": export.sha256, "by": by.username},
    )
    return given.path


def refuse_unless_locked(*, run: Run) -> None:
    """
    Tell whether files can be made of a run.

    :raises RunNotLocked: if it is not locked.
    """
    if run.status != RunStatus.LOCKED:
        raise RunNotLocked(
            "%(run)s is %(status)s: files are made once it is locked.",
            run=run,
            status=Word(run.get_status_display().lower()),
        )


def payroll_dry_run(*, run: Run) -> list[str]:
    """Return the employee ids of people a payroll file would have to leave out: owed money, no payroll number."""
    found: set[str] = set()
    for owed in to_be_paid(run=run):
        rows = owed.filter(Q(person__details__payroll_number="") | Q(person__details=None)).exclude(total=0)
        found |= set(rows.values_list("person__employee_id", flat=True))
    return sorted(found)


def payroll_left_out(*, run: Run) -> list[tuple[str, str]]:
    """Return whom the run's payroll file leaves out, by employee id, with the reason of the hold."""
    left_out = payroll_members(run=run).left_out
    names = Person.objects.filter(pk__in=left_out).order_by("employee_id").values_list("pk", "employee_id")
    return [(employee_id, left_out[person_id]) for person_id, employee_id in names]


def export_path(*, run: Run, filename: str) -> Path:
    """Return where a run's file lies: below the folder of exports, in a folder of the run's own."""
    return Path(settings.EXPORT_ROOT) / str(run.pk) / filename


def _taken(*, run: Run, with_earlier: bool) -> Run:
    """
    Return the run with its row locked; with the current ones of earlier periods, whose released a payroll file pays.

    In the order of the periods, so that two payroll files wait for each other, and a hold or release for both.
    """
    runs = Run.objects.select_for_update(of=("self",), no_key=True).select_related("period", "calendar")
    if not with_earlier:
        return runs.get(pk=run.pk)
    until = run.period.days.lower
    earlier = Q(calendar_id=run.calendar_id, is_current=True, period__days__startswith__lt=until)
    taken = runs.filter(Q(pk=run.pk) | earlier)
    return next(each for each in list(taken.order_by("period__days", "pk")) if each.pk == run.pk)


def _given_back(*, export: Export, run: Run) -> Exported:
    path = export_path(run=run, filename=export.filename)
    if not path.is_file() or file_digest(path=path) != export.sha256:
        written = _write(
            run=run,
            profile=ExportProfile(export.profile),
            file_format=ExportFormat(export.format),
            path=path,
            by=export.created_by,
            at=export.exported_at,
        )
        if written.sha256 != export.sha256:
            raise ExportChanged(
                "%(filename)s was first made with SHA-256 %(sha256)s... and now comes out as "
                "%(sha256_now)s...: verify the period, and compare with what was sent.",
                filename=export.filename,
                sha256=export.sha256[:16],
                sha256_now=written.sha256[:16],
            )
    return Exported(export=export, path=path, made=False)


def _write(
    *,
    run: Run,
    profile: ExportProfile,
    file_format: ExportFormat,
    path: Path,
    by: User | None,
    at: datetime,
) -> Written:
    about = About(facts=_facts(run=run, profile=profile, by=by, at=at), made_at=at)
    try:
        return file_write(table=PROFILES[profile](run=run), file_format=file_format, path=path, about=about)
    except SheetTooLong as error:
        raise FormatCannotHold(str(error)) from error
    except OSError as error:
        raise DiskTookNothing(
            "%(path)s could not be written (%(strerror)s): nothing of it was kept.",
            path=path.name,
            strerror=error.strerror,
        ) from error


def _facts(*, run: Run, profile: ExportProfile, by: User | None, at: datetime) -> Mapping[str, str]:
    return {
        "file": ExportProfile(profile).label,
        "filter": f"all of {run}",
        "period": f"{run.period.code} ({run.period.span.since} to {run.period.span.last})",
        "as of": f"{run.locked_at:%Y-%m-%d %H:%M:%S} UTC" if run.locked_at else "",
        "run": str(run.number),
        "result digest": run.result_digest,
        "made by": by.get_username() if by else "",
        "made at": f"{at:%Y-%m-%d %H:%M:%S} UTC",
    }


def _filename(run: Run, profile: ExportProfile, file_format: ExportFormat) -> str:
    return f"{run.calendar.code}-{run.period.code}-run-{run.number}-{profile}.{file_format}"


def _refuse_without_numbers(*, run: Run) -> None:
    missing = payroll_dry_run(run=run)
    if missing:
        some = ", ".join(missing[:NAMED]) + (" and others" if len(missing) > NAMED else "")
        raise PayrollNumbersMissing(
            "%(missing_count)s people to be paid have no payroll number: %(some)s. Import their "
            "numbers first.",
            missing_count=len(missing),
            some=some,
        )


EXPORTED = """
    INSERT INTO payouts_payoutevent (payout_id, allocation_id, adjustment_id, kind, at, by_id, reason, reference)
    SELECT earner.payout_id, earner.allocation_id, earner.adjustment_id, %(kind)s, %(at)s, %(by)s, '', %(reference)s
      FROM (
        SELECT id AS payout_id, NULL::uuid AS allocation_id, NULL::uuid AS adjustment_id, person_id
          FROM payouts_payout WHERE run_id = %(run)s AND amount <> 0
      UNION ALL
        SELECT NULL, share.id, NULL, share.person_id
          FROM payouts_allocation share JOIN payouts_pool pool ON pool.id = share.pool_id
         WHERE pool.run_id = %(run)s AND share.amount <> 0
      UNION ALL
        SELECT NULL, NULL, id, person_id
          FROM payouts_adjustment WHERE run_id = %(run)s AND status = %(posted)s AND person_id IS NOT NULL
      ) earner
     WHERE (earner.person_id = ANY(%(people)s::uuid[])) = %(these)s
"""


def _mark_exported(*, run: Run, by: User, at: datetime) -> None:
    """Note on all that the payroll file pays that payroll has been told, in one statement a run; once a run."""
    if exported(run=run):
        return
    members = payroll_members(run=run)
    marks = [(run.pk, frozenset(members.left_out), False)]
    marks += [(run_id, people, True) for run_id, people in members.released.items()]
    with connection.cursor() as cursor:
        for run_id, people, these in marks:
            values: dict[str, Any] = {
                "kind": PayoutEventKind.EXPORTED,
                "posted": AdjustmentStatus.POSTED,
                "by": by.pk,
                "at": at,
                "reference": payroll_stem(run=run),
                "run": run_id,
                "people": [str(person) for person in people],
                "these": these,
            }
            cursor.execute(EXPORTED, values)
