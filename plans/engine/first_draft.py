"""
The first draft of a plan: a template of its type, filled with what is known of the account.

What makes a type that type stays (the parts by segment, the renewal gate); the measures chosen, their weights, the
base share, the objectives of the account plan and what the long run asks for are put in. The weights of a group are
written so that they sum exactly. Pure. Rule: docs/reference/plan-proposal.md, "What the draft says".
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from kamcomp import money
from plans.engine.conventions import PlanType

Document = dict[str, Any]
MOST_MEASURES = 3
SHARES: Mapping[int, tuple[Decimal, ...]] = {
    1: (Decimal("1"),),
    2: (Decimal("0.6"), Decimal("0.4")),
    3: (Decimal("0.5"), Decimal("0.3"), Decimal("0.2")),
}
TEAM_WEIGHT, KEEP_WEIGHT, SPREAD_WEIGHT = Decimal("0.85"), Decimal("0.20"), Decimal("0.40")
RETENTION = ("M13", "M19", "M15", "M16", "M17")
PROFIT = ("M03", "M04", "M05", "M18")
RENEWAL_RATE, REVENUE = "M13", "M01"
CURVE = {"points": [["0.80", "0", "0.50"], ["1.00", "1.00"], ["1.20", "1.50"]]}
LONG_FROM, LONG_CYCLE_FROM = Decimal("0.50"), 3
DEFERRAL = {"share": "0.20", "pay_one_in": 3}
PARTS = 10_000
MOST_OBJECTIVES = 3
LONGEST_CODE = 40


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A metric that the draft pays on: its code, and what people call it."""

    code: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Part:
    """A segment of the account."""

    code: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Aim:
    """An objective of the account plan: its code, what it says, and the metric that measures it, if one does."""

    code: str
    statement: str
    metric: str = ""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """
    What the first draft is to say: `measures` stand in the order of their weight; `long_run` is 0 to 1.

    `margin` is last year's gross margin: where revenue pays and no profit does, it gates what is earned above target.
    """

    type: PlanType
    code: str
    name: str
    strategy: str
    currency: str
    first_day: date
    last_day: date
    base_share: Decimal
    measures: Sequence[Measure]
    long_run: Decimal
    cycle_months: int
    margin: Decimal | None = None
    segments: Sequence[Part] = ()
    aims: Sequence[Aim] = field(default=())


@money.exactly
def first_draft(*, wanted: Wanted, templates: Mapping[PlanType, Mapping[str, Any]]) -> Document:
    """
    Return the document of a first draft.

    Shape: `templates` holds the shipped document of every type; the goals in them say how their metrics are read.
    """
    document = copy.deepcopy(dict(templates[wanted.type]))
    goals = _known_goals(templates)
    document |= {
        "code": wanted.code, "name": wanted.name, "strategy": wanted.strategy, "currency": wanted.currency,
        "effective": {"from": wanted.first_day.isoformat(), "to": wanted.last_day.isoformat()},
    }  # fmt: skip
    document["pay"] = {**document["pay"], "base_share": f"{wanted.base_share:f}"}
    fill = {
        PlanType.TEAM_PERFORMANCE: _team,
        PlanType.PORTFOLIO: _portfolio,
        PlanType.RENEWAL: _renewal,
        PlanType.HYBRID: _hybrid,
    }[wanted.type]
    fill(document["incentive"], wanted, goals)
    if wanted.long_run >= LONG_FROM:
        document["payment"] = {**document.get("payment", {}), "deferral": dict(DEFERRAL)}
    return document


def measures_paid(*, wanted: Wanted) -> list[Measure]:
    """Return the measures the draft pays on: the chosen, led by the renewal rate where keeping is the plan."""
    chosen = list(wanted.measures)[:MOST_MEASURES]
    if wanted.type is PlanType.RENEWAL and not any(one.code in RETENTION for one in chosen):
        renewal = Measure(code=RENEWAL_RATE, name="Contract renewal rate")
        return [renewal, *chosen][:MOST_MEASURES]
    return chosen


def _team(incentive: Document, wanted: Wanted, goals: Mapping[str, Document]) -> None:
    team, objectives = incentive["children"]
    chosen = measures_paid(wanted=wanted)
    if chosen:
        team["children"] = _group(chosen, TEAM_WEIGHT, wanted, goals)
    if wanted.aims:
        aims = list(wanted.aims)[:MOST_OBJECTIVES]
        objectives["items"] = [
            {"code": aim.code, "weight": f"{weight:f}", "statement": aim.statement}
            for aim, weight in zip(aims, _even(len(aims)), strict=True)
        ]
        objectives["objective"] = aims[0].code


def _renewal(incentive: Document, wanted: Wanted, goals: Mapping[str, Document]) -> None:
    chosen = measures_paid(wanted=wanted)
    (team,) = incentive["children"]
    team["children"] = _group(chosen, Decimal(1), wanted, goals)


def _portfolio(incentive: Document, wanted: Wanted, goals: Mapping[str, Document]) -> None:
    chosen = measures_paid(wanted=wanted)
    if not wanted.segments or not chosen:
        return
    incentive["children"] = [
        {
            "code": _code(segment.code),
            "name": segment.name,
            "weight": f"{weight:f}",
            "level": "team",
            "segment": segment.code,
            "children": _group(chosen, weight, wanted, goals, prefix=segment.code),
        }
        for segment, weight in zip(wanted.segments, _even(len(wanted.segments)), strict=True)
    ]


def _hybrid(incentive: Document, wanted: Wanted, goals: Mapping[str, Document]) -> None:
    """Fill the three parts: what is won together, what is spread over segments if there are any, what is kept."""
    _together, spread, keep = incentive["children"]
    has_parts = len(wanted.segments) > 1
    won = [one for one in measures_paid(wanted=wanted) if one.code != RENEWAL_RATE]
    won = [one for one in won if not (has_parts and one.code == REVENUE)]
    weight = 1 - KEEP_WEIGHT - (SPREAD_WEIGHT if has_parts else 0)
    chosen = won[: 1 if has_parts else 2] or [Measure(code="M04", name="Profit contribution")]
    children = [{**one, "level": "team"} for one in _group(chosen, weight, wanted, goals)]
    if has_parts:
        (template,) = spread["children"][:1]
        spread["children"] = [
            {
                **template, "code": _code(f"{part.code}-REVENUE"), "name": part.name, "segment": part.code,
                "weight": f"{SPREAD_WEIGHT * share:f}", "curve": copy.deepcopy(CURVE),
            }
            for part, share in zip(wanted.segments, _even(len(wanted.segments)), strict=True)
        ]  # fmt: skip
        children.append(spread)
    incentive["children"] = [*children, keep]


def _group(
    chosen: Sequence[Measure],
    weight: Decimal,
    wanted: Wanted,
    goals: Mapping[str, Document],
    *,
    prefix: str = "",
) -> list[Document]:
    shares = SHARES[len(chosen)]
    return [
        _goal(measure, weight * share, wanted, goals, prefix=prefix)
        for measure, share in zip(chosen, shares, strict=True)
    ]


def _goal(
    measure: Measure, weight: Decimal, wanted: Wanted, goals: Mapping[str, Document], *, prefix: str
) -> Document:
    found = goals.get(measure.code, {"kind": "goal", "metric": measure.code, "curve": copy.deepcopy(CURVE)})
    goal = {**copy.deepcopy(found), "name": measure.name, "weight": f"{weight.normalize():f}"}
    label = measure.code.replace(".", "-").upper()
    goal["code"] = _code(f"{prefix}-{label}" if prefix else found.get("code", label))
    if wanted.cycle_months > LONG_CYCLE_FROM and goal.get("accumulation") != "period":
        goal |= {"accumulation": "year_to_date", "interim_cap": "1.00"}
    if measure.code == REVENUE and wanted.margin is not None and not _pays_profit(wanted):
        least = f"{money.to_decimals(wanted.margin, 2):f}"
        goal["gate"] = {"metric": "M03", "at_least": least, "otherwise": {"limit": "1.00"}}
    linked = next((aim.code for aim in wanted.aims if aim.metric == measure.code), None)
    return goal | ({"objective": linked} if linked else {})


def _pays_profit(wanted: Wanted) -> bool:
    return any(one.code.partition(".")[0] in PROFIT for one in wanted.measures[:MOST_MEASURES])


def _known_goals(templates: Mapping[PlanType, Mapping[str, Any]]) -> dict[str, Document]:
    """Return how each metric of the templates is read, without what belongs to its place in one of them."""
    found: dict[str, Document] = {}
    own = ("weight", "level", "segment", "accumulation", "interim_cap", "gate")
    for document in templates.values():
        for goal in _goals(document["incentive"]):
            if goal.get("segment") is None:
                kept = {name: value for name, value in goal.items() if name not in own}
                found.setdefault(goal["metric"], _gentle(kept, goal))
    return found


def _gentle(kept: Document, goal: Document) -> Document:
    """Return a goal with the curve of first drafts where it reads attainment; a satisfaction stays by period."""
    if goal.get("reads", "attainment") == "attainment" and goal.get("missing") != "neutral":
        kept["curve"] = copy.deepcopy(CURVE)
    if goal.get("accumulation") == "period":
        kept["accumulation"] = "period"
    return kept


def _goals(node: Mapping[str, Any]) -> list[Document]:
    if node.get("kind") == "goal":
        return [dict(node)]
    return [goal for child in node.get("children", ()) for goal in _goals(child)]


def _even(count: int) -> list[Decimal]:
    """Return equal shares that sum to 1, in ten-thousandths; what is left goes to the first ones."""
    whole, left = divmod(PARTS, count)
    return [Decimal(whole + (1 if number < left else 0)) / PARTS for number in range(count)]


def _code(text: str) -> str:
    kept = "".join(sign if sign.isalnum() or sign in "-_." else "-" for sign in text.upper())
    return kept[:LONGEST_CODE]
