"""What people send about pay packages and personal fields."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _

from kamcomp.money import UnknownCurrency, minor_units
from teams.forms.fields import AmountField, DayField, PersonField, state_seen
from teams.forms.members import MemberForm


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


class PersonPlaceForm(MemberForm):
    """Whom a person reports to, and the cost centre that bears their pay."""

    manager = PersonField(
        label=_("Manager"), required=False, help_text=_("Name or employee id; empty: nobody.")
    )
    cost_centre = forms.CharField(
        label=_("Cost centre"),
        max_length=40,
        required=False,
        help_text=_("Accruals and ledger files carry it."),
    )
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def clean_seen(self) -> dict[str, Any]:
        """Return the state the editor saw; without it an empty form would empty both."""
        state = state_seen(self.cleaned_data["seen"])
        if state is None:
            raise ValidationError(__("The form did not arrive whole: open it again."))
        return state


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
