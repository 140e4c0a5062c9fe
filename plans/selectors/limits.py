"""
The limits of checks as the company has set them.

A limit is a policy setting `checks.RULE.NAME`; what is not set is as the rule ships it. A key no rule reads, or a
value that is no number, is refused by name: it would otherwise change nothing in silence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from kamcomp.policy.models import PolicySetting
from kamcomp.refusal import Listing, Refusal, Sentence, Word
from plans.checks.rule import RULES, SETTING_PREFIX, Limit

BY_ROLE = "kam"


class LimitUnknown(Refusal):
    """A policy setting names a limit that no rule reads, or gives it a value that is no number."""


@dataclass(frozen=True)
class LimitInForce:
    """A limit: its key, the company's value or the shipped one, and what it bounds."""

    key: str
    value: Decimal
    is_set: bool
    limit: Limit


def limits_on(*, day: date) -> dict[str, Decimal]:
    """
    Return the limits the company has set, by key, as they hold on a day.

    :raises LimitUnknown: naming the setting that no rule reads, or that is no number.
    """
    stated = PolicySetting.objects.filter(key__startswith=SETTING_PREFIX, valid__contains=day)
    return limits_read(stated=dict(stated.values_list("key", "value")))


def limits_read(*, stated: Mapping[str, Any]) -> dict[str, Decimal]:
    """
    Return limits given as text or whole numbers.

    :raises LimitUnknown: naming the key that no rule reads, or whose value is no number.
    """
    return {key: _number(key, value) for key, value in stated.items() if rule_of(key)}


def limits_in_force(*, day: date) -> list[LimitInForce]:
    """Return every limit with its value on a day."""
    stated = limits_on(day=day)
    return [
        LimitInForce(key=key, value=stated.get(key, limit.default), is_set=key in stated, limit=limit)
        for rule in sorted(RULES.values(), key=lambda rule: rule.id)
        for key, limit in ((rule.setting(name), limit) for name, limit in rule.limits.items())
    ]


def rule_of(key: str) -> str:
    """Return the rule of a limit's key. :raises LimitUnknown: if no rule reads it."""
    rule_id, _, name = key.removeprefix(SETTING_PREFIX).partition(".")
    rule, name = RULES.get(rule_id), name.removesuffix(f".{BY_ROLE}")
    if rule is None or name not in rule.limits or not key.startswith(SETTING_PREFIX):
        known = [] if rule is None else [rule.setting(each) for each in rule.limits]
        cure = (
            Sentence("it reads %(names)s", names=Listing(known))
            if known
            else Word("`plans limits` lists them")
        )
        raise LimitUnknown("No check reads the setting %(key)s; %(cure)s.", key=key, cure=cure)
    return rule_id


def _number(key: str, value: Any) -> Decimal:
    try:
        if isinstance(value, str | int) and not isinstance(value, bool):
            return Decimal(value)
    except InvalidOperation:
        pass
    raise LimitUnknown(
        "The setting %(key)s = %(value)s is no number; a ratio is written as 0.70.",
        key=key,
        value=f"{value!r}",
    )
