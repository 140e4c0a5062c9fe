"""The forms of a new programme, one a step: the account, what is known of it, type and measures, the draft."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _

from kamcomp.calendar.models import FiscalCalendar
from kamcomp.pages.amounts import AmountUnreadable, number_read
from kamcomp.pages.figures import number_text
from kamcomp.visibility import Viewer, visible
from plans.choices import Element, PlanType
from plans.engine.measure_choice import Scored
from plans.engine.proposal import Answers, Goal
from plans.selectors.proposal import Known
from teams.choices import Strategy
from teams.models import StrategicAccount

HUNDRED = Decimal(100)
MOST_MEASURES, MOST_MORE = 3, 100
MINUS = "\N{MINUS SIGN}"


class PercentField(forms.CharField):
    """A percentage typed as people do; with `signed` below zero too. Decimal("0.05") is 5 %."""

    def __init__(self, *, signed: bool = False, **said: Any) -> None:
        self.signed = signed
        super().__init__(widget=forms.TextInput(attrs={"inputmode": "decimal", "size": 6}), **said)

    def prepare_value(self, value: Any) -> Any:
        """Show a ratio as the percentage that people type."""
        return number_text(value * HUNDRED, most=1) if isinstance(value, Decimal) else value

    def to_python(self, value: Any) -> Any:
        """Read a percentage."""
        if isinstance(value, Decimal) or value in self.empty_values:
            return value if isinstance(value, Decimal) else None
        text = str(value).strip().removesuffix("%").strip()
        below = self.signed and text[:1] in ("-", MINUS)
        try:
            share = number_read(text.lstrip(f"-{MINUS}+") if self.signed else text) / HUNDRED
        except AmountUnreadable as error:
            raise ValidationError(__("Type a percentage: 60.")) from error
        if not self.signed and share > 1:
            raise ValidationError(__("A share of a whole is at most 100 %."))
        return -share if below else share


class StepForm(forms.Form):
    """What the steps have in common."""

    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": ""} | kwargs)


class AccountStep(StepForm):
    """Which account the programme is for, if it is for one."""

    account = forms.ModelChoiceField(
        label=_("Account"), queryset=StrategicAccount.objects.none(), required=False,
        empty_label=_("no single account: a plan for a group of people"),
        help_text=_("What is known of it answers most of the questions."),
    )  # fmt: skip

    def __init__(self, *args: Any, viewer: Viewer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        accounts = visible(StrategicAccount.objects.select_related("node"), to=viewer)
        cast(forms.ModelChoiceField, self.fields["account"]).queryset = accounts.order_by("node__name")


class KnownStep(StepForm):
    """What the founding questions ask of an account."""

    goal = forms.ChoiceField(label=_("What is the account run for?"))
    team = forms.IntegerField(
        label=_("How many people serve it?"), min_value=1, max_value=10_000,
        help_text=_("Everybody on the team, from whatever function."),
    )  # fmt: skip
    countries = forms.IntegerField(label=_("In how many countries?"), min_value=1, max_value=250)
    segments = forms.IntegerField(
        label=_("How many segments does it have?"), min_value=0, max_value=100,
        help_text=_("Verticals, end markets, product lines or regions that are measured apart."),
    )  # fmt: skip
    saturation = PercentField(
        label=_("How much of what it spends is yours, in percent?"), required=False,
        help_text=_("The share of wallet; empty if nobody knows."),
    )  # fmt: skip
    trend = PercentField(
        signed=True, label=_("How did revenue move in a year, in percent?"), required=False,
        help_text=_("With a minus if it fell."),
    )  # fmt: skip
    cycle_months = forms.IntegerField(
        label=_("Months from the first talk to the order?"), min_value=0, max_value=120
    )
    opportunities = forms.IntegerField(label=_("Opportunities a year?"), min_value=0, max_value=100_000)
    long_run = forms.IntegerField(
        label=_("How much does the long run count against this year, in percent?"), min_value=0, max_value=100,
        help_text=_("0: only this year's revenue. 100: only what is built for later."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        words = [(value, __(str(label))) for value, label in Strategy.choices]
        self.fields["goal"].choices = words  # type: ignore[attr-defined]

    def answers(self, *, long_run: int | None = None) -> Answers:
        """Return what was answered; `long_run`, in percent, is what the slider says since."""
        told = self.cleaned_data
        percent = told["long_run"] if long_run is None else long_run
        return Answers(
            goal=Goal(told["goal"]),
            team=told["team"],
            countries=told["countries"],
            segments=told["segments"],
            saturation=told["saturation"],
            trend=told["trend"],
            cycle_months=told["cycle_months"],
            opportunities=told["opportunities"],
            long_run=Decimal(percent) / HUNDRED,
        )


def known_initial(known: Known | None) -> dict[str, Any]:
    """Return the answers that what is known of an account gives."""
    if known is None:
        return {"goal": Strategy.GROW, "segments": 0, "countries": 1, "long_run": 50}
    long_run = known.long_run
    return {
        "goal": known.account.strategy,
        "team": known.team or None,
        "countries": known.countries,
        "segments": len(known.segments),
        "saturation": known.saturation,
        "trend": known.trend,
        "cycle_months": known.cycle_months,
        "opportunities": known.opportunities,
        "long_run": 50 if long_run is None else int(long_run * HUNDRED),
    }


class ChoiceStep(StepForm):
    """The type of plan, the measures, the emphasis, and what is asked on top of last year."""

    plan_type = forms.ChoiceField(label=_("Type of plan"), widget=forms.RadioSelect)
    measures = forms.MultipleChoiceField(label=_("Measures"), widget=forms.CheckboxSelectMultiple)
    emphasis = forms.IntegerField(
        label=_("Weight of the long run, in percent"), min_value=0, max_value=100,
        widget=forms.NumberInput(attrs={"type": "range", "step": 5}),
    )  # fmt: skip
    more = forms.IntegerField(
        label=_("Asked on top of last year, in percent"), min_value=0, max_value=MOST_MORE,
        help_text=_("Of sums; a share stays where it was."),
    )  # fmt: skip

    def __init__(self, *args: Any, scored: list[Scored], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        types = [(value, __(str(label))) for value, label in PlanType.choices]
        self.fields["plan_type"].choices = types  # type: ignore[attr-defined]
        codes = [(one.candidate.code, __(one.candidate.name)) for one in scored]
        self.fields["measures"].choices = codes  # type: ignore[attr-defined]

    def clean_measures(self) -> list[str]:
        """Check that they are few."""
        chosen: list[str] = self.cleaned_data["measures"]
        if len(chosen) > MOST_MEASURES:
            raise ValidationError(
                __("Choose two or three: each further one takes attention from the others.")
            )
        return chosen


class DraftStep(StepForm):
    """What the draft is called, when it holds, and which elements were gone through."""

    name = forms.CharField(label=_("Name"), max_length=160)
    code = forms.RegexField(label=_("Code"), regex=r"^[A-Za-z0-9._-]{1,60}$")
    first_day = forms.DateField(
        label=_("First day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("It holds for a year."),
    )  # fmt: skip
    calendar = forms.ModelChoiceField(label=_("Calendar"), queryset=FiscalCalendar.objects.none())
    ticked = forms.MultipleChoiceField(
        label=_("Gone through"), required=False, widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        calendars = FiscalCalendar.objects.order_by("code")
        cast(forms.ModelChoiceField, self.fields["calendar"]).queryset = calendars
        if len(found := list(calendars[:2])) == 1:
            self.fields["calendar"].initial = found[0].pk
        words = [(value, __(str(label))) for value, label in Element.choices]
        self.fields["ticked"].choices = words  # type: ignore[attr-defined]


def next_january(today: date) -> date:
    """Return the first day of the next calendar year."""
    return date(today.year + 1, 1, 1)
