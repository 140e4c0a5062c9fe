"""What people send about accounts: their state in the programme, and the parts of their tree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _

from kamcomp.imports.values import CountryCode, Unfit
from teams.choices import AccountStatus, NodeStatus, NodeType
from teams.forms.fields import DayField, state_seen


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
        return state_seen(self.cleaned_data["seen"])
