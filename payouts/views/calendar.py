"""
The calendar in the browser: a year's periods on one line, next dates, dates moved with a reason, a private feed.

The feed is asked by calendar programs, which cannot sign in: whoever has the address reads its user's dates, so it is
long, said once and can be ended. It carries dates and no figures.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import get_language, override
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _
from django.views.generic.base import TemplateResponseMixin, View
from django.views.generic.edit import FormView

from kamcomp.calendar.choices import DateKind, PeriodStatus
from kamcomp.calendar.dates import (
    MOVERS,
    DateMovedMeanwhile,
    calendar_feed_end,
    calendar_feed_make,
    feed_user,
    period_date_move,
)
from kamcomp.calendar.models import CalendarFeed, Period
from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.pages.figures import day_text
from kamcomp.pages.screens import Crumb, FieldConflict, FormScreen, Screen, conflict_page, said
from kamcomp.pages.sheets import SHEETS, Sheet, SheetColumn
from kamcomp.pages.wording import worded
from kamcomp.refusal import Refusal
from kamcomp.visibility import viewer_for, viewer_of, visible
from payouts.choices import CalendarKind
from payouts.exports.ical import IcalEvent, ical_text
from payouts.forms import DateMove
from payouts.selectors.calendar import (
    PeriodDates,
    calendar_dates,
    date_changes,
    fiscal_years,
    kinds_of,
    period_dates,
)
from payouts.services.windows import period_window_move

if TYPE_CHECKING:
    DateFormView = FormView[Any]
else:  # Django's class is generic for the type checker only
    DateFormView = FormView

MOVING = tuple(Role(role) for role in MOVERS)
NEXT_DATES, AHEAD, BEHIND = 8, timedelta(days=400), timedelta(days=200)
WIDE, ROW, TOP, AFTER = 1000, 30, 24, timedelta(days=50)
LABEL = 84
TOKEN = "calendar_token"
LOCKED = _("This period is locked: its dates stand.")
MOVED = _("Everybody reads the new date and the reason.")


@dataclass(frozen=True)
class Mark:
    """A date on the line of its period."""

    x: int
    kind: str


@dataclass(frozen=True)
class LineRow:
    """A period on the line: its bar, and the marks of its dates."""

    code: str
    y: int
    x: int
    width: int
    status: str
    marks: list[Mark]

    @property
    def text_y(self) -> int:
        """Return the height of its name."""
        return self.y + 12

    @property
    def mark_y(self) -> int:
        """Return the height of its marks."""
        return self.y + 8


@dataclass(frozen=True)
class TimeLine:
    """The periods of a year as bars over its months, and where today is."""

    rows: list[LineRow]
    months: list[tuple[int, str]]
    today: int | None
    height: int


def time_line(*, rows: list[PeriodDates], kinds: frozenset[CalendarKind], today: date) -> TimeLine:
    """Return the geometry of a year's periods: days become places from the first day to the last date."""
    since = min(row.period.span.since for row in rows)
    until = max(max(day for _kind, day in row.dates()) for row in rows) + timedelta(days=8)
    days = (until - since).days

    def place(day: date) -> int:
        return LABEL + (day - since).days * (WIDE - LABEL) // days

    lines = []
    for number, row in enumerate(rows):
        period = row.period
        x = place(period.span.since)
        end = place(period.span.last or period.span.since)
        marks = [Mark(place(day), kind.value) for kind, day in row.dates() if kind in kinds]
        lines.append(LineRow(period.code, TOP + number * ROW, x, end - x, period.status, marks))
    months, month = [], date(since.year, since.month, 1)
    while month < until:
        if month >= since and place(month) <= WIDE - 24:
            months.append((place(month), day_text(month, form="short").split()[-1]))
        month = (month + timedelta(days=32)).replace(day=1)
    inside = since <= today <= until
    return TimeLine(lines, months, place(today) if inside else None, TOP + len(rows) * ROW)


class CalendarShow(Screen, TemplateResponseMixin, View):
    """The periods of a fiscal year with their dates, and what comes next for the reader."""

    template_name = "payouts/calendar_show.html"
    title = _("Calendar")

    @cached_property
    def year(self) -> int | None:
        """Return the fiscal year asked for, or today's."""
        asked = self.request.GET.get("year", "")
        return int(asked) if asked in {str(year) for year in self.years[0]} else self.years[1]

    @cached_property
    def years(self) -> tuple[list[int], int | None]:
        """Return the fiscal years there are, and today's."""
        return fiscal_years(on=timezone.localdate())

    @cached_property
    def rows(self) -> list[PeriodDates]:
        """Return the periods of the year."""
        return period_dates(viewer=viewer_for(self.request), fiscal_year=self.year)

    def get(self, request: HttpRequest) -> HttpResponseBase:
        """Show it, or with ?format=csv or xlsx the dates as a file."""
        viewer, today = viewer_for(request), timezone.localdate()
        kinds = kinds_of(viewer=viewer)
        if request.user.is_authenticated and not kinds:
            raise Http404
        write = SHEETS.get(request.GET.get("format", ""))
        if write and request.user.is_authenticated:
            return write(
                self._file(kinds), {"title": str(self.title), "made by": request.user.get_username()}
            )
        coming = calendar_dates(viewer=viewer, since=today, until=today + AHEAD)[:NEXT_DATES]
        context = {
            "rows": self.rows,
            "kinds": kinds,
            "sees": {kind.value: kind in kinds for kind in CalendarKind},
            "years": self.years[0],
            "year": self.year,
            "today": today,
            "coming": [(one, (one.on - today).days) for one in coming],
            "line": time_line(rows=self.rows, kinds=kinds, today=today) if self.rows else None,
            "legend": [kind for kind in CalendarKind if kind in kinds and kind != CalendarKind.LAST_DAY],
            "changes": date_changes(fiscal_year=self.year, viewer=viewer),
            "may_move": viewer.holds(*MOVING),
            "feed": visible(CalendarFeed.objects.filter(user=cast(User, request.user).pk), to=viewer).first(),
            "token": request.session.pop(TOKEN, "") if hasattr(request, "session") else "",
        }
        if context["token"]:
            path = reverse("payouts:calendar-feed", args=[context["token"]])
            context["address"] = f"{request.build_absolute_uri(path)}?in={get_language()}"
        return self.render_to_response(self.get_context_data(**context))

    def _file(self, kinds: frozenset[CalendarKind]) -> Sheet:
        names = ["period", "since", *(kind.value for kind in CalendarKind if kind in kinds)]
        rows = []
        for row in self.rows:
            days = dict(row.dates())
            rows.append(
                [row.period.code, row.period.span.since, *(days.get(k) for k in CalendarKind if k in kinds)]
            )
        columns = [
            SheetColumn(name=name, is_text=name == "period", is_day=name != "period") for name in names
        ]
        return Sheet(title="calendar", columns=columns, rows=rows, count=len(rows))


class CalendarFeedMake(Screen, View):
    """Make my private address, or end it."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        """Make it anew and show it once, or end it."""
        by = cast(User, request.user)
        if request.POST.get("act") == "end":
            calendar_feed_end(by=by)
            said(request, __("The address is ended; programs that use it get nothing more."))
        else:
            request.session[TOKEN] = calendar_feed_make(by=by)
        return redirect("payouts:calendar-show")


class CalendarFeedShow(View):
    """The dates of whose address it is, for a calendar program."""

    http_method_names = ["get"]

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        """Answer the dates, or 404 where nobody has this address."""
        user = feed_user(token=token)
        if user is None:
            raise Http404
        now: datetime = timezone.now()
        with override("de" if request.GET.get("in") == "de" else "en"):
            text = feed_text(user=user, at=now)
        return HttpResponse(
            text, content_type="text/calendar; charset=utf-8", headers={"Cache-Control": "private"}
        )


def feed_text(*, user: User, at: datetime) -> str:
    """Return a user's dates as iCalendar: half a year back, a year ahead."""
    viewer, today = viewer_of(user=user, on=timezone.localdate()), timezone.localdate()
    dates = calendar_dates(viewer=viewer, since=today - BEHIND, until=today + AHEAD)
    windows: dict[Any, int] = {}
    events = []
    for one in dates:
        key = (one.period.pk, one.kind)
        windows[key] = windows.get(key, 0) + 1
        uid = f"{one.period.pk}-{one.kind.value}-{windows[key]}@kamcomp"
        events.append(IcalEvent(uid=uid, on=one.on, summary=f"{one.period.code}: {__(str(one.kind.label))}"))
    return ical_text(name="kamcomp", events=events, at=at)


class PeriodDateMove(FormScreen, DateFormView):
    """Move one date of a period, with a reason."""

    template_name = "payouts/person_form.html"
    form_class = DateMove

    @cached_property
    def period(self) -> Period:
        """Return the period, or 404 for who moves no dates."""
        if self.request.user.is_authenticated and not viewer_for(self.request).holds(*MOVING):
            raise Http404
        period = visible(Period.objects.all(), to=viewer_for(self.request)).filter(
            pk=self.kwargs["period_id"]
        )
        found = period.first()
        if found is None or self.kwargs["kind"] not in DateKind.values:
            raise Http404
        return found

    @property
    def kind(self) -> DateKind:
        """Return which date is moved."""
        return DateKind(self.kwargs["kind"])

    @cached_property
    def now(self) -> date | None:
        """Return the date as it is."""
        if self.kind == DateKind.WINDOW:
            rows = period_dates(viewer=viewer_for(self.request), fiscal_year=self.period.fiscal_year)
            return next((row.window_on for row in rows if row.period.pk == self.period.pk), None)
        return self.period.cut_off_on if self.kind == DateKind.CUT_OFF else self.period.pay_on

    def crumbs(self) -> list[Crumb]:
        """Return the way from the calendar."""
        return [Crumb(label=_("Calendar"), url=self.back), Crumb(label=self.period.code)]

    @property
    def back(self) -> str:
        """Return the calendar of the period's year."""
        return f"{reverse('payouts:calendar-show')}?year={self.period.fiscal_year}"

    def get_initial(self) -> dict[str, Any]:
        """Show the date as it is."""
        return {"to": self.now, "seen": self.now.isoformat() if self.now else ""}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the form with what is moved."""
        locked = self.period.status == PeriodStatus.LOCKED
        return super().get_context_data(
            title=f"{self.period.code}: {__(str(self.kind.label))}",
            back=self.back,
            button=_("Move the date"),
            note=LOCKED if locked else MOVED,
            **kwargs,
        )

    def form_valid(self, form: Any) -> HttpResponse:
        """Move it, say why not, or show what somebody else made of it meanwhile."""
        typed = form.cleaned_data
        seen = date.fromisoformat(typed["seen"]) if typed["seen"] else None
        who = {"by": cast(User, self.request.user), "at": timezone.now(), "reason": typed["reason"]}
        asked: dict[str, Any] = {"period_id": self.period.pk, "to": typed["to"], "seen": seen, **who}
        try:
            if self.kind == DateKind.WINDOW:
                period_window_move(**asked)
            else:
                period_date_move(kind=self.kind, **asked)
        except DateMovedMeanwhile as refusal:
            return self._conflict(typed, seen=seen, refusal=refusal)
        except Refusal as refusal:
            form.add_error(None, worded(refusal))
            return self.form_invalid(form)
        said(self.request, __("Moved to %(day)s.") % {"day": day_text(typed["to"])})
        return redirect(self.back)

    def _conflict(self, typed: dict[str, Any], *, seen: date | None, refusal: Refusal) -> HttpResponse:
        found = FieldConflict(
            label=__(str(self.kind.label)), name="to", before=day_text(seen), mine=day_text(typed["to"]),
            theirs=day_text(self.now),
        )  # fmt: skip
        carried = {"to": typed["to"].isoformat(), "reason": typed["reason"]}
        return conflict_page(
            self.request,
            what=self.period.code,
            sentence=worded(refusal),
            fields=[found],
            back=self.back,
            keep=self.request.get_full_path(),
            carried={**carried, "seen": self.now.isoformat() if self.now else ""},
        )
