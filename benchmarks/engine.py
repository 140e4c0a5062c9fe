"""The engine by itself: goal evaluations a second through whole trees, exact and in floats."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np

from benchmarks.harness import Asked, Figure, at_least, django_up, spread

TITLE = "The engine"
ABOUT = (
    "A tree of six goals, each of the person's own results against a curve of three points (nothing shared by a "
    "team), weighted and summed, on one core: goals evaluated a second. With settling, each person's payout is "
    "settled and its lines split to the cent."
)
GOALS = 6


def measure(asked: Asked) -> list[Figure]:
    """Return goals a second: the tree in decimals and in floats, and with settling."""
    django_up()
    from kamcomp.columns import EXACT, FAST

    exact_rows, fast_rows = min(asked.people, 20_000), min(asked.people, 200_000)
    plan = plan_of_goals()
    exact, fast = inputs_of(exact_rows), FAST.of(inputs_of(fast_rows))
    turns = max(asked.pairs, 3)
    exactly = _rates(lambda: tree(plan, exact, EXACT), exact_rows, turns)
    fastly = _rates(lambda: tree(plan, fast, FAST), fast_rows, turns)
    paid = _rates(lambda: settled(plan, exact), exact_rows, turns)
    return [
        at_least("tree, exact decimals", exactly, 600_000, unit="a second", digits=0),
        at_least("tree, float64", fastly, 10_000_000, unit="a second", digits=0),
        Figure(
            what="tree, settling and splitting, exact decimals", value=f"{spread(paid, digits=0)} a second"
        ),
    ]


def _rates(act: Callable[[], Any], rows: int, turns: int) -> list[float]:
    act()
    rates = []
    for _turn in range(turns):
        started = time.process_time()
        act()
        rates.append(rows * GOALS / (time.process_time() - started))
    return rates


def tree(plan: Any, inputs: Any, numbers: Any) -> Any:
    """Evaluate the whole tree: share of target incentive of every row."""
    from contextlib import nullcontext
    from decimal import localcontext

    from kamcomp.money import CONTEXT
    from plans.engine.reading import Computation
    from plans.engine.tree import tree_result

    with localcontext(CONTEXT) if numbers.exact else nullcontext():
        read = numbers.of(plan)
        return tree_result(
            root=read.incentive, computation=Computation(plan=read, inputs=inputs, numbers=numbers)
        )


def settled(plan: Any, inputs: Any) -> Any:
    """Evaluate, settle and split, as a run does."""
    from kamcomp.columns import EXACT
    from payouts.engine.evaluation import evaluate

    return evaluate(plan=plan, inputs=inputs, numbers=EXACT)


def plan_of_goals() -> Any:
    """Return a plan of six goals of the person's own."""
    from plans.engine.document import plan_from_document

    curve = {"points": [["0.80", "0.50"], ["1.00", "1.00"], ["1.50", "2.00"]], "above": "cap"}
    weights = ("0.30", "0.20", "0.15", "0.10", "0.10", "0.15")
    children = [
        {"code": f"G{n}", "weight": weight, "kind": "goal", "metric": f"X{n}", "level": "individual", "curve": curve}
        for n, weight in enumerate(weights)
    ]  # fmt: skip
    return plan_from_document(
        {
            "format": "kamcomp.plan/1", "code": "ENGINE", "name": "Engine", "type": "team_performance",
            "currency": "EUR", "effective": {"from": "2026-01-01", "to": "2026-12-31"}, "period": "year",
            "incentive": {"weight": "1", "children": children},
        }
    )  # fmt: skip


def inputs_of(rows: int) -> Any:
    """Return inputs of so many people, each with six results and targets of their own."""
    from kamcomp.columns import as_column
    from plans.engine.inputs import (
        Balances,
        Calendar,
        Inputs,
        Period,
        ResultKey,
        Results,
        Spans,
        Stated,
        Year,
    )

    drawn = np.random.default_rng(20_261_122)
    final, index = np.zeros(rows, dtype=np.int8), np.arange(rows, dtype=np.int64)
    names = tuple(f"E{n:07}" for n in range(rows))
    first, last = date(2026, 1, 1), date(2027, 1, 1)

    def decimals(figures: Any, places: int) -> Any:
        return as_column([Decimal(int(figure)).scaleb(-places) for figure in figures])

    def same(figure: str) -> Any:
        return as_column([Decimal(figure)] * rows)

    results = {
        ResultKey(f"X{n}", "period", "individual", ""): Results(
            subjects=names, index=index, numerator=decimals(drawn.integers(6_000_000, 16_000_000, rows), 2),
            state=final, target=Stated(value=decimals(drawn.integers(90_000, 110_000, rows), 0), state=final),
        )
        for n in range(GOALS)
    }  # fmt: skip
    zero = same("0")
    return Inputs(
        calendar=Calendar(years=(Year("2026", (Period("2026", first, last),)),), year=0, period=0),
        stints=tuple(f"A/{name}" for name in names), payees=names, payee=index,
        spans=Spans(
            row=index, since=np.full(rows, first.toordinal()), until=np.full(rows, last.toordinal()),
            target_incentive=decimals(drawn.integers(1_000_000, 4_000_000, rows), 2), base_salary=zero,
            fte=same("1"), dedication=same("1"), on_leave=np.zeros(rows, dtype=bool),
        ),
        results=results,
        balances=Balances(posted=zero, carried=zero, excess=zero, bank=zero, draw=zero, recoverable=zero),
    )  # fmt: skip
