"""What people type about the programme of an account and the objectives of its plan, read as they typed it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BoundField
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _

from kamcomp.pages.amounts import AmountUnreadable, number_read
from kamcomp.pages.figures import number_text
from teams.choices import ObjectiveStatus, Perspective, Strategy
from teams.forms import AmountField, DayField
from teams.services.programme import OBJECTIVE_TERMS, TERMS, Milestone

HUNDRED = Decimal(100)
MILESTONES = 5
LONGEST_HORIZON, LONGEST_CYCLE, MOST_OPPORTUNITIES = 120, 120, 10_000


class PercentField(forms.CharField):
    """A share of a whole as a percentage: 60 or 60 % is Decimal("0.6")."""

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
            raise ValidationError(__("Type a percentage: 60.")) from error
        if share > 1:
            raise ValidationError(__("A share of a whole is at most 100 %."))
        return share


class SeenForm(forms.Form):
    """A form that says what its page showed, so that somebody else's newer change is not written over."""

    use_required_attribute = False
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": ""} | kwargs)

    def clean_seen(self) -> dict[str, Any] | None:
        """Return the state the editor saw, none where the field was lost."""
        try:
            state = json.loads(self.cleaned_data["seen"] or "null")
        except ValueError:
            return None
        return state if isinstance(state, dict) else None


class ProgrammeForm(SeenForm):
    """What the programme of an account is for, and how the customer buys."""

    strategy = forms.ChoiceField(
        label=_("Strategy"), help_text=_("What the account is run for; it proposes the type of plan.")
    )
    tier = forms.CharField(label=_("Tier"), max_length=40, required=False)
    defend_weight = PercentField(label=_("Defend, in percent"))
    grow_weight = PercentField(label=_("Grow, in percent"))
    profit_weight = PercentField(
        label=_("Profit, in percent"), help_text=_("The three are one whole: 100 % together.")
    )
    horizon_months = forms.IntegerField(
        label=_("Horizon in months"), min_value=1, max_value=LONGEST_HORIZON,
        help_text=_("When the programme should have reached what it is for. Over 12 is long."),
    )  # fmt: skip
    long_emphasis = PercentField(
        label=_("Weight of the long run, in percent"), required=False,
        help_text=_("0: only this year's revenue counts. 100: only what is built for later."),
    )  # fmt: skip
    cycle_months = forms.IntegerField(
        label=_("Buying cycle in months"), min_value=0, max_value=LONGEST_CYCLE, required=False,
        help_text=_("From the first talk to the order."),
    )  # fmt: skip
    opportunities_a_year = forms.IntegerField(
        label=_("Opportunities a year"), min_value=0, max_value=MOST_OPPORTUNITIES, required=False
    )
    pricing_agreement = forms.CharField(label=_("Pricing agreement"), max_length=120, required=False)
    service_level = forms.CharField(label=_("Service level"), max_length=120, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        words = [(value, __(str(label))) for value, label in Strategy.choices]
        self.fields["strategy"].choices = words  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Check that the three weights are one whole."""
        told = self.cleaned_data
        names = ("defend_weight", "grow_weight", "profit_weight")
        weights = [told[name] for name in names if told.get(name) is not None]
        if len(weights) == len(names) and sum(weights, Decimal(0)) != 1:
            self.add_error("profit_weight", __("Defend, grow and profit have to be 100 % together."))
        return told

    def values(self) -> dict[str, Any]:
        """Return the terms that were typed."""
        return {name: self.cleaned_data[name] for name in TERMS}


class ObjectiveForm(SeenForm):
    """An objective of the account plan: what, from where to where, by when, whose, and the steps on the way."""

    statement = forms.CharField(
        label=_("Objective"), max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )
    owner_id = forms.TypedChoiceField(label=_("Owner"), coerce=UUID)
    status = forms.ChoiceField(label=_("State"))
    metric_code = forms.ChoiceField(
        label=_("Measure"), required=False, help_text=_("What it is measured by; none if it is judged.")
    )
    unit = forms.CharField(label=_("Unit"), max_length=20, required=False)
    baseline = AmountField(
        label=_("Where it stands"), required=False, help_text=_("A share as in files: 0.3 is 30 %.")
    )
    target = AmountField(label=_("Where it should get to"), required=False)
    due_on = DayField(label=_("Due"))
    horizon_months = forms.IntegerField(
        label=_("Horizon in months"), min_value=1, max_value=LONGEST_HORIZON, help_text=_("Over 12 is long.")
    )
    perspective = forms.ChoiceField(label=_("Perspective"), required=False)
    weight = PercentField(
        label=_("Weight for its owner, in percent"), required=False,
        help_text=_("Those of one owner in one period are 100 % together."),
    )  # fmt: skip
    evidence = forms.CharField(
        label=_("What will show it"), required=False, widget=forms.Textarea(attrs={"rows": 1})
    )

    def __init__(
        self,
        *args: Any,
        owners: Sequence[tuple[Any, str]],
        metrics: Sequence[tuple[str, str]],
        states: Sequence[str],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        words = [(value, __(str(label))) for value, label in ObjectiveStatus.choices if value in states]
        sides = [(value, __(str(label))) for value, label in Perspective.choices]
        for name, choices in (
            ("owner_id", [("", "–"), *owners]),
            ("metric_code", [("", __("none: it is judged")), *metrics]),
            ("status", words),
            ("perspective", [("", "–"), *sides]),
        ):
            self.fields[name].choices = choices  # type: ignore[attr-defined]
        for number in range(MILESTONES):
            self.fields[f"step_{number}_name"] = forms.CharField(
                label=_("Milestone"), max_length=120, required=False
            )
            self.fields[f"step_{number}_due"] = DayField(label=_("Due"), required=False)
            self.fields[f"step_{number}_reached"] = DayField(label=_("Reached"), required=False)

    def terms(self) -> Iterator[BoundField]:
        """Yield the fields of the objective itself."""
        for name in self.fields:
            if name != "seen" and not name.startswith("step_"):
                yield self[name]

    def steps(self) -> list[tuple[BoundField, BoundField, BoundField]]:
        """Return the fields of each milestone."""
        return [
            (self[f"step_{number}_name"], self[f"step_{number}_due"], self[f"step_{number}_reached"])
            for number in range(MILESTONES)
        ]

    def clean(self) -> dict[str, Any]:
        """Check that each milestone has a name and a day."""
        told = self.cleaned_data
        for number in range(MILESTONES):
            named, due = told.get(f"step_{number}_name"), told.get(f"step_{number}_due")
            if named and due is None and f"step_{number}_due" not in self.errors:
                self.add_error(f"step_{number}_due", __("Say by when."))
            if not named and (due or told.get(f"step_{number}_reached")):
                self.add_error(f"step_{number}_name", __("Say what is reached then."))
        return told

    def values(self) -> dict[str, Any]:
        """Return what was typed of the objective itself."""
        return {name: self.cleaned_data[name] for name in OBJECTIVE_TERMS}

    def milestones(self) -> list[Milestone]:
        """Return the milestones that were typed."""
        told = self.cleaned_data
        return [
            Milestone(
                name=told[f"step_{number}_name"],
                due_on=told[f"step_{number}_due"],
                reached_on=told[f"step_{number}_reached"],
            )
            for number in range(MILESTONES)
            if told[f"step_{number}_name"]
        ]


def steps_shown(milestones: Sequence[Any]) -> dict[str, str | date | None]:
    """Return the milestones of an objective as its form shows them."""
    shown: dict[str, str | date | None] = {}
    for number, one in enumerate(milestones[:MILESTONES]):
        shown |= {
            f"step_{number}_name": one.name,
            f"step_{number}_due": one.due_on,
            f"step_{number}_reached": one.reached_on,
        }
    return shown
