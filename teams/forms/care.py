"""What HR sends about people, roles, candidates and the market, read as it was typed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet, TextChoices
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _

from kamcomp.imports.values import CountryCode, Unfit
from kamcomp.money import UnknownCurrency, minor_units
from teams.choices import (
    CameFrom,
    CandidateSource,
    CandidateStatus,
    Destination,
    DutyPart,
    LeavingReason,
    NonCompete,
    RewardKind,
    WorkLifeKind,
)
from teams.forms.fields import AmountField, DayField, PersonField, RoleField
from teams.forms.members import MemberForm
from teams.models import AccountObjective, Capability, Course, JobRole

NO_HEALTH = _("Nothing about health.")
LEVEL = "level-"


class ChoiceOf(forms.ChoiceField):
    """One of the words of a state or kind, in the reader's language."""

    def __init__(self, *, of: type[TextChoices], **said: Any) -> None:
        super().__init__(choices=lambda: [(value, __(str(label))) for value, label in of.choices], **said)


class CurrencyField(forms.CharField):
    """An ISO 4217 code."""

    def __init__(self, **said: Any) -> None:
        widget = forms.TextInput(attrs={"size": 4, "autocapitalize": "characters"})
        super().__init__(label=_("Currency"), max_length=3, widget=widget, **said)

    def clean(self, value: Any) -> str:
        """Read a code that exists."""
        code = str(super().clean(value) or "").strip().upper()
        try:
            if code:
                minor_units(code)
        except UnknownCurrency as error:
            raise ValidationError(str(error)) from error
        return code


class CountryField(forms.CharField):
    """Two letters, ISO 3166-1."""

    def __init__(self, **said: Any) -> None:
        super().__init__(label=_("Country"), max_length=2, help_text=_("Two letters: DE."), **said)

    def clean(self, value: Any) -> str:
        """Read two letters."""
        try:
            return str(CountryCode().read(str(super().clean(value)).strip().upper()))
        except Unfit as unfit:
            raise ValidationError(str(unfit)) from unfit


class LevelsForm(MemberForm):
    """A level of each of some capabilities; what is left empty was not judged."""

    least = 0

    def __init__(self, *args: Any, capabilities: Iterable[Capability], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.capabilities = list(capabilities)
        for one in self.capabilities:
            self.fields[f"{LEVEL}{one.code}"] = forms.TypedChoiceField(
                label=__(one.name),
                required=False,
                coerce=int,
                empty_value=None,
                choices=[("", "–"), *((n, str(n)) for n in range(self.least, 6))],
            )

    def levels(self) -> dict[Capability, int]:
        """Return the capabilities that were judged, each with its level."""
        said = {one: self.cleaned_data[f"{LEVEL}{one.code}"] for one in self.capabilities}
        return {one: level for one, level in said.items() if level is not None}


class ScoresForm(LevelsForm):
    """How far somebody has each capability."""

    on = DayField(label=_("Judged on"))


class ProfileForm(LevelsForm):
    """What a role is for, what it asks, and which capabilities at which level."""

    least = 1
    purpose = forms.CharField(
        label=_("What the role is for"), max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )
    responsibilities = forms.CharField(
        label=_("Responsibilities"), max_length=4000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    requirements = forms.CharField(
        label=_("What it asks for"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    selection_steps = forms.CharField(
        label=_("Steps of a selection"), max_length=2000, required=False,
        help_text=_("One a line."), widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip
    level = forms.IntegerField(label=_("Rung of the ladder"), min_value=1, max_value=20)
    market_percentile = forms.IntegerField(
        label=_("Paid at the market's percentile"), min_value=1, max_value=99
    )

    def said(self) -> dict[str, Any]:
        """Return what the profile says besides capabilities."""
        names = ("purpose", "requirements", "selection_steps", "level", "market_percentile")
        return {name: self.cleaned_data[name] for name in names}


class ObjectiveField(forms.ModelChoiceField):
    """An objective of an account plan, told by its account and what it says."""

    def label_from_instance(self, obj: Any) -> str:
        """Return the account and the sentence."""
        return f"{obj.account}: {obj.statement}"


class DutyForm(MemberForm):
    """A role's part in an activity, everywhere or for one objective of an account."""

    activity = forms.CharField(label=_("Activity"), max_length=200)
    part = ChoiceOf(label=_("Part"), of=DutyPart)
    objective = ObjectiveField(
        label=_("Only for this objective"), queryset=AccountObjective.objects.none(), required=False,
        empty_label=_("of every account"),
    )  # fmt: skip

    def __init__(self, *args: Any, objectives: QuerySet[AccountObjective], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(ObjectiveField, self.fields["objective"]).queryset = objectives


class TrainingForm(MemberForm):
    """A course that is due by a day."""

    course = forms.ModelChoiceField(label=_("Course"), queryset=Course.objects.order_by("name"))
    due_on = DayField(label=_("Due on"))


class DoneForm(MemberForm):
    """The day on which a training was done."""

    on = DayField(label=_("Done on"))


class RewardForm(MemberForm):
    """Something given besides pay."""

    kind = ChoiceOf(label=_("Kind"), of=RewardKind)
    given_on = DayField(label=_("Given on"))
    what = forms.CharField(label=_("What"), max_length=200)
    value = AmountField(label=_("Worth, if known"), required=False)
    currency = CurrencyField(required=False)


class MentorForm(MemberForm):
    """Who is the mentor from a day on."""

    mentor = PersonField(label=_("Mentor"))
    since = DayField(label=_("From"))


class GoalForm(MemberForm):
    """What somebody wants to become able to do."""

    goal = forms.CharField(label=_("Goal"), max_length=300)
    due_on = DayField(label=_("By"), required=False)
    conflict = forms.CharField(
        label=_("What stands against it"), max_length=300, required=False, help_text=NO_HEALTH
    )


class WorkLifeForm(MemberForm):
    """What was agreed, never why."""

    kind = ChoiceOf(label=_("Kind"), of=WorkLifeKind)
    agreed_on = DayField(label=_("Agreed on"))
    last_day = DayField(label=_("Last day"), required=False)
    what = forms.CharField(label=_("What was agreed"), max_length=200, help_text=NO_HEALTH)


class LeaverForm(MemberForm):
    """Where somebody went, and why."""

    last_day = DayField(label=_("Last day"))
    reason = ChoiceOf(label=_("Reason"), of=LeavingReason)
    destination = ChoiceOf(label=_("Went to"), of=Destination)
    destination_name = forms.CharField(label=_("Name of the company"), max_length=120, required=False)
    non_compete = ChoiceOf(label=_("Ban on competing"), of=NonCompete)


class CandidateForm(MemberForm):
    """Who is considered for a role, and from where."""

    code = forms.CharField(label=_("Code"), max_length=60)
    name = forms.CharField(label=_("Name"), max_length=200)
    role = RoleField(label=_("For the role"), queryset=JobRole.objects.filter(retired=False).order_by("name"))
    source = ChoiceOf(label=_("Source"), of=CandidateSource)
    came_from = ChoiceOf(label=_("Works for"), of=CameFrom, required=False)
    person = PersonField(
        label=_("Person"), required=False, help_text=_("Somebody from here: name or employee id.")
    )
    status = ChoiceOf(label=_("State"), of=CandidateStatus)
    since = DayField(label=_("Since"))
    note = forms.CharField(label=_("Note"), max_length=1000, required=False, help_text=NO_HEALTH)


class BenchmarkForm(MemberForm):
    """What the market pays a role in a country."""

    role = RoleField(label=_("Role"), queryset=JobRole.objects.filter(retired=False).order_by("name"))
    country = CountryField()
    percentile = forms.IntegerField(label=_("Percentile"), min_value=1, max_value=99, initial=50)
    target_cash = AmountField(label=_("Target total cash a year"))
    base_salary = AmountField(label=_("Base salary a year"), required=False)
    currency = CurrencyField()
    as_of = DayField(label=_("As of"))
    source = forms.CharField(label=_("Source"), max_length=120)


class RelationshipForm(MemberForm):
    """On whom the relationship with an account rests."""

    sole_contact = forms.BooleanField(label=_("The key account manager is the only contact"), required=False)
    successor = PersonField(label=_("Successor"), required=False)
    looked_on = DayField(label=_("Looked at on"))
    note = forms.CharField(label=_("Note"), max_length=300, required=False, help_text=NO_HEALTH)
