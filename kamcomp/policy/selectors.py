"""Reads of the company's settings. The default of a setting stands where it is read, beside its reason."""

from datetime import date
from typing import TypeVar

from kamcomp.policy.models import PolicySetting

Value = TypeVar("Value")


def policy_value(*, key: str, on: date, default: Value) -> Value:
    """Return the value of a setting on a day, or the default where the company has said nothing."""
    setting = PolicySetting.objects.filter(key=key, valid__contains=on).first()
    return default if setting is None else setting.value
