"""Resources of the ground floor: calendars, periods, rates, what came in, jobs, the audit trail."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from uuid import UUID

from rest_framework import serializers

from kamcomp.api import filters as by
from kamcomp.api.acts import Act, Asked, Done
from kamcomp.api.fields import (
    Field,
    choice,
    day,
    document,
    first_day,
    last_day,
    moment,
    ratio,
    ref,
    text,
    whole,
)
from kamcomp.api.problems import answered_with
from kamcomp.api.resources import Expand, Resource, register, resource_named
from kamcomp.api.sent import StrictSerializer
from kamcomp.audit.models import AuditEvent
from kamcomp.calendar.choices import DateKind, Frequency, PeriodStatus
from kamcomp.calendar.dates import FIELDS, PeriodIsLocked, period_date_move
from kamcomp.calendar.models import FiscalCalendar, Period
from kamcomp.currency.choices import RateSet
from kamcomp.currency.models import FxRate
from kamcomp.imports.choices import BatchStatus
from kamcomp.imports.models import ImportBatch
from kamcomp.imports.services import ImportUnderWay, import_undo
from kamcomp.imports.undo import ChangedSince, NotCommitted, PeriodUsedIt
from kamcomp.jobs.choices import JobStatus
from kamcomp.jobs.models import Job

answered_with(HTTPStatus.CONFLICT, PeriodIsLocked, ImportUnderWay, ChangedSince, NotCommitted, PeriodUsedIt)
RESULTS = {"export": "exports", "replay": "replays"}
"""What a job leaves behind, by the name its result has it under: the resource where it is found."""


def _result(kept: Mapping[str, Any] | None) -> str | None:
    for name, resource in RESULTS.items():
        if kept and name in kept:
            return f"/api/v1/{resource}/{resource_named(resource).id_of(UUID(kept[name]))}"
    return None


class DateMoveSerializer(StrictSerializer):
    """Which date of a period is moved, where to, and why."""

    kind = serializers.ChoiceField(choices=[(kind.value, kind.label) for kind in FIELDS])
    to = serializers.DateField()
    reason = serializers.CharField(max_length=500)


def _date_moved(asked: Asked) -> Done:
    kind = DateKind(asked.typed["kind"])
    period_date_move(
        period_id=asked.row.pk,
        kind=kind,
        to=asked.typed["to"],
        seen=getattr(asked.row, FIELDS[kind]),
        reason=asked.typed["reason"],
        by=asked.user,
        at=asked.at,
    )
    return Done(pk=asked.row.pk)


def _batch_undone(asked: Asked) -> Done:
    return Done(pk=import_undo(batch_id=asked.row.pk, by=asked.user, at=asked.at).pk)


RESULT = Field(
    name="result",
    sources=("result",),
    shown=_result,
    documented=lambda _null: serializers.CharField(
        allow_null=True, help_text="The address of what came of it; null: it is not done, or left nothing."
    ),
)
CALENDARS = Resource(
    name="calendars",
    noun="calendar",
    prefix="cal",
    model=FiscalCalendar,
    about="Fiscal calendars: rows of periods of one length.",
    fields=(
        ref("id", "cal", "pk"),
        text("external_id", "code"),
        text("name"),
        choice("frequency", Frequency),
    ),
    external="code",
    changed="audit",
)
PERIODS = Resource(
    name="periods",
    noun="period",
    prefix="prd",
    model=Period,
    about="The periods that pay is computed, reviewed and locked by.",
    fields=(
        ref("id", "prd", "pk"),
        text("code", about="What people say: 2026-Q3."),
        ref("calendar_id", "cal"),
        whole("fiscal_year"),
        whole("number", about="Counted within the fiscal year, from 1."),
        first_day("first_day", "days"),
        last_day("last_day", "days"),
        day("cut_off_on", about="Last day on which results are collected."),
        day("pay_on"),
        choice("status", PeriodStatus),
    ),
    filters=(
        by.by_id("calendar", "cal", "calendar_id", code="calendar__code"),
        by.by_text("code"),
        by.by_choice("status", PeriodStatus),
    ),
    orders={"first_day": "days__startswith", "code": "code"},
    dated="days",
    changed="audit",
    expands=(Expand(name="calendar", resource="calendars", source="calendar_id"),),
    acts=(
        Act(
            noun="period_date_move",
            name="move",
            about="Move the cut-off or the pay day of a period that is not locked, with a reason.",
            perform=_date_moved,
            on_row=True,
            body=DateMoveSerializer,
            matched=True,
            example={"kind": "pay_day", "to": "2026-11-13", "reason": "Payroll runs on Fridays now."},
        ),
    ),
)
JOBS = Resource(
    name="jobs",
    noun="job",
    prefix="job",
    model=Job,
    about="Long work and how far it is.",
    fields=(
        ref("id", "job", "pk"),
        text("kind"),
        choice("state", JobStatus, "status"),
        whole("done"),
        whole("total", about="null: not known yet."),
        moment("created_at"),
        moment("started_at"),
        moment("finished_at"),
        text("error", about="What failed, and what is safe."),
        RESULT,
    ),
    filters=(by.by_text("kind"), by.by_choice("state", JobStatus, "status")),
    orders={"created_at": "created_at"},
    changed="audit",
)

RATES = Resource(
    name="rates",
    noun="rate",
    prefix="fx",
    model=FxRate,
    about="Currency rates: one unit of `from_currency` is `rate` units of `to_currency` from `date` on.",
    fields=(
        ref("id", "fx", "pk"),
        choice("rate_set", RateSet),
        day("date", "rate_date"),
        text("from_currency"),
        text("to_currency"),
        ratio("rate", about="A decimal."),
        text("source"),
        moment("recorded_at"),
        moment("superseded_at", about="Until when it was believed; null: still."),
    ),
    filters=(
        by.by_choice("rate_set", RateSet),
        by.by_text("from_currency"),
        by.by_text("to_currency"),
        by.by_day("date_from", "rate_date__gte", about="Of this day or later."),
        by.by_day("date_to", "rate_date__lte", about="Of this day or before."),
    ),
    orders={"date": "rate_date"},
    fact=True,
    changed="recorded_at",
    kind="fx_rates",
)
BATCHES = Resource(
    name="batches",
    noun="batch",
    prefix="bat",
    model=ImportBatch,
    about="Files and batches of rows that came in, each with what became of its rows.",
    fields=(
        ref("id", "bat", "pk"),
        text("kind"),
        text("filename"),
        choice("status", BatchStatus),
        whole("rows_new"),
        whole("rows_changed"),
        whole("rows_same"),
        whole("rows_rejected"),
        text("sha256", "file_digest"),
        moment("committed_at"),
        moment("undone_at"),
        moment("created_at"),
    ),
    filters=(by.by_text("kind"), by.by_choice("status", BatchStatus)),
    orders={"created_at": "created_at"},
    changed="audit",
    acts=(
        Act(
            noun="import_undo",
            name="undo",
            about="Take a committed batch back, rows and all. Not once a period that may have used it is locked.",
            perform=_batch_undone,
            on_row=True,
        ),
    ),
)
AUDIT_EVENTS = Resource(
    name="audit-events",
    noun="audit_event",
    prefix="aud",
    model=AuditEvent,
    about="Who changed what: one row a change or an act, written by the database and sealed each day.",
    fields=(
        ref("id", "aud", "pk"),
        moment("at"),
        ref("user_id", "usr"),
        text("request_id"),
        text("action"),
        text("operation"),
        text("subject_table"),
        text("subject_id", about="The row's own id, not a public one."),
        document("before", about="What was changed, as it was."),
        document("after", about="What was changed, as it became."),
    ),
    filters=(
        by.by_id("user", "usr", "user_id"),
        by.by_text("request_id"),
        by.by_text("action"),
        by.by_text("subject_table"),
        by.by_text("subject_id"),
    ),
    orders={"at": "at"},
    changed="at",
)

register(CALENDARS, PERIODS, JOBS, RATES, BATCHES, AUDIT_EVENTS)
