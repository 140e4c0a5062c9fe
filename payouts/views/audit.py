"""
The audit trail in the browser: who did what when, before and after, why, in which request; and the row as of then.

Entries are written by the database and sealed; nothing here changes one. The list filters and
gives what it shows as CSV, XLSX or JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from functools import lru_cache
from typing import Any

from django import forms
from django.apps import apps
from django.db.models import F, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Concat, NullIf, Trim
from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _
from django.views.generic.base import View

from kamcomp.audit.history import entries_of, field_changes, in_short, seal_of, state_after, why_of
from kamcomp.audit.models import AuditEvent
from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.notices.models import Notice
from kamcomp.pages.screens import Crumb, Screen
from kamcomp.pages.tables import FilterForm, Kind, TableColumn, TableScreen
from kamcomp.visibility import viewer_for, visible
from payouts.views.desk import desk_or_404

READERS = (Role.AUDITOR, Role.COMP_ADMIN)
HISTORY_SHOWN = 50
BY_THE_SYSTEM = "system"
SHOWN = "shown"


@lru_cache(maxsize=1)
def kinds() -> dict[str, str]:
    """Return what a row of each table is called."""
    return {
        model._meta.db_table: str(model._meta.verbose_name).capitalize()
        for model in apps.get_models()
        if model.__module__.split(".")[0] in ("kamcomp", "teams", "scorecards", "plans", "payouts")
    }


def called(table: str) -> str:
    """Return what a row of a table is called; the table's name where it has no model."""
    return kinds().get(table, table)


def act_words(event: AuditEvent) -> str:
    """Return an act's name as words."""
    return event.action.replace("_", " ").capitalize() if event.action else __("Outside an act")


class AuditFilter(FilterForm):
    """Entries of a person, an act, a kind of row, some days, a request or one row."""

    who = forms.CharField(label=_("Who"), required=False, max_length=80)
    act = forms.CharField(label=_("Act"), required=False, max_length=60)
    kind = forms.ChoiceField(label=_("What"), required=False)
    since = forms.DateField(label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=_("To"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    request_id = forms.CharField(label=_("Request or row"), required=False, max_length=64)
    messages = forms.ChoiceField(
        label=_("Messages to people"),
        required=False,
        choices=[("", _("Left out of the page, unless asked for")), (SHOWN, _("Shown"))],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = sorted(kinds().items(), key=lambda pair: pair[1])
        self.fields["kind"].choices = [("", __("All")), *named]  # type: ignore[attr-defined]

    @property
    def leaves_out_messages(self) -> bool:
        """Tell whether messages are left out: most entries are theirs, so that a page has them only if asked for."""
        asked = self.cleaned_data
        return "format" not in self.data and not any(
            asked[name].strip() for name in ("messages", "act", "kind", "request_id")
        )

    def filtered(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return the entries that pass."""
        asked = self.cleaned_data
        if self.leaves_out_messages:
            rows = rows.exclude(subject_table=Notice._meta.db_table)
        if asked["who"].strip():
            rows = rows.filter(name__icontains=asked["who"].strip())
        if asked["act"].strip():
            rows = rows.filter(action__icontains=asked["act"].strip().replace(" ", "_"))
        if asked["kind"]:
            rows = rows.filter(subject_table=asked["kind"])
        if asked["since"]:
            rows = rows.filter(at__gte=_midnight(asked["since"]))
        if asked["until"]:
            rows = rows.filter(at__lt=_midnight(asked["until"] + timedelta(days=1)))
        key = asked["request_id"].strip()
        return rows.filter(request_id=key) | rows.filter(subject_id=key) if key else rows


def _midnight(day: Any) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def event_url(event: AuditEvent) -> str:
    """Return the address of an entry."""
    return reverse("payouts:audit-show", args=[event.pk])


def _json_text(value: Any) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)


class AuditList(TableScreen):
    """All entries, newest first."""

    title, file_name, order = _("Audit trail"), "audit-trail", "-at"
    template_name = "payouts/audit_list.html"
    filter_class = AuditFilter
    empty_title = _("No entry yet")
    empty_text = _("Every change leaves an entry here by itself.")
    at = TableColumn(name="at", label=_("When"), kind=Kind.MOMENT, order="id", link=event_url)
    who = TableColumn(name="name", label=_("Who"), order="name")
    act = TableColumn(name="action", label=_("Act"), order="action", read=act_words)
    kind = TableColumn(name="kind", label=_("What"), order="subject_table", narrow=False,
                       read=lambda event: called(event.subject_table))  # fmt: skip
    change = TableColumn(name="change", label=_("Change"), narrow=False, fact=False,
                         read=lambda event: in_short(field_changes(event=event)))  # fmt: skip
    why = TableColumn(name="why", label=_("Why"), narrow=False, read=lambda event: why_of(event=event))
    request_id_column = TableColumn(name="request_id", label=_("Request"), narrow=False)
    for_files = (
        TableColumn(name="id", label=_("Entry"), kind=Kind.NUMBER),
        TableColumn(name="operation", label=_("Operation")),
        TableColumn(name="subject_table", label=_("Table")),
        TableColumn(name="subject_id", label=_("Row")),
        TableColumn(name="before", label=_("Before"), read=lambda event: _json_text(event.before)),
        TableColumn(name="after", label=_("After"), read=lambda event: _json_text(event.after)),
    )

    @property
    def columns(self) -> tuple[TableColumn, ...]:  # type: ignore[override]
        """Return the columns shown; a file has what was before and after whole, and which row it is."""
        shown = (self.at, self.who, self.act, self.kind, self.change, self.why)
        if "format" not in self.request.GET:
            return shown
        return (*shown, self.request_id_column, *self.for_files)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer the list, or the entries shown as a file."""
        desk_or_404(request, *READERS)
        if request.GET.get("format") == "json":
            return self._json()
        return super().get(request, *args, **kwargs)

    def rows(self) -> QuerySet[Any]:
        """Return the entries with the name of who made them."""
        return with_names(visible(AuditEvent.objects.all(), to=viewer_for(self.request)))

    def _json(self) -> HttpResponseBase:
        answer = StreamingHttpResponse(_json_lines(self.table.rows), content_type="application/json")
        answer["Content-Disposition"] = f'attachment; filename="{self.file_name}.json"'
        return answer


def with_names(events: QuerySet[AuditEvent]) -> QuerySet[Any]:
    """Return entries with `name`: the user's name, or their login, or that it was the system."""
    full = Trim(Concat("first_name", Value(" "), "last_name"))
    who = User.objects.filter(pk=OuterRef("user_id")).annotate(
        full=Coalesce(NullIf(full, Value("")), F("username"))
    )
    return events.annotate(name=Coalesce(Subquery(who.values("full")), Value(BY_THE_SYSTEM)))


def _json_lines(rows: QuerySet[Any]) -> Iterator[str]:
    names = (
        "id", "at", "name", "action", "operation", "subject_table", "subject_id", "before", "after", "request_id",
        "session_role",
    )  # fmt: skip
    yield "["
    for number, event in enumerate(rows.iterator(2_000)):
        entry = {name: getattr(event, name) for name in names} | {"why": why_of(event=event)}
        yield (",\n" if number else "\n") + json.dumps(entry, ensure_ascii=False, sort_keys=True, default=str)
    yield "\n]\n"


class AuditShow(Screen, View):
    """One entry whole, the row as of then, and what else happened to it."""

    def get(self, request: HttpRequest, event_id: int) -> HttpResponseBase:
        """Show it."""
        desk_or_404(request, *READERS)
        seen = with_names(visible(AuditEvent.objects.all(), to=viewer_for(request)))
        event = seen.filter(pk=event_id).first()
        if event is None:
            raise Http404
        same = entries_of(event=event).values("pk")
        context = self.get_context_data(
            title=act_words(event),
            crumbs=[
                Crumb(label=_("Audit trail"), url=reverse("payouts:audit-list")),
                Crumb(label=str(event.pk)),
            ],
            event=event,
            kind=called(event.subject_table),
            why=why_of(event=event),
            changes=field_changes(event=event),
            state=state_after(event=event).items(),
            seal=seal_of(event=event),
            history=[
                (each, act_words(each), in_short(field_changes(event=each), most=2))
                for each in seen.filter(pk__in=same).order_by("-id")[:HISTORY_SHOWN]
            ],
        )
        return render(request, "payouts/audit_show.html", context)
