"""The words people read for the choices of a plan document."""

from __future__ import annotations

from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from plans.engine import conventions as said
from plans.engine import payment_terms, pool_terms

WORDS: tuple[tuple[StrEnum, str | Promise], ...] = (
    (said.PlanPeriod.MONTH, _("paid by month")),
    (said.PlanPeriod.QUARTER, _("paid by quarter")),
    (said.PlanPeriod.HALF_YEAR, _("paid by half-year")),
    (said.PlanPeriod.YEAR, _("paid by year")),
    (said.Level.INDIVIDUAL, _("the person's own")),
    (said.Level.TEAM, _("the account team's")),
    (said.Level.REGION, _("the region's")),
    (said.Level.COMPANY, _("the company's")),
    (said.Policy.BLOCK, _("stops the run")),
    (said.Policy.NEUTRAL, _("counts as on target")),
    (said.Policy.ZERO, _("counts as nothing")),
    (said.Policy.CARRY, _("takes the result before")),
    (said.Accumulation.PERIOD, _("each period by itself")),
    (said.Accumulation.YEAR_TO_DATE, _("the year so far")),
    (said.Accumulation.MULTI_YEAR, _("over several years")),
    (said.CurveShape.LINEAR, _("straight lines between the points")),
    (said.CurveShape.STEP, _("steps at the points")),
    (said.Below.ZERO, _("nothing below the first point")),
    (said.Below.FIRST, _("the first point's value below it")),
    (said.Above.CAP, _("no more beyond the last point")),
    (said.Above.EXTEND, _("the last line goes on")),
    (said.Above.ZERO, _("nothing beyond the last point")),
    (said.TierReading.MARGINAL, _("each slice at its own rate")),
    (said.TierReading.WHOLE_AMOUNT, _("the whole amount at the rate reached")),
    (said.TierReading.REACHED_ON_EXCESS, _("the rate reached, on what is above")),
    (said.TierReading.INTERPOLATED, _("rates on a straight line between the tiers")),
    (said.TierAxis.VALUE, _("by credited value")),
    (said.TierAxis.ATTAINMENT, _("by share of target")),
    (said.TierAxis.UNITS, _("by units")),
    (said.Basis.CREDITED_VALUE, _("on credited value")),
    (said.Basis.TARGET_INCENTIVE, _("on the target incentive")),
    (said.Basis.TARGET_INCENTIVE_X_ATTAINMENT, _("on the target incentive times attainment")),
    (said.CreditBase.REVENUE, _("revenue")),
    (said.CreditBase.MARGIN, _("margin")),
    (said.CreditBase.COLLECTED, _("money collected")),
    (said.CreditBase.CONTRACT_VALUE, _("contract value")),
    (said.Excess.LOST, _("what is above is lost")),
    (said.Excess.CARRIED, _("what is above is carried on")),
    (said.GatedPart.ALL, _("the whole node")),
    (said.GatedPart.ABOVE_TARGET, _("what is above target")),
    (said.TargetSource.MONEY, _("the amount of each pay package")),
    (said.TargetSource.SHARE_OF_BASE, _("a share of base salary")),
    (said.Spread.EVEN, _("evenly over the periods")),
    (said.ProrationBasis.CALENDAR_DAYS, _("calendar days")),
    (said.ProrationBasis.WORKING_DAYS, _("working days")),
    (said.ProrationBasis.FULL_MONTHS, _("full months")),
    (pool_terms.ShareBy.DEDICATION, _("dedication")),
    (pool_terms.ShareBy.DAYS, _("days on the team")),
    (pool_terms.ShareBy.ROLE_WEIGHT, _("role weight")),
    (pool_terms.IfLate.GUIDELINE, _("the guideline is applied")),
    (pool_terms.IfLate.WAIT, _("the pool waits")),
    (pool_terms.Less.COMPANY, _("the company bears it")),
    (pool_terms.Less.NEXT_POOL, _("the next pool bears it")),
    (payment_terms.AtEnd.OWED, _("what is left is owed")),
    (payment_terms.AtEnd.FORGIVEN, _("what is left is forgiven")),
)


STATES = (
    gettext_noop("draft"),
    gettext_noop("approved"),
    gettext_noop("published"),
    gettext_noop("withdrawn"),
    gettext_noop("active"),
    gettext_noop("superseded"),
    gettext_noop("expired"),
    gettext_noop("no version"),
)
"""What people call the state of a version (plans.selectors.version_state)."""


def worded(choice: StrEnum) -> str:
    """Return the words of a choice; its own, without underscores, where none are kept."""
    for known, words in WORDS:
        if known is choice:
            return str(words)
    return __(str(choice.value).replace("_", " "))
