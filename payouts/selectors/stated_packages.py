"""
The pay package that a statement states: today's while it may still change, the one of the lock afterwards.

A package is changed in place (a file corrects it, a later one ends it earlier), and a locked statement
stays what it was. What the row said at the lock is told by the audit trail: the row as it is, with what
the entries behind the lock's own say it was before.
"""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.db.models import QuerySet

from kamcomp.calendar.models import Period
from kamcomp.visibility import Viewer, visible
from payouts.choices import RunStatus
from payouts.models import Run
from teams.choices import PackageStatus
from teams.models import PayPackage, Person

AT_THE_LOCK = """
    SELECT told.*
      FROM teams_paypackage package
     CROSS JOIN (
           SELECT min(id) AS entry FROM audit_auditevent
            WHERE subject_table = 'payouts_run' AND subject_id = %(run)s AND after ->> 'status' = %(locked)s
           ) lock
     CROSS JOIN LATERAL jsonb_populate_record(package, coalesce((
           -- Of a column that changed more than once, what it was before the first of these entries counts.
           SELECT jsonb_object_agg(was.key, was.value ORDER BY later.id DESC)
             FROM audit_auditevent later CROSS JOIN LATERAL jsonb_each(later.before) was
            WHERE later.subject_table = 'teams_paypackage' AND later.subject_id = package.id::text
              AND later.operation = 'update' AND later.id > lock.entry
           ), '{}')) told
     WHERE package.id = ANY(%(packages)s::uuid[]) AND told.status = %(approved)s AND told.valid @> %(on)s::date
       AND NOT EXISTS (
           SELECT FROM audit_auditevent made
            WHERE made.subject_table = 'teams_paypackage' AND made.subject_id = package.id::text
              AND made.operation = 'insert' AND made.id > lock.entry
           )
"""


def stated_package(*, person: Person, period: Period, run: Run, viewer: Viewer) -> PayPackage | None:
    """Return the package in force on a period's last day, as of the run's lock once it is locked, if it may be seen."""
    packages = visible(PayPackage.objects.filter(person=person), to=viewer)
    last = period.span.last or period.days.lower
    if run.status == RunStatus.LOCKED:
        return _at_the_lock(packages, run=run, on=last)
    return packages.filter(status=PackageStatus.APPROVED, valid__contains=last).first()


def _at_the_lock(packages: QuerySet[PayPackage], *, run: Run, on: date) -> PayPackage | None:
    ids: list[UUID] = list(packages.order_by().values_list("pk", flat=True))
    if not ids:
        return None
    said = {
        "run": str(run.pk),
        "locked": RunStatus.LOCKED.value,
        "packages": list(map(str, ids)),
        "approved": PackageStatus.APPROVED.value,
        "on": on,
    }
    return next(iter(PayPackage.objects.raw(AT_THE_LOCK, said)), None)
