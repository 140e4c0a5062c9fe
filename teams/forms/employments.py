"""What people send about employments: one begins, changes, ends."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _

from kamcomp.imports.values import Jurisdiction, Unfit
from kamcomp.money import UnknownCurrency, minor_units
from teams.choices import (
    EmploymentStatus,
    OvertimeStatus,
)
from teams.forms.fields import DayField, RoleField, ShareField, state_seen
from teams.models import Employment, JobRole


class EmploymentTerms(forms.Form):
    """Where somebody works, under which law, and how they are paid."""

    use_required_attribute = False
    employer = forms.CharField(label=_("Employer"), max_length=120)
    jurisdiction = forms.CharField(
        label=_("Law of"), max_length=10, help_text=_("The country, or a part of it: DE, US-CA.")
    )
    job_role = RoleField(label=_("Role"), queryset=JobRole.objects.none(), required=False)
    fte = ShareField(label=_("Working time, %"))
    payroll_currency = forms.CharField(label=_("Paid in"), max_length=3, min_length=3)
    work_language = forms.CharField(label=_("Language at work"), max_length=10)
    status = forms.ChoiceField(label=_("State"))
    overtime_status = forms.ChoiceField(label=_("Overtime"), required=False)
    works_council = forms.BooleanField(label=_("Under a works council"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": ""} | kwargs)
        roles: Any = self.fields["job_role"]
        roles.queryset = JobRole.objects.filter(retired=False).order_by("name")
        standing = [one for one in EmploymentStatus.choices if one[0] != EmploymentStatus.ENDED]
        for name, choices in (("status", standing), ("overtime_status", OvertimeStatus.choices)):
            words = [(value, __(str(label))) for value, label in choices]
            self.fields[name].choices = words  # type: ignore[attr-defined]

    def clean_jurisdiction(self) -> str:
        """Check the code of the country or its part."""
        try:
            return str(Jurisdiction().read(self.cleaned_data["jurisdiction"].strip().upper()))
        except Unfit as error:
            raise ValidationError(__("Type the country, or a part of it: DE, US-CA.")) from error

    def clean_payroll_currency(self) -> str:
        """Check the code against ISO 4217."""
        code = str(self.cleaned_data["payroll_currency"]).upper()
        try:
            minor_units(code)
        except UnknownCurrency as error:
            raise ValidationError(str(error)) from error
        return code

    def clean_fte(self) -> Any:
        """Check that somebody employed works."""
        share = self.cleaned_data["fte"]
        if share is not None and share <= 0:
            raise ValidationError(__("Working time is more than nothing."))
        return share

    def terms(self) -> dict[str, Any]:
        """Return the terms of the employment as they were typed."""
        return {name: self.cleaned_data[name] for name in EmploymentTerms.base_fields}


class EmploymentBegin(EmploymentTerms):
    """An employment begins."""

    since = DayField(label=_("First day"))
    last_day = DayField(label=_("Last day"), required=False, help_text=_("Empty: until further notice."))
    field_order = ("since", "last_day")

    def clean(self) -> dict[str, Any]:
        """Check that the last day is not before the first."""
        said = self.cleaned_data
        if said.get("since") and said.get("last_day") and said["last_day"] < said["since"]:
            self.add_error("last_day", __("The last day is not before the first."))
        return said


class EmploymentSeen(forms.Form):
    """A form about an employment as it was when the form was opened."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def clean_seen(self) -> dict[str, Any] | None:
        """Return the state the editor saw, none where the field was lost."""
        return state_seen(self.cleaned_data["seen"])


class EmploymentChange(EmploymentSeen, EmploymentTerms):
    """An employment is another from a day on."""

    since = DayField(
        label=_("From"), help_text=_("The first day on which it is so; before it, all stays as it was.")
    )
    field_order = ("since",)

    def changes(self, *, employment: Employment) -> dict[str, Any]:
        """Return those terms that are not as the employment has them."""
        return {name: value for name, value in self.terms().items() if value != getattr(employment, name)}


class EmploymentEnd(EmploymentSeen):
    """An employment has a last day."""

    use_required_attribute = False
    last_day = DayField(label=_("Last day"), help_text=_("The last day employed, included."))
    reason = forms.CharField(
        label=_("Why"), max_length=60, help_text=_("Resigned, retired, end of contract, say.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": ""} | kwargs)
