"""
The sheet of a plan's goals: a row for each node of the tree, with its weight to type and what it pays at target.

Weights of groups are the sum of what stands under them; what the whole lacks is said at the foot.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as __

from kamcomp import money
from kamcomp.pages.figures import percent_text
from plans.checks.picture import points_of, top_ratio
from plans.engine.horizon import is_long_term
from plans.engine.laws import PERIODS_A_YEAR
from plans.engine.plan import Branch, Goal, Incentive, Matrix, Plan
from plans.selectors.drafts import DraftLook
from plans.views.design.blocks import SET, Editor, Metrics, Offer, field_id
from plans.views.reading import gate_sentence
from plans.views.words import record_words, worded
from scorecards.engine.library import LIBRARY

ZERO, ONE = Decimal(0), Decimal(1)
EXAMPLE = Decimal(100_000)
PERSPECTIVES = {"financial": "Financial", "growth": "Growth", "customer": "Customer", "internal": "Internal"}


@dataclass(frozen=True, kw_only=True)
class Example:
    """What one person would be paid: the yearly total, split as the plan says, and the target of a period."""

    total: Decimal
    base: Decimal
    variable: Decimal
    period: Decimal
    whose: str


@dataclass(frozen=True, kw_only=True)
class SheetRow:
    """A node of the tree as a row of the sheet."""

    at: str
    indent: str
    name: str
    code: str
    kind: str
    is_group: bool
    measure: str
    perspective: str
    level: str
    is_individual: bool
    long: bool
    pays_from: str
    most: Decimal
    weight: Decimal
    typed: str
    error: str
    at_target: Decimal
    note: str
    selected: bool

    @property
    def field(self) -> str:
        """Return the name of the field of its weight."""
        return f"{SET}{self.at}/weight"

    @property
    def id(self) -> str:
        """Return the id of that field."""
        return field_id(self.field)


@dataclass(frozen=True, kw_only=True)
class GoalSheet:
    """All rows, the sum of the weights, and what is left to the whole."""

    rows: Sequence[SheetRow]
    bars: Sequence[tuple[str, str, str]]
    weight: Decimal
    most: Decimal
    at_target: Decimal
    leaves: int
    money_leaves: Sequence[tuple[str, str, str]]
    adds: Sequence[Offer]

    @property
    def whole(self) -> bool:
        """Tell whether the weights sum to the whole."""
        return self.weight == ONE


@money.exactly
def example_of(*, plan: Plan, look: DraftLook, total: Decimal | None) -> Example:
    """Return the example: the middle one of those on the plan, or of a total that somebody tries."""
    facts = look.picture.facts if look.picture else None
    paid = [
        each
        for each in (facts.people if facts else None) or ()
        if each.on_plan and each.variable and each.base
    ]
    paid.sort(key=lambda each: ((each.base or ZERO) + (each.variable or ZERO), each.person))
    middle = paid[len(paid) // 2] if paid else None
    whose = __("an example")
    if middle is not None:
        whose = __("the only one on it")
        if len(paid) > 1:
            whose = __("the middle one of %(count)s people") % {"count": len(paid)}
    if total is not None:
        whose = __("as tried")
    elif middle is not None:
        total = (middle.base or ZERO) + (middle.variable or ZERO)
    total = EXAMPLE if total is None else total
    share = plan.pay.base_share
    if share is None:
        variable = middle.variable if middle and middle.variable else total / 5
    else:
        variable = total * (ONE - share)
    return Example(
        total=total,
        base=total - variable,
        variable=variable,
        period=variable / PERIODS_A_YEAR[plan.period],
        whose=whose,
    )


@money.exactly
def goal_sheet(*, plan: Plan, editor: Editor, example: Example, selected: str) -> GoalSheet:
    """Return the sheet of a plan's goals."""
    rows = list(_rows(plan, plan.incentive, "/incentive", 0, editor, example, selected))
    leaves = [row for row in rows if not row.is_group]
    weight = sum((child.weight for child in plan.incentive.children), ZERO)
    return GoalSheet(
        rows=rows,
        bars=_bars(leaves),
        weight=weight,
        most=top_ratio(plan.incentive),
        at_target=example.period * weight,
        leaves=len(leaves),
        money_leaves=[
            (f"/commissions/{number}", leaf.name or leaf.code, record_words(type(leaf).__name__))
            for number, leaf in enumerate(plan.commissions)
        ],
        adds=_adds(selected, editor.document),
    )


def _rows(
    plan: Plan, node: Incentive | Branch, at: str, depth: int, editor: Editor, example: Example, selected: str
) -> Iterator[SheetRow]:
    for number, child in enumerate(node.children):
        place = f"{at}/children/{number}"
        name = f"{SET}{place}/weight"
        yield SheetRow(
            at=place,
            indent=f"deep-{min(depth, 4)}",
            name=child.name or child.code,
            code=child.code,
            kind=record_words(type(child).__name__),
            is_group=isinstance(child, Branch),
            measure=_measure(child, editor.metrics),
            perspective=_perspective(child),
            level=worded(child.level),
            is_individual=child.level == "individual",
            long=is_long_term(plan=plan, node=child),
            pays_from=_pays_from(child),
            most=top_ratio(child),
            weight=child.weight,
            typed=editor.typed.get(name, ""),
            error=editor.errors.get(name, ""),
            at_target=example.period * child.weight,
            note=_note(child, editor.metrics),
            selected=place == selected,
        )
        if isinstance(child, Branch):
            yield from _rows(plan, child, place, depth + 1, editor, example, selected)


def _measure(node: Any, metrics: Metrics) -> str:
    if isinstance(node, Goal):
        return metrics.names.get(node.metric, node.metric)
    if isinstance(node, Matrix):
        return " × ".join(metrics.names.get(axis.metric, axis.metric) for axis in (node.x, node.y))
    return ""


def _perspective(node: Any) -> str:
    code = node.metric if isinstance(node, Goal) else node.x.metric if isinstance(node, Matrix) else ""
    rule = LIBRARY.get(code)
    return PERSPECTIVES.get(rule.perspective, "") if rule else ""


def _pays_from(node: Any) -> str:
    if not isinstance(node, Goal) or node.reads != "attainment":
        return ""
    points = points_of(node.curve)
    return f"{percent_text(points[0].x, digits=0)} – {percent_text(points[-1].x, digits=0)}" if points else ""


def _note(node: Any, metrics: Metrics) -> str:
    if node.gate is not None:
        return gate_sentence(node.gate, metrics.names)
    return str(node.behaviour)


def _bars(leaves: Sequence[SheetRow]) -> list[tuple[str, str, str]]:
    """Return the weights as parts of a bar of a thousand: where each begins, how wide it is, its tone."""
    found, x = [], ZERO
    for number, row in enumerate(leaves):
        wide = money.to_decimals(row.weight * 1000, 1)
        found.append((f"{x:f}", f"{max(wide - 3, ZERO):f}", f"tone-{number % 6}"))
        x += wide
    return found


def _adds(selected: str, document: Mapping[str, Any]) -> list[Offer]:
    """Return what can be added to the group that is chosen, or to the group of the goal that is."""
    holder = selected if selected.startswith("/incentive") else "/incentive"
    steps = holder.split("/")
    place: Any = document
    for step in steps[1:]:
        place = place[int(step)] if isinstance(place, list) else place[step]
    if "children" not in place:
        holder = "/".join(steps[:-2])
    return [
        Offer(act=f"add:{holder}/children:{name}", words=record_words(name))
        for name in ("Goal", "Matrix", "Objectives", "Milestone", "Branch")
    ]
