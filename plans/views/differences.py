"""
What two versions say differently, in words: "Weight of Revenue 40% → 35%", "Cap 150% → 160%".

The differences are those of plans/engine/differences.py; here each gets the name of what it is about, and its two
values as people write them, never rounded so far that they look the same. For the page that compares, the designer,
and `manage.py plans diff`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as __

from kamcomp import money
from kamcomp.pages.figures import day_text, money_text, number_text, percent_text
from plans.engine.differences import ORDER, WHOLE, Difference, differences
from plans.engine.parameter import Parameter
from plans.engine.plan import (
    Closed,
    Commission,
    Curve,
    CurvePoint,
    Gate,
    MoneyCommon,
    NodeCommon,
    Plan,
    Reading,
)
from plans.views.labels import Label, Unit, label_of
from plans.views.reading import gate_sentence
from plans.views.words import worded

SHARES_UP_TO = Decimal(2)
"""A raw result up to here is written as a share: metrics of rates are, counts and money are not."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """
    One difference in words: whose it is, what, before and after.

    `owner` is the goal, commission or section it belongs to (empty: the plan), `inside` what of it ("Gate"),
    `what` the field; `before` or `after` is empty where one version says nothing.
    """

    owner: str
    inside: str
    what: str
    before: str
    after: str

    @property
    def sentence(self) -> str:
        """Return the change in one line."""
        what = " · ".join(part for part in (self.inside, self.what) if part)
        owner = self.owner
        if self.inside and owner:
            what, owner = f"{owner} · {what}", ""
        if not self.before:
            words = __("New: %(what)s of %(owner)s: %(after)s") if owner else __("New: %(what)s: %(after)s")
        elif not self.after:
            words = (
                __("Gone: %(what)s of %(owner)s: %(before)s") if owner else __("Gone: %(what)s: %(before)s")
            )
        elif owner:
            words = __("%(what)s of %(owner)s %(before)s → %(after)s")
        else:
            words = __("%(what)s %(before)s → %(after)s")
        return words % {"what": what, "owner": owner, "before": self.before, "after": self.after}


def changes_in_words(*, before: Plan, after: Plan, metrics: Mapping[str, str]) -> list[Change]:
    """Return what `after` says differently from `before`, in words; `metrics` names the metrics by code."""
    writers = _Writer(before, metrics), _Writer(after, metrics)
    return [_change(each, *writers) for each in differences(before=before, after=after)]


def _change(difference: Difference, before: _Writer, after: _Writer) -> Change:
    owner = next((each for each in reversed(difference.within) if _has_name(each)), None)
    label = label_of(difference.within[-1], difference.field)
    inside = [] if difference.field == WHOLE else list(_inside(difference, after))
    old = before.written(difference.before, label, difference)
    new = after.written(difference.after, label, difference)
    if old == new:  # two goals or metrics of one name
        old, new = f"{old} ({difference.before})", f"{new} ({difference.after})"
    what, name = str(label.words), "" if owner is None else owner.name or owner.code
    if difference.field == WHOLE:
        what, name = name, ""
    elif difference.item == ORDER and label.unit is not Unit.NODE:
        what = f"{what} · {__('Order')}"
    elif difference.item is not None and difference.item != ORDER:
        what = f"{what} {after.item(difference)}"
    return Change(owner=name, inside=" · ".join(inside), what=what, before=old, after=new)


def _has_name(record: Any) -> bool:
    return isinstance(record, NodeCommon | MoneyCommon)


def _inside(difference: Difference, writer: _Writer) -> Iterator[str]:
    """Yield the names of the conditions between the owner and the field: "Gate", "Factor SAT · Table"."""
    for position, name in enumerate(difference.names, start=1):
        holder, record = difference.within[position - 1], difference.within[position]
        if name in ("incentive", "children", "commissions"):
            continue
        words = str(label_of(holder, name).words)
        known_by = writer.row_name(record, difference.within[:position])
        yield f"{words} {known_by}".strip()


class _Writer:
    """Writes values of one version as people read them: by its currency, its metrics and its nodes' names."""

    def __init__(self, plan: Plan, metrics: Mapping[str, str]) -> None:
        self.plan, self.metrics = plan, metrics
        self.names = {node.code: node.name or node.code for node in _nodes(plan.incentive.children)}

    def written(self, value: Any, label: Label, difference: Difference) -> str:
        """Return one side of a difference; nothing where this version says nothing."""
        if value is None:
            return ""
        if difference.item == ORDER:
            return ", ".join(self.names.get(each, self.key(each, difference)) for each in value)
        return self.value(value, label, difference.within)

    def value(self, value: Any, label: Label, within: Sequence[Any]) -> str:
        """Return a value in its unit; a list of values with commas."""
        if isinstance(value, Parameter):
            return __("each person's own “%(name)s”") % {"name": value.parameter}
        if isinstance(value, CurvePoint):
            return self.point(value, within)
        if isinstance(value, Closed):
            return self.closed(value)
        if isinstance(value, bool):
            return __("yes") if value else __("no")
        if isinstance(value, tuple) and not (value and dataclasses.is_dataclass(value[0])):
            return ", ".join(self.value(each, label, within) for each in value) or __("none")
        if isinstance(value, Mapping):
            return ", ".join(f"{key} {self.value(each, label, within)}" for key, each in value.items())
        if isinstance(value, StrEnum):
            return worded(value)
        if isinstance(value, date):
            return day_text(value)
        if isinstance(value, str):
            return self.text(value, label)
        if isinstance(value, Decimal | int):
            return self.figure(Decimal(value), label.unit, within)
        return self.record(value, within)

    def text(self, value: str, label: Label) -> str:
        """Return a text as it stands; the code of a metric or of a goal by its name."""
        if label.unit is Unit.METRIC:
            return self.metrics.get(value, value)
        if label.unit is Unit.NODE:
            return self.names.get(value, value) or __("the whole plan")
        if label.unit is Unit.CHOICE:
            return __("half up") if value == "half_up" else value
        return f"“{value}”" if value else __("none")

    def figure(self, value: Decimal, unit: Unit, within: Sequence[Any]) -> str:
        """Return a figure in its unit, with all the digits it has."""
        if unit is Unit.SHARE:
            return share_text(value)
        if unit is Unit.MONEY:
            return self.money(value)
        if unit is Unit.POSITION:
            axis = next((each.axis for each in reversed(within) if isinstance(each, Commission)), "value")
            return {"value": self.money, "attainment": share_text}.get(axis, number_text)(value)
        if unit is Unit.RESULT and self._is_share(value, within):
            return share_text(value)
        if unit is Unit.MEASURED and abs(value) <= SHARES_UP_TO:
            return share_text(value)
        return number_text(value)

    def money(self, value: Decimal) -> str:
        """Return an amount; with more digits than its currency has, as a figure beside the currency."""
        if money.settle(value, currency=self.plan.currency) == value:
            return money_text(value, self.plan.currency)
        return f"{self.plan.currency}\N{NO-BREAK SPACE}{number_text(value, most=18)}"

    def point(self, point: CurvePoint, within: Sequence[Any], *, whole: bool = False) -> str:
        """Return what a point pays; with its place where it is not named already."""
        pays = share_text(point.payout)
        if point.arriving != point.payout:
            pays = __("%(pays)s, just before %(before)s") % {
                "pays": pays,
                "before": share_text(point.arriving),
            }
        if not isinstance(within[-1], Curve) or whole:
            return __("%(pays)s at %(x)s") % {"pays": pays, "x": self.figure(point.x, Unit.RESULT, within)}
        return pays

    def closed(self, closed: Closed) -> str:
        """Return what a closed gate does."""
        if closed.limit is not None:
            return __("at most %(share)s is paid") % {"share": share_text(closed.limit)}
        if closed.factor:
            return __("only %(share)s is paid") % {"share": share_text(closed.factor)}
        return __("nothing is paid")

    def record(self, record: Any, within: Sequence[Any]) -> str:
        """Return a whole node, row or condition in one line."""
        if isinstance(record, tuple):
            return "; ".join(self.record(each, within) for each in record)
        if isinstance(record, CurvePoint):
            return self.point(record, within, whole=True)
        if isinstance(record, Gate):
            return gate_sentence(record, self.metrics)
        if isinstance(record, NodeCommon | MoneyCommon):
            return self.goal(record)
        holder = (*within, record)
        said = []
        for each in dataclasses.fields(record):
            value = getattr(record, each.name)
            if value in (None, "", (), {}) or value == each.default:
                continue
            label = label_of(record, each.name)
            said.append(f"{label.words} {self.value(value, label, holder)}")
        return ", ".join(said) or __("as usual")

    def goal(self, node: Any) -> str:
        """Return a goal or money leaf in one line: its kind, its weight if it has one, what it reads."""
        said = [kind_words(node)]
        if isinstance(node, NodeCommon):
            said.append(__("weight %(share)s") % {"share": share_text(node.weight)})
        return ", ".join([*said, *(self.metrics.get(each.metric, each.metric) for each in _readings(node))])

    def item(self, difference: Difference) -> str:
        """Return the row, cell or entry a difference is about."""
        item, record = difference.item, difference.within[-1]
        if difference.field == "grid":
            x, y = (
                self.figure(at, Unit.RESULT, (*difference.within, axis))
                for at, axis in zip(item, (record.x, record.y), strict=True)
            )
            return f"{x} × {y}"
        return self.key(item, difference)

    def key(self, key: Any, difference: Difference) -> str:
        """Return what a row of a table is known by, as people write it."""
        if isinstance(key, tuple):
            return ", ".join(str(part) for part in key if part) or __("every deal")
        if key is None:
            return __("every deal")
        if isinstance(key, StrEnum):
            return worded(key)
        if isinstance(key, Decimal):
            unit = Unit.POSITION if difference.field == "tiers" else Unit.RESULT
            return self.figure(key, unit, difference.within)
        return str(key)

    def row_name(self, record: Any, within: Sequence[Any]) -> str:
        """Return what a record that is a row of a table is known by; nothing for a condition of its own."""
        kind = type(record).__name__
        if kind in ("Modifier", "ObjectiveItem", "Stage", "FundingBucket"):
            return str(record.code)
        if kind in ("Tier", "Slope"):
            unit = Unit.POSITION if kind == "Tier" else Unit.RESULT
            return self.figure(record.since, unit, within)
        if kind == "RateRule":
            return ", ".join(part for part in (record.product, record.category, record.deal_kind) if part)
        if kind == "Minimum":
            return record.deal_kind or __("every deal")
        return worded(record.event) if kind == "EarningShare" else ""

    def _is_share(self, value: Decimal, within: Sequence[Any]) -> bool:
        reading = next((each for each in reversed(within) if isinstance(each, Reading)), None)
        return (reading is not None and reading.reads == "attainment") or abs(value) <= SHARES_UP_TO


def share_text(ratio: Decimal) -> str:
    """Return a ratio as a percentage with the digits it has: 1.5 is 150%, 0.3333 is 33.33%."""
    exponent = ratio.normalize().as_tuple().exponent
    digits = max(0, -exponent - 2) if isinstance(exponent, int) else 0
    return percent_text(ratio, digits=digits)


def kind_words(node: Any) -> str:
    """Return what people call a kind of goal or of money outside the weights."""
    kinds = {
        "branch": __("Group"), "goal": __("Goal"), "matrix": __("Matrix of two metrics"),
        "objectives": __("Judged objectives"), "milestone": __("Milestones"), "commission": __("Commission"),
        "unit_bonus": __("Bonus for each unit"), "fixed": __("Fixed amount"),
    }  # fmt: skip
    return kinds[node.kind]


def _readings(node: Any) -> list[Reading]:
    if isinstance(node, Reading):
        return [node]
    return [getattr(node, side) for side in ("x", "y") if hasattr(node, side)]


def _nodes(children: Sequence[Any]) -> Iterator[Any]:
    for child in children:
        yield child
        yield from _nodes(getattr(child, "children", ()))
