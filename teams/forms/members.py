"""What people send about account teams: who joins, changes, hands over, leaves."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _

from kamcomp.visibility import Viewer
from teams.choices import (
    Link,
    Scope,
    Seat,
)
from teams.forms.fields import DayField, PersonField, RoleField, ShareField, state_seen
from teams.models import JobRole, Membership, Segment


class MemberForm(forms.Form):
    """What the forms about a membership have in common."""

    use_required_attribute = False

    def __init__(self, *args: Any, viewer: Viewer, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": ""} | kwargs)
        for field in self.fields.values():
            if isinstance(field, PersonField):
                field.viewer = viewer


class MemberTerms(MemberForm):
    """What somebody is on a team."""

    role = RoleField(label=_("Role"), queryset=JobRole.objects.none())
    link = forms.ChoiceField(
        label=_("Line"),
        help_text=_("Direct: reports to the key account manager. Matrix: lent by another function."),
    )
    seat = forms.ChoiceField(label=_("Seat"))
    dedication = ShareField(label=_("Time on the account, %"), required=True)
    scope = forms.ChoiceField(label=_("Scope of the plan"))
    leader = PersonField(label=_("Line manager here"), required=False)
    pool_eligible = forms.BooleanField(label=_("Shares in the team's pool"), required=False)
    opt_out_reason = forms.CharField(label=_("Why not, if not"), required=False, max_length=200)

    segments = forms.ModelMultipleChoiceField(
        label=_("Narrowed to"),
        queryset=Segment.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("The segments of the account this is about; none: all of it."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        segments: Any = self.fields["segments"]
        segments.queryset = Segment.objects.order_by("name")
        roles: Any = self.fields["role"]
        roles.queryset = JobRole.objects.filter(retired=False).order_by("name")
        for name, choices in (("link", Link), ("seat", Seat), ("scope", Scope)):
            words = [(value, __(str(label))) for value, label in choices.choices]
            self.fields[name].choices = words  # type: ignore[attr-defined]

    def terms(self) -> dict[str, Any]:
        """Return the properties of the membership as they were typed."""
        said = {name: self.cleaned_data[name] for name in MemberTerms.base_fields}
        return {**said, "segments": list(said["segments"])}


class MemberAdd(MemberTerms):
    """Somebody joins a team."""

    person = PersonField(label=_("Person"), required=True, help_text=_("Name or employee id."))
    since = DayField(label=_("First day"))
    last_day = DayField(label=_("Last day"), required=False, help_text=_("Empty: until further notice."))
    field_order = ("person", "since", "last_day")

    def clean(self) -> dict[str, Any]:
        """Check that the last day is not before the first."""
        said = self.cleaned_data
        if said.get("since") and said.get("last_day") and said["last_day"] < said["since"]:
            self.add_error("last_day", __("The last day is not before the first."))
        return said


class Guarded(MemberForm):
    """A form about a membership as it was when the form was opened."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def clean_seen(self) -> dict[str, Any] | None:
        """Return the state the editor saw, none where the field was lost."""
        return state_seen(self.cleaned_data["seen"])


class MemberChange(Guarded, MemberTerms):
    """A membership is another from a day on."""

    since = DayField(
        label=_("From"), help_text=_("The first day on which it is so; before it, all stays as it was.")
    )
    field_order = ("since",)

    def changes(self, *, member: Membership) -> dict[str, Any]:
        """Return those properties that are not as the membership has them."""
        before, after = said_of(member=member), self.terms()
        return {name: value for name, value in after.items() if value != before[name]}


class MemberEnd(Guarded):
    """A membership has a last day."""

    last_day = DayField(label=_("Last day"), help_text=_("The last day on the team, included."))


class MemberHandOver(Guarded):
    """Somebody else takes a membership over."""

    to = PersonField(label=_("Who takes over"), required=True, help_text=_("Name or employee id."))
    since = DayField(label=_("From"), help_text=_("The successor's first day."))


def terms_of(*, member: Membership, on: date) -> dict[str, Any]:
    """Return a membership as the change form shows it first."""
    return {**said_of(member=member), "since": on}


def said_of(*, member: Membership) -> dict[str, Any]:
    """Return what a membership says, by field of its form; its segments by name."""
    said = {name: getattr(member, name) for name in MemberTerms.base_fields}
    return {**said, "segments": list(member.segments.order_by("name"))}
