"""What forms about teams and people share: days, shares, amounts and people as they are typed."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _

from kamcomp.pages.amounts import AmountUnreadable, number_read
from kamcomp.pages.figures import number_text
from kamcomp.visibility import Viewer
from teams.models import Person
from teams.selectors.teams import people_named, person_name

HUNDRED = Decimal(100)
MOST_NAMED = 4
UNREAD = _("Type the share of working time in percent: 60.")
OVER = _("Nobody gives more than 100 % of their time.")


class DayField(forms.DateField):
    """A day, chosen from the browser's calendar or typed as 2026-10-31."""

    def __init__(self, **said: Any) -> None:
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        super().__init__(widget=widget, input_formats=["%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y"], **said)


class ShareField(forms.CharField):
    """
    A share as a percentage: 60 or 60 % is Decimal("0.6").

    `unread` and `over` say what is wrong where it is no figure, or more than the whole; without them it is one of time.
    """

    def __init__(
        self,
        *,
        unread: Any = UNREAD,
        over: Any = OVER,
        **said: Any,
    ) -> None:
        self.unread, self.over = unread, over
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
            raise ValidationError(self.unread) from error
        if share > 1:
            raise ValidationError(self.over)
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


class RoleField(forms.ModelChoiceField):
    """A job role, told in the reader's language where it is one of ours."""

    def label_from_instance(self, obj: Any) -> str:
        """Return the role's name."""
        return __(obj.name)


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


def state_seen(text: str) -> dict[str, Any] | None:
    """Return the state that an editor saw, from its hidden field; None where the field was lost."""
    try:
        state = json.loads(text or "null")
    except ValueError:
        return None
    return state if isinstance(state, dict) else None
