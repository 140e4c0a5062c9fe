"""
Estimates of a payout: on the inputs its run kept, with other results where somebody typed some.

The run's own rows come from the same engine, so that an estimate without a change is the
payout itself, to the cent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from kamcomp import money
from kamcomp.visibility import Viewer, visible
from payouts.choices import RunStatus
from payouts.engine.estimate import goals, inputs_with, next_step
from payouts.engine.payout_rows import NULL, Rows, payout_rows
from payouts.models import Payout
from payouts.selectors.inputs.rows import account_of
from payouts.selectors.rederived import LINE_FIELDS, InputsNotKept, kept_of_chunk
from plans.engine.inputs import Inputs
from plans.engine.plan import Goal, Plan
from scorecards.models import Metric

ZERO = Decimal(0)
SHOWN = (
    RunStatus.CALCULATED,
    RunStatus.REVIEWED,
    RunStatus.ALLOCATING,
    RunStatus.APPROVED,
    RunStatus.LOCKED,
)
GRAINS = {"money": Decimal(1), "count": Decimal(1), "days": Decimal(1), "percent": Decimal("0.0001")}
FINE = Decimal("0.01")


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What a goal comes to: its actual and attainment, the share of its target pay, and the money."""

    actual: Decimal | None
    attainment: Decimal | None
    ratio: Decimal | None
    amount: Decimal


@dataclass(frozen=True, kw_only=True)
class Step:
    """The next step of a goal: so much more reaches it, and it would bring so much more of the payout."""

    actual: Decimal
    more: Decimal
    attainment: Decimal | None
    ratio: Decimal
    gain: Decimal


@dataclass(frozen=True, kw_only=True)
class EstimateLine:
    """One goal of a payout: as it is, as it would be, and its next step from there."""

    code: str
    name: str
    metric: str
    unit: str
    perspective: str
    level: str
    weight: Decimal | None
    target: Decimal | None
    reads_value: bool
    now: Figures
    then: Figures
    step: Step | None


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A payout as it is and as it would be; `problems` say why it cannot be worked out."""

    payout: Payout
    name: str
    lines: Sequence[EstimateLine]
    others_now: Decimal
    others_then: Decimal
    amount: Decimal
    problems: Sequence[str]
    changed: bool

    @property
    def difference(self) -> Decimal:
        """Return what the payout would be more, or less."""
        return self.amount - self.payout.amount


def estimate_payouts(*, person_id: Any, viewer: Viewer) -> list[Payout]:
    """Return somebody's payouts that an estimate can start from, newest period first."""
    payouts = visible(Payout.objects.filter(person_id=person_id), to=viewer)
    return list(
        payouts.filter(run__is_current=True, run__status__in=SHOWN)
        .select_related("person", "period", "run", "plan_version__plan")
        .order_by("-period__days", "plan_version__plan__code")
    )


@money.exactly
def payout_estimate(*, payout: Payout, actuals: Mapping[str, Decimal]) -> Estimate:
    """
    Return a payout as it would be with other actuals, goal by goal, in two queries.

    Units: `actuals` by the code of the goal, each in its metric's unit.

    :raises InputsNotKept: if the payout's run kept no inputs of the person.
    """
    kept = kept_of_chunk(payout.chunk_id)
    own = kept.of_payee(payout.person.employee_id)
    if own is None:
        raise InputsNotKept(
            "The run kept no inputs of %(employee_id)s, so nothing can be estimated.",
            employee_id=payout.person.employee_id,
        )
    now = _lines(_rows(kept.plan, own))
    rows = _rows(kept.plan, inputs_with(plan=kept.plan, inputs=own, actuals=actuals)) if actuals else None
    then = now if rows is None else _lines(rows)
    found = {each.code: each for each in goals(kept.plan)}
    metrics = {each.code: each for each in Metric.objects.filter(code__in={g.metric for g in found.values()})}
    lines = [
        _line(found[code], own=own, plan=kept.plan, actuals=actuals, now=now, then=then, metric=metrics)
        for code in now
        if code in found
    ]
    return Estimate(
        payout=payout,
        name=payout.plan_version.document.get("name") or str(payout.plan_version.plan),
        lines=lines,
        others_now=_sum(now) - sum((line.now.amount for line in lines), ZERO),
        others_then=_sum(then) - sum((line.then.amount for line in lines), ZERO),
        amount=_sum(then),
        problems=[] if rows is None else [problem.message for problem in rows.problems],
        changed=bool(actuals),
    )


def _rows(plan: Plan, inputs: Inputs) -> Rows:
    return payout_rows(plan=plan, inputs=inputs, accounts={}, account_of=account_of)


def _lines(rows: Rows) -> dict[str, list[dict[str, str]]]:
    """Return the lines of the one payee by leaf; none where they cannot be computed."""
    found: dict[str, list[dict[str, str]]] = {}
    for payee in rows.payees:
        for text in payee.lines:
            line = dict(zip(LINE_FIELDS, text.split("\t"), strict=True))
            found.setdefault(line["leaf"], []).append(line)
    return found


def _sum(lines: Mapping[str, Sequence[Mapping[str, str]]]) -> Decimal:
    return sum((Decimal(line["amount"]) for same in lines.values() for line in same), ZERO)


def _figures(lines: Sequence[Mapping[str, str]]) -> Figures:
    """Return what the stints of one goal come to: the ratios of the last one, the money of all."""
    if not lines:
        return Figures(actual=None, attainment=None, ratio=None, amount=ZERO)
    last = lines[-1]
    return Figures(
        actual=_number(last["actual"]),
        attainment=_number(last["attainment"]),
        ratio=_number(last["payout_ratio"]),
        amount=sum((Decimal(line["amount"]) for line in lines), ZERO),
    )


def _number(text: str) -> Decimal | None:
    return None if text in (NULL, "") else Decimal(text)


def _line(
    goal: Goal,
    *,
    own: Inputs,
    plan: Plan,
    actuals: Mapping[str, Decimal],
    now: Mapping[str, Sequence[Mapping[str, str]]],
    then: Mapping[str, Sequence[Mapping[str, str]]],
    metric: Mapping[str, Metric],
) -> EstimateLine:
    last, known = now[goal.code][-1], metric.get(goal.metric)
    unit = known.unit if known else ""
    line = EstimateLine(
        code=goal.code,
        name=goal.name or (known.name if known else goal.code),
        metric=goal.metric,
        unit=unit,
        perspective=known.perspective if known else "",
        level=str(goal.level),
        weight=_number(last["weight"]),
        target=_number(last["target"]),
        reads_value=goal.reads == "value",
        now=_figures(now[goal.code]),
        then=_figures(then.get(goal.code, ())),
        step=None,
    )
    step = _step(goal, line=line, own=own, plan=plan, actuals=actuals, before=_sum(then))
    return line if step is None else EstimateLine(**{**vars(line), "step": step})


def _step(
    goal: Goal,
    *,
    line: EstimateLine,
    own: Inputs,
    plan: Plan,
    actuals: Mapping[str, Decimal],
    before: Decimal,
) -> Step | None:
    """Return the next step of a goal from where the estimate stands, with what the engine pays for it."""
    if line.then.ratio is None or line.then.actual is None:
        return None
    grain = GRAINS.get(line.unit, FINE)
    found = next_step(goal=goal, ratio=line.then.ratio, target=line.target, grain=grain)
    if found is None or found.actual <= line.then.actual:
        return None
    reached = _lines(
        _rows(plan, inputs_with(plan=plan, inputs=own, actuals={**actuals, goal.code: found.actual}))
    )
    figures = _figures(reached.get(goal.code, ()))
    if figures.ratio is None or figures.ratio <= line.then.ratio:
        return None
    return Step(
        actual=found.actual,
        more=found.actual - line.then.actual,
        attainment=figures.attainment,
        ratio=figures.ratio,
        gain=_sum(reached) - before,
    )
