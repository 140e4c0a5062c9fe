"""What people send from the sheets of the money, read as they typed it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.text import format_lazy
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _

from kamcomp import money
from kamcomp.calendar.models import Period
from kamcomp.pages.amounts import AmountUnreadable, amount_read, signed_read
from kamcomp.pages.figures import NONE, amount_text
from kamcomp.pages.wording import worded
from payouts.choices import DisputeKind, ExceptionKind
from payouts.selectors.adjustments import BY_HAND
from payouts.selectors.names import person_name
from payouts.selectors.policy import Setting
from payouts.selectors.pool_sheet import PoolSheet, SheetRow
from plans.models import Plan
from teams.forms import DayField
from teams.models import Person

AMOUNT, WAS, REASON, REASON_WAS, TURN = "amount-", "was-", "reason-", "reason-was-", "turn-"
LONGEST_REASON = 500


@dataclass
class AllocationTyped:
    """
    A sheet as it was sent: what was touched and can be read, what cannot, what somebody else changed meanwhile.

    A row is touched where it differs from what the sender's page had; untouched rows are
    left to whoever changed them, and so are rows where what was typed is what is there.
    `turns` names, by person, the turn at the field in which it was typed: what a page keeps
    while one still types comes several times with the same turn. `clashes` are the touched rows that somebody else gave
    another amount since, `reason_clashes` those whose reason somebody else wrote anew.
    """

    version: int
    typed: dict[UUID, str] = field(default_factory=dict)
    typed_reasons: dict[UUID, str] = field(default_factory=dict)
    was: dict[UUID, str] = field(default_factory=dict)
    amounts: dict[UUID, Decimal | None] = field(default_factory=dict)
    reasons: dict[UUID, str] = field(default_factory=dict)
    errors: dict[UUID, str] = field(default_factory=dict)
    clashes: list[SheetRow] = field(default_factory=list)
    reasons_were: dict[UUID, str] = field(default_factory=dict)
    reason_clashes: list[SheetRow] = field(default_factory=list)
    turns: dict[UUID, str] = field(default_factory=dict)

    def without_clashes(self) -> AllocationTyped:
        """Return what was sent without the rows that somebody else changed too."""
        theirs = {row.person_id for row in self.clashes}
        words = {row.person_id for row in self.reason_clashes}
        return replace(
            self,
            amounts={key: amount for key, amount in self.amounts.items() if key not in theirs},
            reasons={key: reason for key, reason in self.reasons.items() if key not in words | theirs},
        )

    @property
    def touched(self) -> bool:
        """Tell whether there is anything to keep."""
        return bool(self.amounts or self.reasons)


def allocation_typed(*, post: QueryDict, sheet: PoolSheet) -> AllocationTyped:
    """Return what a sent sheet says, read against the pool as it is now."""
    version = post.get("version", "")
    found = AllocationTyped(version=int(version) if version.isascii() and version.isdigit() else 0)
    for row in sheet.rows:
        amount_turn = _amount_typed(found, row, post=post, sheet=sheet)
        reason_turn = _reason_typed(found, row, post=post, sheet=sheet)
        if amount_turn or reason_turn:
            found.turns[row.person_id] = f"{amount_turn} {reason_turn}"
    return found


def shown(row: SheetRow, currency: str) -> str:
    """Return a row's amount as its field shows it."""
    return "" if row.amount is None else amount_text(row.amount, currency)


def _amount_typed(found: AllocationTyped, row: SheetRow, *, post: QueryDict, sheet: PoolSheet) -> str:
    """Take in what was typed for a row's amount; return the turn in which it was typed."""
    key, person = str(row.person_id), row.person_id
    typed, was = post.get(AMOUNT + key), post.get(WAS + key, "")
    if typed is None or typed.strip() == was.strip():
        return ""
    found.typed[person], found.was[person] = typed, was
    _read(found, row, typed=typed, sheet=sheet)
    if person in found.amounts and found.amounts[person] == row.amount:
        del found.amounts[person]
        return ""
    now = shown(row, sheet.pool.currency)
    if found.version != sheet.pool.version and now != was and now != typed.strip():
        found.clashes.append(row)
    return post.get(TURN + AMOUNT + key, "")


def _reason_typed(found: AllocationTyped, row: SheetRow, *, post: QueryDict, sheet: PoolSheet) -> str:
    """Take in what was typed as a row's reason; return the turn in which it was typed."""
    key, person = str(row.person_id), row.person_id
    typed, was = post.get(REASON + key), post.get(REASON_WAS + key, "")
    if typed is None or typed.strip() == was.strip():
        return ""
    found.typed_reasons[person], found.reasons_were[person] = typed, was
    if typed.strip()[:LONGEST_REASON] == row.reason:
        return ""
    found.reasons[person] = typed.strip()[:LONGEST_REASON]
    if found.version != sheet.pool.version and row.reason != was.strip():
        found.reason_clashes.append(row)
    return post.get(TURN + REASON + key, "")


def _read(found: AllocationTyped, row: SheetRow, *, typed: str, sheet: PoolSheet) -> None:
    if typed.strip() in ("", NONE):
        found.amounts[row.person_id] = None
        return
    try:
        found.amounts[row.person_id] = amount_read(
            typed,
            whole=sheet.pool.funded or Decimal(0),
            before=row.amount or Decimal(0),
            currency=sheet.pool.currency,
        )
    except AmountUnreadable as refusal:
        found.errors[row.person_id] = worded(refusal)


class HoldReason(forms.Form):
    """Why a payout is held, or released."""

    reason = forms.CharField(
        label=_("Reason"), max_length=LONGEST_REASON, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )


class PeriodName(forms.Form):
    """The name of a period, typed to confirm what is never undone."""

    confirm = forms.CharField(
        label=_("Name of the period"), max_length=40, required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip


class PoolReturn(forms.Form):
    """Why a pool is sent back."""

    reason = forms.CharField(
        label=_("What has to change"), max_length=LONGEST_REASON, widget=forms.Textarea(attrs={"rows": 3})
    )


class SignedAmount(forms.CharField):
    """An amount as people type it, below zero with a minus; read in the currency that the form names."""

    def __init__(self, *, currency: str = "", **options: Any) -> None:
        super().__init__(max_length=24, **options)
        self.currency = currency
        self.widget.attrs |= {"inputmode": "decimal", "class": "n", "autocomplete": "off"}

    def clean(self, value: Any) -> Any:
        """Return the amount, None for nothing where nothing is allowed."""
        typed = super().clean(value)
        if not typed:
            return None
        try:
            return signed_read(typed, currency=self.currency)
        except AmountUnreadable as refusal:
            raise forms.ValidationError(worded(refusal)) from refusal


class AdjustmentProposal(forms.Form):
    """What is added or taken, of which kind, and why."""

    amount = SignedAmount(label=_("Amount"), help_text=_("What is added; with a minus what is taken away."))
    kind = forms.ChoiceField(label=_("Kind"))
    reason = forms.CharField(
        label=_("Reason"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The payee reads it on the statement. Say what it rests on: a document, a date."),
    )

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": ""} | kwargs)
        amount = cast(SignedAmount, self.fields["amount"])
        amount.currency, amount.label = currency, format_lazy("{} ({})", _("Amount"), currency)
        kinds = cast(forms.ChoiceField, self.fields["kind"])
        kinds.choices = [(kind.value, __(kind.label)) for kind in BY_HAND]


class CaseOpening(forms.Form):
    """A question, or a dispute with what is missing."""

    kind = forms.ChoiceField(label=_("What is it?"), widget=forms.RadioSelect)
    claim = forms.CharField(
        label=_("In your words"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4})
    )
    claimed = SignedAmount(
        label=_("Amount"), required=False, help_text=_("If you dispute it: what is missing, if you know.")
    )

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", "initial": {"kind": DisputeKind.QUESTION}} | kwargs)
        amount = cast(SignedAmount, self.fields["claimed"])
        amount.currency, amount.label = currency, format_lazy("{} ({})", _("Amount missing"), currency)
        kinds = [
            (DisputeKind.QUESTION.value, __("I have a question")),
            (DisputeKind.DISPUTE.value, __("I dispute it")),
        ]
        cast(forms.ChoiceField, self.fields["kind"]).choices = kinds


class CaseAnswer(forms.Form):
    """How a case is answered: an amount where it is upheld, and the words the payee reads."""

    answer = forms.CharField(
        label=_("Your answer"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("The payee reads it."),
    )
    amount = SignedAmount(label=_("Amount"), required=False)
    facts_follow = forms.BooleanField(
        label=_("The facts behind it are wrong and will be restated"),
        required=False,
        help_text=_("Then the amount counts when the period is worked out again, and is not paid twice."),
    )

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": ""} | kwargs)
        amount = cast(SignedAmount, self.fields["amount"])
        amount.currency, amount.label = currency, format_lazy("{} ({})", _("Amount if upheld"), currency)


class PersonChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """People by their names."""

    def label_from_instance(self, obj: Person) -> str:
        """Return the name."""
        return person_name(obj)


class ExceptionRequest(forms.Form):
    """A departure from a plan: for whom, of which kind, why, what it costs, until when."""

    person = PersonChoice(label=_("Person"), queryset=Person.objects.none())
    plan = forms.ModelChoiceField(label=_("Plan"), queryset=Plan.objects.none())
    period = forms.ModelChoiceField(label=_("Period"), queryset=Period.objects.none())
    kind = forms.ChoiceField(label=_("Kind"))
    amount = forms.CharField(label=_("What it costs"), max_length=24)
    currency = forms.CharField(label=_("Currency"), min_length=3, max_length=3)
    reason = forms.CharField(label=_("Reason"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))
    precedent = forms.CharField(
        label=_("Precedent"),
        required=False,
        max_length=1000,
        help_text=_("Where the like was allowed before, if it was."),
    )
    expires_on = forms.DateField(
        label=_("Ends on"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(
        self, *args: Any, people: QuerySet[Any], plans: QuerySet[Any], periods: QuerySet[Any], **kwargs: Any
    ) -> None:
        super().__init__(*args, **{"label_suffix": ""} | kwargs)
        for name, rows in (("person", people), ("plan", plans), ("period", periods)):
            cast("forms.ModelChoiceField[Any]", self.fields[name]).queryset = rows
        kinds = [(value, __(str(label))) for value, label in ExceptionKind.choices]
        cast(forms.ChoiceField, self.fields["kind"]).choices = kinds

    def clean_currency(self) -> str:
        """Return the code in capitals."""
        return str(self.cleaned_data["currency"]).upper()

    def clean(self) -> dict[str, Any]:
        """Read the amount in the currency that was typed."""
        typed = super().clean() or {}
        if "amount" in typed and "currency" in typed:
            try:
                typed["amount"] = signed_read(typed["amount"], currency=typed["currency"])
            except (AmountUnreadable, money.UnknownCurrency) as refusal:
                self.add_error("amount", worded(refusal))
        return typed


class DateMove(forms.Form):
    """A date of a period is moved, with a reason."""

    use_required_attribute = False
    to = DayField(label=_("New date"))
    reason = forms.CharField(label=_("Why"), max_length=300)
    seen = forms.RegexField(regex=r"\A(\d{4}-\d{2}-\d{2})?\Z", widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": ""} | kwargs)

    def clean_seen(self) -> str:
        """Return the date the mover saw, as it was written into the form."""
        text = str(self.cleaned_data["seen"])
        try:
            date.fromisoformat(text or "2000-01-01")
        except ValueError as error:
            raise ValidationError(__("Open the page again.")) from error
        return text


class SettingPut(forms.Form):
    """A setting of the company has another value from a day on, with a reason."""

    use_required_attribute = False
    value = forms.CharField(label=_("Value"), max_length=200)
    since = DayField(label=_("From"), help_text=_("What held before stays on record."))
    reason = forms.CharField(label=_("Why"), max_length=300)

    def __init__(self, *args: Any, setting: Setting, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": ""} | kwargs)
        self.fields["value"].help_text = __(setting.says)
        if setting.choices:
            words = [(value, __(label)) for value, label in setting.choices]
            self.fields["value"].widget = forms.Select(choices=words)
