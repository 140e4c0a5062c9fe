"""
A plan of many people on its locked past in float64: sums and counts in the time of a mouse move, never paid.

The same inputs and the same engine as the exact replay, which says it to the cent, by person and with pools. What was
read is turned into float64 once, and serves every change of the plan that reads nothing else.
Rule: docs/reference/formulas.md, "Replays".
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from threading import Lock
from uuid import UUID

from kamcomp import money
from kamcomp.columns import FAST
from payouts.engine.simulation.past import CHAINED, POSTED, PastPeriod, past_costs
from payouts.selectors.replays.past import Past
from payouts.selectors.replays.replaying import Amounts
from payouts.selectors.replays.sources import Source
from plans.engine.plan import Plan

MOST_HELD = 3
Closing = tuple[UUID, Mapping[str, Decimal]]
ZERO = Decimal(0)
_fast: OrderedDict[int, tuple[Past, Sequence[PastPeriod]]] = OrderedDict()
_lock = Lock()


@dataclass(frozen=True, kw_only=True)
class QuickReplay:
    """What each person was paid in the periods that can be replayed, and would be; how many payouts cannot."""

    people: Mapping[str, Amounts]
    left_out: int


def quick_replayed(*, past: Past, plan: Plan) -> QuickReplay:
    """
    Return a plan on a past that was read for it, or for one that reads the same.

    Units: money of the plan's currency, each replayed payout settled; it differs from the exact one by a minor unit
    at most.
    """
    paid = {period.run.period.code: period.paid for period in past.periods}
    was: dict[str, Decimal] = defaultdict(lambda: ZERO)
    now: dict[str, Decimal] = defaultdict(lambda: ZERO)
    seen: set[tuple[str, str]] = set()
    left_out = 0
    for cost in past_costs(plan=plan, periods=_periods(past)):
        left_out += int(cost.blocked.sum())
        for payee, amount, blocked in zip(
            cost.payees, cost.amounts.tolist(), cost.blocked.tolist(), strict=True
        ):
            if blocked:
                continue
            now[payee] += money.settle(Decimal(repr(amount)), currency=plan.currency)
            if (cost.name, payee) not in seen:
                seen.add((cost.name, payee))
                was[payee] += paid[cost.name].get(payee, ZERO)
    return QuickReplay(people={payee: (was[payee], now[payee]) for payee in now}, left_out=left_out)


def _periods(past: Past) -> Sequence[PastPeriod]:
    """Return the past in float64, remembered while the same rows are held."""
    with _lock:
        held = _fast.get(id(past))
    if held is not None and held[0] is past:
        return held[1]
    made = _made(past)
    with _lock:
        _fast[id(past)] = (past, made)
        while len(_fast) > MOST_HELD:
            _fast.popitem(last=False)
    return made


def _made(past: Past) -> list[PastPeriod]:
    found: list[PastPeriod] = []
    closed: dict[str, Closing] = {}
    for period in past.periods:
        found += [
            PastPeriod(
                name=period.run.period.code, fiscal_year=period.run.period.fiscal_year,
                inputs=FAST.of(source.inputs), before=_before(source, closed),
            )
            for source in period.sources
        ]  # fmt: skip
        closed |= {payee: (version, kept) for (payee, version), kept in period.closings.items()}
    return found


def _before(source: Source, closed: Mapping[str, Closing]) -> dict[str, dict[str, float]]:
    """Return what each payee closed the period before with, as paid; what was posted, under this version alone."""
    found: dict[str, dict[str, float]] = {name: {} for name in (*CHAINED, POSTED)}
    for payee in source.inputs.payees:
        version, kept = closed.get(payee, (None, {}))
        for name in found:
            if name in kept and (name != POSTED or version == source.paid_by.pk):
                found[name][payee] = float(kept[name])
    return found
