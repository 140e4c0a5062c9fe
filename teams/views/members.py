"""
Edits of an account team, each from a date: somebody joins, changes, hands over, leaves; the last edit is undone.

Each is a form page with one service call. Somebody else's newer change comes back beside mine.
"""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _
from django.views.generic.base import View
from django.views.generic.edit import FormView

from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.pages.figures import day_text, percent_text
from kamcomp.pages.screens import (
    Crumb,
    FormScreen,
    Screen,
    conflict_page,
    fields_apart,
    refused,
    said,
    typed_again,
)
from kamcomp.pages.wording import worded
from kamcomp.refusal import Refusal
from kamcomp.visibility import viewer_for, visible
from teams import forms
from teams.choices import Link, Scope, Seat
from teams.models import JobRole, Membership, Person, Segment, StrategicAccount, TeamEdit
from teams.selectors.teams import membership_state, person_name
from teams.services import (
    team_edit_undo,
    team_member_add,
    team_member_change,
    team_member_end,
    team_member_hand_over,
)
from teams.services.team_edits import EDITORS, MembershipChangedMeanwhile
from teams.views.teams import day_asked, reader_or_404, team_url

if TYPE_CHECKING:
    MemberFormView = FormView[Any]
else:  # Django's class is generic for the type checker only
    MemberFormView = FormView

MOST_LISTED = 500
EDITING = tuple(Role(role) for role in EDITORS)


class MemberScreen(FormScreen, MemberFormView):
    """A form about one membership or a new one; only for those who edit teams."""

    template_name = "teams/member_form.html"
    button: Any = _("Save")

    @cached_property
    def account(self) -> StrategicAccount:
        """Return the account whose team is edited, or 404."""
        raise NotImplementedError

    def crumbs(self) -> list[Crumb]:
        """Return the way from the list of teams."""
        return [
            Crumb(label=_("Account teams"), url=reverse("teams:team-list")),
            Crumb(label=str(self.account), url=team_url(self.account)),
        ]

    def get_form_kwargs(self) -> dict[str, Any]:
        """Let the form find people among those the reader sees."""
        return {**super().get_form_kwargs(), "viewer": viewer_for(self.request)}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the form, and the names that fields for people propose."""
        people = visible(Person.objects.all(), to=viewer_for(self.request)).select_related("details")
        return super().get_context_data(
            people=people.order_by("details__legal_name")[:MOST_LISTED],
            back=team_url(self.account),
            button=self.button,
            **kwargs,
        )

    def who(self) -> dict[str, Any]:
        """Return who acts, and when."""
        return {"by": cast(User, self.request.user), "at": timezone.now()}

    def done(self, edit: TeamEdit, words: str) -> HttpResponse:
        """Say what was done, with its undo, on the team as it is from that day on."""
        said(self.request, words, undo=reverse("teams:team-edit-undo", args=[edit.pk]))
        return redirect(f"{team_url(self.account)}?{urlencode({'as_of': edit.from_on.isoformat()})}")


class TeamMemberAdd(MemberScreen):
    """Put somebody on the team."""

    form_class = forms.MemberAdd
    title, button = _("Add a person"), _("Add to the team")

    @cached_property
    def account(self) -> StrategicAccount:
        """Return the account of the address."""
        reader_or_404(self.request, *EDITING)
        rows = visible(StrategicAccount.objects.select_related("node"), to=viewer_for(self.request))
        return _or_404(rows.filter(pk=self.kwargs["account_id"]).first())

    def get_initial(self) -> dict[str, Any]:
        """Propose a full-time direct member who shares in the pool, from the day looked at."""
        since = day_asked(self.request)
        return {
            "link": Link.DIRECT, "seat": Seat.MEMBER, "scope": Scope.ACCOUNT, "dedication": "100",
            "pool_eligible": True, "since": since,
        }  # fmt: skip

    def acted(self, form: Any) -> HttpResponse:
        """Add the person."""
        typed = form.terms()
        if typed["seat"] == Seat.KAM:
            typed["pool_eligible"] = False
        edit = team_member_add(
            account_id=self.account.pk,
            person=form.cleaned_data["person"],
            since=form.cleaned_data["since"],
            last_day=form.cleaned_data["last_day"],
            **typed,
            **self.who(),
        )
        words = __("%(name)s is on the team from %(day)s.")
        return self.done(edit, words % _named(form.cleaned_data["person"], edit.from_on))


class OneMemberScreen(MemberScreen):
    """A form about a membership there is."""

    @cached_property
    def member(self) -> Membership:
        """Return the membership, or 404."""
        reader_or_404(self.request, *EDITING)
        rows = visible(Membership.objects.all(), to=viewer_for(self.request)).select_related(
            "account__node", "person__details", "role", "leader__details"
        )
        return _or_404(rows.filter(pk=self.kwargs["membership_id"]).first())

    @cached_property
    def account(self) -> StrategicAccount:
        """Return the membership's account."""
        return self.member.account

    def day_proposed(self) -> date:
        """Return the day looked at, or the membership's nearest to it."""
        on, span = day_asked(self.request), self.member.span
        return max(span.since, on if span.last is None else min(on, span.last))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the form with whom it is about."""
        return super().get_context_data(member=self.member, name=person_name(self.member.person), **kwargs)

    @property
    def seen(self) -> str:
        """Return the membership as the editor sees it now."""
        return json.dumps(membership_state(membership=self.member), sort_keys=True)

    def form_valid(self, form: Any) -> HttpResponse:
        """Act, say why not, or lay mine beside theirs."""
        try:
            return self.acted(form)
        except MembershipChangedMeanwhile as refusal:
            return self.conflict(form, refusal)
        except Refusal as refusal:
            form.add_error(None, worded(refusal))
            return self.form_invalid(form)

    def conflict(self, form: Any, refusal: Refusal) -> HttpResponse:
        """Answer what I typed beside what somebody else made of it meanwhile."""
        before, theirs = state_words(form.cleaned_data["seen"] or {}), state_words(json.loads(self.seen))
        mine = {name: value_words(form.cleaned_data.get(name)) for name in theirs if name in form.fields}
        fields = fields_apart(labels=STATE_LABELS, before=before, mine=mine, theirs=theirs)
        carried = typed_again(form)
        return conflict_page(
            self.request,
            what=str(self.title),
            sentence=worded(refusal),
            fields=fields,
            back=team_url(self.account),
            keep=self.request.get_full_path(),
            carried={**carried, "seen": self.seen},
        )


class TeamMemberChange(OneMemberScreen):
    """Change a membership from a day on."""

    form_class = forms.MemberChange
    title, button = _("Change from a day on"), _("Change")

    def get_initial(self) -> dict[str, Any]:
        """Show the membership as it is."""
        return {**forms.terms_of(member=self.member, on=self.day_proposed()), "seen": self.seen}

    def acted(self, form: Any) -> HttpResponse:
        """Change what is different."""
        changes = form.changes(member=self.member)
        edit = team_member_change(
            membership_id=self.member.pk,
            seen=form.cleaned_data["seen"],
            since=form.cleaned_data["since"],
            changes=changes,
            **self.who(),
        )
        return self.done(
            edit, __("%(name)s is changed from %(day)s.") % _named(self.member.person, edit.from_on)
        )


class TeamMemberEnd(OneMemberScreen):
    """Let a membership end."""

    form_class = forms.MemberEnd
    title, button = _("Leave the team"), _("Set the last day")

    def get_initial(self) -> dict[str, Any]:
        """Propose the day looked at."""
        return {"last_day": self.day_proposed(), "seen": self.seen}

    def acted(self, form: Any) -> HttpResponse:
        """Set the last day."""
        last_day = form.cleaned_data["last_day"]
        edit = team_member_end(
            membership_id=self.member.pk, seen=form.cleaned_data["seen"], last_day=last_day, **self.who()
        )
        return self.done(
            edit, __("%(name)s is on the team until %(day)s.") % _named(self.member.person, last_day)
        )


class TeamMemberHandOver(OneMemberScreen):
    """Let somebody else take over."""

    form_class = forms.MemberHandOver
    title, button = _("Hand over"), _("Hand over")

    def get_initial(self) -> dict[str, Any]:
        """Propose the day looked at."""
        return {"since": self.day_proposed(), "seen": self.seen}

    def acted(self, form: Any) -> HttpResponse:
        """Hand over."""
        to = form.cleaned_data["to"]
        edit = team_member_hand_over(
            membership_id=self.member.pk,
            seen=form.cleaned_data["seen"],
            to=to,
            since=form.cleaned_data["since"],
            **self.who(),
        )
        return self.done(edit, __("%(name)s takes over from %(day)s.") % _named(to, edit.from_on))


class TeamEditUndo(Screen, View):
    """Undo the last edit of a team."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, edit_id: UUID) -> HttpResponse:
        """Undo it, and say what came of it."""
        reader_or_404(request, *EDITING)
        rows = visible(TeamEdit.objects.select_related("account__node"), to=viewer_for(request))
        edit = _or_404(rows.filter(pk=edit_id).first())
        try:
            team_edit_undo(edit_id=edit.pk, by=cast(User, request.user), at=timezone.now())
        except Refusal as refusal:
            refused(request, refusal)
        else:
            said(request, __("Undone: the team is as it was before."))
        return redirect(f"{team_url(edit.account)}?{urlencode({'as_of': edit.from_on.isoformat()})}")


STATE_LABELS: dict[str, Any] = {
    "role": _("Role"),
    "link": _("Line"),
    "seat": _("Seat"),
    "dedication": _("Time on the account, %"),
    "scope": _("Scope of the plan"),
    "leader": _("Line manager here"),
    "pool_eligible": _("Shares in the team's pool"),
    "opt_out_reason": _("Why not, if not"),
    "segments": _("Narrowed to"),
    "last_day": _("Last day"),
}
WORDS = {str(choice.value): choice.label for choices in (Link, Seat, Scope) for choice in choices}


def state_words(state: dict[str, Any]) -> dict[str, str]:
    """Return a membership's state, as an edit keeps it, in words by field."""
    if not state:
        return {}
    until = state["until"] and date.fromisoformat(state["until"]) - timedelta(days=1)
    leader = Person.objects.select_related("details").filter(pk=state["leader_id"]).first()
    values = {
        "role": JobRole.objects.filter(pk=state["role_id"]).first(),
        "dedication": Decimal(state["dedication"]),
        "leader": leader,
        "segments": list(Segment.objects.filter(pk__in=state.get("segments", ())).order_by("name")),
        "last_day": until,
    }
    return {name: value_words(values.get(name, state.get(name))) for name in STATE_LABELS}


def value_words(value: Any) -> str:
    """Return one value of a membership as a page shows it."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return __("yes") if value else __("no")
    if isinstance(value, (list, QuerySet)):
        return ", ".join(str(each) for each in value)
    if isinstance(value, Person):
        return person_name(value)
    if isinstance(value, date):
        return day_text(value)
    if isinstance(value, Decimal):
        return percent_text(value, digits=0)
    return __(str(WORDS[value])) if value in WORDS else str(value)


def _named(person: Person, day: date) -> dict[str, str]:
    return {"name": person_name(person), "day": day_text(day)}


def _or_404(found: Any) -> Any:
    if found is None:
        raise Http404
    return found
