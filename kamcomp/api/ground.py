"""Resources of the ground floor: calendars, periods, rates, jobs."""

from kamcomp.api import filters as by
from kamcomp.api.fields import choice, day, first_day, last_day, moment, ref, text, whole
from kamcomp.api.resources import Expand, Resource, register
from kamcomp.calendar.choices import Frequency, PeriodStatus
from kamcomp.calendar.models import FiscalCalendar, Period
from kamcomp.jobs.choices import JobStatus
from kamcomp.jobs.models import Job

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
    ),
    filters=(by.by_text("kind"), by.by_choice("state", JobStatus, "status")),
    orders={"created_at": "created_at"},
    changed="audit",
)

register(CALENDARS, PERIODS, JOBS)
