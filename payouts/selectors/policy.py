"""
The company's settings as people read them: what each says, what is shipped, what holds on a day, and how it is typed.

Every setting that a rule reads stands here once. A key that no rule reads any more is listed as it is stored, so that
nothing that was set is hidden. Where each is read: docs/how-to/run-it.md, "Settings of the company".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from kamcomp.pages.amounts import AmountUnreadable, number_read
from kamcomp.pages.figures import number_text
from kamcomp.policy.models import PolicySetting
from kamcomp.refusal import Refusal
from kamcomp.visibility import Viewer, visible
from payouts.selectors.ceilings import EXCESS, EXCESS_SETTING
from payouts.selectors.disputes import ANSWER_DAYS, ANSWER_DAYS_DEFAULT
from payouts.selectors.disputes import WINDOW_DAYS as DISPUTE_DAYS
from payouts.selectors.disputes import WINDOW_DAYS_DEFAULT as DISPUTE_DAYS_DEFAULT
from payouts.selectors.reviews import WINDOW_DAYS, WINDOW_SETTING
from plans.choices import ApprovalStep
from plans.selectors.approvals import STEPS_DEFAULT, STEPS_SETTING
from scorecards.engine.facts import Conventions
from scorecards.selectors.conventions import PREFIX
from teams.models import AccountNode

COMPANY = "company.node"
LONGEST_REVIEW, LONGEST_MONTHS = 60, 120


class SettingValueWrong(Refusal):
    """The value is none that the setting can have."""


class SettingUnknown(Refusal):
    """No rule reads a setting of this name."""


class ValueKind(StrEnum):
    """How a value is typed."""

    WHOLE = "whole"
    NUMBER = "number"
    CHOICE = "choice"
    WORDS = "words"
    TEXT = "text"


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A setting: its key, what it says, how its value is typed, and the value as shipped (as it is stored)."""

    key: str
    label: str
    says: str
    kind: ValueKind
    shipped: Any
    choices: tuple[tuple[str, str], ...] = ()
    least: int = 0
    most: int = 10_000

    def read(self, text: str) -> Any:
        """
        Return the value that a text means, as it is stored: amounts as text, never as a float.

        :raises SettingValueWrong: saying what the setting takes.
        """
        return READERS[self.kind](self, text.strip())

    def shown(self, value: Any) -> str:
        """Return a value as a page shows it."""
        if value is None or value == "":
            return _("none")
        words = dict(self.choices).get(str(value))
        if words:
            return _(words)
        if isinstance(value, list):
            words_of = dict(self.choices)
            return ", ".join(_(words_of[one]) if one in words_of else str(one) for one in value if one)
        return (
            number_text(Decimal(str(value)))
            if self.kind in (ValueKind.WHOLE, ValueKind.NUMBER)
            else str(value)
        )


def _whole(setting: Setting, text: str) -> int:
    if not (text.isascii() and text.isdigit() and setting.least <= int(text) <= setting.most):
        raise SettingValueWrong(
            "“%(text)s” is not a whole number from %(least)s to %(most)s.",
            text=text[:24],
            least=setting.least,
            most=setting.most,
        )
    return int(text)


def _number(_setting: Setting, text: str) -> str:
    try:
        return str(number_read(text))
    except AmountUnreadable as refusal:
        raise SettingValueWrong(str(refusal)) from refusal


def _choice(setting: Setting, text: str) -> str:
    if text not in dict(setting.choices):
        raise SettingValueWrong("“%(text)s” is none of the choices.", text=text[:24])
    return text


def _words(setting: Setting, text: str) -> list[str]:
    found = [one.strip() for one in text.split(",") if one.strip()]
    if not found:
        raise SettingValueWrong("Name at least one group, several with commas.")
    if setting.choices and (others := [one for one in found if one not in dict(setting.choices)]):
        raise SettingValueWrong("“%(text)s” is none of the choices.", text=others[0][:24])
    # What is left unnamed in a file counts too where it does as shipped; nobody can type it.
    return [*([""] if "" in setting.shipped else []), *found]


def _text(setting: Setting, text: str) -> str:
    if not text:
        raise SettingValueWrong("Say what it is to be.")
    if setting.key == COMPANY and not AccountNode.objects.filter(code=text).exists():
        raise SettingValueWrong("There is no account with the code %(text)s.", text=text[:60])
    return text


READERS: dict[ValueKind, Callable[[Setting, str], Any]] = {
    ValueKind.WHOLE: _whole,
    ValueKind.NUMBER: _number,
    ValueKind.CHOICE: _choice,
    ValueKind.WORDS: _words,
    ValueKind.TEXT: _text,
}

OWN = (
    Setting(
        key=WINDOW_SETTING,
        label=gettext_noop("Days to review an account"),
        says=gettext_noop(
            "Days after the cut-off in which key account managers look at their accounts; then it counts as seen."
        ),
        kind=ValueKind.WHOLE,
        shipped=WINDOW_DAYS,
        most=LONGEST_REVIEW,
    ),
    Setting(
        key=EXCESS_SETTING,
        label=gettext_noop("Pay above a personal ceiling"),
        says=gettext_noop("What becomes of variable pay above a person's yearly ceiling."),
        kind=ValueKind.CHOICE,
        shipped=EXCESS,
        choices=(("lost", gettext_noop("Lost")), ("carried", gettext_noop("Carried into the next period"))),
    ),
    Setting(
        key=ANSWER_DAYS,
        label=gettext_noop("Working days to answer a dispute"),
        says=gettext_noop("Monday to Friday, from the day it was opened."),
        kind=ValueKind.WHOLE,
        shipped=ANSWER_DAYS_DEFAULT,
        least=1,
        most=365,
    ),
    Setting(
        key=DISPUTE_DAYS,
        label=gettext_noop("Days to dispute a statement"),
        says=gettext_noop("Days after pay day, or after the lock if that is later."),
        kind=ValueKind.WHOLE,
        shipped=DISPUTE_DAYS_DEFAULT,
        least=1,
        most=3_650,
    ),
    Setting(
        key=STEPS_SETTING,
        label=gettext_noop("Who approves a plan, in order"),
        says=gettext_noop(
            "second_person, or several of operations, finance and hr_legal: each step is another person's."
        ),
        kind=ValueKind.WORDS,
        shipped=STEPS_DEFAULT,
        choices=tuple((step.value, step.label) for step in ApprovalStep),
    ),
    Setting(
        key=COMPANY,
        label=gettext_noop("The company's own account"),
        says=gettext_noop("Code of the account that stands for the whole company in company-wide metrics."),
        kind=ValueKind.TEXT,
        shipped="",
    ),
)
COUNTING = {
    "satisfaction_survey": gettext_noop("Survey that satisfaction is read from"),
    "satisfaction_top_from": gettext_noop("Lowest answer that counts as satisfied"),
    "satisfaction_best": gettext_noop("Best answer of the satisfaction survey"),
    "promoter_survey": gettext_noop("Survey that promoters are read from"),
    "promoter_from": gettext_noop("Lowest answer of a promoter"),
    "detractor_to": gettext_noop("Highest answer of a detractor"),
    "relationship_survey": gettext_noop("Survey about relations inside the company"),
    "relationship_groups": gettext_noop("Who answers about relations inside"),
    "leadership_survey": gettext_noop("Survey about team leadership"),
    "leadership_groups": gettext_noop("Who answers about leadership"),
    "repeat_months": gettext_noop("Months in which an order makes the next one a repeat order"),
    "unsold_months": gettext_noop("Months without an invoice that make a division new"),
    "wallet_months": gettext_noop("Months after which a wallet estimate is too old"),
    "all_categories": gettext_noop("Names that mean all categories of a wallet"),
    "order_minimum": gettext_noop("Least first order of a new application or division"),
    "contract_value": gettext_noop("How contract values are compared"),
}


def settings_known() -> list[Setting]:
    """Return every setting that a rule reads: the company's own, then the counting rules of the metrics."""
    return [*OWN, *(_counting(one.name, getattr(Conventions(), one.name)) for one in fields(Conventions))]


def setting_known(*, key: str) -> Setting:
    """
    Return the setting of a key.

    :raises SettingUnknown: if no rule reads it.
    """
    for setting in settings_known():
        if setting.key == key:
            return setting
    raise SettingUnknown("No rule reads a setting %(key)s.", key=key)


def _counting(name: str, shipped: Any) -> Setting:
    """Return a counting rule as a setting; how it is typed follows from what it is."""
    said: dict[str, Any] = {"kind": ValueKind.TEXT, "shipped": shipped}
    if isinstance(shipped, Decimal):
        said = {"kind": ValueKind.NUMBER, "shipped": str(shipped)}
    elif isinstance(shipped, int):
        said = {"kind": ValueKind.WHOLE, "shipped": shipped, "least": 1, "most": LONGEST_MONTHS}
    elif isinstance(shipped, frozenset):
        said = {"kind": ValueKind.WORDS, "shipped": sorted(shipped)}
    elif name == "contract_value":
        choices = (
            ("as_stated", gettext_noop("As stated")),
            ("per_year", gettext_noop("Per year of the term")),
        )
        said |= {"kind": ValueKind.CHOICE, "choices": choices}
    return Setting(
        key=f"{PREFIX}{name}",
        label=COUNTING.get(name, name),
        says=gettext_noop("A counting rule of the metric library."),
        **said,
    )


@dataclass(frozen=True)
class SettingRow:
    """A setting with its value on a day: the row that says so, none where it is as shipped; and a change to come."""

    setting: Setting
    row: PolicySetting | None
    coming: PolicySetting | None

    @property
    def value(self) -> str:
        """Return the value of the day as a page shows it."""
        return self.setting.shown(self.row.value if self.row else self.setting.shipped)

    @property
    def shipped(self) -> str:
        """Return the value as shipped, as a page shows it."""
        return self.setting.shown(self.setting.shipped)

    @property
    def coming_value(self) -> str:
        """Return the value to come as a page shows it."""
        return self.setting.shown(self.coming.value) if self.coming else ""


def policy_rows(*, viewer: Viewer, on: date) -> tuple[list[SettingRow], list[PolicySetting]]:
    """Return every setting with its value on a day, and all that was ever set, the latest first. One query."""
    rows = list(
        visible(PolicySetting.objects.select_related("created_by"), to=viewer).order_by("-created_at", "key")
    )
    found = [
        SettingRow(setting, _on(rows, setting.key, on), _after(rows, setting.key, on))
        for setting in settings_known()
    ]
    return found, rows


def _on(rows: Sequence[PolicySetting], key: str, on: date) -> PolicySetting | None:
    return next((row for row in rows if row.key == key and on in row.span), None)


def _after(rows: Sequence[PolicySetting], key: str, on: date) -> PolicySetting | None:
    later = [row for row in rows if row.key == key and row.span.since > on]
    return min(later, key=lambda row: row.span.since) if later else None
