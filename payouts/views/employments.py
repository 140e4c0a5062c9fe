"""
Employments of a person in the browser, each edit from a date: one begins, changes, ends; the last edit is undone.

Each is a form page with one service call. Somebody else's newer change comes back beside mine. What an edit found and
left travels in the signed address of its undo, so that nothing is kept of an edit that nobody undoes.
"""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.http import urlencode
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _
from django.views.generic.base import View

from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.pages.figures import day_text, percent_text
from kamcomp.pages.screens import conflict_page, fields_apart, refused, said
from kamcomp.pages.wording import worded
from kamcomp.refusal import Refusal
from kamcomp.visibility import viewer_for, visible
from payouts.views.people import PersonForm, PersonScreen, day_asked, person_url
from teams.choices import EmploymentStatus, OvertimeStatus
from teams.forms import EmploymentBegin, EmploymentChange, EmploymentEnd
from teams.models import Employment, JobRole, Person
from teams.selectors.teams import person_name
from teams.services import (
    person_employment_begin,
    person_employment_change,
    person_employment_end,
    person_employment_undo,
)
from teams.services.employment_edits import (
    EDITORS,
    EmploymentChangedMeanwhile,
    EmploymentEdit,
    employment_state,
)

EDITING = tuple(Role(role) for role in EDITORS)
SALT, UNDONE_WITHIN = "payouts.employment-undo", timedelta(days=1)
LATE_FACTS = _(
    "Every day keeps what held on it. A day in a locked period changes no payout there:"
    " the difference is posted in the open period."
)


class EmploymentForm(PersonForm):
    """A form about a person's employment; only for those who edit employments."""

    roles = EDITING
    note = LATE_FACTS

    def who(self) -> dict[str, Any]:
        """Return who acts, and when."""
        return {"by": cast(User, self.request.user), "at": timezone.now()}

    def done(self, edit: EmploymentEdit, words: str) -> HttpResponse:
        """Say what was done, with its undo, on the person as they are from that day on."""
        named = {"name": person_name(self.person), "day": day_text(edit.from_on)}
        undo = reverse("payouts:person-employment-undo", args=[self.person.pk])
        said(self.request, words % named, undo=f"{undo}?{urlencode({'edit': _signed(edit)})}")
        return redirect(f"{person_url(self.person)}?{urlencode({'as_of': edit.from_on.isoformat()})}")


class PersonEmploymentBegin(EmploymentForm):
    """Let an employment begin."""

    form_class = EmploymentBegin
    title, button = _("Begin an employment"), _("Begin")

    def get_initial(self) -> dict[str, Any]:
        """Propose the terms of the newest employment, full time where there is none."""
        newest = next(iter(self.sheet.employments), None)
        usual = {"fte": Decimal(1), "status": EmploymentStatus.ACTIVE, "work_language": "en"}
        terms = terms_of(newest) | {"status": EmploymentStatus.ACTIVE} if newest else usual
        return {"since": day_asked(self.request), **terms}

    def acted(self, form: Any) -> HttpResponse:
        """Begin it."""
        days = {name: form.cleaned_data[name] for name in ("since", "last_day")}
        edit = person_employment_begin(person_id=self.person.pk, **days, terms=form.terms(), **self.who())
        return self.done(edit, __("%(name)s is employed from %(day)s."))


class OneEmploymentForm(EmploymentForm):
    """A form about an employment there is."""

    @cached_property
    def employment(self) -> Employment:
        """Return the employment, or 404."""
        rows = visible(Employment.objects.filter(person=self.person), to=viewer_for(self.request))
        found = rows.select_related("job_role").filter(pk=self.kwargs["employment_id"]).first()
        if found is None:
            raise Http404
        return found

    @cached_property
    def person(self) -> Person:
        """Return the person of the employment, or 404."""
        wanted = Employment.objects.filter(pk=self.kwargs["employment_id"]).values_list(
            "person_id", flat=True
        )
        self.kwargs.setdefault("person_id", wanted.first())
        return cast(Person, PersonScreen.person.func(self))  # type: ignore[attr-defined]

    @property
    def seen(self) -> str:
        """Return the employment as the editor sees it now."""
        return json.dumps(employment_state(employment=self.employment), sort_keys=True)

    def day_proposed(self) -> date:
        """Return the day looked at, or the employment's nearest to it."""
        on, span = day_asked(self.request), self.employment.span
        return max(span.since, on if span.last is None else min(on, span.last))

    def form_valid(self, form: Any) -> HttpResponse:
        """Act, say why not, or lay mine beside theirs."""
        try:
            return self.acted(form)
        except EmploymentChangedMeanwhile as refusal:
            return self.conflict(form, refusal)
        except Refusal as refusal:
            form.add_error(None, worded(refusal))
            return self.form_invalid(form)

    def conflict(self, form: Any, refusal: Refusal) -> HttpResponse:
        """Answer what I typed beside what somebody else made of it meanwhile."""
        before, theirs = state_words(form.cleaned_data["seen"] or {}), state_words(json.loads(self.seen))
        mine = {name: value_words(form.cleaned_data[name]) for name in theirs if name in form.fields}
        fields = fields_apart(labels=STATE_LABELS, before=before, mine=mine, theirs=theirs)
        carried = {name: form.data[name] for name in form.data if name not in ("seen", "csrfmiddlewaretoken")}
        return conflict_page(
            self.request,
            what=str(self.title),
            sentence=worded(refusal),
            fields=fields,
            back=person_url(self.person),
            keep=self.request.get_full_path(),
            carried={**carried, "seen": self.seen},
        )


class PersonEmploymentChange(OneEmploymentForm):
    """Change an employment from a day on; on its first day, correct it."""

    form_class = EmploymentChange
    title, button = _("Change the employment"), _("Change")

    def get_initial(self) -> dict[str, Any]:
        """Show the employment as it is."""
        return {**terms_of(self.employment), "since": self.day_proposed(), "seen": self.seen}

    def acted(self, form: Any) -> HttpResponse:
        """Change what is different."""
        edit = person_employment_change(
            employment_id=self.employment.pk,
            seen=form.cleaned_data["seen"],
            since=form.cleaned_data["since"],
            changes=form.changes(employment=self.employment),
            **self.who(),
        )
        return self.done(edit, __("The employment of %(name)s is changed from %(day)s."))


class PersonEmploymentEnd(OneEmploymentForm):
    """End an employment after its last day."""

    form_class = EmploymentEnd
    title, button = _("End the employment"), _("Set the last day")

    def get_initial(self) -> dict[str, Any]:
        """Propose the day looked at."""
        return {"last_day": self.day_proposed(), "seen": self.seen}

    def acted(self, form: Any) -> HttpResponse:
        """Set the last day."""
        edit = person_employment_end(
            employment_id=self.employment.pk,
            seen=form.cleaned_data["seen"],
            last_day=form.cleaned_data["last_day"],
            reason=form.cleaned_data["reason"],
            **self.who(),
        )
        return self.done(edit, __("%(name)s leaves; the last day is %(day)s."))


class PersonEmploymentUndo(PersonScreen, View):
    """Undo the last edit of a person's employments."""

    http_method_names = ["post"]
    roles = EDITING

    def post(self, request: HttpRequest, person_id: UUID) -> HttpResponse:
        """Undo it, and say what came of it."""
        edit = _read(request.GET.get("edit", ""))
        if edit is None or edit.person_id != self.person.pk:
            raise Http404
        try:
            person_employment_undo(edit=edit, by=cast(User, request.user), at=timezone.now())
        except Refusal as refusal:
            refused(request, refusal)
        else:
            said(request, __("Undone: the employments are as they were before."))
        return redirect(f"{person_url(self.person)}?{urlencode({'as_of': edit.from_on.isoformat()})}")


STATE_LABELS: dict[str, Any] = {
    "employer": _("Employer"),
    "jurisdiction": _("Law of"),
    "job_role": _("Role"),
    "fte": _("Working time, %"),
    "payroll_currency": _("Paid in"),
    "work_language": _("Language at work"),
    "status": _("State"),
    "overtime_status": _("Overtime"),
    "works_council": _("Under a works council"),
    "last_day": _("Last day"),
}
WORDS = {str(one.value): one.label for choices in (EmploymentStatus, OvertimeStatus) for one in choices}


def terms_of(employment: Employment) -> dict[str, Any]:
    """Return an employment as the form shows it first."""
    return {name: getattr(employment, name) for name in STATE_LABELS if name != "last_day"}


def state_words(state: dict[str, Any]) -> dict[str, str]:
    """Return an employment's state in words by field."""
    if not state:
        return {}
    until = state["until"] and date.fromisoformat(state["until"]) - timedelta(days=1)
    role = JobRole.objects.filter(pk=state["job_role_id"]).first()
    values = {**state, "job_role": role, "fte": Decimal(state["fte"]), "last_day": until or ""}
    return {name: value_words(values[name]) for name in STATE_LABELS}


def value_words(value: Any) -> str:
    """Return one value of an employment as a page shows it."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return __("yes") if value else __("no")
    if isinstance(value, date):
        return day_text(value)
    if isinstance(value, Decimal):
        return percent_text(value, digits=0)
    return __(str(WORDS[value])) if value in WORDS else str(value)


def _signed(edit: EmploymentEdit) -> str:
    said = [str(edit.person_id), edit.from_on.isoformat(), edit.before, edit.after]
    return signing.dumps(said, salt=SALT, compress=True)


def _read(token: str) -> EmploymentEdit | None:
    """Return the edit that a signed address names; None for a forged or an old one."""
    try:
        person, day, before, after = signing.loads(token, salt=SALT, max_age=UNDONE_WITHIN)
    except signing.BadSignature:
        return None
    return EmploymentEdit(person_id=UUID(person), from_on=date.fromisoformat(day), before=before, after=after)
