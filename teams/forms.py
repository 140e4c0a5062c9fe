"""
What people send about account teams, pay packages and personal fields, read as they typed it.

An amount or a share that cannot be read is said beside its field, and stays as it was typed.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _

from kamcomp.imports.values import CountryCode, Jurisdiction, Unfit
from kamcomp.money import UnknownCurrency, minor_units
from kamcomp.pages.amounts import AmountUnreadable, number_read
from kamcomp.pages.figures import number_text
from kamcomp.visibility import Viewer
from teams.choices import (
    AccountStatus,
    EmploymentStatus,
    Link,
    NodeStatus,
    NodeType,
    OvertimeStatus,
    Scope,
    Seat,
)
from teams.models import Employment, JobRole, Membership, Person
from teams.selectors.teams import people_named, person_name

HUNDRED = Decimal(100)
MOST_NAMED = 4


class DayField(forms.DateField):
    """A day, chosen from the browser's calendar or typed as 2026-10-31."""

    def __init__(self, **said: Any) -> None:
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        super().__init__(widget=widget, input_formats=["%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y"], **said)


class ShareField(forms.CharField):
    """A share as a percentage: 60 or 60 % is Decimal("0.6")."""

    def __init__(self, **said: Any) -> None:
        super().__init__(widget=forms.TextInput(attrs={"inputmode": "decimal", "size": 6}), **said)

    def prepare_value(self, value: Any) -> Any:
        """Show a share as the percentage that people type."""
        return number_text(value * HUNDRED) if isinstance(value, Decimal) else value

    def to_python(self, value: Any) -> Any:
        """Read a percentage."""
        if isinstance(value, Decimal) or value in self.empty_values:
            return value if isinstance(value, Decimal) else None
        try:
            share = number_read(str(value).strip().removesuffix("%")) / HUNDRED
        except AmountUnreadable as error:
            raise ValidationError(__("Type the share of working time in percent: 60.")) from error
        if share > 1:
            raise ValidationError(__("Nobody gives more than 100 % of their time."))
        return share


class AmountField(forms.CharField):
    """An amount a year, in either way of writing: 96,000.00 or 96.000,00."""

    def __init__(self, **said: Any) -> None:
        super().__init__(widget=forms.TextInput(attrs={"inputmode": "decimal", "class": "n"}), **said)

    def prepare_value(self, value: Any) -> Any:
        """Show an amount as the reader's language writes it."""
        return number_text(value, least=2) if isinstance(value, Decimal) else value

    def to_python(self, value: Any) -> Any:
        """Read an amount."""
        if value in self.empty_values or isinstance(value, Decimal):
            return None if value in self.empty_values else value
        try:
            return number_read(str(value))
        except AmountUnreadable as error:
            raise ValidationError(str(error)) from error


class PersonField(forms.CharField):
    """A person by name or employee id, among those the reader sees."""

    viewer: Viewer

    def __init__(self, **said: Any) -> None:
        widget = forms.TextInput(attrs={"list": "people", "autocomplete": "off"})
        super().__init__(widget=widget, **said)

    def prepare_value(self, value: Any) -> Any:
        """Show a person by name."""
        return person_name(value) if isinstance(value, Person) else value

    def to_python(self, value: Any) -> Any:
        """Find the one person who is meant."""
        text = str(value or "").strip()
        if not text:
            return None
        found = list(people_named(text=text, viewer=self.viewer)[: MOST_NAMED + 1])
        if len(found) == 1:
            return found[0]
        if not found:
            raise ValidationError(__("Nobody of this name or employee id is here."))
        names = ", ".join(f"{person_name(one)} ({one.employee_id})" for one in found[:MOST_NAMED])
        raise ValidationError(
            __("Several people are called so: %(names)s. Type the employee id.") % {"names": names}
        )


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

    role = forms.ModelChoiceField(label=_("Role"), queryset=JobRole.objects.none())
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

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        roles: Any = self.fields["role"]
        roles.queryset = JobRole.objects.filter(retired=False).order_by("name")
        for name, choices in (("link", Link), ("seat", Seat), ("scope", Scope)):
            words = [(value, __(str(label))) for value, label in choices.choices]
            self.fields[name].choices = words  # type: ignore[attr-defined]

    def terms(self) -> dict[str, Any]:
        """Return the properties of the membership as they were typed."""
        return {name: self.cleaned_data[name] for name in MemberTerms.base_fields}


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
        try:
            state = json.loads(self.cleaned_data["seen"] or "null")
        except ValueError:
            return None
        return state if isinstance(state, dict) else None


class MemberChange(Guarded, MemberTerms):
    """A membership is another from a day on."""

    since = DayField(
        label=_("From"), help_text=_("The first day on which it is so; before it, all stays as it was.")
    )
    field_order = ("since",)

    def changes(self, *, member: Membership) -> dict[str, Any]:
        """Return those properties that are not as the membership has them."""
        return {name: value for name, value in self.terms().items() if value != getattr(member, name)}


class MemberEnd(Guarded):
    """A membership has a last day."""

    last_day = DayField(label=_("Last day"), help_text=_("The last day on the team, included."))


class MemberHandOver(Guarded):
    """Somebody else takes a membership over."""

    to = PersonField(label=_("Who takes over"), required=True, help_text=_("Name or employee id."))
    since = DayField(label=_("From"), help_text=_("The successor's first day."))


def terms_of(*, member: Membership, on: date) -> dict[str, Any]:
    """Return a membership as the change form shows it first."""
    said = {name: getattr(member, name) for name in MemberTerms.base_fields}
    return {**said, "since": on}


class PackageForm(forms.Form):
    """What somebody is promised a year, from a day on."""

    use_required_attribute = False
    since = DayField(label=_("First day"))
    last_day = DayField(label=_("Last day"), required=False, help_text=_("Empty: until further notice."))
    base_salary = AmountField(label=_("Base salary a year"))
    variable_target = AmountField(
        label=_("Variable target a year"), help_text=_("Paid by plans at 100 % result.")
    )
    pool_target = AmountField(
        label=_("Pool target a year"), help_text=_("What the person adds to the target of account pools.")
    )
    long_term_target = AmountField(label=_("Long-term target a year"))
    ceiling = AmountField(
        label=_("Most variable pay a year"), required=False, help_text=_("Over all scopes. Empty: no limit.")
    )
    currency = forms.CharField(label=_("Currency"), max_length=3, min_length=3)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": ""} | kwargs)

    def clean_currency(self) -> str:
        """Check the code against ISO 4217."""
        code = str(self.cleaned_data["currency"]).upper()
        try:
            minor_units(code)
        except UnknownCurrency as error:
            raise ValidationError(str(error)) from error
        return code

    def clean(self) -> dict[str, Any]:
        """Check that the last day is not before the first."""
        said = self.cleaned_data
        if said.get("since") and said.get("last_day") and said["last_day"] < said["since"]:
            self.add_error("last_day", __("The last day is not before the first."))
        return said


class EmploymentTerms(forms.Form):
    """Where somebody works, under which law, and how they are paid."""

    use_required_attribute = False
    employer = forms.CharField(label=_("Employer"), max_length=120)
    jurisdiction = forms.CharField(
        label=_("Law of"), max_length=10, help_text=_("The country, or a part of it: DE, US-CA.")
    )
    job_role = forms.ModelChoiceField(label=_("Role"), queryset=JobRole.objects.none(), required=False)
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
        try:
            state = json.loads(self.cleaned_data["seen"] or "null")
        except ValueError:
            return None
        return state if isinstance(state, dict) else None


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


class PersonalForm(forms.Form):
    """A person's address and payroll number, and until when the personal fields are kept."""

    use_required_attribute = False
    email = forms.EmailField(label=_("E-mail address"), required=False)
    payroll_number = forms.CharField(
        label=_("Payroll number"), required=False, max_length=60,
        help_text=_("Without it a payroll file leaves the person out."),
    )  # fmt: skip
    retain_until = DayField(
        label=_("Personal fields kept until"), required=False, help_text=_("Empty: not decided yet, so kept.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": ""} | kwargs)


class AccountStateForm(forms.Form):
    """An account is in force, in review, or leaves the programme after a last day."""

    use_required_attribute = False
    status = forms.ChoiceField(
        label=_("State"), help_text=_("Only an active account funds pools; who leaves does not come back.")
    )
    last_day = DayField(
        label=_("Last day"), required=False, help_text=_("Only for leaving: the last day in the programme.")
    )
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": ""} | kwargs)
        words = [
            (AccountStatus.ACTIVE, __("Active")),
            (AccountStatus.REVIEW, __("In review")),
            (AccountStatus.EXITED, __("Exited")),
        ]
        self.fields["status"].choices = words  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Check that who leaves has a last day."""
        said = self.cleaned_data
        if said.get("status") == AccountStatus.EXITED and not said.get("last_day"):
            self.add_error("last_day", __("Say the last day in the programme."))
        return said


class AccountPartForm(forms.Form):
    """What a company, division or site is, and under which it stands."""

    use_required_attribute = False
    name = forms.CharField(label=_("Name"), max_length=200)
    parent_id = forms.TypedChoiceField(label=_("Stands under"), required=False, coerce=UUID, empty_value=None)
    node_type = forms.ChoiceField(label=_("Kind"))
    country = forms.CharField(
        label=_("Country"), max_length=2, required=False, help_text=_("Its two letters: DE.")
    )
    region = forms.CharField(label=_("Region"), max_length=80, required=False)
    status = forms.ChoiceField(label=_("State"))
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, places: Sequence[tuple[Any, str]], **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": ""} | kwargs)
        self.fields["parent_id"].choices = places  # type: ignore[attr-defined]
        for name, choices in (("node_type", NodeType), ("status", NodeStatus)):
            words = [(value, __(str(label))) for value, label in choices.choices]
            self.fields[name].choices = words  # type: ignore[attr-defined]

    def clean_country(self) -> str:
        """Check the code of the country."""
        code = str(self.cleaned_data["country"]).strip().upper()
        try:
            return str(CountryCode().read(code)) if code else ""
        except Unfit as error:
            raise ValidationError(__("Type the two letters of the country: DE.")) from error

    def clean_seen(self) -> dict[str, Any] | None:
        """Return the state the editor saw, none where the field was lost."""
        try:
            state = json.loads(self.cleaned_data["seen"] or "null")
        except ValueError:
            return None
        return state if isinstance(state, dict) else None
