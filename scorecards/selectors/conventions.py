"""
The counting rules in force on a day.

A company changes one by a policy setting `metrics.NAME` (metrics.order_minimum, metrics.unsold_months,
...); what it does not set is as the library ships it.
"""

from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from kamcomp.policy.models import PolicySetting
from kamcomp.refusal import Refusal
from scorecards.engine.facts import Conventions

PREFIX = "metrics."


class ConventionUnknown(Refusal):
    """A policy setting names a counting rule that does not exist, or gives it a value it cannot have."""


def conventions_on(*, day: date) -> Conventions:
    """
    Return the counting rules in force on a day.

    :raises ConventionUnknown: naming the setting that no metric reads, or that cannot be read.
    """
    settings = PolicySetting.objects.filter(key__startswith=PREFIX, valid__contains=day)
    chosen = dict(settings.values_list("key", "value"))
    return Conventions(**{key.removeprefix(PREFIX): _value(key, value) for key, value in chosen.items()})


def _value(key: str, value: Any) -> Any:
    shipped = _shipped().get(key.removeprefix(PREFIX))
    try:
        if isinstance(shipped, Decimal) and isinstance(value, str | int) and not isinstance(value, bool):
            return Decimal(value)
        if isinstance(shipped, frozenset) and isinstance(value, list):
            return frozenset(map(str, value))
        if isinstance(shipped, str | int) and type(value) is type(shipped):
            return value
    except InvalidOperation:
        pass
    known = ", ".join(PREFIX + name for name in _shipped())
    raise ConventionUnknown(
        "The policy setting %(key)s = %(value)s cannot be read; the counting rules are "
        "%(known)s; amounts are text, months are whole numbers.",
        key=key,
        value=f"{value!r}",
        known=known,
    )


def _shipped() -> Mapping[str, Any]:
    shipped = Conventions()
    return {field.name: getattr(shipped, field.name) for field in fields(shipped)}
