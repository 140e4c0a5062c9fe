"""
What the page of a simulation is asked: where draws come from, the points of curves, and how measures are spread.

Everything stands in the address, so that a link shows the same. Only what differs from the usual is said there, and
the fields show the rest as it usually is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations
from typing import Any, cast
from urllib.parse import urlencode

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BoundField
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _

from kamcomp.pages.amounts import AmountUnreadable, figure_read, number_read
from kamcomp.pages.wording import worded
from payouts.engine.simulation.draws import Distribution, Shape
from payouts.engine.simulation.scenario import Scenario, Source
from payouts.selectors.simulations import Asked, Ground, Handle, MeasureAsked, handles_of
from plans.forms import number_shown, number_typed

DRAWS = (200, 1_000, 5_000)
MOST_CORRELATED = 6
HUNDRED = Decimal(100)
LARGEST = Decimal(10) ** 12
SHAPES = (
    (Shape.NORMAL.value, _("normal")),
    (Shape.LOGNORMAL.value, _("lognormal")),
    (Shape.TRIANGULAR.value, _("triangular")),
    (Shape.FIXED.value, _("always the same")),
)
SOURCES = (
    (Source.PAST.value, _("Repeat closed periods")),
    (Source.STATED.value, _("Stated spreads")),
)


class Figure(forms.CharField):
    """A number as people type it; with `share` in per cent."""

    def __init__(
        self, *, share: bool, least: Decimal | None = None, most: Decimal | None = None, **kwargs: Any
    ) -> None:
        super().__init__(required=False, max_length=24, **kwargs)
        self.share, self.least, self.most = share, least, most
        self.widget.attrs |= {"inputmode": "decimal", "autocomplete": "off", "class": "n"}

    def clean(self, value: Any) -> Any:
        """Return the figure as a decimal, or None where nothing stands there."""
        text = super().clean(value).strip()
        if not text:
            return None
        try:
            found = figure_read(text, as_share=self.share)
        except AmountUnreadable as refusal:
            raise ValidationError(worded(refusal)) from None
        if (self.least is not None and found < self.least) or found > (self.most or LARGEST):
            raise ValidationError(__("“%(text)s” is out of reach here.") % {"text": text})
        return found


@dataclass(frozen=True, kw_only=True)
class PointFields:
    """A point of a curve: its result and what it pays, as fields."""

    handle: Handle
    result: BoundField
    pays: BoundField


@dataclass(frozen=True, kw_only=True)
class SpreadFields:
    """How a measure is spread, as fields; `usual` says how it ended in the past."""

    measure: MeasureAsked
    name: str
    shape: BoundField
    centre: BoundField
    spread: BoundField
    usual_mean: str
    usual_spread: str


class UsualField(BoundField):
    """A field that shows what is usual where nothing is asked."""

    def value(self) -> Any:
        """Return what is asked, or what is usual."""
        asked = super().value()
        return self.initial if asked in (None, "") else asked


class SimulationForm(forms.Form):
    """The scenario, the budget, the points and the spreads of one plan."""

    use_required_attribute = False
    bound_field_class = UsualField

    source = forms.ChoiceField(label=_("Where results come from"), choices=SOURCES, required=False)
    draws = forms.TypedChoiceField(label=_("Years drawn"), coerce=int, required=False)
    together = Figure(
        label=_("Accounts move together, %"), share=True, least=Decimal(0), most=Decimal(1),
        help_text=_("0: each account has its own year. 100: all have the same."),
    )  # fmt: skip
    budget = Figure(label=_("Budget of the year"), share=False, least=Decimal(0))
    seed = forms.IntegerField(label=_("Seed"), required=False, min_value=0, max_value=999_999_999)
    people = forms.IntegerField(label=_("People"), required=False, min_value=1, max_value=5_000)
    target = Figure(label=_("Target pay of one, a year"), share=False, least=Decimal(0))
    accounts = forms.IntegerField(label=_("Accounts"), required=False, min_value=1, max_value=5_000)

    def __init__(
        self, *args: Any, ground: Ground, names: dict[str, str], budget: Decimal | None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **{"label_suffix": "", "auto_id": "s-%s"} | kwargs)
        self.ground, self.names = ground, names
        self.handles = handles_of(document=ground.subject.document)
        self.measures = [one for one in ground.measures if one.metric]
        drawn = cast(forms.ChoiceField, self.fields["draws"])
        drawn.choices = [(number, f"{number:,}") for number in DRAWS]
        usual: dict[str, Any] = {"source": Source.PAST.value, "draws": 1_000, "together": "0", "seed": 1,
                                 "people": 10, "target": "20000", "accounts": 5}  # fmt: skip
        usual["budget"] = "" if budget is None else number_shown(str(budget), share=False)
        for name, value in usual.items():
            self.fields[name].initial = value
        unused = ("people", "target", "accounts") if ground.history else ("source",)
        for name in unused:
            del self.fields[name]
        self._points()
        self._spreads()

    def _points(self) -> None:
        for handle in self.handles:
            result = _("Point %(number)s of %(name)s, result")
            pays = _("Point %(number)s of %(name)s, pays")
            words = {"number": handle.number + 1, "name": handle.name}
            self.fields[_x(handle)] = Figure(
                label=str(result) % words,
                share=handle.of_target,
                initial=number_shown(handle.x, share=handle.of_target),
            )
            self.fields[_y(handle)] = Figure(
                label=str(pays) % words, share=True, least=Decimal(0), most=Decimal(50),
                initial=number_shown(handle.pays, share=True),
            )  # fmt: skip

    def _spreads(self) -> None:
        for one in self.measures:
            name = self.names.get(one.metric, one.metric)
            self.fields[f"shape:{one.metric}"] = forms.ChoiceField(
                label=__("Spread of %(name)s") % {"name": name}, choices=SHAPES, required=False,
                initial=one.distribution.shape.value,
            )  # fmt: skip
            for part, value, words in (
                ("centre", one.usual.mean, __("Mean of %(name)s")),
                ("spread", one.usual.spread or one.usual.mean / 10, __("Standard deviation of %(name)s")),
            ):
                self.fields[f"{part}:{one.metric}"] = Figure(
                    label=words % {"name": name},
                    share=one.of_target,
                    initial=_shown(value, share=one.of_target),
                )
        for pair in self._pairs():
            names = dict(zip(("one", "other"), (self.names.get(each, each) for each in pair), strict=True))
            self.fields[f"with:{pair[0]}:{pair[1]}"] = Figure(
                label=__("%(one)s with %(other)s, %%") % names, share=True, least=Decimal(-1), most=Decimal(1),
                initial="0",
            )  # fmt: skip

    def _pairs(self) -> list[tuple[str, str]]:
        return list(combinations([one.metric for one in self.measures[:MOST_CORRELATED]], 2))

    # What the page shows --------------------------------------------------------------------------------------

    def curves(self) -> Iterator[tuple[str, str, list[PointFields]]]:
        """Yield each leaf with its name and the fields of its points."""
        for leaf in dict.fromkeys(handle.leaf for handle in self.handles):
            own = [handle for handle in self.handles if handle.leaf == leaf]
            points = [PointFields(handle=each, result=self[_x(each)], pays=self[_y(each)]) for each in own]
            yield leaf, own[0].name, points

    def spreads(self) -> list[SpreadFields]:
        """Return the fields of each measure's spread."""
        return [
            SpreadFields(
                measure=one, name=self.names.get(one.metric, one.metric), shape=self[f"shape:{one.metric}"],
                centre=self[f"centre:{one.metric}"], spread=self[f"spread:{one.metric}"],
                usual_mean=_shown(one.usual.mean, share=one.of_target),
                usual_spread=_shown(one.usual.spread, share=one.of_target),
            )
            for one in self.measures
        ]  # fmt: skip

    def correlations(self) -> list[BoundField]:
        """Return the fields of what goes with what."""
        return [self[f"with:{one}:{other}"] for one, other in self._pairs()]

    # What it says ---------------------------------------------------------------------------------------------

    def said(self) -> dict[str, str]:
        """Return what differs from the usual, by field, as it was typed: the address of the page."""
        return {
            name: str(self.data[name]) for name in self.changed_data if str(self.data.get(name, "")).strip()
        }

    def address(self) -> str:
        """Return what differs from the usual as the query of an address."""
        return urlencode(self.said())

    def asked(self) -> Asked:
        """Return what is simulated how; the form is valid."""
        data = self.cleaned_data
        budget = data.get("budget")
        if budget is None and "budget" not in self.data and self.fields["budget"].initial:
            budget = number_read(self.fields["budget"].initial)
        scenario = Scenario(
            source=Source(data.get("source") or (Source.PAST if self.ground.history else Source.STATED)),
            draws=data.get("draws") or 1_000,
            seed=1 if data.get("seed") is None else data["seed"],
            together=float(data.get("together") or 0),
            distributions={one.metric: self._distribution(one) for one in self.measures},
            correlations={
                pair: float(data[f"with:{pair[0]}:{pair[1]}"])
                for pair in self._pairs()
                if data.get(f"with:{pair[0]}:{pair[1]}")
            },
        )
        if (
            scenario.source is Source.PAST
        ):  # nothing stated counts there: one set of draws, however it was typed
            scenario = Scenario(draws=scenario.draws, seed=scenario.seed, together=scenario.together)
        return Asked(
            scenario=scenario, budget=None if budget is None else float(budget), moves=self._moves(),
            people=data.get("people") or 10, target=float(data.get("target") or 20_000),
            accounts=min(data.get("accounts") or 5, data.get("people") or 10),
        )  # fmt: skip

    def _distribution(self, one: MeasureAsked) -> Distribution:
        data = self.cleaned_data
        centre, spread = data.get(f"centre:{one.metric}"), data.get(f"spread:{one.metric}")
        usual = one.distribution
        return Distribution(
            shape=Shape(data.get(f"shape:{one.metric}") or usual.shape),
            centre=usual.centre if centre is None else float(centre),
            spread=usual.spread if spread is None else float(spread),
        )

    def _moves(self) -> dict[tuple[str, int], tuple[str | None, str | None]]:
        found: dict[tuple[str, int], tuple[str | None, str | None]] = {}
        for handle in self.handles:
            x, y = (
                self._typed(_x(handle), share=handle.of_target),
                self._typed(_y(handle), share=True),
            )
            if x is not None or y is not None:
                found[handle.leaf, handle.number] = (x, y)
        return found

    def _typed(self, name: str, *, share: bool) -> str | None:
        if name not in self.changed_data or self.cleaned_data.get(name) is None:
            return None
        return number_typed(str(self.data[name]), share=share)


def is_point(name: str) -> bool:
    """Tell whether a field is of a point of a curve."""
    return name.startswith(("x:", "y:"))


def _x(handle: Handle) -> str:
    return f"x:{handle.leaf}:{handle.number}"


def _y(handle: Handle) -> str:
    return f"y:{handle.leaf}:{handle.number}"


def _shown(value: float, *, share: bool) -> str:
    """Return a figure with four digits as it is typed."""
    return number_shown(str(Decimal(repr(value)).quantize(Decimal("0.0001")).normalize()), share=share)
