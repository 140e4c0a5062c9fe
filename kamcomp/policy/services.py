"""Acts on the company's settings."""

from datetime import date, datetime
from typing import Any

from psycopg2.extras import DateRange

from kamcomp.audit.context import act
from kamcomp.identity.choices import Role
from kamcomp.identity.models import User
from kamcomp.identity.selectors import role_check
from kamcomp.policy.models import PolicySetting
from kamcomp.refusal import Refusal

SETTERS = [Role.COMP_ADMIN, Role.FINANCE]


class SettingNotLater(Refusal):
    """A setting is changed from a day on; what held before stays on record."""


@act
def setting_put(
    *, key: str, value: Any, since: date, reason: str = "", by: User, at: datetime
) -> PolicySetting:
    """
    Set a named value from a day on; the value before it ends the day before.

    :raises RoleMissing: if `by` is neither a compensation admin nor finance.
    :raises SettingNotLater: if the value in force began on that day or later.
    """
    role_check(user=by, roles=SETTERS, on=at.date(), act="Changing a setting")
    latest = PolicySetting.objects.select_for_update(no_key=True).filter(key=key).order_by("-valid").first()
    if latest is not None:
        if latest.valid.lower >= since:
            raise SettingNotLater(
                "The setting %(key)s has a value from %(lower)s on; a new one must begin later.",
                key=key,
                lower=latest.valid.lower,
            )
        latest.valid = DateRange(latest.valid.lower, since)
        latest.save(update_fields=["valid"])
    return PolicySetting.objects.create(
        key=key, value=value, valid=DateRange(since, None), reason=reason, created_by=by
    )
