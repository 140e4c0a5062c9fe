"""
The elements of a plan beside those of the account managers' plan: mix, leverage, threshold, accelerator, measures.

A key account buys in longer cycles and gives fewer chances than the accounts of an account manager: each element that
depends on that is laid beside the default, so that none is copied without somebody having looked at it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from kamcomp import money
from kamcomp.policy.models import PolicySetting
from plans.checks.picture import Picture, Placed, picture_of, points_of, team_share, top_ratio
from plans.choices import Element, VersionStatus
from plans.engine.conventions import Accumulation, Reads
from plans.engine.horizon import MONTHS
from plans.engine.plan import Goal
from plans.models import PlanVersion
from plans.selectors.pictures.settings import ACCOUNT_MANAGER_PLAN
from plans.templates_library import account_manager_template

ONE, YEAR = Decimal(1), 12


@dataclass(frozen=True)
class ElementRow:
    """An element: its value in the account managers' plan and in this one; none where the plan has none."""

    element: Element
    theirs: Decimal | int | None
    ours: Decimal | int | None

    @property
    def differs(self) -> bool:
        """Tell whether the two plans differ in it."""
        return self.theirs != self.ours


def elements_beside(*, document: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[ElementRow]:
    """
    Return each element of a plan beside that of the account managers' plan.

    Units: the mix is the base share, leverage and the accelerator are ratios, the threshold an attainment, what is
    shared a weight, periods are months, and measures are counted.
    """
    mine, other = _elements(picture_of(document=document)), _elements(picture_of(document=theirs))
    return [ElementRow(element, other[element], mine[element]) for element in Element]


def account_manager_version(*, on: date) -> PlanVersion | None:
    """Return the newest published version of the account managers' plan that the company named, if it named one."""
    setting = PolicySetting.objects.filter(key=ACCOUNT_MANAGER_PLAN, valid__contains=on)
    code = setting.values_list("value", flat=True).first()
    if not code:
        return None
    rows = PlanVersion.objects.filter(plan__code=code, status=VersionStatus.PUBLISHED)
    return rows.select_related("plan").order_by("number").last()


def account_manager_document(*, on: date) -> tuple[Mapping[str, Any], str]:
    """Return the account managers' plan that the company named, with its name, else the usual one without a name."""
    found = account_manager_version(on=on)
    if found is None:
        return account_manager_template(), ""
    return found.document, str(found.document["name"])


def _elements(picture: Picture) -> dict[Element, Decimal | int | None]:
    plan, main = picture.plan, picture.main
    return {
        Element.MIX: plan.pay.base_share,
        Element.LEVERAGE: money.to_decimals(top_ratio(plan.incentive), 2),
        Element.THRESHOLD: _threshold(main),
        Element.ACCELERATOR: _accelerator(main),
        Element.MEASURES: len(picture.weights) + len(picture.money_leaves),
        Element.SHARED: team_share(picture),
        Element.PERIOD: _months(picture, main),
        Element.FREQUENCY: MONTHS[plan.period],
    }


def _threshold(main: Placed | None) -> Decimal | None:
    """Return the attainment from which the main goal pays; none where it pays from nothing on, or reads a value."""
    if main is None or not isinstance(main.leaf, Goal) or main.leaf.reads is not Reads.ATTAINMENT:
        return None
    first = points_of(main.leaf.curve)[0]
    return first.x if first.x > 0 else None


def _accelerator(main: Placed | None) -> Decimal | None:
    """Return the points paid for a point above target; none where the main goal reads a value, or ends there."""
    if main is None or not isinstance(main.leaf, Goal) or main.leaf.reads is not Reads.ATTAINMENT:
        return None
    above = [point for point in points_of(main.leaf.curve) if point.x >= ONE]
    if len(above) < 2:
        return None
    slope = (above[1].arriving - above[0].payout) / (above[1].x - above[0].x)
    return money.to_decimals(slope, 2)


def _months(picture: Picture, main: Placed | None) -> int | None:
    """Return over how many months the main goal is measured."""
    if main is None:
        return None
    held = [main.leaf, *(branch for at, branch in picture.branches if main.at.startswith(at))]
    kinds = {getattr(node, "accumulation", Accumulation.PERIOD) for node in held}
    return YEAR if kinds - {Accumulation.PERIOD} else MONTHS[picture.plan.period]
